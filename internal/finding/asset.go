package finding

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// asset is a tracked host with its findings and services. The store keeps its
// Open counts.
type asset struct {
	harrier.Asset
	findings map[harrier.Instance]*harrier.Finding
	services map[harrier.Endpoint]harrier.Service
	ids      map[idKey]harrier.Identifier // nil until they are needed

	// What is to be written.
	idsPut   map[idKey]bool
	changed  bool
	rethink  bool // a run has ended: its software may be another
	touched  map[harrier.Instance]bool
	put      map[harrier.Endpoint]bool
	vanished []harrier.Endpoint
}

// asset returns the state of an asset, from memory or from the store.
func (f *folding) asset(ctx context.Context, id harrier.ID) (*asset, error) {
	if a := f.assets[id]; a != nil {
		return a, nil
	}
	a := f.cache.assets[id]
	if a == nil {
		stored, err := f.Store.Asset(ctx, id)
		if err != nil {
			return nil, err
		}
		if a, err = f.loadAsset(ctx, stored); err != nil {
			return nil, err
		}
	}
	f.assets[id] = a
	return a, nil
}

func (f *folding) loadAsset(ctx context.Context, stored harrier.Asset) (*asset, error) {
	findings, err := f.Store.FindingsOf(ctx, stored.ID)
	if err != nil {
		return nil, err
	}
	services, err := f.Store.ServicesOf(ctx, stored.ID)
	if err != nil {
		return nil, err
	}
	return f.met(stored, findings, services), nil
}

// met keeps what was read of an asset.
func (f *folding) met(stored harrier.Asset, findings []*harrier.Finding, services []harrier.Service) *asset {
	a := newAsset(stored)
	a.findings = make(map[harrier.Instance]*harrier.Finding, len(findings))
	for _, fi := range findings {
		a.findings[fi.Instance] = fi
	}
	for _, s := range services {
		a.services[s.Endpoint] = s
	}
	f.cache.assets[stored.ID] = a
	return a
}

func newAsset(a harrier.Asset) *asset {
	return &asset{
		Asset: a, findings: map[harrier.Instance]*harrier.Finding{}, services: map[harrier.Endpoint]harrier.Service{},
		touched: map[harrier.Instance]bool{}, put: map[harrier.Endpoint]bool{}, idsPut: map[idKey]bool{},
	}
}

// learn takes over what a scan says of the host. What a scan does not know
// stays as it was.
func (a *asset) learn(s *scan, h harrier.Host) {
	before := a.Asset
	newest := a.LastScan == 0 || s.ID >= a.LastScan
	if newest {
		a.LastScan = s.ID
		if h.Addr.IsValid() {
			a.Addr = h.Addr
		}
		for _, field := range []struct {
			to   *string
			from string
		}{{&a.MAC, h.MAC}, {&a.FQDN, h.FQDN}, {&a.NetBIOS, h.NetBIOS}, {&a.DeviceType, h.DeviceType}} {
			if field.from != "" {
				*field.to = field.from
			}
		}
		if h.OS != "" {
			a.OS, a.OSConfidence, a.OSMethod, a.OSCPE = h.OS, h.OSConfidence, h.OSMethod, h.OSCPE
		}
	}
	if a.LastScan == s.ID && !a.FirstSeen.Before(s.since) { // it is new with this scan
		a.FirstSeen = earlier(a.FirstSeen, h.Started)
	}
	a.LastSeen = later(a.LastSeen, later(h.Started, h.Ended))
	names := a.Names
	for _, n := range h.Names() {
		if !slices.Contains(names, n) {
			names = append(slices.Clone(names), n)
		}
	}
	slices.Sort(names)
	a.changed = a.changed || len(names) != len(a.Names) || !sameAsset(before, a.Asset)
	a.Names = names
}

func sameAsset(a, b harrier.Asset) bool {
	a.Names, b.Names = nil, nil
	return a.Addr == b.Addr && a.MAC == b.MAC && a.FQDN == b.FQDN && a.NetBIOS == b.NetBIOS && a.OS == b.OS &&
		a.OSConfidence == b.OSConfidence && a.OSMethod == b.OSMethod && a.OSCPE == b.OSCPE && a.DeviceType == b.DeviceType &&
		a.FirstSeen.Equal(b.FirstSeen) && a.LastSeen.Equal(b.LastSeen) && a.LastScan == b.LastScan
}

// serves notes what a scan says of a service. What an older scan said is
// replaced.
func (a *asset) serves(svc harrier.Service, s *scan) {
	svc.Asset = a.ID
	have, known := a.services[svc.Endpoint]
	switch {
	case !known:
		svc.FirstSeen = svc.LastSeen
	case have.LastSeen.Before(s.since):
		svc.FirstSeen = have.FirstSeen
	default:
		svc = richerService(have, svc)
		svc.Asset, svc.FirstSeen = a.ID, have.FirstSeen
	}
	a.services[svc.Endpoint] = svc
	a.put[svc.Endpoint] = true
}

// flushFindings writes the findings of all assets at once: a statement costs as
// much as what it does for dozens of them.
func (f *folding) flushFindings(ctx context.Context, assets []*asset) error {
	n := 0
	for _, a := range assets {
		n += len(a.touched)
	}
	if n == 0 {
		return nil
	}
	list := make([]*harrier.Finding, 0, n)
	for _, a := range assets {
		from := len(list)
		for i := range a.touched {
			list = append(list, a.findings[i])
		}
		clear(a.touched)
		slices.SortFunc(list[from:], func(x, y *harrier.Finding) int { return x.Instance.Compare(y.Instance) })
	}
	if f.careful {
		return f.Store.SaveFindings(ctx, list)
	}
	return f.Store.SaveFindingsLater(ctx, list)
}

func (f *folding) flushAsset(ctx context.Context, a *asset) error {
	if len(a.vanished) > 0 {
		if err := f.Store.DeleteServices(ctx, a.ID, a.vanished); err != nil {
			return err
		}
		a.vanished = nil
	}
	if len(a.put) > 0 {
		list := make([]harrier.Service, 0, len(a.put))
		for e := range a.put {
			list = append(list, a.services[e])
		}
		clear(a.put)
		slices.SortFunc(list, func(x, y harrier.Service) int { return x.Endpoint.Compare(y.Endpoint) })
		if err := f.Store.PutServices(ctx, a.ID, list); err != nil {
			return err
		}
	}
	if a.rethink {
		a.rethink = false
		if err := f.placeThings(ctx, a.Asset, a.services); err != nil {
			return err
		}
	}
	return f.flushIdentifiers(ctx, a)
}

// flushIdentity writes what an asset is recognised by.
func (f *folding) flushIdentity(ctx context.Context, a *asset) error {
	if err := f.flushIdentifiers(ctx, a); err != nil || !a.changed {
		return err
	}
	a.changed = false
	return f.Store.UpdateAsset(ctx, &a.Asset)
}

func (f *folding) flushIdentifiers(ctx context.Context, a *asset) error {
	if len(a.idsPut) > 0 {
		list := make([]harrier.Identifier, 0, len(a.idsPut))
		for k := range a.idsPut {
			list = append(list, a.ids[k])
		}
		clear(a.idsPut)
		if err := f.Store.PutIdentifiers(ctx, a.ID, a.Repository, list); err != nil {
			return err
		}
	}
	return nil
}
