package nvd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// system is what is installed: the version of each product, -1 where it is not.
type system [4]int

func name(product int, version string) string {
	return fmt.Sprintf("cpe:2.3:a:maker:p%d:%s:*:*:*:*:*:*:*", product, version)
}

// productOf reads a name back: the product, and its version or "*".
func productOf(t *testing.T, s string) (product int, version string) {
	t.Helper()
	parts := strings.Split(s, ":")
	product, err := strconv.Atoi(strings.TrimPrefix(parts[4], "p"))
	if err != nil {
		t.Fatal(err)
	}
	return product, parts[5]
}

// least and most compare with an end, which holds when there is none.
func least(end string, ok func(n int) bool) bool {
	n, err := strconv.Atoi(end)
	return err != nil || ok(n)
}

// matches is the publisher's rule for a cpeMatch.
func (m Match) matches(t *testing.T, s system) bool {
	product, version := productOf(t, m.Criteria)
	v := s[product]
	if v < 0 {
		return false
	}
	if version != "*" {
		return version == strconv.Itoa(v)
	}
	return least(m.StartIncluding, func(n int) bool { return v >= n }) && least(m.StartExcluding, func(n int) bool { return v > n }) &&
		least(m.EndIncluding, func(n int) bool { return v <= n }) && least(m.EndExcluding, func(n int) bool { return v < n })
}

// holds is the rule for a node: all or any of its matches.
func (n Node) holds(t *testing.T, s system) bool {
	if n.Operator == "AND" {
		return !slices.ContainsFunc(n.Match, func(m Match) bool { return !m.matches(t, s) })
	}
	return slices.ContainsFunc(n.Match, func(m Match) bool { return m.matches(t, s) })
}

// vulnerable are the products that a configuration, when it holds for the
// system, marks: those whose own node holds by them.
func (c Configuration) vulnerable(t *testing.T, s system) (products [4]bool) {
	if c.Operator == "AND" && slices.ContainsFunc(c.Nodes, func(n Node) bool { return !n.holds(t, s) }) {
		return products
	}
	for _, n := range c.Nodes {
		if !n.holds(t, s) {
			continue
		}
		for _, m := range n.Match {
			if product, _ := productOf(t, m.Criteria); m.Vulnerable && m.matches(t, s) {
				products[product] = true
			}
		}
	}
	return products
}

// stated are the products that statements say are affected on a system.
func stated(t *testing.T, list []harrier.Affected, s system) (products [4]bool) {
	for _, a := range list {
		product, version := productOf(t, a.CPE)
		v := s[product]
		in := v >= 0 && (version == "*" && len(a.Ranges) == 0 || version == strconv.Itoa(v))
		for _, r := range a.Ranges {
			in = in || v >= 0 && least(r.From, func(n int) bool { return v >= n }) && least(r.After, func(n int) bool { return v > n }) &&
				least(r.Before, func(n int) bool { return v < n }) && least(r.To, func(n int) bool { return v <= n })
		}
		there := len(a.Platforms) == 0 || slices.ContainsFunc(a.Platforms, func(p string) bool {
			product, version := productOf(t, p)
			return s[product] >= 0 && (version == "*" || version == strconv.Itoa(s[product]))
		})
		if in && there {
			products[product] = true
		}
	}
	return products
}

