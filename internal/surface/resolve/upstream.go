package resolve

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/harrier-scan/harrier"
)

// upstream is a resolver that others run, and what is thought of it.
type upstream struct {
	addr netip.AddrPort
	pace *rate.Limiter

	mu      sync.Mutex
	faults  int
	dropped string // why it is asked no more; "" while it is
}

// faultsAllowed is how often an upstream may say what the others and the
// servers of the zone deny: a cache may be old once.
const faultsAllowed = 3

func (u *upstream) usable() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.dropped == ""
}

func (u *upstream) drop(why string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.dropped == "" {
		u.dropped = why
	}
}

func (u *upstream) fault(what string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.faults++; u.faults >= faultsAllowed && u.dropped == "" {
		u.dropped = fmt.Sprintf("outvoted %d times, the last time about %s", u.faults, what)
	}
}

// Health is what is thought of an upstream.
type Health struct {
	Addr    netip.AddrPort `json:"addr"`
	Faults  int            `json:"faults,omitempty"`  // answers that were outvoted
	Dropped string         `json:"dropped,omitempty"` // why it is asked no more
}

// Health tells of every upstream, in the order of the options.
func (c *Client) Health() []Health {
	var out []Health
	for _, u := range c.ups {
		u.mu.Lock()
		out = append(out, Health{u.addr, u.faults, u.dropped})
		u.mu.Unlock()
	}
	return out
}

// usable are the upstreams that were not dropped.
func (c *Client) usable() []*upstream {
	var out []*upstream
	for _, u := range c.ups {
		if u.usable() {
			out = append(out, u)
		}
	}
	return out
}

// RandomLabel is a label that nobody has.
func RandomLabel() string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	b := make([]byte, 18)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}

// Check tests the upstreams and drops those that do not answer or lie: about
// names below .invalid, which never exist, about random names below each of
// zones, and about the zones themselves. It answers Unavailable when upstreams
// were given and none is left.
//
// Source: RFC 6761 section 6.4 (.invalid).
func (c *Client) Check(ctx context.Context, zones []string) error {
	if len(c.ups) == 0 {
		return nil
	}
	zones = zones[:min(len(zones), 4)]
	asked := []question{{RandomLabel() + ".invalid", dns.TypeA}, {RandomLabel() + "." + RandomLabel() + ".invalid", dns.TypeA}}
	for _, z := range zones {
		asked = append(asked, question{RandomLabel() + "." + z, dns.TypeA}, question{z, dns.TypeSOA})
	}
	said := make([][]Answer, len(c.ups))
	var g errgroup.Group
	g.SetLimit(16)
	for i, u := range c.ups {
		said[i] = make([]Answer, len(asked))
		for j, q := range asked {
			g.Go(func() error {
				a, err := c.ask(ctx, u, q)
				if err != nil {
					a = Answer{Rcode: dns.RcodeServerFailure}
				}
				said[i][j] = a
				return nil
			})
		}
	}
	g.Wait() //nolint:errcheck // the functions above answer nil
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, u := range c.ups {
		if said[i][0].Has() || said[i][1].Has() {
			u.drop("it answers for names that do not exist")
		} else if !slices.ContainsFunc(said[i], func(a Answer) bool { return a.Rcode == dns.RcodeSuccess || a.Rcode == dns.RcodeNameError }) {
			u.drop("it does not answer")
		}
	}
	for j, q := range asked[2:] {
		c.compare(ctx, q, func(i int) Answer { return said[i][2+j] })
	}
	if len(c.usable()) == 0 {
		return harrier.Errorf(harrier.Unavailable, "no resolver can be used: %s", c.reasons())
	}
	return nil
}

func (c *Client) reasons() string {
	var out []string
	for _, h := range c.Health() {
		out = append(out, fmt.Sprintf("%v: %s", h.Addr, h.Dropped))
	}
	return strings.Join(out, "; ")
}

// compare drops the upstreams that say of q what neither the zone's servers
// nor most of the others do.
func (c *Client) compare(ctx context.Context, q question, said func(i int) Answer) {
	votes := map[sense]int{}
	for i, u := range c.ups {
		if u.usable() && said(i).Rcode != dns.RcodeServerFailure {
			votes[senseOf(said(i))]++
		}
	}
	if len(votes) < 2 {
		return
	}
	truth, ok := sense(0), false
	if a, err := c.arbiter(ctx, q); err == nil {
		truth, ok = senseOf(a), true
	} else {
		truth, ok = majority(votes)
	}
	for i, u := range c.ups {
		if ok && u.usable() && said(i).Rcode != dns.RcodeServerFailure && senseOf(said(i)) != truth {
			u.drop("it says otherwise than the others about " + q.name)
		}
	}
}

// sense is what an answer comes to.
type sense uint8

const (
	failed sense = iota
	missing
	empty
	positive
)

func senseOf(a Answer) sense {
	switch {
	case a.Has():
		return positive
	case a.Rcode == dns.RcodeSuccess:
		return empty
	case a.Rcode == dns.RcodeNameError:
		return missing
	}
	return failed
}

// majority is what more than half say.
func majority(votes map[sense]int) (best sense, ok bool) {
	sum := 0
	for s, n := range votes {
		sum += n
		if n > votes[best] {
			best = s
		}
	}
	return best, 2*votes[best] > sum
}

// ask asks one upstream.
func (c *Client) ask(ctx context.Context, u *upstream, q question) (Answer, error) {
	if err := u.pace.Wait(ctx); err != nil {
		return Answer{}, err
	}
	m, err := c.Ask(ctx, u.addr, Question{Name: q.name, Type: q.typ, Recurse: true})
	if err != nil {
		return Answer{}, err
	}
	return c.read(q, m, u.addr), nil
}

// read takes from a message what belongs to the question: the chain of CNAMEs
// and the records of the type at its end. What else a server sends along is not
// believed.
func (c *Client) read(q question, m *dns.Msg, server netip.AddrPort) Answer {
	a := Answer{Name: q.name, Type: q.typ, Rcode: m.Rcode, Server: server, At: c.o.Now()}
	at := q.name
	for range maxChain {
		next := ""
		for _, r := range m.Answer {
			if Canonical(r.Header().Name) != at || r.Header().Class != dns.ClassINET {
				continue
			}
			if t := r.Header().Rrtype; t == q.typ || q.typ == dns.TypeANY {
				a.Records = append(a.Records, r)
			} else if alias, ok := r.(*dns.CNAME); ok && next == "" {
				if next = Canonical(alias.Target); next != "" {
					a.Records = append(a.Records, r)
				}
			}
		}
		if next == "" || q.typ == dns.TypeCNAME {
			break
		}
		at = next
	}
	for _, r := range slices.Concat(m.Answer, m.Ns) {
		if zone := Canonical(r.Header().Name); r.Header().Rrtype == dns.TypeSOA && Below(q.name, zone) {
			a.Zone = zone
		}
	}
	if m.Rcode == dns.RcodeNameError && len(a.Records) > 0 {
		a.Rcode = dns.RcodeSuccess // the name is there, only what it points to is not: RFC 6604
	}
	slices.SortFunc(a.Records, func(x, y dns.RR) int { return strings.Compare(rdata(x), rdata(y)) })
	return a
}

// rdata is a record without its TTL, in one spelling.
func rdata(r dns.RR) string {
	h := r.Header()
	return strings.ToLower(h.Name) + " " + dns.TypeToString[h.Rrtype] + " " + strings.TrimPrefix(r.String(), h.String())
}
