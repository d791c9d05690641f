// Package table writes a scan for people at a terminal: each host with its
// services and its findings, the gravest first, and the sums at the end.
//
// Text that comes from targets can hold anything. Control characters are taken
// out of it, so that no target can steer the reader's terminal.
package table

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/oui"
)

// Format is the table format. Its options:
//
//	color   "always" for colours; anything else for none
//	width   columns of the terminal, from 40 on; absent means 120
//	info    "yes" lists the results of severity info too, which are only
//	        counted otherwise
//
// Write answers Invalid for a width that is no number.
var Format = format.Format{Name: "table", Title: "Table for the terminal", Extension: "txt", MIME: "text/plain; charset=utf-8", Write: write}

const (
	defaultWidth = 120
	leastWidth   = 40
)

func write(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
	width, err := strconv.Atoi(s.Option("width", strconv.Itoa(defaultWidth)))
	if err != nil {
		return harrier.Invalidf("width", "%q is not a number", s.Options["width"])
	}
	p := printer{scan: s, width: max(width, leastWidth), color: s.Options["color"] == "always", info: s.Options["info"] == "yes"}
	for h, err := range hosts {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		p.host(h)
		if _, err := p.out.WriteTo(w); err != nil {
			return err
		}
	}
	p.sums()
	_, err = p.out.WriteTo(w)
	return err
}

type printer struct {
	out         bytes.Buffer
	scan        format.Scan
	width       int
	color, info bool
	shown       int // hosts
	services    int
	counts      harrier.Counts
}

func (p *printer) host(h format.Host) {
	for _, r := range h.Results {
		p.counts[min(r.Severity, harrier.Critical)]++
	}
	services := format.OpenServices(h)
	p.services += len(services)
	if !h.Alive && len(h.Results) == 0 {
		return
	}
	if p.shown++; p.shown > 1 {
		p.out.WriteByte('\n')
	}
	p.line(p.paint(bold, title(h)) + p.paint(dim, "  "+details(h)))
	if len(services) > 0 {
		p.out.WriteByte('\n')
		p.serviceTable(services)
	}
	if text := rangesOf(h.OpenFiltered); text != "" {
		p.out.WriteByte('\n')
		p.line(p.paint(dim, "open|filtered, no answer: "+text))
	}
	p.findingTable(h)
}

// title is the host's name with its address.
func title(h format.Host) string {
	name := clean(h.Title())
	if addr := h.Addr; addr.IsValid() && addr.String() != name {
		return name + " (" + addr.String() + ")"
	}
	if h.FQDN != "" && h.FQDN != name {
		return name + " (" + clean(h.FQDN) + ")"
	}
	return name
}

func details(h format.Host) string {
	var parts []string
	if h.OS != "" {
		parts = append(parts, clean(h.OS))
	}
	if h.MAC != "" {
		card := clean(h.MAC)
		if o := oui.Of(h.MAC); o.Vendor != "" || o.Virtual != "" {
			card += " " + cmp.Or(o.Virtual, o.Vendor)
		}
		parts = append(parts, card)
	}
	if h.RTT > 0 {
		parts = append(parts, (time.Duration(h.RTT) * time.Microsecond).Round(10*time.Microsecond).String())
	}
	if h.Fragile {
		how := "scanned gently"
		if h.FragileWhy != "" {
			how += ": " + clean(h.FragileWhy)
		}
		parts = append(parts, how)
	}
	if !h.Alive {
		parts = append(parts, cmp.Or(clean(h.Reason), "did not answer"))
	}
	return strings.Join(parts, ", ")
}

func (p *printer) serviceTable(list []harrier.Service) {
	g := grid{head: []string{"PORT", "SERVICE", "VERSION"}, stretch: 2}
	for _, s := range list {
		name := clean(cmp.Or(s.Name, "unknown"))
		if s.TLS {
			name += "/tls"
		}
		g.add(nil, s.Endpoint.String(), name, strings.TrimSpace(clean(s.Product)+" "+clean(s.Version)+madeOf(s)))
	}
	p.grid(g)
}

