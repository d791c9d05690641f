package raw

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// ReservePorts takes n consecutive TCP ports from this machine, so that no other
// program gets them, until release is called. n is a power of two up to 1024 and
// first a multiple of it. The ports are above those that the system gives to
// ordinary connections where it has room there, and chosen at random.
//
// Whatever comes to them the kernel answers as for a port where nobody listens.
//
// The error is Invalid for another n and Unavailable when no such ports are
// free.
func ReservePorts(n int) (first uint16, release func(), err error) {
	if n < 1 || n > 1024 || n&(n-1) != 0 {
		return 0, nil, harrier.Errorf(harrier.Invalid, "%d ports: want a power of two up to 1024", n)
	}
	err = unix.EADDRINUSE
	for _, at := range places(n, ephemeralEnd()) {
		var fds []int
		if fds, err = bindPorts(at, n); err == nil {
			return uint16(at), sync.OnceFunc(func() { _ = closeAll(fds) }), nil
		}
		if !errors.Is(err, unix.EADDRINUSE) && !errors.Is(err, unix.EACCES) {
			break // no more files: other ports are no better
		}
	}
	return 0, nil, harrier.Errorf(harrier.Unavailable, "no %d consecutive ports are free", n).Because(err)
}

// places lists where n ports may be, best first: above the last ephemeral
// port, then anywhere above 1023; at random within both.
func places(n, last int) []int {
	up := func(from int) int { return (from + n - 1) / n * n }
	var above, below []int
	for at := up(1024); at+n <= 1<<16; at += n {
		if at > last {
			above = append(above, at)
		} else {
			below = append(below, at)
		}
	}
	for _, p := range [][]int{above, below} {
		rand.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	}
	return append(above, below...)
}

// ephemeralEnd is the last port that the system gives to connections.
//
// Source: ip_local_port_range in ip(7), which has the default too.
func ephemeralEnd() int {
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	var low, high int
	if err == nil {
		_, err = fmt.Sscan(string(data), &low, &high)
	}
	if err != nil || high < 1024 || high > 65535 {
		return 60999
	}
	return high
}

// bindPorts returns sockets bound to the n ports from first on, or none.
func bindPorts(first, n int) (fds []int, err error) {
	for port := first; port < first+n; port++ {
		fd, err := bindPort(port)
		if err != nil {
			return nil, errors.Join(err, closeAll(fds))
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// bindPort returns a socket that is bound to a port of all addresses of both
// families, or of IPv4 where there is no IPv6. It does not listen, so nothing
// ever comes to it.
func bindPort(port int) (int, error) {
	var to unix.Sockaddr = &unix.SockaddrInet6{Port: port}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if errors.Is(err, unix.EAFNOSUPPORT) {
		to = &unix.SockaddrInet4{Port: port}
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	} else if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	}
	if fd < 0 {
		return 0, err
	}
	if err == nil {
		err = unix.Bind(fd, to)
	}
	if err != nil {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

func closeAll(fds []int) error {
	var errs []error
	for _, fd := range fds {
		errs = append(errs, unix.Close(fd))
	}
	return errors.Join(errs...)
}
