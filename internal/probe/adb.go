package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

// adbProtocol is the debug bridge of Android.
//
// Source: Android Open Source Project, adb, docs/dev/protocol.md.
var adbProtocol = Protocol{
	Name: "adb", Transport: harrier.TCP, Ports: []uint16{5555},
	Hello: func(Target) []byte { return adbMessage("CNXN", 0x01000000, 4096, "host::\x00") },
	Done: func(b []byte) bool {
		return len(b) >= 24 && uint64(len(b)) >= 24+uint64(binary.LittleEndian.Uint32(b[12:]))
	},
	Reply: func(b []byte) bool { _, _, ok := parseADB(b); return ok },
	Learn: learnADB,
}

// adbMessage writes a message; the last field of its head is the command with
// every bit turned.
func adbMessage(command string, arg0, arg1 uint32, payload string) []byte {
	sum := uint32(0)
	for i := range len(payload) {
		sum += uint32(payload[i])
	}
	b := []byte(command)
	for _, v := range []uint32{arg0, arg1, uint32(len(payload)), sum, ^binary.LittleEndian.Uint32(b)} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(b, payload...)
}

// parseADB reads the answer to a connection that is not our own message come
// back.
func parseADB(b []byte) (command, payload string, ok bool) {
	if len(b) < 24 || binary.LittleEndian.Uint32(b) != ^binary.LittleEndian.Uint32(b[20:]) {
		return "", "", false
	}
	command = string(b[:4])
	size := binary.LittleEndian.Uint32(b[12:])
	if uint64(size) > uint64(len(b)-24) {
		return "", "", false
	}
	payload = string(b[24 : 24+size])
	switch command {
	case "CNXN":
		return command, payload, strings.Contains(payload, "::") && !strings.HasPrefix(payload, "host:")
	case "AUTH", "STLS":
		return command, payload, true
	}
	return "", "", false
}

func learnADB(_ context.Context, x *talk, first []byte, _ bool) {
	command, payload, _ := parseADB(first)
	x.is("Android Debug Bridge", "", "", command+" "+payload)
	x.fact("os.hint", "Android")
	if command != "CNXN" {
		x.s.Evidence = command
		x.fact("auth.required", "yes")
		return
	}
	x.fact("auth.required", "no")
	x.s.Banner = printable(bytes.TrimRight([]byte(payload), "\x00"))
	state, properties, _ := strings.Cut(strings.TrimRight(payload, "\x00"), "::")
	x.fact("adb.state", state)
	for property := range strings.SplitSeq(properties, ";") {
		name, value, _ := strings.Cut(property, "=")
		switch name {
		case "ro.product.name":
			x.fact("adb.product", value)
		case "ro.product.model":
			x.fact("device.model", value)
		case "ro.product.device":
			x.fact("adb.device", value)
		case "features":
			x.fact("adb.features", value)
		}
	}
}