// rangesOf writes UDP ports as ranges, "67-69/udp, 123/udp", the first few.
func rangesOf(list []harrier.PortRange) string {
	const most = 8
	var out []string
	ports := 0
	for i, r := range list {
		switch {
		case i >= most:
			ports += int(r.Last-r.First) + 1
		case r.First == r.Last:
			out = append(out, fmt.Sprintf("%d/udp", r.First))
		default:
			out = append(out, fmt.Sprintf("%d-%d/udp", r.First, r.Last))
		}
	}
	text := strings.Join(out, ", ")
	if ports > 0 {
		text += fmt.Sprintf(" and %d more", ports)
	}
	return text
}

// madeOf lists the technologies of a service that were seen, beside its
// product: " (PHP 8.1.2, WordPress 6.4.2)".
func madeOf(s harrier.Service) string {
	var names []string
	for _, t := range s.Technologies {
		if t.Certainty == harrier.Certain && t.Name != s.Product {
			names = append(names, clean(t.String()))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

func (p *printer) findingTable(h format.Host) {
	g := grid{head: []string{"SEVERITY", "PORT", "FINDING"}, stretch: 2}
	hidden := 0
	for _, r := range h.Ranked() {
		if r.Severity == harrier.Info && !p.info {
			hidden++
			continue
		}
		v := p.scan.Lookup(r.Vulnerability)
		port := "host"
		if r.Port > 0 {
			port = fmt.Sprintf("%d/%s", r.Port, format.Transport(r.Observation))
		}
		text := clean(v.Name)
		if list := unsaid(v); len(list) > 0 {
			text += "  " + cves(list)
		}
		if r.Certainty != harrier.Certain {
			text += "  (" + r.Certainty.String() + ")"
		}
		g.add(&colors[min(r.Severity, harrier.Critical)], strings.ToUpper(r.Severity.String()), port, text)
	}
	if len(g.rows) > 0 {
		p.out.WriteByte('\n')
		p.grid(g)
	}
	if hidden > 0 {
		p.line(p.paint(dim, fmt.Sprintf("  and %s", count(hidden, "fact"))))
	}
}

// unsaid are the CVEs that the name does not say already.
func unsaid(v harrier.Vulnerability) []string {
	return slices.DeleteFunc(slices.Clone(v.CVEs), func(id string) bool { return strings.Contains(v.Name, id) })
}

// cves lists the first few.
func cves(list []string) string {
	const most = 3
	if len(list) > most {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
	}
	return strings.Join(list, ", ")
}

// sums ends the table with what the scan says of itself.
func (p *printer) sums() {
	if p.shown > 0 {
		p.out.WriteByte('\n')
	}
	sc := p.scan.Scan
	alive, total := max(sc.HostsAlive, p.shown), max(sc.HostsTotal, p.shown)
	text := fmt.Sprintf("%s, %d up, %s", count(total, "host"), alive, count(p.services, "service"))
	if took := sc.Ended.Sub(sc.Started); !sc.Started.IsZero() && took > 0 {
		text += ", " + took.Round(100*time.Millisecond).String()
	}
	p.line(text)
	var parts []string
	for s := harrier.Severities - 1; s > int(harrier.Info); s-- {
		if n := p.counts[s]; n > 0 {
			parts = append(parts, p.paint(colors[s], fmt.Sprintf("%d %s", n, harrier.Severity(s))))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	p.line("findings: " + strings.Join(parts, ", "))
	if c := p.scan.Coverage; c.Planned > 0 {
		p.line(p.paint(dim, fmt.Sprintf("checks: %d planned = %d clean + %d vulnerable + %d skipped + %d failed", c.Planned, c.Clean, c.Vulnerable, c.Skipped, c.Failed)))
	}
	if sc.Forbidden > 0 {
		p.line(count(sc.Forbidden, "address") + " left out by guard rules")
	}
	if sc.Status.Ended() && sc.Status != harrier.ScanCompleted {
		p.line("the scan is incomplete: " + cmp.Or(clean(sc.Reason), string(sc.Status)))
	}
}

func (p *printer) line(s string) {
	p.out.WriteString(strings.TrimRight(s, " "))
	p.out.WriteByte('\n')
}

func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
