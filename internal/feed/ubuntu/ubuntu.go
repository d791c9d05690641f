// Package ubuntu reads what Canonical says about the packages of Ubuntu, in
// three forms: the security notices in one file (the USN database), the statuses
// of CVEs as the site's API gives them, and VEX documents, one per CVE.
//
// Sources: https://usn.ubuntu.com/usn-db/; https://ubuntu.com/security/api/docs;
// https://security-metadata.canonical.com/vex/ (OpenVEX 0.2).
package ubuntu

import (
	"cmp"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const (
	source = "ubuntu"
	home   = "https://ubuntu.com/security/"
)

// Format reads all three forms and tells them apart by their contents. Only the
// notices are fetched: CVEs come with the Format "ubuntu-osv" in one archive,
// where the API needs thousands of requests, and the archive of VEX documents is
// compressed in a way that is not read.
var Format = feed.Format{
	Name: source, Title: "Ubuntu security notices and CVEs", Publisher: "Canonical", Home: home, Licence: "CC-BY-SA-4.0", Class: feed.Distribution,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{Name: "ubuntu-usn.json.bz2", URL: "https://usn.ubuntu.com/usn-db/database-all.json.bz2", Pause: time.Second}}
	},
	Wants: func(name string) bool { return strings.HasSuffix(name, ".json") },
	Read:  read,
}

// mostBytes bounds one notice, which names every file of every architecture, one
// CVE, and the statements of a VEX document.
const mostBytes = 32 << 20

// read takes the first key of the object: "cves" begins a page of the API,
// "metadata" or "statements" a VEX document, and the number of a notice the USN
// database.
func read(_ string, r io.Reader, to feed.Sink) error {
	in := wire.NewJSON(r, mostBytes)
	var doc vex
	isVEX := false
	err := in.Object(func(key string) error {
		switch key {
		case "cves":
			return readCVEs(in, to)
		case "metadata":
			isVEX = true
			return in.Decode(&doc.Metadata)
		case "statements":
			isVEX = true
			return in.Decode(&doc.Statements)
		}
		if key == "" || key[0] < '0' || key[0] > '9' {
			return in.Skip()
		}
		var n notice
		return in.Each(&n, func(fault error) error {
			if fault != nil {
				to.Bad("USN-"+wire.Line(key), fault)
				return nil
			}
			return putNotice(key, &n, to)
		})
	})
	if err != nil || !isVEX {
		return err
	}
	return putVEX(&doc, to)
}

func readCVEs(in *wire.JSON, to feed.Sink) error {
	return in.Array(func() error {
		var c cve
		return in.Each(&c, func(fault error) error {
			if fault != nil {
				to.Bad(wire.Line(string(c.ID)), fault)
				return nil
			}
			return putCVE(&c, to)
		})
	})
}

// releases are the numbers of Ubuntu's releases by their names.
var releases = map[string]string{
	"warty": "4.10", "hoary": "5.04", "breezy": "5.10", "dapper": "6.06", "edgy": "6.10", "feisty": "7.04", "gutsy": "7.10", "hardy": "8.04",
	"intrepid": "8.10", "jaunty": "9.04", "karmic": "9.10", "lucid": "10.04", "maverick": "10.10", "natty": "11.04", "oneiric": "11.10", "precise": "12.04",
	"quantal": "12.10", "raring": "13.04", "saucy": "13.10", "trusty": "14.04", "utopic": "14.10", "vivid": "15.04", "wily": "15.10", "xenial": "16.04",
	"yakkety": "16.10", "zesty": "17.04", "artful": "17.10", "bionic": "18.04", "cosmic": "18.10", "disco": "19.04", "eoan": "19.10", "focal": "20.04",
	"groovy": "20.10", "hirsute": "21.04", "impish": "21.10", "jammy": "22.04", "kinetic": "22.10", "lunar": "23.04", "mantic": "23.10", "noble": "24.04",
	"oracular": "24.10", "plucky": "25.04", "questing": "25.10", "resolute": "26.04",
}

// ecosystem is the word of harrier.Package for a release and the pocket that a
// package comes from; "" where there is none. Pockets of Ubuntu Pro are
// "esm-infra", "esm-apps", "esm-infra-legacy"; those of certified builds, such as
// "fips-updates" and "realtime", hold packages of their own.
func ecosystem(release, pocket string) string {
	release = strings.ToLower(release)
	if before, name, ok := strings.Cut(release, "/"); ok { // "esm-infra/xenial"
		pocket, release = before, name
	}
	number := releases[release]
	if number == "" {
		return ""
	}
	switch pocket = strings.ToLower(pocket); {
	case pocket == "", pocket == "security", pocket == "updates", pocket == "release", pocket == "proposed", pocket == "backports":
		return "deb/ubuntu/" + number
	case isESM(pocket):
		return "deb/ubuntu-pro/" + number
	case strings.Trim(pocket, "abcdefghijklmnopqrstuvwxyz-") == "" && len(pocket) <= 30:
		return "deb/ubuntu-pro-" + pocket + "/" + number
	}
	return ""
}

