package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

func tagUses(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	a, b := newAsset(t, db, 1), newAsset(t, db, 2)
	tag := harrier.Tag{Name: "x", Kind: harrier.CustomTag}
	must(t, db.InsertTag(ctx, &tag))
	onA, onSite := harrier.TagUse{Tag: tag.ID, On: harrier.OnAsset, Object: a.ID}, harrier.TagUse{Tag: tag.ID, On: harrier.OnSite, Object: a.ID}
	for range 2 {
		must(t, db.AddTagUse(ctx, onA))
		must(t, db.AddTagUse(ctx, onSite))
	}
	if diff := cmp.Diff([]harrier.TagUse{onA}, got(db.TagUses(ctx, tag.ID, harrier.OnAsset))(t)); diff != "" {
		t.Errorf("TagUses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]harrier.TagUse{onSite}, got(db.TagUsesOn(ctx, harrier.OnSite, a.ID, b.ID))(t)); diff != "" {
		t.Errorf("TagUsesOn (-want +got):\n%s", diff)
	}
	must(t, db.SetTagCarriers(ctx, tag.ID, []harrier.ID{a.ID, b.ID}, nil))
	must(t, db.SetTagCarriers(ctx, tag.ID, []harrier.ID{a.ID}, []harrier.ID{b.ID}))
	if diff := cmp.Diff([]harrier.ID{a.ID}, got(db.TagCarriers(ctx, tag.ID))(t)); diff != "" {
		t.Errorf("TagCarriers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]harrier.TagUse{onA}, got(db.TagsCarried(ctx, b.ID, a.ID))(t)); diff != "" {
		t.Errorf("TagsCarried (-want +got):\n%s", diff)
	}
	must(t, db.SaveFindings(ctx, []*harrier.Finding{newFinding(a.ID, 3, closedChain()[2:]...)}))
	for field, value := range map[string]any{"tag": int64(tag.ID), "tagged": int64(tag.ID), "custom_tag": "X"} {
		is := harrier.Cmp{Field: field, Op: harrier.Eq, Values: []any{value}}
		list, n, err := db.SearchAssets(ctx, is, store.Page{})
		if err != nil || n != 1 || len(list) != 1 || list[0].ID != a.ID {
			t.Errorf("assets by %s: %d, %v; want the one", field, n, err)
		}
		found, _, err := db.SearchFindings(ctx, harrier.OfAsset{Of: is}, store.Page{})
		if err != nil || len(found) != 1 || found[0].Asset != a.ID {
			t.Errorf("findings of assets by %s: %v, %v; want that of the one", field, found, err)
		}
	}
	must(t, db.KeepTagWeight(ctx, a.ID, 80))
	must(t, db.KeepTagWeight(ctx, a.ID, 90))
	if diff := cmp.Diff(map[harrier.ID]int{a.ID: 80}, got(db.TagWeights(ctx))(t)); diff != "" {
		t.Errorf("TagWeights (-want +got):\n%s", diff)
	}
	must(t, db.DropTagWeight(ctx, a.ID))
	must(t, db.RemoveTagUse(ctx, onA))
	must(t, db.DeleteTag(ctx, tag.ID))
	if left := got(db.TagUses(ctx, 0, harrier.OnSite))(t); len(left)+len(got(db.TagWeights(ctx))(t)) > 0 {
		t.Errorf("left over: %v", left)
	}
}
