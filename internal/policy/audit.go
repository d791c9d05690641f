package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format/audit"
)

// AuditStore keeps audit files.
type AuditStore interface {
	InsertAuditFile(ctx context.Context, f *harrier.AuditFile, text string) error
	UpdateAuditFile(ctx context.Context, f *harrier.AuditFile, text *string) error
	DeleteAuditFile(ctx context.Context, id harrier.ID) error
	AuditFile(ctx context.Context, id harrier.ID) (harrier.AuditFile, error)
	AuditFiles(ctx context.Context) ([]harrier.AuditFile, error)
	AuditText(ctx context.Context, id harrier.ID) (string, error)
}

// AuditLevel says how far by may go with f.
func (r *Room) AuditLevel(by harrier.Actor, f harrier.AuditFile) harrier.Level {
	return by.LevelOn(f.Owner, harrier.SharedWith(f.Groups))
}

// AuditFiles lists the audit files that by may see, by rising ID.
func (r *Room) AuditFiles(ctx context.Context, by harrier.Actor) ([]harrier.AuditFile, error) {
	all, err := r.store.AuditFiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("list audit files: %w", err)
	}
	return slices.DeleteFunc(all, func(f harrier.AuditFile) bool { return r.AuditLevel(by, f) < harrier.MayView }), nil
}

// AuditFile returns an audit file, or NotFound for one that by may not see.
func (r *Room) AuditFile(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.AuditFile, error) {
	f, err := r.store.AuditFile(ctx, id)
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return f, err
	}
	if err != nil || r.AuditLevel(by, f) < harrier.MayView {
		return harrier.AuditFile{}, harrier.Errorf(harrier.NotFound, "no audit file %d", id)
	}
	return f, nil
}

// AuditText returns the text of an audit file as it was stored. It answers
// NotFound like AuditFile.
func (r *Room) AuditText(ctx context.Context, by harrier.Actor, id harrier.ID) (string, error) {
	if _, err := r.AuditFile(ctx, by, id); err != nil {
		return "", err
	}
	return r.store.AuditText(ctx, id)
}

// CreateAuditFile stores f with its text and gives it an ID, a UUID, its owner,
// by, its times, and its kind and number of checks as the text says. It answers
// Forbidden without the right to edit policies, or to share where f is shared,
// and Invalid for a text that can not be read and a file that breaks its own
// rules.
func (r *Room) CreateAuditFile(ctx context.Context, by harrier.Actor, f *harrier.AuditFile, text string) error {
	if err := r.mayEdit(by); err != nil {
		return err
	}
	if err := r.checkAudit(by, f, &text, nil); err != nil {
		return err
	}
	f.ID, f.Owner, f.Created = 0, by.User, r.now()
	f.UUID, f.Modified = harrier.NewUUID(f.Created), f.Created
	return r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.store.InsertAuditFile(ctx, f, text); err != nil {
			return err
		}
		return r.noteAudit(ctx, by, "audit.create", f)
	})
}

// UpdateAuditFile stores what f says over the file with its ID, and its text
// unless that is nil. Identity, owner and creation time stay as they are. It
// answers NotFound, Forbidden and Invalid.
func (r *Room) UpdateAuditFile(ctx context.Context, by harrier.Actor, f *harrier.AuditFile, text *string) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.ownAudit(ctx, by, f.ID)
		if err != nil {
			return err
		}
		f.Kind, f.Items = old.Kind, old.Items
		if err := r.checkAudit(by, f, text, old.Groups); err != nil {
			return err
		}
		f.UUID, f.Owner, f.Created, f.Modified = old.UUID, old.Owner, old.Created, r.now()
		if err := r.store.UpdateAuditFile(ctx, f, text); err != nil {
			return err
		}
		return r.noteAudit(ctx, by, "audit.update", f)
	})
}

// DeleteAuditFile removes an audit file. It answers NotFound, Forbidden, and
// Conflict while a policy names it.
func (r *Room) DeleteAuditFile(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		f, err := r.ownAudit(ctx, by, id)
		if err != nil {
			return err
		}
		all, err := r.store.Policies(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(p harrier.Policy) bool { return slices.Contains(p.Audits, id) }) {
			return harrier.Errorf(harrier.Conflict, "audit file %d is used by one or more policies", id)
		}
		if err := r.store.DeleteAuditFile(ctx, id); err != nil {
			return err
		}
		return r.noteAudit(ctx, by, "audit.delete", &f)
	})
}

// ownAudit returns an audit file that by may change.
func (r *Room) ownAudit(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.AuditFile, error) {
	f, err := r.AuditFile(ctx, by, id)
	if err != nil {
		return f, err
	}
	if err := r.mayEdit(by); err != nil {
		return f, err
	}
	if r.AuditLevel(by, f) < harrier.MayConfigure {
		return f, harrier.Errorf(harrier.Forbidden, "you may not change audit file %q", f.Name)
	}
	return f, nil
}

// checkAudit reads the text, if there is one, and answers what is wrong with f.
func (r *Room) checkAudit(by harrier.Actor, f *harrier.AuditFile, text *string, shared []harrier.ID) error {
	if f.Name = strings.TrimSpace(f.Name); f.Name == "" {
		return harrier.Invalidf("name", "must be given")
	}
	if err := f.Check(); err != nil {
		return err
	}
	if !by.May(harrier.ShareObjects) && !slices.Equal(f.Groups, shared) {
		return harrier.Errorf(harrier.Forbidden, "you may not share audit files")
	}
	if text == nil {
		return nil
	}
	read, err := audit.Read(*text)
	f.Kind, f.Items = read.Kind, read.Items
	return err
}

// mayAudit answers Invalid for audit files that by may not use, but for those
// that the policy names already.
func (r *Room) mayAudit(ctx context.Context, by harrier.Actor, list, had []harrier.ID) error {
	const most = 256
	if len(list) > most {
		return harrier.Invalidf("auditFiles", "are more than %d", most)
	}
	for _, id := range list {
		if slices.Contains(had, id) {
			continue
		}
		if _, err := r.AuditFile(ctx, by, id); harrier.KindOf(err) == harrier.NotFound && err != nil {
			return harrier.Invalidf("auditFiles", "there is no audit file %d", id)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (r *Room) noteAudit(ctx context.Context, by harrier.Actor, action string, f *harrier.AuditFile) error {
	return r.store.AppendAudit(ctx, &harrier.AuditEntry{
		At: r.now(), Actor: by.Name, Via: by.Via, Action: action, Object: fmt.Sprintf("audit file %d", f.ID), Detail: f.Name,
	})
}
