package securitycenter

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) auditFileRoutes(m *router) {
	m.handle("GET /auditFile", a.listAuditFiles)
	m.handle("POST /auditFile", a.createAuditFile)
	m.handle("GET /auditFile/{id}", a.getAuditFile)
	m.handle("PATCH /auditFile/{id}", a.updateAuditFile)
	m.handle("DELETE /auditFile/{id}", a.deleteAuditFile)
	m.handle("GET /auditFile/{id}/export", a.exportAuditFile)
	m.handle("POST /auditFile/{id}/share", a.shareAuditFile)
	m.handle("GET /auditFileTemplate", noList)
	m.handle("GET /auditFileTemplate/categories", noList)
	m.handle("GET /auditFileTemplate/{id}", noAuditTemplate)
}

// auditFileItem is an audit file. Its checks are kept and not run.
//
// Source: section 18.2.
type auditFileItem struct {
	ID            string          `json:"id"`
	UUID          string          `json:"uuid"`
	Name          string          `json:"name"`
	Description   string          `json:"description"`
	Type          string          `json:"type"`
	Status        string          `json:"status"`
	Version       string          `json:"version"`
	Context       string          `json:"context"`
	Filename      string          `json:"filename"`
	Original      string          `json:"originalFilename"`
	Created       string          `json:"createdTime"`
	Modified      string          `json:"modifiedTime"`
	LastRefreshed string          `json:"lastRefreshedTime"`
	Editor        string          `json:"editor"`
	TypeFields    auditTypeFields `json:"typeFields"`
	Groups        []ref           `json:"groups"`
	CanUse        string          `json:"canUse"`
	CanManage     string          `json:"canManage"`
	Creator       userRef         `json:"creator"`
	Owner         userRef         `json:"owner"`
	OwnerGroup    ref             `json:"ownerGroup"`
	TargetGroup   nullRef         `json:"targetGroup"`
	Template      any             `json:"auditFileTemplate"`
}

type auditTypeFields struct {
	Variables []auditVariable `json:"variables"`
}

type auditVariable struct {
	Name  kit.Text `json:"name"`
	Value kit.Text `json:"value"`
}

// Members of an audit file that are kept and given back.
const (
	auditVersion = "version"
	auditContext = "context"
)

func (a api) newAuditFile(ctx context.Context, by harrier.Actor, f harrier.AuditFile) auditFileItem {
	level := a.Policies.AuditLevel(by, f)
	owner, groups := a.people(ctx).ref(f.Owner), a.groups(ctx, by)
	w := auditFileItem{
		ID: sid(f.ID), UUID: suuid(f.UUID), Name: f.Name, Description: f.Description, Type: f.Kind, Status: "0", Version: f.Given[auditVersion],
		Context: f.Given[auditContext], Filename: "audit-" + sid(f.ID) + ".audit", Original: f.Original, Created: stime(f.Created), Modified: stime(f.Modified),
		LastRefreshed: stime(f.Modified), Editor: "", TypeFields: auditTypeFields{[]auditVariable{}}, Groups: groups.refs(f.Groups),
		CanUse: sbool(level >= harrier.MayView), CanManage: sbool(level >= harrier.MayConfigure), Creator: owner, Owner: owner,
		OwnerGroup: groups.owner(f.Owner), TargetGroup: noRef, Template: noRef,
	}
	for name, value := range f.Variables {
		w.TypeFields.Variables = append(w.TypeFields.Variables, auditVariable{kit.Text(name), kit.Text(value)})
	}
	slices.SortFunc(w.TypeFields.Variables, func(x, y auditVariable) int { return cmp.Compare(x.Name, y.Name) })
	return w
}

