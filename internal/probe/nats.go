package probe

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/harrier-scan/harrier"
)

var natsProtocol = Protocol{
	Name: "nats", Transport: harrier.TCP, Ports: []uint16{4222},
	First:  true,
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte("INFO {")) },
	Learn:  learnNATS,
}

// natsInfo is the part of a server's greeting that is of interest.
type natsInfo struct {
	Name    string `json:"server_name"`
	Version string `json:"version"`
	Auth    bool   `json:"auth_required"`
	TLS     bool   `json:"tls_required"`
	TLSOK   bool   `json:"tls_available"`
	Cluster string `json:"cluster"`
}

func learnNATS(ctx context.Context, x *talk, first []byte, _ bool) {
	var info natsInfo
	line, _ := bytes.CutPrefix([]byte(firstLineOf(first, maxReply)), []byte("INFO "))
	if json.Unmarshal(bytes.TrimSpace(line), &info) != nil {
		return
	}
	x.is("NATS", "linuxfoundation:nats-server", versionText(info.Version), `"version":"`+info.Version+`"`)
	x.fact("auth.required", yesNo(info.Auth))
	x.fact("nats.cluster", info.Cluster)
	if info.TLS || info.TLSOK {
		x.starttls(ctx, "nats", func(w *wire) error { return converse(w, turn{"", oneLineDone, "INFO "}) })
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// versionText returns s when it looks like a version, else "".
func versionText(s string) string {
	if len(s) == 0 || len(s) > 64 || s[0] < '0' || s[0] > '9' {
		return ""
	}
	for _, c := range s {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return s
}
