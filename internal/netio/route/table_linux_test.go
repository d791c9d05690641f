package route

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// house has two Ethernet links, one without ARP, a tunnel, and routes and rules
// of all kinds.
const house = `
link add a0 address 02:00:00:00:01:01 type veth peer name a1
link add b0 address 02:00:00:00:02:01 type veth peer name b1
link add n0 address 02:00:00:00:03:01 type veth peer name n1
link set n0 arp off
tuntap add t0 mode tun
link set a0 up mtu 1400
link set a1 up
link set b0 up
link set b1 up
link set n0 up
link set n1 up
link set t0 up
addr add 10.1.0.1/24 broadcast 10.1.0.255 dev a0
addr add 10.2.0.1/24 dev b0
addr add 10.3.0.1/24 dev n0
addr add 10.4.0.1/24 dev t0
addr add fd01::1/64 dev a0 nodad
addr add 2001:db8:1::1/64 dev a0 nodad
addr add fd02::1/64 dev b0 nodad
addr add fe80::a/64 dev a0 nodad
addr add fe80::b/64 dev b0 nodad
neigh add 10.3.0.7 lladdr 02:00:00:00:03:07 dev n0 nud permanent
route add default via 10.1.0.254
route add 10.9.0.0/16 via 10.2.0.254
route add blackhole 10.9.5.0/24
route add unreachable 10.9.6.0/24
route add prohibit 10.9.7.0/24
route add throw 10.9.8.0/24
route add 10.20.0.0/16 via 10.3.0.7 dev n0
route add 10.21.0.0/16 via 10.3.0.8 dev n0
route add 10.60.0.0/16 nexthop via 10.1.0.2 nexthop via 10.2.0.2
nexthop add id 11 via 10.1.0.11 dev a0
nexthop add id 12 via 10.2.0.12 dev b0
nexthop add id 13 group 11/12
route add 10.61.0.0/16 nhid 13
route add 10.62.0.0/16 nhid 11
route add 10.70.0.0/16 via inet6 fe80::7 dev a0
route add 10.71.0.0/16 via 10.1.0.254 mtu 1300
route add default via 10.2.0.253 table 100
rule add to 10.50.0.0/16 lookup 100
route add default via 10.2.0.252 table 200
rule add from 10.2.0.1 lookup 200
route add ::/0 via fe80::99 dev a0
route add fd09::/32 via fd02::99
route add blackhole fd0b::/32
route add unreachable fd0c::/32
route add prohibit fd0d::/32
route add fd60::/32 nexthop via fd01::2 nexthop via fd02::2
route add ::/0 via fd02::98 table 100
-6 rule add to fd50::/16 lookup 100
`

func addr(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(s)
}

