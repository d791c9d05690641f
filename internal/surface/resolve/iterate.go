package resolve

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
)

// Delegation is a zone and the servers that its parent names for it.
type Delegation struct {
	Zone    string // "" for the root
	Parent  string
	Servers []Server
}

// Server is a name server. Addrs is empty when its name does not resolve.
type Server struct {
	Name  string
	Addrs []netip.AddrPort
}

func (d *Delegation) addrs() []netip.AddrPort {
	var out []netip.AddrPort
	for _, s := range d.Servers {
		out = append(out, s.Addrs...)
	}
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// Delegation finds the zone that name is in and the servers that its parent
// delegated it to. It answers NotFound where the root says that there is none.
func (c *Client) Delegation(ctx context.Context, name string) (Delegation, error) {
	a, err := c.iterate(ctx, question{Canonical(name), dns.TypeSOA}, 0)
	if err != nil && ctx.Err() != nil {
		return Delegation{}, err
	}
	d := c.closest(Canonical(name))
	if err == nil && a.Zone != d.Zone && Below(a.Zone, d.Zone) {
		d = c.hidden(ctx, d, a.Zone)
	}
	if d.Zone != "" {
		return *d, nil
	}
	if err == nil {
		return Delegation{}, harrier.Errorf(harrier.NotFound, "no delegation of %s", name)
	}
	return c.told(ctx, Canonical(name))
}

// hidden is a cut that no referral shows, since the servers of the zone above it
// are those of the zone below it too and answer for that at once. Its servers
// are the ones that the zone names itself. It is d when it names none.
func (c *Client) hidden(ctx context.Context, d *Delegation, zone string) *Delegation {
	a, err := c.iterate(ctx, question{zone, dns.TypeNS}, 0)
	if err != nil {
		return d
	}
	cut := &Delegation{Zone: zone, Parent: d.Zone}
	for _, r := range a.Records {
		if ns, ok := r.(*dns.NS); ok && Canonical(r.Header().Name) == zone && len(cut.Servers) < 16 {
			name := Canonical(ns.Ns)
			cut.Servers = append(cut.Servers, Server{Name: name, Addrs: c.serverAddrs(ctx, name, 1)})
		}
	}
	if len(cut.addrs()) == 0 {
		return d
	}
	c.cut(cut)
	return cut
}

func (c *Client) cut(d *Delegation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.cuts) >= maxCuts {
		clear(c.cuts)
	}
	c.cuts[d.Zone] = d
}

// told is a delegation as upstreams tell it, where the root can not be asked.
func (c *Client) told(ctx context.Context, name string) (Delegation, error) {
	for at := name; at != "" && len(c.ups) > 0; at = parent(at) {
		a, err := c.Lookup(ctx, at, dns.TypeNS)
		if err != nil {
			return Delegation{}, err
		}
		d := Delegation{Zone: at, Parent: parent(at)}
		for _, r := range a.Records {
			ns, ok := r.(*dns.NS)
			if !ok || Canonical(r.Header().Name) != at || len(d.Servers) >= 16 {
				continue
			}
			s := Server{Name: Canonical(ns.Ns)}
			for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
				if b, err := c.Lookup(ctx, s.Name, t); err == nil {
					for _, r := range b.Records {
						s.Addrs = append(s.Addrs, address(r)...)
					}
				}
			}
			d.Servers = append(d.Servers, s)
		}
		if len(d.Servers) > 0 {
			return d, nil
		}
	}
	return Delegation{}, fmt.Errorf("no delegation of %s", name)
}

// closest is the deepest known cut above name, or at it.
func (c *Client) closest(name string) *Delegation {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at := name; at != ""; at = parent(at) {
		if d := c.cuts[at]; d != nil {
			return d
		}
	}
	return &Delegation{Servers: []Server{{Name: ".", Addrs: c.o.Roots}}}
}

