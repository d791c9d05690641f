// Package question has what UDP ports are asked, each in the words of the
// protocols that usually live there: one list for finding open ports and for
// recognising what serves them, so that no payload exists twice.
package question

import "slices"

// Question is what is asked at the ports of one protocol.
type Question struct {
	// Protocol is the name of the service as in harrier.Service.
	Protocol string
	Ports    []uint16
	// Data is the questions, the likeliest first: each is a whole datagram.
	// None means that the protocol answers nobody who asks out of the blue; an
	// empty datagram still makes a closed port say so.
	Data [][]byte
	// Fragile marks protocols of control systems, whose devices may fail when
	// they are asked at all.
	Fragile bool
	// Elsewhere recognises answers, for protocols that give them from another
	// port than was asked; nil for all others.
	Elsewhere func(answer []byte) bool
}

var (
	atPort      = byPort(List)
	fragilePort = fragilePorts(List)
	elsewhere   = slices.DeleteFunc(slices.Clone(List), func(q Question) bool { return q.Elsewhere == nil })
)

// First is what is sent to a UDP port first: a harmless request of the
// protocol that usually lives there, or nothing at all (an empty datagram, which
// still makes a closed port say so).
func First(port uint16) []byte {
	if q := atPort[port]; len(q) > 0 {
		return q[0]
	}
	return nil
}

// At is all that a port is asked, the likeliest first; nil where nothing usually
// answers. The caller must not change it.
func At(port uint16) [][]byte { return atPort[port] }

// Try is what a port is asked at a try, the first of which is 0: the likeliest
// question, then all others at once, later each again.
func Try(port uint16, try int) [][]byte {
	q := atPort[port]
	switch {
	case len(q) == 0:
		return [][]byte{nil}
	case try == 1 && len(q) > 1:
		return q[1:]
	}
	return q[try%len(q) : try%len(q)+1]
}

// Fragile reports whether the UDP port is one of control systems, whose devices
// may fail when they are asked.
func Fragile(port uint16) bool { return fragilePort[port] }

// Of returns the questions of a protocol; nil when it has none.
func Of(protocol string) *Question {
	for i := range List {
		if List[i].Protocol == protocol {
			return &List[i]
		}
	}
	return nil
}

// Elsewhere returns the ports of the protocol that gives answer from another
// port than was asked, here from; nil when it is no such answer.
func Elsewhere(answer []byte, from uint16) []uint16 {
	for _, e := range elsewhere {
		if !slices.Contains(e.Ports, from) && e.Elsewhere(answer) {
			return e.Ports
		}
	}
	return nil
}

func byPort(list []Question) map[uint16][][]byte {
	out := map[uint16][][]byte{}
	for _, q := range list {
		for _, p := range q.Ports {
			out[p] = append(out[p], q.Data...)
		}
	}
	return out
}

func fragilePorts(list []Question) map[uint16]bool {
	out := map[uint16]bool{}
	for _, q := range list {
		for _, p := range q.Ports {
			if q.Fragile {
				out[p] = true
			}
		}
	}
	return out
}

// maxHeard bounds what is kept of an answer.
const maxHeard = 2 << 10

// Heard is what a port answered. The zero value is nothing.
type Heard struct {
	Question []byte // that it answers; nil when it may be any of the port's
	Reply    []byte // its first bytes, at most 2 KiB
}

// Hear keeps the answer of a port that was asked for the given number of tries.
// Reply is copied.
func Hear(port uint16, tries int, reply []byte) Heard {
	h := Heard{Reply: slices.Clone(reply[:min(len(reply), maxHeard)])}
	if tries == 1 || len(atPort[port]) == 1 {
		h.Question = First(port)
	}
	return h
}
