package probe

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

var testAddr = netip.MustParseAddr("192.0.2.1")

func tcpTarget(port uint16, dial wiretest.Dialer) Target {
	return Target{Addr: testAddr, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Dial: Dialer(dial), Timeout: 3 * time.Second, RTT: time.Millisecond}
}

// TestIdentify runs whole identifications in virtual time, at usual and at odd
// ports.
func TestIdentify(t *testing.T) {
	const redis = "$60\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nos:Linux 6.1.0 x\r\n\r\n"
	for _, c := range []struct {
		name string
		port uint16
		dial wiretest.Dialer
		want harrier.Service // Name, Product, Version
	}{
		{"ssh", 22, wiretest.Banner("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"), harrier.Service{Name: "ssh", Product: "OpenSSH", Version: "9.2p1"}},
		{"ssh at an odd port", 40022, wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), harrier.Service{Name: "ssh", Product: "OpenSSH", Version: "9.2p1"}},
		{"slow ssh", 22, wiretest.Serve(func(c net.Conn) {
			wiretest.Wait(c, 4*time.Second)
			_, _ = io.WriteString(c, "SSH-2.0-dropbear_2022.83\r\n")
			_, _ = io.Copy(io.Discard, c)
		}), harrier.Service{Name: "ssh", Product: "Dropbear sshd", Version: "2022.83"}},
		{"http", 80, wiretest.Replies(map[string]string{"GET / ": "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n"}), harrier.Service{Name: "http", Product: "nginx", Version: "1.22.1"}},
		{"http at an odd port", 4711, wiretest.Replies(map[string]string{"GET / ": "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n"}), harrier.Service{Name: "http", Product: "nginx", Version: "1.22.1"}},
		{
			"varnish before nginx", 80,
			wiretest.Replies(map[string]string{"GET / ": "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nVia: 1.1 varnish (Varnish/7.1)\r\nContent-Length: 0\r\n\r\n"}),
			harrier.Service{Name: "http", Product: "Varnish"},
		},
		{"redis", 6379, wiretest.Replies(map[string]string{"*2\r\n$4\r\nINFO": redis}), harrier.Service{Name: "redis", Product: "Redis", Version: "7.0.15"}},
		{"redis at an odd port", 4711, wiretest.Replies(map[string]string{"*2\r\n$4\r\nINFO": redis, "GET": "-ERR wrong number of arguments for 'get' command\r\n"}), harrier.Service{Name: "redis", Product: "Redis", Version: "7.0.15"}},
		{"memcached at an odd port", 4711, wiretest.Replies(map[string]string{"version\r\n": "VERSION 1.6.18\r\n", "": "ERROR\r\n"}), harrier.Service{Name: "memcached", Product: "Memcached", Version: "1.6.18"}},
		{"a bare 220 that knows EHLO", 4711, wiretest.Script(wiretest.Step{Unasked: true, Say: "220 ready\r\n"}, wiretest.Step{Expect: []byte("EHLO"), Say: "250 hello\r\n"}), harrier.Service{Name: "smtp"}},
		{"a bare 220 that does not", 4711, wiretest.Script(wiretest.Step{Unasked: true, Say: "220 ready\r\n"}, wiretest.Step{Expect: []byte("EHLO"), Say: "500 what?\r\n"}), harrier.Service{Name: "ftp"}},
		{"echo", 7, wiretest.Serve(func(c net.Conn) { _, _ = io.Copy(c, c) }), harrier.Service{Name: "echo"}},
		{"echo on another port", 5672, wiretest.Serve(func(c net.Conn) { _, _ = io.Copy(c, c) }), harrier.Service{Name: "echo"}},
		{"silence", 4711, wiretest.Silence(), harrier.Service{}},
		{"hangs up", 4711, wiretest.Answer(""), harrier.Service{}},
		{"noise", 4711, wiretest.Answer("\x00\x01\x02\x03 what is this\r\n"), harrier.Service{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := Identify(t.Context(), tcpTarget(c.port, c.dial))
				if err != nil || s.Name != c.want.Name || s.Product != c.want.Product || s.Version != c.want.Version {
					t.Errorf("Identify = %q %q %q, %v; want %q %q %q", s.Name, s.Product, s.Version, err, c.want.Name, c.want.Product, c.want.Version)
				}
				if s.TLS {
					t.Error("Identify found TLS; there is none")
				}
			})
		})
	}
}

