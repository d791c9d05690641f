package probe

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

// apcupsdProtocol tells the state of a power supply.
//
// Source: apcupsd user manual, "NIS Server/Client Configuration" and "apcupsd
// Status Logging": records with their length in front, an empty one last.
var apcupsdProtocol = Protocol{
	Name: "apcupsd", Transport: harrier.TCP, Ports: []uint16{3551},
	Hello: func(Target) []byte { return []byte("\x00\x06status") },
	Done:  func(b []byte) bool { _, done := nisRecords(b); return done },
	Reply: func(b []byte) bool {
		records, _ := nisRecords(b)
		return len(records) > 0 && apcupsdStart.MatchString(records[0])
	},
	Learn: learnAPCUPSD,
}

var (
	apcupsdStart   = pattern(`^APC +: \d{3},\d{3},\d{4}\n?$`)
	apcupsdVersion = pattern(`^(\d{1,2}\.\d{1,2}\.\d{1,2}) \(`)
)

// nisRecords reads the records of an answer, and whether the last is there.
func nisRecords(b []byte) (records []string, done bool) {
	for len(b) >= 2 {
		n := int(binary.BigEndian.Uint16(b))
		if n == 0 {
			return records, true
		}
		if len(b) < 2+n || len(records) == 200 {
			return records, len(records) == 200
		}
		records = append(records, string(b[2:2+n]))
		b = b[2+n:]
	}
	return records, false
}

func learnAPCUPSD(_ context.Context, x *talk, first []byte, _ bool) {
	records, _ := nisRecords(first)
	status := map[string]string{}
	for _, r := range records {
		if key, value, found := strings.Cut(r, ":"); found {
			status[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	x.s.Banner = clip(oneLine(records[0]), maxBanner)
	version := ""
	if m := apcupsdVersion.FindStringSubmatch(status["VERSION"]); m != nil {
		version = m[1]
	}
	x.is("apcupsd", "apcupsd:apcupsd", version, "VERSION "+status["VERSION"])
	x.fact("apcupsd.model", status["MODEL"])
	x.fact("apcupsd.serial", status["SERIALNO"])
	x.fact("apcupsd.firmware", status["FIRMWARE"])
	x.fact("host.name", status["HOSTNAME"])
	x.fact("auth.required", "no")
	for _, system := range []string{"debian", "redhat", "suse", "ubuntu", "gentoo", "freebsd", "mingw"} {
		if strings.HasSuffix(status["VERSION"], " "+system) {
			x.fact("os.hint", strings.Replace(system, "mingw", "Windows", 1))
		}
	}
}
