package probe

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

// The protocols of this file are one small binary question and its answer.

var cassandraProtocol = Protocol{
	Name: "cassandra", Transport: harrier.TCP, Ports: []uint16{9042, 9142},
	Common: true,
	Hello:  func(Target) []byte { return cqlFrame(5, nil) }, // OPTIONS
	Done:   cqlDone,
	Reply: func(b []byte) bool {
		return len(b) >= 9 && b[0] == 0x84 && (b[4] == 6 || b[4] == 0) && bytes.Contains(b, []byte("CQL_VERSION"))
	},
	Learn: learnCassandra,
}

func cqlFrame(opcode byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{4, 0, 0, 1, opcode}, uint32(len(body))), body...)
}

func cqlDone(b []byte) bool {
	return len(b) >= 9 && uint64(len(b)) >= 9+uint64(binary.BigEndian.Uint32(b[5:]))
}

// learnCassandra starts a session, which a server without sign-in allows, and
// asks for the release.
//
// Source: CQL binary protocol, version 4, sections 4.1.1 and 4.1.4.
func learnCassandra(ctx context.Context, x *talk, first []byte, _ bool) {
	scylla := bytes.Contains(first, []byte("SCYLLA_")) // its own options beside the usual ones
	if scylla {
		x.is("ScyllaDB", "scylladb:scylla", "", "SUPPORTED has SCYLLA_ options")
	}
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	reply, err := w.ask(cqlFrame(1, []byte("\x00\x01\x00\x0bCQL_VERSION\x00\x053.0.0")), cqlDone)
	if err != nil || len(reply) < 9 {
		return
	}
	switch reply[4] {
	case 3: // AUTHENTICATE
		x.fact("auth.required", "yes")
		return
	case 2: // READY
		x.fact("auth.required", "no")
	default:
		return
	}
	query := "SELECT release_version FROM system.local"
	if scylla { // whose release is that of the Cassandra that it stands for
		query = "SELECT version FROM system.versions WHERE key='local'"
	}
	body := append(binary.BigEndian.AppendUint32(nil, uint32(len(query))), query...)
	reply, err = w.ask(cqlFrame(7, append(body, 0, 1, 0)), cqlDone)
	if err != nil || len(reply) < 9 || reply[4] != 8 {
		return
	}
	switch v := versionText(lastCQLText(reply[9:])); {
	case v == "":
	case scylla:
		if m := scyllaVersion.FindStringSubmatch(v); m != nil {
			x.is("ScyllaDB", "scylladb:scylla", m[1], "system.versions "+v)
		}
	case dseVersion.MatchString(v): // that of its Cassandra, with a part of its own
		x.is("DataStax Enterprise", "datastax:enterprise", "", "release_version "+v)
	default:
		x.is("Apache Cassandra", "apache:cassandra", v, "release_version "+v)
	}
}

var (
	scyllaVersion = pattern(`^(\d+\.\d+\.\d+)(?:-\d+\.\d{8}\.[0-9a-f]+)?$`)
	dseVersion    = pattern(`^\d+\.\d+\.\d+\.\d+$`)
)

// lastCQLText is the only value of the only row of a result: the text at its
// end, with its length in front of it.
func lastCQLText(b []byte) string {
	for n := 1; n <= 32 && len(b) >= n+4; n++ {
		if binary.BigEndian.Uint32(b[len(b)-n-4:]) == uint32(n) {
			return string(b[len(b)-n:])
		}
	}
	return ""
}

var socksProtocol = Protocol{
	Name: "socks", Transport: harrier.TCP, Ports: []uint16{1080, 1081, 9050, 9150},
	Common: true,
	Hello:  func(Target) []byte { return []byte{5, 2, 0, 2} }, // version 5; none, or a password
	Done:   func(b []byte) bool { return len(b) >= 2 },
	Reply:  func(b []byte) bool { return len(b) == 2 && b[0] == 5 && (b[1] == 0 || b[1] == 2 || b[1] == 0xff) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("socks.version", "5")
		x.fact("auth.required", yesNo(first[1] != 0))
	},
}
