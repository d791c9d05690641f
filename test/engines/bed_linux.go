package engines

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/test/console"
	"github.com/harrier-scan/harrier/test/netbed"
)

// The console's addresses.
const (
	api  = "10.79.0.1:8834"
	gate = "10.79.0.1:40815"
)

// Flawed is the port at which every target has a Redis server that asks for no
// password.
const Flawed = 6379

// Bed is the network, with a console and engines in it.
type Bed struct {
	T       testing.TB
	Asked   atomic.Int64 // questions that the targets were asked
	API     *console.Client
	name    string
	bin     string
	dir     string
	con     *console.Process
	engines []*console.Process
	args    []string
}

// New makes the network, the targets, which take delay for each answer, and the
// console, for up to n engines. All goes with the test. It skips where namespaces
// can't be had.
func New(t testing.TB, n int, delay time.Duration, args ...string) *Bed {
	t.Helper()
	needs.Root(t)
	needs.Binary(t, "ip", "iproute2")
	needs.Binary(t, "nft", "nftables")
	b := &Bed{T: t, name: fmt.Sprintf("hre%d", os.Getpid()), bin: console.Build(t), dir: t.TempDir(), engines: make([]*console.Process, n), args: args}
	if out, err := exec.CommandContext(context.Background(), "ip", "netns", "add", b.ns("h")).CombinedOutput(); err != nil {
		if os.Getenv(needs.CI) != "" {
			t.Fatalf("no network namespace can be made: %v: %s", err, out)
		}
		t.Skipf("no network namespace can be made: %v: %s", err, out)
	}
	b.cleanup("ip netns del " + b.ns("h"))
	for _, bridge := range []string{"br0", "br1"} {
		b.run("ip -n " + b.ns("h") + " link add " + bridge + " type bridge")
		b.run("ip -n " + b.ns("h") + " link set " + bridge + " up")
	}
	b.attach("c", "10.79.0.1", "tcp dport { 8834, 40815 } accept")
	b.attach("t", "10.79.0.2", "accept")
	b.near("t", "10.78.0.2")
	b.run("ip -n " + b.ns("t") + " route add local 10.77.0.0/16 dev lo")
	for i := range n {
		b.attach(engine(i), fmt.Sprintf("10.79.0.%d", 10+i), "")
		b.near(engine(i), fmt.Sprintf("10.78.0.%d", 10+i))
		b.run("ip -n " + b.ns(engine(i)) + " route add 10.77.0.0/16 via 10.78.0.2")
	}
	b.serve(delay)
	t.Cleanup(func() {
		for i := range b.engines {
			b.KillEngine(i)
		}
		b.con.Kill()
	})
	b.StartConsole()
	b.API = console.DialBy(t, api, func(ctx context.Context, network, addr string) (c net.Conn, err error) {
		err = netbed.Inside(b.ns("c"), func() error {
			c, err = (&net.Dialer{}).DialContext(ctx, network, addr)
			return err
		})
		return c, err
	})
	b.API.SignIn("admin", b.con.Password())
	return b
}

func engine(i int) string { return fmt.Sprintf("e%d", i) }

func (b *Bed) ns(of string) string { return b.name + of }

func (b *Bed) cleanup(line string) {
	b.T.Cleanup(func() {
		args := strings.Fields(line)
		_ = exec.CommandContext(context.Background(), args[0], args[1:]...).Run() // gone already is fine
	})
}

func (b *Bed) run(line string) {
	b.T.Helper()
	args := strings.Fields(line)
	if out, err := exec.CommandContext(context.Background(), args[0], args[1:]...).CombinedOutput(); err != nil {
		b.T.Fatalf("%s: %v: %s", line, err, out)
	}
}

