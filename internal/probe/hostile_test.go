package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// reset is a connection over which everything fails as after a reset.
type reset struct{ net.Conn }

func (reset) Read([]byte) (int, error)  { return 0, syscall.ECONNRESET }
func (reset) Write([]byte) (int, error) { return 0, syscall.ECONNRESET }

// deaf is a connection whose other side takes nothing: writes wait until their
// deadline.
type deaf struct {
	net.Conn
	mu   sync.Mutex
	till time.Time
}

func (d *deaf) SetDeadline(t time.Time) error {
	_ = d.SetWriteDeadline(t)
	return d.SetReadDeadline(t)
}

func (d *deaf) SetWriteDeadline(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.till = t
	return nil
}

func (d *deaf) Close() error {
	_ = d.SetWriteDeadline(time.Unix(1, 0))
	return d.Conn.Close()
}

func (d *deaf) Write([]byte) (int, error) {
	for {
		d.mu.Lock()
		till := d.till
		d.mu.Unlock()
		if !till.IsZero() && !time.Now().Before(till) {
			return 0, context.DeadlineExceeded
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// each passes every new connection through wrap.
func each(dial wiretest.Dialer, wrap func(net.Conn) net.Conn) wiretest.Dialer {
	return func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
		c, err := dial(ctx, network, to)
		if err != nil {
			return nil, err
		}
		return wrap(c), nil
	}
}

// say writes text again and again, with a pause in between, until nobody
// listens.
func say(text string, pause time.Duration) wiretest.Dialer {
	return wiretest.Serve(func(c net.Conn) {
		for range 1 << 16 {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
			if wiretest.Wait(c, pause); pause == 0 {
				continue
			}
		}
	})
}

// onHello answers a TLS greeting by answer and everything else with silence.
func onHello(answer func(net.Conn)) wiretest.Dialer {
	return wiretest.Serve(func(c net.Conn) {
		b := make([]byte, 4096)
		if n, _ := c.Read(b); n > 0 && b[0] == 0x16 {
			answer(c)
		}
		_, _ = io.Copy(io.Discard, c)
	})
}

// TestHostile identifies peers that mean no good, in virtual time: each ends
// with an outcome within the endpoint's deadline, and little is kept of it.
func TestHostile(t *testing.T) {
	record := func(kind byte, n int) string {
		return string([]byte{kind, 3, 3, byte(n >> 8), byte(n)}) + strings.Repeat("\x00", n)
	}
	for _, c := range []struct {
		name string
		dial wiretest.Dialer
		want string // the outcome; "" for a service by name
		serv string
	}{
		{"tarpit", say("x", time.Second), NotRecognised, ""},
		{"tarpit of lines", say("7%x!\r\n", 10*time.Second), NotRecognised, ""},
		{"endless banner", say(strings.Repeat("x", 4096), time.Millisecond), NotRecognised, ""},
		{"garbage", say("\x8f\x00\xff\x13\x37\xfe\x01", 50*time.Millisecond), NotRecognised, ""},
		{"resets", each(wiretest.Silence(), func(c net.Conn) net.Conn { return reset{c} }), Closed, ""},
		{"closes at once", wiretest.Serve(func(net.Conn) {}), Closed, ""},
		{"closes when asked", wiretest.Answer(""), NoAnswer, ""}, // it is silent until then
		{"closes after seven bytes", wiretest.Serve(func(c net.Conn) { _, _ = io.WriteString(c, "seven b") }), NotRecognised, ""},
		{"never reads", each(wiretest.Silence(), func(c net.Conn) net.Conn { return &deaf{Conn: c} }), NoAnswer, ""},
		{"silent", wiretest.Silence(), NoAnswer, ""},
		{"echo", wiretest.Serve(func(c net.Conn) { _, _ = io.Copy(c, c) }), "", "echo"},
		{"TLS that does not answer the greeting", onHello(func(c net.Conn) { wiretest.Wait(c, time.Hour) }), NoAnswer, ""},
		{"TLS of endless handshake records", onHello(func(c net.Conn) { flood(c, record(0x16, 4096)) }), "", "tls"},
		{"TLS of endless alerts", onHello(func(c net.Conn) { flood(c, "\x15\x03\x03\x00\x02\x01\x00") }), "", "tls"},
		{"TLS of a handshake message without end", onHello(func(c net.Conn) {
			flood(c, "\x16\x03\x03\x10\x04\x0b\xff\xff\xff"+strings.Repeat("\x00", 4096))
		}), "", "tls"},
		{"TLS that stops within the greeting", onHello(func(c net.Conn) { _, _ = io.WriteString(c, "\x16\x03\x03\x00\x7a\x02") }), "", "tls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				target := tcpTarget(4711, c.dial)
				target.Timeout, target.Deadline = 5*time.Second, time.Minute
				s, err := Identify(t.Context(), target)
				if took := time.Since(began); took > target.Deadline+time.Second {
					t.Errorf("Identify took %v; want at most %v", took, target.Deadline)
				}
				if err != nil || s.Name != c.serv || s.Fact(OutcomeFact) != c.want {
					t.Errorf("Identify = %q, %q, %v; want %q, %q", s.Name, s.Fact(OutcomeFact), err, c.serv, c.want)
				}
				kept := len(s.Banner) + len(s.Evidence)
				for _, v := range s.Facts {
					kept += len(v)
				}
				if kept > 4<<10 {
					t.Errorf("%d bytes are kept; want few", kept)
				}
				t.Logf("after %v", time.Since(began))
			})
		})
	}
}

