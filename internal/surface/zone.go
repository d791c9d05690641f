package surface

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface/resolve"
)

// zone looks at the servers of an own zone, and asks them for what they tell:
// the whole zone, its names one by one, its keys.
func (d *discovery) zone(ctx context.Context, name string) {
	n := Node{Kind: Domain, Key: name}
	d.keys(ctx, n)
	if d.o.Passive {
		return
	}
	del, err := d.dns.Delegation(ctx, name)
	if err != nil || del.Zone != name {
		return
	}
	walked := false
	for _, s := range del.Servers[:min(len(del.Servers), 16)] {
		if s.Name == "" {
			continue
		}
		d.attribute(n, "delegation", "delegation", s.Name)
		if d.domain(n, NS, s.Name, "delegation", nil) {
			d.pointed(s.Name)
		}
		if len(s.Addrs) == 0 {
			d.attribute(n, "delegation", "lame", s.Name+" has no address")
		}
		signed := false
		for _, at := range s.Addrs[:min(len(s.Addrs), 8)] {
			if why := d.serves(ctx, name, at); why != "" {
				d.attribute(n, "delegation", "lame", s.Name+" "+why)
				continue
			}
			d.transfer(ctx, n, s.Name, at)
			if !signed {
				signed = true
				d.signatures(ctx, n, s.Name, at)
			}
			if !walked {
				walked = d.walk(ctx, n, at)
			}
			d.recursion(ctx, s.Name, at)
		}
	}
}

// serves says why a server does not answer for a zone; "" when it does.
func (d *discovery) serves(ctx context.Context, zone string, at netip.AddrPort) string {
	m, err := d.dns.Ask(ctx, at, resolve.Question{Name: zone, Type: dns.TypeSOA})
	switch {
	case err != nil && d.o.reserved(at.Addr()):
		return "has the address " + at.Addr().String()
	case err != nil:
		return "does not answer"
	case m.Rcode != dns.RcodeSuccess:
		return "answers " + dns.RcodeToString[m.Rcode]
	case !m.Authoritative:
		return "does not know the zone"
	}
	return ""
}

func (d *discovery) transfer(ctx context.Context, zone Node, server string, at netip.AddrPort) {
	records, err := d.dns.Transfer(ctx, zone.Key, at)
	if err != nil || len(records) == 0 {
		return
	}
	d.attribute(zone, "transfer", "transfer", server)
	seen := map[string]bool{}
	for _, r := range records {
		owner := resolve.Canonical(r.Header().Name)
		if owner == "" || seen[owner] || isMeta(owner) {
			continue
		}
		seen[owner] = true
		if strings.HasPrefix(owner, "*.") {
			continue // the level tells, see wildcard
		}
		d.domain(zone, Child, owner, "transfer", nil)
	}
}

// isMeta reports whether a name is for records about another one: such names
// are no assets.
func isMeta(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if strings.HasPrefix(label, "_") {
			return true
		}
	}
	return false
}

// walk reports whether the zone told its names.
func (d *discovery) walk(ctx context.Context, zone Node, at netip.AddrPort) bool {
	names, err := d.dns.Walk(ctx, zone.Key, at)
	if err != nil || len(names) == 0 {
		return false
	}
	d.attribute(zone, "nsec", "nsec", "walked")
	for _, name := range names {
		if !isMeta(name) && !strings.HasPrefix(name, "*") {
			d.domain(zone, Child, name, "nsec", nil)
		}
	}
	return true
}

// recursion asks an own name server for a name that does not exist anywhere:
// who answers that it does not looks names up for everybody.
func (d *discovery) recursion(ctx context.Context, server string, at netip.AddrPort) {
	n := Node{Kind: Domain, Key: server}
	if !d.isOwn(server) {
		return
	}
	m, err := d.dns.Ask(ctx, at, resolve.Question{Name: resolve.RandomLabel() + ".invalid", Type: dns.TypeA, Recurse: true})
	if err == nil && m.RecursionAvailable && (m.Rcode == dns.RcodeNameError || m.Rcode == dns.RcodeSuccess && len(m.Answer) > 0) {
		d.attribute(n, "dns", "recursion", "open")
	}
}

// keys takes what the zone and its parent say of its signatures.
func (d *discovery) keys(ctx context.Context, n Node) {
	for _, t := range []uint16{dns.TypeDS, dns.TypeDNSKEY} {
		a, err := d.dns.Lookup(ctx, n.Key, t)
		if err != nil {
			d.unasked(ctx, n)
			continue
		}
		for _, r := range a.Records {
			if r.Header().Rrtype == t {
				text := resolve.Text(r)
				d.attribute(n, "dns", strings.ToLower(dns.TypeToString[t]), text[:min(len(text), maxValue)])
			}
		}
	}
}

