package alert

import (
	"context"
	"crypto/x509"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/alert/smtptest"
	"github.com/harrier-scan/harrier/internal/calendar"
	"github.com/harrier-scan/harrier/internal/secret"
	"github.com/harrier-scan/harrier/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a room over a real database, with a clock of its own.
type lab struct {
	*Room
	db    *store.DB
	at    time.Time
	asked int // how many rows queries find
}

func newLab(t *testing.T, roots *x509.CertPool) *lab {
	t.Helper()
	db, err := store.Open(t.Context(), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	box, err := secret.New(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{db: db, at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	l.Room = New(Config{
		Store: db, People: l, Scans: l, Findings: l, Vulns: l, Secrets: box, Dir: t.TempDir(), Next: calendar.Next, Roots: roots,
		Now: func() time.Time { return l.at }, Host: "console.example.com", Version: "0",
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	l.AskWith(func(_ context.Context, _ harrier.Actor, _ harrier.SavedQuery, tool string, limit int) (Answer, error) {
		out := Answer{Count: l.asked}
		for range min(limit, l.asked) {
			out.Lines = append(out.Lines, "a row of "+tool)
		}
		return out, nil
	})
	return l
}

// users of the lab: 1 operates the console, 2 is an administrator, 3 and 4 are
// analysts, 5 is disabled, 6 is an analyst whose scope has none of the hosts.
var labUsers = map[harrier.ID]harrier.Role{1: harrier.Operator, 2: harrier.Administrator, 3: harrier.Analyst, 4: harrier.Analyst, 6: harrier.Analyst}

func actorOf(id harrier.ID) harrier.Actor {
	role := labUsers[id]
	by := harrier.Actor{User: id, Name: string(role), Role: role, Permissions: role.Permissions()}
	if id == 6 {
		by.Organization, by.Place = harrier.FirstOrganization, &harrier.Standing{Repositories: []harrier.ID{1}, Narrow: true}
	}
	return by
}

func (*lab) ActorOf(_ context.Context, id harrier.ID, via string) (harrier.Actor, error) {
	if id == 5 {
		return harrier.Actor{}, harrier.Errorf(harrier.Unauthenticated, "disabled")
	}
	if labUsers[id] == "" {
		return harrier.Actor{}, harrier.Errorf(harrier.NotFound, "no user %d", id)
	}
	by := actorOf(id)
	by.Via = via
	return by, nil
}

func (*lab) Addresses(_ context.Context, ids []harrier.ID) ([]string, error) {
	var out []string
	for _, id := range ids {
		out = append(out, "user"+string(rune('0'+id))+"@example.com")
	}
	return out, nil
}

func (l *lab) Scan(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Scan, error) {
	sc, err := l.db.Scan(ctx, id)
	if by.Narrow() {
		sc.HostsTotal, sc.HostsAlive = 0, 0
	}
	return sc, err
}

func (l *lab) Hosts(ctx context.Context, by harrier.Actor, scan harrier.ID) ([]harrier.ScanHost, error) {
	if by.Narrow() {
		return nil, nil
	}
	return l.db.ScanHosts(ctx, scan)
}

func (l *lab) Vulnerabilities(ctx context.Context, by harrier.Actor, scan harrier.ID) ([]harrier.ScanVuln, error) {
	if by.Narrow() {
		return nil, nil
	}
	return l.db.ScanVulns(ctx, scan)
}

func (l *lab) Sums(ctx context.Context, by harrier.Actor, e harrier.Expr, q harrier.SumQuery) (harrier.Sums, error) {
	if !by.May(harrier.ReadAll) && !(by.Narrow() && by.May(harrier.ReadFindings)) {
		return harrier.Sums{}, harrier.Errorf(harrier.Forbidden, "no")
	}
	return l.db.SumFindings(ctx, e, q, l.at)
}

func (l *lab) Query(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.SavedQuery, error) {
	q, err := l.db.SavedQuery(ctx, id)
	if err == nil && by.LevelOn(q.Owner, nil) < harrier.MayView {
		return q, harrier.Errorf(harrier.NotFound, "no query %d", id)
	}
	return q, err
}

func (*lab) Vulnerability(_ context.Context, id harrier.VulnID) (harrier.Vulnerability, error) {
	return harrier.Vulnerability{ID: id, Name: "A <bold> fault"}, nil
}

// useMail sets the mail server up.
func (l *lab) useMail(t *testing.T, s *smtptest.Server, change func(*harrier.MailSettings)) {
	t.Helper()
	m := harrier.MailSettings{Host: "127.0.0.1", Port: s.Port(), From: "harrier@example.com", User: s.User}
	if change != nil {
		change(&m)
	}
	must(t, l.SetMailSettings(t.Context(), actorOf(1), m, &s.Password))
}

// deliver tries what is due, of all channels.
func (l *lab) deliver(t *testing.T) {
	t.Helper()
	for _, c := range []harrier.Channel{harrier.ByMail, harrier.BySyslog, harrier.ByTrap, harrier.ByWebhook, harrier.ByLaunch} {
		must(t, l.deliverDue(t.Context(), c))
	}
}

func (l *lab) outbox(t *testing.T) []harrier.Delivery {
	t.Helper()
	list, err := l.db.Deliveries(t.Context())
	must(t, err)
	return list
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