// TestEndlessPeer shows that a peer that never stops talking costs neither
// time nor memory without bounds.
func TestEndlessPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flood := strings.Repeat("x", 4096)
		dial := wiretest.Serve(func(c net.Conn) {
			for range 1000 {
				if _, err := io.WriteString(c, flood); err != nil {
					return
				}
				wiretest.Wait(c, 10*time.Millisecond)
			}
		})
		began := time.Now()
		s, err := Identify(t.Context(), tcpTarget(4711, dial))
		if err != nil || s.Name != "" || len(s.Banner) > maxBanner {
			t.Errorf("Identify = %q with %d bytes of banner, %v; want none, at most %d", s.Name, len(s.Banner), err, maxBanner)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("Identify took %v; want at most 20s", took)
		}
	})
}

func TestClosedPort(t *testing.T) {
	_, err := Identify(t.Context(), tcpTarget(80, wiretest.Refuse()))
	if harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("Identify of a closed port = %v; want kind unavailable", err)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := Identify(ctx, tcpTarget(4711, wiretest.Silence()))
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 4*time.Second { // less than the wait for an answer
		t.Errorf("Identify = %v after %v; want the context's error at once", err, time.Since(began))
	}
}

// TestGentle counts what a fragile host is sent: one wait and one question.
func TestGentle(t *testing.T) {
	for _, c := range []struct {
		port uint16
		dial wiretest.Dialer
		name string
		max  int
	}{
		{4711, wiretest.Silence(), "", 1},
		{22, wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), "ssh", 1},
		{80, wiretest.Answer("HTTP/1.0 200 OK\r\n\r\n"), "http", 2},
		{445, wiretest.Silence(), "", 2},
		{443, wiretest.Answer("HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port"), "", 2}, // TLS is not looked into
	} {
		synctest.Test(t, func(t *testing.T) {
			r := wiretest.Recorder{Dial: c.dial}
			target := tcpTarget(c.port, r.Dialer())
			target.Gentle = true
			s, err := Identify(t.Context(), target)
			if err != nil || s.Name != c.name {
				t.Errorf("Identify of port %d = %q, %v; want %q", c.port, s.Name, err, c.name)
			}
			if n := len(r.Dialed()); n > c.max {
				t.Errorf("Identify of port %d made %d connections; want at most %d", c.port, n, c.max)
			}
		})
	}
}

// certified gives config a fresh certificate for target.test.
func certified(t *testing.T, config *tls.Config) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xabcd), Subject: pkix.Name{CommonName: "target.test"}, DNSNames: []string{"target.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	config.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	return config
}

// tlsServer serves inside TLS with a fresh certificate.
func tlsServer(t *testing.T, config *tls.Config, peer func(net.Conn)) wiretest.Dialer {
	t.Helper()
	certified(t, config)
	return wiretest.Serve(func(c net.Conn) {
		secure := tls.Server(c, config)
		if secure.HandshakeContext(context.Background()) == nil {
			peer(secure)
		}
	})
}

func TestTLS(t *testing.T) {
	web := func(c net.Conn) {
		b := make([]byte, 4096)
		if n, _ := c.Read(b); n > 0 {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n")
		}
	}
	ssh := func(c net.Conn) {
		_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2p1\r\n")
		_, _ = io.Copy(io.Discard, c)
	}
	for _, c := range []struct {
		name     string
		config   *tls.Config
		peer     func(net.Conn)
		want     string
		versions string
	}{
		{"http", &tls.Config{MinVersion: tls.VersionTLS12}, web, "http", "TLSv1.2,TLSv1.3"},
		{"ssh", &tls.Config{MinVersion: tls.VersionTLS12}, ssh, "ssh", "TLSv1.2,TLSv1.3"},
		{"old", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, web, "http", "TLSv1.0,TLSv1.1"},
		{"newest", &tls.Config{MinVersion: tls.VersionTLS13}, web, "http", "TLSv1.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := tcpTarget(4711, tlsServer(t, c.config, c.peer))
			target.Name = "target.test"
			s, err := Identify(t.Context(), target)
			if err != nil || !s.TLS || s.Name != c.want {
				t.Fatalf("Identify = %q (TLS %v), %v; want %q inside TLS", s.Name, s.TLS, err, c.want)
			}
			if got := s.Fact("tls.versions"); got != c.versions {
				t.Errorf("tls.versions = %q; want %q", got, c.versions)
			}
			if len(s.Certificates) != 1 || s.Certificates[0].Serial != "ABCD" || s.Certificates[0].DNSNames[0] != "target.test" || s.Certificates[0].KeyBits != 256 {
				t.Errorf("Certificates = %+v; want one, serial ABCD, 256 bits", s.Certificates)
			}
		})
	}
}

