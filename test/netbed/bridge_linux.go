package netbed

import (
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// bridge joins the two interfaces of the namespace in the middle and holds
// each frame back. It stands in for the kernel's netem, which many kernels
// lack.
type bridge struct {
	near, far *Frames
	stop      atomic.Bool
	all       errgroup.Group
}

// gather is how long frames are collected before they are taken from the
// kernel together: the error of the delay, and the saving of system calls.
const gather = 100 * time.Microsecond

// parcel is what was taken from the kernel at once.
type parcel struct {
	due    time.Time
	bufs   [][]byte
	lens   []int
	frames [][]byte
}

func (b *Bed) startBridge(delay time.Duration) (*bridge, error) {
	br := &bridge{}
	err := inside(b.middle, func() (err error) {
		if br.near, err = OpenFrames("near0", EveryProtocol); err != nil {
			return err
		}
		if br.far, err = OpenFrames("far0", EveryProtocol); err != nil {
			return errors.Join(err, br.near.Close())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	br.carry(br.near, br.far, delay)
	br.carry(br.far, br.near, delay)
	return br, nil
}

// carry starts to take frames from one side to the other.
func (b *bridge) carry(from, to *Frames, delay time.Duration) {
	parcels := int(delay/gather) + 64
	free, held := make(chan *parcel, parcels), make(chan *parcel, parcels)
	for range parcels {
		free <- newParcel()
	}
	b.all.Go(func() error {
		defer close(held)
		for !b.stop.Load() {
			p := <-free
			n, err := from.Receive(p.bufs, p.lens, 20*time.Millisecond)
			if err != nil {
				return err
			}
			p.due, p.frames = time.Now().Add(delay), p.frames[:0]
			for i := range n {
				p.frames = append(p.frames, p.bufs[i][:p.lens[i]])
			}
			held <- p
			if n > 0 && n < len(p.bufs) {
				time.Sleep(gather)
			}
		}
		return nil
	})
	b.all.Go(func() error {
		var failed error
		for p := range held {
			if len(p.frames) > 0 && failed == nil {
				time.Sleep(time.Until(p.due))
				failed = to.Send(p.frames)
			}
			free <- p
		}
		return failed
	})
}

func newParcel() *parcel {
	const frames, size = 64, 1536
	p := &parcel{bufs: make([][]byte, frames), lens: make([]int, frames)}
	mem := make([]byte, frames*size)
	for i := range p.bufs {
		p.bufs[i] = mem[i*size : (i+1)*size]
	}
	return p
}

func (b *bridge) close() error {
	b.stop.Store(true)
	return errors.Join(b.all.Wait(), b.near.Close(), b.far.Close())
}
