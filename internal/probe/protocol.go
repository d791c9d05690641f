package probe

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Protocol is how one application protocol is recognised over one transport.
type Protocol struct {
	Name      string           // as in harrier.Service
	Transport harrier.Protocol // TCP or UDP
	Ports     []uint16         // where it usually lives
	First     bool             // the server speaks first
	Common    bool             // worth asking at ports whose number tells nothing
	// Industrial protocols steer machines: they are asked only where
	// Target.Industrial allows it, and never at ports whose number tells nothing.
	Industrial bool

	// Hello is what a fresh connection asks; nil when the server speaks first.
	Hello func(t Target) []byte
	// More is what else a service may answer over UDP that is silent to Hello.
	More func(t Target) [][]byte
	// Weak protocols have no sign of their own in their answers: they are believed
	// at their usual ports, and nowhere else.
	Weak bool
	// Done reports that a reply to Hello is complete; nil: when the peer falls silent.
	Done func(reply []byte) bool
	// Reply reports whether b, an answer to Hello, is of this protocol.
	Reply func(b []byte) bool
	// Banner reports whether b is of this protocol, though it came unasked or
	// in answer to another protocol's question. Nil: never.
	Banner func(b []byte) bool
	// Learn fills in product, version and facts. First is what Reply or Banner
	// was given; asked tells that it answers Hello.
	Learn func(ctx context.Context, x *talk, first []byte, asked bool)
}

func (p *Protocol) lives(e harrier.Endpoint) bool {
	return p.Transport == e.Protocol && slices.Contains(p.Ports, e.Port)
}

// usual lists the protocols whose usual port is that of t and that may be asked.
func usual(t Target) []*Protocol {
	var out []*Protocol
	for i := range All {
		if All[i].lives(t.Endpoint) && (t.Industrial || !All[i].Industrial) {
			out = append(out, &All[i])
		}
	}
	return out
}

// common lists the protocols worth asking anywhere, without those of skip.
func common(transport harrier.Protocol, skip []*Protocol) []*Protocol {
	var out []*Protocol
	for i := range All {
		if p := &All[i]; p.Common && !p.Industrial && p.Hello != nil && p.Transport == transport && !slices.Contains(skip, p) {
			out = append(out, p)
		}
	}
	return out
}

// byBanner finds the protocol of bytes that came unasked, those that usually
// live at e first.
func byBanner(e harrier.Endpoint, b []byte) *Protocol {
	if len(b) == 0 {
		return nil
	}
	var found *Protocol
	for i := range All {
		p := &All[i]
		if p.Transport != e.Protocol || p.Banner == nil || !p.Banner(b) {
			continue
		}
		if p.lives(e) {
			return p
		}
		if found == nil {
			found = p
		}
	}
	return found
}

// named returns the TCP protocol of a name, nil when there is none.
func named(name string) *Protocol {
	for i := range All {
		if All[i].Name == name && All[i].Transport == harrier.TCP {
			return &All[i]
		}
	}
	return nil
}
