package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// foxProtocol is that of Niagara, which runs buildings. The station answers the
// greeting with what it is before anybody signs in.
//
// Source: captures of Niagara AX and 4 stations; the protocol has no public
// document.
var foxProtocol = Protocol{
	Name: "fox", Transport: harrier.TCP, Ports: []uint16{1911, 4911},
	Industrial: true,
	Hello: func(Target) []byte {
		return []byte("fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n")
	},
	Done:   func(b []byte) bool { return bytes.Contains(b, []byte("};;")) },
	Reply:  func(b []byte) bool { return bytes.HasPrefix(b, []byte("fox a 0 ")) },
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte("fox a 0 ")) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		v := foxValues(first)
		x.s.Banner = printable([]byte(firstLine(first)))
		x.fact("fox.version", v["fox.version"])
		x.fact("fox.application", v["app.name"])
		x.fact("fox.app_version", v["app.version"])
		x.fact("device.vendor", v["brandId"])
		x.fact("fox.vm", v["vm.name"])
		x.fact("fox.station", v["station.name"])
		x.fact("host.serial", v["hostId"])
		x.fact("host.name", v["hostName"])
		x.fact("fox.vm_uuid", v["vmUuid"])
		x.fact("os.hint", strings.TrimSpace(v["os.name"]+" "+v["os.version"]))
		x.fact("device.hint", "ics")
		version := ""
		if foxRelease.MatchString(v["app.version"]) {
			version = v["app.version"]
		}
		x.is("Tridium Niagara", "tridium:niagara", version, "app.version=s:"+v["app.version"])
	},
}

var foxRelease = pattern(`^\d{1,2}(?:\.\d{1,4}){1,4}$`)

// foxValues reads lines of the form "key=type:value".
func foxValues(b []byte) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(string(b), "\n") {
		key, value, found := strings.Cut(line, "=")
		if kind, text, typed := strings.Cut(value, ":"); found && typed && len(kind) == 1 && len(out) < 100 {
			out[key] = clip(oneLine(text), 200)
		}
	}
	return out
}