func TestPath(t *testing.T) {
	n := newNamespace(t, house)
	table := n.open()
	a0, b0, n0, n7 := [6]byte{2, 0, 0, 0, 1, 1}, [6]byte{2, 0, 0, 0, 2, 1}, [6]byte{2, 0, 0, 0, 3, 1}, [6]byte{2, 0, 0, 0, 3, 7}
	on := func(name string, mac, peer [6]byte, mtu int) Path {
		return Path{Name: name, MAC: mac, Peer: peer, MTU: mtu, Ethernet: name != "t0"}
	}
	lo := on("lo", none, none, 65536)
	lo.Local = true
	a, b := on("a0", a0, none, 1400), on("b0", b0, none, 1500)
	for _, c := range []struct {
		to, from, next, prefix string
		path                   Path
		ask                    string // of ip, if not to
	}{
		// IPv4: gateway, on link, this machine
		{"192.0.2.1", "10.1.0.1", "10.1.0.254", "192.0.0.0/3", a, ""},
		{"10.1.0.254", "10.1.0.1", "10.1.0.254", "10.1.0.254/32", a, ""},
		{"10.1.0.200", "10.1.0.1", "10.1.0.200", "10.1.0.192/27", a, ""},
		{"::ffff:10.1.0.201", "10.1.0.1", "10.1.0.201", "10.1.0.192/27", a, "10.1.0.201"},
		{"10.1.0.1", "10.1.0.1", "", "10.1.0.1/32", lo, ""},
		{"127.0.0.1", "127.0.0.1", "", "127.0.0.1/32", lo, ""},
		{"127.9.9.9", "127.0.0.1", "", "127.8.0.0/13", lo, ""},
		// a rule by source: the source comes from the main table, the route from another
		{"10.2.0.200", "10.2.0.1", "10.2.0.252", "10.2.0.192/27", b, "10.2.0.200 from 10.2.0.1"},
		{"10.9.1.1", "10.2.0.1", "10.2.0.252", "10.9.0.0/22", b, "10.9.1.1 from 10.2.0.1"},
		// a rule by target
		{"10.50.1.1", "10.2.0.1", "10.2.0.252", "10.50.0.0/16", b, "10.50.1.1 from 10.2.0.1"},
		{"fd50::1", "fd02::1", "fd02::98", "fd50::/16", b, ""},
		// next hops of other kinds
		{"10.62.1.1", "10.1.0.1", "10.1.0.11", "10.62.0.0/16", a, ""},
		{"10.70.1.1", "10.1.0.1", "fe80::7", "10.70.0.0/16", a, ""},
		{"10.71.1.1", "10.1.0.1", "10.1.0.254", "10.71.0.0/16", on("a0", a0, none, 1300), ""},
		// links without resolution
		{"10.3.0.7", "10.3.0.1", "", "10.3.0.7/32", on("n0", n0, n7, 1500), ""},
		{"10.3.0.8", "10.3.0.1", "", "10.3.0.8/32", on("n0", n0, n0, 1500), ""},
		{"10.20.1.1", "10.3.0.1", "", "10.20.0.0/16", on("n0", n0, n7, 1500), ""},
		{"10.21.1.1", "10.3.0.1", "", "10.21.0.0/16", on("n0", n0, n0, 1500), ""},
		{"10.4.0.9", "10.4.0.1", "", "10.4.0.8/29", on("t0", none, none, 1500), ""},
		// IPv6: gateway with the source by the leading bits of the target, on link, this machine
		{"fd99::1", "fd01::1", "fe80::99", "fd80::/9", a, ""},
		{"2001:db8:ffff::1", "2001:db8:1::1", "fe80::99", "2001:db8:8000::/33", a, ""},
		{"fd01::99", "fd01::1", "fd01::99", "fd01::80/121", a, ""},
		{"fd09::1", "fd02::1", "fd02::99", "fd09::/32", b, ""},
		{"fd01::1", "fd01::1", "", "fd01::1/128", lo, ""},
		{"::1", "::1", "", "::1/128", lo, ""},
		// link-local, by the zone's name and number
		{"fe80::77%a0", "fe80::a", "fe80::77", "fe80::77/128", a, "fe80::77 oif a0"},
		{"fe80::77%b0", "fe80::b", "fe80::77", "fe80::77/128", b, "fe80::77 oif b0"},
		{"fe80::b%b0", "fe80::b", "", "fe80::b/128", lo, "fe80::b oif b0"},
	} {
		want := c.path
		to := addr(c.to)
		want.From, want.Next, want.Prefix = addr(c.from), addr(c.next), netip.MustParsePrefix(c.prefix)
		want.OnLink = c.next == to.Unmap().WithZone("").String()
		if c.ask == "" {
			c.ask = c.to
		}
		key, _, _ := strings.Cut(c.ask, " ")
		s, ok := n.get(c.ask)[key]
		if to.Zone() == "" && want.Prefix.Bits() < to.Unmap().BitLen() {
			shared(t, table, c.to)
		}
		for _, when := range []string{"first", "again"} {
			got, err := table.Path(to)
			if err != nil {
				t.Errorf("%s: Path(%s) = %v", when, c.to, err)
				continue
			}
			if p := netip.PrefixFrom(to.Unmap(), to.Unmap().BitLen()); got.Prefix == p { // something changed just now
				got.Prefix = want.Prefix
			}
			agree(t, to.Unmap(), got, err, s, ok)
			if got.Index <= 0 {
				t.Errorf("%s: Path(%s).Index = %d", when, c.to, got.Index)
			}
			byNumber, err := table.Path(to.WithZone(map[bool]string{true: fmt.Sprint(got.Index)}[to.Zone() != "" && !got.Local]))
			if to.Zone() != "" && !got.Local && (err != nil || byNumber != got) {
				t.Errorf("by number: %+v, %v; want %+v", byNumber, err, got)
			}
			got.Index = 0
			if got != want {
				t.Errorf("%s: Path(%s) =\n%+v; want\n%+v", when, c.to, got, want)
			}
		}
	}
}

