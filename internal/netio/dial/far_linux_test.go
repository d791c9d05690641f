package dial

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// role is the environment variable that tells the test program, run again in a
// namespace, which part it plays.
const role = "HARRIER_DIAL_ROLE"

// TestFar asks a host in another network namespace, whose firewall answers in
// all the ways that there are.
func TestFar(t *testing.T) {
	switch os.Getenv(role) {
	case "host":
		host(t)
		return
	case "asker":
		asker(t)
		return
	}
	needs.Root(t)
	ip, nft := needs.Binary(t, "ip", "iproute2"), needs.Binary(t, "nft", "nftables")
	run := func(name string, arguments ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), name, arguments...).CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, out)
		}
	}
	us, them := fmt.Sprint("hrds", os.Getpid()), fmt.Sprint("hrdt", os.Getpid())
	for _, ns := range []string{us, them} {
		run(ip, "netns", "add", ns)
		t.Cleanup(func() { _ = exec.Command(ip, "netns", "del", ns).Run() }) // the test's context has ended
		run(ip, "-n", ns, "link", "set", "lo", "up")
	}
	run(ip, "link", "add", "v0", "netns", us, "type", "veth", "peer", "name", "v0", "netns", them)
	for i, ns := range []string{us, them} {
		for _, addr := range []string{"10.79.1.%d/24", "fd79:1::%d/64", "fe80::%d/64"} {
			run(ip, "-n", ns, "addr", "add", fmt.Sprintf(addr, i+1), "dev", "v0", "nodad")
		}
		run(ip, "-n", ns, "link", "set", "v0", "up")
	}
	run(ip, "netns", "exec", us, "sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
	rules := exec.CommandContext(t.Context(), ip, "netns", "exec", them, nft, "-f", "-")
	rules.Stdin = strings.NewReader(firewall)
	if out, err := rules.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
	again := func(ns, part string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), ip, "netns", "exec", ns, os.Args[0], "-test.run", "^TestFar$", "-test.v", "-test.timeout", "60s")
		c.Env = append(os.Environ(), role+"="+part)
		return c
	}
	server := again(them, "host")
	life, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	out, err := again(us, "asker").CombinedOutput()
	life.Close()
	if err != nil {
		t.Errorf("the asking part: %v\n%s", err, out)
	} else if !strings.Contains(string(out), "--- PASS: TestFar") {
		t.Errorf("the asking part did not run:\n%s", out)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the answering part: %v", err)
	}
}

// The rules with a limit drop the first attempt, so that the answer comes to
// the kernel's second one, a second later and not within connect.
const firewall = `
table inet t {
 chain in {
  type filter hook input priority 0;
  tcp dport 82 drop
  tcp dport 83 reject
  tcp dport 84 reject with icmpx type admin-prohibited
  tcp dport 85 reject with icmpx type host-unreachable
  tcp dport 86 reject with tcp reset
  ip daddr 10.79.1.2 tcp dport 90 limit rate 1/hour burst 1 packets drop
  ip daddr 10.79.1.2 tcp dport 91 limit rate 1/hour burst 1 packets drop
  ip daddr 10.79.1.2 tcp dport 92 limit rate 1/hour burst 1 packets drop
  ip6 daddr fd79:1::2 tcp dport 90 limit rate 1/hour burst 1 packets drop
  ip6 daddr fd79:1::2 tcp dport 91 limit rate 1/hour burst 1 packets drop
  ip6 daddr fd79:1::2 tcp dport 92 limit rate 1/hour burst 1 packets drop
  tcp dport 92 reject
 }
}`

// host listens until its standard input ends.
func host(t *testing.T) {
	for _, port := range []string{"80", "90"} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Error(err)
	}
}

