package nexpose

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/asset/members"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// exceptionsPath is the only path of version 3 that clients of the XML API need.
const exceptionsPath = "/api/3/vulnerability_exceptions"

// assetDoors are the side doors of assets, exceptions and users.
//
// Source: sections 14.4, 14.6 and 14.8.
func (a *api) assetDoors(m *kit.Mux) {
	w := kit.Wire{Authenticate: a.who, Fail: a.failSide, Log: a.Log}
	m.Handle("GET /login.html", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write([]byte("<!DOCTYPE html><title>Harrier</title><p>Harrier is up. Sign in through the API.</p>\n"))
	}))
	m.Handle("GET /", http.RedirectHandler("/login.html", http.StatusFound))
	m.Handle("POST /data/asset/filterAssets", kit.Handle(w, a.filterAssets))
	for _, method := range []string{"GET ", "POST "} { // the gem posts a form
		m.Handle(method+"/data/asset/group", a.door(a.groupAssets))
		m.Handle(method+"/data/vulnerability/asset-vulnerabilities", a.door(a.assetFlaws))
		m.Handle(method+"/data/assets/{id}/scans", a.door(a.assetScans))
	}
	m.Handle("POST /data/assets/bulk-delete", a.door(a.deleteAssets))
	m.Handle("GET /api/2.1/assets/{id}", a.door(a.assetDoor))
	m.Handle("POST /api/2.1/sites/{id}/assets", a.door(a.importAssets))
	m.Handle("POST /data/assetGroup/saveAssetGroup", a.door(a.saveGroup))
	m.Handle("GET /data/assetGroup/loadAssetGroup", a.door(a.loadGroup))
	m.Handle("GET "+exceptionsPath, kit.Handle(w, a.exceptionsPage))
	m.Handle("GET /data/user/configuration", http.HandlerFunc(a.userConfiguration))
}

// filterRequest asks for a page of assets.
type filterRequest struct {
	Criteria string  `json:"searchCriteria"`
	Sort     string  `json:"sort"`
	Dir      string  `json:"dir"`
	Start    kit.Int `json:"startIndex"`
	Results  kit.Int `json:"results"`
}

// filterRow is an asset.
type filterRow struct {
	ID           int64        `json:"assetID"`
	IP           string       `json:"assetIP"`
	Name         string       `json:"assetName"`
	OS           string       `json:"assetOSName"`
	OSID         int64        `json:"osID"`
	Exploits     int          `json:"exploitCount"`
	Malware      int          `json:"malwareCount"`
	Flaws        int          `json:"vulnCount"`
	Risk         float64      `json:"riskScore"`
	Assessed     bool         `json:"assessed"`
	LastScanDate int64        `json:"lastScanDate"`
	Sites        []sitePermit `json:"sitePermissions"`
}

type sitePermit struct {
	Site int64  `json:"siteID"`
	Name string `json:"siteName"`
}

// filterColumns are the fields of assets behind what clients sort by.
var filterColumns = map[string]string{"": "id", "assetID": "id", "assetIP": "address", "assetName": "fqdn", "assetOSName": "os", "lastScanDate": "last_seen"}

func (a *api) filterAssets(ctx context.Context, by harrier.Actor, q filterRequest) (table[filterRow], error) {
	e, err := a.filterExpr(q.Criteria)
	if err != nil {
		return table[filterRow]{}, err
	}
	return a.assetTable(ctx, by, e, q)
}

// assetTable is the part of the assets of which e holds that a request asks for.
func (a *api) assetTable(ctx context.Context, by harrier.Actor, e harrier.Expr, q filterRequest) (table[filterRow], error) {
	column, known := filterColumns[q.Sort]
	if !known {
		column = "id"
	}
	desc := strings.EqualFold(q.Dir, "desc")
	per := int(min(max(q.Results, 0), mostRows))
	if per == 0 {
		per = tableRows
	}
	t := table[filterRow]{PerPage: per, Offset: int(min(max(q.Start, 0), 1<<30)), Column: q.Sort, Direction: "asc"}
	if desc {
		t.Direction = "desc"
	}
	found, n, err := a.Assets.Assets(ctx, by, e, asset.Page{Sort: column, Desc: desc, Limit: per, Offset: t.Offset})
	if err != nil {
		return t, err
	}
	t.Total = n
	t.Records, err = a.filterRows(ctx, by, found)
	return t, err
}

