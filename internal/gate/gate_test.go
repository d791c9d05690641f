package gate

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/fleet"
	"github.com/harrier-scan/harrier/internal/pki"
	"github.com/harrier-scan/harrier/internal/secret"
	"github.com/harrier-scan/harrier/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal keeps what is logged.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

func (j *journal) has(parts ...string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.b.String()) {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(line, p)
		}
		if all {
			return true
		}
	}
	return false
}

// house is a console as far as engines see it.
type house struct {
	t     *testing.T
	log   journal
	fleet *fleet.Room
	bus   *bus.Conn
	ca    *pki.Authority
	box   *secret.Box
	gate  *Gate
	stop  func()
}

const secretWord = "correct horse battery"

func open(t *testing.T, change ...func(*Config)) *house {
	t.Helper()
	h := &house{t: t}
	db := must(store.Open(t.Context(), ":memory:"))(t)
	t.Cleanup(func() { _ = db.Close() })
	server := must(bus.Serve(t.Context(), bus.Config{Dir: t.TempDir(), AckWait: time.Second}))(t)
	t.Cleanup(server.Close)
	h.bus = must(server.Connect(t.Context()))(t)
	h.ca = must(pki.Open(t.TempDir(), time.Now()))(t)
	h.box = must(secret.New(make([]byte, secret.KeySize)))(t)
	h.fleet = fleet.New(fleet.Config{Store: db, Bus: h.bus, Present: func(s string) string { return Token(s, h.ca.Certificate().Raw) }})
	h.start("127.0.0.1:0", change...)
	return h
}

func (h *house) start(listen string, change ...func(*Config)) {
	h.t.Helper()
	c := Config{
		Listen: listen, TLS: must(h.ca.Gate(time.Now()))(h.t), Authority: h.ca, Fleet: h.fleet, Bus: h.bus, Box: h.box, Redeliver: time.Second,
		Log: slog.New(slog.NewTextHandler(&h.log, nil)),
		Logins: func(context.Context, harrier.Job) ([]harrier.Login, error) {
			return []harrier.Login{{Credential: harrier.Credential{Type: "SSH"}, Secrets: map[string]string{"password": secretWord}}}, nil
		},
	}
	for _, f := range change {
		f(&c)
	}
	h.gate = must(Open(h.t.Context(), c))(h.t)
	h.fleet.Changed = h.gate.Changed
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = h.gate.Run(ctx) })
	h.stop = sync.OnceFunc(func() { cancel(); running.Wait(); h.gate.Close() })
	h.t.Cleanup(h.stop)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (h *house) token(n fleet.NewToken) string {
	h.t.Helper()
	return must(h.fleet.Token(h.t.Context(), harrier.System, n))(h.t)
}

func (h *house) enrol(name, pool string) *Identity {
	h.t.Helper()
	id := must(OpenIdentity(h.t.TempDir()))(h.t)
	if err := id.Enrol(h.t.Context(), h.gate.Addr(), h.token(fleet.NewToken{Pool: pool}), name, nil); err != nil {
		h.t.Fatalf("Enrol = %v", err)
	}
	return id
}

func (h *house) dial(id *Identity) *Conn {
	h.t.Helper()
	c := must(Dial(h.t.Context(), id, h.gate.Addr(), nil, nil))(h.t)
	h.t.Cleanup(c.Close)
	return c
}

func (h *house) publish(queue string, scan harrier.ID, batch int) {
	h.t.Helper()
	if err := h.bus.PublishJob(h.t.Context(), queue, harrier.Job{Scan: scan, ScanUUID: harrier.UUID{byte(scan)}, Batch: batch}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) engine(name string) harrier.Engine {
	h.t.Helper()
	for _, e := range must(h.fleet.Engines(h.t.Context(), harrier.System))(h.t) {
		if e.Name == name {
			return e
		}
	}
	h.t.Fatalf("no engine %q", name)
	return harrier.Engine{}
}

// results are what arrives: so many at least, and what else comes soon after.
func (h *house) results(least int) []harrier.Result {
	const soon = 500 * time.Millisecond
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	if least == 0 {
		time.AfterFunc(soon, cancel)
	}
	var out []harrier.Result
	_ = h.bus.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
		if out = append(out, group...); len(out) >= least {
			time.AfterFunc(soon, cancel)
		}
		return nil
	})
	return out
}

