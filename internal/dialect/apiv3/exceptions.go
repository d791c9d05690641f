package apiv3

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// exceptionRoutes are the vulnerability exceptions.
//
// Source: section 12, row 22.
func (a *api) exceptionRoutes() {
	a.handle("GET /vulnerability_exceptions", a.listExceptions)
	a.handle("POST /vulnerability_exceptions", a.createException)
	a.handle("GET /vulnerability_exceptions/{id}", a.getException)
	a.handle("DELETE /vulnerability_exceptions/{id}", a.deleteException)
	a.handle("GET /vulnerability_exceptions/{id}/expires", a.exceptionExpiry)
	a.handle("PUT /vulnerability_exceptions/{id}/expires", a.setExceptionExpiry)
	a.handle("POST /vulnerability_exceptions/{id}/{status}", a.reviewException)
}

// states are the words for where an exception stands.
var states = map[harrier.ExceptionState]string{
	harrier.InForce: "Approved", harrier.UnderReview: "Under Review", harrier.Rejected: "Rejected", harrier.Recalled: "Deleted",
}

// scopeTypes are the words for scopes.
var scopeTypes = map[string]string{words.Everywhere: "Global", words.OnDevice: "Asset", words.InSite: "Site", words.Instance: "Instance"}

// givenGroup is what is kept of an exception of an asset group.
const givenGroup = words.OwnField + "v3-group-id"

// scopeOf is the scope that an exception shows, also one that another API made.
func scopeOf(e harrier.Exception) string {
	switch {
	case e.Given[words.GivenScope] != "":
		return e.Given[words.GivenScope]
	case e.Host != "" && e.Port != "":
		return words.Instance
	case e.Host != "":
		return words.OnDevice
	}
	return words.Everywhere
}

// exceptionObject is an exception as this API shows it.
func (a *api) exceptionObject(q *query, e harrier.Exception, names map[harrier.ID]string) obj {
	v, known := a.Vulns.Lookup(e.Vulnerability)
	if !known {
		v.ID = e.Vulnerability
	}
	slug := formatnexpose.Slug(v)
	kind := scopeTypes[scopeOf(e)]
	if e.Given[givenGroup] != "" {
		kind = "Asset Group"
	}
	scope := obj{"type": kind, "vulnerability": slug, "links": []link{q.link("Vulnerability", "/vulnerabilities/"+slug)}}
	for name, text := range map[string]string{"id": cmpText(e.Given[words.GivenDevice], e.Given[words.GivenSite], e.Given[givenGroup]), "port": e.Port} {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			scope[name] = n
		}
	}
	scope.set("key", e.Given[words.GivenKey])
	state := states[e.State]
	if e.State == harrier.InForce && !e.Holds(a.Now()) {
		state = "Expired"
	}
	submit := obj{"user": e.Owner, "name": names[e.Owner], "date": instant(e.Created), "reason": cmpText(e.Given[words.GivenReason], "Other"), "comment": e.Reason, "links": q.self("/users/" + ident(e.Owner))}
	o := obj{"id": e.ID, "state": state, "scope": scope, "submit": submit, "links": q.self("/vulnerability_exceptions/"+ident(e.ID), "Expires", "/expires")}
	o.when("expires", e.Expires)
	if e.Reviewer != 0 {
		review := obj{"user": e.Reviewer, "name": names[e.Reviewer], "comment": e.Remark, "links": q.self("/users/" + ident(e.Reviewer))}
		review.when("date", e.Reviewed)
		o["review"] = review
	}
	return o
}

