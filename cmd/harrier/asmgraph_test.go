package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestASMGraph draws what the latest scan of a site saw, told by number, UUID or
// name.
func TestASMGraph(t *testing.T) {
	data, ctx := t.TempDir(), t.Context()
	db, err := store.Open(ctx, filepath.Join(data, "harrier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() // as a console that is running
	domain := harrier.Node{Kind: harrier.NodeDomain, Key: "acme.test"}
	site := harrier.Site{Name: "acme", LastScan: 1, Options: harrier.SiteOptions{Survey: &harrier.Survey{Kind: harrier.SurveyOwn, Seeds: []harrier.Seed{{Name: "acme.test", Node: domain}}}}}
	plain := harrier.Site{Name: "plain", Targets: "192.0.2.1"}
	for _, s := range []*harrier.Site{&site, &plain} {
		if err := db.InsertSite(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.PutFacts(ctx, site.ID, 1, []harrier.Fact{
		{From: harrier.Node{Kind: harrier.NodeRoot}, Link: harrier.LinkSeeded, Node: domain, How: "seed", At: time.Now()},
		{From: domain, Link: harrier.LinkCNAME, Node: harrier.Node{Kind: harrier.NodeDomain, Key: "other.test"}, How: "dns", At: time.Now()},
	}); err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(t.TempDir(), "graph.svg")
	for _, tt := range []struct {
		args []string
		want []string
		code int
	}{
		{[]string{"1"}, []string{`"key":"acme.test"},"scope":"primary"`, `"key":"other.test"},"scope":"secondary"`, `"DNS_CNAME"`}, 0},
		{[]string{site.UUID.String()}, []string{"acme.test"}, 0},
		{[]string{"acme", "-o", picture}, nil, 0},
		{[]string{"plain"}, []string{"no attack surface"}, 1},
		{[]string{"nothing"}, []string{"there is no scan"}, 1},
	} {
		var out, errs bytes.Buffer
		code := run(ctx, append([]string{"asm", "graph", "--data", data}, tt.args...), &out, &errs)
		if (code == 0) != (tt.code == 0) {
			t.Errorf("%v: exit %d, %s", tt.args, code, &errs)
		}
		for _, w := range tt.want {
			if !strings.Contains(out.String()+errs.String(), w) {
				t.Errorf("%v: %s%s; want %s in it", tt.args, &out, &errs, w)
			}
		}
	}
	if b, err := os.ReadFile(picture); err != nil || !bytes.HasPrefix(b, []byte("<svg")) || !bytes.Contains(b, []byte("other.test")) {
		t.Errorf("the picture is %.60s, %v", b, err)
	}
}
