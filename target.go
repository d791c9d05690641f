package harrier

import (
	"encoding/json"
	"iter"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Target is one entry of a target list: a range of addresses or a host name.
type Target struct {
	First netip.Addr // of a range; invalid for a name that is still to be resolved
	Last  netip.Addr // both ends included
	// Name is a host name to resolve; with First set, it is the virtual host
	// name to use at that address.
	Name string
	Bits int // with Name and no First: the mask of the net around the resolved address; 0 means the address alone
}

// Targets is a target list, in the order in which it was written.
type Targets []Target

// MaxRange is how many addresses one target may have: a /8 of IPv4.
const MaxRange = 1 << 24

// ParseTargets reads a target list. Entries are separated by commas, line
// breaks or blanks, in any mixture:
//
//	192.0.2.1               an address, IPv4 or IPv6 (fe80::1%eth0)
//	192.0.2.0/24            a net, also with a mask 255.255.255.0
//	192.0.2.1-192.0.2.9     a range, also 192.0.2.1-9
//	192.0.0-1.3-5           octet ranges: all combinations
//	www.example.com         a name, also with a mask as above
//	www.example.com[192.0.2.1]  a virtual host at an address
//	'192.0.2.1'             quoted: a name, whatever it looks like
//
// It answers Invalid, naming the offending entry, for anything else, for a
// range of more than MaxRange addresses, and for an empty list.
//
// Source: nessus-api.md, section 11.
func ParseTargets(s string) (Targets, error) {
	var out Targets
	for entry := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(", \t\r\n;", r) }) {
		t, err := parseTarget(entry)
		if err != nil {
			return nil, err
		}
		out = append(out, t...)
	}
	if len(out) == 0 {
		return nil, Invalidf("targets", "the list is empty")
	}
	return out, nil
}

func parseTarget(entry string) ([]Target, error) {
	bad := func(why string) ([]Target, error) {
		return nil, Invalidf("targets", "%q %s", entry, why)
	}
	if name, quoted := strings.CutPrefix(entry, "'"); quoted {
		name, closed := strings.CutSuffix(name, "'")
		if !closed || !validName(name) {
			return bad("is not a quoted host name")
		}
		return []Target{{Name: cleanName(name)}}, nil
	}
	if name, rest, ok := strings.Cut(entry, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(rest, "]"))
		if err != nil || !strings.HasSuffix(rest, "]") || !validName(name) {
			return bad("is not a name with an address in brackets")
		}
		return []Target{{Name: cleanName(name), First: addr.Unmap(), Last: addr.Unmap()}}, nil
	}
	if base, mask, ok := strings.Cut(entry, "/"); ok { // before addresses: a zone may hold a slash
		return parseNet(entry, base, mask)
	}
	if addr, err := netip.ParseAddr(entry); err == nil {
		return []Target{{First: addr.Unmap(), Last: addr.Unmap()}}, nil
	}
	if a, b, ok := strings.Cut(entry, "-"); ok {
		first, errA := netip.ParseAddr(a)
		last, errB := netip.ParseAddr(b)
		if errA == nil && errB == nil {
			first, last = first.Unmap(), last.Unmap()
			if first.Is4() != last.Is4() || first.Zone() != last.Zone() || last.Less(first) {
				return bad("is not a rising range of addresses")
			}
			if rangeSize(first, last) > MaxRange {
				return bad("has too many addresses")
			}
			return []Target{{First: first, Last: last}}, nil
		}
	}
	if looksNumeric(entry) {
		t, ok := parseOctets(entry)
		if !ok {
			return bad("is not an address")
		}
		return t, nil
	}
	if !validName(entry) {
		return bad("is neither an address nor a host name")
	}
	return []Target{{Name: cleanName(entry)}}, nil
}

func parseNet(entry, base, mask string) ([]Target, error) {
	bits, err := strconv.Atoi(mask)
	if m, errM := netip.ParseAddr(mask); err != nil && errM == nil && m.Is4() {
		bits, err = maskBits(m.As4())
	}
	addr, errAddr := netip.ParseAddr(base)
	isName := errAddr != nil && !looksNumeric(base) && validName(base)
	limit := 32
	if errAddr == nil && addr.Is6() {
		limit = 128
	}
	if err != nil || bits < 0 || bits > limit || errAddr != nil && !isName || addr.Zone() != "" {
		return nil, Invalidf("targets", "%q is not a net", entry)
	}
	if isName {
		if bits < 8 {
			return nil, Invalidf("targets", "%q has too many addresses", entry)
		}
		return []Target{{Name: cleanName(base), Bits: bits}}, nil
	}
	t := netRange(addr, bits)
	if rangeSize(t.First, t.Last) > MaxRange {
		return nil, Invalidf("targets", "%q has too many addresses", entry)
	}
	return []Target{t}, nil
}

