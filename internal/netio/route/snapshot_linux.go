package route

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxAge = time.Second // of what was answered, though no change is reported

	// A snapshot is not taken again before so many times what it cost, so that
	// a storm of changes takes no more than a few percent of a processor. The
	// kernel is asked for each address meanwhile.
	costFactor = 20
	minPause   = 5 * time.Millisecond

	// Where there are more borders than this, as in a router with the whole
	// Internet's routes, the kernel is asked for each address.
	maxBorders = 1 << 16
	hugePause  = 30 * time.Second
	errorPause = time.Second
)

// snapshot is how the tables divided the addresses at one moment, with the
// answers that were asked for since.
type snapshot struct {
	gen      uint64
	at       time.Time
	pause    time.Duration // no new one before at+pause
	v4, v6   *cells        // nil if the tables are too large or were not to be had
	bySource bool          // an IPv4 rule chooses by source
}

func (s *snapshot) cells(a netip.Addr) *cells {
	if a.Is4() {
		return s.v4
	}
	return s.v6
}

// takeSnapshot reads the tables. It always returns one, at worst without cells.
func takeSnapshot(c *conn, gen uint64) *snapshot {
	began := time.Now()
	s := &snapshot{gen: gen, at: began}
	b := borders{}
	err := b.read(c)
	switch {
	case errors.Is(err, errHuge):
		s.pause = hugePause
		return s
	case err != nil:
		s.pause = errorPause
		if errors.Is(err, errInterrupted) {
			s.pause = minPause + costFactor*time.Since(began)
		}
		return s
	}
	s.v4 = newCells(32, b.v4, b.split4)
	s.v6 = newCells(128, b.v6, b.split6)
	s.bySource = b.bySource
	s.pause = minPause + costFactor*time.Since(began)
	return s
}

var errHuge = errors.New("route: too many routes to share answers")

// borders are the prefixes that divide the addresses.
type borders struct {
	v4, v6, split4, split6 []netip.Prefix
	bySource               bool
}

func (b *borders) read(c *conn) error {
	for _, family := range [...]byte{unix.AF_INET, unix.AF_INET6} {
		err := errors.Join(
			c.dump(unix.RTM_GETROUTE, family, unix.SizeofRtMsg, b.route),
			ignore(c.dump(unix.RTM_GETRULE, family, unix.SizeofRtMsg, b.rule), unix.EOPNOTSUPP, unix.EAFNOSUPPORT),
		)
		if err != nil {
			return err
		}
	}
	b.v4, b.v6 = append(b.v4, classes4...), append(b.v6, classes6...)
	return errors.Join(
		c.dump(unix.RTM_GETADDR, unix.AF_INET6, unix.SizeofIfAddrmsg, b.own),
		ignore(c.dump(unix.RTM_GETADDRLABEL, unix.AF_INET6, sizeofLabel, b.label), unix.EOPNOTSUPP, unix.EAFNOSUPPORT),
	)
}

// ignore is for kernels that are built without policy rules or IPv6.
func ignore(err error, errnos ...unix.Errno) error {
	for _, e := range errnos {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}

func (b *borders) add(p netip.Prefix) error {
	if len(b.v4)+len(b.v6) >= maxBorders {
		return errHuge
	}
	switch {
	case !p.IsValid():
	case p.Addr().Is4():
		b.v4 = append(b.v4, p)
	default:
		b.v6 = append(b.v6, p)
	}
	return nil
}

func (b *borders) route(body []byte) error {
	r, err := parseRoute(body)
	if err != nil || !r.several {
		return errors.Join(err, b.add(r.dst))
	}
	switch {
	case len(b.split4)+len(b.split6) >= maxBorders:
		return errHuge
	case r.family == unix.AF_INET:
		b.split4 = append(b.split4, r.dst)
	default:
		b.split6 = append(b.split6, r.dst)
	}
	return nil
}

func (b *borders) rule(body []byte) error {
	dst, bySource, err := parseRule(body)
	b.bySource = b.bySource || bySource && body[0] == unix.AF_INET
	return errors.Join(err, b.add(dst))
}

// own cuts where the choice of the IPv6 source address may change: one rule
// compares the leading bits of the target with those of each own address, as
// far as its prefix goes (RFC 6724 section 5 rule 8). IPv4 has no such rule: the
// source belongs to the route.
func (b *borders) own(body []byte) error {
	own, err := parseOwn(body)
	if err != nil {
		return err
	}
	for n := 1; n <= own.Bits(); n++ {
		if err := b.add(netip.PrefixFrom(own.Addr(), n)); err != nil {
			return err
		}
	}
	return nil
}

// label cuts by RFC 6724 section 5 rule 6.
func (b *borders) label(body []byte) error {
	p, err := parseLabel(body)
	return errors.Join(err, b.add(p))
}

// classes4 are no hosts, whatever the routes say of them.
var classes4 = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("255.255.255.255/32"),
}

// classes6 are the kinds of IPv6 addresses that differ in scope (RFC 6724
// section 5 rule 2).
var classes6 = []netip.Prefix{
	netip.MustParsePrefix("::/128"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("::/96"), netip.MustParsePrefix("::ffff:0:0/96"),
	netip.MustParsePrefix("2000::/3"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("ff00::/8"),
}
