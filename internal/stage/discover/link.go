package discover

import (
	"context"
	"net"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// When ARP and neighbour discovery are doubted. A router with proxy ARP says on
// the link that every address of a net is its own, whether somebody is behind it
// or not.
const (
	// fewAddresses is below how many addresses of a subnet a link-layer address
	// is taken for that of a host, once linkWait is over: virtual routers, and
	// hosts with some addresses.
	fewAddresses = 4
	linkWait     = time.Second
)

// link is a link-layer address that answered for addresses of a subnet.
type link struct {
	count  int      // of them
	device bool     // they are so many that its answer shows no host
	held   []*Visit // that wait for a word
}

// byLink reports whether the link alone speaks for a host.
func byLink(a Answer) bool {
	return a.Known && a.Reply.Item.Kind() == sweep.Neighbour && a.Reply.MAC != [6]byte{}
}

// linked looks whether an answer on the link shows a host. It does where its
// link-layer address answers for less than 24 addresses of the subnet. Else the
// address is asked in the other ways that the settings allow, and is a host if
// it answers any: a machine that really has all these addresses does.
func (v *Visit) linked(ctx context.Context, s harrier.Settings, a Answer) (Answer, error) {
	if v.tellLink(a) {
		again, err := v.waitLink(ctx, a.Reply.MAC)
		if err != nil || !again {
			return a, err
		}
	} else if !v.net.isDevice(v.book, a.Reply.MAC) {
		return a, nil
	}
	if s.NoARP = true; s.Pings() {
		seen, err := v.book.ping(ctx, v.addr, s)
		if err != nil {
			return Answer{}, err
		}
		if seen.Alive {
			return seen, nil
		}
	}
	return Answer{Reason: net.HardwareAddr(a.Reply.MAC[:]).String() + " answers on the link for the addresses of " + v.net.key.String()}, nil
}

// tellLink takes an answer on the link in, and reports whether the visitor is
// to wait.
func (v *Visit) tellLink(a Answer) bool {
	b, s := v.book, v.net
	b.mu.Lock()
	defer b.mu.Unlock()
	if v.told {
		return false
	}
	l := s.links[a.Reply.MAC]
	if l == nil {
		if s.links == nil {
			s.links = map[[6]byte]*link{}
		}
		l = &link{}
		s.links[a.Reply.MAC] = l
	}
	l.count++
	if l.count >= leastAlike && !l.device {
		l.device = true
		l.release(true)
	}
	if !l.device {
		l.held = append(l.held, v)
	}
	s.others++
	v.outcome() // and by it this one is believed, if no more can come
	b.decide(s)
	return !l.device
}

// release gives all that wait the same word. The caller holds the book's mu.
func (l *link) release(again bool) {
	for _, v := range l.held {
		v.again <- again
	}
	l.held = nil
}

// decideLinks believes those link-layer addresses that can not be a device's
// any more. The caller holds the book's mu.
func (s *subnet) decideLinks() {
	left := s.pending
	if !s.full {
		left += netSize - s.asked
	}
	for _, l := range s.links {
		if l.count+left < leastAlike {
			l.release(false)
		}
	}
}

// waitLink waits for the neighbours.
func (v *Visit) waitLink(ctx context.Context, mac [6]byte) (again bool, err error) {
	tick := time.NewTicker(linkWait)
	defer tick.Stop()
	for {
		select {
		case again := <-v.again:
			return again, nil
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
			v.book.overdue(v.net)
			v.net.few(v.book, mac)
		}
	}
}

// few believes those that wait for a link-layer address with few addresses.
func (s *subnet) few(b *Neighbourhood, mac [6]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := s.links[mac]; l.count < fewAddresses {
		l.release(false)
	}
}

func (s *subnet) isDevice(b *Neighbourhood, mac [6]byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return s.links[mac] != nil && s.links[mac].device
}
