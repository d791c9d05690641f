// Package survey is the room of attack surfaces: sites whose scans begin with a
// survey, their seeds and iterations, what was found, and what is wrong with it.
package survey

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/scan"
)

// Store holds what surveys found, and the room's few notes.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	SiteByUUID(ctx context.Context, uuid harrier.UUID) (harrier.Site, error)
	Site(ctx context.Context, id harrier.ID) (harrier.Site, error)
	SurfaceNodes(ctx context.Context, site harrier.ID) ([]harrier.SurfaceNode, error)
	SurfaceLinks(ctx context.Context, site harrier.ID) ([]harrier.SurfaceLink, error)
	SurfaceNode(ctx context.Context, uuid harrier.UUID) (harrier.SurfaceNode, error)
	Screenshots(ctx context.Context, site harrier.ID) ([]harrier.ID, error)
	Screenshot(ctx context.Context, node harrier.ID) ([]byte, error)
	Batches(ctx context.Context, scan harrier.ID) ([]harrier.Batch, error)
	Value(ctx context.Context, key string) (string, bool, error)
	SetValue(ctx context.Context, key, value string) error
}

// Sites is the room of sites.
type Sites interface {
	Create(ctx context.Context, by harrier.Actor, s *harrier.Site) error
	Update(ctx context.Context, by harrier.Actor, s *harrier.Site) error
	Sites(ctx context.Context, by harrier.Actor) ([]harrier.Site, error)
}

// Scans is the room of scans.
type Scans interface {
	Launch(ctx context.Context, by harrier.Actor, site harrier.ID, l scan.Launch) (harrier.Scan, error)
	LaunchWithin(ctx context.Context, by harrier.Actor, site harrier.ID, l scan.Launch) (sc harrier.Scan, told func(), err error)
	CommandWithin(ctx context.Context, by harrier.Actor, scan harrier.ID, c harrier.Command) (told func(ctx context.Context), err error)
	Of(ctx context.Context, by harrier.Actor, site harrier.ID) ([]harrier.Scan, error)
}

// Findings is the room of findings.
type Findings interface {
	Judged(ctx context.Context, by harrier.Actor, e harrier.Expr, p finding.Page) ([]harrier.JudgedFinding, int, error)
}

// Assets is the room of assets.
type Assets interface {
	Assets(ctx context.Context, by harrier.Actor, e harrier.Expr, p asset.Page) ([]harrier.Asset, int, error)
}

// Repositories are what scan groups are.
type Repositories interface {
	All(ctx context.Context, by harrier.Actor) ([]harrier.Repository, error)
	Create(ctx context.Context, by harrier.Actor, v *harrier.Repository) error
	Assign(ctx context.Context, by harrier.Actor, id harrier.ID, organizations []harrier.ID) error
	Update(ctx context.Context, by harrier.Actor, v *harrier.Repository) error
	Users(ctx context.Context, by harrier.Actor, id harrier.ID) ([]harrier.Organization, error)
}

// Tickets is the room of tickets.
type Tickets interface {
	Tickets(ctx context.Context, by harrier.Actor) ([]harrier.Ticket, error)
}

// Catalog knows vulnerabilities.
type Catalog interface {
	Lookup(id harrier.VulnID) (harrier.Vulnerability, bool)
}

// Config is what a Room needs. All of it must be given, but Guard, Allowed and Rules.
type Config struct {
	Store        Store
	Sites        Sites
	Scans        Scans
	Findings     Findings
	Assets       Assets
	Repositories Repositories
	Tickets      Tickets
	Vulns        Catalog
	Installation harrier.UUID
	Now          func() time.Time

	Guard   func(ctx context.Context) (harrier.Guard, error) // nil: nothing is forbidden
	Allowed []netip.Prefix                                   // reserved nets that may be seeds all the same
	Rules   map[harrier.VulnID]Rule                          // the names of the risks that are rules of surveys
}

// Rule is how a risk is called.
type Rule struct{ URN, Category string }

