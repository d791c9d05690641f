package probe

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var netbiosUDP = overUDP(Protocol{
	Name:  "netbios-ns",
	Reply: func(b []byte) bool { _, ok := parseNetBIOSStatus(b); return ok },
	Learn: learnNetBIOS,
})

// netbiosNames is the table of a node.
type netbiosNames struct {
	name, group string
	mac         string // "" when it is all zero
	controller  bool   // of a domain
}

// parseNetBIOSStatus reads a node status response.
//
// Source: RFC 1002, section 4.2.18.
func parseNetBIOSStatus(b []byte) (netbiosNames, bool) {
	if len(b) < 57 || binary.BigEndian.Uint16(b) != question.ID || b[2]&0x80 == 0 || binary.BigEndian.Uint16(b[4:]) != 0 || binary.BigEndian.Uint16(b[46:]) != 0x21 {
		return netbiosNames{}, false
	}
	var n netbiosNames
	count, list := int(b[56]), b[57:]
	for ; count > 0 && len(list) >= 18; count-- {
		name := strings.TrimRight(clean(string(list[:15])), " .")
		suffix, group := list[15], list[16]&0x80 != 0
		switch {
		case suffix == 0 && !group && n.name == "":
			n.name = name
		case suffix == 0 && group && n.group == "":
			n.group = name
		case suffix == 0x1c && group:
			n.controller = true
		}
		list = list[18:]
	}
	if count == 0 && len(list) >= 6 {
		if m := list[:6]; string(m) != "\x00\x00\x00\x00\x00\x00" {
			n.mac = macText(m)
		}
	}
	return n, true
}

func learnNetBIOS(_ context.Context, x *talk, first []byte, _ bool) {
	n, _ := parseNetBIOSStatus(first)
	x.fact("smb.name", n.name)
	x.fact("smb.domain", n.group)
	x.fact("host.name", n.name)
	x.fact("host.mac", n.mac)
	if n.controller {
		x.fact("smb.role", "domain controller")
	}
	if n.mac == "" { // Samba has no hardware address to tell
		x.fact("netbios.hint", "no hardware address")
	}
}
