package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// DefinitionStore holds report definitions. The methods are those of the store
// package.
type DefinitionStore interface {
	InsertReportDefinition(ctx context.Context, d *harrier.ReportDefinition) error
	UpdateReportDefinition(ctx context.Context, d *harrier.ReportDefinition) error
	DeleteReportDefinition(ctx context.Context, id harrier.ID) error
	ReportDefinition(ctx context.Context, id harrier.ID) (harrier.ReportDefinition, error)
	ReportDefinitions(ctx context.Context) ([]harrier.ReportDefinition, error)
	DueReportDefinitions(ctx context.Context, now time.Time) ([]harrier.ReportDefinition, error)
	TemplateStore
}

// Definitions lists the definitions that by may see, by rising id: the own
// ones, shared ones, or all with the right to read everybody's objects.
func (r *Room) Definitions(ctx context.Context, by harrier.Actor) ([]harrier.ReportDefinition, error) {
	all, err := r.Store.ReportDefinitions(ctx)
	return slices.DeleteFunc(all, func(d harrier.ReportDefinition) bool { return !sees(by, d) }), err
}

func sees(by harrier.Actor, d harrier.ReportDefinition) bool {
	return by.LevelOn(d.Owner, append(harrier.SharedWith(d.Groups), toUsers(d)...)) >= harrier.MayView
}

// toUsers is what d grants to users one by one.
func toUsers(d harrier.ReportDefinition) []harrier.Grant {
	out := make([]harrier.Grant, len(d.Users))
	for i, u := range d.Users {
		out[i] = harrier.Grant{User: u, Level: harrier.MayView}
	}
	return out
}

// Definition returns one definition. It answers NotFound for one that by may
// not see.
func (r *Room) Definition(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.ReportDefinition, error) {
	d, err := r.Store.ReportDefinition(ctx, id)
	if err == nil && !sees(by, d) {
		err = harrier.Errorf(harrier.NotFound, "no report definition %d", id)
	}
	if err != nil {
		return harrier.ReportDefinition{}, err
	}
	return d, nil
}

// Edits reports whether by may change d.
func (r *Room) Edits(by harrier.Actor, d harrier.ReportDefinition) bool {
	return mayDefine(by) && by.LevelOn(d.Owner, nil) >= harrier.Owns
}

func mayDefine(by harrier.Actor) bool {
	return by.Permissions&(harrier.EditSites|harrier.EditFindings) != 0
}

// CreateDefinition stores d and gives it an ID, a UUID and, when it names none,
// its owner, by. It answers Forbidden for those who may neither edit sites nor
// findings, and for an owner whose objects by may not change, and Invalid for a
// definition that breaks a rule, has a schedule that can not be followed, or
// names a format, scan, site or query that by does not have.
func (r *Room) CreateDefinition(ctx context.Context, by harrier.Actor, d *harrier.ReportDefinition) error {
	if !mayDefine(by) {
		return harrier.Errorf(harrier.Forbidden, "you may not define reports")
	}
	d.Created = r.now()
	d.Modified, d.UUID = d.Created, harrier.NewUUID(d.Created)
	if err := r.owned(ctx, by, d, by.User); err != nil {
		return err
	}
	if err := r.check(ctx, by, d); err != nil {
		return err
	}
	return r.Store.InsertReportDefinition(ctx, d)
}

// owned gives d its owner, the one that it has when it names none. It answers
// Invalid for an owner that there is not, and Forbidden for one whose objects by
// may not change.
func (r *Room) owned(ctx context.Context, by harrier.Actor, d *harrier.ReportDefinition, has harrier.ID) error {
	if d.Owner == 0 || d.Owner == has {
		d.Owner = has
		return nil
	}
	if err := r.peer(ctx, by, "owner", d.Owner); err != nil {
		return err
	}
	if by.LevelOn(d.Owner, nil) < harrier.Owns {
		return harrier.Errorf(harrier.Forbidden, "you may not make reports of user %d", d.Owner)
	}
	return nil
}

// UpdateDefinition stores what d says, but for its creation. It answers
// NotFound, Forbidden and Invalid like the others.
func (r *Room) UpdateDefinition(ctx context.Context, by harrier.Actor, d *harrier.ReportDefinition) error {
	if err := r.check(ctx, by, d); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.ownDefinition(ctx, by, d.ID)
		if err != nil {
			return err
		}
		if err := r.owned(ctx, by, d, have.Owner); err != nil {
			return err
		}
		d.UUID, d.Created, d.Modified = have.UUID, have.Created, r.now()
		return r.Store.UpdateReportDefinition(ctx, d)
	})
}

// DeleteDefinition removes a definition; its reports stay. It answers NotFound
// and Forbidden.
func (r *Room) DeleteDefinition(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.ownDefinition(ctx, by, id); err != nil {
			return err
		}
		return r.Store.DeleteReportDefinition(ctx, id)
	})
}

func (r *Room) ownDefinition(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.ReportDefinition, error) {
	d, err := r.Definition(ctx, by, id)
	if err == nil && !r.Edits(by, d) {
		err = harrier.Errorf(harrier.Forbidden, "you may not change report definition %d", id)
	}
	return d, err
}

