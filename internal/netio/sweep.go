package netio

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/dial"
	"github.com/harrier-scan/harrier/internal/netio/raw"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// Job is one host and what it is asked.
type Job struct {
	Addr       netip.Addr
	Plan       *sweep.Plan
	Connect    bool          // by connecting, even where raw packets may be sent
	First      bool          // ends with the first sign of life
	StopSilent bool          // ends as soon as the host stops answering; else it is given some time to come back
	RTT        time.Duration // measured before; 0 when it was not
	Witness    sweep.Item    // what the host answered before, if Known
	Known      bool
	Guess      bool          // Witness is only hoped for: what the host answers first takes its place
	Tries      int           // how often at most a question is asked; 0: as often as the loss on the way asks for
	MinWait    time.Duration // for an answer, at least; 0 means a customary one
	MaxWait    time.Duration // for an answer, at most; 0 means a customary one
	Flight     int           // connections at a time; 0: no limit
	NoLimits   bool          // a host that answers only so many questions a second is not asked at that pace
	NoProof    bool          // silence need not be proven
	NoResets   bool          // a reset is no sign of life
	NoRoute    bool          // a router's word that there is no host ends the job like a sign of life
}

// sweepers are the ways to ask many hosts many questions. Each is made when it
// is first needed.
type sweepers struct {
	mu      sync.Mutex
	closed  bool
	raw     *sweep.Sweeper
	connect *sweep.Sweeper
	table   paths
	denied  bool // raw sockets can not be had
}

// MayRaw reports whether this process may send raw packets.
func MayRaw() bool { return raw.Allowed() }

// Raw reports whether raw packets may be sent.
func (n *Net) Raw() bool { return MayRaw() }

// OnLink reports whether raw packets may be sent to addr and reach it without a
// router, so that ARP or NDP shows it.
func (n *Net) OnLink(addr netip.Addr) bool {
	s := &n.sweepers
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.raw == nil && (s.closed || s.denied || !raw.Allowed() || n.startRaw() != nil) {
		return false
	}
	path, err := s.table.table.Path(plain(addr))
	return err == nil && path.OnLink && path.Ethernet
}

// Sweep asks a declared target what the job says, by raw packets where they may
// be sent and the job lets them, else by connecting. Kinds of questions that
// the way has none for are left out: they stay unknown. What is found is told
// as by sweep.Sweeper.Do.
//
// The error is of kind Forbidden for an address or a port that may not be
// reached, found's, or ctx's.
func (n *Net) Sweep(ctx context.Context, j Job, found func(context.Context, sweep.Reply) error) (sweep.Report, error) {
	j.Addr = plain(j.Addr)
	if err := n.admitPlan(j); err != nil {
		return sweep.Report{}, err
	}
	s, err := n.sweeper(j)
	if err != nil {
		return sweep.Report{}, err
	}
	n.mu.RLock()
	h := n.hosts[j.Addr]
	n.mu.RUnlock()
	if h == nil { // released meanwhile
		return sweep.Report{}, harrier.Errorf(harrier.Forbidden, "%v is not a target", j.Addr)
	}
	return s.Do(ctx, sweep.Job{
		Addr: j.Addr, Plan: j.Plan, First: j.First, StopSilent: j.StopSilent, RTT: j.RTT, Witness: j.Witness, Known: j.Known, Guess: j.Guess,
		Tries: j.Tries, MinWait: j.MinWait, MaxWait: j.MaxWait, Flight: j.Flight,
		NoLimits: j.NoLimits, NoProof: j.NoProof, NoResets: j.NoResets, NoRoute: j.NoRoute, Limit: &h.limit,
	}, found)
}

func (n *Net) admitPlan(j Job) error {
	if _, err := n.admit("ip", netip.AddrPortFrom(j.Addr, 0)); err != nil {
		return err
	}
	if n.pace.Printers {
		return nil
	}
	for i := range j.Plan.Len() {
		if item := j.Plan.Item(i); toPort(item) && IsPrinter(item.Port()) {
			n.refused.Add(1)
			return harrier.Errorf(harrier.Forbidden, "port %d is left to printers", item.Port())
		}
	}
	return nil
}

// toPort reports whether the question is one to open a TCP port.
func toPort(i sweep.Item) bool { return i.Kind() == sweep.SYN || i.Kind() == sweep.Stack }

// sweeper is the way for a job.
func (n *Net) sweeper(j Job) (*sweep.Sweeper, error) {
	s := &n.sweepers
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, sweep.ErrClosed
	}
	if !j.Connect && !s.denied && raw.Allowed() {
		if s.raw == nil {
			if err := n.startRaw(); err != nil {
				s.denied = true // connecting does as well
			}
		}
		if s.raw != nil && s.table.remote(j.Addr) {
			return s.raw, nil
		}
	}
	if s.connect == nil {
		if err := n.startConnect(); err != nil {
			return nil, err
		}
	}
	return s.connect, nil
}

// maxLanes is how many threads send raw packets beside each other at most.
const maxLanes = 4

func (n *Net) newSweeper() *sweep.Sweeper {
	return sweep.New(sweep.Options{Limit: n.all, Ready: n.Ready})
}

func (n *Net) startRaw() error {
	s := n.newSweeper()
	way, err := newRawWay(s.Answer)
	if err != nil {
		return err
	}
	way.asked = n.solicited
	n.sweepers.raw, n.sweepers.table = s, way.paths
	transports := []sweep.Transport{&checked{net: n, way: &ways{first: way.lane(true), datagrams: n.datagramWay(s.Answer)}}}
	for range min(maxLanes, runtime.NumCPU()) - 1 {
		transports = append(transports, &checked{net: n, way: &ways{first: way.lane(false), datagrams: n.datagramWay(s.Answer)}})
	}
	s.Start(transports...)
	return nil
}

