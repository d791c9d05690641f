package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

var boltProtocol = Protocol{
	Name: "bolt", Transport: harrier.TCP, Ports: []uint16{7687, 7688},
	Hello: func(Target) []byte { return boltHandshake },
	Done:  enough(4),
	Reply: func(b []byte) bool {
		return len(b) == 4 && b[0] == 0 && b[1] == 0 && (b[3] >= 3 && b[3] <= 5) && b[2] <= 4
	},
	Learn: learnBolt,
}

// boltHandshake offers versions 5.2 to 5.0, 4.4 to 4.2, 4.1 and 3.
//
// Source: Neo4j, Bolt Protocol handshake specification.
var boltHandshake = []byte("\x60\x60\xb0\x17\x00\x02\x02\x05\x00\x02\x04\x04\x00\x00\x01\x04\x00\x00\x00\x03")

// Kinds of messages.
const (
	boltHello   = 0x01
	boltLogon   = 0x6a
	boltSuccess = 0x70
	boltFailure = 0x7f
)

// boltMessage writes a request whose only field is a map of short texts.
//
// Source: Neo4j, Bolt Protocol message specification; PackStream.
func boltMessage(kind byte, pairs ...string) []byte {
	b := []byte{0xb1, kind, 0xa0 | byte(len(pairs)/2)}
	for _, s := range pairs {
		if len(s) < 16 {
			b = append(b, 0x80|byte(len(s)))
		} else {
			b = append(b, 0xd0, byte(len(s)))
		}
		b = append(b, s...)
	}
	return append(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...), 0, 0)
}

// boltReply joins the chunks of the first message in b; false when it is not
// complete.
func boltReply(b []byte) ([]byte, bool) {
	var message []byte
	for len(b) >= 2 {
		n := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; n == 0 && len(message) > 0 {
			return message, true
		}
		if n > len(b) {
			break
		}
		message, b = append(message, b[:n]...), b[n:]
	}
	return nil, false
}

func boltDone(b []byte) bool { _, ok := boltReply(b); return ok }

// boltTexts reads the texts of the map in a message, up to a value of another
// kind than text, number or truth.
func boltTexts(message []byte) map[string]string {
	out := map[string]string{}
	c := cursor{b: message}
	c.skip(2)
	for n := c.u8(); n&0xf0 == 0xa0 && !c.bad && len(c.b) > 0; {
		key, ok := c.packText()
		if !ok {
			break
		}
		if value, ok := c.packText(); ok {
			out[key] = value
		} else if !c.packSkip() {
			break
		}
	}
	return out
}

// packText takes a text; what is none stays.
func (c *cursor) packText() (string, bool) {
	if len(c.b) == 0 {
		return "", false
	}
	switch kind := c.b[0]; {
	case kind&0xf0 == 0x80:
		c.skip(1)
		return string(c.bytes(int(kind & 0x0f))), !c.bad
	case kind == 0xd0:
		c.skip(1)
		return string(c.bytes(c.u8())), !c.bad
	case kind == 0xd1:
		c.skip(1)
		return string(c.bytes(c.be16())), !c.bad
	}
	return "", false
}

// packSkip leaves out a number, a truth or nothing.
func (c *cursor) packSkip() bool {
	switch kind := c.u8(); {
	case kind < 0x80 || kind >= 0xf0 || kind == 0xc0 || kind == 0xc2 || kind == 0xc3:
		return !c.bad
	case kind >= 0xc8 && kind <= 0xcb:
		c.skip(1 << (kind - 0xc8))
		return !c.bad
	}
	return false
}

var neo4jAgent = pattern(`^Neo4j/(\d+\.\d+\.\d+)$`)

// learnBolt says hello without a name: the server names itself, and tells
// whether it wants one.
func learnBolt(ctx context.Context, x *talk, first []byte, _ bool) {
	x.fact("bolt.version", itoa(int(first[3]))+"."+itoa(int(first[2])))
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	chosen, err := w.ask(boltHandshake, enough(4))
	if err != nil || !bytes.Equal(chosen, first) {
		return
	}
	modern := first[3] == 5 && first[2] >= 1 // signs in by a message of its own
	hello := boltMessage(boltHello, "user_agent", "harrier/1.0", "scheme", "none")
	if modern {
		hello = boltMessage(boltHello, "user_agent", "harrier/1.0")
	}
	kind, texts := w.bolt(hello)
	x.boltServer(texts["server"])
	if modern && kind == boltSuccess {
		kind, texts = w.bolt(boltMessage(boltLogon, "scheme", "none"))
	}
	switch {
	case kind == boltSuccess:
		x.fact("auth.required", "no")
	case kind == boltFailure && strings.Contains(texts["code"], ".Security."):
		x.fact("auth.required", "yes")
		if strings.HasPrefix(texts["code"], "Neo.") && x.s.Product == "" {
			x.s.Product = "Neo4j"
			x.s.Evidence = clip(oneLine(texts["code"]), maxEvidence)
		}
	}
}

func (w *wire) bolt(request []byte) (kind byte, texts map[string]string) {
	b, err := w.ask(request, boltDone)
	m, ok := boltReply(b)
	if err != nil || !ok || len(m) < 3 || m[0] != 0xb1 {
		return 0, nil
	}
	return m[1], boltTexts(m)
}

// boltServer takes the agent of a server. Others name a version of Neo4j that
// they are compatible with.
func (x *talk) boltServer(agent string) {
	x.s.Banner = printable([]byte(agent))
	if m := neo4jAgent.FindStringSubmatch(agent); m != nil {
		x.is("Neo4j", "neo4j:neo4j", m[1], agent)
	} else if strings.Contains(agent, "Memgraph") {
		x.is("Memgraph", "", "", agent)
	}
}
