package raw

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The ring. A block is given to the process when it is full or the timeout is
// over since its first packet, so that at low rates each takes one interval
// of the timeout: many small blocks let the reader be late by more than a
// second.
const (
	blockSize    = 64 << 10
	blockCount   = 256
	blockTimeout = 5 // milliseconds
	frameSize    = 4096
)

// Receiver reads what passes the session's filter.
type Receiver struct {
	mu     sync.Mutex // held by Next, which works on what follows
	fd     int
	wake   int    // an eventfd that ends a wait
	ring   []byte // nil once closed
	block  int    // whose turn it is
	batch  []In
	closed atomic.Bool

	stat        sync.Mutex
	seen, drops uint64
	last        bool // the counters are final, and fd no longer ours
}

// newReceiver makes the ring on a socket that is bound to nothing and whose
// filter lets nothing pass.
func newReceiver(fd int) (*Receiver, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, err
	}
	req := unix.TpacketReq3{
		Block_size: blockSize, Block_nr: blockCount, Frame_size: frameSize,
		Frame_nr: blockCount * (blockSize / frameSize), Retire_blk_tov: blockTimeout,
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return nil, err
	}
	ring, err := unix.Mmap(fd, 0, blockSize*blockCount, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(err, freeRing(fd))
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(err, unix.Munmap(ring), freeRing(fd))
	}
	return &Receiver{fd: fd, wake: wake, ring: ring}, nil
}

// freeRing gives the memory of the ring back; it must not be mapped.
func freeRing(fd int) error {
	return unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{})
}

// Next hands what came in to handle, once for each block of the ring that is
// ready, and returns; when nothing is there it waits for up to wait. What handle
// gets is valid during the call only, and handle must not close the session.
// After Close the answer is ErrClosed; a Close from elsewhere ends the wait.
func (r *Receiver) Next(wait time.Duration, handle func([]In)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	until := time.Now().Add(wait)
	for {
		if r.closed.Load() {
			return ErrClosed
		}
		if r.walk(handle) {
			return nil
		}
		left := time.Until(until)
		if left <= 0 {
			return nil
		}
		if err := r.wait(left); err != nil {
			return err
		}
	}
}

// Drops is how many packets passed the filter and found no room in the ring,
// since Open.
func (r *Receiver) Drops() uint64 {
	_, drops := r.count()
	return drops
}

// count adds the kernel's counters, which start anew with each reading. Seen
// includes drops.
func (r *Receiver) count() (seen, drops uint64) {
	r.stat.Lock()
	defer r.stat.Unlock()
	if !r.last {
		if v, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			r.seen += uint64(v.Packets)
			r.drops += uint64(v.Drops)
		}
	}
	return r.seen, r.drops
}

// close ends Next, and unmaps the ring when it has returned.
func (r *Receiver) close() error {
	r.closed.Store(true)
	_, werr := unix.Write(r.wake, binary.NativeEndian.AppendUint64(nil, 1))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count()
	r.stat.Lock()
	r.last = true
	r.stat.Unlock()
	err := errors.Join(werr, unix.Munmap(r.ring), unix.Close(r.wake))
	r.ring, r.batch = nil, nil
	return err
}

func (r *Receiver) wait(most time.Duration) error {
	fds := [2]unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}, {Fd: int32(r.wake), Events: unix.POLLIN}}
	_, err := unix.Poll(fds[:], milliseconds(most))
	switch {
	case errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return err
	case fds[0].Revents&unix.POLLNVAL != 0:
		return unix.EBADF
	case fds[0].Revents&unix.POLLERR != 0: // of an interface; reading it clears it
		_, err = unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		return err
	case fds[0].Revents != 0 && !r.ready():
		time.Sleep(min(most, time.Millisecond)) // the kernel thinks of another block: do not spin
	}
	return nil
}

func (r *Receiver) current() []byte { return r.ring[r.block*blockSize:][:blockSize:blockSize] }

// status is the word by which process and kernel hand the block over.
func (r *Receiver) status() *uint32 {
	return (*uint32)(unsafe.Pointer(&r.current()[blockStatus]))
}

func (r *Receiver) ready() bool { return atomic.LoadUint32(r.status())&unix.TP_STATUS_USER != 0 }

// walk handles all blocks that are ready, at most one round.
func (r *Receiver) walk(handle func([]In)) bool {
	any := false
	for range blockCount {
		if !r.ready() {
			break
		}
		any = true
		if r.batch = packetsOf(r.current(), r.batch[:0]); len(r.batch) > 0 {
			handle(r.batch)
		}
		atomic.StoreUint32(r.status(), unix.TP_STATUS_KERNEL)
		r.block = (r.block + 1) % blockCount
		if r.closed.Load() {
			break
		}
	}
	return any
}

// Offsets within a block and within a packet's header.
//
// Source: struct tpacket_block_desc and struct tpacket3_hdr in
// linux/if_packet.h.
const (
	blockStatus  = 8
	blockPackets = 12
	blockFirst   = 16
	blockHeader  = 48

	nextOffset   = 0
	seconds      = 4
	nanoseconds  = 8
	snapLength   = 12
	netOffset    = 26
	packetHeader = unix.SizeofTpacket3Hdr // a sockaddr_ll follows it
	linkHeader   = packetHeader + unix.SizeofSockaddrLinklayer
)

// packetsOf appends the packets of a block to out. It trusts no offset: what
// points outside the block, or back, ends the walk.
func packetsOf(block []byte, out []In) []In {
	if len(block) < blockHeader {
		return out
	}
	n := binary.NativeEndian.Uint32(block[blockPackets:])
	at := uint64(binary.NativeEndian.Uint32(block[blockFirst:]))
	for range n {
		if at < blockHeader || at+linkHeader > uint64(len(block)) {
			break
		}
		p := block[at:]
		in, ok := packetOf(p)
		if ok {
			out = append(out, in)
		}
		next := uint64(binary.NativeEndian.Uint32(p[nextOffset:]))
		if next < linkHeader {
			break // the last has 0
		}
		at += next
	}
	return out
}

// packetOf reads the packet whose header p starts with; p has at least
// linkHeader bytes.
func packetOf(p []byte) (In, bool) {
	start := uint64(binary.NativeEndian.Uint16(p[netOffset:]))
	size := uint64(binary.NativeEndian.Uint32(p[snapLength:]))
	if start < linkHeader || start+size > uint64(len(p)) {
		return In{}, false
	}
	in := In{
		Data: p[start : start+size : start+size],
		At:   int64(binary.NativeEndian.Uint32(p[seconds:]))*int64(time.Second) + int64(binary.NativeEndian.Uint32(p[nanoseconds:])),
	}
	link := p[packetHeader:linkHeader] // as in Sender.fill
	in.Type = binary.BigEndian.Uint16(link[2:])
	in.Index = int(int32(binary.NativeEndian.Uint32(link[4:])))
	if link[11] == 6 {
		in.MAC = [6]byte(link[12:18])
	}
	return in, true
}
