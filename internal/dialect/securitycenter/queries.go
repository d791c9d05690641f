package securitycenter

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) savedQueryRoutes(m *router) {
	m.handle("GET /query", a.listQueries)
	m.handle("POST /query", a.createQuery)
	m.handle("GET /query/tag", a.queryTags)
	m.handle("GET /query/{id}", a.getQuery)
	m.handle("PATCH /query/{id}", a.changeQuery)
	m.handle("DELETE /query/{id}", a.deleteQuery)
	m.handle("POST /query/{id}/share", a.shareQuery)
}

// queryBody is a query in a request. Keys that are missing stay as they are.
//
// Source: section 12.
type queryBody struct {
	Name        *kit.Text       `json:"name"`
	Description *kit.Text       `json:"description"`
	Tags        *kit.Text       `json:"tags"`
	Type        *kit.Text       `json:"type"`
	Tool        *kit.Text       `json:"tool"`
	Filters     json.RawMessage `json:"filters"`
	Source      *kit.Text       `json:"sourceType"`
	View        *kit.Text       `json:"view"`
	Scan        json.RawMessage `json:"scanID"`
	Columns     json.RawMessage `json:"browseColumns"`
	SortColumn  *kit.Text       `json:"browseSortColumn"`
	SortDir     *kit.Text       `json:"browseSortDirection"`
	Sort        *kit.Text       `json:"sortField"`
	Dir         *kit.Text       `json:"sortDir"`
	Start       *kit.Int        `json:"startOffset"`
	End         *kit.Int        `json:"endOffset"`
	Context     *kit.Text       `json:"context"`
	Groups      *givens         `json:"groups"`
}

// queryDefinition is what is kept of a query beside its name.
type queryDefinition struct {
	Filters    json.RawMessage `json:"filters,omitempty"`
	SourceType kit.Text        `json:"sourceType,omitempty"`
	View       kit.Text        `json:"view,omitempty"`
	Scan       json.RawMessage `json:"scanID,omitempty"`
	Columns    json.RawMessage `json:"browseColumns,omitempty"`
	SortColumn kit.Text        `json:"browseSortColumn,omitempty"`
	SortDir    kit.Text        `json:"browseSortDirection,omitempty"`
	Sort       kit.Text        `json:"sortField,omitempty"`
	Dir        kit.Text        `json:"sortDir,omitempty"`
	Start      *kit.Int        `json:"startOffset,omitempty"`
	End        *kit.Int        `json:"endOffset,omitempty"`
	Context    kit.Text        `json:"context,omitempty"`
}

// order is what the records of the query are sorted by: what was said for
// asking, else what was said for browsing.
func (d queryDefinition) order() (field, direction kit.Text) {
	if d.Sort != "" {
		return d.Sort, d.Dir
	}
	if d.SortColumn != "" {
		return d.SortColumn, d.SortDir
	}
	return "", d.Dir
}

func definitionOf(q harrier.SavedQuery) (queryDefinition, error) {
	var d queryDefinition
	err := json.Unmarshal([]byte(q.Definition), &d)
	return d, err
}

// storedQuery is a saved query as a body of an analysis.
func (a api) storedQuery(ctx context.Context, by harrier.Actor, id harrier.ID) (analysisBody, error) {
	var out analysisBody
	q, err := a.Findings.Query(ctx, by, id)
	if err != nil {
		return out, missing(err, "Query", sid(id), "get")
	}
	d, err := definitionOf(q)
	if err != nil {
		return out, err
	}
	if len(d.Filters) > 0 {
		if err := json.Unmarshal(d.Filters, &out.Filters); err != nil {
			return out, err
		}
	}
	if len(d.Scan) > 0 {
		out.Scan = new(given)
		if err := json.Unmarshal(d.Scan, out.Scan); err != nil {
			return out, err
		}
	}
	out.Type, out.Tool, out.SourceType, out.View, out.Start, out.End = kit.Text(q.Kind), kit.Text(q.Tool), d.SourceType, d.View, d.Start, d.End
	out.Sort, out.Dir = d.order()
	return out, nil
}

type queryItem struct {
	ID            string    `json:"id"`
	UUID          string    `json:"uuid"`
	Name          string    `json:"name"`
	Description   string    `json:"description"`
	Tool          string    `json:"tool"`
	Type          string    `json:"type"`
	Tags          string    `json:"tags"`
	Context       string    `json:"context"`
	Columns       any       `json:"browseColumns"`
	SortColumn    string    `json:"browseSortColumn"`
	SortDirection string    `json:"browseSortDirection"`
	Created       string    `json:"createdTime"`
	Modified      string    `json:"modifiedTime"`
	Status        string    `json:"status"`
	Filters       any       `json:"filters"`
	Groups        []ref     `json:"groups"`
	CanUse        string    `json:"canUse"`
	CanManage     string    `json:"canManage"`
	Creator       personRef `json:"creator"`
	Owner         personRef `json:"owner"`
	OwnerGroup    ref       `json:"ownerGroup"`
	TargetGroup   nullRef   `json:"targetGroup"`
}

