// Package place says from data files where an address is: who runs it for many,
// in which autonomous system and country. It is pure.
package place

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Shared is who runs an address, or names, for many customers.
type Shared struct {
	Kind     string // "cdn", "cloud", "hosting", "saas"
	Provider string // "cloudflare", "aws"
	Region   string // "eu-west-1"; "" when it is not said
}

// String is "cdn cloudflare" or "cloud aws/eu-west-1".
func (s Shared) String() string { return s.Kind + " " + s.Place() }

// Place is the provider with the region.
func (s Shared) Place() string {
	if s.Region == "" {
		return s.Provider
	}
	return s.Provider + "/" + s.Region
}

// Table answers from what it was given. The zero value knows nothing; reading
// and asking must not overlap.
type Table struct {
	shared   []span[Shared]
	routes   []span[Route]
	suffixes map[string]Shared
	sorted   bool
}

// Route is an autonomous system and a country.
type Route struct {
	ASN     uint32
	Country string // two letters
	Name    string
}

type span[T any] struct {
	first, last netip.Addr
	is          T
}

// The bounds of a file.
const maxRows = 2_000_000

// Builtin returns a table of what is published and changes seldom.
func Builtin() *Table {
	t := &Table{}
	if err := t.Read(strings.NewReader(builtin)); err != nil {
		panic(err)
	}
	return t
}

// Read adds a file, in one of these forms, told apart by how it begins:
//
//   - lines "PREFIX KIND PROVIDER [REGION]", or with "*.SUFFIX" in the place of a
//     prefix for names; "#" begins a comment
//   - the JSON that AWS publishes as ip-ranges.json, and that of Google's
//     cloud.json
//   - lines "FIRST<tab>LAST<tab>ASN<tab>COUNTRY<tab>NAME" of addresses
//
// It answers Invalid, with the line, for what it can not read.
func (t *Table) Read(r io.Reader) error {
	t.sorted = false
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(1)
	if err != nil && len(head) == 0 {
		return harrier.Invalidf("file", "the file is empty")
	}
	if head[0] == '{' {
		return t.readJSON(in)
	}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		if n > maxRows {
			return harrier.Invalidf("file", "the file has more than %d lines", maxRows)
		}
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		read := t.readShared
		if strings.Count(line, "\t") >= 3 {
			read = t.readRoute
		}
		if err := read(line); err != nil {
			return harrier.Invalidf("file", "line %d: %v", n, err)
		}
	}
	return lines.Err()
}

func (t *Table) readShared(line string) error {
	f := strings.Fields(line)
	if len(f) < 3 || len(f) > 4 {
		return fmt.Errorf("%d words; want a prefix, a kind, a provider, perhaps a region", len(f))
	}
	s := Shared{Kind: f[1], Provider: f[2]}
	if len(f) == 4 {
		s.Region = f[3]
	}
	if suffix, ok := strings.CutPrefix(f[0], "*."); ok {
		if t.suffixes == nil {
			t.suffixes = map[string]Shared{}
		}
		t.suffixes[strings.ToLower(suffix)] = s
		return nil
	}
	return t.addShared(f[0], s)
}

func (t *Table) addShared(prefix string, s Shared) error {
	p, err := netip.ParsePrefix(prefix)
	if err != nil {
		return err
	}
	t.shared = append(t.shared, span[Shared]{p.Masked().Addr(), last(p), s})
	return nil
}

func last(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (t *Table) readRoute(line string) error {
	f := strings.SplitN(line, "\t", 5)
	first, err := netip.ParseAddr(f[0])
	if err != nil {
		return err
	}
	end, err := netip.ParseAddr(f[1])
	if err != nil || end.Less(first) || end.Is4() != first.Is4() {
		return fmt.Errorf("%q does not end the range", f[1])
	}
	asn, err := strconv.ParseUint(strings.TrimPrefix(f[2], "AS"), 10, 32)
	if err != nil {
		return err
	}
	r := Route{ASN: uint32(asn)}
	if c := strings.TrimSpace(f[3]); len(c) == 2 {
		r.Country = strings.ToUpper(c)
	}
	if len(f) == 5 {
		r.Name = strings.TrimSpace(f[4])
	}
	t.routes = append(t.routes, span[Route]{first, end, r})
	return nil
}

// readJSON reads what clouds publish.
//
// Source: docs.aws.amazon.com, "AWS IP address ranges"; www.gstatic.com/ipranges/cloud.json.
func (t *Table) readJSON(r io.Reader) error {
	type row struct {
		IPPrefix   string `json:"ip_prefix"`
		IPv6Prefix string `json:"ipv6_prefix"`
		Region     string `json:"region"`
		Service    string `json:"service"`
		IPv4       string `json:"ipv4Prefix"`
		IPv6       string `json:"ipv6Prefix"`
		Scope      string `json:"scope"`
	}
	var file struct {
		Prefixes     []row `json:"prefixes"`
		IPv6Prefixes []row `json:"ipv6_prefixes"`
	}
	if err := json.NewDecoder(io.LimitReader(r, 64<<20)).Decode(&file); err != nil {
		return harrier.Invalidf("file", "the JSON can not be read: %v", err)
	}
	for _, p := range append(file.Prefixes, file.IPv6Prefixes...) {
		s := Shared{"cloud", "aws", p.Region}
		if p.Service == "CLOUDFRONT" || p.Service == "GLOBALACCELERATOR" {
			s.Kind = "cdn"
		}
		if p.Scope != "" {
			s = Shared{"cloud", "google", p.Scope}
		}
		if err := t.addShared(cmp.Or(p.IPPrefix, p.IPv6Prefix, p.IPv4, p.IPv6), s); err != nil {
			return harrier.Invalidf("file", "%v", err)
		}
	}
	return nil
}

// Sort makes the table ready; it is called before the first question.
func (t *Table) Sort() {
	if t.sorted {
		return
	}
	t.sorted = true
	sortSpans(t.shared)
	sortSpans(t.routes)
}

func sortSpans[T any](s []span[T]) {
	slices.SortStableFunc(s, func(a, b span[T]) int {
		return cmp.Or(a.first.Compare(b.first), -a.last.Compare(b.last))
	})
}

// find is the narrowest span around a, at most some hundred spans before its place.
func find[T any](s []span[T], a netip.Addr) (is T, ok bool) {
	i, _ := slices.BinarySearchFunc(s, a, func(x span[T], a netip.Addr) int {
		if x.first.Compare(a) <= 0 {
			return -1
		}
		return 1
	})
	for back := 0; back < 256 && i > 0; back++ {
		if i--; s[i].last.Compare(a) >= 0 && s[i].first.Is4() == a.Is4() {
			return s[i].is, true
		}
	}
	return is, false
}

// Shared says who runs an address for many.
func (t *Table) Shared(a netip.Addr) (Shared, bool) { return find(t.shared, a.Unmap().WithZone("")) }

// Route says where an address belongs.
func (t *Table) Route(a netip.Addr) (Route, bool) { return find(t.routes, a.Unmap().WithZone("")) }

// Name says who runs names under a suffix for many.
func (t *Table) Name(name string) (Shared, bool) {
	for at := name; at != ""; {
		if s, ok := t.suffixes[at]; ok && at != name {
			return s, true
		}
		_, at, _ = strings.Cut(at, ".")
	}
	return Shared{}, false
}
