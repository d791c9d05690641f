// Package dnstest has name servers for tests: authoritative ones with
// delegation, wildcards, zone transfer and NSEC, and recursive ones that know
// the truth and may lie about it.
package dnstest

import (
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/miekg/dns"
)

// Zone is a zone with its records. The zero values of the switches are those
// of a careful operator.
type Zone struct {
	Name     string // with a dot behind it
	Transfer bool   // anybody may have it whole
	NSEC     bool   // proofs of absence tell the neighbours
	Vary     bool   // a wildcard gives each name one of its records
	records  map[string][]dns.RR
	names    []string // owners in canonical order
}

// NewZone reads a zone in the text form of RFC 1035. It panics on a fault:
// zones are written in tests.
func NewZone(name, text string) *Zone {
	z := &Zone{Name: dns.CanonicalName(name), records: map[string][]dns.RR{}}
	p := dns.NewZoneParser(strings.NewReader("$TTL 300\n"+text), z.Name, "")
	for r, ok := p.Next(); ok; r, ok = p.Next() {
		z.Add(r)
	}
	if err := p.Err(); err != nil {
		panic(fmt.Sprintf("zone %s: %v", name, err))
	}
	return z
}

// Add adds a record.
func (z *Zone) Add(r dns.RR) {
	owner := dns.CanonicalName(r.Header().Name)
	if z.records[owner] == nil {
		z.names = append(z.names, owner)
		slices.SortFunc(z.names, canonicalOrder)
	}
	z.records[owner] = append(z.records[owner], r)
}

// canonicalOrder is that of RFC 4034 section 6.1.
func canonicalOrder(a, b string) int {
	x, y := dns.SplitDomainName(a), dns.SplitDomainName(b)
	slices.Reverse(x)
	slices.Reverse(y)
	return slices.Compare(x, y)
}

func (z *Zone) get(name string, typ uint16) (out []dns.RR) {
	for _, r := range z.records[name] {
		if r.Header().Rrtype == typ {
			out = append(out, r)
		}
	}
	return out
}

// exists reports whether there is anything at or below name.
func (z *Zone) exists(name string) bool {
	if z.records[name] != nil {
		return true
	}
	return slices.ContainsFunc(z.names, func(n string) bool { return strings.HasSuffix(n, "."+name) })
}

// cut is the delegation that name is at or below; "" for none.
func (z *Zone) cut(name string) string {
	labels := dns.Split(name)
	for i := len(labels) - 1; i >= 0; i-- {
		at := name[labels[i]:]
		if at != z.Name && dns.IsSubDomain(z.Name, at) && len(z.get(at, dns.TypeNS)) > 0 {
			return at
		}
	}
	return ""
}

// Authority answers for zones.
type Authority struct {
	Zones     []*Zone
	Recursion bool // looks other names up for anybody: it refers to the root it does not have
	Questions atomic.Int64
}

func (s *Authority) zone(name string, typ uint16) (best *Zone) {
	for _, z := range s.Zones {
		if !dns.IsSubDomain(z.Name, name) || best != nil && len(z.Name) <= len(best.Name) {
			continue
		}
		if typ == dns.TypeDS && z.Name == name && name != "." {
			if slices.ContainsFunc(s.Zones, func(o *Zone) bool { return o != z && dns.IsSubDomain(o.Name, name) }) {
				continue
			}
		}
		best = z
	}
	return best
}

