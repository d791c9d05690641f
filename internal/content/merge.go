package content

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// sourced is a record with the class of its source.
type sourced struct {
	class feed.Class
	*harrier.Record
	own bool // it speaks of this vulnerability alone: its texts are about it
}

// sortSourced brings the records of a vulnerability into the order in which
// they are merged: the result does not depend on the order in which they came.
func sortSourced(records []sourced) {
	slices.SortFunc(records, func(a, b sourced) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
}

// Who is believed first about a field, by class. Within a class the sources are
// taken by name. Records of several vulnerabilities do not count for texts.
var (
	textOrder  = []feed.Class{feed.CNA, feed.Ecosystem, feed.Vendor, feed.NVD, feed.Enriched, feed.Distribution, feed.Overrides, feed.Facts}
	wordOrder  = []feed.Class{feed.CNA, feed.Vendor, feed.Ecosystem, feed.Distribution, feed.NVD, feed.Enriched, feed.Overrides, feed.Facts}
	dateOrder  = []feed.Class{feed.CNA, feed.NVD, feed.Ecosystem, feed.Enriched, feed.Vendor, feed.Distribution, feed.Overrides, feed.Facts}
	ssvcOrder  = []feed.Class{feed.Enriched, feed.CNA, feed.Facts, feed.Vendor, feed.Ecosystem, feed.NVD, feed.Distribution, feed.Overrides}
	scoreOrder = []feed.Class{feed.CNA, feed.Enriched, feed.NVD, feed.Ecosystem, feed.Vendor, feed.Distribution, feed.Overrides, feed.Facts}
)

// first returns what get finds in the first record that has it, in an order of
// classes; T's zero value when none has.
func first[T comparable](records []sourced, order []feed.Class, get func(r sourced) T) T {
	var zero T
	for _, class := range order {
		for _, r := range records {
			if r.class == class {
				if v := get(r); v != zero {
					return v
				}
			}
		}
	}
	return zero
}

// merge makes the definition of a vulnerability out of what sources say, field
// by field. Records are in the order of sortSourced.
//
// A field is taken from the first source that has it, in the order of the class
// lists above; what adds up (references, aliases, exploits, weaknesses) is the
// union, most trusted first. A date of publication is the CNA's or NVD's, else
// the earliest; a KEV entry the earliest; an EPSS the newest.
func merge(id harrier.VulnID, name string, records []sourced, family func(cpe string) string) harrier.Vulnerability {
	v := harrier.Vulnerability{ID: id, Slug: slugOf(name), Name: name}
	v.UUID = harrier.NamedUUID(v.Slug)
	if cve := id.CVE(); cve != "" {
		v.CVEs = []string{cve}
	}
	v.Withdrawn = withdrawn(records)
	mergeTexts(&v, name, records)
	mergeScores(&v, records)
	mergeThreats(&v, records)
	mergeDates(&v, records)
	mergeLists(&v, name, records)
	v.Family = familyOf(records, family)
	v.Solutions = solutionsOf(records)
	if v.Solution == "" {
		v.Solution = solutionText(v.Solutions)
	}
	return v
}

// withdrawn is when a vulnerability was taken back: when who gave the name says
// so, or everybody else who says something about it does.
func withdrawn(records []sourced) time.Time {
	var at time.Time
	all, word := true, false
	for _, r := range records {
		if r.class == feed.Facts || !r.own {
			continue
		}
		word = true
		if r.Withdrawn.IsZero() {
			all = false
			continue
		}
		if r.class == feed.CNA {
			return r.Withdrawn
		}
		if r.Withdrawn.After(at) {
			at = r.Withdrawn
		}
	}
	if !word || !all {
		return time.Time{}
	}
	return at
}

func mergeTexts(v *harrier.Vulnerability, name string, records []sourced) {
	text := func(get func(r sourced) string) string {
		return first(records, textOrder, func(r sourced) string {
			if !r.own || !r.Withdrawn.IsZero() && v.Withdrawn.IsZero() {
				return ""
			}
			return strings.TrimSpace(get(r))
		})
	}
	title := text(func(r sourced) string { return r.Title })
	if title == "" {
		title = first(records, textOrder, func(r sourced) string {
			if r.KEV == nil {
				return ""
			}
			return strings.TrimSpace(r.KEV.Name)
		})
	}
	if title == "" {
		title = ownTitle(name, records)
	}
	v.Name = shorten(strings.Join(strings.Fields(title), " "), maxTitle)
	v.Description = text(func(r sourced) string { return cmp.Or(r.Details, r.Summary) })
	v.Synopsis = text(func(r sourced) string { return r.Summary })
	if v.Synopsis == "" {
		v.Synopsis = firstSentence(v.Description)
	}
	if v.Synopsis == "" {
		v.Synopsis = v.Name
	}
	v.Solution = text(func(r sourced) string { return r.Solution })
}

// ownTitle is the name of a vulnerability that nobody has given a title.
func ownTitle(name string, records []sourced) string {
	thing := ""
	for _, r := range records {
		for _, a := range r.Affected {
			if t := thingOf(a); t != "" && (thing == "" || a.Status.Affects()) {
				thing = t
				if a.Status.Affects() {
					return name + " in " + thing
				}
			}
		}
		if r.KEV != nil && thing == "" {
			thing = strings.TrimSpace(r.KEV.Vendor + " " + r.KEV.Product)
		}
	}
	if thing == "" {
		return name
	}
	return name + " in " + thing
}

// thingOf names what a statement is about, for people.
func thingOf(a harrier.Affected) string {
	switch {
	case a.Package.Name != "":
		return a.Package.Name
	case a.CPE != "":
		_, product, _ := cutLast(cpeName(a))
		return strings.ReplaceAll(strings.ReplaceAll(product, `\`, ""), "_", " ")
	}
	_, product, _ := strings.Cut(a.Maker, "/")
	return product
}

// cpeName is "part:vendor:product" of a statement about a CPE.
func cpeName(a harrier.Affected) string {
	if a.CPE == "" || a.Package.Name != "" {
		return ""
	}
	return strings.TrimPrefix(a.Key(), "cpe ")
}

func cutLast(s string) (before, after string, found bool) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == ':' && (i == 0 || s[i-1] != '\\') {
			return s[:i], s[i+1:], true
		}
	}
	return "", s, false
}

// firstSentence is the beginning of a text up to the end of a sentence.
func firstSentence(s string) string {
	s = shorten(strings.TrimSpace(s), 400)
	line, _, _ := strings.Cut(s, "\n")
	for i := 0; i+1 < len(line); i++ {
		if (line[i] == '.' || line[i] == '!' || line[i] == '?') && line[i+1] == ' ' && i > 20 {
			return line[:i+1]
		}
	}
	return strings.TrimSpace(line)
}

func mergeDates(v *harrier.Vulnerability, records []sourced) {
	v.Published = first(records, dateOrder[:2], func(r sourced) time.Time { return r.Published })
	earliest := v.Published.IsZero()
	for _, r := range records {
		if earliest && !r.Published.IsZero() && (v.Published.IsZero() || r.Published.Before(v.Published)) {
			v.Published = r.Published
		}
		if r.Modified.After(v.Modified) {
			v.Modified = r.Modified
		}
	}
	v.Added = v.Published
}

func mergeThreats(v *harrier.Vulnerability, records []sourced) {
	var newest time.Time
	for _, r := range records {
		if e := r.EPSS; e != nil && (v.EPSS == 0 && v.EPSSPercentile == 0 || e.Date.After(newest)) {
			v.EPSS, v.EPSSPercentile, newest = e.Probability, e.Percentile, e.Date
		}
		if k := r.KEV; k != nil {
			if !v.Exploited || !k.Added.IsZero() && (v.ExploitedSince.IsZero() || k.Added.Before(v.ExploitedSince)) {
				v.ExploitedSince, v.ExploitedDue = k.Added, k.Due
			}
			v.Exploited, v.Ransomware = true, v.Ransomware || k.Ransomware
		}
		v.Exploits = append(v.Exploits, r.Exploits...)
	}
	v.SSVC = first(records, ssvcOrder, func(r sourced) harrier.SSVC {
		if r.SSVC == nil {
			return harrier.SSVC{}
		}
		return *r.SSVC
	})
	slices.SortStableFunc(v.Exploits, func(a, b harrier.Exploit) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	v.Exploits = slices.CompactFunc(v.Exploits, func(a, b harrier.Exploit) bool { return a.Source == b.Source && a.ID == b.ID })
	v.Exploits = slices.Clip(v.Exploits[:min(len(v.Exploits), maxListed)])
	v.Exploit = len(v.Exploits) > 0 || v.SSVC.Exploitation == "poc" || v.SSVC.Exploitation == "active"
}

func mergeLists(v *harrier.Vulnerability, name string, records []sourced) {
	seen := map[string]bool{fold(name): true}
	links, cpes := map[string]bool{}, map[string]bool{}
	for _, class := range textOrder {
		for _, r := range records {
			if r.class != class {
				continue
			}
			for _, alias := range append([]string{r.ID}, r.Aliases...) {
				if f := fold(alias); !seen[f] && !harrier.IsCVE(alias) && len(v.Aliases) < maxListed {
					seen[f] = true
					v.Aliases = append(v.Aliases, shorten(alias, maxName))
				}
			}
			for _, ref := range r.References {
				if len(v.References) < maxRefs && !links[ref.URL] && isLink(ref.URL) {
					links[ref.URL] = true
					v.References = append(v.References, ref.URL)
				}
			}
			for _, a := range r.Affected {
				if c := cpeName(a); c != "" && !cpes[c] && len(v.CPEs) < maxCPEs && a.Status.Affects() {
					cpes[c] = true
					v.CPEs = append(v.CPEs, "cpe:2.3:"+c+":*:*:*:*:*:*:*:*")
				}
			}
			if r.own {
				v.CWEs = append(v.CWEs, r.CWEs...)
			}
			v.Sources = append(v.Sources, r.Source)
		}
	}
	slices.Sort(v.Aliases)
	slices.Sort(v.CPEs)
	slices.Sort(v.CWEs)
	slices.Sort(v.Sources)
	v.CWEs, v.Sources = slices.Compact(v.CWEs), slices.Compact(v.Sources)
	v.CWEs = slices.Clip(v.CWEs[:min(len(v.CWEs), maxListed)])
}

// isLink reports whether a reference may be shown as a link.
func isLink(url string) bool {
	return len(url) < 2048 && (strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "ftp://")) &&
		!strings.ContainsFunc(url, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '"' || r == '<' || r == '>' })
}
