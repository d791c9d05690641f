package probe

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

var rabbitStreamProtocol = Protocol{
	Name: "rabbitmq-stream", Transport: harrier.TCP, Ports: []uint16{5552, 5551},
	// PeerProperties, version 1, correlation id "hr", without any.
	Hello: func(Target) []byte {
		return []byte("\x00\x00\x00\x0c\x00\x11\x00\x01\x00\x00\x68\x72\x00\x00\x00\x00")
	},
	Done:  sized(binary.BigEndian, 14),
	Reply: func(b []byte) bool { return len(rabbitStreamProperties(b)) > 0 },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		p := rabbitStreamProperties(first)
		text := strings.TrimSpace(p["product"] + " " + p["version"])
		x.s.Banner = clip(oneLine(text+" "+p["platform"]), maxBanner)
		x.tell("amqp", text)
		x.fact("amqp.cluster", p["cluster_name"])
		x.fact("amqp.platform", p["platform"])
	},
}

// rabbitStreamProperties reads what the server tells of itself.
//
// Source: RabbitMQ Streams Protocol Reference, PeerProperties.
func rabbitStreamProperties(b []byte) map[string]string {
	c := cursor{b: b}
	c.skip(4)
	if c.be16() != 0x8011 || c.be16() != 1 || c.be32() != 0x6872 || c.be16() != 1 {
		return nil
	}
	out := map[string]string{}
	for n := c.be32(); n > 0 && n < 100 && !c.bad; n-- {
		key := string(c.bytes(c.be16()))
		if value := string(c.bytes(c.be16())); !c.bad {
			out[key] = value
		}
	}
	return out
}
