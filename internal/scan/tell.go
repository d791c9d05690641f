package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// tellAgainAfter is when the telling of a scan is tried again after a failure.
const tellAgainAfter = time.Minute

// tellAll writes to the people that scans say, and has reports made, once for
// each launch and each end. What a crash cut short is done after it.
func (r *Room) tellAll(ctx context.Context) error {
	list, err := r.Store.UntoldScans(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, sc := range list {
		if r.Now().Before(r.tellAgain[sc.ID]) {
			continue
		}
		if err := r.tell(ctx, sc); err != nil {
			r.tellAgain[sc.ID] = r.Now().Add(tellAgainAfter)
			errs = append(errs, fmt.Errorf("tell of scan %d: %w", sc.ID, err))
			continue
		}
		delete(r.tellAgain, sc.ID)
	}
	return errors.Join(errs...)
}

func (r *Room) tell(ctx context.Context, sc harrier.Scan) error {
	told := harrier.ToldLaunch
	if sc.Status.Ended() {
		told = harrier.ToldEnd
		if sc.Useful() {
			r.makeReports(ctx, sc)
		}
	}
	seen, err := r.asOwner(ctx, sc)
	if err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if sc.Told < harrier.ToldLaunch && sc.Terms.MailLaunch {
			if err := r.mail(ctx, launchMail(sc), sc, ""); err != nil {
				return err
			}
		}
		if told == harrier.ToldEnd && sc.Terms.MailEnd { // alerts write to the addresses of the site
			if err := r.mail(ctx, endMail(seen), sc, ""); err != nil {
				return err
			}
		}
		if told == harrier.ToldEnd {
			if err := r.mailSurvey(ctx, sc); err != nil {
				return err
			}
		}
		return r.Store.SetTold(ctx, sc.ID, told)
	})
}

// asOwner is a scan with the sums that its owner sees; whole when they are gone.
func (r *Room) asOwner(ctx context.Context, sc harrier.Scan) (harrier.Scan, error) {
	if r.Actor == nil || sc.Owner == 0 {
		return sc, nil
	}
	by, err := r.Actor(ctx, sc.Owner)
	switch kind := harrier.KindOf(err); {
	case err != nil && (kind == harrier.NotFound || kind == harrier.Unauthenticated):
		return sc, nil
	case err != nil || !by.Narrow():
		return sc, err
	}
	return r.summed(ctx, by, sc)
}

// mail sends m to the owner of a scan and to further addresses. What is no
// address gets nothing.
func (r *Room) mail(ctx context.Context, m harrier.Mail, sc harrier.Scan, more string) error {
	if r.Mail == nil {
		return nil
	}
	if sc.Owner != 0 {
		u, err := r.Store.User(ctx, sc.Owner)
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return err
		}
		more += "," + u.Email
	}
	for a := range strings.FieldsFuncSeq(more, func(c rune) bool { return strings.ContainsRune(",; \t\r\n", c) }) {
		if strings.Contains(a, "@") && !slices.Contains(m.To, a) {
			m.To = append(m.To, a)
		}
	}
	if len(m.To) == 0 {
		return nil
	}
	err := r.Mail.Send(ctx, m)
	if harrier.KindOf(err) == harrier.Invalid {
		r.Log.WarnContext(ctx, "nobody can be written to", "scan", sc.ID, "err", err)
		return nil
	}
	return err
}

func about(sc harrier.Scan) string { return fmt.Sprintf("scan %d", sc.ID) }

func launchMail(sc harrier.Scan) harrier.Mail {
	return harrier.Mail{
		Subject: fmt.Sprintf("Scan %q was launched", sc.Name), About: about(sc), Key: fmt.Sprintf("scan %s launched", sc.UUID),
		Text: fmt.Sprintf("Scan:     %s (%d)\nLaunched: %s\nPolicy:   %s\nTargets:  %d addresses\n", sc.Name, sc.ID, stamp(sc.Created), sc.PolicyName, sc.HostsTotal),
	}
}

func endMail(sc harrier.Scan) harrier.Mail {
	return harrier.Mail{
		Subject: fmt.Sprintf("Scan %q is %s", sc.Name, sc.Status), About: about(sc), Key: fmt.Sprintf("scan %s ended", sc.UUID), Text: summary(sc),
	}
}

// summary is what a message says of a scan that has ended.
func summary(sc harrier.Scan) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s"+format+"\n", append([]any{name}, args...)...)
	}
	line("Scan:", "%s (%d)", sc.Name, sc.ID)
	line("State:", "%s", sc.Status)
	if sc.Reason != "" {
		line("Remark:", "%s", sc.Reason)
	}
	line("Began:", "%s", stamp(sc.Started))
	line("Ended:", "%s", stamp(sc.Ended))
	line("Hosts:", "%d of %d looked at, %d answered", sc.HostsDone, sc.HostsTotal, sc.HostsAlive)
	for s := harrier.Critical; s > harrier.Info; s-- {
		line(s.String()+":", "%d", sc.Present[s])
	}
	return b.String()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// MailTo writes what a scan has brought to addresses that by names. It answers
// as Scan does, Invalid when the scan has not ended or there are no addresses,
// and Unavailable where nobody can be written to.
func (r *Room) MailTo(ctx context.Context, by harrier.Actor, id harrier.ID, addresses string) error {
	sc, err := r.Scan(ctx, by, id)
	switch {
	case err != nil:
		return err
	case !sc.Status.Ended():
		return harrier.Errorf(harrier.Invalid, "scan %d is not finished", id)
	case r.Mail == nil:
		return harrier.Errorf(harrier.Unavailable, "no mail server is set up")
	case !strings.Contains(addresses, "@"):
		return harrier.Invalidf("email", "%q is no address", addresses)
	}
	m := endMail(sc)
	m.Key, sc.Owner = "", 0
	return r.Store.InTx(ctx, func(ctx context.Context) error { return r.mail(ctx, m, sc, addresses) })
}

// makeReports has the reports made that a scan asks for, as its owner. One that
// can not be made keeps nothing else from happening.
func (r *Room) makeReports(ctx context.Context, sc harrier.Scan) {
	if r.Reports == nil || len(sc.Terms.Reports) == 0 {
		return
	}
	for _, q := range sc.Terms.Reports {
		if err := r.Reports.Launch(ctx, sc.Owner, q.Definition, sc.ID); err != nil {
			r.Log.WarnContext(ctx, "report not made", "scan", sc.ID, "definition", q.Definition, "err", err)
		}
	}
}
