package securitycenter

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // a name that clients know the form of, no protection
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) policyRoutes(m *router) {
	m.handle("GET /policyTemplate", a.listTemplates)
	m.handle("GET /policyTemplate/{id}", a.getTemplate)
	m.handle("GET /policy", a.listPolicies)
	m.handle("GET /policy/tag", a.listPolicyTags)
	m.handle("POST /policy", a.createPolicy)
	m.handle("POST /policy/import", a.importPolicy)
	m.handle("GET /policy/{id}", a.getPolicy)
	m.handle("PATCH /policy/{id}", a.updatePolicy)
	m.handle("DELETE /policy/{id}", a.deletePolicy)
	m.handle("POST /policy/{id}/copy", a.copyPolicy)
	m.handle("POST /policy/{id}/share", a.sharePolicy)
	m.handle("POST /policy/{id}/export", a.exportPolicy)
}

// What this dialect keeps of a policy beside its preferences, among them, under
// names that no preference has.
const (
	ownPrefix   = "securitycenter."
	keptContext = ownPrefix + "context" // "scan": good for one scan
	keptTags    = ownPrefix + "tags"
	keptXCCDF   = ownPrefix + "generateXCCDFResults"
	keptProfile = ownPrefix + "policyProfileName"
	keptKind    = ownPrefix + "kind" // "credential": a credential in the form of a policy

	// basedOn names the policy that a scan's private one refines, in all dialects.
	basedOn = "policy_id"
)

// oneTimeContext is the context of a policy that is good for one scan.
const oneTimeContext = "scan"

// keepUnused is how long a one-time policy waits for its scan.
//
// Source: securitycenter-api.md, section 7.5.
const keepUnused = 24 * time.Hour

// policyItem is a policy.
//
// Source: securitycenter-api.md, section 7.4.
type policyItem struct {
	ID           string         `json:"id"`
	UUID         string         `json:"uuid"`
	Name         string         `json:"name"`
	Description  string         `json:"description"`
	Status       string         `json:"status"`
	Tags         string         `json:"tags"`
	Created      string         `json:"createdTime"`
	Modified     string         `json:"modifiedTime"`
	XCCDF        string         `json:"generateXCCDFResults"`
	Profile      string         `json:"policyProfileName"`
	Type         string         `json:"type"`
	Context      string         `json:"context"`
	AuditFiles   []ref          `json:"auditFiles"`
	Preferences  any            `json:"preferences"` // [] when there are none
	Families     []policyFamily `json:"families"`
	Template     policyTemplate `json:"policyTemplate"`
	Owner        any            `json:"owner"`
	Creator      any            `json:"creator"`
	OwnerGroup   ref            `json:"ownerGroup"`
	TargetGroup  nullRef        `json:"targetGroup"`
	Groups       []ref          `json:"groups"`
	CanUse       string         `json:"canUse"`
	CanManage    string         `json:"canManage"`
	CreatorID    string         `json:"creatorID"`
	OwnerID      string         `json:"ownerID"`
	OwnerGroupID string         `json:"ownerGID"`
	TargetID     string         `json:"targetGID"`
}

// owner is the sign-in name of the policy's owner.
func (w policyItem) owner() string {
	u, _ := w.Owner.(userRef)
	return u.Username
}

type policyTemplate struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Agent       string `json:"agent"`
	Editor      string `json:"editor,omitempty"`
}

// newPolicy translates a policy; whole tells whether its families and its
// editor are wanted, which take longer.
func (a api) newPolicy(ctx context.Context, by harrier.Actor, p harrier.Policy, whole bool) (policyItem, error) {
	id, t := a.templateOf(p.Template)
	level := a.Policies.Level(by, p)
	owner, groups := a.people(ctx).ref(p.Owner), a.groups(ctx, by)
	w := policyItem{
		ID: sid(p.ID), UUID: suuid(p.UUID), Name: p.Name, Description: p.Description, Status: "0", Tags: p.Preferences[keptTags],
		Created: stime(p.Created), Modified: stime(p.Modified), XCCDF: cmp.Or(p.Preferences[keptXCCDF], "false"), Profile: p.Preferences[keptProfile],
		Type: "regular", Context: p.Preferences[keptContext], AuditFiles: []ref{}, Preferences: []any{}, Families: []policyFamily{},
		Template: policyTemplate{ID: fmt.Sprint(id), Name: t.Title, Description: t.Description, Agent: sbool(false)},
		Owner:    owner, Creator: owner, OwnerGroup: groups.owner(p.Owner), TargetGroup: noRef, Groups: groups.granted(p.Grants),
		CanUse: sbool(level >= harrier.MayView), CanManage: sbool(level >= harrier.MayConfigure),
		CreatorID: sid(p.Owner), OwnerID: sid(p.Owner), OwnerGroupID: groups.owner(p.Owner).ID, TargetID: "-1",
	}
	if set := preferencesOf(p, t.Settings); len(set) > 0 {
		w.Preferences = set
	}
	for _, id := range p.Audits {
		f, err := a.Policies.AuditFile(ctx, by, id)
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return w, err
		}
		w.AuditFiles = append(w.AuditFiles, ref{sid(id), f.Name, f.Description})
	}
	if !whole {
		return w, nil
	}
	w.Families = a.policyFamilies(ctx, p.Checks)
	var err error
	w.Template.Editor, err = editorText(t.Settings)
	return w, err
}