// netRange is all addresses of the net of bits around addr.
func netRange(addr netip.Addr, bits int) Target {
	p := netip.PrefixFrom(addr.Unmap(), bits).Masked()
	last := p.Addr().AsSlice()
	for i := bits; i < len(last)*8; i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	return Target{First: p.Addr(), Last: end}
}

func maskBits(m [4]byte) (int, error) {
	v := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	bits := 0
	for ; v&0x80000000 != 0; v <<= 1 {
		bits++
	}
	if v != 0 {
		return 0, Errorf(Invalid, "the mask has holes")
	}
	return bits, nil
}

// looksNumeric reports whether s can only be meant as IPv4 or IPv6 numbers.
func looksNumeric(s string) bool {
	return strings.Trim(s, "0123456789.-") == "" || strings.Contains(s, ":")
}

// parseOctets reads the forms 192.0.2.1-9 and 192.0.0-1.3-5.
func parseOctets(s string) ([]Target, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return nil, false
	}
	var lo, hi [4]int
	for i, p := range parts {
		a, b, isRange := strings.Cut(p, "-")
		if !isRange {
			b = a
		}
		x, errA := strconv.ParseUint(a, 10, 8)
		y, errB := strconv.ParseUint(b, 10, 8)
		if errA != nil || errB != nil || x > y || len(a) > 3 || len(b) > 3 {
			return nil, false
		}
		lo[i], hi[i] = int(x), int(y)
	}
	n := (hi[0] - lo[0] + 1) * (hi[1] - lo[1] + 1) * (hi[2] - lo[2] + 1)
	if n > 65536 || n*(hi[3]-lo[3]+1) > MaxRange {
		return nil, false
	}
	var out []Target
	for a := lo[0]; a <= hi[0]; a++ {
		for b := lo[1]; b <= hi[1]; b++ {
			for c := lo[2]; c <= hi[2]; c++ {
				first := netip.AddrFrom4([4]byte{byte(a), byte(b), byte(c), byte(lo[3])})
				last := netip.AddrFrom4([4]byte{byte(a), byte(b), byte(c), byte(hi[3])})
				if n := len(out); n > 0 && out[n-1].Last.Next() == first {
					out[n-1].Last = last
				} else {
					out = append(out, Target{First: first, Last: last})
				}
			}
		}
	}
	return out, true
}

// cleanName is the one form in which a name is kept.
func cleanName(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

func validName(s string) bool {
	s = cleanName(s)
	if s == "" || len(s) > 253 || !utf8.ValidString(s) {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				return false
			}
		}
	}
	return true
}

func rangeSize(first, last netip.Addr) uint64 {
	a, b := first.As16(), last.As16()
	var n uint64
	for i := range a {
		if n > math.MaxUint64>>9 {
			return math.MaxUint64
		}
		n = n<<8 + uint64(b[i]) - uint64(a[i]) // borrows wrap and cancel out
	}
	return n + 1
}

// IsRange reports whether t is a range of addresses without a name.
func (t Target) IsRange() bool { return t.First.IsValid() && t.Name == "" }

// Count is how many addresses t has; 1 for a name.
func (t Target) Count() int {
	if !t.First.IsValid() {
		if t.Bits > 0 {
			return 1 << (32 - min(t.Bits, 32))
		}
		return 1
	}
	return int(min(rangeSize(t.First, t.Last), math.MaxInt))
}

// At returns the net of Bits around the address that the name resolved to, or
// the name at that address when there is no mask.
func (t Target) At(addr netip.Addr) Target {
	if t.Bits > 0 && addr.Unmap().Is4() {
		return netRange(addr, t.Bits)
	}
	return Target{Name: t.Name, First: addr.Unmap(), Last: addr.Unmap()}
}

