package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

var sapProtocol = Protocol{
	Name: "sap-ni", Transport: harrier.TCP, Ports: []uint16{3200, 3201, 3210, 3299, 3300, 3301, 3600, 3601},
	Hello: func(Target) []byte { return sapPing },
	Done:  sized(binary.BigEndian, 4),
	Reply: func(b []byte) bool { return bytes.Equal(b, sapPong) || sapError(b) != nil },
	Learn: learnSAP,
}

// A ping of the network interface layer, which dispatchers, gateways, message
// servers and routers answer alike.
//
// Source: SAP Help Portal, "SAP NI" and "SAProuter".
var (
	sapPing = []byte("\x00\x00\x00\x08NI_PING\x00")
	sapPong = []byte("\x00\x00\x00\x08NI_PONG\x00")
)

// sapRoute asks a router for a route that it can not have: no host has no name.
var sapRoute = func() []byte {
	body := "NI_ROUTE\x00\x02\x28\x02\x00\x00\x01\x00\x00\x00\x00\x00\x10\x00\x00\x00\x10" + "192.0.2.1\x003299\x00\x00"
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}()

// sapError reads the fields of an error; nil when b is none.
func sapError(b []byte) []string {
	_, text, found := bytes.Cut(b[min(len(b), 4):], []byte("*ERR*\x00"))
	if !found || !bytes.HasPrefix(b[min(len(b), 4):], []byte("NI_RTERR\x00")) {
		return nil
	}
	fields := strings.Split(string(text[:min(len(text), 4<<10)]), "\x00")
	return fields[:min(len(fields), 32)]
}

var sapRelease = pattern(`^[4-9]\d\d$`)

// learnSAP tells a router by its refusal of a route, which has its release.
func learnSAP(ctx context.Context, x *talk, first []byte, _ bool) {
	x.s.Product = "SAP network interface"
	fields := sapError(first)
	if fields == nil && x.Port == 3299 {
		if b, err := x.ask(ctx, sapRoute, sized(binary.BigEndian, 4)); err == nil {
			fields = sapError(b)
		}
	}
	if fields == nil {
		return
	}
	x.is("SAProuter", "sap:saprouter", "", strings.Join(fields[:min(len(fields), 8)], " "))
	for i, field := range fields {
		if i+1 < len(fields) && strings.HasPrefix(field, "SAProuter ") {
			x.fact("sap.router", strings.TrimPrefix(field, "SAProuter "))
		}
		if sapRelease.MatchString(field) && i >= 3 && i <= 6 { // behind number, text, code and component
			x.fact("sap.release", field)
		}
	}
}
