package probe_test

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/stage/identify"
	"github.com/harrier-scan/harrier/test/daemons"
)

// TestRealServices identifies servers from Debian packages, each started with
// its own data on a free port, which never is its usual one. HARRIER_TEST_DAEMON
// names the packages to start, for a closer look at what they say.
func TestRealServices(t *testing.T) {
	if testing.Short() {
		t.Skip("starts two dozen servers, twice")
	}
	for name, fixed := range map[string]bool{"flawed": false, "fixed": true} {
		t.Run(name, func(t *testing.T) { identifyReal(t, fixed) })
	}
}

func identifyReal(t *testing.T, fixed bool) {
	only := os.Getenv("HARRIER_TEST_DAEMON")
	list := slices.DeleteFunc(daemons.All(), func(d daemons.Daemon) bool { return only != "" && !strings.Contains(only, d.Package) })
	addr := netip.MustParseAddr("127.0.0.1")
	started := daemons.Start(t, daemons.Place{Addr: addr, Fixed: fixed}, list...)
	var endpoints []harrier.Endpoint
	for _, r := range started {
		for _, p := range r.Variant.Ports {
			endpoints = append(endpoints, r.Endpoint(p))
		}
	}
	got := map[harrier.Endpoint]harrier.Service{}
	took := map[harrier.Endpoint]time.Duration{}
	began := time.Now()
	host, err := identify.Host(t.Context(), harrier.Host{Name: addr.String(), Addr: addr, RTT: 100}, endpoints, identify.Options{}, func(s harrier.Service) {
		got[s.Endpoint], took[s.Endpoint] = s, time.Since(began)
	})
	if err != nil {
		t.Fatalf("Host = %v", err)
	}
	wall := time.Since(began)
	for e, s := range got {
		if only != "" {
			t.Logf("%s %q %v", e, s.Banner, s.Facts)
		}
	}
	names, products, versions, reachable := 0, 0, 0, 0
	for _, r := range started {
		for _, p := range r.Variant.Ports {
			e := r.Endpoint(p)
			s := got[e]
			t.Logf("%-16s %-5.2fs %s tls=%v %q %q %s cpe=%s", r.Package, took[e].Seconds(), s.Name, s.TLS, s.Product, s.Version, s.Evidence, s.CPE)
			if s.Name != p.Name || s.TLS != p.TLS {
				t.Errorf("%s at %s: Identify named it %q (TLS %v); want %q (TLS %v)", r.Package, e, s.Name, s.TLS, p.Name, p.TLS)
			} else {
				names++
			}
			if s.Product != p.Product {
				t.Errorf("%s at %s: Identify told product %q; want %q", r.Package, e, s.Product, p.Product)
			} else {
				products++
			}
			want := ""
			if p.Version {
				want = r.Version
				reachable++
			}
			if s.Version != want {
				t.Errorf("%s at %s: Identify told version %q; want %q", r.Package, e, s.Version, want)
			} else if p.Version {
				versions++
			}
			if want != "" && !strings.HasPrefix(s.CPE, "cpe:2.3:a:") {
				t.Errorf("%s at %s: Identify told CPE %q; want one of an application", r.Package, e, s.CPE)
			}
		}
	}
	t.Logf("%d endpoints: names %d, products %d, versions %d of %d, wall %.2fs, host OS %q by %s", len(endpoints), names, products, versions, reachable, wall.Seconds(), host.OS, host.OSMethod)
}
