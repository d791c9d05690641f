package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

func things(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	a, b := newAsset(t, db, 1), newAsset(t, db, 2)
	web, ssh := harrier.Endpoint{Protocol: harrier.TCP, Port: 80}, harrier.Endpoint{Protocol: harrier.TCP, Port: 22}
	nginx := harrier.Placed{Endpoint: web, Subject: "nginx 1.22.1", Asks: []string{"cpe a:f5:nginx", "pkg bitnami nginx"}}
	jquery := harrier.Placed{Endpoint: web, Key: "a:jquery:jquery", Subject: "jquery 1.9", Asks: []string{"pkg npm jquery"}}
	openssh := harrier.Placed{Endpoint: ssh, Subject: "openssh 9.2p1", Asks: []string{"cpe a:openbsd:openssh"}}
	must(t, db.PutThings(ctx, a.ID, []harrier.Placed{jquery, nginx, openssh}))
	must(t, db.PutThings(ctx, b.ID, []harrier.Placed{openssh}))
	plain := func(list ...harrier.Placed) []harrier.Placed {
		for i := range list {
			list[i].Asks = nil
		}
		return list
	}
	if diff := cmp.Diff(plain(openssh, nginx, jquery), got(db.ThingsOf(ctx, a.ID))(t)); diff != "" {
		t.Errorf("things (-want +got):\n%s", diff)
	}
	all := got(db.Subjects(ctx, 0, 10))(t)
	if len(all) != 3 {
		t.Fatalf("Subjects = %v; want three, the one of both assets once", all)
	}
	if more := got(db.Subjects(ctx, all[1].ID, 10))(t); len(more) != 1 || more[0] != all[2] {
		t.Errorf("Subjects behind the second = %v", more)
	}
	asking := func(keys ...string) (texts []string) {
		for _, s := range got(db.SubjectsAsking(ctx, keys))(t) {
			texts = append(texts, s.Text)
		}
		return texts
	}
	if diff := cmp.Diff([]string{"nginx 1.22.1"}, asking("pkg bitnami nginx", "cpe a:f5:nginx", "cpe a:other:x")); diff != "" {
		t.Errorf("SubjectsAsking (-want +got):\n%s", diff)
	}
	if got := asking("pkg bitnami"); got != nil {
		t.Errorf("SubjectsAsking for a part of a key = %v", got)
	}
	of := got(db.SubjectsAsking(ctx, []string{"cpe a:openbsd:openssh"}))(t)[0]
	if diff := cmp.Diff([]harrier.ID{a.ID, b.ID}, got(db.AssetsWith(ctx, of.ID, 0, 10))(t)); diff != "" {
		t.Errorf("AssetsWith (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]harrier.ID{b.ID}, got(db.AssetsWith(ctx, of.ID, a.ID, 10))(t)); diff != "" {
		t.Errorf("AssetsWith behind the first (-want +got):\n%s", diff)
	}
	of.Verdict = "1240006387 2"
	must(t, db.PutVerdicts(ctx, []harrier.Subject{of, {ID: 9999, Verdict: "gone"}}))
	if got := got(db.SubjectsAsking(ctx, []string{"cpe a:openbsd:openssh"}))(t); len(got) != 1 || got[0] != of {
		t.Errorf("after PutVerdicts: %v, want %v", got, of)
	}
	if _, found, err := db.Inventory(ctx, a.ID); found || err != nil {
		t.Errorf("Inventory before there is one = %v, %v", found, err)
	}
	var inv harrier.Inventory
	for seed := range 2 {
		fill(&inv, seed+1)
		must(t, db.PutInventory(ctx, a.ID, inv))
	}
	if back, found, err := db.Inventory(ctx, a.ID); !found || err != nil || !cmp.Equal(inv, back) {
		t.Errorf("Inventory = %v, %v, %s", found, err, cmp.Diff(inv, back))
	}
	newer := nginx
	newer.Subject = "nginx 1.28.0"
	must(t, db.PutThings(ctx, a.ID, []harrier.Placed{newer}))
	must(t, db.PutThings(ctx, b.ID, nil))
	must(t, db.ForgetSubjects(ctx))
	if left := got(db.Subjects(ctx, 0, 10))(t); len(left) != 1 || left[0].Text != "nginx 1.28.0" {
		t.Errorf("after all is replaced: %v", left)
	}
	if got := asking("pkg npm jquery"); got != nil {
		t.Errorf("a subject that nobody has is still asked about: %v", got)
	}
}