func fetch(t *testing.T, c *Conn) *bus.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return must(c.FetchJob(ctx, ""))(t)
}

// An engine enrols, takes work of its pool and of its own, says what it found,
// follows commands, and goes on after a restart of the console.
func TestWork(t *testing.T) {
	h := open(t)
	id := h.enrol("branch", "dmz")
	c := h.dial(id)
	if e := h.engine("branch"); e.Fingerprint() != must(id.Fingerprint())(t) || e.Pool != "dmz" || e.Status(time.Now()) != harrier.EngineUnknown || e.Expires.IsZero() {
		t.Errorf("the engine is known as %+v; want the key that it has, in dmz, unknown yet", e)
	}
	h.publish("dmz", 1, 1)
	h.publish(h.engine("branch").Queue(), 2, 1)
	if err := h.bus.SetCommand(t.Context(), 1, harrier.Pause); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 16)
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() {
		_ = c.WatchCommands(ctx, func(id harrier.ID, c harrier.Command) { told <- fmt.Sprint(id, " ", c) })
	})
	defer watching.Wait()
	defer cancel()
	scans := map[harrier.ID]*bus.Delivery{}
	for range 2 {
		d := fetch(t, c)
		scans[d.Job.Scan] = d
		logins, err := id.Logins(t.Context(), d.Job)
		if err != nil || len(logins) != 1 || logins[0].Secrets["password"] != secretWord {
			t.Errorf("credentials of %d = %v, %v; want one", d.Job.Scan, logins, err)
		}
	}
	if scans[1] == nil || scans[2] == nil {
		t.Fatalf("work = %v; want that of the pool and its own", scans)
	}
	say := func(scan harrier.ID, seq int) error {
		return c.PublishResult(t.Context(), harrier.Result{Scan: scan, Batch: 1, Seq: seq, Engine: "somebody else"})
	}
	if err := say(1, 1); err != nil {
		t.Fatal(err)
	}
	hb := harrier.Heartbeat{Engine: harrier.Engine{UUID: harrier.UUID{9}, Name: "x", Version: "1"}, Active: []harrier.Activity{{Scan: 1, Batch: 1}, {Scan: 77, Batch: 1}}}
	beats := make(chan harrier.Heartbeat, 4)
	watching.Go(func() { _ = h.bus.WatchBeats(ctx, func(b harrier.Heartbeat) { beats <- b }) })
	time.Sleep(100 * time.Millisecond)
	if err := c.Beat(t.Context(), hb); err != nil {
		t.Fatal(err)
	}
	if b := <-beats; b.Engine.UUID != id.UUID() || b.Engine.Name != "branch" || len(b.Active) != 1 || b.Active[0].Scan != 1 || len(b.Queues) != 2 {
		t.Errorf("the heartbeat arrives as %+v; want that of branch, about scan 1", b)
	}
	waitFor(t, told, "1 pause")
	if err := h.bus.SetCommand(t.Context(), 1, harrier.Stop); err != nil {
		t.Fatal(err)
	}
	waitFor(t, told, "1 stop")
	at := h.gate.Addr()
	h.stop()
	h.start(at)
	if err := say(1, 2); err != nil {
		t.Errorf("a result after the restart = %v", err)
	}
	for _, d := range scans {
		if err := d.Ack(t.Context()); err != nil {
			t.Errorf("Ack = %v", err)
		}
	}
	got := h.results(2)
	if len(got) != 2 || got[0].Engine != "branch" || got[1].Seq != 2 {
		t.Errorf("results = %+v; want two of branch", got)
	}
	if err := say(1, 3); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("a result after the end = %v; want Conflict", err)
	}
}