// ServeDNS answers one question.
func (s *Authority) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	s.Questions.Add(1)
	m := new(dns.Msg)
	m.SetReply(q)
	if len(q.Question) != 1 {
		m.Rcode = dns.RcodeFormatError
		write(w, q, m)
		return
	}
	name, typ := dns.CanonicalName(q.Question[0].Name), q.Question[0].Qtype
	z := s.zone(name, typ)
	switch {
	case z == nil && s.Recursion:
		m.RecursionAvailable = true
		m.Answer = append(m.Answer, must(q.Question[0].Name+" 60 IN A 192.0.2.99"))
	case z == nil:
		m.Rcode = dns.RcodeRefused
	case typ == dns.TypeAXFR:
		s.transfer(w, q, m, z)
		return
	default:
		m.RecursionAvailable = s.Recursion
		z.answer(m, name, typ)
		if o := q.IsEdns0(); o != nil && o.Do() && len(m.Answer) > 0 {
			for _, r := range z.get(name, dns.TypeRRSIG) {
				if r.(*dns.RRSIG).TypeCovered == typ {
					m.Answer = append(m.Answer, as(r, name))
				}
			}
		}
	}
	write(w, q, m)
}

func must(text string) dns.RR {
	r, err := dns.NewRR(text)
	if err != nil {
		panic(err)
	}
	return r
}

// write sends an answer that repeats the question, cut to what UDP takes.
func write(w dns.ResponseWriter, q, m *dns.Msg) {
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
		size := 512
		if o := q.IsEdns0(); o != nil {
			size = int(o.UDPSize())
		}
		m.Truncate(size)
	}
	if q.IsEdns0() != nil {
		m.SetEdns0(1232, false)
	}
	w.WriteMsg(m) //nolint:errcheck // whoever asked asks again
}

func (s *Authority) transfer(w dns.ResponseWriter, q, m *dns.Msg, z *Zone) {
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp || !z.Transfer || dns.CanonicalName(q.Question[0].Name) != z.Name {
		m.Rcode = dns.RcodeRefused
		write(w, q, m)
		return
	}
	soa := z.get(z.Name, dns.TypeSOA)
	m.Authoritative = true
	m.Answer = append(m.Answer, soa...)
	for _, n := range z.names {
		for _, r := range z.records[n] {
			if r.Header().Rrtype != dns.TypeSOA {
				m.Answer = append(m.Answer, r)
			}
		}
	}
	m.Answer = append(m.Answer, soa...)
	w.WriteMsg(m) //nolint:errcheck // as above
}

// answer fills m from the zone.
func (z *Zone) answer(m *dns.Msg, name string, typ uint16) {
	if cut := z.cut(name); cut != "" && (cut != name || typ != dns.TypeDS) {
		for _, r := range z.get(cut, dns.TypeNS) {
			m.Ns = append(m.Ns, r)
			host := dns.CanonicalName(r.(*dns.NS).Ns)
			m.Extra = append(m.Extra, z.get(host, dns.TypeA)...)
			m.Extra = append(m.Extra, z.get(host, dns.TypeAAAA)...)
		}
		return
	}
	m.Authoritative = true
	source := name
	if !z.exists(name) {
		if source = z.wildcard(name); source == "" {
			m.Rcode = dns.RcodeNameError
			z.deny(m)
			return
		}
	}
	if typ == dns.TypeNSEC && z.NSEC && z.records[name] != nil {
		m.Answer = append(m.Answer, z.nsec(name))
		return
	}
	if alias := z.get(source, dns.TypeCNAME); len(alias) > 0 && typ != dns.TypeCNAME {
		m.Answer = append(m.Answer, as(alias[0], name))
		target := dns.CanonicalName(alias[0].(*dns.CNAME).Target)
		if dns.IsSubDomain(z.Name, target) && z.cut(target) == "" && len(m.Answer) < 10 {
			sub := new(dns.Msg)
			z.answer(sub, target, typ)
			m.Answer = append(m.Answer, sub.Answer...)
			m.Rcode = sub.Rcode
		}
		return
	}
	records := z.get(source, typ)
	if n := len(records); z.Vary && source != name && n > 0 {
		h := fnv.New32()
		h.Write([]byte(name))
		i := int(h.Sum32() % uint32(n))
		records = records[i : i+1]
	}
	for _, r := range records {
		m.Answer = append(m.Answer, as(r, name))
	}
	if len(m.Answer) == 0 {
		z.deny(m)
	}
}

