package apiv3_test

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// engines are made, bound to sites, put into pools and deleted.
func (w *world) engines() {
	t := w.t
	local := w.rows("/scan_engines")[0]
	w.do(400, "POST", "/scan_engines", object{"address": "192.0.2.9"})
	id := w.made("/scan_engines", object{"name": "far", "address": "192.0.2.9", "port": 40815, "sites": list(w.site)})
	path := fmt.Sprintf("/scan_engines/%d", id)
	if e := w.get(path); e["name"] != "far" || e["address"] != "192.0.2.9" || e["port"] != 40815.0 || e["status"] != "pending-authorization" || fmt.Sprint(e["sites"]) != fmt.Sprintf("[%d]", w.site) {
		t.Errorf("engine: %v", e)
	}
	if got := w.get(fmt.Sprintf("/sites/%d/scan_engine", w.site))["id"]; got != float64(id) {
		t.Errorf("the site is scanned by %v; want %d", got, id)
	}
	w.do(409, "POST", "/scan_engines", object{"name": "FAR"})
	w.do(409, "DELETE", path, nil) // a site is bound to it
	w.do(400, "PUT", path, object{"name": "far", "sites": list(4711)})
	w.do(200, "PUT", path, object{"name": "farther", "address": "", "sites": []any{}})
	if e := w.get(path); e["name"] != "farther" || len(e["sites"].([]any)) != 0 {
		t.Errorf("changed engine: %v", e)
	}
	if n := len(w.rows(path + "/scans")); n != 0 {
		t.Errorf("the new engine did %d scans", n)
	}
	if n := len(w.rows(fmt.Sprintf("/scan_engines/%v/scans", local["id"]))); n == 0 {
		t.Error("the local engine did no scans")
	}
	ran := len(w.rows(fmt.Sprintf("/scan_engines/%v/scans", local["id"])))
	w.do(200, "PUT", fmt.Sprintf("/sites/%d/scan_engine", w.site), id) // what was done stays done by who did it
	if n := len(w.rows(fmt.Sprintf("/scan_engines/%v/scans", local["id"]))); n != ran {
		t.Errorf("the local engine did %d scans, of %d, once the site is scanned by another", n, ran)
	}
	for _, sc := range w.rows(path + "/scans") {
		t.Errorf("the new engine did %v", sc)
	}
	w.do(200, "PUT", fmt.Sprintf("/sites/%d/scan_engine", w.site), local["id"])
	w.do(409, "DELETE", fmt.Sprintf("/scan_engines/%v", local["id"]), nil)

	w.do(400, "POST", "/scan_engine_pools", object{"name": "shared", "engines": list(local["id"])})
	pool := w.made("/scan_engine_pools", object{"name": "shared", "engines": list(id)})
	at := fmt.Sprintf("/scan_engine_pools/%d", pool)
	if got := w.rows(path + "/scan_engine_pools"); len(got) != 1 || got[0]["id"] != float64(pool) || w.get(path)["enginePools"].([]any)[0] != float64(pool) {
		t.Errorf("pools of the engine: %v", got)
	}
	site := fmt.Sprintf("/sites/%d/scan_engine", w.site)
	w.do(200, "PUT", site, pool)
	if got := w.get(site); got["id"] != float64(pool) || got["name"] != "shared" {
		t.Errorf("the site is scanned by %v", got)
	}
	if n := len(w.rows(at + "/sites")); n != 1 {
		t.Errorf("the pool scans %d sites", n)
	}
	w.do(409, "DELETE", at, nil)
	w.do(200, "PUT", at, object{"name": "all", "engines": list()})
	if got := w.get(at); got["name"] != "all" || len(got["engines"].([]any)) != 0 || fmt.Sprint(got["sites"]) != fmt.Sprint(list(w.site)) {
		t.Errorf("changed pool: %v", got)
	}
	w.do(200, "PUT", fmt.Sprintf("%s/engines/%d", at, id), nil)
	if got := w.get(at + "/engines")["resources"]; fmt.Sprint(got) != fmt.Sprint(list(id)) {
		t.Errorf("engines of the pool: %v", got)
	}
	w.do(200, "DELETE", fmt.Sprintf("%s/engines/%d", at, id), nil)
	w.do(404, "DELETE", fmt.Sprintf("%s/engines/%d", at, id), nil)
	w.do(200, "PUT", at+"/engines", list(id))
	w.do(200, "PUT", site, local["id"])
	// A scan may run on another engine than its site's; on a pool only when the site does.
	run := fmt.Sprintf("/sites/%d/scans", w.site)
	w.do(400, "POST", run, object{"engineId": pool})
	w.do(400, "POST", run, object{"engineId": 4711})
	scan := w.made(run, object{"engineId": id, "name": "from afar", "templateId": "discovery"})
	if got := w.get(fmt.Sprintf("/scans/%d", scan)); got["engineId"] != float64(id) || got["engineName"] != "farther" || got["scanName"] != "from afar" {
		t.Errorf("the scan from afar: %v", got)
	}
	w.do(200, "POST", fmt.Sprintf("/scans/%d/stop", scan), nil)
	w.do(200, "DELETE", at, nil)
	w.do(404, "GET", at, nil)
	w.do(200, "DELETE", path, nil)
	w.do(404, "GET", path, nil)
	w.get("/roles")
	if got := w.get("/roles/global-admin"); got["name"] != "Global Administrator" {
		t.Errorf("role: %v", got)
	}
	w.do(404, "GET", "/roles/emperor", nil)
}