// String returns t in a form that ParseTargets reads.
func (t Target) String() string {
	switch {
	case !t.First.IsValid() && t.Bits > 0:
		return t.Name + "/" + strconv.Itoa(t.Bits)
	case !t.First.IsValid() && looksNumeric(t.Name):
		return "'" + t.Name + "'"
	case !t.First.IsValid():
		return t.Name
	case t.Name != "":
		return t.Name + "[" + t.First.String() + "]"
	case t.First == t.Last:
		return t.First.String()
	}
	return t.First.String() + "-" + t.Last.String()
}

// MarshalText writes the form of String.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalJSON reads the form of String.
func (t *Target) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	list, err := parseTarget(s)
	if err != nil || len(list) != 1 {
		return Invalidf("targets", "%q is not one target", s)
	}
	*t = list[0]
	return nil
}

// String returns the entries joined by commas.
func (ts Targets) String() string {
	parts := make([]string, len(ts))
	for i, t := range ts {
		parts[i] = t.String()
	}
	return strings.Join(parts, ",")
}

// Count is how many addresses the list has, names counted as one, repeats
// counted again.
func (ts Targets) Count() int {
	n := 0
	for _, t := range ts {
		n += t.Count()
	}
	return n
}

// Addrs yields the addresses of a range in rising order; nothing for a name
// that is not resolved.
func (t Target) Addrs() iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for a := t.First; a.IsValid() && !t.Last.Less(a); a = a.Next() {
			if !yield(a) {
				return
			}
		}
	}
}

// Merge returns the list without repeats: plain ranges first, merged and in
// rising order, then each distinct name.
func (ts Targets) Merge() Targets {
	var ranges, names Targets
	for _, t := range ts {
		if t.IsRange() {
			ranges = append(ranges, t)
		} else if !slices.Contains(names, t) {
			names = append(names, t)
		}
	}
	slices.SortFunc(ranges, func(a, b Target) int { return a.First.Compare(b.First) })
	var out Targets
	for _, r := range ranges {
		if n := len(out); n > 0 && out[n-1].First.BitLen() == r.First.BitLen() && !out[n-1].Last.Less(r.First) {
			if out[n-1].Last.Less(r.Last) {
				out[n-1].Last = r.Last
			}
			continue
		}
		out = append(out, r)
	}
	return append(out, names...)
}

// Subtract returns the merged list without the addresses of less. Names stay,
// but for those that less names in the same words.
func (ts Targets) Subtract(less Targets) Targets {
	var out Targets
	for _, t := range ts.Merge() {
		if t.First.IsValid() {
			out = append(out, subtractRanges(t, less)...)
		} else if !slices.Contains(less, t) {
			out = append(out, t)
		}
	}
	return out
}

func subtractRanges(t Target, less Targets) Targets {
	rest := Targets{t}
	for _, l := range less {
		if !l.First.IsValid() {
			continue
		}
		var next Targets
		for _, r := range rest {
			if l.Last.Less(r.First) || r.Last.Less(l.First) || l.First.BitLen() != r.First.BitLen() {
				next = append(next, r)
				continue
			}
			if r.First.Less(l.First) {
				next = append(next, Target{First: r.First, Last: l.First.Prev(), Name: r.Name})
			}
			if l.Last.Less(r.Last) {
				next = append(next, Target{First: l.Last.Next(), Last: r.Last, Name: r.Name})
			}
		}
		rest = next
	}
	return rest
}

// Contains reports whether an address is in one of the list's ranges.
func (ts Targets) Contains(a netip.Addr) bool {
	for _, t := range ts {
		if t.First.IsValid() && !a.Less(t.First) && !t.Last.Less(a) {
			return true
		}
	}
	return false
}

// Batches cuts the merged list into pieces of at most size addresses each, in
// order; names count as one.
func (ts Targets) Batches(size int) iter.Seq[Targets] {
	return func(yield func(Targets) bool) {
		var batch Targets
		room := size
		flush := func() bool {
			full := batch
			batch, room = nil, size
			return len(full) == 0 || yield(full)
		}
		for _, t := range ts {
			for t.First.IsValid() && t.Count() > room {
				head := t
				for i, a := 1, t.First; ; i, a = i+1, a.Next() {
					if head.Last = a; i == room {
						break
					}
				}
				t.First = head.Last.Next()
				batch = append(batch, head)
				if !flush() {
					return
				}
			}
			batch = append(batch, t)
			if room -= min(t.Count(), room); room == 0 && !flush() {
				return
			}
		}
		flush()
	}
}
