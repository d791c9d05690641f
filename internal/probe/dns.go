package probe

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

var dnsProtocol = Protocol{
	Name: "dns", Transport: harrier.TCP, Ports: []uint16{53, 853, 5353, 5354, 1053},
	Common: true,
	Hello:  func(Target) []byte { return framed(question.DNS("version.bind", dns.TypeTXT, dns.ClassCHAOS)) },
	Done:   func(b []byte) bool { return len(b) >= 2 && len(b) >= 2+int(binary.BigEndian.Uint16(b)) },
	Reply:  func(b []byte) bool { return len(b) > 2 && isDNSReply(b[2:]) },
	Learn:  func(ctx context.Context, x *talk, first []byte, _ bool) { x.learnDNS(ctx, first[2:], framed, 2) },
}

var dnsUDP = overUDP(Protocol{
	Name:  "dns",
	Reply: func(b []byte) bool { _, netbios := parseNetBIOSStatus(b); return isDNSReply(b) && !netbios },
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		x.learnDNS(ctx, first, func(b []byte) []byte { return b }, 0)
	},
})

// recursive makes a question ask for recursion.
func recursive(b []byte) []byte {
	b[2] |= 1
	return b
}

// framed puts a message's length in front of it, as over TCP.
func framed(b []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...) }

func isDNSReply(b []byte) bool {
	return len(b) >= 12 && binary.BigEndian.Uint16(b) == question.ID && b[2]&0xf8 == 0x80 && b[4] == 0 && b[5] <= 1
}

// learnDNS reads the answer to version.bind, asks for it where the answer is to
// another question, and asks whether the server recurses and what it calls
// itself.
func (x *talk) learnDNS(ctx context.Context, first []byte, frame func([]byte) []byte, skip int) {
	done := func(b []byte) bool { return len(b) >= skip+12 }
	ask := func(question []byte) []byte {
		reply, err := x.ask(ctx, frame(question), done)
		if err != nil || len(reply) < skip || !isDNSReply(reply[skip:]) {
			return nil
		}
		return reply[skip:]
	}
	if !isChaos(first) {
		first = ask(question.DNS("version.bind", dns.TypeTXT, dns.ClassCHAOS))
	}
	if version := chaosText(first); version != "" {
		x.s.Banner = clip(oneLine(version), maxBanner)
		x.fact("dns.version", version)
		x.tell("dns", version)
	}
	if b := ask(recursive(question.DNS("", dns.TypeNS, dns.ClassINET))); b != nil {
		available, refused := b[3]&0x80 != 0, b[3]&0x0f == dns.RcodeRefused
		x.fact("dns.recursion", yesNo(available && !refused))
	}
	if !x.Gentle {
		x.fact("dns.id", chaosText(ask(question.DNS("id.server", dns.TypeTXT, dns.ClassCHAOS))))
	}
}

// isChaos reports whether b answers a question of the class that servers tell of
// themselves in, or has lost its question.
//
// Source: RFC 4892.
func isChaos(b []byte) bool {
	var p dns.Msg
	return p.Unpack(b) != nil || len(p.Question) == 0 || p.Question[0].Qclass == dns.ClassCHAOS
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
