package alert

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/harrier-scan/harrier"
)

// dialer reaches receivers of messages. What an address resolves to is looked
// at right before the packet leaves: link-local ones (where clouds keep their
// secrets), multicast and none are refused, and loopback where it is not
// allowed.
func dialer(loopback bool) *net.Dialer {
	return &net.Dialer{Timeout: 15 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		a := at.Addr().Unmap()
		if a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() || a.IsLoopback() && !loopback || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return refused{fmt.Errorf("messages are not sent to %s", a)}
		}
		return nil
	}}
}

// syslogLine is the body of a delivery by syslog.
type syslogLine struct {
	Network  string    `json:"network"`
	Address  string    `json:"address"`
	Severity int       `json:"severity"`
	ID       string    `json:"id"` // of the kind of message
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
}

// facility is that of all lines: local0.
const facility = 16

// maxDatagram is the most that a receiver has to take over UDP, in bytes.
//
// Source: RFC 5426, section 3.2.
const maxDatagram = 2048

// encode writes the line with the header of RFC 5424, section 6.
func (l syslogLine) encode(host, process string) []byte {
	id := l.ID
	if id == "" {
		id = "-"
	}
	return fmt.Appendf(nil, "<%d>1 %s %s harrier %s %s - %s", facility*8+l.Severity, l.At.UTC().Format("2006-01-02T15:04:05.000000Z"), host, process, id, oneLine(l.Text, maxDatagram))
}

// deliverSyslog sends a line. UDP tells nobody whether it arrived.
func (r *Room) deliverSyslog(ctx context.Context, d harrier.Delivery, l syslogLine) error {
	network := "udp"
	if l.Network == "tcp" {
		network = "tcp"
	}
	conn, err := dialer(true).DialContext(ctx, network, l.Address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // what was written is written
	line := l.encode(r.Host, d.UUID.String())
	if network == "udp" {
		if len(line) > maxDatagram {
			line = line[:maxDatagram]
		}
	} else {
		line = append(fmt.Appendf(nil, "%d ", len(line)), line...) // RFC 6587, section 3.4.1
	}
	return write(ctx, conn, line)
}

func write(ctx context.Context, conn net.Conn, b []byte) error {
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetWriteDeadline(end); err != nil {
			return err
		}
	}
	_, err := conn.Write(b)
	return err
}

// trap is the body of a delivery by SNMP.
type trap struct {
	Address   string `json:"address"`
	Community string `json:"community,omitempty"` // sealed for UUID
	UUID      string `json:"uuid"`                // of the alert
	Kind      string `json:"kind"`
	Alert     string `json:"alert"`
	Text      string `json:"text"`
}

// deliverTrap sends an SNMPv2c trap.
func (r *Room) deliverTrap(ctx context.Context, d harrier.Delivery, t trap) error {
	community, err := r.unseal(t.UUID, t.Community)
	if err != nil {
		return refused{err}
	}
	if community == "" {
		community = "public"
	}
	conn, err := dialer(true).DialContext(ctx, "udp", t.Address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()                                        // what was written is written
	return write(ctx, conn, encodeTrap(community, uint32(d.ID)&0x7fffffff, t)) //nolint:gosec // only tells traps apart
}

// The objects of a trap. Below this arc of the net-snmp project everybody may
// try things out.
var (
	oidUptime   = []uint32{1, 3, 6, 1, 2, 1, 1, 3, 0}
	oidTrap     = []uint32{1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0}
	oidHappened = []uint32{1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7447, 1}
	oidKind     = append(oidHappened[:len(oidHappened):len(oidHappened)], 1)
	oidAlert    = append(oidHappened[:len(oidHappened):len(oidHappened)], 2)
	oidText     = append(oidHappened[:len(oidHappened):len(oidHappened)], 3)
)

// The tags of the encoding.
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagOID      = 0x06
	tagSequence = 0x30
	tagTicks    = 0x43
	tagTrap     = 0xa7
)

// encodeTrap writes an SNMPv2-Trap-PDU with a community.
//
// Source: RFC 1901, section 3; RFC 3416, section 4.2.6.
func encodeTrap(community string, request uint32, t trap) []byte {
	bind := func(oid []uint32, value []byte) []byte { return tlv(tagSequence, tlv(tagOID, oidBytes(oid)), value) }
	text := func(s string, most int) []byte { return tlv(tagOctets, []byte(oneLine(s, most))) }
	binds := tlv(tagSequence,
		bind(oidUptime, tlv(tagTicks, []byte{0})), bind(oidTrap, tlv(tagOID, oidBytes(oidHappened))),
		bind(oidKind, text(t.Kind, 100)), bind(oidAlert, text(t.Alert, 200)), bind(oidText, text(t.Text, 250)))
	id := []byte{byte(request >> 24), byte(request >> 16), byte(request >> 8), byte(request)}
	pdu := tlv(tagTrap, tlv(tagInteger, id), tlv(tagInteger, []byte{0}), tlv(tagInteger, []byte{0}), binds)
	return tlv(tagSequence, tlv(tagInteger, []byte{1}), tlv(tagOctets, []byte(community)), pdu)
}

func tlv(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := []byte{tag}
	switch {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	default:
		out = append(out, 0x82, byte(n>>8), byte(n))
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func oidBytes(oid []uint32) []byte {
	out := []byte{byte(oid[0]*40 + oid[1])}
	for _, n := range oid[2:] {
		var part []byte
		for more := byte(0); ; more = 0x80 {
			part = append([]byte{byte(n&0x7f) | more}, part...)
			if n >>= 7; n == 0 {
				break
			}
		}
		out = append(out, part...)
	}
	return out
}
