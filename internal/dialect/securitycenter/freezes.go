package securitycenter

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// freezeRoutes are the windows in which no scan starts, under both names that
// clients know.
func (a api) freezeRoutes(m *router) {
	for _, name := range []string{"freeze", "freezeWindow"} {
		m.handle("GET /"+name, a.listFreezes)
		m.handle("POST /"+name, a.createFreeze)
		m.handle("GET /"+name+"/{id}", a.getFreeze)
		m.handle("PATCH /"+name+"/{id}", a.updateFreeze)
		m.handle("DELETE /"+name+"/{id}", a.deleteFreeze)
	}
}

// freezeItem is a freeze window. Its duration is in minutes; active tells that
// it is open now, and pauseRunning, Harrier's own, that scans that go on are
// paused.
//
// Source: securitycenter-api.md, section 25.
type freezeItem struct {
	ID          string  `json:"id"`
	UUID        string  `json:"uuid"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Enabled     string  `json:"enabled"`
	Active      string  `json:"active"`
	AllIPs      string  `json:"allIPs"`
	IPList      string  `json:"ipList"`
	Start       string  `json:"start"`
	Rule        string  `json:"repeatRule"`
	Duration    string  `json:"duration"`
	Pause       string  `json:"pauseRunning"`
	Created     string  `json:"createdTime"`
	Modified    string  `json:"modifiedTime"`
	Owner       userRef `json:"owner"`
	OwnerGroup  ref     `json:"ownerGroup"`
}

func (a api) newFreeze(ctx context.Context, f harrier.Freeze) freezeItem {
	return freezeItem{
		ID: sid(f.ID), UUID: suuid(f.UUID), Name: f.Name, Description: f.Description, Enabled: sbool(f.Schedule.Enabled),
		Active: sbool(!a.Scans.FrozenUntil(f).IsZero()), AllIPs: sbool(isBlank(f.Targets)), IPList: f.Targets, Start: startText(f.Schedule), Rule: f.Schedule.Rule,
		Duration: sid(int64(time.Duration(f.Duration) / time.Minute)), Pause: sbool(f.HoldRunning), Created: stime(f.Created), Modified: stime(f.Modified),
		Owner: a.people(ctx).ref(f.Owner), OwnerGroup: theGroup,
	}
}

type freezeRequest struct {
	Name        *kit.Text `json:"name"`
	Description *kit.Text `json:"description"`
	Enabled     *kit.Bool `json:"enabled"`
	AllIPs      *kit.Bool `json:"allIPs"`
	IPList      *kit.Text `json:"ipList"`
	Start       *kit.Text `json:"start"`
	Rule        *kit.Text `json:"repeatRule"`
	Duration    *kit.Text `json:"duration"`
	Pause       *kit.Bool `json:"pauseRunning"`
}

// apply puts what is given into f. It answers Invalid.
func (r freezeRequest) apply(f *harrier.Freeze) error {
	for _, t := range []struct {
		to   *string
		from *kit.Text
	}{{&f.Name, r.Name}, {&f.Description, r.Description}, {&f.Targets, r.IPList}} {
		if t.from != nil {
			*t.to = strings.TrimSpace(string(*t.from))
		}
	}
	if r.AllIPs != nil && bool(*r.AllIPs) {
		f.Targets = ""
	}
	if r.Start != nil {
		enabled, rule := f.Schedule.Enabled, f.Schedule.Rule
		f.Schedule = scheduleOf(string(*r.Start), rule)
		f.Schedule.Enabled = enabled
	}
	if r.Rule != nil {
		f.Schedule.Rule = strings.TrimSpace(string(*r.Rule))
	}
	if f.Schedule.Rule == "" {
		f.Schedule.Rule = "FREQ=ONETIME"
	}
	if r.Enabled != nil {
		f.Schedule.Enabled = bool(*r.Enabled)
	}
	if r.Pause != nil {
		f.HoldRunning = bool(*r.Pause)
	}
	if r.Duration != nil {
		minutes, err := strconv.ParseInt(strings.TrimSpace(string(*r.Duration)), 10, 32)
		if err != nil || minutes <= 0 {
			return harrier.Errorf(harrier.Invalid, "The value '%s' for 'duration' is no number of minutes.", cut(string(*r.Duration), 40))
		}
		f.Duration = harrier.Duration(time.Duration(minutes) * time.Minute)
	}
	return nil
}

func (a api) listFreezes(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	all, err := a.Scans.Freezes(ctx, by)
	if err != nil {
		return nil, err
	}
	var usable, manageable []freezeItem
	for _, f := range all {
		item := a.newFreeze(ctx, f)
		usable = append(usable, item)
		if a.Scans.MayEditFreeze(by, f) {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields("id", "name", "description"), "id", "uuid")
}

func (a api) getFreeze(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	f, err := a.Scans.Freeze(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Freeze Window", q.path("id"), "get")
	}
	return pick(a.newFreeze(ctx, f), q.fields(), "id", "uuid"), nil
}

func (a api) createFreeze(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	f := harrier.Freeze{Schedule: harrier.Schedule{Enabled: true}}
	return a.putFreeze(ctx, by, q, f)
}

func (a api) updateFreeze(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	f, err := a.Scans.Freeze(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Freeze Window", q.path("id"), "update")
	}
	return a.putFreeze(ctx, by, q, f)
}

func (a api) putFreeze(ctx context.Context, by harrier.Actor, q *query, f harrier.Freeze) (any, error) {
	var r freezeRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	if err := r.apply(&f); err != nil {
		return nil, err
	}
	if err := a.Scans.PutFreeze(ctx, by, &f); err != nil {
		return nil, err
	}
	return a.newFreeze(ctx, f), nil
}

func (a api) deleteFreeze(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.Scans.DeleteFreeze(ctx, by, q.id()), "Freeze Window", q.path("id"), "delete")
}