// TestStatementsAgreeWithTheRule builds the shapes that NVD publishes at random,
// and asks of every system whether the statements say the same as the rule.
// Platforms have no ranges: those are what a statement can not say.
func TestStatementsAgreeWithTheRule(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 3))
	match := func(vulnerable bool, product int) Match {
		m := Match{Vulnerable: vulnerable, Criteria: name(product, "*")}
		at := func() string { return strconv.Itoa(random.IntN(6)) }
		switch kind := random.IntN(6); {
		case kind == 0:
			m.Criteria = name(product, at())
		case kind == 1 || !vulnerable:
		default:
			if kind&1 == 0 {
				m.StartIncluding = at()
			} else {
				m.StartExcluding = at()
			}
			if kind > 3 {
				m.EndExcluding = at()
			} else {
				m.EndIncluding = at()
			}
		}
		return m
	}
	node := func(vulnerable func() bool, from, to int) Node {
		n := Node{Operator: "OR"}
		for range 1 + random.IntN(3) {
			n.Match = append(n.Match, match(vulnerable(), from+random.IntN(to-from)))
		}
		return n
	}
	yes, no := func() bool { return true }, func() bool { return false }
	mixed := func() bool { return random.IntN(3) > 0 }
	marked, systems := 0, 0
	for range 300 {
		var list []Configuration
		for range 1 + random.IntN(3) {
			switch random.IntN(5) {
			case 0:
				list = append(list, Configuration{Nodes: []Node{node(mixed, 0, 4), node(yes, 0, 4)}})
			case 1:
				list = append(list, Configuration{Operator: "OR", Nodes: []Node{node(yes, 0, 2), node(yes, 0, 2)}})
			case 2:
				list = append(list, Configuration{Operator: "AND", Nodes: []Node{node(yes, 0, 2), node(no, 2, 4)}})
			case 3:
				list = append(list, Configuration{Operator: "AND", Nodes: []Node{node(no, 0, 2), node(yes, 2, 4)}})
			default:
				pair := Node{Operator: "AND", Match: []Match{match(true, random.IntN(2)), match(false, 2+random.IntN(2))}}
				list = append(list, Configuration{Nodes: []Node{pair}})
			}
		}
		got, faults := Statements(list)
		if len(faults) > 0 {
			t.Fatalf("Statements(%+v): %v", list, faults)
		}
		for range 100 {
			var s system
			for i := range s {
				s[i] = random.IntN(8) - 1
			}
			var want [4]bool
			for _, c := range list {
				for i, is := range c.vulnerable(t, s) {
					want[i] = want[i] || is
				}
			}
			if answer := stated(t, got, s); answer != want {
				t.Fatalf("%+v gives %+v: on %v the products %v are affected; want %v", list, got, s, answer, want)
			}
			systems++
			if want != [4]bool{} {
				marked++
			}
		}
	}
	if marked < systems/10 || marked > systems*9/10 {
		t.Errorf("%d of %d systems were affected: the test shows little", marked, systems)
	}
}

func TestStatementsLeavesOut(t *testing.T) {
	one := func(vulnerable bool, product int) Match {
		return Match{Vulnerable: vulnerable, Criteria: name(product, "*")}
	}
	for what, c := range map[string]Configuration{
		"negated":             {Negate: true, Nodes: []Node{{Match: []Match{one(true, 0)}}}},
		"a negated node":      {Operator: "AND", Nodes: []Node{{Match: []Match{one(true, 0)}}, {Negate: true, Match: []Match{one(false, 1)}}}},
		"nested":              {Nodes: []Node{{Operator: "AND", Children: make([]struct{}, 2)}}},
		"three nodes":         {Operator: "AND", Nodes: []Node{{Match: []Match{one(true, 0)}}, {Match: []Match{one(false, 1)}}, {Match: []Match{one(false, 2)}}}},
		"three products":      {Nodes: []Node{{Operator: "AND", Match: []Match{one(true, 0), one(false, 1), one(false, 2)}}}},
		"two platforms":       {Operator: "AND", Nodes: []Node{{Match: []Match{one(true, 0)}}, {Operator: "AND", Match: []Match{one(false, 1), one(false, 2)}}}},
		"no platform":         {Operator: "AND", Nodes: []Node{{Match: []Match{one(true, 0)}}, {}}},
		"an unknown platform": {Operator: "AND", Nodes: []Node{{Match: []Match{one(true, 0)}}, {Match: []Match{{Criteria: "linux"}}}}},
	} {
		good := Configuration{Nodes: []Node{{Match: []Match{one(true, 3)}}}}
		got, faults := Statements([]Configuration{c, good})
		if len(faults) != 1 || len(got) != 1 || got[0].CPE != name(3, "*") {
			t.Errorf("%s: Statements = %+v, %v; want one fault, and the other configuration", what, got, faults)
		}
	}
}

func TestStatementsBounds(t *testing.T) {
	n := Node{Match: make([]Match, maxStatements+10)}
	for i := range n.Match {
		n.Match[i] = Match{Vulnerable: true, Criteria: name(0, strconv.Itoa(i))}
	}
	got, faults := Statements([]Configuration{{Nodes: []Node{n}}})
	if len(got) != maxStatements || len(faults) != 1 {
		t.Errorf("%d statements and %v; want %d and a fault", len(got), faults, maxStatements)
	}
	other := Node{Match: make([]Match, 1000)}
	for i := range other.Match {
		other.Match[i] = Match{Criteria: name(1, strconv.Itoa(i))}
	}
	got, faults = Statements([]Configuration{{Operator: "AND", Nodes: []Node{n, other}}})
	if len(got) != maxPlatforms/1000 || len(faults) != 1 {
		t.Errorf("%d statements with many platforms and %v; want %d and a fault", len(got), faults, maxPlatforms/1000)
	}
}