func isESM(pocket string) bool { return strings.HasPrefix(pocket, "esm") }

var errName = errors.New("not the name of a CVE, a notice or a package")

// named reports whether a name can be one of a package.
func named(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}

// version returns s when it can be a package's version, else "".
func version(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 100 || s[0] < '0' || s[0] > '9' || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return ""
	}
	return s
}

// cve is an element of a page of the API.
type cve struct {
	ID          wire.String  `json:"id"`
	Description wire.String  `json:"description"`
	Own         wire.String  `json:"ubuntu_description"`
	Mitigation  wire.String  `json:"mitigation"`
	Priority    wire.String  `json:"priority"`
	Status      wire.String  `json:"status"`
	Published   wire.String  `json:"published"`
	Updated     wire.String  `json:"updated_at"`
	References  wire.Strings `json:"references"`
	Packages    []struct {
		Name     wire.String `json:"name"`
		Statuses []status    `json:"statuses"`
	} `json:"packages"`
}

// status is what became of a CVE in a package of a release.
type status struct {
	Description wire.String `json:"description"`
	Pocket      wire.String `json:"pocket"`
	Release     wire.String `json:"release_codename"`
	Status      wire.String `json:"status"`
}

func putCVE(c *cve, to feed.Sink) error {
	id := wire.CVEOf(string(c.ID))
	if id == "" {
		to.Bad(wire.Line(string(c.ID)), errName)
		return nil
	}
	rec := harrier.Record{
		Source: source, ID: id, CVEs: []string{id}, Summary: wire.Text(cmp.Or(string(c.Own), string(c.Description))),
		Solution: wire.Text(string(c.Mitigation)), Severity: strings.ToLower(wire.Line(string(c.Priority))),
		Published: wire.Time(string(c.Published)), Modified: wire.Time(string(c.Updated)),
	}
	var links wire.Links
	links.Add(home+id, "vendor-advisory")
	for _, url := range c.References {
		links.Add(url)
	}
	rec.References = links.List()
	if c.Status == "rejected" {
		rec.Withdrawn = cmp.Or(rec.Modified, rec.Published)
		return to.Put(&rec)
	}
	for _, p := range c.Packages {
		name := strings.ToLower(string(p.Name))
		if !named(name) {
			to.Bad(id, errName)
			continue
		}
		for _, s := range p.Statuses {
			rec.Affected = append(rec.Affected, s.said(name)...)
		}
	}
	return to.Put(&rec)
}

// said turns a status into statements. A fix that only Ubuntu Pro has leaves the
// plain release without one; who has Pro has the newer version.
func (s *status) said(name string) []harrier.Affected {
	word := ecosystem(string(s.Release), string(s.Pocket))
	if word == "" {
		return nil // "upstream", or a release that is not known
	}
	a := harrier.Affected{Package: harrier.Package{Ecosystem: word, Name: name}, Why: wire.Line(string(s.Description))}
	fixed := version(string(s.Description))
	switch s.Status {
	case "released":
		if fixed == "" {
			return nil // which version it was is not told
		}
		a.Status, a.Otherwise, a.Why = harrier.StatusAffected, harrier.StatusNotAffected, ""
		a.Ranges = []harrier.Range{{Before: fixed}}
		if isESM(string(s.Pocket)) {
			plain := a
			plain.Package.Ecosystem = ecosystem(string(s.Release), "")
			plain.Status, plain.Why = harrier.StatusWillNotFix, "fixed in Ubuntu Pro only: "+string(s.Pocket)
			if plain.Package.Ecosystem != "" && len(plain.Why) < wire.MaxLine {
				return []harrier.Affected{a, plain}
			}
		}
	case "not-affected":
		a.Status = harrier.StatusNotAffected
	case "needed":
		a.Status = harrier.StatusAffected
	case "deferred", "pending":
		a.Status = harrier.StatusFixDeferred
	case "ignored":
		a.Status = harrier.StatusWillNotFix
	case "needs-triage", "in-progress":
		a.Status = harrier.StatusUnknown
	default:
		return nil // "DNE": the release does not have the package
	}
	return []harrier.Affected{a}
}
