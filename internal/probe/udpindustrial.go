package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

// Machines over UDP: asked only where the policy allows it, and then only for
// what they are.

var bacnetUDP = overUDP(Protocol{
	Name:  "bacnet",
	Reply: func(b []byte) bool { return bacnetAPDU(b) != nil },
	Learn: learnBACnet,
})

// bacnetAPDU returns what the application layer of a device answers to our
// invocation; nil when it is no answer.
//
// Source: ASHRAE 135, annex J.2 and clauses 6.2 and 20.1.
func bacnetAPDU(b []byte) []byte {
	s := cursor{b: b}
	kind, function, size := s.u8(), s.u8(), s.be16()
	version, control := s.u8(), s.u8()
	if s.bad || kind != 0x81 || function != 0x0a || size != len(b) || version != 1 || control&0x80 != 0 {
		return nil
	}
	if control&0x20 != 0 { // to a network
		s.skip(2)
		s.skip(s.u8())
	}
	if control&0x08 != 0 { // from one
		s.skip(2)
		s.skip(s.u8())
	}
	if control&0x20 != 0 {
		s.skip(1) // hops
	}
	if s.bad || len(s.b) < 3 || s.b[1] != 1 && s.b[1] != 2 {
		return nil
	}
	switch s.b[0] >> 4 {
	case 3, 5, 6, 7: // an answer, an error, a rejection, an abort
		return s.b
	}
	return nil
}

// bacnetProperties are what a device is asked for, with their facts.
//
// Source: ASHRAE 135, clauses 12.11 and 21, BACnetPropertyIdentifier.
var bacnetProperties = []struct {
	id   byte
	fact string
}{{77, "host.name"}, {121, "device.vendor"}, {70, "device.model"}, {44, "device.firmware"}, {12, "bacnet.software"}, {58, "bacnet.location"}, {28, "bacnet.description"}}

// bacnetRead asks for all of them at once, of the device that anybody takes
// itself for.
//
// Source: ASHRAE 135, clause 15.7.
func bacnetRead() []byte {
	b := []byte{0x81, 0x0a, 0, 0, 1, 4, 2, 4, 2, 0x0e, 0x0c, 0x02, 0x3f, 0xff, 0xff, 0x1e}
	for _, p := range bacnetProperties {
		b = append(b, 0x09, p.id)
	}
	b = append(b, 0x1f)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

func learnBACnet(ctx context.Context, x *talk, first []byte, _ bool) {
	x.fact("device.hint", "ics")
	apdu := bacnetAPDU(first)
	if apdu[0]>>4 == 3 && apdu[2] == 12 {
		x.fact("host.name", bacnetValue(apdu[3:], 77))
	}
	apdu = bacnetAPDU(x.further(ctx, bacnetRead()))
	if apdu == nil || apdu[0]>>4 != 3 || apdu[2] != 14 {
		return
	}
	if len(apdu) >= 8 && apdu[3] == 0x0c {
		x.fact("bacnet.instance", itoa(int(binary.BigEndian.Uint32(apdu[4:])&0x3fffff)))
	}
	for _, p := range bacnetProperties {
		x.fact(p.fact, bacnetValue(apdu[3:], p.id))
	}
	vendor, model, firmware := x.s.Fact("device.vendor"), x.s.Fact("device.model"), x.s.Fact("device.firmware")
	if model != "" {
		x.is(clip(oneLine(vendor+" "+model), 128), "", clip(oneLine(firmware), 64), oneLine("model "+model+", firmware "+firmware))
	}
}

// bacnetValue finds the text of a property in the list of an answer: its number
// under tag 1 or 2, then the value under tag 3 or 4, a string in ASCII or UTF-8.
func bacnetValue(b []byte, property byte) string {
	for i := 0; i+4 < len(b); i++ {
		if (b[i] != 0x19 || b[i+2] != 0x3e) && (b[i] != 0x29 || b[i+2] != 0x4e) || b[i+1] != property {
			continue
		}
		s := cursor{b: b[i+3:]}
		tag := s.u8()
		n := tag & 7
		if n == 5 {
			if n = s.u8(); n == 254 {
				n = s.be16()
			}
		}
		coding, text := s.u8(), s.bytes(n-1)
		if s.bad || tag>>4 != 7 || coding != 0 {
			return ""
		}
		return padText(text)
	}
	return ""
}

var knxUDP = overUDP(Protocol{
	Name: "knxnet-ip",
	Reply: func(b []byte) bool {
		return len(b) >= 60 && bytes.HasPrefix(b, []byte{6, 0x10, 2, 4}) && int(binary.BigEndian.Uint16(b[4:])) == len(b) && b[6] == 54 && b[7] == 1
	},
	// Source: EN 13321-2, device information.
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		d := first[8:60]
		name := padText(d[22:52])
		x.is("KNXnet/IP device", "", "", name)
		x.fact("knx.name", name)
		x.fact("knx.address", fmt.Sprintf("%d.%d.%d", d[2]>>4, d[2]&15, d[3]))
		x.fact("host.serial", fmt.Sprintf("%x", d[6:12]))
		x.fact("host.mac", macText(d[16:22]))
		x.fact("device.hint", "ics")
		x.fact("device.model", name)
	},
})

var enipUDP = overUDP(Protocol{
	Name:  "ethernet-ip",
	Reply: func(b []byte) bool { d, ok := parseENIP(b); return ok && d.name != "" },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		d, _ := parseENIP(first)
		x.learnENIP(d)
	},
})

var modbusUDP = overUDP(Protocol{
	Name: "modbus",
	Reply: func(b []byte) bool {
		return len(b) >= 9 && bytes.HasPrefix(b, []byte{0x48, 0x52, 0, 0}) && int(binary.BigEndian.Uint16(b[4:])) == len(b)-6 && (b[7] == 0xab && len(b) == 9 || b[7] == 0x2b && len(b) >= 14)
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		m, _ := parseModbusBody(first[7:])
		x.learnModbus(m)
	},
})

var dnp3UDP = overUDP(Protocol{
	Name: "dnp3",
	// The state of a link, from an outstation, with the checksum over its header.
	Reply: func(b []byte) bool {
		return len(b) >= 10 && b[0] == 5 && b[1] == 0x64 && b[2] >= 5 && b[3]&0x80 == 0 && binary.LittleEndian.Uint16(b[8:]) == question.DNP3Sum(b[:8])
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("dnp3.address", itoa(int(binary.LittleEndian.Uint16(first[6:]))))
		x.fact("device.hint", "ics")
	},
})

var finsUDP = overUDP(Protocol{
	Name: "fins",
	Reply: func(b []byte) bool {
		return len(b) >= 14 && b[0]&0xc0 == 0xc0 && b[1] == 0 && b[9] == 0xef && b[10] == 5 && b[11] == 1
	},
	// Source: Omron's FINS commands, controller data read.
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("device.hint", "plc")
		x.fact("device.vendor", "Omron")
		if len(first) < 54 || first[12] != 0 {
			return
		}
		x.learnController(fixedText(first, 14, 20), fixedText(first, 34, 20))
	},
})

var hartUDP = overUDP(Protocol{
	Name: "hart-ip",
	Reply: func(b []byte) bool {
		return len(b) >= 8 && (b[0] == 1 || b[0] == 2) && b[1] == 1 && b[2] == 0 && binary.BigEndian.Uint16(b[4:]) == 2 && int(binary.BigEndian.Uint16(b[6:])) == len(b)
	},
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) { x.fact("device.hint", "ics") },
})