// What signatures a server sends with a set of records, behind its name and the
// type of the records; else "until" and when the last good one ends.
const (
	AttrSignature = "signature"
	SignedNot     = "none"
	SignedBadly   = "bad"
)

// signatures notes whether a server of a zone proves the zone's keys and head by
// signatures.
//
// Source: RFC 4035 section 5.3.
func (d *discovery) signatures(ctx context.Context, n Node, server string, at netip.AddrPort) {
	var keys []dns.RR
	for _, t := range []uint16{dns.TypeDNSKEY, dns.TypeSOA} {
		m, err := d.dns.Ask(ctx, at, resolve.Question{Name: n.Key, Type: t, DNSSEC: true})
		if err != nil || m.Rcode != dns.RcodeSuccess || !m.Authoritative || m.IsEdns0() == nil {
			return
		}
		var set []dns.RR
		var signed []*dns.RRSIG
		for _, r := range m.Answer {
			r.Header().Name = dns.CanonicalName(r.Header().Name)
			if sig, ok := r.(*dns.RRSIG); ok && sig.TypeCovered == t {
				signed = append(signed, sig)
			} else if r.Header().Rrtype == t {
				set = append(set, r)
			}
		}
		if t == dns.TypeDNSKEY {
			keys = set
		}
		if len(keys) == 0 || len(set) == 0 {
			return
		}
		if what := proven(set, keys, signed); what != "" {
			d.attribute(n, "dns", AttrSignature, server+" "+dns.TypeToString[t]+" "+what)
		}
	}
}

// proven says until when the best signature over a set of records is valid; ""
// for an algorithm that is not known here.
func proven(set, keys []dns.RR, signed []*dns.RRSIG) string {
	if len(signed) == 0 {
		return SignedNot
	}
	var last uint32
	for _, sig := range signed[:min(len(signed), 8)] {
		for _, r := range keys[:min(len(keys), 16)] {
			key, ok := r.(*dns.DNSKEY)
			if !ok || key.KeyTag() != sig.KeyTag || key.Algorithm != sig.Algorithm {
				continue
			}
			switch err := sig.Verify(key, set); {
			case err == nil:
				last = max(last, sig.Expiration)
			case errors.Is(err, dns.ErrAlg):
				return ""
			}
		}
	}
	if last == 0 {
		return SignedBadly
	}
	return "until " + time.Unix(int64(last), 0).UTC().Format(time.RFC3339)
}

// address takes an address that something has.
func (d *discovery) address(from Node, link Link, a netip.Addr, how string, attributes map[string][]string) {
	if a = a.Unmap().WithZone(""); a.IsUnspecified() || !a.IsValid() || !d.link(from, link, AddrNode(a), how, attributes) {
		return
	}
	d.placed(a)
}

// placed says where an address is, once. That comes before anything is decided
// by it.
func (d *discovery) placed(a netip.Addr) {
	n := AddrNode(a)
	if d.o.reserved(a) {
		d.attribute(n, "data", AttrReserved, "true")
		return
	}
	if s, ok := d.o.Places.Shared(a); ok {
		d.cloud(n, s)
	}
	if r, ok := d.o.Places.Route(a); ok {
		if r.ASN != 0 {
			as := Node{Kind: ASN, Key: fmt.Sprintf("AS%d", r.ASN)}
			d.link(n, Routed, as, "data", nil)
			if r.Name != "" {
				d.link(as, Assigned, Node{Kind: Entity, Key: r.Name}, "data", nil)
			}
		}
		if r.Country != "" {
			d.link(n, Located, Node{Kind: Country, Key: r.Country}, "data", nil)
		}
	}
	for _, r := range d.ranges {
		if !a.Less(r.First) && !r.Last.Less(a) {
			d.link(Node{Kind: IPRange, Key: r.String()}, Subset, n, "data", nil)
		}
	}
	if !d.primary(n) {
		return
	}
	d.once("reverse "+n.Key, func(ctx context.Context) {
		if d.reverse(ctx, n); d.primary(n) { // its name may tell that it is run for many
			d.visit(a)
		}
	})
}

