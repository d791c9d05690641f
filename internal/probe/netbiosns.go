package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

var netbiosUDP = Protocol{
	Name: "netbios-ns", Transport: harrier.UDP, Ports: []uint16{137},
	Common: true,
	Hello:  func(Target) []byte { return netbiosStatus() },
	Done:   func([]byte) bool { return true },
	Reply:  func(b []byte) bool { _, ok := parseNetBIOSStatus(b); return ok },
	Learn:  learnNetBIOS,
}

// netbiosStatus asks for the names of the node, whatever they are.
//
// Source: RFC 1002, section 4.2.17.
func netbiosStatus() []byte {
	b := []byte{0x68, 0x72, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	name := append([]byte{32}, "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"...)
	b = append(append(b, name...), 0)
	return append(b, 0, 0x21, 0, 1)
}

// netbiosNames is the table of a node.
type netbiosNames struct {
	name, group string
	mac         string // "" when it is all zero
}

// parseNetBIOSStatus reads a node status response.
//
// Source: RFC 1002, section 4.2.18.
func parseNetBIOSStatus(b []byte) (netbiosNames, bool) {
	if len(b) < 57 || binary.BigEndian.Uint16(b) != 0x6872 || b[2]&0x80 == 0 || binary.BigEndian.Uint16(b[4:]) != 0 || binary.BigEndian.Uint16(b[46:]) != 0x21 {
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
		}
		list = list[18:]
	}
	if count == 0 && len(list) >= 6 {
		if m := list[:6]; string(m) != "\x00\x00\x00\x00\x00\x00" {
			n.mac = fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
		}
	}
	return n, true
}

func learnNetBIOS(_ context.Context, x *talk, first []byte, _ bool) {
	n, _ := parseNetBIOSStatus(first)
	x.fact("smb.name", n.name)
	x.fact("smb.domain", n.group)
	x.fact("netbios.mac", n.mac)
	if n.mac == "" { // Samba has no hardware address to tell
		x.fact("netbios.hint", "no hardware address")
	}
}
