package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) assetRoutes(m *router) {
	m.handle("GET /asset", a.listAssets)
	m.handle("POST /asset", a.createAsset)
	m.handle("GET /asset/tag", a.assetTags)
	m.handle("GET /asset/{id}", a.getAsset)
	m.handle("PATCH /asset/{id}", a.changeAsset)
	m.handle("DELETE /asset/{id}", a.deleteAsset)
	m.handle("POST /asset/{id}/share", a.shareAsset)
	m.handle("POST /asset/{id}/refresh", a.refreshAsset)
	m.handle("GET /asset/{id}/export", a.exportAsset)
	m.handle("POST /asset/import", a.importAsset)
	m.handle("GET /assetTemplate", noList)
	m.handle("GET /assetTemplate/{id}", noTemplate)
	m.handle("GET /assetTemplate/categories", noList)
}

func noList(context.Context, harrier.Actor, *query) (any, error) { return []any{}, nil }

// definedRangesList is the list of everything that every organisation has.
var definedRangesList = harrier.AssetList{
	ID: harrier.EverythingList, Name: "All Defined Ranges", Kind: "static", Definition: "0.0.0.0-255.255.255.255,::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	Description: "All defined ranges of the Group in whose context this Asset is being evaluated.",
}

// assetBody is an asset list in a request. Keys that are missing stay.
//
// Source: section 13.1.
type assetBody struct {
	Name         *kit.Text       `json:"name"`
	Type         *kit.Text       `json:"type"`
	Description  *kit.Text       `json:"description"`
	Tags         *kit.Text       `json:"tags"`
	IPs          json.RawMessage `json:"definedIPs"`
	Names        json.RawMessage `json:"definedDNSNames"`
	Rules        json.RawMessage `json:"rules"`
	Combinations json.RawMessage `json:"combinations"`
	Groups       *givens         `json:"groups"`
}

type assetItem struct {
	ID           string       `json:"id"`
	UUID         string       `json:"uuid"`
	Name         string       `json:"name"`
	Type         string       `json:"type"`
	Description  string       `json:"description"`
	Tags         string       `json:"tags"`
	Context      string       `json:"context"`
	Status       string       `json:"status"`
	Created      string       `json:"createdTime"`
	Modified     string       `json:"modifiedTime"`
	IOStatus     string       `json:"ioSyncStatus"`
	IOFirst      string       `json:"ioFirstSyncTime"`
	IOSuccess    string       `json:"ioLastSyncSuccess"`
	IOFailure    string       `json:"ioLastSyncFailure"`
	IOErrors     any          `json:"ioSyncErrorDetails"`
	TypeFields   any          `json:"typeFields"`
	Repositories []ipCountOf  `json:"repositories"`
	IPCount      int          `json:"ipCount"`
	Groups       []ref        `json:"groups"`
	DataFields   []any        `json:"assetDataFields"`
	CanUse       string       `json:"canUse"`
	CanManage    string       `json:"canManage"`
	Creator      personRef    `json:"creator"`
	Owner        personRef    `json:"owner"`
	OwnerGroup   ref          `json:"ownerGroup"`
	TargetGroup  nullRef      `json:"targetGroup"`
	Template     nullRef      `json:"template"`
	ViewableIPs  []viewableIP `json:"viewableIPs,omitempty"`
}

type ipCountOf struct {
	IPCount    string `json:"ipCount"`
	Repository ref    `json:"repository"`
}

type viewableIP struct {
	Repository ref    `json:"repository"`
	IPList     string `json:"ipList"`
}

// assetView is what lists are shown with.
type assetView struct {
	api
	by           harrier.Actor
	person       func(harrier.ID) personRef
	groups       *groups
	repositories []harrier.Repository
	counts, ips  bool // are asked for
}

func (a api) assetView(ctx context.Context, by harrier.Actor, fields []string) (*assetView, error) {
	v := &assetView{api: a, by: by, groups: a.groups(ctx, by)}
	for _, f := range fields {
		switch f {
		case "ipCount", "repositories":
			v.counts = true
		case "viewableIPs":
			v.counts, v.ips = true, true
		}
	}
	v.counts = v.counts || len(fields) == 0
	var err error
	if v.person, err = a.personRefs(ctx); err != nil {
		return nil, err
	}
	v.repositories, err = a.Repositories.All(ctx, by)
	return v, err
}

