package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/harrier-scan/harrier"
)

var kafkaProtocol = Protocol{
	Name: "kafka", Transport: harrier.TCP, Ports: []uint16{9092, 9093, 9094},
	Common: true,
	Hello:  func(Target) []byte { return kafkaRequest(kafkaAPIVersions, 0) },
	Done:   sized(binary.BigEndian, 4),
	Reply:  isKafka,
	Learn:  learnKafka,
}

// Keys of requests, and the correlation id of all of them.
const (
	kafkaMetadata    = 3
	kafkaAPIVersions = 18
	kafkaID          = 0x6872
)

// kafkaRequest writes a request with the client's name.
//
// Source: Kafka protocol guide, "Request header v1".
func kafkaRequest(key, version byte, body ...byte) []byte {
	b := append([]byte{0, key, 0, version, 0, 0, 0x68, 0x72, 0, 7}, "harrier"...)
	b = append(b, body...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// isKafka takes an answer to ApiVersions that lists ApiVersions itself.
func isKafka(b []byte) bool { _, ok := kafkaAPIs(b)[kafkaAPIVersions]; return ok }

// kafkaAPIs reads the versions of requests that a broker knows, by key.
//
// Source: Kafka protocol guide, ApiVersions response version 0.
func kafkaAPIs(b []byte) map[int][2]int {
	c := cursor{b: b}
	c.skip(4)
	if c.be32() != kafkaID {
		return nil
	}
	c.skip(2) // error
	out := map[int][2]int{}
	for n := c.be32(); n > 0 && n < 1000 && len(c.b) >= 6; n-- {
		out[c.be16()] = [2]int{c.be16(), c.be16()}
	}
	return out
}

// learnKafka asks who is in the cluster. Which requests a broker knows is no
// version: other products answer them, too.
func learnKafka(ctx context.Context, x *talk, first []byte, _ bool) {
	apis := kafkaAPIs(first)
	x.fact("kafka.apis", itoa(len(apis)))
	const version = 2
	if known, ok := apis[kafkaMetadata]; !ok || known[0] > version || known[1] < version {
		return
	}
	b, err := x.ask(ctx, kafkaRequest(kafkaMetadata, version, 0, 0, 0, 0), sized(binary.BigEndian, 4)) // of no topic
	if errors.Is(err, io.EOF) {
		x.fact("auth.required", "yes") // it hangs up on whoever has not signed in
		return
	}
	m, ok := parseKafkaMetadata(b)
	if err != nil || !ok {
		return
	}
	x.fact("auth.required", "no")
	x.fact("kafka.brokers", strings.Join(m.brokers, ","))
	x.fact("kafka.cluster", m.cluster)
}

// kafkaCluster is what is known of a cluster.
type kafkaCluster struct {
	brokers []string // host:port
	cluster string
}

// parseKafkaMetadata reads an answer to Metadata version 2.
func parseKafkaMetadata(b []byte) (kafkaCluster, bool) {
	var m kafkaCluster
	c := cursor{b: b}
	c.skip(4)
	if c.be32() != kafkaID {
		return m, false
	}
	n := c.be32()
	for ; n > 0 && len(m.brokers) < 64 && !c.bad; n-- {
		c.skip(4) // its number
		host, port := string(c.bytes(c.be16())), c.be32()
		if rack := c.be16(); rack != 0xffff {
			c.skip(rack)
		}
		m.brokers = append(m.brokers, clip(clean(host), 255)+":"+itoa(int(port&0xffff)))
	}
	if size := c.be16(); n == 0 && size != 0xffff {
		m.cluster = string(c.bytes(size))
	}
	return m, !c.bad && len(m.brokers) > 0
}
