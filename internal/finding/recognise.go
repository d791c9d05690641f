package finding

import (
	"cmp"
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// idKey is what tells the identifiers of an asset apart.
type idKey struct {
	kind  harrier.IdentifierKind
	value string
}

// identifiers returns what this scan knows of a host that identifies it.
func identifiers(h *host) []harrier.Identifier {
	return harrier.Identifiers(h.row.Host, sortedServices(h.services))
}

// appeared deals with a host that answered first. Where the address is the
// identity, that tells which asset it is. Elsewhere the host waits until it is
// known what it shows, see looked and settle; so do all hosts of a scan whose
// results are held back.
func (f *folding) appeared(ctx context.Context, s *scan, h *host) error {
	if !s.lateToTell() && !s.Held {
		return f.recognise(ctx, s, h, harrier.Ports{}, true)
	}
	if !h.waits {
		h.waits, h.waitsChanged = true, true
	}
	return nil
}

// looked deals with a host that waits when its run has ended: it becomes an
// asset at once if the rest of the scan can not tell otherwise.
func (f *folding) looked(ctx context.Context, s *scan, h *host, c *harrier.Coverage) error {
	if s.Held {
		h.waitsChanged = true
		return nil
	}
	var ports harrier.Ports
	if c.Alive && c.Complete {
		ports = c.Ports
	}
	return f.recognise(ctx, s, h, ports, false)
}

// loadWaiting reads what is kept of a host that is no asset yet.
func (f *folding) loadWaiting(ctx context.Context, s *scan, h *host) error {
	if !h.row.Alive || !s.lateToTell() && !s.Held && !f.settling {
		return nil
	}
	h.waits = true
	services, err := f.Store.WaitingServices(ctx, s.ID, h.row.Index)
	for _, svc := range services {
		h.services[svc.Endpoint] = svc
	}
	return err
}

// recognise tells which asset a host is, by the rule of the scan's repository;
// a host that is none yet becomes one. Unless it is the last chance, a host
// that other hosts may have a better claim against goes on waiting. Once told,
// it stays so for this scan.
func (f *folding) recognise(ctx context.Context, s *scan, h *host, looked harrier.Ports, last bool) error {
	if s.tracking == harrier.TrackByIP || !h.row.Addr.IsValid() {
		return f.recogniseByAddress(ctx, s, h)
	}
	sight := harrier.Sight{Addr: h.row.Addr, Identifiers: identifiers(h), Looked: looked}
	c, err := f.candidates(ctx, s, h.key, &sight)
	if err != nil {
		return err
	}
	d := c.decide(s, sight)
	if !d.Sure && !last {
		return nil
	}
	return f.recognised(ctx, s, h, sight, c, d)
}

// recogniseByAddress tells which asset a host is where the address is the
// identity, or the address with the name; the name alone for what has no
// address, such as a domain.
func (f *folding) recogniseByAddress(ctx context.Context, s *scan, h *host) error {
	tracking := s.tracking
	like, err := f.like(ctx, s, h.row.Addr)
	if !h.row.Addr.IsValid() { // it shows nothing else by which it could be told
		tracking = harrier.TrackByIP
		like, err = f.named(ctx, s, h.row.Host)
	}
	if err != nil {
		return err
	}
	known := make([]harrier.Known, len(like))
	for i := range like {
		known[i].Asset = like[i]
		if met := f.assets[like[i].ID]; met != nil { // with what is not written yet
			known[i].Asset = met.Asset
		}
	}
	sight := harrier.Sight{Addr: h.row.Addr, Names: h.row.Names(), VirtualHosts: s.Terms.VirtualHosts}
	if err := f.become(ctx, s, h, tracking.Recognise(sight, known)); err != nil {
		return err
	}
	if !h.waits {
		return nil
	}
	h.waits, h.waitsChanged = false, false
	if h.row.Index == 0 {
		return nil
	}
	return f.Store.DeleteWaiting(ctx, s.ID, h.row.Index)
}

// named are the assets without an address that have the name of a host.
func (f *folding) named(ctx context.Context, s *scan, h harrier.Host) ([]harrier.Asset, error) {
	like, err := f.Store.AssetsLike(ctx, s.Repository, harrier.Host{FQDN: cmp.Or(h.FQDN, h.Name)})
	return slices.DeleteFunc(like, func(a harrier.Asset) bool { return a.Addr.IsValid() }), err
}

// candidates are the assets that a host may be.
type candidates struct {
	known []harrier.Known
	same  harrier.ID // the asset that this scan met at the same address, under another name
}

func (c candidates) decide(s *scan, sight harrier.Sight) harrier.Decision {
	if c.same != 0 {
		return harrier.Decision{Sure: true, Match: harrier.Match{Asset: c.same, Score: 100, Reasons: []harrier.Reason{
			{Value: sight.Addr.String(), Points: 100, Note: "the same address in the same scan"},
		}}}
	}
	return s.tracking.Recognise(sight, c.known)
}

// candidates finds the assets that a host may be, and notes which of its
// identifiers this scan has seen elsewhere.
func (f *folding) candidates(ctx context.Context, s *scan, key hostKey, sight *harrier.Sight) (candidates, error) {
	var c candidates
	if err := f.loadSharing(ctx, s); err != nil {
		return c, err
	}
	var err error
	if c.known, err = f.Store.AssetsAlike(ctx, s.Repository, *sight); err != nil {
		return c, err
	}
	for i := range c.known {
		k := &c.known[i]
		for _, other := range s.sharing[k.ID] {
			switch {
			case other == key:
			case other.addr == key.addr:
				c.same = k.ID
			default:
				k.Met = true
			}
		}
		if !k.Met {
			continue
		}
		for n, mine := range sight.Identifiers {
			if slices.ContainsFunc(k.Identifiers, func(i harrier.Identifier) bool { return sameIdentifier(i, mine) && !i.Last.Before(s.since) }) {
				sight.Identifiers[n].Others++
			}
		}
	}
	return c, nil
}

func sameIdentifier(a, b harrier.Identifier) bool { return a.Kind == b.Kind && a.Value == b.Value }

// recognised makes a host the asset that was decided on, and writes at once
// what the next one is compared with.
func (f *folding) recognised(ctx context.Context, s *scan, h *host, sight harrier.Sight, c candidates, d harrier.Decision) error {
	if err := f.become(ctx, s, h, d); err != nil {
		return err
	}
	if err := f.learnIdentifiers(ctx, s, h.asset, sight.Identifiers); err != nil {
		return err
	}
	for _, k := range c.known {
		if k.ID != h.asset.ID && k.Met {
			if err := f.shares(ctx, s, h.asset, k); err != nil {
				return err
			}
		}
	}
	if err := f.flushIdentity(ctx, h.asset); err != nil {
		return err
	}
	waited := h.waits && h.row.Index != 0
	h.waits, h.waitsChanged = false, false
	if err := f.flushHost(ctx, h); err != nil {
		return err
	}
	if waited {
		if err := f.Store.DeleteWaiting(ctx, s.ID, h.row.Index); err != nil {
			return err
		}
	}
	for _, m := range d.Also {
		f.merges = append(f.merges, harrier.Merge{
			Repository: s.Repository, Into: min(m.Asset, h.asset.ID), From: max(m.Asset, h.asset.ID),
			By: harrier.System.Name, Scan: s.ID, Score: m.Score, Reasons: m.Reasons,
		})
	}
	if d.Asset == 0 {
		return nil
	}
	return f.Store.PutRecognition(ctx, harrier.Recognition{Scan: s.ID, Index: h.row.Index, Match: d.Match})
}

// become makes a host an asset: a new one when none was recognised.
func (f *folding) become(ctx context.Context, s *scan, h *host, d harrier.Decision) (err error) {
	if d.Asset != 0 {
		if h.asset, err = f.asset(ctx, d.Asset); err != nil {
			return err
		}
	} else {
		fresh, err := f.born(ctx, s, h)
		if err != nil {
			return err
		}
		h.asset = newAsset(fresh)
		f.cache.assets[fresh.ID], f.assets[fresh.ID] = h.asset, h.asset
		if f.ahead != nil && f.ahead.like != nil && fresh.Addr.IsValid() {
			f.ahead.like[fresh.Addr] = append(f.ahead.like[fresh.Addr], fresh)
		}
	}
	h.asset.learn(s, h.row.Host)
	for _, svc := range h.services {
		h.asset.serves(svc, s)
	}
	h.row.Asset, h.rowChanged = h.asset.ID, true
	if s.sharing != nil {
		s.sharing[h.asset.ID] = append(s.sharing[h.asset.ID], h.key)
	}
	for _, o := range h.seen {
		if err := f.present(ctx, s, h, o, o.At, manner{}); err != nil {
			return err
		}
	}
	return nil
}

// born returns the new asset that a host becomes, stored.
func (f *folding) born(ctx context.Context, s *scan, h *host) (harrier.Asset, error) {
	if f.ahead != nil {
		if a := f.ahead.fresh[h.row.Addr]; a != nil {
			delete(f.ahead.fresh, h.row.Addr)
			return *a, nil
		}
	}
	a := f.newborn(s, h.row.Host)
	err := f.Store.InsertAsset(ctx, &a)
	return a, err
}

// loadIdentifiers makes sure that the identifiers of an asset are known.
func (f *folding) loadIdentifiers(ctx context.Context, a *asset) error {
	if a.ids != nil {
		return nil
	}
	list, err := f.Store.Identifiers(ctx, a.ID)
	if err != nil {
		return err
	}
	a.ids = make(map[idKey]harrier.Identifier, len(list))
	for _, i := range list {
		a.ids[idKey{i.Kind, i.Value}] = i
	}
	return nil
}

// maxKept is how many identifiers of an asset are kept: a host that shows new
// ones in every scan must not grow without end. The ones seen last are kept.
const maxKept = 256

// learnIdentifiers takes over what identifies a host.
func (f *folding) learnIdentifiers(ctx context.Context, s *scan, a *asset, list []harrier.Identifier) error {
	if len(list) == 0 {
		return nil
	}
	if err := f.loadIdentifiers(ctx, a); err != nil {
		return err
	}
	for _, i := range list {
		k := idKey{i.Kind, i.Value}
		i.Others, i.First, i.Last = 0, f.when(s, i.First), f.when(s, i.Last)
		have, known := a.ids[k]
		switch {
		case !known && len(a.ids) >= maxKept:
			if err := f.dropOldest(ctx, a); err != nil {
				return err
			}
		case known:
			i.First, i.Last, i.Shared = earlier(have.First, i.First), later(have.Last, i.Last), have.Shared
			if i == have {
				continue
			}
		}
		a.ids[k] = i
		a.idsPut[k] = true
	}
	return nil
}

func (f *folding) dropOldest(ctx context.Context, a *asset) error {
	var oldest harrier.Identifier
	for _, i := range a.ids {
		if oldest.Kind == "" || i.Last.Before(oldest.Last) {
			oldest = i
		}
	}
	k := idKey{oldest.Kind, oldest.Value}
	delete(a.ids, k)
	delete(a.idsPut, k)
	return f.Store.DeleteIdentifiers(ctx, a.ID, []harrier.Identifier{oldest})
}

// shares notes the identifiers that two assets show at the same time: they
// tell neither of them.
func (f *folding) shares(ctx context.Context, s *scan, a *asset, k harrier.Known) error {
	for _, i := range k.Identifiers {
		key := idKey{i.Kind, i.Value}
		mine, both := a.ids[key]
		if !both || i.Last.Before(s.since) || mine.Last.Before(s.since) {
			continue
		}
		other, err := f.asset(ctx, k.ID)
		if err != nil {
			return err
		}
		if err := f.loadIdentifiers(ctx, other); err != nil {
			return err
		}
		for _, one := range []*asset{a, other} {
			if have := one.ids[key]; !have.Shared {
				have.Shared = true
				one.ids[key], one.idsPut[key] = have, true
			}
		}
	}
	return nil
}
