package probe

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// enipProtocol asks a device of EtherNet/IP who it is, without a session.
//
// Source: The CIP Networks Library, volume 2, sections 2-3.1 and 2-4.2 (ListIdentity).
var enipProtocol = Protocol{
	Name: "ethernet-ip", Transport: harrier.TCP, Ports: []uint16{44818},
	Industrial: true,
	Hello: func(Target) []byte {
		return octets("6300 0000 00000000 00000000 6861727269657200 00000000")
	},
	Done:  func(b []byte) bool { return len(b) >= 4 && len(b) >= 24+int(binary.LittleEndian.Uint16(b[2:])) },
	Reply: func(b []byte) bool { _, ok := parseENIP(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		d, _ := parseENIP(first)
		x.learnENIP(d)
	},
}

// learnENIP notes an identity, however it was asked for.
func (x *talk) learnENIP(d enipDevice) {
	x.fact("device.vendor", enipVendor(d.vendor))
	x.fact("enip.vendor_id", itoa(d.vendor))
	x.fact("enip.type", enipType(d.kind))
	x.fact("device.model", d.name)
	x.fact("enip.product_code", itoa(d.code))
	x.fact("device.firmware", d.revision)
	x.fact("host.serial", fmt.Sprintf("enip-%d-%08x", d.vendor, d.serial))
	if x.fact("device.hint", "ics"); d.kind == 0x0c || d.kind == 0x0e { // adapters sit beside the controller
		x.fact("device.hint", "plc")
	}
	x.s.Banner = clip(d.name, maxBanner)
	product := d.name
	if v := enipVendor(d.vendor); v != "" {
		product = v + " " + d.name
	}
	x.is(product, "", d.revision, fmt.Sprintf("identity of vendor %d: %s, revision %s", d.vendor, d.name, d.revision))
}

// enipDevice is what a device tells of itself.
type enipDevice struct {
	vendor, kind, code int
	revision, name     string
	serial             uint32
}

func parseENIP(b []byte) (enipDevice, bool) {
	if len(b) < 24+2+4+33 || binary.LittleEndian.Uint16(b) != 0x63 || int(binary.LittleEndian.Uint16(b[2:])) != len(b)-24 || binary.LittleEndian.Uint32(b[8:]) != 0 {
		return enipDevice{}, false
	}
	item := b[26:]
	size := int(binary.LittleEndian.Uint16(item[2:]))
	if binary.LittleEndian.Uint16(b[24:]) < 1 || binary.LittleEndian.Uint16(item) != 0x0c || len(item) < 4+size || size < 33 {
		return enipDevice{}, false
	}
	id := item[4 : 4+size]
	if binary.LittleEndian.Uint16(id) != 1 { // version of the encapsulation
		return enipDevice{}, false
	}
	n := int(id[32])
	if len(id) < 33+n {
		return enipDevice{}, false
	}
	return enipDevice{
		vendor: int(binary.LittleEndian.Uint16(id[18:])), kind: int(binary.LittleEndian.Uint16(id[20:])), code: int(binary.LittleEndian.Uint16(id[22:])),
		revision: fmt.Sprintf("%d.%d", id[24], id[25]), serial: binary.LittleEndian.Uint32(id[28:]), name: fixedText(id, 33, n),
	}, true
}

// enipVendor names the vendors that are met most, by their numbers at ODVA.
func enipVendor(id int) string {
	return map[int]string{
		1: "Rockwell Automation", 26: "Festo", 40: "WAGO", 47: "Omron", 90: "HMS Industrial Networks", 243: "Schneider Electric", 283: "Hilscher", 808: "SICK",
	}[id]
}

// enipType names the kinds of devices that matter.
//
// Source: The CIP Networks Library, volume 1, section 6-7.
func enipType(kind int) string {
	if name := map[int]string{
		0x02: "AC drive", 0x07: "discrete I/O", 0x0c: "communications adapter", 0x0e: "programmable logic controller", 0x13: "DC drive",
		0x18: "human-machine interface", 0x22: "encoder", 0x25: "CIP motion drive", 0x2c: "managed switch",
	}[kind]; name != "" {
		return name
	}
	return fmt.Sprintf("0x%02x", kind)
}
