package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
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
	of.Verdict = "1240006387 2"
	must(t, db.PutVerdicts(ctx, []harrier.Subject{of, {ID: 9999, Verdict: "gone"}}))
	if got := got(db.SubjectsAsking(ctx, []string{"cpe a:openbsd:openssh"}))(t); len(got) != 1 || got[0] != of {
		t.Errorf("after PutVerdicts: %v, want %v", got, of)
	}
	spots(t, db, of.ID, a, b)
	asks(t, db, of.ID)
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

// spots asks where two assets have a subject, of which one has a service at 22/tcp
// by now, and for findings there.
func spots(t *testing.T, db *store.DB, subject harrier.ID, a, b harrier.Asset) {
	ctx, ssh := t.Context(), harrier.Endpoint{Protocol: harrier.TCP, Port: 22}
	service := harrier.Service{Endpoint: ssh, Name: "ssh", Evidence: "SSH-2.0-OpenSSH_9.2p1"}
	must(t, db.PutServices(ctx, b.ID, []harrier.Service{service}))
	service.Asset = b.ID
	want := []harrier.Spot{
		{Asset: a.ID, LastScan: a.LastScan, OS: a.OS, OSCPE: a.OSCPE, Endpoint: ssh},
		{Asset: b.ID, LastScan: b.LastScan, OS: b.OS, OSCPE: b.OSCPE, Endpoint: ssh, Service: service},
	}
	if diff := cmp.Diff(want, got(db.Spots(ctx, subject, 0, 10))(t)); diff != "" {
		t.Errorf("Spots (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:1], got(db.Spots(ctx, subject, 0, 1))(t)); diff != "" {
		t.Errorf("Spots of one asset (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:], got(db.Spots(ctx, subject, a.ID, 10))(t)); diff != "" {
		t.Errorf("Spots behind the first (-want +got):\n%s", diff)
	}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	finding := func(asset harrier.ID, vuln harrier.VulnID, at harrier.Endpoint, when ...time.Time) *harrier.Finding {
		f := &harrier.Finding{Asset: asset, Instance: harrier.Instance{Vulnerability: vuln, Endpoint: at}}
		for _, w := range when {
			f.Intervals = append(f.Intervals, harrier.Interval{Opened: w, LastSeen: w, Closed: w.Add(time.Hour)})
		}
		return f
	}
	twice := finding(b.ID, 7, ssh, at, at.AddDate(0, 1, 0))
	must(t, db.SaveFindings(ctx, []*harrier.Finding{
		twice, finding(b.ID, 8, ssh, at), finding(b.ID, 7, harrier.Endpoint{Protocol: harrier.TCP, Port: 2222}, at),
	}))
	if diff := cmp.Diff([]*harrier.Finding{twice}, got(db.FindingsAt(ctx, subject, a.ID, b.ID, []harrier.VulnID{7, 9}))(t)); diff != "" {
		t.Errorf("FindingsAt (-want +got):\n%s", diff)
	}
	if list := got(db.FindingsAt(ctx, subject, a.ID, a.ID, []harrier.VulnID{7, 8}))(t); len(list) > 0 {
		t.Errorf("FindingsAt of another asset = %v", list)
	}
	must(t, db.InTx(ctx, func(ctx context.Context) error { // which knows the asset without asking for it
		if _, err := db.Spots(ctx, subject, a.ID, 10); err != nil {
			return err
		}
		return db.SaveFindings(ctx, []*harrier.Finding{finding(b.ID, 9, ssh, at)})
	}))
}

// asks exchanges what is asked about a subject.
func asks(t *testing.T, db *store.DB, subject harrier.ID) {
	ctx := t.Context()
	for _, c := range []struct {
		asks    []string
		changed int
	}{
		{[]string{"cpe a:openbsd:openssh"}, 0},
		{[]string{"pkg generic openssh", "cpe a:openbsd:ssh", "cpe a:openbsd:ssh"}, 1},
		{[]string{"cpe a:openbsd:ssh", "pkg generic openssh"}, 0},
	} {
		if n := got(db.PutAsks(ctx, map[harrier.ID][]string{subject: c.asks}))(t); n != c.changed {
			t.Errorf("PutAsks(%q) = %d; want %d", c.asks, n, c.changed)
		}
		if list := got(db.SubjectsAsking(ctx, c.asks[:1]))(t); len(list) != 1 || list[0].ID != subject {
			t.Errorf("SubjectsAsking for %q = %v", c.asks[0], list)
		}
	}
	if list := got(db.SubjectsAsking(ctx, []string{"cpe a:openbsd:openssh"}))(t); len(list) > 0 {
		t.Errorf("SubjectsAsking for what is not asked any more = %v", list)
	}
}
