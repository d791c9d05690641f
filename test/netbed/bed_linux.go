package netbed

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// Bed is a network that was made. Its methods may be called by one goroutine
// at a time.
type Bed struct {
	scanner, middle, target string // names of namespaces; middle "" without delay
	ends                    []func() error
}

// New makes a network and starts what listens at the target. It answers
// Unavailable where namespaces can't be had. It needs root, ip, nft and
// ethtool. Close ends it.
func New(ctx context.Context, o Options) (*Bed, error) {
	for _, tool := range []string{"ip", "nft", "ethtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, harrier.Errorf(harrier.Unavailable, "%s is missing", tool).Because(err)
		}
	}
	name := o.Name
	if name == "" {
		name = "netbed"
	}
	name += strconv.Itoa(os.Getpid())
	b := &Bed{scanner: name + "s", target: name + "t"}
	if o.Delay > 0 {
		b.middle = name + "m"
	}
	if err := b.make(ctx, o); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Bed) make(ctx context.Context, o Options) error {
	for _, ns := range b.namespaces() {
		if err := run(ctx, "ip netns add "+ns); err != nil {
			return harrier.Errorf(harrier.Unavailable, "no network namespace can be made").Because(err)
		}
		b.ends = append(b.ends, func() error { return run(context.Background(), "ip netns del "+ns) })
	}
	if err := run(ctx, b.plan()...); err != nil {
		return err
	}
	if err := inside(b.target, tuneTarget); err != nil {
		return err
	}
	if b.middle != "" {
		bridge, err := b.startBridge(o.Delay)
		if err != nil {
			return err
		}
		b.ends = append(b.ends, bridge.close)
	}
	if !o.Quiet {
		l, err := listen(b.target)
		if err != nil {
			return err
		}
		b.ends = append(b.ends, l.close)
	}
	return b.await(ctx)
}

// await returns when both families work: it takes the kernel up to a second
// to notice that a link is up. The scanner then forgets the neighbours.
func (b *Bed) await(ctx context.Context) error {
	for _, addr := range []string{"10.78.0.2:22", "[fd78::2]:22"} {
		for try := 0; ; try++ {
			err := b.dial(addr, time.Second)
			if err == nil || errors.Is(err, unix.ECONNREFUSED) {
				break
			}
			if try == 10 || ctx.Err() != nil {
				return errors.Join(fmt.Errorf("the target does not answer: %w", err), ctx.Err())
			}
		}
	}
	return run(ctx, "ip -n "+b.scanner+" neigh flush dev scan0")
}

// dial connects from the scanner and hangs up.
func (b *Bed) dial(addr string, limit time.Duration) error {
	return inside(b.scanner, func() error {
		d := net.Dialer{Timeout: limit}
		c, err := d.DialContext(context.Background(), "tcp", addr)
		if err != nil {
			return err
		}
		return c.Close()
	})
}

func (b *Bed) namespaces() []string {
	if b.middle == "" {
		return []string{b.scanner, b.target}
	}
	return []string{b.scanner, b.target, b.middle}
}

// plan lists the commands that make links, addresses and routes.
//
// Offloads are off at both ends: with them, frames on a veth link carry
// unfinished checksums, and scanners that check them lose answers. The target
// knows the scanner's link address from the start, as a busy router does: while
// the kernel resolves a neighbour, it keeps only a few answers. The scanner
// has to resolve.
func (b *Bed) plan() []string {
	s, t, m := "ip -n "+b.scanner+" ", "ip -n "+b.target+" ", "ip -n "+b.middle+" "
	var lines []string
	if b.middle == "" {
		lines = append(lines, "ip link add scan0 netns "+b.scanner+" type veth peer name target0 netns "+b.target)
	} else {
		lines = append(
			lines,
			"ip link add scan0 netns "+b.scanner+" type veth peer name near0 netns "+b.middle,
			"ip link add target0 netns "+b.target+" type veth peer name far0 netns "+b.middle,
			"ip netns exec "+b.middle+" ethtool -K near0 tx off gso off tso off gro off",
			"ip netns exec "+b.middle+" ethtool -K far0 tx off gso off tso off gro off",
			m+"link set near0 addrgenmode none up",
			m+"link set far0 addrgenmode none up",
		)
	}
	return append(
		lines,
		s+"link set lo up",
		t+"link set lo up",
		s+"link set scan0 address "+ScannerMAC+" txqueuelen 10000",
		t+"link set target0 address "+TargetMAC+" txqueuelen 10000",
		"ip netns exec "+b.scanner+" ethtool -K scan0 tx off gso off tso off gro off",
		"ip netns exec "+b.target+" ethtool -K target0 tx off gso off tso off gro off",
		s+"addr add 10.78.0.1/24 dev scan0",
		t+"addr add 10.78.0.2/24 dev target0",
		s+"addr add fd78::1/64 dev scan0 nodad",
		t+"addr add fd78::2/64 dev target0 nodad",
		s+"link set scan0 up",
		t+"link set target0 up",
		t+"route add local "+Targets.String()+" dev lo",
		t+"route add local "+Wide.String()+" dev lo",
		t+"-6 route add local "+Targets6.String()+" dev lo",
		s+"route add "+Targets.String()+" via 10.78.0.2",
		s+"route add "+Wide.String()+" via 10.78.0.2",
		s+"-6 route add "+Targets6.String()+" via fd78::2",
		t+"neigh replace 10.78.0.1 lladdr "+ScannerMAC+" dev target0",
		t+"neigh replace fd78::1 lladdr "+ScannerMAC+" dev target0",
	)
}

