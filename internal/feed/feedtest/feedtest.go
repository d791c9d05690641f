// Package feedtest puts promises of all feeds to one: what each record must
// keep, whatever bytes it is read from; and has published sets to read.
package feedtest

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Read reads a text as a file of that name, which the Format has to want, and
// checks what comes of it.
func Read(t testing.TB, f feed.Format, name, text string) *feed.Collect {
	t.Helper()
	got, read := Play(t, f, slices.Values([]File{{Name: name, Data: []byte(text)}}))
	if read != 1 {
		t.Fatalf("%s does not want %s", f.Name, name)
	}
	return got
}

// Play reads the files that f wants, as far as they are whole, and checks what comes
// of them. The faults have one more for each file that could not be read. It
// returns how many it wanted.
func Play(t testing.TB, f feed.Format, files iter.Seq[File]) (got *feed.Collect, read int) {
	t.Helper()
	got = &feed.Collect{}
	for file := range files {
		if !f.Wants(file.Name) {
			continue
		}
		read++
		if err := f.Read(file.Name, bytes.NewReader(file.Data), got); err != nil {
			got.Bad(file.Name, err)
		}
	}
	Check(t, f, got.Records)
	return got, read
}

// Fuzz fuzzes f with files of a name; the seeds are strings.
func Fuzz(fz *testing.F, f feed.Format, name string) {
	fz.Fuzz(func(t *testing.T, text string) { Hostile(t, f, name, text) })
}

