package ubuntu

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// notice is an element of the USN database, by its number.
type notice struct {
	Title       wire.String              `json:"title"`
	Summary     wire.String              `json:"isummary"`
	Description wire.String              `json:"description"`
	Action      wire.String              `json:"action"`
	Timestamp   json.Number              `json:"timestamp"`
	CVEs        wire.Strings             `json:"cves"`
	Releases    map[string]noticeRelease `json:"releases"`
}

type noticeRelease struct {
	Sources map[string]struct {
		Version wire.String `json:"version"`
	} `json:"sources"`
	// All are the binary packages; they tell the pocket.
	All map[string]struct {
		Pocket wire.String `json:"pocket"`
	} `json:"allbinaries"`
}

// mostPackages is how many statements of one notice are kept.
const mostPackages = 5_000

// putNotice writes a notice. Its CVEs are mended from its versions on, but not
// each of them was in every older version of every release, so about those it
// says nothing.
func putNotice(number string, n *notice, to feed.Sink) error {
	if strings.Trim(number, "0123456789-") != "" || len(number) > 20 {
		to.Bad("USN-"+wire.Line(number), errName)
		return nil
	}
	id := "USN-" + number
	rec := harrier.Record{
		Source: source, ID: id, Title: wire.Line(string(n.Title)), Summary: wire.Text(string(n.Summary)),
		Details: wire.Text(string(n.Description)), Solution: wire.Text(string(n.Action)), Published: instant(n.Timestamp),
		References: []harrier.Reference{{URL: home + "notices/" + id, Tags: []string{"vendor-advisory"}}},
	}
	var cves wire.Names
	for _, name := range n.CVEs {
		cves.Add(wire.CVEOf(name)) // others are addresses of bugs
	}
	rec.CVEs = cves.List
	if len(rec.CVEs) == 0 {
		return nil // it mends what an update broke
	}
	for _, release := range slices.Sorted(maps.Keys(n.Releases)) {
		r := n.Releases[release]
		for _, name := range slices.Sorted(maps.Keys(r.Sources)) {
			fixed := version(string(r.Sources[name].Version))
			word := ecosystem(release, r.pocket(fixed))
			if word == "" || fixed == "" || !named(name) || len(rec.Affected) >= mostPackages {
				continue
			}
			rec.Affected = append(rec.Affected, harrier.Affected{
				Package: harrier.Package{Ecosystem: word, Name: strings.ToLower(name)},
				Status:  harrier.StatusUnknown, Otherwise: harrier.StatusNotAffected,
				Ranges: []harrier.Range{{Before: fixed}}, Advisory: id,
			})
		}
	}
	return to.Put(&rec)
}

// pocket is where a package of a release came to: what its version tells, or the
// binary packages. Where some of those are for everybody, the source is, too.
func (r *noticeRelease) pocket(version string) string {
	if strings.Contains(version, "+esm") {
		return "esm"
	}
	pocket := ""
	for _, b := range r.All {
		if p := string(b.Pocket); p != "" && (pocket == "" || isESM(pocket) && !isESM(p) || isESM(pocket) == isESM(p) && p < pocket) {
			pocket = p
		}
	}
	return pocket
}

// instant reads seconds since 1970, with a fraction.
func instant(n json.Number) time.Time {
	s, err := n.Float64()
	if err != nil || s <= 0 || s > 1e11 {
		return time.Time{}
	}
	whole, _ := math.Modf(s)
	return time.Unix(int64(whole), 0).UTC()
}
