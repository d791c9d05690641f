package probe

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// peer is a server of a test, and what is to be told of it.
type peer struct {
	name  string // the service's; a remark may follow behind a blank
	port  uint16
	dial  wiretest.Dialer
	want  harrier.Service // Product, Version, CPE
	facts map[string]string
}

// identifyPeers runs a whole identification of each peer in virtual time.
func identifyPeers(t *testing.T, industrial bool, peers []peer) {
	t.Helper()
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := tcpTarget(p.port, p.dial)
				target.Industrial = industrial
				s, err := Identify(t.Context(), target)
				name, _, _ := strings.Cut(p.name, " ")
				if err != nil || s.Name != name || s.Product != p.want.Product || s.Version != p.want.Version {
					t.Fatalf("Identify = %q %q %q, %v; want %q %q %q", s.Name, s.Product, s.Version, err, name, p.want.Product, p.want.Version)
				}
				if p.want.CPE != "" && s.CPE != p.want.CPE {
					t.Errorf("CPE = %q; want %q", s.CPE, p.want.CPE)
				}
				if s.Product != "" && s.Evidence == "" {
					t.Error("a product was told without evidence")
				}
				for key, want := range p.facts {
					if got := s.Fact(key); got != want {
						t.Errorf("fact %s = %q; want %q", key, got, want)
					}
				}
			})
		})
	}
}

// tcpReplies are first answers of this and other test files by the protocol
// that they are of.
func tcpReplies() map[string][]string {
	out := map[string][]string{
		"x11":          {x11Open, "\x00\x16\x0b\x00\x00\x00\x06\x00Authorization required\n\x00"},
		"spice":        {spiceAnswer},
		"radmin":       {"\x01\x00\x00\x00\x25\x00\x00\x02\x10\x08\x01\x00\x09\x08" + strings.Repeat("\x00", 32)},
		"nx":           {"NXD-8.11.3\n"},
		"adb":          {string(adbMessage("CNXN", 0x01000001, 1<<20, "device::ro.product.name=a;\x00")), string(adbMessage("AUTH", 1, 0, strings.Repeat("t", 20)))},
		"jdwp":         {jdwpAnswer},
		"java-rmi":     {"N\x00\x0910.0.0.99\x00\x00\xa1\xb2"},
		"minecraft":    {minecraftAnswer(`{"version":{"name":"1.20.1","protocol":763}}`)},
		"rtmp":         {rtmpAnswer()},
		"castv2":       {castAnswer},
		"bitcoin":      {bitcoinAnswer("/Satoshi:25.0.0/")},
		"nut":          {"Network UPS Tools upsd 2.8.0 - http://www.networkupstools.org/\n"},
		"apcupsd":      {apcupsdAnswer},
		"routeros-api": {"\x06!fatal\x0dnot logged in\x00"},
		"cisco-smi":    {string(smartInstallAnswer)},
		"openflow":     {"\x06\x00\x00\x10\x00\x00\x00\x01\x00\x01\x00\x08\x00\x00\x00\x72"},
		"lpd":          {"no entries\n", "Printer: lp@target 'x'\n Queue: no printable jobs in queue\n"},
		"rsh":          {"\x01Permission denied.\n"}, "rlogin": {"\x00Password: "}, "rexec": {"\x01Login incorrect.\n"},
		"modbus": {modbusAnswer}, "iso-tsap": {cotpConfirmed}, "ethernet-ip": {enipAnswer}, "fox": {foxAnswer}, "iec-104": {"\x68\x04\x83\x00\x00\x00"},
		"dnp3": {string(dnp3Frame(0x0b, 0, 1))}, "opcua": {string(opcuaMessage("ACKF", make([]byte, 20)))}, "fins": {finsNode}, "slmp": {slmpAnswer},
		"pcworx": {pcworxSession}, "proconos": {proconosAnswer}, "codesys": {codesysAnswer}, "ge-srtp": {"\x01" + strings.Repeat("\x00", 55)},
		"crimson": {"\x00\x18\x01\x2b\x1b\x00Red Lion Controls\x00"}, "atg": {atgAnswer}, "hart-ip": {"\x01\x01\x00\x00hr\x00\x0d\x01\x00\x00\x75\x30"},
	}
	for key, reply := range exchanges {
		if name, found := strings.CutSuffix(key, "/tcp"); found {
			out[name] = append(out[name], reply)
		}
	}
	return out
}

// TestNoReplyOfAnother gives every protocol the answers of all others.
func TestNoReplyOfAnother(t *testing.T) {
	refuse := []string{"rsh", "rexec", "rlogin"} // in the same words
	for name, replies := range tcpReplies() {
		for _, reply := range replies {
			taken := false
			for i := range All {
				p := &All[i]
				if p.Transport != harrier.TCP {
					continue
				}
				is := p.Reply != nil && p.Reply([]byte(reply)) || p.Banner != nil && p.Banner([]byte(reply))
				taken = taken || is && p.Name == name
				if is && p.Name != name && !(slices.Contains(refuse, name) && slices.Contains(refuse, p.Name)) {
					t.Errorf("the answer %.40q of %s is taken by %s", reply, name, p.Name)
				}
			}
			if !taken {
				t.Errorf("the answer %.40q is not taken by %s", reply, name)
			}
		}
	}
}

