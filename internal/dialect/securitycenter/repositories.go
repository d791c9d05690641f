package securitycenter

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/asset/members"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) repositoryRoutes(m *router) {
	m.handle("GET /repository", a.listRepositories)
	m.handle("POST /repository", a.createRepository)
	m.handle("GET /repository/{id}", a.getRepository)
	m.handle("PATCH /repository/{id}", a.changeRepository)
	m.handle("DELETE /repository/{id}", a.deleteRepository)
	m.handle("GET /repository/{id}/assetIntersections", a.assetIntersections)
	m.handle("GET /repository/{id}/deviceInfo", a.deviceInfo)
	m.handle("GET /repository/{id}/ipInfo", a.deviceInfo)
	m.handle("GET /deviceInfo", a.deviceInfo)
	m.handle("GET /ipInfo", a.deviceInfo)
}

func (a api) repositoryMap(ctx context.Context, by harrier.Actor) (map[harrier.ID]harrier.Repository, error) {
	list, err := a.Repositories.All(ctx, by)
	out := map[harrier.ID]harrier.Repository{}
	for _, r := range list {
		out[r.ID] = r
	}
	return out, err
}

type organizationOf struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	GroupAssign string `json:"groupAssign"`
}

type repositoryItem struct {
	ID             string           `json:"id"`
	UUID           string           `json:"uuid"`
	Name           string           `json:"name"`
	Description    string           `json:"description"`
	Type           string           `json:"type"`
	DataFormat     string           `json:"dataFormat"`
	RemoteID       any              `json:"remoteID"`
	RemoteIP       any              `json:"remoteIP"`
	Running        string           `json:"running"`
	DownloadFormat string           `json:"downloadFormat"`
	LastSync       string           `json:"lastSyncTime"`
	Created        string           `json:"createdTime"`
	Modified       string           `json:"modifiedTime"`
	LastUpdate     string           `json:"lastVulnUpdate"`
	VulnCount      string           `json:"vulnCount"`
	IPCount        string           `json:"ipCount"`
	Organizations  []organizationOf `json:"organizations"`
	TypeFields     repositoryFields `json:"typeFields"`
	Lumin          luminFields      `json:"luminFields"`
	Transfer       []any            `json:"transfer"`
}

type luminFields struct {
	First   string `json:"firstSyncTime"`
	Success string `json:"lastSyncSuccess"`
	Failure string `json:"lastSyncFailure"`
	Details string `json:"details"`
	Enabled string `json:"enabled"`
}

type repositoryFields struct {
	Correlation   []any             `json:"correlation"`
	Schedule      map[string]string `json:"nessusSchedule"`
	IPRange       string            `json:"ipRange"`
	IPCount       string            `json:"ipCount"`
	Running       string            `json:"runningNessus"`
	LastGenerate  string            `json:"lastGenerateNessusTime"`
	LastTrend     string            `json:"lastTrendUpdate"`
	TrendingDays  string            `json:"trendingDays"`
	TrendRaw      string            `json:"trendWithRaw"`
	Active        string            `json:"activeVulnsLifetime"`
	Passive       string            `json:"passiveVulnsLifetime"`
	LCE           string            `json:"lceVulnsLifetime"`
	Compliance    string            `json:"complianceVulnsLifetime"`
	Mitigated     string            `json:"mitigatedVulnsLifetime"`
	PercentActive string            `json:"percentCapacityCumulative"`
	PercentPatch  string            `json:"percentCapacityPatched"`
	VulnCount     string            `json:"vulnCount"`
	LastUpdate    string            `json:"lastVulnUpdate"`
	UUIDCount     string            `json:"uuidCount"`
}

// addresses are how many addresses the hosts of a repository have that e holds
// for: as many as there are hosts, n, unless two may share one.
func (a api) addresses(ctx context.Context, by harrier.Actor, e harrier.Expr, n int) (int, error) {
	if n < 2 {
		return n, nil
	}
	return a.Assets.Addresses(ctx, by, e)
}

