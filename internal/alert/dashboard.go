package alert

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

func seesDashboard(by harrier.Actor, d harrier.Dashboard) bool {
	return by.LevelOn(d.Owner, harrier.SharedWith(d.Groups)) >= harrier.MayView
}

// Dashboards lists the dashboards that by may see, by rising ID: the own ones,
// shared ones, or all with the right to read everybody's objects.
func (r *Room) Dashboards(ctx context.Context, by harrier.Actor) ([]harrier.Dashboard, error) {
	list, err := r.Store.Dashboards(ctx)
	return slices.DeleteFunc(list, func(d harrier.Dashboard) bool { return !seesDashboard(by, d) }), err
}

// Dashboard returns a dashboard. It answers NotFound for one that by may not
// see.
func (r *Room) Dashboard(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Dashboard, error) {
	d, err := r.Store.Dashboard(ctx, id)
	if err == nil && !seesDashboard(by, d) {
		err = harrier.Errorf(harrier.NotFound, "no dashboard %d", id)
	}
	if err != nil {
		return harrier.Dashboard{}, err
	}
	return d, nil
}

// EditsDashboard reports whether by may change d.
func (r *Room) EditsDashboard(by harrier.Actor, d harrier.Dashboard) bool {
	return by.May(harrier.EditFindings) && by.LevelOn(d.Owner, nil) >= harrier.Owns
}

// CreateDashboard stores d and gives it an ID, a UUID and its owner, by. It
// answers Forbidden without the right to edit findings, and Invalid for a
// dashboard that breaks its own rules.
func (r *Room) CreateDashboard(ctx context.Context, by harrier.Actor, d *harrier.Dashboard) error {
	if !by.May(harrier.EditFindings) {
		return harrier.Errorf(harrier.Forbidden, "you may not edit dashboards")
	}
	d.Owner, d.Created = by.User, r.now()
	d.Modified, d.UUID = d.Created, harrier.NewUUID(d.Created)
	if err := r.checkDashboard(d, nil); err != nil {
		return err
	}
	return r.Store.InsertDashboard(ctx, d)
}

// ChangeDashboard stores what change makes of a dashboard, but for its owner and
// creation, and returns it as it is stored. What change reads is read in the
// transaction of the context that it gets. It answers NotFound, Forbidden and
// Invalid, and the errors of change.
func (r *Room) ChangeDashboard(ctx context.Context, by harrier.Actor, id harrier.ID, change func(context.Context, *harrier.Dashboard) error) (harrier.Dashboard, error) {
	var d harrier.Dashboard
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.Dashboard(ctx, by, id)
		if err == nil && !r.EditsDashboard(by, have) {
			err = harrier.Errorf(harrier.Forbidden, "you may not change dashboard %d", id)
		}
		if err != nil {
			return err
		}
		d = have
		d.Components = slices.Clone(have.Components)
		if err := change(ctx, &d); err != nil {
			return err
		}
		d.ID, d.UUID, d.Owner, d.Created, d.Modified = have.ID, have.UUID, have.Owner, have.Created, r.now()
		if err := r.checkDashboard(&d, have.Components); err != nil {
			return err
		}
		return r.Store.UpdateDashboard(ctx, &d)
	})
	return d, err
}

// checkDashboard numbers new components, those without an ID, and looks at all.
func (r *Room) checkDashboard(d *harrier.Dashboard, before []harrier.DashboardComponent) error {
	d.Name = strings.TrimSpace(d.Name)
	used := harrier.ID(0)
	for _, c := range append(slices.Clone(before), d.Components...) {
		used = max(used, c.ID)
	}
	for i := range d.Components {
		if c := &d.Components[i]; c.ID <= 0 {
			used++
			c.ID, c.Created, c.Modified = used, r.now(), r.now()
		}
	}
	return d.Check()
}

// DeleteDashboard removes a dashboard. It answers NotFound and Forbidden.
func (r *Room) DeleteDashboard(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		d, err := r.Dashboard(ctx, by, id)
		if err == nil && !r.EditsDashboard(by, d) {
			err = harrier.Errorf(harrier.Forbidden, "you may not delete dashboard %d", id)
		}
		if err != nil {
			return err
		}
		return r.Store.DeleteDashboard(ctx, id)
	})
}
