package vuln

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// TestSearch: the whole catalogue is searched, that of the program and that of
// content; a walk by positions sees each once, in either order, and other content
// is seen at once.
func TestSearch(t *testing.T) {
	ctx := t.Context()
	r := New(open(t))
	if err := r.Load(ctx, []harrier.Vulnerability{redis, terrapin}, nil); err != nil {
		t.Fatal(err)
	}
	old, young := openCVE, named
	old.Modified, young.Modified = time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC)
	old.Severity, young.Description = harrier.Critical, "a needle"
	r.Know(knowledge("1", old, young))
	slugs := func(f harrier.Found[harrier.Vulnerability]) []string {
		out := []string{}
		for _, v := range f.Rows {
			out = append(out, v.Slug)
		}
		return out
	}
	eq := func(field string, values ...any) harrier.Expr {
		return harrier.Cmp{Field: field, Op: harrier.Eq, Values: values}
	}
	for what, tt := range map[string]struct {
		e    harrier.Expr
		want []string
	}{
		"a slug":       {eq("slug", "CVE-2024-6387", "nothing"), []string{old.Slug}},
		"a number":     {eq("vulnerability", int64(named.ID)), []string{young.Slug}},
		"a severity":   {harrier.And{eq("severity", int64(harrier.Critical)), harrier.Not{Of: eq("slug", redis.Slug, terrapin.Slug)}}, []string{old.Slug}},
		"a date":       {harrier.Cmp{Field: "modified_at", Op: harrier.Gt, Values: []any{old.Modified.UnixMicro()}}, []string{young.Slug}},
		"a text":       {harrier.Cmp{Field: "description", Op: harrier.Contains, Values: []any{"NEEDLE"}}, []string{young.Slug}},
		"nothing":      {eq("slug", "nothing"), []string{}},
		"what is not":  {eq("port", int64(1)), []string{}},
		"the opposite": {harrier.Not{Of: eq("slug", redis.Slug, terrapin.Slug, old.Slug)}, []string{young.Slug}},
	} {
		got, err := r.Search(ctx, tt.e, harrier.Walk{Sort: []harrier.Order{{Field: "slug"}}})
		if diff := cmp.Diff(tt.want, slugs(got)); err != nil || diff != "" || got.Total != len(tt.want) {
			t.Errorf("%s: %d, %v (-want +got):\n%s", what, got.Total, err, diff)
		}
	}
	for _, order := range [][]harrier.Order{{{Field: "slug"}}, {{Field: "slug", Desc: true}}, {{Field: "modified_at", Desc: true}, {Field: "slug"}}, {{Field: "severity"}, {Field: "name", Desc: true}}} {
		whole, err := r.Search(ctx, nil, harrier.Walk{Sort: order})
		if err != nil || len(whole.Rows) != 4 {
			t.Fatalf("%v: %v, %v", order, slugs(whole), err)
		}
		var walked []string
		w := harrier.Walk{Sort: order, Limit: 1}
		for range 10 {
			f, err := r.Search(ctx, nil, w)
			if err != nil || f.Total != 4 {
				t.Fatalf("%v: %d, %v", order, f.Total, err)
			}
			if w.After = f.Last(); w.After == nil {
				break
			}
			walked = append(walked, slugs(f)...)
		}
		if diff := cmp.Diff(slugs(whole), walked); diff != "" {
			t.Errorf("walk by %v (-whole +walked):\n%s", order, diff)
		}
		if f, err := r.Search(ctx, nil, harrier.Walk{Sort: order, Offset: 3, Limit: 5}); err != nil || fmt.Sprint(slugs(f)) != fmt.Sprint(slugs(whole)[3:]) {
			t.Errorf("offset by %v: %v, %v", order, slugs(f), err)
		}
	}
	for _, w := range []harrier.Walk{{Sort: []harrier.Order{{Field: "description"}}}, {After: []any{"x", "y"}}} {
		if _, err := r.Search(ctx, nil, w); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Search(%+v) = %v; want Invalid", w, err)
		}
	}
	r.Know(knowledge("2", young))
	if f, err := r.Search(ctx, nil, harrier.Walk{}); err != nil || f.Total != 3 {
		t.Errorf("with other content: %v, %v", slugs(f), err)
	}
}
