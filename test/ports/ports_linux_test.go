package ports

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/test/netbed"
)

// small is a network of one kind, asked completely.
type small struct {
	name    string
	targets string
	exclude string // the upper part of targets, or nothing
	scope   string // targets without exclude; "" means targets
	ports   int    // how many, see some
	profile netbed.Profile
	most    float64 // TCP questions a probe, those that check the way included
	extra   []string
	chance  bool // a question may be lost each time that it is asked: about one run in some hundreds misses a port
}

// smalls are the cases of bench/ports, as small as they may be. What a
// question more or less is, next to so few, is in most: the limits of
// bench/ports are lower.
var smalls = []small{
	{name: "clean", targets: "10.77.0.0/29", ports: 100, profile: netbed.Clean(), most: 1.25},
	{name: "loss", targets: "10.77.0.0/29", ports: 100, profile: netbed.Loss(10), most: 1.3, chance: true},
	{name: "bottleneck", targets: "10.77.0.0/29", ports: 500, profile: netbed.Bottleneck(2000, 50), most: 1.6},
	{name: "drop", targets: "10.77.0.0/29", ports: 100, profile: netbed.Drop(), most: 2.25},
	{name: "mute", targets: "10.77.0.0/29", ports: 100, profile: mute, most: 2.25},
	{name: "connect", targets: "10.77.0.0/29", ports: 100, profile: netbed.Clean(), most: 1.25, extra: []string{"--connect"}},
	{name: "connect drop", targets: "10.77.0.0/29", ports: 100, profile: netbed.Drop(), most: 3, extra: []string{"--connect"}},
	{name: "IPv6", targets: "fd77::/125", ports: 100, profile: netbed.Clean(), most: 1.25},
	{name: "IPv6 drop", targets: "fd77::/125", ports: 100, profile: netbed.Drop(), most: 2.25},
	{name: "exclude", targets: "10.77.0.0/29", exclude: "10.77.0.4/30", scope: "10.77.0.0/30", ports: 100, profile: netbed.Clean(), most: 1.3},
}

// mute is a firewall that drops echo requests too.
var mute = netbed.Rules("mute", `
chain in { type filter hook input priority 0; iifname target0 icmp type echo-request drop; iifname target0 tcp flags & (syn|ack) == syn tcp dport 20000-20426 drop; }`)

// some returns n ports, a fifth of them open while there are as many.
func some(n int) []uint16 {
	list := slices.Clone(netbed.Open[:min(n/5, len(netbed.Open))])
	for p := uint16(20000); len(list) < n; p++ {
		list = append(list, p) // 20000 and above until 20427: none is open
	}
	return list
}

func TestPeersCases(t *testing.T) {
	for _, s := range smalls {
		t.Run(s.name, func(t *testing.T) { s.check(t) })
	}
}

func (s small) check(t *testing.T) {
	w := use(t, s.profile)
	scope := netip.MustParsePrefix(s.targets)
	if s.scope != "" {
		scope = netip.MustParsePrefix(s.scope)
	}
	if err := w.Count(t.Context(), scope); err != nil {
		t.Fatal(err)
	}
	ports := some(s.ports)
	truth := netbed.Truth(scope, ports, netbed.EveryHost)
	extra := s.extra
	if s.exclude != "" {
		extra = append(extra, "--exclude", s.exclude)
	}
	missed := w.missed(t, truth, s.targets, ports, extra...)
	probes, strays, err := w.Counted(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := len(ports) << (scope.Addr().BitLen() - scope.Bits())
	each := float64(probes) / float64(all)
	if each < 1 || each > s.most {
		t.Errorf("%d questions were sent for %d probes, %.3f each; want from 1 to %g", probes, all, each, s.most)
	}
	if strays != 0 {
		t.Errorf("%d questions went to addresses that were not to be asked", strays)
	}
	if missed > 0 && s.chance { // what is more than chance shows again
		missed = w.missed(t, truth, s.targets, ports, extra...) + w.missed(t, truth, s.targets, ports, extra...)
	}
	if missed > 0 {
		t.Errorf("%d of %d open ports were not found", missed, len(truth))
	}
	t.Logf("%d of %d open ports found, %d questions for %d probes, %.3f each", len(truth)-missed, len(truth), probes, all, each)
}

// missed scans and counts what is open and was not found.
func (w *world) missed(t *testing.T, truth map[netip.AddrPort]bool, target string, ports []uint16, extra ...string) int {
	t.Helper()
	found := w.open(t, target, ports, extra...)
	for at := range found {
		if !truth[at] {
			t.Errorf("%v was told open and is not", at)
		}
	}
	missed := 0
	for at := range truth {
		if !found[at] {
			missed++
		}
	}
	return missed
}

// open scans and returns what was told open.
func (w *world) open(t *testing.T, target string, ports []uint16, extra ...string) map[netip.AddrPort]bool {
	t.Helper()
	out := filepath.Join(t.TempDir(), "open")
	w.run(t, netbed.ScanArgs(target, portList(ports), out, extra...)...)
	found, err := netbed.ReadList(out)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func portList(ports []uint16) string {
	list := make([]string, len(ports))
	for i, p := range ports {
		list[i] = strconv.Itoa(int(p))
	}
	return strings.Join(list, ",")
}
