// Package eol reads until when makers support the releases of their products,
// as endoflife.date collects it: as pages of Markdown with YAML in front, one
// per product, and as one JSON of all.
//
// Source: https://github.com/endoflife-date/endoflife.date, products/*.md, and
// https://endoflife.date/docs/api/v1/.
package eol

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const (
	source = "eol"
	home   = "https://endoflife.date/"
)

// Format reads both forms. A record speaks of one product and names no CVE; each
// statement is about one of its release cycles, and holds from the day on which
// its support ends.
var Format = feed.Format{
	Name: source, Title: "endoflife.date", Publisher: "endoflife.date", Home: home, Licence: "MIT", Class: feed.Vendor,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{Name: "eol-products.json", URL: home + "api/v1/products/full", Pause: time.Second}}
	},
	Wants: func(name string) bool {
		return strings.HasSuffix(name, ".json") || path.Base(name) == "full" || isPage(name)
	},
	Read: func(name string, r io.Reader, to feed.Sink) error {
		if isPage(name) {
			return readPage(name, r, to)
		}
		return readAll(r, to)
	},
}

func isPage(name string) bool {
	return strings.HasSuffix(name, ".md") && path.Base(path.Dir(name)) == "products"
}

// mostBytes bounds one product.
const mostBytes = 1 << 20

// product is what is known of one product, in either form.
type product struct {
	name        string // "nginx": of its page
	label       string
	policy      string // where the maker says how long it supports its releases
	identifiers []identifier
	cycles      []cycle
}

// identifier is a name of a product elsewhere.
type identifier struct{ kind, id string }

// cycle is a line of releases that are supported for the same time.
type cycle struct {
	name, label, latest string
	eol, extended       day
}

// day is a day, or only whether it is past.
type day struct {
	date time.Time // zero when it is not told
	past bool      // without a date: it has passed
}

// told reports whether the day is past or has a date.
func (d day) told() bool { return d.past || !d.date.IsZero() }

// dayOf reads "2024-03-31", "true" and "false".
func dayOf(s string) day {
	return day{date: wire.Time(s), past: s == "true"}
}

// page is the YAML in front of a product's page.
type page struct {
	Title       string              `yaml:"title"`
	Permalink   string              `yaml:"permalink"`
	Policy      string              `yaml:"releasePolicyLink"`
	Identifiers []map[string]string `yaml:"identifiers"`
	Releases    []struct {
		Cycle  string    `yaml:"releaseCycle"`
		Label  string    `yaml:"releaseLabel"`
		EOL    yaml.Node `yaml:"eol"`
		EOES   yaml.Node `yaml:"eoes"`
		Latest string    `yaml:"latest"`
	} `yaml:"releases"`
}

var (
	errFront = harrier.Errorf(harrier.Invalid, "no YAML in front of the page")
	errName  = errors.New("a product without a name")
)

func readPage(name string, r io.Reader, to feed.Sink) error {
	text, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return err
	}
	if len(text) > mostBytes {
		return harrier.Errorf(harrier.Invalid, "a page has more than %d bytes", mostBytes).Because(wire.ErrTooLong)
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text, ok := bytes.CutPrefix(text, []byte("---\n"))
	front, _, closed := bytes.Cut(text, []byte("\n---"))
	if !ok || !closed {
		return errFront
	}
	id := strings.TrimSuffix(path.Base(name), ".md")
	var p page
	if err := yaml.Unmarshal(front, &p); err != nil {
		to.Bad(id, fmt.Errorf("read the YAML in front: %w", err))
		return nil
	}
	out := product{name: id, label: p.Title, policy: p.Policy}
	for _, names := range p.Identifiers {
		for _, kind := range []string{"cpe", "purl"} {
			if names[kind] != "" {
				out.identifiers = append(out.identifiers, identifier{kind, names[kind]})
			}
		}
	}
	for i := range p.Releases {
		rel := &p.Releases[i]
		out.cycles = append(out.cycles, cycle{rel.Cycle, rel.Label, rel.Latest, dayOf(rel.EOL.Value), dayOf(rel.EOES.Value)})
	}
	return put(&out, to)
}

