package ports

import "slices"

// question is what is asked at the ports of one protocol.
type question struct {
	protocol string
	ports    []uint16
	// data is the questions, the likeliest first: each is a whole datagram.
	// None means that the protocol answers nobody who asks out of the blue; an
	// empty datagram still makes a closed port say so.
	data [][]byte
	// fragile marks protocols of control systems, whose devices may fail when
	// they are asked at all.
	fragile bool
	// elsewhere recognises answers, for protocols that give them from another
	// port than was asked; nil for all others.
	elsewhere func(answer []byte) bool
}

var (
	// questions are those of questionList, by port and in its order.
	questions = byPort(questionList)
	// fragilePort are the ports that are left alone unless the policy says
	// otherwise.
	fragilePort = fragilePorts(questionList)
	// elsewhere are the protocols that answer from another port.
	elsewhere = slices.DeleteFunc(slices.Clone(questionList), func(q question) bool { return q.elsewhere == nil })
)

// Question is what is sent to a UDP port first: a harmless request of the
// protocol that usually lives there, or nothing at all (an empty datagram, which
// still makes a closed port say so).
func Question(port uint16) []byte {
	if q := questions[port]; len(q) > 0 {
		return q[0]
	}
	return nil
}

// Fragile reports whether the UDP port is one of control systems, whose devices
// may fail when they are asked.
func Fragile(port uint16) bool { return fragilePort[port] }

// questionsOf is what a port is asked at a try, the first of which is 0: the
// likeliest question, then all others at once, later each again.
func questionsOf(port uint16, try int) [][]byte {
	q := questions[port]
	switch {
	case len(q) == 0:
		return [][]byte{nil}
	case try == 1 && len(q) > 1:
		return q[1:]
	}
	return q[try%len(q) : try%len(q)+1]
}

func byPort(list []question) map[uint16][][]byte {
	out := map[uint16][][]byte{}
	for _, q := range list {
		for _, p := range q.ports {
			out[p] = append(out[p], q.data...)
		}
	}
	return out
}

func fragilePorts(list []question) map[uint16]bool {
	out := map[uint16]bool{}
	for _, q := range list {
		for _, p := range q.ports {
			if q.fragile {
				out[p] = true
			}
		}
	}
	return out
}
