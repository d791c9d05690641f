package pipeline_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/osident"
	"github.com/harrier-scan/harrier/internal/pipeline"
	"github.com/harrier-scan/harrier/internal/probe"
)

// role tells the processes of TestNetwork apart: the scanner's, in a network
// namespace of its own, and the target's in another.
const role = "HARRIER_TEST_NETWORK"

// openPorts are those that the target listens at.
func openPorts() []int {
	var out []int
	for n := range 40 {
		out = append(out, 1000+n*97)
	}
	return out
}

// printerPorts are those of a printer that the target is, too.
var printerPorts = []int{515, 631}

// TestNetwork scans hosts behind a wire that loses one packet in a hundred each
// way: some ports open, most closed, some dropped by a filter, and addresses
// where nobody is.
func TestNetwork(t *testing.T) {
	switch os.Getenv(role) {
	case "target":
		beTarget(t)
		return
	case "scanner":
		beScanner(t)
		return
	}
	for tool, pkg := range map[string]string{"ip": "iproute2", "nft": "nftables", "unshare": "util-linux", "nsenter": "util-linux"} {
		needs.Binary(t, tool, pkg)
	}
	needs.Root(t)
	out, err := inNamespace(t, "scanner").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the scanner's process: %v", err)
	}
}

func inNamespace(t *testing.T, as string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "unshare", "-n", os.Args[0], "-test.run=^TestNetwork$", "-test.v")
	cmd.Env = append(os.Environ(), role+"="+as)
	return cmd
}

// beTarget listens once it is told to, until its input ends.
func beTarget(t *testing.T) {
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for _, p := range printerPorts {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", fmt.Sprint("10.9.1.6:", p))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	for _, p := range openPorts() {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", fmt.Sprint(":", p))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	fmt.Println("listening")
	_, _ = io.Copy(io.Discard, in)
}

func beScanner(t *testing.T) {
	target := inNamespace(t, "target")
	in, err := target.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := target.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		_ = target.Wait()
	}()
	lines := bufio.NewScanner(out)
	hear(t, lines, "ready")
	there := fmt.Sprint("nsenter -n -t ", target.Process.Pid, " ")
	for _, line := range []string{
		fmt.Sprint("ip link add v0 type veth peer name v1 netns ", target.Process.Pid),
		"ip link set lo up", "ip addr add 10.9.0.1/24 dev v0", "ip link set v0 up",
		there + "ip link set lo up", there + "ip addr add 10.9.0.2/24 dev v1", there + "ip link set v1 up",
		there + "ip route add local 10.9.1.0/29 dev lo", "ip route add 10.9.1.0/24 via 10.9.0.2",
		there + "nft add table inet t",
		there + "nft add chain inet t in { type filter hook prerouting priority 0 ; }",
		there + "nft add chain inet t out { type filter hook postrouting priority 0 ; }",
		there + "nft add rule inet t in tcp dport 3000-3099 drop",
		there + "nft add rule inet t in numgen random mod 100 < 1 drop",
		there + "ip route add local 10.9.2.0/27 dev lo", "ip route add 10.9.2.0/24 via 10.9.0.2",
		there + "nft add chain inet t refusing { type filter hook input priority 0 ; }",
		there + "nft add rule inet t refusing ip daddr 10.9.2.0/27 tcp flags & (syn|ack|rst) == syn reject with tcp reset",
		there + "nft add rule inet t refusing ip daddr 10.9.2.0/27 drop",
		there + "nft add rule inet t out numgen random mod 100 < 1 drop",
	} {
		args := strings.Fields(line)
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	fmt.Fprintln(in, "go")
	hear(t, lines, "listening")
	scanNetwork(t)
}

func hear(t *testing.T, lines *bufio.Scanner, word string) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == word {
			return
		}
	}
	t.Fatalf("the target's process ended before it said %q", word)
}

