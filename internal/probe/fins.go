package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

// finsProtocol is that of Omron's controllers. The question asks for a node
// number; with it the controller is asked for its data.
//
// Source: Omron W421, section 7-4 (FINS/TCP), W342, section 5-3-5 (CONTROLLER
// DATA READ 05 01).
var finsProtocol = Protocol{
	Name: "fins", Transport: harrier.TCP, Ports: []uint16{9600},
	Industrial: true,
	Hello:      func(Target) []byte { return finsFrame(0, []byte{0, 0, 0, 0}) },
	Done:       finsDone,
	Reply:      isFINS,
	Learn:      learnFINS,
}

// isFINS takes the answer that gives node numbers.
func isFINS(b []byte) bool {
	return len(b) >= 24 && bytes.HasPrefix(b, []byte("FINS")) && binary.BigEndian.Uint32(b[8:]) == 1 && int(binary.BigEndian.Uint32(b[4:])) == len(b)-8
}

func finsFrame(command uint32, body []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte("FINS"), uint32(8+len(body)))
	b = binary.BigEndian.AppendUint32(b, command)
	return append(append(b, 0, 0, 0, 0), body...)
}

func finsDone(b []byte) bool {
	return len(b) >= 8 && uint64(len(b)) >= 8+uint64(binary.BigEndian.Uint32(b[4:]))
}

func learnFINS(ctx context.Context, x *talk, _ []byte, _ bool) {
	x.fact("device.hint", "plc")
	x.fact("device.vendor", "Omron")
	x.is("Omron controller", "", "", "FINS/TCP node address")
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	b, err := w.ask(finsFrame(0, []byte{0, 0, 0, 0}), finsDone)
	if err != nil || !isFINS(b) || binary.BigEndian.Uint32(b[12:]) != 0 {
		return
	}
	client, server := b[19], b[23]
	b, err = w.ask(finsFrame(2, []byte{0x80, 0, 2, 0, server, 0, 0, client, 0, 'h', 5, 1, 0}), finsDone)
	if err != nil || len(b) < 30+40 || !bytes.Equal(b[26:30], []byte{5, 1, 0, 0}) {
		return
	}
	x.learnController(fixedText(b, 30, 20), fixedText(b, 50, 20))
}

// learnController notes what an Omron controller tells of itself.
func (x *talk) learnController(model, version string) {
	x.fact("device.model", model)
	x.fact("device.firmware", version)
	x.s.Banner = clip(model, maxBanner)
	if model != "" {
		x.is("Omron "+model, "", versionText(strings.TrimLeft(version, "Vv")), "controller data: "+model+" "+version)
	}
}

// slmpProtocol is that of Mitsubishi's controllers; the question reads the name of the type.
//
// Source: CC-Link, SLMP specification (BAP-C2006), section 7.6 "Read Type Name";
// Mitsubishi SH-080008, "3E frame".
var slmpProtocol = Protocol{
	Name: "slmp", Transport: harrier.TCP, Ports: []uint16{5007, 5006, 5002, 5010},
	Industrial: true,
	Hello:      func(Target) []byte { return octets("5000 00 ff ff03 00 0600 1000 0101 0000") },
	Done:       func(b []byte) bool { return len(b) >= 9 && len(b) >= 9+int(binary.LittleEndian.Uint16(b[7:])) },
	Reply: func(b []byte) bool {
		return len(b) >= 11 && bytes.Equal(b[:7], octets("d000 00 ff ff03 00")) && int(binary.LittleEndian.Uint16(b[7:])) == len(b)-9
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("device.hint", "plc")
		x.fact("device.vendor", "Mitsubishi Electric")
		if binary.LittleEndian.Uint16(first[9:]) == 0 {
			model := fixedText(first, 11, 16)
			x.fact("device.model", model)
			x.s.Banner = clip(model, maxBanner)
			x.is(strings.TrimSpace("Mitsubishi Electric "+model), "", "", "type name "+model)
		}
	},
}