func TestNoPath(t *testing.T) {
	n := newNamespace(t, house)
	table := n.open()
	bare := newNamespace(t, "").open()
	for _, c := range []struct {
		in    *Table
		to    string
		kind  harrier.Kind
		errno error
	}{
		{table, "10.9.5.1", harrier.Unavailable, unix.EINVAL},
		{table, "10.9.8.1", harrier.Unavailable, unix.ENETUNREACH}, // thrown back to the rules, of which none has a route
		{table, "10.9.6.1", harrier.Unavailable, unix.EHOSTUNREACH},
		{table, "10.9.7.1", harrier.Forbidden, unix.EACCES},
		{table, "fd0b::1", harrier.Unavailable, unix.EINVAL},
		{table, "fd0c::1", harrier.Unavailable, unix.EHOSTUNREACH},
		{table, "fd0d::1", harrier.Forbidden, unix.EACCES},
		{bare, "192.0.2.1", harrier.Unavailable, unix.ENETUNREACH},
		{bare, "2001:db8::1", harrier.Unavailable, unix.ENETUNREACH},
		{table, "10.1.0.255", harrier.Invalid, nil},
		{table, "255.255.255.255", harrier.Invalid, nil},
		{table, "224.0.0.1", harrier.Invalid, nil},
		{table, "ff02::1", harrier.Invalid, nil},
		{table, "ff02::1%a0", harrier.Invalid, nil},
		{table, "0.0.0.0", harrier.Invalid, nil},
		{table, "::", harrier.Invalid, nil},
		{table, "", harrier.Invalid, nil},
		{table, "fe80::1", harrier.Invalid, nil},
		{table, "fe80::1%nosuch0", harrier.Invalid, nil},
		{table, "fe80::1%a-name-too-long-for-it", harrier.Invalid, nil},
		{table, "fe80::1%4000000", harrier.Invalid, nil},
	} {
		for range 2 {
			p, err := c.in.Path(addr(c.to))
			if err == nil || harrier.KindOf(err) != c.kind || c.errno != nil && !errors.Is(err, c.errno) {
				t.Errorf("Path(%q) = %+v, %v (%v); want %v, %v", c.to, p, err, harrier.KindOf(err), c.kind, c.errno)
			}
		}
	}
}

// TestMultipath wants each address asked for by itself, and the same next hop
// that the kernel takes.
func TestMultipath(t *testing.T) {
	n := newNamespace(t, house)
	table := n.open()
	n.batch("rule del from 10.2.0.1 lookup 200")
	for _, at := range []string{"10.60.%d.1", "10.61.%d.1", "fd60::%d:1"} {
		var lines []string
		for i := range 40 {
			lines = append(lines, fmt.Sprintf(at, i))
		}
		system := n.get(lines...)
		used := map[netip.Addr]int{}
		for _, line := range lines {
			to := addr(line)
			p, err := table.Path(to)
			used[p.Next]++
			s := system[to.String()]
			if to.Is4() { // a socket looks again when it knows its source
				if p.From != addr(s.Prefsrc) {
					t.Errorf("Path(%v) = %+v; but ip says source %s", to, p, s.Prefsrc)
				}
				s = n.get(line + " from " + s.Prefsrc)[to.String()]
			}
			agree(t, to, p, err, s, true)
			if err != nil || p.Prefix.Bits() != to.BitLen() {
				t.Errorf("Path(%v) = %+v, %v; want a prefix of one address", to, p, err)
			}
		}
		if len(used) != 2 {
			t.Errorf("next hops %v; want two", used)
		}
	}
}

