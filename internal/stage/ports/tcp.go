package ports

import (
	"cmp"
	"context"
	"errors"
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
	firewalls := s.FirewallDetection()
	guess := false
	if !t.Known && !s.NoICMP { // a host whose ports are all silent can still show that it is there
		t.Witness, t.Known, guess = sweep.Ask(sweep.Echo, 0), true, true
	}
	job := netio.Job{
		Addr: t.Addr, Plan: plan, RTT: t.RTT, Witness: t.Witness, Known: t.Known, Guess: guess, Tries: s.Tries, StopSilent: s.StopSilent,
		Connect: s.Connect || s.Gentle, Flight: s.HostMaxSessions, MaxWait: s.ProbeTimeout.Or(0),
		NoLimits: firewalls == harrier.FirewallsSoft || firewalls == harrier.FirewallsSofter, NoProof: firewalls == harrier.FirewallsSofter,
	}
	var open []harrier.Endpoint
	seen := func(ctx context.Context, reply sweep.Reply) error {
		e := harrier.Endpoint{Protocol: harrier.TCP, Port: reply.Item.Port()}
		open = append(open, e)
		if err := found(ctx, e, question.Heard{}); err != nil {
			return err
		}
		if !job.Connect && t.gently() {
			return errGently
		}
		return nil
	}
	r, err := n.Sweep(ctx, job, seen)
	out := Report{Alive: r.Alive}
	state := r.State
	if errors.Is(err, errGently) {
		left, places := rest(plan, r, open)
		gentle := s.Gentled()
		job.Plan, job.Connect, job.Flight, job.Guess = sweep.NewPlan(left), true, gentle.HostMaxSessions, false
		first := r
		r, err = n.Sweep(ctx, job, seen)
		out.Alive = true
		state = func(i int) sweep.State {
			if at, again := slices.BinarySearch(places, i); again {
				return r.State(at)
			}
			return first.State(i)
		}
	}
	if firewalls == harrier.FirewallsAggressive && err == nil && !r.GaveUp && !t.gently() {
		if err = tryRefused(ctx, n, t, job, plan, state, seen); errors.Is(err, errGently) {
			err = nil // what refused keeps its word
		}
	}
	out.Open = open
	known := make([]uint16, 0, plan.Len())
	for i := range plan.Len() {
		port := plan.Item(i).Port()
		at := state(i)
		if at == sweep.Local || at == sweep.Silent && job.NoProof {
			out.Silent++
			continue
		}
		if at == sweep.Closed && !slices.Contains(open, harrier.Endpoint{Protocol: harrier.TCP, Port: port}) {
			out.Closed = cmp.Or(out.Closed, port)
			out.Refused++
		}
		known = append(known, port)
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

// tryRefused connects once to each port that refused: some firewalls refuse the
// first packet of a connection, or one that no usual system sends.
func tryRefused(ctx context.Context, n *netio.Net, t Target, job netio.Job, plan *sweep.Plan, state func(int) sweep.State,
	seen func(context.Context, sweep.Reply) error,
) error {
	var items []sweep.Item
	for i := range plan.Len() {
		if state(i) == sweep.Closed {
			items = append(items, plan.Item(i))
		}
	}
	if len(items) == 0 {
		return nil
	}
	job.Plan, job.Connect, job.Guess, job.NoProof, job.Tries = sweep.NewPlan(items), true, false, true, 1
	job.Witness, job.Known = items[0], true
	_, err := n.Sweep(ctx, job, func(ctx context.Context, reply sweep.Reply) error {
		if err := seen(ctx, reply); err != nil {
			return err
		}
		if t.gently() {
			return errGently
		}
		return nil
	})
	return err
}

// unanswered is the Reason of a scan with ports that stayed unknown.
const unanswered = "some ports did not answer"

// errGently ends a sweep by raw packets.
var errGently = errors.New("the host bears little")

// rest are the questions of a plan that a sweep which ended early left without an
// answer, or whose answer was not told, and their places in the plan.
func rest(plan *sweep.Plan, r sweep.Report, told []harrier.Endpoint) (items []sweep.Item, places []int) {
	for i := range plan.Len() {
		e := harrier.Endpoint{Protocol: harrier.TCP, Port: plan.Item(i).Port()}
		if state := r.State(i); state == sweep.Local || state == sweep.Open && !slices.Contains(told, e) {
			items, places = append(items, plan.Item(i)), append(places, i)
		}
	}
	return items, places
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
