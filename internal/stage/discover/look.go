package discover

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// rounds is how often ports are asked for a second look if some of them stay
// silent: an answer that was lost must not make a host of nothing.
const rounds = 2

// lookAgain asks an address that answered by TCP alone: by ICMP, and at all
// ports of its ping and the odd ones.
func lookAgain(ctx context.Context, n *netio.Net, addr netip.Addr, s harrier.Settings, first Answer, odd [2]uint16) (look, error) {
	l := look{sure: !s.NoICMP}
	job := jobFor(addr, s)
	connect := job.Connect || !n.Raw()
	g, ctx := errgroup.WithContext(ctx)
	if !s.NoICMP {
		g.Go(func() (err error) {
			if connect {
				l.Answer, l.sure, err = echoed(ctx, n, addr, job)
			} else {
				l.Answer, err = icmp(ctx, n, addr, job)
			}
			return err
		})
	}
	var refusal sweep.Reply // of an odd port: reports of many ports tell no TTL of refusals
	g.Go(func() error {
		j := job
		j.Plan = sweep.NewPlan([]sweep.Item{sweep.Ask(sweep.SYN, odd[0])})
		for round, answered := 0, false; round < rounds && !answered; round++ {
			if _, err := n.Sweep(ctx, j, func(_ context.Context, r sweep.Reply) error {
				refusal, answered = r, true
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	var items []sweep.Item
	for _, item := range questions(addr, s, false, connect) {
		if k := item.Kind(); k == sweep.SYN || k == sweep.ACK {
			items = append(items, item)
		}
	}
	items = unique(append(items, sweep.Ask(sweep.SYN, odd[0]), sweep.Ask(sweep.SYN, odd[1])))
	var states map[sweep.Item]string
	g.Go(func() (err error) {
		states, err = ports(ctx, n, job, first, items)
		return err
	})
	if err := g.Wait(); err != nil {
		return look{}, err
	}
	l.manner = manner(first.Reply, refusal, items, states)
	for _, p := range odd {
		l.sure = l.sure || strings.HasPrefix(states[sweep.Ask(sweep.SYN, p)], sweep.Open.String())
	}
	return l, nil
}

// manner writes down how ports answer.
func manner(first, refusal sweep.Reply, items []sweep.Item, states map[sweep.Item]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ttl %d, odd %v", first.TTL, form(refusal))
	for _, item := range items {
		fmt.Fprintf(&b, ", %v %s", item, states[item])
	}
	return b.String()
}

func form(r sweep.Reply) string { return fmt.Sprintf("%v %d/%d", r.State, r.TTL, r.Window) }

// icmp asks by echo and timestamp.
func icmp(ctx context.Context, n *netio.Net, addr netip.Addr, job netio.Job) (Answer, error) {
	items := []sweep.Item{sweep.Ask(sweep.Echo, 0)}
	if addr.Unmap().Is4() {
		items = append(items, sweep.Ask(sweep.Timestamp, 0))
	}
	job.Plan = sweep.NewPlan(items)
	return ask(ctx, n, job)
}

// echoed asks by echo, without raw packets. Sure is false where that can not be
// done.
func echoed(ctx context.Context, n *netio.Net, addr netip.Addr, job netio.Job) (a Answer, sure bool, err error) {
	for range job.Tries {
		rtt, err := n.Ping(ctx, addr, max(unhurried, job.MaxWait))
		switch {
		case err == nil:
			echo := sweep.Reply{Item: sweep.Ask(sweep.Echo, 0), State: sweep.Open, RTT: rtt}
			return judge(addr, echo, true), true, nil
		case ctx.Err() != nil:
			return a, false, ctx.Err()
		case harrier.KindOf(err) == harrier.Forbidden:
			return a, false, err
		case netio.Classify(err) == netio.Local:
			return a, false, nil
		}
	}
	return a, true, nil
}

// ports asks for the state of ports. The map has each item's, with TTL and
// window where it is open; none of those that stayed silent.
func ports(ctx context.Context, n *netio.Net, job netio.Job, first Answer, items []sweep.Item) (map[sweep.Item]string, error) {
	job.First, job.NoResets, job.NoRoute, job.StopSilent = false, false, false, true
	job.Tries, job.RTT, job.Witness, job.Known = 0, first.RTT, first.Item, first.Known
	states := map[sweep.Item]string{}
	left := items
	for range rounds {
		job.Plan = sweep.NewPlan(left)
		report, err := n.Sweep(ctx, job, func(_ context.Context, r sweep.Reply) error {
			states[r.Item] = form(r)
			return nil
		})
		if err != nil {
			return nil, err
		}
		var silent []sweep.Item
		for i, item := range left {
			switch state := report.State(i); state {
			case sweep.Closed, sweep.Unreachable:
				states[item] = state.String()
			case sweep.Open:
			default:
				silent = append(silent, item)
			}
		}
		if len(silent) == 0 || len(states) == 0 {
			break
		}
		left = silent
	}
	return states, nil
}
