package alert

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
)

const (
	maxLines = 100             // rows of a query's answer that a message shows
	tryAgain = 5 * time.Minute // after a query could not be answered
)

// evaluateDue evaluates the alerts whose schedule says so.
func (r *Room) evaluateDue(ctx context.Context) error {
	due, err := r.Store.DueAlerts(ctx, r.now())
	if err != nil {
		return err
	}
	var errs []error
	for _, a := range due {
		errs = append(errs, r.evaluate(ctx, a, ""))
	}
	return errors.Join(errs...)
}

// evaluateSoon makes the alerts that have no schedule due: a scan has ended.
func (r *Room) evaluateSoon(ctx context.Context) error {
	all, err := r.Store.Alerts(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Trigger.Query == 0 || a.Disabled || a.Schedule.Planned() {
			continue
		}
		a.NextRun = r.now()
		if err := r.Store.UpdateAlert(ctx, &a); err != nil {
			return err
		}
	}
	return nil
}

// Execute evaluates an alert now, and does what it says if it holds. It answers
// NotFound and Forbidden like UpdateAlert, Conflict for an alert without a
// query, and the faults of the query.
func (r *Room) Execute(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Alert, error) {
	a, err := r.own(ctx, by, id)
	if err != nil {
		return harrier.Alert{}, err
	}
	if a.Trigger.Query == 0 {
		return harrier.Alert{}, harrier.Errorf(harrier.Conflict, "alert %d has no query to evaluate", id)
	}
	if err := r.evaluate(ctx, a, by.Name); err != nil {
		return harrier.Alert{}, err
	}
	return r.Alert(ctx, by, id)
}

// evaluate answers the query of an alert on behalf of its owner and acts where
// its condition begins to hold. Asked is who asked for it; "" for a schedule,
// whose faults are logged and do not stop other alerts.
func (r *Room) evaluate(ctx context.Context, a harrier.Alert, asked string) error {
	answer, by, err := r.answer(ctx, a)
	if err != nil && (asked != "" || ctx.Err() != nil) {
		return err
	}
	if err != nil {
		r.Log.WarnContext(ctx, "alert not evaluated", "alert", a.ID, "err", err)
	}
	failed, kind := err != nil, harrier.KindOf(err)
	now := r.now()
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.Store.Alert(ctx, a.ID)
		if is(err, harrier.NotFound) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		if have.NextRun, err = r.Next(have.Schedule, now); err != nil {
			return err
		}
		if failed && (kind == harrier.Internal || kind == harrier.Unavailable) { // not the alert's fault
			if soon := now.Add(tryAgain); have.NextRun.IsZero() || soon.Before(have.NextRun) {
				have.NextRun = soon
			}
		}
		if have.Disabled {
			have.NextRun = time.Time{}
		}
		if failed {
			return r.Store.UpdateAlert(ctx, &have)
		}
		held := have.Holds
		have.Holds, have.LastEvaluated = have.Trigger.HoldsFor(answer.Count), now
		if err := r.Store.UpdateAlert(ctx, &have); err != nil {
			return err
		}
		if !have.Holds || held && !have.EveryTime {
			return nil
		}
		return r.act(ctx, have, by, happening{
			Kind: triggered, At: now, Count: answer.Count, Lines: answer.Lines,
			Title: fmt.Sprintf("%s found %d, which is %s %d", have.Trigger.Tool, answer.Count, have.Trigger.Op, have.Trigger.Value),
			Key:   fmt.Sprintf("evaluated %d", now.UnixMicro()),
		})
	})
}

// answer answers the query of an alert.
func (r *Room) answer(ctx context.Context, a harrier.Alert) (Answer, harrier.Actor, error) {
	by, ok, err := r.behalf(ctx, a)
	switch {
	case err != nil:
		return Answer{}, by, err
	case !ok:
		return Answer{}, by, harrier.Errorf(harrier.Conflict, "the owner of alert %d can not sign in", a.ID)
	case r.ask.Load() == nil:
		return Answer{}, by, harrier.Errorf(harrier.Unavailable, "queries can not be answered here")
	}
	q, err := r.Findings.Query(ctx, by, a.Trigger.Query)
	if err != nil {
		return Answer{}, by, err
	}
	lines := 0
	for _, c := range a.Actions {
		if c.Results {
			lines = maxLines
		}
	}
	out, err := (*r.ask.Load())(ctx, by, q, a.Trigger.Tool, lines)
	return out, by, err
}
