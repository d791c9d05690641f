package probe

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// Questions of services that a port's number does not suggest follow each
// other at this pace, and wait shorter for their answers; see Peer for when
// they do so shorter still.
const (
	unusualPace = 60 * time.Millisecond
	unusualWait = 2500 * time.Millisecond
)

// maxUnknown bounds what is kept of an answer that nobody recognised.
const maxUnknown = 4 << 10

// found is what one question brought.
type found struct {
	p      *Protocol // recognised; nil: not
	reply  []byte    // what p was recognised by, or else what was said, at most maxUnknown
	asked  bool      // reply answers p's own Hello
	via    string    // the question that reply answers
	tls    *greeting // the endpoint speaks TLS
	banner bool      // reply came unasked
	doubt  doubt     // reply answers the question of HTTP, but perhaps TLS is wanted
	told   bool      // TLS was asked for, and this is what came of it
	w      *wire     // over this connection, which is still open; nil: it is closed
}

// hangUp closes the connection, if it is still open.
func (f found) hangUp() {
	if f.w != nil {
		f.w.Close()
	}
}

// heat is a group of questions that are asked beside each other.
type heat struct {
	after  time.Duration // start at this time even if earlier ones have no answer
	tasks  []func(ctx context.Context) found
	greets bool // one of tasks asks for TLS
	rank   rank // of the tasks

	// The first lead tasks start at once, each further one pace after the one
	// before it.
	lead int
	pace time.Duration
}

// expected lists the protocols that are likely at the port, the likeliest
// first: those that were recognised at this number at other hosts, then those
// that usually live there. Secure says that others spoke TLS there.
func (x *talk) expected() (here []*Protocol, secure bool) {
	here, secure = x.Learned.guess(x.Endpoint)
	here = slices.DeleteFunc(here, func(p *Protocol) bool { return p.Industrial && !x.Industrial })
	for _, p := range usual(x.Target) {
		if !slices.Contains(here, p) {
			here = append(here, p)
		}
	}
	return here, secure
}

// heats plans the questions for a TCP port in their order.
func (x *talk) heats() []heat {
	here, secure := x.expected()
	start := min(100*time.Millisecond+3*x.RTT, x.bannerWait())
	first := heat{lead: 1, pace: 50*time.Millisecond + 2*x.RTT}
	patient := x.bannerWait()
	for _, p := range here {
		if p.First {
			patient = min(6*time.Second, 2*x.Timeout)
			start = x.bannerWait()
		}
	}
	first.tasks = append(first.tasks, x.listen(patient))
	if x.Port >= harrier.PrinterPorts.First && x.Port <= harrier.PrinterPorts.Last { // what is sent there is printed
		return []heat{first}
	}
	if secure = secure && x.inside == nil && !x.Gentle; secure {
		first.tasks, first.greets = append(first.tasks, x.hello), true
	}
	for _, p := range here {
		if p.Hello != nil && !p.First {
			first.tasks = append(first.tasks, x.question(p))
			start = x.patience()
			if p.Name == "http" {
				start = 0
			}
		}
	}
	if x.Gentle {
		return []heat{x.gentle(first, here)}
	}
	second := heat{after: start, rank: general}
	if !slices.Contains(here, &All[httpIndex]) {
		second.tasks = append(second.tasks, x.question(&All[httpIndex]))
	}
	if x.inside == nil && !secure {
		second.tasks, second.greets = append(second.tasks, x.hello), true
	}
	third := heat{after: max(start+x.patience(), x.bannerWait()), rank: unlikely, pace: unusualPace}
	for _, p := range here {
		if p.First && p.Hello != nil {
			third.tasks = append(third.tasks, x.question(p))
		}
	}
	for _, p := range x.Learned.order(common(harrier.TCP, append(here, &All[httpIndex]))) {
		third.tasks = append(third.tasks, x.unlikely(p))
	}
	return []heat{first, second, third}
}

// gentle leaves the wait for a banner and one question, of the usual service.
func (x *talk) gentle(first heat, here []*Protocol) heat {
	if len(first.tasks) > 2 {
		first.tasks = first.tasks[:2]
	}
	if len(first.tasks) == 1 {
		for _, p := range here {
			if p.Hello != nil {
				first.tasks = append(first.tasks, x.question(p))
				break
			}
		}
	}
	return first
}

