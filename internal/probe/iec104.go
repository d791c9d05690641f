package probe

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

// iec104Protocol joins control centres and substations. The question is the
// test of the line, which stands outside of any data transfer.
//
// Source: IEC 60870-5-104, sections 5.1 and 5.2 (TESTFR act and con).
var iec104Protocol = Protocol{
	Name: "iec-104", Transport: harrier.TCP, Ports: []uint16{2404},
	Industrial: true,
	Hello:      func(Target) []byte { return octets("68 04 43 00 00 00") },
	Done:       func(b []byte) bool { return len(b) >= 6 },
	Reply:      func(b []byte) bool { return bytes.Equal(b, octets("68 04 83 00 00 00")) },
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.fact("device.hint", "ics")
		x.fact("auth.required", "no")
	},
}

// dnp3Protocol joins control centres and substations, too. The question is for
// the state of the link, to the outstation with address 1; others are silent.
//
// Source: IEEE 1815-2012, section 9.2.4 (link layer frames).
var dnp3Protocol = Protocol{
	Name: "dnp3", Transport: harrier.TCP, Ports: []uint16{20000, 19999},
	Industrial: true,
	Hello:      func(Target) []byte { return dnp3Frame(0xc9, 1, 0) },
	Done:       func(b []byte) bool { return len(b) >= 10 },
	Reply: func(b []byte) bool {
		return len(b) >= 10 && bytes.Equal(b[:10], dnp3Frame(b[3], binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]))) && b[3]&0x40 == 0
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("dnp3.address", itoa(int(binary.LittleEndian.Uint16(first[6:]))))
		x.fact("device.hint", "ics")
	},
}

// dnp3Frame is a frame without data.
func dnp3Frame(control byte, to, from uint16) []byte {
	b := []byte{5, 0x64, 5, control}
	b = binary.LittleEndian.AppendUint16(b, to)
	b = binary.LittleEndian.AppendUint16(b, from)
	return binary.LittleEndian.AppendUint16(b, dnp3Sum(b))
}

// dnp3Sum is the check sum of a block: polynomial 0x3d65, from the lowest bit,
// turned at the end.
func dnp3Sum(b []byte) uint16 {
	var sum uint16
	for _, c := range b {
		sum ^= uint16(c)
		for range 8 {
			if sum&1 == 1 {
				sum = sum>>1 ^ 0xa6bc
			} else {
				sum >>= 1
			}
		}
	}
	return ^sum
}