func (a api) repositoryItem(ctx context.Context, by harrier.Actor, r harrier.Repository) (repositoryItem, error) {
	ips, vulns, last := 0, 0, time.Time{}
	if by.May(harrier.ReadFindings) {
		in := eq("repository", harrier.Eq, int64(r.ID))
		list, n, err := a.Assets.Assets(ctx, by, in, asset.Page{Sort: "last_seen", Desc: true, Limit: 1})
		if err != nil {
			return repositoryItem{}, err
		}
		sums, err := a.Findings.Sums(ctx, by, harrier.And{eq("open", harrier.Eq, true), in}, harrier.SumQuery{By: harrier.BySeverity})
		if err != nil {
			return repositoryItem{}, err
		}
		if ips, err = a.addresses(ctx, by, in, n); err != nil {
			return repositoryItem{}, err
		}
		if vulns = sums.Counts.Total(); len(list) > 0 {
			last = list[0].LastSeen
		}
	}
	users, err := a.Repositories.Users(ctx, by, r.ID)
	if err != nil {
		return repositoryItem{}, err
	}
	organizations := []organizationOf{}
	for _, o := range users {
		organizations = append(organizations, organizationOf{sid(o.ID), o.Name, o.Description, "all"})
	}
	update := stime(last)
	return repositoryItem{
		ID: sid(r.ID), UUID: suuid(r.UUID), Name: r.Name, Description: r.Description, Type: "Local", DataFormat: formatOf(r), Running: "false",
		DownloadFormat: "v2", LastSync: "0", Created: stime(r.Created), Modified: stime(r.Created), LastUpdate: update, VulnCount: sid(vulns), IPCount: sid(ips),
		Organizations: organizations, Transfer: []any{},
		TypeFields: repositoryFields{
			Correlation: []any{}, Schedule: nessusSchedule(r), IPRange: rangeOf(r), IPCount: sid(ips),
			Running: "false", LastGenerate: "-1", LastTrend: "-1", TrendingDays: cmp.Or(r.Given[keptTrend], "0"), TrendRaw: cmp.Or(r.Given[keptRaw], "false"),
			Active: cmp.Or(r.Given[keptLifetime+"active"], "365"), Passive: cmp.Or(r.Given[keptLifetime+"passive"], "7"), LCE: cmp.Or(r.Given[keptLifetime+"lce"], "365"),
			Compliance: cmp.Or(r.Given[keptLifetime+"compliance"], "365"), Mitigated: cmp.Or(r.Given[keptLifetime+"mitigated"], "365"),
			PercentActive: "0", PercentPatch: "0", VulnCount: sid(vulns), LastUpdate: update, UUIDCount: "0",
		},
		Lumin: luminFields{"-1", "-1", "-1", "", "false"},
	}, nil
}

