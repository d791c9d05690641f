package securitycenter

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) hostRoutes(m *router) {
	m.handle("GET /hosts", a.listHosts)
	m.handle("POST /hosts/search", a.searchHosts)
	m.handle("GET /hosts/{id}", a.getHost)
	m.handle("PATCH /hosts/{id}/acr", a.rateHost)
}

// hostItem is a host.
//
// Source: section 16.
type hostItem struct {
	ID         string              `json:"id"`
	UUID       string              `json:"uuid"`
	TenableID  string              `json:"tenableUUID"`
	Name       string              `json:"name"`
	IP         string              `json:"ipAddress"`
	OS         string              `json:"os"`
	FirstSeen  string              `json:"firstSeen"`
	LastSeen   string              `json:"lastSeen"`
	MAC        string              `json:"macAddress"`
	Source     []map[string]string `json:"source"`
	DNS        string              `json:"dns"`
	NetBIOS    string              `json:"netBios"`
	Workgroup  string              `json:"netBiosWorkgroup"`
	Repository recordRepository    `json:"repository"`
	RepID      recordRepository    `json:"repID"`
	SystemType string              `json:"systemType"`
	Created    string              `json:"createdTime"`
	Modified   string              `json:"modifiedTime"`
	ACR        map[string]string   `json:"acr"`
	AES        map[string]string   `json:"aes"`
	AssetID    string              `json:"assetID"`
}

func (s *asked) hostItem(as harrier.Asset) hostItem {
	name := as.FQDN
	if name == "" {
		name = as.NetBIOS
	}
	if name == "" {
		name = addrText(as.Addr)
	}
	r := s.repository(as.Repository)
	return hostItem{
		ID: sid(as.ID), UUID: as.UUID.String(), TenableID: as.UUID.String(), Name: name, IP: addrText(as.Addr), OS: as.OS, FirstSeen: stime(as.FirstSeen),
		LastSeen: stime(as.LastSeen), MAC: as.MAC, Source: []map[string]string{{"type": "Nessus Scan"}}, DNS: as.FQDN, NetBIOS: as.NetBIOS,
		Repository: r, RepID: r, SystemType: strings.ReplaceAll(as.DeviceType, "-", "_"), Created: stime(as.FirstSeen), Modified: stime(as.LastSeen),
		ACR: acrOf(as), AES: map[string]string{"score": ""}, AssetID: sid(as.ID),
	}
}

// acrOf shows the importance of an asset, 50 to 200 percent, as a rating from 1
// to 10; 100 percent is 5.
func acrOf(as harrier.Asset) map[string]string {
	return map[string]string{"score": strconv.Itoa(ratingOf(as.Importance))}
}

func ratingOf(percent int) int {
	if percent == 0 {
		percent = 100
	}
	return min(max((percent+10)/20, 1), 10)
}

// importanceOf is the opposite of ratingOf.
func importanceOf(rating int) int { return min(max(rating*20, 50), 200) }

func (a api) hostsPage(ctx context.Context, by harrier.Actor, q *query, e harrier.Expr, objectByDefault bool) (any, error) {
	start, err := q.number("startOffset", 0)
	if err != nil {
		return nil, err
	}
	end, err := q.number("endOffset", -1)
	if err != nil {
		return nil, err
	}
	limit, err := q.number("limit", 0)
	if err != nil {
		return nil, err
	}
	if end < 0 {
		if end = start + 1000; limit > 0 {
			end = start + limit
		}
	}
	if start < 0 || end < start || end-start > maxRows {
		return nil, fault(codeInvalid, 0, "endOffset must not be less than startOffset, nor more than %d above it.", maxRows)
	}
	list, total, err := a.Assets.Assets(ctx, by, e, asset.Page{Sort: "id", Offset: int(start), Limit: max(int(end-start), 1)})
	if err != nil {
		return nil, err
	}
	if end == start {
		list = nil
	}
	s := &asked{api: a, by: by, repo: map[harrier.ID]recordRepository{}}
	if err := s.learnRepositories(ctx); err != nil {
		return nil, err
	}
	items := []hostItem{}
	for _, as := range list {
		items = append(items, s.hostItem(as))
	}
	shown := pick(items, q.fields(), "id", "uuid")
	object := objectByDefault
	params := q.raw.URL.Query()
	switch paginated, pagination := params.Get("paginated"), params.Has("pagination"); {
	case paginated == "true":
		object = true
	case paginated == "false":
		object = false
	case pagination && params.Has("limit"):
		object = false
	case pagination && params.Get("pagination") == "true":
		object = true
	}
	if !object {
		return shown, nil
	}
	return struct {
		Total    string `json:"totalRecords"`
		Returned int    `json:"returnedRecords"`
		Start    string `json:"startOffset"`
		End      string `json:"endOffset"`
		Results  any    `json:"results"`
	}{sid(total), len(items), sid(harrier.ID(start)), sid(harrier.ID(end)), shown}, nil
}

func (a api) listHosts(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return a.hostsPage(ctx, by, q, nil, false)
}

