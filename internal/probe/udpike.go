package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var ikeUDP = overUDP(Protocol{
	Name:  "ike",
	Reply: func(b []byte) bool { _, ok := parseIKE(b); return ok },
	Learn: learnIKE,
}, "ike", "ike-nat-t")

// ikeReply is what a gateway answers.
type ikeReply struct {
	version byte     // 1 or 2
	vendors [][]byte // the vendor ids, as they are
	notify  int      // the first notification; 0 when there is none
	chosen  bool     // it took a proposal
}

// parseIKE reads the answer to the first message, with the marker or without.
//
// Source: RFC 2408, sections 3.1 and 3.2; RFC 7296, sections 3.1 and 3.2; RFC
// 3948, section 2.2.
func parseIKE(b []byte) (ikeReply, bool) {
	b = bytes.TrimPrefix(b, []byte{0, 0, 0, 0})
	if len(b) < 28 || !bytes.Equal(b[:8], ikeInitiator()) || uint64(binary.BigEndian.Uint32(b[24:])) > uint64(len(b)) {
		return ikeReply{}, false
	}
	r := ikeReply{version: b[17] >> 4}
	next, exchange, rest := b[16], b[18], b[28:]
	if r.version == 1 && exchange != 5 && bytes.Equal(b[8:16], make([]byte, 8)) { // no answer without a number of its own
		return ikeReply{}, false
	}
	if r.version == 1 && exchange != 2 && exchange != 4 && exchange != 5 || r.version == 2 && (exchange != 34 || b[19]&0x20 == 0) || r.version < 1 || r.version > 2 {
		return ikeReply{}, false
	}
	for range 64 {
		if next == 0 || len(rest) < 4 {
			break
		}
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if n < 4 || n > len(rest) {
			break
		}
		r.payload(next, rest[4:n])
		next, rest = rest[0], rest[n:]
	}
	return r, true
}

// ikeInitiator is the number that our side of an association has.
func ikeInitiator() []byte { return question.Of("ike").Data[0][:8] }

func (r *ikeReply) payload(kind byte, body []byte) {
	notify := -1
	switch kind {
	case 1, 33:
		r.chosen = true
	case 13, 43:
		r.vendors = append(r.vendors, body)
	case 11:
		notify = 6 // after the domain, protocol and sizes
	case 41:
		notify = 2
	}
	if notify >= 0 && len(body) >= notify+2 && r.notify == 0 {
		r.notify = int(binary.BigEndian.Uint16(body[notify:]))
	}
}

// learnIKE notes the version, who made the gateway, and whether it speaks the
// other version as well.
func learnIKE(ctx context.Context, x *talk, first []byte, _ bool) {
	r, _ := parseIKE(first)
	versions := []string{itoa(int(r.version))}
	name := "ike"
	if x.Port == 4500 {
		name = "ike-nat-t"
	}
	if o, ok := parseIKE(x.further(ctx, question.Of(name).Data[2-r.version])); ok && o.version != r.version {
		versions = append(versions, itoa(int(o.version)))
		r.vendors = append(r.vendors, o.vendors...)
	}
	slices.Sort(versions)
	x.fact("ike.versions", strings.Join(versions, ","))
	if r.notify != 0 {
		x.fact("ike.notify", itoa(r.notify))
	}
	var names []string
	for _, id := range r.vendors[:min(len(r.vendors), 32)] {
		v, known := ikeVendorOf(id)
		if !known {
			v.name = hex.EncodeToString(id[:min(len(id), 40)])
		}
		if v.product != "" && x.s.Product == "" {
			x.is(v.product, v.cpe, v.version(id), "IKE vendor ID "+hex.EncodeToString(id[:min(len(id), 40)]))
			x.fact("os.hint", v.os)
			x.fact("device.hint", v.device)
		}
		if !slices.Contains(names, v.name) {
			names = append(names, v.name)
		}
	}
	x.fact("ike.vendors", strings.Join(names, ","))
}