func (a api) listRepositories(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.Repositories.All(ctx, by)
	if err != nil {
		return nil, err
	}
	out := []repositoryItem{}
	switch strings.ToLower(q.param("type")) {
	case "", "all", "local":
	default: // Remote and Offline: Harrier has none
		list = nil
	}
	for _, r := range list {
		item, err := a.repositoryItem(ctx, by, r)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return pick(out, q.fields("id", "uuid", "name", "description"), "id"), nil
}

func (a api) showRepository(ctx context.Context, by harrier.Actor, q *query, r harrier.Repository) (any, error) {
	item, err := a.repositoryItem(ctx, by, r)
	return pick(item, q.fields(), "id"), err
}

func (a api) getRepository(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	r, err := a.Repositories.Repository(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Repository", q.path("id"), "get")
	}
	return a.showRepository(ctx, by, q, r)
}

type repositoryBody struct {
	Name        *kit.Text       `json:"name"`
	Description *kit.Text       `json:"description"`
	Type        kit.Text        `json:"type"`
	Orgs        *givens         `json:"organizations"`
	TypeFields  json.RawMessage `json:"typeFields"`
	repositorySettings
}

// repositorySettings are what a repository keeps for its sake alone. Clients send
// them beside the name; what they read has them in typeFields.
type repositorySettings struct {
	DataFormat   *kit.Text       `json:"dataFormat"`
	IPRange      *kit.Text       `json:"ipRange"`
	TrendingDays *kit.Int        `json:"trendingDays"`
	TrendRaw     *kit.Bool       `json:"trendWithRaw"`
	Active       *kit.Int        `json:"activeVulnsLifetime"`
	Passive      *kit.Int        `json:"passiveVulnsLifetime"`
	LCE          *kit.Int        `json:"lceVulnsLifetime"`
	Compliance   *kit.Int        `json:"complianceVulnsLifetime"`
	Mitigated    *kit.Int        `json:"mitigatedVulnsLifetime"`
	Schedule     json.RawMessage `json:"nessusSchedule"`
}

// The names under which a repository keeps them.
const (
	keptFormat   = ownPrefix + "dataFormat"
	keptRange    = ownPrefix + "ipRange"
	keptTrend    = ownPrefix + "trendingDays"
	keptRaw      = ownPrefix + "trendWithRaw"
	keptNessus   = ownPrefix + "nessusSchedule" // JSON
	keptLifetime = ownPrefix + "lifetime."      // and of what
)

func (b repositoryBody) apply(r *harrier.Repository) error {
	if t := string(b.Type); t != "" && !strings.EqualFold(t, "Local") {
		return fault(codeInvalid, 0, "Repositories of the type '%s' are not supported.", cut(t, 32))
	}
	if b.Name != nil {
		r.Name = string(*b.Name)
	}
	if b.Description != nil {
		r.Description = string(*b.Description)
	}
	r.Given = cloneMap(r.Given)
	if fields := bytes.TrimSpace(b.TypeFields); bytes.HasPrefix(fields, []byte("{")) {
		var within repositorySettings
		keys, err := kit.DecodeBody(fields)
		if err == nil {
			err = kit.Fill(keys, &within)
		}
		if err != nil {
			return err
		}
		if err := within.apply(r); err != nil {
			return err
		}
	}
	return b.repositorySettings.apply(r)
}

// apply puts what is given into r.
func (b repositorySettings) apply(r *harrier.Repository) error {
	if b.DataFormat != nil && *b.DataFormat != "" {
		switch f := string(*b.DataFormat); f {
		case "IPv4", "IPv6", "universal":
			r.Given[keptFormat] = f
		case "agent", "mobile":
			return fault(codeInvalid, 0, "Repositories of the format '%s' are not supported.", f)
		default:
			return fault(codeInvalid, 0, "The dataFormat '%s' is invalid.", cut(f, 32))
		}
	}
	if b.IPRange != nil && !isBlank(string(*b.IPRange)) {
		for _, item := range members.Words(string(*b.IPRange)) {
			if _, ok := members.Range(item); !ok {
				return fault(codeInvalid, 0, "'%s' in ipRange is no address, network or range.", cut(item, 64))
			}
		}
		r.Given[keptRange] = string(*b.IPRange)
	}
	for _, n := range []struct {
		name, key string
		value     *kit.Int
		most      kit.Int
	}{
		{"trendingDays", keptTrend, b.TrendingDays, 365},
		{"activeVulnsLifetime", keptLifetime + "active", b.Active, 1 << 16},
		{"passiveVulnsLifetime", keptLifetime + "passive", b.Passive, 1 << 16},
		{"lceVulnsLifetime", keptLifetime + "lce", b.LCE, 1 << 16},
		{"complianceVulnsLifetime", keptLifetime + "compliance", b.Compliance, 1 << 16},
		{"mitigatedVulnsLifetime", keptLifetime + "mitigated", b.Mitigated, 1 << 16},
	} {
		switch {
		case n.value == nil:
		case *n.value < 0 || *n.value > n.most:
			return fault(codeInvalid, 0, "The parameter '%s' must be from 0 to %d.", n.name, n.most)
		default:
			r.Given[n.key] = sid(int(*n.value))
		}
	}
	if b.TrendRaw != nil {
		r.Given[keptRaw] = sbool(bool(*b.TrendRaw))
	}
	if bytes.HasPrefix(bytes.TrimSpace(b.Schedule), []byte("{")) {
		var said struct {
			Type  kit.Text `json:"type"`
			Start kit.Text `json:"start"`
			Rule  kit.Text `json:"repeatRule"`
		}
		if err := json.Unmarshal(b.Schedule, &said); err != nil {
			return fault(codeInvalid, 0, "The parameter 'nessusSchedule' is invalid.")
		}
		text, err := kit.Marshal(map[string]kit.Text{"type": said.Type, "start": said.Start, "repeatRule": said.Rule})
		if err != nil {
			return err
		}
		r.Given[keptNessus] = string(text)
	}
	return nil
}

// formatOf is the format that a repository was said to have: all of them hold
// addresses of both kinds.
func formatOf(r harrier.Repository) string { return cmp.Or(r.Given[keptFormat], dataFormat) }

// rangeOf is the range of addresses that a repository was said to have.
func rangeOf(r harrier.Repository) string {
	otherwise := map[string]string{"IPv4": "0.0.0.0/0", "IPv6": "::/0"}[formatOf(r)]
	return cmp.Or(r.Given[keptRange], otherwise, "0.0.0.0/0,::/0")
}

// nessusSchedule is the schedule that a repository was said to be exported by.
func nessusSchedule(r harrier.Repository) map[string]string {
	out := map[string]string{"type": "never", "start": "", "repeatRule": ""}
	_ = json.Unmarshal([]byte(r.Given[keptNessus]), &out) // it stays where there is none
	return out
}

func (a api) createRepository(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b repositoryBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	var r harrier.Repository
	if err := b.apply(&r); err != nil {
		return nil, err
	}
	if err := a.Repositories.Create(ctx, by, &r); err != nil {
		return nil, err
	}
	if b.Orgs != nil {
		if err := a.Repositories.Assign(ctx, by, r.ID, b.Orgs.ids()); err != nil {
			if undo := a.Repositories.Delete(context.WithoutCancel(ctx), by, r.ID); undo != nil {
				a.Log.ErrorContext(ctx, "repository is made by half", "repository", r.ID, "err", undo)
			}
			return nil, err
		}
	}
	return a.showRepository(ctx, by, q, r)
}

func (a api) changeRepository(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b repositoryBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	r, err := a.Repositories.Repository(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Repository", q.path("id"), "update")
	}
	if err := b.apply(&r); err != nil {
		return nil, err
	}
	if b.Orgs != nil {
		if err := a.Repositories.Assign(ctx, by, r.ID, b.Orgs.ids()); err != nil {
			return nil, err
		}
	}
	if err := a.Repositories.Update(ctx, by, &r); err != nil {
		return nil, err
	}
	return a.showRepository(ctx, by, q, r)
}

func (a api) deleteRepository(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.Repositories.Delete(ctx, by, q.id()), "Repository", q.path("id"), "delete")
}

