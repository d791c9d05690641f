package probe

import (
	"context"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

var telnetProtocol = Protocol{
	Name: "telnet", Transport: harrier.TCP, Ports: []uint16{23, 2323, 992},
	First: true,
	Banner: func(b []byte) bool {
		return len(b) >= 3 && b[0] == iac && b[1] >= 0xfb && b[1] <= 0xfe && b[2] <= 0x31
	},
	Learn: learnTelnet,
}

const iac = 0xff // "interpret as command"

// telnetPatience is how long the text of a login may take to come.
const telnetPatience = 1500 * time.Millisecond

// learnTelnet refuses every option and reads the text that follows, which is
// often the greeting of the login.
//
// Source: RFC 854; RFC 1143 for the answers.
func learnTelnet(ctx context.Context, x *talk, first []byte, _ bool) {
	x.telnetText(first)
	w, heard := x.greeted(ctx, func([]byte) bool { return true }, first)
	if w == nil {
		return
	}
	defer w.Close()
	w.limit = min(w.limit, telnetPatience)
	for range 4 {
		x.telnetText(heard)
		var err error
		if heard, err = w.ask(telnetRefusals(heard), nil); err != nil {
			return
		}
	}
}

func (x *talk) telnetText(b []byte) {
	if text := strings.TrimSpace(clean(string(telnetPlain(b)))); text != "" {
		x.s.Banner = clip(text, maxBanner)
		x.fact("telnet.banner", text)
		x.tell("telnet", text)
		x.telnetDevice(text)
	}
}

// telnetPlain leaves the commands out.
func telnetPlain(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] != iac:
			out = append(out, b[i])
		case i+1 < len(b) && b[i+1] >= 0xfb && b[i+1] <= 0xfe:
			i += 2
		case i+1 < len(b) && b[i+1] == 0xfa: // subnegotiation, up to IAC SE
			for i += 2; i+1 < len(b) && (b[i] != iac || b[i+1] != 0xf0); i++ {
			}
			i++
		default:
			i++
		}
	}
	return out
}

// telnetRefusals answers DO with WONT and WILL with DONT.
func telnetRefusals(b []byte) []byte {
	var out []byte
	for i := 0; i+2 < len(b); i++ {
		if b[i] != iac {
			continue
		}
		switch b[i+1] {
		case 0xfd:
			out = append(out, iac, 0xfc, b[i+2])
		case 0xfb:
			out = append(out, iac, 0xfe, b[i+2])
		}
		if b[i+1] >= 0xfb {
			i += 2
		}
	}
	return out
}
