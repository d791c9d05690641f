package csaf

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Versions is what a text about versions means: all of them, or those in the
// ranges and those listed.
type Versions struct {
	All    bool
	Ranges []harrier.Range
	List   []string
}

const (
	maxRangeText   = 4096
	maxConstraints = 256
)

// ParseRange reads the name of a branch of versions: a range of the vers kind
// ("vers:generic/>=7.0.0|<7.0.12", with or without what is before the slash),
// comparisons joined by commas or "and" (">= 7.0.0, < 7.0.12"), or words
// ("7.0.0 through 7.0.11", "before 7.0.12", "7.0.11 and earlier", "6.4 all
// versions", "all"). A letter v before a version is dropped.
//
// Of vers, versions that are taken out of a range by "!=" are not understood,
// nor are constraints out of order.
//
// Source: CSAF 2.0 section 3.1.2.3.2; purl-spec VERSION-RANGE-SPEC.
func ParseRange(text string) (Versions, error) {
	s := strings.TrimSpace(text)
	fail := fmt.Errorf("no range of versions: %.80q", text)
	if len(s) > maxRangeText {
		return Versions{}, fail
	}
	vers := false
	if rest, ok := strings.CutPrefix(s, "vers:"); ok {
		_, after, ok := strings.Cut(rest, "/")
		if !ok {
			return Versions{}, fail
		}
		s, vers = strings.TrimSpace(after), true
	}
	s = strings.NewReplacer("≤", "<=", "≥", ">=").Replace(s)
	if s == "*" {
		return Versions{All: true}, nil
	}
	if vers || strings.ContainsAny(s, "<>=|") {
		if v, ok := comparisons(s); ok {
			return v, nil
		}
		return Versions{}, fail
	}
	if v, ok := words(s); ok {
		return v, nil
	}
	return Versions{}, fail
}

// comparisons reads constraints between bars, each of one comparison or of two
// that hold together.
func comparisons(s string) (Versions, bool) {
	var v Versions
	var open *harrier.Range // a lower end that waits for its upper one
	n := 0
	for part := range strings.SplitSeq(s, "|") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if n++; n > maxConstraints {
			return Versions{}, false
		}
		r, equal, ok := constraint(part, n == 1)
		lower, upper := r.From+r.After != "", r.Before+r.To != ""
		switch {
		case !ok:
			return Versions{}, false
		case equal != "":
			if open != nil {
				return Versions{}, false
			}
			v.List = append(v.List, equal)
		case lower && upper:
			if open != nil {
				return Versions{}, false
			}
			v.Ranges = append(v.Ranges, r)
		case lower:
			if open != nil {
				return Versions{}, false
			}
			open = &r
		case open != nil:
			open.Before, open.To = r.Before, r.To
			v.Ranges = append(v.Ranges, *open)
			open = nil
		case len(v.Ranges) > 0 || len(v.List) > 0:
			return Versions{}, false // an upper end alone is the first
		default:
			v.Ranges = append(v.Ranges, r)
		}
	}
	if open != nil {
		v.Ranges = append(v.Ranges, *open)
	}
	return v, n > 0
}

// constraint reads ">=1.2", "1.2", or ">= 1.2, < 1.3" in either order. Before
// the first comparison of all, the name of the product may stand.
func constraint(s string, first bool) (r harrier.Range, equal string, ok bool) {
	at := strings.IndexAny(s, "<>=!")
	if at < 0 {
		equal = version(s)
		return r, equal, equal != ""
	}
	if lead := strings.TrimSpace(s[:at]); lead != "" && (!first || digit(lead[0])) {
		return r, "", false
	}
	for rest := s[at:]; rest != ""; {
		op := rest[:len(rest)-len(strings.TrimLeft(rest, "<>=!"))]
		rest = strings.TrimLeft(rest[len(op):], " \t")
		end := strings.IndexAny(rest, " \t,&<>=!")
		if end < 0 {
			end = len(rest)
		}
		ver := version(rest[:end])
		rest = joined(rest[end:])
		if ver == "" || rest != "" && !strings.ContainsAny(rest[:1], "<>=!") {
			return r, "", false
		}
		switch {
		case op == ">=" && r.From+r.After == "":
			r.From = ver
		case op == ">" && r.From+r.After == "":
			r.After = ver
		case op == "<=" && r.Before+r.To == "":
			r.To = ver
		case op == "<" && r.Before+r.To == "":
			r.Before = ver
		case (op == "=" || op == "==") && r == (harrier.Range{}) && rest == "":
			return r, ver, true
		default:
			return r, "", false
		}
	}
	return r, "", true
}

// joined drops what stands between two comparisons that hold together.
func joined(s string) string {
	s = strings.TrimLeft(s, " \t,&")
	if rest, ok := strings.CutPrefix(s, "and "); ok {
		s = strings.TrimLeft(rest, " \t")
	}
	return s
}

