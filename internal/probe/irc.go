package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var ircProtocol = Protocol{
	Name: "irc", Transport: harrier.TCP, Ports: []uint16{6665, 6666, 6667, 6668, 6669, 6697, 7000},
	Common: true,
	Hello:  func(Target) []byte { return []byte(ircRegister) },
	Done:   ircDone,
	Reply:  func(b []byte) bool { return ircPattern.Match(b) },
	Banner: func(b []byte) bool { return ircPattern.Match(b) },
	Learn:  learnIRC,
}

const ircRegister = "NICK hrr6872\r\nUSER hrr6872 0 * :harrier\r\n"

var (
	ircPattern = pattern(`^(?::[!-~]{1,128} (?:NOTICE|0\d\d|4\d\d|PING) |NOTICE (?:AUTH|\*) :|ERROR :|PING :?[!-~]+\r\n)`)
	ircPing    = pattern(`(?m)^(?::\S+ )?PING :?([!-~]{1,128})\r?$`)
	ircMyInfo  = pattern(`(?m)^:\S+ 004 \S+ (\S+) (\S+)`)
)

// ircDone reports that the server has told its version, wants to be answered,
// or closes.
func ircDone(b []byte) bool {
	return oneLineDone(b) && (ircMyInfo.Match(b) || ircPing.Match(b) || bytes.Contains(b, []byte("ERROR :")) || bytes.Contains(b, []byte(" 433 ")))
}

// learnIRC registers, if the server lets it, to be told the server's version
// by numeric 004.
//
// Source: RFC 2812, section 5.1.
func learnIRC(ctx context.Context, x *talk, first []byte, asked bool) {
	text := first
	if !ircMyInfo.Match(text) {
		w, err := x.open(ctx)
		if err != nil {
			return
		}
		defer w.Close()
		said := ircRegister
		for range 3 {
			b, err := w.ask([]byte(said), ircDone)
			if text = append(text, b...); err != nil || ircMyInfo.Match(text) {
				break
			}
			ping := ircPing.FindSubmatch(b)
			if ping == nil {
				break
			}
			said = "PONG :" + string(ping[1]) + "\r\n"
		}
		_ = w.send([]byte("QUIT\r\n"))
	}
	if !asked {
		x.s.Banner = printable(first)
	}
	if m := ircMyInfo.FindSubmatch(text); m != nil {
		x.fact("irc.server", string(m[1]))
		x.fact("irc.version", string(m[2]))
		x.tell("irc", string(m[2]))
		return
	}
	if i := strings.Index(string(text), "InspIRCd"); i >= 0 {
		x.tell("irc", "InspIRCd")
	}
}
