package apiv3

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// assetRoutes are the assets and what is known of each.
//
// Source: section 12, rows 3 to 9.
func (a *api) assetRoutes() {
	a.handle("GET /assets", func(q *query) (any, error) { return a.assetPages(q, nil), nil })
	a.handle("POST /assets/search", a.searchAssets)
	a.handle("GET /assets/{id}", a.getAsset)
	a.handle("DELETE /assets/{id}", a.deleteAsset)
	a.handle("GET /assets/{id}/services", a.assetServices)
	a.handle("GET /assets/{id}/services/{protocol}/{port}", a.assetService)
	a.handle("GET /assets/{id}/software", a.assetSoftware)
	a.handle("GET /assets/{id}/users", a.assetUsers)
	a.handle("GET /assets/{id}/tags", a.assetTags)
	a.handle("PUT /assets/{id}/tags/{tagId}", a.useTag(harrier.OnAsset, "id", "tagId", true))
	a.handle("DELETE /assets/{id}/tags/{tagId}", a.useTag(harrier.OnAsset, "id", "tagId", false))
	a.handle("GET /assets/{id}/vulnerabilities", a.assetFindings)
	a.handle("GET /assets/{id}/vulnerabilities/{vulnerabilityId}", a.assetFinding)
	a.handle("GET /assets/{id}/vulnerabilities/{vulnerabilityId}/solution", a.assetSolution)
}

// assetColumns are the fields of assets behind the properties that assets can be
// sorted by.
var assetColumns = map[string]string{
	"id": "id", "ip": "address", "hostName": "fqdn", "mac": "mac", "os": "os", "riskScore": "risk", "rawRiskScore": "risk", "type": "device_type",
	"lastScanTime": "last_seen", "last-scan-date": "last_seen", "risk-score": "risk",
	"vulnerabilities.total": "total", "vulnerabilities.exploits": "exploit_count", "vulnerabilities.malwareKits": "malware_kits",
	"assessedForVulnerabilities": "assessed", "assessedForPolicies": "assessed_for_policies",
	"osFingerprint.architecture": "os_architecture", "osFingerprint.family": "os_family", "osFingerprint.product": "os_name",
	"osFingerprint.systemName": "os_system", "osFingerprint.type": "os_type", "osFingerprint.vendor": "os_vendor", "osFingerprint.version": "os_version",
}

// assetPages are the assets that e holds for.
func (a *api) assetPages(q *query, e harrier.Expr) *pages {
	return &pages{page: func(number, size int, order []sortKey) ([]obj, int, error) {
		w := harrier.Walk{Limit: size, Offset: number * size}
		for _, k := range order {
			column, known := assetColumns[k.field]
			if !known {
				return nil, 0, harrier.Invalidf("sort", "%q can not be sorted by", clip(k.field))
			}
			w.Sort = append(w.Sort, harrier.Order{Field: column, Desc: k.desc})
		}
		found, err := a.Assets.Search(q.ctx(), q.by, e, w)
		if err != nil {
			return nil, 0, err
		}
		full, err := q.details()
		if err != nil {
			return nil, 0, err
		}
		rows, err := a.assetObjects(q, found.Rows, full)
		return rows, found.Total, err
	}}
}

// searchAssets finds assets by filters.
//
// Source: section 12, row 5.
func (a *api) searchAssets(q *query) (any, error) {
	var text json.RawMessage
	if err := q.body(&text); err != nil {
		return nil, err
	}
	e, err := members.Criteria(text, a.Now())
	if err != nil {
		return nil, err
	}
	return a.assetPages(q, e), nil
}

func (a *api) asset(q *query) (harrier.Asset, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Asset{}, err
	}
	return a.Assets.Asset(q.ctx(), q.by, id)
}

func (a *api) getAsset(q *query) (any, error) {
	as, err := a.asset(q)
	if err != nil {
		return nil, err
	}
	rows, err := a.assetObjects(q, []harrier.Asset{as}, true)
	if err != nil {
		return nil, err
	}
	inv, err := a.Assets.Inventory(q.ctx(), q.by, as.ID)
	if err != nil {
		return nil, err
	}
	rows[0]["software"] = withPackages(rows[0]["software"], inv)
	return q.one(rows[0])
}

