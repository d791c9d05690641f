package identity

import (
	"net"
	"net/netip"
	"strings"
	"time"
)

// throttle slows guessing down. Failures are counted for each user name and
// for each source. From some number of them on, each further one doubles the
// time in which sign-ins are refused unseen. A user who has signed in from a
// source before is not slowed down there by failures from elsewhere, so that
// nobody can lock others out.
type throttle struct {
	names   *recent[failures]
	sources *recent[failures]
	known   *recent[bool] // name and source that have signed in
}

type failures struct {
	count int
	last  time.Time
}

// limit is how many failures are free, and the longest time of refusal.
type limit struct {
	free    int
	longest time.Duration
}

var (
	perName   = limit{free: 5, longest: 30 * time.Second}
	perSource = limit{free: 20, longest: time.Minute}
)

// forgetAfter is the time without a failure after which none is remembered.
const forgetAfter = 15 * time.Minute

func newThrottle() *throttle {
	return &throttle{newRecent[failures](remembered), newRecent[failures](remembered), newRecent[bool](remembered)}
}

// wait returns how long sign-ins are refused from now on; 0 for not at all.
func (t *throttle) wait(name, from string, now time.Time) time.Duration {
	source := sourceOf(from)
	f, _ := t.sources.get(source)
	wait := perSource.wait(f, now)
	key := strings.ToLower(name)
	if known, _ := t.known.get(key + "\x00" + source); known {
		key += "\x00" + source // counted apart
	}
	f, _ = t.names.get(key)
	return max(wait, perName.wait(f, now))
}

func (l limit) wait(f failures, now time.Time) time.Duration {
	if f.count < l.free || now.Sub(f.last) > forgetAfter {
		return 0
	}
	pause := l.longest
	if doublings := f.count - l.free; doublings < 10 {
		pause = min(pause, time.Second<<doublings)
	}
	return max(0, f.last.Add(pause).Sub(now))
}

// failed counts a failure.
func (t *throttle) failed(name, from string, now time.Time) {
	count := func(old failures) failures {
		if now.Sub(old.last) > forgetAfter {
			old.count = 0
		}
		return failures{old.count + 1, now}
	}
	source, key := sourceOf(from), strings.ToLower(name)
	t.sources.change(source, count)
	if known, _ := t.known.get(key + "\x00" + source); known {
		key += "\x00" + source
	}
	t.names.change(key, count)
}

// succeeded forgets the failures of the user. Those of the source stay: else
// one account of one's own would be enough to guess all others.
func (t *throttle) succeeded(name, from string) {
	key := strings.ToLower(name)
	pair := key + "\x00" + sourceOf(from)
	t.names.forget(key)
	t.names.forget(pair)
	t.known.change(pair, func(bool) bool { return true })
}

// sourceOf returns what stands for the one who asks from an address, with or
// without a port: an IPv4 address, or an IPv6 net of 64 bits, within which
// anybody has as many addresses as they like.
func sourceOf(from string) string {
	if host, _, err := net.SplitHostPort(from); err == nil {
		from = host
	}
	a, err := netip.ParseAddr(from)
	if err != nil {
		return from
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}
