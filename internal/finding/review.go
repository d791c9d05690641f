package finding

import (
	"context"
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
)

// Submit stores an exception that alters nothing until somebody approves it. It
// answers like CreateException.
func (r *Room) Submit(ctx context.Context, by harrier.Actor, e *harrier.Exception) error {
	if !by.May(harrier.EditFindings) {
		return harrier.Errorf(harrier.Forbidden, "you may not submit exceptions")
	}
	if err := checkException(e); err != nil {
		return err
	}
	e.State, e.Reviewer, e.Reviewed, e.Remark = harrier.UnderReview, 0, time.Time{}, ""
	return r.createException(ctx, by, e)
}

// Review puts an exception into force, or rejects it, with a remark. It answers
// Forbidden without the rights to read everybody's objects and to recast, NotFound, and
// Conflict for one that nobody has submitted.
func (r *Room) Review(ctx context.Context, by harrier.Actor, id harrier.ID, approve bool, remark string) error {
	state, action := harrier.Rejected, "exception.reject"
	if approve {
		state, action = harrier.InForce, "exception.approve"
	}
	return r.moveException(ctx, by, id, action, func(e *harrier.Exception) error {
		switch {
		case !reviews(by, *e):
			return harrier.Errorf(harrier.Forbidden, "you may not review exceptions")
		case e.State != harrier.UnderReview:
			return harrier.Errorf(harrier.Conflict, "exception %d is not under review", id)
		}
		e.State, e.Reviewer, e.Reviewed = state, by.User, r.Now().UTC()
		if remark != "" {
			e.Remark = remark
		}
		return nil
	})
}

// Recall takes a submission back. It answers NotFound, Forbidden to those who
// may not change the exception, and Conflict for one that is not under review.
func (r *Room) Recall(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.moveException(ctx, by, id, "exception.recall", func(e *harrier.Exception) error {
		switch {
		case !edits(by, *e):
			return harrier.Errorf(harrier.Forbidden, "you may not recall exception %d", id)
		case e.State != harrier.UnderReview:
			return harrier.Errorf(harrier.Conflict, "exception %d is not under review", id)
		}
		e.State = harrier.Recalled
		return nil
	})
}

// Resubmit submits an exception again that was rejected or recalled, as alter
// leaves it. It answers like Recall.
func (r *Room) Resubmit(ctx context.Context, by harrier.Actor, id harrier.ID, alter func(*harrier.Exception)) error {
	return r.moveException(ctx, by, id, "exception.resubmit", func(e *harrier.Exception) error {
		switch {
		case !edits(by, *e):
			return harrier.Errorf(harrier.Forbidden, "you may not submit exception %d", id)
		case e.State != harrier.Rejected && e.State != harrier.Recalled:
			return harrier.Errorf(harrier.Conflict, "exception %d was not rejected", id)
		}
		if alter != nil {
			alter(e)
		}
		e.State = harrier.UnderReview
		return checkException(e)
	})
}

// Annotate stores what alter says of the reason, the remark and the time of
// expiry of an exception. The remark and the time are for those who review; the
// reason is for those who may change it. It answers NotFound and Forbidden.
func (r *Room) Annotate(ctx context.Context, by harrier.Actor, id harrier.ID, alter func(*harrier.Exception)) error {
	return r.moveException(ctx, by, id, "exception.annotate", func(e *harrier.Exception) error {
		was := *e
		alter(e)
		if e.Reason != was.Reason && !edits(by, was) || (e.Remark != was.Remark || !e.Expires.Equal(was.Expires)) && !reviews(by, was) {
			return harrier.Errorf(harrier.Forbidden, "you may not change exception %d", id)
		}
		reason, remark, expires := e.Reason, e.Remark, e.Expires
		*e = was
		e.Reason, e.Remark, e.Expires = reason, remark, expires
		return checkException(e)
	})
}

// reviews reports whether by decides about e; edits, whether it is theirs to
// change.
func reviews(by harrier.Actor, e harrier.Exception) bool {
	return by.May(harrier.ReadAll|harrier.RecastFindings) && by.LevelOn(e.Owner, nil) >= harrier.MayView
}

func edits(by harrier.Actor, e harrier.Exception) bool {
	return mayExcept(by, e) && by.LevelOn(e.Owner, nil) >= harrier.Owns
}

func (r *Room) moveException(ctx context.Context, by harrier.Actor, id harrier.ID, action string, move func(*harrier.Exception) error) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		e, err := r.Exception(ctx, by, id)
		if err != nil {
			return err
		}
		if err := move(&e); err != nil {
			return err
		}
		if err := r.Store.UpdateException(ctx, &e); err != nil {
			return err
		}
		return r.Store.AppendAudit(ctx, &harrier.AuditEntry{
			At: r.Now().UTC(), Actor: by.Name, Via: by.Via, Action: action, Object: fmt.Sprintf("exception %d", id), Detail: string(e.State),
		})
	})
}