// siteGroups: a site goes to the members of asset groups, and leaves others alone.
func (w *world) siteGroups() {
	t := w.t
	group := w.made("/asset_groups", object{"name": "to be scanned", "type": "static"})
	w.do(200, "PUT", fmt.Sprintf("/asset_groups/%d/assets", group), list(w.asset))
	spared := w.made("/asset_groups", object{"name": "spared", "type": "dynamic", "searchCriteria": object{"match": "all", "filters": list(object{"field": "ip-address", "operator": "is", "value": "127.0.0.79"})}})
	w.do(400, "POST", "/sites", object{"name": "of groups", "scan": object{"assets": object{"includedAssetGroups": object{"assetGroupIDs": list(4711)}}}})
	id := w.made("/sites", object{"name": "of groups", "scanTemplateId": "discovery", "scan": object{"assets": object{
		"includedTargets": object{"addresses": list("127.0.0.80")}, "includedAssetGroups": object{"assetGroupIDs": list(group)},
	}}})
	path := fmt.Sprintf("/sites/%d", id)
	if got := w.rows(path + "/included_asset_groups"); len(got) != 1 || got[0]["name"] != "to be scanned" {
		t.Errorf("groups of the site: %v", got)
	}
	scanned := func(body object) string {
		t.Helper()
		scan := w.made(path+"/scans", body)
		sc, err := w.console.Rooms.Scans.Scan(t.Context(), w.console.Admin, harrier.ID(scan))
		if err != nil {
			t.Fatal(err)
		}
		w.do(200, "POST", fmt.Sprintf("/scans/%d/stop", scan), nil)
		return fmt.Sprintf("%s (%d)", strings.ReplaceAll(sc.Targets, " ", ""), sc.HostsTotal)
	}
	if got := scanned(object{}); got != "127.0.0.80,127.0.0.79 (2)" {
		t.Errorf("scanned are %s", got)
	}
	if got := scanned(object{"hosts": list("127.0.0.79")}); got != "127.0.0.79 (1)" {
		t.Errorf("scanned are %s", got)
	}
	w.do(409, "DELETE", fmt.Sprintf("/asset_groups/%d", group), nil) // a site names it
	w.do(200, "PUT", path+"/excluded_asset_groups", list(spared))
	if got := scanned(object{}); got != "127.0.0.80,127.0.0.79 (1)" {
		t.Errorf("scanned are %s; want one host less", got)
	}
	if n := len(w.rows(path + "/excluded_asset_groups")); n != 1 {
		t.Errorf("%d groups are left alone", n)
	}
	w.do(200, "DELETE", fmt.Sprintf("%s/excluded_asset_groups/%d", path, spared), nil)
	w.do(404, "DELETE", fmt.Sprintf("%s/excluded_asset_groups/%d", path, spared), nil)
	w.do(200, "DELETE", path+"/excluded_asset_groups", nil)
	w.do(400, "PUT", path+"/included_asset_groups", list(4711))
	w.do(200, "PUT", path+"/included_asset_groups", list(spared, group))
	w.do(200, "DELETE", fmt.Sprintf("%s/included_asset_groups/%d", path, spared), nil)
	w.do(200, "DELETE", path+"/included_asset_groups", nil)
	if n := len(w.rows(path + "/included_asset_groups")); n != 0 {
		t.Errorf("%d groups are left", n)
	}
	w.do(200, "DELETE", path, nil)
	w.do(200, "DELETE", fmt.Sprintf("/asset_groups/%d", group), nil)
	w.do(200, "DELETE", fmt.Sprintf("/asset_groups/%d", spared), nil)
}
