package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

// castProtocol steers Chromecasts and their kin, inside TLS. The question is a
// heartbeat, which the device returns.
//
// Source: Chromium, components/media_router/common/providers/cast/channel, cast_channel.proto.
var castProtocol = Protocol{
	Name: "castv2", Transport: harrier.TCP, Ports: []uint16{8009},
	Hello: func(Target) []byte {
		return castMessage("urn:x-cast:com.google.cast.tp.heartbeat", `{"type":"PING"}`)
	},
	Done:  sized(binary.BigEndian, 4),
	Reply: isCast,
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("Google Cast device", "", "", "heartbeat of urn:x-cast:com.google.cast.tp.heartbeat")
		x.fact("device.hint", "media")
	},
}

func castMessage(namespace, payload string) []byte {
	b := []byte{8, 0} // protocol version
	for number, text := range []string{2: "sender-0", 3: "receiver-0", 4: namespace} {
		if text != "" {
			b = append(append(b, byte(number<<3|2), byte(len(text))), text...)
		}
	}
	b = append(b, 0x28, 0) // the payload is text
	b = append(append(b, 0x32, byte(len(payload))), payload...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// isCast takes a message to us in a namespace of Cast, and not our own come back.
func isCast(b []byte) bool {
	if len(b) < 20 {
		return false
	}
	size := binary.BigEndian.Uint32(b)
	if uint64(size) > uint64(len(b)-4) {
		return false
	}
	namespace, source := "", []byte(nil)
	for f := range protobuf(b[4 : 4+size]) {
		switch f.number {
		case 0:
			return false
		case 2:
			source = f.text
		case 4:
			namespace = string(f.text)
		}
	}
	return strings.HasPrefix(namespace, "urn:x-cast:com.google.cast.") && !bytes.Equal(source, []byte("sender-0"))
}
