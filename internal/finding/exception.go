package finding

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Findings lists findings that match e, one page of them, and how many match,
// within by's scope. It answers Forbidden without the right to read findings.
func (r *Room) Findings(ctx context.Context, by harrier.Actor, e harrier.Expr, p Page) ([]harrier.Finding, int, error) {
	switch {
	case !by.May(harrier.ReadFindings):
		return nil, 0, harrier.Errorf(harrier.Forbidden, "you may not read findings")
	case r.Search == nil:
		return nil, 0, harrier.Errorf(harrier.Unavailable, "findings can not be searched here")
	}
	return r.Search(ctx, by.Within(e), p)
}

// Exceptions lists the exceptions in force that by may see, by rising id: the own
// ones, or all with the right to read everybody's objects.
func (r *Room) Exceptions(ctx context.Context, by harrier.Actor) ([]harrier.Exception, error) {
	all, err := r.Submissions(ctx, by)
	return slices.DeleteFunc(all, func(e harrier.Exception) bool { return e.State != harrier.InForce }), err
}

// Submissions is Exceptions with those that are not in force.
func (r *Room) Submissions(ctx context.Context, by harrier.Actor) ([]harrier.Exception, error) {
	all, err := r.Store.Exceptions(ctx)
	if err != nil {
		return nil, err
	}
	var out []harrier.Exception
	for _, e := range all {
		if by.LevelOn(e.Owner, nil) >= harrier.MayView {
			out = append(out, e)
		}
	}
	return out, nil
}

// Exception returns one exception. It answers NotFound for one that by may not
// see.
func (r *Room) Exception(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Exception, error) {
	e, err := r.Store.Exception(ctx, id)
	if err != nil {
		return harrier.Exception{}, err
	}
	if by.LevelOn(e.Owner, nil) < harrier.MayView {
		return harrier.Exception{}, harrier.Errorf(harrier.NotFound, "no exception %d", id)
	}
	return e, nil
}

// CreateException stores e and gives it an ID, a UUID and its owner, by. One for
// all repositories by somebody who may not use all of them becomes one for each
// that they may; e is the first. It answers Forbidden without the right to edit
// findings, or to recast them, and Invalid for one without a vulnerability or
// with a severity that does not exist, and for one about what by does not see.
func (r *Room) CreateException(ctx context.Context, by harrier.Actor, e *harrier.Exception) error {
	if !mayExcept(by, *e) {
		return harrier.Errorf(harrier.Forbidden, "you may not write exceptions")
	}
	if err := checkException(e); err != nil {
		return err
	}
	e.State, e.Reviewer, e.Remark = harrier.InForce, 0, ""
	return r.createException(ctx, by, e)
}

func (r *Room) createException(ctx context.Context, by harrier.Actor, e *harrier.Exception) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.exceptInSight(ctx, by, e); err != nil {
			return err
		}
		e.Owner, e.Created = by.User, r.Now().UTC()
		e.UUID = harrier.NewUUID(e.Created)
		rest := by.Repositories()
		if e.Repository != 0 || rest == nil {
			return r.Store.InsertException(ctx, e)
		}
		e.Repository = rest[0]
		if err := r.Store.InsertException(ctx, e); err != nil {
			return err
		}
		for _, id := range rest[1:] {
			more := *e
			more.ID, more.Repository, more.UUID = 0, id, harrier.NewUUID(e.Created)
			if err := r.Store.InsertException(ctx, &more); err != nil {
				return err
			}
		}
		return nil
	})
}

// mayExcept reports whether by may write exceptions of the kind of e.
func mayExcept(by harrier.Actor, e harrier.Exception) bool {
	if e.Hide {
		return by.May(harrier.EditFindings)
	}
	return by.May(harrier.RecastFindings)
}

// exceptInSight answers Invalid for an exception that would speak of assets that
// by does not see.
func (r *Room) exceptInSight(ctx context.Context, by harrier.Actor, e *harrier.Exception) error {
	have := by.Repositories()
	switch {
	case e.Repository != 0 && !by.SeesRepository(e.Repository), e.Repository == 0 && have != nil && len(have) == 0:
		return harrier.Invalidf("repository", "there is no repository %d", e.Repository)
	case !by.Narrow():
		return nil
	case e.Host == "" || r.Search == nil:
		return harrier.Invalidf("host", "name the hosts: you do not see all of the repository")
	}
	for name := range strings.SplitSeq(e.Host, ",") {
		name = strings.TrimSpace(name)
		some := harrier.Or{}
		for _, field := range []string{"address", "fqdn", "netbios", "uuid", "host"} {
			some = append(some, harrier.Cmp{Field: field, Op: harrier.Eq, Values: []any{name}})
		}
		_, n, err := r.Search(ctx, by.Within(some), Page{Limit: 1})
		if err != nil {
			return err
		}
		if n == 0 {
			return harrier.Invalidf("host", "there is no host %q", name)
		}
	}
	return nil
}

// UpdateException stores what e says, but for its owner and creation. It
// answers NotFound, Forbidden and Invalid like the others.
func (r *Room) UpdateException(ctx context.Context, by harrier.Actor, e *harrier.Exception) error {
	if err := checkException(e); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.ownException(ctx, by, e.ID)
		if err != nil {
			return err
		}
		if !mayExcept(by, *e) {
			return harrier.Errorf(harrier.Forbidden, "you may not write such exceptions")
		}
		if e.Host != have.Host || e.Repository != have.Repository {
			if err := r.exceptInSight(ctx, by, e); err != nil {
				return err
			}
			if e.Repository == 0 && by.Repositories() != nil {
				e.Repository = have.Repository
			}
		}
		e.UUID, e.Owner, e.Created = have.UUID, have.Owner, have.Created
		e.State, e.Reviewer, e.Remark, e.Given = have.State, have.Reviewer, have.Remark, have.Given
		return r.Store.UpdateException(ctx, e)
	})
}

// DeleteException removes an exception. It answers NotFound and Forbidden.
func (r *Room) DeleteException(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.ownException(ctx, by, id); err != nil {
			return err
		}
		return r.Store.DeleteException(ctx, id)
	})
}

// ownException returns an exception that by may change.
func (r *Room) ownException(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Exception, error) {
	e, err := r.Exception(ctx, by, id)
	if err != nil {
		return harrier.Exception{}, err
	}
	if !mayExcept(by, e) || by.LevelOn(e.Owner, nil) < harrier.Owns {
		return harrier.Exception{}, harrier.Errorf(harrier.Forbidden, "you may not change exception %d", id)
	}
	return e, nil
}

func checkException(e *harrier.Exception) error {
	e.Host = strings.TrimSpace(e.Host)
	switch {
	case e.Vulnerability <= 0:
		return harrier.Invalidf("plugin_id", "must be the number of a vulnerability")
	case e.Recast >= harrier.Severities:
		return harrier.Invalidf("severity", "there is no severity %d", e.Recast)
	case len(e.Host) > 64<<10:
		return harrier.Invalidf("host", "is longer than 64 KiB")
	}
	return nil
}
