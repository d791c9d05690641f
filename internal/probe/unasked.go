package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The servers of this file greet, and the greeting says most.

var svnProtocol = Protocol{
	Name: "svn", Transport: harrier.TCP, Ports: []uint16{3690},
	First:  true,
	Banner: svnGreeting.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable(first)
		m := svnGreeting.FindSubmatch(first)
		if m == nil {
			return
		}
		x.is("Subversion svnserve", "apache:subversion", "", string(m[0]))
		x.fact("svn.capabilities", strings.Join(strings.Fields(string(m[1])), ","))
	},
}

// Source: Subversion, "ra_svn protocol", section 2: the greeting.
var svnGreeting = pattern(`^\( success \( \d{1,2} \d{1,2} \( [^()]{0,80}\) \( ([a-zA-Z0-9 -]{0,400})\)`)

var nntpProtocol = Protocol{
	Name: "nntp", Transport: harrier.TCP, Ports: []uint16{119, 563},
	First:  true,
	Banner: nntpGreeting.Match,
	Learn:  learnNNTP,
}

var nntpGreeting = pattern(`^(?:20[01]|400|502)[ -][^\r\n]{0,200}(?:NNTP|NNRP|InterNetNews|[Ll]eafnode|[Nn]ewsserver|news server|Cyclone|Diablo|posting (?:ok|allowed|prohibited))`)

// learnNNTP reads the greeting and what the server calls itself among its
// capabilities.
//
// Source: RFC 3977, sections 5.1, 5.2 and 3.3.2.
func learnNNTP(ctx context.Context, x *talk, first []byte, _ bool) {
	w, first := x.greeted(ctx, oneLineDone, first)
	x.tell("nntp", firstLine(first))
	if w == nil {
		return
	}
	defer w.Close()
	reply, err := w.ask([]byte("CAPABILITIES\r\n"), func(b []byte) bool {
		return bytes.HasSuffix(b, []byte("\r\n.\r\n")) || oneLineDone(b) && !bytes.HasPrefix(b, []byte("101"))
	})
	_ = w.send([]byte("QUIT\r\n"))
	if err != nil || !bytes.HasPrefix(reply, []byte("101")) {
		return
	}
	capabilities := string(reply)
	implementation := strings.TrimSpace(between(capabilities, "\nIMPLEMENTATION ", "\n"))
	x.fact("nntp.implementation", implementation)
	if x.s.Product == "" {
		x.tell("nntp", "200 InterNetNews server "+implementation)
	}
	if strings.Contains(capabilities, "\nSTARTTLS") {
		x.starttls(ctx, "nntp", func(w *wire) error {
			return converse(w, turn{"", oneLineDone, "20"}, turn{"STARTTLS\r\n", oneLineDone, "382"})
		})
	}
}

var sieveProtocol = Protocol{
	Name: "managesieve", Transport: harrier.TCP, Ports: []uint16{4190},
	First:  true,
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte(`"IMPLEMENTATION" "`)) },
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		w, first := x.greeted(ctx, sieveDone, first)
		if w != nil {
			_ = w.send([]byte("LOGOUT\r\n"))
			w.Close()
		}
		name := between(string(first), `"IMPLEMENTATION" "`, `"`)
		x.fact("sieve.implementation", name)
		x.fact("sieve.sasl", between(string(first), `"SASL" "`, `"`))
		x.tell("sieve", name)
		if bytes.Contains(first, []byte("\n\"STARTTLS\"")) {
			x.starttls(ctx, "managesieve", func(w *wire) error {
				return converse(w, turn{"", sieveDone, `"IMPLEMENTATION"`}, turn{"STARTTLS\r\n", oneLineDone, "OK"})
			})
		}
	},
}