// TestRandom compares many addresses with ip, in tables of random routes, and
// with what the answer for a whole prefix was.
func TestRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for round := range 4 {
		var b strings.Builder
		b.WriteString(house + "rule del from 10.2.0.1 lookup 200\nroute del 10.60.0.0/16\nroute del 10.61.0.0/16\n")
		hops := []string{"via 10.1.0.5 dev a0 onlink", "via 10.2.0.6 dev b0 onlink", "via 10.4.0.6 dev t0 onlink", "dev a0", "dev b0", "dev t0", "dev n0"}
		hops6 := []string{"via fe80::5 dev a0", "dev a0", "dev b0", "via fe80::8 dev b0"}
		known := prefixes("10.0.0.0/9", "10.1.0.1/24")
		for range 60 {
			p := netip.PrefixFrom(randomNear(rnd, known), 5+rnd.IntN(28)).Masked()
			if p.Addr().As4()[0]&0xe0 == 0xe0 || p.Addr().As4()[0] == 127 || p.Addr().IsUnspecified() {
				continue
			}
			known = append(known, p)
			tail := ""
			if rnd.IntN(3) == 0 {
				tail = " table 100"
			}
			fmt.Fprintf(&b, "route replace %v %s%s\n", p, hops[rnd.IntN(len(hops))], tail)
			if rnd.IntN(10) == 0 {
				fmt.Fprintf(&b, "rule add to %v lookup 100\n", p)
			}
		}
		known6 := []netip.Addr{addr("fd01::1"), addr("2001:db8:1::1"), addr("2002::1")}
		for range 30 {
			a := randomNear6(rnd, known6)
			known6 = append(known6, a)
			fmt.Fprintf(&b, "route replace %v %s\n", netip.PrefixFrom(a, 4+rnd.IntN(125)).Masked(), hops6[rnd.IntN(len(hops6))])
		}
		n := newNamespace(t, b.String())
		table := n.open()
		shared(t, table, "127.9.9.9")
		var all []netip.Addr
		var lines []string
		for i := range 600 {
			a := randomNear(rnd, known)
			if i%2 == 0 {
				a = randomNear6(rnd, known6)
			}
			if a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.Is4() && a.As4()[0] >= 224 {
				continue
			}
			all, lines = append(all, a), append(lines, a.String())
		}
		system := n.get(lines...)
		found := 0
		shared := map[netip.Prefix]Path{}
		for _, a := range all {
			p, err := table.Path(a)
			s, ok := system[a.String()]
			agree(t, a, p, err, s, ok)
			if err == nil {
				found++
			}
			if p.OnLink {
				p.Next = netip.Addr{}
			}
			if before, ok := shared[p.Prefix]; ok && err == nil && before != p {
				t.Errorf("%v: %+v; but %+v before for the same prefix", a, p, before)
			}
			shared[p.Prefix] = p
			if t.Failed() {
				t.Fatalf("round %d:\n%s", round, b.String())
			}
		}
		if found < len(all)/2 || len(shared) < 20 {
			t.Errorf("%d paths of %d addresses in %d prefixes: the tables are too poor", found, len(all), len(shared))
		}
	}
}

