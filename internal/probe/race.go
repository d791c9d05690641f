package probe

import (
	"context"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// Questions of services that a port's number does not suggest follow each
// other at this pace, and wait shorter for their answers.
const (
	unusualPace = 60 * time.Millisecond
	unusualWait = 2500 * time.Millisecond
)

// found is what one question brought.
type found struct {
	p      *Protocol // recognised; nil: not
	reply  []byte    // what p was recognised by, or else what was said
	asked  bool      // reply answers p's own Hello
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
}

// identifyTCP recognises what serves a TCP port and learns about it.
func (x *talk) identifyTCP(ctx context.Context) {
	f := x.run(ctx, x.heats())
	if !x.Gentle {
		f = x.orTLS(ctx, f)
	}
	if f.tls != nil && !f.tls.complete && !x.Gentle {
		if again := x.handshakeAlone(ctx); again != nil { // a busy server deserves a second one
			f.tls = again
		}
	}
	if f.tls != nil {
		x.s.TLS = true
		x.greet(f.tls)
		if f.tls.complete && !x.Gentle {
			x.inside = clientConfig(x.Name)
			f = x.run(ctx, x.heats())
		}
	}
	if f.p == nil && x.inside != nil && isHTTPReply(f.reply) { // it asks for TLS, and TLS is spoken: with somebody before it
		f.p = &All[httpIndex]
	}
	x.settle(ctx, f)
	if x.s.TLS && !x.Gentle {
		x.learnTLS(ctx)
	}
}

// greetings is how often a server that seems to want TLS is greeted with nothing
// beside, and faintGreetings how often one that hardly seems to.
const (
	greetings      = 3
	faintGreetings = 1
)

// orTLS decides what speaks HTTP but perhaps wants TLS: f is what the questions
// brought. A busy server answers a plain question long before a handshake comes
// to its end, so it is greeted again, with nothing beside. It is plain HTTP if it
// answers a greeting with something other than TLS; what asks for TLS and tells
// nothing is not recognised, for whatever is said about it may be wrong.
func (x *talk) orTLS(ctx context.Context, f found) found {
	if f.p != nil || f.tls != nil || !isHTTPReply(f.reply) {
		return f
	}
	tries := greetings
	if f.doubt == faint {
		tries = faintGreetings
	}
	for i := range tries {
		if i > 0 && !pause(ctx, x.patience()) {
			return f
		}
		switch g := x.hello(ctx); {
		case g.tls != nil:
			return g
		case len(g.reply) > 0: // something other than TLS
			f.p = &All[httpIndex]
			return f
		}
	}
	if f.doubt == faint {
		f.p = &All[httpIndex]
	}
	return f
}

// settle takes over what a question brought and asks the protocol's own ones.
func (x *talk) settle(ctx context.Context, f found) {
	if len(f.reply) > 0 && (f.banner || f.p == nil) {
		x.s.Banner = printable(f.reply)
	}
	if f.p == nil {
		return
	}
	x.s.Name, x.s.Certainty = f.p.Name, harrier.Certain
	if !f.asked && !f.banner && f.p.Hello != nil { // it answered another protocol's question
		if b, err := x.ask(ctx, f.p.Hello(x.Target), f.p.Done); err == nil && f.p.Reply(b) {
			f.reply, f.asked = b, true
		}
	}
	if f.w != nil {
		f.w.bind(ctx)
		x.kept = f.w
	}
	if f.p.Learn != nil {
		f.p.Learn(ctx, x, f.reply, f.asked)
	}
	if x.kept != nil { // nobody had use for it
		x.kept.Close()
		x.kept = nil
	}
}

// heats plans the questions for a TCP port in their order.
func (x *talk) heats() []heat {
	here := usual(x.Target)
	start := min(100*time.Millisecond+3*x.RTT, x.bannerWait())
	var first heat
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
	second := heat{after: start, tasks: []func(context.Context) found{x.question(&All[httpIndex])}}
	if x.inside == nil {
		second.tasks, second.greets = append(second.tasks, x.hello), true
	}
	third := heat{after: max(start+x.patience(), x.bannerWait())}
	for _, p := range here {
		if p.First && p.Hello != nil {
			third.tasks = append(third.tasks, x.question(p))
		}
	}
	for i, p := range common(harrier.TCP, append(here, &All[httpIndex])) {
		third.tasks = append(third.tasks, delayed(time.Duration(i)*unusualPace, x.questionWithin(p, min(x.Timeout, unusualWait+8*x.RTT))))
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
	began := time.Now()
	var best found
	pending, greeting := 0, false // greeting: TLS was asked for, and nothing came of it yet
	for i := 0; i < len(heats) || pending > 0; {
		if i > 0 && pending == 0 && x.connected.Load() == 0 && x.dialError() != nil {
			return best // the port is closed by now
		}
		if i < len(heats) && (pending == 0 || time.Since(began) >= heats[i].after) {
			for _, task := range heats[i].tasks {
				pending++
				wg.Go(func() {
					f := task(ctx)
					select {
					case results <- f:
					case <-ctx.Done():
						f.hangUp()
					}
				})
			}
			greeting = greeting || heats[i].greets
			i++
			continue
		}
		var next <-chan time.Time
		if i < len(heats) {
			next = time.After(heats[i].after - time.Since(began))
		}
		select {
		case f := <-results:
			pending--
			switch {
			case f.p != nil || f.tls != nil:
				return f
			case f.doubt != none: // TLS decides, and nothing else is worth asking
				best, i = f, len(heats)
			case len(f.reply) > 0 && best.doubt == none && (len(best.reply) == 0 || f.banner):
				best = f
			}
			if greeting = greeting && !f.told; !greeting && best.doubt != none {
				return best
			}
		case <-next:
		case <-ctx.Done():
			return best
		}
	}
	return best
}

// listen waits for what the server says unasked.
func (x *talk) listen(wait time.Duration) func(context.Context) found {
	return func(ctx context.Context) found {
		w, err := x.open(ctx)
		if err != nil {
			return found{}
		}
		w.limit = wait
		b, err := w.read(nil)
		f := found{p: byBanner(x.Endpoint, b), reply: b, banner: err == nil}
		if f.p == nil && isGreeting220(b) {
			f.p = named(decide220(w))
		} else if f.p != nil && w.keep() {
			f.w, w.limit = w, x.Timeout
			return f
		}
		w.Close()
		return f
	}
}

// question asks p's own question.
func (x *talk) question(p *Protocol) func(context.Context) found {
	return x.questionWithin(p, x.Timeout)
}

func (x *talk) questionWithin(p *Protocol, limit time.Duration) func(context.Context) found {
	return func(ctx context.Context) found {
		w, err := x.open(ctx)
		if err != nil {
			return found{}
		}
		defer w.Close()
		w.limit = limit
		hello := p.Hello(x.Target)
		if p.Also != nil && w.send(p.Also(x.Target)) != nil {
			return found{}
		}
		b, err := w.ask(hello, p.Done)
		if err != nil {
			return found{}
		}
		if p == &All[httpIndex] && x.inside == nil {
			if d := doubtOf(b, x.Port); d == strong || d == faint && !x.Gentle {
				return found{reply: b, asked: true, doubt: d}
			}
		}
		if p.Reply(b) {
			return found{p: p, reply: b, asked: true}
		}
		other := byBanner(x.Endpoint, b)
		if other == &All[httpIndex] && x.inside == nil {
			other = nil // servers of TLS, too, refuse in HTTP what they do not understand: HTTP is told by its own question
		}
		return found{p: other, reply: b}
	}
}

// delayed starts task after a pause.
func delayed(wait time.Duration, task func(context.Context) found) func(context.Context) found {
	return func(ctx context.Context) found {
		if !pause(ctx, wait) {
			return found{}
		}
		return task(ctx)
	}
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

// identifyUDP asks the usual service of a UDP port, then the common ones.
func (x *talk) identifyUDP(ctx context.Context) {
	here := usual(x.Target)
	first := heat{}
	for _, p := range here {
		first.tasks = append(first.tasks, x.question(p))
	}
	heats := []heat{first}
	if !x.Gentle {
		second := heat{after: x.patience()}
		for _, p := range common(harrier.UDP, here) {
			second.tasks = append(second.tasks, x.question(p))
		}
		heats = append(heats, second)
	}
	x.settle(ctx, x.run(ctx, heats))
}
