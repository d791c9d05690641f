package probe

import (
	"bytes"
	"context"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

// The small services say anything, or what they were told.
//
// Source: RFC 862, 864, 865, 867 and 868.
var (
	echoUDP = overUDP(Protocol{
		Name: "echo", Weak: true,
		Reply: func(b []byte) bool { return bytes.Equal(b, question.First(7)) },
	})
	daytimeUDP = overUDP(Protocol{
		Name: "daytime", Weak: true,
		Reply: func(b []byte) bool { return len(b) <= 128 && isPlain(b) && bytes.ContainsAny(b, "0123456789") },
		Learn: learnPlain,
	})
	qotdUDP    = overUDP(Protocol{Name: "qotd", Weak: true, Reply: isPlain, Learn: learnPlain})
	chargenUDP = overUDP(Protocol{Name: "chargen", Weak: true, Reply: isPattern})
	timeUDP    = overUDP(Protocol{
		Name: "time", Weak: true,
		Reply: func(b []byte) bool { return len(b) == 4 && b[0] >= 0x80 }, // after 1968
	})
)

// isPlain reports whether b is lines of text, as long as RFC 865 lets a quote be.
func isPlain(b []byte) bool {
	if len(b) == 0 || len(b) > 1024 || len(bytes.TrimSpace(b)) == 0 {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func learnPlain(_ context.Context, x *talk, first []byte, _ bool) { x.s.Banner = printable(first) }

// isPattern reports whether b is the ring of printable characters, each after its
// neighbour, as most generators send it.
func isPattern(b []byte) bool {
	if len(b) < 32 {
		return false
	}
	turns := 0
	for i := range min(len(b), 512) - 1 {
		if a, c := b[i], b[i+1]; c != a+1 {
			turns++
		} else if a < ' ' || a > '~' {
			return false
		}
	}
	return turns <= 1+min(len(b), 512)/16
}

var tftpUDP = overUDP(Protocol{
	Name: "tftp", Weak: true,
	Reply: question.TFTPAnswer,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		if first[1] == 5 {
			x.fact("tftp.error", padText(first[4:]))
			x.s.Banner = printable(bytes.TrimRight(first[4:], "\x00"))
		}
	},
})