// Room holds the rules about surveys. Calls may overlap.
type Room struct {
	Config

	mu    sync.Mutex
	views map[harrier.ID]*kept
	order []harrier.ID // of views, the one used last at the end
}

// New returns the room.
func New(c Config) *Room { return &Room{Config: c, views: map[harrier.ID]*kept{}} }

// Reasons for which a request is refused, to be found by errors.Is.
var (
	ErrSeed       = errors.New("invalid_seed")
	ErrSeedExists = errors.New("seed_exists")
	ErrSeedLimit  = errors.New("seed_limit_reached")
	ErrTags       = errors.New("invalid_tags")
	ErrReserved   = errors.New("reserved_range")
	ErrNoSeeds    = errors.New("no_seeds")
	ErrRunning    = errors.New("iteration_in_progress")
	ErrDisabled   = errors.New("scan_disabled")
	ErrType       = errors.New("invalid_type")
	ErrSchedule   = errors.New("invalid_schedule")
	ErrGroup      = errors.New("invalid_scan_group")
	ErrMark       = errors.New("invalid_mark")
	ErrIteration  = errors.New("invalid_iteration")
)

func refuse(why error, format string, args ...any) error {
	return harrier.Errorf(harrier.Invalid, format, args...).Because(why)
}

func missing(what string, id fmt.Stringer) error {
	return harrier.Errorf(harrier.NotFound, "no %s %s", what, id)
}

// Site returns a site that has a survey. It answers NotFound for one that by may
// not see, that has none, or that is in the trash.
func (r *Room) Site(ctx context.Context, by harrier.Actor, id harrier.UUID) (harrier.Site, error) {
	s, err := r.Store.SiteByUUID(ctx, id)
	if harrier.KindOf(err) == harrier.NotFound && err != nil || err == nil && (!visible(by, s) || s.Folder == harrier.Trash) {
		return harrier.Site{}, missing("scan", id)
	}
	return s, err
}

func visible(by harrier.Actor, s harrier.Site) bool {
	return s.Options.Survey != nil && by.LevelOnSite(s) >= harrier.MayView && by.SeesRepository(s.Repository)
}

// Sites lists the sites with surveys that by may see, by rising ID; those in the
// trash too.
func (r *Room) Sites(ctx context.Context, by harrier.Actor) ([]harrier.Site, error) {
	all, err := r.Config.Sites.Sites(ctx, by)
	return slices.DeleteFunc(all, func(s harrier.Site) bool { return !visible(by, s) }), err
}

// Create stores a site with a survey: not enabled, without seeds. It answers
// Forbidden, and Invalid for what is wrong with it.
func (r *Room) Create(ctx context.Context, by harrier.Actor, s *harrier.Site, every string) error {
	if !by.May(harrier.EditSites) {
		return harrier.Errorf(harrier.Forbidden, "you may not create scans")
	}
	switch s.Options.Survey.Kind {
	case harrier.SurveyOnce, harrier.SurveyOwn, harrier.SurveyVendor:
	default:
		return refuse(ErrType, "%q is no type of scan", s.Options.Survey.Kind)
	}
	if err := r.groupOpen(ctx, by, s.Repository); err != nil {
		return err
	}
	s.Options.Survey.Enabled, s.Options.Survey.Seeds = false, nil
	if err := r.plan(s, every); err != nil {
		return err
	}
	return r.Config.Sites.Create(ctx, by, s)
}

// groupOpen answers Invalid for a scan group that by may not put scans into.
func (r *Room) groupOpen(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	groups, err := r.Groups(ctx, by)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(groups, func(g Group) bool { return g.ID == id && !g.Deleted }) {
		return harrier.Errorf(harrier.NotFound, "no such scan group")
	}
	return nil
}

// rules are the recurrences of schedules.
var rules = map[string]string{
	"daily": "FREQ=DAILY;INTERVAL=1", "weekly": "FREQ=WEEKLY;INTERVAL=1", "monthly": "FREQ=MONTHLY;INTERVAL=1",
	"quarterly": "FREQ=MONTHLY;INTERVAL=3", "yearly": "FREQ=YEARLY;INTERVAL=1",
}

