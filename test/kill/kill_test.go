// Package kill kills the console and the engine with SIGKILL at random moments
// of a scan and then asks whether anything that was acknowledged is gone, or
// anything is there twice.
//
// HARRIER_KILLS is how many kills one run makes (a handful without it).
package kill

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/test/console"
)

const (
	hosts   = 256
	flawed  = 6379 // a Redis server without a password listens there on every host
	refused = 6380 // and one that asks for a password there
)

func kills(t *testing.T) int {
	t.Helper()
	n := 6
	if s := os.Getenv("HARRIER_KILLS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			t.Fatalf("HARRIER_KILLS=%q is not a number of kills", s)
		}
	}
	return n
}

// truth is what one host has: (plugin, port) → how often.
type truth map[[2]int]int

func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a console and 512 servers")
	}
	serveRedis(t)
	bin := console.Build(t)
	data := t.TempDir()
	listen, bus := console.FreeAddr(t), console.FreeAddr(t)
	start := func() *console.Process {
		return console.Start(t, bin, "serve", "--data", data, "--listen", listen, "--no-engine", "--bus-listen", bus, "--redeliver", "2s", "--log-level", "warn")
	}
	con := start()
	api := console.Dial(t, listen)
	api.SignIn("admin", con.Password())
	token := console.EngineToken(t, bin, data, "--pool", "local")
	engine := func() *console.Process {
		return console.Start(t, bin, "engine", "--console", bus, "--token", token, "--keys", data+"/engine", "--parallel", "2", "--flight", data+"/flight")
	}
	eng := engine()
	t.Cleanup(func() { con.Kill(); eng.Kill() })

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	amid := 0
	for killed := 0; killed < kills(t); {
		scan := api.CreateScan("kill", "127.9.0.0/24", fmt.Sprintf("%d,%d", flawed, refused))
		api.Launch(scan)
		acknowledged := map[string]truth{} // what the API has shown, by host
		for round := 0; ; round++ {
			if killed < kills(t) && round < 8 { // then let it end
				time.Sleep(time.Duration(rng.IntN(700)) * time.Millisecond)
				if api.Scan(scan).Info.Status == "running" {
					amid++
				}
				if rng.IntN(2) == 0 {
					con.Kill()
					con = start()
				} else {
					eng.Kill()
					eng = engine()
				}
				killed++
			} else {
				time.Sleep(300 * time.Millisecond)
			}
			d := api.Scan(scan)
			for _, h := range d.Hosts {
				acknowledged[h.Hostname] = merge(t, acknowledged[h.Hostname], observed(api, scan, h))
			}
			if d.Info.Status == "completed" {
				check(t, api, scan, d, acknowledged)
				break
			}
			if round > 400 {
				t.Fatalf("the scan does not end: %q after two minutes without a kill", d.Info.Status)
			}
		}
	}
	t.Logf("%d kills, %d of them in the middle of a scan", kills(t), amid)
	if 2*amid < kills(t) {
		t.Errorf("only %d of %d kills hit a scan that was running; want most", amid, kills(t))
	}
}

func observed(api *console.Client, scan int, h console.Host) truth {
	out := truth{}
	for _, v := range api.Host(scan, h.ID).Vulnerabilities {
		out[[2]int{v.PluginID, 0}] += v.Count
	}
	return out
}

// merge checks that nothing that was shown before is missing now.
func merge(t *testing.T, before, now truth) truth {
	t.Helper()
	for key, n := range before {
		if now[key] < n {
			t.Errorf("plugin %d: %d acknowledged, %d now", key[0], n, now[key])
		}
	}
	return now
}

// check compares the ended scan with what every host has: the same on all.
func check(t *testing.T, api *console.Client, scan int, d console.Details, acknowledged map[string]truth) {
	t.Helper()
	if len(d.Hosts) != hosts {
		t.Errorf("%d hosts in the ended scan; want %d", len(d.Hosts), hosts)
	}
	var want truth
	for _, h := range d.Hosts {
		got := observed(api, scan, h)
		if want == nil {
			want = got
			for _, flaw := range []int{console.RedisNoAuth, 19506, 10180} {
				if got[[2]int{flaw, 0}] != 1 {
					t.Errorf("%s has plugin %d %d times; want once", h.Hostname, flaw, got[[2]int{flaw, 0}])
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s has %v; want %v as its neighbours", h.Hostname, got, want)
		}
		merge(t, acknowledged[h.Hostname], got)
	}
}
