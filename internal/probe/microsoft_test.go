package probe

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// ntlmChallenge is that of a Windows machine.
func ntlmChallenge(major, minor byte, build uint16, names map[uint16]string) []byte {
	var info []byte
	for kind := uint16(1); kind <= 4; kind++ {
		if text := utf16LE(names[kind]); len(text) > 0 {
			info = binary.LittleEndian.AppendUint16(info, kind)
			info = append(binary.LittleEndian.AppendUint16(info, uint16(len(text))), text...)
		}
	}
	info = append(info, 0, 0, 0, 0)
	b := append([]byte("NTLMSSP\x00\x02\x00\x00\x00"), make([]byte, 8)...)
	b = append(b, octets("15828aa2 0102030405060708 0000000000000000")...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(info)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(info)))
	b = binary.LittleEndian.AppendUint32(b, 56)
	b = append(b, major, minor)
	b = append(binary.LittleEndian.AppendUint16(b, build), 0, 0, 0, 15)
	return append(b, info...)
}

func utf16LE(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

var windowsNames = map[uint16]string{1: "FILES1", 2: "CORP", 3: "files1.corp.test", 4: "corp.test"}

func TestWinRM(t *testing.T) {
	token := base64.StdEncoding.EncodeToString(ntlmChallenge(10, 0, 17763, windowsNames))
	identifyPeers(t, false, []peer{{
		"http with remote management", 5985, wiretest.Replies(map[string]string{
			"GET /":       "HTTP/1.1 404 Not Found\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\n\r\n",
			"POST /wsman": "HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\nWWW-Authenticate: Negotiate " + token + "\r\nContent-Length: 0\r\n\r\n",
		}),
		harrier.Service{Product: "Microsoft HTTPAPI", Version: "2.0"},
		map[string]string{"winrm": "yes", "smb.name": "FILES1", "smb.fqdn": "files1.corp.test", "smb.os": "Windows 10.0 build 17763"},
	}})
}

// smbAnswer is an answer to a negotiation.
func smbAnswer(dialect uint16, status uint32) string {
	b := smb2Header(0, 0)
	binary.LittleEndian.PutUint32(b[8:], status)
	b[16] = 1
	body := make([]byte, 64)
	body[0], body[2] = 65, 3
	binary.LittleEndian.PutUint16(body[4:], dialect)
	copy(body[8:], octets("00112233445566778899aabbccddeeff"))
	binary.LittleEndian.PutUint64(body[40:], 134_394_480_000_000_000)
	return string(netbios(append(b, body...)))
}

// smbRefusal is how a server refuses every dialect.
func smbRefusal() string {
	b := smb2Header(0, 0)
	binary.LittleEndian.PutUint32(b[8:], 0xc00000bb)
	b[16] = 1
	return string(netbios(append(b, 9, 0, 0, 0, 0, 0, 0, 0, 0)))
}

// smb1Answer is the sign-in of an old server: a blob of 3 octets, and names.
func smb1Answer() string {
	h := "\xffSMB\x73\x16\x00\x00\xc0\x98\x01\xc8" + strings.Repeat("\x00", 20)
	names := "\x00" + string(utf16LE("Windows Server 2003 3790 Service Pack 2")) + "\x00\x00" + string(utf16LE("Windows Server 2003 5.2")) + "\x00\x00"
	blob := "abc"
	if (32+1+8+2+len(blob))%2 == 0 {
		names = names[1:]
	}
	return string(netbios([]byte(h + "\x04\xff\x00\x00\x00\x00\x00" + "\x03\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(blob+names)))) + blob + names)))
}

func TestSMBDeep(t *testing.T) {
	old := "\xffSMB\x72\x00\x00\x00\x00\x98\x01\xc8" + strings.Repeat("\x00", 20) + "\x11" + strings.Repeat("\x00", 36)
	replies := map[string]string{
		string(smb2Negotiate()):    smbAnswer(0x0302, 0),
		string(smb1SessionSetup()): smb1Answer(), "\x00\x00\x00\x2f\xffSMB\x72": string(netbios([]byte(old))),
	}
	for _, d := range smb2Dialects {
		replies[string(smb2Offer(d))] = smbRefusal()
		if d >= 0x0210 && d <= 0x0302 {
			replies[string(smb2Offer(d))] = smbAnswer(d, 0)
		}
	}
	identifyPeers(t, false, []peer{{
		"smb", 445, wiretest.Replies(replies),
		harrier.Service{},
		map[string]string{
			"smb.dialect": "3.0.2", "smb.dialects": "1,2.1,3.0,3.0.2", "smb.signing": "required", "smb.guid": "33221100-5544-7766-8899-aabbccddeeff", "smb.v1": "yes",
			"smb.v1.os": "Windows Server 2003 3790 Service Pack 2", "smb.v1.manager": "Windows Server 2003 5.2", "smb.time": "2026-11-18T04:00:00Z", "smb.boot": "",
		},
	}})
}

func TestFileTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 7, 11, 14, 0, time.UTC)
	v := uint64(at.Unix()+11_644_473_600) * 10_000_000
	if got := fileTime(binary.LittleEndian.AppendUint64(nil, v)); !got.Equal(at) {
		t.Errorf("fileTime = %v; want %v", got, at)
	}
	for _, v := range []uint64{0, 1 << 63, 1} {
		if got := fileTime(binary.LittleEndian.AppendUint64(nil, v)); !got.IsZero() {
			t.Errorf("fileTime(%d) = %v; want none", v, got)
		}
	}
}

// TestSambaVersion tells versions from what Samba writes, and none from what
// others do.
func TestSambaVersion(t *testing.T) {
	for manager, want := range map[string]string{
		"Samba 4.17.12-Debian": "4.17.12", "Samba 3.0.37": "3.0.37", "Samba 3.0.28a": "3.0.28a", "Samba 4.7.6-Ubuntu": "4.7.6", "Windows 2000 LAN Manager": "", "Samba": "", "Samba 4.x of the NAS": "",
	} {
		x := newTalk(tcpTarget(445, wiretest.Refuse()))
		x.sambaVersion(manager)
		if x.s.Version != want {
			t.Errorf("sambaVersion(%q) = %q; want %q", manager, x.s.Version, want)
		}
	}
}

func TestRDPDeep(t *testing.T) {
	chosen := func(p byte) string {
		return "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00" + string([]byte{p, 0, 0, 0})
	}
	const refused = "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x03\x00\x08\x00\x05\x00\x00\x00"
	nla := map[string]string{"": refused, string(rdpConnect(rdpTLS | rdpNLA)): chosen(rdpNLA), string(rdpConnect(rdpNLA)): chosen(rdpNLA), string(rdpConnect(rdpNLAEx)): chosen(rdpNLAEx)}
	lax := map[string]string{"": refused, string(rdpConnect(0)): chosen(0), string(rdpConnect(rdpTLS | rdpNLA)): chosen(rdpNLA), string(rdpConnect(rdpTLS)): chosen(rdpTLS), string(rdpConnect(rdpNLA)): chosen(rdpNLA)}
	identifyPeers(t, false, []peer{
		{"rdp with NLA alone", 3389, wiretest.Replies(nla), harrier.Service{}, map[string]string{"rdp.protocols": "NLA,NLA-Ex", "rdp.nla": "yes", "rdp.security": "NLA"}},
		{"rdp that takes all", 3389, wiretest.Replies(lax), harrier.Service{}, map[string]string{"rdp.protocols": "standard,TLS,NLA", "rdp.nla": "no"}},
		{"rdp of old", 3389, wiretest.Replies(map[string]string{"\x03\x00": "\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00"}), harrier.Service{}, map[string]string{"rdp.security": "standard"}},
	})
}

func TestVNCProducts(t *testing.T) {
	for types, want := range map[string]string{"AppleDH,AppleSRP": "Apple Remote Desktop", "MSLogonII,VncAuth": "UltraVNC", "Tight,VncAuth": "", "RA2,VeNCrypt": "", "None": ""} {
		x := newTalk(tcpTarget(5900, wiretest.Refuse()))
		x.vncProduct(strings.Split(types, ","))
		if x.s.Product != want {
			t.Errorf("vncProduct(%s) = %q; want %q", types, x.s.Product, want)
		}
	}
}

// FuzzWindows gives bytes to the parsers of what Windows and Samba answer.
func FuzzWindows(f *testing.F) {
	f.Add([]byte(smb1Answer()))
	f.Add([]byte(smbAnswer(0x0311, 0)))
	f.Add(ntlmChallenge(10, 0, 17763, windowsNames))
	f.Fuzz(func(t *testing.T, b []byte) {
		system, manager := parseSMB1Session(smb1Body(b))
		if clean(system+manager) != system+manager || len(system)+len(manager) > 4096 {
			t.Errorf("names %q, %q are not clean", system, manager)
		}
		parseSMB2Negotiate(b)
		parseNTLM(b)
	})
}
