package probe

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

var vncProtocol = Protocol{
	Name: "vnc", Transport: harrier.TCP, Ports: []uint16{5900, 5901, 5902, 5903, 5904, 5905, 5999},
	First:  true,
	Banner: func(b []byte) bool { return vncGreeting.Match(b) },
	Learn:  learnVNC,
}

var vncGreeting = pattern(`^RFB (\d{3})\.(\d{3})\n`)

// vncSecurity names the security types.
//
// Source: RFC 6143, section 7.2, and the registry of IANA.
var vncSecurity = map[byte]string{
	1: "None", 2: "VncAuth", 5: "RA2", 6: "RA2ne", 16: "Tight", 17: "Ultra", 18: "TLS", 19: "VeNCrypt", 20: "SASL", 21: "MD5", 22: "xvp",
	30: "AppleDH", 33: "AppleSRP", 35: "AppleKerberos", 36: "AppleRSASRP", 113: "MSLogonII", 129: "RA2_256", 130: "RA2ne_256",
}

func learnVNC(ctx context.Context, x *talk, first []byte, _ bool) {
	greeting := first[:12]
	x.fact("vnc.protocol", strings.TrimSpace(string(greeting[4:])))
	x.tell("vnc", strings.TrimSpace(string(greeting)))
	w, _ := x.greeted(ctx, oneLineDone, first)
	if w == nil {
		return
	}
	defer w.Close()
	version := "RFB 003.008\n"
	if string(greeting[8:11]) == "003" || string(greeting[8:11]) == "007" {
		version = string(greeting)
	}
	reply, err := w.ask([]byte(version), nil)
	if err != nil {
		return
	}
	if len(reply) > 8 && reply[0] == 0 && version != "RFB 003.003\n" { // no type, but a reason
		x.fact("vnc.refused", oneLine(string(reply[5:])))
		return
	}
	types := vncTypes(reply, version == "RFB 003.003\n")
	x.fact("vnc.security", strings.Join(types, ","))
	x.vncProduct(types)
	if len(types) > 0 {
		x.fact("auth.required", yesNo(!strings.Contains(","+strings.Join(types, ",")+",", ",None,")))
	}
}

// vncProduct tells servers by the security types that only they have. Others
// offer Tight, VeNCrypt and RA2 as well, so that these tell nothing.
func (x *talk) vncProduct(types []string) {
	if x.s.Product != "" {
		return
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(names, t) })
	}
	evidence := "security types " + strings.Join(types, ",")
	switch {
	case has("AppleDH", "AppleSRP", "AppleKerberos", "AppleRSASRP"):
		x.is("Apple Remote Desktop", "apple:remote_desktop", "", evidence)
		x.fact("os.hint", "macOS")
	case has("Ultra", "MSLogonII"):
		x.is("UltraVNC", "uvnc:ultravnc", "", evidence)
		x.fact("os.hint", "Windows")
	}
}

// vncTypes reads the security types that are offered; before protocol 3.7 the
// server chooses one.
func vncTypes(b []byte, chosen bool) []string {
	var numbers []byte
	switch {
	case chosen && len(b) >= 4 && binary.BigEndian.Uint32(b) <= 255:
		numbers = b[3:4]
	case !chosen && len(b) > 1:
		numbers = b[1:min(len(b), 1+int(b[0]))]
	}
	var out []string
	for _, n := range numbers {
		if name, known := vncSecurity[n]; known {
			out = append(out, name)
		} else if n != 0 {
			out = append(out, "type "+itoa(int(n)))
		}
	}
	return out
}
