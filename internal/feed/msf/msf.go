// Package msf reads which modules of Metasploit are for which vulnerability: the
// list of modules that comes with it, and the files per CVE of msfdb-list.
//
// Source: db/modules_metadata_base.json of rapid7/metasploit-framework, and
// https://github.com/vulsio/msfdb-list
package msf

import (
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const source = "msf"

// Format reads modules. A record is a module, by its full name, with the CVEs
// that it names; modules that name none have no record.
var Format = feed.Format{
	Name:      source,
	Title:     "Metasploit modules",
	Publisher: "Rapid7",
	Home:      "https://github.com/rapid7/metasploit-framework",
	Licence:   "BSD-3-Clause",
	Class:     feed.Facts,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{
			Name: list,
			URL:  "https://raw.githubusercontent.com/rapid7/metasploit-framework/master/db/" + list,
		}}
	},
	Wants: wants,
	Read:  read,
}

// list is the file with all modules.
const list = "modules_metadata_base.json"

// repository is where a module's source is shown; its path follows.
const repository = "https://github.com/rapid7/metasploit-framework/blob/master/modules/"

func wants(name string) bool {
	base := path.Base(name)
	if base == list {
		return true
	}
	id, ok := strings.CutSuffix(base, ".json")
	_, cve := wire.CVE(id)
	return ok && cve
}

func read(name string, r io.Reader, to feed.Sink) error {
	s := wire.NewJSON(r, wire.MaxRecord)
	if path.Base(name) != list {
		return s.Array(func() error {
			var m fileEntry
			return s.Each(&m, func(fault error) error { return m.put(fault, to) })
		})
	}
	return s.Object(func(key string) error {
		var m module
		return s.Each(&m, func(fault error) error { return m.put(key, fault, to) })
	})
}

// module is one of Metasploit's own list.
type module struct {
	Name       string   `json:"name"`
	FullName   string   `json:"fullname"`
	Rank       int      `json:"rank"`
	Disclosed  string   `json:"disclosure_date"`
	References []string `json:"references"` // "CVE-2017-0143", "URL-https://…", "EDB-42315"
	Path       string   `json:"path"`       // "/modules/exploits/…/name.rb"
}

// ranks are the words of Metasploit's numbers, the lowest first.
var ranks = []struct {
	least int
	word  string
}{{600, "excellent"}, {500, "great"}, {400, "good"}, {300, "normal"}, {200, "average"}, {100, "low"}, {0, "manual"}}

func (m *module) put(key string, fault error, to feed.Sink) error {
	name := wire.Word(m.FullName)
	if fault == nil && name == "" {
		fault = errors.New("the module has no name")
	}
	if fault != nil {
		to.Bad(wire.Word(key), fault)
		return nil
	}
	e := harrier.Exploit{Source: "metasploit", ID: name, Title: wire.Word(m.Name), Published: wire.Time(m.Disclosed)}
	if p, ok := strings.CutPrefix(m.Path, "/modules/"); ok {
		e.URL = link(repository + p)
	}
	for _, r := range ranks {
		if m.Rank >= r.least {
			e.Rank = r.word
			break
		}
	}
	return put(e, m.References, to)
}

// readListed reads a module of a file of msfdb-list.
// fileEntry is a file of msfdb-list.
type fileEntry struct {
	Name       string   `json:"Name"` // the file's
	Title      string   `json:"Title"`
	CVEs       []string `json:"CveIDs"`
	References []string `json:"References"`
}

func (m *fileEntry) put(fault error, to feed.Sink) error {
	if fault != nil {
		to.Bad(wire.Word(m.Name), fault)
		return nil
	}
	e := harrier.Exploit{Source: "metasploit", Title: wire.Word(m.Title)}
	for _, address := range m.References {
		if p, ok := strings.CutPrefix(address, repository); ok {
			e.ID, e.URL = fullName(p), link(address)
		}
	}
	if e.ID == "" {
		to.Bad(wire.Word(m.Name), errors.New("the module's path is not told"))
		return nil
	}
	return put(e, m.CVEs, to)
}

// fullName is the name of the module in a file below modules: what the folders
// have in the plural is a kind of module, "exploits/unix/x.rb" is
// "exploit/unix/x".
func fullName(file string) string {
	name := strings.TrimSuffix(wire.Word(file), path.Ext(file))
	if rest, ok := strings.CutPrefix(name, "exploits/"); ok {
		return "exploit/" + rest
	}
	return name
}

// link is an address, "" when it is none.
func link(address string) string {
	var l wire.Links
	l.Add(address)
	if got := l.List(); len(got) == 1 {
		return got[0].URL
	}
	return ""
}

// maxCVEs bounds the CVEs of a module.
const maxCVEs = 1000

func put(e harrier.Exploit, references []string, to feed.Sink) error {
	r := &harrier.Record{Source: source, ID: e.ID, Exploits: []harrier.Exploit{e}}
	for _, ref := range references {
		if cve, ok := wire.CVE(ref); ok && len(r.CVEs) < maxCVEs && !slices.Contains(r.CVEs, cve) {
			r.CVEs = append(r.CVEs, cve)
		}
	}
	if len(r.CVEs) == 0 {
		return nil
	}
	return to.Put(r)
}
