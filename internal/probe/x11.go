package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// x11Protocol is the X Window System. The question is a connection setup
// without credentials, closed again before any request.
//
// Source: X Window System Protocol, X Version 11, section 8 and appendix B.
var x11Protocol = Protocol{
	Name: "x11", Transport: harrier.TCP, Ports: portRange(6000, 6063),
	Hello: func(Target) []byte { return []byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0} },
	Done:  func(b []byte) bool { return len(b) >= 8 && len(b) >= 8+4*int(binary.LittleEndian.Uint16(b[6:])) },
	Reply: func(b []byte) bool { return parseX11(b).answer != "" },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		s := parseX11(first)
		x.fact("x11.protocol", s.protocol)
		x.fact("x11.vendor", s.vendor)
		x.fact("x11.reason", s.reason)
		if s.answer != "open" {
			x.fact("auth.required", "yes")
			return
		}
		x.fact("auth.required", "no")
		x.fact("x11.release", itoa(int(s.release)))
		x.s.Banner = clip(s.vendor, maxBanner)
		x.x11Product(s)
	},
}

// x11Setup is what an X server says to a new connection.
type x11Setup struct {
	answer   string // "open", "refused", "authenticate"; "" when it is not of X11
	protocol string // "11.0"
	reason   string // of a refusal
	vendor   string
	release  uint32
}

func parseX11(b []byte) x11Setup {
	if len(b) < 8 || b[0] > 2 {
		return x11Setup{}
	}
	size := 4 * int(binary.LittleEndian.Uint16(b[6:]))
	if len(b) != 8+size || size == 0 {
		return x11Setup{}
	}
	major, minor := binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint16(b[4:])
	s := x11Setup{protocol: fmt.Sprintf("%d.%d", major, minor)}
	switch {
	case b[0] == 2: // the version is not told here
		if text := strings.TrimRight(string(b[8:]), "\x00"); plainText([]byte(text)) {
			return x11Setup{answer: "authenticate", reason: text}
		}
	case major != 11:
	case b[0] == 0:
		n := int(b[1])
		if n > 0 && n <= size && n > size-4 {
			if text := strings.TrimRight(string(b[8:8+n]), "\n\x00"); plainText([]byte(text)) {
				s.answer, s.reason = "refused", text
				return s
			}
		}
	case size >= 32:
		n := int(binary.LittleEndian.Uint16(b[24:]))
		if len(b) >= 40+n && plainText(b[40:40+n]) {
			s.answer, s.vendor, s.release = "open", string(b[40:40+n]), binary.LittleEndian.Uint32(b[8:])
			return s
		}
	}
	return x11Setup{}
}

// x11Product tells servers by the vendor that they name. X.Org counts releases
// as one decimal number of eight digits: 1.20.13 is 12013000, and the 1 in front is
// not spoken since 21.1. Xwayland has its own numbers since it left the server,
// and shares those of 21.
func (x *talk) x11Product(s x11Setup) {
	r := s.release
	major, minor, patch, snap := r/10_000_000, r/100_000%100, r/1000%100, r%1000
	evidence := fmt.Sprintf("vendor %q release %d", s.vendor, r)
	switch {
	case s.vendor == "The X.Org Foundation" && major == 1 && minor == 21:
		x.is("X.Org X Server", "x.org:x_server", fmt.Sprintf("%d.%d.%d", minor, patch, snap), evidence)
	case s.vendor == "The X.Org Foundation" && major == 1 && minor > 21:
		x.is("Xwayland", "x.org:xwayland", fmt.Sprintf("%d.%d.%d", minor, patch, snap), evidence)
	case s.vendor == "The X.Org Foundation" && major == 1:
		x.is("X.Org X Server", "x.org:x_server", fmt.Sprintf("%d.%d.%d", major, minor, patch), evidence)
	case s.vendor == "The X.Org Foundation":
		x.is("X.Org X Server", "x.org:x_server", "", evidence)
	case strings.Contains(s.vendor, "XFree86"):
		x.is("XFree86", "xfree86_project:x11r6", "", evidence)
	case strings.Contains(s.vendor, "Cygwin"):
		x.is("Cygwin/X", "", "", evidence)
		x.fact("os.hint", "Windows")
	case s.vendor == "HC-Consult":
		x.is("VcXsrv", "", "", evidence)
		x.fact("os.hint", "Windows")
	case s.vendor == "Colin Harrison":
		x.is("Xming", "", "", evidence)
		x.fact("os.hint", "Windows")
	case strings.Contains(s.vendor, "Moba"):
		x.is("MobaXterm", "mobatek:mobaxterm", "", evidence)
		x.fact("os.hint", "Windows")
	case strings.Contains(s.vendor, "Sun Microsystems"):
		x.is("Sun X server", "", "", evidence)
		x.fact("os.hint", "Solaris")
	case strings.Contains(s.vendor, "Hummingbird"), strings.Contains(s.vendor, "OpenText"):
		x.is("Exceed", "", "", evidence)
		x.fact("os.hint", "Windows")
	}
}
