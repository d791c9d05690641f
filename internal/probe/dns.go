package probe

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
)

var dnsProtocol = Protocol{
	Name: "dns", Transport: harrier.TCP, Ports: []uint16{53, 853, 5353, 5354, 1053},
	Common: true,
	Hello:  func(Target) []byte { return framed(dnsQuestion("version.bind.", dns.TypeTXT, dns.ClassCHAOS)) },
	Done:   func(b []byte) bool { return len(b) >= 2 && len(b) >= 2+int(binary.BigEndian.Uint16(b)) },
	Reply:  func(b []byte) bool { return len(b) > 2 && isDNSReply(b[2:]) },
	Learn:  func(ctx context.Context, x *talk, first []byte, _ bool) { x.learnDNS(ctx, first[2:], framed, 2) },
}

var dnsUDP = Protocol{
	Name: "dns", Transport: harrier.UDP, Ports: []uint16{53, 5353, 5354, 1053},
	Common: true,
	Hello:  func(Target) []byte { return dnsQuestion("version.bind.", dns.TypeTXT, dns.ClassCHAOS) },
	Done:   func([]byte) bool { return true },
	Reply:  isDNSReply,
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		x.learnDNS(ctx, first, func(b []byte) []byte { return b }, 0)
	},
}

const dnsID = 0x6872

func dnsQuestion(name string, kind, class uint16) []byte {
	m := dns.Msg{Question: []dns.Question{{Name: name, Qtype: kind, Qclass: class}}}
	m.Id, m.RecursionDesired = dnsID, class == dns.ClassINET
	b, err := m.Pack()
	if err != nil {
		return nil // not with these constant names
	}
	return b
}

// framed puts a message's length in front of it, as over TCP.
func framed(b []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...) }

func isDNSReply(b []byte) bool {
	return len(b) >= 12 && binary.BigEndian.Uint16(b) == dnsID && b[2]&0xf8 == 0x80 && b[4] == 0 && b[5] <= 1
}

// learnDNS reads the answer to version.bind and asks whether the server
// recurses.
func (x *talk) learnDNS(ctx context.Context, first []byte, frame func([]byte) []byte, skip int) {
	if version := chaosText(first); version != "" {
		x.s.Banner = clip(oneLine(version), maxBanner)
		x.fact("dns.version", version)
		x.tell("dns", version)
	}
	done := func(b []byte) bool { return len(b) >= skip+12 }
	reply, err := x.ask(ctx, frame(dnsQuestion(".", dns.TypeNS, dns.ClassINET)), done)
	if err != nil || len(reply) < skip || !isDNSReply(reply[skip:]) {
		return
	}
	b := reply[skip:]
	available, refused := b[3]&0x80 != 0, b[3]&0x0f == dns.RcodeRefused
	x.fact("dns.recursion", yesNo(available && !refused))
}

// chaosText returns the text of the first TXT answer in a message.
func chaosText(b []byte) string {
	var m dns.Msg
	if m.Unpack(b) != nil {
		return ""
	}
	for _, rr := range m.Answer {
		if txt, ok := rr.(*dns.TXT); ok {
			return clip(clean(strings.Join(txt.Txt, " ")), 256)
		}
	}
	return ""
}
