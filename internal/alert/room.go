// Package alert is the room that tells people: it keeps an outbox of messages
// and delivers them in the background, keeps the rules that say who is told of
// what, tickets, notifications and dashboards.
//
// Whoever sends only writes to the outbox, in the transaction of what it tells
// of, and never waits for a mail server. A message is tried until it is
// delivered or its time is over. After a crash it may arrive twice, then with
// the same name (Message-ID), so that its recipient can tell.
//
// What happens to scans is read from their stored states, not heard: an event
// and the messages about it are one transaction, so that each event is told
// once, whenever the console ends.
package alert

import (
	"context"
	"crypto/x509"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/secret"
)

// Store is what the room keeps in the database. The methods are those of the
// store package.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Value(ctx context.Context, key string) (string, bool, error)
	SetValue(ctx context.Context, key, value string) error
	Site(ctx context.Context, id harrier.ID) (harrier.Site, error)

	OutboxStore
	Alerts
	TicketStore
	DashboardStore
}

// OutboxStore is the part of Store that holds messages.
type OutboxStore interface {
	InsertDelivery(ctx context.Context, d *harrier.Delivery) error
	UpdateDelivery(ctx context.Context, d *harrier.Delivery) error
	Delivery(ctx context.Context, id harrier.ID) (harrier.Delivery, error)
	Deliveries(ctx context.Context) ([]harrier.Delivery, error)
	DueDeliveries(ctx context.Context, c harrier.Channel, now time.Time, limit int) ([]harrier.Delivery, error)
	ForgetDeliveries(ctx context.Context, t time.Time) error
}

// Alerts is the part of Store that holds alerts and what they were told.
type Alerts interface {
	InsertAlert(ctx context.Context, a *harrier.Alert) error
	UpdateAlert(ctx context.Context, a *harrier.Alert) error
	DeleteAlert(ctx context.Context, id harrier.ID) error
	Alert(ctx context.Context, id harrier.ID) (harrier.Alert, error)
	Alerts(ctx context.Context) ([]harrier.Alert, error)
	DueAlerts(ctx context.Context, now time.Time) ([]harrier.Alert, error)
	ScansToTell(ctx context.Context, t time.Time) ([]harrier.Scan, error)
	Told(ctx context.Context, scan harrier.ID) (harrier.ScanStatus, error)
	PutTold(ctx context.Context, scan harrier.ID, s harrier.ScanStatus) error
	ForgetTold(ctx context.Context) error
	// CountAlert counts one more time that an alert acts on a scan, and says which
	// it is, from 1.
	CountAlert(ctx context.Context, alert, scan harrier.ID) (int, error)
}

// TicketStore is the part of Store that holds tickets and notifications.
type TicketStore interface {
	InsertTicket(ctx context.Context, t *harrier.Ticket) error
	UpdateTicket(ctx context.Context, t *harrier.Ticket) error
	DeleteTicket(ctx context.Context, id harrier.ID) error
	Ticket(ctx context.Context, id harrier.ID) (harrier.Ticket, error)
	Tickets(ctx context.Context) ([]harrier.Ticket, error)
	InsertNotification(ctx context.Context, n *harrier.Notification) error
	Notifications(ctx context.Context, user harrier.ID, t time.Time) ([]harrier.Notification, error)
	ForgetNotifications(ctx context.Context, t time.Time) error
}

// DashboardStore is the part of Store that holds dashboards.
type DashboardStore interface {
	InsertDashboard(ctx context.Context, d *harrier.Dashboard) error
	UpdateDashboard(ctx context.Context, d *harrier.Dashboard) error
	DeleteDashboard(ctx context.Context, id harrier.ID) error
	Dashboard(ctx context.Context, id harrier.ID) (harrier.Dashboard, error)
	Dashboards(ctx context.Context) ([]harrier.Dashboard, error)
}

// People is the room of users.
type People interface {
	// ActorOf returns the user as somebody who acts; NotFound for one that is
	// gone, and Unauthenticated for one that is disabled.
	ActorOf(ctx context.Context, id harrier.ID, via string) (harrier.Actor, error)
	// Addresses returns the mail addresses of those users that have one.
	Addresses(ctx context.Context, ids []harrier.ID) ([]string, error)
}

// Scans is the room of scans.
type Scans interface {
	Scan(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Scan, error)
	Hosts(ctx context.Context, by harrier.Actor, scan harrier.ID) ([]harrier.ScanHost, error)
	Vulnerabilities(ctx context.Context, by harrier.Actor, scan harrier.ID) ([]harrier.ScanVuln, error)
}

