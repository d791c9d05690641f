package discover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
	"github.com/harrier-scan/harrier/internal/stage/discover"
)

// target is the environment variable that tells the process of TestNetwork
// which scans, from a namespace of its own, the name of the target's:
//
//	scanner 10.88.0.1, fd88::1 ── veth ── target 10.88.0.2, fd88::2; 10.1.0.0/16, fd81::/64 local
const target = "HARRIER_TEST_DISCOVER"

// TestNetwork looks for hosts in another network namespace.
func TestNetwork(t *testing.T) {
	if ns := os.Getenv(target); ns != "" {
		scanNetwork(t, bed(ns))
		return
	}
	needs.Root(t)
	needs.Binary(t, "ip", "iproute2")
	needs.Binary(t, "nft", "nftables")
	id := fmt.Sprint("hrm", os.Getpid())
	there := id + "t"
	t.Cleanup(func() {
		for _, ns := range []string{id + "s", there} {
			_ = exec.CommandContext(context.Background(), "ip", "netns", "del", ns).Run()
		}
	})
	for _, line := range []string{
		"ip netns add " + id + "s", "ip netns add " + there,
		"ip link add hrm0 netns " + id + "s type veth peer name hrm1 netns " + there,
	} {
		command(t, line)
	}
	for _, side := range []struct{ ns, link, host string }{{id + "s", "hrm0", "1"}, {there, "hrm1", "2"}} {
		for _, args := range []string{
			"link set lo up", "addr add 10.88.0." + side.host + "/24 dev " + side.link,
			"addr add fd88::" + side.host + "/64 nodad dev " + side.link, "link set " + side.link + " up",
		} {
			command(t, "ip -n "+side.ns+" "+args)
		}
	}
	for _, line := range []string{
		// Nets on the link: of one the target has all addresses, for the other it
		// answers as a router with proxy ARP does.
		"ip -n " + id + "s route add 10.89.0.0/24 dev hrm0", "ip -n " + id + "s route add 10.90.0.0/24 dev hrm0",
		"ip -n " + there + " link add hrm2 type veth peer name hrm3", "ip -n " + there + " link set hrm2 up", "ip -n " + there + " link set hrm3 up",
		"ip -n " + there + " route add 10.89.0.0/24 dev hrm2", "ip -n " + there + " addr add 10.89.0.77/32 dev lo",
		"ip netns exec " + there + " sysctl -qw net.ipv4.conf.hrm1.proxy_arp=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.hrm1.rp_filter=0",
		"ip -n " + there + " route add local 10.90.0.0/24 dev lo",
		"ip -n " + there + " route add local 10.1.0.0/16 dev lo", "ip -n " + there + " -6 route add local fd81::/64 dev lo",
		"ip -n " + id + "s route add 10.1.0.0/16 via 10.88.0.2", "ip -n " + id + "s -6 route add fd81::/64 via fd88::2",
		"ip netns exec " + there + " sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
		// Nets that the target denies as a router does, and one of which it
		// denies ICMP only.
		"ip -n " + id + "s route add 10.2.0.0/16 via 10.88.0.2", "ip -n " + id + "s -6 route add fd82::/16 via fd88::2",
		"ip -n " + there + " route add unreachable 10.2.1.0/24", "ip -n " + there + " route add prohibit 10.2.2.0/24",
		"ip -n " + there + " -6 route add unreachable fd82:1::/64", "ip -n " + there + " -6 route add prohibit fd82:2::/64",
		"ip -n " + there + " route add local 10.2.3.0/24 dev lo", "ip -n " + there + " rule add pref 10 lookup local",
		"ip -n " + there + " rule del pref 0", "ip -n " + there + " rule add pref 5 to 10.2.3.0/24 ipproto icmp unreachable",
	} {
		command(t, line)
	}
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", id+"s", os.Args[0], "-test.run=^TestNetwork$", "-test.v", "-test.parallel=4")
	cmd.Env = append(os.Environ(), target+"="+there)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the scanner's process: %v", err)
	}
}

func command(t *testing.T, line string) {
	t.Helper()
	args := strings.Fields(line)
	if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
}

// bed is the target's namespace.
type bed string

