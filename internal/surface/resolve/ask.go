package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Question is what one server is asked.
type Question struct {
	Name    string
	Type    uint16
	Recurse bool
	DNSSEC  bool // signatures and proofs, please
}

// errForeign is an answer that does not repeat the question as it was written.
var errForeign = errors.New("the answer is not to our question")

// Ask asks one server, over UDP and where that is not enough over TCP, as
// often as it takes. The server must have been reached before: an upstream, or
// one of a Delegation. A server that answers with an error code has answered.
func (c *Client) Ask(ctx context.Context, server netip.AddrPort, q Question) (*dns.Msg, error) {
	if !c.isUpstream(server) {
		if err := c.reach(server.Addr()); err != nil {
			return nil, err
		}
	}
	var last error
	edns := true
	tries := c.o.Tries
	if c.silence(server) >= silentAfter {
		tries = 1
	}
	for try := range tries {
		limit := c.o.Timeout << min(try, 3)
		m, err := c.exchange(ctx, "udp", server, q, edns, limit)
		if errors.Is(err, errForeign) || err == nil && m.Truncated {
			m, err = c.exchange(ctx, "tcp", server, q, edns, 2*limit)
		}
		switch {
		case err == nil && m.Rcode == dns.RcodeFormatError && edns:
			edns = false
		case err == nil:
			c.heard(server, true)
			return m, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		default:
			last = err
		}
	}
	c.unanswered.Add(1)
	c.heard(server, false)
	return nil, fmt.Errorf("%s %s at %v: %w", q.Name, dns.TypeToString[q.Type], server, last)
}

// silentAfter is how many questions in a row a server leaves unanswered before
// it is asked once only, and after the others.
const silentAfter = 2

func (c *Client) heard(server netip.AddrPort, answer bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer {
		delete(c.silent, server)
	} else if len(c.silent) < maxServers {
		c.silent[server]++
	}
}

func (c *Client) silence(server netip.AddrPort) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silent[server]
}

func (c *Client) isUpstream(server netip.AddrPort) bool {
	for _, u := range c.ups {
		if u.addr == server {
			return true
		}
	}
	return false
}

func (c *Client) exchange(ctx context.Context, network string, server netip.AddrPort, q Question, edns bool, limit time.Duration) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	wire, end, err := pack(nil, q, edns)
	if err != nil {
		return nil, err
	}
	conn, err := c.way.Dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	c.questions.Add(1)
	if network == "tcp" {
		return stream(conn, wire, end)
	}
	if _, err := conn.Write(wire); err != nil {
		return nil, err
	}
	buf := make([]byte, 4096)
	foreign := false
	for range 64 { // strangers may send too; they do not have the port and the id
		n, err := conn.Read(buf)
		if err != nil {
			if foreign {
				return nil, errForeign
			}
			return nil, err
		}
		switch repeats(buf[:n], wire, end) {
		case same:
			m := new(dns.Msg)
			if err := m.Unpack(buf[:n]); err != nil {
				return nil, fmt.Errorf("%w: %w", errForeign, err)
			}
			return m, nil
		case otherCase:
			return nil, errForeign
		default:
			foreign = foreign || n > 2 && string(buf[:2]) == string(wire[:2])
		}
	}
	return nil, errForeign
}

// stream is one exchange over TCP.
func stream(conn net.Conn, wire []byte, end int) (*dns.Msg, error) {
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, buf); err != nil {
		return nil, err
	}
	if repeats(buf, wire, end) == different {
		return nil, errors.New("the answer over TCP is to another question")
	}
	m := new(dns.Msg)
	if err := m.Unpack(buf); err != nil {
		return nil, err
	}
	return m, nil
}

// pack appends a question with a random id and random letter case to buf. The
// question section ends at end.
func pack(buf []byte, q Question, edns bool) (wire []byte, end int, err error) {
	r := rand.Uint64()
	flags := uint16(0)
	if q.Recurse {
		flags = 1 << 8
	}
	extra := uint16(0)
	if edns {
		extra = 1
	}
	buf = binary.BigEndian.AppendUint16(buf[:0], uint16(r))
	buf = binary.BigEndian.AppendUint16(buf, flags)
	buf = append(buf, 0, 1, 0, 0, 0, 0)
	buf = binary.BigEndian.AppendUint16(buf, extra)
	if buf, err = appendName(buf, q.Name); err != nil {
		return nil, 0, err
	}
	buf = binary.BigEndian.AppendUint16(buf, q.Type)
	buf = append(buf, 0, 1)
	end = len(buf)
	if edns { // the root, OPT, 1232 bytes, no extended code, version 0, DO, no options
		do := byte(0)
		if q.DNSSEC {
			do = 0x80
		}
		buf = append(buf, 0, 0, 41, 0x04, 0xd0, 0, 0, do, 0, 0, 0)
	}
	return buf, end, nil
}

// appendName writes a name with random letter case.
func appendName(buf []byte, name string) ([]byte, error) {
	name = strings.TrimSuffix(name, ".")
	if len(name) > 253 {
		return nil, fmt.Errorf("%q is too long for a name", name[:20]+"…")
	}
	bits, left := uint64(0), 0
	for name != "" {
		label, rest, _ := strings.Cut(name, ".")
		if len(label) == 0 || len(label) > 63 {
			return nil, fmt.Errorf("%q is no name", name)
		}
		buf = append(buf, byte(len(label)))
		for i := range len(label) {
			b := label[i]
			if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' {
				if left == 0 {
					bits, left = rand.Uint64(), 64
				}
				if b |= 0x20; bits&1 == 1 {
					b &^= 0x20
				}
				bits, left = bits>>1, left-1
			}
			buf = append(buf, b)
		}
		name = rest
	}
	return append(buf, 0), nil
}

// likeness is how far an answer repeats a question.
type likeness uint8

const (
	different likeness = iota
	otherCase
	same
)

// repeats compares the header and the question of an answer with what was
// asked; the question ends at end.
func repeats(answer, asked []byte, end int) likeness {
	if len(answer) < end || answer[0] != asked[0] || answer[1] != asked[1] || answer[2]&0x80 == 0 || answer[4] != 0 || answer[5] != 1 {
		return different
	}
	if string(answer[12:end]) == string(asked[12:end]) {
		return same
	}
	for i := 12; i < end; i++ {
		if a, b := answer[i], asked[i]; a != b && (a^b != 0x20 || a|0x20 < 'a' || a|0x20 > 'z') {
			return different
		}
	}
	return otherCase
}