// personRef names a user.
type personRef struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Firstname string `json:"firstname"`
	Lastname  string `json:"lastname"`
	UUID      string `json:"uuid"`
}

// personRefs names the users; one who is gone by the id alone.
func (a api) personRefs(ctx context.Context) (func(harrier.ID) personRef, error) {
	people, err := a.Identity.People(ctx)
	return func(id harrier.ID) personRef {
		if u, ok := people[id]; ok {
			return personRef(newUserRef(u))
		}
		return personRef{ID: sid(id)}
	}, err
}

func (a api) queryItem(ctx context.Context, groups *groups, by harrier.Actor, person func(harrier.ID) personRef, q harrier.SavedQuery) (queryItem, error) {
	d, err := definitionOf(q)
	if err != nil {
		return queryItem{}, err
	}
	item := queryItem{
		ID: sid(q.ID), UUID: suuid(q.UUID), Name: q.Name, Description: q.Description, Tool: q.Tool, Type: q.Kind, Tags: q.Tags,
		Columns: orRaw(d.Columns, "[]"), SortColumn: string(d.SortColumn), SortDirection: string(d.SortDir), Created: stime(q.Created), Modified: stime(q.Modified), Status: "0",
		Context: string(d.Context), Filters: a.shownFilters(ctx, by, d.Filters), Groups: groups.refs(q.Groups), CanUse: "true", CanManage: sbool(a.Findings.EditsQuery(by, q)),
		Creator: person(q.Owner), Owner: person(q.Owner), OwnerGroup: groups.owner(q.Owner), TargetGroup: noRef,
	}
	if item.SortDirection == "" {
		item.SortDirection = "ASC"
	}
	return item, nil
}

func orRaw(raw json.RawMessage, otherwise string) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" || string(raw) == `""` {
		return json.RawMessage(otherwise)
	}
	return raw
}

