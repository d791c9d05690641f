package console

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/alert"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/calendar"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/all"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/fleet"
	"github.com/harrier-scan/harrier/internal/identity"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/policy"
	"github.com/harrier-scan/harrier/internal/report"
	"github.com/harrier-scan/harrier/internal/scan"
	"github.com/harrier-scan/harrier/internal/secret"
	"github.com/harrier-scan/harrier/internal/site"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/surface/judge"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// Version is what an unreleased build calls itself.
const Version = "0.1.0"

// messages is the console's side of the bus.
type messages interface {
	scan.Bus
	finding.Bus
	fleet.Bus
}

// core is the rooms over one store and one bus: what a console and a scan from
// the command line have in common.
type core struct {
	rooms   kit.Rooms
	log     *slog.Logger
	runners []func(context.Context) error

	db        *store.DB
	policies  *policy.Room
	knowledge *knowledge
	news      atomic.Pointer[pack.Manifest] // of the content that was put in force last
	wake      chan struct{}                 // has room for one: other content is in force
}

// coreConfig is what a core is made of.
type coreConfig struct {
	db        *store.DB
	bus       messages
	box       *secret.Box
	guard     harrier.Guard // of the configuration, added to the stored rules
	idle      time.Duration
	data      string // folder; that for reports and uploads is files below it
	mail      harrier.MailSettings
	batchSize int
	fleeting  bool // the database ends with the process
	version   string
	log       *slog.Logger
	now       func() time.Time // nil: time.Now
}

// guarded adds the configuration's guard rules to the stored ones.
type guarded struct {
	*policy.Room
	more harrier.Guard
}

// Guard returns all rules.
func (g guarded) Guard(ctx context.Context) (harrier.Guard, error) {
	rules, err := g.Room.Guard(ctx)
	if err != nil {
		return harrier.Guard{}, err
	}
	rules.Never = append(rules.Never, g.more.Never...)
	rules.Fragile = append(rules.Fragile, g.more.Fragile...)
	return rules, nil
}

