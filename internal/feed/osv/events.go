package osv

import (
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/version"
)

// ends of a range, in the order in which they stand at the same version: see
// sorted.
const (
	introduced = iota
	fixed
	lastAffected
)

// end is one event that opens or closes a range.
type end struct {
	kind    int
	version string
}

// spans turns the events of one range, in any order, into ranges that do not
// overlap. A version is affected when the newest event at or below it is
// "introduced"; one that is "last_affected" closes behind its version. Limits cut
// off everything from the highest of them on.
//
// Source: the OSV schema, "Evaluation".
func spans(scheme string, events []event) []harrier.Range {
	var ends []end
	limit, limited := "", false
	for _, e := range events {
		switch {
		case e.Introduced != "":
			ends = append(ends, end{introduced, string(e.Introduced)})
		case e.Fixed != "":
			ends = append(ends, end{fixed, string(e.Fixed)})
		case e.LastAffected != "":
			ends = append(ends, end{lastAffected, string(e.LastAffected)})
		case e.Limit == "*":
			limit, limited = "*", true
		case e.Limit != "" && (!limited || limit != "*" && version.Compare(scheme, string(e.Limit), limit) > 0):
			limit, limited = string(e.Limit), true
		}
	}
	slices.SortStableFunc(ends, func(a, b end) int { return compareEnds(scheme, a, b) })
	var out []harrier.Range
	open, from := false, ""
	for i := range ends {
		opensFirst(scheme, ends[i:], open)
		e := ends[i]
		switch {
		case e.kind == introduced && !open:
			open, from = true, e.version
		case e.kind == fixed && open:
			open = false
			out = append(out, harrier.Range{From: low(from), Before: e.version})
		case e.kind == lastAffected && open:
			open = false
			out = append(out, harrier.Range{From: low(from), To: e.version})
		}
	}
	if open {
		out = append(out, harrier.Range{From: low(from)})
	}
	if limited && limit != "*" {
		out = cut(scheme, out, limit)
	}
	return out
}

// low is the lower end of a range from a version on. "0" is below everything.
func low(version string) string {
	if version == "0" {
		return ""
	}
	return version
}

func compareEnds(scheme string, a, b end) int {
	switch {
	case a.version == b.version:
		return 0
	case a.version == "0":
		return -1
	case b.version == "0":
		return 1
	}
	return version.Compare(scheme, a.version, b.version)
}

// opensFirst puts first of the two ends at the same version the one that changes
// something: where a range is open it is closed before the next is opened, where
// none is open one is opened before it is closed.
func opensFirst(scheme string, ends []end, open bool) {
	if len(ends) < 2 || (ends[0].kind == introduced) != open {
		return
	}
	for i := 1; i < len(ends) && i < 8 && compareEnds(scheme, ends[0], ends[i]) == 0; i++ {
		if (ends[i].kind == introduced) != open {
			ends[0], ends[i] = ends[i], ends[0]
			return
		}
	}
}

// cut leaves of ranges what is below a version.
func cut(scheme string, in []harrier.Range, limit string) []harrier.Range {
	var out []harrier.Range
	for _, r := range in {
		if r.From != "" && version.Compare(scheme, r.From, limit) >= 0 {
			continue
		}
		end := r.Before + r.To
		if end == "" || version.Compare(scheme, end, limit) >= 0 {
			r.Before, r.To = limit, ""
		}
		out = append(out, r)
	}
	return out
}

// within reports whether a version is in one of ranges.
func within(scheme, v string, in []harrier.Range) bool {
	for _, r := range in {
		if r.From != "" && version.Compare(scheme, v, r.From) < 0 ||
			r.Before != "" && version.Compare(scheme, v, r.Before) >= 0 ||
			r.To != "" && version.Compare(scheme, v, r.To) > 0 {
			continue
		}
		return true
	}
	return false
}