func (a api) listQueries(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.Findings.Queries(ctx, by)
	if err != nil {
		return nil, err
	}
	person, err := a.personRefs(ctx)
	if err != nil {
		return nil, err
	}
	want := q.param("type")
	var usable, manageable []queryItem
	for _, s := range list {
		if want != "" && want != "all" && want != s.Kind {
			continue
		}
		item, err := a.queryItem(ctx, a.groups(ctx, by), by, person, s)
		if err != nil {
			return nil, err
		}
		if usable = append(usable, item); item.CanManage == "true" {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields("id", "name", "description"), "id", "name", "description")
}

func (a api) showQuery(ctx context.Context, by harrier.Actor, q *query, s harrier.SavedQuery) (any, error) {
	person, err := a.personRefs(ctx)
	if err != nil {
		return nil, err
	}
	item, err := a.queryItem(ctx, a.groups(ctx, by), by, person, s)
	return pick(item, q.fields(), "id", "name", "description"), err
}

func (a api) getQuery(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	s, err := a.Findings.Query(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Query", q.path("id"), "get")
	}
	return a.showQuery(ctx, by, q, s)
}

// apply puts what a request says into s.
func (b queryBody) apply(s *harrier.SavedQuery, check func(queryDefinition) error, share func(givens) error) error {
	var d queryDefinition
	if s.Definition != "" {
		var err error
		if d, err = definitionOf(*s); err != nil {
			return err
		}
	}
	for _, set := range []struct {
		from *kit.Text
		to   func(string)
	}{
		{b.Name, func(v string) { s.Name = v }},
		{b.Description, func(v string) { s.Description = v }},
		{b.Tags, func(v string) { s.Tags = v }},
		{b.Type, func(v string) { s.Kind = v }},
		{b.Tool, func(v string) { s.Tool = v }},
		{b.Source, func(v string) { d.SourceType = kit.Text(v) }},
		{b.View, func(v string) { d.View = kit.Text(v) }},
		{b.SortColumn, func(v string) { d.SortColumn = kit.Text(v) }},
		{b.SortDir, func(v string) { d.SortDir = kit.Text(v) }},
		{b.Sort, func(v string) { d.Sort = kit.Text(v) }},
		{b.Dir, func(v string) { d.Dir = kit.Text(v) }},
		{b.Context, func(v string) { d.Context = kit.Text(v) }},
	} {
		if set.from != nil {
			set.to(string(*set.from))
		}
	}
	for _, set := range []struct {
		from json.RawMessage
		to   *json.RawMessage
	}{{b.Filters, &d.Filters}, {b.Scan, &d.Scan}, {b.Columns, &d.Columns}} {
		if len(set.from) > 0 {
			*set.to = set.from
		}
	}
	if b.Start != nil {
		d.Start = b.Start
	}
	if b.End != nil {
		d.End = b.End
	}
	if b.Groups != nil {
		if err := share(*b.Groups); err != nil {
			return err
		}
	}
	if err := check(d); err != nil {
		return err
	}
	text, err := kit.Marshal(d)
	s.Definition = string(text)
	return err
}

// shareQueryWith puts the groups that a request names into s.
func (a api) shareQueryWith(ctx context.Context, by harrier.Actor, s *harrier.SavedQuery) func(givens) error {
	return func(list givens) (err error) {
		s.Groups, err = a.sharedWith(ctx, by, list)
		return err
	}
}

// checkQuery answers a fault for filters that no analysis could read.
func (a api) checkQuery(ctx context.Context, by harrier.Actor, s *harrier.SavedQuery) func(queryDefinition) error {
	return func(d queryDefinition) error {
		var list filters
		if len(d.Filters) > 0 && json.Unmarshal(d.Filters, &list) != nil {
			return fault(codeInvalid, 0, "The parameter 'filters' is invalid.")
		}
		if _, err := (analysisBody{Start: d.Start, End: d.End}).window(); err != nil {
			return err
		}
		if len(d.Scan) > 0 && json.Unmarshal(d.Scan, new(given)) != nil {
			return fault(codeInvalid, 0, "The parameter 'scanID' is invalid.")
		}
		switch s.Kind {
		case "":
			return fault(codeInvalid, 0, "The parameter 'type' is required.")
		case "vuln":
		case "event", "user", "mobile", "lce", "ticket", "alert", "scLog", "all":
			return nil
		default:
			return fault(codeInvalid, 0, "The type '%s' is invalid.", cut(s.Kind, 32))
		}
		if _, ok := vulnTools[s.Tool]; !ok {
			return fault(codeInvalid, 0, "The tool '%s' is invalid.", cut(s.Tool, 64))
		}
		source := string(d.SourceType)
		for _, f := range list {
			if f.Name == "lastMitigated" && source == "" {
				source = patched
			}
		}
		_, err := a.reading(ctx, by, source).expr(list)
		return err
	}
}

func (a api) createQuery(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b queryBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	var s harrier.SavedQuery
	if err := b.apply(&s, a.checkQuery(ctx, by, &s), a.shareQueryWith(ctx, by, &s)); err != nil {
		return nil, err
	}
	if err := a.Findings.CreateQuery(ctx, by, &s); err != nil {
		return nil, err
	}
	return a.showQuery(ctx, by, q, s)
}

func (a api) changeQuery(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b queryBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	s, err := a.Findings.Query(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Query", q.path("id"), "update")
	}
	if err := b.apply(&s, a.checkQuery(ctx, by, &s), a.shareQueryWith(ctx, by, &s)); err != nil {
		return nil, err
	}
	if err := a.Findings.UpdateQuery(ctx, by, &s); err != nil {
		return nil, err
	}
	return a.showQuery(ctx, by, q, s)
}

func (a api) deleteQuery(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.Findings.DeleteQuery(ctx, by, q.id()), "Query", q.path("id"), "delete")
}

func (a api) shareQuery(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b struct {
		Groups givens `json:"groups"`
	}
	if err := q.body(&b); err != nil {
		return nil, err
	}
	s, err := a.Findings.Query(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Query", q.path("id"), "share")
	}
	if s.Groups, err = a.sharedWith(ctx, by, b.Groups); err != nil {
		return nil, err
	}
	if err := a.Findings.UpdateQuery(ctx, by, &s); err != nil {
		return nil, err
	}
	return a.showQuery(ctx, by, q, s)
}

func (a api) queryTags(ctx context.Context, by harrier.Actor, _ *query) (any, error) {
	list, err := a.Findings.Queries(ctx, by)
	tags := []string{}
	for _, s := range list {
		tags = append(tags, s.Tags)
	}
	return distinct(tags), err
}

// distinct is a list of tags: each once, in order, without empty ones.
func distinct(list []string) []string {
	seen, out := map[string]bool{"": true}, []string{}
	for _, s := range list {
		for part := range strings.SplitSeq(s, ",") {
			if part = strings.TrimSpace(part); !seen[part] {
				seen[part], out = true, append(out, part)
			}
		}
	}
	return out
}