func (v *assetView) item(ctx context.Context, l harrier.AssetList) (assetItem, error) {
	item := assetItem{
		ID: sid(l.ID), UUID: suuid(l.UUID), Name: l.Name, Type: l.Kind, Description: l.Description, Tags: l.Tags, Status: "0",
		Created: stime(l.Created), Modified: stime(l.Modified), IOStatus: "Not Synced", IOFirst: "-1", IOSuccess: "-1", IOFailure: "-1",
		TypeFields: typeFields(l), Repositories: []ipCountOf{}, IPCount: -1, Groups: v.groups.refs(l.Groups), DataFields: []any{}, CanUse: "true",
		CanManage: sbool(l.ID != harrier.EverythingList && v.AssetLists.Edits(v.by, l)), Creator: v.person(l.Owner), Owner: v.person(l.Owner),
		OwnerGroup: v.groups.owner(l.Owner), TargetGroup: noRef, Template: noRef,
	}
	if !v.counts || !v.by.May(harrier.ReadFindings) {
		return item, nil
	}
	e, err := v.AssetLists.Members(ctx, v.by, l.ID)
	if err != nil { // a list in it is gone
		return item, nil //nolint:nilerr // it is shown as not computed
	}
	item.IPCount = 0
	holders := 0 // repositories with members: they may share addresses
	for _, r := range v.repositories {
		limit := 1
		if v.ips {
			limit = 0
		}
		list, n, err := v.Assets.Assets(ctx, v.by, harrier.And{eq("repository", harrier.Eq, int64(r.ID)), e}, asset.Page{Limit: limit})
		if err != nil {
			return item, err
		}
		if n, err = v.addresses(ctx, v.by, harrier.And{eq("repository", harrier.Eq, int64(r.ID)), e}, n); err != nil {
			return item, err
		}
		if item.IPCount += n; n > 0 {
			holders++
		}
		where := ref{sid(r.ID), r.Name, r.Description}
		item.Repositories = append(item.Repositories, ipCountOf{sid(n), where})
		if v.ips {
			var text []string
			for _, as := range list {
				text = append(text, addrText(as.Addr))
			}
			item.ViewableIPs = append(item.ViewableIPs, viewableIP{where, strings.Join(text, "\n")})
		}
	}
	if holders > 1 {
		item.IPCount, err = v.Assets.Addresses(ctx, v.by, e)
	}
	return item, err
}

// typeFields are the members of a list's own type.
func typeFields(l harrier.AssetList) any {
	switch l.Kind {
	case "dnsname":
		return map[string]string{"definedDNSNames": l.Definition}
	case "dynamic":
		return map[string]json.RawMessage{"rules": json.RawMessage(l.Definition)}
	case "combination":
		return map[string]json.RawMessage{"combinations": json.RawMessage(l.Definition)}
	}
	return map[string]string{"definedIPs": l.Definition}
}

