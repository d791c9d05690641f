package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"

	"github.com/harrier-scan/harrier"
)

var nsqProtocol = Protocol{
	Name: "nsq", Transport: harrier.TCP, Ports: []uint16{4150, 4152},
	Hello: func(Target) []byte {
		const body = `{"client_id":"harrier","feature_negotiation":true}`
		return append(binary.BigEndian.AppendUint32([]byte("  V2IDENTIFY\n"), uint32(len(body))), body...)
	},
	Done:   sized(binary.BigEndian, 8),
	Reply:  func(b []byte) bool { _, ok := parseNSQ(b); return ok || isNSQRefusal(b) },
	Banner: isNSQRefusal,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		s, _ := parseNSQ(first)
		v := versionText(s.Version)
		x.is("NSQ", "", v, `"version":"`+v+`"`)
		if v != "" {
			x.fact("auth.required", yesNo(s.Auth))
			x.fact("nsq.tls", yesNo(s.TLS))
		}
	},
}

// nsqServer is what nsqd tells of itself.
type nsqServer struct {
	Version string `json:"version"`
	MaxRDY  int    `json:"max_rdy_count"`
	Auth    bool   `json:"auth_required"`
	TLS     bool   `json:"tls_v1"`
}

// parseNSQ reads the answer to IDENTIFY.
//
// Source: NSQ documentation, "TCP Protocol Spec".
func parseNSQ(b []byte) (nsqServer, bool) {
	var s nsqServer
	if len(b) < 8 || binary.BigEndian.Uint32(b[4:]) != 0 {
		return s, false
	}
	ok := json.Unmarshal(b[8:], &s) == nil && s.Version != "" && s.MaxRDY > 0
	return s, ok
}

// isNSQRefusal takes the frame that answers another protocol.
func isNSQRefusal(b []byte) bool {
	return bytes.Equal(b, []byte("\x00\x00\x00\x12\x00\x00\x00\x01E_BAD_PROTOCOL"))
}
