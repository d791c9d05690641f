package store

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"slices"

	"github.com/harrier-scan/harrier"
)

// fewRanges is up to how many ranges of addresses are compared one by one. More
// are one parameter, whose ranges an index is asked for: the time depends on how
// many there are and not on how many assets there are beside.
const fewRanges = 50

// ranges returns the condition that an address is within one of the ranges.
func (c *condition) ranges(f field, e harrier.Cmp) (string, error) {
	list := make([][2][16]byte, 0, len(e.Values))
	for _, v := range e.Values {
		s, _ := v.(string)
		first, last, ok := harrier.ParseRange(s)
		if !ok {
			return "", harrier.Invalidf(e.Field, "%q is not a range of addresses", s)
		}
		list = append(list, [2][16]byte{first.As16(), last.As16()})
	}
	if list = merged(list); len(list) > fewRanges {
		return c.manyRanges(f, list)
	}
	var texts []string
	for _, r := range list {
		if r[0] == r[1] {
			texts = append(texts, f.key+" = "+c.parameter(r[0][:]))
			continue
		}
		texts = append(texts, f.key+" BETWEEN "+c.parameter(r[0][:])+" AND "+c.parameter(r[1][:]))
	}
	return either(texts, -1), nil
}

// merged returns the ranges in order, those that overlap or follow one another
// as one.
func merged(list [][2][16]byte) [][2][16]byte {
	slices.SortFunc(list, func(a, b [2][16]byte) int { return slices.Compare(a[0][:], b[0][:]) })
	out := list[:0]
	for _, r := range list {
		if n := len(out); n > 0 && touch(out[n-1][1], r[0]) {
			if slices.Compare(out[n-1][1][:], r[1][:]) < 0 {
				out[n-1][1] = r[1]
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

// touch reports whether a range that ends with last reaches up to first.
func touch(last, first [16]byte) bool {
	next := netip.AddrFrom16(last).Next()
	return !next.IsValid() || slices.Compare(next.AsSlice(), first[:]) >= 0
}

// manyRanges looks the ranges up in the index of all addresses.
func (c *condition) manyRanges(f field, list [][2][16]byte) (string, error) {
	texts := make([][2]string, len(list))
	for i, r := range list {
		texts[i] = [2]string{hex.EncodeToString(r[0][:]), hex.EncodeToString(r[1][:])}
	}
	text, err := json.Marshal(texts)
	if err != nil {
		return "", err
	}
	p := c.parameter(string(text))
	if c.db.driver == postgresDialect {
		return f.key + " IN (SELECT x." + f.key + " FROM json_array_elements(CAST(" + p + " AS json)) r JOIN asset x ON x." + f.key +
			" BETWEEN decode(r.value->>0, 'hex') AND decode(r.value->>1, 'hex'))", nil
	}
	return f.key + " IN (SELECT x." + f.key + " FROM json_each(" + p + ") r CROSS JOIN asset x INDEXED BY asset_addr_key ON x." + f.key +
		" BETWEEN unhex(r.value->>0) AND unhex(r.value->>1))", nil
}