// phrases are the ways to tell versions in words: V is a version, words that add
// nothing are left out. The value says what the versions are: [ and ] ends that
// are included, ( and ) such that are not, = one version, . all that begin with
// it, * all.
var phrases = map[string]string{
	"V": "=", "all": "*", "any": "*", "V all": ".", "all V": ".",
	"V through V": "[]", "V thru V": "[]", "V to V": "[]", "V - V": "[]", "V up to V": "[]", "V up to and including V": "[]", "from V to V": "[]", "from V through V": "[]", "from V up to V": "[]", "between V and V": "[]",
	"V before V": "[)", "V prior to V": "[)", "from V before V": "[)", "from V prior to V": "[)", "V up to but not including V": "[)", "from V to before V": "[)",
	"before V": ")", "prior to V": ")", "earlier than V": ")", "lower than V": ")", "older than V": ")", "below V": ")", "all before V": ")", "all prior to V": ")", "all below V": ")", "all lower than V": ")", "up to but not including V": ")",
	"up to V": "]", "through V": "]", "up to and including V": "]", "all up to V": "]", "all up to and including V": "]", "all through V": "]",
	"V and earlier": "]", "V and below": "]", "V and prior": "]", "V and lower": "]", "V and older": "]", "V and before": "]", "V or earlier": "]", "V or below": "]", "V or prior": "]", "V or lower": "]", "V or older": "]",
	"V and later": "[", "V and above": "[", "V and newer": "[", "V and higher": "[", "V and up": "[", "V or later": "[", "V or above": "[", "V or newer": "[", "V or higher": "[", "from V": "[", "since V": "[", "starting from V": "[", "V and later all": "[",
	"after V": "(", "later than V": "(", "above V": "(", "newer than V": "(",
}

func words(s string) (Versions, bool) {
	var phrase strings.Builder
	var ends []string
	for w := range strings.FieldsSeq(s) {
		w = strings.TrimRight(w, ",;")
		ver := version(w)
		switch lower := strings.ToLower(w); {
		case lower == "version" || lower == "versions" || lower == "release" || lower == "releases" || lower == "the":
			continue
		case ver != "" && digit(ver[0]):
			w = "V"
			ends = append(ends, ver)
		default:
			w = lower
		}
		if phrase.Len() > 0 {
			phrase.WriteByte(' ')
		}
		phrase.WriteString(w)
		if len(ends) > 2 || phrase.Len() > 64 {
			return Versions{}, false
		}
	}
	one := func(r harrier.Range) (Versions, bool) { return Versions{Ranges: []harrier.Range{r}}, true }
	switch phrases[phrase.String()] {
	case "*":
		return Versions{All: true}, true
	case "=":
		if cut := strings.TrimSuffix(strings.TrimSuffix(ends[0], ".x"), ".*"); cut != ends[0] {
			return prefix(cut)
		}
		return Versions{List: ends}, true
	case ".":
		return prefix(strings.TrimSuffix(ends[0], ".x"))
	case "[]":
		return one(harrier.Range{From: ends[0], To: ends[1]})
	case "[)":
		return one(harrier.Range{From: ends[0], Before: ends[1]})
	case ")":
		return one(harrier.Range{Before: ends[0]})
	case "]":
		return one(harrier.Range{To: ends[0]})
	case "[":
		return one(harrier.Range{From: ends[0]})
	case "(":
		return one(harrier.Range{After: ends[0]})
	}
	return Versions{}, false
}

// prefix is all versions of a train: of "7.0" those from 7.0 to before 7.1.
func prefix(train string) (Versions, bool) {
	next, ok := after(train)
	return Versions{Ranges: []harrier.Range{{From: train, Before: next}}}, ok
}

// after is the train behind one, "7.1" for "7.0"; false when it does not end with
// a number.
func after(train string) (string, bool) {
	dot := strings.LastIndexByte(train, '.') + 1
	n, err := strconv.ParseUint(train[dot:], 10, 32)
	if err != nil {
		return "", false
	}
	return train[:dot] + strconv.FormatUint(n+1, 10), true
}

// version is a version as it is kept: decoded, without a leading v; "" when it
// is none.
func version(s string) string {
	if strings.Contains(s, "%") {
		if u, err := url.PathUnescape(s); err == nil {
			s = u
		}
	}
	s = strings.TrimSpace(s)
	if len(s) > 1 && (s[0] == 'v' || s[0] == 'V') && digit(s[1]) {
		s = s[1:]
	}
	if s == "" || len(s) > 128 || strings.ContainsAny(s, " \t\r\n<>=!|,;\"'%") || !strings.ContainsAny(s, "0123456789") {
		return ""
	}
	for _, c := range s {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return s
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
