package report

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// TemplateStore is the part of Store that holds people's own templates.
type TemplateStore interface {
	InsertReportTemplate(ctx context.Context, t *harrier.ReportTemplate) error
	UpdateReportTemplate(ctx context.Context, t *harrier.ReportTemplate) error
	DeleteReportTemplate(ctx context.Context, id harrier.ID) error
	ReportTemplate(ctx context.Context, id harrier.ID) (harrier.ReportTemplate, error)
	ReportTemplates(ctx context.Context) ([]harrier.ReportTemplate, error)
}

// Templates lists people's own templates that by may see, by rising id: those of
// the organisation.
func (r *Room) Templates(ctx context.Context, by harrier.Actor) ([]harrier.ReportTemplate, error) {
	all, err := r.Store.ReportTemplates(ctx)
	return slices.DeleteFunc(all, func(t harrier.ReportTemplate) bool { return !by.PeerOf(t.Owner) }), err
}

// Template returns one of Templates. It answers NotFound for others.
func (r *Room) Template(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.ReportTemplate, error) {
	t, err := r.Store.ReportTemplate(ctx, id)
	if err == nil && !by.PeerOf(t.Owner) {
		err = harrier.Errorf(harrier.NotFound, "no report template %d", id)
	}
	if err != nil {
		return harrier.ReportTemplate{}, err
	}
	return t, nil
}

// CreateTemplate stores t and gives it an ID, a UUID and its owner, by. It
// answers Forbidden for those who may not define reports, Invalid, and Conflict
// for a name that another template has.
func (r *Room) CreateTemplate(ctx context.Context, by harrier.Actor, t *harrier.ReportTemplate) error {
	if !mayDefine(by) {
		return harrier.Errorf(harrier.Forbidden, "you may not write report templates")
	}
	t.ID, t.Owner, t.Created = 0, by.User, r.now()
	t.Modified, t.UUID = t.Created, harrier.NewUUID(t.Created)
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.checkTemplate(ctx, by, t); err != nil {
			return err
		}
		return r.Store.InsertReportTemplate(ctx, t)
	})
}

// UpdateTemplate stores what t says, but for its owner and creation. Reports
// that are made from then on have it. It answers NotFound, Forbidden for those
// who may not edit the owner's objects, and otherwise as CreateTemplate.
func (r *Room) UpdateTemplate(ctx context.Context, by harrier.Actor, t *harrier.ReportTemplate) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.ownTemplate(ctx, by, t.ID)
		if err != nil {
			return err
		}
		t.UUID, t.Owner, t.Created, t.Modified = have.UUID, have.Owner, have.Created, r.now()
		if err := r.checkTemplate(ctx, by, t); err != nil {
			return err
		}
		return r.Store.UpdateReportTemplate(ctx, t)
	})
}

// DeleteTemplate removes a template. It answers NotFound, Forbidden, and
// Conflict for one that a definition has.
func (r *Room) DeleteTemplate(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.ownTemplate(ctx, by, id); err != nil {
			return err
		}
		all, err := r.Store.ReportDefinitions(ctx)
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.OwnTemplate == id {
				return harrier.Errorf(harrier.Conflict, "report template %d is in use by report definition %d", id, d.ID)
			}
		}
		return r.Store.DeleteReportTemplate(ctx, id)
	})
}

func (r *Room) ownTemplate(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.ReportTemplate, error) {
	t, err := r.Template(ctx, by, id)
	if err == nil && (!mayDefine(by) || by.LevelOn(t.Owner, nil) < harrier.Owns) {
		err = harrier.Errorf(harrier.Forbidden, "you may not change report template %d", id)
	}
	return t, err
}

func (r *Room) checkTemplate(ctx context.Context, by harrier.Actor, t *harrier.ReportTemplate) error {
	if err := t.Check(); err != nil {
		return err
	}
	all, err := r.Templates(ctx, by)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != t.ID && strings.EqualFold(other.Name, t.Name) {
			return harrier.Errorf(harrier.Conflict, "there is a report template named %q already", t.Name)
		}
	}
	return nil
}

// shaped is the options of a report whose definition has a template of
// somebody's own: its chapters or columns.
func (r *Room) shaped(ctx context.Context, by harrier.Actor, d harrier.ReportDefinition) (map[string]string, error) {
	options := maps.Clone(d.Options)
	if d.OwnTemplate == 0 {
		return options, nil
	}
	t, err := r.Template(ctx, by, d.OwnTemplate)
	if err != nil {
		return nil, unknown(err, "template", "report template", d.OwnTemplate)
	}
	if options == nil {
		options = map[string]string{}
	}
	if f, ok := r.format(d.Format); ok && f.Twice != (len(t.Columns) == 0) {
		return nil, harrier.Invalidf("template", "report template %d is not for format %s", t.ID, d.Format)
	}
	for name, list := range map[string][]string{"chapters": t.Chapters, "columns": t.Columns} {
		if len(list) > 0 {
			options[name] = strings.Join(list, ",")
		}
	}
	return options, nil
}
