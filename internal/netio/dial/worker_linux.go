package dial

import (
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

const (
	batch    = 128                  // answers that are given at a time
	scarcity = 5 * time.Millisecond // after which a worker without room tries again
	retries  = 8                    // of an attempt that may have met itself or another
)

// worker starts attempts, waits for their ends and answers. It has sockets, an
// epoll set and deadlines of its own; with the others it shares only the queue
// and the bound on files.
type worker struct {
	t    *Transport
	max  int
	poll *os.File
	raw  syscall.RawConn
	fd   int // poll's

	attempts []attempt
	spare    []int32    // attempts without a socket
	free     [2][]int32 // attempts with an idle socket, by family
	least    [2]int     // how many of them were idle all the time since trimmed
	trimmed  int64
	flight   int
	wheel    wheel
	scarce   bool // no file could be had
	once     bool // this system's sockets can not be used again

	todo    [turn]sweep.Probe
	events  [turn * 4]unix.EpollEvent
	ready   int // how many of events are set
	answers []sweep.Answer
	four    unix.RawSockaddrInet4
	six     unix.RawSockaddrInet6
	message struct {
		header  unix.Msghdr
		name    unix.RawSockaddrInet6
		control [256]byte
	}
	zone   string // the last one that was looked up
	zoneID uint32
	zoneAt int64

	parked bool // it waits with nothing to do: guarded by t.mu
}

// attempt is a socket, and a probe when it is in flight.
type attempt struct {
	probe  sweep.Probe
	began  int64
	fd     int32
	six    uint8 // the socket's family: 0 IPv4, 1 IPv6
	flying bool
	known  bool  // to epoll
	bound  bool  // to an interface, by a zone
	used   bool  // it connected before
	again  uint8 // how often it was asked again
}

func newWorker(t *Transport, most int) (*worker, error) {
	poll, err := newPoll()
	if err != nil {
		return nil, err
	}
	w := &worker{t: t, max: most, poll: poll, answers: make([]sweep.Answer, 0, batch)}
	if w.raw, err = poll.SyscallConn(); err == nil {
		err = w.raw.Control(func(fd uintptr) { w.fd = int(fd) })
	}
	if err == nil {
		err = poll.SetReadDeadline(time.Time{}) // fails if the runtime can not watch it
	}
	if err != nil {
		poll.Close()
		return nil, err
	}
	w.four.Family, w.six.Family = unix.AF_INET, unix.AF_INET6
	return w, nil
}

// rouse ends a wait. The caller holds t.mu.
func (w *worker) rouse() { _ = w.poll.SetReadDeadline(time.Unix(1, 0)) } // it worked in newWorker

func (w *worker) run() {
	defer w.end()
	gather, timeout := w.gather, w.timeout // bound once, not in each round
	for {
		n, closed := w.t.take(w.todo[:w.vacant()])
		if closed {
			return
		}
		started := 0
		for started < n && w.start(&w.todo[started]) {
			started++
		}
		if w.scarce = started < n; w.scarce {
			w.t.back(w.todo[started:n])
		}
		if w.flight > 0 && gather(0) {
			w.look()
		}
		now := w.t.now()
		w.wheel.over(now, timeout)
		w.trim(now)
		w.flush()
		if n > 0 && !w.scarce {
			runtime.Gosched() // system calls that do not block are not seen by the scheduler
			continue
		}
		w.park(gather)
	}
}

// vacant is how many attempts may be started at a time now.
func (w *worker) vacant() int {
	n := min(turn, w.max-w.flight)
	if w.scarce { // one, to see whether that has changed
		n = min(n, len(w.free[0])+len(w.free[1])+1)
	}
	return n
}

// end closes all that is open.
func (w *worker) end() {
	for i := range w.attempts {
		if w.attempts[i].fd >= 0 {
			w.drop(int32(i))
		}
	}
}

// park waits for an answer, a deadline or, unless short of room, new probes.
func (w *worker) park(gather func(uintptr) bool) {
	until, full := w.wheel.next(), w.flight >= w.max
	sooner := func(at int64) {
		if until < 0 || at < until {
			until = at
		}
	}
	if w.scarce {
		sooner(w.t.now() + int64(scarcity))
	}
	if len(w.free[0])+len(w.free[1]) > 0 {
		sooner(w.trimmed + int64(idle))
	}
	var deadline time.Time
	if until >= 0 {
		deadline = w.t.base.Add(time.Duration(until))
	}
	w.t.mu.Lock()
	if w.t.closed || !w.scarce && !full && w.t.queue.size > 0 {
		w.t.mu.Unlock()
		return
	}
	_ = w.poll.SetReadDeadline(deadline) // it worked in newWorker
	w.parked = !w.scarce && !full
	w.t.mu.Unlock()
	err := w.raw.Read(gather)
	w.t.mu.Lock()
	w.parked = false
	w.t.mu.Unlock()
	if err == nil {
		w.look()
	}
}

// gather fetches events without waiting, and reports whether there are any.
func (w *worker) gather(uintptr) bool {
	n, _, e := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(w.fd), uintptr(unsafe.Pointer(&w.events)), uintptr(len(w.events)), 0, 0, 0)
	w.ready = 0
	if e == 0 {
		w.ready = int(n)
	}
	return w.ready > 0
}

