package gate

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
)

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		b, _ = json.Marshal(fail[struct{}](err)) // of strings and a number
	}
	return b
}

// do decodes a request, calls serve and encodes what it gives.
func do[In, Out any](ctx context.Context, data []byte, serve func(context.Context, In) (Out, error)) []byte {
	var in In
	if err := json.Unmarshal(data, &in); err != nil {
		return encode(fail[Out](harrier.Errorf(harrier.Invalid, "the request can not be read")))
	}
	out, err := serve(ctx, in)
	if err != nil {
		return encode(fail[Out](err))
	}
	return encode(reply[Out]{Give: out})
}

// answer serves an engine's request.
func (g *Gate) answer(ctx context.Context, e known, verb string, data []byte) []byte {
	ctx, cancel := context.WithTimeout(ctx, answerIn-5*time.Second)
	defer cancel()
	switch verb {
	case verbFetch:
		return do(ctx, data, func(ctx context.Context, _ struct{}) (handout, error) { return g.fetch(ctx, e) })
	case verbResult:
		return do(ctx, data, func(ctx context.Context, in said) (struct{}, error) { return struct{}{}, g.result(ctx, e, in) })
	case verbSettle:
		return do(ctx, data, func(ctx context.Context, in settle) (struct{}, error) { return struct{}{}, g.settle(ctx, e, in) })
	case verbDone:
		return do(ctx, data, func(ctx context.Context, in asking) ([]string, error) { return g.done(ctx, e, in) })
	case verbProperties:
		return do(ctx, data, func(ctx context.Context, _ struct{}) (map[string]string, error) {
			return g.Bus.AskProperties(ctx, e.UUID)
		})
	case verbBeat:
		return do(ctx, data, func(ctx context.Context, in beat) (commanded, error) { return g.beat(ctx, e, in) })
	case verbRenew:
		return do(ctx, data, func(ctx context.Context, in keys) (papers, error) { return g.renew(ctx, e, in) })
	}
	return encode(fail[struct{}](harrier.Errorf(harrier.NotFound, "there is no %q", verb)))
}

