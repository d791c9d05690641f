package discover

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// world answers for hosts in place of a network. It tells by the address how a
// host behaves.
type world struct {
	of    func(last int) host
	wait  func(last int) time.Duration // until the first answer; nil: 100 ms
	mu    sync.Mutex
	looks int
}

type host struct {
	first  Answer
	second look
}

func byPort(state sweep.State, ttl uint8) Answer {
	item := sweep.Ask(sweep.SYN, 443)
	r := sweep.Reply{Item: item, State: state, TTL: ttl}
	return Answer{Alive: true, Known: true, Item: item, Reply: r, Reason: "tcp rst 443"}
}

var (
	silent  = host{first: Answer{Reason: NoAnswer}}
	pinged  = host{first: Answer{Alive: true, Known: true, Item: sweep.Ask(sweep.Echo, 0), Reply: sweep.Reply{Item: sweep.Ask(sweep.Echo, 0), State: sweep.Open}, Reason: "icmp echo"}}
	boxed   = host{byPort(sweep.Closed, 64), look{manner: "all closed", sure: true}}
	serving = host{byPort(sweep.Closed, 64), look{manner: "443 open", sure: true}}
	farther = host{byPort(sweep.Closed, 60), look{manner: "all closed, ttl 60", sure: true}}
	hidden  = host{byPort(sweep.Closed, 64), look{Answer: pinged.first, manner: "all closed", sure: true}}
	unsure  = host{byPort(sweep.Closed, 64), look{manner: "all closed"}}
)

func (w *world) book() *Neighbourhood {
	b := NewNeighbourhood(nil)
	pause := func(ctx context.Context, d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	number := func(a netip.Addr) int {
		b := a.As16()
		return int(b[14])<<8 | int(b[15])
	}
	b.ping = func(ctx context.Context, a netip.Addr, _ harrier.Settings) (Answer, error) {
		d := 100 * time.Millisecond
		if w.wait != nil {
			d = w.wait(number(a))
		}
		return w.of(number(a)).first, pause(ctx, d)
	}
	b.look = func(ctx context.Context, a netip.Addr, _ harrier.Settings, _ Answer, _ [2]uint16) (look, error) {
		w.mu.Lock()
		w.looks++
		w.mu.Unlock()
		return w.of(number(a)).second, pause(ctx, time.Second)
	}
	return b
}

// result is what became of the addresses from first on, n of them.
func (w *world) result(ctx context.Context, t *testing.T, b *Neighbourhood, set harrier.Settings, first string, n int) (alive []int, reasons map[string]int) {
	t.Helper()
	var wg sync.WaitGroup
	answers := make([]Answer, n)
	a := netip.MustParseAddr(first)
	for i := range n {
		v := b.Enter(a)
		wg.Go(func() {
			defer v.Leave()
			got, err := v.Ping(ctx, set)
			if err != nil && !errors.Is(err, ctx.Err()) {
				t.Errorf("Ping of host %d = %v", i, err)
			}
			if err == nil {
				answers[i] = got
			}
		})
		a = a.Next()
	}
	b.Close()
	wg.Wait()
	reasons = map[string]int{}
	for i, got := range answers {
		if got.Alive {
			alive = append(alive, i)
		} else {
			reasons[got.Reason]++
		}
	}
	return alive, reasons
}

const inFront = "a device in front of 10.1.2.0/24 answers for every address"

func TestNeighbourhood(t *testing.T) {
	mix := func(most host, others map[int]host) func(int) host {
		return func(i int) host {
			if h, ok := others[i&255]; ok {
				return h
			}
			return most
		}
	}
	for _, c := range []struct {
		name  string
		of    func(int) host
		n     int
		set   harrier.Settings
		alive int
		dead  map[string]int
	}{
		{"a device for all", mix(boxed, nil), 256, harrier.Settings{}, 0, map[string]int{inFront: 256}},
		{"fast discovery", mix(boxed, nil), 256, harrier.Settings{FastDiscovery: true}, 256, nil},
		{"few addresses", mix(boxed, nil), leastAlike - 1, harrier.Settings{}, leastAlike - 1, nil},
		{"just enough", mix(boxed, nil), leastAlike, harrier.Settings{}, 0, map[string]int{inFront: leastAlike}},
		{"hosts behind it", mix(boxed, map[int]host{4: pinged, 5: serving, 6: farther, 7: hidden}), 256, harrier.Settings{}, 4, map[string]int{inFront: 252}},
		{"the edges silent", mix(boxed, map[int]host{0: silent, 255: silent}), 256, harrier.Settings{}, 0, map[string]int{inFront: 254, NoAnswer: 2}},
		{"one silent", mix(boxed, map[int]host{77: silent}), 256, harrier.Settings{}, 255, map[string]int{NoAnswer: 1}},
		{"half silent", func(i int) host { return []host{boxed, silent}[i&1] }, 256, harrier.Settings{}, 128, map[string]int{NoAnswer: 128}},
		{"equal hosts that answer echo later", mix(hidden, nil), 256, harrier.Settings{}, 256, nil},
		{"many kinds of hosts", func(i int) host {
			return host{byPort(sweep.Closed, 64), look{manner: fmt.Sprint(i % 3), sure: true}}
		}, 256, harrier.Settings{}, 256, nil},
		{"without proof", mix(unsure, nil), 256, harrier.Settings{}, 256, nil},
		{"a third is pinged", func(i int) host {
			if i%3 == 0 {
				return pinged
			}
			return boxed
		}, 256, harrier.Settings{}, 256, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{of: c.of}
				alive, dead := w.result(t.Context(), t, w.book(), c.set, "10.1.2.0", c.n)
				if len(alive) != c.alive || fmt.Sprint(dead) != fmt.Sprint(c.dead) && len(dead)+len(c.dead) > 0 {
					t.Errorf("%d alive, dead %v; want %d, %v", len(alive), dead, c.alive, c.dead)
				}
			})
		})
	}
}

