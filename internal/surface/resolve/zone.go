package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// The bounds of what one server may tell at once.
const (
	maxTransfer      = 200_000 // records
	maxTransferBytes = 64 << 20
	maxWalk          = 20_000 // names
)

// Transfer asks a server for a whole zone. It answers nil records and no error
// when the server refuses, and what it got when the transfer breaks off.
func (c *Client) Transfer(ctx context.Context, zone string, server netip.AddrPort) ([]dns.RR, error) {
	if err := errors.Join(c.reach(server.Addr()), c.pace(ctx, zone)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := c.way.Dial(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	wire, end, err := pack(nil, Question{Name: zone, Type: dns.TypeAXFR}, false)
	if err != nil {
		return nil, err
	}
	c.questions.Add(1)
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)); err != nil {
		return nil, err
	}
	var out []dns.RR
	for left := maxTransferBytes; left > 0 && len(out) < maxTransfer; {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return out, nil // what came before the end is known
		}
		buf := make([]byte, binary.BigEndian.Uint16(size[:]))
		left -= len(buf)
		if _, err := io.ReadFull(conn, buf); err != nil {
			return out, nil // what came before the end is known
		}
		m := new(dns.Msg)
		if m.Unpack(buf) != nil || len(buf) < end || buf[0] != wire[0] || buf[1] != wire[1] || m.Rcode != dns.RcodeSuccess || len(m.Answer) == 0 {
			return out, nil
		}
		if _, soa := m.Answer[0].(*dns.SOA); len(out) == 0 && !soa {
			return nil, nil
		}
		for _, r := range m.Answer {
			if n := Canonical(r.Header().Name); n != "" && Below(n, zone) {
				out = append(out, r)
			}
			if _, soa := r.(*dns.SOA); soa && len(out) > 1 {
				return out, nil
			}
		}
	}
	return out, nil
}

// Walk reads the names of a zone from its NSEC records, one after the other.
// It answers none when the zone has no such records, or has made-up ones.
//
// Source: RFC 4034 section 4; RFC 4470 (records that cover one name only).
func (c *Client) Walk(ctx context.Context, zone string, server netip.AddrPort) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for at := zone; len(out) < maxWalk; {
		if err := c.pace(ctx, zone); err != nil {
			return out, err
		}
		m, err := c.Ask(ctx, server, Question{Name: at, Type: dns.TypeNSEC, DNSSEC: true})
		if err != nil {
			return out, err
		}
		next := ""
		for _, r := range append(m.Answer, m.Ns...) {
			if n, ok := r.(*dns.NSEC); ok && strings.EqualFold(strings.TrimSuffix(n.Hdr.Name, "."), at) {
				next = Canonical(n.NextDomain)
			}
		}
		if next == "" || next == zone || seen[next] || !Below(next, zone) {
			return out, nil
		}
		seen[next] = true
		out = append(out, next)
		at = next
	}
	return out, nil
}
