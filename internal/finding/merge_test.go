package finding

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// dhcp stores a repository that is tracked by more than the address.
func dhcp(t testing.TB, db *store.DB) harrier.ID {
	t.Helper()
	r := harrier.Repository{Name: "leased", Tracking: harrier.TrackByDHCP}
	must(t, db.InsertRepository(t.Context(), &r))
	return r.ID
}

// in stores a scan of a repository, with one batch.
func in(t testing.TB, db *store.DB, repository harrier.ID, at time.Time, checks ...harrier.VulnID) harrier.Scan {
	t.Helper()
	sc := harrier.Scan{
		Repository: repository, Status: harrier.ScanRunning, Created: at, Started: at, UUID: harrier.NewUUID(at),
		Plan: harrier.Plan{Checks: checks},
	}
	must(t, db.InsertScan(t.Context(), &sc))
	must(t, db.InsertBatches(t.Context(), sc.ID, []harrier.Batch{{Scan: sc.ID, Number: 1}}))
	return sc
}

// shown is a host with one service on port 22 that has facts, and what was
// observed there.
func shown(sc harrier.Scan, h *harrier.Host, facts map[string]string, vulns ...harrier.VulnID) []harrier.Result {
	at := h.Started.Add(time.Second)
	out := []harrier.Result{{Host: h, Services: []harrier.Service{{Endpoint: tcp(22), Name: "ssh", Facts: facts, LastSeen: at}}}}
	for _, v := range vulns {
		out = append(out, harrier.Result{Host: h, Observations: []harrier.Observation{observation(v, 22, at)}})
	}
	out = append(out, harrier.Result{Host: ends(h, time.Minute), Coverage: complete(harrier.AllPorts, 22)})
	for i := range out {
		out[i].Scan, out[i].Batch, out[i].Attempt = sc.ID, 1, 1
	}
	return out
}

func done(sc harrier.Scan) harrier.Result {
	return harrier.Result{Scan: sc.ID, Batch: 1, Attempt: 1, Done: &harrier.BatchDone{At: sc.Started}}
}

// all writes down everything that is kept of assets, with the numbers of rows.
func all(t testing.TB, db *store.DB) (out []string) {
	t.Helper()
	ctx := t.Context()
	add := func(what string, v any) {
		b, err := json.Marshal(v)
		must(t, err)
		out = append(out, what+" "+string(b))
	}
	assets, _, err := db.SearchAssets(ctx, nil, store.Page{Sort: "id"})
	must(t, err)
	for _, a := range assets {
		add("asset", a)
		findings, err := db.FindingsOf(ctx, a.ID)
		must(t, err)
		add("findings", findings)
		services, err := db.ServicesOf(ctx, a.ID)
		must(t, err)
		add("services", services)
		ids, err := db.Identifiers(ctx, a.ID)
		must(t, err)
		add("identifiers", ids)
		hosts, err := db.HostsOf(ctx, a.ID)
		must(t, err)
		add("hosts", hosts)
		why, err := db.Recognitions(ctx, a.ID, 100)
		must(t, err)
		add("recognitions", why)
	}
	for v := range harrier.VulnID(10) {
		list, _, err := db.SearchFindings(ctx, harrier.Cmp{Field: "vulnerability", Op: harrier.Eq, Values: []any{int64(100 + v)}}, store.Page{Sort: "id"})
		must(t, err)
		add(fmt.Sprint("vulnerability ", v), list)
	}
	counts, err := db.CountFindings(ctx, harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}})
	must(t, err)
	add("open", counts)
	return out
}

