package asset

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// oneSite is a site that everybody may configure.
type oneSite harrier.ID

func (s oneSite) Site(_ context.Context, _ harrier.Actor, id harrier.ID) (harrier.Site, error) {
	if id != harrier.ID(s) {
		return harrier.Site{}, harrier.Errorf(harrier.NotFound, "no site %d", id)
	}
	return harrier.Site{ID: id}, nil
}

func (oneSite) Level(harrier.Actor, harrier.Site) harrier.Level { return harrier.MayConfigure }

func openTags(t *testing.T) (*store.DB, *Tags, []harrier.Asset) {
	t.Helper()
	db, err := store.Open(t.Context(), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var assets []harrier.Asset
	for _, addr := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		a := harrier.Asset{Repository: harrier.DefaultRepository, Addr: netip.MustParseAddr(addr)}
		if err := db.InsertAsset(t.Context(), &a); err != nil {
			t.Fatal(err)
		}
		assets = append(assets, a)
	}
	search := func(ctx context.Context, e harrier.Expr, p Page) ([]harrier.Asset, int, error) {
		return db.SearchAssets(ctx, e, store.Page{Sort: p.Sort, Desc: p.Desc, Limit: p.Limit, Offset: p.Offset})
	}
	return db, NewTags(db, search, NewLists(db, time.Now), oneSite(7), time.Now, slog.New(slog.DiscardHandler)), assets
}

func carriers(t *testing.T, r *Tags, by harrier.Actor, id harrier.ID) (out []string) {
	t.Helper()
	e, err := r.Members(t.Context(), by, id)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := r.search(t.Context(), e, Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		out = append(out, a.Addr.String())
	}
	return out
}

// TestTags: a tag is on what it was put on and on what its rule holds for.
func TestTags(t *testing.T) {
	db, r, assets := openTags(t)
	ctx, by := t.Context(), harrier.Actor{User: 1, Permissions: harrier.Administrator.Permissions()}
	l := harrier.AssetList{Name: "second", Kind: "static", Definition: "192.0.2.2"}
	if err := r.lists.Create(ctx, by, &l); err != nil {
		t.Fatal(err)
	}
	tag := harrier.Tag{Name: "Web", Kind: harrier.CustomTag, Rule: `{"match":"all","filters":[{"field":"ip-address","operator":"is","value":"192.0.2.3"}]}`}
	if err := r.Create(ctx, by, &tag); err != nil {
		t.Fatal(err)
	}
	if got := carriers(t, r, by, tag.ID); !cmp.Equal(got, []string{"192.0.2.3"}) {
		t.Errorf("by its rule the tag is on %v", got)
	}
	uses := []harrier.TagUse{{Tag: tag.ID, On: harrier.OnAsset, Object: assets[0].ID}, {Tag: tag.ID, On: harrier.OnList, Object: l.ID}}
	if err := r.UseAll(ctx, by, uses, true); err != nil {
		t.Fatal(err)
	}
	if got := carriers(t, r, by, tag.ID); len(got) != 3 {
		t.Errorf("with its uses the tag is on %v; want all", got)
	}
	kept, err := r.Tag(ctx, by, tag.ID) // in the precision of the store
	if err != nil || kept.Name != "Web" {
		t.Fatalf("%+v, %v", kept, err)
	}
	why, err := r.Why(ctx, by, assets[0].ID, assets[1].ID, assets[2].ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []harrier.Tagged{{Uses: uses[:1]}, {Uses: uses[1:]}, {ByRule: true}} {
		want.Tag = kept
		if diff := cmp.Diff([]harrier.Tagged{want}, why[assets[i].ID]); diff != "" {
			t.Errorf("why asset %d carries it (-want +got):\n%s", i, diff)
		}
	}
	if err := r.Use(ctx, by, harrier.TagUse{Tag: tag.ID, On: harrier.OnSite, Object: 8}, true); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("on a site that there is not: %v", err)
	}
	if err := r.UseAll(ctx, by, uses, false); err != nil {
		t.Fatal(err)
	}
	if got := carriers(t, r, by, tag.ID); !cmp.Equal(got, []string{"192.0.2.3"}) {
		t.Errorf("taken off again it is on %v", got)
	}
	again := harrier.Tag{Name: "wEB", Kind: harrier.CustomTag}
	if err := r.Create(ctx, by, &again); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("a second tag of the name: %v; want Conflict", err)
	}
	if err := r.Delete(ctx, by, tag.ID); err != nil {
		t.Fatal(err)
	}
	if left, err := db.TagsCarried(ctx, assets[2].ID); len(left) > 0 || err != nil {
		t.Errorf("after it was deleted: %v, %v", left, err)
	}
}

