package flight

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"github.com/harrier-scan/harrier/internal/netio"
)

// Beside a record that is being written stands a file with what was sent to the
// addresses that are in hand, up to a second ago. It is written anew each
// second and goes when the section ends; of an engine that was killed it stays,
// so that the record tells of these addresses too.
//
//	{"hand":{"at":"…"}}
//	{"sent":{"addr":"10.0.0.9","from":"…","to":"…","packets":{"tcp syn":310}}}
const handName = ".hand"

// handPart is such a file while it is being written.
const handPart = handName + partName

// Hand begins such a file.
type Hand struct {
	At time.Time `json:"at"`
}

// Watch lets inHand, which is netio.Net's InHand, be asked each second what was
// sent to the addresses in hand. It is called once, before anything is sent. A
// record in what is no regular file does without.
func (r *Record) Watch(inHand func(tell func(netip.Addr, netio.Flight))) {
	r.out.Lock()
	defer r.out.Unlock()
	if f, ok := r.file.(interface{ Stat() (os.FileInfo, error) }); ok {
		if fi, err := f.Stat(); err == nil && fi.Mode().IsRegular() {
			r.inHand = inHand
		}
	}
}

// tick writes what came in and what is in hand. The three steps are in this
// order so that at any moment the two files together have all that was sent
// before the last tick: an address that is done meanwhile is in both of them
// for a moment.
func (r *Record) tick() {
	r.out.Lock()
	defer r.out.Unlock()
	var hand []entry
	at := time.Now()
	if r.inHand != nil {
		r.inHand(func(a netip.Addr, f netio.Flight) { hand = append(hand, entry{a, a, f}) })
	}
	r.flush()
	if len(hand) == 0 && !r.hand {
		return
	}
	if err := r.putHand(at, hand); err != nil && !r.handFailed {
		r.handFailed = true
		r.log.Warn("what is in hand is not recorded", "file", r.name+handName, "err", err)
	}
}

// putHand replaces the file. The caller holds out.
func (r *Record) putHand(at time.Time, hand []entry) error {
	var b bytes.Buffer
	encode(&b, line{Hand: &Hand{at.UTC()}})
	for _, e := range spans(hand) {
		encode(&b, e.line())
	}
	if err := os.WriteFile(r.name+handPart, b.Bytes(), 0o600); err != nil {
		return errors.Join(err, remove(r.name+handPart))
	}
	r.hand = true
	return os.Rename(r.name+handPart, r.name+handName)
}

// dropHand removes the file: nothing is in hand any more. The caller holds out.
func (r *Record) dropHand() {
	if !r.hand {
		return
	}
	if err := remove(r.name + handName); err != nil {
		r.log.Warn("what was in hand is not removed", "file", r.name+handName, "err", err)
	}
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readHand adds to the last section of the record at path, if it has no end,
// what was in hand when it was cut short.
func readHand(path string, sections []*Section, addr netip.Addr) error {
	if len(sections) == 0 || sections[len(sections)-1].End != nil {
		return nil
	}
	f, err := os.Open(path + handName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	defer f.Close()
	sections[len(sections)-1].readHand(f, addr)
	return nil
}

// readHand reads what was in hand; what can not be read is left out: the
// section is not complete anyway.
func (s *Section) readHand(r io.Reader, addr netip.Addr) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var l line
		switch err := json.Unmarshal(lines.Bytes(), &l); {
		case err != nil:
		case l.Hand != nil:
			s.HandAt = l.Hand.At
			s.saw(l.Hand.At)
		case l.Sent != nil && l.Sent.valid() && (!addr.IsValid() || l.Sent.has(addr)):
			s.Hand = append(s.Hand, *l.Sent)
		}
	}
}

// inHand is what was sent to addr while it was in hand at the end, and is not
// among what the section says: an address that was done in the last second may
// be in both.
func (s *Section) inHand(addr netip.Addr) (list []Sent) {
	for _, h := range s.Hand {
		told := !h.has(addr)
		for _, d := range s.Sent {
			told = told || d.has(addr) && d.covers(h)
		}
		if !told {
			list = append(list, h)
		}
	}
	return list
}

// covers reports whether s, which is written when an address is done, has what
// was known of it before.
func (s Sent) covers(before Sent) bool {
	for sort, n := range before.Packets {
		if s.Packets[sort] < n {
			return false
		}
	}
	return !s.To.Before(before.To)
}