// rules adds a table of nftables to the target; "" when the system takes it.
func (b bed) rules(t *testing.T, text string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", string(b), "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("nft: %v: %s\n%s", err, out, text)
	}
	return ""
}

// input adds a table with rules for what comes in, as one chain.
func (b bed) input(t *testing.T, name string, rules ...string) {
	t.Helper()
	text := "table inet " + name + " { chain in { type filter hook input priority 0;\n" + strings.Join(rules, "\n") + "\n}\n}\n"
	if fault := b.rules(t, text); fault != "" {
		t.Fatal(fault)
	}
}

// listen accepts connections at a port of the target and says nothing.
func (b bed) listen(t *testing.T, at string) {
	t.Helper()
	var l net.Listener
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		fd, err := unix.Open("/var/run/netns/"+string(b), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			defer unix.Close(fd)
			err = unix.Setns(fd, unix.CLONE_NEWNET)
		}
		if err == nil {
			l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", at)
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatalf("listen at %s: %v", at, err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
}

func newNet(t *testing.T) *netio.Net {
	n := netio.New(harrier.Guard{}, nil, netio.Pace{})
	n.Question = func(uint16) []byte { return []byte("anybody there?") }
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return n
}

func scanNetwork(t *testing.T, b bed) {
	// Anybody may send echo requests in this namespace.
	if err := os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 2147483647"), 0); err != nil {
		t.Fatal(err)
	}
	t.Run("devices", func(t *testing.T) { scanDevices(t, b) })
	t.Run("link", scanLink)
	t.Run("options", func(t *testing.T) { pingOptions(t, b) })
	t.Run("answers", func(t *testing.T) { pingAnswers(t, b) })
}

// found looks for hosts at n addresses from first on. Dead are told by reason.
func found(t *testing.T, first string, n int, s harrier.Settings) (alive map[string]string, dead map[string]int) {
	t.Helper()
	way := newNet(t)
	book := discover.NewNeighbourhood(way)
	alive, dead = map[string]string{}, map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	addr := netip.MustParseAddr(first)
	began := time.Now()
	for range n {
		a := addr
		addr = addr.Next()
		if err := way.Declare(a, 0); err != nil {
			t.Fatal(err)
		}
		v := book.Enter(a)
		wg.Go(func() {
			defer v.Leave()
			got, err := v.Ping(t.Context(), s)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Errorf("Ping(%v) = %v", a, err)
			case got.Alive:
				alive[a.String()] = got.Reason
			default:
				dead[got.Reason]++
			}
		})
	}
	book.Close()
	wg.Wait()
	t.Logf("%d addresses from %s on: %d alive, dead %v, %d packets in %v", n, first, len(alive), dead, way.Sent(), time.Since(began).Round(time.Millisecond))
	return alive, dead
}

func inFront(net string) string { return "a device in front of " + net + " answers for every address" }

