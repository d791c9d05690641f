package finding

import (
	"context"
	"hash/maphash"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// FoldHost stores what a file says about one host of the scan sc.
type FoldHost = func(ctx context.Context, sc *harrier.Scan, h harrier.Imported) error

// Import runs do in one transaction, with the means to store hosts of a scan
// that a file tells of: what it observed is folded as present, and nothing is
// ever closed, since a file proves no absence. The scan must be inserted
// before its first host is folded. Then runs at last, in the same transaction,
// and sees all that was folded.
func (r *Room) Import(ctx context.Context, do func(ctx context.Context, fold FoldHost) error, then func(ctx context.Context) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var f *folding
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if f != nil {
			r.cache.clear()
		}
		f = newFolding(r)
		f.ahead = &lookahead{met: map[uint64]bool{}}
		group := make([]imported, 0, groupOfHosts)
		take := func(ctx context.Context) error {
			err := f.importGroup(ctx, group)
			clear(group)
			group = group[:0]
			return err
		}
		fold := func(ctx context.Context, sc *harrier.Scan, h harrier.Imported) error {
			group = append(group, imported{h, sc})
			if len(group) < groupOfHosts {
				return nil
			}
			return take(ctx)
		}
		if err := do(ctx, fold); err != nil {
			return err
		}
		if err := take(ctx); err != nil {
			return err
		}
		if err := f.flush(ctx); err != nil {
			return err
		}
		return then(ctx)
	})
	if r.careful = unknown(err); err != nil || f == nil {
		r.cache.clear()
		return err
	}
	for id := range f.scans {
		r.cache.forget(id)
	}
	r.cache.trim()
	return nil
}

// groupOfHosts is how many imported hosts are written at a time.
const groupOfHosts = 256

// imported is what a file says about one host of a scan.
type imported struct {
	harrier.Imported
	scan *harrier.Scan
}

// lookahead is what an import has read of the hosts to come, so that one question to
// the store is for many of them.
type lookahead struct {
	met   map[uint64]bool                // hosts that may be stored with this scan, by a sum of their keys
	like  map[netip.Addr][]harrier.Asset // what the addresses of the group in hand are
	fresh map[netip.Addr]*harrier.Asset  // those that nothing had; they are stored
	read  []*asset                       // what is known of the others
}

var seed = maphash.MakeSeed()

func (k hostKey) sum() uint64 { return maphash.Comparable(seed, k) }

// importGroup folds hosts, and writes those of the group before, which the
// database takes in meanwhile. Memory does not grow with the file.
func (f *folding) importGroup(ctx context.Context, group []imported) error {
	if len(group) == 0 {
		return nil
	}
	for i := range group {
		if err := group[i].tidy(); err != nil {
			return err
		}
	}
	// What is read waits for what is being written: it comes before there is more
	// of that. The hosts of the group before are in the cache.
	if err := f.lookAhead(ctx, group); err != nil {
		return err
	}
	if err := f.flush(ctx); err != nil {
		return err
	}
	f.hosts, f.assets = map[hostKey]*host{}, map[harrier.ID]*asset{}
	f.cache.trim()
	for _, a := range f.ahead.read {
		f.cache.assets[a.ID] = a
	}
	for i := range group {
		if err := f.imported(ctx, &group[i]); err != nil {
			return err
		}
	}
	for _, a := range f.ahead.fresh {
		if err := f.Store.DeleteAsset(ctx, a.ID); err != nil { // no host became it
			return err
		}
	}
	f.ahead.like, f.ahead.fresh, f.ahead.read = nil, nil, nil
	return nil
}

func (i *imported) tidy() error {
	h := &i.Host
	h.Addr = h.Addr.Unmap()
	if h.Name == "" && h.Addr.IsValid() {
		h.Name = h.Addr.String()
	}
	if h.Name == "" {
		return harrier.Invalidf("host", "has neither a name nor an address")
	}
	return nil
}

