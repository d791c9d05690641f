package probe

import (
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// identifyTCP recognises what serves a TCP port and learns about it.
func (x *talk) identifyTCP(ctx context.Context) {
	f := x.recognise(ctx)
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
		x.conclude("tls", "speaks TLS")
		if f.tls.complete && !x.Gentle {
			x.inside = clientConfig(x.Name)
			f = x.recognise(ctx)
		}
	}
	if f.p == nil && x.inside != nil && isHTTPReply(f.reply) { // it asks for TLS, and TLS is spoken: with somebody before it
		f.p = &All[httpIndex]
	}
	x.settle(ctx, f)
	leave, err := x.Peer.enter(ctx, closer)
	if err != nil {
		return
	}
	defer leave()
	x.upgrade(ctx)
	if x.s.TLS && !x.Gentle {
		x.learnTLS(ctx)
	}
	if x.s.Name != "" {
		x.seekBeside(ctx, f.reply)
	}
}

// recognise asks the questions of a TCP port, and when the port seems to serve
// one connection at a time, the best of them again one by one.
func (x *talk) recognise(ctx context.Context) found {
	if x.alone.Load() {
		return x.oneByOne(ctx)
	}
	f := x.run(ctx, x.heats())
	if f.p != nil || f.tls != nil || x.Gentle || x.crowded.Load() == 0 || ctx.Err() != nil {
		return f
	}
	if sure := x.crowded.Load() == certainly; !sure && len(f.reply) > 0 {
		return f // it has spoken, though not to every question
	}
	x.alone.Store(true)
	if again := x.oneByOne(ctx); again.p != nil || again.tls != nil || len(again.reply) > 0 {
		return again
	}
	x.alone.Store(false)
	return f
}

// How sure it is that a port serves only one connection at a time: a connection
// was closed without a word while another was open; one was refused.
const (
	weakly    = 1
	certainly = 2
)

// justOver is for how long after its end a connection may still seem to be open
// to the other side.
const justOver = 50 * time.Millisecond

// crowd notes a sign of that, which means something only while several
// connections are open, or another one is just over.
func (x *talk) crowd(sure int32) {
	if x.opened.Load() > 1 || sure == certainly || time.Now().UnixNano()-x.over.Load() < int64(justOver) {
		x.crowded.Store(max(sure, x.crowded.Load()))
	}
}

// oneByOne asks a port that serves one connection at a time what is most likely
// there: each question waits for the end of the one before.
func (x *talk) oneByOne(ctx context.Context) found {
	x.conclude("order", "one connection at a time")
	leave, err := x.Peer.enter(ctx, likely)
	if err != nil {
		return found{}
	}
	defer leave()
	here, secure := x.expected()
	listen, wait := x.listen(x.bannerWait()), x.Timeout
	if x.crowded.Load() != certainly {
		wait = x.unusual()
	}
	var tasks []func(context.Context) found
	first := slices.ContainsFunc(here, func(p *Protocol) bool { return p.First })
	if first {
		tasks = append(tasks, listen)
	}
	if secure && x.inside == nil {
		tasks = append(tasks, x.hello)
	}
	for _, p := range here {
		if p.Hello != nil && !p.First && len(tasks) < maxAlone {
			tasks = append(tasks, x.questionWithin(p, wait))
		}
	}
	if !slices.Contains(here, &All[httpIndex]) {
		tasks = append(tasks, x.questionWithin(&All[httpIndex], wait))
	}
	if !secure && x.inside == nil {
		tasks = append(tasks, x.hello)
	}
	if !first {
		tasks = append(tasks, listen)
	}
	var best found
	for _, task := range tasks {
		if !pause(ctx, x.silence()/2) { // the other side has to notice that the one before is over
			break
		}
		f := task(ctx)
		if f.p != nil || f.tls != nil || ctx.Err() != nil {
			return f
		}
		if len(best.reply) == 0 || f.doubt != none {
			best = f
		}
	}
	return best
}

// maxAlone bounds the questions of oneByOne that the port suggests.
const maxAlone = 4

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
			return f.plainly()
		}
	}
	if f.doubt == faint {
		return f.plainly()
	}
	return f
}

// plainly takes f for HTTP without TLS.
func (f found) plainly() found {
	f.p = &All[httpIndex]
	f.asked = f.asked && len(f.reply) < maxUnknown // else it was cut
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
	leave, err := x.Peer.enter(ctx, closer)
	if err != nil {
		f.hangUp()
		return
	}
	defer leave()
	x.s.Name, x.s.Certainty = f.p.Name, harrier.Certain
	x.closer = f.p.Name + ", closer"
	x.conclude(f.via, "recognised as "+f.p.Name)
	if !f.asked && !f.banner && f.p.Hello != nil { // it answered another protocol's question
		b, err := x.ask(ctx, f.p.Hello(x.Target), f.p.Done)
		if err != nil && x.crowded.Load() > 0 && pause(ctx, x.silence()) { // it has not noticed yet that the other questions are over
			x.alone.Store(true)
			b, err = x.ask(ctx, f.p.Hello(x.Target), f.p.Done)
		}
		if err == nil && f.p.Reply(b) {
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
