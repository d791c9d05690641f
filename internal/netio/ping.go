package netio

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// ErrNoPing says that this process may not send echo requests.
var ErrNoPing = errors.New("netio: not permitted to send echo requests")

// Ping sends one ICMP echo request to a declared target and waits for the
// reply. It needs no privilege where the system lets the user's group send
// them, and raw sockets elsewhere; with neither the error is ErrNoPing. No
// reply in time is an error that Classify reads as Silent.
//
// Source: net.ipv4.ping_group_range in Linux's icmp(7).
func (n *Net) Ping(ctx context.Context, addr netip.Addr, wait time.Duration) (time.Duration, error) {
	addr = plain(addr)
	h, err := n.admit("icmp", netip.AddrPortFrom(addr, 0))
	if err != nil {
		return 0, err
	}
	if err := n.files.take(ctx); err != nil {
		return 0, err
	}
	defer n.files.give()
	c, raw, err := listenEcho(addr.Is4())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := n.pass(ctx, h, "icmp", netip.AddrPortFrom(addr, 0), true); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) }) // fails only once c is closed
	defer stop()
	return echo(c, addr, raw, wait)
}

func listenEcho(four bool) (c *icmp.PacketConn, raw bool, err error) {
	unprivileged, privileged := "udp6", "ip6:ipv6-icmp"
	if four {
		unprivileged, privileged = "udp4", "ip4:icmp"
	}
	if c, err = icmp.ListenPacket(unprivileged, ""); err == nil {
		return c, false, nil
	}
	if c, err = icmp.ListenPacket(privileged, ""); err == nil {
		return c, true, nil
	}
	if Classify(err) == Local && !errors.Is(err, os.ErrPermission) {
		return nil, false, err
	}
	return nil, false, ErrNoPing
}

func echo(c *icmp.PacketConn, addr netip.Addr, raw bool, wait time.Duration) (time.Duration, error) {
	request := icmp.Message{Type: ipv6.ICMPTypeEchoRequest, Body: &icmp.Echo{ID: os.Getpid() & 0xffff, Seq: int(time.Now().UnixNano() & 0xffff), Data: []byte("harrier")}}
	if addr.Is4() {
		request.Type = ipv4.ICMPTypeEcho
	}
	data, err := request.Marshal(nil)
	if err != nil {
		return 0, err
	}
	to := net.Addr(&net.UDPAddr{IP: addr.AsSlice(), Zone: addr.Zone()})
	if raw {
		to = &net.IPAddr{IP: addr.AsSlice(), Zone: addr.Zone()}
	}
	began := time.Now()
	if err := c.SetReadDeadline(began.Add(wait)); err != nil {
		return 0, err
	}
	if _, err := c.WriteTo(data, to); err != nil {
		return 0, err
	}
	buf := make([]byte, 1500)
	for {
		size, from, err := c.ReadFrom(buf)
		if err != nil {
			return 0, err
		}
		if addressOf(from) == addr.WithZone("") && isReply(buf[:size], request, raw) {
			return time.Since(began), nil
		}
	}
}

func addressOf(a net.Addr) netip.Addr {
	var ip net.IP
	switch a := a.(type) {
	case *net.UDPAddr:
		ip = a.IP
	case *net.IPAddr:
		ip = a.IP
	}
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}

// isReply reports whether data is the echo reply to request. Without raw
// sockets the system chooses the identifier and sorts by it.
func isReply(data []byte, request icmp.Message, raw bool) bool {
	protocol := 58
	if request.Type == ipv4.ICMPTypeEcho {
		protocol = 1
	}
	m, err := icmp.ParseMessage(protocol, data)
	if err != nil || m.Type != ipv4.ICMPTypeEchoReply && m.Type != ipv6.ICMPTypeEchoReply {
		return false
	}
	got, ok := m.Body.(*icmp.Echo)
	want, sent := request.Body.(*icmp.Echo)
	return ok && sent && got.Seq == want.Seq && (!raw || got.ID == want.ID)
}

// MayPing reports whether this process may send echo requests.
func MayPing() bool {
	c, _, err := listenEcho(true)
	if err != nil {
		return false
	}
	_ = c.Close() // nothing was sent
	return true
}
