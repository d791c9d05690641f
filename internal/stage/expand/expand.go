// Package expand turns the targets of a batch into hosts: ranges into
// addresses, names into the addresses that they resolve to.
package expand

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
)

// Host is one host to scan.
type Host struct {
	Name   string     // as the target list has it: an address or a name
	Addr   netip.Addr // where packets go
	Domain string     // the name to ask for at the address; "" when only that is known
}

// Key tells hosts of a scan apart: two names at one address are two hosts.
func (h Host) Key() string { return h.Name + "|" + h.Addr.String() }

// Resolver looks up the addresses of a name; net.DefaultResolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Plan is what to expand and how.
type Plan struct {
	Targets      harrier.Targets
	Exclude      harrier.Targets
	AllAddresses bool // every address of a name, not only the first
	Resolver     Resolver
	Forbidden    func(netip.Addr) error // why an address must not be scanned; nil when it may
}

// The bounds of looking names up.
const (
	lookups    = 16
	lookupWait = 10 * time.Second
)

// Run calls host for each host of the plan and refuse for each target that is
// not scanned, with the reason. Addresses come first and in order, and every
// host once. Calls of host and refuse do not overlap; an error of host ends the
// run and is returned.
func Run(ctx context.Context, p Plan, host func(context.Context, Host) error, refuse func(t harrier.Target, reason string)) error {
	r := run{Plan: p, host: host, refuse: refuse, seen: map[string]bool{}}
	if err := r.resolveExcluded(ctx); err != nil {
		return err
	}
	g, names := errgroup.WithContext(ctx)
	g.SetLimit(lookups)
	var err error
	for _, t := range p.Targets.Merge() {
		if err = names.Err(); err != nil {
			break
		}
		if t.First.IsValid() {
			err = r.addresses(ctx, t)
		} else if excludes(p.Exclude, t) {
			err = r.give(ctx, t, netip.Addr{}, "excluded from the scan")
		} else {
			g.Go(func() error { return r.name(names, t) })
		}
		if err != nil {
			break
		}
	}
	if failed := g.Wait(); failed != nil {
		return failed
	}
	return err
}

// resolveExcluded looks the names in the exclusions up: what they stand for is
// excluded by address too. A name that does not resolve excludes itself only.
func (r *run) resolveExcluded(ctx context.Context) error {
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(lookups)
	for _, e := range r.Exclude {
		if e.First.IsValid() {
			continue
		}
		g.Go(func() error {
			wait, cancel := context.WithTimeout(ctx, lookupWait)
			defer cancel()
			found, err := r.Resolver.LookupNetIP(wait, "ip", e.Name)
			if err != nil {
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			for _, addr := range found {
				at := e.At(addr)
				r.excluded = append(r.excluded, harrier.Target{First: at.First, Last: at.Last})
			}
			return nil
		})
	}
	return g.Wait()
}

// excludes reports whether the list names the target in the same words.
func excludes(list harrier.Targets, t harrier.Target) bool {
	return slices.ContainsFunc(list, func(e harrier.Target) bool { return !e.First.IsValid() && e.Name == t.Name })
}

type run struct {
	Plan
	host   func(context.Context, Host) error
	refuse func(harrier.Target, string)

	excluded harrier.Targets // what excluded names stand for

	mu   sync.Mutex
	seen map[string]bool // names at addresses
}

// addresses gives each address of a range, under the target's name if it has
// one.
func (r *run) addresses(ctx context.Context, t harrier.Target) error {
	for addr := range t.Addrs() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.give(ctx, harrier.Target{Name: t.Name, First: addr, Last: addr}, addr, ""); err != nil {
			return err
		}
	}
	return nil
}

// name resolves a name and gives what it stands for.
func (r *run) name(ctx context.Context, t harrier.Target) error {
	wait, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	found, err := r.Resolver.LookupNetIP(wait, "ip", t.Name)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || len(found) == 0 {
		return r.give(ctx, t, netip.Addr{}, "the name does not resolve")
	}
	for _, addr := range chosen(found, r.AllAddresses) {
		at := t.At(addr)
		if at.Name == "" { // a net around the address
			err = r.addresses(ctx, at)
		} else {
			err = r.give(ctx, at, at.First, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// chosen are the addresses of a name to scan: all, or the first, of version 4
// if there is one.
func chosen(found []netip.Addr, all bool) []netip.Addr {
	var out []netip.Addr
	for _, a := range found {
		if a = a.Unmap(); !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if all {
		return out
	}
	return []netip.Addr{out[max(0, slices.IndexFunc(out, netip.Addr.Is4))]}
}

// give hands a target on: as a host, or with the reason why it is none.
func (r *run) give(ctx context.Context, t harrier.Target, addr netip.Addr, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reason == "" && r.excluded.Contains(addr.WithZone("")) {
		reason = "excluded from the scan"
	}
	if reason == "" {
		if err := r.Forbidden(addr); err != nil {
			reason = harrier.MessageOf(err)
			if harrier.KindOf(err) != harrier.Forbidden {
				return fmt.Errorf("expand %s: %w", t, err)
			}
		}
	}
	if reason != "" {
		r.refuse(t, reason)
		return nil
	}
	h := Host{Name: t.Name, Addr: addr, Domain: t.Name}
	if t.Name == "" {
		h.Name = addr.String()
	}
	if t.Name != "" { // ranges are merged: only names can come twice
		if r.seen[h.Key()] {
			return nil
		}
		r.seen[h.Key()] = true
	}
	return r.host(ctx, h)
}
