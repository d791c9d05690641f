package securitycenter

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/policy"
)

func (a api) credentialRoutes(m *router) {
	m.handle("GET /credential", a.listCredentials)
	m.handle("GET /credential/tag", a.listCredentialTags)
	m.handle("POST /credential", a.createCredential)
	m.handle("GET /credential/{id}", a.getCredential)
	m.handle("PATCH /credential/{id}", a.updateCredential)
	m.handle("DELETE /credential/{id}", a.deleteCredential)
	m.handle("POST /credential/{id}/share", a.shareCredential)
}

// A credential is kept as a private policy that holds it and nothing else: it
// is owned, shared and sealed as those are. Its keptKind tells it apart, and
// its type and the names of its secret fields stand in its preferences.
const (
	credentialKind = "credential"
	keptType       = ownPrefix + "type"
	keptSealed     = ownPrefix + "sealed" // names, comma separated
)

// credentialTypes are the types that there are, with their category in Harrier.
//
// Source: securitycenter-api.md, section 18.1.
var credentialTypes = map[string]string{"ssh": "Host", "windows": "Host", "snmp": "Plaintext Authentication", "database": "Database", "apiGateway": "Miscellaneous"}

// credentialRef is a credential as a scan names it.
type credentialRef struct {
	ref
	Type string `json:"type"`
}

func newCredentialRef(p harrier.Policy) credentialRef {
	return credentialRef{ref{sid(p.ID), p.Name, p.Description}, p.Preferences[keptType]}
}

