package route

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// The kernel answers at once, into the socket's buffer, before the request's
// send has returned; the timeout is for what should not happen.
var netlinkTimeout = unix.Timeval{Sec: 2}

// errInterrupted is a dump during which what it dumps changed.
var errInterrupted = harrier.Errorf(harrier.Unavailable, "netlink: the tables changed while they were read")

// conn is a socket for questions to the kernel's tables, one at a time. It
// belongs to the network namespace in which it was opened.
type conn struct {
	fd  int
	seq uint32
	out []byte
	in  []byte
}

func dial() (*conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "netlink socket").Because(err)
	}
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}),
		unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}), // to the kernel: nobody else can answer
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &netlinkTimeout),
	)
	if err != nil {
		unix.Close(fd)
		return nil, harrier.Errorf(harrier.Unavailable, "netlink socket").Because(err)
	}
	return &conn{fd: fd, in: make([]byte, 64<<10)}, nil // the kernel's parts of a dump have at most 32 KiB
}

// close ends the conn; questions fail from then on.
func (c *conn) close() {
	if c.fd >= 0 {
		unix.Close(c.fd)
		c.fd = -1
	}
}

// start begins a request with its fixed header.
func (c *conn) start(kind, flags uint16, header ...byte) {
	c.seq++
	c.out = append(c.out[:0], make([]byte, unix.SizeofNlMsghdr)...)
	native.PutUint16(c.out[4:], kind)
	native.PutUint16(c.out[6:], flags|unix.NLM_F_REQUEST)
	native.PutUint32(c.out[8:], c.seq)
	c.out = append(c.out, header...)
}

// attr adds an attribute to the request.
func (c *conn) attr(kind uint16, v []byte) {
	var h [unix.SizeofRtAttr]byte
	native.PutUint16(h[:], uint16(len(h)+len(v)))
	native.PutUint16(h[2:], kind)
	c.out = append(append(c.out, h[:]...), v...)
	for len(c.out)%4 != 0 {
		c.out = append(c.out, 0)
	}
}

func (c *conn) number(kind uint16, n uint32) {
	var v [4]byte
	native.PutUint32(v[:], n)
	c.attr(kind, v[:])
}

// send lets the request go and calls each for every message of the answer; a
// dump goes on to its end whatever each answers. The error is the first of
// each, or the kernel's errno, or a fault of the conversation.
func (c *conn) send(each func(m message) error) error {
	if c.fd < 0 {
		return unix.EBADF
	}
	native.PutUint32(c.out, uint32(len(c.out)))
	dump := native.Uint16(c.out[6:])&unix.NLM_F_DUMP == unix.NLM_F_DUMP
	if err := again(func() error { _, err := unix.Write(c.fd, c.out); return err }); err != nil {
		return err
	}
	var first error
	for {
		n := 0
		if err := again(func() (err error) { n, err = unix.Read(c.fd, c.in); return err }); err != nil {
			return err
		}
		end, err := c.part(c.in[:n], dump, each)
		if first == nil {
			first = err
		}
		if end {
			return first
		}
	}
}

// part reads one datagram of an answer and says whether it was the last.
func (c *conn) part(b []byte, dump bool, each func(m message) error) (end bool, first error) {
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	for len(b) > 0 {
		m, rest, err := nextMessage(b)
		if err != nil {
			keep(err)
			return !dump, first
		}
		b = rest
		if m.seq != c.seq { // of a question that was given up
			continue
		}
		if dump && m.flags&unix.NLM_F_DUMP_INTR != 0 {
			keep(errInterrupted)
		}
		switch m.kind {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR: // both start with an errno below zero, or with zero
			if n, err := number(m.body); err != nil {
				keep(err)
			} else if n != 0 {
				keep(unix.Errno(-int32(n)))
			}
			return true, first
		case unix.NLMSG_NOOP:
		default:
			keep(each(m))
			end = !dump
		}
	}
	return end, first
}

func again(do func() error) error {
	for {
		if err := do(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// dump asks for all entries of a family. The kernel may answer with entries of
// other families, where it lacks this one.
func (c *conn) dump(kind uint16, family byte, header int, each func(body []byte) error) error {
	c.start(kind, unix.NLM_F_DUMP, make([]byte, header)...)
	c.out[unix.SizeofNlMsghdr] = family
	return c.send(func(m message) error {
		if len(m.body) == 0 || m.body[0] != family {
			return nil
		}
		return each(m.body)
	})
}

// groups are the changes that paths depend on.
var groups = [...]int{
	unix.RTNLGRP_LINK,
	unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV4_RULE,
	unix.RTNLGRP_IPV6_IFADDR, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_IPV6_RULE,
	unix.RTNLGRP_NEXTHOP,
}

// listen opens a socket that gets a message when something changes.
func listen() (fd int, err error) {
	fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return -1, harrier.Errorf(harrier.Unavailable, "netlink socket").Because(err)
	}
	if err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err == nil {
		for _, g := range groups {
			// A kernel that lacks a group lacks what it tells of too.
			if e := unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, g); e != nil && e != unix.EINVAL {
				err = e
			}
		}
	}
	if err != nil {
		unix.Close(fd)
		return -1, harrier.Errorf(harrier.Unavailable, "netlink socket").Because(err)
	}
	return fd, nil
}
