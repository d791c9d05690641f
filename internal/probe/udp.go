package probe

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// datagrams is how many are sent to one UDP port at most, what the port was asked
// before counted as one: neither a device nor somebody whose address it answers
// to is to be flooded.
const datagrams = 3

// allowed is how many datagrams may be sent to t: one to a fragile host.
func allowed(t Target) int32 {
	left := datagrams
	if t.Gentle {
		left = 1
	}
	if len(t.Heard.Reply) > 0 {
		left--
	}
	return int32(left)
}

// overUDP completes a protocol by what package question asks in its name, or in
// the names given, at the ports that it has there.
func overUDP(p Protocol, names ...string) Protocol {
	if len(names) == 0 {
		names = []string{p.Name}
	}
	var all []*question.Question
	for _, n := range names {
		q := question.Of(n)
		all = append(all, q)
		p.Ports = append(p.Ports, q.Ports...)
		p.Industrial = p.Industrial || q.Fragile
	}
	asks := func(t Target) [][]byte {
		for _, q := range all {
			if slices.Contains(q.Ports, t.Port) {
				return q.Data
			}
		}
		return all[0].Data
	}
	p.Transport = harrier.UDP
	p.Hello = func(t Target) []byte { return asks(t)[0] }
	p.More = func(t Target) [][]byte { return asks(t)[1:] }
	p.Done = oneDatagram
	return p
}

// oneDatagram is the end of an answer over UDP.
func oneDatagram([]byte) bool { return true }

// metered counts what is sent down.
type metered struct {
	net.Conn
	left *atomic.Int32
}

func (m *metered) Write(b []byte) (int, error) {
	if m.left.Add(-1) < 0 {
		return 0, errBudget
	}
	return m.Conn.Write(b)
}

// identifyUDP recognises what serves a UDP port by what it answered before, or
// else asks it.
func (x *talk) identifyUDP(ctx context.Context) {
	f := x.heard()
	if f.p == nil {
		if asked := x.askUDP(ctx); asked.p != nil || len(f.reply) == 0 {
			f = asked
		}
	}
	x.settle(ctx, f)
	if f.p != nil && f.p.Weak {
		x.s.Certainty = harrier.Potential
	}
}

// heard is what the port's earlier answer tells.
func (x *talk) heard() found {
	reply := x.Heard.Reply
	if len(reply) == 0 {
		return found{}
	}
	questions := question.At(x.Port)
	if x.Heard.Question != nil {
		questions = [][]byte{x.Heard.Question}
	}
	for _, q := range questions {
		if bytes.Equal(q, reply) {
			return found{p: &echoUDP, reply: reply, asked: true}
		}
	}
	return x.byReply(reply, overUDPProtocols())
}

// byReply finds the protocol that b is an answer of among list, those that
// live at the port first. One without a strong sign counts there alone.
func (x *talk) byReply(b []byte, list []*Protocol) found {
	f := found{reply: b, asked: true}
	for _, p := range list {
		if (f.p == nil || p.lives(x.Endpoint) && !f.p.lives(x.Endpoint)) && (!p.Weak || p.lives(x.Endpoint)) && p.Reply(b) {
			f.p = p
		}
	}
	return f
}

func overUDPProtocols() []*Protocol {
	var out []*Protocol
	for i := range All {
		if All[i].Transport == harrier.UDP {
			out = append(out, &All[i])
		}
	}
	return out
}

// inquiry is a datagram to send and the protocol that answers it.
type inquiry struct {
	p    *Protocol
	data []byte
}

// inquiries are what to ask an unknown port, the likeliest first: the usual
// protocols' first questions, their others, then what is met at ports of any
// number, name servers and agents of SNMP.
func (x *talk) inquiries() []inquiry {
	here := usual(x.Target)
	var first, more, rest []inquiry
	for _, p := range here {
		first = append(first, inquiry{p, p.Hello(x.Target)})
		for _, q := range p.More(x.Target) {
			more = append(more, inquiry{p, q})
		}
	}
	for _, p := range []*Protocol{&dnsUDP, &snmpUDP} {
		if !slices.ContainsFunc(here, func(h *Protocol) bool { return h.Name == p.Name }) {
			rest = append(rest, inquiry{p, p.Hello(x.Target)})
		}
	}
	rest = append(rest, inquiry{&snmpUDP, snmpDiscovery()})
	list := slices.Concat(first, more, rest)
	if x.Gentle {
		list = first
	}
	if x.Heard.Question != nil { // which is not worth repeating
		list = slices.DeleteFunc(list, func(q inquiry) bool { return bytes.Equal(q.data, x.Heard.Question) })
	}
	return list[:min(len(list), max(0, int(x.datagrams.Load())))]
}

// askUDP asks one question after the other, over one socket, until an answer is
// recognised. What comes late counts as well.
func (x *talk) askUDP(ctx context.Context) found {
	list := x.inquiries()
	if len(list) == 0 {
		return found{}
	}
	w, err := x.open(ctx)
	if err != nil {
		return found{}
	}
	defer w.Close()
	var best found
	var asked []*Protocol
	for i, q := range list {
		if w.send(q.data) != nil {
			return best
		}
		asked = append(asked, q.p)
		w.limit = x.patience()
		if i == len(list)-1 {
			w.limit = min(x.Timeout, unusualWait+8*x.RTT)
		}
		f, err := x.hear(w, asked, q.data)
		if f.p != nil {
			return f
		}
		if len(best.reply) == 0 {
			best = f
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return best // nothing listens there
		}
	}
	return best
}

// hear reads datagrams within w's limit until one is recognised, at most a few:
// a peer that goes on about something else is not listened to for longer.
func (x *talk) hear(w *wire, asked []*Protocol, last []byte) (best found, err error) {
	end := time.Now().Add(w.limit)
	for range 8 {
		if w.limit = time.Until(end); w.limit <= 0 {
			return best, os.ErrDeadlineExceeded
		}
		b, err := w.read(oneDatagram)
		if err != nil {
			return best, err
		}
		if bytes.Equal(b, last) {
			return found{p: &echoUDP, reply: b, asked: true}, nil
		}
		f := x.byReply(b, asked)
		if f.p == nil {
			f = x.byReply(b, overUDPProtocols())
		}
		if f.p != nil {
			return f, nil
		}
		if len(best.reply) == 0 {
			best = f
		}
	}
	return best, nil
}

// further asks one more question of a service that is known to be there, and
// returns its answer; nil when there is none, or no more may be asked.
func (x *talk) further(ctx context.Context, data []byte) []byte {
	if x.datagrams.Load() <= 0 {
		return nil
	}
	b, err := x.ask(ctx, data, oneDatagram)
	if err != nil {
		return nil
	}
	return b
}