// TestMergeAndUndoWalk merges and undoes at random, also one merge upon the
// other: after all is undone everything is what it was.
func TestMergeAndUndoWalk(t *testing.T) {
	steps := 300
	if testing.Short() || raced {
		steps = 60
	}
	db, rnd := open(t), rand.New(rand.NewPCG(3, 3))
	repository := dhcp(t, db)
	r := room(db)
	at := day
	for n := range 4 {
		at = at.Add(time.Hour)
		sc := in(t, db, repository, at, 100, 101, 102, 103)
		for i := range 6 {
			if rnd.IntN(4) == 0 {
				continue
			}
			h := hostAt(fmt.Sprintf("192.0.2.%d", i), at.Add(time.Duration(i)*time.Second))
			h.MAC = fmt.Sprintf("00:16:3e:00:00:%02x", i)
			h.OS = fmt.Sprint("os", rnd.IntN(2))
			var vulns []harrier.VulnID
			for v := range harrier.VulnID(4) {
				if rnd.IntN(2) == 0 {
					vulns = append(vulns, 100+v)
				}
			}
			fold(t, r, shown(sc, h, map[string]string{"host.name": fmt.Sprint("name", (i+n)%7), "ssh.hostkey": "a 256 SHA256:" + fmt.Sprint("abc", i/2)}, vulns...)...)
		}
		fold(t, r, done(sc))
		finish(t, db, sc, harrier.ScanCompleted)
	}
	states := [][]string{all(t, db)}
	var stack []harrier.ID
	for step := range steps {
		if len(stack) > 0 && (rnd.IntN(2) == 0 || len(stack) == 4) {
			if len(stack) > 1 { // one that has another built upon it, or not: then put back
				if _, err := r.UndoMerge(t.Context(), harrier.System, stack[0]); err == nil {
					t.Fatalf("step %d: merge %d was undone under a later one", step, stack[0])
				} else if harrier.KindOf(err) != harrier.Conflict {
					t.Fatal(err)
				}
			}
			id := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			_, err := r.UndoMerge(t.Context(), harrier.System, id)
			must(t, err)
			states = states[:len(states)-1]
			if diff := cmp.Diff(states[len(states)-1], all(t, db)); diff != "" {
				t.Fatalf("step %d: after undoing merge %d (-before +after):\n%s", step, id, diff)
			}
			continue
		}
		assets, _, err := db.SearchAssets(t.Context(), nil, store.Page{Sort: "id"})
		must(t, err)
		// All into the same one, so that each is built upon the last.
		into, from := assets[0].ID, assets[1+rnd.IntN(len(assets)-1)].ID
		if len(stack) == 0 && rnd.IntN(2) == 0 {
			into, from = assets[1].ID, assets[0].ID
		}
		if len(stack) > 0 {
			m, err := db.Merge(t.Context(), stack[0])
			must(t, err)
			if into = m.Into; from == into {
				from = assets[0].ID
			}
		}
		m, err := r.Merge(t.Context(), harrier.System, into, from)
		must(t, err)
		stack, states = append(stack, m.ID), append(states, all(t, db))
	}
}

// TestUndoKeepsWhatCameAfter scans between a merge and its undoing.
func TestUndoKeepsWhatCameAfter(t *testing.T) {
	db := open(t)
	repository := dhcp(t, db)
	r := room(db)
	hosts := []*harrier.Host{hostAt("192.0.2.1", day), hostAt("192.0.2.2", day)}
	hosts[0].MAC, hosts[1].MAC = "00:16:3e:00:00:01", "00:16:3e:00:00:02"
	first := in(t, db, repository, day, 100, 101, 102)
	fold(t, r, shown(first, hosts[0], nil, 100, 102)...)
	fold(t, r, shown(first, hosts[1], nil, 101, 102)...)
	fold(t, r, done(first))
	finish(t, db, first, harrier.ScanCompleted)
	r.Now = func() time.Time { return day.Add(time.Hour) }
	m, err := r.Merge(t.Context(), harrier.System, 1, 2)
	must(t, err)

	r.Now = func() time.Time { return day.AddDate(1, 0, 0) }
	second := in(t, db, repository, day.Add(24*time.Hour), 100, 101, 102)
	again := hostAt("192.0.2.1", second.Started)
	again.MAC = hosts[0].MAC
	fold(t, r, shown(second, again, nil, 101)...) // 100 and 102 are gone
	fold(t, r, done(second))
	finish(t, db, second, harrier.ScanCompleted)
	_, err = r.UndoMerge(t.Context(), harrier.System, m.ID)
	must(t, err)
	_, err = r.UndoMerge(t.Context(), harrier.System, m.ID)
	if harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("undoing twice = %v; want Conflict", err)
	}

	var got []string
	for _, id := range []harrier.ID{1, 2} {
		findings, err := db.FindingsOf(t.Context(), id)
		must(t, err)
		for _, f := range findings {
			got = append(got, fmt.Sprintf("asset %d: %d %s", id, f.Vulnerability, chain(*f)))
		}
		refs, err := db.HostsOf(t.Context(), id)
		must(t, err)
		got = append(got, fmt.Sprint("asset ", id, ": hosts ", refs))
	}
	want := []string{
		"asset 1: 100 [1s 1s 24h1m0s)", "asset 1: 101 [1h0m0s 24h0m1s -)", "asset 1: 102 [1s 1s 24h1m0s)", "asset 1: hosts [{1 1} {2 1}]",
		"asset 2: 101 [1s 1s -)", "asset 2: 102 [1s 1s -)", "asset 2: hosts [{1 2}]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after undoing (-want +got):\n%s", diff)
	}
	log, err := db.Audit(t.Context(), 0)
	must(t, err)
	if len(log) != 2 || log[0].Action != "asset.unmerge" || log[1].Action != "asset.merge" {
		t.Errorf("audit log %+v; want a merge and its undoing", log)
	}
}

