package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The databases of this file tell all in one answer.

var rethinkdbProtocol = Protocol{
	Name: "rethinkdb", Transport: harrier.TCP, Ports: []uint16{28015},
	// The magic number of version 1.0 of the protocol.
	Hello:  func(Target) []byte { return []byte{0xc3, 0xbd, 0xc2, 0x34} },
	Done:   func(b []byte) bool { return bytes.HasSuffix(b, []byte{0}) || isRethinkRefusal(b) },
	Reply:  func(b []byte) bool { return rethinkVersion(b) != "" || isRethinkRefusal(b) },
	Banner: isRethinkRefusal,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		v := rethinkVersion(first)
		x.is("RethinkDB", "rethinkdb:rethinkdb", v, firstLine(first))
	},
}

func isRethinkRefusal(b []byte) bool {
	return bytes.HasPrefix(b, []byte("ERROR: ")) && bytes.Contains(b, []byte("This port is for RethinkDB queries"))
}

// rethinkVersion reads the version of the first answer of a handshake.
//
// Source: RethinkDB documentation, "Writing RethinkDB drivers", handshake.
func rethinkVersion(b []byte) string {
	var reply struct {
		Success bool   `json:"success"`
		Version string `json:"server_version"`
		Max     *int   `json:"max_protocol_version"`
	}
	text, _, _ := bytes.Cut(b, []byte{0})
	if json.Unmarshal(text, &reply) != nil || !reply.Success || reply.Max == nil {
		return ""
	}
	return versionText(reply.Version)
}

var aerospikeProtocol = Protocol{
	Name: "aerospike", Transport: harrier.TCP, Ports: []uint16{3000, 3003},
	Hello: func(Target) []byte { return aerospikeInfo("build\nedition\nnode\ncluster-name\n") },
	Done:  func(b []byte) bool { return len(b) >= 8 && uint64(len(b)) >= 8+uint64(binary.BigEndian.Uint32(b[4:])) },
	Reply: func(b []byte) bool { return len(aerospikeFields(b)) > 0 },
	Learn: learnAerospike,
}

// aerospikeInfo asks for named values by the information protocol: version 2,
// type 1, and the length in six bytes.
//
// Source: Aerospike documentation, "Wire protocol", info message.
func aerospikeInfo(names string) []byte {
	return append([]byte{2, 1, 0, 0, 0, 0, 0, byte(len(names))}, names...)
}

// aerospikeFields reads "name<tab>value" lines; a refusal is under the name "".
func aerospikeFields(b []byte) map[string]string {
	if len(b) < 9 || !bytes.HasPrefix(b, []byte{2, 1, 0, 0}) {
		return nil
	}
	out := map[string]string{}
	for line := range strings.SplitSeq(string(b[8:]), "\n") {
		name, value, found := strings.Cut(line, "\t")
		if found && len(out) < 64 {
			out[name] = value
		} else if strings.HasPrefix(line, "ERROR:") {
			out[""] = line
		}
	}
	return out
}

func learnAerospike(_ context.Context, x *talk, first []byte, _ bool) {
	f := aerospikeFields(first)
	build := versionText(f["build"])
	x.is("Aerospike", "aerospike:aerospike_server", build, "build "+build+" "+f["edition"])
	x.fact("aerospike.edition", f["edition"])
	x.fact("aerospike.node", f["node"])
	if name := f["cluster-name"]; name != "null" && !strings.HasPrefix(name, "ERROR") {
		x.fact("aerospike.cluster", name)
	}
	x.fact("auth.required", yesNo(strings.Contains(f[""]+f["build"], "not authenticated")))
	if x.s.Version == "" {
		x.s.Evidence = clip(oneLine(f[""]+f["build"]), maxEvidence)
	}
}

var tarantoolProtocol = Protocol{
	Name: "tarantool", Transport: harrier.TCP, Ports: []uint16{3301, 3302, 3303},
	First:  true,
	Banner: tarantoolGreeting.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		m := tarantoolGreeting.FindSubmatch(first)
		if m == nil {
			return
		}
		x.s.Banner = printable([]byte(firstLine(first)))
		x.is("Tarantool", "", string(m[1]), firstLine(first))
		x.fact("tarantool.interface", string(m[2]))
		x.fact("tarantool.uuid", string(m[3]))
	},
}

// Source: Tarantool documentation, "Binary protocol", greeting packet.
var tarantoolGreeting = pattern(`^Tarantool (\d+\.\d+\.\d+)[0-9A-Za-z.+-]{0,40} \((Binary|Lua console)\)(?: ([0-9a-f-]{36}))?\s`)

var mysqlxProtocol = Protocol{
	Name: "mysqlx", Transport: harrier.TCP, Ports: []uint16{33060, 33062},
	First:  true,
	Hello:  func(Target) []byte { return []byte{1, 0, 0, 0, 1} }, // CON_CAPABILITIES_GET
	Done:   func(b []byte) bool { return mysqlxCapabilities(b) != nil },
	Reply:  func(b []byte) bool { return len(mysqlxCapabilities(b)) > 0 },
	Banner: func(b []byte) bool { return string(b) == mysqlxNotice },
	Learn: func(ctx context.Context, x *talk, first []byte, asked bool) {
		x.s.Product = "MySQL X Plugin"
		names := mysqlxCapabilities(first)
		if !asked {
			b, err := x.ask(ctx, []byte{1, 0, 0, 0, 1}, func(b []byte) bool { return mysqlxCapabilities(b) != nil })
			if err != nil {
				return
			}
			names = mysqlxCapabilities(b)
		}
		x.fact("mysqlx.capabilities", strings.Join(names, ","))
	},
}

// mysqlxNotice is how a server of 8.0 greets: a notice of the kind "server hello".
//
// Source: MySQL X protocol, "Notices".
const mysqlxNotice = "\x05\x00\x00\x00\x0b\x08\x05\x1a\x00"

// mysqlxCapabilities reads the names of capabilities; notices before them are
// left out. Nil: there are none yet.
//
// Source: mysqlx_connection.proto, Capabilities.
func mysqlxCapabilities(b []byte) []string {
	for c := (cursor{b: b}); len(c.b) >= 5; {
		n := c.size(binary.LittleEndian)
		kind := c.u8()
		body := cursor{b: c.bytes(n - 1)}
		if c.bad {
			break
		}
		if kind != 2 {
			continue
		}
		names := []string{}
		for len(body.b) > 0 && body.u8() == 0x0a && len(names) < 64 { // repeated Capability
			one := cursor{b: body.varbytes()}
			if one.u8() != 0x0a { // its name
				break
			}
			if name := string(one.varbytes()); !one.bad {
				names = append(names, name)
			}
		}
		return names
	}
	return nil
}
