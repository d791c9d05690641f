package probe

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var snmpUDP = overUDP(Protocol{
	Name:  "snmp",
	Reply: func(b []byte) bool { _, ok := parseSNMP(b); return ok },
	Learn: learnSNMP,
})

// snmpDiscovery asks an agent of version 3 for its engine, which needs no name.
func snmpDiscovery() []byte {
	list := question.Of("snmp").Data
	return list[len(list)-1]
}

// snmpSystem begins the names of the objects of the group system, encoded.
//
// Source: RFC 3418, section 2.
var snmpSystem = []byte{0x2b, 6, 1, 2, 1, 1}

// snmpReply is an agent's answer.
type snmpReply struct {
	version               int    // 0 is v1, 1 is v2c, 3 is v3
	descr, object         string // of version 1 and 2c; object in dotted form
	name, location        string
	uptime                int    // in hundredths of a second
	engine                []byte // of version 3
	engineBoots, engineUp int
}

// parseSNMP reads the answer to a question of the list.
//
// Source: RFC 1157, section 4.1; RFC 3416, section 3; RFC 3412, section 6.
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
			r.engine, r.engineBoots, r.engineUp = fields[0].body, fields[1].int(), fields[2].int()
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
	if len(pair) < 2 || len(pair[0].body) != len(snmpSystem)+2 || !bytes.HasPrefix(pair[0].body, snmpSystem) {
		return
	}
	value := pair[1]
	switch which := pair[0].body[len(snmpSystem)]; {
	case which == 1 && value.tag == 4:
		r.descr = clean(string(value.body))
	case which == 2 && value.tag == 6:
		r.object = dotted(value.body)
	case which == 3 && value.tag == 0x43:
		r.uptime = value.int()
	case which == 5 && value.tag == 4:
		r.name = clean(string(value.body))
	case which == 6 && value.tag == 4:
		r.location = clean(string(value.body))
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

// learnSNMP takes what the agent said, and asks in the other way: by its name to
// everybody, or for its engine.
func learnSNMP(ctx context.Context, x *talk, first []byte, _ bool) {
	r, _ := parseSNMP(first)
	public, engine := r, r
	if r.version == 3 {
		public, _ = parseSNMP(x.further(ctx, question.Of("snmp").Data[0]))
	} else {
		engine, _ = parseSNMP(x.further(ctx, snmpDiscovery()))
	}
	x.fact("snmp.versions", snmpVersions(public, engine))
	if public.descr != "" || public.object != "" {
		x.snmpPublic(public)
	}
	if len(engine.engine) > 0 {
		x.snmpEngine(engine)
	}
	number := snmpEnterprise(engine.engine)
	switch {
	case strings.HasPrefix(public.object+".", "1.3.6.1.4.1.8072."):
		x.is("net-snmp", "net-snmp:net-snmp", "", "sysObjectID "+public.object)
	case number == 8072:
		x.is("net-snmp", "net-snmp:net-snmp", "", fmt.Sprintf("engine ID %x", engine.engine))
	case public.descr != "":
		x.tell("snmp", public.descr)
	}
	vendor, device := snmpVendor(number)
	if of := objectEnterprise(public.object); of != 0 {
		vendor, device = snmpVendor(of)
		x.fact("snmp.vendor", vendor)
	}
	if strings.HasPrefix(public.object+".", "1.3.6.1.4.1.11.2.3.9.1.") { // HP's printers and their print servers
		device = "printer"
	}
	if !snmpSoftware[vendor] {
		x.fact("device.vendor", vendor)
	}
	x.fact("device.hint", device)
}

func snmpVersions(public, engine snmpReply) string {
	var out []string
	if public.descr != "" || public.object != "" {
		out = append(out, [...]string{"1", "2c"}[min(public.version, 1)])
	}
	if len(engine.engine) > 0 {
		out = append(out, "3")
	}
	return strings.Join(out, ",")
}

func (x *talk) snmpPublic(r snmpReply) {
	x.fact("snmp.community", "public")
	x.fact("snmp.sysdescr", r.descr)
	x.fact("snmp.sysname", r.name)
	x.fact("snmp.sysobjectid", r.object)
	x.fact("snmp.syslocation", r.location)
	if r.uptime > 0 {
		x.fact("snmp.uptime", strconv.Itoa(r.uptime/100))
	}
	x.fact("host.name", r.name)
	x.s.Banner = clip(oneLine(r.descr), maxBanner)
}

// snmpEngine notes what an engine ID tells: its maker's number and, mostly, an
// address or a text by which the engine differs from all others.
//
// Source: RFC 3411, section 5, SnmpEngineID.
func (x *talk) snmpEngine(r snmpReply) {
	id := r.engine[:min(len(r.engine), 32)]
	x.fact("snmp.engine.id", fmt.Sprintf("%x", id))
	vendor, _ := snmpVendor(snmpEnterprise(id))
	x.fact("snmp.engine.vendor", vendor)
	x.fact("snmp.engine.boots", strconv.Itoa(r.engineBoots))
	x.fact("snmp.engine.time", strconv.Itoa(r.engineUp))
	if len(id) < 6 || id[0]&0x80 == 0 {
		return
	}
	switch rest := id[5:]; id[4] {
	case 1, 2:
		x.fact("snmp.engine.address", addrText(rest))
	case 3:
		x.fact("host.mac", macText(rest))
	case 4:
		x.fact("snmp.engine.text", padText(rest))
	}
}

// snmpEnterprise is the maker's number in an engine ID; 0 when it has none.
func snmpEnterprise(engine []byte) int {
	if len(engine) < 5 {
		return 0
	}
	return (int(engine[0])<<24 | int(engine[1])<<16 | int(engine[2])<<8 | int(engine[3])) & 0x7fffffff
}

// objectEnterprise is the maker's number in a sysObjectID; 0 when it has none.
func objectEnterprise(object string) int {
	rest, found := strings.CutPrefix(object, "1.3.6.1.4.1.")
	if !found {
		return 0
	}
	number, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return n
}
