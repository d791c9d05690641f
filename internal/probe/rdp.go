package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

var rdpProtocol = Protocol{
	Name: "rdp", Transport: harrier.TCP, Ports: []uint16{3389, 3388},
	Common: true,
	Hello:  func(Target) []byte { return rdpConnect(rdpTLS | rdpNLA) },
	Done:   tpktDone,
	Reply:  func(b []byte) bool { _, ok := parseRDP(b); return ok },
	Learn:  learnRDP,
}

// The security protocols that a client may ask for.
//
// Source: MS-RDPBCGR, section 2.2.1.1.1.
const (
	rdpTLS   = 1
	rdpNLA   = 2
	rdpSTLS  = 4
	rdpNLAEx = 8
	rdpAAD   = 16
)

// rdpProtocols names them, and 0 for the protocol's own encryption.
var rdpProtocols = []struct {
	value byte
	name  string
}{{0, "standard"}, {rdpTLS, "TLS"}, {rdpNLA, "NLA"}, {rdpSTLS, "RDSTLS"}, {rdpNLAEx, "NLA-Ex"}, {rdpAAD, "RDSAAD"}}

// rdpConnect is an X.224 connection request with the wanted protocols.
func rdpConnect(protocols byte) []byte {
	return []byte{3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, protocols, 0, 0, 0}
}

// rdpConfirm is the server's choice.
type rdpConfirm struct {
	negotiated bool // it knows of protocols at all
	refused    bool
	value      uint32 // the chosen protocol, or the reason of the refusal
}

// parseRDP reads a connection confirm.
//
// Source: MS-RDPBCGR, section 2.2.1.2.
func parseRDP(b []byte) (rdpConfirm, bool) {
	if len(b) < 11 || b[0] != 3 || b[1] != 0 || b[5] != 0xd0 || int(binary.BigEndian.Uint16(b[2:])) != len(b) {
		return rdpConfirm{}, false
	}
	if len(b) == 11 { // longer ones have parameters, as other protocols over ISO transport get them
		return rdpConfirm{}, true
	}
	if len(b) < 19 || b[11] != 2 && b[11] != 3 {
		return rdpConfirm{}, false
	}
	return rdpConfirm{true, b[11] == 3, binary.LittleEndian.Uint32(b[15:])}, true
}

func learnRDP(ctx context.Context, x *talk, first []byte, _ bool) {
	c, _ := parseRDP(first)
	switch {
	case !c.negotiated:
		x.fact("rdp.security", "standard")
		return
	case c.refused:
		x.fact("rdp.security", "refused")
		return
	}
	x.fact("rdp.security", map[uint32]string{0: "standard", rdpTLS: "TLS", rdpNLA: "NLA", 8: "NLA"}[c.value])
	if offered, all := x.rdpOffered(ctx); all {
		x.fact("rdp.protocols", strings.Join(offered, ","))
		x.fact("rdp.nla", yesNo(len(offered) > 0 && !slices.Contains(offered, "standard") && !slices.Contains(offered, "TLS") && c.value&(rdpNLA|rdpNLAEx) != 0))
	} else {
		x.fact("rdp.nla", yesNo(x.rdpNeedsNLA(ctx, c)))
	}
	x.starttls(ctx, "rdp", func(w *wire) error { return rdpUpgrade(w) })
	if c.value&rdpNLA != 0 {
		x.rdpNames(ctx)
	}
}

// rdpOffered asks for every protocol alone and lists those that the server
// takes; all is false when one of the questions had no answer.
func (x *talk) rdpOffered(ctx context.Context) (offered []string, all bool) {
	for _, p := range rdpProtocols {
		b, err := x.ask(ctx, rdpConnect(p.value), tpktDone)
		if err != nil {
			return nil, false
		}
		c, ok := parseRDP(b)
		if !ok {
			return nil, false
		}
		if !c.refused && (c.negotiated || p.value == 0) && c.value == uint32(p.value) {
			offered = append(offered, p.name)
		}
	}
	return offered, true
}

// rdpNeedsNLA asks for TLS alone: a server that insists on network level
// authentication refuses.
func (x *talk) rdpNeedsNLA(ctx context.Context, c rdpConfirm) bool {
	if c.value&rdpNLA == 0 {
		return false
	}
	b, err := x.ask(ctx, rdpConnect(rdpTLS), func(b []byte) bool { return len(b) >= 19 })
	if err != nil {
		return true
	}
	only, ok := parseRDP(b)
	return ok && only.refused
}

func rdpUpgrade(w *wire) error {
	b, err := w.ask(rdpConnect(rdpTLS|rdpNLA), func(b []byte) bool { return len(b) >= 19 })
	if err != nil {
		return err
	}
	if c, ok := parseRDP(b); !ok || c.refused || c.value == 0 {
		return errNoUpgrade
	}
	return nil
}

// rdpNames begins network level authentication, to be told the machine's names.
//
// Source: MS-CSSP, section 2.2.1.
func (x *talk) rdpNames(ctx context.Context) {
	w, err := x.openPlain(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	if rdpUpgrade(w) != nil {
		return
	}
	secure := tls.Client(w.Conn, clientConfig(x.Name))
	shaking, cancel := context.WithTimeout(ctx, x.Timeout)
	defer cancel()
	if secure.HandshakeContext(shaking) != nil {
		return
	}
	w.Conn = secure
	request := berOf(0x30, berOf(0xa0, []byte{2, 1, 6}), berOf(0xa1, berOf(0x30, berOf(0x30, berOf(0xa0, berOf(4, ntlmNegotiate))))))
	reply, err := w.ask(request, func(b []byte) bool { _, _, ok := readBER(b); return ok })
	if err != nil || !bytes.Contains(reply, []byte("NTLMSSP")) {
		return
	}
	if n, ok := parseNTLM(reply); ok {
		x.learnNTLM(n)
		if n.windows() != "" {
			x.is("Microsoft Terminal Services", "", "", n.windows())
		}
	}
}