func (n *Net) startConnect() error {
	s := n.newSweeper()
	way, err := dial.New(s.Answer, dial.Options{Files: n.files, Max: n.files.size * 3 / 4})
	if err != nil {
		return err
	}
	n.sweepers.connect = s
	s.Start(&checked{net: n, connect: true, way: &ways{first: way, datagrams: n.datagramWay(s.Answer)}})
	return nil
}

// Figures are how the sweeps of a Net fare: their packets together, and the
// loss and the rate of the way that has seen more of them.
func (n *Net) Figures() sweep.Figures {
	s := &n.sweepers
	s.mu.Lock()
	defer s.mu.Unlock()
	var all sweep.Figures
	for _, w := range []*sweep.Sweeper{s.raw, s.connect} {
		if w == nil {
			continue
		}
		f := w.Figures()
		if f.Sent > all.Sent {
			all.Rate, all.Loss = f.Rate, f.Loss
		}
		all.Sent += f.Sent
		all.Canaries += f.Canaries
	}
	return all
}

// Close ends what Sweep started. Further calls of Sweep fail.
func (n *Net) Close() error {
	defer n.landAll() // when nothing leaves any more
	s := &n.sweepers
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, way := range []**sweep.Sweeper{&s.raw, &s.connect} {
		if *way != nil {
			errs = append(errs, (*way).Close())
			*way = nil
		}
	}
	return errors.Join(append(errs, n.closeDatagrams())...)
}

// forget tells the sweepers that a target is none any more.
func (n *Net) forget(addr netip.Addr) {
	s := &n.sweepers
	s.mu.Lock()
	ways := [...]*sweep.Sweeper{s.raw, s.connect}
	s.mu.Unlock()
	for _, w := range ways {
		if w != nil {
			w.Release(addr)
		}
	}
}

// supporter is a transport that asks some kinds of questions only.
type supporter interface {
	sweep.Transport
	Supports(k sweep.Kind) bool
}

// keeper is a transport that takes probes which it then does not send: those
// that have no way, or whose neighbour has to be asked for first.
type keeper interface {
	kept(i int) bool // whether the i-th probe of the last Send did not leave
}

// ways hands each probe to the transport for its kind.
type ways struct {
	first     supporter
	datagrams supporter
	stayed    []bool // of the last Send
}

func (w *ways) kept(i int) bool { return w.stayed[i] }

func (w *ways) Send(p []sweep.Probe) (int, error) {
	sent := 0
	w.stayed = w.stayed[:0]
	for len(p) > 0 {
		kind := p[0].Item.Kind()
		way, run := w.of(kind), 1
		for run < len(p) && w.of(p[run].Item.Kind()) == way {
			run++
		}
		if way == nil { // it stays without an answer
			for range run {
				w.stayed = append(w.stayed, true)
			}
			sent, p = sent+run, p[run:]
			continue
		}
		n, err := way.Send(p[:run])
		k, _ := way.(keeper)
		for i := range n {
			w.stayed = append(w.stayed, k != nil && k.kept(i))
		}
		if sent += n; err != nil || n < run {
			return sent, err
		}
		p = p[run:]
	}
	return sent, nil
}

func (w *ways) of(k sweep.Kind) supporter {
	switch {
	case w.first.Supports(k):
		return w.first
	case w.datagrams != nil && w.datagrams.Supports(k):
		return w.datagrams
	default:
		return nil
	}
}

func (w *ways) Close() error {
	err := w.first.Close()
	if w.datagrams != nil {
		err = errors.Join(err, w.datagrams.Close())
	}
	return err
}

// checked is the last look at what leaves: a probe to an address or a port that
// may not be reached, whoever asked for it, goes no further.
type checked struct {
	net     *Net
	way     sweep.Transport
	connect bool    // SYNs are those of connections
	hosts   []*host // that the probes in hand are for
}

// sort is what the flight recorder calls a probe.
func (c *checked) sort(k sweep.Kind) Sort {
	switch {
	case k == sweep.SYN && c.connect:
		return Connection
	case k == sweep.Stack:
		return SYN
	}
	return Sort(k) + SYN
}

func (c *checked) Send(p []sweep.Probe) (int, error) {
	c.net.gate.flow.RLock()
	defer c.net.gate.flow.RUnlock()
	if c.net.Held() {
		return 0, nil
	}
	now := time.Now().UnixNano()
	done := 0
	for len(p) > 0 {
		run := c.allowed(p)
		if run == 0 {
			c.net.refused.Add(1)
			done, p = done+1, p[1:]
			continue
		}
		n, err := c.way.Send(p[:run])
		k, _ := c.way.(keeper)
		left := 0
		for i := range p[:n] {
			if k != nil && k.kept(i) {
				continue
			}
			left++
			c.net.note(c.hosts[i], c.sort(p[i].Item.Kind()), netip.AddrPortFrom(p[i].Addr, p[i].Item.Port()), now)
		}
		c.net.sent.Add(int64(left))
		done += n
		if err != nil || n < run {
			return done, err
		}
		p = p[run:]
	}
	return done, nil
}

// allowed is how many of the probes, from the first on, may leave. It looks up
// who they are for.
func (c *checked) allowed(p []sweep.Probe) int {
	n := c.net
	c.hosts = c.hosts[:0]
	n.mu.RLock()
	defer n.mu.RUnlock()
	for i := range p {
		h := n.hosts[p[i].Addr]
		if h == nil || n.barred.has(p[i].Addr) || !n.pace.Printers && toPort(p[i].Item) && IsPrinter(p[i].Item.Port()) {
			return i
		}
		c.hosts = append(c.hosts, h)
	}
	return len(p)
}

func (c *checked) Close() error { return c.way.Close() }
