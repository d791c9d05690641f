package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
)

var ubiquitiUDP = overUDP(Protocol{
	Name:  "ubiquiti",
	Reply: func(b []byte) bool { return len(parseUbiquiti(b)) > 0 },
	Learn: learnUbiquiti,
})

// parseUbiquiti reads the fields of an answer to a discovery, by their numbers.
//
// Source: what devices send in versions 1 and 2 of the discovery: version,
// command, size, then type, size and value of each field.
func parseUbiquiti(b []byte) map[int][]byte {
	if len(b) < 12 || b[0] != 1 && b[0] != 2 || b[1] != 0 && b[1] != 6 && b[1] != 9 && b[1] != 11 || int(binary.BigEndian.Uint16(b[2:])) != len(b)-4 {
		return nil
	}
	out := map[int][]byte{}
	s := cursor{b: b[4:]}
	for len(s.b) > 0 {
		kind := s.u8()
		value := s.bytes(s.be16())
		if s.bad {
			return nil
		}
		if out[kind] == nil {
			out[kind] = value
		}
	}
	if len(out[1]) != 6 && len(out[2]) != 10 { // each has its hardware address
		return nil
	}
	return out
}

var ubiquitiVersion = pattern(`[.-]v(\d+\.\d+\.\d+)(?:[.+-]|$)`)

func learnUbiquiti(_ context.Context, x *talk, first []byte, _ bool) {
	f := parseUbiquiti(first)
	text := func(kinds ...int) string {
		for _, k := range kinds {
			if t := padText(f[k]); t != "" {
				return t
			}
		}
		return ""
	}
	firmware, model := text(3, 22), text(20, 21, 12)
	version := ""
	if m := ubiquitiVersion.FindStringSubmatch(firmware); m != nil {
		version = m[1]
	}
	x.is(strings.TrimSpace("Ubiquiti "+model), "", version, firmware)
	x.fact("device.firmware", firmware)
	x.fact("device.vendor", "Ubiquiti")
	x.fact("device.model", model)
	x.fact("host.name", text(11))
	mac := f[1]
	if len(mac) != 6 {
		mac = f[2][:6]
	}
	x.fact("host.mac", macText(mac))
}

var addpUDP = overUDP(Protocol{
	Name:  "addp",
	Reply: func(b []byte) bool { return len(parseADDP(b)) > 0 },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		f := parseADDP(first)
		device, firmware := padText(f[0x0d]), padText(f[0x08])
		x.is(strings.TrimSpace("Digi "+device), "", "", device)
		x.fact("device.firmware", firmware)
		x.fact("device.vendor", "Digi")
		x.fact("device.model", device)
		x.fact("host.name", padText(f[0x04]))
		x.fact("host.mac", macText(f[0x01]))
	},
})

// parseADDP reads the fields of an answer to Digi's discovery, by their numbers.
func parseADDP(b []byte) map[int][]byte {
	if len(b) < 16 || !bytes.HasPrefix(b, []byte("DIGI\x00\x02")) || int(binary.BigEndian.Uint16(b[6:])) != len(b)-8 {
		return nil
	}
	out := map[int][]byte{}
	s := cursor{b: b[8:]}
	for len(s.b) > 0 {
		kind := s.u8()
		value := s.bytes(s.u8())
		if s.bad {
			break
		}
		out[kind] = value
	}
	return out
}

// Device servers that are told by the address of their maker inside the answer:
// nothing else in it is public.
var (
	lantronixUDP = overUDP(Protocol{
		Name: "lantronix",
		Reply: func(b []byte) bool {
			return len(b) == 30 && bytes.HasPrefix(b, []byte{0, 0, 0, 0xf7}) && lantronixMAC(b) != nil
		},
		Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
			x.is("Lantronix device server", "", "", "answer to the query of its version")
			x.fact("device.vendor", "Lantronix")
			x.fact("host.mac", macText(lantronixMAC(first)))
		},
	})
	moxaUDP = overUDP(Protocol{
		Name:  "moxa",
		Reply: func(b []byte) bool { return moxaMAC(b) != nil },
		Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
			x.is("Moxa NPort", "", "", "answer to a search for device servers")
			x.fact("device.vendor", "Moxa")
			x.fact("host.mac", macText(moxaMAC(first)))
		},
	})
)

