package probe

import (
	"bytes"
	"context"

	"github.com/harrier-scan/harrier"
)

var zmtpProtocol = Protocol{
	Name: "zmtp", Transport: harrier.TCP, Ports: []uint16{5555, 5556, 5557, 4505, 4506, 5563},
	First:  true,
	Banner: isZMTP,
	Learn:  learnZMTP,
}

// isZMTP takes the signature with which both sides begin, and the number of a
// version, if that is there already.
//
// Source: RFC 23/ZMTP 3.0, "Greeting".
func isZMTP(b []byte) bool {
	return len(b) >= 10 && b[0] == 0xff && bytes.Equal(b[1:8], make([]byte, 7)) && b[8] <= 1 && b[9] == 0x7f && (len(b) == 10 || b[10] <= 3)
}

// zmtpGreeting is that of a client of version 3.0 without security.
var zmtpGreeting = func() []byte {
	b := make([]byte, 64)
	b[0], b[8], b[9], b[10] = 0xff, 1, 0x7f, 3
	copy(b[12:], "NULL")
	return b
}()

// zmtpReady says what kind of socket this end is.
const zmtpReady = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"

// learnZMTP goes on with the greeting, to be told the security and, where that
// asks for nothing, the kind of socket.
func learnZMTP(ctx context.Context, x *talk, _ []byte, _ bool) {
	x.s.Product = "ZeroMQ"
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	first, err := w.read(enough(10))
	if err != nil || !isZMTP(first) {
		return
	}
	if len(first) < 64 {
		b, _ := w.ask(zmtpGreeting, enough(64-len(first)))
		first = append(first, b...)
	}
	if len(first) < 32 || first[10] < 3 {
		return
	}
	x.fact("zmtp.version", itoa(int(first[10]))+"."+itoa(int(first[11])))
	mechanism := padText(first[12:32])
	x.fact("zmtp.mechanism", mechanism)
	if x.fact("auth.required", yesNo(mechanism != "NULL")); mechanism != "NULL" {
		return
	}
	said := first[min(len(first), 64):]
	if zmtpSocket(said) == "" {
		b, _ := w.ask([]byte(zmtpReady), func(b []byte) bool { return zmtpSocket(b) != "" })
		said = append(said, b...)
	}
	x.fact("zmtp.socket", zmtpSocket(said))
	// The two doors of a Salt master.
	if socket := zmtpSocket(said); x.Port == 4505 && socket == "PUB" || x.Port == 4506 && socket == "ROUTER" {
		x.fact("zmtp.application", "Salt master")
	}
}

// zmtpSocket reads the kind of socket in the command READY; "" when it is not
// there.
//
// Source: RFC 23/ZMTP 3.0, "The NULL Security Mechanism".
func zmtpSocket(b []byte) string {
	_, rest, found := bytes.Cut(b, []byte("\x05READY"))
	c := cursor{b: rest}
	for found && len(c.b) > 0 {
		name := string(c.bytes(c.u8()))
		value := string(c.bytes(int(min(c.be32(), maxReply))))
		if !c.bad && name == "Socket-Type" {
			return value
		}
	}
	return ""
}
