package nessus

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// acl is who may do what with an object.
type acl struct {
	Type        string        `json:"type"` // "default" for everybody else, "user"
	Permissions harrier.Level `json:"permissions"`
	Owner       *int          `json:"owner"`
	Name        *string       `json:"name"`
	ID          *harrier.ID   `json:"id"`
	DisplayName *string       `json:"display_name"`
}

// acls lists who may do what with an object of owner.
func (a api) acls(ctx context.Context, by harrier.Actor, owner harrier.ID, grants []harrier.Grant) []acl {
	names, groups := a.names(ctx), a.groupNames(ctx, by, grants)
	one := 1
	user := func(id harrier.ID, level harrier.Level) acl {
		name := names.of(id)
		return acl{Type: "user", Permissions: level, Name: &name, ID: &id, DisplayName: &name}
	}
	out := []acl{{Type: "default", Permissions: everybody(grants)}}
	mine := user(owner, harrier.Owns)
	mine.Owner = &one
	out = append(out, mine)
	for _, g := range grants {
		if g.User != 0 && g.User != owner {
			out = append(out, user(g.User, g.Level))
		}
		if g.Group != 0 {
			name := groups[g.Group]
			out = append(out, acl{Type: "group", Permissions: g.Level, Name: &name, ID: &g.Group, DisplayName: &name})
		}
	}
	return out
}

// everybody is the level that grants give to all users.
func everybody(grants []harrier.Grant) harrier.Level {
	level := harrier.NoAccess
	for _, g := range grants {
		if g.Everybody() {
			level = max(level, g.Level)
		}
	}
	return level
}

// groupNames tells the names of the groups that grants speak of.
func (a api) groupNames(ctx context.Context, by harrier.Actor, grants []harrier.Grant) map[harrier.ID]string {
	out := map[harrier.ID]string{}
	if !slices.ContainsFunc(grants, func(g harrier.Grant) bool { return g.Group != 0 }) {
		return out
	}
	list, _ := a.Identity.Groups(ctx, by) // without them they have no names
	for _, g := range list {
		out[g.ID] = g.Name
	}
	return out
}

// grantsOf reads a list of ACLs. The owner's own and levels of 0 grant nothing.
// It answers Invalid.
func grantsOf(raw json.RawMessage) ([]harrier.Grant, error) {
	var list []struct {
		Type        kit.Text `json:"type"`
		Permissions kit.Int  `json:"permissions"`
		ID          kit.Int  `json:"id"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, harrier.Invalidf("acls", "must be a list of objects")
	}
	var out []harrier.Grant
	for _, e := range list {
		level := harrier.Level(e.Permissions)
		switch level {
		case harrier.NoAccess, harrier.Owns:
			continue
		case harrier.MayView, harrier.MayControl, harrier.MayConfigure:
		default:
			return nil, harrier.Invalidf("acls", "%d is not one of 0, 16, 32, 64, 128", level)
		}
		switch {
		case e.Type == "default":
			out = append(out, harrier.Grant{Level: level})
		case e.Type == "user" && e.ID > 0:
			out = append(out, harrier.Grant{User: harrier.ID(e.ID), Level: level})
		case e.Type == "group" && e.ID > 0:
			out = append(out, harrier.Grant{Group: harrier.ID(e.ID), Level: level})
		default:
			return nil, harrier.Invalidf("acls", "%q with id %d is nobody", e.Type, e.ID)
		}
	}
	return out, nil
}

// permissionsOf is a GET or PUT /permissions/{type}/{id}.
type permissionsOf struct {
	byID
	Type string          `from:"path type"`
	ACLs json.RawMessage `json:"acls"`
}

func (a api) getPermissions(ctx context.Context, by harrier.Actor, q permissionsOf) ([]acl, error) {
	switch q.Type {
	case "scan":
		s, err := a.Sites.Site(ctx, by, q.ID)
		return a.acls(ctx, by, s.Owner, s.Grants), err
	case "policy":
		p, err := a.Policies.Policy(ctx, by, q.ID)
		return a.acls(ctx, by, p.Owner, p.Grants), err
	case "scanner":
		if q.ID == localScanner {
			return []acl{{Type: "default", Permissions: harrier.MayControl}}, nil
		}
	}
	return nil, errFileNotFound
}

func (a api) setPermissions(ctx context.Context, by harrier.Actor, q permissionsOf) (kit.Empty, error) {
	if len(q.ACLs) == 0 {
		return kit.Empty{}, harrier.Invalidf("acls", "is needed")
	}
	grants, err := grantsOf(q.ACLs)
	if err != nil {
		return kit.Empty{}, err
	}
	switch q.Type {
	case "scan":
		s, err := a.Sites.Site(ctx, by, q.ID)
		if err != nil {
			return kit.Empty{}, err
		}
		s.Grants = grants
		return kit.Empty{}, a.Sites.Update(ctx, by, &s)
	case "policy":
		p, err := a.Policies.Policy(ctx, by, q.ID)
		if err != nil {
			return kit.Empty{}, err
		}
		p.Grants = grants
		return kit.Empty{}, a.Policies.Update(ctx, by, &p)
	case "scanner":
		return kit.Empty{}, harrier.Errorf(harrier.Forbidden, "the scanner is everybody's")
	}
	return kit.Empty{}, errFileNotFound
}
