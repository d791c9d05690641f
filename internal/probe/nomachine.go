package probe

import (
	"bytes"
	"context"

	"github.com/harrier-scan/harrier"
)

// nomachineProtocol exchanges names and versions in clear text before it goes
// over to TLS.
var nomachineProtocol = Protocol{
	Name: "nx", Transport: harrier.TCP, Ports: []uint16{4000},
	Hello:  func(Target) []byte { return []byte("NXSH-6.0.0\n") },
	Done:   oneLineDone,
	Reply:  nomachineGreeting.Match,
	Banner: nomachineGreeting.Match,
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		version := nomachineGreeting.FindSubmatch(first)[1]
		x.s.Banner = firstLine(first)
		x.is("NoMachine", "nomachine:nomachine", string(version), firstLine(first))
		x.starttls(ctx, "nx", func(w *wire) error {
			b, err := w.ask([]byte("NXSH-6.0.0\n"), oneLineDone)
			if err == nil && !bytes.HasPrefix(b, []byte("NXD-")) {
				err = errNoUpgrade
			}
			return err
		})
	},
}

var nomachineGreeting = pattern(`^NXD-(\d{1,3}\.\d{1,3}\.\d{1,4})\r?\n`)