// Hostile reads any text: it gives an error of kind Invalid or records that keep
// the promises, the same when it is read again, and a sink that is full ends the
// reading.
func Hostile(t testing.TB, f feed.Format, name, text string) {
	t.Helper()
	var a, b feed.Collect
	err := f.Read(name, strings.NewReader(text), &a)
	if err != nil {
		var e *harrier.Error
		if !errors.As(err, &e) || e.Kind != harrier.Invalid {
			t.Fatalf("Read = %v; want an error of kind Invalid", err)
		}
	}
	Check(t, f, a.Records)
	again := f.Read(name, strings.NewReader(text), &b)
	if (err == nil) != (again == nil) || len(a.Records) != len(b.Records) || len(a.Faults) != len(b.Faults) {
		t.Fatalf("two readings differ: %d records, %d faults, %v; %d, %d, %v", len(a.Records), len(a.Faults), err, len(b.Records), len(b.Faults), again)
	}
	if err := f.Read(name, strings.NewReader(text), full{}); len(a.Records) > 0 && !errors.Is(err, errFull) {
		t.Fatalf("Read with a full sink = %v; want its error", err)
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Put(*harrier.Record) error { return errFull }
func (full) Bad(string, error)         {}

// Find returns the statements of a record about a package, or about a CPE or a
// maker's name in no ecosystem.
func Find(records []harrier.Record, id, ecosystem, name string) []harrier.Affected {
	var out []harrier.Affected
	for _, r := range records {
		if r.ID != id {
			continue
		}
		for _, a := range r.Affected {
			if a.Package == (harrier.Package{Ecosystem: ecosystem, Name: name}) || ecosystem == "" && (a.CPE == name || a.Maker == name) {
				out = append(out, a)
			}
		}
	}
	return out
}

// Check fails the test for records of f that break what the words promise.
func Check(t testing.TB, f feed.Format, records []harrier.Record) {
	t.Helper()
	for i := range records {
		check(t, f, &records[i])
	}
}

func check(t testing.TB, f feed.Format, r *harrier.Record) {
	t.Helper()
	if r.ID == "" || len(r.ID) > 2*wire.MaxWord {
		t.Errorf("a record with the id %q", r.ID)
	}
	if r.Source != f.Name && (f.Name != "cvelist" || r.Source != "vulnrichment") { // who keeps the list also hands on CISA's word
		t.Errorf("%s: source %q of the format %q", r.ID, r.Source, f.Name)
	}
	if r.Severity != strings.ToLower(r.Severity) {
		t.Errorf("%s: severity %q", r.ID, r.Severity)
	}
	if names := slices.Sorted(slices.Values(r.Aliases)); len(slices.Compact(names)) != len(r.Aliases) || slices.Contains(names, "") {
		t.Errorf("%s: an alias twice, or none, in %q", r.ID, r.Aliases)
	}
	seen := map[string]bool{}
	for _, id := range r.CVEs {
		if canonical, ok := wire.CVE(id); !ok || canonical != id || seen[id] {
			t.Errorf("%s: the CVE id %q is none, or there twice", r.ID, id)
		}
		seen[id] = true
	}
	for _, s := range append([]string{r.ID, r.Title, r.Summary, r.Details, r.Solution, r.Severity}, r.Aliases...) {
		if !utf8.ValidString(s) || len(s) > wire.MaxText || strings.ContainsRune(s, 0) {
			t.Errorf("%s: a text of %d bytes is not clean: %.80q", r.ID, len(s), s)
		}
	}
	for _, s := range r.Scores {
		if s.Base < 0 || s.Base > 10 || s.Version == "" || strings.HasPrefix(s.Vector, "CVSS:") == (s.Version == "2.0") {
			t.Errorf("%s: the score %+v", r.ID, s)
		}
	}
	seen = map[string]bool{}
	for _, ref := range r.References {
		if scheme, _, ok := strings.Cut(ref.URL, "://"); !ok || len(scheme) > 5 || seen[ref.URL] {
			t.Errorf("%s: the reference %q is none, or there twice", r.ID, ref.URL)
		}
		seen[ref.URL] = true
	}
	if e := r.EPSS; e != nil && !(e.Probability >= 0 && e.Probability <= 1 && e.Percentile >= 0 && e.Percentile <= 1) {
		t.Errorf("%s: %+v", r.ID, *e)
	}
	if r.KEV != nil && r.KEV.Added.IsZero() {
		t.Errorf("%s: known to be exploited since no day", r.ID)
	}
	for _, at := range []time.Time{r.Published, r.Modified, r.Withdrawn} {
		if at.Location() != time.UTC {
			t.Errorf("%s: the time %v is not UTC", r.ID, at)
		}
	}
	for _, a := range r.Affected {
		affected(t, f.Class, r.ID, &a)
	}
}

func affected(t testing.TB, class feed.Class, id string, a *harrier.Affected) {
	t.Helper()
	things := 0
	for _, is := range []bool{a.CPE != "", a.Maker != "", a.Package != harrier.Package{}} {
		if is {
			things++
		}
	}
	if things != 1 {
		t.Errorf("%s: a statement about %d things: %+v", id, things, a)
	}
	if p := a.Package; p != (harrier.Package{}) && (p.Ecosystem == "" || p.Name == "" || p.Ecosystem != strings.ToLower(p.Ecosystem)) {
		t.Errorf("%s: no name of a package: %+v", id, p)
	}
	if a.Maker != "" && (a.Maker != strings.ToLower(a.Maker) || !strings.Contains(a.Maker, "/")) {
		t.Errorf("%s: the maker %q", id, a.Maker)
	}
	for _, name := range append([]string{a.CPE}, a.Platforms...) {
		if c, ok := wire.ParseCPE(name); name != "" && (!ok || c.String() != name) && !strings.HasPrefix(name, "cpe:2.3:*:") { // a publisher leaves the part open
			t.Errorf("%s: the CPE %q", id, name)
		} else if name != "" && name == a.CPE && c.Versioned() && (len(a.Ranges) > 0 || len(a.Versions) > 0) {
			t.Errorf("%s: %q has a version and ranges", id, name)
		}
	}
	if a.Status == harrier.StatusUnknown && class > feed.Vendor { // those who build or make it tell what they look into
		t.Errorf("%s: a statement that says nothing: %+v", id, a)
	}
	for _, r := range a.Ranges {
		if r.From != "" && r.After != "" || r.Before != "" && r.To != "" || r == (harrier.Range{}) && class > feed.Ecosystem {
			t.Errorf("%s: the range %+v", id, r)
		}
		for _, v := range []string{r.From, r.After, r.Before, r.To} {
			if len(v) > wire.MaxWord || !utf8.ValidString(v) {
				t.Errorf("%s: the version %q", id, v)
			}
		}
	}
	for _, v := range a.Versions {
		if v == "" || len(v) > wire.MaxWord || !utf8.ValidString(v) {
			t.Errorf("%s: the version %q", id, v)
		}
	}
}
