package probe

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

var mqttProtocol = Protocol{
	Name: "mqtt", Transport: harrier.TCP, Ports: []uint16{1883, 8883, 11883, 1884, 2883},
	Common: true,
	Hello:  func(Target) []byte { return mqttConnect },
	Done:   func(b []byte) bool { return len(b) >= 4 },
	Reply:  func(b []byte) bool { return len(b) == 4 && b[0] == 0x20 && b[1] == 2 && b[2] <= 1 && b[3] <= 5 },
	Learn:  learnMQTT,
}

// mqttConnect asks for a clean session of protocol 3.1.1, kept for 30 s.
//
// Source: MQTT 3.1.1, section 3.1.
var mqttConnect = []byte("\x10\x13\x00\x04MQTT\x04\x02\x00\x1e\x00\x07harrier")

// mqttSubscribe asks for the topics at which brokers tell their version.
var mqttSubscribe = []byte("\x82\x31\x00\x01\x00\x13$SYS/broker/version\x00\x00\x16$SYS/brokers/+/version\x00")

func learnMQTT(ctx context.Context, x *talk, first []byte, _ bool) {
	x.fact("mqtt.return", itoa(int(first[3])))
	switch first[3] {
	case 0:
		x.fact("auth.required", "no")
	case 4, 5:
		x.fact("auth.required", "yes")
		return
	default:
		return
	}
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	if _, err := w.ask(mqttConnect, func(b []byte) bool { return len(b) >= 4 }); err != nil {
		return
	}
	reply, err := w.ask(mqttSubscribe, func(b []byte) bool { return len(mqttPublished(b)) > 0 })
	_ = w.send([]byte{0xe0, 0})
	if err != nil {
		return
	}
	for topic, text := range mqttPublished(reply) {
		x.fact("mqtt.version", text)
		if !x.tell("mqtt", topic+" "+text) {
			x.tell("mqtt", text)
		}
	}
}

// mqttPublished reads the messages with QoS 0 in b, by topic.
//
// Source: MQTT 3.1.1, sections 2.2 and 3.3.
func mqttPublished(b []byte) map[string]string {
	out := map[string]string{}
	for len(b) >= 2 && len(out) < 16 {
		n, used := binary.Uvarint(b[1:min(len(b), 5)]) // the same encoding as MQTT's
		if used <= 0 || n > uint64(len(b)-1-used) {
			break
		}
		body := b[1+used : 1+used+int(n)]
		if b[0]&0xf6 == 0x30 && len(body) >= 2 {
			if size := int(binary.BigEndian.Uint16(body)); len(body) >= 2+size {
				out[string(body[2:2+size])] = string(bytes.TrimSpace(body[2+size:]))
			}
		}
		b = b[1+used+int(n):]
	}
	return out
}
