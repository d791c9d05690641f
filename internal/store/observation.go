package store

import (
	"encoding/binary"
	"errors"

	"github.com/harrier-scan/harrier"
)

// The observations of a host are packed one after the other: numbers as
// varints, texts with their length before them, instants as the difference to
// the one before. It takes a tenth of the time that JSON does.

var errShort = errors.New("a packed value ends too early")

func (p packer) fromObservations(list []harrier.Observation) []byte {
	size := 8
	for i := range list {
		size += 40 + len(list[i].Key) + len(list[i].Evidence)
	}
	b := binary.AppendUvarint(make([]byte, 0, size), uint64(len(list)))
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	var before int64
	for i := range list {
		o := &list[i]
		at := micros(o.At)
		b = binary.AppendVarint(b, int64(o.Vulnerability))
		text(string(o.Protocol))
		b = binary.AppendUvarint(b, uint64(o.Port))
		text(o.Key)
		text(o.Service)
		text(o.Evidence)
		b = append(b, byte(o.Certainty))
		text(o.Source)
		b = binary.AppendVarint(b, at-before)
		before = at
	}
	return p.pack(b)
}

func (p packer) observations(data []byte) ([]harrier.Observation, error) {
	body, err := p.unpack(data)
	if err != nil {
		return nil, err
	}
	// One string for all: the texts are parts of it.
	r := reader{b: body, s: string(body)}
	n := r.uvarint()
	if n > uint64(len(body)/9) { // an observation takes nine bytes at least
		return nil, errShort
	}
	if n == 0 {
		return nil, r.end()
	}
	list := make([]harrier.Observation, n)
	var at int64
	for i := range list {
		o := &list[i]
		o.Vulnerability = harrier.VulnID(r.varint())
		o.Protocol = harrier.Protocol(r.text())
		o.Port = uint16(r.uvarint())
		o.Key = r.text()
		o.Service = r.text()
		o.Evidence = r.text()
		o.Certainty = harrier.Certainty(r.byte())
		o.Source = r.text()
		at += r.varint()
		o.At = fromMicros(at)
	}
	return list, r.end()
}

// reader reads a packed body. After its end it gives zeros, and end tells.
type reader struct {
	b     []byte
	s     string
	at    int
	short bool
}

func (r *reader) end() error {
	if r.short || r.at != len(r.b) {
		return errShort
	}
	return nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b[r.at:])
	return v * uint64(r.step(n))
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b[r.at:])
	return v * int64(r.step(n))
}

// length reads how many things follow that take so many bytes each at least.
func (r *reader) length(bytes int) int {
	n := r.uvarint()
	if n > uint64((len(r.b)-r.at)/bytes) {
		r.short = true
		return 0
	}
	return int(n)
}

// step goes n bytes on and returns 1, or 0 when nothing was read.
func (r *reader) step(n int) int {
	if n <= 0 || r.short {
		r.short = true
		return 0
	}
	r.at += n
	return 1
}

func (r *reader) byte() byte {
	if r.short || r.at >= len(r.b) {
		r.short = true
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

func (r *reader) text() string {
	n := r.uvarint()
	if r.short || n > uint64(len(r.b)-r.at) {
		r.short = true
		return ""
	}
	r.at += int(n)
	return r.s[r.at-int(n) : r.at]
}
