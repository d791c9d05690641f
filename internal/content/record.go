package content

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// clean returns a copy of r that keeps the bounds, with its times in UTC to the
// microsecond and its assessments checked, and how many of those were dropped.
// It is false for a record that can not be used at all.
func clean(r *harrier.Record) (out harrier.Record, dropped int, ok bool) {
	out = *r
	if r.Source == "" || r.ID == "" || len(r.Source) > maxName || len(r.ID) > maxName || strings.ContainsRune(r.Source, 0) ||
		len(r.CVEs) > maxNames || len(r.Aliases) > maxNames || len(r.Affected) > maxAffected {
		return out, 0, false
	}
	tooLong := func(s string) bool { return s == "" || len(s) > maxName }
	out.CVEs = slices.DeleteFunc(slices.Clone(r.CVEs), tooLong)
	out.Aliases = slices.DeleteFunc(slices.Clone(r.Aliases), tooLong)
	for _, s := range []*string{&out.Title, &out.Summary, &out.Details, &out.Solution} {
		*s = shorten(*s, maxText)
	}
	out.Published, out.Modified, out.Withdrawn = instant(r.Published), instant(r.Modified), instant(r.Withdrawn)
	if r.EPSS != nil {
		e := *r.EPSS
		if e.Date = instant(e.Date); e.Probability < 0 || e.Probability > 1 || e.Percentile < 0 || e.Percentile > 1 || e.Probability != e.Probability || e.Percentile != e.Percentile {
			out.EPSS = nil
			dropped++
		} else {
			out.EPSS = &e
		}
	}
	if r.KEV != nil {
		k := *r.KEV
		k.Added, k.Due = instant(k.Added), instant(k.Due)
		out.KEV = &k
	}
	out.Exploits = slices.Clone(r.Exploits[:min(len(r.Exploits), maxListed)])
	for i := range out.Exploits {
		out.Exploits[i].Published = instant(out.Exploits[i].Published)
	}
	out.Affected = nil
	for _, a := range r.Affected {
		if key := a.Key(); key == "" || len(key) > maxKey {
			dropped++
			continue
		}
		a.Since = instant(a.Since)
		out.Affected = append(out.Affected, a)
	}
	out.Scores = nil
	for _, s := range r.Scores {
		if s, ok := assess(s); ok {
			out.Scores = append(out.Scores, s)
		} else {
			dropped++
		}
	}
	return out, dropped, true
}

// instant is t as the base keeps it. What no clock shows is no date.
func instant(t time.Time) time.Time {
	if t.IsZero() || t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// shorten cuts s to at most n bytes, at the end of a character.
func shorten(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// sumOf is the checksum of an encoded record.
func sumOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:16]
}

// keyed is what a record says about the thing of one key.
type keyed struct {
	key      string
	affected []harrier.Affected
}

// keysOf sorts a record's statements by key; a record that was withdrawn has
// none.
func keysOf(r *harrier.Record) []keyed {
	if !r.Withdrawn.IsZero() {
		return nil
	}
	var out []keyed
	at := make(map[string]int, len(r.Affected))
	for _, a := range r.Affected {
		key := a.Key()
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key], out = i, append(out, keyed{key: key})
		}
		out[i].affected = append(out[i].affected, a)
	}
	return out
}
