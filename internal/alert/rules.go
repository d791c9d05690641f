package alert

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// via is what the audit log calls what alerts do.
const via = "alert"

// Alerts lists the alerts that by may see, by rising ID: the own ones, or all
// with the right to read everybody's objects.
func (r *Room) Alerts(ctx context.Context, by harrier.Actor) ([]harrier.Alert, error) {
	list, err := r.Store.Alerts(ctx)
	list = slices.DeleteFunc(list, func(a harrier.Alert) bool { return by.LevelOn(a.Owner, nil) < harrier.MayView })
	for i := range list {
		hideSecrets(&list[i])
	}
	return list, err
}

// Alert returns an alert. It answers NotFound for one that by may not see.
func (r *Room) Alert(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Alert, error) {
	a, err := r.visible(ctx, by, id)
	hideSecrets(&a)
	return a, err
}

// Edits reports whether by may change a.
func (r *Room) Edits(by harrier.Actor, a harrier.Alert) bool {
	return by.May(harrier.WriteAlerts) && by.LevelOn(a.Owner, nil) >= harrier.Owns
}

func (r *Room) visible(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Alert, error) {
	a, err := r.Store.Alert(ctx, id)
	if err == nil && by.LevelOn(a.Owner, nil) < harrier.MayView {
		err = harrier.Errorf(harrier.NotFound, "no alert %d", id)
	}
	if err != nil {
		return harrier.Alert{}, err
	}
	return a, nil
}

func (r *Room) own(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Alert, error) {
	a, err := r.visible(ctx, by, id)
	if err == nil && !r.Edits(by, a) {
		err = harrier.Errorf(harrier.Forbidden, "you may not change alert %d", id)
	}
	return a, err
}

// CreateAlert stores a and gives it an ID, a UUID and its owner, by. It answers
// Forbidden without the right to write alerts, for messages to network addresses
// without the right to edit everybody's objects, and for tickets without the right
// to write them; Invalid for an alert that
// breaks its own rules; NotFound for a query or a site that by may not see.
func (r *Room) CreateAlert(ctx context.Context, by harrier.Actor, a *harrier.Alert) error {
	if !by.May(harrier.WriteAlerts) {
		return harrier.Errorf(harrier.Forbidden, "you may not edit alerts")
	}
	now := r.now()
	a.Owner, a.Created, a.Modified, a.UUID = by.User, now, now, harrier.NewUUID(now)
	a.Holds, a.LastTriggered, a.LastEvaluated = false, harrier.Alert{}.LastTriggered, harrier.Alert{}.LastEvaluated
	if err := r.check(ctx, by, a, nil); err != nil {
		return err
	}
	err := r.Store.InsertAlert(ctx, a)
	hideSecrets(a)
	nudge(r.wake)
	return err
}

// UpdateAlert stores what a says over the one with its ID, but for its owner
// and what was evaluated. Actions without a secret keep the one that they have.
// It answers like CreateAlert.
func (r *Room) UpdateAlert(ctx context.Context, by harrier.Actor, a *harrier.Alert) error {
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.own(ctx, by, a.ID)
		if err != nil {
			return err
		}
		a.UUID, a.Owner, a.Created, a.Modified = have.UUID, have.Owner, have.Created, r.now()
		a.Holds, a.LastTriggered, a.LastEvaluated = have.Holds && have.Trigger == a.Trigger, have.LastTriggered, have.LastEvaluated
		if err := r.check(ctx, by, a, have.Actions); err != nil {
			return err
		}
		return r.Store.UpdateAlert(ctx, a)
	})
	hideSecrets(a)
	nudge(r.wake)
	return err
}

// DeleteAlert removes an alert. Messages that it sent already stay. It answers
// NotFound and Forbidden.
func (r *Room) DeleteAlert(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.own(ctx, by, id); err != nil {
			return err
		}
		return r.Store.DeleteAlert(ctx, id)
	})
}

// check looks whether by may have such an alert, numbers its actions and seals
// their secrets; before are the actions that it had.
func (r *Room) check(ctx context.Context, by harrier.Actor, a *harrier.Alert, before []harrier.AlertAction) error {
	a.Name = strings.TrimSpace(a.Name)
	if err := a.Check(); err != nil {
		return err
	}
	if a.Trigger.Query != 0 {
		if _, err := r.Findings.Query(ctx, by, a.Trigger.Query); err != nil {
			return err
		}
	}
	if a.Site != 0 {
		site, err := r.Store.Site(ctx, a.Site)
		if err == nil && by.LevelOnSite(site) < harrier.MayView {
			err = harrier.Errorf(harrier.NotFound, "no site %d", a.Site)
		}
		if err != nil {
			return err
		}
	}
	next, err := r.Next(a.Schedule, r.now())
	if err != nil {
		return err
	}
	if a.NextRun = next; a.Trigger.Query == 0 || a.Disabled {
		a.NextRun = harrier.Alert{}.NextRun
	}
	return r.checkActions(by, a, before)
}

func (r *Room) checkActions(by harrier.Actor, a *harrier.Alert, before []harrier.AlertAction) error {
	used := harrier.ID(0)
	for _, c := range append(slices.Clone(before), a.Actions...) {
		used = max(used, c.ID)
	}
	seen := map[harrier.ID]bool{}
	for i := range a.Actions {
		c := &a.Actions[i]
		at := slices.IndexFunc(before, func(b harrier.AlertAction) bool { return b.ID == c.ID && b.Kind == c.Kind })
		for _, u := range c.Users {
			if !by.PeerOf(u) && !(at >= 0 && slices.Contains(before[at].Users, u)) {
				return harrier.Invalidf("users", "there is no user %d", u)
			}
		}
		same := at >= 0 && before[at].Address == c.Address && before[at].Network == c.Network
		if leavesHouse(c.Kind) && !by.May(harrier.EditAll) && !same {
			return harrier.Errorf(harrier.Forbidden, "you may not have messages sent to %s", c.Address)
		}
		if c.Kind == harrier.WriteTicket && !by.May(harrier.WriteTickets) && at < 0 {
			return harrier.Errorf(harrier.Forbidden, "you may not write tickets")
		}
		switch {
		case c.Secret != "":
			var err error
			if c.Secret, err = r.seal(a.UUID.String(), c.Secret); err != nil {
				return err
			}
		case same: // a secret is not sent to another place than it was given for
			c.Secret = before[at].Secret
		}
		if c.ID <= 0 || seen[c.ID] {
			used++
			c.ID = used
		}
		seen[c.ID] = true
	}
	return nil
}

// leavesHouse reports whether an action sends to an address of the network
// that its author chooses.
func leavesHouse(k harrier.ActionKind) bool {
	return k == harrier.SendSyslog || k == harrier.SendTrap || k == harrier.CallWebhook
}

func hideSecrets(a *harrier.Alert) {
	a.Actions = slices.Clone(a.Actions)
	for i := range a.Actions {
		a.Actions[i].Secret = ""
	}
}