// check completes d and answers Invalid for what is wrong with it.
func (r *Room) check(ctx context.Context, by harrier.Actor, d *harrier.ReportDefinition) error {
	if err := d.Check(); err != nil {
		return err
	}
	f, ok := r.format(d.Format)
	if !ok {
		return harrier.Invalidf("format", "there is no format %q (%s)", d.Format, r.names())
	}
	if err := r.allowed(ctx, by, f.Name); err != nil {
		return err
	}
	d.Format = f.Name
	if d.Template == "" && f.Twice {
		d.Template = harrier.Templates[0].Name
	}
	if err := r.written(ctx, by, *d); err != nil {
		return err
	}
	d.NextRun = time.Time{}
	if d.Schedule.Start != "" && r.Next != nil {
		on := d.Schedule
		on.Enabled = true // one that is off must be right too
		next, err := r.Next(on, r.now())
		if err != nil {
			return err
		}
		if d.Schedule.Enabled {
			d.NextRun = next
		}
	}
	// Whether by may see what the scope names is asked again whenever a report is
	// made; here it keeps mistakes from being stored.
	for _, id := range d.Scope.Scans {
		if _, err := r.Scans.Scan(ctx, by, id); err != nil {
			return unknown(err, "scans", "scan", id)
		}
	}
	for _, id := range d.Scope.Sites {
		if _, err := r.Scans.Of(ctx, by, id); err != nil {
			return unknown(err, "sites", "site", id)
		}
	}
	for _, id := range d.Scope.Repositories {
		if _, err := r.Store.Repository(ctx, id); err != nil {
			return unknown(err, "repositories", "repository", id)
		}
	}
	if _, err := r.shaped(ctx, by, *d); err != nil {
		return err
	}
	for _, id := range d.Users {
		if err := r.peer(ctx, by, "users", id); err != nil {
			return err
		}
	}
	if d.Scope.Query != 0 && r.Findings != nil {
		if _, err := r.Findings.Query(ctx, by, d.Scope.Query); err != nil {
			return unknown(err, "query", "query", d.Scope.Query)
		}
	}
	return nil
}

// peer answers Invalid for a user that there is not in the organisation of by.
func (r *Room) peer(ctx context.Context, by harrier.Actor, field string, id harrier.ID) error {
	if !by.PeerOf(id) {
		return harrier.Invalidf(field, "there is no user %d", id)
	}
	_, err := r.Store.User(ctx, id)
	return unknown(err, field, "user", id)
}

func unknown(err error, field, noun string, id harrier.ID) error {
	if harrier.KindOf(err) == harrier.NotFound {
		return harrier.Invalidf(field, "there is no %s %d", noun, id)
	}
	return err
}

// Launch begins a report of a definition: of its own scope, or of a scan in its
// place. The report is by's, and shows what by may see. It answers NotFound for
// a definition or a scan that by may not see, Forbidden without the right to
// read own objects, and Unavailable when too many reports wait.
func (r *Room) Launch(ctx context.Context, by harrier.Actor, definition, scan harrier.ID) (harrier.Report, error) {
	d, err := r.Definition(ctx, by, definition)
	if err != nil {
		return harrier.Report{}, err
	}
	return r.launch(ctx, by, d, scan)
}

func (r *Room) launch(ctx context.Context, by harrier.Actor, d harrier.ReportDefinition, scan harrier.ID) (harrier.Report, error) {
	f, ok := r.format(d.Format)
	if !ok {
		return harrier.Report{}, harrier.Invalidf("format", "there is no format %q any more", d.Format)
	}
	if err := r.written(ctx, by, d); err != nil {
		return harrier.Report{}, err
	}
	options, err := r.shaped(ctx, by, d)
	if err != nil {
		return harrier.Report{}, err
	}
	rep := harrier.Report{
		Definition: d.ID, Scan: scan, Scope: d.Scope, Title: d.Name, Template: d.Template, Format: f.Name,
		Options: options, Recipients: slices.Clone(d.Recipients),
	}
	if scan == 0 && (d.Scope.Last || d.Scope.First) {
		if scan, err = r.outermost(ctx, by, d.Scope); err != nil {
			return harrier.Report{}, err
		}
		rep.Scan = scan
	}
	switch {
	case scan == 0 && len(d.Scope.Scans) > 0:
		rep.Scan = d.Scope.Scans[0]
	case scan != 0:
		rep.Scope.Scans, rep.Scope.Sites, rep.Scope.Assets, rep.Scope.AssetLists, rep.Scope.Tags, rep.Scope.Repositories = nil, nil, nil, nil, nil, nil
	}
	if rep.Scan != 0 {
		if _, err := r.Scans.Scan(ctx, by, rep.Scan); err != nil {
			return harrier.Report{}, err
		}
	}
	return r.add(ctx, by, rep, f)
}

// Copy makes a report again, as its owner by, under a title of its own; "" keeps
// the title. It shows what is known now. It answers like Launch.
func (r *Room) Copy(ctx context.Context, by harrier.Actor, id harrier.ID, title string) (harrier.Report, error) {
	rep, err := r.Report(ctx, by, id)
	if err != nil {
		return rep, err
	}
	f, ok := r.format(rep.Format)
	if !ok {
		return harrier.Report{}, harrier.Invalidf("format", "there is no format %q any more", rep.Format)
	}
	if title = strings.TrimSpace(title); title != "" {
		rep.Title = title
	}
	rep.ID, rep.Steps, rep.Done, rep.Error, rep.Started, rep.Ended, rep.Recipients = 0, 0, 0, "", time.Time{}, time.Time{}, nil
	return r.add(ctx, by, rep, f)
}

// Shapes lists what reports can be written in.
func (r *Room) Shapes() []format.Format { return slices.Clone(r.Formats) }

// now is the instant in the precision that the store keeps.
func (r *Room) now() time.Time { return r.Now().UTC().Truncate(time.Microsecond) }
