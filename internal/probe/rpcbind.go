package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

var rpcbindProtocol = Protocol{
	Name: "rpcbind", Transport: harrier.TCP, Ports: []uint16{111},
	Common: true,
	Hello:  func(Target) []byte { return rpcRecord(rpcCall(0)) },
	Done:   func(b []byte) bool { return len(b) >= 28 },
	Reply:  func(b []byte) bool { return len(b) >= 28 && isRPCReply(b[4:]) },
	Learn: func(ctx context.Context, x *talk, _ []byte, _ bool) {
		b, err := x.ask(ctx, rpcRecord(rpcCall(4)), func(b []byte) bool {
			return len(b) >= 4 && len(b) >= 4+int(binary.BigEndian.Uint32(b)&0x7fffffff)
		})
		if err == nil && len(b) > 4 {
			x.learnRPC(b[4:])
		}
	},
}

var rpcbindUDP = overUDP(Protocol{
	Name:  "rpcbind",
	Reply: isRPCProgram,
	Learn: func(ctx context.Context, x *talk, _ []byte, _ bool) { x.learnRPC(x.further(ctx, rpcCall(4))) },
})

// rpcCall calls a procedure of the port mapper, version 2.
//
// Source: RFC 1833, section 3.
func rpcCall(procedure uint32) []byte { return question.RPC(100000, 2, procedure) }

func rpcRecord(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, 0x80000000|uint32(len(b))), b...)
}

// isRPCReply reports that b answers rpcCall, well or not.
func isRPCReply(b []byte) bool {
	return len(b) >= 24 && binary.BigEndian.Uint32(b) == question.RPCID && binary.BigEndian.Uint32(b[4:]) == 1 && binary.BigEndian.Uint32(b[8:]) <= 1
}

// isRPCProgram reports that b answers a call of a program that is there, in this
// version or another, or not for everybody.
//
// Source: RFC 5531, section 9, accept_stat.
func isRPCProgram(b []byte) bool {
	if !isRPCReply(b) {
		return false
	}
	if binary.BigEndian.Uint32(b[8:]) == 1 { // denied
		return true
	}
	verifier := 16 + uint64(binary.BigEndian.Uint32(b[16:]))
	if verifier > 400 || uint64(len(b)) < verifier+8 {
		return false
	}
	status := binary.BigEndian.Uint32(b[verifier+4:])
	return status == 0 || status == 2
}

// rpcPrograms are the names of programs that are met often.
var rpcPrograms = map[uint32]string{
	100000: "portmapper", 100001: "rstatd", 100002: "rusersd", 100003: "nfs", 100004: "ypserv", 100005: "mountd", 100007: "ypbind", 100021: "nlockmgr", 100024: "status", 100227: "nfs_acl",
}

// parseRPCDump reads the mappings of a DUMP reply as "name version/protocol:port".
func parseRPCDump(b []byte) []string {
	if !isRPCReply(b) || len(b) < 28 || binary.BigEndian.Uint32(b[8:]) != 0 || binary.BigEndian.Uint32(b[20:]) != 0 {
		return nil
	}
	var out []string
	for b = b[24:]; len(b) >= 20 && binary.BigEndian.Uint32(b) == 1 && len(out) < 200; b = b[20:] {
		program, version := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		transport, port := binary.BigEndian.Uint32(b[12:]), binary.BigEndian.Uint32(b[16:])
		name, known := rpcPrograms[program]
		if !known {
			name = fmt.Sprint(program)
		}
		proto := map[uint32]string{6: "tcp", 17: "udp"}[transport]
		out = append(out, fmt.Sprintf("%s %d/%s:%d", name, version, proto, port))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (x *talk) learnRPC(reply []byte) {
	x.s.Product = "rpcbind"
	x.fact("rpc.programs", strings.Join(parseRPCDump(reply), ","))
}
