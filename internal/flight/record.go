package flight

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier/internal/netio"
)

// The bounds of what is not written yet.
const (
	flushEvery = time.Second
	flushAt    = 4096    // entries: they are written sooner
	maxPending = 1 << 17 // entries, some 12 MiB: what comes while the disk takes nothing is lost
	// maxSpan is how long after the first packet to a span's first address the
	// last one to any may leave: else a span tells too little of when.
	maxSpan = time.Minute
)

// file is what a record is written to.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

// Record is the section that is being written. It never fails its scan and
// never makes it wait: what can not be written is missing, and the section says
// so at its end. Its methods may overlap.
type Record struct {
	log    *slog.Logger
	name   string
	done   func() // after Close
	ticker sync.WaitGroup
	kick   chan struct{}
	ended  chan struct{}

	mu     sync.Mutex
	closed bool
	fresh  []entry
	lost   int64
	sum    Packets
	count  int64

	out    sync.Mutex // of what follows
	file   file
	torn   bool  // the last write stopped in the middle of a line
	failed error // the first

	inHand     func(tell func(netip.Addr, netio.Flight)) // see Watch; nil: nothing is
	hand       bool                                      // there is a file of what is in hand
	handFailed bool
}

// entry is what was sent to an address or a span.
type entry struct {
	first, last netip.Addr
	netio.Flight
}

// start begins a section.
func start(f file, name string, s Scan, log *slog.Logger, done func()) *Record {
	r := &Record{log: log, name: name, done: done, kick: make(chan struct{}, 1), ended: make(chan struct{}), file: f, sum: Packets{}}
	s.Form = version
	if s.Began.IsZero() {
		s.Began = time.Now()
	}
	s.Began = s.Began.UTC()
	r.put(line{Scan: &s})
	r.ticker.Go(r.run)
	return r
}

// run writes now and then what came in.
func (r *Record) run() {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.ended:
			return
		case <-tick.C:
			r.tick()
		case <-r.kick:
			r.Flush()
		}
	}
}

// Batch notes that a batch was taken in hand. Nothing may be sent for it before
// it returns, so that a section that was cut short names all targets.
func (r *Record) Batch(b Batch) {
	if b.Began.IsZero() {
		b.Began = time.Now()
	}
	b.Began = b.Began.UTC()
	r.put(line{Batch: &b})
}

// Sent notes what was sent to addr; it is what netio.Net's Released is told. It
// does not wait for the disk.
func (r *Record) Sent(addr netip.Addr, f netio.Flight) {
	r.mu.Lock()
	r.count++
	r.sum.add(f)
	lost := r.closed || len(r.fresh) >= maxPending
	if lost {
		r.lost++
	} else {
		r.fresh = append(r.fresh, entry{addr, addr, f})
	}
	closed, full := r.closed, len(r.fresh) >= flushAt
	r.mu.Unlock()
	if closed {
		r.log.Error("flight record had ended when more was sent", "file", r.name, "to", addr.String())
	} else if full {
		select {
		case r.kick <- struct{}{}:
		default: // it will be written
		}
	}
}

// Flush writes what was noted.
func (r *Record) Flush() {
	r.out.Lock()
	defer r.out.Unlock()
	r.flush()
}

// flush does so for one who holds out.
func (r *Record) flush() {
	r.mu.Lock()
	fresh := r.fresh
	r.fresh = nil
	r.mu.Unlock()
	if len(fresh) == 0 {
		return
	}
	var b bytes.Buffer
	for _, e := range spans(fresh) {
		encode(&b, e.line())
	}
	r.write(b.Bytes())
}

func (e *entry) line() line {
	s := Sent{Addr: e.first, From: e.First.UTC(), To: e.Last.UTC(), Packets: Packets{}}
	if s.Packets.add(e.Flight); e.last != e.first {
		s.Last = e.last
	}
	return line{Sent: &s}
}

// spans sorts the entries and joins neighbours to which the same was sent at
// about the same time. It uses list.
func spans(list []entry) []entry {
	slices.SortStableFunc(list, func(a, b entry) int { return a.first.Compare(b.first) })
	out := list[:0]
	for _, e := range list {
		if n := len(out); n > 0 && out[n-1].join(e) {
			continue
		}
		out = append(out, e)
	}
	return out
}

// join takes b in, if it is e's next neighbour and like it.
func (e *entry) join(b entry) bool {
	from, to := e.First, e.Last
	if b.First.Before(from) {
		from = b.First
	}
	if b.Last.After(to) {
		to = b.Last
	}
	if e.Counts != b.Counts || e.last.Next() != b.first || to.Sub(from) > maxSpan {
		return false
	}
	e.last, e.First, e.Last = b.last, from, to
	return true
}

// encode appends one line.
func encode(b *bytes.Buffer, l line) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil { // times after the year 9999
		fmt.Fprintf(b, "{\"fault\":%q}\n", err)
	}
}

// put writes one line at once.
func (r *Record) put(l line) {
	var b bytes.Buffer
	encode(&b, l)
	r.out.Lock()
	defer r.out.Unlock()
	r.write(b.Bytes())
}

// write appends whole lines. What a full disk did not take is lost; the lines
// after it are written where it has room again. The caller holds out.
func (r *Record) write(b []byte) {
	if r.torn {
		if _, err := r.file.Write([]byte("\n")); err != nil {
			return
		}
		r.torn = false
	}
	n, err := r.file.Write(b)
	r.torn = 0 < n && n < len(b)
	if err != nil && r.failed == nil {
		r.failed = err
		r.log.Error("flight record not complete: it can not be written", "file", r.name, "err", err)
	}
}

// Close ends the section: refused is how often a rule was in the way. Nothing
// may be sent for the scan any more. It waits for the disk.
func (r *Record) Close(refused int64) {
	close(r.ended)
	r.ticker.Wait()
	r.out.Lock()
	r.flush()
	r.mu.Lock()
	r.closed = true
	end := End{Ended: time.Now().UTC(), Addresses: r.count, Packets: r.sum, Refused: refused}
	if r.lost > 0 {
		end.Incomplete = fmt.Sprintf("%d entries came faster than they could be written", r.lost)
	}
	r.mu.Unlock()
	if r.failed != nil {
		end.Incomplete = r.failed.Error()
	}
	var b bytes.Buffer
	encode(&b, line{End: &end})
	r.write(b.Bytes())
	if err := r.file.Sync(); err != nil && r.failed == nil {
		r.log.Error("flight record may not be on the disk", "file", r.name, "err", err)
	}
	if err := r.file.Close(); err != nil && r.failed == nil {
		r.log.Error("flight record may not be complete", "file", r.name, "err", err)
	}
	r.dropHand()
	r.out.Unlock()
	r.done()
}