// scanDevices looks for hosts behind devices that answer for whole nets.
func scanDevices(t *testing.T, b bed) {
	const reset = " tcp flags & (syn | ack | rst) == syn reject with tcp reset"
	b.listen(t, ":22")
	b.listen(t, ":7777")
	b.input(t, "doubts",
		// One that refuses for all.
		"ip daddr 10.1.2.0/24"+reset, "ip daddr 10.1.2.0/24 drop",
		"ip6 daddr fd81::200/120"+reset, "ip6 daddr fd81::200/120 drop",
		// The same with three hosts behind it: one that answers echo, one that
		// serves, one that is farther away.
		"ip daddr 10.1.3.10 icmp type echo-request accept", "ip daddr 10.1.3.20 tcp dport 22 accept", "ip daddr 10.1.3.30 tcp dport != 0 accept",
		"ip daddr 10.1.3.0/24"+reset, "ip daddr 10.1.3.0/24 drop",
		// Hosts without echo at every other address.
		"ip daddr & 255.255.255.1 == 10.1.4.1 drop", "ip daddr 10.1.4.0/24 meta l4proto icmp drop",
		// A tarpit: what comes is redirected below.
		"ip daddr 10.1.5.0/24 meta l4proto icmp drop",
		"ip6 daddr fd81::500/120 icmpv6 type echo-request drop",
	)
	for _, text := range []string{
		"table ip away { chain out { type filter hook postrouting priority 0; ip saddr 10.1.3.30 ip ttl set 60; }\n}\n",
		"table inet tarpit { chain in { type nat hook prerouting priority -100;\nip daddr 10.1.5.0/24 tcp dport 1-65535 redirect to :7777\n" +
			"ip6 daddr fd81::500/120 tcp dport 1-65535 redirect to :7777\n}\n}\n",
	} {
		if fault := b.rules(t, text); fault != "" {
			t.Fatal(fault)
		}
	}
	nobody := func(t *testing.T, first, in string, s harrier.Settings) {
		t.Helper()
		if alive, dead := found(t, first, 256, s); len(alive) > 0 || dead[inFront(in)] != 256 {
			t.Errorf("alive %v, dead %v; want 256 of a device", alive, dead)
		}
	}
	all := func(t *testing.T, first string, n int, s harrier.Settings) {
		t.Helper()
		if alive, dead := found(t, first, n, s); len(alive) != n {
			t.Errorf("%d alive, dead %v; want all %d alive", len(alive), dead, n)
		}
	}
	t.Run("refuses for all", func(t *testing.T) {
		t.Parallel()
		nobody(t, "10.1.2.0", "10.1.2.0/24", harrier.Settings{})
	})
	t.Run("refuses for all, IPv6", func(t *testing.T) {
		t.Parallel()
		nobody(t, "fd81::200", "fd81::200/120", harrier.Settings{})
	})
	t.Run("refuses for all, by connecting", func(t *testing.T) {
		t.Parallel()
		nobody(t, "10.1.2.0", "10.1.2.0/24", harrier.Settings{Connect: true})
	})
	t.Run("believed", func(t *testing.T) {
		t.Parallel()
		all(t, "10.1.2.0", 256, harrier.Settings{FastDiscovery: true})
	})
	t.Run("few", func(t *testing.T) {
		t.Parallel()
		all(t, "10.1.2.100", 20, harrier.Settings{})
	})
	t.Run("hosts behind it", func(t *testing.T) {
		t.Parallel()
		alive, dead := found(t, "10.1.3.0", 256, harrier.Settings{})
		if len(alive) != 3 || alive["10.1.3.10"] == "" || alive["10.1.3.20"] == "" || alive["10.1.3.30"] == "" || dead[inFront("10.1.3.0/24")] != 253 {
			t.Errorf("alive %v, dead %v; want .10, .20 and .30", alive, dead)
		}
	})
	t.Run("half silent", func(t *testing.T) {
		t.Parallel()
		alive, dead := found(t, "10.1.4.0", 256, harrier.Settings{})
		if len(alive) != 128 || dead[discover.NoAnswer] != 128 {
			t.Errorf("%d alive, dead %v; want half", len(alive), dead)
		}
	})
	t.Run("tarpit", func(t *testing.T) {
		t.Parallel()
		nobody(t, "10.1.5.0", "10.1.5.0/24", harrier.Settings{})
	})
	t.Run("tarpit without ICMP", func(t *testing.T) {
		t.Parallel()
		nobody(t, "10.1.5.0", "10.1.5.0/24", harrier.Settings{NoICMP: true, PingPorts: []uint16{80}})
	})
	t.Run("tarpit, IPv6", func(t *testing.T) {
		t.Parallel()
		nobody(t, "fd81::500", "fd81::500/120", harrier.Settings{})
	})
	t.Run("one machine that is there", func(t *testing.T) {
		t.Parallel()
		all(t, "10.1.6.0", 256, harrier.Settings{})
	})
	t.Run("one machine, ICMP not asked", func(t *testing.T) {
		t.Parallel()
		all(t, "10.1.6.0", 256, harrier.Settings{NoICMP: true})
	})
	t.Run("filtered", func(t *testing.T) {
		t.Parallel()
		// Linux sends few errors of this kind in a second.
		if alive, dead := found(t, "10.2.2.0", 2, harrier.Settings{}); len(alive) > 0 || dead[discover.Filtered] == 0 {
			t.Errorf("alive %v, dead %v; want filtered ones", alive, dead)
		}
	})
	t.Run("SYN proxy", func(t *testing.T) {
		t.Parallel()
		if fault := b.rules(t, `table ip proxy {
	chain raw { type filter hook prerouting priority raw; ip daddr 10.1.8.0/24 tcp flags syn notrack; }
	chain in { type filter hook input priority 0;
		ip daddr 10.1.8.0/24 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
		ip daddr 10.1.8.0/24 drop
	}
}
`); fault != "" {
			t.Skip("the test needs the kernel's SYN proxy: " + fault)
		}
		nobody(t, "10.1.8.0", "10.1.8.0/24", harrier.Settings{})
	})
}

