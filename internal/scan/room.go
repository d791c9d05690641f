// Package scan is the room of scans: it plans a run of a site, hands its
// batches out, follows people's commands, ends it, and reads its results.
//
// The store is the system of record. Everything that the room sends over the
// bus is derived from stored scans and batches by one loop, Run, which looks at
// the state and does what is missing: a job that was not published, a command
// that was not sent, a transient state whose time is up, a schedule that is due.
// A restart, a lost bus and a lost engine are therefore no special cases.
package scan

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// Store is what the room keeps in the database. The methods are those of the
// store package; what is said there of errors and order holds.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error

	InsertSite(ctx context.Context, s *harrier.Site) error
	UpdateSite(ctx context.Context, s *harrier.Site) error
	Site(ctx context.Context, id harrier.ID) (harrier.Site, error)
	Sites(ctx context.Context) ([]harrier.Site, error)
	Folder(ctx context.Context, id harrier.ID) (harrier.Folder, error)
	DueSites(ctx context.Context, now time.Time) ([]harrier.Site, error)
	Policy(ctx context.Context, id harrier.ID) (harrier.Policy, error)
	Engines(ctx context.Context) ([]harrier.Engine, error)
	Pools(ctx context.Context) ([]harrier.Pool, error)
	Exceptions(ctx context.Context) ([]harrier.Exception, error)
	User(ctx context.Context, id harrier.ID) (harrier.User, error)
	Users(ctx context.Context) ([]harrier.User, error)
	Organization(ctx context.Context, id harrier.ID) (harrier.Organization, error)
	ProfileOf(ctx context.Context, organization harrier.ID) (harrier.Profile, error)
	AssetsIn(ctx context.Context, repository harrier.ID) (int, error)
	Seats(ctx context.Context) ([]harrier.Seat, error)

	Runs
	FreezeStore
}

// Runs is the part of Store that holds scans and their results.
type Runs interface {
	InsertScan(ctx context.Context, s *harrier.Scan) error
	UpdateScan(ctx context.Context, s *harrier.Scan) error
	DeleteScan(ctx context.Context, id harrier.ID) error
	Scan(ctx context.Context, id harrier.ID) (harrier.Scan, error)
	ScanByUUID(ctx context.Context, uuid harrier.UUID) (harrier.Scan, error)
	ScansOf(ctx context.Context, site harrier.ID) ([]harrier.Scan, error)
	ActiveScans(ctx context.Context) ([]harrier.Scan, error)
	LatestScans(ctx context.Context) (map[harrier.ID]harrier.Scan, error)
	ScanSeats(ctx context.Context) ([]harrier.Scan, error)

	InsertBatches(ctx context.Context, scan harrier.ID, batches []harrier.Batch) error
	OpenBatches(ctx context.Context, scan harrier.ID) ([]harrier.Batch, error)
	Batches(ctx context.Context, scan harrier.ID) ([]harrier.Batch, error)

	ScanHosts(ctx context.Context, scan harrier.ID) ([]harrier.ScanHost, error)
	ScanHost(ctx context.Context, scan harrier.ID, index int) (harrier.ScanHost, error)
	HostsOf(ctx context.Context, asset harrier.ID) ([]harrier.HostRef, error)
	ScanHostOf(ctx context.Context, scan, asset harrier.ID) (harrier.ScanHost, error)
	ScanHostsFrom(ctx context.Context, scan harrier.ID, after, limit int) ([]harrier.ScanHost, error)
	ObservationsBetween(ctx context.Context, scan harrier.ID, first, last int) (map[int][]harrier.Observation, error)
	CoverageBetween(ctx context.Context, scan harrier.ID, first, last int) (map[int]*harrier.Coverage, error)
	PutScanHost(ctx context.Context, h *harrier.ScanHost) error
	HostObservations(ctx context.Context, scan harrier.ID, index int) ([]harrier.Observation, error)
	HostCoverage(ctx context.Context, scan harrier.ID, index int) (*harrier.Coverage, error)
	PutHostCoverage(ctx context.Context, scan harrier.ID, index int, c *harrier.Coverage) error
	ScanVulns(ctx context.Context, scan harrier.ID) ([]harrier.ScanVuln, error)
	Dead(ctx context.Context, scan harrier.ID) ([]harrier.Span, error)
	PutDead(ctx context.Context, scan harrier.ID, batch int, spans []harrier.Span) error

	// EndSurface ends the links of a site's attack surface that a scan did not see.
	EndSurface(ctx context.Context, site, scan harrier.ID, at time.Time) error

	UntoldScans(ctx context.Context) ([]harrier.Scan, error)
	SetTold(ctx context.Context, scan harrier.ID, told harrier.Told) error
	DropWaiting(ctx context.Context, scan harrier.ID) error
}

// Bus is how the room speaks to engines. The methods are those of the bus
// package.
type Bus interface {
	PublishJob(ctx context.Context, pool string, job harrier.Job) error
	SetCommand(ctx context.Context, scan harrier.ID, c harrier.Command) error
	DropScan(ctx context.Context, scan harrier.ID) error
	WatchBeats(ctx context.Context, see func(harrier.Heartbeat)) error
}