// Subnets are judged each by itself, in IPv6 those of 120 bits.
func TestNeighbourhoodSubnets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{of: func(i int) host {
			if i>>8 == 3 && i&1 == 0 {
				return silent
			}
			return boxed
		}}
		if alive, dead := w.result(t.Context(), t, w.book(), harrier.Settings{}, "10.1.2.0", 768); len(alive) != 128 || dead[inFront] != 256 ||
			dead[strings.Replace(inFront, "10.1.2", "10.1.4", 1)] != 256 || dead[NoAnswer] != 128 {
			t.Errorf("three subnets: %d alive, dead %v", len(alive), dead)
		}
		six := "a device in front of 2001:db8::200/120 answers for every address"
		if alive, dead := w.result(t.Context(), t, w.book(), harrier.Settings{}, "2001:db8::200", 512); len(alive) != 128 || dead[six] != 256 {
			t.Errorf("two subnets of IPv6: %d alive, dead %v", len(alive), dead)
		}
	})
}

// What is sure leaves at once; what is doubted leaves with the first silence.
func TestNeighbourhoodStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{of: func(i int) host {
			switch i {
			case 1:
				return pinged
			case 200:
				return silent
			}
			return boxed
		}}
		w.wait = func(i int) time.Duration {
			switch i {
			case 200:
				return 3 * time.Second
			case 250:
				return time.Hour // a host whose packets wait for their turn
			}
			return 100 * time.Millisecond
		}
		b, began := w.book(), time.Now()
		var mu sync.Mutex
		took := map[int]time.Duration{}
		var wg sync.WaitGroup
		for i := range 256 {
			v := b.Enter(netip.AddrFrom4([4]byte{10, 1, 0, byte(i)}))
			wg.Go(func() {
				defer v.Leave()
				_, _ = v.Ping(t.Context(), harrier.Settings{})
				mu.Lock()
				took[i] = time.Since(began)
				mu.Unlock()
			})
		}
		b.Close()
		wg.Wait()
		if took[1] != 100*time.Millisecond || took[2] != 3*time.Second || took[249] != 3*time.Second || w.looks != 0 {
			t.Errorf("a pinged host took %v, doubted ones %v and %v, with %d second looks; want 100ms, 3s, 3s and none", took[1], took[2], took[249], w.looks)
		}
	})
}

// An open port where all neighbours refuse is a host's, at once.
func TestNeighbourhoodDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{of: func(i int) host {
			if i == 99 {
				return host{first: byPort(sweep.Open, 64)}
			}
			return boxed
		}}
		w.wait = func(i int) time.Duration {
			switch i {
			case 99:
				return 200 * time.Millisecond
			case 100:
				return time.Minute
			}
			return 100 * time.Millisecond
		}
		b, began := w.book(), time.Now()
		var took, rest time.Duration
		var first, other Answer
		var wg sync.WaitGroup
		for i := range 128 {
			v := b.Enter(netip.AddrFrom4([4]byte{10, 1, 0, byte(i)}))
			wg.Go(func() {
				defer v.Leave()
				a, err := v.Ping(t.Context(), harrier.Settings{})
				if err != nil {
					t.Error(err)
				}
				switch i {
				case 99:
					first, took = a, time.Since(began)
				case 7:
					other, rest = a, time.Since(began)
				}
			})
		}
		b.Close()
		wg.Wait()
		if !first.Alive || took != 200*time.Millisecond || other.Alive || rest <= time.Minute {
			t.Errorf("the one that differs: %+v after %v, another: %+v after %v; want it alive at once, and the other not", first, took, other, rest)
		}
	})
}