func lantronixMAC(b []byte) []byte {
	if m := b[24:30]; bytes.HasPrefix(m, []byte{0x00, 0x20, 0x4a}) || bytes.HasPrefix(m, []byte{0x00, 0x80, 0xa3}) {
		return m
	}
	return nil
}

func moxaMAC(b []byte) []byte {
	if len(b) < 20 || b[0] != 0x81 || int(binary.BigEndian.Uint16(b[2:])) != len(b) {
		return nil
	}
	if i := bytes.Index(b[8:], []byte{0x00, 0x90, 0xe8}); i >= 0 && len(b) >= 8+i+6 {
		return b[8+i : 8+i+6]
	}
	return nil
}

var crestronPattern = pattern(`([A-Z0-9][A-Z0-9-]{1,31}) \[v(\d+(?:\.\d+)+) \(([A-Za-z0-9 ]{1,24})\)(?:, #([0-9A-F]{8}))?`)

var crestronUDP = overUDP(Protocol{
	Name: "crestron",
	Reply: func(b []byte) bool {
		return len(b) > 20 && b[0] == 0x15 && b[1] == 0 && crestronPattern.Match(b[:min(len(b), 1024)])
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		m := crestronPattern.FindStringSubmatch(string(first[:min(len(first), 1024)]))
		x.is("Crestron "+m[1], "", m[2], m[0])
		x.fact("device.vendor", "Crestron")
		x.fact("device.model", m[1])
		x.fact("host.serial", m[4])
		x.fact("host.name", padText(first[10:min(len(first), 74)]))
	},
})

var vertxUDP = overUDP(Protocol{
	Name: "hid-vertx",
	Reply: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("discovered;")) && bytes.Count(b, []byte(";")) >= 8 && isPlain(b)
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		f := strings.Split(firstLine(first), ";")
		version := ""
		if dottedNumber.MatchString(f[7]) {
			version = f[7]
		}
		x.is("HID "+clip(oneLine(f[6]), 64), "", version, firstLine(first))
		x.fact("host.mac", macOf(f[2]))
		x.fact("host.name", f[3])
		x.fact("device.vendor", "HID")
		x.fact("device.model", clip(oneLine(f[6]), 64))
	},
})

var dottedNumber = pattern(`^\d{1,6}(?:\.\d{1,6}){1,4}$`)

var kasaUDP = overUDP(Protocol{
	Name:  "tplink-kasa",
	Reply: func(b []byte) bool { _, ok := parseKasa(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		info, _ := parseKasa(first)
		version, _, _ := strings.Cut(info.Software, " ")
		if !dottedNumber.MatchString(version) {
			version = ""
		}
		x.is("TP-Link "+clip(oneLine(info.Model), 64), "", version, "sw_ver "+info.Software)
		x.fact("auth.required", "no")
		x.fact("host.name", info.Alias)
		x.fact("host.serial", info.ID)
		x.fact("host.mac", macOf(info.MAC))
		x.fact("device.vendor", "TP-Link")
		x.fact("device.model", info.Model)
		x.fact("kasa.hardware", info.Hardware)
	},
})

// kasaInfo is what a smart plug or lamp tells of itself.
type kasaInfo struct {
	Model    string `json:"model"`
	Software string `json:"sw_ver"`
	Hardware string `json:"hw_ver"`
	ID       string `json:"deviceId"`
	MAC      string `json:"mac"`
	Alias    string `json:"alias"`
}

func parseKasa(b []byte) (kasaInfo, bool) {
	if len(b) < 2 || len(b) > maxReply || b[0] != '{'^171 {
		return kasaInfo{}, false
	}
	plain, mask := make([]byte, len(b)), byte(171)
	for i, c := range b {
		plain[i], mask = c^mask, c
	}
	var reply struct {
		System struct {
			Info kasaInfo `json:"get_sysinfo"`
		} `json:"system"`
	}
	err := json.Unmarshal(plain, &reply)
	return reply.System.Info, err == nil && reply.System.Info.Model != ""
}

var citrixUDP = overUDP(Protocol{
	Name: "citrix-ica", Weak: true,
	Reply: func(b []byte) bool {
		return len(b) >= 30 && int(binary.LittleEndian.Uint16(b)) == len(b) && b[3] == 0x31 && bytes.Equal(b[4:8], []byte{2, 0xfd, 0xa8, 0xe3})
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.is("Citrix ICA Browser", "", "", fmt.Sprintf("answer %x", first[:8]))
	},
})
