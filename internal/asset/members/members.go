// Package members says what an asset list holds: it reads definitions as their
// authors wrote them and gives conditions on assets and on findings, in fields
// that both have. It is pure.
//
// Source: sections 11.6 and 13.1 of securitycenter-api.md.
package members

import (
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Bounds of definitions: deeper or larger ones are refused.
const (
	MaxDepth   = 12
	maxClauses = 100
	maxItems   = 10_000
	// Lists that are made of lists that are made of lists grow with every step: from
	// how many one is put together, and how long their definitions are in all.
	maxLists = 1_000
	maxBytes = 8 << 20
)

// sum is what one list has been put together from so far.
type sum struct{ lists, bytes int }

// Everything is the condition that holds for all.
var Everything = harrier.And{}

// Lists finds the asset list with an ID.
type Lists func(id harrier.ID) (harrier.AssetList, error)

// Of is the condition that an asset, or a finding's asset, is in l. Lists that
// it is made of are looked up in others; their days count back from now. It
// answers Invalid for a definition that can not be read or goes round in a
// circle, and whatever others answers.
func Of(l harrier.AssetList, now time.Time, others Lists) (harrier.Expr, error) {
	return of(l, now, others, 0, &sum{})
}

// ByID is Of for the list with an ID.
func ByID(id harrier.ID, now time.Time, others Lists) (harrier.Expr, error) {
	return byID(id, now, others, 0, &sum{})
}

func byID(id harrier.ID, now time.Time, others Lists, depth int, all *sum) (harrier.Expr, error) {
	if id == harrier.EverythingList {
		return Everything, nil
	}
	if depth > MaxDepth { // also of a list that contains itself
		return nil, bad("Asset #%d is nested too deeply.", id)
	}
	if all.lists++; all.lists > maxLists {
		return nil, bad("The asset is put together from more than %d others.", maxLists)
	}
	l, err := others(id)
	if err != nil {
		return nil, err
	}
	if all.bytes += len(l.Definition); all.bytes > maxBytes {
		return nil, bad("The asset is put together from definitions of more than %d bytes.", maxBytes)
	}
	return of(l, now, others, depth, all)
}

func of(l harrier.AssetList, now time.Time, others Lists, depth int, all *sum) (harrier.Expr, error) {
	switch l.Kind {
	case "dnsname":
		var names []any
		for _, n := range Words(l.Definition) {
			names = append(names, n)
		}
		return harrier.Or{cmp("fqdn", harrier.Eq, names...), cmp("host", harrier.Eq, names...)}, nil
	case "dynamic":
		if IsCriteria([]byte(l.Definition)) {
			return Criteria([]byte(l.Definition), now)
		}
		return readRule([]byte(l.Definition), now)
	case "combination":
		return Combination([]byte(l.Definition), func(id harrier.ID) (harrier.Expr, error) {
			return byID(id, now, others, depth+1, all)
		})
	}
	ranges, err := ranges(l.Definition)
	if err != nil {
		return nil, err
	}
	return cmp("address", harrier.In, ranges...), nil
}

// Words are the items of a list of addresses or names: separated by commas,
// semicolons, lines or blanks.
func Words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' || r == ';' })
}

// ranges reads addresses, networks and ranges.
func ranges(s string) ([]any, error) {
	var out []any
	for _, item := range Words(s) {
		text, ok := Range(item)
		if !ok {
			return nil, bad("Invalid item '%s' in definedIPs.", cut(item, 64))
		}
		if out = append(out, text); len(out) > maxItems {
			return nil, bad("definedIPs has more than %d items.", maxItems)
		}
	}
	return out, nil
}

// Range reads an address, a network or a range and returns it as "first-last".
func Range(s string) (string, bool) { return harrier.AddressRange(s) }

func cmp(field string, op harrier.Op, values ...any) harrier.Expr {
	return harrier.Cmp{Field: field, Op: op, Values: values}
}

// bad says what is wrong with a definition.
func bad(format string, args ...any) error {
	return harrier.Errorf(harrier.Invalid, "%s", fmt.Sprintf(format, args...))
}

func cut(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