func randomNear6(rnd *rand.Rand, list []netip.Addr) netip.Addr {
	b := list[rnd.IntN(len(list))].As16()
	for i := rnd.IntN(16); i < 16; i++ {
		b[i] ^= byte(rnd.Uint32()) >> rnd.IntN(8)
	}
	if b[0] == 0xff || b[0] == 0xfe {
		b[0] = 0xfd
	}
	return netip.AddrFrom16(b)
}

// eventually wants the path's next hop within what Path promises; a slow
// machine gets the same again.
func eventually(t *testing.T, table *Table, to, next string) {
	t.Helper()
	var p Path
	var err error
	for began := time.Now(); time.Since(began) < 2*maxAge; time.Sleep(time.Millisecond) {
		if p, err = table.Path(addr(to)); next == "" && err != nil || err == nil && p.Next == addr(next) {
			return
		}
	}
	t.Fatalf("Path(%s) = %+v, %v; want next hop %q", to, p, err, next)
}

// shared returns when the answer for the address is one that is kept.
func shared(t *testing.T, table *Table, to string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 10*maxAge; time.Sleep(time.Millisecond) {
		if p, err := table.Path(addr(to)); err == nil && p.Prefix.Bits() < p.Prefix.Addr().BitLen() {
			return
		}
	}
	t.Fatalf("the path to %s is never shared", to)
}

func TestChange(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		t.Run(fmt.Sprintf("deaf=%v", deaf), func(t *testing.T) {
			n := newNamespace(t, house)
			table := n.open()
			if deaf { // then only the age of answers tells
				table.changes.Close()
			}
			eventually(t, table, "198.51.100.1", "10.1.0.254")
			for i, c := range []struct{ command, to, next string }{
				{"route replace default via 10.1.0.253", "198.51.100.1", "10.1.0.253"},
				{"route add 198.51.100.0/24 via 10.1.0.6", "198.51.100.1", "10.1.0.6"},
				{"route del 198.51.100.0/24", "198.51.100.1", "10.1.0.253"},
				{"route replace default via 10.1.0.20 table 150\nrule add to 198.51.100.0/24 lookup 150", "198.51.100.1", "10.1.0.20"},
				{"rule del to 198.51.100.0/24 lookup 150", "198.51.100.1", "10.1.0.253"},
				{"nexthop replace id 11 via 10.1.0.77 dev a0", "10.62.1.1", "10.1.0.77"},
				{"addr add 10.5.0.1/24 dev a0", "10.5.0.9", "10.5.0.9"},
				{"route add fd77::/16 via fd01::77", "fd77::1", "fd01::77"},
				{"link set a0 down", "198.51.100.1", ""},
			} {
				if deaf {
					shared(t, table, c.to)
				}
				n.batch(c.command)
				eventually(t, table, c.to, c.next)
				if deaf && i == 2 { // a second each
					break
				}
			}
		})
	}
}