// attach makes a namespace with an address on the bridge and a firewall that
// lets in answers and what is named.
func (b *Bed) attach(of, addr, let string) {
	b.T.Helper()
	ns := b.ns(of)
	b.run("ip netns add " + ns)
	b.cleanup("ip netns del " + ns)
	b.run("ip link add up0 netns " + ns + " type veth peer name to-" + of + " netns " + b.ns("h"))
	b.run("ip -n " + b.ns("h") + " link set to-" + of + " master br0")
	b.run("ip -n " + b.ns("h") + " link set to-" + of + " up")
	b.run("ip -n " + ns + " addr add " + addr + "/24 dev up0")
	b.run("ip -n " + ns + " link set lo up")
	b.run("ip -n " + ns + " link set up0 up")
	cmd := exec.CommandContext(context.Background(), "ip", "netns", "exec", ns, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader("table inet wall { chain in { type filter hook input priority 0; policy drop;\n" +
		"ct state established,related accept\niif lo accept\n" + let + "\n}\n}\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.T.Fatalf("nft: %v: %s", err, out)
	}
}

// near adds an address on the network of the targets, which stays when the link
// to the console is cut: what an engine sees of its targets is no fault of the
// console's.
func (b *Bed) near(of, addr string) {
	b.T.Helper()
	ns := b.ns(of)
	b.run("ip link add near0 netns " + ns + " type veth peer name near-" + of + " netns " + b.ns("h"))
	b.run("ip -n " + b.ns("h") + " link set near-" + of + " master br1")
	b.run("ip -n " + b.ns("h") + " link set near-" + of + " up")
	b.run("ip -n " + ns + " addr add " + addr + "/24 dev near0")
	b.run("ip -n " + ns + " link set near0 up")
}

// serve listens on every address of the target.
func (b *Bed) serve(delay time.Duration) {
	b.T.Helper()
	var l net.Listener
	err := netbed.Inside(b.ns("t"), func() (err error) {
		l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", fmt.Sprintf(":%d", Flawed))
		return err
	})
	if err != nil {
		b.T.Fatal(err)
	}
	var wg sync.WaitGroup
	open := sync.Map{}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			open.Store(c, true)
			wg.Go(func() {
				defer open.Delete(c)
				defer c.Close()
				b.answer(c, delay)
			})
		}
	})
	b.T.Cleanup(func() {
		_ = l.Close()
		open.Range(func(c, _ any) bool { _ = c.(net.Conn).Close(); return true })
		wg.Wait()
	})
}

// answer speaks enough Redis to be recognised.
func (b *Bed) answer(c net.Conn, delay time.Duration) {
	in := bufio.NewScanner(c)
	for in.Scan() {
		word := strings.ToUpper(strings.TrimSpace(in.Text()))
		var reply string
		switch {
		case strings.Contains(word, "PING"):
			reply = "+PONG\r\n"
		case strings.Contains(word, "INFO"):
			info := "# Server\r\nredis_version:7.2.4\r\n"
			reply = fmt.Sprintf("$%d\r\n%s\r\n", len(info), info)
		case word == "" || word[0] == '*' || word[0] == '$':
			continue
		default:
			reply = "-ERR unknown command\r\n"
		}
		b.Asked.Add(1)
		time.Sleep(delay)
		if _, err := c.Write([]byte(reply)); err != nil {
			return
		}
	}
}

func (b *Bed) in(of string, args ...string) *console.Process {
	return console.StartCommand(b.T, exec.CommandContext(context.Background(), "ip", append([]string{"netns", "exec", b.ns(of), b.bin}, args...)...))
}

// StartConsole starts the console.
func (b *Bed) StartConsole() {
	b.con = b.in("c", append([]string{"serve", "--data", b.data(), "--listen", api, "--no-engine", "--bus-listen", gate, "--log-level", "warn"}, b.args...)...)
}

func (b *Bed) data() string { return filepath.Join(b.dir, "console") }

// KillConsole ends the console with SIGKILL.
func (b *Bed) KillConsole() { b.con.Kill() }

// StartEngine starts engine i, which enrols the first time.
func (b *Bed) StartEngine(i int, args ...string) {
	dir := filepath.Join(b.dir, engine(i))
	args = append([]string{"engine", "--console", gate, "--keys", dir, "--flight", "none"}, args...)
	if _, err := os.Stat(filepath.Join(dir, "console.json")); err != nil {
		args = append(args, "--token", console.EngineToken(b.T, b.bin, b.data(), "--name", engine(i), "--pool", "local"))
	}
	b.engines[i] = b.in(engine(i), args...)
}

// KillEngine ends engine i with SIGKILL, if it runs.
func (b *Bed) KillEngine(i int) {
	if b.engines[i] != nil {
		b.engines[i].Kill()
		b.engines[i] = nil
	}
}

// Link takes the link of engine i to the console down or up.
func (b *Bed) Link(i int, up bool) {
	b.T.Helper()
	state := "down"
	if up {
		state = "up"
	}
	b.run("ip -n " + b.ns("h") + " link set to-" + engine(i) + " " + state)
}