// fetch waits a while for work in the queues of e. Its own comes first.
func (g *Gate) fetch(ctx context.Context, e known) (handout, error) {
	if e.Protocol != harrier.EngineProtocol && e.Protocol != 0 {
		return handout{}, harrier.Errorf(harrier.Conflict, "the engine speaks protocol %d, this console %d", e.Protocol, harrier.EngineProtocol)
	}
	for end := time.Now().Add(longPoll); ; {
		e, err := g.trusted(e.UUID) // it may have been revoked, or have joined a pool
		if err != nil {
			return handout{}, err
		}
		if g.rejoined() {
			h, err := g.take(ctx, e)
			if err != nil || len(h.Ticket) > 0 {
				return h, err
			}
		}
		if !time.Now().Before(end) {
			return handout{}, nil
		}
		select {
		case <-ctx.Done():
			return handout{}, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// take looks once for work in the queues of e.
func (g *Gate) take(ctx context.Context, e known) (handout, error) {
	for _, q := range e.queues {
		d, err := g.Bus.TryJob(ctx, q)
		if err != nil && ctx.Err() == nil {
			g.Log.DebugContext(ctx, "no work from the bus", "queue", q, "err", err)
		}
		if d == nil || g.inHand(ctx, e, d) {
			continue
		}
		return g.hand(ctx, e, d)
	}
	return handout{}, nil
}

// inHand reports whether another engine has proved lately that it has the batch
// of a delivery. The bus delivers such a one when it was killed and has
// forgotten that it did: the holder goes on, and settles this delivery.
func (g *Gate) inHand(ctx context.Context, e known, d *bus.Delivery) bool {
	now := time.Now()
	holder, proved, held := g.given.holder(d.Job, now.Add(-g.lease()))
	if !held || holder == e.UUID {
		return false
	}
	g.given.adopt(d.Job, d.Handle())
	_ = d.Nak(ctx, proved.Add(g.lease()).Sub(now)) // else it comes again after the bus's own wait
	return true
}

// lease is how long an engine that proved that it has a batch keeps it: a little
// less than the bus waits, so that it is over when that delivers again.
func (g *Gate) lease() time.Duration { return g.Redeliver * 9 / 10 }

// hand gives a job to e; it goes back when that fails.
func (g *Gate) hand(ctx context.Context, e known, d *bus.Delivery) (h handout, err error) {
	defer func() {
		if err != nil {
			_ = d.Nak(ctx, time.Second) // it comes back by itself, later
			g.Log.ErrorContext(ctx, "batch not handed out", "engine", e.Name, "scan", d.Job.Scan, "batch", d.Job.Batch, "err", err)
		}
	}()
	if g.Logins != nil {
		list, err := g.Logins(ctx, d.Job)
		if err != nil {
			return h, err
		}
		if len(list) > 0 {
			if d.Job.Sealed, err = sealFor(e.Box, e.UUID, d.Job, encode(list)); err != nil {
				return h, err
			}
		}
	}
	now := time.Now()
	t := ticket{d.Job.Scan, d.Job.Batch, d.Attempt, d.Handle(), now.UnixNano()}
	h = handout{Job: d.Job, Attempt: d.Attempt, Command: g.last(d.Job.Scan)}
	if h.Ticket, err = t.seal(g.Box, e.UUID); err != nil {
		return h, err
	}
	g.given.hand(t, e.UUID, now)
	g.hold(e.UUID, t.Scan)
	return h, nil
}

func (g *Gate) hold(e harrier.UUID, scan harrier.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.holds[e] == nil {
		g.holds[e] = map[harrier.ID]bool{}
	}
	g.holds[e][scan] = true
}

// mine reads a ticket of e that is in force. Why one is not is told to the log:
// an engine that is in good order shows none such but after it was cut off. The
// ticket that is returned has the newest handle.
func (g *Gate) mine(ctx context.Context, e known, sealed []byte) (ticket, error) {
	t, err := readTicket(g.Box, e.UUID, sealed)
	if err == nil {
		t.Handle, err = g.given.prove(t, e.UUID, time.Now())
	}
	if err != nil {
		g.Log.WarnContext(ctx, "refused what an engine says of a batch", "engine", e.Name, "scan", t.Scan, "batch", t.Batch, "err", err)
	}
	return t, err
}

func (g *Gate) result(ctx context.Context, e known, in said) error {
	t, err := g.mine(ctx, e, in.Ticket)
	if err != nil {
		return err
	}
	r := in.Result
	if r.Scan != t.Scan || r.Batch != t.Batch || r.Attempt != t.Attempt {
		g.Log.WarnContext(ctx, "refused a result about a batch that was not given to its engine", "engine", e.Name, "scan", r.Scan, "batch", r.Batch)
		return harrier.Errorf(harrier.Forbidden, "this batch was not given to you")
	}
	r.Engine = e.Name
	if err := g.Bus.PublishResult(ctx, r); err != nil {
		if harrier.KindOf(err) == harrier.Invalid {
			return err
		}
		return harrier.Errorf(harrier.Unavailable, "the console can not take results now").Because(err)
	}
	return nil
}

func (g *Gate) settle(ctx context.Context, e known, in settle) error {
	t, err := g.mine(ctx, e, in.Ticket)
	if err != nil {
		return err
	}
	d, err := g.Bus.Again(t.Handle)
	if err != nil {
		return err
	}
	switch in.How {
	case "ack":
		err = d.Ack(ctx)
		g.given.drop(t)
	case "nak":
		err = d.Nak(ctx, min(max(in.Delay, 0), time.Minute))
		g.given.drop(t)
	case "progress":
		err = d.InProgress(ctx)
	default:
		return harrier.Invalidf("how", "%q is not known", in.How)
	}
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "the bus does not answer").Because(err)
	}
	return nil
}

func (g *Gate) done(ctx context.Context, e known, in asking) ([]string, error) {
	t, err := g.mine(ctx, e, in.Ticket)
	if err != nil {
		return nil, err
	}
	return g.Bus.AskDone(ctx, t.Scan, t.Batch)
}

// beat passes a heartbeat on, with what the engine proves and the console knows
// in place of what it says, and returns the commands about its scans.
func (g *Gate) beat(ctx context.Context, e known, in beat) (commanded, error) {
	active := map[harrier.Activity]bool{}
	scans := map[harrier.ID]bool{}
	for _, sealed := range in.Tickets {
		t, err := readTicket(g.Box, e.UUID, sealed)
		if err == nil {
			_, err = g.given.prove(t, e.UUID, time.Now())
		}
		if err == nil {
			active[harrier.Activity{Scan: t.Scan, Batch: t.Batch}] = true
			scans[t.Scan] = true
		}
	}
	h := in.Heartbeat
	said := h.Active
	h.Active = nil
	for _, a := range said {
		if active[harrier.Activity{Scan: a.Scan, Batch: a.Batch}] {
			h.Active = append(h.Active, a)
		}
	}
	h.Queues = e.queues
	h.Engine.ID, h.Engine.UUID, h.Engine.Name, h.Engine.Pool = e.ID, e.UUID, e.Name, e.Pool
	h.Engine.Address, h.Engine.Port, h.Engine.Key, h.Engine.Box, h.Engine.Given = "", 0, nil, nil, nil
	if h.Engine.Pool == harrier.LocalPool {
		h.Engine.Pool = ""
	}
	out := commanded{}
	g.mu.Lock()
	delete(g.expected, e.UUID)
	g.holds[e.UUID] = scans
	for id := range scans {
		out[id] = harrier.Resume
		if c, told := g.commands[id]; told {
			out[id] = c
		}
	}
	g.mu.Unlock()
	return out, g.Bus.Beat(ctx, h)
}

// enrol serves the one request of somebody with a token.
func (g *Gate) enrol(ctx context.Context, data []byte) reply[papers] {
	var in struct {
		Token string `json:"token"`
		keys
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return fail[papers](harrier.Errorf(harrier.Invalid, "the request can not be read"))
	}
	key, err := requested(in.keys)
	if err != nil {
		return fail[papers](err)
	}
	e, err := g.Fleet.Enrol(ctx, in.Token, harrier.Engine{Name: in.Name, Key: key, Box: in.Box})
	if err != nil {
		g.Log.WarnContext(ctx, "enrolment refused", "engine", in.Name, "err", err)
		return fail[papers](err)
	}
	if err := g.look(ctx); err != nil {
		return fail[papers](err)
	}
	p, err := g.papers(ctx, e)
	if err != nil {
		return fail[papers](err)
	}
	g.Log.InfoContext(ctx, "engine enrolled", "engine", e.Name, "key", e.Fingerprint())
	return reply[papers]{Give: p}
}

// requested checks that the certificate request is signed with its own key and
// returns that, and that the other key can be sealed to.
func requested(k keys) ([]byte, error) {
	request, err := x509.ParseCertificateRequest(k.Request)
	if err == nil {
		err = request.CheckSignature()
	}
	if err == nil {
		_, err = sealFor(k.Box, harrier.UUID{}, harrier.Job{}, nil)
	}
	if err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "the keys can not be used").Because(err)
	}
	return x509.MarshalPKIXPublicKey(request.PublicKey)
}

// renew signs a new certificate for the key that the engine enrolled with.
func (g *Gate) renew(ctx context.Context, e known, in keys) (papers, error) {
	key, err := requested(in)
	if err != nil {
		return papers{}, err
	}
	if string(key) != string(e.Key) {
		g.Log.WarnContext(ctx, "renewal refused: another key", "engine", e.Name)
		return papers{}, harrier.Errorf(harrier.Forbidden, "the key is not the one that was enrolled")
	}
	return g.papers(ctx, e.Engine)
}

func (g *Gate) papers(ctx context.Context, e harrier.Engine) (papers, error) {
	key, err := x509.ParsePKIXPublicKey(e.Key)
	if err != nil {
		return papers{}, err
	}
	now := g.Now()
	chain, err := g.Authority.Engine(e.UUID, key, now, g.Life)
	if err != nil {
		return papers{}, err
	}
	if err := g.Fleet.Renewed(ctx, e.UUID, now.Add(g.Life)); err != nil {
		return papers{}, err
	}
	return papers{UUID: e.UUID, Name: e.Name, Chain: chain, Authority: g.Authority.Certificate().Raw, Life: harrier.Duration(g.Life), Redeliver: harrier.Duration(g.Redeliver)}, nil
}