// TestNoEcho gives every protocol its own question back, if it is so short that
// the race does not see that itself.
func TestNoEcho(t *testing.T) {
	for i := range All {
		p := &All[i]
		if p.Hello == nil || p.Name == "echo" || p.Transport != harrier.TCP {
			continue
		}
		target := tcpTarget(p.Ports[0], nil)
		target.Protocol = p.Transport
		if hello := p.Hello(target); len(hello) < minEcho && p.Reply(hello) {
			t.Errorf("%s takes its own question for an answer", p.Name)
		}
	}
}

// TestPartialReplies gives every protocol the beginnings of the answers: none
// may panic, and what is taken must be readable.
func TestPartialReplies(t *testing.T) {
	for name, replies := range tcpReplies() {
		for _, reply := range replies {
			for cut := 1; cut < min(len(reply), 400); cut++ {
				for i := range All {
					p := &All[i]
					b := []byte(reply)[:cut:cut]
					if p.Name != name || p.Reply == nil || p.Learn == nil || !p.Reply(b) {
						continue
					}
					x := newTalk(tcpTarget(p.Ports[0], wiretest.Refuse()))
					p.Learn(t.Context(), x, b, true)
				}
			}
		}
	}
}

// TestIndustrial shows that machines are asked in their own protocols only where
// that is allowed, and then by exactly one question of known length.
func TestIndustrial(t *testing.T) {
	lengths := map[string]int{
		"modbus": 11, "iso-tsap": 22, "ethernet-ip": 24, "iec-104": 6, "dnp3": 10, "slmp": 15, "fins": 20, "pcworx": 26, "proconos": 10, "codesys": 7,
		"ge-srtp": 56, "crimson": 6, "atg": 9, "hart-ip": 13, "fox": 52, "opcua": 56,
	}
	seen := 0
	for i := range All {
		p := &All[i]
		if !p.Industrial || p.Transport != harrier.TCP {
			continue
		}
		seen++
		if p.Common || p.Hello == nil {
			t.Errorf("%s is industrial and asked anywhere, or not at all", p.Name)
		}
		target := tcpTarget(p.Ports[0], nil)
		if n, known := len(p.Hello(target)), lengths[p.Name]; known == 0 || n != known {
			t.Errorf("%s asks %d octets; want %d", p.Name, n, known)
		}
		for _, allowed := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				r := wiretest.Recorder{Dial: wiretest.Silence()}
				target := tcpTarget(p.Ports[0], r.Dialer())
				target.Industrial, target.Gentle = allowed, true
				if _, err := Identify(t.Context(), target); err != nil {
					t.Error(err)
				}
				if got := strings.Contains(r.Sent(), string(p.Hello(target))); got != allowed {
					t.Errorf("%s was asked: %v; allowed: %v", p.Name, got, allowed)
				}
			})
		}
	}
	if seen < len(lengths) {
		t.Errorf("%d industrial protocols; want %d", seen, len(lengths))
	}
}

// TestPrintersAreNotAsked shows that ports that print what they are sent are
// only listened to.
func TestPrintersAreNotAsked(t *testing.T) {
	for port := harrier.PrinterPorts.First; port <= harrier.PrinterPorts.Last; port++ {
		for _, industrial := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				r := wiretest.Recorder{Dial: wiretest.Silence()}
				target := tcpTarget(port, r.Dialer())
				target.Industrial = industrial
				if _, err := Identify(t.Context(), target); err != nil {
					t.Error(err)
				}
				if sent := r.Sent(); sent != "" {
					t.Errorf("port %d was sent %q", port, sent)
				}
			})
		}
	}
}

// text32 writes a text with its length in four octets.
func text32(s string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s }

// padded writes a text into a field of fixed size.
func padded(s string, size int) string { return s + strings.Repeat("\x00", size-len(s)) }

// FuzzPeers gives bytes to the parsers of later answers of this family.
func FuzzPeers(f *testing.F) {
	for _, replies := range tcpReplies() {
		for _, reply := range replies {
			f.Add([]byte(reply))
		}
	}
	for _, reply := range []string{s7Module, s7Component, mmsIdentity, opcuaOpened, opcuaEndpoints, rmiNames, erlangGreeting, mumbleGreeting} {
		f.Add([]byte(reply))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s7Records(cotpBody(b), 0x11)
		s7Records(cotpBody(b), 0x1c)
		parseMMSIdentify(cotpBody(b))
		parseOPCUAOpen(b)
		list, _ := parseOPCUAEndpoints(b)
		names, _ := parseRMIList(b)
		if len(list) > 100 || len(names) > 100 {
			t.Errorf("%d endpoints, %d names of %d octets", len(list), len(names), len(b))
		}
		erlangNode(b)
		parseMumble(b)
		x := newTalk(tcpTarget(1962, wiretest.Refuse()))
		x.notePCWorx(b)
		x.s7Module(s7Records(b, 0x11))
		x.noteOPCUA(append(list, opcuaEndpoint{}))
		for key, value := range x.s.Facts {
			if len(value) > maxFact || clean(value) != value {
				t.Errorf("fact %s = %q is not clean", key, value)
			}
		}
	})
}
