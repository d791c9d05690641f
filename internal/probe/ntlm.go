package probe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// ntlmNegotiate is the first message of NTLM: it asks for the target's names.
//
// Source: MS-NLMP, section 2.2.1.1.
var ntlmNegotiate = []byte("NTLMSSP\x00\x01\x00\x00\x00\x07\x82\x08\xa2\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06\x01\x00\x00\x00\x00\x00\x0f")

// ntlmInfo is what a challenge tells of the machine.
type ntlmInfo struct {
	name, domain, host, dnsDomain string // NetBIOS name and domain, DNS name and domain
	major, minor, build           int    // of the operating system; 0.0.0 when it is not told
}

// parseNTLM finds a challenge in b.
//
// Source: MS-NLMP, sections 2.2.1.2 and 2.2.2.1.
func parseNTLM(b []byte) (ntlmInfo, bool) {
	at := bytes.Index(b, []byte("NTLMSSP\x00\x02\x00\x00\x00"))
	if at < 0 || len(b[at:]) < 48 {
		return ntlmInfo{}, false
	}
	b = b[at:]
	var n ntlmInfo
	if len(b) >= 56 && binary.LittleEndian.Uint32(b[20:])&0x02000000 != 0 {
		n.major, n.minor, n.build = int(b[48]), int(b[49]), int(binary.LittleEndian.Uint16(b[50:]))
	}
	size, offset := int(binary.LittleEndian.Uint16(b[40:])), binary.LittleEndian.Uint32(b[44:])
	if uint64(offset)+uint64(size) > uint64(len(b)) {
		return n, true
	}
	for list := b[offset : int(offset)+size]; len(list) >= 4; {
		kind, length := binary.LittleEndian.Uint16(list), int(binary.LittleEndian.Uint16(list[2:]))
		if kind == 0 || len(list) < 4+length {
			break
		}
		value := utf16Text(list[4 : 4+length])
		switch kind {
		case 1:
			n.name = value
		case 2:
			n.domain = value
		case 3:
			n.host = value
		case 4:
			n.dnsDomain = value
		}
		list = list[4+length:]
	}
	return n, true
}

func utf16Text(b []byte) string {
	units := make([]uint16, 0, min(len(b)/2, 256))
	for ; len(b) >= 2 && len(units) < 256; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return clean(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
}

// windows names the version that a build number tells; "" when it is none of
// Windows.
func (n ntlmInfo) windows() string {
	if n.major == 0 || n.build == 0 {
		return ""
	}
	return fmt.Sprintf("Windows %d.%d build %d", n.major, n.minor, n.build)
}

// learnNTLM notes names and system from a challenge.
func (x *talk) learnNTLM(n ntlmInfo) {
	x.fact("smb.name", n.name)
	x.fact("smb.domain", n.domain)
	x.fact("smb.fqdn", strings.ToLower(n.host))
	x.fact("smb.dns_domain", n.dnsDomain)
	x.fact("smb.os", n.windows())
}