func asker(t *testing.T) {
	// Until the host listens, and the neighbours know each other: a packet that
	// waits for that may be lost.
	for _, addr := range []string{"10.79.1.2", "fd79:1::2", "fe80::2%v0"} {
		for end := time.Now().Add(20 * time.Second); ; {
			c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort(addr, "80"))
			if err == nil {
				c.Close()
				break
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	const wait = 3 * time.Second
	for _, files := range []int64{2, 1000} { // sockets are used again, or not at the same time
		for _, addr := range []string{"10.79.1.2", "fd79:1::2", "fe80::2%v0"} {
			t.Run(fmt.Sprint(addr, " ", files), func(t *testing.T) {
				tr, s := transport(t, Options{Files: newFew(files)})
				want := map[sweep.Probe]sweep.State{
					probe(addr, 80, wait):                 sweep.Open,
					probe(addr, 81, wait):                 sweep.Closed,
					probe(addr, 82, 100*time.Millisecond): sweep.Silent,
					probe(addr, 83, wait):                 sweep.Unreachable,
					probe(addr, 84, wait):                 sweep.Unreachable,
					probe(addr, 85, wait):                 sweep.Unreachable,
					probe(addr, 86, wait):                 sweep.Closed,
				}
				for port := range uint16(500) {
					want[probe(addr, 1000+port, wait)] = sweep.Closed
				}
				expect(t, tr, s, want)
				for _, a := range s.wait(t, len(want)) {
					if a.State != sweep.Silent && a.RTT > 900*time.Millisecond {
						t.Errorf("%v answered after %v: at the second attempt only", a.Item, a.RTT)
					}
				}
			})
		}
	}
	t.Run("second attempt", func(t *testing.T) {
		tr, s := transport(t, Options{})
		want := map[sweep.Probe]sweep.State{}
		for _, addr := range []string{"10.79.1.2", "fd79:1::2"} {
			want[probe(addr, 90, wait)] = sweep.Open
			want[probe(addr, 91, wait)] = sweep.Closed
			want[probe(addr, 92, wait)] = sweep.Unreachable
		}
		expect(t, tr, s, want)
		for _, a := range s.wait(t, len(want)) {
			if a.RTT < 500*time.Millisecond {
				t.Errorf("%v %v answered after %v; want it at the second attempt", a.Addr, a.Item, a.RTT)
			}
		}
	})
	t.Run("no route", func(t *testing.T) {
		tr, s := transport(t, Options{})
		expect(t, tr, s, map[sweep.Probe]sweep.State{
			probe("192.0.2.1", 80, wait):     sweep.Unreachable,
			probe("2001:db8::1", 80, wait):   sweep.Unreachable,
			probe("fe80::2%none", 80, wait):  sweep.Unreachable,
			probe("fe80::2%65000", 80, wait): sweep.Unreachable,
		})
	})
	t.Run("echo", askEcho)
	t.Run("self", askSelf)
	t.Run("twice", func(t *testing.T) { twice(t, "10.79.1.2") })
}

func askEcho(t *testing.T) {
	tr, s := transport(t, Options{})
	if !tr.Supports(sweep.Echo) {
		t.Fatal("echo is not supported")
	}
	ask := func(addr string) sweep.Probe {
		return sweep.Probe{Addr: netip.MustParseAddr(addr), Item: sweep.Ask(sweep.Echo, 0), Wait: 2 * time.Second}
	}
	lost := ask("10.79.1.99") // nobody: the system itself says so after some seconds
	lost.Wait = 100 * time.Millisecond
	expect(t, tr, s, map[sweep.Probe]sweep.State{
		ask("10.79.1.2"):   sweep.Open,
		ask("fd79:1::2"):   sweep.Open,
		ask("fe80::2%v0"):  sweep.Open,
		ask("192.0.2.1"):   sweep.Unreachable,
		ask("2001:db8::1"): sweep.Unreachable,
		lost:               sweep.Silent,
	})
	tr, s = transport(t, Options{})
	var probes []sweep.Probe
	for i := range 3 * echoes {
		probes = append(probes, ask("10.79.1.2"))
		probes[i].Tag = uint8(i % sweep.Tags)
	}
	send(t, tr, probes)
	// A busy machine may lose replies: its socket holds some hundreds. Each probe
	// is answered all the same.
	open := 0
	for _, a := range s.wait(t, len(probes)) {
		switch a.State {
		case sweep.Open:
			open++
		case sweep.Silent:
		default:
			t.Fatalf("echo is %v; want open", a.State)
		}
	}
	if open < len(probes)/4 {
		t.Errorf("%d of %d echoes are open; want most", open, len(probes))
	}
}

// askSelf asks one's own host for the ports that its own connections get. In
// so small a range many an attempt meets itself or another.
func askSelf(t *testing.T) {
	const setting, first, count, times = "/proc/sys/net/ipv4/ip_local_port_range", 40000, 20, 1000
	before, err := os.ReadFile(setting)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(setting, fmt.Append(nil, first, " ", first+count-1), 0); err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile(setting, before, 0)
	for _, addr := range []string{"127.0.0.1", "::1"} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(addr, fmt.Sprint(first+count/2)))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		tr, s := transport(t, Options{})
		var probes []sweep.Probe
		for i := range count * times {
			probes = append(probes, probe(addr, uint16(first+i%count), 5*time.Second))
		}
		send(t, tr, probes)
		states := map[sweep.State]int{}
		for _, a := range s.wait(t, len(probes)) {
			if open := a.Item.Port() == first+count/2; open != (a.State == sweep.Open) && a.State != sweep.Local {
				t.Errorf("%v %v is %v; want open %v", a.Addr, a.Item, a.State, open)
			}
			states[a.State]++
		}
		if states[sweep.Local] > count*times/100 || states[sweep.Open] < times*9/10 {
			t.Errorf("states are %v; want few local", states)
		}
	}
}

