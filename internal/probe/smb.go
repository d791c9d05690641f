package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

var smbProtocol = Protocol{
	Name: "smb", Transport: harrier.TCP, Ports: []uint16{445, 139, 1445},
	Common: true,
	Hello: func(t Target) []byte {
		if t.Port == 139 {
			return append(smbSession(), smb2Negotiate()...)
		}
		return smb2Negotiate()
	},
	Done: func(b []byte) bool {
		_, ok := parseSMB2Negotiate(b)
		return ok || len(b) >= 5 && b[0] == 0x83
	},
	Reply: func(b []byte) bool { _, ok := parseSMB2Negotiate(b); return ok },
	Learn: learnSMB,
}

// netbios puts the length of a session message in front of it.
//
// Source: RFC 1002, section 4.3.1; MS-SMB2, section 2.1.
func netbios(b []byte) []byte {
	return append([]byte{0, byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

// smbSession asks for a NetBIOS session with whatever server is there.
//
// Source: RFC 1002, section 4.3.2.
func smbSession() []byte {
	b := []byte{0x81, 0, 0, 68}
	b = append(b, netbiosName("*SMBSERVER", 0x20)...)
	return append(b, netbiosName("HARRIER", 0)...)
}

// netbiosName encodes a name of up to 15 characters and its suffix.
//
// Source: RFC 1001, section 14.1.
func netbiosName(name string, suffix byte) []byte {
	raw := append(bytes.Repeat([]byte{' '}, 15), suffix)
	copy(raw[:15], name)
	out := []byte{32}
	for _, c := range raw {
		out = append(out, 'A'+c>>4, 'A'+c&15)
	}
	return append(out, 0)
}

// smb2Header begins a request.
//
// Source: MS-SMB2, section 2.2.1.2.
func smb2Header(command uint16, message uint64) []byte {
	h := make([]byte, 64)
	copy(h, "\xfeSMB")
	binary.LittleEndian.PutUint16(h[4:], 64)
	binary.LittleEndian.PutUint16(h[12:], command)
	binary.LittleEndian.PutUint16(h[14:], 1) // credits
	binary.LittleEndian.PutUint64(h[24:], message)
	return h
}

// smb2Negotiate offers the dialects 2.0.2 to 3.1.1.
//
// Source: MS-SMB2, section 2.2.3.
func smb2Negotiate() []byte { return smb2Offer(smb2Dialects...) }

// smb2Dialects are all that there are, the oldest first.
var smb2Dialects = []uint16{0x0202, 0x0210, 0x0300, 0x0302, 0x0311}

// smb2Offer offers some dialects; the newest must stand last.
func smb2Offer(dialects ...uint16) []byte {
	b := smb2Header(0, 0)
	b = append(b, 36, 0, byte(len(dialects)), 0, 1, 0, 0, 0, 0x7f, 0, 0, 0)
	b = append(b, "harrierharrier!!"...) // client GUID
	if dialects[len(dialects)-1] != 0x0311 {
		b = append(b, make([]byte, 8)...) // no contexts
		for _, d := range dialects {
			b = binary.LittleEndian.AppendUint16(b, d)
		}
		return netbios(b)
	}
	context := (64 + 36 + 2*len(dialects) + 7) &^ 7 // aligned to eight
	b = binary.LittleEndian.AppendUint32(b, uint32(context))
	b = append(b, 1, 0, 0, 0)
	for _, d := range dialects {
		b = binary.LittleEndian.AppendUint16(b, d)
	}
	b = append(b, make([]byte, context-len(b))...)
	salt := make([]byte, 32)
	integrity := append([]byte{1, 0, 32, 0, 1, 0}, salt...) // SHA-512
	b = append(b, 1, 0, byte(len(integrity)), 0, 0, 0, 0, 0)
	return netbios(append(b, integrity...))
}

// smb2Hello is a negotiate response.
type smb2Hello struct {
	dialect  uint16
	signing  string // "required" or "enabled"
	security []byte // the security blob
	guid     []byte // of the server; 16 octets
	now      time.Time
	started  time.Time // zero when it is not told
}

// smb2Body skips NetBIOS framing and returns the first SMB2 message in b.
func smb2Body(b []byte) []byte {
	if len(b) >= 4 && b[0] == 0x82 { // the session was granted
		b = b[4:]
	}
	if len(b) < 4+64 || b[0] != 0 || !bytes.HasPrefix(b[4:], []byte("\xfeSMB")) {
		return nil
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if len(b) < 4+n || n < 64 {
		return nil
	}
	return b[4 : 4+n]
}

// parseSMB2Negotiate reads the answer to smb2Negotiate.
//
// Source: MS-SMB2, section 2.2.4.
func parseSMB2Negotiate(b []byte) (smb2Hello, bool) {
	m := smb2Body(b)
	if len(m) < 64+64 || binary.LittleEndian.Uint16(m[12:]) != 0 || m[16]&1 == 0 {
		return smb2Hello{}, false
	}
	body := m[64:]
	h := smb2Hello{dialect: binary.LittleEndian.Uint16(body[4:]), signing: "enabled", guid: body[8:24], now: fileTime(body[40:]), started: fileTime(body[48:])}
	if body[2]&2 != 0 {
		h.signing = "required"
	}
	offset, size := int(binary.LittleEndian.Uint16(body[56:])), int(binary.LittleEndian.Uint16(body[58:]))
	if offset >= 64 && offset+size <= len(m) {
		h.security = m[offset : offset+size]
	}
	return h, true
}

// smbNTLM is the first message of NTLM as a sign-in carries it.
//
// Source: RFC 4178, section 4.2.
func smbNTLM() []byte {
	mechanism := []byte{6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10} // NTLMSSP
	init := berOf(0x30, berOf(0xa0, berOf(0x30, mechanism)), berOf(0xa2, berOf(4, ntlmNegotiate)))
	return berOf(0x60, []byte{6, 6, 0x2b, 6, 1, 5, 5, 2}, berOf(0xa0, init))
}

// smb2SessionSetup begins to sign in, to be told the names of the machine.
//
// Source: MS-SMB2, section 2.2.5.
func smb2SessionSetup() []byte {
	blob := smbNTLM()
	b := smb2Header(1, 1)
	b = append(b, 25, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 64+24, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(blob)))
	b = append(b, make([]byte, 8)...) // previous session
	return netbios(append(b, blob...))
}

func learnSMB(ctx context.Context, x *talk, first []byte, _ bool) {
	h, ok := parseSMB2Negotiate(first)
	if !ok {
		return
	}
	x.fact("smb.dialect", smbDialect(h.dialect))
	x.fact("smb.signing", h.signing)
	x.fact("smb.guid", guidText(h.guid))
	x.fact("smb.time", instant(h.now))
	x.fact("smb.boot", instant(h.started))
	x.smbNames(ctx)
	old := x.smb1(ctx)
	x.fact("smb.v1", old.spoken)
	x.fact("smb.v1.os", old.os)
	x.fact("smb.v1.manager", old.manager)
	x.fact("smb.dialects", strings.Join(x.smbDialects(ctx, old.spoken), ","))
	if x.s.Product == "Samba smbd" {
		x.sambaVersion(old.manager)
	}
}

func smbDialect(d uint16) string {
	if d == 0x0202 {
		return "2.0.2"
	}
	if d&0x0f != 0 && d >= 0x0300 {
		return fmt.Sprintf("%d.%d.%d", d>>8, d>>4&15, d&15)
	}
	return fmt.Sprintf("%d.%d", d>>8, d>>4&15)
}

func (x *talk) smbNames(ctx context.Context) {
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	if _, err := w.ask(smbProtocolHello(x.Target), func(b []byte) bool { _, ok := parseSMB2Negotiate(b); return ok }); err != nil {
		return
	}
	reply, err := w.ask(smb2SessionSetup(), func(b []byte) bool { return smb2Body(b) != nil })
	if err != nil {
		return
	}
	n, ok := parseNTLM(smb2Body(reply))
	if !ok {
		return
	}
	x.learnNTLM(n)
	switch {
	case n.major == 6 && n.minor == 1 && n.build == 0: // what Samba says, and no Windows does
		x.is("Samba smbd", "samba:samba", "", "NTLM version 6.1 build 0")
	case n.windows() != "":
		x.is("Microsoft Windows SMB", "", "", n.windows())
	}
}

func smbProtocolHello(t Target) []byte {
	if t.Port == 139 {
		return append(smbSession(), smb2Negotiate()...)
	}
	return smb2Negotiate()
}