// Addresses that never come, and a scan that ends, hold nobody back.
func TestNeighbourhoodEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{of: func(int) host { return boxed }}
		b := w.book()
		ask := func(last byte) (Answer, error) {
			v := b.Enter(netip.AddrFrom4([4]byte{10, 1, 2, last}))
			defer v.Leave()
			return v.Ping(t.Context(), harrier.Settings{})
		}
		began := time.Now()
		if a, err := ask(9); !a.Alive || err != nil || time.Since(began) > 2*patience {
			t.Errorf("a host whose neighbours never come = %+v, %v after %v", a, err, time.Since(began))
		}
		// Addresses that were entered and could not be asked say nothing.
		for i := range 40 {
			b.Enter(netip.AddrFrom4([4]byte{10, 1, 2, byte(10 + i)})).Leave()
		}
		if a, err := ask(8); !a.Alive || err != nil {
			t.Errorf("a host with neighbours that were not asked = %+v, %v", a, err)
		}
		for _, after := range []time.Duration{50 * time.Millisecond, 500 * time.Millisecond, 1500 * time.Millisecond} {
			w.wait = func(i int) time.Duration {
				if i&255 == 200 {
					return time.Second
				}
				return 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), after)
			if alive, _ := w.result(ctx, t, w.book(), harrier.Settings{}, "10.1.2.0", 256); len(alive) != 0 {
				t.Errorf("a scan that ended after %v called %d hosts alive", after, len(alive))
			}
			cancel()
		}
	})
}

// The rest of a subnet that comes late is compared with the device that was
// found there.
func TestNeighbourhoodLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{of: func(i int) host {
			if i&255 == 205 {
				return serving
			}
			return boxed
		}}
		b := w.book()
		if alive, _ := w.result(t.Context(), t, b, harrier.Settings{}, "10.1.2.0", 200); len(alive) != 0 {
			t.Fatalf("%d hosts alive in front of the late ones; want none", len(alive))
		}
		if alive, dead := w.result(t.Context(), t, b, harrier.Settings{}, "10.1.2.200", 10); len(alive) != 1 || alive[0] != 5 || dead[inFront] != 9 {
			t.Errorf("late ones: alive %v, dead %v; want the one that differs", alive, dead)
		}
	})
}

// Nothing is kept of subnets that are done, however many there are.
func TestNeighbourhoodForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{of: func(int) host { return boxed }}
		b := w.book()
		for i := range maxDevices + 10 {
			if alive, _ := w.result(t.Context(), t, b, harrier.Settings{}, fmt.Sprintf("10.%d.%d.0", i>>8, i&255), leastAlike); len(alive) != 0 {
				t.Fatalf("net %d: %d alive", i, len(alive))
			}
		}
		if len(b.devices) > maxDevices || b.last != nil {
			t.Errorf("%d devices and %v are kept; want at most %d and nothing", len(b.devices), b.last, maxDevices)
		}
	})
}

func TestOddPorts(t *testing.T) {
	for range 1000 {
		p := oddPorts()
		if p[0] == p[1] || p[0] < 40_000 || p[1] < 40_000 || p[0]&p[1]&1 == 0 {
			t.Fatalf("oddPorts() = %v; want two different odd high ones", p)
		}
	}
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		addr       string
		kind, code uint8
		want       string
	}{
		{"192.0.2.1", 0, 0, Unreachable},
		{"192.0.2.1", 3, 0, NoNet},
		{"192.0.2.1", 3, 1, NoHost},
		{"192.0.2.1", 3, 3, Unreachable},
		{"192.0.2.1", 3, 13, Filtered},
		{"192.0.2.1", 11, 0, LoopingRoute},
		{"2001:db8::1", 1, 1, Filtered},
		{"2001:db8::1", 1, 3, NoHost},
		{"2001:db8::1", 3, 0, LoopingRoute},
		{"2001:db8::1", 11, 0, Unreachable},
	} {
		r := sweep.Reply{Item: sweep.Ask(sweep.SYN, 443), State: sweep.Unreachable, Type: c.kind, Code: c.code}
		if got := judge(netip.MustParseAddr(c.addr), r, true); got.Alive || got.Reason != c.want {
			t.Errorf("%s, ICMP %d/%d = %+v; want dead by %q", c.addr, c.kind, c.code, got, c.want)
		}
	}
}