// credentialItem is a credential.
//
// Source: securitycenter-api.md, section 18.1; secrets show as "SET".
type credentialItem struct {
	ID          string            `json:"id"`
	UUID        string            `json:"uuid"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Type        string            `json:"type"`
	Tags        string            `json:"tags"`
	Created     string            `json:"createdTime"`
	Modified    string            `json:"modifiedTime"`
	Fields      map[string]string `json:"typeFields"`
	Groups      []ref             `json:"groups"`
	CanUse      string            `json:"canUse"`
	CanManage   string            `json:"canManage"`
	Creator     userRef           `json:"creator"`
	Owner       userRef           `json:"owner"`
	OwnerGroup  ref               `json:"ownerGroup"`
	TargetGroup nullRef           `json:"targetGroup"`
}

const secretSet = "SET"

func (a api) newCredential(ctx context.Context, by harrier.Actor, p harrier.Policy) credentialItem {
	level, owner, groups := a.Policies.Level(by, p), a.people(ctx).ref(p.Owner), a.groups(ctx, by)
	w := credentialItem{
		ID: sid(p.ID), UUID: suuid(p.UUID), Name: p.Name, Description: p.Description, Type: p.Preferences[keptType], Tags: p.Preferences[keptTags],
		Created: stime(p.Created), Modified: stime(p.Modified), Fields: map[string]string{}, Groups: groups.granted(p.Grants),
		CanUse: sbool(level >= harrier.MayView), CanManage: sbool(level >= harrier.MayConfigure), Creator: owner, Owner: owner, OwnerGroup: groups.owner(p.Owner), TargetGroup: noRef,
	}
	for _, c := range p.Credentials {
		for name, v := range c.Fields {
			w.Fields[name] = v
		}
	}
	for name := range strings.SplitSeq(p.Preferences[keptSealed], ",") {
		if name != "" {
			w.Fields[name] = secretSet
		}
	}
	return w
}

func (a api) credentials(ctx context.Context, by harrier.Actor) ([]harrier.Policy, error) {
	all, err := a.Policies.Private(ctx, by)
	return slices.DeleteFunc(all, func(p harrier.Policy) bool { return p.Preferences[keptKind] != credentialKind }), err
}

func (a api) credential(ctx context.Context, by harrier.Actor, id harrier.ID, verb string) (harrier.Policy, error) {
	p, err := a.Policies.Policy(ctx, by, id)
	if err != nil {
		return p, missing(err, "Credential", sid(id), verb)
	}
	if p.Preferences[keptKind] != credentialKind {
		return harrier.Policy{}, noObject("Credential", sid(id), verb)
	}
	return p, nil
}

func (a api) listCredentials(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.credentials(ctx, by)
	if err != nil {
		return nil, err
	}
	var usable, manageable []credentialItem
	for _, p := range list {
		item := a.newCredential(ctx, by, p)
		usable = append(usable, item)
		if a.Policies.Level(by, p) >= harrier.MayConfigure {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields("id", "name", "description", "type"), "id", "uuid")
}

func (a api) listCredentialTags(ctx context.Context, by harrier.Actor, _ *query) (any, error) {
	list, err := a.credentials(ctx, by)
	tags := []string{}
	for _, p := range list {
		if t := p.Preferences[keptTags]; t != "" && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	slices.Sort(tags)
	return tags, err
}

func (a api) getCredential(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	p, err := a.credential(ctx, by, q.id(), "get")
	if err != nil {
		return nil, err
	}
	return pick(a.newCredential(ctx, by, p), q.fields(), "id", "uuid"), nil
}

// credentialWords are the keys of a request that are no fields of a credential.
var credentialWords = []string{
	"id", "uuid", "name", "description", "type", "tags", "groups", "createdTime", "modifiedTime", "context", "status", "typeFields", "canUse", "canManage", "creator",
	"owner", "ownerGroup", "targetGroup", "ownerID", "isPredefined",
}

// applyCredential puts what a request gives into p. A secret "SET" keeps the
// stored one.
func (a api) applyCredential(ctx context.Context, by harrier.Actor, q *query, p *harrier.Policy) error {
	var r struct {
		Name        *kit.Text     `json:"name"`
		Description *kit.Text     `json:"description"`
		Type        *kit.Text     `json:"type"`
		Tags        *kit.Text     `json:"tags"`
		Groups      *givens       `json:"groups"`
		Fields      preferenceMap `json:"typeFields"`
	}
	if err := q.body(&r); err != nil {
		return err
	}
	if r.Name != nil {
		p.Name = strings.TrimSpace(string(*r.Name))
	}
	if r.Description != nil {
		p.Description = string(*r.Description)
	}
	if r.Type != nil {
		p.Preferences[keptType] = string(*r.Type)
	}
	if r.Tags != nil {
		p.Preferences[keptTags] = string(*r.Tags)
	}
	if r.Groups != nil {
		grants, err := a.grantsOf(ctx, by, *r.Groups, p.Grants)
		if err != nil {
			return err
		}
		p.Grants = grants
	}
	category, known := credentialTypes[p.Preferences[keptType]]
	switch {
	case p.Name == "":
		return harrier.Errorf(harrier.Invalid, "The 'name' parameter is required.")
	case !known:
		return harrier.Errorf(harrier.Invalid, "The value '%s' for 'type' is invalid (valid values: apiGateway, database, snmp, ssh, windows).", cut(p.Preferences[keptType], 40))
	}
	fields := map[string]string(r.Fields)
	if fields == nil {
		fields = map[string]string{}
	}
	for name, raw := range q.keys {
		if text, single := kit.Scalar(raw); single && !slices.Contains(credentialWords, name) {
			fields[name] = text
		}
	}
	if len(p.Credentials) == 0 {
		p.Credentials = []harrier.Credential{{Fields: map[string]string{}}}
	}
	c := &p.Credentials[0]
	c.Category, c.Type = category, p.Preferences[keptType]
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	secrets := strings.FieldsFunc(p.Preferences[keptSealed], func(r rune) bool { return r == ',' })
	for name, text := range fields {
		if isSecret(name) {
			if text == secretSet || text == "" {
				continue
			}
			if !slices.Contains(secrets, name) {
				secrets = append(secrets, name)
			}
		}
		c.Fields[name] = text
	}
	slices.Sort(secrets)
	p.Preferences[keptSealed] = strings.Join(secrets, ",")
	return nil
}

// isSecret reports whether a field holds a secret, by its name in this API.
func isSecret(name string) bool { return policy.IsSecret(name) }

func (a api) createCredential(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	p := harrier.Policy{Hidden: true, Template: "custom", Preferences: map[string]string{keptKind: credentialKind}}
	if err := a.applyCredential(ctx, by, q, &p); err != nil {
		return nil, err
	}
	if err := a.Policies.Create(ctx, by, &p); err != nil {
		return nil, err
	}
	return a.newCredential(ctx, by, p), nil
}

func (a api) updateCredential(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	p, err := a.credential(ctx, by, q.id(), "update")
	if err != nil {
		return nil, err
	}
	if err := a.applyCredential(ctx, by, q, &p); err != nil {
		return nil, err
	}
	if err := a.Policies.Update(ctx, by, &p); err != nil {
		return nil, err
	}
	return a.newCredential(ctx, by, p), nil
}

func (a api) deleteCredential(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	p, err := a.credential(ctx, by, q.id(), "delete")
	if err != nil {
		return nil, err
	}
	sites, err := a.Sites.Sites(ctx, harrier.System)
	if err != nil {
		return nil, err
	}
	for _, s := range sites {
		if isListed(s) && slices.Contains(idList(s.Options.Given[givenCreds]), p.ID) {
			return nil, harrier.Errorf(harrier.Invalid, "Unable to delete Credential #%d.\nIt is used by Scan #%d.", p.ID, s.ID)
		}
	}
	return nil, a.Policies.Delete(ctx, by, p.ID)
}

func (a api) shareCredential(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r struct {
		Groups givens `json:"groups"`
	}
	if err := q.body(&r); err != nil {
		return nil, err
	}
	p, err := a.credential(ctx, by, q.id(), "share")
	if err != nil {
		return nil, err
	}
	if p.Grants, err = a.grantsOf(ctx, by, r.Groups, p.Grants); err != nil {
		return nil, err
	}
	if err := a.Policies.Update(ctx, by, &p); err != nil {
		return nil, err
	}
	return a.newCredential(ctx, by, p), nil
}

// credentialsOf are the credentials that a scan is to try, in their order, for
// its private policy: those of the request, else those that kept names.
func (a api) credentialsOf(ctx context.Context, by harrier.Actor, list *givens, kept map[string]string) ([]harrier.Credential, error) {
	if list != nil {
		kept[givenCreds] = joinIDs(*list)
	}
	var out []harrier.Credential
	for _, id := range idList(kept[givenCreds]) {
		p, err := a.credential(ctx, by, id, "use")
		if err != nil {
			if harrier.KindOf(err) == harrier.NotFound {
				return nil, harrier.Errorf(harrier.Invalid, "Credential #%d does not exist.", id)
			}
			return nil, err
		}
		for _, c := range p.Credentials {
			out = append(out, harrier.Credential{ID: c.ID, Category: c.Category, Type: c.Type, Fields: cloneMap(c.Fields)})
		}
	}
	return out, nil
}
