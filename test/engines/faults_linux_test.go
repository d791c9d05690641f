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

// engines is how many there are.
const engines = 4

// The long fault runs, by how many hosts each engine talks to at a time: so many
// hosts are scanned from one fault to the next, on average. A killed engine has
// those again that it had in hand, about half done.
var apart = map[int]int{1: 75, 8: 400}

// TestFaults lets engines, console and links fail at random in the middle of
// scans: nothing is lost, nothing is there twice, every scan ends, and little is
// done twice. HARRIER_FAULTS is how many faults one run makes (a handful without
// it, in quick succession), HARRIER_IN_HAND how many hosts an engine has in hand:
// 1, as without it, or 8.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a console and engines")
	}
	r := run{faults: 5, targets: "10.77.0.0/25", hosts: 128, apart: 10, inHand: 1}
	long := os.Getenv("HARRIER_FAULTS")
	if long != "" {
		n, err := strconv.Atoi(long)
		if err != nil || n < 1 {
			t.Fatalf("HARRIER_FAULTS=%q is not a number of faults", long)
		}
		r = run{faults: n, targets: "10.77.0.0/22", hosts: 1024, inHand: 1}
		if text := os.Getenv("HARRIER_IN_HAND"); text != "" {
			if r.inHand, err = strconv.Atoi(text); err != nil {
				t.Fatalf("HARRIER_IN_HAND=%q is not a number of hosts", text)
			}
		}
		if r.apart = apart[r.inHand]; r.apart == 0 {
			t.Fatalf("there is no run with %d hosts in hand", r.inHand)
		}
		if r.inHand > 1 {
			r.targets, r.hosts = "10.77.0.0/20", 4096
		}
	}
	r.T, r.Bed = t, New(t, engines, 20*time.Millisecond, "--redeliver", "4s")
	for i := range engines {
		r.StartEngine(i, "--parallel", "1")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r.rng = rand.New(rand.NewPCG(seed, 1))
	r.down = map[int]time.Time{}

	id := r.scan() // without a fault: how much there is to ask
	r.check(id, r.API.Wait(id, 10*time.Minute))
	r.each = float64(r.Asked.Load()) / float64(r.hosts)
	for r.done < r.faults {
		r.disturb(r.scan())
		r.heal(true)
	}
	again := float64(r.Asked.Load()) - r.each*float64(r.scans*r.hosts)
	share := again / float64(r.Asked.Load())
	t.Logf("%d faults (%v) in %d scans of %d hosts, %d of them in the middle of one; done twice: %.2f %%, %.1f hosts for each fault",
		r.done, r.kinds, r.scans-1, r.hosts, r.amid, 100*share, again/r.each/float64(r.done))
	if perFault := again / r.each / float64(r.done); perFault > float64(engines*r.inHand) {
		t.Errorf("each fault has %.1f hosts scanned again; want at most those in hand, %d", perFault, engines*r.inHand)
	}
	if long != "" && share > 0.01 {
		t.Errorf("%.2f %% of the work was done twice; want at most 1 %%", 100*share)
	}
	if 2*r.amid < r.done {
		t.Errorf("only %d of %d faults hit a scan that was running; want most", r.amid, r.done)
	}
}

// run is one run of faults.
type run struct {
	T *testing.T
	*Bed
	faults, hosts, apart int
	inHand               int
	targets              string
	rng                  *rand.Rand
	each                 float64 // questions that a host is asked
	down                 map[int]time.Time
	done, amid, scans    int
	kinds                [3]int
}

func (r *run) scan() int {
	id := r.API.CreateScanWith(map[string]any{
		"name": "faults", "text_targets": r.targets, "portscan_range": strconv.Itoa(Flawed), "max_hosts_per_scan": strconv.Itoa(r.inHand),
	})
	r.API.Launch(id)
	r.scans++
	return id
}

// heal takes links up again whose time has come, or all.
func (r *run) heal(all bool) {
	for i, until := range r.down {
		if all || time.Now().After(until) {
			r.Link(i, true)
			delete(r.down, i)
		}
	}
}

// disturb makes faults while the scan runs, and waits for its end. A fault comes
// when so many more questions were asked, or when none is asked for a while:
// then one hits another.
func (r *run) disturb(id int) {
	next := func() int64 { return r.Asked.Load() + int64(r.each*float64(r.rng.IntN(2*r.apart))) }
	at, moved, quiet := next(), time.Now(), time.Duration(1+r.rng.IntN(6))*time.Second
	for last, calm := r.Asked.Load(), time.Now(); ; time.Sleep(50 * time.Millisecond) {
		r.heal(r.done >= r.faults)
		asked := r.Asked.Load()
		if asked != last {
			last, moved = asked, time.Now()
		}
		if r.done < r.faults && (asked >= at || time.Since(moved) > quiet) {
			if r.API.Scan(id).Info.Status == "running" {
				r.amid++
			}
			r.fault()
			at, moved, calm, quiet = next(), time.Now(), time.Now(), time.Duration(1+r.rng.IntN(6))*time.Second
		}
		if d := r.API.Scan(id); d.Info.Status == "completed" {
			r.check(id, d)
			r.T.Logf("%d faults, %d scans, %.0f hosts scanned again", r.done, r.scans, float64(r.Asked.Load())/r.each-float64(r.scans*r.hosts))
			return
		}
		if time.Since(calm) > 5*time.Minute {
			r.T.Fatal("the scan does not end five minutes after the last fault")
		}
	}
}

// fault lets one thing fail.
func (r *run) fault() {
	i := r.rng.IntN(engines)
	switch kind := r.rng.IntN(4); kind {
	case 0:
		r.kinds[0]++
		r.KillConsole()
		r.StartConsole()
	case 1:
		r.kinds[1]++
		r.Link(i, false)
		r.down[i] = time.Now().Add(time.Duration(1+r.rng.IntN(5)) * time.Second)
	default:
		r.kinds[2]++
		r.KillEngine(i)
		r.StartEngine(i, "--parallel", "1")
	}
	r.done++
}

// check compares the ended scan with the truth, which is the same on all hosts.
func (r *run) check(scan int, d console.Details) {
	r.T.Helper()
	if d.Info.Status != "completed" || len(d.Hosts) != r.hosts {
		r.T.Fatalf("the scan is %q with %d hosts; want it completed with %d", d.Info.Status, len(d.Hosts), r.hosts)
	}
	var want string
	for _, h := range d.Hosts {
		got := map[int]int{}
		for _, v := range r.API.Host(scan, h.ID).Vulnerabilities {
			if v.PluginID != 10114 && v.PluginID != 10180 { // told from ICMP, which a busy kernel does not always answer
				got[v.PluginID] += v.Count
			}
		}
		if got[console.RedisNoAuth] != 1 {
			r.T.Errorf("%s has plugin %d %d times; want once", h.Hostname, console.RedisNoAuth, got[console.RedisNoAuth])
		}
		if want == "" {
			want = fmt.Sprint(got)
		}
		if fmt.Sprint(got) != want {
			r.T.Errorf("%s has %v; want %s as its neighbours", h.Hostname, got, want)
		}
	}
}