// filterRows are assets as rows of a table, with what is open on them and not
// accepted.
func (a *api) filterRows(ctx context.Context, by harrier.Actor, found []harrier.Asset) ([]filterRow, error) {
	places, err := a.sitesOf(ctx, by, found)
	if err != nil {
		return nil, err
	}
	ids := make([]any, len(found))
	for i, d := range found {
		ids[i] = int64(d.ID)
	}
	exploits, err := a.flaws(ctx, by, ids, harrier.Cmp{Field: "exploit", Op: harrier.Eq, Values: []any{true}})
	if err != nil {
		return nil, err
	}
	malware, err := a.flaws(ctx, by, ids, harrier.Cmp{Field: "malware_kits", Op: harrier.Gt, Values: []any{int64(0)}})
	if err != nil {
		return nil, err
	}
	rows := []filterRow{}
	for _, d := range found {
		row := filterRow{
			ID: int64(d.ID), IP: placeOf(d.Addr, d.FQDN), Name: d.FQDN, OS: d.OS, Exploits: exploits[d.ID], Malware: malware[d.ID], Flaws: d.Open.Total() - d.Open[harrier.Info],
			Risk: float64(harrier.Sum{Counts: d.Open}.Score()), Assessed: true, LastScanDate: d.LastSeen.UnixMilli(), Sites: []sitePermit{},
		}
		for _, s := range places[d.ID] {
			row.Sites = append(row.Sites, sitePermit{int64(s.ID), s.Name})
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// flaws counts by asset the findings that are open and not accepted, more than a
// fact, and of which only holds.
func (a *api) flaws(ctx context.Context, by harrier.Actor, assets []any, only harrier.Expr) (map[harrier.ID]int, error) {
	out := map[harrier.ID]int{}
	if len(assets) == 0 || !by.May(harrier.ReadFindings) {
		return out, nil
	}
	sums, err := a.Findings.Sums(ctx, by, harrier.And{openFlaws(assets...), only}, harrier.SumQuery{By: harrier.ByAsset})
	for _, s := range sums.Rows {
		out[s.ID] = s.Counts.Total()
	}
	return out, err
}

// openFlaws are those of assets.
func openFlaws(assets ...any) harrier.Expr {
	return harrier.And{words.OpenFlaws, harrier.Cmp{Field: "asset", Op: harrier.Eq, Values: assets}}
}

// filterExpr reads search criteria; one that is not known finds nothing rather
// than everything.
func (a *api) filterExpr(text string) (harrier.Expr, error) {
	if strings.TrimSpace(text) == "" {
		return harrier.And{}, nil
	}
	c, err := readCriteria([]byte(text))
	if err != nil || len(c.Criteria) == 0 {
		return harrier.And{}, err
	}
	rules, err := c.filters()
	if err != nil {
		return nil, err
	}
	return members.Criteria([]byte(rules), a.Now())
}

// exceptionsPage lists all vulnerability exceptions as one page.
func (a *api) exceptionsPage(ctx context.Context, by harrier.Actor, q struct {
	Size kit.Int `from:"query size"`
	Page kit.Int `from:"query page"`
},
) (any, error) {
	all, err := a.Findings.Submissions(ctx, by)
	if err != nil {
		return nil, err
	}
	names, err := a.Identity.Names(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e harrier.Exception) bool { return !e.Hide })
	size := min(max(int(q.Size), 1), 500)
	if q.Size == 0 {
		size = 10
	}
	page, pages := max(int(min(q.Page, 1<<30)), 0), (len(all)+size-1)/size
	from := min(page*size, len(all))
	rows := []any{}
	for _, e := range all[from:min(from+size, len(all))] {
		rows = append(rows, a.exceptionItem(e, names))
	}
	link := func(rel string, n int) map[string]string {
		return map[string]string{"rel": rel, "href": exceptionsPath + "?page=" + strconv.Itoa(n) + "&size=" + strconv.Itoa(size)}
	}
	links := []any{link("self", page)}
	if pages > 1 {
		links = append(links, link("last", pages-1))
	}
	return map[string]any{
		"resources": rows, "links": links,
		"page": map[string]int{"number": page, "size": size, "totalPages": pages, "totalResources": len(all)},
	}, nil
}

var scopeTypes = map[string]string{everywhere: "Global", onDevice: "Asset", inSite: "Site", instance: "Instance"}

func (a *api) exceptionItem(e harrier.Exception, names map[harrier.ID]string) any {
	w := a.wireOf(e)
	scope := map[string]any{"type": scopeTypes[w.scope], "vulnerabilityID": a.flawWord(e.Vulnerability), "key": e.Given[givenKey]}
	for name, text := range map[string]string{"assetID": w.device, "siteID": w.site, "port": e.Port} {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			scope[name] = n
		}
	}
	state := exceptionStates[e.State]
	if e.State == harrier.InForce && !e.Holds(a.Now()) {
		state = "Expired"
	}
	item := map[string]any{
		"id": int64(e.ID), "state": state, "scope": scope,
		"submit": map[string]any{"name": names[e.Owner], "comment": e.Reason, "date": e.Created.UTC().Format(time.RFC3339), "reason": w.reason},
	}
	if !e.Expires.IsZero() {
		item["expires"] = e.Expires.UTC().Format(time.RFC3339)
	}
	if e.Reviewer != 0 {
		review := map[string]any{"name": names[e.Reviewer], "comment": e.Remark}
		if !e.Reviewed.IsZero() {
			review["date"] = e.Reviewed.UTC().Format(time.RFC3339)
		}
		item["review"] = review
	}
	return item
}

// userConfiguration tells the sites and groups of a user as XML.
func (a *api) userConfiguration(rw http.ResponseWriter, r *http.Request) {
	by, err := a.who(r)
	if err != nil {
		a.failSide(rw, r, err)
		return
	}
	c := &call{rw: rw, r: r, by: by, log: a.Log}
	id, err := strconv.ParseInt(r.URL.Query().Get("userid"), 10, 64)
	if err != nil {
		a.failSide(rw, r, harrier.Invalidf("userid", "is no whole number"))
		return
	}
	u, err := a.shownUser(c, harrier.ID(id))
	if err != nil {
		a.failSide(rw, r, err)
		return
	}
	rw.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	o := newOut(rw)
	o.start("User", "id", ident(u.ID), "userName", u.Name, "fullName", u.FullName, "email", u.Email, "allSites", word(u.everySite), "allGroups", word(u.everyList))
	o.start("Sites")
	writeIDs(o, "site", u.sites)
	o.end()
	o.start("Groups")
	writeIDs(o, "group", u.lists)
	o.end()
	o.end()
	_ = o.flush() // a client that has gone gets nothing
}
