package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// smbDialects lists the dialects that the server accepts when they alone are
// offered; the first version of the protocol is listed as "1" if spoken is
// "yes". Nil when the server let nobody ask.
func (x *talk) smbDialects(ctx context.Context, spoken string) []string {
	var out []string
	if spoken == "yes" {
		out = append(out, "1")
	}
	if x.Gentle {
		return nil
	}
	for _, d := range smb2Dialects {
		hello := smb2Offer(d)
		if x.Port == 139 {
			hello = append(smbSession(), hello...)
		}
		b, err := x.ask(ctx, hello, func(b []byte) bool { return smb2Body(b) != nil })
		if err != nil {
			continue
		}
		if h, ok := parseSMB2Negotiate(b); ok && h.dialect == d && binary.LittleEndian.Uint32(smb2Body(b)[8:]) == 0 {
			out = append(out, smbDialect(d))
		}
	}
	return out
}

// smbOld is what the first version of the protocol tells.
type smbOld struct {
	spoken      string // "yes", "no", or "" when the answer can not be told
	os, manager string // the native system and LAN manager, as the server writes them
}

// smb1 asks whether the first version of the protocol is spoken, and begins to
// sign in to be told the names of system and server.
//
// Source: MS-CIFS, sections 2.2.4.52 and 2.2.4.53; MS-SMB, section 2.2.4.6.
func (x *talk) smb1(ctx context.Context) smbOld {
	w, err := x.open(ctx)
	if err != nil {
		return smbOld{}
	}
	defer w.Close()
	hello := netbios([]byte("\xffSMB\x72\x00\x00\x00\x00\x18\x01\x48" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x0c\x00\x02NT LM 0.12\x00"))
	if x.Port == 139 {
		hello = append(smbSession(), hello...)
	}
	b, err := w.ask(hello, func(b []byte) bool { return smb1Body(b) != nil })
	if err != nil {
		return smbOld{spoken: "no"} // it hangs up on the old dialect
	}
	m := smb1Body(b)
	if len(m) < 33 || m[4] != 0x72 {
		return smbOld{}
	}
	if binary.LittleEndian.Uint32(m[5:]) != 0 || m[32] <= 1 {
		return smbOld{spoken: "no"}
	}
	old := smbOld{spoken: "yes"}
	if b, err = w.ask(smb1SessionSetup(), func(b []byte) bool { return smb1Body(b) != nil }); err == nil {
		old.os, old.manager = parseSMB1Session(smb1Body(b))
	}
	return old
}

// smb1Body is the first message of the first version in b, behind what frames it.
func smb1Body(b []byte) []byte {
	if len(b) >= 4 && b[0] == 0x82 {
		b = b[4:]
	}
	if len(b) < 4+32 || b[0] != 0 || !bytes.HasPrefix(b[4:], []byte("\xffSMB")) {
		return nil
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if n < 32 || len(b) < 4+n {
		return nil
	}
	return b[4 : 4+n]
}

// smb1SessionSetup carries the first message of NTLM, with texts of 8 bits.
func smb1SessionSetup() []byte {
	h := []byte("\xffSMB\x73\x00\x00\x00\x00\x18\x01\x48" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x01\x00\x00\x00\x01\x00")
	b := append(h, 12, 0xff, 0, 0, 0, 0xff, 0xff, 2, 0, 1, 0, 0, 0, 0, 0)
	blob := smbNTLM()
	b = binary.LittleEndian.AppendUint16(b, uint16(len(blob)))
	b = append(b, 0, 0, 0, 0, 0x54, 0, 0, 0x80) // extended security, NT status
	rest := append(blob, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(rest)))
	return netbios(append(b, rest...))
}

// parseSMB1Session reads the names behind the security blob of an answer.
func parseSMB1Session(m []byte) (system, manager string) {
	if len(m) < 32+1+8+2 || m[4] != 0x73 || m[32] != 4 {
		return "", ""
	}
	blob := int(binary.LittleEndian.Uint16(m[32+1+6:]))
	const start = 32 + 1 + 8 + 2
	if len(m) < start+blob {
		return "", ""
	}
	text := m[start+blob:]
	var names []string
	if binary.LittleEndian.Uint16(m[10:])&0x8000 != 0 { // texts of 16 bits, at an even place
		if (start+blob)%2 == 1 && len(text) > 0 {
			text = text[1:]
		}
		names = strings.Split(utf16Zero(text), "\x00")
	} else {
		names = strings.Split(string(text[:min(len(text), 512)]), "\x00")
	}
	if len(names) < 2 {
		return "", ""
	}
	return oneLine(names[0]), oneLine(names[1])
}

// utf16Zero decodes up to 256 units and keeps the zeroes between texts.
func utf16Zero(b []byte) string {
	var parts []string
	for len(b) >= 2 && len(parts) < 4 {
		end := 0
		for end+2 <= len(b) && end < 512 && (b[end] != 0 || b[end+1] != 0) {
			end += 2
		}
		parts = append(parts, utf16Text(b[:end]))
		b = b[min(len(b), end+2):]
	}
	return strings.Join(parts, "\x00")
}

// sambaRelease is how Samba writes its version for the old protocol.
var sambaRelease = pattern(`^Samba (\d{1,2}\.\d{1,3}\.\d{1,3})([a-z])?(?:-[-A-Za-z0-9.+~:]{1,60})?$`)

func (x *talk) sambaVersion(manager string) {
	if m := sambaRelease.FindStringSubmatch(manager); m != nil {
		x.is("Samba smbd", "samba:samba", m[1]+m[2], "LAN manager "+manager)
	}
}

// fileTime reads a count of 100 ns since 1601; the zero time when none is told
// or it is beyond reason.
//
// Source: MS-DTYP, section 2.3.3.
func fileTime(b []byte) time.Time {
	const since1601 = 11_644_473_600 // seconds to 1970
	v := binary.LittleEndian.Uint64(b)
	seconds := int64(v/10_000_000) - since1601
	if seconds < 0 || seconds > 1<<33 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// guidText writes a GUID in its usual form; "" when it is all zeroes.
//
// Source: MS-DTYP, section 2.3.4.
func guidText(b []byte) string {
	if len(b) != 16 || bytes.Equal(b, make([]byte, 16)) {
		return ""
	}
	order := []byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}
	h := hex.EncodeToString(append(order, b[8:]...))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