func (z *Zone) deny(m *dns.Msg) { m.Ns = append(m.Ns, z.get(z.Name, dns.TypeSOA)...) }

// nsec is the record that leads to the next name of the zone; names below a
// delegation are not the zone's.
func (z *Zone) nsec(name string) dns.RR {
	var own []string
	for _, n := range z.names {
		if c := z.cut(n); c == "" || c == n {
			own = append(own, n)
		}
	}
	next := own[(slices.Index(own, name)+1)%len(own)]
	return &dns.NSEC{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: 300}, NextDomain: next, TypeBitMap: []uint16{dns.TypeA, dns.TypeNSEC}}
}

// wildcard is the wildcard that answers for name: that of the closest ancestor
// that exists.
func (z *Zone) wildcard(name string) string {
	for at := name; at != z.Name; {
		_, at, _ = strings.Cut(at, ".")
		if z.exists(at) || at == z.Name {
			if star := "*." + at; z.records[star] != nil {
				return star
			}
			return ""
		}
	}
	return ""
}

func as(r dns.RR, name string) dns.RR {
	r = dns.Copy(r)
	r.Header().Name = name
	return r
}

// Resolver is a recursive resolver that knows all zones of its world. Lie,
// when set, may change an answer.
type Resolver struct {
	World     []*Zone
	Lie       func(q dns.Question, m *dns.Msg)
	Drop      func() bool // reports whether to leave the next question unanswered
	Questions atomic.Int64
}

// ServeDNS answers one question.
func (s *Resolver) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	if s.Questions.Add(1); s.Drop != nil && s.Drop() {
		return
	}
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	name, typ := dns.CanonicalName(q.Question[0].Name), q.Question[0].Qtype
	s.resolve(m, name, typ, 0)
	if len(m.Answer) > 0 && dns.CanonicalName(m.Answer[0].Header().Name) == name {
		m.Answer[0] = as(m.Answer[0], q.Question[0].Name)
	}
	if s.Lie != nil {
		s.Lie(q.Question[0], m)
	}
	write(w, q, m)
}

func (s *Resolver) resolve(m *dns.Msg, name string, typ uint16, depth int) {
	z := (&Authority{Zones: s.World}).zone(name, typ)
	if z == nil || depth > 8 {
		m.Rcode = dns.RcodeNameError
		return
	}
	sub := new(dns.Msg)
	z.answer(sub, name, typ)
	if !sub.Authoritative { // a delegation to a zone that nobody has: lame
		m.Rcode = dns.RcodeServerFailure
		return
	}
	m.Rcode = sub.Rcode
	m.Answer = append(m.Answer, sub.Answer...)
	if n := len(sub.Answer); n > 0 {
		if alias, ok := sub.Answer[n-1].(*dns.CNAME); ok && typ != dns.TypeCNAME {
			s.resolve(m, dns.CanonicalName(alias.Target), typ, depth+1)
		}
	}
}

// Serve answers at an address over UDP and TCP until stop is called.
func Serve(at netip.AddrPort, h dns.Handler) (stop func(), err error) {
	udp, err := net.ListenPacket("udp", at.String()) //nolint:noctx // it binds at once
	if err != nil {
		return nil, err
	}
	tcp, err := net.Listen("tcp", at.String()) //nolint:noctx // as above
	if err != nil {
		udp.Close()
		return nil, err
	}
	servers := []*dns.Server{{PacketConn: udp, Handler: h}, {Listener: tcp, Handler: h}}
	done := make(chan struct{}, 2)
	for _, s := range servers {
		ready := make(chan struct{})
		s.NotifyStartedFunc = func() { close(ready) }
		go func() {
			s.ActivateAndServe() //nolint:errcheck // it ends with the listener
			done <- struct{}{}
		}()
		<-ready
	}
	return func() {
		for _, s := range servers {
			s.Shutdown() //nolint:errcheck // it ends all the same
		}
		<-done
		<-done
	}, nil
}