func (a *api) deleteAsset(q *query) (any, error) {
	as, err := a.asset(q)
	if err != nil {
		return nil, err
	}
	if err := a.Findings.DeleteAssets(q.ctx(), q.by, as.ID); err != nil {
		return nil, err
	}
	return q.done()
}

// weight is what was found on an asset, or on all of some.
type weight struct {
	critical, severe, total int

	counts harrier.Counts
}

func (w weight) object() obj {
	return obj{"critical": w.critical, "severe": w.severe, "moderate": w.total - w.critical - w.severe, "total": w.total}
}

// weights are those of assets, of what is open and not accepted. The words for
// severities are those of the number from 1 to 10.
func (a *api) weights(ctx context.Context, by harrier.Actor, ids []any) (map[harrier.ID]weight, error) {
	out := map[harrier.ID]weight{}
	if len(ids) == 0 || !by.May(harrier.ReadFindings) {
		return out, nil
	}
	of := harrier.Cmp{Field: "asset", Op: harrier.Eq, Values: ids}
	for _, part := range []struct {
		only harrier.Expr
		add  func(*weight, harrier.Sum)
	}{
		{nil, func(w *weight, s harrier.Sum) { w.total, w.counts = s.Counts.Total(), s.Counts }},
		{harrier.ScoredAtLeast(8), func(w *weight, s harrier.Sum) { w.critical = s.Counts.Total() }},
		{harrier.ScoredAtLeast(4), func(w *weight, s harrier.Sum) { w.severe = s.Counts.Total() }},
	} {
		e := harrier.And{words.OpenFlaws, of}
		if part.only != nil {
			e = append(e, part.only)
		}
		sums, err := a.Findings.Sums(ctx, by, e, harrier.SumQuery{By: harrier.ByAsset})
		if err != nil {
			return nil, err
		}
		for _, s := range sums.Rows {
			w := out[s.ID]
			part.add(&w, s)
			out[s.ID] = w
		}
	}
	for id, w := range out {
		w.severe -= w.critical
		out[id] = w
	}
	return out, nil
}

// assetObjects are assets as this API shows them. Whole ones tell what listens
// on them.
//
// Source: section 12, "Asset".
func (a *api) assetObjects(q *query, list []harrier.Asset, full bool) ([]obj, error) {
	ids, values := make([]harrier.ID, len(list)), make([]any, len(list))
	for i, as := range list {
		ids[i], values[i] = as.ID, int64(as.ID)
	}
	weights, err := a.weights(q.ctx(), q.by, values)
	if err != nil {
		return nil, err
	}
	uses, err := a.uses(q, ids)
	if err != nil {
		return nil, err
	}
	var known knowing
	if full {
		if known, err = a.knowing(q, ids); err != nil {
			return nil, err
		}
	}
	out := make([]obj, len(list))
	for i, as := range list {
		w := weights[as.ID]
		importance := as.Importance
		if importance == 0 {
			importance = 100
		}
		raw := float64(w.counts.Exposure())
		path := "/assets/" + ident(as.ID)
		vulnerabilities := w.object()
		vulnerabilities["exploits"], vulnerabilities["malwareKits"] = uses[as.ID].exploits, uses[as.ID].kits
		o := obj{
			"id": as.ID, "type": members.HostType(as.DeviceType), "rawRiskScore": raw, "riskScore": raw * float64(importance) / 100,
			"assessedForPolicies": false, "assessedForVulnerabilities": as.LastScan != 0, "vulnerabilities": vulnerabilities,
			"links": q.self(path, "Software", "/software", "Services", "/services", "Users", "/users", "Tags", "/tags", "Vulnerabilities", "/vulnerabilities"),
		}
		addr := ""
		if as.Addr.IsValid() {
			addr = as.Addr.WithZone("").String()
		}
		mac := strings.ToUpper(as.MAC)
		o.set("ip", addr)
		o.set("mac", mac)
		o.set("hostName", words.HostName(&as))
		o.set("os", as.OS)
		if full {
			known.details(o, as, addr, mac)
			if err := a.assetParts(q, o, as); err != nil {
				return nil, err
			}
		}
		out[i] = o
	}
	return out, nil
}