func flood(c net.Conn, text string) {
	for range 1 << 10 {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
	}
}

// TestDeadline shows that the deadline ends what a peer draws out with answers
// that lead on and on, and that it is told.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := wiretest.Serve(func(c net.Conn) {
			for range 1000 {
				wiretest.Wait(c, time.Hour) // until something is asked
				wiretest.Wait(c, 1500*time.Millisecond)
				if _, err := io.WriteString(c, "zz"); err != nil {
					return
				}
			}
		})
		target := tcpTarget(4711, slow)
		target.Deadline = 2 * time.Second
		began := time.Now()
		s, err := Identify(t.Context(), target)
		if took := time.Since(began); err != nil || took > 2100*time.Millisecond || s.Fact(OutcomeFact) != GaveUp+"2s" {
			t.Errorf("Identify = %q, %v after %v; want %q after 2s", s.Fact(OutcomeFact), err, took, GaveUp+"2s")
		}
	})
}

// TestOneConnection identifies devices that serve one connection at a time, in
// their several ways of dealing with a second one.
func TestOneConnection(t *testing.T) {
	const page = "HTTP/1.1 200 OK\r\nServer: GoAhead-Webs/2.5.0\r\nContent-Length: 0\r\n\r\n"
	web := func(c net.Conn) {
		b := make([]byte, 4096)
		if n, _ := c.Read(b); bytes.HasPrefix(b[:n], []byte("GET /")) {
			_, _ = io.WriteString(c, page)
		}
	}
	redis := func(c net.Conn) {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			answer := "-ERR unknown command\r\n"
			if bytes.Contains(b[:n], []byte("INFO")) {
				answer = "$60\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nos:Linux 6.1.0 x\r\n\r\n"
			}
			_, _ = io.WriteString(c, answer)
		}
	}
	ssh := func(c net.Conn) {
		_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2p1\r\n")
		_, _ = io.Copy(io.Discard, c)
	}
	for _, c := range []struct {
		port    uint16
		peer    func(net.Conn)
		name    string
		version string
	}{
		{80, web, "http", ""}, {4711, web, "http", ""}, {6379, redis, "redis", "7.0.15"}, {22, ssh, "ssh", "9.2p1"}, {4711, ssh, "ssh", "9.2p1"},
	} {
		for how := range map[string]bool{"refuses": true, "closes": true, "resets": true, "lets wait": true} {
			synctest.Test(t, func(t *testing.T) {
				busy := make(chan struct{}, 1)
				dial := func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
					near, far := wiretest.Pipe(network, to)
					serve := func() {
						go func() {
							defer func() { <-busy }()
							defer far.Close()
							c.peer(far)
						}()
					}
					select {
					case busy <- struct{}{}:
						serve()
						return near, nil
					default:
					}
					switch how {
					case "refuses":
						return nil, wiretest.ErrRefused
					case "closes":
						far.Close()
					case "resets":
						return reset{near}, nil
					case "lets wait":
						go func() {
							busy <- struct{}{}
							serve()
						}()
					}
					return near, nil
				}
				s, err := Identify(t.Context(), tcpTarget(c.port, dial))
				if err != nil || s.Name != c.name || s.Version != c.version {
					t.Errorf("port %d of a device that %s = %q %q, %v; want %q %q", c.port, how, s.Name, s.Version, err, c.name, c.version)
				}
			})
		}
	}
}

