package probe

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// learnS7 sets up S7 communication and reads two lists of the system's state:
// the module and the component identification. Nothing is written.
//
// Source: Siemens, "System Software for S7-300/400 System and Standard
// Functions", chapter "System Status List", SZL-ID W#16#xy11 and W#16#xy1C.
func (x *talk) learnS7(w *wire) bool {
	b, err := w.ask(cotpData(octets("32 01 0000 0000 0008 0000 f0 00 0001 0001 01e0")), tpktDone)
	if err != nil || !isS7Setup(cotpBody(b)) {
		return false
	}
	if reply, err := w.ask(s7List(1, 0x0011), tpktDone); err == nil {
		x.s7Module(s7Records(cotpBody(reply), 0x0011))
	}
	if reply, err := w.ask(s7List(2, 0x001c), tpktDone); err == nil {
		x.s7Component(s7Records(cotpBody(reply), 0x001c))
	}
	x.fact("auth.required", "no")
	if x.s.Product == "" {
		x.is("Siemens S7", "", "", "S7 communication set up")
	}
	return true
}

// isS7Setup takes the answer to the setup: S7's mark, an acknowledgement with
// data, no error, the function asked for.
func isS7Setup(b []byte) bool {
	return len(b) >= 20 && b[0] == 0x32 && b[1] == 3 && binary.BigEndian.Uint16(b[10:]) == 0 && b[12] == 0xf0
}

// s7List asks for a partial list of the system's state.
func s7List(number byte, list uint16) []byte {
	b := octets("32 07 0000 0000 0008 0008 000112 04 11 44 01 00 ff 09 0004")
	b[5] = number
	return cotpData(append(binary.BigEndian.AppendUint16(b, list), 0, 0))
}

// s7Records cuts the answer to s7List into its records.
func s7Records(b []byte, list uint16) [][]byte {
	if len(b) < 10 || b[0] != 0x32 || b[1] != 7 {
		return nil
	}
	at := 10 + int(binary.BigEndian.Uint16(b[6:])) // behind the parameters
	if len(b) < at+12 {
		return nil
	}
	data := b[at:]
	size, count := int(binary.BigEndian.Uint16(data[8:])), int(binary.BigEndian.Uint16(data[10:]))
	if data[0] != 0xff || binary.BigEndian.Uint16(data[4:]) != list || size < 2 || size > 256 {
		return nil
	}
	var out [][]byte
	for rest := data[12:]; len(rest) >= size && len(out) < min(count, 50); rest = rest[size:] {
		out = append(out, rest[:size])
	}
	return out
}

// s7Module reads order number and firmware.
func (x *talk) s7Module(records [][]byte) {
	for _, r := range records {
		if len(r) < 28 {
			continue
		}
		switch order := fixedText(r, 2, 20); binary.BigEndian.Uint16(r) {
		case 1:
			x.fact("s7.module", order)
		case 6:
			x.fact("s7.hardware", order)
		case 7:
			if r[24] == 'V' {
				x.fact("device.firmware", fmt.Sprintf("%d.%d.%d", r[25], r[26], r[27]))
			}
		}
	}
	x.fact("device.vendor", "Siemens")
	if module := x.s.Fact("s7.module"); strings.HasPrefix(module, "6ES7") {
		firmware := x.s.Fact("device.firmware")
		x.is("Siemens SIMATIC S7 "+module, "", firmware, strings.TrimSpace("SZL 0x0011 "+module+" V "+firmware))
	}
}

// s7Component reads names and serial numbers.
func (x *talk) s7Component(records [][]byte) {
	keys := map[uint16]string{1: "s7.system", 2: "s7.name", 3: "s7.plant", 5: "host.serial", 7: "device.model", 11: "s7.location"}
	for _, r := range records {
		if key, known := keys[binary.BigEndian.Uint16(r)]; known {
			x.fact(key, fixedText(r, 2, min(len(r)-2, 32)))
		}
	}
	x.s.Banner = clip(x.s.Fact("device.model"), maxBanner)
}
