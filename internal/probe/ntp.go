package probe

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var ntpUDP = overUDP(Protocol{
	Name:  "ntp",
	Reply: func(b []byte) bool { return isNTPTime(b) || isNTPVariables(b) },
	Learn: learnNTP,
})

// isNTPTime reports whether b answers a client's request, which has no time of
// its own to be sent back.
//
// Source: RFC 5905, section 7.3.
func isNTPTime(b []byte) bool {
	return len(b) >= 48 && len(b)%4 == 0 && b[0]&7 == 4 && b[0]>>3&7 >= 1 && b[1] <= 16 && binary.BigEndian.Uint64(b[24:]) == 0
}

// isNTPVariables reports whether b answers a request for the variables of the
// system, well or not.
//
// Source: RFC 9327, section 2.
func isNTPVariables(b []byte) bool {
	return len(b) >= 12 && b[0]&7 == 6 && b[1]&0x9f == 0x82 && binary.BigEndian.Uint16(b[2:]) == 1 && binary.BigEndian.Uint16(b[6:]) == 0
}

var ntpVariable = pattern(`(version|processor|system|stratum|refid)="?([^",\n]{1,120})`)

func learnNTP(ctx context.Context, x *talk, first []byte, _ bool) {
	if isNTPTime(first) {
		x.fact("ntp.stratum", itoa(int(first[1])))
		x.fact("ntp.refid", ntpReference(first[1], first[12:16]))
		first = x.further(ctx, question.Of("ntp").Data[1])
	}
	if !isNTPVariables(first) {
		return
	}
	n := int(binary.BigEndian.Uint16(first[10:]))
	text := clean(string(first[12:min(len(first), 12+n)]))
	x.fact("ntp.variables", text)
	for _, m := range ntpVariable.FindAllStringSubmatch(text, 16) {
		switch value := m[2]; m[1] {
		case "version":
			x.tell("ntp", value)
		case "processor":
			x.fact("ntp.processor", value)
		case "system":
			x.fact("ntp.system", value)
			x.fact("os.hint", strings.Replace(value, "/", " ", 1))
		case "stratum", "refid":
			if x.s.Fact("ntp."+m[1]) == "" {
				x.fact("ntp."+m[1], value)
			}
		}
	}
}

// ntpReference is where the time comes from: a kind of clock for the first
// stratum, the address of another server after it, for IPv6 a part of its hash.
func ntpReference(stratum byte, id []byte) string {
	switch {
	case stratum <= 1:
		return strings.Trim(clean(strings.TrimRight(string(id), "\x00")), " .")
	case stratum < 16:
		return netip.AddrFrom4([4]byte(id)).String()
	}
	return ""
}
