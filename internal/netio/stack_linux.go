package netio

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// Bits of tcpi_options.
//
// Source: linux/tcp.h.
const (
	infoTimestamps = 1
	infoSACK       = 2
	infoScale      = 4
)

// observe reads what the system knows of a new connection: the options that the
// other side agreed to, its MSS and its window scale.
func observe(c net.Conn) *harrier.Stack {
	raw, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return nil
	}
	var info *unix.TCPInfo
	if control.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }) != nil || err != nil {
		return nil
	}
	s := &harrier.Stack{Connected: true, MSS: uint16(min(info.Snd_mss, 1<<16-1)), Scale: -1, Options: "M"}
	if info.Options&infoSACK != 0 {
		s.Options += "S"
	}
	if info.Options&infoTimestamps != 0 {
		s.Options += "T"
	}
	if info.Options&infoScale != 0 {
		s.Options += "W"
		// tcpi_snd_wscale, the other side's, is a field of four bits that
		// unix.TCPInfo leaves to the padding behind Options.
		s.Scale = int8((*[8]byte)(unsafe.Pointer(info))[6] & 15)
	}
	return s
}
