package probe

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

var msrpcProtocol = Protocol{
	Name: "msrpc", Transport: harrier.TCP, Ports: []uint16{135, 593, 1025, 1026, 1027, 1028, 49152, 49153, 49154, 49155, 49156, 49157, 49664, 49665, 49666, 49667, 49668, 49669},
	Common: true,
	Hello:  func(Target) []byte { return rpcBind(rpcEndpointMapper, 3, true) },
	Done:   func(b []byte) bool { return len(b) >= 16 && len(b) >= int(binary.LittleEndian.Uint16(b[8:])) },
	Reply:  isMSRPC,
	Learn:  learnMSRPC,
}

// Interfaces that every Windows has at its endpoint mapper, and the transfer
// syntax NDR, in the byte order of the wire.
const (
	rpcEndpointMapper = "\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa"
	rpcObjectExporter = "\xc4\xfe\xfc\x99\x60\x52\x1b\x10\xbb\xcb\x00\xaa\x00\x21\x34\x7a"
	rpcNDR            = "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\x00\x00\x00"
)

// rpcCallID marks this program's calls.
const rpcCallID = 0x6872

// rpcHeader begins a whole fragment of connection-oriented RPC.
//
// Source: The Open Group C706, section 12.6.3.
func rpcHeader(kind byte, body []byte, auth int) []byte {
	b := []byte{5, 0, kind, 3, 0x10, 0, 0, 0}
	b = binary.LittleEndian.AppendUint16(b, uint16(16+len(body)))
	b = binary.LittleEndian.AppendUint16(b, uint16(auth))
	b = binary.LittleEndian.AppendUint32(b, rpcCallID)
	return append(b, body...)
}

// rpcBind asks for an interface; with NTLM it also begins to sign in, to be
// told the machine's names and system.
//
// Source: C706, section 12.6.4.3; MS-RPCE, section 2.2.2.11.
func rpcBind(uuid string, version byte, ntlm bool) []byte {
	body := []byte{0xb8, 0x10, 0xb8, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0}
	body = append(body, uuid...)
	body = append(append(body, version, 0, 0, 0), rpcNDR...)
	if !ntlm {
		return rpcHeader(11, body, 0)
	}
	body = append(body, 10, 2, 0, 0, 0, 0, 0, 0) // NTLM, at the level of connections
	return rpcHeader(11, append(body, ntlmNegotiate...), len(ntlmNegotiate))
}

// isMSRPC takes the answer to a bind: done, refused, or a fault.
func isMSRPC(b []byte) bool {
	if len(b) < 20 || b[0] != 5 || b[1] > 1 || b[2] != 12 && b[2] != 13 && b[2] != 3 || b[4]&0xef != 0 {
		return false
	}
	size := int(binary.LittleEndian.Uint16(b[8:]))
	return size >= 20 && size <= len(b) && binary.LittleEndian.Uint32(b[12:]) == rpcCallID
}

func learnMSRPC(ctx context.Context, x *talk, first []byte, _ bool) {
	n, ok := parseNTLM(first)
	if ok {
		x.learnNTLM(n)
	}
	switch {
	case ok && n.major == 6 && n.minor == 1 && n.build == 0: // as with SMB
		x.is("Samba RPC", "samba:samba", "", "NTLM version 6.1 build 0")
	case n.windows() != "":
		x.is("Microsoft Windows RPC", "", "", n.windows())
		x.fact("os.hint", n.windows())
	}
	x.fact("host.name", strings.ToLower(n.host))
	if first[2] == 12 && x.Port == 135 {
		x.fact("msrpc.addresses", strings.Join(x.rpcAddresses(ctx), ","))
	}
}

// rpcAddresses asks the object exporter where it can be reached: the names and
// addresses of all of the machine's interfaces, which it tells anybody.
//
// Source: MS-DCOM, section 3.1.2.5.1.6 (ServerAlive2).
func (x *talk) rpcAddresses(ctx context.Context) []string {
	w, err := x.open(ctx)
	if err != nil {
		return nil
	}
	defer w.Close()
	done := func(b []byte) bool { return len(b) >= 16 && len(b) >= int(binary.LittleEndian.Uint16(b[8:])) }
	b, err := w.ask(rpcBind(rpcObjectExporter, 0, false), done)
	if err != nil || !isMSRPC(b) || b[2] != 12 {
		return nil
	}
	if b, err = w.ask(rpcHeader(0, []byte{0, 0, 0, 0, 0, 0, 5, 0}, 0), done); err != nil {
		return nil
	}
	return parseServerAlive(b)
}

// parseServerAlive reads the string bindings of a response.
//
// Source: MS-DCOM, sections 2.2.19.2 to 2.2.19.3.
func parseServerAlive(b []byte) []string {
	c := cursor{b: b}
	head := c.bytes(24)
	c.skip(4 + 4 + 4) // version of DCOM, pointer, size of the array
	units, security := c.le16(), c.le16()
	if c.bad || head[0] != 5 || head[2] != 2 || security > units {
		return nil
	}
	var out []string
	for list := (cursor{b: c.b[:min(len(c.b), 2*security)]}); len(list.b) >= 2 && len(out) < 64; {
		tower := list.le16()
		if tower == 0 {
			break
		}
		var text []byte
		for unit := list.bytes(2); unit != nil && (unit[0] != 0 || unit[1] != 0); unit = list.bytes(2) {
			text = append(text, unit...)
		}
		name, _, _ := strings.Cut(utf16Text(text), "[")
		if tower == 7 && name != "" { // over TCP
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int { // names first
		_, aErr := netip.ParseAddr(a)
		_, bErr := netip.ParseAddr(b)
		if (aErr == nil) != (bErr == nil) {
			if bErr == nil {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(out)
}
