package securitycenter_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
)

// TestGroupsSeeTheirAssets grants two hosts of three to a group: each room shows
// its analyst those alone, counted as a filter over everything would; another
// organisation sees nothing at all.
func TestGroupsSeeTheirAssets(t *testing.T) {
	c, sc := lab(t)
	ctx := t.Context()
	var list, group, org map[string]any
	call(t, c, "POST", "/asset", `{"name":"two","type":"static","definedIPs":"192.0.2.1-192.0.2.2"}`, &list)
	call(t, c, "POST", "/group", fmt.Sprintf(`{"name":"b","repositories":[{"id":1}],"definingAssets":[{"id":%q}]}`, list["id"]), &group)
	call(t, c, "POST", "/organization", `{"name":"other"}`, &org)
	actor := func(name, more string) (harrier.Actor, string) {
		var u map[string]any
		call(t, c, "POST", "/user", fmt.Sprintf(`{"username":%q,"password":"correct-horse-9","roleID":3,%s}`, name, more), &u)
		var id int64
		fmt.Sscan(fmt.Sprint(u["id"]), &id)
		access, secret, err := c.Rooms.Identity.NewKeys(ctx, c.Admin, harrier.ID(id))
		if err != nil {
			t.Fatal(err)
		}
		by, err := c.Rooms.Identity.Keys(ctx, access, secret, "test")
		if err != nil {
			t.Fatal(err)
		}
		return by, "accesskey=" + access + "; secretkey=" + secret
	}
	member, key := actor("member", fmt.Sprintf(`"groupID":%q`, group["id"]))
	stranger, _ := actor("stranger", fmt.Sprintf(`"orgID":%q`, org["id"]))

	all, _, err := c.Rooms.Findings.Findings(ctx, c.Admin, nil, finding.Page{})
	if err != nil {
		t.Fatal(err)
	}
	hosts := map[harrier.ID]bool{} // those of the list, told by hand
	assets, _, err := c.Rooms.Assets.Assets(ctx, c.Admin, nil, asset.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range assets {
		hosts[a.ID] = a.Addr.String() == "192.0.2.1" || a.Addr.String() == "192.0.2.2"
	}
	var want harrier.Counts
	for _, f := range all {
		if hosts[f.Asset] {
			want[f.Severity]++
		}
	}
	for name, tt := range map[string]struct {
		by     harrier.Actor
		assets int
		counts harrier.Counts
	}{"member": {member, 2, want}, "stranger": {stranger, 0, harrier.Counts{}}} {
		_, n, err := c.Rooms.Assets.Assets(ctx, tt.by, nil, asset.Page{})
		sums, errS := c.Rooms.Findings.Sums(ctx, tt.by, nil, harrier.SumQuery{By: harrier.ByAsset})
		_, m, errF := c.Rooms.Findings.Judged(ctx, tt.by, nil, finding.Page{Limit: 1})
		if err != nil || errS != nil || errF != nil || n != tt.assets || sums.Counts != tt.counts || sums.Groups != tt.assets || m != tt.counts.Total() {
			t.Errorf("%s: %d assets, sums %+v, %d findings (%v, %v, %v); want %d, %v", name, n, sums, m, err, errS, errF, tt.assets, tt.counts)
		}
		for _, a := range assets {
			_, err := c.Rooms.Assets.Asset(ctx, tt.by, a.ID)
			if sees := name == "member" && hosts[a.ID]; (err == nil) != sees || !sees && harrier.KindOf(err) != harrier.NotFound {
				t.Errorf("%s: asset %s: %v; sees it: %v", name, a.Addr, err, sees)
			}
		}
		if _, err := c.Rooms.Scans.Scan(ctx, tt.by, sc.ID); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%s: somebody else's scan: %v; want NotFound", name, err)
		}
	}

	// The scan is shared with everybody: its results are not.
	site, err := c.Rooms.Sites.Site(ctx, c.Admin, sc.Site)
	if err != nil {
		t.Fatal(err)
	}
	site.Grants = []harrier.Grant{{Level: harrier.MayView}}
	if err := c.Rooms.Sites.UpdateWith(ctx, c.Admin, &site, &harrier.Policy{Name: "lab", Template: "basic"}); err != nil {
		t.Fatal(err)
	}
	seen, err := c.Rooms.Scans.Hosts(ctx, member, sc.ID)
	one, errS := c.Rooms.Scans.Scan(ctx, member, sc.ID)
	vulns, errV := c.Rooms.Scans.Vulnerabilities(ctx, member, sc.ID)
	counted := harrier.Counts{}
	for _, v := range vulns {
		counted[v.Severity] += v.Count
	}
	var per harrier.Counts
	for _, h := range seen {
		for s, n := range h.Present {
			per[s] += n
		}
	}
	if err != nil || errS != nil || errV != nil || len(seen) != 2 || one.HostsTotal != 2 || one.Present != per || counted != per {
		t.Errorf("a shared scan: %d hosts, %d in all, %v present, %v counted (%v, %v, %v); want 2 hosts with %v", len(seen), one.HostsTotal, one.Present, counted, err, errS, errV, per)
	}
	if _, err := c.Rooms.Scans.Scan(ctx, stranger, sc.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("a shared scan to another organisation: %v; want NotFound", err)
	}
	for r, err := range c.Rooms.Scans.Results(ctx, member, sc.ID) {
		if err != nil || !hosts[r.Asset] {
			t.Errorf("result of %s: %v", r.Name, err)
		}
	}

	// What the group sees changes with the next request.
	call(t, c, "PATCH", fmt.Sprint("/asset/", list["id"]), `{"definedIPs":"192.0.2.3"}`, &list)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/rest/hosts", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-ApiKey", key)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	if !strings.Contains(string(text), "192.0.2.3") || strings.Contains(string(text), "192.0.2.1") {
		t.Errorf("hosts after the list changed: %.400s", text)
	}
}
