package insightvm

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// A cursor is the position behind the last row of a page: the values of its
// sort keys, and its id last.
//
//	1542252837:::_L:::1748390400000:::_S:::unix-world-writable-files
//
// The number at its beginning tells resource and order; values that are texts
// are behind _S, numbers behind _L, fractions behind _D.
//
// Source: section 3.8.
const between = ":::"

var (
	quote   = strings.NewReplacer("%", "%25", ":", "%3A")
	unquote = strings.NewReplacer("%3A", ":", "%25", "%")
)

// fingerprint is the number of a list and its order.
func fingerprint(resource string, orders []order) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(resource)) // a hash takes everything
	for _, o := range orders {
		_, _ = h.Write([]byte(" " + o.String()))
	}
	return int32(h.Sum32()) //nolint:gosec // negative ones are welcome
}

// cursorOf is the position of a row with these values: int64, float64 or string.
func cursorOf(resource string, orders []order, values []any) cursor {
	var b strings.Builder
	fmt.Fprint(&b, fingerprint(resource, orders))
	for _, v := range values {
		switch v := v.(type) {
		case int64:
			fmt.Fprintf(&b, "%s_L%s%d", between, between, v)
		case float64:
			fmt.Fprintf(&b, "%s_D%s%s", between, between, strconv.FormatFloat(v, 'g', -1, 64))
		default:
			fmt.Fprintf(&b, "%s_S%s%s", between, between, quote.Replace(fmt.Sprint(v)))
		}
	}
	return cursor{true, b.String()}
}

var errCursor = invalid("The cursor is not one of this resource and sort order.")

// position reads a cursor of the list that is in the order of p. It has n values.
func (p paging) position(resource string, n int) ([]any, error) {
	parts := strings.Split(p.cursor, between)
	number, err := strconv.ParseInt(parts[0], 10, 32)
	if err != nil || int32(number) != fingerprint(resource, p.orders) || len(parts) != 1+2*n { //nolint:gosec // it was read as 32 bits
		return nil, errCursor
	}
	out := make([]any, n)
	for i := range out {
		text := parts[2+2*i]
		switch parts[1+2*i] {
		case "_S":
			out[i] = unquote.Replace(text)
		case "_L":
			if out[i], err = strconv.ParseInt(text, 10, 64); err != nil {
				return nil, errCursor
			}
		case "_D":
			if out[i], err = strconv.ParseFloat(text, 64); err != nil {
				return nil, errCursor
			}
		default:
			return nil, errCursor
		}
	}
	return out, nil
}
