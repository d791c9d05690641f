package probe

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

// isotsapProtocol is the transport of ISO over TCP, as controllers of Siemens
// (S7) and substations (MMS) speak it. The question opens a connection to the
// place of a controller's processor; what is spoken there is asked next.
//
// Source: RFC 1006, section 6; ITU-T X.224, sections 13.3 and 13.4.
var isotsapProtocol = Protocol{
	Name: "iso-tsap", Transport: harrier.TCP, Ports: []uint16{102},
	Industrial: true,
	Hello:      func(Target) []byte { return cotpConnect(0x0102) },
	Done:       tpktDone,
	Reply:      isCOTPConfirm,
	Learn:      learnISO,
}

// cotpReference is our end of the connection; the answer repeats it.
const cotpReference = 0x6872

// cotpConnect asks for a connection to a TSAP: for S7, the kind of connection,
// and rack and slot of the processor.
func cotpConnect(tsap uint16) []byte {
	b := octets("03 00 0016 11 e0 0000 6872 00 c0 01 0a c1 02 0100 c2 02")
	return binary.BigEndian.AppendUint16(b, tsap)
}

// tpktDone reports that a packet is complete.
func tpktDone(b []byte) bool {
	return len(b) >= 4 && (b[0] != 3 || len(b) >= int(binary.BigEndian.Uint16(b[2:])))
}

// isCOTPConfirm takes the confirmation of our connection, or its refusal.
func isCOTPConfirm(b []byte) bool {
	return len(b) >= 11 && b[0] == 3 && b[1] == 0 && int(binary.BigEndian.Uint16(b[2:])) == len(b) && int(b[4]) == len(b)-5 &&
		(b[5] == 0xd0 || b[5] == 0x80) && binary.BigEndian.Uint16(b[6:]) == cotpReference
}

// cotpData puts what is said over a connection into a packet.
func cotpData(b []byte) []byte {
	return append([]byte{3, 0, byte((len(b) + 7) >> 8), byte(len(b) + 7), 2, 0xf0, 0x80}, b...)
}

// cotpBody is what one packet of data carries; nil when it is none.
func cotpBody(b []byte) []byte {
	if len(b) < 8 || b[0] != 3 || int(binary.BigEndian.Uint16(b[2:])) != len(b) || !bytes.Equal(b[4:7], []byte{2, 0xf0, 0x80}) {
		return nil
	}
	return b[7:]
}

// learnISO asks for S7, at the place where a small processor sits if there is
// none where that of a large one does, and then for MMS.
func learnISO(ctx context.Context, x *talk, first []byte, _ bool) {
	x.fact("device.hint", "plc")
	for _, tsap := range []uint16{0x0102, 0x0100} {
		if tsap == 0x0102 && first[5] == 0x80 {
			continue // refused already
		}
		if x.overCOTP(ctx, tsap, x.learnS7) {
			x.s.Name = "s7"
			return
		}
	}
	if x.overCOTP(ctx, 1, x.learnMMS) {
		x.s.Name = "mms"
	}
}

// overCOTP opens a connection to a TSAP for a conversation, and tells what it
// brought.
func (x *talk) overCOTP(ctx context.Context, tsap uint16, with func(*wire) bool) bool {
	w, err := x.open(ctx)
	if err != nil {
		return false
	}
	defer w.Close()
	b, err := w.ask(cotpConnect(tsap), tpktDone)
	return err == nil && isCOTPConfirm(b) && b[5] == 0xd0 && with(w)
}
