package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// rmiProtocol is the way by which Java calls from machine to machine. The
// question is its greeting; behind it a registry is asked for the names that it
// holds, which it tells everybody.
//
// Source: Java RMI Specification, section 10.2 (wire protocol); Java Object
// Serialization Specification, section 6.4.
var rmiProtocol = Protocol{
	Name: "java-rmi", Transport: harrier.TCP, Ports: []uint16{1099, 1098, 11099, 9010},
	Common: true,
	Hello:  func(Target) []byte { return []byte("JRMI\x00\x02K") },
	Done:   func(b []byte) bool { return len(b) >= 7 },
	Reply:  isRMI,
	Learn:  learnRMI,
}

func isRMI(b []byte) bool {
	if len(b) < 7 || b[0] != 'N' {
		return false
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	return len(b) == 3+n+4 && n > 0 && !strings.ContainsFunc(string(b[3:3+n]), func(r rune) bool { return r <= ' ' || r > '~' })
}

// rmiList calls "list" of the object with the number of registries.
var rmiList = octets("50 aced 0005 77 22 0000000000000000 00000000 0000000000000000 0000 00000001 44154dc9d4e63bdf")

func learnRMI(ctx context.Context, x *talk, _ []byte, _ bool) {
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	if b, err := w.ask([]byte("JRMI\x00\x02K"), isRMI); err != nil || !isRMI(b) {
		return
	}
	// Our own end is a name of one letter at port 0.
	b, err := w.ask(append([]byte("\x00\x01h\x00\x00\x00\x00"), rmiList...), nil)
	if err != nil {
		return
	}
	names, ok := parseRMIList(b)
	if !ok {
		return
	}
	x.fact("rmi.registry", "yes")
	x.fact("rmi.names", strings.Join(names, ","))
	if slices.Contains(names, "jmxrmi") {
		x.fact("rmi.jmx", "yes")
	}
}

// parseRMIList reads the names out of the answer: a normal return, and an array
// of strings as Java writes it.
func parseRMIList(b []byte) ([]string, bool) {
	if !bytes.HasPrefix(b, octets("51 aced 0005 77 0f 01")) {
		return nil, false
	}
	_, rest, found := bytes.Cut(b, append([]byte("ur\x00\x13[Ljava.lang.String;"), octets("add256e7e91d7b47 02 0000 70 78 70")...))
	if !found || len(rest) < 4 {
		return nil, false
	}
	count := binary.BigEndian.Uint32(rest)
	var names []string
	for rest = rest[4:]; len(names) < int(min(count, 100)) && len(rest) >= 3 && rest[0] == 't'; {
		n := int(binary.BigEndian.Uint16(rest[1:]))
		if len(rest) < 3+n {
			break
		}
		names = append(names, clip(oneLine(string(rest[3:3+n])), 100))
		rest = rest[3+n:]
	}
	return names, true
}
