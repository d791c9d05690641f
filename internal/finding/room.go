// Package finding is the room of findings: it folds the results of engines into
// assets, services, per-scan observations, coverage and findings, and keeps the
// exceptions.
//
// Folding is a function of what was said, not of how or how often it arrived.
// Everything is keyed by what it speaks of (scan, host, instance) and merged by
// rules that do not depend on order, so that a repeated message, a second
// attempt of a batch, or a restart between two messages changes nothing. One
// group of results is one transaction, or a few: it is acknowledged after the
// last commit.
package finding

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
)

// Store is what the room keeps in the database. The methods are those of the
// store package.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error

	Scan(ctx context.Context, id harrier.ID) (harrier.Scan, error)
	UpdateScan(ctx context.Context, s *harrier.Scan) error
	Batches(ctx context.Context, scan harrier.ID) ([]harrier.Batch, error)
	FinishBatch(ctx context.Context, scan harrier.ID, number, attempt int) error
	Dead(ctx context.Context, scan harrier.ID) ([]harrier.Span, error)
	PutDead(ctx context.Context, scan harrier.ID, batch int, spans []harrier.Span) error

	// PutFacts keeps what the survey of a scan learnt about a site's attack surface.
	PutFacts(ctx context.Context, site, scan harrier.ID, facts []harrier.Fact) error
	// PutScreenshot keeps the newest picture of a page that facts told of.
	PutScreenshot(ctx context.Context, site, scan harrier.ID, s harrier.Screenshot) error

	AssetStore
	ThingStore
	IdentityStore
	HostStore
	ExceptionStore
}

// AssetStore is the part of Store that holds what is tracked over time.
type AssetStore interface {
	Repository(ctx context.Context, id harrier.ID) (harrier.Repository, error)
	AssetsLike(ctx context.Context, repository harrier.ID, h harrier.Host) ([]harrier.Asset, error)
	SilentAssets(ctx context.Context, repository harrier.ID, first, last netip.Addr, before time.Time, after harrier.ID, limit int) ([]harrier.Asset, error)
	Asset(ctx context.Context, id harrier.ID) (harrier.Asset, error)
	InsertAsset(ctx context.Context, a *harrier.Asset) error
	InsertAssets(ctx context.Context, list []*harrier.Asset) error
	UpdateAsset(ctx context.Context, a *harrier.Asset) error
	UpdateAssets(ctx context.Context, list []*harrier.Asset) error
	AssetsAt(ctx context.Context, repository harrier.ID, at []netip.Addr) ([]harrier.Asset, error)
	FindingsOfAll(ctx context.Context, of []harrier.ID) (map[harrier.ID][]*harrier.Finding, error)
	ServicesOfAll(ctx context.Context, of []harrier.ID) (map[harrier.ID][]harrier.Service, error)
	ServicesOf(ctx context.Context, asset harrier.ID) ([]harrier.Service, error)
	PutServices(ctx context.Context, asset harrier.ID, list []harrier.Service) error
	DeleteServices(ctx context.Context, asset harrier.ID, list []harrier.Endpoint) error
	FindingsOf(ctx context.Context, asset harrier.ID) ([]*harrier.Finding, error)
	SaveFindings(ctx context.Context, list []*harrier.Finding) error
	SaveFindingsLater(ctx context.Context, list []*harrier.Finding) error
	KnowFindings(ctx context.Context, list []*harrier.Finding)
}

// ThingStore is the part of Store that holds what software assets have.
type ThingStore interface {
	PutThings(ctx context.Context, asset harrier.ID, list []harrier.Placed) error
	Subjects(ctx context.Context, after harrier.ID, limit int) ([]harrier.Subject, error)
	SubjectsAsking(ctx context.Context, keys []string) ([]harrier.Subject, error)
	PutVerdicts(ctx context.Context, list []harrier.Subject) error
	PutAsks(ctx context.Context, of map[harrier.ID][]string) (changed int, err error)
	Spots(ctx context.Context, subject, after harrier.ID, assets int) ([]harrier.Spot, error)
	FindingsAt(ctx context.Context, subject, first, last harrier.ID, vulns []harrier.VulnID) ([]*harrier.Finding, error)
	ForgetSubjects(ctx context.Context) error
	Inventory(ctx context.Context, asset harrier.ID) (inv harrier.Inventory, found bool, err error)
	PutInventory(ctx context.Context, asset harrier.ID, inv harrier.Inventory) error
}