// newCore makes the rooms and loads what the checks know.
func newCore(ctx context.Context, c coreConfig) (*core, error) {
	db, now := c.db, c.now
	if now == nil {
		now = time.Now
	}
	k := newKnowledge()
	vulns := vuln.New(db)
	vulns.Know(k)
	definitions, infos := catalogue(all.Checks())
	if err := vulns.Load(ctx, definitions, infos); err != nil {
		return nil, err
	}
	users := identity.New(db, identity.Config{IdleTimeout: c.idle, Now: now, Log: c.log, Fleeting: c.fleeting})
	policies := policy.New(db, vulns, c.box, now)
	surveys := &surfaces{db: db}
	var scans *scan.Room
	var reports *report.Room
	var alerts *alert.Room
	var tags *asset.Tags
	var assets *asset.Room
	var lists *asset.Lists
	tell := func(e harrier.Event) {
		alerts.Tell(e)
		reports.Heard(e)
		tags.Heard(e)
	}
	mail := mailer(func(ctx context.Context, m harrier.Mail) error { return alerts.Send(ctx, m) })
	owner := func(ctx context.Context, id harrier.ID) (harrier.Actor, error) {
		return users.ActorOf(ctx, id, "report")
	}
	findings := finding.New(finding.Config{
		Store: db, Bus: c.bus, Catalog: vulns, Family: vulns.Check, Judge: newJudge(k), Surface: surveys, Version: c.version, Now: now, Log: c.log,
		Search: func(ctx context.Context, e harrier.Expr, p finding.Page) ([]harrier.Finding, int, error) {
			return db.SearchFindings(ctx, e, store.Page(p))
		},
		SearchJudged: func(ctx context.Context, e harrier.Expr, p finding.Page, at time.Time) ([]harrier.JudgedFinding, int, error) {
			return db.JudgedFindings(ctx, e, store.Page(p), at)
		},
		Sum: db.SumFindings, ChangesOf: db.ChangesOf, Saved: db,
		Folded: func(id harrier.ID) { scans.Folded(id) }, Heard: func(id harrier.ID) { scans.Heard(id) },
	})
	scans = scan.New(scan.Config{
		Store: db, Bus: c.bus, Policies: guarded{policies, c.guard}, Findings: findings, Next: calendar.Next, Family: vulns.Check,
		Mail: mail, Reports: reporter(func() (*report.Room, func(context.Context, harrier.ID) (harrier.Actor, error)) { return reports, owner }),
		Tell: tell, InScope: inScope(db), Actor: owner, Surveys: surveys, Members: membersOf(&assets, &lists), Defined: definedBy(&assets, &lists), Now: now, Log: c.log, BatchSize: c.batchSize,
	})
	engines := fleet.New(fleet.Config{Store: db, Bus: c.bus, Tell: tell, Now: now, Log: c.log})
	searchAssets := func(ctx context.Context, e harrier.Expr, p asset.Page) ([]harrier.Asset, int, error) {
		return db.SearchAssets(ctx, e, store.Page{Sort: p.Sort, Desc: p.Desc, Limit: p.Limit, Offset: p.Offset})
	}
	assets, lists = asset.New(db, searchAssets, findings), asset.NewLists(db, now)
	sites := site.New(db, policies, now)
	tags = asset.NewTags(db, searchAssets, lists, sites, now, c.log)
	var err error
	reports, err = report.New(report.Config{
		Store: db, Scans: scans, Vulns: vulns, Findings: findings, Formats: Formats(), Dir: filepath.Join(c.data, "files"), Version: c.version, Next: calendar.Next, Now: now, Log: c.log,
		Actor: owner, Mail: mail,
	})
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname() // "" will do
	alerts = alert.New(alert.Config{
		Store: db, People: users, Scans: scans, Findings: findings, Vulns: vulns, Secrets: c.box, Dir: c.data, Mail: c.mail, Next: calendar.Next,
		LaunchScan: func(ctx context.Context, by harrier.Actor, site harrier.ID) error {
			_, err := scans.Launch(ctx, by, site, scan.Launch{})
			return err
		},
		LaunchReport: func(ctx context.Context, by harrier.Actor, definition harrier.ID) error {
			_, err := reports.Launch(ctx, by, definition, 0)
			return err
		},
		Host: host, Version: c.version, Now: now, Log: c.log,
	})
	id, err := installation(ctx, db, now())
	if err != nil {
		return nil, err
	}
	made := &core{
		rooms: kit.Rooms{
			Identity: users, Sites: sites, Policies: policies, Scans: scans, Findings: findings, Assets: assets,
			AssetLists: lists, Tags: tags, Repositories: asset.NewRepositories(db, now), Connections: asset.NewConnections(db, c.box, now),
			Vulns: vulns, Fleet: engines, Reports: reports, Alerts: alerts, Together: db.InTx, Version: c.version, Started: now(), ServerUUID: id, Now: now, Log: c.log,
		},
		log:     c.log,
		runners: []func(context.Context) error{users.Run, findings.Run, scans.Run, engines.Run, reports.Run, alerts.Run, tags.Run},
		db:      db, policies: policies, knowledge: k, wake: make(chan struct{}, 1),
	}
	made.rooms.Surveys = surveyRoom(db, made.rooms, guarded{policies, c.guard}.Guard)
	reports.Ask(securitycenter.Questions(made.rooms))
	made.runners = append(made.runners, made.keepMatched)
	return made, nil
}

// logins is what the scan of a job signs in with. That of a policy that is gone
// is nothing.
func (c *core) logins(ctx context.Context, job harrier.Job) ([]harrier.Login, error) {
	sc, err := c.db.Scan(ctx, job.Scan)
	if err != nil {
		return nil, err
	}
	from := sc.Terms.Credentials
	if len(from) == 0 {
		from = []harrier.ID{sc.PolicyID}
	}
	var out []harrier.Login
	for _, policy := range from {
		list, err := c.policies.Logins(ctx, policy)
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// run runs the rooms until ctx ends or one of them fails.
func (c *core) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, r := range c.runners {
		g.Go(func() error { return r(ctx) })
	}
	return g.Wait()
}

// catalogue is everything that can be found: by active checks, by matching and as
// a statement of fact.
func catalogue(checks []check.Check) ([]harrier.Vulnerability, []harrier.CheckInfo) {
	definitions, infos := match.Vulnerabilities(), match.Checks()
	families, standing := vuln.FamilyChecks()
	definitions, infos = append(definitions, families...), append(infos, standing...)
	definitions = append(definitions, judge.Vulnerabilities()...)
	for _, c := range checks {
		definitions = append(definitions, c.Vulnerability)
		infos = append(infos, c.CheckInfo)
	}
	return definitions, infos
}

// installation returns the UUID of this installation, made at its first start.
func installation(ctx context.Context, db *store.DB, now time.Time) (harrier.UUID, error) {
	const key = "installation"
	text, known, err := db.Value(ctx, key)
	if err != nil {
		return harrier.UUID{}, err
	}
	if known {
		return harrier.ParseUUID(text)
	}
	id := harrier.NewUUID(now)
	return id, db.SetValue(ctx, key, id.String())
}
