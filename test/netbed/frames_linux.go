package netbed

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Frames sends and receives whole link-layer frames on one interface, many
// with one system call. One goroutine may receive while another sends.
//
// Source: packet(7), recvmmsg(2), sendmmsg(2).
type Frames struct {
	fd      int
	in, out batch
}

// EveryProtocol is the protocol number, ETH_P_ALL, of a socket that takes
// every frame.
const EveryProtocol = unix.ETH_P_ALL

// OpenFrames opens a socket on an interface of the calling thread's namespace
// for frames of one protocol, an Ethernet type. It needs CAP_NET_RAW.
func OpenFrames(name string, protocol uint16) (*Frames, error) {
	at, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("packet socket: %w", err)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 8<<20),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol<<8 | protocol>>8, Ifindex: at.Index}),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("packet socket on %s: %w", name, err), unix.Close(fd))
	}
	return &Frames{fd: fd}, nil
}

// Receive fills bufs with frames, one each, and lens with their lengths. It
// returns how many there were; 0 when none came within wait.
func (f *Frames) Receive(bufs [][]byte, lens []int, wait time.Duration) (int, error) {
	f.in.point(bufs)
	for waited := false; ; waited = true {
		n, err := f.in.call(unix.SYS_RECVMMSG, f.fd, 0, len(bufs), unix.MSG_DONTWAIT)
		switch {
		case err == nil:
			for i := range n {
				lens[i] = int(f.in.msgs[i].n)
			}
			return n, nil
		case !passing(err):
			return 0, fmt.Errorf("recvmmsg: %w", err)
		case waited:
			return 0, nil
		}
		limit := unix.NsecToTimespec(int64(wait))
		fds := []unix.PollFd{{Fd: int32(f.fd), Events: unix.POLLIN}}
		if _, err := unix.Ppoll(fds, &limit, nil); err != nil && !passing(err) {
			return 0, fmt.Errorf("ppoll: %w", err)
		}
	}
}

// Send sends every frame; where the link has no room, it waits for it.
func (f *Frames) Send(frames [][]byte) error {
	f.out.point(frames)
	for done := 0; done < len(frames); {
		n, err := f.out.call(unix.SYS_SENDMMSG, f.fd, done, len(frames), 0)
		if err != nil && !passing(err) {
			return fmt.Errorf("sendmmsg: %w", err)
		}
		done += n
	}
	return nil
}

// Close ends the socket; nobody may use it any more.
func (f *Frames) Close() error { return unix.Close(f.fd) }

// passing tells a fault that goes away by itself.
func passing(err error) bool {
	return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOBUFS)
}

// batch is the argument of recvmmsg and sendmmsg.
type batch struct {
	iov  []unix.Iovec
	msgs []message
}

// message is a struct mmsghdr.
type message struct {
	hdr unix.Msghdr
	n   uint32
}

func (b *batch) point(bufs [][]byte) {
	if len(b.msgs) < len(bufs) {
		b.iov, b.msgs = make([]unix.Iovec, len(bufs)), make([]message, len(bufs))
		for i := range b.msgs {
			b.msgs[i].hdr.Iov = &b.iov[i]
			b.msgs[i].hdr.SetIovlen(1)
		}
	}
	for i, buf := range bufs {
		b.iov[i].Base = &buf[0]
		b.iov[i].SetLen(len(buf))
	}
}

// call hands the messages from first to end to the kernel and returns how many
// it took.
func (b *batch) call(trap uintptr, fd, first, end, flags int) (int, error) {
	n, _, errno := unix.Syscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&b.msgs[first])), uintptr(end-first), uintptr(flags), 0, 0)
	runtime.KeepAlive(b)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
