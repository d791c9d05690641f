package probe

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

var snmpUDP = Protocol{
	Name: "snmp", Transport: harrier.UDP, Ports: []uint16{161, 1161, 10161},
	Common: true,
	Hello:  func(Target) []byte { return snmpGet },
	Also:   func(Target) []byte { return snmpDiscover },
	Done:   func([]byte) bool { return true },
	Reply:  func(b []byte) bool { _, ok := parseSNMP(b); return ok },
	Learn:  learnSNMP,
}

// Object names in their encoded form: sysDescr.0, sysObjectID.0, sysName.0.
var (
	oidSysDescr  = []byte{0x2b, 6, 1, 2, 1, 1, 1, 0}
	oidSysObject = []byte{0x2b, 6, 1, 2, 1, 1, 2, 0}
	oidSysName   = []byte{0x2b, 6, 1, 2, 1, 1, 5, 0}
)

// snmpGet reads three objects with the community that everybody may read.
//
// Source: RFC 3416, section 3.
var snmpGet = berOf(0x30, []byte{2, 1, 1}, berText("public"), berOf(0xa0,
	[]byte{2, 2, 0x68, 0x72}, []byte{2, 1, 0}, []byte{2, 1, 0},
	berOf(0x30, snmpBind(oidSysDescr), snmpBind(oidSysObject), snmpBind(oidSysName))))

func snmpBind(oid []byte) []byte { return berOf(0x30, berOf(6, oid), []byte{5, 0}) }

// snmpDiscover asks an agent of version 3 for its engine, which needs no name.
//
// Source: RFC 3414, section 4.
var snmpDiscover = berOf(0x30, []byte{2, 1, 3},
	berOf(0x30, []byte{2, 2, 0x68, 0x73}, []byte{2, 3, 0, 0xff, 0xe3}, []byte{4, 1, 4}, []byte{2, 1, 3}),
	berOf(4, berOf(0x30, []byte{4, 0}, []byte{2, 1, 0}, []byte{2, 1, 0}, []byte{4, 0}, []byte{4, 0}, []byte{4, 0})),
	berOf(0x30, []byte{4, 0}, []byte{4, 0}, berOf(0xa0, []byte{2, 2, 0x68, 0x73}, []byte{2, 1, 0}, []byte{2, 1, 0}, berOf(0x30))))

// snmpReply is an agent's answer.
type snmpReply struct {
	version             int    // 1 is v2c, 3 is v3
	descr, object, name string // of version 2c; object in dotted form
	engine              []byte // of version 3
}

// parseSNMP reads the answer to snmpGet or snmpDiscover.
func parseSNMP(b []byte) (snmpReply, bool) {
	message, _, ok := readBER(b)
	parts := message.children()
	if !ok || message.tag != 0x30 || len(parts) < 3 || parts[0].tag != 2 {
		return snmpReply{}, false
	}
	r := snmpReply{version: parts[0].int()}
	switch {
	case r.version == 3 && len(parts) >= 4:
		security, _, ok := readBER(parts[2].body)
		if fields := security.children(); ok && len(fields) >= 6 && parts[2].tag == 4 {
			r.engine = fields[0].body
			return r, true
		}
	case r.version <= 1 && parts[2].tag == 0xa2:
		pdu := parts[2].children()
		if len(pdu) < 4 {
			return snmpReply{}, false
		}
		for _, bind := range pdu[3].children() {
			r.bind(bind.children())
		}
		return r, true
	}
	return snmpReply{}, false
}

func (r *snmpReply) bind(pair []ber) {
	switch {
	case len(pair) < 2:
	case bytes.Equal(pair[0].body, oidSysDescr) && pair[1].tag == 4:
		r.descr = clean(string(pair[1].body))
	case bytes.Equal(pair[0].body, oidSysName) && pair[1].tag == 4:
		r.name = clean(string(pair[1].body))
	case bytes.Equal(pair[0].body, oidSysObject) && pair[1].tag == 6:
		r.object = dotted(pair[1].body)
	}
}

// dotted writes an object identifier with numbers.
func dotted(b []byte) string {
	if len(b) == 0 || len(b) > 128 {
		return ""
	}
	out := fmt.Sprintf("%d.%d", b[0]/40, b[0]%40)
	v := 0
	for _, c := range b[1:] {
		v = v<<7&0xffffffff | int(c&0x7f)
		if c&0x80 == 0 {
			out += fmt.Sprintf(".%d", v)
			v = 0
		}
	}
	return out
}

func learnSNMP(ctx context.Context, x *talk, first []byte, _ bool) {
	r, _ := parseSNMP(first)
	if r.version == 3 { // the quicker of two answers; the other may come as well
		if b, err := x.ask(ctx, snmpGet, func([]byte) bool { return true }); err == nil {
			if two, ok := parseSNMP(b); ok && two.version == 1 {
				two.engine, r = r.engine, two
			}
		}
	}
	if r.version == 1 {
		x.fact("snmp.community", "public")
		x.fact("snmp.sysdescr", r.descr)
		x.fact("snmp.sysname", r.name)
		x.fact("snmp.sysobjectid", r.object)
		x.s.Banner = clip(oneLine(r.descr), maxBanner)
	}
	switch {
	case strings.HasPrefix(r.object+".", "1.3.6.1.4.1.8072."):
		x.is("net-snmp", "net-snmp:net-snmp", "", "sysObjectID "+r.object)
	case snmpEnterprise(r.engine) == 8072:
		x.is("net-snmp", "net-snmp:net-snmp", "", fmt.Sprintf("engine ID %x", r.engine))
	case r.descr != "":
		x.tell("snmp", r.descr)
	}
}

// snmpEnterprise is the maker's number in an engine ID; 0 when it has none.
//
// Source: RFC 3411, section 5, SnmpEngineID.
func snmpEnterprise(engine []byte) int {
	if len(engine) < 5 {
		return 0
	}
	return (int(engine[0])<<24 | int(engine[1])<<16 | int(engine[2])<<8 | int(engine[3])) & 0x7fffffff
}
