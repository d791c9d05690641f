package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// some returns n findings of an asset, some of which were opened twice.
func some(asset harrier.ID, n int) []*harrier.Finding {
	out := make([]*harrier.Finding, n)
	for i := range out {
		f := &harrier.Finding{Asset: asset, Severity: harrier.Severity(i % harrier.Severities), Evidence: fmt.Sprint("seen ", i), LastScan: 1}
		f.Vulnerability, f.Endpoint = harrier.VulnID(1+i/3), harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(i)}
		f.Fold(harrier.Present, at(i))
		if i%4 == 0 {
			f.Fold(harrier.Absent, at(i+1))
			f.Fold(harrier.Present, at(i+2))
		}
		out[i] = f
	}
	return out
}

// later holds findings that are taken in while the caller goes on to those that
// are not.
func later(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	slow, quick := newAsset(t, db, 1), newAsset(t, db, 2)
	const n = 3000
	steps := []func(list []*harrier.Finding) []*harrier.Finding{
		func([]*harrier.Finding) []*harrier.Finding { return nil }, // new
		func(list []*harrier.Finding) []*harrier.Finding { // seen again, described in another way, closed, moved
			for i, f := range list {
				f.LastScan = 2
				switch f.Fold(harrier.Present, at(n+i)); i % 5 {
				case 1:
					f.Evidence = "another"
				case 2:
					f.Fold(harrier.Absent, at(n+i+1))
				case 3:
					f.Port += n
				}
			}
			return list
		},
		func(list []*harrier.Finding) []*harrier.Finding { // all of it, and nothing new
			for i, f := range list {
				f.Fold(harrier.Present, at(2*n+i))
			}
			return list
		},
	}
	for number, step := range steps {
		save := func(asset harrier.ID, save func(context.Context, []*harrier.Finding) error, parts int) {
			must(t, db.InTx(ctx, func(ctx context.Context) error {
				list := step(got(db.FindingsOf(ctx, asset))(t))
				if list == nil {
					list = some(asset, n)
				}
				for i := range parts {
					if err := save(ctx, list[i*n/parts:(i+1)*n/parts]); err != nil {
						return err
					}
				}
				for _, f := range list {
					if f.ID == 0 {
						t.Fatal("a finding has no ID")
					}
				}
				if have := got(db.FindingsOf(ctx, asset))(t); len(have) != n {
					t.Errorf("%d findings in the transaction; want %d", len(have), n)
				}
				return nil
			}))
		}
		save(slow.ID, db.SaveFindings, 1)
		save(quick.ID, db.SaveFindingsLater, 3)
		want, have := got(db.FindingsOf(ctx, slow.ID))(t), got(db.FindingsOf(ctx, quick.ID))(t)
		for _, f := range append(want, have...) {
			f.ID, f.Asset = 0, 0
		}
		if !reflect.DeepEqual(want, have) { // quicker than cmp, which tells the difference
			t.Errorf("step %d (-at once +later):\n%s", number, cmp.Diff(want, have))
		}
		a, b := got(db.Asset(ctx, slow.ID))(t), got(db.Asset(ctx, quick.ID))(t)
		if a.Open != b.Open || a.Open.Total() == 0 {
			t.Errorf("step %d: open %v at once, %v later", number, a.Open, b.Open)
		}
	}
	laterFails(t, db, quick.ID)
}

// laterFails shows that a transaction fails whole with what it has left to the
// database.
func laterFails(t *testing.T, db *store.DB, asset harrier.ID) {
	ctx := t.Context()
	before := got(db.CountFindings(ctx, nil))(t)
	late := func(ctx context.Context) error {
		f := some(asset, 2)[1] // its instance is taken, what the transaction does not know
		g := *f
		g.Vulnerability = 77_777
		return db.SaveFindingsLater(ctx, []*harrier.Finding{&g, f})
	}
	for name, after := range map[string]func(ctx context.Context) error{
		"at the end": func(context.Context) error { return nil },
		"at the next statement": func(ctx context.Context) error {
			_, err := db.Asset(ctx, asset)
			return err
		},
		"when it is ignored": func(ctx context.Context) error {
			_, _ = db.Asset(ctx, asset)
			return nil
		},
	} {
		err := db.InTx(ctx, func(ctx context.Context) error {
			if err := late(ctx); err != nil {
				return err
			}
			return after(ctx)
		})
		if harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("%s: InTx = %v; want Conflict", name, err)
		}
	}
	boom := errors.New("boom")
	err := db.InTx(ctx, func(ctx context.Context) error {
		f := some(asset, 1)[0]
		f.Vulnerability = 88_888
		must(t, db.SaveFindingsLater(ctx, []*harrier.Finding{f}))
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("InTx = %v; want %v", err, boom)
	}
	if after := got(db.CountFindings(ctx, nil))(t); after != before {
		t.Errorf("counts are %v; want %v", after, before)
	}
}

// assetsAtOnce holds InsertAssets to InsertAsset.
func assetsAtOnce(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	list := make([]*harrier.Asset, 70)
	for i := range list {
		list[i] = new(harrier.Asset)
		fill(list[i], i+1)
		list[i].ID, list[i].Repository = 0, harrier.DefaultRepository
	}
	list[1].UUID = harrier.UUID{}
	must(t, db.InsertAssets(ctx, list))
	for i, want := range list {
		if diff := cmp.Diff(*want, got(db.Asset(ctx, want.ID))(t), exact); diff != "" {
			t.Fatalf("asset %d (-want +got):\n%s", i, diff)
		}
	}
	again := *list[3]
	fresh := harrier.Asset{Repository: harrier.DefaultRepository, UUID: harrier.NewUUID(time.Now())}
	if err := db.InsertAssets(ctx, []*harrier.Asset{&fresh, &again}); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("InsertAssets with a UUID that is taken = %v; want Conflict", err)
	}
	if _, err := db.AssetByUUID(ctx, fresh.UUID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("the other asset of a list that failed: %v; want NotFound", err)
	}
}
