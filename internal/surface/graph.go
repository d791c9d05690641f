package surface

import (
	"iter"
	"maps"
	"slices"
)

// Graph is what facts add up to. It is not for several goroutines at a time.
// The zero value is not ready: see NewGraph.
type Graph struct {
	marks Marks
	nodes map[Node]*vertex
	order []Node
	ids   map[string]bool
}

type vertex struct {
	attributes map[string][]string
	in, out    []Fact
	scope      Scope
}

// NewGraph returns an empty graph under what people decided about nodes.
func NewGraph(marks Marks) *Graph {
	g := &Graph{marks: marks, nodes: map[Node]*vertex{}, ids: map[string]bool{}}
	g.vertex(Node{Kind: Root}).scope = Primary
	return g
}

func (g *Graph) vertex(n Node) *vertex {
	v := g.nodes[n]
	if v == nil {
		v = &vertex{attributes: map[string][]string{}}
		g.nodes[n] = v
		g.order = append(g.order, n)
	}
	return v
}

// Add takes a fact. It reports whether that was new. Attributes of a node that
// come twice are joined.
func (g *Graph) Add(f Fact) bool {
	id := f.ID()
	if g.ids[id] {
		return false
	}
	g.ids[id] = true
	v := g.vertex(f.Node)
	if f.Link == "" {
		for k, values := range f.Attributes {
			v.attributes[k] = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(v.attributes[k]), values...))))
		}
		if len(f.Attributes[AttrShared])+len(f.Attributes[AttrReserved]) > 0 && v.scope == Primary {
			g.judge() // what rests on it may end
		}
		return true
	}
	from := g.vertex(f.From)
	v.in = append(v.in, f)
	from.out = append(from.out, f)
	g.spread(f)
	return true
}

// Has reports whether a node is known.
func (g *Graph) Has(n Node) bool { return g.nodes[n] != nil }

// Nodes gives every node but the root, in the order of their finding.
func (g *Graph) Nodes() iter.Seq[Node] { return slices.Values(g.order[1:]) }

// Of gives the nodes of a kind, by key.
func (g *Graph) Of(k Kind) []Node {
	var out []Node
	for _, n := range g.order {
		if n.Kind == k {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, Node.Compare)
	return out
}

// Attributes are those of a node by name. They must not be changed.
func (g *Graph) Attributes(n Node) map[string][]string {
	if v := g.nodes[n]; v != nil {
		return v.attributes
	}
	return nil
}

// In and Out are the links to and from a node.
func (g *Graph) In(n Node) []Fact {
	if v := g.nodes[n]; v != nil {
		return v.in
	}
	return nil
}

// Out is like In.
func (g *Graph) Out(n Node) []Fact {
	if v := g.nodes[n]; v != nil {
		return v.out
	}
	return nil
}

// To gives the nodes that n leads to by a link, sorted.
func (g *Graph) To(n Node, link Link) []Node {
	set := map[Node]bool{}
	for _, f := range g.Out(n) {
		if f.Link == link {
			set[f.Node] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), Node.Compare)
}

// Explain tells how a seed leads to n: the links of a shortest way, the seed's
// first, along primary nodes for as long as that can be. It is nil for a node
// that is not known.
func (g *Graph) Explain(n Node) []Fact {
	if g.nodes[n] == nil {
		return nil
	}
	for _, owned := range []bool{true, false} {
		if way := g.way(n, owned); way != nil {
			return way
		}
	}
	return nil
}

// way searches backwards from n to the root; owned allows primary nodes only
// behind the first step.
func (g *Graph) way(n Node, owned bool) []Fact {
	root := Node{Kind: Root}
	next := map[Node]Fact{}
	seen := map[Node]bool{n: true}
	for line := []Node{n}; len(line) > 0; line = line[1:] {
		at := line[0]
		if at == root {
			var out []Fact
			for at != n {
				f := next[at]
				out = append(out, f)
				at = f.Node
			}
			return out
		}
		for _, f := range g.nodes[at].in {
			if !seen[f.From] && (!owned || g.nodes[f.From].scope == Primary) {
				seen[f.From] = true
				next[f.From] = f
				line = append(line, f.From)
			}
		}
	}
	return nil
}

// Explain tells how a seed leads to a node, from facts alone.
func Explain(facts iter.Seq[Fact], n Node) []Fact {
	g := NewGraph(nil)
	for f := range facts {
		g.Add(f)
	}
	return g.Explain(n)
}
