// Package dial finds out the state of TCP ports by connecting to them: the
// transport of a sweep where raw packets may not be sent. It asks for a host's
// life by ICMP echo too, where the system lets ordinary users do so.
//
// A probe is one connection attempt, which is ended by a reset. An orderly
// close would leave one socket for each open port in the state TIME-WAIT on
// our side, and servers that read before they notice; a reset, which is
// customary for port scans, frees both sides at once.
//
// # On Linux
//
// Sockets are used again and again, which saves creating, registering and
// closing one for each port: one whose connection was refused may connect
// anew, and so may one that was disconnected by connecting it to AF_UNSPEC,
// which also sends the reset of an open connection (connect(2); tcp_disconnect
// in net/ipv4/tcp.c). The state of an attempt is read by a second connect,
// which says EALREADY, success or the error and makes the socket ready for its
// next use. Where the whole path is in one kernel (loopback, containers) the
// answer is there when the first connect returns, so the second is tried at
// once; only a socket that has to wait is ever made known to epoll, and only
// once. A closed port thus costs two system calls.
package dial

import "github.com/harrier-scan/harrier/internal/netio/sweep"

// Files bounds the descriptors of the whole process. A transport takes one for
// each socket and gives those back that it has not needed for a while. It
// must be safe for use by several goroutines.
type Files interface {
	TryTake() bool // takes one if there is one
	Give()         // gives one back
}

// Options are how a transport is made. The zero value works.
type Options struct {
	// Files bounds the sockets; nil for no bound but the system's. A busy
	// transport keeps what it has taken, so Max should leave some to others.
	Files Files
	// Max is how many connection attempts are in flight at most; 0 for 4096.
	Max int
}

func (o Options) max() int {
	if o.Max <= 0 {
		return 4096
	}
	return o.Max
}

// unbounded is Files without a bound.
type unbounded struct{}

func (unbounded) TryTake() bool { return true }
func (unbounded) Give()         {}

func (o Options) files() Files {
	if o.Files == nil {
		return unbounded{}
	}
	return o.Files
}

// Supports reports whether the transport can ask questions of the kind:
// connecting shows a port's state, and echo works where the system allows it.
// Probes of other kinds are answered Local.
func (t *Transport) Supports(k sweep.Kind) bool {
	return k == sweep.SYN || k == sweep.Echo && t.echo != nil
}
