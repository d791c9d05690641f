package nexpose

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// dynamicKind is the kind of an asset list that is a rule.
const dynamicKind = "dynamic"

// askedID is the id that a request for a table names.
func askedID(text, name string) (harrier.ID, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, harrier.Invalidf(name, "%q is no number", clip(text))
	}
	return harrier.ID(n), nil
}

// groupAssets is the table of the assets of a group, as of a search for assets.
//
// Source: section 14.4.
func (a *api) groupAssets(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	query, err := asked(w, r)
	if err != nil {
		return err
	}
	id, err := askedID(query.Get("groupID"), "groupID")
	if err != nil {
		return err
	}
	within, err := a.AssetLists.Members(r.Context(), by, id)
	if err != nil {
		return err
	}
	start, rows := span(query)
	t, err := a.assetTable(r.Context(), by, within, filterRequest{
		Sort: query.Get("sort"), Dir: query.Get("dir"), Start: kit.Int(start), Results: kit.Int(rows),
	})
	if err != nil {
		return err
	}
	return writeDoor(w, t)
}

// flawRow is a vulnerability of an asset in a table.
type flawRow struct {
	ID        string  `json:"nexVulnID"`
	Number    int64   `json:"vulnID"`
	Title     string  `json:"title"`
	Vector    string  `json:"cvssBase"`
	Score     float64 `json:"cvssScore"`
	Risk      float64 `json:"riskScore"`
	Severity  int     `json:"severity"`
	Instances int     `json:"vulnInstanceCount"`
	Exploit   *string `json:"mainExploit"`
	Malware   int     `json:"malwareCount"`
	Published int64   `json:"publishedDate,omitempty"` // milliseconds
}

// assetFlaws is the table of what an asset has, the gravest first.
//
// Source: section 14.4.
func (a *api) assetFlaws(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	query, err := asked(w, r)
	if err != nil {
		return err
	}
	id, err := askedID(query.Get("devid"), "devid")
	if err != nil {
		return err
	}
	if _, err := a.Assets.Asset(r.Context(), by, id); err != nil {
		return err
	}
	start, rows := span(query)
	start, rows = min(start, 1<<30), min(cmp.Or(rows, tableRows), mostRows)
	sums, err := a.Findings.Sums(r.Context(), by, openFlaws(int64(id)), harrier.SumQuery{By: harrier.ByVulnerability, Sort: "severity", Desc: true, Limit: rows, Offset: start})
	if err != nil {
		return err
	}
	records := []flawRow{}
	for _, s := range sums.Rows {
		v, err := a.Vulns.Vulnerability(r.Context(), harrier.VulnID(s.ID))
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return err
		}
		row := flawRow{
			ID: a.flawWord(harrier.VulnID(s.ID)), Number: int64(s.ID), Title: v.Name, Vector: formatnexpose.Vector(v), Score: cmp.Or(v.CVSS2Score, v.CVSS3Score),
			Risk: float64(s.Score()), Severity: v.SeverityScoreAs(s.Severity), Instances: s.Total(),
		}
		if len(v.Exploits) > 0 {
			row.Exploit = &v.Exploits[0].ID
		}
		if v.Ransomware { // it is known that there is some, not of how many kinds
			row.Malware = 1
		}
		if !v.Published.IsZero() {
			row.Published = v.Published.UnixMilli()
		}
		records = append(records, row)
	}
	return writeDoor(w, table[flawRow]{records, sums.Groups, rows, start, "severity", "desc"})
}