func (a api) listAuditFiles(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	all, err := a.Policies.AuditFiles(ctx, by)
	if err != nil {
		return nil, err
	}
	var usable, manageable []auditFileItem
	for _, f := range all {
		item := a.newAuditFile(ctx, by, f)
		usable = append(usable, item)
		if item.CanManage == sbool(true) {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields("id", "name", "description", "type", "status"), "id", "uuid")
}

func (a api) oneAuditFile(ctx context.Context, by harrier.Actor, q *query, verb string) (harrier.AuditFile, error) {
	f, err := a.Policies.AuditFile(ctx, by, q.id())
	return f, missing(err, "Audit File", q.path("id"), verb)
}

func (a api) getAuditFile(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	f, err := a.oneAuditFile(ctx, by, q, "get")
	if err != nil {
		return nil, err
	}
	return pick(a.newAuditFile(ctx, by, f), q.fields(), "id", "uuid"), nil
}

// auditFileRequest is the body of POST /auditFile; in PATCH only what is given
// changes.
type auditFileRequest struct {
	Name        *kit.Text        `json:"name"`
	Description *kit.Text        `json:"description"`
	Type        kit.Text         `json:"type"`
	Template    given            `json:"auditFileTemplate"`
	Variables   *[]auditVariable `json:"variables"`
	Filename    kit.Text         `json:"filename"`
	Original    *kit.Text        `json:"originalFilename"`
	Groups      *givens          `json:"groups"`
}

// apply puts what is given into f and returns the text of the uploaded file; nil
// when none is named.
func (r auditFileRequest) apply(ctx context.Context, a api, by harrier.Actor, q *query, f *harrier.AuditFile) (*string, error) {
	switch {
	case r.Template > 0:
		return nil, noObject("Audit File Template", sid(harrier.ID(r.Template)), "use")
	case strings.HasPrefix(strings.ToLower(string(r.Type)), "scap"):
		return nil, harrier.Errorf(harrier.Invalid, "Audit files of type '%s' are not supported by this server.", cut(string(r.Type), 40))
	}
	if r.Name != nil {
		f.Name = strings.TrimSpace(string(*r.Name))
	}
	if r.Description != nil {
		f.Description = string(*r.Description)
	}
	if r.Original != nil {
		f.Original = cut(string(*r.Original), 255)
	}
	f.Given = keep(q, f.Given, auditVersion, auditContext)
	if r.Variables != nil {
		f.Variables = map[string]string{}
		for _, v := range *r.Variables {
			f.Variables[string(v.Name)] = string(v.Value)
		}
	}
	if r.Groups != nil {
		groups, err := a.sharedWith(ctx, by, *r.Groups)
		if err != nil {
			return nil, err
		}
		f.Groups = groups
	}
	if r.Filename == "" || string(r.Filename) == "audit-"+sid(f.ID)+".audit" { // a client sends the whole object back
		return nil, nil
	}
	upload, err := a.openUpload(ctx, by, string(r.Filename))
	if err != nil {
		return nil, err
	}
	defer func() { _ = upload.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(upload, harrier.MaxAudit+1))
	text := string(raw)
	return &text, err
}

func (a api) createAuditFile(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r auditFileRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	var f harrier.AuditFile
	text, err := r.apply(ctx, a, by, q, &f)
	switch {
	case err != nil:
		return nil, err
	case f.Name == "":
		return nil, harrier.Errorf(harrier.Invalid, "The 'name' parameter is required.")
	case text == nil:
		return nil, harrier.Errorf(harrier.Invalid, "The 'filename' parameter is required.")
	}
	if err := a.Policies.CreateAuditFile(ctx, by, &f, *text); err != nil {
		return nil, err
	}
	return pick(a.newAuditFile(ctx, by, f), q.fields(), "id", "uuid"), nil
}

func (a api) updateAuditFile(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r auditFileRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	f, err := a.oneAuditFile(ctx, by, q, "update")
	if err != nil {
		return nil, err
	}
	text, err := r.apply(ctx, a, by, q, &f)
	if err != nil {
		return nil, err
	}
	if err := a.Policies.UpdateAuditFile(ctx, by, &f, text); err != nil {
		return nil, err
	}
	return pick(a.newAuditFile(ctx, by, f), q.fields(), "id", "uuid"), nil
}

func (a api) deleteAuditFile(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if _, err := a.oneAuditFile(ctx, by, q, "delete"); err != nil {
		return nil, err
	}
	return nil, a.Policies.DeleteAuditFile(ctx, by, q.id())
}

// exportAuditFile is the text of an audit file, byte for byte.
func (a api) exportAuditFile(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	f, err := a.oneAuditFile(ctx, by, q, "export")
	if err != nil {
		return nil, err
	}
	text, err := a.Policies.AuditText(ctx, by, f.ID)
	return kit.File{Name: "audit-" + sid(f.ID) + ".audit", Type: "text/plain", Size: int64(len(text)), Body: io.NopCloser(strings.NewReader(text))}, err
}

func (a api) shareAuditFile(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b struct {
		Groups givens `json:"groups"`
	}
	if err := q.body(&b); err != nil {
		return nil, err
	}
	f, err := a.oneAuditFile(ctx, by, q, "share")
	if err != nil {
		return nil, err
	}
	if f.Groups, err = a.sharedWith(ctx, by, b.Groups); err != nil {
		return nil, err
	}
	if err := a.Policies.UpdateAuditFile(ctx, by, &f, nil); err != nil {
		return nil, err
	}
	return a.newAuditFile(ctx, by, f), nil
}

func noAuditTemplate(_ context.Context, _ harrier.Actor, q *query) (any, error) {
	return nil, noObject("Audit File Template", q.path("id"), "get")
}