func scanNetwork(t *testing.T) {
	dropped := 100 - len(slices.DeleteFunc(openPorts(), func(p int) bool { return p < 3000 || p > 3099 }))
	want := 4 * (len(openPorts()) - (100 - dropped))
	var l *ledger
	found, unknown := 0, 0
	// A host whose last answers were lost may be silent from then on, for all that
	// is known; that it is so twice is another matter.
	for range 2 {
		began := time.Now()
		l = run(t, "10.9.1.1-4,10.9.0.70-73", harrier.Plan{Settings: harrier.Settings{Ports: "T:1-5000"}}, tools())
		t.Logf("4 hosts of 5000 ports at 1%% loss each way: %v", time.Since(began))
		found, unknown = 0, 0
		for _, name := range []string{"10.9.1.1", "10.9.1.2", "10.9.1.3", "10.9.1.4"} {
			c := l.coverage[name]
			if c == nil {
				t.Fatalf("%s is not alive; hosts %v, dead %v", name, l.hosts, l.dead)
			}
			if reason := l.hosts[name].Reason; !strings.HasPrefix(reason, "tcp ") && !strings.HasPrefix(reason, "icmp ") {
				t.Errorf("%s is alive by %q; want an echo or an answer of a port", name, reason)
			}
			for _, o := range c.Open {
				if !slices.Contains(openPorts(), int(o.Port)) {
					t.Errorf("%s: %v is called open and is not", name, o.Endpoint)
				}
			}
			found += len(c.Open)
			unknown += 5000 - c.Ports.Count(harrier.TCP)
		}
		t.Logf("%d of %d open ports found, %d of %d ports unknown", found, want, unknown, 4*5000)
		if unknown == 0 {
			break
		}
	}
	if found < want {
		t.Errorf("%d open ports found; want all %d", found, want)
	}
	if unknown > 0 {
		t.Errorf("%d ports unknown; want none: the hosts answered to the end", unknown)
	}
	if len(l.dead) != 1 || l.dead[0].Count != 4 || l.dead[0].Target.String() != "10.9.0.70-10.9.0.73" || l.dead[0].Reason != "no answer" {
		t.Errorf("dead = %v; want one span of 4 addresses", l.dead)
	}
	// A firewall that refuses for every address of a net.
	refused := run(t, "10.9.2.0/27", harrier.Plan{Settings: harrier.Settings{DiscoverOnly: true}}, tools())
	if len(refused.hosts) != 0 || len(refused.dead) != 1 || refused.dead[0].Count != 32 ||
		refused.dead[0].Reason != "a device in front of 10.9.2.0/24 answers for every address" {
		t.Errorf("a firewall for a net: hosts %v, dead %v; want one span of 32 addresses", refused.hosts, refused.dead)
	}
	// The kernel of this machine, by the answers of its stack alone.
	stacked := tools()
	stacked.OS = osident.Identify
	stacked.Identify = func(_ context.Context, t probe.Target) (harrier.Service, error) {
		return harrier.Service{Endpoint: t.Endpoint}, nil
	}
	l = run(t, "10.9.1.1", harrier.Plan{Settings: harrier.Settings{Ports: "T:1000-1200,2000"}}, stacked)
	if h := l.hosts["10.9.1.1"]; h.OS != "Linux" || h.OSMethod != "TCP/IP stack" || h.OSConfidence < 45 || h.Stack == nil || h.Stack.Options != "MSTNW" || h.Stack.Reset == nil || h.Stack.Echo == nil || len(h.Stack.Numbers) < 3 {
		t.Errorf("the kernel of this machine is %q by %q, %d; stack %+v, signs %+v", h.OS, h.OSMethod, h.OSConfidence, h.Stack, h.Signs)
	}
	// The same by connections alone: a hint at most.
	l = run(t, "10.9.1.1", harrier.Plan{Settings: harrier.Settings{Ports: "T:1000-1200", Connect: true}}, stacked)
	if h := l.hosts["10.9.1.1"]; h.Stack != nil {
		t.Errorf("a host that nobody connected to but by the sweep has the stack %+v", h.Stack)
	}
	scanPrinter(t)
	// A host that is there but drops everything that is asked of it.
	silent := run(t, "10.9.1.5", harrier.Plan{Settings: harrier.Settings{Ports: "T:3000-3009", NoPing: true, NoICMP: true}}, tools())
	if len(silent.coverage) != 0 || len(silent.dead) != 1 || silent.dead[0].Reason != "no answer" {
		t.Errorf("a host that never answers: coverage %v, dead %v; want it dead", silent.coverage, silent.dead)
	}
}

// scanPrinter scans a host that shows two ports of a printer. From the second
// one on it is asked by connections only, by UDP not at all, and slowly.
func scanPrinter(t *testing.T) {
	targets, err := harrier.ParseTargets("10.9.1.6")
	if err != nil {
		t.Fatal(err)
	}
	plan := harrier.Plan{Settings: harrier.Settings{Ports: "T:515,600-700,3000-3009,U:1-50", UDP: true}, Checks: []harrier.VulnID{1}}
	l := &ledger{coverage: map[string]*harrier.Coverage{}, hosts: map[string]harrier.Host{}}
	way := netio.New(plan.Guard, plan.Exclude, netio.Pace{})
	way.Question = func(uint16) []byte { return []byte("anybody there?") }
	defer way.Close()
	var mu sync.Mutex
	var flight netio.Flight
	way.Released = func(_ netip.Addr, f netio.Flight) {
		mu.Lock()
		defer mu.Unlock()
		flight = f
	}
	stacked := tools()
	stacked.OS = osident.Identify
	stacked.Identify = func(_ context.Context, t probe.Target) (harrier.Service, error) {
		if !t.Gentle && t.Port == 631 {
			return harrier.Service{}, errors.New("not asked gently")
		}
		return harrier.Service{Endpoint: t.Endpoint, Name: "something"}, nil
	}
	began := time.Now()
	err = pipeline.Run(t.Context(), nil, stacked, pipeline.Batch{
		Targets: targets, Plan: plan, Net: way, Hosts: semaphore.NewWeighted(64), Publish: l.publish,
	})
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	t.Logf("a printer: %+v in %v", flight.Counts, time.Since(began))
	h, c := l.hosts["10.9.1.6"], l.coverage["10.9.1.6"]
	if c == nil || !h.Fragile || h.FragileWhy != "a printer, by open ports (TCP ports 515, 631)" || h.DeviceType != osident.Printer || h.Stack != nil {
		t.Fatalf("the printer is %+v, coverage %+v", h, c)
	}
	if len(c.Open) != len(printerPorts) || c.Ports.Count(harrier.TCP) < 102 || c.Ports.Count(harrier.UDP) != 0 || flight.Counts[netio.Datagram] != 0 {
		t.Errorf("the printer: %d open ports of %d known ones, %d by UDP, %d datagrams", len(c.Open), c.Ports.Count(harrier.TCP), c.Ports.Count(harrier.UDP), flight.Counts[netio.Datagram])
	}
	if flight.Counts[netio.SYN] == 0 || flight.Counts[netio.Connection] == 0 {
		t.Errorf("the printer: sent %v; want SYNs at first and connections then", flight.Counts)
	}
}
