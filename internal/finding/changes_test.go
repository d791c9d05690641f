package finding

import (
	"context"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestChangesAreForReaders asks for changes with and without the right, and
// within a scope.
func TestChangesAreForReaders(t *testing.T) {
	now := time.Unix(1000, 0)
	scope := harrier.Cmp{Field: "repository", Op: harrier.Eq, Values: []any{int64(2)}}
	var asked harrier.Expr
	r := New(Config{
		Now: func() time.Time { return now },
		ChangesOf: func(_ context.Context, assets []harrier.ID, e harrier.Expr, _, _ time.Time, _ bool, at time.Time) ([]harrier.Changes, error) {
			asked = e
			if !at.Equal(now) {
				t.Errorf("judged at %v; want %v", at, now)
			}
			return make([]harrier.Changes, len(assets)), nil
		},
	})
	reader := harrier.Actor{User: 1, Permissions: harrier.Viewer.Permissions(), Scope: scope}
	list, err := r.Changes(t.Context(), reader, []harrier.ID{1, 2}, nil, now.Add(-time.Hour), now, true)
	if err != nil || len(list) != 2 {
		t.Fatalf("Changes = %v, %v", list, err)
	}
	if c, ok := asked.(harrier.Cmp); !ok || c.Field != "repository" {
		t.Errorf("the store was asked for %#v; want the scope", asked)
	}
	for name, c := range map[string]struct {
		by   harrier.Actor
		from time.Time
		n    int
		want harrier.Kind
	}{
		"without the right":   {harrier.Actor{User: 1}, now, 1, harrier.Forbidden},
		"the wrong way round": {reader, now.Add(time.Second), 1, harrier.Invalid},
		"of too many":         {reader, now, maxChanged + 1, harrier.Invalid},
	} {
		if _, err := r.Changes(t.Context(), c.by, make([]harrier.ID, c.n), nil, c.from, now, false); harrier.KindOf(err) != c.want {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
	none := New(Config{})
	if _, err := none.Changes(t.Context(), reader, nil, nil, now, now, false); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("without a store: %v; want Unavailable", err)
	}
}