// kinds are what is counted at the target, by what makes a packet one.
var kinds = map[string]string{
	"echo": "icmp type echo-request", "stamp": "icmp type timestamp-request", "ack": "tcp flags & (syn | ack) == ack",
	"syn": "tcp flags & (syn | ack) == syn", "syn22": "tcp flags & (syn | ack) == syn tcp dport 22", "udp": "meta l4proto udp",
	"udp53": "udp dport 53",
}

func kind6(match string) string { return strings.Replace(match, "icmp type", "icmpv6 type", 1) }

// pingOptions counts what leaves for an address where nobody answers.
func pingOptions(t *testing.T, b bed) {
	all := len(discover.DefaultPorts)
	cases := []struct {
		name string
		set  harrier.Settings
		want map[string]int // of one round; "stamp" of IPv4 only
	}{
		{"default", harrier.Settings{}, map[string]int{"echo": 1, "stamp": 1, "ack": 1, "syn": all, "syn22": 1}},
		{"noicmp", harrier.Settings{NoICMP: true}, map[string]int{"ack": 1, "syn": all, "syn22": 1}},
		{"notcp", harrier.Settings{NoTCPPing: true}, map[string]int{"echo": 1, "stamp": 1}},
		{"ports", harrier.Settings{PingPorts: []uint16{22, 9100, 22}}, map[string]int{"echo": 1, "stamp": 1, "ack": 1, "syn": 1, "syn22": 1}},
		{"udp", harrier.Settings{UDPPing: true, NoICMP: true, NoTCPPing: true}, map[string]int{"udp": len(discover.DefaultUDPPorts), "udp53": 1}},
		{"udpports", harrier.Settings{UDPPing: true, UDPPingPorts: []uint16{53, 161}}, map[string]int{"echo": 1, "stamp": 1, "ack": 1, "syn": all, "syn22": 1, "udp": 2, "udp53": 1}},
		{"noping", harrier.Settings{NoPing: true}, nil},
		{"nothing", harrier.Settings{NoARP: true, NoICMP: true, NoTCPPing: true}, nil},
		{"connect", harrier.Settings{Connect: true, PingPorts: []uint16{22}}, map[string]int{"echo": 1, "syn": 1, "syn22": 1}},
		{"gentle", harrier.Settings{PingPorts: []uint16{22}, UDPPing: true, ScanOT: true}.Gentled(), map[string]int{"echo": 1, "syn": 1, "syn22": 1}},
	}
	var text strings.Builder
	var counters strings.Builder
	addr4 := func(i int) string { return fmt.Sprint("10.1.9.", i+1) }
	addr6 := func(i int) string { return fmt.Sprintf("fd81::9%02x", i+1) }
	for i, c := range cases {
		for kind, match := range kinds {
			fmt.Fprintf(&counters, "counter %s4%s {}\ncounter %s6%s {}\n", c.name, kind, c.name, kind)
			fmt.Fprintf(&text, "ip daddr %s %s counter name %s4%s\n", addr4(i), match, c.name, kind)
			if kind != "stamp" {
				fmt.Fprintf(&text, "ip6 daddr %s %s counter name %s6%s\n", addr6(i), kind6(match), c.name, kind)
			}
		}
	}
	if fault := b.rules(t, "table inet options {\n"+counters.String()+"chain in { type filter hook input priority -10;\n"+text.String()+
		"ip daddr 10.1.9.0/24 drop\nip6 daddr fd81::900/120 drop\n}\n}\n"); fault != "" {
		t.Fatal(fault)
	}
	t.Run("ask", func(t *testing.T) {
		for i, c := range cases {
			for _, addr := range []string{addr4(i), addr6(i)} {
				t.Run(c.name+" "+addr, func(t *testing.T) {
					t.Parallel()
					s := c.set
					s.PingTries = 1
					if got := ping(t, newNet(t), addr, s); got.Alive != (c.want == nil) {
						t.Errorf("Ping = %+v; want alive only if nothing is asked", got)
					}
				})
			}
		}
	})
	counted := b.counters(t)
	for _, c := range cases {
		for kind := range kinds {
			want6 := c.want[kind]
			if kind == "stamp" {
				want6 = 0
			}
			repeats := 0
			if c.set.Connect && strings.HasPrefix(kind, "syn") {
				repeats = 1 // by the system, after a second
			}
			got4, got6 := counted[c.name+"4"+kind], counted[c.name+"6"+kind]
			if got4 < c.want[kind] || got4 > c.want[kind]+repeats || got6 < want6 || got6 > want6+repeats {
				t.Errorf("%s: %d packets %s left by IPv4 and %d by IPv6; want %d and %d", c.name, got4, kind, got6, c.want[kind], want6)
			}
		}
	}
}