// details are the members of an asset that are lists.
func (k knowing) details(o obj, as harrier.Asset, addr, mac string) {
	names := []obj{}
	add := func(name, source string) {
		if name != "" && !slices.ContainsFunc(names, func(o obj) bool { return strings.EqualFold(o["name"].(string), name) }) {
			names = append(names, obj{"name": name, "source": source})
		}
	}
	add(as.FQDN, "dns")
	add(as.NetBIOS, "netbios")
	for _, n := range as.Names {
		if _, err := netip.ParseAddr(n); err != nil {
			add(n, "user")
		}
	}
	o["hostNames"] = names
	place := obj{}
	place.set("ip", addr)
	place.set("mac", mac)
	o["addresses"] = []obj{place}
	if as.OS != "" {
		o["osFingerprint"] = system(as)
	}
	ids := []obj{{"id": as.UUID.String(), "source": "HARRIER"}}
	for _, i := range words.Unique(k.facts[as.ID].Identifiers) {
		ids = append(ids, obj{"id": i.Value, "source": string(i.Kind)})
	}
	o["ids"] = ids
	o["configurations"], o["databases"], o["files"], o["users"], o["userGroups"] = []obj{}, []obj{}, []obj{}, []obj{}, []obj{}
	history := []obj{}
	for i, e := range k.met[as.ID] {
		one := obj{"date": instant(e.At), "scanId": e.Scan, "type": "SCAN", "version": i + 1}
		one.set("description", e.Name)
		one.set("user", k.names[e.Owner])
		history = append(history, one)
	}
	o["history"] = history
}

// system is the system of an asset in the words of this API.
func system(as harrier.Asset) obj {
	p := harrier.PartsOfOS(as.OS, as.OSCPE, as.DeviceType)
	o := obj{"description": as.OS}
	for name, text := range map[string]string{
		"architecture": p.Architecture, "family": p.Family, "product": p.Name, "systemName": p.System, "type": p.Type, "vendor": p.Vendor, "version": p.Version,
	} {
		o.set(name, text)
	}
	if as.OSCPE != "" {
		if cpe, ok := fingerprint("", as.OSCPE)["cpe"]; ok {
			o["cpe"] = cpe
		}
	}
	return o
}

