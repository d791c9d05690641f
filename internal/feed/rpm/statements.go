package rpm

import (
	"cmp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Statements gathers what a publisher says of single builds into statements
// about packages: the same build for five architectures is said once. The zero
// value is ready.
type Statements struct {
	order []*group
	at    map[said]*group
}

// Claim is one mention of a package.
type Claim struct {
	Ecosystem string
	// Package needs a version only where Status is StatusAffected with a fix; a
	// name alone speaks of every version.
	Package  NEVRA
	Fixed    bool   // the build named is the first that is mended: all before it are affected
	From     string // and not those before this one; "" for all
	Status   harrier.Status
	Source   bool // Package is a source package and the claim is about all that is built from it
	Module   string
	Why      string
	Advisory string
}

type said struct {
	ecosystem, name, module, why, advisory, evr, from string
	status                                            harrier.Status
	fixed, source                                     bool
}

type group struct {
	said
	arches []string // "" for all
}

// Add takes a claim. Source packages are passed over where their builds are
// told, and so are packages of symbols.
func (s *Statements) Add(c Claim) {
	if c.Ecosystem == "" || c.Package.Name == "" || Debug(c.Package.Name) || c.Fixed && c.Package.Source() {
		return
	}
	k := said{
		ecosystem: c.Ecosystem, name: c.Package.Name, module: c.Module, why: c.Why, advisory: c.Advisory,
		status: c.Status, fixed: c.Fixed, source: c.Source || c.Package.Source(),
	}
	if c.Fixed {
		k.evr, k.from, k.status = c.Package.EVR(), c.From, harrier.StatusAffected
	}
	g := s.at[k]
	if g == nil {
		g = &group{said: k}
		if s.at == nil {
			s.at = map[said]*group{}
		}
		s.at[k] = g
		s.order = append(s.order, g)
	}
	if arch := c.Package.Arch; !slices.Contains(g.arches, arch) && len(g.arches) < len(arches) {
		g.arches = append(g.arches, arch)
	}
}

// Affected are the statements, ordered by ecosystem and package. A version from
// the fix on is not affected. Builds of one package that are mended at different
// versions, each on an architecture of its own, are ranges of one statement;
// else they are statements of their own.
func (s *Statements) Affected() []harrier.Affected {
	slices.SortStableFunc(s.order, func(a, b *group) int {
		return cmp.Or(
			strings.Compare(a.ecosystem, b.ecosystem), strings.Compare(a.name, b.name), strings.Compare(a.module, b.module),
			cmp.Compare(a.status, b.status), strings.Compare(a.advisory, b.advisory), strings.Compare(a.why, b.why))
	})
	var out []harrier.Affected
	for i := 0; i < len(s.order); {
		j := i + 1
		for j < len(s.order) && s.order[i].fixed && s.order[j].siblings(s.order[i]) {
			j++
		}
		if j > i+1 && disjoint(s.order[i:j]) {
			out = append(out, byArch(s.order[i:j]))
		} else {
			for _, g := range s.order[i:j] {
				out = append(out, g.affected())
			}
		}
		i = j
	}
	return out
}

// siblings reports whether two groups differ in nothing but the version.
func (g *group) siblings(o *group) bool {
	a, b := g.said, o.said
	a.evr, b.evr = "", ""
	return a == b
}

// disjoint reports whether no architecture is in two of the groups.
func disjoint(groups []*group) bool {
	seen := map[string]bool{}
	for _, g := range groups {
		for _, arch := range g.arches {
			if arch == "" || arch == "noarch" || seen[arch] {
				return false
			}
			seen[arch] = true
		}
	}
	return true
}

func byArch(groups []*group) harrier.Affected {
	a := groups[0].affected()
	a.Ranges, a.Fixed = nil, ""
	for _, g := range groups {
		for _, arch := range g.arches {
			a.Ranges = append(a.Ranges, harrier.Range{From: g.from, Before: g.evr, Platforms: arch})
		}
	}
	return a
}

func (g *group) affected() harrier.Affected {
	a := harrier.Affected{
		Package: harrier.Package{Ecosystem: g.ecosystem, Name: g.name},
		Status:  g.status, Source: g.source, Module: g.module, Why: g.why, Advisory: g.advisory,
	}
	if g.fixed {
		a.Fixed = g.evr
		a.Ranges = []harrier.Range{{From: g.from, Before: g.evr}}
		if g.from == "" { // else nothing is said of what is before
			a.Otherwise = harrier.StatusNotAffected
		}
	}
	return a
}