// visit looks around an own address, and at what it shows.
func (d *discovery) visit(a netip.Addr) {
	n := AddrNode(a)
	if a.Is4() && len(d.own) > 0 && !d.o.Passive {
		net := netip.PrefixFrom(a, 24).Masked()
		d.link(n, Within, Node{Kind: IPRange, Key: net.String()}, "data", nil)
		d.once("near "+net.String(), func(ctx context.Context) {
			d.reverseAll(ctx, Node{Kind: IPRange, Key: net.String()}, net.Addr(), 256, true)
		})
	}
	if !d.o.Passive {
		d.once("touch "+n.Key, func(ctx context.Context) { d.touchAddr(ctx, a) })
	}
}

// cloud says who runs an address or a name for many.
func (d *discovery) cloud(n Node, s interface{ String() string }) {
	d.attribute(n, "data", AttrShared, s.String())
	_, at, _ := strings.Cut(s.String(), " ")
	d.link(n, Cloud, Node{Kind: CloudRegion, Key: at}, "data", nil)
}

// reverse asks for the names of an address.
func (d *discovery) reverse(ctx context.Context, n Node) {
	name, err := dns.ReverseAddr(n.Key)
	if err != nil {
		return
	}
	a, err := d.dns.Lookup(ctx, name, dns.TypePTR)
	if err != nil {
		d.unasked(ctx, n)
		return
	}
	for _, target := range pointers(a) {
		if s, ok := d.o.Places.Name(target); ok {
			d.cloud(n, s)
		}
		d.domain(n, PTR, target, "ptr", nil)
	}
}

func pointers(a resolve.Answer) (out []string) {
	for _, r := range a.Records {
		if p, ok := r.(*dns.PTR); ok && len(out) < 20 {
			if name := resolve.Canonical(p.Ptr); name != "" {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// reverseAll asks for the names of many addresses from first on. Of neighbours
// only those count that have an own name.
func (d *discovery) reverseAll(ctx context.Context, within Node, first netip.Addr, count int, neighbours bool) {
	var names []string
	addrs := map[string]netip.Addr{}
	for a := first; len(names) < count && a.IsValid(); a = a.Next() {
		name, err := dns.ReverseAddr(a.String())
		if err != nil {
			return
		}
		name = resolve.Canonical(name)
		names = append(names, name)
		addrs[name] = a
	}
	if len(names) == 0 {
		return
	}
	_, zone, _ := strings.Cut(names[0], ".")
	var hits []string
	failed := false
	if lost := d.sweep(ctx, zone, names, dns.TypePTR, func(a resolve.Answer) {
		failed = failed || a.Rcode == dns.RcodeServerFailure
		if a.Has() {
			hits = append(hits, a.Name)
		}
	}); lost || failed {
		d.unasked(ctx, within)
	}
	slices.Sort(hits)
	for _, hit := range slices.Compact(hits) {
		a, err := d.dns.Lookup(ctx, hit, dns.TypePTR)
		if err != nil {
			d.unasked(ctx, within)
			continue
		}
		for _, name := range pointers(a) {
			if neighbours && !d.isOwn(name) {
				continue
			}
			n := AddrNode(addrs[hit])
			d.address(within, Subset, n.Addr(), "ptr", nil)
			d.domain(n, PTR, name, "ptr", nil)
		}
	}
}

// sweepRange asks for the names of a range that is a seed.
func (d *discovery) sweepRange(ctx context.Context, n Node) {
	first, last, ok := ends(n.Key)
	whole := harrier.Targets{{First: first, Last: last}}
	bad := d.o.reservedIn(whole)
	if !ok || len(whole.Subtract(bad)) == 0 {
		d.attribute(n, "data", AttrReserved, "true")
		return
	}
	for _, t := range bad { // a part
		part := Node{Kind: IPRange, Key: t.String()}
		if t.First == t.Last {
			part = AddrNode(t.First)
		}
		d.link(n, Subset, part, "data", nil)
		d.attribute(part, "data", AttrReserved, "true")
	}
	count := 0
	for a := first; a.IsValid() && !last.Less(a); a = a.Next() {
		if count++; count > d.o.MaxRange {
			d.mu.Lock()
			d.limit(fmt.Sprintf("of %s only the first %d addresses were asked for names", n.Key, d.o.MaxRange))
			d.mu.Unlock()
			count--
			break
		}
	}
	for done := 0; done < count && ctx.Err() == nil; {
		next := first
		part := min(256, count-done)
		d.reverseAll(ctx, n, next, part, false)
		for range part {
			first = first.Next()
		}
		done += part
	}
}
