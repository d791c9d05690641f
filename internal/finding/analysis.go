package finding

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// QueryStore holds saved queries. The methods are those of the store package.
type QueryStore interface {
	InsertSavedQuery(ctx context.Context, q *harrier.SavedQuery) error
	UpdateSavedQuery(ctx context.Context, q *harrier.SavedQuery) error
	DeleteSavedQuery(ctx context.Context, id harrier.ID) error
	SavedQuery(ctx context.Context, id harrier.ID) (harrier.SavedQuery, error)
	SavedQueries(ctx context.Context) ([]harrier.SavedQuery, error)
}

// Judged lists findings that match e as they show under the exceptions, one
// page of them, and how many match. It answers like Findings.
func (r *Room) Judged(ctx context.Context, by harrier.Actor, e harrier.Expr, p Page) ([]harrier.JudgedFinding, int, error) {
	switch {
	case !by.May(harrier.ReadFindings):
		return nil, 0, harrier.Errorf(harrier.Forbidden, "you may not read findings")
	case r.SearchJudged == nil:
		return nil, 0, harrier.Errorf(harrier.Unavailable, "findings can not be searched here")
	}
	return r.SearchJudged(ctx, by.Within(e), p, r.Now())
}

// Sums counts the findings that match e in groups, as they show under the
// exceptions. It answers like Findings.
func (r *Room) Sums(ctx context.Context, by harrier.Actor, e harrier.Expr, q harrier.SumQuery) (harrier.Sums, error) {
	switch {
	case !by.May(harrier.ReadFindings):
		return harrier.Sums{}, harrier.Errorf(harrier.Forbidden, "you may not read findings")
	case r.Sum == nil:
		return harrier.Sums{}, harrier.Errorf(harrier.Unavailable, "findings can not be counted here")
	}
	return r.Sum(ctx, by.Within(e), q, r.Now())
}

// Queries lists the saved queries that by may see, by rising id: the own ones,
// shared ones, or all with the right to read everybody's objects.
func (r *Room) Queries(ctx context.Context, by harrier.Actor) ([]harrier.SavedQuery, error) {
	all, err := r.Saved.SavedQueries(ctx)
	return slices.DeleteFunc(all, func(q harrier.SavedQuery) bool { return !seesQuery(by, q) }), err
}

func seesQuery(by harrier.Actor, q harrier.SavedQuery) bool {
	return by.LevelOn(q.Owner, harrier.SharedWith(q.Groups)) >= harrier.MayView
}

// Query returns one saved query. It answers NotFound for one that by may not
// see.
func (r *Room) Query(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.SavedQuery, error) {
	q, err := r.Saved.SavedQuery(ctx, id)
	if err == nil && !seesQuery(by, q) {
		err = harrier.Errorf(harrier.NotFound, "no query %d", id)
	}
	if err != nil {
		return harrier.SavedQuery{}, err
	}
	return q, nil
}

// EditsQuery reports whether by may change q.
func (r *Room) EditsQuery(by harrier.Actor, q harrier.SavedQuery) bool {
	return maySave(by) && by.LevelOn(q.Owner, nil) >= harrier.Owns
}

// maySave reports whether by may save queries: who writes what asks them, and what
// is said of their answers.
func maySave(by harrier.Actor) bool {
	return by.Permissions&(harrier.EditFindings|harrier.WriteTickets|harrier.WriteAlerts) != 0
}

// CreateQuery stores q and gives it an ID, a UUID and its owner, by. It answers
// Forbidden without a right that queries are for, and Invalid without a name.
func (r *Room) CreateQuery(ctx context.Context, by harrier.Actor, q *harrier.SavedQuery) error {
	if !maySave(by) {
		return harrier.Errorf(harrier.Forbidden, "you may not save queries")
	}
	if err := checkQuery(q); err != nil {
		return err
	}
	if len(q.Groups) > 0 && !by.May(harrier.ShareObjects) {
		return harrier.Errorf(harrier.Forbidden, "you may not share queries")
	}
	q.Owner, q.Created = by.User, r.Now().UTC()
	q.Modified, q.UUID = q.Created, harrier.NewUUID(q.Created)
	return r.Saved.InsertSavedQuery(ctx, q)
}

// UpdateQuery stores what q says, but for its owner and creation. It answers
// NotFound, Forbidden and Invalid like the others.
func (r *Room) UpdateQuery(ctx context.Context, by harrier.Actor, q *harrier.SavedQuery) error {
	if err := checkQuery(q); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.ownQuery(ctx, by, q.ID)
		if err != nil {
			return err
		}
		if !slices.Equal(q.Groups, have.Groups) && !by.May(harrier.ShareObjects) {
			return harrier.Errorf(harrier.Forbidden, "you may not share queries")
		}
		q.UUID, q.Owner, q.Created, q.Modified = have.UUID, have.Owner, have.Created, r.Now().UTC()
		return r.Saved.UpdateSavedQuery(ctx, q)
	})
}

// DeleteQuery removes a saved query. It answers NotFound and Forbidden.
func (r *Room) DeleteQuery(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.ownQuery(ctx, by, id); err != nil {
			return err
		}
		return r.Saved.DeleteSavedQuery(ctx, id)
	})
}

func (r *Room) ownQuery(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.SavedQuery, error) {
	q, err := r.Query(ctx, by, id)
	if err == nil && !r.EditsQuery(by, q) {
		err = harrier.Errorf(harrier.Forbidden, "you may not change query %d", id)
	}
	return q, err
}

// Bounds of what a user may store, in bytes.
const (
	maxName       = 1 << 10
	maxDefinition = 1 << 20
)

func checkQuery(q *harrier.SavedQuery) error {
	q.Name = strings.TrimSpace(q.Name)
	switch {
	case q.Name == "":
		return harrier.Invalidf("name", "a query needs a name")
	case len(q.Name) > maxName || len(q.Tags) > maxName:
		return harrier.Invalidf("name", "name or tags are longer than %d bytes", maxName)
	case len(q.Definition) > maxDefinition || len(q.Description) > maxDefinition:
		return harrier.Invalidf("filters", "are longer than %d bytes", maxDefinition)
	}
	return nil
}