func parent(name string) string {
	for i := range len(name) {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return ""
}

// iterate asks the servers of the zone, from the deepest known cut on.
func (c *Client) iterate(ctx context.Context, q question, depth int) (Answer, error) {
	if depth > maxChain {
		return Answer{}, fmt.Errorf("%s: too long a chain", q.name)
	}
	d := c.closest(q.name)
	if q.typ == dns.TypeDS && d.Zone == q.name && q.name != "" { // the parent has it
		d = c.closest(parent(q.name))
	}
	for range 40 {
		a, deeper, err := c.step(ctx, d, q, depth)
		switch {
		case err != nil:
			return Answer{}, err
		case deeper != nil:
			if q.typ == dns.TypeDS && deeper.Zone == q.name {
				return Answer{}, fmt.Errorf("%s: the parent refers for DS", q.name)
			}
			d = deeper
			continue
		}
		return c.follow(ctx, q, a, depth)
	}
	return Answer{}, fmt.Errorf("%s: delegation without end", q.name)
}

// follow goes on behind a CNAME that leads out of what the server knows.
func (c *Client) follow(ctx context.Context, q question, a Answer, depth int) (Answer, error) {
	if q.typ == dns.TypeCNAME || !a.Has() || hasType(a) {
		return a, nil
	}
	at, seen := q.name, 0
	for range a.Records {
		for _, r := range a.Records {
			if alias, ok := r.(*dns.CNAME); ok && Canonical(r.Header().Name) == at && seen < maxChain {
				at, seen = Canonical(alias.Target), seen+1
			}
		}
	}
	if at == q.name || at == "" {
		return a, nil
	}
	rest, err := c.iterate(ctx, question{at, q.typ}, depth+1)
	if err != nil {
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		return a, nil // the alias is there; that it leads nowhere is its owner's affair
	}
	a.Records = append(a.Records, rest.Records...)
	return a, nil
}

// step asks the servers of one zone until one answers for it or refers deeper.
func (c *Client) step(ctx context.Context, d *Delegation, q question, depth int) (Answer, *Delegation, error) {
	last := errors.New("no server has an address")
	addrs := d.addrs()
	slices.SortStableFunc(addrs, func(a, b netip.AddrPort) int {
		return min(c.silence(a), silentAfter) - min(c.silence(b), silentAfter)
	})
	for _, server := range addrs[:min(len(addrs), 6)] {
		if err := c.pace(ctx, d.Zone); err != nil {
			return Answer{}, nil, err
		}
		m, err := c.Ask(ctx, server, Question{Name: q.name, Type: q.typ})
		switch {
		case ctx.Err() != nil:
			return Answer{}, nil, ctx.Err()
		case err != nil:
			last = err
			continue
		case m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError:
			last = fmt.Errorf("%v: %s", server, dns.RcodeToString[m.Rcode])
			continue
		}
		a := c.read(q, m, server)
		if m.Authoritative && (len(a.Records) > 0 || m.Rcode == dns.RcodeNameError || !refers(m)) {
			return a, nil, nil
		}
		if deeper := c.referral(ctx, d, q, m, depth); deeper != nil {
			return Answer{}, deeper, nil
		}
		last = errLame
	}
	return Answer{}, nil, fmt.Errorf("zone %q: %w", d.Zone, last)
}

func refers(m *dns.Msg) bool {
	soa := slices.ContainsFunc(m.Ns, func(r dns.RR) bool { return r.Header().Rrtype == dns.TypeSOA })
	return !soa && slices.ContainsFunc(m.Ns, func(r dns.RR) bool { return r.Header().Rrtype == dns.TypeNS })
}

// referral reads a delegation to a zone below d that q is in. Addresses of
// servers are taken from the message only for names in the zone that is
// referred to; others are looked up.
func (c *Client) referral(ctx context.Context, d *Delegation, q question, m *dns.Msg, depth int) *Delegation {
	cut := ""
	var names []string
	for _, r := range m.Ns {
		ns, ok := r.(*dns.NS)
		zone := Canonical(r.Header().Name)
		if !ok || zone == "" || zone == d.Zone || !Below(zone, d.Zone) || !Below(q.name, zone) || cut != "" && zone != cut {
			continue
		}
		cut = zone
		if n := Canonical(ns.Ns); n != "" && len(names) < 16 {
			names = append(names, n)
		}
	}
	if cut == "" {
		return nil
	}
	slices.Sort(names)
	deeper := &Delegation{Zone: cut, Parent: d.Zone}
	for _, n := range slices.Compact(names) {
		s := Server{Name: n}
		for _, r := range m.Extra {
			if Canonical(r.Header().Name) == n && Below(n, cut) {
				s.Addrs = append(s.Addrs, address(r)...)
			}
		}
		deeper.Servers = append(deeper.Servers, s)
	}
	for i := range deeper.Servers {
		s := &deeper.Servers[i]
		if len(s.Addrs) == 0 && !Below(s.Name, cut) {
			s.Addrs = c.serverAddrs(ctx, s.Name, depth+1)
		}
	}
	c.cut(deeper)
	return deeper
}

func (c *Client) serverAddrs(ctx context.Context, name string, depth int) (out []netip.AddrPort) {
	for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
		if a, err := c.iterate(ctx, question{name, t}, depth); err == nil {
			for _, r := range a.Records {
				out = append(out, address(r)...)
			}
		}
	}
	return out
}

func address(r dns.RR) []netip.AddrPort {
	if a, ok := Addr(r); ok {
		return []netip.AddrPort{netip.AddrPortFrom(a, 53)}
	}
	return nil
}

// Addr is the address in an A or AAAA record.
func Addr(r dns.RR) (netip.Addr, bool) {
	switch r := r.(type) {
	case *dns.A:
		a, ok := netip.AddrFromSlice(r.A.To4())
		return a, ok
	case *dns.AAAA:
		a, ok := netip.AddrFromSlice(r.AAAA.To16())
		return a.Unmap(), ok
	}
	return netip.Addr{}, false
}
