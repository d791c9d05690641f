// Package debian reads what Debian's security tracker says: for each source
// package and each CVE, what became of it in each release. It tells what is
// mended, what never was affected, and what will stay as it is.
//
// Source: https://security-tracker.debian.org/tracker/data/json, as described in
// the security tracker's introduction.
package debian

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const source = "debian"

// Format reads the tracker's JSON, of 60 MB and more in one object. A record
// speaks of one CVE in one source package, and is named after both: the file is
// ordered by packages, and one CVE can be in hundreds.
//
// The list that the tracker makes it from ("data/CVE/list") is not read: what is
// mended by an advisory stands in another file there.
var Format = feed.Format{
	Name: source, Title: "Debian Security Tracker", Publisher: "Debian", Home: "https://security-tracker.debian.org/",
	Licence: "of the Debian project: MIT for the tracker", Class: feed.Distribution,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{Name: "debian-tracker.json", URL: "https://security-tracker.debian.org/tracker/data/json", Pause: time.Second}}
	},
	Wants: func(name string) bool { return strings.HasSuffix(name, ".json") },
	Read:  read,
}

// mostBytes bounds what is said about one CVE in one package.
const mostBytes = 1 << 20

// releases are the numbers of Debian's releases by their names. The unstable
// one has none.
var releases = map[string]string{
	"sarge": "3.1", "etch": "4", "lenny": "5", "squeeze": "6", "wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10",
	"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15", "sid": "sid",
}

// ecosystem is the word of harrier.Package for a release by its name; one that
// has no number yet keeps its name.
func ecosystem(release string) string {
	return "deb/debian/" + cmp.Or(releases[release], release)
}

// entry is what the tracker says about one CVE in one package.
type entry struct {
	Description wire.String       `json:"description"`
	Scope       wire.String       `json:"scope"`
	Releases    map[string]status `json:"releases"`
}

// status is what it says about one release.
type status struct {
	Status  wire.String `json:"status"` // "resolved", "open", "undetermined"
	Fixed   wire.String `json:"fixed_version"`
	Urgency wire.String `json:"urgency"`
	NoDSA   wire.String `json:"nodsa"` // why there is no advisory
	Reason  wire.String `json:"nodsa_reason"`
}

func read(_ string, r io.Reader, to feed.Sink) error {
	in := wire.NewJSON(r, mostBytes)
	return in.Object(func(pkg string) error {
		err := in.Object(func(id string) error {
			var e entry
			return in.Each(&e, func(fault error) error {
				if fault != nil {
					to.Bad(id+" "+pkg, fault)
					return nil
				}
				return put(pkg, id, &e, to)
			})
		})
		if wire.IsFault(err) {
			to.Bad(pkg, err)
			return nil
		}
		return err
	})
}

var errName = errors.New("not the name of a package, or of what is wrong with it")

func put(pkg, id string, e *entry, to feed.Sink) error {
	if !named(pkg) || !named(id) {
		to.Bad(wire.Line(id+" "+pkg), errName)
		return nil
	}
	rec := start(pkg, id)
	rec.Summary = wire.Text(string(e.Description))
	for _, release := range slices.Sorted(maps.Keys(e.Releases)) {
		s := e.Releases[release]
		if !named(release) || strings.Contains(release, "/") {
			to.Bad(wire.Line(id+" "+pkg), errName)
			continue
		}
		a := said(s)
		a.Package = harrier.Package{Ecosystem: ecosystem(strings.ToLower(release)), Name: strings.ToLower(pkg)}
		rec.Affected = append(rec.Affected, a)
		if word := urgency(string(s.Urgency)); word != "" && (release == "sid" || rec.Severity == "") {
			rec.Severity = word
		}
	}
	return to.Put(&rec)
}

// start is a record without statements. What has no CVE id yet has a temporary
// one, which can be in several packages.
func start(pkg, id string) harrier.Record {
	rec := harrier.Record{Source: source, ID: id + " " + pkg}
	if cve := wire.CVEOf(id); cve != "" {
		rec.CVEs = []string{cve}
		rec.References = []harrier.Reference{{URL: "https://security-tracker.debian.org/tracker/" + cve, Tags: []string{"vendor-advisory"}}}
	} else {
		rec.Aliases = []string{id}
	}
	return rec
}

func named(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '\uFFFD' })
}

// said turns the status in one release into a statement about its package.
// "resolved" at version "0" is what never was affected.
func said(s status) harrier.Affected {
	a := harrier.Affected{Why: why(s)}
	fixed := strings.TrimSpace(string(s.Fixed))
	if len(fixed) > 200 {
		fixed = ""
	}
	switch {
	case s.Status == "resolved" && fixed == "0":
		a.Status = harrier.StatusNotAffected
	case s.Status == "resolved" && fixed != "":
		a.Status, a.Otherwise = harrier.StatusAffected, harrier.StatusNotAffected
		a.Ranges = []harrier.Range{{Before: fixed}}
	case s.Status == "open":
		a.Status = open(s)
	}
	return a
}

// open is the status of what is not mended.
func open(s status) harrier.Status {
	switch {
	case s.Urgency == "end-of-life" || s.Reason == "ignored" || s.Urgency == "unimportant":
		return harrier.StatusWillNotFix
	case s.Reason == "postponed":
		return harrier.StatusFixDeferred
	case s.NoDSA != "": // a fix may come with a release, no advisory will
		return harrier.StatusWillNotFix
	}
	return harrier.StatusAffected
}

// why joins the tracker's reasons: "unimportant", "ignored: Minor issue".
func why(s status) string {
	var words []string
	if s.Urgency == "unimportant" || s.Urgency == "end-of-life" {
		words = append(words, string(s.Urgency))
	}
	switch {
	case s.Reason != "":
		words = append(words, string(s.Reason))
	case s.NoDSA != "":
		words = append(words, "no-dsa")
	}
	if s.NoDSA != "" {
		words = append(words, string(s.NoDSA))
	}
	return wire.Line(strings.Join(words, ": "))
}

// urgency is the tracker's word for how grave something is; "" for the words that
// say nothing about that. "high**" is one that it took from elsewhere.
func urgency(s string) string {
	switch s = strings.TrimRight(s, "*"); s {
	case "low", "medium", "high", "unimportant":
		return s
	}
	return ""
}