// tuneTarget lets one kernel answer for thousands of hosts: it runs in the
// target's namespace.
func tuneTarget() error {
	for name, value := range map[string]string{
		"ipv4/tcp_max_syn_backlog": "65536",
		"core/somaxconn":           "65535",
		"ipv4/tcp_syncookies":      "1",
	} {
		if err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Close ends what listens and removes the namespaces. Programs that run there
// are ended by who started them.
func (b *Bed) Close() error {
	var errs []error
	for i := len(b.ends) - 1; i >= 0; i-- {
		errs = append(errs, b.ends[i]())
	}
	b.ends = nil
	return errors.Join(errs...)
}

// Target is the name of the target's namespace.
func (b *Bed) Target() string { return b.target }

// Command returns a command that will run in the scanner's namespace.
func (b *Bed) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", b.scanner, name}, args...)...)
}

// TargetCommand returns a command that will run in the target's namespace.
func (b *Bed) TargetCommand(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", b.target, name}, args...)...)
}

// InScanner calls do on a thread that has entered the scanner's namespace, and
// InTarget in the target's. Sockets that it opens stay there.
func (b *Bed) InScanner(do func() error) error { return inside(b.scanner, do) }

// InTarget is like InScanner.
func (b *Bed) InTarget(do func() error) error { return inside(b.target, do) }

// Shape puts p in force in place of what was before.
func (b *Bed) Shape(ctx context.Context, p Profile) error {
	return b.filter(ctx, "shape", p.rules)
}

// Count starts counting anew, for [Bed.Counted]: TCP questions to scope and
// to anywhere else. They are counted before a profile drops any. Each frame
// costs the target a little more from then on.
func (b *Bed) Count(ctx context.Context, scope netip.Prefix) error {
	return b.filter(ctx, "count", counting(scope))
}

// Counted returns how many TCP questions were sent to the scope of
// [Bed.Count], resent ones included, and how many to other addresses.
func (b *Bed) Counted(ctx context.Context) (probes, strays int, err error) {
	out, err := exec.CommandContext(ctx, "ip", "netns", "exec", b.target, "nft", "-j", "list", "counters", "table", "inet", "count").Output()
	if err != nil {
		return 0, 0, fmt.Errorf("nft list counters: %w", err)
	}
	var list struct {
		Nftables []struct {
			Counter struct {
				Name    string `json:"name"`
				Packets int    `json:"packets"`
			} `json:"counter"`
		} `json:"nftables"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return 0, 0, fmt.Errorf("nft list counters: %w", err)
	}
	for _, o := range list.Nftables {
		switch o.Counter.Name {
		case "probes":
			probes = o.Counter.Packets
		case "strays":
			strays = o.Counter.Packets
		}
	}
	return probes, strays, nil
}

// Sent returns how many frames have left the scanner's interface.
func (b *Bed) Sent() (int, error) {
	n := 0
	err := inside(b.scanner, func() (err error) {
		n, err = sent(ScannerInterface)
		return err
	})
	return n, err
}

// sent reads the transmit counter of an interface in the namespace of the
// calling thread, the tenth number behind its name.
//
// Source: proc_pid_net(5).
func sent(name string) (int, error) {
	f, err := os.Open("/proc/thread-self/net/dev")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		who, rest, _ := strings.Cut(strings.TrimSpace(in.Text()), ":")
		if fields := strings.Fields(rest); who == name && len(fields) > 9 {
			return strconv.Atoi(fields[9])
		}
	}
	return 0, fmt.Errorf("no interface %s", name)
}

// filter replaces the table inet of that name; without rules there is none.
func (b *Bed) filter(ctx context.Context, table, rules string) error {
	text := "table inet " + table + "\ndelete table inet " + table + "\n"
	if rules != "" {
		text += "table inet " + table + " {" + rules + "\n}\n"
	}
	cmd := exec.CommandContext(ctx, "ip", "netns", "exec", b.target, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s\n%s", err, out, text)
	}
	return nil
}

// run runs commands one after the other; none has blanks inside an argument.
func run(ctx context.Context, lines ...string) error {
	for _, line := range lines {
		args := strings.Fields(line)
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
	}
	return nil
}

// Inside calls do on a thread that has entered the namespace of that name.
// Sockets that it opens stay there.
func Inside(ns string, do func() error) error { return inside(ns, do) }

// inside calls do on a thread that has entered the namespace. Sockets that it
// opens stay there. The thread ends afterwards, so that nothing else runs in
// the namespace by mistake.
func inside(ns string, do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // without its counterpart: the thread goes with the goroutine
		done <- func() error {
			f, err := os.Open("/run/netns/" + ns)
			if err != nil {
				return err
			}
			defer f.Close()
			if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("enter %s: %w", ns, err)
			}
			return do()
		}()
	}()
	return <-done
}