// IdentityStore is the part of Store that tells assets apart.
type IdentityStore interface {
	AssetsAlike(ctx context.Context, repository harrier.ID, s harrier.Sight) ([]harrier.Known, error)
	Identifiers(ctx context.Context, asset harrier.ID) ([]harrier.Identifier, error)
	PutIdentifiers(ctx context.Context, asset, repository harrier.ID, list []harrier.Identifier) error
	DeleteIdentifiers(ctx context.Context, asset harrier.ID, list []harrier.Identifier) error
	PutRecognition(ctx context.Context, r harrier.Recognition) error
	Waiting(ctx context.Context, scan harrier.ID) ([]harrier.ScanHost, error)
	WaitingScans(ctx context.Context) ([]harrier.ID, error)
	WaitingServices(ctx context.Context, scan harrier.ID, index int) ([]harrier.Service, error)
	PutWaiting(ctx context.Context, scan harrier.ID, index int, list []harrier.Service) error
	DeleteWaiting(ctx context.Context, scan harrier.ID, index int) error
	MergeStore
}

// MergeStore is the part of Store that makes two assets one and two again.
type MergeStore interface {
	InsertMerge(ctx context.Context, m *harrier.Merge) error
	UpdateMerge(ctx context.Context, m *harrier.Merge) error
	Merge(ctx context.Context, id harrier.ID) (harrier.Merge, error)
	Merges(ctx context.Context) ([]harrier.Merge, error)
	HostsOf(ctx context.Context, asset harrier.ID) ([]harrier.HostRef, error)
	GiveHosts(ctx context.Context, hosts []harrier.HostRef, asset harrier.ID) error
	DeleteAsset(ctx context.Context, id harrier.ID) error
	RestoreAsset(ctx context.Context, a *harrier.Asset) error
	DeleteFindings(ctx context.Context, ids []harrier.ID) error
	RestoreFindings(ctx context.Context, list []*harrier.Finding) error
	AppendAudit(ctx context.Context, e *harrier.AuditEntry) error
}

// HostStore is the part of Store that holds the hosts of scans.
type HostStore interface {
	ScanHosts(ctx context.Context, scan harrier.ID) ([]harrier.ScanHost, error)
	ScanHostByName(ctx context.Context, scan harrier.ID, name, addr string) (harrier.ScanHost, error)
	PutScanHosts(ctx context.Context, list []*harrier.ScanHost) error
	HostObservations(ctx context.Context, scan harrier.ID, index int) ([]harrier.Observation, error)
	PutObservations(ctx context.Context, scan harrier.ID, of map[int][]harrier.Observation) error
	HostCoverage(ctx context.Context, scan harrier.ID, index int) (*harrier.Coverage, error)
	PutHostCoverage(ctx context.Context, scan harrier.ID, index int, c *harrier.Coverage) error
	AddScanVulns(ctx context.Context, scan harrier.ID, list []harrier.ScanVuln) error
}

// ExceptionStore is the part of Store that holds the exceptions.
type ExceptionStore interface {
	InsertException(ctx context.Context, e *harrier.Exception) error
	UpdateException(ctx context.Context, e *harrier.Exception) error
	DeleteException(ctx context.Context, id harrier.ID) error
	Exception(ctx context.Context, id harrier.ID) (harrier.Exception, error)
	Exceptions(ctx context.Context) ([]harrier.Exception, error)
}

// Bus is how results come in and how engines ask what is done. The methods are
// those of the bus package.
type Bus interface {
	ConsumeResults(ctx context.Context, handle func(ctx context.Context, group []harrier.Result) error) error
	ServeDone(ctx context.Context, answer func(ctx context.Context, scan harrier.ID, batch int) ([]string, error)) error
}

// Catalog knows the vulnerabilities.
type Catalog interface {
	Vulnerability(ctx context.Context, id harrier.VulnID) (harrier.Vulnerability, error)
	// Remember keeps the definitions of vulnerabilities of content for good.
	Remember(ctx context.Context, ids []harrier.VulnID) error
}

// Page is a part of a long list, and its order.
type Page struct {
	Sort          string // a field; "" for the store's own order
	Desc          bool
	Limit, Offset int // Limit 0: all
	// After continues behind the finding with this ID in the order asked for; zero
	// starts at the beginning.
	After   harrier.ID
	NoTotal bool // how many match need not be counted: it is -1
}

