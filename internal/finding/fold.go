package finding

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// A transaction that takes longer than patience keeps others waiting that want
// to write: the next one takes fewer results, at least fewest. Below a quarter
// of that it takes more again, up to most.
const (
	patience = 400 * time.Millisecond
	fewest   = 4
	most     = 256
)

// pace learns from how long a transaction took.
func (r *Room) pace(took time.Duration) {
	switch {
	case took > patience:
		r.atOnce = max(r.atOnce/2, fewest)
	case took < patience/4:
		r.atOnce = min(r.atOnce*2, most)
	}
}

// Fold stores what a group of results says, in one transaction, or in several
// where that takes long. On an error some of the group may be stored: it is to
// be folded again, which is harmless. Results of scans that have ended or are
// gone change nothing. It may be called again with the same results, in any
// mixture.
func (r *Room) Fold(ctx context.Context, group []harrier.Result) error {
	for len(group) > 0 {
		done, err := r.foldSome(ctx, group)
		if err != nil {
			return err
		}
		group = group[done:]
	}
	return nil
}

// foldSome folds the first results of a group in one transaction, all or
// nothing, and returns how many.
func (r *Room) foldSome(ctx context.Context, group []harrier.Result) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var f *folding
	some := group[:min(len(group), r.atOnce)]
	var began time.Time
	done := 0
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if f != nil { // the store tries again: what is in memory has gone ahead
			r.cache.clear()
		}
		f, began, done = newFolding(r), time.Now(), 0
		for i := range some {
			err := f.result(ctx, &some[i])
			if errors.Is(err, errUnsettled) {
				break
			}
			if err != nil {
				return fmt.Errorf("scan %d batch %d: %w", some[i].Scan, some[i].Batch, err)
			}
			done++
		}
		if err := f.flush(ctx); err != nil {
			return err
		}
		return f.mergeAll(ctx)
	})
	careful := r.careful
	r.careful = unknown(err) && !careful
	if err != nil {
		r.cache.clear()
		if r.careful {
			return 0, nil
		}
		return 0, err
	}
	r.pace(time.Since(began))
	if len(f.merges) > 0 {
		r.cache.clear()
	}
	r.cache.trim()
	for id, s := range f.scans {
		if s == nil {
			continue
		}
		r.Heard(id)
		if s.batchEnded {
			s.batchEnded = false
			r.Folded(id)
		}
	}
	return done, nil
}

// unknown reports whether a transaction failed because an asset had findings that
// folding did not know of.
func unknown(err error) bool { return harrier.KindOf(err) == harrier.Conflict }

// folding is one transaction.
type folding struct {
	*Room
	scans  map[harrier.ID]*scan // nil for those that take no results
	hosts  map[hostKey]*host
	assets map[harrier.ID]*asset
	ahead  *lookahead      // nil but while a file is imported
	merges []harrier.Merge // of assets that turned out to be one, to be done at the end
	plans  map[harrier.ID]plan
	// content are the vulnerabilities of content that were observed.
	content map[harrier.VulnID]bool
	// settling holds while hosts that waited are recognised.
	settling bool
	grades   map[harrier.VulnID]grade // met in this transaction
}

func newFolding(r *Room) *folding {
	return &folding{
		Room: r, scans: map[harrier.ID]*scan{}, hosts: map[hostKey]*host{}, assets: map[harrier.ID]*asset{}, plans: map[harrier.ID]plan{},
		content: map[harrier.VulnID]bool{}, grades: map[harrier.VulnID]grade{},
	}
}

// scan is what folding knows of a scan.
type scan struct {
	harrier.Scan
	planned    *harrier.IDs
	tracking   harrier.Tracking
	dead       *deadSpans                           // nil until a batch reports some
	sharing    map[harrier.ID][]hostKey             // the hosts that each asset has in this scan; nil until loaded
	counts     map[harrier.VulnID]*harrier.ScanVuln // to be added in this transaction
	batchEnded bool
	since      time.Time // no engine saw anything earlier
}

