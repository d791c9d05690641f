package nvd

import (
	"fmt"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Configuration says on which systems a vulnerability is: where all of its
// nodes hold when Operator is "AND", and any otherwise; Negate turns it around.
type Configuration struct {
	Operator string `json:"operator"`
	Negate   bool   `json:"negate"`
	Nodes    []Node `json:"nodes"`
}

// Node holds on systems on which all ("AND") or any ("OR") of the products are.
type Node struct {
	Operator string  `json:"operator"`
	Negate   bool    `json:"negate"`
	Match    []Match `json:"cpeMatch"`
	// Children is how the form 1.1 nested; the schema of 2.0 has none.
	Children []struct{} `json:"children"`
}

// Match names a product and which of its versions. One that is not vulnerable
// must be there as well for the others to be.
type Match struct {
	Vulnerable     bool   `json:"vulnerable"`
	Criteria       string `json:"criteria"`
	StartIncluding string `json:"versionStartIncluding"`
	StartExcluding string `json:"versionStartExcluding"`
	EndIncluding   string `json:"versionEndIncluding"`
	EndExcluding   string `json:"versionEndExcluding"`
}

// The most statements of one vulnerability, and platforms that they have
// together. NVD has a tenth of it at most.
const (
	maxStatements = 50_000
	maxPlatforms  = 200_000
)

// Statements turns configurations into statements. A product whose ranges are
// listed one by one has one statement of them all. What can not be said as "this
// product, where one of those is there too" (negations, three products at a
// time) is left out with an error for each; the rest stands.
//
// Versions outside are of unknown status: NVD does not list what is not
// vulnerable, and one product may be in several configurations.
func Statements(list []Configuration) ([]harrier.Affected, []error) {
	t := translation{at: map[subject]int{}}
	for i, c := range list {
		if err := t.configuration(c); err != nil {
			t.faults = append(t.faults, fmt.Errorf("configuration %d is left out: %w", i+1, err))
		}
		if t.full() {
			t.faults = append(t.faults, fmt.Errorf("more than %d statements, or %d platforms of them", maxStatements, maxPlatforms))
			break
		}
	}
	return t.out, t.faults
}

type translation struct {
	out       []harrier.Affected
	platforms int             // of all of out
	at        map[subject]int // the place in out
	faults    []error
}

// subject is a product without version on the platforms of one node, which have
// one array.
type subject struct {
	cpe       string
	platforms *string
}

func (t *translation) full() bool { return len(t.out) >= maxStatements || t.platforms >= maxPlatforms }

func (t *translation) add(a harrier.Affected) {
	t.platforms += len(a.Platforms)
	t.out = append(t.out, a)
}

func (t *translation) configuration(c Configuration) error {
	if c.Negate {
		return fmt.Errorf("it is negated")
	}
	for _, n := range c.Nodes {
		switch {
		case n.Negate:
			return fmt.Errorf("a node of it is negated")
		case len(n.Children) > 0:
			return fmt.Errorf("its nodes are nested")
		}
	}
	if c.Operator != "AND" || len(c.Nodes) == 1 {
		var failed error
		for _, n := range c.Nodes { // each holds by itself
			if err := t.node(n, nil); err != nil {
				failed = err
			}
		}
		return failed
	}
	if len(c.Nodes) > 2 {
		return fmt.Errorf("%d nodes must hold at the same time", len(c.Nodes))
	}
	for i, n := range c.Nodes {
		if !vulnerable(n.Match) {
			continue
		}
		other := c.Nodes[1-i]
		if other.Operator == "AND" && len(other.Match) > 1 || n.Operator == "AND" && len(n.Match) > 1 {
			return fmt.Errorf("more than two products must be there at the same time")
		}
		platforms, err := names(other.Match)
		if err != nil {
			return err
		}
		if err := t.node(n, platforms); err != nil {
			return err
		}
	}
	return nil
}

// node makes the statements of a node that holds on the platforms.
func (t *translation) node(n Node, platforms []string) error {
	if n.Operator == "AND" && len(n.Match) > 1 {
		if len(n.Match) > 2 {
			return fmt.Errorf("%d products must be there at the same time", len(n.Match))
		}
		for i, m := range n.Match {
			other, err := names(n.Match[1-i : 2-i])
			if err != nil {
				return err
			}
			t.match(m, other)
		}
		return nil
	}
	for _, m := range n.Match {
		t.match(m, platforms)
	}
	return nil
}

// match adds what m says to the statements; what is no CPE is a fault.
func (t *translation) match(m Match, platforms []string) {
	if !m.Vulnerable || t.full() {
		return
	}
	c, ok := wire.ParseCPE(m.Criteria)
	if !ok {
		t.faults = append(t.faults, fmt.Errorf("%.100q is no CPE", m.Criteria))
		return
	}
	a := harrier.Affected{CPE: c.String(), Status: harrier.StatusAffected, Platforms: platforms}
	if c.Versioned() {
		t.add(a)
		return
	}
	r := harrier.Range{
		From: bound(m.StartIncluding), After: bound(m.StartExcluding),
		Before: bound(m.EndExcluding), To: bound(m.EndIncluding),
	}
	if r.From == "0" || r.After != "" {
		r.From = "" // nothing is below 0, and who excludes a version means it
	}
	if r.Before != "" {
		r.To = ""
	}
	if r == (harrier.Range{}) {
		t.add(a)
		return
	}
	key := subject{cpe: a.CPE}
	if len(platforms) > 0 {
		key.platforms = &platforms[0]
	}
	if i, seen := t.at[key]; seen {
		t.out[i].Ranges = append(t.out[i].Ranges, r)
		return
	}
	t.at[key] = len(t.out)
	a.Ranges = []harrier.Range{r}
	t.add(a)
}

// bound reads an end of a range; what some write for "none" is none.
func bound(s string) string {
	if s = wire.Word(s); s == "*" || s == "-" {
		return ""
	}
	return s
}

func vulnerable(list []Match) bool {
	for _, m := range list {
		if m.Vulnerable {
			return true
		}
	}
	return false
}

// names lists the products of matches as platforms. Which versions of them is
// lost where a range says it: a platform is there, or it is not.
func names(list []Match) ([]string, error) {
	if len(list) == 0 || len(list) > maxPlatforms/100 {
		return nil, fmt.Errorf("%d platforms", len(list))
	}
	out := make([]string, 0, len(list))
	for _, m := range list {
		c, ok := wire.ParseCPE(m.Criteria)
		if !ok {
			return nil, fmt.Errorf("the platform %.100q is no CPE", m.Criteria)
		}
		if name := c.String(); len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
	}
	return out, nil
}