var lmtpProtocol = Protocol{
	Name: "lmtp", Transport: harrier.TCP, Ports: []uint16{24},
	First:  true,
	Banner: func(b []byte) bool { return lmtpGreeting.Match(b) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable(first)
		x.tellLines("lmtp", first)
		if m := cyrusLMTP.FindStringSubmatch(firstLine(first)); m != nil {
			x.is("Cyrus lmtpd", "cyrus:imap", m[1]+m[2], firstLine(first))
		}
	},
}

var (
	lmtpGreeting = pattern(`^220[ -][^\r\n]{0,200}\bLMTP\b`)
	// lmtpRefusal is how it refuses EHLO: with a code of RFC 3463, which FTP does not have.
	lmtpRefusal = pattern(`^50\d[ -]5\.\d{1,3}\.\d{1,3} |^5\d\d[ -][^\r\n]{0,200}\bLHLO\b`)
	cyrusLMTP   = pattern(`Cyrus v?(\d+\.\d+\.\d+)\S* LMTP|LMTP Cyrus v?(\d+\.\d+\.\d+)`)
)

var muninProtocol = Protocol{
	Name: "munin", Transport: harrier.TCP, Ports: []uint16{4949},
	First:  true,
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte("# munin node at ")) },
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		w, first := x.greeted(ctx, oneLineDone, first)
		x.is("Munin node", "munin-monitoring:munin", "", firstLine(first))
		x.fact("host.name", strings.TrimPrefix(firstLine(first), "# munin node at "))
		x.fact("auth.required", "no")
		if w == nil {
			return
		}
		defer w.Close()
		reply, err := w.ask([]byte("version\n"), oneLineDone)
		if m := muninVersion.FindSubmatch(reply); err == nil && m != nil {
			x.is("Munin node", "munin-monitoring:munin", string(m[1]), firstLine(reply))
		}
	},
}

var muninVersion = pattern(`^munins? node on \S{1,255} version: (\d+\.\d+\.\d+)`)

var checkmkProtocol = Protocol{
	Name: "checkmk-agent", Transport: harrier.TCP, Ports: []uint16{6556},
	First:  true,
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte("<<<check_mk>>>\n")) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		head, _, _ := bytes.Cut(first[len("<<<check_mk>>>\n"):], []byte("<<<"))
		lines := colonLines(head)
		x.s.Banner = printable(first[:min(len(first), 200)])
		v := lines["Version"]
		x.is("Checkmk agent", "checkmk:checkmk", "", "Version: "+v)
		if checkmkVersion.MatchString(v) {
			x.is("Checkmk agent", "checkmk:checkmk", v, "Version: "+v)
		}
		x.fact("host.name", lines["Hostname"])
		x.fact("checkmk.os", lines["AgentOS"])
		x.fact("os.hint", lines["AgentOS"])
		x.fact("auth.required", "no")
	},
}

var checkmkVersion = pattern(`^\d+\.\d+\.\d+(?:[pbi]\d{1,3})?$`)

var cephProtocol = Protocol{
	Name: "ceph", Transport: harrier.TCP, Ports: []uint16{6789, 3300, 6800, 6801, 6802},
	First: true,
	Banner: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("ceph v02")) || bytes.HasPrefix(b, []byte("ceph v2\n\x10\x00"))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.is("Ceph", "redhat:ceph", "", firstLine(first[:min(len(first), 9)]))
		x.fact("ceph.messenger", "1")
		if bytes.HasPrefix(first, []byte("ceph v2")) {
			x.fact("ceph.messenger", "2")
		} else if at := cephAddress(first); at.IsValid() {
			x.fact("ceph.address", at.String())
		}
	},
}

// cephAddress reads the server's own address behind the banner of the first
// messenger.
//
// Source: Ceph documentation, "Network Protocol" (entity_addr_t).
func cephAddress(b []byte) netip.AddrPort {
	c := cursor{b: b}
	c.skip(9 + 8) // banner; type and nonce
	family, port := c.be16(), c.be16()
	four, six := c.bytes(4), c.bytes(16)
	switch {
	case c.bad:
	case family == 2:
		a, _ := netip.AddrFromSlice(four)
		return netip.AddrPortFrom(a, uint16(port))
	case family == 10: // four was the flow
		a, _ := netip.AddrFromSlice(six)
		return netip.AddrPortFrom(a, uint16(port))
	}
	return netip.AddrPort{}
}

