package probe

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
)

// freePort is a TCP port of 127.0.0.1 at which nobody listens.
func freePort(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

// run starts a server, waits until it listens at port, and stops it at the end
// of the test.
func run(t *testing.T, port uint16, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 100 {
		if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))); err == nil {
			c.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s does not listen at port %d", name, port)
}

// askedAt is what p's own question tells of a real server.
func askedAt(t *testing.T, p *Protocol, port uint16) *harrier.Service {
	t.Helper()
	target := Target{
		Addr: netip.MustParseAddr("127.0.0.1"), Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Dial: dialPlain, Timeout: 5 * time.Second, RTT: time.Millisecond,
	}
	x := newTalk(target)
	x.settle(t.Context(), x.question(p)(t.Context()))
	return x.s
}

func TestRealX11(t *testing.T) {
	server := needs.Binary(t, "Xtigervnc", "tigervnc-standalone-server")
	display := 40 + os.Getpid()%20 // ports 6040 to 6059
	port := uint16(6000 + display)
	run(t, port, nil, server, ":"+strconv.Itoa(display), "-listen", "tcp", "-ac", "-SecurityTypes", "None", "-localhost", "-rfbport", strconv.Itoa(int(freePort(t))))
	s := askedAt(t, &x11Protocol, port)
	if s.Name != "x11" || s.Product != "X.Org X Server" || !strings.HasPrefix(s.Version, "21.1.") || s.Fact("auth.required") != "no" {
		t.Errorf("X server is %q %q %q %v; want x11, X.Org X Server 21.1.x, open to all", s.Name, s.Product, s.Version, s.Facts)
	}
}

func TestRealErlang(t *testing.T) {
	erl := needs.Binary(t, "erl", "erlang-base")
	registry := needs.Binary(t, "epmd", "erlang-base")
	port, names := freePort(t), freePort(t)
	env := []string{"ERL_EPMD_PORT=" + strconv.Itoa(int(names)), "HOME=" + t.TempDir()}
	run(t, names, env, registry, "-address", "127.0.0.1")
	p := strconv.Itoa(int(port))
	run(t, port, env, erl, "-noshell", "-name", "node7@127.0.0.1", "-setcookie", "harrier", "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "inet_dist_listen_min", p, "inet_dist_listen_max", p)
	s := askedAt(t, &erlangProtocol, port)
	if s.Name != "erlang-distribution" || s.Fact("erlang.node") != "node7@127.0.0.1" || s.Fact("host.name") != "" {
		t.Errorf("node is %q %v; want erlang-distribution of node7@127.0.0.1", s.Name, s.Facts)
	}
}

func TestRealAPCUPSD(t *testing.T) {
	server := needs.Binary(t, "apcupsd", "apcupsd")
	dir, port := t.TempDir(), freePort(t)
	config := filepath.Join(dir, "apcupsd.conf")
	text := "## apcupsd.conf v1.1 ##\nUPSCABLE simple\nUPSTYPE dumb\nDEVICE /dev/null\nLOCKFILE " + dir + "\nNETSERVER on\nNISIP 127.0.0.1\nNISPORT " + strconv.Itoa(int(port)) +
		"\nEVENTSFILE " + dir + "/events\nUPSCLASS standalone\nUPSMODE disable\nSCRIPTDIR " + dir + "\nPWRFAILDIR " + dir + "\nNOLOGINDIR " + dir + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, port, nil, server, "-b", "-f", config)
	s := askedAt(t, &apcupsdProtocol, port)
	if s.Name != "apcupsd" || s.Product != "apcupsd" || !strings.HasPrefix(s.Version, "3.") {
		t.Errorf("server is %q %q %q; want apcupsd 3.x", s.Name, s.Product, s.Version)
	}
}
