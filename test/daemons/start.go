//go:build unix

package daemons

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
)

// Place is where daemons run.
type Place struct {
	Addr      netip.Addr
	Namespace string     // network namespace; "": that of the test
	Standard  bool       // on their standard ports, otherwise on free ones
	Fixed     bool       // the fixed variants, of those daemons that have one
	Authority *Authority // nil: one of its own
}

// Running is a daemon that listens.
type Running struct {
	Daemon
	Variant
	Version string // of its package, without what the packager adds
	ports   map[string]uint16
	fill    *strings.Replacer
	log     string
	pid     int
}

// PID is the process id of r.
func (r *Running) PID() int { return r.pid }

// Endpoint is where p of r listens.
func (r *Running) Endpoint(p Port) harrier.Endpoint {
	return harrier.Endpoint{Protocol: p.Protocol, Port: r.ports[p.Key]}
}

// Start runs the daemons of list, a few at a time, and waits until all listen.
// They end with the test. Each that is not installed is told by a subtest that
// skips, or fails in CI, and left out.
func Start(t *testing.T, where Place, list ...Daemon) []*Running {
	t.Helper()
	if where.Authority == nil {
		where.Authority = NewAuthority(t)
	}
	base := t.TempDir()
	if err := os.Chmod(filepath.Dir(base), 0o755); err != nil { // servers with users of their own get there
		t.Fatal(err)
	}
	running := make([]*Running, 0, len(list))
	for _, d := range list {
		if where.Fixed && d.Fixed == nil {
			continue
		}
		if r := newRunning(t, where, d, filepath.Join(base, fmt.Sprint(len(running)))); r != nil {
			running = append(running, r)
		}
	}
	errs := make([]error, len(running))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, r := range running {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = r.start(t, where)
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			said, _ := os.ReadFile(running[i].log) // what there is helps
			t.Errorf("%s: %v\n%s", running[i].Package, err, said)
		}
	}
	return running
}

// newRunning fills the placeholders of d in; nil when d is not installed.
func newRunning(t *testing.T, where Place, d Daemon, dir string) *Running {
	t.Helper()
	r := &Running{Daemon: d, Variant: d.Flawed, ports: map[string]uint16{}, log: filepath.Join(dir, "out")}
	if where.Fixed {
		r.Variant = *d.Fixed
	}
	pg := newestPostgreSQL()
	r.Package, r.Binary = strings.ReplaceAll(d.Package, "{PG}", pg), strings.ReplaceAll(d.Binary, "{PG}", pg)
	there := t.Run("needs "+r.Package, func(t *testing.T) {
		r.Binary = needs.Binary(t, r.Binary, r.Package)
		r.Version = packageVersion(t, r.Package)
	})
	if !there || r.Version == "" {
		return nil
	}
	for _, key := range []string{"P", "Q", "R"} {
		i := slices.IndexFunc(r.Variant.Ports, func(p Port) bool { return p.Key == key })
		if where.Standard && i >= 0 {
			r.ports[key] = r.Variant.Ports[i].Standard
		} else {
			r.ports[key] = freePort(t)
		}
	}
	r.fill = strings.NewReplacer("{D}", dir, "{A}", where.Addr.String(), "{PG}", pg, "{X}", itoa(freePort(t)),
		"{P}", itoa(r.ports["P"]), "{Q}", itoa(r.ports["Q"]), "{R}", itoa(r.ports["R"]))
	return r
}

// start prepares the folder of r, runs it and waits until it listens.
func (r *Running) start(t *testing.T, where Place) error {
	dir := filepath.Dir(r.log)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := where.Authority.write(dir, r.Certificate, where.Addr); err != nil {
		return err
	}
	config := strings.ReplaceAll(r.Daemon.Config, "{+}", r.Variant.Config)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(r.fill.Replace(config)), 0o644); err != nil {
		return err
	}
	if err := r.handOver(dir); err != nil {
		return err
	}
	for _, step := range []string{r.Daemon.Prepare, r.Variant.Prepare} {
		if out, err := r.command(t.Context(), where, r.Daemon.User, "bash", "-c", r.fill.Replace(step)).CombinedOutput(); err != nil {
			return fmt.Errorf("prepare: %w\n%s", err, out)
		}
	}
	argv := slices.Concat([]string{r.Binary}, strings.Fields(r.fill.Replace(r.Daemon.Args+" "+r.Variant.Args)))
	if r.Beside != "" {
		argv = slices.Concat([]string{"bash", "-c", r.Beside + ` & exec "$@"`, "bash"}, argv)
	}
	if err := r.run(t, r.command(context.WithoutCancel(t.Context()), where, r.Daemon.User, argv...), where); err != nil {
		return err
	}
	if out, err := r.command(t.Context(), where, "", "bash", "-c", r.fill.Replace(r.After)).CombinedOutput(); err != nil {
		return fmt.Errorf("after the start: %w\n%s", err, out)
	}
	return nil
}

