// Package resolve asks the DNS. It has its own client, because a discovery must
// know what an ordinary resolver hides: whether an upstream lies, which server
// said what, whether silence was loss, and what the servers of a zone answer
// themselves.
//
// Every question leaves from a port of its own with a random id and random
// letter case (0x20), with EDNS, and again over TCP when the answer is cut or
// does not repeat the question letter for letter. What upstreams say is voted
// on; the servers of the zone, found by following delegation from the root,
// decide where they differ.
package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/time/rate"

	"github.com/harrier-scan/harrier"
)

// Way is the way to the network; netio.Net is one.
type Way interface {
	Declare(addr netip.Addr, hostRate int) error
	Release(addr netip.Addr)
	Dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error)
}

// Options say whom to ask and how fast. Without Upstreams, questions follow
// delegation from Roots; with both, the servers of a zone arbitrate between
// upstreams that differ.
type Options struct {
	Upstreams []netip.AddrPort // recursive resolvers, trusted as far as they agree
	Roots     []netip.AddrPort // servers of the root; nil for those of the Internet
	Direct    bool             // servers of zones may be asked
	Rate      int              // questions a second to one upstream; 0 means 2000
	ZoneRate  int              // questions a second to the servers of one zone; 0 means 200
	Timeout   time.Duration    // for an answer at the first try; 0 means 800ms
	Tries     int              // for one question to one server; 0 means 4
	Allow     func(netip.Addr) bool
	Now       func() time.Time
}

// Answer is what is believed about one question.
type Answer struct {
	Name    string // as asked: lower case, no dot behind it
	Type    uint16
	Rcode   int      // dns.RcodeSuccess, dns.RcodeNameError, …
	Records []dns.RR // of the answer, CNAMEs on the way included
	Zone    string   // whose SOA came with the answer; "" when none did
	Server  netip.AddrPort
	At      time.Time
}

// Exists reports whether the name is there, with or without records.
func (a Answer) Exists() bool { return a.Rcode == dns.RcodeSuccess }

// Has reports whether there is any record.
func (a Answer) Has() bool { return a.Rcode == dns.RcodeSuccess && len(a.Records) > 0 }

// Client asks. Its methods may overlap. Close it.
type Client struct {
	way   Way
	o     Options
	ups   []*upstream
	cache cache

	mu       sync.Mutex
	declared map[netip.Addr]bool
	zones    map[string]*zonePace
	cuts     map[string]*Delegation
	silent   map[netip.AddrPort]int // questions in a row that a server left unanswered

	questions  atomic.Int64
	unanswered atomic.Int64
	doubtful   atomic.Int64
}

// rootServers are those of the Internet.
//
// Source: https://www.iana.org/domains/root/servers
var rootServers = []string{
	"198.41.0.4", "170.247.170.2", "192.33.4.12", "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4",
	"198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129", "199.7.83.42", "202.12.27.33",
}

// New returns a client. It answers Forbidden when a guard rule forbids an
// upstream.
func New(way Way, o Options) (*Client, error) {
	o = o.withDefaults()
	c := &Client{way: way, o: o, declared: map[netip.Addr]bool{}, zones: map[string]*zonePace{}, cuts: map[string]*Delegation{}, silent: map[netip.AddrPort]int{}}
	c.cache.m = map[question]*entry{}
	for _, a := range o.Upstreams {
		if err := c.declare(a.Addr()); err != nil {
			c.Close()
			return nil, err
		}
		c.ups = append(c.ups, &upstream{addr: a, pace: rate.NewLimiter(rate.Limit(o.Rate), max(1, o.Rate/20))})
	}
	return c, nil
}

func (o Options) withDefaults() Options {
	if o.Rate == 0 {
		o.Rate = 2000
	}
	if o.ZoneRate == 0 {
		o.ZoneRate = 200
	}
	if o.Timeout == 0 {
		o.Timeout = 800 * time.Millisecond
	}
	if o.Tries == 0 {
		o.Tries = 4
	}
	if o.Allow == nil {
		o.Allow = func(netip.Addr) bool { return true }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Roots == nil {
		for _, s := range rootServers {
			o.Roots = append(o.Roots, netip.AddrPortFrom(netip.MustParseAddr(s), 53))
		}
	}
	allow, roots := o.Allow, o.Roots
	o.Allow = func(a netip.Addr) bool { // who names the root servers knows where they are
		return allow(a) || slices.ContainsFunc(roots, func(r netip.AddrPort) bool { return r.Addr() == a })
	}
	return o
}

// Close releases every server that was asked.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for a := range c.declared {
		c.way.Release(a)
	}
	clear(c.declared)
}

// Questions is how many packets with questions were sent.
func (c *Client) Questions() int64 { return c.questions.Load() }

// Unanswered is how many questions stayed without any answer.
func (c *Client) Unanswered() int64 { return c.unanswered.Load() }

// Doubtful is how many answers were not believed because there was no majority.
func (c *Client) Doubtful() int64 { return c.doubtful.Load() }

// declare makes addr a target for as long as the client lives.
func (c *Client) declare(addr netip.Addr) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.declared[addr] {
		return nil
	}
	if len(c.declared) >= maxServers {
		return errors.New("too many name servers")
	}
	if err := c.way.Declare(addr, 0); err != nil {
		return err
	}
	c.declared[addr] = true
	return nil
}

// reach makes ready to ask a server that the DNS itself named.
func (c *Client) reach(addr netip.Addr) error {
	if !c.o.Direct {
		return harrier.Errorf(harrier.Forbidden, "servers of zones are not asked")
	}
	if !c.o.Allow(addr) {
		return harrier.Errorf(harrier.Forbidden, "%v is no public address", addr)
	}
	return c.declare(addr)
}

// The bounds of a client.
const (
	maxServers = 4096
	maxCache   = 200_000
	maxCuts    = 20_000
	maxChain   = 12 // CNAMEs, and delegations within delegations
)

// Canonical is how names are written here: lower case, no dot behind. It is ""
// for what is no name of the DNS.
func Canonical(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" || len(name) > 253 {
		return ""
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return ""
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '*' {
				return ""
			}
		}
	}
	return name
}

// Below reports whether name is zone or below it. The zone "" is the root.
func Below(name, zone string) bool {
	return zone == "" || name == zone || strings.HasSuffix(name, "."+zone)
}

type zonePace struct{ *rate.Limiter }

// pace waits until the servers of zone may be asked once more.
func (c *Client) pace(ctx context.Context, zone string) error {
	c.mu.Lock()
	p := c.zones[zone]
	if p == nil {
		if len(c.zones) > maxCuts {
			clear(c.zones)
		}
		p = &zonePace{rate.NewLimiter(rate.Limit(c.o.ZoneRate), max(1, c.o.ZoneRate/10))}
		c.zones[zone] = p
	}
	c.mu.Unlock()
	return p.Wait(ctx)
}