func waitFor(t *testing.T, told <-chan string, want string) {
	t.Helper()
	for end := time.After(10 * time.Second); ; {
		select {
		case s := <-told:
			if s == want {
				return
			}
		case <-end:
			t.Fatalf("%q was not told", want)
		}
	}
}

// The batch of an engine that is silent goes to the next of the pool; what the
// first one says of it then is refused.
func TestNext(t *testing.T) {
	h := open(t)
	a, b := h.dial(h.enrol("a", "p")), h.dial(h.enrol("b", "p"))
	h.publish("p", 1, 1)
	first := fetch(t, a)
	next := fetch(t, b)
	if next.Attempt != 2 {
		t.Errorf("attempt of the next = %d; want 2", next.Attempt)
	}
	if err := a.PublishResult(t.Context(), harrier.Result{Scan: 1, Batch: 1, Seq: 1}); harrier.KindOf(err) != harrier.Conflict || !h.log.has("refused", "engine=a", "another engine") {
		t.Errorf("a result of the first one = %v; want Conflict, and a line in the log", err)
	}
	if err := first.Ack(t.Context()); err == nil {
		t.Error("the first one may acknowledge what the second one has")
	}
	if err := b.PublishResult(t.Context(), harrier.Result{Scan: 1, Batch: 1, Seq: 1}); err != nil {
		t.Errorf("a result of the next = %v", err)
	}
	if got := h.results(1); len(got) != 1 || got[0].Attempt != 2 || got[0].Engine != "b" {
		t.Errorf("results = %+v; want that of b", got)
	}
}