// handOver gives the folder to the user of the daemon.
func (r *Running) handOver(dir string) error {
	if r.Daemon.User == "" || os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(r.Daemon.User)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, -1)
}

// command is a command in the namespace, as a user, in a session of its own.
func (r *Running) command(ctx context.Context, where Place, as string, argv ...string) *exec.Cmd {
	if as != "" && os.Getuid() == 0 {
		argv = slices.Concat([]string{"setpriv", "--reuid=" + as, "--regid=" + as, "--init-groups"}, argv)
	}
	if where.Namespace != "" {
		argv = slices.Concat([]string{"ip", "netns", "exec", where.Namespace}, argv)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = filepath.Dir(r.log)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = os.Environ()
	if r.Env != "" {
		cmd.Env = append(cmd.Env, strings.Split(r.fill.Replace(r.Env), "\n")...)
	}
	return cmd
}

// run starts cmd, to be ended with the test, and waits until it listens.
func (r *Running) run(t *testing.T, cmd *exec.Cmd, where Place) error {
	log, err := os.Create(r.log)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		_ = log.Close() // nothing was written
		return err
	}
	r.pid = cmd.Process.Pid
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended shows in its log
		close(ended)
	}()
	t.Cleanup(func() {
		stop(cmd.Process.Pid, ended)
		_ = log.Close() // nothing more is written
	})
	return r.listens(cmd.Process.Pid, where.Addr, ended)
}

// stop ends a process group, politely at first.
func stop(group int, ended <-chan struct{}) {
	_ = syscall.Kill(-group, syscall.SIGTERM) // gone already is fine
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-group, syscall.SIGKILL) // children may outlive the first
	<-ended
}

// listens waits until every port of r is bound, as the kernel tells; nothing is
// sent to the server.
func (r *Running) listens(pid int, addr netip.Addr, ended <-chan struct{}) error {
	limit := time.After(90 * time.Second)
	for {
		bound, err := Listeners(pid)
		if err != nil {
			return err
		}
		missing := slices.IndexFunc(r.Variant.Ports, func(p Port) bool {
			e := r.Endpoint(p)
			return !slices.Contains(bound, Listener{e, addr}) && !slices.Contains(bound, Listener{e, netip.IPv4Unspecified()})
		})
		if missing < 0 {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended")
		case <-limit:
			return fmt.Errorf("it does not listen on %s", r.Endpoint(r.Variant.Ports[missing]))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func itoa(n uint16) string { return strconv.Itoa(int(n)) }

// lastPort is the last port given out, less firstPort.
var lastPort atomic.Uint32

// Ports are given out from a range that the kernel takes none of for clients,
// each once, so that a daemon that starts late still finds its own free. Where
// the range begins depends on the process: tests of packages run side by side.
const firstPort, portRange = 12000, 20000

// freePort returns a port of the loopback that nobody else uses.
func freePort(t *testing.T) uint16 {
	t.Helper()
	for range portRange {
		n := firstPort + (uint32(os.Getpid())*97+lastPort.Add(1))%portRange
		if free(t.Context(), net.JoinHostPort("127.0.0.1", strconv.Itoa(int(n)))) {
			return uint16(n)
		}
	}
	t.Fatal("no port is free")
	return 0
}

func free(ctx context.Context, addr string) bool {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer l.Close()
	u, err := lc.ListenPacket(ctx, "udp", addr)
	if err != nil {
		return false
	}
	return u.Close() == nil
}

// newestPostgreSQL is the newest version whose server is installed, or "15".
func newestPostgreSQL() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is well formed
	newest := 0
	for _, path := range found {
		if n, err := strconv.Atoi(strings.Split(path, "/")[4]); err == nil {
			newest = max(newest, n)
		}
	}
	return strconv.Itoa(cmp.Or(newest, 15))
}

// packageVersion is the upstream part of the version of an installed package;
// "" when it is not installed.
func packageVersion(t *testing.T, pkg string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), needs.Binary(t, "dpkg-query", "dpkg"), "-W", "-f", "${Version}", pkg).Output()
	if err != nil {
		t.Skipf("the package %s is not installed: its version is not known", pkg)
	}
	return upstream(string(out))
}

// upstream cuts the epoch and what the packager adds.
func upstream(version string) string {
	if _, rest, found := strings.Cut(version, ":"); found {
		version = rest
	}
	version, _, _ = strings.Cut(version, "-")
	version, _, _ = strings.Cut(version, "+")
	return version
}
