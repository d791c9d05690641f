package netbed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Seen is a frame that reached the target.
type Seen struct {
	At       time.Time  // by the kernel
	To       netip.Addr // that is asked: of ARP requests and neighbour solicitations their target
	Proto    uint8      // of IP; 0: ARP
	Flags    uint8      // of TCP
	FromPort uint16     // of TCP and UDP; of an ICMP query its identifier
	ToPort   uint16     // of TCP and UDP; of an ICMP query its sequence number
}

// Watch sees all frames that reach the target, whatever its firewall does to
// them. Each is a Seen, told to see on a goroutine of the watch's own, but for
// those that are none of IPv4, IPv6 and ARP.
type Watch struct {
	fd   int
	stop atomic.Bool
	all  sync.WaitGroup
	see  func(Seen)
}

// Watch begins to watch.
//
// Source: packet(7), socket(7).
func (b *Bed) Watch(see func(Seen)) (*Watch, error) {
	w := &Watch{see: see}
	err := inside(b.target, func() error {
		at, err := net.InterfaceByName("target0")
		if err != nil {
			return err
		}
		if w.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return fmt.Errorf("packet socket: %w", err)
		}
		return errors.Join(
			unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20),
			unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
			unix.SetsockoptInt(w.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
			unix.SetsockoptTimeval(w.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 20_000}),
			unix.Bind(w.fd, &unix.SockaddrLinklayer{Protocol: EveryProtocol<<8 | EveryProtocol>>8, Ifindex: at.Index}),
		)
	})
	if err != nil {
		return nil, err
	}
	w.all.Go(w.run)
	return w, nil
}

func (w *Watch) run() {
	data, control := make([]byte, 2048), make([]byte, 256)
	for {
		last := w.stop.Load() // what came before is still read
		n, nc, _, _, err := unix.Recvmsg(w.fd, data, control, 0)
		switch {
		case err != nil && last:
			return
		case err != nil:
			continue
		}
		if s, ok := read(data[:n]); ok {
			s.At = stamp(control[:nc])
			w.see(s)
		}
	}
}

// stamp is when a frame came.
func stamp(control []byte) time.Time {
	list, err := unix.ParseSocketControlMessage(control)
	if err == nil {
		for _, m := range list {
			if m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
				return time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
			}
		}
	}
	return time.Now()
}

// read takes a frame apart.
func read(b []byte) (s Seen, ok bool) {
	const link, arp, four, six = 14, 28, 20, 40
	if len(b) < link {
		return s, false
	}
	kind, b := binary.BigEndian.Uint16(b[12:]), b[link:]
	switch {
	case kind == unix.ETH_P_ARP && len(b) >= arp:
		s.To = netip.AddrFrom4([4]byte(b[24:]))
		return s, true
	case kind == unix.ETH_P_IP && len(b) >= four:
		s.To, s.Proto, b = netip.AddrFrom4([4]byte(b[16:])), b[9], b[four:]
	case kind == unix.ETH_P_IPV6 && len(b) >= six:
		s.To, s.Proto, b = netip.AddrFrom16([16]byte(b[24:])), b[6], b[six:]
	default:
		return s, false
	}
	switch {
	case s.Proto == unix.IPPROTO_TCP && len(b) >= 20:
		s.Flags = b[13]
		s.FromPort, s.ToPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	case s.Proto == unix.IPPROTO_UDP && len(b) >= 8:
		s.FromPort, s.ToPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	case s.Proto == unix.IPPROTO_ICMPV6 && len(b) >= 24 && b[0] == 135: // neighbour solicitation
		s.To = netip.AddrFrom16([16]byte(b[8:]))
	case (s.Proto == unix.IPPROTO_ICMP || s.Proto == unix.IPPROTO_ICMPV6) && len(b) >= 8:
		s.FromPort, s.ToPort = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	}
	return s, true
}

// Close ends the watch, after all that came until now was seen. It fails when
// frames were missed.
func (w *Watch) Close() error {
	w.stop.Store(true)
	w.all.Wait()
	stats, err := unix.GetsockoptTpacketStats(w.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err == nil && stats.Drops > 0 {
		err = fmt.Errorf("%d frames were missed", stats.Drops)
	}
	return errors.Join(err, unix.Close(w.fd))
}