// deleteAssets deletes the assets that the body lists by number, all of them or
// none. To take an asset from its only site is to delete it; one of several sites
// stays.
func (a *api) deleteAssets(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var ids []harrier.ID
	if err := json.Unmarshal(body, &ids); err != nil {
		return harrier.Errorf(harrier.Invalid, "the body is no list of numbers").Because(err)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	found := make([]harrier.Asset, len(ids))
	for i, id := range ids {
		if found[i], err = a.Assets.Asset(r.Context(), by, id); err != nil {
			return err
		}
	}
	if text := r.URL.Query().Get("siteid"); text != "" {
		site, err := askedID(text, "siteid")
		if err != nil {
			return err
		}
		places, err := a.sitesOf(r.Context(), by, found)
		if err != nil {
			return err
		}
		for _, d := range found {
			of := places[d.ID]
			if !slices.ContainsFunc(of, func(s harrier.Site) bool { return s.ID == site }) {
				return harrier.Invalidf("siteid", "asset %d is not of site %d", d.ID, site)
			}
			if len(of) > 1 {
				return harrier.Errorf(harrier.Conflict, "asset %d is of other sites too", d.ID)
			}
		}
	}
	if err := a.Findings.DeleteAssets(r.Context(), by, ids...); err != nil {
		return err
	}
	return writeText(w, http.StatusOK, "true")
}

// assetDoor is an asset as version 2.1 has it.
//
// Source: section 14.4.
func (a *api) assetDoor(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	d, err := a.Assets.Asset(r.Context(), by, id)
	if err != nil {
		return err
	}
	services, err := a.Assets.Services(r.Context(), by, id)
	if err != nil {
		return err
	}
	software, err := a.Assets.Software(r.Context(), by, id)
	if err != nil {
		return err
	}
	names := []string{}
	for _, n := range append([]string{d.FQDN, d.NetBIOS}, d.Names...) {
		if _, err := netip.ParseAddr(n); err != nil && n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	addresses, ports, products := []string{}, []any{}, []any{}
	if d.Addr.IsValid() {
		addresses = append(addresses, placeOf(d.Addr, ""))
	}
	for _, s := range services {
		ports = append(ports, map[string]any{"name": s.Name, "port": s.Port, "protocol": strings.ToUpper(string(s.Protocol))})
	}
	for _, p := range software {
		products = append(products, map[string]any{"product": p.Product, "version": p.Version, "cpe": p.CPE})
	}
	return writeDoor(w, map[string]any{
		"id": d.ID, "ip": placeOf(d.Addr, ""), "mac": strings.ToUpper(d.MAC), "addresses": addresses, "host_names": names, "os_name": d.OS, "os_cpe": d.OSCPE,
		"host_type": strings.ToUpper(members.HostType(d.DeviceType)), "services": ports, "software": products,
		"unique_identifiers": []any{map[string]string{"source": "HARRIER", "id": d.UUID.String()}},
		"assessment": map[string]any{
			"last_scan_date": d.LastSeen.UTC().Format(basicTime), "last_scan_id": d.LastScan, "risk_score": harrier.Sum{Counts: d.Open}.Score(),
		},
	})
}

// pastRow is a scan of an asset in a table.
type pastRow struct {
	Asset     harrier.ID `json:"assetID"`
	Scan      harrier.ID `json:"scanID"`
	Site      harrier.ID `json:"siteID"`
	Address   string     `json:"ipAddress"`
	Name      string     `json:"hostname"`
	OS        string     `json:"operatingSystem"`
	Flaws     int        `json:"vulnCount"`
	Completed int64      `json:"completed"` // milliseconds
	SiteName  string     `json:"siteName"`
	Engine    string     `json:"scanEngineName"`
}

// assetScans is the table of the scans that met an asset, the newest first.
//
// Source: section 14.4.
func (a *api) assetScans(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	query, err := asked(w, r)
	if err != nil {
		return err
	}
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	if _, err := a.Assets.Asset(r.Context(), by, id); err != nil {
		return err
	}
	past, err := a.Scans.Past(r.Context(), by, id)
	if err != nil {
		return err
	}
	rows := []pastRow{}
	for _, p := range slices.Backward(past) {
		row := a.row(p.Scan)
		site, err := a.Sites.Site(r.Context(), by, p.Site)
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return err
		}
		rows = append(rows, pastRow{
			Asset: id, Scan: p.ID, Site: p.Site, Address: placeOf(p.Host.Addr, p.Host.Name), Name: p.Host.FQDN, OS: p.Host.OS,
			Flaws: p.Host.Present.Total() - p.Host.Present[harrier.Info], Completed: p.Host.Ended.UnixMilli(), SiteName: site.Name, Engine: row.Engine,
		})
	}
	return page(w, query, rows, "completed", "desc")
}

// groupDoc is a dynamic asset group as the gem sends and reads it.
type groupDoc struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Dynamic     bool            `json:"dynamic"`
	Criteria    json.RawMessage `json:"searchCriteria"`
	Users       []harrier.ID    `json:"users"`
}

