//go:build unix

package dial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink keeps answers.
type sink struct {
	mu      sync.Mutex
	answers []sweep.Answer
	more    chan struct{}
}

func newSink() *sink { return &sink{more: make(chan struct{}, 1)} }

func (s *sink) answer(a []sweep.Answer) {
	s.mu.Lock()
	s.answers = append(s.answers, a...)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// wait returns the answers when there are n.
func (s *sink) wait(t testing.TB, n int) []sweep.Answer {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		answers := s.answers
		s.mu.Unlock()
		if len(answers) >= n {
			return answers
		}
		select {
		case <-s.more:
		case <-late:
			t.Fatalf("%d answers; want %d", len(answers), n)
		}
	}
}

// send sends all probes.
func send(t testing.TB, tr *Transport, probes []sweep.Probe) {
	t.Helper()
	for len(probes) > 0 {
		n, err := tr.Send(probes)
		if err != nil {
			t.Fatalf("Send = %d, %v", n, err)
		}
		if probes = probes[n:]; n == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

func transport(t testing.TB, o Options) (*Transport, *sink) {
	t.Helper()
	s := newSink()
	tr, err := New(s.answer, o)
	if err != nil {
		t.Fatalf("New = %v", err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("Close = %v", err)
		}
	})
	return tr, s
}

func probe(addr string, port uint16, wait time.Duration) sweep.Probe {
	return sweep.Probe{Addr: netip.MustParseAddr(addr), Item: sweep.Ask(sweep.SYN, port), Wait: wait}
}

// expect sends the probes and compares the states.
func expect(t *testing.T, tr *Transport, s *sink, want map[sweep.Probe]sweep.State) {
	t.Helper()
	var probes []sweep.Probe
	states := map[sweep.Answer]sweep.State{}
	for p, state := range want {
		p.Tag = uint8(len(probes) % sweep.Tags)
		probes = append(probes, p)
		states[sweep.Answer{Addr: p.Addr, Item: p.Item, Tag: p.Tag}] = state
	}
	before := time.Now()
	send(t, tr, probes)
	for _, a := range s.wait(t, len(probes)) {
		k := sweep.Answer{Addr: a.Addr, Item: a.Item, Tag: a.Tag}
		state, ok := states[k]
		delete(states, k)
		switch {
		case !ok:
			t.Errorf("answer for %v %v %d, which was not asked or was answered before", a.Addr, a.Item, a.Tag)
		case a.State != state:
			t.Errorf("%v %v is %v; want %v", a.Addr, a.Item, a.State, state)
		case state.Answered() && (a.RTT <= 0 || a.RTT > time.Since(before)) || state == sweep.Silent && a.RTT != 0:
			t.Errorf("%v %v %v has RTT %v", a.Addr, a.Item, a.State, a.RTT)
		case a.At.Before(before) || a.At.After(time.Now()):
			t.Errorf("%v %v came in at %v", a.Addr, a.Item, a.At)
		}
	}
}

// listen accepts at addr and counts the connections that ended by a reset and
// those that ended otherwise.
func listen(t testing.TB, addr string) (port uint16, resets, others *atomic.Int64) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		t.Fatalf("Listen(%s) = %v", addr, err)
	}
	var serving sync.WaitGroup
	resets, others = new(atomic.Int64), new(atomic.Int64)
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
					others.Add(1)
				} else {
					resets.Add(1)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return netip.MustParseAddrPort(l.Addr().String()).Port(), resets, others
}

func TestStates(t *testing.T) {
	for _, addr := range []string{"127.1.4.2", "::ffff:127.1.4.2", "::1"} {
		t.Run(addr, func(t *testing.T) {
			open, resets, others := listen(t, net.JoinHostPort(addr, "0"))
			tr, s := transport(t, Options{})
			expect(t, tr, s, map[sweep.Probe]sweep.State{
				probe(addr, open, time.Second): sweep.Open,
				probe(addr, 1, time.Second):    sweep.Closed,
			})
			for end := time.Now().Add(3 * time.Second); resets.Load()+others.Load() == 0 && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
			if others.Load() > 0 || resets.Load() == 0 {
				t.Errorf("%d connections ended by a reset, %d otherwise; want resets", resets.Load(), others.Load())
			}
		})
	}
}

