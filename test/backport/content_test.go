package backport

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/debian"
)

// released is when the content is as of.
var released = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// stillOpen is an id of each source package that Debian has not mended, to see
// that what is not mended is found on the current build too.
func stillOpen(s source) string { return "CVE-2026-99" + digitsOf(s.name) }

func digitsOf(name string) string {
	sum := 0
	for _, c := range []byte(name) {
		sum = (sum*31 + int(c)) % 10000
	}
	return string([]byte{byte('0' + sum/1000), byte('0' + sum/100%10), byte('0' + sum/10%10), byte('0' + sum%10)})
}

// knowledge builds a content base of what Debian says by its changelogs, in the
// form of its tracker, and of what others would say who only know the maker's
// version: that it is affected by all of it.
func knowledge(t *testing.T, all []source) *content.Base {
	t.Helper()
	path := filepath.Join(t.TempDir(), "base")
	b, err := content.NewBuilder(path, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b.Describe(content.Info{Sources: []content.Source{{Name: "debian", Class: feed.Distribution}, {Name: "cvelist", Class: feed.CNA}, {Name: "nvd", Class: feed.NVD}}})
	var told feed.Collect
	if err := debian.Format.Read("debian-tracker.json", bytes.NewReader(tracker(t, all)), &told); err != nil || len(told.Faults) > 0 {
		t.Fatalf("the tracker's form: %v, %v", err, told.Faults)
	}
	for i := range told.Records {
		add(t, b, feed.Distribution, &told.Records[i])
	}
	for _, s := range all {
		for id := range s.mended() {
			add(t, b, feed.CNA, ranges("cvelist", id, s))
			add(t, b, feed.NVD, ranges("nvd", id, s))
		}
		add(t, b, feed.NVD, ranges("nvd", stillOpen(s), s))
	}
	if err := b.Finish(content.Info{Created: released}); err != nil {
		t.Fatal(err)
	}
	base, err := content.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { base.Close() })
	return base
}

func add(t *testing.T, b *content.Builder, class feed.Class, r *harrier.Record) {
	t.Helper()
	if err := b.Add(class, r); err != nil {
		t.Fatal(err)
	}
}

// tracker writes what the changelogs tell in the form of Debian's tracker.
func tracker(t *testing.T, all []source) []byte {
	t.Helper()
	type release struct {
		Status       string            `json:"status"`
		Repositories map[string]string `json:"repositories"`
		Fixed        string            `json:"fixed_version,omitempty"`
		Urgency      string            `json:"urgency"`
	}
	type cve struct {
		Description string             `json:"description"`
		Scope       string             `json:"scope"`
		Releases    map[string]release `json:"releases"`
	}
	packages := map[string]map[string]cve{}
	for _, s := range all {
		repositories := map[string]string{"bookworm": s.current.entries[0].version}
		cves := map[string]cve{stillOpen(s): {"not mended", "remote", map[string]release{"bookworm": {"open", repositories, "", "not yet assigned"}}}}
		for id, fixed := range s.mended() {
			cves[id] = cve{"mended", "remote", map[string]release{"bookworm": {"resolved", repositories, fixed, "not yet assigned"}}}
		}
		packages[s.name] = cves
	}
	data, err := json.Marshal(packages)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ranges is what a source says that knows the product by its CPE: everything up
// to the maker's version of the current build is affected.
func ranges(by, id string, s source) *harrier.Record {
	return &harrier.Record{
		Source: by, ID: id, CVEs: []string{id}, Title: id, Published: released, Modified: released,
		Scores: []harrier.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, By: by, Primary: true}},
		Affected: []harrier.Affected{{
			CPE: servers[s.name].cpe("*"), Status: harrier.StatusAffected, Ranges: []harrier.Range{{To: upstream(s.current.entries[0].version)}},
		}},
	}
}