func (a api) listPolicies(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.Policies.Policies(ctx, by)
	if err != nil {
		return nil, err
	}
	fields := q.fields("id", "name", "description", "status")
	whole := slices.Contains(fields, "families") || slices.Contains(fields, "policyTemplate")
	keep := policyFilter(q)
	var usable, manageable []policyItem
	for _, p := range list {
		if !keep(p) {
			continue
		}
		item, err := a.newPolicy(ctx, by, p, whole)
		if err != nil {
			return nil, err
		}
		if owner := q.param("owner"); owner != "" && !strings.EqualFold(owner, item.owner()) {
			continue
		}
		if group := q.param("groupID"); group != "" && group != item.OwnerGroupID && !slices.ContainsFunc(item.Groups, func(g ref) bool { return g.ID == group }) {
			continue
		}
		usable = append(usable, item)
		if a.Policies.Level(by, p) >= harrier.MayConfigure {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, fields, "id", "uuid")
}

// policyFilter reads the filters that a list of policies has beside the common
// ones.
//
// Source: securitycenter-api.md, section 3.5.
func policyFilter(q *query) func(harrier.Policy) bool {
	name, owner, tags := q.param("name"), q.param("ownerID"), q.param("tags")
	templates := strings.FieldsFunc(q.param("policyTemplate"), func(r rune) bool { return r == ',' || r == ' ' })
	return func(p harrier.Policy) bool {
		i := slices.IndexFunc(templateIDs, func(t templateID) bool { return t.name == p.Template })
		return (name == "" || strings.Contains(strings.ToLower(p.Name), strings.ToLower(name))) &&
			(owner == "" || owner == sid(p.Owner)) && (tags == "" || p.Preferences[keptTags] == tags) &&
			(len(templates) == 0 || slices.Contains(templates, fmt.Sprint(templateIDs[max(i, 0)].id)))
	}
}

func (a api) listPolicyTags(ctx context.Context, by harrier.Actor, _ *query) (any, error) {
	list, err := a.Policies.Policies(ctx, by)
	tags := []string{}
	for _, p := range list {
		if t := p.Preferences[keptTags]; t != "" && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	slices.Sort(tags)
	return tags, err
}

// policy finds a policy that this dialect shows: a listed one, or a one-time
// one while it is good for its scan. Others are as if they were not there.
func (a api) policy(ctx context.Context, by harrier.Actor, id harrier.ID, verb string) (harrier.Policy, error) {
	p, err := a.Policies.Policy(ctx, by, id)
	if err != nil {
		return p, missing(err, "Policy", sid(id), verb)
	}
	if !p.Hidden {
		return p, nil
	}
	good := p.Preferences[keptContext] == oneTimeContext
	if good {
		if good, err = a.oneTimeGood(ctx, p); err != nil {
			return p, err
		}
	}
	if !good {
		return harrier.Policy{}, noObject("Policy", sid(id), verb)
	}
	return p, nil
}

// oneTimeGood reports whether a one-time policy waits for its scan, but not for
// too long, or is used by a scan that goes on.
func (a api) oneTimeGood(ctx context.Context, p harrier.Policy) (bool, error) {
	used, over, err := a.useOf(ctx, p.ID)
	if err != nil || used {
		return !over, err
	}
	return a.Now().Sub(p.Created) < keepUnused, nil
}

// useOf reports whether a scan has used the private policy, and whether none
// will use it any more.
func (a api) useOf(ctx context.Context, id harrier.ID) (used, over bool, err error) {
	sites, err := a.Sites.Sites(ctx, harrier.System)
	if err != nil {
		return false, false, err
	}
	for _, s := range sites {
		if s.Policy != id {
			continue
		}
		runs, err := a.Scans.Of(ctx, harrier.System, s.ID)
		if err != nil {
			return false, false, err
		}
		over := len(runs) > 0 && !slices.ContainsFunc(runs, func(sc harrier.Scan) bool { return !sc.Status.Ended() })
		return true, over, nil
	}
	return false, false, nil
}

func (a api) getPolicy(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	id := q.id()
	p, err := a.policy(ctx, by, id, "get")
	if err != nil {
		return nil, err
	}
	item, err := a.newPolicy(ctx, by, p, true)
	return pick(item, q.fields(), "id", "uuid"), err
}

// preferenceMap is a map of preferences; an empty list is an empty map.
type preferenceMap map[string]string

// UnmarshalJSON reads single values of any kind.
func (m *preferenceMap) UnmarshalJSON(b []byte) error {
	var none []json.RawMessage
	if json.Unmarshal(b, &none) == nil && len(none) == 0 {
		*m = preferenceMap{}
		return nil
	}
	var texts map[string]kit.Text
	if err := json.Unmarshal(b, &texts); err != nil {
		return err
	}
	*m = preferenceMap{}
	for name, v := range texts {
		(*m)[name] = string(v)
	}
	return nil
}

// policyRequest is the body of POST /policy; in PATCH only what is given
// changes.
//
// Source: securitycenter-api.md, section 7.5.
type policyRequest struct {
	Name        *kit.Text       `json:"name"`
	Description *kit.Text       `json:"description"`
	Context     *kit.Text       `json:"context"`
	Template    given           `json:"policyTemplate"`
	Profile     *kit.Text       `json:"policyProfileName"`
	Preferences preferenceMap   `json:"preferences"`
	Remove      kit.Texts       `json:"removePrefs"`
	Families    *[]familyChoice `json:"families"`
	AuditFiles  *givens         `json:"auditFiles"`
	Tags        *kit.Text       `json:"tags"`
	XCCDF       *kit.Bool       `json:"generateXCCDFResults"`
	Groups      *givens         `json:"groups"`
	OwnerID     *kit.Int        `json:"ownerID"`
}

// apply puts what is given into p, which was made from template.
func (r policyRequest) apply(ctx context.Context, a api, by harrier.Actor, p *harrier.Policy, template harrier.CheckSelection, set harrier.Settings) error {
	if r.AuditFiles != nil {
		p.Audits = r.AuditFiles.ids()
		for _, id := range p.Audits {
			if _, err := a.Policies.AuditFile(ctx, by, id); harrier.KindOf(err) == harrier.NotFound && err != nil {
				return harrier.Errorf(harrier.Invalid, "Audit File #%d does not exist.", id)
			}
		}
	}
	if r.Name != nil {
		p.Name = strings.TrimSpace(string(*r.Name))
	}
	if r.Description != nil {
		p.Description = string(*r.Description)
	}
	for _, name := range r.Remove {
		removePreference(p, name, set)
	}
	if err := applyPreferences(p, r.Preferences); err != nil {
		return err
	}
	if r.Families != nil {
		var err error
		if p.Checks, err = a.selectionOf(ctx, *r.Families, template); err != nil {
			return err
		}
	}
	for _, t := range []struct {
		name  string
		value *kit.Text
	}{{keptTags, r.Tags}, {keptProfile, r.Profile}} {
		if t.value != nil {
			p.Preferences[t.name] = string(*t.value)
		}
	}
	if r.XCCDF != nil {
		p.Preferences[keptXCCDF] = sbool(bool(*r.XCCDF))
	}
	if r.Groups != nil {
		grants, err := a.grantsOf(ctx, by, *r.Groups, p.Grants)
		if err != nil {
			return err
		}
		p.Grants = grants
	}
	if r.OwnerID != nil && by.May(harrier.EditAll) && *r.OwnerID > 0 && p.ID == 0 {
		p.Owner = harrier.ID(*r.OwnerID)
	}
	return nil
}

func (a api) createPolicy(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r policyRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	if r.Template <= 0 {
		r.Template = 1
	}
	t, found := a.templateByID(int64(r.Template))
	if !found {
		return nil, harrier.Errorf(harrier.Invalid, "Policy Template #%d does not exist.", r.Template)
	}
	p := t.Policy("")
	context := ""
	if r.Context != nil {
		context = string(*r.Context)
	}
	if context != "" && context != oneTimeContext {
		return nil, harrier.Errorf(harrier.Invalid, "The value '%s' for 'context' is invalid (valid values: '', 'scan').", context)
	}
	if err := r.apply(ctx, a, by, &p, t.Checks, t.Settings); err != nil {
		return nil, err
	}
	if context == oneTimeContext {
		p.Hidden = true
		p.Preferences[keptContext] = oneTimeContext
		if p.Name == "" {
			p.Name = a.oneTimeName(by, kit.RemoteAddr(q.raw))
		}
		a.dropUnused(ctx, by)
	}
	if p.Name == "" {
		return nil, harrier.Errorf(harrier.Invalid, "The 'name' parameter is required.")
	}
	if err := a.Policies.Create(ctx, by, &p); err != nil {
		return nil, err
	}
	return a.newPolicy(ctx, by, p, true)
}

// oneTimeName is a name in the form that the original gives.
//
// Source: securitycenter-api.md, section 7.5.
func (a api) oneTimeName(by harrier.Actor, from string) string {
	now := a.Now()
	id := harrier.NewUUID(now)
	sum := md5.Sum(id[:]) //nolint:gosec // see the import
	return fmt.Sprintf("_%d_0.%08d_1_%d_%s_%d_scan_%s", now.Unix(), now.Nanosecond()/10, by.User, from, int(id[14])<<8|int(id[15]), hex.EncodeToString(sum[:]))
}

// dropUnused removes the one-time policies of by's that no scan came for. What
// can not be removed now is tried again with the next one.
func (a api) dropUnused(ctx context.Context, by harrier.Actor) {
	list, err := a.Policies.Private(ctx, by)
	for _, p := range list {
		if p.Preferences[keptContext] != oneTimeContext || p.Owner != by.User || a.Now().Sub(p.Created) < keepUnused {
			continue
		}
		if used, _, err := a.useOf(ctx, p.ID); err == nil && !used {
			if err := a.Policies.Delete(ctx, by, p.ID); err != nil {
				a.Log.WarnContext(ctx, "one-time policy left over", "policy", p.ID, "err", err)
			}
		}
	}
	if err != nil {
		a.Log.WarnContext(ctx, "one-time policies not looked through", "err", err)
	}
}

func (a api) updatePolicy(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	id := q.id()
	var r policyRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	p, err := a.policy(ctx, by, id, "update")
	if err != nil {
		return nil, err
	}
	if r.Context != nil && string(*r.Context) != p.Preferences[keptContext] {
		return nil, harrier.Errorf(harrier.Invalid, "The 'context' of a policy can not be changed.")
	}
	_, t := a.templateOf(p.Template)
	if r.Template > 0 {
		next, found := a.templateByID(int64(r.Template))
		if !found {
			return nil, harrier.Errorf(harrier.Invalid, "Policy Template #%d does not exist.", r.Template)
		}
		if t, p.Template = next, next.Name; r.Families == nil && len(p.Checks.Families)+len(p.Checks.Single) == 0 {
			p.Checks = next.Checks
		}
	}
	if err := r.apply(ctx, a, by, &p, t.Checks, t.Settings); err != nil {
		return nil, err
	}
	if err := a.Policies.Update(ctx, by, &p); err != nil {
		return nil, err
	}
	item, err := a.newPolicy(ctx, by, p, true)
	return pick(item, q.fields(), "id", "uuid"), err
}

func (a api) deletePolicy(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	id := q.id()
	p, err := a.policy(ctx, by, id, "delete")
	if err != nil {
		return nil, err
	}
	if err := a.refuseRefined(ctx, p); err != nil {
		return nil, err
	}
	return "", a.Policies.Delete(ctx, by, id)
}

// refuseRefined refuses to delete a policy that a scan's private one refines:
// to the client it is that scan's.
func (a api) refuseRefined(ctx context.Context, p harrier.Policy) error {
	sites, err := a.Sites.Sites(ctx, harrier.System)
	if err != nil {
		return err
	}
	for _, s := range sites {
		if s.Options.Given[givenPolicy] == sid(p.ID) && isListed(s) {
			return harrier.Errorf(harrier.Invalid, "Unable to delete Policy #%d.\nIt is used by Scan #%d.", p.ID, s.ID)
		}
	}
	return nil
}

func (a api) copyPolicy(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	id := q.id()
	p, err := a.policy(ctx, by, id, "copy")
	if err != nil {
		return nil, err
	}
	c, err := a.Policies.Copy(ctx, by, p.ID)
	if err != nil {
		return nil, err
	}
	if name := strings.TrimSpace(q.param("name")); name != "" {
		c.Name = name
		if err := a.Policies.Update(ctx, by, &c); err != nil {
			return nil, err
		}
	}
	return a.newPolicy(ctx, by, c, true)
}

func (a api) sharePolicy(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	id := q.id()
	var r struct {
		Groups givens `json:"groups"`
	}
	if err := q.body(&r); err != nil {
		return nil, err
	}
	p, err := a.policy(ctx, by, id, "share")
	if err != nil {
		return nil, err
	}
	if p.Grants, err = a.grantsOf(ctx, by, r.Groups, p.Grants); err != nil {
		return nil, err
	}
	if err := a.Policies.Update(ctx, by, &p); err != nil {
		return nil, err
	}
	return a.newPolicy(ctx, by, p, true)
}

func sortedPlugins(list []pluginName) []pluginName {
	slices.SortFunc(list, func(x, y pluginName) int { return cmp.Or(cmp.Compare(len(x.ID), len(y.ID)), cmp.Compare(x.ID, y.ID)) })
	return list
}
