package ports

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/quic"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/netio/datagram"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// servers are real ones at their standard ports, in the foreground; {D} is a
// folder of their own, {A} the address. Each is asked every question of its
// port, and must answer as many of them as it says.
var servers = []struct {
	binary, debianPackage, prepare, args string
	answers                              map[uint16]int
}{
	{
		"named", "bind9",
		`printf 'options { directory "{D}"; listen-on { {A}; }; listen-on-v6 { none; }; pid-file none; session-keyfile none; dnssec-validation no; recursion no; };\ncontrols { };\n' >{D}/config`,
		"-g -c {D}/config",
		map[uint16]int{53: 2},
	},
	{"snmpd", "snmpd", `echo rocommunity public >{D}/config`, "-f -Lf {D}/log -C -c {D}/config -p {D}/pid -I -smux udp:{A}:161", map[uint16]int{161: 3}},
	{"memcached", "memcached", "", "-u nobody -l {A} -U 11211", map[uint16]int{11211: 1}},
	{
		"nmbd", "samba",
		`mkdir {D}/d; printf '[global]\ninterfaces=hru1\nbind interfaces only=yes\nprivate dir={D}/d\nlock directory={D}/d\ncache directory={D}/d\nstate directory={D}/d\npid directory={D}/d\nncalrpc dir={D}/d\nlog file={D}/log\n' >{D}/config`,
		"-F --no-process-group -s {D}/config",
		map[uint16]int{137: 1},
	},
	{
		"openssl", "openssl", `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hr -keyout {D}/key -out {D}/cert 2>{D}/log`,
		"s_server -dtls1_2 -listen -accept {A}:4433 -cert {D}/cert -key {D}/key -quiet",
		map[uint16]int{4433: 1},
	},
	{"in.tftpd", "tftpd-hpa", "", "-L -a {A}:69 -s {D}", map[uint16]int{69: 1}},
	{"chronyd", "chrony", `printf 'local stratum 10\nallow\ncmdport 0\nbindcmdaddress /\npidfile {D}/pid\nuser root\n' >{D}/config`, "-d -x -f {D}/config", map[uint16]int{123: 1}},
}

func TestRealServers(t *testing.T) {
	n := newUDPNet(t)
	needs.Binary(t, "bash", "bash")
	for _, s := range servers {
		t.Run(s.binary, func(t *testing.T) {
			binary := needs.Binary(t, s.binary, s.debianPackage)
			dir := t.TempDir()
			fill := strings.NewReplacer("{D}", dir, "{A}", "10.79.0.2").Replace
			if out, err := exec.CommandContext(t.Context(), "bash", "-c", fill(s.prepare)).CombinedOutput(); err != nil {
				t.Fatalf("prepare: %v: %s", err, out)
			}
			out, err := os.Create(filepath.Join(dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			cmd := exec.CommandContext(t.Context(), "ip", append([]string{"netns", "exec", n.target, binary}, strings.Fields(fill(s.args))...)...)
			cmd.Stdout, cmd.Stderr = out, out
			in, err := cmd.StdinPipe() // openssl ends with its input
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				in.Close()
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				if said, err := os.ReadFile(out.Name()); err == nil && t.Failed() {
					t.Logf("%s", said)
				}
			}()
			for port, want := range s.answers {
				n.bound(t, cmd.Process.Pid, port)
				n.answered(t, port, want)
				n.scan(t, "10.79.0.2", []uint16{port}, nil).check(t, []uint16{port}, 1, 0)
			}
		})
	}
}

// bound waits until a process listens at a port.
func (n udpNet) bound(t *testing.T, pid int, port uint16) {
	t.Helper()
	for range 200 {
		table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/udp", pid))
		if err == nil && strings.Contains(string(table), fmt.Sprintf(":%04X ", port)) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing listens at port %d", port)
}

// answered asks a port each of its questions alone and counts the answers.
func (n udpNet) answered(t *testing.T, port uint16, want int) {
	t.Helper()
	var sockets *datagram.Socket
	var err error
	inside(t, n.scanner, func() { sockets, err = datagram.Open(datagram.Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	defer sockets.Close()
	got := 0
	for i, q := range question.At(port) {
		answers := make(chan int, 100)
		a := sockets.Asker(func(a datagram.Answer) { answers <- len(a.Payload) })
		if err := a.Send(t.Context(), netip.AddrPortFrom(netip.MustParseAddr("10.79.0.2"), port), q); err != nil {
			t.Fatal(err)
		}
		select {
		case size := <-answers:
			got++
			t.Logf("port %d, question %d: %d bytes, answer %d bytes", port, i, len(q), size)
		case <-time.After(700 * time.Millisecond):
			t.Logf("port %d, question %d: no answer", port, i)
		}
		a.Close()
	}
	if got < want {
		t.Errorf("port %d answered %d of %d questions; want %d", port, got, len(question.At(port)), want)
	}
}

// A QUIC server names its versions.
func TestRealQUIC(t *testing.T) {
	n := newUDPNet(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	var server *quic.Endpoint
	inside(t, n.target, func() {
		server, err = quic.Listen("udp", "10.79.0.2:443", &quic.Config{TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS13, NextProtos: []string{"hr"}, Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}},
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close(context.Background())
	n.answered(t, 443, 1)
	r := n.scan(t, "10.79.0.2", []uint16{443, 853}, nil)
	r.check(t, []uint16{443}, 2, 0)
	if !slices.Equal(r.told, []uint16{443}) {
		t.Errorf("told of %v", r.told)
	}
}