// scan returns the scan, or nil when it takes no results: one that has ended
// has its sums, which late results must not falsify.
func (f *folding) scan(ctx context.Context, id harrier.ID) (*scan, error) {
	if s, met := f.scans[id]; met {
		return s, nil
	}
	f.scans[id] = nil
	sc, err := f.Store.Scan(ctx, id)
	if harrier.KindOf(err) == harrier.NotFound || err == nil && sc.Status.Ended() {
		f.cache.forget(id)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := f.cache.scans[id]
	if s == nil {
		if s, err = f.open(ctx, sc); err != nil {
			return nil, err
		}
		f.cache.scans[id] = s
	}
	s.Scan = sc
	f.scans[id] = s
	return s, nil
}

func (f *folding) open(ctx context.Context, sc harrier.Scan) (*scan, error) {
	s, err := f.openPlain(ctx, sc)
	if err == nil && s.lateToTell() {
		err = f.settleEnded(ctx, sc)
	}
	return s, err
}

// lateToTell reports whether the scan can not tell at its first answer which
// asset a host is.
func (s *scan) lateToTell() bool { return s.tracking != harrier.TrackByIP || s.Terms.VirtualHosts }

func (f *folding) openPlain(ctx context.Context, sc harrier.Scan) (*scan, error) {
	s := &scan{Scan: sc, planned: sc.Plan.Planned(f.Family), counts: map[harrier.VulnID]*harrier.ScanVuln{}, since: sc.Started}
	if s.since.IsZero() {
		s.since = sc.Created
	}
	tracking, known := f.cache.tracks[sc.Repository]
	if !known {
		repo, err := f.Store.Repository(ctx, sc.Repository)
		if err != nil {
			return nil, fmt.Errorf("repository %d: %w", sc.Repository, err)
		}
		tracking = repo.Tracking
		f.cache.tracks[sc.Repository] = tracking
	}
	if s.tracking = tracking; sc.Terms.TrackMoved {
		s.tracking = harrier.TrackByDHCP
	}
	return s, nil
}

// ahead is how far an engine's clock may run before the console's.
const ahead = 5 * time.Minute

// when is an engine's instant as it is believed: not before the scan began,
// since then nothing was asked, and not in the future.
func (f *folding) when(s *scan, t time.Time) time.Time {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Before(s.since) || t.After(f.Now().Add(ahead)) {
		return s.since
	}
	return t
}

func (f *folding) result(ctx context.Context, res *harrier.Result) error {
	s, err := f.scan(ctx, res.Scan)
	if err != nil || s == nil {
		return err
	}
	if res.Host != nil {
		if err := f.aboutHost(ctx, s, res); err != nil {
			return err
		}
	}
	if len(res.Dead) > 0 {
		if err := f.aboutDead(ctx, s, res); err != nil {
			return err
		}
	}
	if len(res.Facts) > 0 {
		for i := range res.Facts {
			res.Facts[i].At = f.when(s, res.Facts[i].At)
		}
		if err := f.Store.PutFacts(ctx, s.Site, s.ID, res.Facts); err != nil {
			return err
		}
	}
	if err := f.aboutScreenshots(ctx, s, res); err != nil {
		return err
	}
	if res.Done != nil {
		return f.batchDone(ctx, s, res)
	}
	return nil
}

// batchDone notes the end of a batch. One that an engine gave up although the
// scan goes on stays open: it will be handed out again.
func (f *folding) batchDone(ctx context.Context, s *scan, res *harrier.Result) error {
	if res.Done.Stopped && s.Status != harrier.ScanStopping {
		return nil
	}
	if s.lateToTell() && !s.Held {
		if err := f.settleLast(ctx, s, res.Batch); err != nil {
			return err
		}
	}
	s.batchEnded = true
	noted := false
	if s.Engine == "" && res.Engine != "" { // it was over before the engine's heartbeat told of it
		s.Engine, noted = res.Engine, true
	}
	if res.Done.Error != "" {
		f.Log.WarnContext(ctx, "batch ended by a fault", "scan", s.ID, "batch", res.Batch, "engine", res.Engine, "err", res.Done.Error)
		if s.Reason == "" {
			s.Reason, noted = fmt.Sprintf("batch %d: %s", res.Batch, res.Done.Error), true
		}
	}
	if noted {
		if err := f.Store.UpdateScan(ctx, &s.Scan); err != nil {
			return err
		}
	}
	err := f.Store.FinishBatch(ctx, s.ID, res.Batch, res.Attempt)
	if harrier.KindOf(err) == harrier.NotFound {
		return nil
	}
	return err
}

// flush writes what the results changed, each row once.
func (f *folding) flush(ctx context.Context) error {
	if err := f.remember(ctx); err != nil {
		return err
	}
	assets := inOrder(f.assets)
	var changed []*harrier.Asset
	for _, a := range assets {
		if err := f.flushAsset(ctx, a); err != nil {
			return err
		}
		if a.changed {
			a.changed = false
			changed = append(changed, &a.Asset)
		}
	}
	if len(changed) > 0 {
		if err := f.Store.UpdateAssets(ctx, changed); err != nil {
			return err
		}
	}
	hosts := make([]*host, 0, len(f.hosts))
	for _, k := range slices.SortedFunc(maps.Keys(f.hosts), hostKey.compare) {
		hosts = append(hosts, f.hosts[k])
	}
	if err := f.flushHosts(ctx, hosts); err != nil {
		return err
	}
	for _, s := range inOrder(f.scans) {
		if s == nil {
			continue
		}
		if err := f.flushCounts(ctx, s); err != nil {
			return err
		}
		if err := f.flushDead(ctx, s); err != nil {
			return err
		}
	}
	return f.flushFindings(ctx, assets) // at last: the database takes them in while we go on
}

func (f *folding) flushCounts(ctx context.Context, s *scan) error {
	if len(s.counts) == 0 {
		return nil
	}
	list := make([]harrier.ScanVuln, 0, len(s.counts))
	for _, v := range s.counts {
		list = append(list, *v)
	}
	clear(s.counts)
	slices.SortFunc(list, func(a, b harrier.ScanVuln) int { return int(a.Vulnerability) - int(b.Vulnerability) })
	return f.Store.AddScanVulns(ctx, s.ID, list)
}

// inOrder lists a map's values by rising key.
func inOrder[V any](m map[harrier.ID]V) []V {
	out := make([]V, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[id])
	}
	return out
}
