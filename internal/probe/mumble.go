package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// mumbleProtocol carries voices; inside TLS, the server tells its version first.
//
// Source: Mumble protocol documentation, "Establishing a connection"; Mumble.proto.
var mumbleProtocol = Protocol{
	Name: "mumble", Transport: harrier.TCP, Ports: []uint16{64738},
	First:  true,
	Banner: func(b []byte) bool { _, ok := parseMumble(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		v, _ := parseMumble(first)
		x.s.Banner = ""
		x.fact("mumble.release", v.release)
		x.fact("os.hint", strings.TrimSpace(v.os+" "+v.osVersion))
		x.is("Mumble server", "mumble:mumble", v.version, strings.TrimSpace("version "+v.version+" "+v.release))
	},
}

// mumbleVersion is the first message.
type mumbleVersion struct{ version, release, os, osVersion string }

func parseMumble(b []byte) (mumbleVersion, bool) {
	var v mumbleVersion
	if len(b) < 8 || binary.BigEndian.Uint16(b) != 0 {
		return v, false
	}
	size := binary.BigEndian.Uint32(b[2:])
	if size > 1024 || uint64(len(b)) < 6+uint64(size) {
		return v, false
	}
	for f := range protobuf(b[6 : 6+size]) {
		switch {
		case f.number == 1 && f.text == nil && f.value > 0xffff && f.value <= 0xffffff:
			v.version = fmt.Sprintf("%d.%d.%d", f.value>>16, f.value>>8&0xff, f.value&0xff)
		case f.number == 2 && plainText(f.text):
			v.release = string(f.text)
		case f.number == 3 && plainText(f.text):
			v.os = string(f.text)
		case f.number == 4 && plainText(f.text):
			v.osVersion = string(f.text)
		case f.number == 5 && f.text == nil && f.value>>48 > 0: // four numbers of 16 bits
			v.version = fmt.Sprintf("%d.%d.%d", f.value>>48, f.value>>32&0xffff, f.value>>16&0xffff)
		default:
			return mumbleVersion{}, false
		}
	}
	return v, v.version != "" && v.release != ""
}