// TestVersionsUntold asks a server that lets only some connections in: what was
// not answered is not refused.
func TestVersionsUntold(t *testing.T) {
	up := tlsServer(t, &tls.Config{MinVersion: tls.VersionTLS12}, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for name, c := range map[string]struct {
		dial wiretest.Dialer
		want string
	}{
		"up": {up, ""}, "silent": {wiretest.Silence(), "SSLv3,TLSv1.0,TLSv1.1,TLSv1.2,TLSv1.3"},
		"down": {wiretest.Refuse(), "SSLv3,TLSv1.0,TLSv1.1,TLSv1.2,TLSv1.3"}, "hangs up": {wiretest.Answer(""), ""},
	} {
		target := tcpTarget(443, c.dial)
		target.Timeout = 300 * time.Millisecond
		if _, got := newTalk(target).tlsVersions(t.Context(), nil); got != c.want {
			t.Errorf("%s: untold versions = %q; want %q", name, got, c.want)
		}
	}
}

// TestOldHello reads the hello of a server that crypto/tls would not talk to.
func TestOldHello(t *testing.T) {
	hello := []byte{2, 0, 0, 38, 3, 0}
	hello = append(hello, make([]byte, 32)...)
	hello = append(hello, 0, 0, 5, 0)
	chain := []byte{11, 0, 0, 9, 0, 0, 6, 0, 0, 3, 'd', 'e', 'r'}
	flight := append([]byte{0x16, 3, 0, 0, byte(len(hello) + len(chain))}, append(hello, chain...)...)
	s, ok := parseServerHello(flight)
	if !ok || s.version != versionSSL3 || s.cipher != 5 || len(s.chain) != 1 || string(s.chain[0]) != "der" || !helloDone(flight) {
		t.Errorf("parseServerHello = %+v, %v; want SSL 3 with RC4 and one certificate", s, ok)
	}
	for cut := range flight {
		parseServerHello(flight[:cut]) // must not panic
	}
	if c := certificate([]byte("der")); string(c.DER) != "der" || len(c.SHA256) != 64 || c.Subject != "" {
		t.Errorf("certificate of nonsense = %+v; want its bytes and fingerprint alone", c)
	}
}

func TestKexInit(t *testing.T) {
	lists := [][2]string{
		{"curve25519-sha256", ""}, {"ssh-ed25519", ""}, {"aes128-ctr", ""}, {"aes256-ctr,aes128-ctr", ""}, {"hmac-sha2-256", ""}, {"hmac-sha1", ""}, {"none", ""}, {"none", ""}, {"", ""}, {"", ""},
	}
	payload := append([]byte{20}, make([]byte, 16)...)
	for _, l := range lists {
		payload = append(payload, 0, 0, 0, byte(len(l[0])))
		payload = append(payload, l[0]...)
	}
	payload = append(payload, 0, 0, 0, 0, 0)
	packet := append([]byte("SSH-2.0-x\r\n"), 0, 0, byte((len(payload)+1+4)>>8), byte(len(payload)+1+4), 4)
	packet = append(append(packet, payload...), 0, 0, 0, 0)
	k, ok := parseKexInit(packet)
	want := kexInit{"curve25519-sha256", "ssh-ed25519", "aes128-ctr,aes256-ctr", "hmac-sha2-256,hmac-sha1", "none"}
	if !ok || k != want {
		t.Errorf("parseKexInit = %+v, %v; want %+v", k, ok, want)
	}
	for cut := range packet {
		if _, ok := parseKexInit(packet[:cut]); ok {
			t.Errorf("parseKexInit of %d bytes of %d succeeded", cut, len(packet))
		}
	}
}

func TestUDP(t *testing.T) {
	for _, port := range []uint16{53, 4711} {
		synctest.Test(t, func(t *testing.T) {
			dial := wiretest.Replies(map[string]string{"hr": exchanges["dns/udp"]})
			s, err := Identify(t.Context(), Target{
				Addr: testAddr, Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: port}, Dial: Dialer(dial), Timeout: time.Second, RTT: time.Millisecond,
			})
			if err != nil || s.Name != "dns" || s.Product != "ISC BIND" || s.Version != "9.18.49" {
				t.Errorf("Identify of %d/udp = %q %q %q, %v; want dns, ISC BIND, 9.18.49", port, s.Name, s.Product, s.Version, err)
			}
		})
	}
}

// opened is a connection of which the first bytes were read already.
type opened struct {
	net.Conn
	rest io.Reader
}

