package probe

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// opcuaProtocol is OPC UA over TCP. The question is the greeting of the
// transport; behind it the server's endpoints are asked for, which every
// server tells without security.
//
// Source: OPC 10000-6, section 7.1.2 (message structure), 5.2 (binary encoding).
var opcuaProtocol = Protocol{
	Name: "opcua", Transport: harrier.TCP, Ports: []uint16{4840, 4841, 48010, 48020, 49320, 51210, 53530, 62541},
	Industrial: true,
	Hello:      opcuaHello,
	Done:       opcuaDone,
	Reply: func(b []byte) bool {
		return len(b) >= 16 && (string(b[:4]) == "ACKF" && len(b) == 28 || string(b[:4]) == "ERRF") && int(binary.LittleEndian.Uint32(b[4:])) == len(b)
	},
	Learn: learnOPCUA,
}

func opcuaURL(t Target) string { return "opc.tcp://" + targetHost(t) + ":" + itoa(int(t.Port)) }

// targetHost is the target as it stands in a URL.
func targetHost(t Target) string {
	switch {
	case t.Name != "":
		return clip(t.Name, 250)
	case t.Addr.Is6() && !t.Addr.Is4In6():
		return "[" + t.Addr.WithZone("").String() + "]"
	}
	return t.Addr.Unmap().String()
}

// opcuaMessage writes a message with its length.
func opcuaMessage(kind string, body []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(8+len(body))), body...)
}

func opcuaText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

func opcuaHello(t Target) []byte {
	return opcuaMessage("HELF", opcuaText(octets("00000000 ffff0000 ffff0000 00000100 00000000"), opcuaURL(t)))
}

func opcuaDone(b []byte) bool {
	return len(b) >= 8 && uint64(len(b)) >= uint64(binary.LittleEndian.Uint32(b[4:]))
}

// opcuaHeader begins every request: no session, number, 4 s.
func opcuaHeader(b []byte, number byte) []byte {
	b = append(b, 0, 0)               // authentication token
	b = append(b, make([]byte, 8)...) // time
	b = append(b, number, 0, 0, 0)
	b = append(b, octets("00000000 ffffffff a00f0000 00 00 00")...)
	return b
}

// opcuaOpen asks for a channel without security.
func opcuaOpen() []byte {
	b := opcuaText([]byte{0, 0, 0, 0}, "http://opcfoundation.org/UA/SecurityPolicy#None")
	b = append(b, octets("ffffffff ffffffff 01000000 01000000 0100be01")...) // certificates, sequence, request, type 446
	b = opcuaHeader(b, 1)
	b = append(b, octets("00000000 00000000 01000000 ffffffff 60ea0000")...) // version, issue, no security, no nonce, one minute
	return opcuaMessage("OPNF", b)
}

// opcuaGetEndpoints asks for the endpoints, over channel and with token.
func opcuaGetEndpoints(t Target, channel, token uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, channel)
	b = binary.LittleEndian.AppendUint32(b, token)
	b = append(b, octets("02000000 02000000 0100ac01")...) // sequence, request, type 428
	b = opcuaText(opcuaHeader(b, 2), opcuaURL(t))
	b = append(b, octets("ffffffff ffffffff")...) // any locale, any profile
	return opcuaMessage("MSGF", b)
}

func learnOPCUA(ctx context.Context, x *talk, first []byte, _ bool) {
	x.fact("device.hint", "ics")
	if string(first[:4]) == "ERRF" {
		return
	}
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	if b, err := w.ask(opcuaHello(x.Target), opcuaDone); err != nil || len(b) < 4 || string(b[:4]) != "ACKF" {
		return
	}
	b, err := w.ask(opcuaOpen(), opcuaDone)
	if err != nil {
		return
	}
	channel, token, ok := parseOPCUAOpen(b)
	if !ok {
		return
	}
	if b, err = w.ask(opcuaGetEndpoints(x.Target, channel, token), opcuaDone); err != nil {
		return
	}
	list, ok := parseOPCUAEndpoints(b)
	if !ok || len(list) == 0 {
		return
	}
	x.noteOPCUA(list)
}

func (x *talk) noteOPCUA(list []opcuaEndpoint) {
	var policies, tokens []string
	for _, e := range list {
		_, policy, _ := strings.Cut(e.policy, "#")
		if name := policy + "/" + []string{"", "None", "Sign", "SignAndEncrypt"}[e.mode&3]; e.mode <= 3 && !slices.Contains(policies, name) {
			policies = append(policies, name)
		}
		for _, t := range e.tokens {
			if t < 4 && !slices.Contains(tokens, opcuaTokens[t]) {
				tokens = append(tokens, opcuaTokens[t])
			}
		}
	}
	e := list[0]
	x.fact("opcua.application", e.name)
	x.fact("opcua.application_uri", e.uri)
	x.fact("opcua.product_uri", e.productURI)
	x.fact("opcua.security", strings.Join(policies, ","))
	x.fact("opcua.tokens", strings.Join(tokens, ","))
	if len(tokens) > 0 {
		x.fact("auth.required", yesNo(!slices.Contains(tokens, "anonymous")))
	}
	x.s.Banner = clip(e.name, maxBanner)
	if !x.tell("opcua", e.productURI) && e.name != "" {
		x.is("OPC UA server", "", "", e.name+" "+e.productURI)
	}
	if len(x.s.Certificates) == 0 && len(e.certificate) > 0 {
		x.s.Certificates = certificates([][]byte{e.certificate})
	}
}

var opcuaTokens = [4]string{"anonymous", "username", "certificate", "issued"}