// TestCriticalityWeighs: an asset has one criticality, which is its importance
// until it is taken off.
func TestCriticalityWeighs(t *testing.T) {
	_, r, assets := openTags(t)
	ctx, by := t.Context(), harrier.Actor{User: 1, Permissions: harrier.Administrator.Permissions()}
	if err := r.store.SetImportance(ctx, assets[0].ID, 80); err != nil {
		t.Fatal(err)
	}
	use := func(tag harrier.ID) harrier.TagUse {
		return harrier.TagUse{Tag: tag, On: harrier.OnAsset, Object: assets[0].ID}
	}
	for _, step := range []struct {
		tag  harrier.ID
		on   bool
		want int
	}{{1, true, 200}, {4, true, 75}, {1, false, 75}, {4, false, 80}} {
		if err := r.Use(ctx, by, use(step.tag), step.on); err != nil {
			t.Fatal(err)
		}
		if a, err := r.store.Asset(ctx, assets[0].ID); err != nil || a.Importance != step.want {
			t.Errorf("after %+v the importance is %d, %v; want %d", step, a.Importance, err, step.want)
		}
	}
	analyst := harrier.Actor{User: 2, Permissions: harrier.Analyst.Permissions()}
	if err := r.Use(ctx, analyst, use(1), true); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("an analyst says how much an asset matters: %v; want Forbidden", err)
	}
	if err := r.Delete(ctx, by, 1); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("deleting a tag that is built in: %v; want Forbidden", err)
	}
}

// TestTagsSettle: who carries a tag is worked out anew when it is asked for.
func TestTagsSettle(t *testing.T) {
	db, r, assets := openTags(t)
	ctx, by := t.Context(), harrier.Actor{User: 1, Permissions: harrier.Administrator.Permissions()}
	tag := harrier.Tag{Name: "Seen", Kind: harrier.LocationTag, Rule: `{"match":"any","filters":[{"field":"last-scan-date","operator":"is-within-the-last","value":3}]}`}
	if err := r.Create(ctx, by, &tag); err != nil {
		t.Fatal(err)
	}
	if got := carriers(t, r, by, tag.ID); got != nil {
		t.Errorf("before a scan the tag is on %v", got)
	}
	assets[1].LastSeen = time.Now()
	if err := db.UpdateAsset(ctx, &assets[1]); err != nil {
		t.Fatal(err)
	}
	if err := r.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if got := carriers(t, r, by, tag.ID); !cmp.Equal(got, []string{"192.0.2.2"}) {
		t.Errorf("after a scan the tag is on %v", got)
	}
	other := harrier.Actor{User: 9, Organization: 4, Permissions: harrier.Administrator.Permissions(), Place: &harrier.Standing{}}
	if _, err := r.Tag(ctx, other, tag.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("another organisation sees the tag: %v", err)
	}
}

// TestTagsInTransactions: what saves tags within transactions and what works all
// of them out beside it never wait for each other for ever.
func TestTagsInTransactions(t *testing.T) {
	db, r, _ := openTags(t)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	done := make(chan error, 1)
	over := make(chan struct{})
	go func() {
		var err error
		for open := true; open && err == nil; {
			select {
			case <-over:
				open = false
			default:
				err = r.Settle(ctx)
			}
		}
		done <- err
	}()
	admin := harrier.System
	for i := range 50 {
		err := db.InTx(ctx, func(ctx context.Context) error {
			tag := harrier.Tag{Name: fmt.Sprint("tag ", i), Kind: harrier.CriticalityTag, Weight: 150}
			if err := r.Create(ctx, admin, &tag); err != nil {
				return err
			}
			tag.Weight = 200
			return r.Update(ctx, admin, &tag)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	close(over)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
