package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/asset/members"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) ruleRoutes(m *router) {
	for _, k := range []ruleKind{{"acceptRiskRule", true}, {"recastRiskRule", false}} {
		m.handle("GET /"+k.name, k.list(a, false))
		m.handle("POST /"+k.name, k.create(a))
		m.handle("GET /"+k.name+"/{id}", k.get(a))
		m.handle("DELETE /"+k.name+"/{id}", k.remove(a))
		m.handle("POST /"+k.name+"/{id}/apply", k.apply(a))
		m.handle("GET /repository/{id}/"+k.name, k.list(a, true))
	}
}

// ruleKind tells the two kinds of exceptions apart.
type ruleKind struct {
	name string
	hide bool
}

func (k ruleKind) resource() string {
	if k.hide {
		return "Accept Risk Rule"
	}
	return "Recast Risk Rule"
}

type ruleItem struct {
	ID           string    `json:"id"`
	UUID         string    `json:"uuid"`
	HostType     string    `json:"hostType"`
	HostValue    any       `json:"hostValue"`
	Port         string    `json:"port"`
	Protocol     string    `json:"protocol"`
	Comments     string    `json:"comments"`
	Expires      string    `json:"expires"`
	Status       string    `json:"status"`
	Created      string    `json:"createdTime"`
	Modified     string    `json:"modifiedTime"`
	Repository   ref       `json:"repository"`
	Organization ref       `json:"organization"`
	User         personRef `json:"user"`
	Plugin       ref       `json:"plugin"`
	NewSeverity  *string   `json:"newSeverity,omitempty"`
	Order        *string   `json:"order,omitempty"`
}

// ruleFieldsShown are the default members of lists.
var ruleFieldsShown = []string{
	"id", "uuid", "hostType", "hostValue", "port", "protocol", "expires", "status", "repository", "organization", "user", "plugin", "newSeverity", "order",
}

func (k ruleKind) item(ctx context.Context, a api, by harrier.Actor, person func(harrier.ID) personRef, repositories map[harrier.ID]harrier.Repository, e harrier.Exception, order int) ruleItem {
	v := a.definition(ctx, e.Vulnerability)
	r := repositories[e.Repository]
	item := ruleItem{
		ID: sid(e.ID), UUID: suuid(e.UUID), HostType: e.Scope, HostValue: e.Host, Port: e.Port, Protocol: string(e.Protocol), Comments: e.Reason,
		Expires: stime(e.Expires), Status: "0", Created: stime(e.Created), Modified: stime(e.Created), Repository: ref{sid(r.ID), r.Name, r.Description},
		Organization: a.organizationRef(ctx, by, max(by.OrganizationOf(e.Owner), harrier.FirstOrganization)), User: person(e.Owner), Plugin: ref{sid(harrier.ID(e.Vulnerability)), v.Name, v.Description},
	}
	if id := idOf(e.Given[keptAsset]); id != 0 {
		l, err := a.AssetLists.List(ctx, by, id)
		if err != nil {
			l.ID = id // gone, or another one's own
		}
		item.HostValue = ref{sid(l.ID), l.Name, l.Description}
	}
	switch {
	case item.HostType == "" && e.Host == "":
		item.HostType = "all"
	case item.HostType == "":
		item.HostType = "ip"
	}
	if item.Port == "" {
		item.Port = "any"
	}
	if item.Protocol = strings.ToUpper(item.Protocol); item.Protocol == "" {
		item.Protocol = "any"
	}
	if !k.hide {
		severity, place := sid(int(e.Recast)), sid(order)
		item.NewSeverity, item.Order = &severity, &place
	}
	return item
}

// organizationRef names an organisation: of one that by does not see the id alone.
func (a api) organizationRef(ctx context.Context, by harrier.Actor, id harrier.ID) ref {
	o, err := a.Identity.Organization(ctx, by, id)
	if err != nil {
		return ref{ID: sid(id)}
	}
	return ref{sid(id), o.Name, o.Description}
}

// all lists the rules of the kind, newest first: the newest that applies wins.
func (k ruleKind) all(ctx context.Context, a api, by harrier.Actor) ([]harrier.Exception, error) {
	list, err := a.Findings.Exceptions(ctx, by)
	list = slices.DeleteFunc(slices.Clone(list), func(e harrier.Exception) bool { return e.Hide != k.hide })
	slices.Reverse(list)
	return list, err
}

func (k ruleKind) items(ctx context.Context, a api, by harrier.Actor, list []harrier.Exception) ([]ruleItem, error) {
	person, err := a.personRefs(ctx)
	if err != nil {
		return nil, err
	}
	repositories, err := a.repositoryMap(ctx, by)
	out := []ruleItem{}
	for i, e := range list {
		out = append(out, k.item(ctx, a, by, person, repositories, e, i+1))
	}
	return out, err
}

