package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// identity compares the id of an object. Values that name it otherwise, by its
// number, are compared as numbers.
func identity(p *predicate, name, number string, numbered func(string) (int64, bool)) (part, *Error) {
	f := texts(name)
	if p.op != equal && p.op != oneOf {
		e, err := f.compare(p)
		return part{of: e}, err
	}
	names, numbers := cmp(name, harrier.Eq), cmp(number, harrier.Eq)
	for _, v := range p.value {
		if err := checkText(v); err != nil {
			return part{}, err
		}
		if n, ok := numbered(v.text); ok {
			numbers.Values = append(numbers.Values, n)
			continue
		}
		names.Values = append(names.Values, v.text)
	}
	var e harrier.Expr = names
	switch {
	case len(numbers.Values) > 0 && len(names.Values) > 0:
		e = harrier.Or{names, numbers}
	case len(numbers.Values) > 0:
		e = numbers
	}
	if p.not {
		e = harrier.Not{Of: e}
	}
	return part{of: e}, nil
}

// assetID compares the id of an asset: its UUID, its number, or a text that ends
// in "-asset-" and its number.
func assetID(c compiler, p *predicate) (part, *Error) {
	return identity(p, "uuid", "id", func(s string) (int64, bool) {
		if at := strings.LastIndex(s, "-asset-"); at >= 0 {
			if c.server != "" && !strings.EqualFold(s[:min(len(s), len(c.server))], c.server) {
				return 0, false
			}
			s = s[at+len("-asset-"):]
		}
		return positive(s)
	})
}

// vulnerabilityID compares the id of a vulnerability: its slug, or its number,
// also behind "plugin-".
func vulnerabilityID(_ compiler, p *predicate) (part, *Error) {
	return identity(p, "slug", "vulnerability", func(s string) (int64, bool) {
		return positive(strings.TrimPrefix(s, "plugin-"))
	})
}

func positive(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// machine compares the kind of device. What payloads call mobile are several
// kinds.
func machine(_ compiler, p *predicate) (part, *Error) {
	q := *p
	q.value = slices.Clone(p.value)
	for _, v := range p.value {
		if (p.op == equal || p.op == oneOf) && strings.EqualFold(v.text, "mobile") {
			q.value = append(q.value, token{v.kind, "phone", v.at}, token{v.kind, "tablet", v.at})
		}
	}
	e, err := texts("device_type").compare(&q)
	return part{of: e}, err
}

// hardware compares MAC addresses, however they are written.
func hardware(_ compiler, p *predicate) (part, *Error) {
	q := *p
	q.value = make([]token, len(p.value))
	for i, v := range p.value {
		q.value[i] = v
		if p.op != like {
			q.value[i].text = strings.ReplaceAll(v.text, "-", ":")
		}
	}
	e, err := texts("mac").compare(&q)
	return part{of: e}, err
}

// statuses are the states of a finding, what they are called when somebody
// accepted it, and when it is in them.
//
// Source: section 6.3.
var statuses = []struct {
	word, accepted string
	of             harrier.Expr
}{
	{"VULNERABLE_EXPL", "EXCEPTION_VULN_EXPL", harrier.And{certain, shown}},
	{"VULNERABLE_VERS", "EXCEPTION_VULN_VERS", harrier.And{certain, harrier.Not{Of: shown}}},
	{"VULNERABLE_POTENTIAL", "EXCEPTION_VULN_POTL", harrier.Not{Of: certain}},
}

var (
	waived  = cmp("accepted", harrier.Eq, true)
	certain = cmp("certainty", harrier.Ge, int64(harrier.Certain))
	shown   = cmp("source", harrier.Eq, "active")
)

// status compares the state of a finding. Of the findings that an asset has, it
// is the one that they were made with, whoever accepted them.
func status(c compiler, p *predicate) (part, *Error) {
	if p.op == null {
		if p.not { // every finding has one
			return part{of: harrier.And{}}, nil
		}
		return part{of: harrier.Or{}}, nil
	}
	q := *p
	q.not = false
	e, err := texts("status").compare(&q)
	if err != nil {
		return part{}, err
	}
	some := harrier.Or{}
	holds := func(word string) bool {
		return harrier.Matches(e, func(string) []any { return []any{word} }) != p.not
	}
	for _, s := range statuses {
		switch plain, accepted := holds(s.word), holds(s.accepted); {
		case plain && (accepted || c.in == ofAssets):
			some = append(some, s.of)
		case c.in == ofAssets: // what shows is not asked for there
		case plain:
			some = append(some, harrier.And{s.of, harrier.Not{Of: waived}})
		case accepted:
			some = append(some, harrier.And{s.of, waived})
		}
	}
	return part{of: some}, nil
}
