package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var mssqlUDP = overUDP(Protocol{
	Name:  "mssql-browser",
	Reply: func(b []byte) bool { return len(parseInstances(b)) > 0 },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.is("Microsoft SQL Server Browser", "", "", printable(first[3:]))
		x.fact("os.hint", "Windows")
		var list, versions []string
		for _, i := range parseInstances(first) {
			text := i["InstanceName"] + " " + i["Version"]
			if port := i["tcp"]; port != "" {
				text += " tcp/" + port
			}
			list, versions = append(list, text), append(versions, i["Version"])
			x.fact("host.name", i["ServerName"])
		}
		slices.Sort(versions)
		x.fact("mssql.instances", strings.Join(list, ","))
		x.fact("mssql.versions", strings.Join(slices.Compact(versions), ","))
	},
})

// parseInstances reads what the browser knows of each instance.
//
// Source: [MS-SQLR], section 2.2.5.
func parseInstances(b []byte) []map[string]string {
	if len(b) < 4 || b[0] != 5 || int(binary.LittleEndian.Uint16(b[1:])) != len(b)-3 {
		return nil
	}
	var out []map[string]string
	for one := range strings.SplitSeq(string(b[3:]), ";;") {
		f := strings.Split(one, ";")
		i := map[string]string{}
		for k := 0; k+1 < len(f) && k < 32; k += 2 {
			i[f[k]] = clip(oneLine(f[k+1]), 128)
		}
		if i["ServerName"] != "" && i["InstanceName"] != "" && len(out) < 50 {
			out = append(out, i)
		}
	}
	return out
}

var db2Answer = pattern(`^DB2RETADDR\x00SQL(\d{2})(\d{2})(\d)\x00`)

var db2UDP = overUDP(Protocol{
	Name:  "db2",
	Reply: func(b []byte) bool { return db2Answer.Match(b) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		m := db2Answer.FindSubmatch(first)
		version := strings.TrimLeft(string(m[1]), "0") + "." + itoa(10*int(m[2][0]-'0')+int(m[2][1]-'0'))
		x.is("IBM Db2", "ibm:db2", version, padText(first[11:19])) // the release; fixes do not show
		x.fact("host.name", padText(first[len(m[0]):min(len(first), len(m[0])+64)]))
	},
})

var coapUDP = overUDP(Protocol{
	Name:  "coap",
	Reply: func(b []byte) bool { _, _, ok := parseCoAP(b); return ok },
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		code, body, _ := parseCoAP(first)
		if code == 0 { // the answer to the empty message
			code, body, _ = parseCoAP(x.further(ctx, question.Of("coap").Data[1]))
		}
		if code == 2<<5|5 {
			x.fact("coap.resources", oneLine(string(body)))
			x.fact("auth.required", "no")
		} else if code != 0 {
			x.fact("coap.code", itoa(code>>5)+"."+itoa(code&31/10)+itoa(code&31%10))
		}
	},
})

// parseCoAP reads the code and the payload of an answer to one of our messages.
//
// Source: RFC 7252, section 3.
func parseCoAP(b []byte) (code int, body []byte, ok bool) {
	s := cursor{b: b}
	head := s.u8()
	code, id := s.u8(), s.be16()
	s.skip(head & 15)
	kind := head >> 4 & 3
	if s.bad || head>>6 != 1 || id != 0x4852 && id != 0x4853 || kind < 2 || code == 0 && len(b) != 4 {
		return 0, nil, false
	}
	for len(s.b) > 0 {
		o := s.u8()
		if o == 0xff {
			return code, s.b, len(s.b) > 0
		}
		extended := func(n int) int {
			switch n {
			case 13:
				return 13 + s.u8()
			case 14:
				return 269 + s.be16()
			case 15:
				s.bad = true
			}
			return n
		}
		extended(o >> 4) // which option it is does not matter
		if s.skip(extended(o & 15)); s.bad {
			return 0, nil, false
		}
	}
	return code, nil, code == 0 || code>>5 >= 2
}

var afsUDP = overUDP(Protocol{
	Name: "afs",
	// Epoch and kind of packet are those of the question (Rx, version packets).
	Reply: func(b []byte) bool {
		return len(b) > 28 && bytes.HasPrefix(b, []byte{0, 0, 3, 0xe7}) && b[20] == 13 && isPlain(bytes.TrimRight(b[28:], "\x00"))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		text := padText(first[28:])
		x.s.Banner = clip(text, maxBanner)
		x.fact("afs.version", text)
		x.tell("afs", text)
	},
})