// look reads the state of the attempts that events name.
func (w *worker) look() {
	for _, ev := range w.events[:w.ready] {
		i := ev.Fd
		a := &w.attempts[i]
		if !a.flying { // the event is from its former use
			continue
		}
		e := w.connect(a)
		if e == unix.EALREADY || e == unix.EINPROGRESS {
			if ev.Events&unix.EPOLLERR == 0 {
				continue
			}
			// An ICMP error, of which the socket itself does not know, may wait:
			// then it still tries to connect.
			if !w.unreachable(a) {
				continue
			}
			e = unix.EHOSTUNREACH
		}
		// Port unreachable, as firewalls send it, looks like a refusal.
		if e == unix.ECONNREFUSED && ev.Events&unix.EPOLLERR != 0 && w.unreachable(a) {
			e = unix.EHOSTUNREACH
		}
		w.wheel.remove(i)
		w.finish(i, e)
	}
	w.ready = 0
}

// timeout ends an attempt whose wait is over.
func (w *worker) timeout(i int32) {
	a := &w.attempts[i]
	if e := w.connect(a); e != unix.EALREADY && e != unix.EINPROGRESS {
		w.finish(i, e) // the answer is there and we came late
		return
	}
	w.tell(a, sweep.Silent, w.t.now())
	w.land(i, w.disconnect(a))
}

// start begins an attempt and reports false when there is no room for it.
func (w *worker) start(p *sweep.Probe) bool {
	if p.Item.Kind() != sweep.SYN || !p.Addr.IsValid() {
		w.give(sweep.Answer{Addr: p.Addr, Item: p.Item, Tag: p.Tag, State: sweep.Local, At: time.Now()})
		return true
	}
	six := uint8(0)
	if p.Addr.Is6() && !p.Addr.Is4In6() {
		six = 1
	}
	i, e := w.socket(six)
	switch {
	case e == unix.EMFILE || e == unix.ENFILE || e == unix.ENOBUFS || e == unix.ENOMEM || e == unix.EAGAIN:
		return false
	case e == unix.EAFNOSUPPORT: // a system without IPv6
		e = unix.ENETUNREACH
	}
	if e != 0 {
		w.give(sweep.Answer{Addr: p.Addr, Item: p.Item, Tag: p.Tag, State: classify(e), At: time.Now()})
		return true
	}
	a := &w.attempts[i]
	a.probe, a.flying, a.again = *p, true, 0
	w.flight++
	w.begin(i)
	return true
}

// begin connects attempt i. What is known at once is answered at once.
func (w *worker) begin(i int32) {
	a := &w.attempts[i]
	used := a.used
	a.used, a.began = true, w.t.now()
	e := w.connect(a)
	if e == unix.EINPROGRESS || e == unix.EINTR {
		e = w.connect(a)
	} else if used && (e == unix.ECONNABORTED || e == unix.EINVAL || e == unix.EISCONN || e == unix.EALREADY) && !a.bound {
		// Not Linux itself: the socket is worn out. Ask with a new one.
		w.once = true
		if !w.renew(i) {
			w.tell(a, sweep.Local, a.began)
			w.land(i, false)
			return
		}
		w.begin(i)
		return
	}
	if e == unix.EINVAL { // of a new socket: a blackhole route
		e = unix.ENETUNREACH
	}
	if e != unix.EALREADY && e != unix.EINPROGRESS && e != unix.EINTR {
		w.finish(i, e)
		return
	}
	if !a.known {
		ev := unix.EpollEvent{Events: unix.EPOLLOUT | unix.EPOLLERR | unix.EPOLLHUP | unix.EPOLLET, Fd: i}
		if unix.EpollCtl(w.fd, unix.EPOLL_CTL_ADD, int(a.fd), &ev) != nil {
			w.tell(a, sweep.Local, a.began)
			w.land(i, false)
			return
		}
		a.known = true
	}
	w.wheel.add(i, a.began+int64(max(a.probe.Wait, 0)))
}

// finish answers attempt i, which ended with e.
func (w *worker) finish(i int32, e syscall.Errno) {
	a := &w.attempts[i]
	now := w.t.now()
	if e != 0 && e != unix.EISCONN {
		s := classify(e)
		w.tell(a, s, now)
		w.land(i, s == sweep.Closed)
		return
	}
	s := sweep.Open
	if own := w.own(a); own.Addr() == a.probe.Addr.Unmap().WithZone("") {
		// Within one host the system may choose the very port that is asked as
		// the source: the socket then talks to itself, and nobody listens. Two
		// attempts may likewise meet each other. Who listens does so each time.
		self := own.Port() == a.probe.Item.Port()
		if a.again < retries && (self || a.probe.Item.Port() >= w.t.lowest) {
			a.again++
			if w.disconnect(a) || w.renew(i) {
				w.begin(i)
				return
			}
			self = true
		}
		if self {
			s = sweep.Local
		}
	}
	w.tell(a, s, now)
	w.land(i, w.disconnect(a))
}

// tell answers the attempt's probe.
func (w *worker) tell(a *attempt, s sweep.State, now int64) {
	r := sweep.Answer{Addr: a.probe.Addr, Item: a.probe.Item, Tag: a.probe.Tag, State: s, At: w.t.base.Add(time.Duration(now))}
	if s != sweep.Local && s != sweep.Silent {
		r.RTT = time.Duration(now - a.began)
	}
	w.give(r)
}

func (w *worker) give(r sweep.Answer) {
	w.answers = append(w.answers, r)
	if len(w.answers) == batch {
		w.flush()
	}
}

func (w *worker) flush() {
	if len(w.answers) > 0 {
		w.t.answer(w.answers)
		w.answers = w.answers[:0]
	}
}

// land ends the flight of attempt i. Its socket is kept if it is clean.
func (w *worker) land(i int32, clean bool) {
	a := &w.attempts[i]
	a.flying = false
	w.flight--
	if clean && !a.bound && !w.once {
		w.free[a.six] = append(w.free[a.six], i)
		return
	}
	w.drop(i)
	w.spare = append(w.spare, i)
}