// counters reads the named counters of the table "options".
func (b bed) counters(t *testing.T) map[string]int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ip", "netns", "exec", string(b), "nft", "-j", "list", "counters", "table", "inet", "options").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Nftables []struct {
			Counter *struct {
				Name    string
				Packets int
			}
		}
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	packets := map[string]int{}
	for _, o := range list.Nftables {
		if o.Counter != nil {
			packets[o.Counter.Name] = o.Counter.Packets
		}
	}
	return packets
}

func ping(t *testing.T, n *netio.Net, addr string, s harrier.Settings) discover.Answer {
	t.Helper()
	a := netip.MustParseAddr(addr)
	if err := n.Declare(a, 0); err != nil {
		t.Fatal(err)
	}
	got, err := discover.Ping(t.Context(), n, a, s)
	if err != nil {
		t.Fatalf("Ping(%s) = %v", addr, err)
	}
	return got
}

// pingAnswers tries how answers are read under the settings.
func pingAnswers(t *testing.T, b bed) {
	b.input(t, "answers",
		"ip daddr 10.1.10.1 meta l4proto icmp drop", // TCP only, and only resets
		"ip6 daddr fd81::a01 icmpv6 type echo-request drop",
		"ip daddr 10.1.10.4 drop",
	)
	only80 := harrier.Settings{PingPorts: []uint16{80}}
	with := func(set func(s *harrier.Settings)) harrier.Settings {
		s := only80
		set(&s)
		return s
	}
	resets := with(func(s *harrier.Settings) { s.IgnoreResets = true })
	dead := with(func(s *harrier.Settings) { s.UnreachableMeansDead = true })
	noARP := with(func(s *harrier.Settings) { s.NoARP = true })
	for _, c := range []struct {
		name, addr string
		set        harrier.Settings
		alive      bool
		reason     string // what it starts with
	}{
		{"a reset", "10.1.10.1", only80, true, "tcp rst 80"},
		{"a reset, IPv6", "fd81::a01", only80, true, "tcp rst 80"},
		{"a reset, not believed", "10.1.10.1", resets, false, discover.NoAnswer},
		{"a reset, not believed, IPv6", "fd81::a01", resets, false, discover.NoAnswer},
		{"a reset, not believed, connected", "10.1.10.1", with(func(s *harrier.Settings) { s.IgnoreResets, s.Connect = true, true }), false, discover.NoAnswer},
		{"denied by a router, and there", "10.2.3.1", only80, true, "tcp rst 80"},
		{"denied by a router, which is believed", "10.2.3.1", dead, false, "icmp "},
		{"denied by a router", "10.2.1.1", only80, false, discover.NoHost},
		{"denied by a router, IPv6", "fd82:1::1", only80, false, "icmp "},
		{"prohibited", "10.2.2.1", only80, false, discover.Filtered},
		{"prohibited, IPv6", "fd82:2::1", only80, false, discover.Filtered},
		{"on link", "10.88.0.2", only80, true, discover.Neighbour},
		{"on link, IPv6", "fd88::2", only80, true, discover.Solicited},
		{"on link without ARP", "10.88.0.2", noARP, true, ""},
		{"on link without ARP, IPv6", "fd88::2", noARP, true, ""},
		{"nobody on link", "10.88.0.9", only80, false, discover.NoAnswer},
		{"nobody on link, IPv6", "fd88::9", only80, false, discover.NoAnswer},
		{"own", "10.88.0.1", only80, true, discover.Local},
		{"own, left out", "10.88.0.1", with(func(s *harrier.Settings) { s.SkipOwn = true }), false, discover.Own},
		{"own, left out, IPv6", "fd88::1", with(func(s *harrier.Settings) { s.SkipOwn = true }), false, discover.Own},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ping(t, newNet(t), c.addr, c.set)
			// Linux sends one error of a route in a second, to all that ask.
			for try := 0; strings.Contains(c.reason, "icmp ") && !strings.HasPrefix(got.Reason, c.reason) && try < 10; try++ {
				time.Sleep(time.Second)
				got = ping(t, newNet(t), c.addr, c.set)
			}
			if got.Alive != c.alive || !strings.HasPrefix(got.Reason, c.reason) {
				t.Errorf("Ping = %+v; want alive %v by %q", got, c.alive, c.reason)
			}
			if strings.Contains(c.name, "without ARP") && got.Reply.Item.Kind() == sweep.Neighbour {
				t.Errorf("Ping = %+v; want another answer", got)
			}
		})
	}
	t.Run("how long", func(t *testing.T) {
		t.Parallel()
		took := func(s harrier.Settings) time.Duration {
			began := time.Now()
			if got := ping(t, newNet(t), "10.1.10.4", s); got.Alive {
				t.Errorf("Ping = %+v; want nobody", got)
			}
			return time.Since(began)
		}
		s := harrier.Settings{PingPorts: []uint16{80}, PingTries: 1}
		long := took(s)
		s.ProbeTimeout = harrier.Duration(50 * time.Millisecond)
		if short := took(s); short >= long {
			t.Errorf("a silent host took %v with a short wait and %v with the usual one", short, long)
		}
	})
	t.Run("tries", func(t *testing.T) {
		t.Parallel()
		sent := func(tries int) int64 {
			n := newNet(t)
			ping(t, n, "10.1.10.4", harrier.Settings{PingPorts: []uint16{80}, NoICMP: true, PingTries: tries})
			return n.Sent() / 2 // of SYN and ACK
		}
		one, more := sent(1), sent(3)
		t.Logf("a silent host was asked %d times of 1, and %d times of 3", one, more)
		if one != 1 || more != 3 {
			t.Errorf("%d and %d tries; want 1 and 3", one, more)
		}
	})
}

