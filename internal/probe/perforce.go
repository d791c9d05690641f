package probe

import (
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

var perforceProtocol = Protocol{
	Name: "perforce", Transport: harrier.TCP, Ports: []uint16{1666},
	Hello: func(Target) []byte { return perforceInfo },
	Done: func(b []byte) bool {
		return perforceFields(b)["serverVersion"] != "" || perforceFields(b)["func"] == "release"
	},
	Reply: func(b []byte) bool { f := perforceFields(b); return f["func"] != "" },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		f := perforceFields(first)
		x.is("Perforce Helix Core", "perforce:helix_core", "", "protocol server2="+f["server2"])
		x.fact("perforce.server", f["serverVersion"])
		x.fact("perforce.address", f["serverAddress"])
		x.fact("perforce.root", f["serverRoot"])
		x.fact("perforce.id", f["ServerID"])
		if m := perforceVersion.FindStringSubmatch(f["serverVersion"]); m != nil {
			x.is("Perforce Helix Core", "perforce:helix_core", m[2]+"."+m[3], f["serverVersion"])
			x.fact("os.hint", m[1])
		}
	},
}

// perforceVersion reads "P4D/platform/release/change (date)".
var perforceVersion = pattern(`^P4D/([A-Z]+)[0-9A-Z_.-]*/(\d{4}\.\d)(?:\.[A-Z-]+)?/(\d{4,9}) `)

// perforceInfo agrees on a protocol and asks for what "p4 info" shows.
//
// Source: Perforce, p4java's RpcPacket and RpcPacketField.
var perforceInfo = append(
	perforceMessage("client", "60", "api", "99999", "enableStreams", "", "func", "protocol"),
	perforceMessage("tag", "", "client", "harrier", "cwd", "/", "host", "harrier", "os", "UNIX", "user", "harrier", "func", "user-info")...,
)

// perforceMessage writes pairs, each of them a name, a length and a value.
func perforceMessage(pairs ...string) []byte {
	var body []byte
	for i := 0; i+1 < len(pairs); i += 2 {
		body = append(append(body, pairs[i]...), 0)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(pairs[i+1])))
		body = append(append(body, pairs[i+1]...), 0)
	}
	n := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	return append(append([]byte{n[0] ^ n[1] ^ n[2] ^ n[3]}, n...), body...)
}

// perforceFields reads the pairs of all messages in b; the first value of a name
// counts, but for "func", of which the last does. Nil: b is something else.
func perforceFields(b []byte) map[string]string {
	out := map[string]string{}
	for c := (cursor{b: b}); len(c.b) > 0; {
		head := c.bytes(5)
		if c.bad || head[0] != head[1]^head[2]^head[3]^head[4] {
			break
		}
		n := binary.LittleEndian.Uint32(head[1:])
		if n < 11 || n > maxReply { // shorter than any with a function
			break
		}
		body := cursor{b: c.bytes(int(n))}
		for len(body.b) > 0 && len(out) < 200 {
			name := body.zeroed()
			value := body.bytes(body.size(binary.LittleEndian))
			if end := body.bytes(1); body.bad || end[0] != 0 {
				break
			}
			if _, known := out[name]; !known || name == "func" {
				out[name] = string(value)
			}
		}
	}
	return out
}
