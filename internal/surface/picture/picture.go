// Package picture draws an attack surface as SVG: columns from the seeds over
// names and addresses to what they serve, with the links between.
package picture

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier/internal/surface"
)

// columns are the kinds from left to right.
var columns = [][]surface.Kind{
	{surface.Root},
	{surface.Domain, surface.IPRange},
	{surface.IPv4, surface.IPv6},
	{surface.Service},
	{surface.URL},
	{surface.Certificate, surface.Component, surface.CloudRegion, surface.ASN, surface.Country, surface.Entity},
}

var titles = []string{"", "names and ranges", "addresses", "services", "pages", "what they use"}

// The measures of the picture, in pixels.
const (
	rowHeight = 18
	column    = 330
	box       = 250
	top       = 60
	letters   = 38 // of a label
)

// Most is how many nodes of one column are drawn, own ones first.
const Most = 150

type placed struct{ x, y int }

// SVG draws the graph.
func SVG(w io.Writer, g *surface.Graph) error {
	places := map[surface.Node]placed{}
	height := 0
	var nodes, notes strings.Builder
	for i, kinds := range columns {
		list := pick(g, kinds, places)
		x := 20 + i*column
		if i > 0 {
			x -= column - 90
		}
		fmt.Fprintf(&notes, `<text class="h" x="%d" y="30">%s</text>`+"\n", x, titles[i])
		for row, n := range list[:min(len(list), Most)] {
			places[n] = placed{x, top + row*rowHeight}
			draw(&nodes, g, n, places[n])
		}
		if more := len(list) - Most; more > 0 {
			fmt.Fprintf(&notes, `<text class="h" x="%d" y="46">and %d more</text>`+"\n", x, more)
		}
		height = max(height, top+min(len(list), Most)*rowHeight)
	}
	var lines strings.Builder
	seen := map[[2]surface.Node]bool{}
	for n := range g.Nodes() {
		for _, f := range g.In(n) {
			from, ok := places[f.From]
			to, also := places[n]
			if !ok || !also || seen[[2]surface.Node{f.From, n}] || from.x == to.x {
				continue // links within a column say the same as the order
			}
			seen[[2]surface.Node{f.From, n}] = true
			line(&lines, f, from, to, g.Scope(n))
		}
	}
	width := 20 + len(columns)*column
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">
<style>text{font:11px sans-serif;fill:#222}.h{font-weight:bold;fill:#555}rect{fill:#eef4fb;stroke:#5b8bbf}.s rect{fill:#f6f6f6;stroke:#bbb}.s text{fill:#777}.r rect{fill:#5b8bbf}.r text{fill:#fff}path{fill:none;stroke:#5b8bbf;stroke-opacity:.35}path.s{stroke:#999;stroke-opacity:.25;stroke-dasharray:3 2}</style>
<rect x="0" y="0" width="%d" height="%d" style="fill:#fff;stroke:none"/>
%s%s%s</svg>
`, width, height+30, width, height+30, width, height+30, lines.String(), nodes.String(), notes.String())
	return err
}

// pick gives the nodes of a column: own ones first; names by their place in the
// tree, others beside what leads to them.
func pick(g *surface.Graph, kinds []surface.Kind, places map[surface.Node]placed) []surface.Node {
	if kinds[0] == surface.Root {
		return []surface.Node{{Kind: surface.Root}}
	}
	var list []surface.Node
	for _, k := range kinds {
		list = append(list, g.Of(k)...)
	}
	row := map[surface.Node]int{}
	for _, n := range list {
		row[n] = 1 << 30
		for _, f := range g.In(n) {
			if p, ok := places[f.From]; ok {
				row[n] = min(row[n], p.y)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b surface.Node) int {
		return cmp.Or(-cmp.Compare(g.Scope(a), g.Scope(b)), cmp.Compare(row[a], row[b]), cmp.Compare(backwards(a), backwards(b)))
	})
	return list
}

// backwards is a key that sorts names below their zone.
func backwards(n surface.Node) string {
	if n.Kind != surface.Domain {
		return n.Key
	}
	labels := strings.Split(n.Key, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

func draw(w *strings.Builder, g *surface.Graph, n surface.Node, p placed) {
	class, label, width := "", n.Key, box
	switch {
	case n.Kind == surface.Root:
		class, label, width = "r", "seeds", 50
	case g.Scope(n) != surface.Primary:
		class = "s"
	}
	if n.Kind == surface.Certificate {
		if names := g.Attributes(n)["names"]; len(names) > 0 {
			label = "certificate " + names[0]
		}
	}
	if r := []rune(label); len(r) > letters {
		label = string(r[:letters-1]) + "…"
	}
	fmt.Fprintf(w, `<g class="%s"><title>%s</title><rect x="%d" y="%d" width="%d" height="15" rx="3"/><text x="%d" y="%d">%s</text></g>`+"\n",
		class, escape(n.String()), p.x, p.y, width, p.x+5, p.y+11, escape(label))
}

func line(w *strings.Builder, f surface.Fact, from, to placed, scope surface.Scope) {
	class := ""
	if scope != surface.Primary {
		class = "s"
	}
	x1, y1, x2, y2 := from.x+box, from.y+7, to.x, to.y+7
	if f.From.Kind == surface.Root {
		x1 = from.x + 50
	}
	if from.x > to.x {
		x1, x2 = from.x, to.x+box
	}
	mid := (x1 + x2) / 2
	fmt.Fprintf(w, `<path class="%s" d="M%d %dC%d %d %d %d %d %d"><title>%s</title></path>`+"\n", class, x1, y1, mid, y1, mid, y2, x2, y2, escape(f.String()))
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) //nolint:errcheck // a Builder takes all
	return b.String()
}