// hostProperties says what the properties of a search mean.
var hostProperties = map[string]struct{ field, kind string }{
	"ip": {"address", "address"}, "ipAddress": {"address", "address"}, "name": {"host", "text"}, "dns": {"fqdn", "text"}, "dnsName": {"fqdn", "text"},
	"netBios": {"netbios", "text"}, "netbiosName": {"netbios", "text"}, "os": {"os", "text"}, "macAddress": {"mac", "text"}, "uuid": {"uuid", "text"},
	"tenableUUID": {"uuid", "text"}, "hostUUID": {"uuid", "text"}, "systemType": {"device_type", "text"}, "id": {"id", "number"}, "assetID": {"id", "number"},
	"repositoryHost.repID": {"repository", "number"}, "repID": {"repository", "number"}, "repositoryID": {"repository", "number"}, "repository": {"repository", "number"},
	"firstSeen": {"first_seen", "time"}, "lastSeen": {"last_seen", "time"}, "createdTime": {"first_seen", "time"}, "modifiedTime": {"last_seen", "time"},
}

var hostOps = map[string]harrier.Op{
	"eq": harrier.Eq, "ne": harrier.Ne, "gt": harrier.Gt, "lt": harrier.Lt, "gte": harrier.Ge, "lte": harrier.Le, "like": harrier.Contains, "contains": harrier.Contains,
}

type hostFilter struct {
	Property string          `json:"property"`
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value"`
}

func (f hostFilter) expr() (harrier.Expr, error) {
	p, known := hostProperties[f.Property]
	op, is := hostOps[strings.ToLower(f.Operator)]
	if !known || !is {
		return nil, fault(codeInvalid, 0, "The filter '%s' '%s' is invalid.", cut(f.Property, 32), cut(f.Operator, 32))
	}
	t := term{name: f.Property, op: "=", value: f.Value}
	text, err := t.text()
	if err != nil {
		return nil, err
	}
	if op == harrier.Ne {
		t.op = "!="
	}
	switch p.kind {
	case "address":
		if op == harrier.Contains {
			return eq(p.field, op, text), nil
		}
		return t.addresses()
	case "text":
		if len(text) > 4096 {
			return nil, t.bad("longer than 4096 bytes")
		}
		return eq(p.field, op, text), nil
	case "time":
		if a, b, ok := strings.Cut(text, "-"); ok {
			from, err1 := strconv.ParseInt(a, 10, 48)
			to, err2 := strconv.ParseInt(b, 10, 48)
			if err1 != nil || err2 != nil {
				return nil, t.bad("%q is not a range of time", cut(text, 64))
			}
			return t.negated(harrier.And{eq(p.field, harrier.Ge, from*1e6), eq(p.field, harrier.Lt, (to+1)*1e6)}), nil
		}
	}
	n, err := strconv.ParseInt(text, 10, 48)
	if err != nil {
		return nil, t.bad("%q is not a number", cut(text, 64))
	}
	if p.kind == "time" {
		n *= 1e6
	}
	if op == harrier.Contains {
		op = harrier.Eq
	}
	return eq(p.field, op, n), nil
}

func (a api) searchHosts(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b struct {
		Filters json.RawMessage `json:"filters"`
	}
	if err := q.body(&b); err != nil {
		return nil, err
	}
	var f struct {
		And []hostFilter `json:"and"`
		Or  []hostFilter `json:"or"`
	}
	if text := strings.TrimSpace(string(b.Filters)); text != "" && text != "[]" && text != `""` && json.Unmarshal(b.Filters, &f) != nil {
		return nil, fault(codeInvalid, 0, "The parameter 'filters' is invalid.")
	}
	if len(f.And)+len(f.Or) > maxFilters {
		return nil, fault(codeInvalid, 0, "A search may have at most %d filters.", maxFilters)
	}
	all := harrier.And{}
	for _, one := range f.And {
		e, err := one.expr()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	var some harrier.Or
	for _, one := range f.Or {
		e, err := one.expr()
		if err != nil {
			return nil, err
		}
		some = append(some, e)
	}
	if some != nil {
		all = append(all, some)
	}
	return a.hostsPage(ctx, by, q, all, true)
}

func (a api) host(ctx context.Context, by harrier.Actor, q *query, verb string) (harrier.Asset, error) {
	if uuid, err := harrier.ParseUUID(q.path("id")); err == nil {
		as, err := a.Assets.ByUUID(ctx, by, uuid)
		return as, missing(err, "Host", q.path("id"), verb)
	}
	as, err := a.Assets.Asset(ctx, by, q.id())
	return as, missing(err, "Host", q.path("id"), verb)
}

func (a api) showHost(ctx context.Context, by harrier.Actor, q *query, as harrier.Asset) (any, error) {
	s := &asked{api: a, by: by, repo: map[harrier.ID]recordRepository{}}
	err := s.learnRepositories(ctx)
	return pick(s.hostItem(as), q.fields(), "id", "uuid"), err
}

func (a api) getHost(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	as, err := a.host(ctx, by, q, "get")
	if err != nil {
		return nil, err
	}
	return a.showHost(ctx, by, q, as)
}

// rateHost overwrites how critical a host is.
func (a api) rateHost(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b struct {
		Overwritten kit.Bool `json:"overwritten"`
		Score       kit.Int  `json:"overwrittenScore"`
	}
	if err := q.body(&b); err != nil {
		return nil, err
	}
	as, err := a.host(ctx, by, q, "update")
	if err != nil {
		return nil, err
	}
	as.Importance = 100
	if b.Overwritten {
		if b.Score < 1 || b.Score > 10 {
			return nil, fault(codeInvalid, 0, "overwrittenScore must be from 1 to 10.")
		}
		as.Importance = importanceOf(int(b.Score))
	}
	if err := a.Assets.SetImportance(ctx, by, as.ID, as.Importance); err != nil {
		return nil, err
	}
	return a.showHost(ctx, by, q, as)
}
