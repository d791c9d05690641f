// Package retire reads RetireJS's repository of weaknesses in JavaScript
// libraries that web pages load. How it recognises the libraries is not read
// here.
//
// Source: https://github.com/RetireJS/retire.js, repository/jsrepository-v4.json
// and -v5.json.
package retire

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
	"github.com/harrier-scan/harrier/internal/version"
)

const source = "retire"

// Format reads the repository. A library is known under the name that RetireJS
// gives it, in lower case, in the ecosystem "retire", and under its name in npm
// where it has one there.
var Format = feed.Format{
	Name: source, Title: "RetireJS repository", Publisher: "RetireJS", Home: "https://retirejs.github.io/retire.js/", Licence: "Apache-2.0", Class: feed.Ecosystem,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{
			Name: "jsrepository-v5.json", Pause: time.Second,
			URL: "https://raw.githubusercontent.com/RetireJS/retire.js/master/repository/jsrepository-v5.json",
		}}
	},
	Wants: func(name string) bool {
		base := path.Base(name)
		return strings.HasPrefix(base, "jsrepository") && strings.HasSuffix(base, ".json")
	},
	Read: read,
}

// Bounds of one library.
const (
	mostBytes  = 4 << 20
	mostRanges = 1_000
)

// library is one entry of the repository.
type library struct {
	NPM             wire.String `json:"npmname"`
	Vulnerabilities []weakness  `json:"vulnerabilities"`
}

// weakness is what is wrong with the versions between two.
type weakness struct {
	From        wire.String  `json:"atOrAbove"`
	Before      wire.String  `json:"below"`
	Excludes    wire.Strings `json:"excludes"` // versions in between that do not have it
	Severity    wire.String  `json:"severity"`
	CWEs        wire.Strings `json:"cwe"`
	Info        wire.Strings `json:"info"`
	Identifiers identifiers  `json:"identifiers"`
}

type identifiers struct {
	CVEs    wire.Strings `json:"CVE"`
	GitHub  wire.String  `json:"githubID"`
	Summary wire.String  `json:"summary"`
	Retire  number       `json:"retid"`
	Issue   number       `json:"issue"`
	Bug     number       `json:"bug"`
	Change  number       `json:"PR"`
}

// number is a number, also where it is written as a string.
type number string

// UnmarshalJSON takes any value.
func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s != "" && len(s) < 20 && strings.Trim(s, "0123456789") == "" {
		*n = number(s)
	}
	return nil
}

// skipped are the entries that are no libraries.
var skipped = map[string]bool{"retire-example": true, "dont check": true}

func read(_ string, r io.Reader, to feed.Sink) error {
	in := wire.NewJSON(r, mostBytes)
	return in.Object(func(name string) error {
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return err
		}
		if skipped[name] {
			return nil
		}
		var lib library
		if err := json.Unmarshal(raw, &lib); err != nil {
			to.Bad(wire.Line(name), err)
			return nil
		}
		return put(name, &lib, to)
	})
}

var (
	errName  = errors.New("not the name of a library")
	errRange = errors.New("a weakness without an upper version")
)

// put writes the weaknesses of a library: one record each, with all ranges that
// the repository has for it.
func put(name string, lib *library, to feed.Sink) error {
	name = strings.ToLower(wire.Line(name))
	if name == "" || len(name) > 100 {
		to.Bad(name, errName)
		return nil
	}
	var ids []string
	records := map[string]*harrier.Record{}
	for i := range lib.Vulnerabilities {
		w := &lib.Vulnerabilities[i]
		if w.Before == "" || len(w.Before)+len(w.From) > 200 {
			to.Bad(name, errRange)
			continue
		}
		id := "RETIRE-" + name + "-" + w.id()
		rec := records[id]
		if rec == nil {
			rec = w.record(id, name, wire.Line(string(lib.NPM)))
			records[id] = rec
			ids = append(ids, id)
		}
		for j := range rec.Affected {
			if len(rec.Affected[j].Ranges) < mostRanges {
				rec.Affected[j].Ranges = append(rec.Affected[j].Ranges, w.ranges()...)
			}
		}
	}
	for _, id := range ids {
		if err := to.Put(records[id]); err != nil {
			return err
		}
	}
	return nil
}

// id tells the weaknesses of one library apart: by their public name, else by
// the number of the repository or of the library's own tracker, else by what is
// said of them.
func (w *weakness) id() string {
	ids := w.Identifiers
	for _, name := range ids.CVEs {
		if cve := wire.CVEOf(name); cve != "" {
			return cve
		}
	}
	if g := wire.Line(string(ids.GitHub)); g != "" && len(g) <= 40 {
		return g
	}
	if ids.Retire != "" {
		return "r" + string(ids.Retire)
	}
	if n := cmp.Or(ids.Issue, ids.Bug, ids.Change); n != "" {
		return string(n)
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(ids.Summary + w.From + w.Before)) // never fails
	return fmt.Sprintf("%08x", h.Sum32())
}

// record is a weakness with statements that have no ranges yet.
func (w *weakness) record(id, name, npm string) *harrier.Record {
	rec := &harrier.Record{Source: source, ID: id, Title: wire.Line(string(w.Identifiers.Summary)), Severity: strings.ToLower(wire.Line(string(w.Severity)))}
	var cves, aliases wire.Names
	for _, c := range w.Identifiers.CVEs {
		cves.Add(wire.CVEOf(c))
	}
	aliases.Add(wire.Line(string(w.Identifiers.GitHub)))
	rec.CVEs, rec.Aliases = cves.List, aliases.List
	for _, c := range w.CWEs {
		rec.CWEs = wire.AddCWE(rec.CWEs, c)
	}
	var links wire.Links
	for _, url := range w.Info {
		links.Add(url)
	}
	rec.References = links.List()
	said := harrier.Affected{Package: harrier.Package{Ecosystem: "retire", Name: name}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected}
	rec.Affected = []harrier.Affected{said}
	if npm != "" && len(npm) <= 200 {
		said.Package = harrier.Package{Ecosystem: "npm", Name: npm}
		rec.Affected = append(rec.Affected, said)
	}
	return rec
}

// ranges are the versions that have a weakness. Each that is excluded cuts the
// range in two.
func (w *weakness) ranges() []harrier.Range {
	r := harrier.Range{From: string(w.From)}
	if r.From == "0" {
		r.From = ""
	}
	but := slices.DeleteFunc(slices.Clone(w.Excludes), func(v string) bool {
		return len(v) > 100 || compare(v, string(w.Before)) >= 0 || r.From != "" && compare(v, r.From) < 0
	})
	slices.SortFunc(but, compare)
	var out []harrier.Range
	for _, v := range but[:min(len(but), 50)] {
		r.Before = v
		out = append(out, r)
		r = harrier.Range{After: v}
	}
	r.Before = string(w.Before)
	return append(out, r)
}

func compare(a, b string) int { return version.Compare(version.SchemeOf(source), a, b) }
