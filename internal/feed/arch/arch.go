// Package arch reads the advisories of Arch Linux.
//
// Source: https://security.archlinux.org/all.json.
package arch

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const (
	source = "arch"
	home   = "https://security.archlinux.org/"
)

// Format reads the list of vulnerability groups (AVG): each names packages that
// are built from one source, and the CVEs in them.
var Format = feed.Format{
	Name: source, Title: "Arch Linux security tracker", Publisher: "Arch Linux", Home: home, Licence: "of the Arch Linux project", Class: feed.Distribution,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{Name: "all.json", URL: home + "all.json", Pause: time.Second}}
	},
	Wants: func(name string) bool { return strings.HasSuffix(name, ".json") },
	Read:  read,
}

// mostBytes bounds one group.
const mostBytes = 1 << 20

// group is one AVG.
type group struct {
	Name       wire.String  `json:"name"`
	Packages   wire.Strings `json:"packages"`
	Status     wire.String  `json:"status"`
	Severity   wire.String  `json:"severity"`
	Type       wire.String  `json:"type"`
	Fixed      wire.String  `json:"fixed"`
	Issues     wire.Strings `json:"issues"`
	Advisories wire.Strings `json:"advisories"`
}

func read(_ string, r io.Reader, to feed.Sink) error {
	in := wire.NewJSON(r, mostBytes)
	return in.Array(func() error {
		var g group
		return in.Each(&g, func(fault error) error {
			if fault != nil {
				to.Bad(wire.Line(string(g.Name)), fault)
				return nil
			}
			return put(&g, to)
		})
	})
}

var errName = errors.New("a group without a name")

func put(g *group, to feed.Sink) error {
	id := wire.Line(string(g.Name))
	if id == "" || len(id) > 100 {
		to.Bad(wire.Line(string(g.Name)), errName)
		return nil
	}
	rec := harrier.Record{Source: source, ID: id, Title: wire.Line(string(g.Type)), Severity: strings.ToLower(wire.Line(string(g.Severity)))}
	var cves wire.Names
	for _, issue := range g.Issues {
		cves.Add(wire.CVEOf(issue))
	}
	rec.CVEs = cves.List
	var links wire.Links
	links.Add(home+id, "vendor-advisory")
	var advisories wire.Names
	for _, a := range g.Advisories {
		advisories.Add(wire.Line(a))
	}
	for _, a := range advisories.List {
		links.Add(home+a, "vendor-advisory")
	}
	rec.References = links.List()
	said := statement(g)
	if len(advisories.List) > 0 {
		said.Advisory = advisories.List[0]
	}
	var packages wire.Names
	for _, name := range g.Packages {
		packages.Add(wire.Line(name))
	}
	for _, name := range packages.List {
		said.Package = harrier.Package{Ecosystem: "alpm/arch", Name: name}
		rec.Affected = append(rec.Affected, said)
	}
	return to.Put(&rec)
}

// statement is what a group says about each of its packages. "affected" is a
// version that was seen to be affected, not the first one.
func statement(g *group) harrier.Affected {
	fixed := wire.Line(string(g.Fixed))
	a := harrier.Affected{}
	switch status := strings.ToLower(strings.TrimSpace(string(g.Status))); status {
	case "not affected":
		a.Status = harrier.StatusNotAffected
	case "fixed", "testing", "vulnerable":
		a.Status = harrier.StatusAffected
		if status == "testing" {
			a.Why = "the fix is being tested"
		}
		if fixed != "" {
			a.Otherwise, a.Ranges = harrier.StatusNotAffected, []harrier.Range{{Before: fixed}}
		} else if status != "vulnerable" {
			a.Status = harrier.StatusUnknown // mended, but it is not said where
		}
	default:
		a.Why = wire.Line(status)
	}
	return a
}