// fingerprint is a system or a product in the words of this API.
func fingerprint(description, cpe string) obj {
	o := obj{"description": description}
	parts := strings.Split(cpe, ":")
	if len(parts) < 6 {
		return o
	}
	at := func(i int) string {
		if i < len(parts) && parts[i] != "*" && parts[i] != "-" {
			return strings.ReplaceAll(strings.ReplaceAll(parts[i], `\`, ""), "_", " ")
		}
		return ""
	}
	o.set("vendor", at(3))
	o.set("product", at(4))
	o.set("version", at(5))
	o.set("family", at(4))
	o["cpe"] = cpeObject(cpe, parts, at)
	return o
}

func cpeObject(cpe string, parts []string, at func(int) string) obj {
	o := obj{"v2.3": cpe, "part": parts[2]}
	for i, name := range []string{"vendor", "product", "version", "update", "edition", "language", "swEdition", "targetSW", "targetHW", "other"} {
		o.set(name, at(3+i))
	}
	return o
}

// assetParts puts services and software into an asset.
func (a *api) assetParts(q *query, o obj, as harrier.Asset) error {
	services, err := a.Assets.Services(q.ctx(), q.by, as.ID)
	if err != nil {
		return err
	}
	list := []obj{}
	for _, s := range services {
		list = append(list, serviceObject(q, as.ID, s))
	}
	o["services"], o["software"] = list, softwareObjects(harrier.SoftwareOf(services))
	return nil
}

func serviceObject(q *query, id harrier.ID, s harrier.Service) obj {
	path := fmt.Sprintf("/assets/%d/services/%s/%d", id, s.Protocol, s.Port)
	o := obj{"protocol": string(s.Protocol), "port": s.Port, "name": formatnexpose.ServiceName(s), "links": q.self(path)}
	o.set("product", s.Product)
	o.set("version", s.Version)
	if parts := strings.Split(s.CPE, ":"); len(parts) > 4 && parts[3] != "*" {
		o.set("vendor", parts[3])
		o.set("family", parts[4])
	}
	settings := []obj{}
	for name, value := range s.Facts {
		settings = append(settings, obj{"name": name, "value": value})
	}
	slices.SortFunc(settings, func(a, b obj) int { return strings.Compare(a["name"].(string), b["name"].(string)) })
	o["configurations"] = settings
	for _, name := range []string{"databases", "userGroups", "users", "webApplications"} {
		o[name] = []obj{}
	}
	return o
}

func softwareObjects(list []harrier.Software) []obj {
	out := []obj{}
	for i, s := range list {
		o := fingerprint(strings.TrimSpace(s.Product+" "+s.Version), s.CPE)
		o["id"] = i + 1
		o.set("product", s.Product)
		o.set("version", s.Version)
		o["configurations"] = []obj{}
		out = append(out, o)
	}
	return out
}

// partsOfAsset are the asset of a request, and what assetParts tells of it.
func (a *api) partsOfAsset(q *query) (harrier.Asset, obj, error) {
	as, err := a.asset(q)
	if err != nil {
		return as, nil, err
	}
	o := obj{}
	return as, o, a.assetParts(q, o, as)
}

func (a *api) assetServices(q *query) (any, error) {
	_, o, err := a.partsOfAsset(q)
	if err != nil {
		return nil, err
	}
	return q.resources(o["services"])
}

func (a *api) assetService(q *query) (any, error) {
	as, err := a.asset(q)
	if err != nil {
		return nil, err
	}
	services, err := a.Assets.Services(q.ctx(), q.by, as.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		if string(s.Protocol) == q.path("protocol") && strconv.Itoa(int(s.Port)) == q.path("port") {
			return serviceObject(q, as.ID, s), nil
		}
	}
	return nil, harrier.Errorf(harrier.NotFound, "no such service")
}

func (a *api) assetSoftware(q *query) (any, error) {
	as, o, err := a.partsOfAsset(q)
	if err != nil {
		return nil, err
	}
	inv, err := a.Assets.Inventory(q.ctx(), q.by, as.ID)
	if err != nil {
		return nil, err
	}
	return q.resources(withPackages(o["software"], inv))
}

// withPackages adds what is installed to the software that was recognised.
func withPackages(software any, inv harrier.Inventory) []obj {
	out, _ := software.([]obj)
	for _, p := range inv.Packages {
		o := obj{"id": len(out) + 1, "description": strings.TrimSpace(p.Name + " " + p.Version), "product": p.Name, "configurations": []obj{}}
		o.set("version", p.Version)
		o.set("vendor", inv.Distro)
		out = append(out, o)
	}
	return out
}

// assetUsers lists accounts of the asset itself: none is collected.
func (a *api) assetUsers(q *query) (any, error) {
	if _, err := a.asset(q); err != nil {
		return nil, err
	}
	return q.resources([]obj{})
}

func (a *api) assetTags(q *query) (any, error) {
	as, err := a.asset(q)
	if err != nil {
		return nil, err
	}
	why, err := a.Tags.Why(q.ctx(), q.by, as.ID)
	if err != nil {
		return nil, err
	}
	list := []obj{}
	for _, t := range why[as.ID] {
		o := tagObject(q, t.Tag)
		sources := []obj{}
		for _, u := range t.Uses {
			switch u.On {
			case harrier.OnSite:
				sources = append(sources, obj{"source": "site", "id": u.Object, "links": q.self("/sites/" + ident(u.Object))})
			case harrier.OnList:
				sources = append(sources, obj{"source": "asset-group", "id": u.Object, "links": q.self("/asset_groups/" + ident(u.Object))})
			default:
				sources = append(sources, obj{"source": "tag"})
			}
		}
		if t.ByRule {
			sources = append(sources, obj{"source": "criteria"})
		}
		o["sources"] = sources
		list = append(list, o)
	}
	return q.resources(list)
}

// duration is a duration in the ISO 8601 form, of hours, minutes and seconds.
func duration(d time.Duration) string {
	d = max(d, 0).Truncate(time.Millisecond)
	out := "PT"
	if h := d / time.Hour; h > 0 {
		out += strconv.Itoa(int(h)) + "H"
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		out += strconv.Itoa(int(m)) + "M"
	}
	if s := (d % time.Minute).Seconds(); s > 0 || out == "PT" {
		out += strconv.FormatFloat(s, 'f', -1, 64) + "S"
	}
	return out
}
