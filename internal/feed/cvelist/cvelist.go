// Package cvelist reads the CVE list: a file per CVE in the CVE Record Format
// 5.x. What the assigning authority (CNA) says becomes a record of "cvelist";
// what CISA added in its own container becomes one of "vulnrichment"; other
// containers add references to the former.
//
// Source: https://cveproject.github.io/cve-schema/ and
// https://github.com/CVEProject/cvelistV5
package cvelist

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const (
	source   = "cvelist"
	enriched = "vulnrichment"
)

// Format reads the whole list. Its records are of two sources: the second is
// that of Vulnrichment.
var Format = feed.Format{
	Name:      source,
	Title:     "CVE List",
	Publisher: "CVE Program",
	Home:      "https://www.cve.org/",
	Licence:   "LicenseRef-CVE-terms-of-use",
	Notice:    "CVE is a registered trademark of The MITRE Corporation.",
	Class:     feed.CNA,
	Remotes:   remotes,
	Wants:     wants,
	Read: func(name string, r io.Reader, to feed.Sink) error {
		return read(name, r, to, true)
	},
}

// Vulnrichment reads what CISA adds to CVE records, from its own repository: it
// is there hours before the list has it. The files repeat the whole records; no
// more than that container is taken of them.
var Vulnrichment = feed.Format{
	Name:      enriched,
	Title:     "Vulnrichment",
	Publisher: "CISA",
	Home:      "https://github.com/cisagov/vulnrichment",
	Licence:   "CC0-1.0",
	Class:     feed.Enriched,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{Name: "vulnrichment-develop.zip", URL: "https://github.com/cisagov/vulnrichment/archive/refs/heads/develop.zip"}}
	},
	Wants: wants,
	Read: func(name string, r io.Reader, to feed.Sink) error {
		return read(name, r, to, false)
	},
}

// whole is for how many days the whole list is good enough: what changed since
// is in the files of days.
const whole = 28

// remotes are the whole list, what each of the last days changed, and what
// changed today: the file of an hour has everything since midnight. A release
// may be missing for an hour in which nothing changed.
//
// Source: the section "Releases" of the list's README.
func remotes(now time.Time) []feed.Remote {
	const base = "https://github.com/CVEProject/cvelistV5/"
	list := []feed.Remote{{Name: "cvelistV5-main.zip", URL: base + "archive/refs/heads/main.zip", Every: whole * 24 * time.Hour}}
	now = now.UTC()
	for back := whole + 1; back > 0; back-- {
		day := now.AddDate(0, 0, -back).Format(time.DateOnly)
		list = append(list, feed.Remote{
			Name: "cvelist-" + day + ".zip", Optional: true, Every: 365 * 24 * time.Hour, // it does not change any more
			URL: base + "releases/download/cve_" + day + "_at_end_of_day/" + day + "_delta_CVEs_at_end_of_day.zip",
		})
	}
	for back := 2; back > 0; back-- {
		hour := now.Add(-time.Duration(back) * time.Hour)
		if hour.Day() != now.Day() {
			continue
		}
		day, at := hour.Format(time.DateOnly), fmt.Sprintf("%02d00Z", hour.Hour())
		list = append(list, feed.Remote{
			Name: "cvelist-" + day + "-" + at + ".zip", Optional: true,
			URL: base + "releases/download/cve_" + day + "_" + at + "/" + day + "_delta_CVEs_at_" + at + ".zip",
		})
	}
	return list
}

func wants(name string) bool {
	id, ok := strings.CutSuffix(path.Base(name), ".json")
	_, cve := wire.CVE(id)
	return ok && cve
}

// read turns a file into records; all is false for CISA's alone.
func read(name string, r io.Reader, to feed.Sink, all bool) error {
	data, err := wire.ReadAll(r)
	if err != nil {
		return err
	}
	id := wire.Word(strings.TrimSuffix(path.Base(name), ".json"))
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		to.Bad(id, wire.Broken(err))
		return nil
	}
	if f.Meta.ID != "" {
		id = wire.Word(f.Meta.ID)
	}
	cve, ok := wire.CVE(f.Meta.ID)
	switch {
	case !ok:
		to.Bad(id, errors.New("its id is no CVE id"))
		return nil
	case f.Meta.State == "RESERVED":
		return nil // nothing is said yet
	case f.Containers.CNA == nil:
		to.Bad(id, errors.New("it is no CVE record of format 5"))
		return nil
	}
	if all {
		if err := to.Put(f.assigned(cve)); err != nil {
			return err
		}
	}
	for i := range f.Containers.ADP {
		if c := &f.Containers.ADP[i]; c.byCISA() && !f.rejected() {
			return to.Put(c.enriched(cve))
		}
	}
	return nil
}