// run asks heat after heat until something is recognised. A heat also starts
// early, when nothing of the earlier ones is pending.
func (x *talk) run(ctx context.Context, heats []heat) found {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	results := make(chan found)
	var best found
	if !x.queue(ctx) {
		return best
	}
	began := time.Now()
	pending := 0
	greeted, greeting := false, false // TLS was asked for; and nothing came of it yet
	var placed <-chan struct{}        // not nil: the last heat has not begun as a whole
	var enough <-chan time.Time       // no longer is a greeting waited for that hardly anything speaks for
	for i := 0; i < len(heats) || pending > 0; {
		if i > 0 && pending == 0 && x.connected.Load() == 0 && x.dialError() != nil {
			return best // the port is closed by now
		}
		if i < len(heats) && placed == nil && (pending == 0 || time.Since(began) >= heats[i].after) {
			if heats[i].rank == unlikely && x.idle() {
				return best
			}
			pending += len(heats[i].tasks)
			placed = x.light(ctx, &wg, heats[i], results)
			greeted, greeting = greeted || heats[i].greets, greeting || heats[i].greets
			i++
			continue
		}
		var next <-chan time.Time
		if i < len(heats) && placed == nil {
			next = time.After(heats[i].after - time.Since(began))
		}
		select {
		case <-placed:
			placed = nil
		case f := <-results:
			pending--
			switch {
			case f.p != nil || f.tls != nil:
				if i == len(heats) && heats[i-1].rank == unlikely {
					x.Peer.odd.Add(-1) // it is not that odd
				}
				return f
			case f.doubt != none: // TLS decides, and nothing else is worth asking
				best, i = f, len(heats)
				var more []func(context.Context) found
				if !greeted && !x.Gentle {
					greeted, greeting, more = true, true, append(more, x.hello)
				}
				if f.doubt == faint && greeting { // a greeting may be lost: send another
					more, enough = append(more, x.helloAgain), time.After(secondGreeting+x.unusual())
				}
				if len(more) > 0 {
					pending += len(more)
					x.light(ctx, &wg, heat{tasks: more, lead: len(more), rank: closer}, results)
				}
			case len(f.reply) > 0 && best.doubt == none && (len(best.reply) == 0 || f.banner):
				best = f
			}
			if greeting = greeting && !f.told; !greeting && best.doubt != none {
				return best
			}
			if x.crowded.Load() == certainly && i < len(heats) {
				return best // one by one is better
			}
		case <-next:
		case <-enough:
			best.doubt = none
			return best.plainly()
		case <-ctx.Done():
			return best
		}
	}
	return best
}

// secondGreeting is after what time TLS is asked for again where an answer to
// HTTP came that hardly lets one suspect it. A busy server answers a greeting
// later than a plain question, but not much later than the wait behind it.
const secondGreeting = time.Second

// helloAgain is that greeting.
func (x *talk) helloAgain(ctx context.Context) found {
	if !pause(ctx, secondGreeting) {
		return found{told: true}
	}
	return x.hello(ctx)
}

// light starts the questions of a heat, each when its turn comes and there is
// a place for it. Those that wait cost one goroutine together.
// Placed is closed when all have begun.
func (x *talk) light(ctx context.Context, wg *sync.WaitGroup, h heat, results chan<- found) (placed <-chan struct{}) {
	begun := make(chan struct{})
	if h.rank == unlikely && x.odd.Load() == 0 {
		x.odd.Store(x.Peer.odd.Add(1))
	}
	ask := func(task func(context.Context) found, leave func()) {
		var f found
		x.safely(func() { f = task(ctx) })
		leave()
		select {
		case results <- f:
		case <-ctx.Done():
			f.hangUp()
		}
	}
	wg.Go(func() {
		defer close(begun)
		for n, task := range h.tasks {
			if n > h.lead && !pause(ctx, h.pace) {
				return
			}
			leave, err := x.Peer.enter(ctx, h.rank)
			if err != nil {
				return
			}
			wg.Go(func() { ask(task, leave) })
		}
	})
	return begun
}

