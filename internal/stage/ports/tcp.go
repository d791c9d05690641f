package ports

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// scanTCP asks the TCP ports of one host.
func scanTCP(ctx context.Context, n *netio.Net, t Target, plan *sweep.Plan, found Found) (Report, error) {
	if plan.Len() == 0 {
		return Report{}, nil
	}
	s := t.Settings
	guess := false
	if !t.Known && !s.NoICMP { // a host whose ports are all silent can still show that it is there
		t.Witness, t.Known, guess = sweep.Ask(sweep.Echo, 0), true, true
	}
	var open []harrier.Endpoint
	r, err := n.Sweep(ctx, netio.Job{
		Addr: t.Addr, Plan: plan, RTT: t.RTT, Witness: t.Witness, Known: t.Known, Guess: guess, Tries: s.Tries, StopSilent: s.StopSilent,
		Connect: s.Connect || s.Gentle, Flight: s.HostMaxSessions, MaxWait: s.ProbeTimeout.Or(0),
	}, func(ctx context.Context, reply sweep.Reply) error {
		e := harrier.Endpoint{Protocol: harrier.TCP, Port: reply.Item.Port()}
		open = append(open, e)
		if isFragile(open) {
			n.Slow(t.Addr, harrier.FragileRate)
		}
		return found(ctx, e, question.Heard{})
	})
	out := Report{Alive: r.Alive, Open: open}
	var known []uint16
	for i := range plan.Len() {
		if r.State(i) == sweep.Local {
			out.Silent++
		} else {
			known = append(known, plan.Item(i).Port())
		}
	}
	out.Known.TCP = ranges(known)
	switch {
	case r.GaveUp:
		out.Reason = GaveUp
	case out.Silent > 0:
		out.Reason = unanswered
	}
	return out, err
}

// unanswered is the Reason of a scan with ports that stayed unknown.
const unanswered = "some ports did not answer"

// controlPorts are those of control systems, which more packets than they
// expect can stop: S7, Modbus, Red Lion, Fox, IEC 60870-5-104, FINS, GE-SRTP,
// DNP3, ProConOS, PROFINET, EtherNet/IP, BACnet.
var controlPorts = []uint16{102, 502, 789, 1911, 2404, 4911, 9600, 18245, 20000, 20547, 34962, 34963, 34964, 44818, 47808}

// isFragile reports whether what has just been found open, last in the list,
// shows a host of a fragile class: a control system, or a printer, which has
// both LPD and IPP.
func isFragile(open []harrier.Endpoint) bool {
	last := open[len(open)-1]
	has := func(port uint16) bool {
		return slices.Contains(open, harrier.Endpoint{Protocol: harrier.TCP, Port: port})
	}
	switch last.Port {
	case 515, 631:
		return has(515) && has(631)
	default:
		return slices.Contains(controlPorts, last.Port)
	}
}

// planned is what a scan asks, in the forms that it needs.
type planned struct {
	key string
	tcp *sweep.Plan
	udp []uint16
}

// planCache keeps the plans of the latest port lists: all hosts of a scan share
// one, and a list is read once.
type planCache struct {
	mu    sync.Mutex
	plans []*planned // the latest last
}

// maxPlans is how many are kept.
const maxPlans = 8

var plans planCache

// of is the plan for settings. It answers Invalid for a port list that can not
// be read.
func (c *planCache) of(s harrier.Settings) (*planned, error) {
	key := fmt.Sprint(s.Ports, "|", s.NoTCP, s.UDP, s.ScanPrinters)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.plans {
		if p.key == key {
			return p, nil
		}
	}
	list, err := s.PlannedPorts()
	if err != nil {
		return nil, err
	}
	var items []sweep.Item
	for _, p := range ordered(list.List(harrier.TCP)) {
		items = append(items, sweep.Ask(sweep.SYN, p))
	}
	p := &planned{key, sweep.NewPlan(items), list.List(harrier.UDP)}
	if c.plans = append(c.plans, p); len(c.plans) > maxPlans {
		c.plans = slices.Delete(c.plans, 0, 1)
	}
	return p, nil
}
