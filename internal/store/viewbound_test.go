package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestViewForgetsWhatIsTooMuch lets more change than may wait for the copy in
// memory, in one transaction and in many, while it is there and while it is made:
// what is asked then is answered from the tables, and from the next copy.
func TestViewForgetsWhatIsTooMuch(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "harrier.db"))
	must(err)
	defer func() { must(db.Close()) }()
	a := harrier.Asset{Repository: harrier.DefaultRepository}
	must(db.InsertAsset(ctx, &a))
	v := db.view
	v.most = 100
	next, all := 0, 0
	save := func(ctx context.Context, n int) {
		t.Helper()
		list := make([]*harrier.Finding, n)
		for i := range list {
			next++
			f := &harrier.Finding{Asset: a.ID}
			f.Vulnerability = harrier.VulnID(next)
			f.Fold(harrier.Present, time.Unix(int64(next), 0))
			list[i] = f
		}
		must(db.SaveFindings(ctx, list))
		all += n
	}
	even := harrier.Cmp{Field: "port", Op: harrier.Eq, Values: []any{int64(0)}}
	check := func(when string, ready bool) {
		t.Helper()
		c, _, release := db.read(ctx)
		if (c != nil) != ready {
			t.Fatalf("%s: the copy is there: %v; want %v", when, c != nil, ready)
		}
		if c != nil {
			release()
		}
		counts, err := db.CountFindings(ctx, even)
		must(err)
		if counts.Total() != all {
			t.Errorf("%s: %d findings; want %d", when, counts.Total(), all)
		}
	}
	must(v.build(ctx))
	save(ctx, 100)
	check("as many as may wait", true)
	save(ctx, 101)
	check("too many in one transaction", false)
	must(v.build(ctx))
	check("the next copy", true)
	for range 3 { // none of which is too large
		save(ctx, 60)
	}
	check("too many in a few transactions", false)
	if v.queue.size > v.most {
		t.Errorf("%d changes wait; want at most %d", v.queue.size, v.most)
	}
	must(v.build(ctx))
	check("the last copy", true)
	save(ctx, 50)
	check("a few", true)
}