// lookAhead reads which assets the hosts of a group are, where the address
// tells, and what is known of those.
func (f *folding) lookAhead(ctx context.Context, group []imported) error {
	s, err := f.scanOf(ctx, group[0].scan)
	if err != nil || s.tracking != harrier.TrackByIP {
		return err
	}
	like := map[netip.Addr][]harrier.Asset{}
	for i := range group {
		if h := &group[i].Host; h.Addr.IsValid() {
			like[h.Addr] = nil
		}
	}
	known, err := f.Store.AssetsAt(ctx, s.Repository, slices.SortedFunc(maps.Keys(like), netip.Addr.Compare))
	if err != nil {
		return err
	}
	var unread []harrier.ID
	for _, a := range known {
		if met := f.cache.assets[a.ID]; met != nil { // with what is not written yet
			if f.assets[a.ID] == nil { // else it is of the group before
				f.Store.KnowFindings(ctx, slices.Collect(maps.Values(met.findings)))
			}
			a = met.Asset
			f.ahead.read = append(f.ahead.read, met)
		} else {
			unread = append(unread, a.ID)
		}
		like[a.Addr] = append(like[a.Addr], a)
	}
	f.ahead.like = like
	findings, err := f.Store.FindingsOfAll(ctx, unread)
	if err != nil {
		return err
	}
	services, err := f.Store.ServicesOfAll(ctx, unread)
	if err != nil {
		return err
	}
	for _, a := range known {
		if f.cache.assets[a.ID] == nil {
			f.ahead.read = append(f.ahead.read, f.met(a, findings[a.ID], services[a.ID]))
		}
	}
	return f.insertFresh(ctx, s, group)
}

// insertFresh stores an asset for each host of a group whose address nothing has
// had: it can not be another one.
func (f *folding) insertFresh(ctx context.Context, s *scan, group []imported) error {
	f.ahead.fresh = map[netip.Addr]*harrier.Asset{}
	var list []*harrier.Asset
	for i := range group {
		h := &group[i].Host
		if !h.Alive || !h.Addr.IsValid() || len(f.ahead.like[h.Addr]) > 0 || f.ahead.fresh[h.Addr] != nil || f.ahead.met[keyOf(s.ID, *h).sum()] {
			continue
		}
		fresh := f.newborn(s, s.told(*h))
		f.ahead.fresh[h.Addr] = &fresh
		list = append(list, &fresh)
	}
	return f.Store.InsertAssets(ctx, list)
}

// newborn is the asset that a host becomes which is none yet.
func (f *folding) newborn(s *scan, h harrier.Host) harrier.Asset {
	return harrier.Asset{
		UUID: harrier.NewUUID(f.Now()), Repository: s.Repository, Addr: h.Addr, FirstSeen: h.Started, LastSeen: h.Started,
	}
}

// told is a host of a file, at times that the store keeps.
func (s *scan) told(h harrier.Host) harrier.Host {
	if h.Started.IsZero() {
		h.Started = s.since
	}
	h.Started, h.Ended = h.Started.UTC().Truncate(time.Microsecond), h.Ended.UTC().Truncate(time.Microsecond)
	return h
}

// like returns the assets of the scan's repository at an address.
func (f *folding) like(ctx context.Context, s *scan, at netip.Addr) ([]harrier.Asset, error) {
	if f.ahead != nil {
		if like, read := f.ahead.like[at]; read {
			return like, nil
		}
	}
	return f.Store.AssetsLike(ctx, s.Repository, harrier.Host{Addr: at})
}

// isNew reports whether a host can not be stored yet, and notes that it will be.
// The scan of an import begins with it.
func (f *folding) isNew(k hostKey) bool {
	if f.ahead == nil || f.ahead.met[k.sum()] {
		return false
	}
	f.ahead.met[k.sum()] = true
	return true
}

// scanOf is scan for one that is imported.
func (f *folding) scanOf(ctx context.Context, sc *harrier.Scan) (*scan, error) {
	if s := f.scans[sc.ID]; s != nil {
		return s, nil
	}
	s, err := f.open(ctx, *sc)
	if err == nil {
		f.scans[sc.ID], f.cache.scans[sc.ID] = s, s
	}
	return s, err
}

func (f *folding) imported(ctx context.Context, i *imported) error {
	s, err := f.scanOf(ctx, i.scan)
	if err != nil {
		return err
	}
	said := s.told(i.Host)
	h, err := f.host(ctx, s, said)
	if err != nil {
		return err
	}
	h.meet(said)
	h.row.Ended = later(h.row.Ended, later(said.Started, said.Ended))
	h.row.Done, h.rowChanged = true, true
	if h.row.Alive && (h.row.Addr.IsValid() || h.row.FQDN != "") && h.asset == nil {
		if err := f.recognise(ctx, s, h, harrier.Ports{}, true); err != nil {
			return err
		}
	}
	for _, svc := range i.Services {
		svc.LastSeen = h.row.Ended
		h.offers(svc, s)
	}
	for _, o := range i.Observations {
		o = tidy(o)
		if o.At.IsZero() {
			o.At = h.row.Ended
		}
		o.At = o.At.UTC().Truncate(time.Microsecond)
		if err := f.observed(ctx, s, h, o, manner{given: i.Severity}); err != nil {
			return err
		}
	}
	return nil
}
