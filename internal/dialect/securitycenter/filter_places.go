package securitycenter

import (
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/asset/members"

	"github.com/harrier-scan/harrier"
)

// addresses reads addresses, CIDR and ranges.
func (t term) addresses() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var ranges []any
	for _, s := range list {
		for _, part := range strings.Fields(strings.ReplaceAll(strings.ReplaceAll(s, " -", "-"), "- ", "-")) {
			text, ok := members.Range(part)
			if !ok {
				return nil, t.bad("%q is not an address, a network or a range", cut(part, 64))
			}
			ranges = append(ranges, text)
		}
	}
	return t.negated(eq("address", harrier.In, ranges...)), nil
}

func (t term) dataFormat() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var some harrier.Or
	for _, s := range list {
		switch strings.ToLower(s) {
		case "ipv4":
			some = append(some, eq("address", harrier.In, "0.0.0.0-255.255.255.255"))
		case "ipv6":
			some = append(some, eq("address", harrier.In, "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))
		case "universal":
			some = append(some, everything)
		case "agent", "mobile":
		default:
			return nil, t.bad("%q is not a format", cut(s, 64))
		}
	}
	return some, nil
}

func (t term) repositories() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var ids []any
	for _, s := range list {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, fault(codeInvalid, 0, "The value for Filter \"%s\" contains a record without a numeric 'id' field.", t.name)
		}
		ids = append(ids, n)
	}
	return t.negated(eq("repository", harrier.Eq, ids...)), nil
}
