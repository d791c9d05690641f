// Package report is the room of files: it makes documents in the background, of
// one scan or of what a definition says, keeps them for a while, and takes in
// files that users upload.
//
// A report survives a restart: what was ready stays ready, what waited or was in
// the making is made again. Files are written beside their name and then renamed,
// so that one that can be seen is whole.
package report

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/scan"
)

// Store is what the room keeps in the database. The methods are those of the
// store package.
type Store interface {
	InsertReport(ctx context.Context, r *harrier.Report) error
	UpdateReport(ctx context.Context, r *harrier.Report) error
	DeleteReport(ctx context.Context, id harrier.ID) error
	Report(ctx context.Context, id harrier.ID) (harrier.Report, error)
	Reports(ctx context.Context) ([]harrier.Report, error)
	ReportByToken(ctx context.Context, token string) (harrier.Report, error)
	ReportsBefore(ctx context.Context, t time.Time) ([]harrier.Report, error)
	ReportsOf(ctx context.Context, definition harrier.ID) ([]harrier.Report, error)
	UnendedReports(ctx context.Context) ([]harrier.Report, error)
	DefinitionStore
	ProfileStore
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Repository(ctx context.Context, id harrier.ID) (harrier.Repository, error)
	Site(ctx context.Context, id harrier.ID) (harrier.Site, error)
	Policy(ctx context.Context, id harrier.ID) (harrier.Policy, error)
	Asset(ctx context.Context, id harrier.ID) (harrier.Asset, error)
	User(ctx context.Context, id harrier.ID) (harrier.User, error)
	ServicesOf(ctx context.Context, asset harrier.ID) ([]harrier.Service, error)
}

// Scans is the room of scans.
type Scans interface {
	Scan(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Scan, error)
	Results(ctx context.Context, by harrier.Actor, id harrier.ID) iter.Seq2[scan.HostResult, error]
	Dead(ctx context.Context, by harrier.Actor, id harrier.ID) ([]harrier.Span, error)
	Of(ctx context.Context, by harrier.Actor, site harrier.ID) ([]harrier.Scan, error)
	Latest(ctx context.Context, by harrier.Actor) (map[harrier.ID]harrier.Scan, error)
	Covering(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Scan, func(ctx context.Context, asset harrier.ID) (*harrier.Coverage, error), error)
}

// Vulns is the room of vulnerabilities.
type Vulns interface {
	Vulnerability(ctx context.Context, id harrier.VulnID) (harrier.Vulnerability, error)
	Families(ctx context.Context) []harrier.Family
}

// Config is what a Room needs. Store, Scans, Vulns, Formats and Dir must be
// given.
type Config struct {
	Store   Store
	Scans   Scans
	Vulns   Vulns
	Formats []format.Format
	Dir     string // where files are kept; made when missing
	Version string // of Harrier
	Now     func() time.Time
	Log     *slog.Logger

	// Findings is the room of findings; nil: reports are about single scans only.
	Findings Findings
	// Actor is the user with that id as who asks; nil: the console itself in their
	// name, who may see everything.
	Actor func(ctx context.Context, user harrier.ID) (harrier.Actor, error)
	// Next is calendar.Next; nil: no schedules.
	Next func(s harrier.Schedule, after time.Time) (time.Time, error)
	Mail Mailer // nil: no report is sent

	Workers   int           // reports that are made at a time; 0 means 2
	Keep      time.Duration // how long files are kept, at least an hour; 0 means 24 h
	Patience  time.Duration // how long Open waits; 0 means 60 s
	MaxUpload int64         // bytes of one file; 0 means 512 MiB
}

// Room is the room of files. Its methods may overlap.
type Room struct {
	Config
	queue chan job

	wake chan struct{} // has room for one: a scan has ended

	questions Questions // see Ask
	page      int       // how many findings are read at a time

	launching sync.Mutex // what is due is launched once, by whom it may be

	mu      sync.Mutex
	pending map[harrier.ID]chan struct{} // closed when the report has ended
	going   map[harrier.ID]*making
}

// making is a report while it is made.
type making struct {
	cancel      context.CancelFunc
	steps, done int // under the room's lock
}

// job is a report to be made.
type job struct {
	report harrier.Report
	by     harrier.Actor
}

// maxQueue is how many reports may wait.
const maxQueue = 256

// New returns the room and makes its folder. No report is made before Run runs.
func New(c Config) (*Room, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("report folder: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Workers <= 0 {
		c.Workers = 2
	}
	if c.Keep == 0 {
		c.Keep = 24 * time.Hour
	}
	c.Keep = max(c.Keep, time.Hour)
	if c.Patience == 0 {
		c.Patience = time.Minute
	}
	if c.MaxUpload == 0 {
		c.MaxUpload = 512 << 20
	}
	return &Room{Config: c, page: pageSize, queue: make(chan job, maxQueue), wake: make(chan struct{}, 1), pending: map[harrier.ID]chan struct{}{}, going: map[harrier.ID]*making{}}, nil
}

