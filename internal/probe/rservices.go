package probe

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// rloginProtocol, rshProtocol and rexecProtocol let users of trusted machines
// in. The questions name a user that nobody has, and no command but "exit"; what
// tells the service is how it refuses.
//
// Source: RFC 1282; 4.3BSD rshd(8) and rexecd(8).
var rloginProtocol = Protocol{
	Name: "rlogin", Transport: harrier.TCP, Ports: []uint16{513},
	Hello: func(Target) []byte { return []byte("\x00harrier\x00harrier\x00dumb/9600\x00") },
	Reply: rloginAnswer.Match,
	Learn: learnR,
}

var rshProtocol = Protocol{
	Name: "rsh", Transport: harrier.TCP, Ports: []uint16{514},
	Hello: func(Target) []byte { return []byte("0\x00harrier\x00harrier\x00exit\x00") },
	Reply: rshAnswer.Match,
	Learn: learnR,
}

var rexecProtocol = Protocol{
	Name: "rexec", Transport: harrier.TCP, Ports: []uint16{512},
	Hello: func(Target) []byte { return []byte("0\x00harrier\x00\x00exit\x00") },
	Reply: rshAnswer.Match,
	Learn: learnR,
}

var (
	rloginAnswer = pattern(`(?i)^(?:\x01(?:rlogind: |in\.rlogind|permission denied|malformed from address|host address mismatch|[^\n]{0,60}rlogin)|\x00(?:\x80)?[^\x80-\xff]{0,200}(?:login|password):)`)
	rshAnswer    = pattern(`(?i)^\x01(?:rshd: |in\.rshd|rexecd: |in\.rexecd|remshd|permission denied|login incorrect|where are you\?|password incorrect|locuser too long|\d{4}-\d{3} )`)
)

func learnR(_ context.Context, x *talk, first []byte, _ bool) {
	x.s.Banner = printable(first)
	x.fact("auth.required", "yes")
}