// saveGroup makes a dynamic asset group, or with an entityid changes one.
//
// Source: section 14.4.
func (a *api) saveGroup(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var g groupDoc
	if err := json.Unmarshal(body, &g); err != nil {
		return harrier.Errorf(harrier.Invalid, "the body is no asset group").Because(err)
	}
	if !g.Dynamic {
		return harrier.Invalidf("dynamic", "is not true: AssetGroupSave saves groups of devices")
	}
	l := harrier.AssetList{Kind: dynamicKind}
	known := false
	if text := r.URL.Query().Get("entityid"); text != "" && text != "false" && text != "-1" {
		id, err := askedID(text, "entityid")
		if err != nil {
			return err
		}
		if l, err = a.AssetLists.List(r.Context(), by, id); err != nil {
			return err
		}
		if l.Kind == staticList {
			return harrier.Errorf(harrier.Conflict, "asset group %d is not dynamic", id)
		}
		known = true
	}
	c, err := readCriteria(g.Criteria)
	if err != nil {
		return err
	}
	if len(c.Criteria) == 0 {
		return harrier.Invalidf("searchCriteria", "has no criteria")
	}
	if l.Definition, err = c.filters(); err != nil {
		return err
	}
	l.Name, l.Description, l.Kind = g.Name, g.Description, dynamicKind
	for _, u := range g.Users {
		if _, err := a.Identity.User(r.Context(), by, u); err != nil {
			return err
		}
	}
	if known {
		err = a.AssetLists.Update(r.Context(), by, &l)
	} else {
		err = a.AssetLists.Create(r.Context(), by, &l)
	}
	if err == nil && g.Users != nil && by.May(harrier.ManageUsers) {
		err = a.setMembers(r.Context(), by, l.ID, g.Users)
	}
	if err != nil {
		return err
	}
	return writeDoor(w, map[string]any{"response": "success.", "entityID": ident(l.ID)})
}

// loadGroup is an asset group, with its criteria if it is a dynamic one. That
// there is none is told in the answer, where the gem looks for it.
//
// Source: section 14.4.
func (a *api) loadGroup(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := askedID(r.URL.Query().Get("entityid"), "entityid")
	if err != nil {
		return err
	}
	l, err := a.AssetLists.List(r.Context(), by, id)
	if harrier.KindOf(err) == harrier.NotFound {
		return writeDoor(w, map[string]any{"response": "failure", "message": told(err)})
	}
	if err != nil {
		return err
	}
	people, err := a.membersOf(r.Context(), by, id)
	if err != nil {
		return err
	}
	users := []harrier.ID{}
	for _, u := range people {
		users = append(users, u.ID)
	}
	out := map[string]any{
		"response": "success.", "entityID": ident(l.ID), "name": l.Name, "description": l.Description, "dynamic": false, "searchCriteria": nil, "users": users,
	}
	// A rule that has no words here, as one made by another API, is no dynamic
	// group that could be saved again.
	if c, ok := criteriaOf(l.Definition); ok && l.Kind != staticList {
		out["dynamic"], out["searchCriteria"] = true, c.object()
	}
	return writeDoor(w, out)
}