// Create begins a report of a scan. Options are the format's own; filter says
// which results are in it, by the fields of format.FieldList, nil for all. It
// answers NotFound for a scan that by may not see, Invalid for a format that
// does not exist, and Unavailable when too many reports wait.
func (r *Room) Create(ctx context.Context, by harrier.Actor, scan harrier.ID, formatName string, options map[string]string, filter harrier.Expr) (harrier.Report, error) {
	sc, err := r.Scans.Scan(ctx, by, scan)
	if err != nil {
		return harrier.Report{}, err
	}
	f, ok := r.format(formatName)
	if !ok {
		return harrier.Report{}, harrier.Invalidf("format", "there is no format %q (%s)", formatName, r.names())
	}
	rep := harrier.Report{Scan: scan, Title: sc.Name, Format: f.Name, Options: maps.Clone(options), Scope: harrier.Scope{Filter: harrier.Condition{Expr: filter}}}
	return r.add(ctx, by, rep, f)
}

// add stores a report that is to be made and puts it into the queue.
func (r *Room) add(ctx context.Context, by harrier.Actor, rep harrier.Report, f format.Format) (harrier.Report, error) {
	if err := r.allowed(ctx, by, f.Name); err != nil {
		return harrier.Report{}, err
	}
	now := r.Now().UTC()
	rep.UUID, rep.Token, rep.Owner, rep.Status, rep.Created = harrier.NewUUID(now), token(), by.User, harrier.ReportQueued, now
	rep.Name, rep.Path = fileName(rep.Title, f.Extension), rep.UUID.String()+"."+f.Extension
	if len(r.queue) == cap(r.queue) {
		return harrier.Report{}, harrier.Errorf(harrier.Unavailable, "too many reports are being made")
	}
	if err := r.Store.InsertReport(ctx, &rep); err != nil {
		return harrier.Report{}, err
	}
	r.expect(rep.ID)
	select {
	case r.queue <- job{rep, by}:
	case <-ctx.Done():
		return harrier.Report{}, ctx.Err() // Run makes it at its next start
	}
	return rep, nil
}

func (r *Room) format(name string) (format.Format, bool) {
	for _, f := range r.Formats {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return format.Format{}, false
}

func (r *Room) names() string {
	names := make([]string, len(r.Formats))
	for i, f := range r.Formats {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// Report returns a report. It answers NotFound for one that by may not see.
func (r *Room) Report(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Report, error) {
	rep, err := r.Store.Report(ctx, id)
	if err != nil {
		return harrier.Report{}, err
	}
	if by.LevelOn(rep.Owner, nil) < harrier.MayView {
		d, err := r.Store.ReportDefinition(ctx, rep.Definition)
		if err := ignoreMissing(err); err != nil {
			return harrier.Report{}, err
		}
		if !seesReport(by, rep, d) {
			return harrier.Report{}, harrier.Errorf(harrier.NotFound, "no report %d", id)
		}
	}
	return r.withProgress(rep), nil
}

// seesReport reports whether by may see a report that was made of d: the own
// ones, those of others by right, and those that d shares with by alone.
func seesReport(by harrier.Actor, rep harrier.Report, d harrier.ReportDefinition) bool {
	return by.LevelOn(rep.Owner, nil) >= harrier.MayView || d.ID != 0 && by.LevelOn(d.Owner, toUsers(d)) >= harrier.MayView
}

// Reports lists the reports that by may see, by rising id.
func (r *Room) Reports(ctx context.Context, by harrier.Actor) ([]harrier.Report, error) {
	all, err := r.Store.Reports(ctx)
	if err != nil {
		return nil, err
	}
	definitions, err := r.Store.ReportDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	of := map[harrier.ID]harrier.ReportDefinition{}
	for _, d := range definitions {
		of[d.ID] = d
	}
	var out []harrier.Report
	for _, rep := range all {
		if seesReport(by, rep, of[rep.Definition]) {
			out = append(out, r.withProgress(rep))
		}
	}
	return out, nil
}

func (r *Room) withProgress(rep harrier.Report) harrier.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.going[rep.ID]; m != nil {
		rep.Steps, rep.Done = m.steps, min(m.done, m.steps)
	}
	return rep
}

// ByToken returns the report of a token: whoever has the token may fetch it. It
// answers NotFound.
func (r *Room) ByToken(ctx context.Context, token string) (harrier.Report, error) {
	return r.Store.ReportByToken(ctx, token)
}

// token returns 64 hex digits that can not be guessed.
func token() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return hex.EncodeToString(b[:])
}

// fileName is how a download of a scan is called: its name without what some
// file system or header minds, and six random characters.
func fileName(name, extension string) string {
	name = strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' {
			return c
		}
		return '_'
	}, name)
	name = strings.TrimLeft(name, ".")
	if len(name) > 100 {
		name = name[:100]
	}
	return name + "_" + token()[:6] + "." + extension
}

// expect notes that a report is in the making.
func (r *Room) expect(id harrier.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending[id] == nil {
		r.pending[id] = make(chan struct{})
	}
}

// over tells those who wait for a report that it has ended.
func (r *Room) over(id harrier.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.pending[id]; c != nil {
		close(c)
		delete(r.pending, id)
	}
}