func TestOtherKinds(t *testing.T) {
	tr, s := transport(t, Options{})
	want := map[sweep.Probe]sweep.State{}
	for _, k := range []sweep.Kind{sweep.ACK, sweep.Timestamp, sweep.UDP, sweep.Neighbour} {
		if tr.Supports(k) {
			t.Errorf("Supports(%v)", sweep.Ask(k, 0))
		}
		want[sweep.Probe{Addr: netip.MustParseAddr("127.1.4.2"), Item: sweep.Ask(k, 53)}] = sweep.Local
	}
	if !tr.Supports(sweep.SYN) {
		t.Error("SYN is not supported")
	}
	want[sweep.Probe{Item: sweep.Ask(sweep.SYN, 53)}] = sweep.Local // no address
	expect(t, tr, s, want)
}

// few is Files that checks how it is used.
type few struct{ left, most, asked atomic.Int64 }

func newFew(n int64) *few {
	f := &few{}
	f.left.Store(n)
	f.most.Store(n)
	return f
}

func (f *few) TryTake() bool {
	f.asked.Add(1)
	for {
		n := f.left.Load()
		if n <= 0 {
			return false
		}
		if f.left.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

func (f *few) Give() {
	if f.left.Add(1) > f.most.Load() {
		panic("more files given than taken")
	}
}

// Every probe has one answer, and the right one, in whatever mix, with however
// few files; and all files are given back.
func TestEachOnce(t *testing.T) {
	open4, _, _ := listen(t, "127.1.4.3:0")
	open6, _, _ := listen(t, "[::1]:0")
	silent := silentPort(t, "127.1.4.3")
	for _, o := range []struct {
		files int64
		max   int
	}{{1, 0}, {2, 3}, {7, 100}, {300, 1}, {300, 0}} {
		t.Run(fmt.Sprint(o.files, " ", o.max), func(t *testing.T) {
			files := newFew(o.files)
			tr, s := transport(t, Options{Files: files, Max: o.max})
			silents := 20 * min(int(o.files), cmp.Or(o.max, 4096)) // each keeps a file for its wait
			random := rand.New(rand.NewPCG(1, uint64(o.files)))
			var probes []sweep.Probe
			want := map[sweep.Item]sweep.State{}
			for i := range 4000 {
				// The address tells the copies of a question apart.
				p := probe(fmt.Sprintf("127.1.4.%d", 4+i%200), uint16(1+i/200), 5*time.Second)
				switch random.IntN(4) {
				case 0:
					p = probe("127.1.4.3", open4, 5*time.Second)
				case 1:
					p = probe("::1", open6, 5*time.Second)
				case 2:
					if silents--; silents > 0 {
						p = probe("127.1.4.3", silent, time.Duration(1+random.IntN(20))*time.Millisecond)
					}
				}
				p.Tag = uint8(random.IntN(sweep.Tags))
				probes = append(probes, p)
			}
			want[sweep.Ask(sweep.SYN, open4)], want[sweep.Ask(sweep.SYN, open6)] = sweep.Open, sweep.Open
			want[sweep.Ask(sweep.SYN, silent)] = sweep.Silent
			type key struct {
				addr netip.Addr
				item sweep.Item
				tag  uint8
			}
			count := map[key]int{}
			for _, p := range probes {
				count[key{p.Addr, p.Item, p.Tag}]++
			}
			send(t, tr, probes)
			s.wait(t, len(probes))
			for end := time.Now().Add(5 * time.Second); files.left.Load() < o.files && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
			if left := files.left.Load(); left != o.files {
				t.Errorf("%d files are left when all is done; want %d", left, o.files)
			}
			tr.Close()
			for _, a := range s.wait(t, len(probes)) {
				count[key{a.Addr, a.Item, a.Tag}]--
				state, ok := want[a.Item]
				if !ok {
					state = sweep.Closed
				}
				if a.State != state {
					t.Errorf("%v %v is %v; want %v", a.Addr, a.Item, a.State, state)
				}
			}
			for k, n := range count {
				if n != 0 {
					t.Errorf("%v %v %d: %d answers too few", k.addr, k.item, k.tag, n)
				}
			}
		})
	}
}

// Without files nothing is lost, Send says that there is no room, and nobody
// spins.
func TestNoFiles(t *testing.T) {
	files := newFew(0)
	tr, s := transport(t, Options{Files: files})
	probes := make([]sweep.Probe, 100_000)
	for i := range probes {
		probes[i] = probe("127.1.4.2", 1, time.Second)
	}
	sent := 0
	for range 20 {
		n, err := tr.Send(probes[sent:])
		if err != nil {
			t.Fatalf("Send = %v", err)
		}
		sent += n
	}
	if sent >= len(probes)/2 {
		t.Errorf("%d probes were taken without files; want few", sent)
	}
	time.Sleep(100 * time.Millisecond)
	if n := files.asked.Load(); n > 1000 {
		t.Errorf("files were asked for %d times in vain; want few", n)
	}
	if answers := s.wait(t, 0); len(answers) > 0 {
		t.Errorf("answers without files: %v", answers[0])
	}
	files.most.Store(3)
	files.left.Store(3)
	s.wait(t, sent)
}

func TestClose(t *testing.T) {
	silent := silentPort(t, "127.1.4.3")
	before := descriptors(t)
	files := newFew(1000)
	var late atomic.Bool
	var after atomic.Int64
	tr, err := New(func(a []sweep.Answer) {
		if late.Load() {
			after.Add(int64(len(a)))
		}
	}, Options{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		p := probe("127.1.4.3", silent, 50*time.Millisecond+time.Duration(i)*time.Microsecond)
		if i%8 == 0 {
			p = probe("127.1.4.3", 1, time.Second)
		}
		if n, err := tr.Send([]sweep.Probe{p}); err != nil || n == 0 {
			break
		}
	}
	if err := tr.Close(); err != nil {
		t.Fatalf("Close = %v", err)
	}
	late.Store(true)
	time.Sleep(100 * time.Millisecond)
	if n := after.Load(); n > 0 {
		t.Errorf("%d answers after Close", n)
	}
	if n, err := tr.Send([]sweep.Probe{probe("127.1.4.3", 1, 1)}); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send after Close = %d, %v; want net.ErrClosed", n, err)
	}
	if left := files.left.Load(); left != 1000 {
		t.Errorf("%d files are left after Close; want 1000", left)
	}
	if n := descriptors(t); n > before {
		t.Errorf("%d descriptors after Close, %d before New", n, before)
	}
}

// Waits that differ are each kept.
func TestWaits(t *testing.T) {
	silent := silentPort(t, "127.1.4.3")
	tr, s := transport(t, Options{})
	var probes []sweep.Probe
	for i := range 1200 { // beyond a turn of the wheel
		probes = append(probes, probe("127.1.4.3", silent, time.Duration(1+i%16*100)*time.Millisecond))
		probes[i].Tag = uint8(i % 16)
	}
	began := time.Now()
	send(t, tr, probes)
	for _, a := range s.wait(t, len(probes)) {
		wait := time.Duration(1+int(a.Tag)*100) * time.Millisecond
		// Attempts on one's own host are answered late if the kernel's second
		// SYN finds room: the port stays silent here.
		if took := a.At.Sub(began); a.State != sweep.Silent || took < wait {
			t.Errorf("%v after %v; want silent after %v", a.State, took, wait)
		}
	}
}
