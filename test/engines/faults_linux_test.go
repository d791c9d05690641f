package engines

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/test/console"
)

const hosts = 256

// TestFaults lets engines, console and links fail at random in the middle of
// scans: nothing is lost, nothing is there twice, and every scan ends.
// HARRIER_FAULTS is how many faults one run makes (a handful without it).
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a console and engines")
	}
	faults := 6
	if s := os.Getenv("HARRIER_FAULTS"); s != "" {
		var err error
		if faults, err = strconv.Atoi(s); err != nil || faults < 1 {
			t.Fatalf("HARRIER_FAULTS=%q is not a number of faults", s)
		}
	}
	const engines = 4
	b := New(t, engines, 20*time.Millisecond, "--redeliver", "3s")
	for i := range engines {
		b.StartEngine(i, "--parallel", "1")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	scan := func() int {
		id := b.API.CreateScan("faults", "10.77.0.0/24", strconv.Itoa(Flawed))
		b.API.Launch(id)
		return id
	}
	whole := scan() // without a fault: how much there is to ask
	check(t, b, whole, b.API.Wait(whole, time.Minute))
	once, scans, amid := b.Asked.Load(), int64(1), 0
	down := map[int]time.Time{}
	for done := 0; done < faults; scans++ {
		id := scan()
		for round := 0; ; round++ {
			for i, until := range down {
				if time.Now().After(until) || done >= faults || round >= 8 {
					b.Link(i, true)
					delete(down, i)
				}
			}
			if done < faults && round < 8 {
				time.Sleep(time.Duration(rng.IntN(500)) * time.Millisecond)
				if b.API.Scan(id).Info.Status == "running" {
					amid++
				}
				i := rng.IntN(engines)
				switch rng.IntN(4) {
				case 0:
					b.KillConsole()
					b.StartConsole()
				case 1:
					b.Link(i, false)
					down[i] = time.Now().Add(time.Duration(1+rng.IntN(5)) * time.Second)
				default:
					b.KillEngine(i)
					b.StartEngine(i, "--parallel", "1")
				}
				done++
			} else {
				time.Sleep(300 * time.Millisecond)
			}
			if d := b.API.Scan(id); d.Info.Status == "completed" {
				check(t, b, id, d)
				break
			} else if round > 400 {
				t.Fatalf("the scan does not end: %q after two minutes without a fault", d.Info.Status)
			}
		}
	}
	for i := range down {
		b.Link(i, true)
	}
	extra := float64(b.Asked.Load()-scans*once) / float64(scans*once)
	t.Logf("%d faults in %d scans, %d of them in the middle of one; questions asked again: %.1f %%", faults, scans, amid, 100*extra)
}

// check compares the ended scan with the truth, which is the same on all hosts.
func check(t *testing.T, b *Bed, scan int, d console.Details) {
	t.Helper()
	if d.Info.Status != "completed" || len(d.Hosts) != hosts {
		t.Fatalf("the scan is %q with %d hosts; want it completed with %d", d.Info.Status, len(d.Hosts), hosts)
	}
	var want string
	for _, h := range d.Hosts {
		got := map[int]int{}
		for _, v := range b.API.Host(scan, h.ID).Vulnerabilities {
			if v.PluginID != 10114 && v.PluginID != 10180 { // told from ICMP, which a busy kernel does not always answer
				got[v.PluginID] += v.Count
			}
		}
		if got[console.RedisNoAuth] != 1 {
			t.Errorf("%s has plugin %d %d times; want once", h.Hostname, console.RedisNoAuth, got[console.RedisNoAuth])
		}
		if want == "" {
			want = fmt.Sprint(got)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s has %v; want %s as its neighbours", h.Hostname, got, want)
		}
	}
}
