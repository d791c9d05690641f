package probe

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// lpdProtocol takes files to print. The question asks for the state of a
// queue; nothing is printed by it.
//
// Source: RFC 1179, section 5.3.
var lpdProtocol = Protocol{
	Name: "lpd", Transport: harrier.TCP, Ports: []uint16{515},
	Hello: func(Target) []byte { return []byte("\x03lp\n") },
	Reply: func(b []byte) bool { return lpdAnswer.Match(b[:min(len(b), maxBanner)]) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable(first)
		x.tell("lpd", firstLine(first))
	},
}

// lpdAnswer fits the words of the usual servers: BSD's lpd, LPRng, CUPS, that of
// Windows and those of printers.
var lpdAnswer = pattern(`(?i)^(?:\n?no entries\r?\n|Printer: \S{1,80}@|[^\n]{0,60}: ?(?:lpd|lprsrv): |lpd: |lpd \[|Windows LPD Server|` +
	`[^\n]{1,60} is (?:not )?ready(?: and printing)?\r?\n|Rank +Owner +(?:Pri +)?Job|Printer status|unknown printer|` +
	`[^\n]{0,80}unknown printer|Error: [^\n]{0,60}(?:printer|queue)|no spool(?:ed)? files|` +
	`(?:your )?host (?:name )?(?:does not|not) [^\n]{0,60}line printer)`)
