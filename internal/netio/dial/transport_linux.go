package dial

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

const (
	maxWorkers = 8
	turn       = 32                   // probes that a worker starts before it looks at answers
	backlog    = 256                  // probes that wait for a worker, for each worker
	patience   = 2 * time.Millisecond // how long Send waits for room
)

// Transport connects to ports. It is a sweep.Transport.
type Transport struct {
	answer  func([]sweep.Answer)
	files   Files
	base    time.Time // instants are nanoseconds since then, by the monotonic clock
	lowest  uint16    // the lowest port that the system gives to connections of ours
	echo    *echo     // nil where echo requests may not be sent
	workers []*worker
	running sync.WaitGroup
	room    chan struct{} // tells Send that the queue has emptied by half
	waiting *time.Timer   // Send's

	mu     sync.Mutex
	queue  ring
	closed bool
}

// New returns a transport that answers through the function. It may be called
// by several goroutines at a time, but never within Send. The error is of kind
// Unavailable when the system gives no descriptors.
func New(answer func([]sweep.Answer), o Options) (*Transport, error) {
	count := min(runtime.GOMAXPROCS(0), maxWorkers, o.max())
	t := &Transport{
		answer: answer, files: o.files(), base: time.Now(), lowest: lowestPort(),
		room: make(chan struct{}, 1), waiting: time.NewTimer(time.Hour),
	}
	// What workers give back finds room even in a full queue.
	t.queue = newRing(count*backlog, count*turn)
	for i := range count {
		w, err := newWorker(t, (o.max()+count-1-i)/count)
		if err != nil {
			for _, w := range t.workers {
				w.poll.Close()
			}
			return nil, harrier.Errorf(harrier.Unavailable, "no descriptors to connect with").Because(err)
		}
		t.workers = append(t.workers, w)
	}
	t.echo = newEcho(answer)
	for _, w := range t.workers {
		t.running.Go(w.run)
	}
	return t, nil
}

// lowestPort is the lower end of the range of ports for connections; 1 when it
// can not be read.
func lowestPort() uint16 {
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 1
	}
	if fields := strings.Fields(string(data)); len(fields) == 2 {
		if n, err := strconv.ParseUint(fields[0], 10, 16); err == nil {
			return uint16(n)
		}
	}
	return 1
}

// Send hands the probes to the workers. See sweep.Transport; the error is
// net.ErrClosed after Close.
func (t *Transport) Send(probes []sweep.Probe) (int, error) {
	sent, began := 0, false
	for sent < len(probes) {
		if p := &probes[sent]; p.Item.Kind() == sweep.Echo && t.echo != nil {
			if !t.echo.send(p) {
				return sent, nil
			}
			sent++
			continue
		}
		n, err := t.put(probes[sent:])
		sent += n
		if err != nil {
			return sent, err
		}
		if n > 0 {
			continue
		}
		if !began {
			began = true
			t.waiting.Reset(patience)
		}
		select {
		case <-t.room:
		case <-t.waiting.C:
			return sent, nil
		}
	}
	return sent, nil
}

// put queues probes up to the first one that goes elsewhere, as far as there
// is room, and returns how many.
func (t *Transport) put(probes []sweep.Probe) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return 0, net.ErrClosed
	}
	n := 0
	for n < len(probes) && (probes[n].Item.Kind() != sweep.Echo || t.echo == nil) && t.queue.push(&probes[n]) {
		n++
	}
	if n > 0 {
		t.wake()
	}
	return n, nil
}

// take moves probes from the queue to buf.
func (t *Transport) take(buf []sweep.Probe) (n int, closed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.queue.size
	n = t.queue.pop(buf)
	if half := t.queue.limit / 2; before > half && t.queue.size <= half {
		select {
		case t.room <- struct{}{}:
		default:
		}
	}
	return n, t.closed
}

// back returns probes that a worker has no room for, to the queue's front.
func (t *Transport) back(probes []sweep.Probe) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue.unpop(probes)
	t.wake()
}

// wake lets idle workers look at the queue: as many as it has work for. The
// caller holds mu.
func (t *Transport) wake() {
	need := (t.queue.size + turn - 1) / turn
	for _, w := range t.workers {
		if need == 0 {
			return
		}
		if w.parked {
			w.parked = false
			w.rouse()
			need--
		}
	}
}

// Close ends the transport and leaves what is in flight. It must not be called
// by the answer function.
func (t *Transport) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return net.ErrClosed
	}
	t.closed = true
	for _, w := range t.workers {
		w.rouse()
	}
	t.mu.Unlock()
	t.running.Wait()
	t.waiting.Stop()
	var err error
	for _, w := range t.workers {
		err = errors.Join(err, w.poll.Close())
	}
	if t.echo != nil {
		err = errors.Join(err, t.echo.close())
	}
	return err
}

func (t *Transport) now() int64 { return int64(time.Since(t.base)) }

// ring is a queue of probes. Push stops at limit; unpop has room beyond it.
type ring struct {
	slots       []sweep.Probe
	first, size int
	limit       int
}

func newRing(limit, spare int) ring {
	return ring{slots: make([]sweep.Probe, limit+spare), limit: limit}
}

func (r *ring) push(p *sweep.Probe) bool {
	if r.size >= r.limit {
		return false
	}
	r.slots[(r.first+r.size)%len(r.slots)] = *p
	r.size++
	return true
}

func (r *ring) pop(buf []sweep.Probe) int {
	n := min(r.size, len(buf))
	for i := range n {
		buf[i] = r.slots[r.first]
		r.first = (r.first + 1) % len(r.slots)
	}
	r.size -= n
	return n
}

func (r *ring) unpop(probes []sweep.Probe) {
	for i := len(probes) - 1; i >= 0; i-- {
		r.first = (r.first + len(r.slots) - 1) % len(r.slots)
		r.slots[r.first] = probes[i]
	}
	r.size += len(probes)
}

// newPoll returns an epoll set that the runtime's own poller watches, so that a
// worker that waits for it holds no thread.
func newPoll() (*os.File, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "epoll"), nil
}
