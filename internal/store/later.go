package store

import (
	"context"
	"fmt"
)

// A transaction can leave one piece of work to a goroutine: the database takes
// rows in while the caller thinks of the next ones. Whatever is said to the
// database meanwhile waits for its end, and so does the commit. Its failure breaks
// the transaction.

// laterKey marks the context of the work itself, which waits for nothing.
type laterKey struct{}

// later does do in the background, after what was left there before.
func (t *tx) later(ctx context.Context, do func(ctx context.Context) error) error {
	if err := t.settled(ctx); err != nil {
		return err
	}
	done := make(chan struct{})
	t.work = done
	go func() {
		defer close(done)
		defer func() {
			if fault := recover(); fault != nil {
				t.broken = fmt.Errorf("writing: %v", fault)
			}
		}()
		err := do(context.WithValue(context.WithoutCancel(ctx), laterKey{}, true))
		if err != nil && t.broken == nil {
			t.broken = err
		}
	}()
	return nil
}

// settled waits for the work in the background, and returns its error.
func (t *tx) settled(ctx context.Context) error {
	if t.work == nil || ctx.Value(laterKey{}) != nil {
		return t.broken
	}
	<-t.work
	t.work = nil
	return t.broken
}
