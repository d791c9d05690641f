package probe

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var mdnsUDP = overUDP(Protocol{Name: "mdns", Reply: isDNSReply, Weak: true, Learn: learnMDNS})

// A responder of link-local names answers like any name server.
var llmnrUDP = overUDP(Protocol{Name: "llmnr", Reply: isDNSReply, Weak: true})

// mdnsKinds is how many kinds of services are asked for at a time.
const mdnsKinds = 8

// workstation is how the instances of _workstation._tcp are called.
var workstation = pattern(`^(.+) \[((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\]`)

// mdnsBook is what a responder told.
type mdnsBook struct {
	kinds     []string          // of services: "_ipp._tcp"
	instances []string          // names of instances, whole
	host      string            // without ".local"
	texts     map[string]string // of TXT records: key to value, by "instance key"
}

// learnMDNS reads the kinds of services, asks for the services, and then for
// what the device says of its model.
//
// Source: RFC 6762, section 6.7; RFC 6763, sections 4, 6 and 9.
func learnMDNS(ctx context.Context, x *talk, first []byte, _ bool) {
	b := mdnsBook{texts: map[string]string{}}
	b.read(first)
	if len(b.kinds) == 0 {
		return
	}
	var questions [][]byte
	for _, k := range b.kinds[:min(len(b.kinds), mdnsKinds)] {
		questions = append(questions, question.DNSQuestion(k+".local", dns.TypePTR, 0x8001))
	}
	b.read(x.further(ctx, mdnsMessage(questions)))
	questions = nil
	for i, name := range b.instances[:min(len(b.instances), mdnsKinds)] {
		if label := firstLabel(name); i == 0 && label != "" {
			host, _, _ := strings.Cut(label, " [")
			questions = append(questions, mdnsInfo(host))
		}
		if wire, err := mdnsWhole(name); err == nil && !b.described(name) {
			questions = append(questions, wire)
		}
	}
	if len(questions) > 0 {
		b.read(x.further(ctx, mdnsMessage(questions)))
	}
	b.tell(x)
}

// described reports whether the TXT record of an instance came already.
func (b *mdnsBook) described(instance string) bool {
	for key := range b.texts {
		if strings.HasPrefix(key, instance+" ") {
			return true
		}
	}
	return false
}

// mdnsMessage is one message with several questions.
func mdnsMessage(questions [][]byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, question.ID)
	b = append(b, 0, 0, 0, byte(len(questions)), 0, 0, 0, 0, 0, 0)
	return append(b, slices.Concat(questions...)...)
}

// mdnsInfo asks what a device says of its model.
func mdnsInfo(host string) []byte {
	host = host[:min(len(host), 63)]
	return append(append([]byte{byte(len(host))}, host...), question.DNSQuestion("_device-info._tcp.local", dns.TypeTXT, 0x8001)...)
}

// mdnsWhole asks for all records of a name, in the form of package dns.
func mdnsWhole(name string) ([]byte, error) {
	wire := make([]byte, 256)
	n, err := dns.PackDomainName(name, wire, 0, nil, false)
	if err != nil {
		return nil, err
	}
	return append(wire[:n], 0, 255, 0x80, 1), nil
}

// firstLabel is the plain text of the first label of a name in the form of
// package dns.
func firstLabel(name string) string {
	wire := make([]byte, 256)
	n, err := dns.PackDomainName(name, wire, 0, nil, false)
	if err != nil || n < 2 || int(wire[0]) > n-1 {
		return ""
	}
	return string(wire[1 : 1+wire[0]])
}

func (b *mdnsBook) read(reply []byte) {
	var m dns.Msg
	if reply == nil || m.Unpack(reply) != nil {
		return
	}
	for _, rr := range slices.Concat(m.Answer, m.Extra) {
		switch rr := rr.(type) {
		case *dns.PTR:
			kind := strings.TrimSuffix(rr.Ptr, ".local.")
			switch {
			case strings.HasPrefix(rr.Hdr.Name, "_services._dns-sd."):
				if strings.HasPrefix(kind, "_") && len(kind) < 64 && !slices.Contains(b.kinds, kind) && len(b.kinds) < 64 {
					b.kinds = append(b.kinds, kind)
				}
			case strings.HasPrefix(rr.Hdr.Name, "_") && !slices.Contains(b.instances, rr.Ptr) && len(b.instances) < 32:
				b.instances = append(b.instances, rr.Ptr)
			}
		case *dns.SRV:
			if b.host == "" {
				b.host = strings.TrimSuffix(strings.TrimSuffix(rr.Target, "."), ".local")
			}
		case *dns.TXT:
			for _, pair := range rr.Txt[:min(len(rr.Txt), 32)] {
				if key, value, found := strings.Cut(pair, "="); found && len(b.texts) < 256 {
					b.texts[rr.Hdr.Name+" "+strings.ToLower(key)] = value
				}
			}
		}
	}
}

// tell notes what was told.
func (b *mdnsBook) tell(x *talk) {
	slices.Sort(b.kinds)
	x.fact("mdns.services", strings.Join(b.kinds, ","))
	x.fact("host.name", b.host)
	for _, name := range b.instances {
		label := firstLabel(name)
		if m := workstation.FindStringSubmatch(label); m != nil {
			x.fact("host.mac", m[2])
		}
	}
	var names []string
	for _, name := range b.instances {
		names = append(names, firstLabel(name))
	}
	slices.Sort(names)
	x.fact("mdns.instances", strings.Join(slices.Compact(names), ","))
	keys := make([]string, 0, len(b.texts))
	for key := range b.texts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		value := b.texts[key]
		name, key := key[:strings.LastIndexByte(key, ' ')], key[strings.LastIndexByte(key, ' ')+1:]
		switch {
		case key == "model" && strings.Contains(name, "._device-info."):
			x.fact("device.model", value)
			x.fact("mdns.model", value)
		case key == "ty" && x.s.Fact("device.model") == "": // printers and scanners
			x.fact("device.model", value)
		case key == "uuid" && x.s.Fact("mdns.uuid") == "":
			x.fact("mdns.uuid", strings.ToLower(uuidPattern.FindString(value)))
		}
	}
	switch {
	case slices.Contains(b.kinds, "_pdl-datastream._tcp"):
		x.fact("device.hint", "printer")
	case slices.Contains(b.kinds, "_axis-video._tcp"):
		x.fact("device.hint", "camera")
	}
}