// Who has an engine's key can do what that engine may, and nothing else: no
// subject of another engine, of the console or of JetStream is open to it.
func TestStolenKey(t *testing.T) {
	h := open(t)
	thief, victim := h.enrol("thief", "p"), h.enrol("victim", "q")
	v := h.dial(victim)
	h.publish("q", 5, 1)
	d := fetch(t, v)
	stolen := v.tickets[batch{5, 1}].ticket
	h.publish(h.engine("victim").Queue(), 6, 1)
	h.publish("q", 7, 1)

	denied := make(chan string, 64)
	config := trusts(func([]byte) bool { return true })
	config.GetClientCertificate = thief.certificate
	nc, err := nats.Connect("tls://"+h.gate.Addr(), nats.Secure(config), nats.TLSHandshakeFirst(), nats.CustomInboxPrefix(inbox(thief.UUID())),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err.Error() }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	id := victim.UUID()
	for _, s := range []string{
		">", "*", "_INBOX.>", inbox(id) + ".>", inbox(id) + ".x", commands(id), "command.>", "command.*", "engine.>", subject(id, "fetch"), subject(thief.UUID(), ">"),
		"enrol.>", "job.>", "result.>", "beat", "done", "$JS.>", "$SYS.>", "$KV.>", "$JS.EVENT.>", "$SRV.>",
	} {
		if _, err := nc.SubscribeSync(s); err != nil {
			continue
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		select {
		case text := <-denied:
			if !strings.Contains(text, "Permissions Violation for Subscription") {
				t.Errorf("subscription to %s: %s", s, text)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("a stolen key may listen to %s", s)
		}
	}
	for _, s := range []string{
		subject(id, verbFetch), subject(id, verbResult), subject(id, verbSettle), subject(id, verbDone), subject(id, verbBeat), subject(id, verbRenew),
		inbox(id) + ".x", commands(id), commands(thief.UUID()), "enrol.new", "job.q.1.1", "result.1", "command.5", "beat", "done",
		"$JS.API.INFO", "$JS.API.STREAM.LIST", "$JS.API.STREAM.INFO.JOBS", "$JS.API.STREAM.MSG.GET.JOBS", "$JS.API.DIRECT.GET.JOBS", "$JS.API.STREAM.PURGE.JOBS",
		"$JS.API.CONSUMER.CREATE.JOBS", "$JS.API.CONSUMER.MSG.NEXT.JOBS.pool-q", d.Handle() + "$JS.ACK.JOBS.pool-q.1.1.1.1.0", "$KV.x.y", "$SYS.REQ.SERVER.PING",
	} {
		if err := nc.PublishRequest(s, inbox(thief.UUID())+".x", []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		select {
		case text := <-denied:
			if !strings.Contains(text, "Permissions Violation for Publish") {
				t.Errorf("publication to %s: %s", s, text)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("a stolen key may publish to %s", s)
		}
	}
	c := h.dial(thief)
	for verb, in := range map[string]any{
		verbResult: said{stolen, harrier.Result{Scan: 5, Batch: 1, Attempt: 1, Seq: 1}}, verbSettle: settle{Ticket: stolen, How: "ack"}, verbDone: asking{stolen},
	} {
		if _, err := ask[any](t.Context(), c, verb, in); harrier.KindOf(err) != harrier.Forbidden {
			t.Errorf("%s with another engine's ticket = %v; want Forbidden", verb, err)
		}
	}
	if told, err := ask[commanded](t.Context(), c, verbBeat, beat{Tickets: [][]byte{stolen}}); err != nil || len(told) != 0 {
		t.Errorf("commands for another engine's ticket = %v, %v; want none", told, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if d, err := c.FetchJob(ctx, "q"); err == nil {
		t.Errorf("a stolen key reads batch %d of scan %d", d.Job.Batch, d.Job.Scan)
	}
	if _, err := thief.Logins(t.Context(), d.Job); err == nil {
		t.Error("credentials that were sealed for another engine can be read")
	}
	// An answer goes to the asker's inbox or nowhere.
	if _, err := nc.SubscribeSync(inbox(thief.UUID()) + ".y"); err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest(subject(thief.UUID(), verbDone), commands(id), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if got := h.results(0); len(got) != 0 {
		t.Errorf("results = %+v; want none", got)
	}
	if again := fetch(t, v); again.Job.Scan != 6 && again.Job.Scan != 7 && again.Job.Scan != 5 {
		t.Errorf("the victim's work is gone: %+v", again.Job)
	}
}

// What must be refused is refused, with a line in the log.
func TestRefused(t *testing.T) {
	clock := time.Now
	var ahead time.Duration
	var mu sync.Mutex
	h := open(t, func(c *Config) {
		c.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return clock().Add(ahead)
		}
	})
	at := h.gate.Addr()
	enrol := func(token string) error {
		return must(OpenIdentity(t.TempDir()))(t).Enrol(t.Context(), at, token, "new", nil)
	}
	refused := func(what string, err error, line ...string) {
		t.Helper()
		if harrier.KindOf(err) != harrier.Unauthenticated {
			t.Errorf("%s = %v; want Unauthenticated", what, err)
		}
		if len(line) > 0 && !h.log.has(append(line, "refused")...) {
			t.Errorf("%s leaves no line with %q in the log", what, line)
		}
	}
	token := h.token(fleet.NewToken{})
	id := must(OpenIdentity(t.TempDir()))(t)
	if err := id.Enrol(t.Context(), at, token, "one", nil); err != nil {
		t.Fatal(err)
	}
	refused("a replayed token", enrol(token), "was used before")
	refused("an unknown token", enrol(Token("guess", h.ca.Certificate().Raw)), "token is unknown")
	short := h.token(fleet.NewToken{Life: time.Nanosecond})
	refused("an expired token", enrol(short), "token has expired")
	other := must(pki.Open(t.TempDir(), time.Now()))(t)
	refused("the token of another console", enrol(Token("guess", other.Certificate().Raw)))
	if err := enrol("nonsense"); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("no token at all = %v; want Invalid", err)
	}
	taken := h.token(fleet.NewToken{})
	if err := must(OpenIdentity(t.TempDir()))(t).Enrol(t.Context(), at, taken, "one", nil); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("a name that is taken = %v; want Conflict", err)
	}
	if err := enrol(taken); err != nil {
		t.Errorf("the token after that = %v; want it not used up", err)
	}
	join := func(id *Identity) error {
		c, err := Dial(t.Context(), id, at, nil, nil)
		if err == nil {
			c.Close()
		}
		return err
	}
	if err := join(id); err != nil {
		t.Fatal(err)
	}
	foreign := must(OpenIdentity(id.dir))(t)
	foreign.papers.Chain = must(other.Engine(id.UUID(), id.sign.Public(), time.Now(), time.Hour))(t)
	refused("a certificate of another authority", join(foreign), "is not of this console")
	_, err := nats.Connect("tls://"+at, nats.Secure(trusts(func([]byte) bool { return true })), nats.TLSHandshakeFirst())
	if err == nil || !h.log.has("refused", "neither a certificate nor a token") {
		t.Errorf("no certificate = %v; want an error, and a line in the log", err)
	}
	mu.Lock()
	ahead = 25 * time.Hour
	mu.Unlock()
	refused("an expired certificate", join(id), "has expired")
	mu.Lock()
	ahead = 0
	mu.Unlock()

	c := h.dial(id)
	if err := h.fleet.Revoke(t.Context(), harrier.System, h.engine("one").ID); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); c.nc.IsConnected() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if c.nc.IsConnected() || !h.log.has("cut off", "engine=one") {
		t.Error("a revoked engine is not cut off, with a line in the log")
	}
	c.Close()
	refused("a revoked engine", join(id), "was revoked")
	if s := h.engine("one").Status(time.Now()); s != harrier.EnginePending {
		t.Errorf("status of a revoked engine = %s; want %s", s, harrier.EnginePending)
	}
	// A token for its name lets it in again, with a new key, and the old one stays out.
	anew := must(OpenIdentity(t.TempDir()))(t)
	if err := anew.Enrol(t.Context(), at, h.token(fleet.NewToken{Name: "one"}), "whatever", nil); err != nil || anew.UUID() != id.UUID() {
		t.Fatalf("enrolment anew = %v, as %s; want as %s", err, anew.UUID(), id.UUID())
	}
	if err := join(anew); err != nil {
		t.Errorf("the new key = %v", err)
	}
	refused("the old key", join(id), "another key since")
}

// A certificate is renewed at half of its life, and the connection outlives it.
func TestRenewal(t *testing.T) {
	h := open(t, func(c *Config) { c.Life = 3 * time.Second })
	id := h.enrol("e", "p")
	c := h.dial(id)
	first := id.paper().Chain
	ctx, cancel := context.WithCancel(t.Context())
	var renewing sync.WaitGroup
	renewing.Go(func() { _ = c.Renew(ctx) })
	defer renewing.Wait()
	defer cancel()
	time.Sleep(4 * time.Second)
	h.publish("p", 1, 1)
	if d := fetch(t, c); d.Job.Scan != 1 {
		t.Errorf("work after the first certificate has expired = %+v", d.Job)
	}
	if bytes.Equal(first, id.paper().Chain) {
		t.Error("the certificate is still the first one")
	}
}

// The console calls an engine that listens.
func TestReverse(t *testing.T) {
	h := open(t)
	caller := must(Wait(t.Context(), "127.0.0.1:0"))(t)
	defer caller.Close()
	_, port, _ := strings.Cut(caller.Addr(), ":")
	n := 0
	for _, d := range port {
		n = 10*n + int(d-'0')
	}
	e := harrier.Engine{Name: "far", Address: "127.0.0.1", Port: n}
	if err := h.fleet.SaveEngine(t.Context(), harrier.System, &e); err != nil {
		t.Fatal(err)
	}
	if s := h.engine("far").Status(time.Now()); s != harrier.EnginePending {
		t.Errorf("status before the enrolment = %s; want %s", s, harrier.EnginePending)
	}
	id := must(OpenIdentity(t.TempDir()))(t)
	if err := id.Enrol(t.Context(), "", h.token(fleet.NewToken{Name: "far"}), "", caller); err != nil {
		t.Fatal(err)
	}
	c := must(Dial(t.Context(), id, "", caller, nil))(t)
	defer c.Close()
	h.publish(e.Queue(), 1, 1)
	if d := fetch(t, c); d.Job.Scan != 1 {
		t.Errorf("work of an engine that is called = %+v", d.Job)
	}
}
