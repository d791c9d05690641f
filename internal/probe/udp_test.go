package probe

import (
	"bytes"
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/probe/question"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func udpTarget(port uint16, dial wiretest.Dialer) Target {
	return Target{
		Addr: testAddr, Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: port}, Dial: Dialer(dial),
		Timeout: 3 * time.Second, RTT: time.Millisecond, Industrial: true,
	}
}

// bytesOf joins hexadecimal digits, in strings that begin with "x ", and texts.
func bytesOf(parts ...string) string {
	var out []byte
	for _, p := range parts {
		digits, isHex := strings.CutPrefix(p, "x ")
		if !isHex {
			out = append(out, p...)
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			panic(err)
		}
		out = append(out, b...)
	}
	return string(out)
}

// padTo is text with zeros up to n bytes.
func padTo(text string, n int) string { return text + strings.Repeat("\x00", n-len(text)) }

// datagram is what a service answers to a question of its port, and to others
// that follow, and what is to be told of it.
type datagramCase struct {
	port    uint16
	reply   string
	further map[string]string // by what the question begins with
	name    string
	product string
	version string
	facts   map[string]string
}

// TestUDPServices plays every service twice: as one that is asked, and as one
// whose answer was heard before. Both ways tell the same, and neither sends more
// than three datagrams.
func TestUDPServices(t *testing.T) {
	for _, c := range datagramCases() {
		t.Run(c.name+"/"+itoa(int(c.port)), func(t *testing.T) {
			for _, heard := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					answers := map[string]string{string(question.First(c.port)): c.reply}
					for k, v := range c.further {
						answers[k] = v
					}
					var sent atomic.Int32
					target := udpTarget(c.port, counting(answers, &sent))
					if heard {
						target.Heard = question.Hear(c.port, 1, []byte(c.reply))
						sent.Store(1)
					}
					s, err := Identify(t.Context(), target)
					if err != nil || s.Name != c.name || s.Product != c.product || s.Version != c.version {
						t.Errorf("Identify (heard %v) = %q %q %q, %v; want %q %q %q", heard, s.Name, s.Product, s.Version, err, c.name, c.product, c.version)
					}
					for key, want := range c.facts {
						if got := s.Fact(key); got != want {
							t.Errorf("fact %s (heard %v) = %q; want %q", key, heard, got, want)
						}
					}
					if n := sent.Load(); n > datagrams {
						t.Errorf("%d datagrams were sent (heard %v); want at most %d", n, heard, datagrams)
					}
					if c.version != "" && s.Evidence == "" {
						t.Error("a version without evidence")
					}
				})
			}
		})
	}
}

// counting counts what is sent, and answers by the longest beginning; what has no
// answer is ignored.
func counting(answers map[string]string, sent *atomic.Int32) wiretest.Dialer {
	return wiretest.Serve(func(c net.Conn) {
		b := make([]byte, 2048)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			sent.Add(1)
			best := ""
			for prefix := range answers {
				if strings.HasPrefix(string(b[:n]), prefix) && len(prefix) > len(best) {
					best = prefix
				}
			}
			if best != "" {
				_, _ = c.Write([]byte(answers[best]))
			}
		}
	})
}

// TestUDPReplies shows that no protocol takes the answer of another at a port
// whose number tells nothing: those without a sign of their own take none.
func TestUDPReplies(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range datagramCases() {
		seen[c.name] = true
		var takers []string
		for _, p := range overUDPProtocols() {
			if !p.Weak && p.Reply([]byte(c.reply)) {
				takers = append(takers, p.Name)
			}
		}
		i := slices.IndexFunc(All, func(p Protocol) bool { return p.Name == c.name && p.Transport == harrier.UDP })
		if i < 0 {
			t.Fatalf("%s is not listed", c.name)
		}
		like := slices.Contains([]string{"nfs", "nlockmgr", "rpc-status", "wdbrpc", "mdns", "llmnr"}, c.name) // these speak the language of another
		if weak := All[i].Weak; weak && len(takers) > 0 && !like || !weak && !slices.Equal(takers, []string{c.name}) {
			t.Errorf("the answer of %s is taken by %v", c.name, takers)
		}
		if c.name != "echo" && All[i].Reply(All[i].Hello(Target{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: c.port}})) {
			t.Errorf("%s takes its own question for an answer", c.name)
		}
		for cut := range len(c.reply) {
			x := newTalk(Target{Addr: testAddr, Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: c.port}, Dial: wiretest.Refuse(), Timeout: time.Second})
			if part := []byte(c.reply[:cut]); cut > 0 && All[i].Reply(part) && All[i].Learn != nil {
				All[i].Learn(t.Context(), x, part, true) // must not panic
			}
		}
	}
	for _, p := range overUDPProtocols() {
		if !seen[p.Name] && !slices.Contains([]string{"sip", "memcached", "snmp", "dns", "netbios-ns", "rpcbind", "ntp"}, p.Name) {
			t.Errorf("no case plays %s", p.Name)
		}
	}
	if len(seen) < 55 {
		t.Errorf("%d protocols have a case; want 55", len(seen))
	}
}

