package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

const jdwpHandshake = "JDWP-Handshake"

// jdwpProtocol is the debug port of a Java virtual machine. The handshake is
// the same both ways, which an echo could say too: so the question asks for
// the version behind it.
//
// Source: Java Debug Wire Protocol; VirtualMachine command set, Version.
var jdwpProtocol = Protocol{
	Name: "jdwp", Transport: harrier.TCP, Ports: []uint16{5005, 8787, 8453, 1044},
	Common: true,
	Hello:  func(Target) []byte { return append([]byte(jdwpHandshake), octets("0000000b 00006872 00 01 01")...) },
	Done:   func(b []byte) bool { _, ok := parseJDWP(b); return ok },
	Reply:  func(b []byte) bool { _, ok := parseJDWP(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		v, _ := parseJDWP(first)
		x.s.Banner = printable([]byte(v.description))
		x.fact("jdwp.protocol", v.protocol)
		x.fact("jdwp.vm", v.name)
		x.fact("jdwp.java", v.version)
		x.fact("auth.required", "no")
		evidence := v.name + " " + v.version
		product, name := "Java virtual machine", ""
		switch {
		case v.name == "Dalvik":
			product = "Dalvik VM"
			x.fact("os.hint", "Android")
		case strings.HasPrefix(v.name, "OpenJDK"):
			product, name = "OpenJDK", "oracle:openjdk"
		case strings.HasPrefix(v.name, "Java HotSpot"):
			product, name = "Oracle JDK", "oracle:jdk"
		case strings.Contains(v.name, "OpenJ9"):
			product, name = "Eclipse OpenJ9", ""
		}
		version := ""
		if jdwpVersion.MatchString(v.version) && name != "" {
			version = v.version
		}
		x.is(product, name, version, evidence)
	},
}

// jdwpVersion is how Java writes its releases: 1.8.0_392, 11.0.21, 17.0.9, 21.
var jdwpVersion = pattern(`^(?:1\.\d\.\d(?:_\d{1,4})?|\d{1,2}(?:\.\d{1,3}){0,3})$`)

// jdwpInfo is the answer to Version.
type jdwpInfo struct{ description, protocol, version, name string }

// parseJDWP reads the handshake and finds the answer behind it; events of the
// machine may stand in front.
func parseJDWP(b []byte) (jdwpInfo, bool) {
	rest, found := bytes.CutPrefix(b, []byte(jdwpHandshake))
	if !found {
		return jdwpInfo{}, false
	}
	for len(rest) >= 11 {
		size := binary.BigEndian.Uint32(rest)
		if size < 11 || uint64(size) > uint64(len(rest)) {
			break
		}
		packet := rest[:size]
		rest = rest[size:]
		if packet[8] == 0x80 && binary.BigEndian.Uint32(packet[4:]) == 0x6872 {
			return jdwpVersionReply(packet[9:])
		}
	}
	return jdwpInfo{}, false
}

// jdwpVersionReply reads an error code and, if it is none, the answer. A
// machine that answers with an error is one all the same.
func jdwpVersionReply(b []byte) (jdwpInfo, bool) {
	if binary.BigEndian.Uint16(b) != 0 {
		return jdwpInfo{}, true
	}
	c := cursor{b: b[2:]}
	text := func() string { return clean(string(c.bytes(c.size(binary.BigEndian)))) }
	v := jdwpInfo{description: text()}
	v.protocol = fmt.Sprintf("%d.%d", c.be32(), c.be32())
	v.version, v.name = text(), text()
	return v, !c.bad
}
