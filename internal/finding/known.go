package finding

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
)

// Judge compares software with what is known of it. It is pure but for the
// knowledge, which may change between calls.
type Judge interface {
	// Observations are what a host is seen to have at a time, and where that can
	// not be told: entries without a check are about all that content knows, others
	// about one vulnerability, or about one family by its check.
	Observations(f match.Known, set harrier.Settings) (present []harrier.Observation, unsure []harrier.Done)
	// Things are what software a host has, in versions that can be compared.
	Things(f match.Known) []harrier.Placed
	// Asks are the keys of the statements that decide about a subject.
	Asks(subject string) ([]string, error)
	// Verdict is what a subject has at a time, by rising number.
	Verdict(subject string, at time.Time) ([]harrier.Held, error)
	// Evidence is the text about a vulnerability that Verdict tells of, behind what
	// Shown says of one spot.
	Evidence(subject string, id harrier.VulnID, at time.Time) (string, error)
	Shown(subject string, p harrier.Spot) string
	// Denies reports whether a source that decides says that a subject does not
	// have a vulnerability. Silence denies nothing.
	Denies(subject string, id harrier.VulnID, at time.Time) (bool, error)
}

// place is where a thing stands.
type place struct {
	harrier.Endpoint
	key string
}

// judge adds what is known of the software of a host, and remembers what could
// be compared.
func (f *folding) judge(ctx context.Context, s *scan, h *host, services []harrier.Service) (present []harrier.Observation) {
	h.judged = map[place]bool{}
	if f.Judge == nil || !h.row.Alive {
		return nil
	}
	f.guard(ctx, s, h, func() {
		known := match.Known{Host: h.row.Host, Services: services, Now: h.row.Ended} // whenever it is folded
		list, unsure := f.Judge.Observations(known, s.Plan.Settings)
		for _, o := range list {
			if s.planned.Has(o.Vulnerability) {
				present = append(present, o)
				f.content[o.Vulnerability] = true
			}
		}
		for _, d := range unsure {
			f.note(s, h, d)
		}
		for _, p := range f.Judge.Things(known) {
			h.judged[place{p.Endpoint, p.Key}] = true
		}
	})
	return present
}

// note adds an outcome to the coverage of a host if it was planned. One without
// a check is that of all that content knows: the software there can not be told.
func (f *folding) note(s *scan, h *host, d harrier.Done) {
	switch {
	case d.Check == 0:
		for _, id := range s.planned.OfContent() {
			d.Check = id
			h.coverage.Add(d)
		}
	case d.Check.StandsForFamily():
		if s.planned.Has(d.Check) {
			h.coverage.Add(d)
		}
		for _, id := range s.planned.OfContent() { // planned by itself
			if id.OfContent() && f.Family != nil && f.Family(id) == d.Check {
				h.coverage.Add(harrier.Done{Check: id, Endpoint: d.Endpoint, Outcome: d.Outcome, Reason: d.Reason})
			}
		}
	case s.planned.Has(d.Check):
		h.coverage.Add(d)
	}
}

// comparable reports whether the host's run could have seen again what a finding of
// content is about. The same software must have been seen in a version that can
// be compared, or something else in its place; a technology may also be gone
// from a page that was read.
func (h *host) comparable(i harrier.Instance) bool {
	if !i.Vulnerability.OfContent() || h.judged[place{i.Endpoint, i.Key}] {
		return true
	}
	if i.Port == 0 {
		return false
	}
	svc, here := h.services[i.Endpoint]
	switch {
	case !here: // the coverage knows whether the port was asked and is closed
		return !isOpen(h.coverage, i.Endpoint)
	case i.Key == "":
		return svc.Product != "" && svc.Version != ""
	}
	status := svc.Fact("http.status")
	return svc.Name == "http" && status != "" && status < "5"
}

// placeThings stores what software an asset has, by its services and the list of
// its packages.
func (r *Room) placeThings(ctx context.Context, a harrier.Asset, services map[harrier.Endpoint]harrier.Service) error {
	if r.Judge == nil {
		return nil
	}
	known, err := r.knownOf(ctx, a, services)
	if err != nil {
		return err
	}
	var things []harrier.Placed
	err = safely(func() error {
		things = r.Judge.Things(known)
		for i := range things {
			held, err := r.Judge.Verdict(things[i].Subject, known.Now)
			if err != nil {
				return err
			}
			things[i].Verdict = harrier.WriteHeld(held)
		}
		return nil
	})
	if err != nil { // it is looked at again with the next scan
		r.Log.ErrorContext(ctx, "software not compared", "asset", a.ID, "err", err)
		return nil
	}
	return r.Store.PutThings(ctx, a.ID, things)
}

// knownOf is all that is stored of the software of an asset.
func (r *Room) knownOf(ctx context.Context, a harrier.Asset, services map[harrier.Endpoint]harrier.Service) (match.Known, error) {
	k := match.Known{Host: hostOf(a), Services: sortedServices(services), Now: r.Now().UTC().Truncate(microsecond)}
	inv, found, err := r.Store.Inventory(ctx, a.ID)
	if found {
		k.Packages = &inv
	}
	return k, err
}

// rethink is placeThings for an asset whose services changed without a scan.
func (r *Room) rethink(ctx context.Context, a harrier.Asset) error {
	if r.Judge == nil {
		return nil
	}
	list, err := r.Store.ServicesOf(ctx, a.ID)
	if err != nil {
		return err
	}
	services := make(map[harrier.Endpoint]harrier.Service, len(list))
	for _, s := range list {
		services[s.Endpoint] = s
	}
	return r.placeThings(ctx, a, services)
}

// hostOf is an asset as the host that a scan would have seen.
func hostOf(a harrier.Asset) harrier.Host {
	return harrier.Host{
		Name: a.Addr.String(), Addr: a.Addr, Alive: true, MAC: a.MAC, FQDN: a.FQDN, NetBIOS: a.NetBIOS,
		OS: a.OS, OSConfidence: a.OSConfidence, OSMethod: a.OSMethod, OSCPE: a.OSCPE, DeviceType: a.DeviceType,
	}
}

// remember makes the catalogue keep the definitions of what was observed, so
// that it can be read when the content has gone.
func (f *folding) remember(ctx context.Context) error {
	if len(f.content) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(f.content))
	clear(f.content)
	return f.Catalog.Remember(ctx, ids)
}