// Every is how often a site is surveyed by itself: "weekly"; "" for one that is
// not.
func Every(s harrier.Site) string {
	if s.Options.Survey.Kind == harrier.SurveyOnce {
		return ""
	}
	for name, rule := range rules {
		if s.Schedule.Rule == rule {
			return name
		}
	}
	return ""
}

// plan sets the schedule of a site: how often, or as before for "". It runs
// while the survey is enabled.
func (r *Room) plan(s *harrier.Site, every string) error {
	if s.Options.Survey.Kind == harrier.SurveyOnce {
		if every != "" {
			return refuse(ErrSchedule, "a scan of the type adhoc has no schedule")
		}
		s.Schedule = harrier.Schedule{}
		return nil
	}
	rule := rules[every]
	switch {
	case every == "" && s.Schedule.Rule == "":
		rule = rules["weekly"]
	case every == "":
		rule = s.Schedule.Rule
	case rule == "":
		return refuse(ErrSchedule, "%q is none of daily, weekly, monthly, quarterly, yearly", every)
	}
	on := s.Options.Survey.Enabled
	if s.Schedule.Rule != rule || s.Schedule.Enabled != on {
		s.Schedule = harrier.Schedule{Enabled: on, Start: r.Now().UTC().Format("20060102T150405"), Rule: rule}
	}
	return nil
}

// Change says what of a site is to be changed; nil leaves it.
type Change struct {
	Name        *string
	Group       *harrier.ID // a repository
	Enabled     *bool
	IgnoreAddrs *bool
	Every       *string
	Backports   *map[string]bool
}

// Update changes a site. To enable it begins an iteration, both or none, and to
// disable it stops what goes on. It answers NotFound, Forbidden, and Invalid: because of
// ErrNoSeeds where there is nothing to begin with.
func (r *Room) Update(ctx context.Context, by harrier.Actor, id harrier.UUID, c Change) (harrier.Site, error) {
	var begun func()
	var stopped []func(context.Context)
	var s harrier.Site
	err := r.Store.InTx(ctx, func(ctx context.Context) (err error) {
		begun, stopped = func() {}, nil
		begins := false
		s, err = r.change(ctx, by, id, func(ctx context.Context, s *harrier.Site) error {
			was := s.Options.Survey.Enabled
			if err := r.apply(ctx, by, s, c); err != nil {
				return err
			}
			begins = !was && s.Options.Survey.Enabled
			return nil
		})
		if err == nil && c.Enabled != nil && !*c.Enabled { // also what was left over
			stopped, err = r.stop(ctx, by, s)
		}
		if err != nil || !begins {
			return err
		}
		if _, begun, err = r.Scans.LaunchWithin(ctx, by, s.ID, scan.Launch{Queue: true}); err != nil {
			return err
		}
		s, err = r.Site(ctx, by, id)
		return err
	})
	if err != nil {
		return s, err
	}
	begun()
	tell(ctx, stopped)
	return s, nil
}

func tell(ctx context.Context, list []func(context.Context)) {
	for _, told := range list {
		told(ctx)
	}
}

// apply makes a change of a site.
func (r *Room) apply(ctx context.Context, by harrier.Actor, s *harrier.Site, c Change) error {
	v := s.Options.Survey
	if c.Name != nil {
		s.Name = *c.Name
	}
	if c.Group != nil && *c.Group != s.Repository {
		if err := r.groupOpen(ctx, by, *c.Group); err != nil {
			return err
		}
		s.Repository = *c.Group
	}
	if c.IgnoreAddrs != nil {
		v.IgnoreAddrs = *c.IgnoreAddrs
	}
	if c.Backports != nil {
		v.Backports = *c.Backports
	}
	if c.Enabled != nil {
		switch was := v.Enabled; {
		case !*c.Enabled || was:
		case len(v.Seeds) == 0:
			return refuse(ErrNoSeeds, "there are no seeds to begin with")
		case !by.May(harrier.RunScans):
			return harrier.Errorf(harrier.Forbidden, "you may not run scans")
		}
		v.Enabled = *c.Enabled
	}
	every := ""
	if c.Every != nil {
		every = *c.Every
	}
	return r.plan(s, every)
}

