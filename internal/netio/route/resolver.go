package route

import (
	"net/netip"
	"sync"
	"time"
)

// State is what a Resolver knows about a neighbour.
type State uint8

// The states of a neighbour.
const (
	Pending  State = iota // asked, or about to be: ask again a little later
	Resolved              // the address is known
	Failed                // nobody answered
)

var stateNames = [...]string{"pending", "resolved", "failed"}

// String returns the state in lower case.
func (s State) String() string { return stateNames[min(s, Failed)] }

// The timing follows RFC 4861 section 10 (RETRANS_TIMER,
// MAX_MULTICAST_SOLICIT) and what kernels do for ARP.
const (
	retryAfter     = time.Second
	tries          = 3
	learnedFor     = 60 * time.Second
	kernelSaidFor  = 2 * time.Second // it follows the neighbour better than we do: ask it often
	failedFor      = 5 * time.Second
	maxNeighbours  = 1 << 16 // entries kept, some 8 MiB
	neighboursHalf = maxNeighbours / 2
)

// Resolver finds the link-layer addresses of next hops. It never waits and
// keeps no packets: who gets Pending asks again later, and that drives the
// retries too. It holds at most 65,536 neighbours and forgets those first that
// were not asked for lately. It is safe for concurrent use.
type Resolver struct {
	kernel func(index int, addr netip.Addr) ([6]byte, bool)
	ask    func(Path)
	start  time.Time

	mu sync.Mutex
	// Two generations bound the memory without a search for the oldest: when
	// young is full it becomes old, and what was old and not used since is gone.
	young, old map[neighbour]entry
}

type neighbour struct {
	index int32
	addr  [16]byte
}

func neighbourOf(index int, addr netip.Addr) neighbour {
	return neighbour{int32(index), addr.As16()}
}

type entry struct {
	mac   [6]byte
	known bool // mac is valid; while it is confirmed anew the state is Pending
	state State
	tries uint8         // requests since it became Pending
	until time.Duration // since the Resolver's start; the entry needs no look before
}

// NewResolver returns a Resolver without neighbours. kernel tells what the
// system knows (Table.Neighbour) and is asked before the link is. ask sends one
// ARP request or neighbour solicitation for p.Next, from p.From and p.MAC
// through p.Index; it is called from MAC, never for a path without Next.
func NewResolver(kernel func(index int, addr netip.Addr) (mac [6]byte, ok bool), ask func(p Path)) *Resolver {
	return &Resolver{kernel: kernel, ask: ask, start: time.Now(), young: map[neighbour]entry{}}
}

// MAC returns where frames for p go to. It asks on the link when nobody knows,
// once a second and three times in all; Failed holds for five seconds. An
// address that was learned serves for a minute, and on while it is asked for
// anew. A path without Next is Resolved with its Peer.
func (r *Resolver) MAC(p Path) (mac [6]byte, state State) {
	if !p.Next.IsValid() {
		return p.Peer, Resolved
	}
	e, send := r.look(p)
	if send {
		r.ask(p)
	}
	if e.known {
		return e.mac, Resolved
	}
	return [6]byte{}, e.state
}

// look returns the neighbour's entry, moved on in time, and whether a request
// is due.
func (r *Resolver) look(p Path) (e entry, send bool) {
	k, now := neighbourOf(p.Index, p.Next), time.Since(r.start)
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.get(k)
	if ok && now < e.until {
		return e, false
	}
	if mac, ok := r.kernel(p.Index, p.Next); ok {
		e = entry{mac: mac, known: true, state: Resolved, until: now + kernelSaidFor}
		r.put(k, e)
		return e, false
	}
	if e.state != Pending {
		e.state, e.tries = Pending, 0
	}
	if e.tries < tries {
		e.tries++
		e.until = now + retryAfter
		send = true
	} else {
		e = entry{state: Failed, until: now + failedFor}
	}
	r.put(k, e)
	return e, send
}

// Asked tells that the caller itself just asked for p.Next on the link, as
// discovery does: the answer is then learned, and MAC does not ask at once.
func (r *Resolver) Asked(p Path) {
	if !p.Next.IsValid() {
		return
	}
	k, now := neighbourOf(p.Index, p.Next), time.Since(r.start)
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.get(k)
	if ok && e.state == Resolved && now < e.until {
		return
	}
	if e.state != Pending {
		e.state, e.tries = Pending, 0
	}
	e.tries = min(e.tries+1, tries)
	e.until = now + retryAfter
	r.put(k, e)
}

// Learn takes the sender of an ARP reply or neighbour advertisement that came
// in through the interface. It reports whether it was of use: neighbours that
// nobody asked for are not kept, so that a flood of answers displaces nothing,
// nor are group addresses and zero. While an address serves, nobody else's claim
// to it counts: an answer that was not asked for must not turn packets away.
func (r *Resolver) Learn(index int, addr netip.Addr, mac [6]byte) bool {
	if !addr.IsValid() || mac == [6]byte{} || mac[0]&1 != 0 {
		return false
	}
	k := neighbourOf(index, addr)
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.get(k)
	if !ok {
		return false
	}
	if now := time.Since(r.start); e.state == Resolved && now < e.until {
		return e.mac == mac
	}
	r.put(k, entry{mac: mac, known: true, state: Resolved, until: time.Since(r.start) + learnedFor})
	return true
}

// get finds an entry and makes it young again.
func (r *Resolver) get(k neighbour) (entry, bool) {
	if e, ok := r.young[k]; ok {
		return e, true
	}
	e, ok := r.old[k]
	if ok {
		r.put(k, e)
	}
	return e, ok
}

func (r *Resolver) put(k neighbour, e entry) {
	if _, ok := r.young[k]; !ok && len(r.young) >= neighboursHalf {
		r.old, r.young = r.young, make(map[neighbour]entry)
	}
	r.young[k] = e
}
