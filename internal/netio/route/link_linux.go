package route

import (
	"errors"
	"io"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

const skipStats = 1 << 3 // RTEXT_FILTER_SKIP_STATS of linux/rtnetlink.h

// links are interfaces that were asked for lately.
type links struct {
	gen  uint64
	held map[int]link
}

// zone returns the number of the interface that a zone names.
func (t *Table) zone(zone string) (int, error) {
	t.asking.Lock()
	defer t.asking.Unlock()
	n, err := strconv.ParseUint(zone, 10, 31)
	if err != nil && len(zone) < unix.IFNAMSIZ {
		for index, l := range t.fresh() {
			if l.name == zone {
				return index, nil
			}
		}
	}
	l, err := t.readLink(int(n), zone)
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ERANGE) {
		return 0, harrier.Errorf(harrier.Invalid, "no interface is named %q", zone).Because(err)
	}
	return l.index, err
}

// link returns the interface, as it is or was a moment ago.
func (t *Table) link(index int) (link, error) {
	if l, ok := t.fresh()[index]; ok {
		return l, nil
	}
	return t.readLink(index, "")
}

// fresh returns the interfaces that are known, after forgetting what may have
// changed.
func (t *Table) fresh() map[int]link {
	if gen := t.gen.Load(); t.links.held == nil || t.links.gen != gen {
		t.links = links{gen: gen, held: map[int]link{}}
	}
	return t.links.held
}

// readLink asks for an interface by number or, if that is 0, by name.
func (t *Table) readLink(index int, name string) (l link, err error) {
	var header [unix.SizeofIfInfomsg]byte
	native.PutUint32(header[4:], uint32(index))
	c := t.asker
	c.start(unix.RTM_GETLINK, 0, header[:]...)
	c.number(unix.IFLA_EXT_MASK, skipStats)
	if index == 0 {
		if len(name) >= unix.IFNAMSIZ {
			return l, unix.ENODEV
		}
		c.attr(unix.IFLA_IFNAME, append([]byte(name), 0))
	}
	err = c.send(func(m message) (err error) {
		if m.kind == unix.RTM_NEWLINK {
			l, err = parseLink(m.body)
		}
		return err
	})
	switch {
	case err != nil:
		return l, harrier.Errorf(harrier.Unavailable, "the interface can not be read").Because(err)
	case l.index <= 0:
		return l, harrier.Errorf(harrier.Unavailable, "the interface can not be read").Because(io.ErrUnexpectedEOF)
	}
	t.fresh()[l.index] = l
	return l, nil
}
