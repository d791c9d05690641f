package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

var amqpProtocol = Protocol{
	Name: "amqp", Transport: harrier.TCP, Ports: []uint16{5672, 5671},
	Common: true,
	Hello:  func(Target) []byte { return []byte(amqpHeader) },
	Done: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("AMQP")) && len(b) >= 8 || len(b) > 7 && uint64(len(b)) >= 8+uint64(binary.BigEndian.Uint32(b[3:]))
	},
	Reply:  func(b []byte) bool { _, ok := parseAMQPStart(b); return ok || isAMQPHeader(b) },
	Banner: isAMQPHeader,
	Learn:  learnAMQP,
}

// amqpHeader opens a connection of version 0-9-1.
const amqpHeader = "AMQP\x00\x00\x09\x01"

// isAMQPHeader takes the protocol header with which a server refuses another
// version. The one that was sent is no refusal: something echoes it.
func isAMQPHeader(b []byte) bool {
	return len(b) == 8 && bytes.HasPrefix(b, []byte("AMQP")) && string(b) != amqpHeader
}

func learnAMQP(_ context.Context, x *talk, first []byte, _ bool) {
	start, ok := parseAMQPStart(first)
	if !ok {
		return
	}
	text := strings.TrimSpace(start.properties["product"] + " " + start.properties["version"])
	x.s.Banner = clip(oneLine(text+" "+start.properties["platform"]), maxBanner)
	x.tell("amqp", text)
	x.fact("amqp.mechanisms", strings.Join(strings.Fields(start.mechanisms), ","))
	x.fact("amqp.cluster", start.properties["cluster_name"])
	x.fact("amqp.platform", start.properties["platform"])
}

// amqpStart is the method connection.start.
type amqpStart struct {
	properties map[string]string // those that are text, at the top level
	mechanisms string
}

// parseAMQPStart reads the frame that begins a connection.
//
// Source: AMQP 0-9-1, sections 2.3.5 and 4.2; the type letters are RabbitMQ's.
func parseAMQPStart(b []byte) (amqpStart, bool) {
	if len(b) < 19 || b[0] != 1 || binary.BigEndian.Uint32(b[7:]) != 10<<16|10 {
		return amqpStart{}, false
	}
	size := binary.BigEndian.Uint32(b[3:])
	body := b[13:min(len(b), int(min(size, maxReply))+7)] // behind method and protocol version
	table, rest, ok := amqpBytes(body)
	if !ok {
		return amqpStart{}, false
	}
	s := amqpStart{properties: amqpTable(table)}
	mechanisms, _, ok := amqpBytes(rest)
	s.mechanisms = string(mechanisms)
	return s, ok
}

// amqpBytes cuts off a block with its length in four bytes.
func amqpBytes(b []byte) (block, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

// amqpTable reads the text fields of a table up to the first type that it does
// not know the size of.
func amqpTable(b []byte) map[string]string {
	out := map[string]string{}
	for len(b) > 1 {
		n := int(b[0])
		if len(b) < 2+n {
			break
		}
		key, kind := string(b[1:1+n]), b[1+n]
		b = b[2+n:]
		switch kind {
		case 'S', 'F', 'A', 'x':
			block, rest, ok := amqpBytes(b)
			if !ok {
				return out
			}
			if kind == 'S' {
				out[key] = string(block)
			}
			b = rest
		default:
			size, known := amqpSizes[kind]
			if !known || len(b) < size {
				return out
			}
			b = b[size:]
		}
	}
	return out
}

var amqpSizes = map[byte]int{'t': 1, 'b': 1, 'B': 1, 's': 2, 'u': 2, 'I': 4, 'i': 4, 'l': 8, 'f': 4, 'd': 8, 'D': 5, 'T': 8, 'V': 0}