// Policies turns a policy into a plan: the settings and the numbers of the
// checks that it runs, in rising order, without guard rules and exclusions.
type Policies interface {
	Plan(ctx context.Context, p harrier.Policy) (harrier.Plan, error)
	Guard(ctx context.Context) (harrier.Guard, error)
	Copy(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Policy, error)
}

// FoldHost puts what a file says about one host of the scan sc into assets and
// findings, as present.
type FoldHost = func(ctx context.Context, sc *harrier.Scan, h harrier.Imported) error

// Findings is the room that folds.
type Findings interface {
	// Import runs do in one transaction, with the means to fold hosts in it, and
	// then, in the same one, then: it sees what was folded.
	Import(ctx context.Context, do func(ctx context.Context, fold FoldHost) error, then func(ctx context.Context) error) error
	// Fold stores what results say. To fold them again changes nothing.
	Fold(ctx context.Context, group []harrier.Result) error
	// Settle takes over what waits of a scan that is not held back.
	Settle(ctx context.Context, scan harrier.ID) error
	// Silence closes the findings of the hosts that a scan found silent, when they
	// have been so for age; it returns how many.
	Silence(ctx context.Context, scan harrier.ID, age time.Duration) (int, error)
}

// Mailer stores a message in the outbox, in the transaction of ctx.
type Mailer interface {
	Send(ctx context.Context, m harrier.Mail) error
}

// Reporter makes a report after a scan, for its owner and by a definition that
// they may use.
type Reporter interface {
	Launch(ctx context.Context, owner, definition, scan harrier.ID) error
}

// Config is what a Room needs. Store, Bus and Policies must be given.
type Config struct {
	Store    Store
	Bus      Bus
	Policies Policies
	Findings Findings                                                     // nil: Import answers Unavailable, and nothing is taken over at the end of a scan
	Mail     Mailer                                                       // nil: nobody is written to
	Reports  Reporter                                                     // nil: no reports are made
	Next     func(s harrier.Schedule, after time.Time) (time.Time, error) // calendar.Next; nil: no schedules
	Tell     func(harrier.Event)                                          // hears of launched and ended scans; must not block; nil: nobody
	Now      func() time.Time                                             // nil: time.Now
	Log      *slog.Logger                                                 // nil: none

	// Actor is a user as somebody who acts; nil: users who wish for it are not
	// written to when a survey is complete.
	Actor func(ctx context.Context, user harrier.ID) (harrier.Actor, error)
	// Members are the addresses of the assets in lists, as by sees them, as a target
	// list; "" for none. Nil: there are none.
	Members func(ctx context.Context, by harrier.Actor, lists []harrier.ID) (string, error)
	// Defined is Members, but of lists of addresses and names what was written down.
	// Nil: sites go to their targets.
	Defined func(ctx context.Context, by harrier.Actor, lists []harrier.ID) (string, error)
	Surveys Surveys // nil: what surveys found is not looked at

	InScope InScope // nil: those who do not see all of a repository see no hosts

	Family func(harrier.VulnID) harrier.VulnID // the check that stands for a vulnerability of content; nil: none does

	BatchSize  int // addresses in a batch; 0 means 32, and more for long lists
	MaxRunning int // scans that run at a time; 0 means 8
	Window     int // jobs of one scan that are handed out at a time; 0 means 64
}

// Room is the room of scans. Its methods may overlap.
type Room struct {
	Config
	wake  chan struct{} // has room for one
	beats *beats
	sums  *sumCache
	born  time.Time

	mu        sync.Mutex
	going     map[harrier.ID]*going          // what Run knows of scans that go on
	leftovers map[harrier.ID]harrier.Command // ended scans that the bus still has, and what engines shall know of them

	active map[harrier.ID]time.Time // when results of a scan came last; under mu

	tellAgain map[harrier.ID]time.Time // scans that could not be told of; of Run alone
}

// New returns the room. Nothing is sent to engines before Run runs.
func New(c Config) *Room {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Tell == nil {
		c.Tell = func(harrier.Event) {}
	}
	if c.BatchSize <= 0 {
		c.BatchSize = 32
	}
	if c.MaxRunning <= 0 {
		c.MaxRunning = 8
	}
	if c.Window <= 0 {
		c.Window = 64
	}
	return &Room{
		Config: c, wake: make(chan struct{}, 1), beats: newBeats(), sums: newSumCache(), born: c.Now(), going: map[harrier.ID]*going{},
		leftovers: map[harrier.ID]harrier.Command{}, active: map[harrier.ID]time.Time{}, tellAgain: map[harrier.ID]time.Time{},
	}
}

// Folded tells the room that a batch of a scan has ended, so that it need not wait
// for its next look. It never blocks.
func (r *Room) Folded(scan harrier.ID) {
	r.Heard(scan)
	r.nudge()
}

// Heard tells the room that results of a scan were stored: something goes on.
func (r *Room) Heard(scan harrier.ID) {
	r.mu.Lock()
	r.active[scan] = r.Now()
	r.mu.Unlock()
}

func (r *Room) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// now is the instant in the precision that the store keeps.
func (r *Room) now() time.Time { return r.Now().UTC().Truncate(time.Microsecond) }