// entry is a product in the JSON of all.
type entry struct {
	Name        wire.String `json:"name"`
	Label       wire.String `json:"label"`
	Identifiers []struct {
		Type wire.String `json:"type"`
		ID   wire.String `json:"id"`
	} `json:"identifiers"`
	Links struct {
		Policy wire.String `json:"releasePolicy"`
	} `json:"links"`
	Releases []struct {
		Name     wire.String `json:"name"`
		Label    wire.String `json:"label"`
		IsEOL    bool        `json:"isEol"`
		EOLFrom  wire.String `json:"eolFrom"`
		IsEOES   *bool       `json:"isEoes"`
		EOESFrom wire.String `json:"eoesFrom"`
		Latest   struct {
			Name wire.String `json:"name"`
		} `json:"latest"`
	} `json:"releases"`
}

func readAll(r io.Reader, to feed.Sink) error {
	in := wire.NewJSON(r, 4*mostBytes)
	return in.Object(func(key string) error {
		if key != "result" {
			return in.Skip()
		}
		return in.Array(func() error {
			var e entry
			return in.Each(&e, func(fault error) error {
				if fault != nil {
					to.Bad(wire.Line(string(e.Name)), fault)
					return nil
				}
				return put(e.product(), to)
			})
		})
	})
}

func (e *entry) product() *product {
	out := &product{name: string(e.Name), label: string(e.Label), policy: string(e.Links.Policy)}
	for _, id := range e.Identifiers {
		out.identifiers = append(out.identifiers, identifier{string(id.Type), string(id.ID)})
	}
	for _, r := range e.Releases {
		c := cycle{name: string(r.Name), label: string(r.Label), latest: string(r.Latest.Name), eol: day{wire.Time(string(r.EOLFrom)), r.IsEOL}}
		c.extended.date = wire.Time(string(r.EOESFrom))
		c.extended.past = r.IsEOES != nil && *r.IsEOES
		out.cycles = append(out.cycles, c)
	}
	return out
}

// unmaintained is the weakness of using what nobody maintains, CWE-1104.
const unmaintained = 1104

// put writes the record of a product.
func put(p *product, to feed.Sink) error {
	name := strings.ToLower(wire.Line(p.name))
	if name == "" || len(name) > 100 || strings.ContainsAny(name, " /\uFFFD") {
		to.Bad(wire.Line(p.name), errName)
		return nil
	}
	label := cmp.Or(wire.Line(p.label), name)
	rec := harrier.Record{
		Source: source, ID: "EOL-" + name, CWEs: []int{unmaintained},
		Title:    label + ": no longer supported by its maker",
		Summary:  "The release of " + label + " that is in use gets no fixes from its maker any more, also not for weaknesses that become known.",
		Solution: "Change to a release of " + label + " that its maker supports.",
	}
	var links wire.Links
	links.Add(home + name)
	links.Add(p.policy)
	rec.References = links.List()
	things := thingsOf(name, p.identifiers)
	spans := cover(p.cycles)
	for i := range p.cycles {
		c := &p.cycles[i]
		if i >= mostCycles || !c.eol.told() || spans[i].empty() {
			continue
		}
		a := harrier.Affected{
			Status: harrier.StatusEndOfSupport, Ranges: spans[i].ranges, Versions: spans[i].versions, Since: c.eol.date, Why: c.why(),
		}
		for _, t := range things {
			a.Package, a.CPE, a.Scheme = t.Package, t.CPE, t.Scheme
			rec.Affected = append(rec.Affected, a)
		}
	}
	if len(rec.Affected) == 0 {
		return nil
	}
	return to.Put(&rec)
}

// why names the cycle, and until when more support can be had.
func (c *cycle) why() string {
	text := "release cycle " + wire.Line(c.name)
	switch {
	case !c.extended.date.IsZero():
		text += "; extended support until " + c.extended.date.Format(time.DateOnly)
	case c.extended.past:
		text += "; extended support has ended"
	}
	return text
}
