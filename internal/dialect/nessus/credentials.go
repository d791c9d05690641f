package nessus

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// credentialFields are the fields of a credential; those with a single value
// count.
type credentialFields map[string]json.RawMessage

// credentialChanges are what a request says of credentials: new ones by
// category and type, changed ones by id, and the ids of those to be removed.
//
// Source: nessus-api.md, section 6.3.
type credentialChanges struct {
	Add    map[string]map[string][]credentialFields `json:"add"`
	Edit   map[string]credentialFields              `json:"edit"`
	Delete kit.Ints                                 `json:"delete"`
}

// any reports whether something is to change.
func (q credentialChanges) any() bool {
	if len(q.Edit)+len(q.Delete) > 0 {
		return true
	}
	for _, types := range q.Add {
		for _, list := range types {
			if len(list) > 0 {
				return true
			}
		}
	}
	return false
}

// apply puts the changes into p; the policy room seals what is secret. It
// answers Invalid for an id that p does not have.
func (q credentialChanges) apply(p *harrier.Policy) error {
	for _, id := range q.Delete {
		i := slices.IndexFunc(p.Credentials, func(c harrier.Credential) bool { return c.ID == harrier.ID(id) })
		if i < 0 {
			return harrier.Invalidf("credentials", "there is no credential %d", id)
		}
		p.Credentials = slices.Delete(p.Credentials, i, i+1)
	}
	for key, fields := range q.Edit {
		i := slices.IndexFunc(p.Credentials, func(c harrier.Credential) bool { return itoa(int(c.ID)) == key })
		if i < 0 {
			return harrier.Invalidf("credentials", "there is no credential %q", key)
		}
		c := &p.Credentials[i]
		if c.Fields == nil {
			c.Fields = map[string]string{}
		}
		maps.Copy(c.Fields, fields.texts())
	}
	for _, category := range slices.Sorted(maps.Keys(q.Add)) {
		for _, kind := range slices.Sorted(maps.Keys(q.Add[category])) {
			for _, fields := range q.Add[category][kind] {
				p.Credentials = append(p.Credentials, harrier.Credential{Category: category, Type: kind, Fields: fields.texts()})
			}
		}
	}
	return nil
}

// texts are the fields that have a value; clients send empty ones for what they
// do not use.
func (f credentialFields) texts() map[string]string {
	out := map[string]string{}
	for name, raw := range f {
		if s, single := kit.Scalar(raw); single && s != "" && name != "id" {
			out[name] = s
		}
	}
	return out
}

// credentialsOf shows the credentials of p by category and type, each with its
// id and without what is secret.
func credentialsOf(p harrier.Policy) map[string]map[string][]map[string]any {
	out := map[string]map[string][]map[string]any{}
	for _, c := range p.Credentials {
		fields := map[string]any{"id": c.ID}
		for name, v := range c.Fields {
			fields[name] = v
		}
		if out[c.Category] == nil {
			out[c.Category] = map[string][]map[string]any{}
		}
		out[c.Category][c.Type] = append(out[c.Category][c.Type], fields)
	}
	return out
}