func (a api) listAssets(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	fields := q.fields("id", "name", "description", "type", "status")
	v, err := a.assetView(ctx, by, fields)
	if err != nil {
		return nil, err
	}
	list, err := a.AssetLists.All(ctx, by)
	if err != nil {
		return nil, err
	}
	if !q.filter("excludeAllDefined") {
		list = append([]harrier.AssetList{definedRangesList}, list...)
	}
	var usable, manageable []assetItem
	for _, l := range list {
		if q.filter("excludeWatchlists") && l.Kind == "watchlist" {
			continue
		}
		item, err := v.item(ctx, l)
		if err != nil {
			return nil, err
		}
		if usable = append(usable, item); item.CanManage == "true" {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, fields, "id")
}

func (a api) showAsset(ctx context.Context, by harrier.Actor, q *query, l harrier.AssetList) (any, error) {
	v, err := a.assetView(ctx, by, q.fields())
	if err != nil {
		return nil, err
	}
	item, err := v.item(ctx, l)
	return pick(item, q.fields(), "id"), err
}

func (a api) oneAsset(ctx context.Context, by harrier.Actor, q *query, verb string) (harrier.AssetList, error) {
	if q.path("id") == "0" {
		return definedRangesList, nil
	}
	l, err := a.AssetLists.List(ctx, by, q.id())
	return l, missing(err, "Asset", q.path("id"), verb)
}

func (a api) getAsset(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	l, err := a.oneAsset(ctx, by, q, "get")
	if err != nil {
		return nil, err
	}
	return a.showAsset(ctx, by, q, l)
}

func (a api) applyAsset(ctx context.Context, by harrier.Actor, b assetBody, l *harrier.AssetList) (err error) {
	if b.Groups != nil {
		if l.Groups, err = a.sharedWith(ctx, by, *b.Groups); err != nil {
			return err
		}
	}
	return b.applyTo(l)
}

// applyTo puts what a request says into l.
func (b assetBody) applyTo(l *harrier.AssetList) error {
	for _, set := range []struct {
		from *kit.Text
		to   *string
	}{{b.Name, &l.Name}, {b.Type, &l.Kind}, {b.Description, &l.Description}, {b.Tags, &l.Tags}} {
		if set.from != nil {
			*set.to = string(*set.from)
		}
	}
	if l.Kind == "" {
		l.Kind = "static"
	}
	var from json.RawMessage
	key := "definedIPs"
	switch l.Kind {
	case "static", "watchlist":
		from = b.IPs
	case "dnsname":
		from, key = b.Names, "definedDNSNames"
	case "dynamic":
		from, key = b.Rules, "rules"
	case "combination":
		from, key = b.Combinations, "combinations"
	case "dnsnameupload", "upload", "watchlistupload", "ldapquery", "staticvulnfilter", "staticeventfilter", "watchlisteventfilter", "templates":
		return fault(codeInvalid, 0, "Assets of the type '%s' are not supported.", l.Kind)
	default:
		return fault(codeInvalid, 0, "The type '%s' is invalid.", cut(l.Kind, 32))
	}
	if len(from) > 0 {
		switch l.Kind {
		case "dynamic", "combination":
			var b bytes.Buffer
			if err := json.Compact(&b, from); err != nil {
				return err
			}
			l.Definition = b.String()
		default:
			var list kit.Texts
			var text kit.Text
			if json.Unmarshal(from, &text) != nil {
				if err := json.Unmarshal(from, &list); err != nil {
					return fault(codeInvalid, 0, "The parameter '%s' is invalid.", key)
				}
				text = kit.Text(strings.Join(list, ","))
			}
			l.Definition = normalized(string(text))
		}
	}
	if l.Definition == "" {
		return fault(codeInvalid, 0, "The parameter '%s' is required for Assets of the type '%s'.", key, l.Kind)
	}
	return nil
}

func (a api) createAsset(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b assetBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	return a.newAsset(ctx, by, q, b)
}

func (a api) newAsset(ctx context.Context, by harrier.Actor, q *query, b assetBody) (any, error) {
	var l harrier.AssetList
	if err := a.applyAsset(ctx, by, b, &l); err != nil {
		return nil, err
	}
	if err := a.AssetLists.Create(ctx, by, &l); err != nil {
		return nil, missing(err, "Asset", "", "get")
	}
	return a.showAsset(ctx, by, q, l)
}

func (a api) changeAsset(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b assetBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	l, err := a.oneAsset(ctx, by, q, "update")
	if err != nil {
		return nil, err
	}
	if err := a.applyAsset(ctx, by, b, &l); err != nil {
		return nil, err
	}
	if err := a.AssetLists.Update(ctx, by, &l); err != nil {
		return nil, missing(err, "Asset", q.path("id"), "update")
	}
	return a.showAsset(ctx, by, q, l)
}

func (a api) deleteAsset(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.AssetLists.Delete(ctx, by, q.id()), "Asset", q.path("id"), "delete")
}

func (a api) shareAsset(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b struct {
		Groups givens `json:"groups"`
	}
	if err := q.body(&b); err != nil {
		return nil, err
	}
	l, err := a.oneAsset(ctx, by, q, "share")
	if err != nil {
		return nil, err
	}
	if l.Groups, err = a.sharedWith(ctx, by, b.Groups); err != nil {
		return nil, err
	}
	if err := a.AssetLists.Update(ctx, by, &l); err != nil {
		return nil, missing(err, "Asset", q.path("id"), "update")
	}
	return a.showAsset(ctx, by, q, l)
}

// refreshAsset has nothing to do: members are worked out when they are asked
// for.
func (a api) refreshAsset(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b struct {
		Org          given  `json:"orgID"`
		Repositories givens `json:"repIDs"`
	}
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if _, err := a.oneAsset(ctx, by, q, "refresh"); err != nil {
		return nil, err
	}
	ids := []map[string]string{}
	for _, id := range b.Repositories {
		ids = append(ids, map[string]string{"id": sid(harrier.ID(id))})
	}
	return map[string]any{"orgID": sid(harrier.ID(b.Org)), "repIDs": ids, "id": q.path("id")}, nil
}

func (a api) assetTags(ctx context.Context, by harrier.Actor, _ *query) (any, error) {
	list, err := a.AssetLists.All(ctx, by)
	tags := []string{}
	for _, l := range list {
		tags = append(tags, l.Tags)
	}
	return distinct(tags), err
}
