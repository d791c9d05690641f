package raw

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// pool holds the sockets that Early made.
var pool struct {
	mu   sync.Mutex
	size int // of those that exist: free and in use
	free []sockets
}

// Allowed reports whether Open may work: Early made sockets, or the process
// may make some. It asks the system by a raw IPv4 socket, which needs the same
// capability: closing a packet socket takes the kernel some milliseconds.
func Allowed() bool {
	pool.mu.Lock()
	size := pool.size
	pool.mu.Unlock()
	if size > 0 {
		return true
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return false
	}
	return unix.Close(fd) == nil
}

// Release closes the sockets of the pool that are not in use. A program may
// call it at its end: the kernel waits some milliseconds for each packet socket
// that it closes, here for all at once, but at the end of a process for one
// after the other.
func Release() {
	pool.mu.Lock()
	free := pool.free
	pool.free = nil
	pool.size -= len(free)
	pool.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range free {
		for _, fd := range s.all() {
			wg.Go(func() { _ = unix.Close(fd) })
		}
	}
	wg.Wait()
}

// acquire returns sockets of the pool, else new ones.
func acquire() (s sockets, pooled bool, err error) {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if n := len(pool.free); n > 0 {
		s, pool.free = pool.free[n-1], pool.free[:n-1]
		return s, true, nil
	}
	if s, err = newSockets(); errors.Is(err, ErrDenied) && pool.size > 0 {
		err = ErrBusy
	}
	return s, false, err
}

func giveBack(s sockets) {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	pool.free = append(pool.free, s)
}

// discard closes sockets that are of no more use.
func discard(s sockets, pooled bool) error {
	if pooled {
		pool.mu.Lock()
		defer pool.mu.Unlock()
		pool.size--
	}
	return s.close()
}

// adopt puts sockets into the pool that a process image before this one made,
// if they are what they should be.
func adopt(s sockets) bool {
	want := map[int][2]int{s.link: {unix.AF_PACKET, unix.SOCK_DGRAM}, s.ring: {unix.AF_PACKET, unix.SOCK_DGRAM}, s.ip: {unix.AF_INET, unix.SOCK_RAW}}
	if len(want) != 3 {
		return false
	}
	for fd, w := range want {
		domain, err1 := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		kind, err2 := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
		if err1 != nil || err2 != nil || domain != w[0] || kind != w[1] {
			return false
		}
	}
	for fd := range want {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
			return false
		}
	}
	pool.mu.Lock()
	defer pool.mu.Unlock()
	pool.free = append(pool.free, s)
	pool.size++
	return true
}
