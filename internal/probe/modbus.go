package probe

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

// modbusProtocol asks a device for the basic part of its identification. The
// unit is 255, which means the device itself and which a gateway does not send
// on to the machines behind it, as it would do with 0.
//
// Source: MODBUS Application Protocol 1.1b3, section 6.21 (43/14 Read Device
// Identification); MODBUS Messaging on TCP/IP 1.0b, section 3.1.3 and 4.4.2.1.
var modbusProtocol = Protocol{
	Name: "modbus", Transport: harrier.TCP, Ports: []uint16{502, 503, 802},
	Industrial: true,
	Hello:      func(Target) []byte { return octets("6872 0000 0005 ff 2b 0e 01 00") },
	Done:       func(b []byte) bool { return len(b) >= 6 && len(b) >= 6+int(binary.BigEndian.Uint16(b[4:])) },
	Reply:      func(b []byte) bool { _, ok := parseModbus(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		m, _ := parseModbus(first)
		x.learnModbus(m)
	},
}

// learnModbus notes an identification, however it was asked for.
func (x *talk) learnModbus(m modbusID) {
	x.fact("device.hint", "plc")
	x.fact("auth.required", "no")
	if m.exception != 0 {
		x.fact("modbus.exception", itoa(m.exception))
		return
	}
	keys := []string{"device.vendor", "modbus.product", "device.firmware", "modbus.url", "modbus.name", "device.model", "modbus.application"}
	for i, key := range keys {
		x.fact(key, m.objects[byte(i)])
	}
	if m.objects[5] == "" {
		x.fact("device.model", m.objects[1])
	}
	x.s.Banner = clip(oneLine(m.objects[0]+" "+m.objects[1]+" "+m.objects[2]), maxBanner)
	if m.objects[0] != "" && m.objects[1] != "" {
		x.is(m.objects[0]+" "+m.objects[1], "", versionText(strings.TrimLeft(m.objects[2], "vV")), x.s.Banner)
	}
}

// modbusID is the answer: objects of the identification, or why there are none.
type modbusID struct {
	exception int
	objects   map[byte]string
}

func parseModbus(b []byte) (modbusID, bool) {
	if len(b) < 9 || binary.BigEndian.Uint32(b) != 0x68720000 || int(binary.BigEndian.Uint16(b[4:])) != len(b)-6 || b[6] != 0xff {
		return modbusID{}, false
	}
	return parseModbusBody(b[7:])
}

// parseModbusBody reads the answer behind the unit's number.
func parseModbusBody(body []byte) (modbusID, bool) {
	switch {
	case body[0] == 0x80|0x2b && len(body) == 2 && body[1] >= 1 && body[1] <= 11:
		return modbusID{exception: int(body[1])}, true
	case body[0] == 0x2b && len(body) >= 7 && body[1] == 0x0e && body[2] == 1:
		m := modbusID{objects: map[byte]string{}}
		list := body[7:]
		for range int(body[6]) {
			if len(list) < 2 || len(list) < 2+int(list[1]) {
				break
			}
			m.objects[list[0]] = fixedText(list, 2, int(list[1]))
			list = list[2+int(list[1]):]
		}
		return m, true
	}
	return modbusID{}, false
}