// TestMergeRights refuses what may not be or makes no sense.
func TestMergeRights(t *testing.T) {
	db := open(t)
	r := room(db)
	a, b := harrier.Asset{Repository: harrier.DefaultRepository}, harrier.Asset{Repository: dhcp(t, db)}
	must(t, db.InsertAsset(t.Context(), &a))
	must(t, db.InsertAsset(t.Context(), &b))
	analyst := harrier.Actor{User: 1, Permissions: harrier.Analyst.Permissions()}
	for what, tt := range map[string]struct {
		by         harrier.Actor
		into, from harrier.ID
		want       harrier.Kind
	}{
		"no right":            {analyst, a.ID, b.ID, harrier.Forbidden},
		"two repositories":    {harrier.System, a.ID, b.ID, harrier.Invalid},
		"one asset":           {harrier.System, a.ID, a.ID, harrier.Invalid},
		"an asset unheard of": {harrier.System, a.ID, 99, harrier.NotFound},
	} {
		if _, err := r.Merge(t.Context(), tt.by, tt.into, tt.from); harrier.KindOf(err) != tt.want {
			t.Errorf("%s: Merge = %v; want %v", what, err, tt.want)
		}
	}
	if _, err := r.UndoMerge(t.Context(), analyst, 1); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("UndoMerge = %v; want Forbidden", err)
	}
	if _, err := r.UndoMerge(t.Context(), harrier.System, 1); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("UndoMerge = %v; want NotFound", err)
	}
}

// TestFoldMerges lets a scan find out that two assets are one machine: once
// seen from afar by name and key, once on the link by its card.
func TestFoldMerges(t *testing.T) {
	db := open(t)
	r := room(db)
	key := map[string]string{"ssh.hostkey": "a 256 SHA256:abcd"}
	far := func(h *harrier.Host) *harrier.Host { h.FQDN = "web.example"; return h }
	near := func(h *harrier.Host) *harrier.Host { h.MAC = "00:16:3e:00:00:01"; return h }
	for name, tt := range map[string]struct {
		repository harrier.ID
		want       int // assets at the end
	}{
		"by IP":       {harrier.DefaultRepository, 3},
		"by evidence": {dhcp(t, db), 1},
	} {
		at := day
		scan := func(h *harrier.Host, facts map[string]string) {
			at = at.Add(24 * time.Hour)
			sc := in(t, db, tt.repository, at, 100)
			h.Started = at
			fold(t, r, shown(sc, h, facts, 100)...)
			fold(t, r, done(sc))
			finish(t, db, sc, harrier.ScanCompleted)
		}
		scan(far(hostAt("192.0.2.1", at)), key)
		scan(near(hostAt("192.0.2.2", at)), nil)
		scan(far(near(hostAt("192.0.2.3", at))), key)
		count := func() int {
			list, n, err := db.SearchAssets(t.Context(), harrier.Cmp{Field: "repository", Op: harrier.Eq, Values: []any{int64(tt.repository)}}, store.Page{})
			must(t, err)
			if n == 1 {
				hosts, err := db.HostsOf(t.Context(), list[0].ID)
				must(t, err)
				if len(hosts) != 3 || list[0].Open.Total() != 1 {
					t.Errorf("%s: %d hosts, open %v; want 3 and one finding", name, len(hosts), list[0].Open)
				}
			}
			return n
		}
		if n := count(); n != tt.want {
			t.Errorf("%s: %d assets; want %d", name, n, tt.want)
		}
		merges, err := db.Merges(t.Context())
		must(t, err)
		merges = slices.DeleteFunc(merges, func(m harrier.Merge) bool { return m.Repository != tt.repository })
		if tt.want == 3 {
			if len(merges) != 0 {
				t.Errorf("%s: merges %+v; want none", name, merges)
			}
			continue
		}
		if len(merges) != 1 || merges[0].By != "system" || merges[0].Score < harrier.MergeScore || len(merges[0].Reasons) == 0 || merges[0].Scan == 0 {
			t.Fatalf("%s: merges %+v; want one by the system, with reasons", name, merges)
		}
		_, err = r.UndoMerge(t.Context(), harrier.System, merges[0].ID)
		must(t, err)
		scan(far(near(hostAt("192.0.2.4", at))), key)
		if n := count(); n != 2 {
			t.Errorf("%s: %d assets after undoing and another scan; want 2", name, n)
		}
	}
}
