package securitycenter

import (
	"net/netip"
	"strconv"
	"strings"

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
			text, ok := addressRange(part)
			if !ok {
				return nil, t.bad("%q is not an address, a network or a range", cut(part, 64))
			}
			ranges = append(ranges, text)
		}
	}
	return t.negated(eq("address", harrier.In, ranges...)), nil
}

// addressRange reads an address, CIDR or range and returns it as "first-last".
func addressRange(s string) (string, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		p = p.Masked()
		return p.Addr().String() + "-" + lastOf(p).String(), true
	}
	first, last, found := strings.Cut(s, "-")
	if !found {
		last = first
	}
	a, err1 := netip.ParseAddr(first)
	b, err2 := netip.ParseAddr(last)
	if err1 != nil || err2 != nil || a.Zone() != "" || b.Zone() != "" {
		return "", false
	}
	a, b = a.Unmap(), b.Unmap()
	text := a.String() + "-" + b.String()
	_, _, ok := harrier.ParseRange(text)
	return text, ok
}

// lastOf is the last address of a network.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
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