// Config is what a Room needs. Store and Catalog must be given.
type Config struct {
	Store   Store
	Bus     Bus // needed by Run
	Catalog Catalog
	Search  func(ctx context.Context, e harrier.Expr, p Page) ([]harrier.Finding, int, error) // the store's; nil: Findings answers Unavailable
	// SearchJudged and Sum are the store's, like Search.
	SearchJudged func(ctx context.Context, e harrier.Expr, p Page, at time.Time) ([]harrier.JudgedFinding, int, error)
	Sum          func(ctx context.Context, e harrier.Expr, q harrier.SumQuery, at time.Time) (harrier.Sums, error)
	// ChangesOf is the store's; nil: Changes answers Unavailable.
	ChangesOf func(ctx context.Context, assets []harrier.ID, e harrier.Expr, from, to time.Time, same bool, at time.Time) ([]harrier.Changes, error)
	Saved     QueryStore // nil: nothing may be saved

	Folded  func(scan harrier.ID) // hears that a batch of the scan has ended; nil: nobody
	Heard   func(scan harrier.ID) // hears that results of the scan were stored; nil: nobody
	Version string                // of Harrier, for the facts about a scan
	Now     func() time.Time      // nil: time.Now
	Log     *slog.Logger          // nil: none
	Hosts   int                   // whose state is kept in memory; 0 means 1024

	Family func(harrier.VulnID) harrier.VulnID // the check that stands for a vulnerability of content; nil: none does

	Judge Judge // of what content knows; nil: nothing is known

	Surface Surface // of scans that begin with a survey; nil: their hosts are like any other

	// Facts are those of package match; others are for tests.
	Facts func(c match.Context, h harrier.Host, services []harrier.Service, planned *harrier.IDs) []harrier.Observation
}

// Room is the room of findings. Its methods may overlap.
type Room struct {
	Config
	mu sync.Mutex // held while folding
	// careful holds for the next transaction after one that failed because an asset
	// had findings that were not known of.
	careful bool
	cache   *cache
	atOnce  int // results in one transaction

	newsAtOnce int // findings in the first transaction of Rematch
}

// New returns the room.
func New(c Config) *Room {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Folded == nil {
		c.Folded = func(harrier.ID) {}
	}
	if c.Heard == nil {
		c.Heard = func(harrier.ID) {}
	}
	if c.Hosts <= 0 {
		c.Hosts = 1024
	}
	if c.Facts == nil {
		c.Facts = match.Facts
	}
	return &Room{Config: c, cache: newCache(c.Hosts), atOnce: 32, newsAtOnce: 1024}
}

// Run folds results as they come in, and tells engines which hosts of a batch
// are done, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.keep(ctx, "results", func() error { return r.Bus.ConsumeResults(ctx, r.take) }) })
	g.Go(func() error { return r.keep(ctx, "questions", func() error { return r.Bus.ServeDone(ctx, r.done) }) })
	return g.Wait()
}

// keep does what until ctx ends, again after a failure.
func (r *Room) keep(ctx context.Context, what string, do func() error) error {
	for ctx.Err() == nil {
		if err := do(); err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "the bus fails", "what", what, "err", err)
			pause(ctx, time.Second)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// take folds a group from the bus. When it can not be folded for a reason that
// lies in itself, its results are folded singly, so that one bad result stops
// neither the others nor the stream; such a result is dropped and logged.
func (r *Room) take(ctx context.Context, group []harrier.Result) error {
	err := r.Fold(ctx, group)
	if err == nil || !atFault(err) {
		return r.logged(ctx, err)
	}
	for i := range group {
		err := r.Fold(ctx, group[i:i+1])
		if err != nil && atFault(err) {
			r.Log.ErrorContext(ctx, "result dropped", "scan", group[i].Scan, "batch", group[i].Batch,
				"attempt", group[i].Attempt, "seq", group[i].Seq, "err", err)
			continue
		}
		if err != nil {
			return r.logged(ctx, err)
		}
	}
	return nil
}

func (r *Room) logged(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil {
		r.Log.ErrorContext(ctx, "results not folded yet", "err", err)
	}
	return err
}

// atFault reports whether what was to be stored, and not the store, is wrong.
func atFault(err error) bool {
	k := harrier.KindOf(err)
	return k == harrier.Invalid || k == harrier.Conflict
}