func (k ruleKind) list(a api, ofRepository bool) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		if ofRepository {
			if _, err := a.Repositories.Repository(ctx, by, q.id()); err != nil {
				return nil, missing(err, "Repository", q.path("id"), "get")
			}
		}
		list, err := k.all(ctx, a, by)
		if err != nil {
			return nil, err
		}
		out, err := k.items(ctx, a, by, list)
		wanted, organizations := q.words("repositoryIDs"), q.words("organizationIDs")
		if q.organization != 0 {
			organizations = []string{sid(q.organization)}
		}
		if ofRepository {
			wanted = []string{q.path("id")}
		}
		out = slices.DeleteFunc(out, func(r ruleItem) bool {
			return len(wanted) > 0 && r.Repository.ID != "0" && !slices.Contains(wanted, r.Repository.ID) ||
				len(organizations) > 0 && !slices.Contains(organizations, r.Organization.ID) ||
				q.param("pluginID") != "" && r.Plugin.ID != q.param("pluginID") ||
				q.param("port") != "" && r.Port != q.param("port")
		})
		return pick(out, q.fields(ruleFieldsShown...), "id"), err
	}
}

func (k ruleKind) find(ctx context.Context, a api, by harrier.Actor, q *query, verb string) (harrier.Exception, error) {
	e, err := a.Findings.Exception(ctx, by, q.id())
	if err == nil && e.Hide != k.hide {
		return e, noObject(k.resource(), q.path("id"), verb)
	}
	return e, missing(err, k.resource(), q.path("id"), verb)
}

func (k ruleKind) get(a api) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		e, err := k.find(ctx, a, by, q, "get")
		if err != nil {
			return nil, err
		}
		list, err := k.all(ctx, a, by)
		if err != nil {
			return nil, err
		}
		items, err := k.items(ctx, a, by, list)
		for _, r := range items {
			if r.ID == sid(e.ID) {
				return pick(r, q.fields(), "id"), err
			}
		}
		return nil, noObject(k.resource(), q.path("id"), "get")
	}
}

func (k ruleKind) remove(a api) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		e, err := k.find(ctx, a, by, q, "delete")
		if err != nil {
			return nil, err
		}
		return nil, missing(a.Findings.DeleteException(ctx, by, e.ID), k.resource(), q.path("id"), "delete")
	}
}

// apply takes what an asset list holds now into a rule about its hosts. For other
// rules there is nothing to do: they are applied whenever findings are read.
func (k ruleKind) apply(a api) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		var b struct {
			Repository given `json:"repository"`
		}
		if err := q.body(&b); err != nil {
			return nil, err
		}
		e, err := k.find(ctx, a, by, q, "apply")
		if err != nil {
			return nil, err
		}
		if id := harrier.ID(b.Repository); id > 0 && id != e.Repository && e.Repository != 0 {
			return nil, fault(codeInvalid, 0, "The %s #%d is not one for Repository #%d.", k.resource(), e.ID, id)
		}
		id := idOf(e.Given[keptAsset])
		if id == 0 {
			return nil, nil
		}
		now, err := a.hostsOfList(ctx, by, id)
		if err != nil || now == e.Host {
			return nil, err
		}
		e.Host = now
		return nil, a.Findings.UpdateException(ctx, by, &e)
	}
}

// keptAsset names, among what is Given of an exception, the asset list whose
// hosts it speaks of.
const keptAsset = ownPrefix + "asset"

// hostsOfList are the addresses that an asset list holds now, as an exception has
// them.
func (a api) hostsOfList(ctx context.Context, by harrier.Actor, id harrier.ID) (string, error) {
	expr, err := a.assetExpr(ctx, by, id)
	if err != nil {
		return "", missing(err, "Asset", sid(id), "get")
	}
	list, _, err := a.Assets.Assets(ctx, by, expr, asset.Page{})
	if err != nil {
		return "", err
	}
	var addrs []string
	for _, as := range list {
		if text := addrText(as.Addr); text != "" && !slices.Contains(addrs, text) {
			addrs = append(addrs, text)
		}
	}
	if len(addrs) == 0 {
		return "", fault(codeInvalid, 0, "Asset #%d has no hosts.", id)
	}
	return strings.Join(addrs, ","), nil
}

type ruleBody struct {
	Plugin       given           `json:"plugin"`
	Repositories givens          `json:"repositories"`
	HostType     kit.Text        `json:"hostType"`
	HostValue    json.RawMessage `json:"hostValue"`
	Port         kit.Text        `json:"port"`
	Protocol     kit.Text        `json:"protocol"`
	Comments     kit.Text        `json:"comments"`
	Expires      *kit.Int        `json:"expires"`
	NewSeverity  *given          `json:"newSeverity"`
}