// hostExpr is the condition that an asset is the host that a request names.
func hostExpr(q *query) (harrier.Expr, error) {
	switch {
	case q.param("ip") != "":
		r, ok := members.Range(strings.TrimSpace(q.param("ip")))
		if !ok {
			return nil, fault(codeInvalid, 0, "'%s' is not an address.", cut(q.param("ip"), 64))
		}
		return eq("address", harrier.In, r), nil
	case q.param("dnsName") != "":
		return harrier.Or{eq("fqdn", harrier.Eq, q.param("dnsName")), eq("host", harrier.Eq, q.param("dnsName"))}, nil
	case q.param("hostUUID") != "":
		return eq("uuid", harrier.Eq, q.param("hostUUID")), nil
	case q.param("uuid") != "":
		return eq("uuid", harrier.Eq, q.param("uuid")), nil
	}
	return nil, fault(codeInvalid, 0, "One of the parameters 'ip', 'dnsName', 'uuid' and 'hostUUID' is required.")
}

// hostsOf lists the assets that a request names, in the repositories that it
// names, and these.
func (a api) hostsOf(ctx context.Context, by harrier.Actor, q *query) ([]harrier.Asset, harrier.Repository, error) {
	var where harrier.Repository
	e, err := hostExpr(q)
	if err != nil {
		return nil, where, err
	}
	if q.path("id") != "" {
		if where, err = a.Repositories.Repository(ctx, by, q.id()); err != nil {
			return nil, where, missing(err, "Repository", q.path("id"), "get")
		}
		e = harrier.And{e, eq("repository", harrier.Eq, int64(where.ID))}
	} else if ids := q.words("repositoryIDs"); len(ids) > 0 {
		var some []any
		for _, id := range ids {
			some = append(some, int64(idOf(id)))
		}
		e = harrier.And{e, eq("repository", harrier.Eq, some...)}
	}
	list, _, err := a.Assets.Assets(ctx, by, e, asset.Page{Sort: "last_seen", Desc: true, Limit: 100})
	return list, where, err
}

func (a api) assetIntersections(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, _, err := a.hostsOf(ctx, by, q)
	if err != nil {
		return nil, err
	}
	out := []ref{}
	if len(list) > 0 {
		out = append(out, ref{sid(harrier.EverythingList), definedRangesList.Name, definedRangesList.Description})
	}
	lists, err := a.AssetLists.All(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, l := range lists {
		e, err := a.AssetLists.Members(ctx, by, l.ID)
		if err != nil {
			continue // a list in it is gone: it holds nothing
		}
		for _, as := range list {
			_, n, err := a.Assets.Assets(ctx, by, harrier.And{eq("id", harrier.Eq, int64(as.ID)), e}, asset.Page{Limit: 1})
			if err != nil {
				return nil, err
			}
			if n > 0 {
				out = append(out, ref{sid(l.ID), l.Name, l.Description})
				break
			}
		}
	}
	return map[string]any{"assets": out}, nil
}