// twice asks for all ports two times in turn: no local port runs out.
func twice(t *testing.T, addr string) {
	tr, s := transport(t, Options{})
	var probes []sweep.Probe
	for port := 1; port <= 65535; port++ {
		if port < 82 || port > 92 {
			probes = append(probes, probe(addr, uint16(port), 20*time.Second))
		}
	}
	for range 2 {
		send(t, tr, probes)
	}
	count := map[sweep.State]int{}
	for _, a := range s.wait(t, 2*len(probes)) {
		count[a.State]++
	}
	if count[sweep.Open] != 2 || count[sweep.Closed] != 2*len(probes)-2 {
		t.Errorf("states are %v; want 2 open and the others closed", count)
	}
}

// A port that answers while it is being waited for is found by epoll.
func TestLate(t *testing.T) {
	opens, l := crowded(t, "127.1.4.3")
	closes, gone := crowded(t, "127.1.4.3")
	tr, s := transport(t, Options{})
	var probes []sweep.Probe
	for range 2 {
		probes = append(probes, probe("127.1.4.3", closes, 10*time.Second))
	}
	probes = append(probes, probe("127.1.4.3", opens, 10*time.Second))
	send(t, tr, probes)
	time.Sleep(100 * time.Millisecond)
	if answers := s.wait(t, 0); len(answers) > 0 {
		t.Fatalf("%v while the queues are full; want nothing", answers)
	}
	if err := syscall.Shutdown(gone, syscall.SHUT_RDWR); err != nil { // ends listening
		t.Fatal(err)
	}
	for range 2 { // makes room
		c, _, err := syscall.Accept(l)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(c)
	}
	for _, a := range s.wait(t, 3) {
		want := sweep.Closed
		if a.Item.Port() == opens {
			want = sweep.Open
		}
		if a.State != want || a.RTT < 100*time.Millisecond || a.RTT > 9*time.Second {
			t.Errorf("%v is %v after %v; want %v", a.Item, a.State, a.RTT, want)
		}
	}
}