// stop ends what goes on of a site, in a transaction of the caller: see
// scan.Room.CommandWithin.
func (r *Room) stop(ctx context.Context, by harrier.Actor, s harrier.Site) (stopped []func(context.Context), err error) {
	list, err := r.Scans.Of(ctx, by, s.ID)
	if err != nil {
		return nil, err
	}
	for _, sc := range list {
		if sc.Status.Ended() || sc.Status == harrier.ScanStopping {
			continue
		}
		told, err := r.Scans.CommandWithin(ctx, by, sc.ID, harrier.Stop)
		if harrier.KindOf(err) == harrier.Conflict && err != nil { // it ends by itself
			continue
		}
		if err != nil {
			return nil, err
		}
		stopped = append(stopped, told)
	}
	return stopped, nil
}

// Rescan begins another iteration. It answers NotFound, Forbidden, and Invalid
// because of ErrDisabled or ErrRunning.
func (r *Room) Rescan(ctx context.Context, by harrier.Actor, id harrier.UUID) (harrier.Scan, error) {
	s, err := r.Site(ctx, by, id)
	switch {
	case err != nil:
		return harrier.Scan{}, err
	case by.LevelOnSite(s) < harrier.MayControl || !by.May(harrier.RunScans):
		return harrier.Scan{}, harrier.Errorf(harrier.Forbidden, "you may not run scan %s", id)
	case !s.Options.Survey.Enabled:
		return harrier.Scan{}, refuse(ErrDisabled, "scan %s is not enabled", id)
	case len(s.Options.Survey.Seeds) == 0:
		return harrier.Scan{}, refuse(ErrNoSeeds, "there are no seeds to begin with")
	}
	sc, err := r.Scans.Launch(ctx, by, s.ID, scan.Launch{})
	if harrier.KindOf(err) == harrier.Conflict && err != nil {
		err = refuse(ErrRunning, "an iteration of scan %s goes on", id)
	}
	return sc, err
}

// Delete puts a site into the trash, not enabled, and stops what goes on: both or
// neither. It answers NotFound, and Forbidden to those who do not own it.
func (r *Room) Delete(ctx context.Context, by harrier.Actor, id harrier.UUID) error {
	var stopped []func(context.Context)
	err := r.Store.InTx(ctx, func(ctx context.Context) (err error) {
		stopped, err = r.remove(ctx, by, id)
		return err
	})
	if err == nil {
		tell(ctx, stopped)
	}
	return err
}

// remove is Delete in a transaction of the caller.
func (r *Room) remove(ctx context.Context, by harrier.Actor, id harrier.UUID) ([]func(context.Context), error) {
	s, err := r.change(ctx, by, id, func(_ context.Context, s *harrier.Site) error {
		if by.LevelOnSite(*s) < harrier.Owns {
			return harrier.Errorf(harrier.Forbidden, "you may not delete scan %s", id)
		}
		s.Folder, s.Options.Survey.Enabled = harrier.Trash, false
		return r.plan(s, "")
	})
	if err != nil {
		return nil, err
	}
	return r.stop(ctx, by, s)
}

// change alters a site in one transaction.
func (r *Room) change(ctx context.Context, by harrier.Actor, id harrier.UUID, alter func(context.Context, *harrier.Site) error) (s harrier.Site, err error) {
	err = r.Store.InTx(ctx, func(ctx context.Context) error {
		if s, err = r.Site(ctx, by, id); err != nil {
			return err
		}
		if by.LevelOnSite(s) < harrier.MayConfigure || !by.May(harrier.EditSites) {
			return harrier.Errorf(harrier.Forbidden, "you may not change scan %s", id)
		}
		if err := alter(ctx, &s); err != nil {
			return err
		}
		return r.Config.Sites.Update(ctx, by, &s)
	})
	return s, err
}