// TestDatagrams counts what a silent port, a fragile host and a port that
// answered nonsense are sent.
func TestDatagrams(t *testing.T) {
	for _, c := range []struct {
		name   string
		port   uint16
		gentle bool
		heard  string
		want   int // datagrams
	}{
		{"silent", 161, false, "", 3},
		{"silent, with one question of its own", 123, false, "", 3},
		{"silent, a number that tells nothing", 4711, false, "", 3},
		{"silent and fragile", 161, true, "", 1},
		{"fragile, with nothing usual", 4711, true, "", 0},
		{"said something strange", 4711, false, "what?", 2},
		{"fragile, said something strange", 161, true, "what?", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int32
				target := udpTarget(c.port, counting(nil, &sent))
				target.Gentle = c.gentle
				if c.heard != "" {
					target.Heard = question.Hear(c.port, 1, []byte(c.heard))
				}
				began := time.Now()
				s, err := Identify(t.Context(), target)
				synctest.Wait()
				if err != nil || s.Name != "" || int(sent.Load()) != c.want {
					t.Errorf("Identify = %q, %v after %d datagrams; want none after %d", s.Name, err, sent.Load(), c.want)
				}
				if s.Banner != c.heard {
					t.Errorf("banner %q; want what was heard, %q", s.Banner, c.heard)
				}
				if took := time.Since(began); took > 6*time.Second {
					t.Errorf("Identify took %v", took)
				}
			})
		})
	}
}

// What machines of control systems would answer is not asked unless allowed.
func TestDatagramsIndustrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := wiretest.Recorder{Dial: wiretest.Silence()}
		target := udpTarget(47808, r.Dialer())
		target.Industrial = false
		if s, err := Identify(t.Context(), target); err != nil || s.Name != "" {
			t.Errorf("Identify = %q, %v", s.Name, err)
		}
		for _, p := range overUDPProtocols() {
			for _, port := range p.Ports {
				if p.Industrial != question.Fragile(port) {
					t.Errorf("%s at %d: industrial %v, fragile %v", p.Name, port, p.Industrial, question.Fragile(port))
				}
			}
		}
	})
}

// A port that repeats what it is told is none of the services that it is asked
// for.
func TestDatagramEcho(t *testing.T) {
	for _, port := range []uint16{53, 123, 161, 4711, 7} {
		synctest.Test(t, func(t *testing.T) {
			s, err := Identify(t.Context(), udpTarget(port, wiretest.Serve(func(c net.Conn) {
				b := make([]byte, 2048)
				for {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					_, _ = c.Write(b[:n])
				}
			})))
			if err != nil || s.Name != "echo" {
				t.Errorf("Identify of an echo at %d = %q, %v", port, s.Name, err)
			}
		})
	}
}

// FuzzDatagram gives a datagram to every protocol, as its first answer and as
// every further one.
func FuzzDatagram(f *testing.F) {
	for _, c := range datagramCases() {
		f.Add(c.port, []byte(c.reply), []byte(c.reply))
		for _, further := range c.further {
			f.Add(c.port, []byte(c.reply), []byte(further))
		}
	}
	f.Fuzz(func(t *testing.T, port uint16, first, further []byte) {
		if len(first) == 0 || len(further) == 0 {
			return
		}
		target := udpTarget(port, wiretest.Answer(string(further)))
		target.Heard = question.Hear(port, 1, first)
		target.Addr = netip.MustParseAddr("192.0.2.1")
		target.Timeout = 20 * time.Millisecond
		s, err := Identify(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range s.Facts {
			if len(value) > maxFact || !isClean(value) {
				t.Errorf("fact %s = %q is not clean", key, value)
			}
		}
		if len(s.Banner) > maxBanner || !isClean(s.Banner+s.Product+s.Version+s.CPE+s.Evidence) {
			t.Errorf("%+v is not clean", s)
		}
	})
}

func isClean(s string) bool { return clean(s) == s && !bytes.ContainsRune([]byte(s), 0) }