func (a *api) listExceptions(q *query) (any, error) {
	all, err := a.Findings.Submissions(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	names, err := a.Identity.Names(q.ctx())
	if err != nil {
		return nil, err
	}
	p := &pages{all: []obj{}}
	for _, e := range all {
		if e.Hide {
			p.all = append(p.all, a.exceptionObject(q, e, names))
		}
	}
	return p, nil
}

// exceptionBody is an exception as a client writes it.
type exceptionBody struct {
	Expires string `json:"expires"`
	State   string `json:"state"`
	Scope   struct {
		Type          string `json:"type"`
		ID            int64  `json:"id"`
		Vulnerability string `json:"vulnerability"`
		Key           string `json:"key"`
		Port          int    `json:"port"`
	} `json:"scope"`
	Submit struct {
		Reason  string `json:"reason"`
		Comment string `json:"comment"`
	} `json:"submit"`
}

func (a *api) createException(q *query) (any, error) {
	var b exceptionBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	e := harrier.Exception{Hide: true, Given: map[string]string{}, Reason: b.Submit.Comment}
	if b.Scope.Vulnerability == "" {
		return nil, harrier.Invalidf("scope.vulnerability", "is missing")
	}
	v, err := a.vulnerabilityOf(q, b.Scope.Vulnerability)
	if err != nil {
		return nil, err
	}
	e.Vulnerability = v.ID
	i := slices.IndexFunc(words.Reasons, func(r string) bool { return strings.EqualFold(r, strings.TrimSpace(b.Submit.Reason)) })
	if i < 0 {
		return nil, harrier.Invalidf("submit.reason", "%q is none of %s", clip(b.Submit.Reason), strings.Join(words.Reasons, ", "))
	}
	e.Given[words.GivenReason] = words.Reasons[i]
	if b.Expires != "" {
		t, ok := parseTime(b.Expires)
		if !ok {
			return nil, harrier.Invalidf("expires", "%q is no date", clip(b.Expires))
		}
		e.Expires = t
	}
	if err := a.scopeException(q, b, &e); err != nil {
		return nil, err
	}
	if err := a.Findings.Submit(q.ctx(), q.by, &e); err != nil {
		return nil, err
	}
	return created{e.ID, "/vulnerability_exceptions/" + ident(e.ID)}, nil
}

// scopeException narrows e to what a request says. That of a site or a group is
// of the assets that it has when it is submitted: rules of the model name hosts.
func (a *api) scopeException(q *query, b exceptionBody, e *harrier.Exception) error {
	id := harrier.ID(b.Scope.ID)
	switch strings.ToLower(b.Scope.Type) {
	case "global":
		e.Given[words.GivenScope] = words.Everywhere
		return nil
	case "asset", "instance":
		d, err := a.Assets.Asset(q.ctx(), q.by, id)
		if err != nil {
			return err
		}
		e.Given[words.GivenScope] = words.OnDevice
		e.Host, e.Scope, e.Repository, e.Given[words.GivenDevice] = d.UUID.String(), "uuid", d.Repository, ident(id)
		if strings.EqualFold(b.Scope.Type, "asset") {
			return nil
		}
		e.Given[words.GivenScope] = words.Instance
		switch {
		case b.Scope.Port < 0 || b.Scope.Port > 65535:
			return harrier.Invalidf("scope.port", "%d is no port", b.Scope.Port)
		case b.Scope.Port == 0 && b.Scope.Key == "":
			return harrier.Invalidf("scope.port", "is missing")
		case b.Scope.Port > 0:
			e.Port = strconv.Itoa(b.Scope.Port)
		}
		if b.Scope.Key != "" {
			e.Given[words.GivenKey] = b.Scope.Key
			return words.OnlyKey(q.ctx(), a.Findings, q.by, e.Vulnerability, id, b.Scope.Port, "scope.key", b.Scope.Key)
		}
		return nil
	case "site":
		if _, err := a.Sites.Site(q.ctx(), q.by, id); err != nil {
			return err
		}
		e.Given[words.GivenScope], e.Given[words.GivenSite] = words.InSite, ident(id)
		return a.scopeTo(q, inSite(id), e)
	case "asset group":
		within, err := a.AssetLists.Members(q.ctx(), q.by, id)
		if err != nil {
			return err
		}
		e.Given[givenGroup] = ident(id)
		return a.scopeTo(q, within, e)
	}
	return harrier.Invalidf("scope.type", "%q is none of Global, Site, Asset, Asset Group, Instance", clip(b.Scope.Type))
}

func (a *api) scopeTo(q *query, within harrier.Expr, e *harrier.Exception) error {
	found, _, err := a.Assets.Assets(q.ctx(), q.by, within, asset.Page{Sort: "id"})
	if err != nil {
		return err
	}
	var names []string
	for _, d := range found {
		names = append(names, d.UUID.String())
	}
	if len(names) == 0 {
		return harrier.Invalidf("scope.id", "there are no assets")
	}
	e.Scope, e.Host = "uuid", strings.Join(names, ",")
	return nil
}

func (a *api) exception(q *query) (harrier.Exception, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Exception{}, err
	}
	all, err := a.Findings.Submissions(q.ctx(), q.by)
	if err != nil {
		return harrier.Exception{}, err
	}
	i := slices.IndexFunc(all, func(e harrier.Exception) bool { return e.ID == id && e.Hide })
	if i < 0 {
		return harrier.Exception{}, harrier.Errorf(harrier.NotFound, "no exception %d", id)
	}
	return all[i], nil
}

func (a *api) getException(q *query) (any, error) {
	e, err := a.exception(q)
	if err != nil {
		return nil, err
	}
	names, err := a.Identity.Names(q.ctx())
	if err != nil {
		return nil, err
	}
	return q.one(a.exceptionObject(q, e, names))
}

func (a *api) deleteException(q *query) (any, error) {
	e, err := a.exception(q)
	if err != nil {
		return nil, err
	}
	if err := a.Findings.DeleteException(q.ctx(), q.by, e.ID); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) exceptionExpiry(q *query) (any, error) {
	e, err := a.exception(q)
	if err != nil {
		return nil, err
	}
	if e.Expires.IsZero() {
		return json.RawMessage("null"), nil
	}
	return instant(e.Expires), nil
}

func (a *api) setExceptionExpiry(q *query) (any, error) {
	e, err := a.exception(q)
	if err != nil {
		return nil, err
	}
	text, err := q.text()
	if err != nil {
		return nil, err
	}
	t, ok := parseTime(text)
	if !ok {
		return nil, harrier.Invalidf("expires", "%q is no date", clip(text))
	}
	if err := a.Findings.Annotate(q.ctx(), q.by, e.ID, func(e *harrier.Exception) { e.Expires = t }); err != nil {
		return nil, err
	}
	return q.done()
}

// reviewException approves, rejects or recalls an exception. The body is a
// comment: a text, or an object that has one.
func (a *api) reviewException(q *query) (any, error) {
	e, err := a.exception(q)
	if err != nil {
		return nil, err
	}
	comment, err := q.text()
	if err != nil {
		return nil, err
	}
	var b struct {
		Comment string `json:"comment"`
	}
	if strings.HasPrefix(comment, "{") {
		if err := decode([]byte(comment), &b); err != nil {
			return nil, err
		}
		comment = b.Comment
	}
	switch q.path("status") {
	case "approve":
		err = a.Findings.Review(q.ctx(), q.by, e.ID, true, comment)
	case "reject":
		err = a.Findings.Review(q.ctx(), q.by, e.ID, false, comment)
	case "recall":
		err = a.Findings.Recall(q.ctx(), q.by, e.ID)
	default:
		err = harrier.Invalidf("status", "%q is none of approve, reject, recall", clip(q.path("status")))
	}
	if err != nil {
		return nil, err
	}
	return q.done()
}
