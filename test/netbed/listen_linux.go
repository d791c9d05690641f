package netbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// listeners are the open ports of the target.
type listeners struct {
	list []net.Listener
	all  sync.WaitGroup
	stop context.CancelFunc
	done context.Context
}

// hold is how long an accepted connection stays open: a scanner that connects
// must not be helped, or puzzled, by a target that hangs up first.
const hold = time.Second

// listen opens the ports of Open in namespace ns, for both families.
func listen(ns string) (*listeners, error) {
	l := &listeners{}
	l.done, l.stop = context.WithCancel(context.Background())
	err := inside(ns, func() error {
		for _, network := range []string{"tcp4", "tcp6"} {
			for _, port := range Open {
				if err := l.open(network, port); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *listeners) open(network string, port uint16) error {
	var lc net.ListenConfig
	in, err := lc.Listen(l.done, network, fmt.Sprintf(":%d", port))
	if err != nil {
		return err
	}
	l.list = append(l.list, in)
	if err := deepen(in.(*net.TCPListener)); err != nil {
		return err
	}
	l.all.Go(func() {
		for {
			c, err := in.Accept()
			if err != nil {
				return
			}
			l.all.Go(func() {
				defer c.Close()
				select {
				case <-l.done.Done():
				case <-time.After(hold):
				}
			})
		}
	})
	return nil
}

// deepen raises the backlog beyond what the program's own namespace allows,
// which is all that package net looks at.
func deepen(l *net.TCPListener) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.Listen(int(fd), 65535) })
	return errors.Join(err, failed)
}

func (l *listeners) close() error {
	l.stop()
	var errs []error
	for _, in := range l.list {
		errs = append(errs, in.Close())
	}
	l.all.Wait()
	return errors.Join(errs...)
}