// queue waits until the port's turn has come: from then on its time counts. A
// port that waits costs little.
func (x *talk) queue(ctx context.Context) bool {
	leave, err := x.Peer.enter(ctx, likely)
	if err != nil {
		return false
	}
	leave()
	x.start()
	return true
}

// unusual is how long the answer to a question is waited for that the port does
// not suggest.
func (x *talk) unusual() time.Duration { return min(x.Timeout, unusualWait+8*x.RTT) }

// unlikely asks p's question, unless the host has too many odd ports.
func (x *talk) unlikely(p *Protocol) func(context.Context) found {
	return func(ctx context.Context) found {
		limit := x.Peer.patience(x.odd.Load(), x.unusual())
		if limit == 0 {
			return found{}
		}
		return x.questionWithin(p, limit)(ctx)
	}
}

// idle reports that further questions make no sense: the port closes every
// connection, also one over which nothing was asked.
func (x *talk) idle() bool {
	return x.shut.Load() && !x.answered.Load() && !x.silent.Load()
}

// listen waits for what the server says unasked.
func (x *talk) listen(wait time.Duration) func(context.Context) found {
	return func(ctx context.Context) found {
		w, err := x.openAs(ctx, "banner")
		if err != nil {
			return found{}
		}
		w.limit = wait
		b, err := w.read(nil)
		if hungUp(err) && ctx.Err() == nil {
			x.shut.Store(true)
		}
		f := found{p: byBanner(x.Endpoint, b), reply: b, banner: err == nil, via: "banner"}
		if f.p == nil && isGreeting220(b) {
			f.p = named(decide220(w))
		} else if f.p != nil && w.keep() {
			f.w, w.limit = w, x.Timeout
			return f
		}
		w.Close()
		return f.clipped()
	}
}

// clipped keeps of an answer that nobody recognised only the beginning.
func (f found) clipped() found {
	if f.p == nil && len(f.reply) > maxUnknown {
		f.reply = slices.Clone(f.reply[:maxUnknown])
	}
	return f
}

// question asks p's own question.
func (x *talk) question(p *Protocol) func(context.Context) found {
	return x.questionWithin(p, x.Timeout)
}

func (x *talk) questionWithin(p *Protocol, limit time.Duration) func(context.Context) found {
	return func(ctx context.Context) found {
		w, err := x.openAs(ctx, p.Name)
		if err != nil {
			return found{}
		}
		defer w.Close()
		w.limit = limit
		hello := p.Hello(x.Target)
		b, err := w.ask(hello, p.Done)
		if err != nil {
			if hungUp(err) && ctx.Err() == nil {
				x.crowd(weakly)
			}
			return found{}
		}
		if p == &All[httpIndex] && x.inside == nil {
			if d := doubtOf(b, x.Port); d == strong || d == faint && !x.Gentle {
				return found{reply: b, asked: true, doubt: d, via: p.Name}.clipped()
			}
		}
		reply := p.Reply(b)
		if len(hello) >= minEcho && bytes.HasPrefix(b, hello) && !(reply && len(b) > len(hello)) { // some answers begin like their question
			return x.echoed(ctx, p, b)
		}
		if reply {
			return found{p: p, reply: b, asked: true, via: p.Name}
		}
		other := byBanner(x.Endpoint, b)
		if other == &All[httpIndex] && x.inside == nil {
			other = nil // servers of TLS, too, refuse in HTTP what they do not understand: HTTP is told by its own question
		}
		return found{p: other, reply: b, via: p.Name}.clipped()
	}
}

// minEcho is from how many bytes on a question that comes back is no chance.
const minEcho = 4

// echoed judges a peer that answered p's question with the question itself: an
// echo, if it does so with the question for it, and else nothing that is known.
func (x *talk) echoed(ctx context.Context, p *Protocol, b []byte) found {
	f := found{reply: b, via: p.Name}
	if echo := named(echoProtocol.Name); p == echo {
		f.p, f.asked = echo, true
	} else if again, err := x.ask(ctx, echo.Hello(x.Target), echo.Done); err == nil && echo.Reply(again) {
		f.p, f.reply, f.asked, f.via = echo, again, true, echo.Name
	}
	return f.clipped()
}

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}
