package gate

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
)

// nothing fails when c is given work within d.
func nothing(t *testing.T, c *Conn, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if got, err := c.FetchJob(ctx, ""); err == nil {
		t.Errorf("batch %d of scan %d is given away, attempt %d", got.Job.Batch, got.Job.Scan, got.Attempt)
	}
}

func beatWith(t *testing.T, c *Conn) {
	t.Helper()
	if err := c.Beat(t.Context(), harrier.Heartbeat{}); err != nil {
		t.Fatal(err)
	}
}

// A bus that was killed can forget that it delivered a batch, and deliver it
// anew. It stays with the engine that has it, which settles the new delivery.
func TestForgotten(t *testing.T) {
	h := open(t)
	a, b := h.dial(h.enrol("a", "p")), h.dial(h.enrol("b", "p"))
	h.publish("p", 1, 1)
	d := fetch(t, a)
	forget := func() {
		t.Helper()
		old := must(h.bus.Again(must(readTicket(h.box, a.id.UUID(), a.tickets[batch{1, 1}].ticket))(t).Handle))(t)
		if err := old.Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.publish("p", 1, 1)
	}
	forget()
	nothing(t, b, 500*time.Millisecond)

	// Nor does a console that has just started know who has what, until they say.
	if err := h.fleet.See(t.Context(), harrier.Heartbeat{Engine: harrier.Engine{UUID: a.id.UUID(), Protocol: harrier.EngineProtocol}}); err != nil {
		t.Fatal(err)
	}
	forget()
	at := h.gate.Addr()
	h.stop()
	h.start(at)
	b = h.dial(b.id) // is there before a is back
	var waiting sync.WaitGroup
	waiting.Go(func() { nothing(t, b, 600*time.Millisecond) })
	for end := time.Now().Add(10 * time.Second); a.Beat(t.Context(), harrier.Heartbeat{}) != nil && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	waiting.Wait()
	for range 5 {
		beatWith(t, a)
		nothing(t, b, 300*time.Millisecond)
	}
	if err := d.Ack(t.Context()); err != nil {
		t.Fatalf("Ack = %v", err)
	}
	nothing(t, b, 1500*time.Millisecond)
}

// An engine that says nothing more loses its batch, however often it spoke
// before, within the time that the console waits for it.
func TestSilent(t *testing.T) {
	if bus.DefaultAckWait > 30*time.Second {
		t.Errorf("a silent engine keeps its batches for %v; want at most 30 s", bus.DefaultAckWait)
	}
	h := open(t)
	a, b := h.dial(h.enrol("a", "p")), h.dial(h.enrol("b", "p"))
	h.publish("p", 1, 1)
	d := fetch(t, a)
	for range 6 { // for longer than the console would wait
		time.Sleep(250 * time.Millisecond)
		beatWith(t, a)
		if err := d.InProgress(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	last := time.Now()
	a.Close()
	if next := fetch(t, b); next.Attempt != 2 {
		t.Errorf("attempt of the next = %d; want 2", next.Attempt)
	}
	if took := time.Since(last); took > 20*h.gate.Redeliver {
		t.Errorf("the batch went on after %v; want about %v", took, h.gate.Redeliver)
	}
}

// Pause, resume and stop reach every engine that works on the scan, also one
// whose connection was away meanwhile, and no other.
func TestCommands(t *testing.T) {
	h := open(t)
	type worker struct {
		*Conn
		told chan string
	}
	var workers []worker
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	for i := range 5 {
		w := worker{h.dial(h.enrol(fmt.Sprint("e", i), "p")), make(chan string, 64)}
		watching.Go(func() {
			_ = w.WatchCommands(ctx, func(id harrier.ID, c harrier.Command) { w.told <- fmt.Sprint(id, " ", c) })
		})
		workers = append(workers, w)
	}
	for i, w := range workers { // the last one works on another scan
		scan := harrier.ID(1)
		if i == 4 {
			scan = 2
		}
		h.publish("p", scan, i+1)
		fetch(t, w.Conn)
	}
	for _, c := range []harrier.Command{harrier.Pause, harrier.Resume, harrier.Stop} {
		if err := h.bus.SetCommand(t.Context(), 1, c); err != nil {
			t.Fatal(err)
		}
		if c == harrier.Stop { // told over a connection that is made anew
			if err := workers[0].nc.ForceReconnect(); err != nil {
				t.Fatal(err)
			}
		}
		for _, w := range workers[:4] {
			waitFor(t, w.told, fmt.Sprint("1 ", c))
		}
	}
	for len(workers[4].told) > 0 {
		if s := <-workers[4].told; s != "2 resume" {
			t.Errorf("an engine that works on scan 2 is told %q", s)
		}
	}
}
