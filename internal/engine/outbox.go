package engine

import (
	"context"
	"sync"

	"github.com/harrier-scan/harrier"
)

// The bounds of an outbox: how many results wait in it, and how much goes into
// one message.
const (
	outboxSize   = 16
	maxTogether  = 64
	maxTextBytes = 256 << 10
)

// item is a result, and who waits until it is stored.
type item struct {
	harrier.Result
	stored chan struct{} // closed then; nil: nobody waits
}

// outbox numbers the results of one attempt and stores them in order. While
// storing one takes its time, those that follow about the same host and of the
// same sort are put together: fewer, larger messages when the way is slow.
type outbox struct {
	bus  Bus
	from harrier.Result // names scan, batch, attempt, engine
	in   chan item
	seq  int

	once   sync.Once
	broken chan struct{} // closed when err is set
	err    error
}

func newOutbox(b Bus, from harrier.Result) *outbox {
	return &outbox{bus: b, from: from, in: make(chan item, outboxSize), broken: make(chan struct{})}
}

// put hands a result in; it waits while the outbox is full, and with the end of
// a host until that is stored. The error is ctx's or that of storing a result.
func (o *outbox) put(ctx context.Context, r harrier.Result) error {
	select {
	case <-o.broken:
		return o.err
	default:
	}
	it := item{Result: r}
	if r.Coverage != nil {
		it.stored = make(chan struct{})
	}
	select {
	case o.in <- it:
	case <-o.broken:
		return o.err
	case <-ctx.Done():
		return ctx.Err()
	}
	if it.stored == nil {
		return nil
	}
	select {
	case <-it.stored:
		return nil
	case <-o.broken:
		return o.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close says that nothing more is put in; run ends when all is stored.
func (o *outbox) close() { close(o.in) }

// failed reports whether something could not be stored.
func (o *outbox) failed() bool {
	select {
	case <-o.broken:
		return true
	default:
		return false
	}
}

// failure is why not all was stored; nil when it was. It is for after run.
func (o *outbox) failure() error { return o.err }

// run stores what is put in, until close or the first failure.
func (o *outbox) run(ctx context.Context) {
	var held *item // taken, but not fit to go with the one before
	for {
		r, ok := o.next(held)
		if !ok {
			return
		}
		r, held = o.gather(r)
		o.seq++
		r.Scan, r.Batch, r.Attempt, r.Engine, r.Seq = o.from.Scan, o.from.Batch, o.from.Attempt, o.from.Engine, o.seq
		if err := o.bus.PublishResult(ctx, r.Result); err != nil {
			o.once.Do(func() {
				o.err = err
				close(o.broken)
			})
			return
		}
		if r.stored != nil {
			close(r.stored)
		}
	}
}

func (o *outbox) next(held *item) (item, bool) {
	if held != nil {
		return *held, true
	}
	r, ok := <-o.in
	return r, ok
}

// gather adds to r what is there already and fits.
func (o *outbox) gather(r item) (item, *item) {
	for {
		select {
		case n, ok := <-o.in:
			if !ok {
				return r, nil
			}
			if !fits(r.Result, n.Result) {
				return r, &n
			}
			r.Host = n.Host
			r.Services = append(r.Services, n.Services...)
			r.Observations = append(r.Observations, n.Observations...)
		default:
			return r, nil
		}
	}
}

// fits reports whether b can go with a: the same host, both services or both
// observations, and not too many.
func fits(a, b harrier.Result) bool {
	if a.Host == nil || b.Host == nil || a.Host.Name != b.Host.Name || a.Host.Addr != b.Host.Addr {
		return false
	}
	services := len(a.Services) > 0 && len(b.Services) > 0
	observations := len(a.Observations) > 0 && len(b.Observations) > 0
	return (services || observations) && len(a.Services)+len(a.Observations) < maxTogether && text(a)+text(b) < maxTextBytes
}

// text is about how much text a result carries.
func text(r harrier.Result) int {
	n := 0
	for _, s := range r.Services {
		n += len(s.Banner) + len(s.Evidence)
		for k, v := range s.Facts {
			n += len(k) + len(v)
		}
		for _, t := range s.Technologies {
			n += len(t.Name) + len(t.CPE) + len(t.Evidence)
		}
		for _, c := range s.Certificates {
			n += 2 * len(c.DER)
		}
	}
	for _, o := range r.Observations {
		n += len(o.Evidence)
	}
	return n
}