// TestGeneration wants one more than the seconds count for many changes.
func TestGeneration(t *testing.T) {
	n := newNamespace(t, house)
	table := n.open()
	before, began := table.Generation(), time.Now()
	for range 20 {
		n.batch("route add 198.51.100.0/24 via 10.1.0.6\nroute del 198.51.100.0/24")
	}
	for time.Since(began) < 20*maxAge {
		if seconds := uint64(time.Since(began)/maxAge) + 1; table.Generation()-before > seconds+20 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("generation %d, then %d", before, table.Generation())
}

// TestLinkChange wants an interface's changes seen, and one that is new.
func TestLinkChange(t *testing.T) {
	n := newNamespace(t, house)
	table := n.open()
	seen := func(what, to string, ok func(p Path) bool) {
		t.Helper()
		var p Path
		var err error
		for began := time.Now(); time.Since(began) < 2*maxAge; time.Sleep(time.Millisecond) {
			if p, err = table.Path(addr(to)); err == nil && ok(p) {
				return
			}
		}
		t.Fatalf("%s: Path = %+v, %v", what, p, err)
	}
	seen("before", "10.1.0.9", func(p Path) bool { return p.MTU == 1400 })
	n.batch("link set a0 mtu 1350 address 02:00:00:00:01:99")
	seen("mtu and address", "10.1.0.9", func(p Path) bool { return p.MTU == 1350 && p.MAC == [6]byte{2, 0, 0, 0, 1, 0x99} })
	n.batch("link set a0 arp off")
	seen("no ARP", "10.1.0.9", func(p Path) bool { return !p.OnLink && p.Peer == p.MAC && !p.Next.IsValid() })
	n.batch("link add c0 type veth peer name c1\nlink set c0 up\nlink set c1 up\naddr add 10.7.0.1/24 dev c0")
	seen("new", "10.7.0.9", func(p Path) bool { return p.Name == "c0" && p.OnLink })
}

// TestConcurrent asks from several sides while routes come and go: every answer
// is one that was true at some time.
func TestConcurrent(t *testing.T) {
	n := newNamespace(t, house)
	table := n.open()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 1))
			for {
				select {
				case <-stop:
					return
				default:
				}
				to := netip.AddrFrom4([4]byte{198, 51, 100, byte(rnd.Uint32())})
				p, err := table.Path(to)
				if err != nil || !p.Prefix.Contains(to) || !slices.Contains([]netip.Addr{addr("10.1.0.254"), addr("10.2.0.3"), addr("10.2.0.252")}, p.Next) {
					t.Errorf("Path(%v) = %+v, %v", to, p, err)
					return
				}
				table.Neighbour(p.Index, p.Next)
			}
		})
	}
	for range 60 {
		n.batch("route add 198.51.100.0/25 via 10.2.0.3\nroute del 198.51.100.0/25")
	}
	close(stop)
	wg.Wait()
}

func TestNeighbour(t *testing.T) {
	n := newNamespace(t, house)
	table := n.open()
	p, err := table.Path(addr("10.1.0.9"))
	if err != nil {
		t.Fatal(err)
	}
	q, err := table.Path(addr("10.2.0.9"))
	if err != nil {
		t.Fatal(err)
	}
	for i, state := range []string{"permanent", "noarp", "reachable", "stale", "delay", "probe", "incomplete", "failed", "none"} {
		for _, a := range []netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, byte(100 + i)}), netip.AddrFrom16([16]byte{0xfd, 1, 15: byte(100 + i)})} {
			lladdr, usable := "lladdr 02:00:00:00:00:"+fmt.Sprintf("%02x ", i), i < 6
			if !usable {
				lladdr = ""
			}
			n.batch(fmt.Sprintf("neigh replace %v %s dev a0 nud %s", a, lladdr, state))
			want := [6]byte{2, 0, 0, 0, 0, byte(i)}
			if !usable {
				want = none
			}
			if mac, ok := table.Neighbour(p.Index, a); ok != usable || mac != want {
				t.Errorf("Neighbour(%v %s) = %x, %v; want %x, %v", a, state, mac, ok, want, usable)
			}
			if _, ok := table.Neighbour(q.Index, a); ok {
				t.Errorf("%v is known on another link", a)
			}
		}
	}
	n.batch("neigh replace fe80::5 lladdr 02:00:00:00:00:05 dev a0 nud permanent")
	if mac, ok := table.Neighbour(p.Index, addr("fe80::5%a0")); !ok || mac != [6]byte{2, 0, 0, 0, 0, 5} {
		t.Errorf("Neighbour(fe80::5%%a0) = %x, %v", mac, ok)
	}
	for _, c := range []struct {
		index int
		addr  string
	}{{0, "10.1.0.100"}, {-1, "10.1.0.100"}, {p.Index, ""}, {p.Index, "10.1.0.99"}, {99999, "10.1.0.100"}} {
		if mac, ok := table.Neighbour(c.index, addr(c.addr)); ok {
			t.Errorf("Neighbour(%d, %s) = %x; want none", c.index, c.addr, mac)
		}
	}
}

