package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

func siteCount(t *testing.T, db *store.DB) int {
	t.Helper()
	return len(got(db.Sites(t.Context()))(t))
}

func rollback(t *testing.T, dsn string) {
	db, boom := open(t, dsn), errors.New("boom")
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		must(t, db.InsertSite(ctx, &harrier.Site{Name: "lab"}))
		if list := got(db.Sites(ctx))(t); len(list) != 1 {
			t.Errorf("%d sites within the transaction; want 1", len(list))
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("InTx = %v; want %v", err, boom)
	}
	if n := siteCount(t, db); n != 0 {
		t.Errorf("%d sites after rollback; want none", n)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not come through")
			}
		}()
		_ = db.InTx(t.Context(), func(ctx context.Context) error {
			must(t, db.InsertSite(ctx, &harrier.Site{Name: "lab"}))
			panic("bang")
		})
	}()
	if n := siteCount(t, db); n != 0 {
		t.Errorf("%d sites after a panic; want none", n)
	}
}

func nested(t *testing.T, dsn string) {
	db, boom := open(t, dsn), errors.New("boom")
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		must(t, db.InTx(ctx, func(ctx context.Context) error { return db.InsertSite(ctx, &harrier.Site{Name: "inner"}) }))
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("InTx = %v; want %v", err, boom)
	}
	if n := siteCount(t, db); n != 0 {
		t.Errorf("%d sites; want none: the inner call is part of the outer transaction", n)
	}
}

func conflictInTx(t *testing.T, dsn string) {
	db := open(t, dsn)
	ann, bob := harrier.User{Name: "ann"}, harrier.User{Name: "bob"}
	must(t, db.InsertUser(t.Context(), &ann))
	must(t, db.InsertUser(t.Context(), &bob))
	must(t, db.InTx(t.Context(), func(ctx context.Context) error {
		renamed := bob
		renamed.Name = "ann"
		for what, err := range map[string]error{
			"insert": db.InsertUser(ctx, &harrier.User{Name: "ANN"}), "update": db.UpdateUser(ctx, &renamed),
		} {
			if harrier.KindOf(err) != harrier.Conflict {
				t.Errorf("%s = %v; want Conflict", what, err)
			}
		}
		return db.InsertUser(ctx, &harrier.User{Name: "carl"})
	}))
	if list := got(db.Users(t.Context()))(t); len(list) != 3 {
		t.Errorf("%d users; want 3", len(list))
	}
}

// serial adds one to a number in many transactions at once: none is lost only
// when each reads what the one before has left.
func serial(t *testing.T, dsn string) {
	db := open(t, dsn)
	const workers, rounds = 4, 10
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for range rounds {
				err := db.InTx(t.Context(), func(ctx context.Context) error {
					text, _, err := db.Value(ctx, "n")
					if err != nil {
						return err
					}
					n, _ := strconv.Atoi(text) // "" is 0
					return db.SetValue(ctx, "n", strconv.Itoa(n+1))
				})
				if err != nil {
					t.Errorf("InTx = %v", err)
				}
			}
		})
	}
	wait.Wait()
	if n, _, err := db.Value(t.Context(), "n"); n != fmt.Sprint(workers*rounds) {
		t.Errorf("the number is %s (%v); want %d", n, err, workers*rounds)
	}
}

func cancelled(t *testing.T, dsn string) {
	db := open(t, dsn)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.InTx(ctx, func(ctx context.Context) error {
		must(t, db.InsertSite(ctx, &harrier.Site{Name: "lab"}))
		cancel()
		if err := db.InsertSite(ctx, &harrier.Site{Name: "late"}); !errors.Is(err, context.Canceled) {
			t.Errorf("InsertSite = %v; want %v", err, context.Canceled)
		}
		return nil // whoever ignores the error must not get half of it kept
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("InTx = %v; want %v", err, context.Canceled)
	}
	if n := siteCount(t, db); n != 0 {
		t.Errorf("%d sites; want none", n)
	}
	must(t, db.InsertSite(t.Context(), &harrier.Site{Name: "next"}))
}