// scanLink looks for hosts on the link.
func scanLink(t *testing.T) {
	t.Run("proxy ARP", func(t *testing.T) {
		t.Parallel()
		alive, dead := found(t, "10.89.0.2", 250, harrier.Settings{})
		doubted := 0
		for reason, n := range dead {
			if strings.HasSuffix(reason, " answers on the link for the addresses of 10.89.0.0/24") {
				doubted += n
			}
		}
		// Linux lets most requests wait, and some fall, so some are just silent.
		if len(alive) != 1 || alive["10.89.0.77"] == "" || doubted < 24 {
			t.Errorf("alive %v, dead %v; want .77 alone", alive, dead)
		}
	})
	t.Run("proxy ARP, believed", func(t *testing.T) {
		t.Parallel()
		if alive, dead := found(t, "10.89.0.2", 100, harrier.Settings{FastDiscovery: true}); len(alive) < 24 {
			t.Errorf("%d alive, dead %v; want those that were answered for", len(alive), dead)
		}
	})
	t.Run("one machine that is there", func(t *testing.T) {
		t.Parallel()
		if alive, dead := found(t, "10.90.0.2", 250, harrier.Settings{}); len(alive) != 250 {
			t.Errorf("%d alive, dead %v; want all", len(alive), dead)
		}
	})
}