// TestAlso identifies ports at which two protocols are spoken.
func TestAlso(t *testing.T) {
	const page = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n"
	config := certified(t, &tls.Config{MinVersion: tls.VersionTLS12})
	inside := func(c net.Conn, first []byte) {
		secure := tls.Server(opened{c, io.MultiReader(bytes.NewReader(first), c)}, config)
		if n, err := secure.Read(make([]byte, 4096)); err == nil && n > 0 {
			_, _ = io.WriteString(secure, page)
		}
	}
	plain := func(c net.Conn, _ []byte) { _, _ = io.WriteString(c, page) }
	refuse := func(c net.Conn, _ []byte) {
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
	}
	banner := func(c net.Conn, _ []byte) {
		_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2p1\r\n")
		_, _ = io.Copy(io.Discard, c)
	}
	socks := func(c net.Conn, _ []byte) { _, _ = io.WriteString(c, "\x05\x00") }
	settings := func(c net.Conn, _ []byte) { _, _ = io.WriteString(c, "\x00\x00\x00\x04\x00\x00\x00\x00\x00") }
	// 0x5f: the 31st of the static table, content-type, as a literal with its value.
	grpc := func(c net.Conn, _ []byte) {
		_, _ = io.WriteString(c, "\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x13\x01\x04\x00\x00\x00\x01\x88\x5f\x10application/grpc")
	}
	// mux hands a connection on by its first bytes; what says nothing for two
	// seconds gets the banner of SSH, if there is one.
	mux := func(byPrefix map[string]func(net.Conn, []byte)) wiretest.Dialer {
		return wiretest.Serve(func(c net.Conn) {
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			_ = c.SetReadDeadline(time.Time{})
			for prefix, serve := range byPrefix {
				if n > 0 && bytes.HasPrefix(b[:n], []byte(prefix)) {
					serve(c, b[:n])
					return
				}
			}
			if serve := byPrefix["SSH-"]; n == 0 && serve != nil {
				serve(c, nil)
			}
		})
	}
	type by = map[string]func(net.Conn, []byte)
	for _, c := range []struct {
		what string
		dial wiretest.Dialer
		name string
		tls  bool
		also string
	}{
		{"ssh and http", mux(by{"GET": plain, "SSH-": banner}), "http", false, "ssh"},
		{"ssh and tls", mux(by{"\x16\x03": inside, "SSH-": banner}), "http", true, "ssh"},
		{"plain and tls", mux(by{"\x16\x03": inside, "GET": plain}), "http", true, "http"},
		{"http and http/2", mux(by{"GET": plain, "PRI ": settings}), "http", false, "http2"},
		{"http and grpc", mux(by{"GET": plain, "PRI ": grpc}), "http", false, "grpc"},
		{"http and socks", mux(by{"GET": refuse, "\x05": socks}), "http", false, "socks"},
		{"tls that refuses plain http", mux(by{"\x16\x03": inside, "GET": refuse}), "http", true, ""},
		{"http alone", mux(by{"": plain}), "http", false, ""},
		{"ssh alone", wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), "ssh", false, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			var r wiretest.Recorder
			r.Dial = c.dial
			s, err := Identify(t.Context(), tcpTarget(4711, r.Dialer()))
			also := strings.Join(s.Also, ",")
			if c.what == "plain and tls" && !s.TLS { // which of the two is recognised first is a matter of chance
				c.tls, c.also = false, "tls"
			}
			if err != nil || s.Name != c.name || s.TLS != c.tls || also != c.also {
				t.Errorf("%s = %q (TLS %v), also %q, %v; want %q (TLS %v), also %q", c.what, s.Name, s.TLS, also, err, c.name, c.tls, c.also)
			}
			if c.tls && len(s.Certificates) == 0 || strings.Contains(also, "tls") && len(s.Certificates) == 0 {
				t.Errorf("%s: no certificate", c.what)
			}
			if n := len(r.Dialed()); n > 24 {
				t.Errorf("%s took %d connections; want at most 24", c.what, n)
			}
		})
	}
}

