package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// surface: facts are kept once, links end with the survey that no longer sees
// them and begin anew when they come back, and a survey that did not go to the
// end ends nothing.
func surface(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	base := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := harrier.Site{Name: "surface", Created: base}
	must(t, db.InsertSite(ctx, &s))
	root, domain, www := harrier.Node{Kind: harrier.NodeRoot}, harrier.Node{Kind: harrier.NodeDomain, Key: "example.com"}, harrier.Node{Kind: harrier.NodeDomain, Key: "www.example.com"}
	seed := harrier.Fact{Link: harrier.LinkSeeded, Node: domain, How: "seed", At: base}
	seed.From = root
	child := harrier.Fact{From: domain, Link: harrier.LinkChild, Node: www, How: "wordlist", At: base, Attributes: map[string][]string{"ttl": {"60"}}}
	says := func(n harrier.Node, key string, values ...string) harrier.Fact {
		return harrier.Fact{Node: n, How: "dns", At: base, Attributes: map[string][]string{key: values}}
	}
	survey := func(scan harrier.ID, complete bool, facts ...harrier.Fact) {
		t.Helper()
		for i := range facts {
			facts[i].At = base.Add(time.Duration(scan) * time.Hour)
		}
		if complete {
			facts = append(facts, says(root, harrier.Surveyed, "true"))
		}
		must(t, db.PutFacts(ctx, s.ID, scan, facts))
		must(t, db.PutFacts(ctx, s.ID, scan, facts))
		must(t, db.EndSurface(ctx, s.ID, scan, base.Add(time.Duration(scan)*time.Hour)))
	}
	during := func(scan harrier.ID) (out []harrier.Link) {
		t.Helper()
		links, err := db.SurfaceLinks(ctx, s.ID)
		must(t, err)
		for _, l := range links {
			if l.During(scan) {
				out = append(out, l.Link)
			}
		}
		return out
	}
	picture := func(n harrier.Node, webp string) {
		t.Helper()
		must(t, db.PutScreenshot(ctx, s.ID, 1, harrier.Screenshot{Node: n, At: base, WebP: []byte(webp)}))
	}
	survey(1, true, seed, child, says(domain, "mx", "a"), says(domain, "mx", "b"))
	picture(domain, "old")
	picture(domain, "kept\x00")
	picture(www, "gone in 3")
	picture(harrier.Node{Kind: harrier.NodeURL, Key: "http://unknown.example/"}, "nobody's")
	survey(2, false, seed)
	if list, err := db.Screenshots(ctx, s.ID); err != nil || len(list) != 2 {
		t.Errorf("pictures = %v, %v; want two", list, err)
	}
	survey(3, true, seed, says(domain, "mx", "c"))
	survey(4, true, seed, child)

	both, one := []harrier.Link{harrier.LinkSeeded, harrier.LinkChild}, []harrier.Link{harrier.LinkSeeded}
	for scan, want := range map[harrier.ID][]harrier.Link{1: both, 2: both, 3: one, 4: both} {
		if got := during(scan); !slices.Equal(got, want) {
			t.Errorf("links during scan %d = %v; want %v", scan, got, want)
		}
	}
	links, err := db.SurfaceLinks(ctx, s.ID)
	must(t, err)
	if len(links) != 3 || links[1].EndedScan != 3 || links[2].FirstScan != 4 || !links[1].Ended.Equal(base.Add(3*time.Hour)) || !slices.Equal(links[1].Attributes["ttl"], []string{"60"}) {
		t.Errorf("links = %+v", links)
	}
	nodes, err := db.SurfaceNodes(ctx, s.ID)
	must(t, err)
	if len(nodes) != 3 || nodes[1].Node != domain || nodes[1].FirstScan != 1 || nodes[1].LastScan != 4 || !slices.Equal(nodes[1].Attributes["mx"], []string{"c"}) ||
		!nodes[2].FirstSeen.Equal(base.Add(time.Hour)) || !nodes[2].LastSeen.Equal(base.Add(4*time.Hour)) {
		t.Errorf("nodes = %+v", nodes)
	}
	if list, err := db.Screenshots(ctx, s.ID); err != nil || !slices.Equal(list, []harrier.ID{nodes[1].ID}) {
		t.Errorf("pictures after a page was gone = %v, %v; want that of %d", list, err, nodes[1].ID)
	}
	if b, err := db.Screenshot(ctx, nodes[1].ID); err != nil || string(b) != "kept\x00" {
		t.Errorf("Screenshot = %q, %v", b, err)
	}
	if _, err := db.Screenshot(ctx, nodes[2].ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Screenshot of a page that was gone = %v; want NotFound", err)
	}
	if n, err := db.SurfaceNode(ctx, nodes[2].UUID); err != nil || n.ID != nodes[2].ID {
		t.Errorf("SurfaceNode = %+v, %v", n, err)
	}
	if _, err := db.SurfaceNode(ctx, harrier.NewUUID(base)); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("SurfaceNode of an unknown UUID = %v; want NotFound", err)
	}
	other := harrier.Site{Name: "other", Created: base}
	must(t, db.InsertSite(ctx, &other))
	if n, err := db.SurfaceNodeOf(ctx, s.ID, domain); err != nil || n.ID != nodes[1].ID {
		t.Errorf("SurfaceNodeOf(%v) = %+v, %v", domain, n, err)
	}
	for site, n := range map[harrier.ID]harrier.Node{s.ID: {Kind: harrier.NodeURL, Key: domain.Key}, other.ID: domain} {
		if n, err := db.SurfaceNodeOf(ctx, site, n); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("SurfaceNodeOf of what is not there = %+v, %v; want NotFound", n, err)
		}
	}
	if nodes, err := db.SurfaceNodes(ctx, other.ID); err != nil || len(nodes) != 0 {
		t.Errorf("nodes of another site = %v, %v", nodes, err)
	}
}
