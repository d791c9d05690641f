package bus_test

import (
	"context"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/bus/bustest"
)

// elsewhere starts a NATS server as an operator would, with a password.
func elsewhere(t *testing.T) string {
	t.Helper()
	ns, err := natsserver.NewServer(&natsserver.Options{
		Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
		Username: "harrier", Password: "s3cret", MaxPayload: 8 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	return ns.Addr().String()
}

func TestDial(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) bustest.Bus {
		c, err := bus.Dial(t.Context(), bus.Elsewhere{URL: "nats://harrier:s3cret@" + elsewhere(t)}, bus.Config{AckWait: bustest.AckWait, ResultBytes: 256 << 10})
		if err != nil {
			t.Fatalf("Dial = %v", err)
		}
		t.Cleanup(c.Close)
		return c
	})
}

func TestDialRefused(t *testing.T) {
	t.Parallel()
	at := elsewhere(t)
	for url, want := range map[string]harrier.Kind{
		"nats://harrier:wrong@" + at:    harrier.Unauthenticated,
		"nats://harrier:s3cret@[::1]:1": harrier.Unavailable,
	} {
		if _, err := bus.Dial(t.Context(), bus.Elsewhere{URL: url}, bus.Config{}); harrier.KindOf(err) != want {
			t.Errorf("Dial(%s) = %v; want %v", url, err, want)
		}
	}
}

// A delivery can be settled by its handle, by another process.
func TestHandle(t *testing.T) {
	t.Parallel()
	c := connect(t, serve(t, bus.Config{Dir: t.TempDir(), AckWait: bustest.AckWait}))
	if d, err := c.TryJob(t.Context(), "p"); d != nil || err != nil {
		t.Fatalf("TryJob of an empty queue = %v, %v; want nothing", d, err)
	}
	if err := c.PublishJob(t.Context(), "p", harrier.Job{Scan: 1, Batch: 2}); err != nil {
		t.Fatal(err)
	}
	d, err := c.TryJob(t.Context(), "p")
	for range 500 { // the server tells its queues of what it took a moment later
		if d != nil || err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
		d, err = c.TryJob(t.Context(), "p")
	}
	if err != nil || d == nil || d.Job.Batch != 2 || d.Attempt != 1 {
		t.Fatalf("TryJob = %+v, %v; want batch 2", d, err)
	}
	again, err := c.Again(d.Handle())
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Nak(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if d, err = c.FetchJob(ctx, "p"); err != nil || d.Attempt != 2 {
		t.Fatalf("FetchJob after Nak = %+v, %v; want attempt 2", d, err)
	}
	if again, err = c.Again(d.Handle()); err == nil {
		err = again.Ack(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(bustest.AckWait + bustest.AckWait/2)
	if d, err := c.TryJob(t.Context(), "p"); d != nil || err != nil {
		t.Errorf("TryJob after Ack = %+v, %v; want nothing", d, err)
	}
	for _, bad := range []string{"", "$JS.API.STREAM.PURGE.JOBS", "$JS.ACK.RESULTS.x", "$JS.ACK.JOBS.>"} {
		if _, err := c.Again(bad); err == nil {
			t.Errorf("Again(%q) is taken", bad)
		}
	}
}