// Findings is the room of findings.
type Findings interface {
	Sums(ctx context.Context, by harrier.Actor, e harrier.Expr, q harrier.SumQuery) (harrier.Sums, error)
	Query(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.SavedQuery, error)
}

// Names tells what vulnerabilities are called.
type Names interface {
	Vulnerability(ctx context.Context, id harrier.VulnID) (harrier.Vulnerability, error)
}

// Answer is what a saved query comes to.
type Answer struct {
	Count int      // rows in all
	Lines []string // the first ones, for people
}

// Ask answers a saved query with a tool, as by sees it, with limit lines at
// most. Whoever writes queries can read them: a dialect.
type Ask func(ctx context.Context, by harrier.Actor, q harrier.SavedQuery, tool string, limit int) (Answer, error)

// Launch begins what an action asks for, a report of a definition or a scan of
// a site. It must do so in the transaction of ctx.
type Launch func(ctx context.Context, by harrier.Actor, id harrier.ID) error

// Config is what a Room needs. Store, People, Scans, Findings, Vulns, Secrets
// and Dir must be given.
type Config struct {
	Store    Store
	People   People
	Scans    Scans
	Findings Findings
	Vulns    Names
	Secrets  *secret.Box
	Dir      string // the folder that attachments lie below

	Mail         harrier.MailSettings // of the configuration: with a Host they stand, and the stored ones do not count
	Next         func(s harrier.Schedule, after time.Time) (time.Time, error)
	LaunchScan   Launch         // nil: such actions are given up
	LaunchReport Launch         // likewise
	Roots        *x509.CertPool // whose certificates mail servers and webhooks have; nil: the system's
	Version      string         // of Harrier
	Host         string         // the name that the console goes by; "" is localhost
	Now          func() time.Time
	Log          *slog.Logger
}

// Room is the room that tells people. Its methods may overlap.
type Room struct {
	Config
	ask    atomic.Pointer[Ask]
	wake   chan struct{}      // has room for one: look at scans
	events chan harrier.Event // that are not in the store
}

// New returns the room. Nothing is sent before Run runs.
func New(c Config) *Room {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Host == "" {
		c.Host = "localhost"
	}
	return &Room{Config: c, wake: make(chan struct{}, 1), events: make(chan harrier.Event, 64)}
}

// AskWith gives the room what answers saved queries.
func (r *Room) AskWith(ask Ask) { r.ask.Store(&ask) }

// Tell hears that something happened. It never blocks.
func (r *Room) Tell(e harrier.Event) {
	if e.Kind == harrier.EngineLost {
		select {
		case r.events <- e:
		default:
			r.Log.Warn("too much happens to tell of it all", "event", e.Kind, "detail", e.Detail)
		}
	}
	nudge(r.wake)
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// How the room takes its time.
const (
	lookEvery   = 5 * time.Second // at the states of scans, when nothing wakes it
	sendEvery   = time.Second     // at the outbox
	forgetEvery = time.Hour
	keepEnded   = 7 * 24 * time.Hour // messages that were delivered or given up
	keepNotes   = 60 * 24 * time.Hour
)

// Run tells and delivers until ctx ends. Failures of the store are logged and
// tried again.
func (r *Room) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		r.often(ctx, "what happened", lookEvery, r.wake, r.look)
		return nil
	})
	for _, c := range []harrier.Channel{harrier.ByMail, harrier.BySyslog, harrier.ByTrap, harrier.ByWebhook, harrier.ByLaunch} {
		g.Go(func() error {
			r.often(ctx, "outbox", sendEvery, nil, func(ctx context.Context) error { return r.deliverDue(ctx, c) })
			return nil
		})
	}
	g.Go(func() error {
		r.often(ctx, "old messages", forgetEvery, nil, r.forget)
		return nil
	})
	return g.Wait()
}

// often does something now and then until ctx ends.
func (r *Room) often(ctx context.Context, what string, every time.Duration, wake chan struct{}, do func(context.Context) error) {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-wake:
		}
		if err := do(ctx); err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "not done yet", "what", what, "err", err)
		}
		t.Reset(every)
	}
}

// forget removes what is of no use any more.
func (r *Room) forget(ctx context.Context) error {
	if err := r.Store.ForgetDeliveries(ctx, r.now().Add(-keepEnded)); err != nil {
		return err
	}
	if err := r.Store.ForgetNotifications(ctx, r.now().Add(-keepNotes)); err != nil {
		return err
	}
	return r.Store.ForgetTold(ctx)
}

// now is the instant in the precision that the store keeps.
func (r *Room) now() time.Time { return r.Now().UTC().Truncate(time.Microsecond) }

// is reports whether err is of a kind; nil is of none.
func is(err error, k harrier.Kind) bool { return err != nil && harrier.KindOf(err) == k }