func (o opened) Read(b []byte) (int, error) { return o.rest.Read(b) }

// TestBusyTLS identifies TLS servers that answer plain questions at once and
// greetings late, at the second attempt or never, and plain servers that look
// like them. What asks for TLS and tells nothing is not taken for plain HTTP.
func TestBusyTLS(t *testing.T) {
	const (
		refusal = "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 11\r\n\r\nBad Request"
		wanted  = "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 45\r\n\r\nThe plain HTTP request was sent to HTTPS port"
		ledHere = "HTTP/1.1 302 Found\r\nLocation: https://192.0.2.1:4711/\r\nContent-Length: 0\r\n\r\n"
		ledAway = "HTTP/1.1 302 Found\r\nLocation: https://192.0.2.1:8443/\r\nContent-Length: 0\r\n\r\n"
		page    = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n"
		all     = 1000
	)
	hangUp := func(net.Conn) {}
	silent := func(c net.Conn) { wiretest.Wait(c, time.Hour) }
	refuse := func(c net.Conn) { _, _ = io.WriteString(c, refusal) }
	config := certified(t, &tls.Config{MinVersion: tls.VersionTLS12})
	for _, c := range []struct {
		name    string
		plain   string         // the answer to a plain question of HTTP; every other is refused
		slow    time.Duration  // before a greeting is answered
		spoiled int32          // so many greetings are not answered but
		spoil   func(net.Conn) // dealt with in this way
		want    string         // the service's name
		tls     bool
	}{
		{"prompt", wanted, 0, 0, nil, "http", true},
		{"slow", wanted, 2 * time.Second, 0, nil, "http", true}, // by then everything else was asked, and refused
		{"slow, refuses without a reason", refusal, 2 * time.Second, 0, nil, "http", true},
		{"slow, leads to TLS", ledHere, 2 * time.Second, 0, nil, "http", true},
		{"slow, leads to TLS elsewhere", ledAway, 2 * time.Second, 0, nil, "http", true},
		{"slow, silent otherwise", "", 2 * time.Second, 0, nil, "http", true},
		{"hangs up first", wanted, 0, 3, hangUp, "http", true},
		{"silent first", wanted, 0, 3, silent, "http", true},
		{"refuses without a reason, silent first", refusal, 0, 1, silent, "http", true},
		{"always hangs up", wanted, 0, all, hangUp, "", false},
		{"always silent", wanted, 0, all, silent, "", false},
		{"always silent, leads to TLS", ledHere, 0, all, silent, "", false},
		{"always silent, silent otherwise", "", 0, all, silent, "", false},
		{"plain, before it somebody with TLS", wanted, 0, all, refuse, "http", false},
		{"plain, leads to TLS before it", ledHere, 0, all, refuse, "http", false},
		{"plain, leads to TLS elsewhere", ledAway, 0, all, hangUp, "http", false},
		{"plain", page, 0, all, silent, "http", false},
		{"plain, refuses everything", refusal, 0, all, hangUp, "http", false},
		{"plain, slow", "", 0, all, refuse, "http", false}, // tells what it is by refusing everything else
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, port := range []uint16{4711, 443} { // at 443, HTTP and TLS are asked for at once
				synctest.Test(t, func(t *testing.T) {
					plain := strings.ReplaceAll(c.plain, ":4711/", ":"+strconv.Itoa(int(port))+"/")
					var greetings atomic.Int32
					s, err := Identify(t.Context(), tcpTarget(port, wiretest.Serve(func(conn net.Conn) {
						b := make([]byte, 4096)
						n, _ := conn.Read(b)
						switch {
						case n == 0:
						case b[0] == 0x16 && greetings.Add(1) <= c.spoiled:
							c.spoil(conn)
						case b[0] == 0x16:
							wiretest.Wait(conn, c.slow)
							inside := tls.Server(opened{conn, io.MultiReader(bytes.NewReader(b[:n]), conn)}, config)
							if _, err := inside.Read(b); err == nil {
								_, _ = io.WriteString(inside, page)
							}
						case !bytes.HasPrefix(b, []byte("GET / ")):
							refuse(conn)
						case plain == "":
							silent(conn)
						default:
							_, _ = io.WriteString(conn, plain)
						}
					})))
					if err != nil || s.Name != c.want || s.TLS != c.tls {
						t.Errorf("Identify at port %d = %q (TLS %v), %v; want %q (TLS %v)", port, s.Name, s.TLS, err, c.want, c.tls)
					}
				})
			}
		})
	}
}
