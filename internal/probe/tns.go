package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/harrier-scan/harrier"
)

var tnsProtocol = Protocol{
	Name: "oracle-tns", Transport: harrier.TCP, Ports: []uint16{1521, 1522, 1525, 1526, 1529, 2483},
	Common: true,
	Hello:  func(Target) []byte { return tnsConnect },
	Done:   tnsDone,
	Reply:  isTNS,
	Learn:  learnTNS,
}

// The types of packets.
const (
	tnsAccept   = 2
	tnsRefuse   = 4
	tnsRedirect = 5
	tnsData     = 6
	tnsResend   = 11
)

// tnsConnect asks a listener for its version. Those since 10g refuse that to
// strangers, and write their version into the refusal.
//
// Source: the packets' layout is that of Wireshark's reference of fields, "tns".
var tnsConnect = func() []byte {
	const command = "(DESCRIPTION=(CONNECT_DATA=(CID=(PROGRAM=)(HOST=harrier)(USER=))(COMMAND=version)))"
	const head = 58
	b := binary.BigEndian.AppendUint16(nil, uint16(head+len(command)))
	b = append(b, 0, 0, 1, 0, 0, 0)
	for _, v := range []uint16{0x0136, 0x012c, 0, 0x0800, 0x7fff, 0x7f08, 0, 1, uint16(len(command)), head} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	b = append(b, make([]byte, head-len(b))...)
	return append(b, command...)
}()

// tnsPacket is one packet.
type tnsPacket struct {
	kind byte
	body []byte
}

// tnsPackets cuts b into packets; an incomplete last one is left out.
func tnsPackets(b []byte) []tnsPacket {
	var out []tnsPacket
	for len(b) >= 8 && len(out) < 16 {
		n := int(binary.BigEndian.Uint16(b))
		if n < 8 || n > len(b) || b[2] != 0 || b[3] != 0 {
			break
		}
		out = append(out, tnsPacket{b[4], b[8:n]})
		b = b[n:]
	}
	return out
}

// tnsDone reports that the listener has come to an end: what it accepts is
// followed by data.
func tnsDone(b []byte) bool {
	p := tnsPackets(b)
	return len(p) > 1 || len(p) == 1 && p[0].kind != tnsAccept
}

func isTNS(b []byte) bool {
	p := tnsPackets(b)
	if len(p) == 0 {
		return false
	}
	body := p[0].body
	switch p[0].kind {
	case tnsAccept:
		return len(body) >= 16 && body[0] == 1 && body[1] >= 0x2c // version 300 and later
	case tnsRefuse:
		return len(body) >= 4 && bytes.Contains(body, []byte("("))
	case tnsRedirect:
		return bytes.Contains(body, []byte("(ADDRESS="))
	case tnsResend:
		return len(body) == 0 && len(b) == 8
	}
	return false
}

var (
	tnsNumber = pattern(`\(VSNNUM=(\d{1,10})\)`)
	tnsError  = pattern(`\(ERR=(\d{1,6})\)`)
	tnsText   = pattern(`TNSLSNR for ([ -9;-~]{2,40}): Version (\d+(?:\.\d+){3,4}) - `)
)

// learnTNS reads the version from a refusal, as a number, or from the answer in
// words.
func learnTNS(ctx context.Context, x *talk, first []byte, _ bool) {
	if p := tnsPackets(first); len(p) > 0 && p[0].kind == tnsResend {
		first = x.tnsAgain(ctx)
	}
	x.s.Product = "Oracle TNS listener"
	if m := tnsText.FindSubmatch(first); m != nil {
		x.is("Oracle TNS listener", "oracle:database_server", string(m[2]), string(m[0]))
		x.fact("os.hint", string(m[1]))
	} else if m := tnsNumber.FindSubmatch(first); m != nil {
		n, err := strconv.ParseUint(string(m[1]), 10, 32)
		if v := tnsVersion(uint32(n)); err == nil && v != "" {
			x.is("Oracle TNS listener", "oracle:database_server", v, string(m[0]))
		}
	}
	if m := tnsError.FindSubmatch(first); m != nil {
		x.fact("oracle.error", string(m[1]))
	}
	for _, p := range tnsPackets(first) {
		if text := bytes.IndexByte(p.body, '('); text >= 0 && (p.kind == tnsRefuse || p.kind == tnsRedirect) {
			x.s.Banner = printable(p.body[text:])
		}
	}
}

// tnsAgain sends the question twice over one connection, as a listener may wish.
func (x *talk) tnsAgain(ctx context.Context) []byte {
	w, err := x.open(ctx)
	if err != nil {
		return nil
	}
	defer w.Close()
	b, err := w.ask(tnsConnect, tnsDone)
	if p := tnsPackets(b); err != nil || len(p) == 0 || p[0].kind != tnsResend {
		return b
	}
	b, _ = w.ask(tnsConnect, tnsDone)
	return b
}

// tnsVersion writes a version number as text. Since release 18 its parts have
// other widths than before.
//
// Source: the macros OCI_SERVER_RELEASE_* and OCI_SERVER_RELEASE_*2 of the
// Oracle Call Interface Programmer's Guide, "OCIServerRelease2".
func tnsVersion(n uint32) string {
	major := n >> 24
	switch {
	case major < 7 || major > 60:
		return ""
	case major < 18:
		return fmt.Sprintf("%d.%d.%d.%d.%d", major, n>>20&15, n>>12&255, n>>8&15, n&255)
	}
	return fmt.Sprintf("%d.%d.%d.%d.%d", major, n>>16&255, n>>12&15, n>>4&255, n&15)
}