var ndmpProtocol = Protocol{
	Name: "ndmp", Transport: harrier.TCP, Ports: []uint16{10000},
	First:  true,
	Banner: func(b []byte) bool { m, ok := parseNDMP(b); return ok && m.message == ndmpConnected && m.request },
	Learn:  learnNDMP,
}

// Messages of NDMP.
const (
	ndmpConnected  = 0x502
	ndmpOpen       = 0x900
	ndmpServerInfo = 0x108
)

// ndmpMessage is a message behind its record mark.
type ndmpMessage struct {
	message uint32
	request bool
	err     uint32
	body    []byte
}

// parseNDMP reads the first message in b.
//
// Source: NDMP version 4 protocol, "Message header"; RFC 5531, section 11.
func parseNDMP(b []byte) (ndmpMessage, bool) {
	c := cursor{b: b}
	n := c.be32() & 0x7fffffff
	if n < 24 || n > maxReply {
		return ndmpMessage{}, false
	}
	c.b = c.b[:min(len(c.b), int(n))]
	c.skip(8) // sequence, time
	m := ndmpMessage{request: c.be32() == 0, message: c.be32()}
	c.skip(4)
	m.err = c.be32()
	m.body = c.b
	return m, !c.bad
}

func ndmpRequest(sequence byte, message uint32, body ...byte) []byte {
	b := []byte{0x80, 0, 0, byte(24 + len(body)), 0, 0, 0, sequence, 0, 0, 0, 0, 0, 0, 0, 0}
	b = binary.BigEndian.AppendUint32(b, message)
	return append(append(b, 0, 0, 0, 0, 0, 0, 0, 0), body...)
}

// learnNDMP opens a session of the version that the server offers and asks who
// made it, which comes before any sign-in.
func learnNDMP(ctx context.Context, x *talk, first []byte, _ bool) {
	done := func(b []byte) bool {
		return len(b) >= 4 && uint64(len(b)) >= 4+uint64(binary.BigEndian.Uint32(b)&0x7fffffff)
	}
	w, first := x.greeted(ctx, done, first)
	x.s.Banner = ""
	if w == nil {
		return
	}
	defer w.Close()
	m, ok := parseNDMP(first)
	c := cursor{b: m.body}
	reason, version := c.be32(), c.be32()
	if !ok || c.bad || reason > 4 || version < 2 || version > 4 {
		return
	}
	x.fact("ndmp.version", itoa(int(version)))
	if b, err := w.ask(ndmpRequest(1, ndmpOpen, 0, 0, 0, byte(version)), done); err != nil {
		return
	} else if m, ok := parseNDMP(b); !ok || m.message != ndmpOpen {
		return
	}
	b, err := w.ask(ndmpRequest(2, ndmpServerInfo), done)
	if err != nil {
		return
	}
	m, ok = parseNDMP(b)
	if !ok || m.message != ndmpServerInfo || m.err != 0 {
		return
	}
	c = cursor{b: m.body}
	c.skip(4) // error
	vendor := string(c.padded(c.size(binary.BigEndian)))
	product := string(c.padded(c.size(binary.BigEndian)))
	revision := string(c.padded(c.size(binary.BigEndian)))
	if c.bad {
		return
	}
	x.fact("ndmp.vendor", vendor)
	x.fact("ndmp.product", product)
	x.fact("ndmp.revision", revision)
	x.s.Product = clip(oneLine(vendor+" "+product), 128)
	x.s.Evidence = clip(oneLine(vendor+" "+product+" "+revision), maxEvidence)
	x.fact("device.hint", "storage")
}
