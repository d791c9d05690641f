package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

var drdaProtocol = Protocol{
	Name: "drda", Transport: harrier.TCP, Ports: []uint16{50000, 50001, 446, 448, 1527, 60000},
	Common: true,
	Hello:  func(Target) []byte { return drdaHello() },
	Done:   func(b []byte) bool { return len(b) >= 2 && len(b) >= int(binary.BigEndian.Uint16(b)) },
	Reply:  func(b []byte) bool { _, ok := parseDRDA(b); return ok },
	Learn:  learnDRDA,
}

// Code points of the exchange of attributes.
const (
	drdaEXCSAT   = 0x1041
	drdaEXCSATRD = 0x1443
	drdaEXTNAM   = 0x115e
	drdaSRVNAM   = 0x116d
	drdaSRVRLSLV = 0x115a
	drdaSRVCLSNM = 0x1147
	drdaMGRLVLLS = 0x1404
)

// drdaHello exchanges attributes, which comes before any sign-in.
//
// Source: The Open Group, DRDA version 5, volume 3 (DDM), "EXCSAT".
func drdaHello() []byte {
	object := drdaField(drdaEXCSAT,
		drdaField(drdaEXTNAM, ebcdic("HARRIER")),
		drdaField(drdaSRVNAM, ebcdic("HARRIER")),
		drdaField(drdaMGRLVLLS, []byte{0x14, 3, 0, 7, 0x24, 7, 0, 7, 0x24, 0x0f, 0, 7, 0x14, 0x40, 0, 7, 0x14, 0x74, 0, 5}),
		drdaField(drdaSRVCLSNM, ebcdic("HARRIER")))
	b := binary.BigEndian.AppendUint16(nil, uint16(6+len(object)))
	return append(append(b, 0xd0, 1, 0, 1), object...)
}

func drdaField(code uint16, parts ...[]byte) []byte {
	n := 4
	for _, p := range parts {
		n += len(p)
	}
	b := binary.BigEndian.AppendUint16(nil, uint16(n))
	b = binary.BigEndian.AppendUint16(b, code)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// parseDRDA reads the attributes of a server, by code point.
func parseDRDA(b []byte) (map[int]string, bool) {
	c := cursor{b: b}
	c.skip(2)
	if c.u8() != 0xd0 || c.u8()&0x0f != 2 {
		return nil, false
	}
	c.skip(2)
	size, code := c.be16(), c.be16()
	if c.bad || code != drdaEXCSATRD || size < 4 {
		return nil, false
	}
	out := map[int]string{}
	for c.b = c.b[:min(len(c.b), size-4)]; len(c.b) >= 4; {
		n, code := c.be16(), c.be16()
		value := c.bytes(n - 4)
		if c.bad {
			break
		}
		if code != drdaMGRLVLLS {
			out[code] = strings.TrimSpace(ebcdicText(value))
		}
	}
	return out, len(out) > 0
}

var (
	db2Release   = pattern(`^SQL(\d\d)(\d\d)(\d)$`)
	derbyRelease = pattern(`/(\d+\.\d+\.\d+\.\d+)`)
)

func learnDRDA(_ context.Context, x *talk, first []byte, _ bool) {
	a, _ := parseDRDA(first)
	class, release := a[drdaSRVCLSNM], a[drdaSRVRLSLV]
	x.fact("drda.class", class)
	x.fact("drda.release", release)
	x.fact("drda.server", a[drdaSRVNAM])
	x.fact("drda.process", a[drdaEXTNAM])
	evidence := "SRVCLSNM " + class + " SRVRLSLV " + release
	switch {
	case strings.Contains(class, "Derby"):
		x.is("Apache Derby", "apache:derby", "", evidence)
		if m := derbyRelease.FindStringSubmatch(release); m != nil {
			x.is("Apache Derby", "apache:derby", m[1], evidence)
		}
	case strings.HasPrefix(release, "DSN"):
		x.is("IBM Db2 for z/OS", "ibm:db2", "", evidence)
		x.fact("os.hint", "IBM z/OS")
	case strings.HasPrefix(release, "QSQ"):
		x.is("IBM Db2 for i", "ibm:db2", "", evidence)
		x.fact("os.hint", "IBM i")
	case strings.HasPrefix(class, "QDB2"):
		x.is("IBM Db2", "ibm:db2", "", evidence)
		if m := db2Release.FindStringSubmatch(release); m != nil {
			x.is("IBM Db2", "ibm:db2", fmt.Sprintf("%d.%d.%s", digits(m[1]), digits(m[2]), m[3]), evidence)
		}
		switch _, system, _ := strings.Cut(class, "/"); {
		case strings.HasPrefix(system, "NT"):
			x.fact("os.hint", "Windows")
		case strings.HasPrefix(system, "LINUX"):
			x.fact("os.hint", "Linux")
		case strings.HasPrefix(system, "AIX"):
			x.fact("os.hint", "IBM AIX")
		}
	}
}

// digits is the number that a pattern made sure of.
func digits(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// ebcdicTable is the printable part of code page 37, by byte.
var ebcdicTable = func() (t [256]byte) {
	for start, run := range map[int]string{
		0x40: " ", 0x4b: ".<(+|&", 0x5a: "!$*);", 0x60: "-/", 0x6b: ",%_>?", 0x79: "`:#@'=\"", 0x81: "abcdefghi", 0x91: "jklmnopqr", 0xa2: "stuvwxyz",
		0xc1: "ABCDEFGHI", 0xd1: "JKLMNOPQR", 0xe2: "STUVWXYZ", 0xf0: "0123456789",
	} {
		copy(t[start:], run)
	}
	return t
}()

func ebcdic(s string) []byte {
	out := make([]byte, len(s))
	for i := range s {
		out[i] = byte(bytes.IndexByte(ebcdicTable[:], s[i]))
	}
	return out
}

// ebcdicText reads a name. Servers that agreed to Unicode write ASCII, which
// has no byte where EBCDIC has its letters and digits.
func ebcdicText(b []byte) string {
	if !bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x80 }) { // whether valid UTF-8 or not
		return strings.Trim(string(b), "\x00 @") // 0x40 is the blank of EBCDIC
	}
	out := make([]byte, len(b))
	for i, c := range b {
		if out[i] = ebcdicTable[c]; out[i] == 0 {
			out[i] = ' '
		}
	}
	return string(out)
}
