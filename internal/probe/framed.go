package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// The protocols of this file are one small binary question and its answer.

var kafkaProtocol = Protocol{
	Name: "kafka", Transport: harrier.TCP, Ports: []uint16{9092, 9093, 9094},
	Common: true,
	// ApiVersions, version 0, with a correlation id and the client's name.
	Hello: func(Target) []byte { return []byte("\x00\x00\x00\x11\x00\x12\x00\x00\x00\x00\x68\x72\x00\x07harrier") },
	Done:  func(b []byte) bool { return len(b) >= 4 && uint64(len(b)) >= 4+uint64(binary.BigEndian.Uint32(b)) },
	Reply: isKafka,
}

// isKafka takes an answer to ApiVersions that lists ApiVersions itself.
//
// Source: Kafka protocol guide, ApiVersions response version 0.
func isKafka(b []byte) bool {
	if len(b) < 14 || binary.BigEndian.Uint32(b[4:]) != 0x6872 {
		return false
	}
	n := binary.BigEndian.Uint32(b[10:])
	for list := b[14:]; n > 0 && len(list) >= 6; list, n = list[6:], n-1 {
		if binary.BigEndian.Uint16(list) == 18 {
			return true
		}
	}
	return false
}

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
func learnCassandra(ctx context.Context, x *talk, _ []byte, _ bool) {
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
	const query = "SELECT release_version FROM system.local"
	body := append(binary.BigEndian.AppendUint32(nil, uint32(len(query))), query...)
	reply, err = w.ask(cqlFrame(7, append(body, 0, 1, 0)), cqlDone)
	if err != nil || len(reply) < 9 || reply[4] != 8 {
		return
	}
	if v := versionText(lastCQLText(reply[9:])); v != "" {
		x.is("Apache Cassandra", "apache:cassandra", v, "release_version "+v)
	}
}

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

var mssqlProtocol = Protocol{
	Name: "mssql", Transport: harrier.TCP, Ports: []uint16{1433, 1434},
	Common: true,
	// PRELOGIN with the options version, encryption, instance, thread.
	Hello: func(Target) []byte {
		return []byte("\x12\x01\x00\x29\x00\x00\x01\x00\x00\x00\x15\x00\x06\x01\x00\x1b\x00\x01\x02\x00\x1c\x00\x01\x03\x00\x1d\x00\x04\xff" +
			"\x09\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00")
	},
	Done:  func(b []byte) bool { return len(b) >= 4 && len(b) >= int(binary.BigEndian.Uint16(b[2:])) },
	Reply: func(b []byte) bool { _, ok := parsePrelogin(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		v, _ := parsePrelogin(first)
		x.is("Microsoft SQL Server", "microsoft:sql_server", v, "PRELOGIN version "+v)
	},
}

// parsePrelogin reads the version of a PRELOGIN response.
//
// Source: MS-TDS, section 2.2.6.5.
func parsePrelogin(b []byte) (string, bool) {
	if len(b) < 14 || b[0] != 4 || b[8] != 0 {
		return "", false
	}
	offset, size := int(binary.BigEndian.Uint16(b[9:])), int(binary.BigEndian.Uint16(b[11:]))
	body := b[8:]
	if size < 6 || len(body) < offset+size || offset < 6 {
		return "", false
	}
	v := body[offset:]
	if v[0] == 0 || v[0] > 30 {
		return "", false
	}
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], binary.BigEndian.Uint16(v[2:])), true
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
