package route

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeLink is a link with a kernel that knows some neighbours, and a count of the
// requests that left.
type fakeLink struct {
	mu     sync.Mutex
	kernel map[netip.Addr][6]byte
	asked  []Path
}

func (l *fakeLink) know(_ int, a netip.Addr) ([6]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mac, ok := l.kernel[a]
	return mac, ok
}

func (l *fakeLink) ask(p Path) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, p)
}

func (l *fakeLink) resolver() *Resolver { return NewResolver(l.know, l.ask) }

func want(t *testing.T, r *Resolver, p Path, mac [6]byte, state State) {
	t.Helper()
	if gotMAC, got := r.MAC(p); gotMAC != mac || got != state {
		t.Fatalf("MAC(%v) = %x, %v; want %x, %v", p.Next, gotMAC, got, mac, state)
	}
}

var (
	none  [6]byte
	macA  = [6]byte{2, 0, 0, 0, 0, 0xa}
	macB  = [6]byte{2, 0, 0, 0, 0, 0xb}
	hostA = netip.MustParseAddr("192.0.2.10")
	pathA = Path{Index: 3, Next: hostA, From: netip.MustParseAddr("192.0.2.1"), MAC: [6]byte{2, 0, 0, 0, 0, 1}, Ethernet: true}
)

func TestNothingToResolve(t *testing.T) {
	l := &fakeLink{}
	r := l.resolver()
	want(t, r, Path{Index: 1}, none, Resolved)
	want(t, r, Path{Index: 2, Ethernet: true, Peer: macB}, macB, Resolved)
	r.Asked(Path{Index: 1})
	if len(l.asked) != 0 || len(r.young) != 0 {
		t.Errorf("%d requests, %d entries; want none", len(l.asked), len(r.young))
	}
}

func TestAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLink{}
		r := l.resolver()
		for range 5 { // however often it is asked for
			want(t, r, pathA, none, Pending)
		}
		if len(l.asked) != 1 || l.asked[0] != pathA {
			t.Fatalf("asked %v; want once %v", l.asked, pathA)
		}
		if !r.Learn(3, hostA, macA) {
			t.Error("Learn = false; want true")
		}
		time.Sleep(learnedFor - 1)
		want(t, r, pathA, macA, Resolved)
		if len(l.asked) != 1 {
			t.Errorf("%d requests; want 1", len(l.asked))
		}
		// While it is confirmed anew it serves on, until nobody answered.
		for i := range tries {
			time.Sleep(retryAfter)
			want(t, r, pathA, macA, Resolved)
			want(t, r, pathA, macA, Resolved)
			if len(l.asked) != 2+i {
				t.Errorf("%d requests; want %d", len(l.asked), 2+i)
			}
		}
		time.Sleep(retryAfter)
		want(t, r, pathA, none, Failed)
	})
}

// While an address serves, an answer that nobody asked for turns no packet away.
func TestClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLink{}
		r := l.resolver()
		want(t, r, pathA, none, Pending)
		if !r.Learn(3, hostA, macA) || r.Learn(3, hostA, macB) || !r.Learn(3, hostA, macA) {
			t.Error("Learn took a second claim, or refused the first again")
		}
		want(t, r, pathA, macA, Resolved)
		time.Sleep(learnedFor)
		want(t, r, pathA, macA, Resolved) // asked anew
		if !r.Learn(3, hostA, macB) {
			t.Error("Learn refused the answer to a new request")
		}
		want(t, r, pathA, macB, Resolved)
	})
}

func TestUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLink{}
		r := l.resolver()
		began := time.Now()
		var at []time.Duration
		state := Pending
		for ; state == Pending; time.Sleep(10 * time.Millisecond) {
			before := len(l.asked)
			_, state = r.MAC(pathA)
			if len(l.asked) > before {
				at = append(at, time.Since(began))
			}
		}
		if len(at) != 3 || at[0] != 0 || at[1] != time.Second || at[2] != 2*time.Second {
			t.Errorf("asked at %v; want at 0, 1 and 2 s", at)
		}
		if state != Failed || time.Since(began) != 3*time.Second+10*time.Millisecond {
			t.Errorf("%v after %v; want failed after 3 s", state, time.Since(began))
		}
		time.Sleep(failedFor - 20*time.Millisecond)
		want(t, r, pathA, none, Failed)
		time.Sleep(20 * time.Millisecond)
		want(t, r, pathA, none, Pending)
		if len(l.asked) != 4 {
			t.Errorf("%d requests; want 4", len(l.asked))
		}
		r.Learn(3, hostA, macA) // late, but true
		want(t, r, pathA, macA, Resolved)
	})
}

func TestKernelKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLink{kernel: map[netip.Addr][6]byte{hostA: macA}}
		r := l.resolver()
		want(t, r, pathA, macA, Resolved)
		l.kernel[hostA] = macB
		want(t, r, pathA, macA, Resolved)
		time.Sleep(kernelSaidFor)
		want(t, r, pathA, macB, Resolved)
		delete(l.kernel, hostA)
		time.Sleep(kernelSaidFor)
		if len(l.asked) != 0 {
			t.Fatalf("%d requests; want none while the kernel knows", len(l.asked))
		}
		want(t, r, pathA, macB, Resolved) // and is asked for
		if len(l.asked) != 1 {
			t.Errorf("%d requests; want 1", len(l.asked))
		}
		l.kernel[hostA] = macA
		time.Sleep(retryAfter)
		want(t, r, pathA, macA, Resolved)
		if len(l.asked) != 1 {
			t.Errorf("%d requests; want 1", len(l.asked))
		}
	})
}

func TestAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLink{}
		r := l.resolver()
		if r.Learn(3, hostA, macA) {
			t.Error("a neighbour that nobody asked for was kept")
		}
		r.Asked(pathA)
		want(t, r, pathA, none, Pending)
		if len(l.asked) != 0 {
			t.Errorf("%d requests; want none beside the caller's own", len(l.asked))
		}
		if r.Learn(4, hostA, macB) {
			t.Error("an answer on another link was taken")
		}
		for _, mac := range [][6]byte{{}, {1, 0, 0x5e, 0, 0, 1}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
			if r.Learn(3, hostA, mac) {
				t.Errorf("Learn took %x", mac)
			}
		}
		if !r.Learn(3, netip.MustParseAddr("192.0.2.10"), macA) {
			t.Error("Learn = false; want true")
		}
		r.Asked(pathA) // changes nothing while it is known
		time.Sleep(retryAfter)
		want(t, r, pathA, macA, Resolved)
		if len(l.asked) != 0 {
			t.Errorf("%d requests; want none", len(l.asked))
		}
	})
}

func TestLearnZone(t *testing.T) {
	l := &fakeLink{}
	r := l.resolver()
	p := Path{Index: 3, Next: netip.MustParseAddr("fe80::1"), Ethernet: true}
	want(t, r, p, none, Pending)
	if !r.Learn(3, netip.MustParseAddr("fe80::1%eth0"), macA) {
		t.Error("an address with a zone is the same neighbour")
	}
	want(t, r, p, macA, Resolved)
}

// TestBounded asks for more neighbours than are kept, one of them all the time:
// that one stays known.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLink{}
		r := l.resolver()
		want(t, r, pathA, none, Pending)
		r.Learn(3, hostA, macA)
		a := netip.MustParseAddr("10.0.0.0")
		for i := range maxNeighbours + neighboursHalf/4 {
			a = a.Next()
			r.MAC(Path{Index: 3, Next: a})
			if i%1000 == 0 {
				want(t, r, pathA, macA, Resolved)
				if n := len(r.young) + len(r.old); n > maxNeighbours {
					t.Fatalf("%d entries; want at most %d", n, maxNeighbours)
				}
			}
		}
	})
}

func TestResolverConcurrent(t *testing.T) {
	l := &fakeLink{}
	r := l.resolver()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				r.MAC(pathA)
				r.Learn(3, hostA, macA)
				r.Asked(pathA)
			}
		})
	}
	wg.Wait()
	want(t, r, pathA, macA, Resolved)
	if len(l.asked) > 1 {
		t.Errorf("%d requests; want at most one", len(l.asked))
	}
}

func BenchmarkResolverKnown(b *testing.B) {
	l := &fakeLink{}
	r := l.resolver()
	r.MAC(pathA)
	r.Learn(3, hostA, macA)
	b.ReportAllocs()
	for b.Loop() {
		r.MAC(pathA)
	}
}
