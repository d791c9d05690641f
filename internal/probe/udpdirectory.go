package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var kerberosUDP = overUDP(Protocol{
	Name:  "kerberos",
	Reply: func(b []byte) bool { _, ok := parseKerberos(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		e, _ := parseKerberos(first)
		if e.realm == kerberosNobody {
			e.realm = ""
		}
		x.learnKerberos(e)
	},
})

// kerberosNobody is the realm of our request, which many servers repeat.
const kerberosNobody = "HR"

var cldapUDP = overUDP(Protocol{
	Name:  "cldap",
	Reply: func(b []byte) bool { _, ok := cldapAnswer(b); return ok },
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		attributes, _ := cldapAnswer(first)
		blob, found := attributes["netlogon"]
		if !found {
			attributes, _ = cldapAnswer(x.further(ctx, question.Of("cldap").Data[1]))
			blob = attributes["netlogon"]
		}
		x.learnNetlogon([]byte(blob))
	},
})

// cldapAnswer reads the first values of the attributes of an answer; their names
// in lower case.
//
// Source: RFC 4511, sections 4.5.2 and 5.1.
func cldapAnswer(b []byte) (map[string]string, bool) {
	message, _, ok := readBER(b)
	parts := message.children()
	if !ok || message.tag != 0x30 || len(parts) < 2 || parts[0].int() != question.ID {
		return nil, false
	}
	switch parts[1].tag {
	case 0x65:
		return nil, true
	case 0x64:
	default:
		return nil, false
	}
	out := map[string]string{}
	if entry := parts[1].children(); len(entry) >= 2 {
		for _, a := range entry[1].children() {
			pair := a.children()
			if len(pair) < 2 {
				continue
			}
			if values := pair[1].children(); len(values) > 0 {
				out[strings.ToLower(string(pair[0].body))] = string(values[0].body)
			}
		}
	}
	return out, true
}

// learnNetlogon reads what a domain controller says of itself.
//
// Source: [MS-ADTS], section 6.3.1.9 (NETLOGON_SAM_LOGON_RESPONSE_EX); names are
// compressed as in RFC 1035, section 4.1.4.
func (x *talk) learnNetlogon(b []byte) {
	if len(b) < 26 || binary.LittleEndian.Uint16(b) != 23 {
		return
	}
	g := b[8:24]
	at := 24
	var names [8]string
	for i := range names {
		name, next, ok := compressedName(b, at)
		if !ok {
			break
		}
		names[i], at = name, next
	}
	x.fact("ad.guid", fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(g), binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:]))
	for i, key := range []string{"ad.forest", "ad.domain", "ldap.host", "smb.domain", "smb.name", "", "ad.site"} {
		if key != "" {
			x.fact(key, names[i])
		}
	}
	x.fact("host.name", names[2])
	x.fact("smb.role", "domain controller")
	flags := binary.LittleEndian.Uint32(b[4:])
	var roles []string
	for _, f := range []struct {
		bit  uint32
		name string
	}{{1, "pdc"}, {4, "gc"}, {8, "ldap"}, {0x20, "kdc"}, {0x40, "timeserv"}, {0x100, "writable"}} {
		if flags&f.bit != 0 {
			roles = append(roles, f.name)
		}
	}
	x.fact("ad.roles", strings.Join(roles, ","))
}

// compressedName reads the name at a place of a message, and where it ends.
// References lead back only, so that there is an end.
func compressedName(b []byte, at int) (name string, next int, ok bool) {
	var labels []string
	next = -1
	for size := 0; ; {
		if at >= len(b) {
			return "", 0, false
		}
		n := int(b[at])
		switch {
		case n == 0:
			if next < 0 {
				next = at + 1
			}
			return clean(strings.Join(labels, ".")), next, true
		case n&0xc0 == 0xc0:
			if at+1 >= len(b) {
				return "", 0, false
			}
			to := n&0x3f<<8 | int(b[at+1])
			if next < 0 {
				next = at + 2
			}
			if to >= at {
				return "", 0, false
			}
			at = to
			size++
		case n > 63 || at+1+n > len(b):
			return "", 0, false
		default:
			labels = append(labels, string(b[at+1:at+1+n]))
			at += 1 + n
			size += 1 + n
		}
		if size > 512 {
			return "", 0, false
		}
	}
}

var slpUDP = overUDP(Protocol{
	Name: "slp",
	Reply: func(b []byte) bool {
		f, _, ok := parseSLP(b)
		return ok && (f == 2 || f == 8 || f == 11)
	},
	Learn: learnSLP,
})

// parseSLP returns the function and the body of an answer.
//
// Source: RFC 2608, section 8.
func parseSLP(b []byte) (function byte, body cursor, ok bool) {
	s := cursor{b: b}
	version, f := s.u8(), s.u8()
	size := s.u8()<<16 | s.be16()
	s.skip(5) // flags, next extension
	id := s.be16()
	s.skip(s.be16())
	return byte(f), s, !s.bad && version == 2 && size == len(b) && id == question.ID
}

// slpInfrastructure is the type by which VMware's hypervisors tell what they are.
const slpInfrastructure = "service:VMwareInfrastructure"

var esxPattern = pattern(`product="?VMware (ESXi?) (\d+(?:\.\d+)+)(?: build-(\d+))?`)

// learnSLP asks for the types of services, and for the attributes of one that
// tells what the machine is.
//
// Source: RFC 2608, sections 8.5, 8.6, 10.2 and 10.4.
func learnSLP(ctx context.Context, x *talk, first []byte, _ bool) {
	if f, s, _ := parseSLP(first); f != 2 {
		if f == 8 {
			s.skip(6) // error, time of boot
		}
		x.fact("slp.url", padText(s.bytes(s.be16())))
		x.fact("slp.scopes", padText(s.bytes(s.be16())))
		x.fact("slp.attributes", padText(s.bytes(s.be16())))
	}
	f, s, ok := parseSLP(x.further(ctx, slpTypes()))
	if !ok || f != 10 || s.be16() != 0 {
		return
	}
	types := padText(s.bytes(s.be16()))
	x.fact("slp.types", types)
	ask := ""
	for t := range strings.SplitSeq(types, ",") {
		if t == slpInfrastructure || ask == "" && strings.HasPrefix(t, "service:printer") {
			ask = t
		}
	}
	if ask == "" {
		return
	}
	if f, s, ok = parseSLP(x.further(ctx, question.SLP(6, "", ask, "default", "", ""))); !ok || f != 7 || s.be16() != 0 {
		return
	}
	text := padText(s.bytes(s.be16()))
	x.fact("slp.attributes", text)
	if m := esxPattern.FindStringSubmatch(text); m != nil {
		x.is("VMware "+m[1], "o:vmware:"+strings.ToLower(m[1]), m[2], m[0])
		x.fact("slp.build", m[3])
		x.fact("device.hint", "hypervisor")
	}
}

// slpTypes asks for all types, of any naming authority.
//
// Source: RFC 2608, section 10.1: a length of 0xffff stands for all.
func slpTypes() []byte {
	b := question.SLP(9, "", "", "default")
	const authority = 18 // after the header, the language and the list of those who answered before
	b[authority], b[authority+1] = 0xff, 0xff
	return b
}