// TestTrace reads the trail of an identification.
func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := tcpTarget(22, wiretest.Banner("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"))
		var steps []Step
		target.Trace = func(s Step) { steps = append(steps, s) }
		if _, err := Identify(t.Context(), target); err != nil {
			t.Fatal(err)
		}
		var banner, recognised, told bool
		var at time.Duration
		for _, s := range steps {
			if s.At < at {
				t.Errorf("step %+v before the one at %v; want them in order", s, at)
			}
			at = s.At
			banner = banner || s.Question == "banner" && s.Received > 0 && strings.HasPrefix(s.Answer, "SSH-2.0-OpenSSH_9.2p1")
			recognised = recognised || s.Question == "banner" && s.Outcome == "recognised as ssh"
			told = told || s.Product == "OpenSSH" && s.Version == "9.2p1" && strings.Contains(s.Evidence, "OpenSSH_9.2p1")
		}
		if !banner || !recognised || !told {
			t.Errorf("trace = %+v; want the banner, ssh recognised by it and OpenSSH 9.2p1 told", steps)
		}
	})
}

// TestLearned shows that what was recognised at a port of one host is asked
// first at the next, and that nothing grows without bound.
func TestLearned(t *testing.T) {
	const version = "VERSION 1.6.18\r\n"
	dial := wiretest.Replies(map[string]string{"version\r\n": version, "GET": "ERROR\r\n"})
	l := NewLearned()
	var took, sent []int
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			r := wiretest.Recorder{Dial: dial}
			target := tcpTarget(4711, r.Dialer())
			target.Learned = l
			began := time.Now()
			if s, err := Identify(t.Context(), target); err != nil || s.Name != "memcached" {
				t.Errorf("Identify = %q, %v; want memcached", s.Name, err)
			}
			took, sent = append(took, int(time.Since(began))), append(sent, len(r.Dialed()))
		})
	}
	if took[1] >= took[0] || sent[1] > 4 {
		t.Errorf("the second host took %v and %d connections, the first %v and %d; want less, and at most 4", time.Duration(took[1]), sent[1], time.Duration(took[0]), sent[0])
	}
	for i := range 1 << 16 {
		for _, name := range []string{"http", "ssh", "redis", "ftp", "smtp", "dns"} {
			l.saw(harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(i)}, Name: name})
		}
	}
	if len(l.at) > maxLearned || len(l.at[harrier.Endpoint{Protocol: harrier.TCP, Port: 1}]) > maxPerPlace {
		t.Errorf("%d endpoints are kept; want at most %d", len(l.at), maxLearned)
	}
	if here, _ := l.guess(harrier.Endpoint{Protocol: harrier.TCP, Port: 4711}); len(here) == 0 || here[0].Name != "memcached" {
		t.Errorf("guess = %v; want memcached first", here)
	}
	var nothing *Learned
	nothing.saw(harrier.Service{Name: "x"})
	if here, secure := nothing.guess(harrier.Endpoint{}); here != nil || secure {
		t.Error("a nil Learned knows something")
	}
}

// TestGate lets conversations in by rank, and keeps places from the unlikely.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(4)
		for range 2 {
			if g.enter(t.Context(), unlikely) != nil {
				t.Fatal("no place in an empty gate")
			}
		}
		let := make(chan rank, 8)
		enter := func(ctx context.Context, r rank) {
			go func() {
				if g.enter(ctx, r) == nil {
					let <- r
				}
			}()
			synctest.Wait()
		}
		enter(t.Context(), unlikely)
		if len(let) != 0 {
			t.Error("a third unlikely conversation is let in; want half the places kept free of them")
		}
		enter(t.Context(), likely)
		enter(t.Context(), likely)
		for range 2 {
			<-let
		}
		canceled, cancel := context.WithCancel(t.Context())
		for _, r := range []rank{general, likely, closer} {
			enter(t.Context(), r)
		}
		enter(canceled, closer)
		cancel()
		synctest.Wait()
		for _, c := range []struct{ leaves, next rank }{{likely, closer}, {unlikely, likely}, {likely, general}, {closer, unlikely}} {
			g.leave(c.leaves)
			synctest.Wait()
			if len(let) != 1 {
				t.Fatalf("%d conversations were let in for one that ended; want one", len(let))
			}
			if got := <-let; got != c.next {
				t.Errorf("let in %d; want %d", got, c.next)
			}
		}
	})
}

// TestPanics turns a panic in a goroutine of an identification into one that
// its caller can recover from.
func TestPanics(t *testing.T) {
	dial := func(context.Context, string, netip.AddrPort) (net.Conn, error) { panic("bad bytes") }
	defer func() {
		if recover() == nil {
			t.Error("no panic; want that of the dialer")
		}
	}()
	_, _ = Identify(t.Context(), tcpTarget(80, dial))
}