// create makes one rule for each repository, and answers with a list of them.
//
// Source: section 21.
func (k ruleKind) create(a api) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		var b ruleBody
		if err := q.body(&b); err != nil {
			return nil, err
		}
		e, err := b.exception(ctx, a, by, k.hide)
		if err != nil {
			return nil, err
		}
		if len(b.Repositories) == 0 {
			return nil, fault(codeInvalid, 0, "The parameter 'repositories' is required.")
		}
		for _, id := range b.Repositories.ids() {
			if _, err := a.Repositories.Repository(ctx, by, id); err != nil {
				return nil, missing(err, "Repository", sid(id), "get")
			}
		}
		var made []harrier.Exception
		for _, id := range b.Repositories.ids() {
			one := e
			one.Repository = id
			if err := a.Findings.CreateException(ctx, by, &one); err != nil {
				return nil, err
			}
			made = append(made, one)
		}
		return k.items(ctx, a, by, made)
	}
}

func (b ruleBody) exception(ctx context.Context, a api, by harrier.Actor, hide bool) (harrier.Exception, error) {
	e := harrier.Exception{Vulnerability: harrier.VulnID(b.Plugin), Hide: hide, Reason: string(b.Comments), Scope: string(b.HostType)}
	if b.Plugin <= 0 || b.Plugin > 1<<31-1 {
		return e, fault(codeInvalid, 0, "The parameter 'plugin' is required.")
	}
	if _, err := a.Vulns.Vulnerability(ctx, e.Vulnerability); err != nil {
		return e, missing(err, "Plugin", sid(harrier.ID(b.Plugin)), "get")
	}
	if !hide {
		if b.NewSeverity == nil || *b.NewSeverity < 0 || *b.NewSeverity >= harrier.Severities {
			return e, fault(codeInvalid, 0, "The parameter 'newSeverity' must be from 0 to 4.")
		}
		e.Recast = harrier.Severity(*b.NewSeverity)
	}
	if b.Expires != nil && *b.Expires > 0 {
		e.Expires = time.Unix(int64(*b.Expires), 0).UTC()
	}
	if p := string(b.Port); p != "" && !strings.EqualFold(p, "any") {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return e, fault(codeInvalid, 0, "The parameter 'port' must be 'any' or a number from 0 to 65535.")
		}
		e.Port = strconv.FormatUint(n, 10)
	}
	if p := strings.ToLower(string(b.Protocol)); p != "" && p != "any" {
		name, ok := protocols[p]
		if !ok {
			return e, fault(codeInvalid, 0, "The parameter 'protocol' must be 'any', 6, 17 or 1.")
		}
		e.Protocol = harrier.Protocol(name)
	}
	return e, b.hosts(ctx, a, by, &e)
}

// hosts puts into e of which hosts the rule speaks. Of an asset list these are
// the addresses that it holds now.
func (b ruleBody) hosts(ctx context.Context, a api, by harrier.Actor, e *harrier.Exception) error {
	switch e.Scope {
	case "", "all":
		e.Scope = ""
		return nil
	case "asset":
		var id given
		if json.Unmarshal(b.HostValue, &id) != nil || len(bytes.TrimSpace(b.HostValue)) == 0 {
			return fault(codeInvalid, 0, "The parameter 'hostValue' must name an asset.")
		}
		if id == 0 { // everything, which needs no list
			e.Scope = ""
			return nil
		}
		var err error
		e.Host, err = a.hostsOfList(ctx, by, harrier.ID(id))
		e.Given = map[string]string{keptAsset: sid(id)}
		return err
	case "ip", "uuid", "hostUUID":
	default:
		return fault(codeInvalid, 0, "The hostType '%s' is invalid (all, ip, uuid, hostUUID, asset).", cut(e.Scope, 32))
	}
	var text kit.Text
	if json.Unmarshal(b.HostValue, &text) != nil || strings.TrimSpace(string(text)) == "" {
		return fault(codeInvalid, 0, "The parameter 'hostValue' is required.")
	}
	parts := members.Words(string(text))
	for i, p := range parts {
		if e.Scope != "ip" {
			parts[i] = strings.ToLower(p)
			continue
		}
		if r, ok := members.Range(p); !ok || strings.Contains(p, "/") || strings.Contains(p, "-") {
			return fault(codeInvalid, 0, "'%s' is not an address.", cut(p, 64))
		} else {
			parts[i], _, _ = strings.Cut(r, "-")
		}
	}
	e.Host = strings.Join(parts, ",")
	return nil
}