// TestNoEntry wants the kernel's neighbours untouched by all that is asked.
func TestNoEntry(t *testing.T) {
	n := newNamespace(t, house)
	table := n.open()
	neighbours := func() string { // but the groups that the kernel itself joins
		lines := strings.Split(n.run("", "-n", n.name, "neigh", "show", "nud", "all"), "\n")
		lines = slices.DeleteFunc(lines, func(s string) bool { return strings.HasPrefix(s, "ff02::") })
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	before := neighbours()
	r := NewResolver(table.Neighbour, func(Path) {})
	for i := range 50 {
		for _, a := range []netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, byte(100 + i)}), netip.AddrFrom16([16]byte{0xfd, 1, 15: byte(100 + i)}), addr("192.0.2.1"), addr("2001:db8:9::1")} {
			p, err := table.Path(a)
			if err != nil {
				t.Fatal(err)
			}
			r.MAC(p)
			r.Learn(p.Index, p.Next, macA)
		}
	}
	if after := neighbours(); after != before {
		t.Errorf("neighbours\n%swere\n%s", after, before)
	}
}

// TestHuge has more routes than are held: each address is asked for.
func TestHuge(t *testing.T) {
	if testing.Short() {
		t.Skip("loads 66,000 routes")
	}
	var b strings.Builder
	b.WriteString(house)
	for i := range maxBorders + 100 {
		fmt.Fprintf(&b, "route add 11.%d.%d.%d/32 via 10.1.0.%d\n", i>>16, i>>8&255, i&255, 2+i%200)
	}
	n := newNamespace(t, b.String())
	table := n.open()
	for i := range 1000 {
		to := netip.AddrFrom4([4]byte{11, 0, byte(i >> 8), byte(i)})
		p, err := table.Path(to)
		if want := netip.AddrFrom4([4]byte{10, 1, 0, byte(2 + i%200)}); err != nil || p.Next != want || p.Prefix != netip.PrefixFrom(to, 32) {
			t.Fatalf("Path(%v) = %+v, %v; want next hop %v", to, p, err, want)
		}
	}
	n.batch("route replace 11.0.0.1/32 via 10.2.0.9")
	if p, err := table.Path(addr("11.0.0.1")); err != nil || p.Next != addr("10.2.0.252") {
		t.Errorf("after a change: %+v, %v", p, err)
	}
}

func TestClosed(t *testing.T) {
	table := newNamespace(t, house).open()
	if _, err := table.Path(addr("10.1.0.9")); err != nil {
		t.Fatal(err)
	}
	table.Close()
	table.Close()
	for _, to := range []string{"10.1.0.9", "fe80::1%a0"} {
		if p, err := table.Path(addr(to)); harrier.KindOf(err) != harrier.Unavailable {
			t.Errorf("Path = %+v, %v; want Unavailable", p, err)
		}
	}
	if _, ok := table.Neighbour(2, addr("10.1.0.9")); ok {
		t.Error("a closed table knows a neighbour")
	}
}

func BenchmarkPath(b *testing.B) {
	n := newNamespace(b, house)
	table := n.open()
	for _, c := range []struct{ name, to string }{{"shared", "192.0.2.%d"}, {"shared6", "fd09::%d"}, {"alone", "10.62.0.%d"}, {"multipath", "10.60.0.%d"}} {
		b.Run(c.name, func(b *testing.B) {
			var list []netip.Addr
			for i := range 200 {
				list = append(list, addr(fmt.Sprintf(c.to, i)))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := table.Path(list[i%len(list)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("neighbour", func(b *testing.B) {
		p, _ := table.Path(addr("10.1.0.9"))
		b.ReportAllocs()
		for b.Loop() {
			table.Neighbour(p.Index, p.Next)
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s := takeSnapshot(table.dumper, 0); s.v4 == nil {
				b.Fatal("no cells")
			}
		}
	})
}
