package netbed

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Trickle sends a few small frames a second from the target to the scanner,
// until stop is called. Programs that wait for a block of a libpcap ring to
// close never notice their own time-out on a link that has gone silent;
// masscan is one. A socket takes the frames, so that the scanner's kernel does
// not answer them.
func (b *Bed) Trickle() (stop func(), err error) {
	var sink, source net.PacketConn
	var lc net.ListenConfig
	at := netip.AddrPortFrom(ScannerAddr, 9)
	err = errors.Join(
		inside(b.scanner, func() (err error) {
			sink, err = lc.ListenPacket(context.Background(), "udp4", at.String())
			return err
		}),
		inside(b.target, func() (err error) {
			source, err = lc.ListenPacket(context.Background(), "udp4", "10.78.0.2:0")
			return err
		}),
	)
	if err != nil {
		for _, c := range []net.PacketConn{sink, source} {
			if c != nil {
				err = errors.Join(err, c.Close())
			}
		}
		return nil, err
	}
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		buf := make([]byte, 16)
		for {
			if _, _, err := sink.ReadFrom(buf); err != nil {
				return
			}
		}
	})
	all.Go(func() {
		to := net.UDPAddrFromAddrPort(at)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				_, _ = source.WriteTo([]byte{0}, to) // a profile that drops it shows here as an error
			}
		}
	})
	return func() {
		close(done)
		_ = sink.Close()
		_ = source.Close()
		all.Wait()
	}, nil
}
