package apiv3

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// sharedBody is a shared credential as a client writes it.
type sharedBody struct {
	credentialBody
	Assignment string  `json:"siteAssignment"`
	Sites      []int64 `json:"sites"`
}

// policy reads a body over a shared credential, whose secrets stay where the body
// says nothing of them. Sites name their credentials themselves: assignments to
// them are none here.
func (b sharedBody) policy(p harrier.Policy) (harrier.Policy, error) {
	var have harrier.Credential
	if len(p.Credentials) > 0 {
		have = p.Credentials[0]
	}
	switch b.Assignment {
	case "", "specific-sites":
	default:
		return p, harrier.Invalidf("siteAssignment", "sites name their credentials themselves: it is specific-sites")
	}
	if len(b.Sites) > 0 {
		return p, harrier.Invalidf("sites", "sites name their credentials themselves")
	}
	c, err := b.credential(have)
	if err != nil {
		return p, err
	}
	p.Name, p.Description, p.Hidden, p.Credentials = b.Name, b.Description, true, []harrier.Credential{c}
	if p.Template == "" {
		p.Template = "custom"
	}
	kept := map[string]string{}
	for name, v := range p.Preferences {
		kept[name] = v
	}
	kept[sharedKind], kept[sharedType] = sharedIs, typeOf(c)
	var sealed []string
	for member, field := range accountFields {
		if _, given := b.Account[member]; given && slices.Contains(secretMembers, member) && !slices.Contains(sealed, field) {
			sealed = append(sealed, field)
		}
	}
	slices.Sort(sealed)
	if kept[sharedSealed] == "" || len(sealed) > 0 {
		kept[sharedSealed] = strings.Join(sealed, ",")
	}
	p.Preferences = kept
	return p, nil
}

// What SecurityCenter's API keeps of a credential beside: its own word for the
// type, and the names of the fields that are secret.
const (
	sharedType   = "securitycenter.type"
	sharedSealed = "securitycenter.sealed"
)

// typeOf is that API's word for what a credential signs in to.
func typeOf(c harrier.Credential) string {
	switch {
	case c.Type == "SSH":
		return "ssh"
	case c.Type == "Windows":
		return "windows"
	case strings.HasPrefix(c.Type, "SNMP"):
		return "snmp"
	case c.Category == "Database":
		return "database"
	}
	return "apiGateway"
}

func (a *api) createShared(q *query) (any, error) {
	var b sharedBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	p, err := b.policy(harrier.Policy{Preferences: map[string]string{}})
	if err != nil {
		return nil, err
	}
	if err := a.Policies.Create(q.ctx(), q.by, &p); err != nil {
		return nil, err
	}
	return created{p.ID, "/shared_credentials/" + ident(p.ID)}, nil
}

func (a *api) updateShared(q *query) (any, error) {
	p, err := a.shared(q)
	if err != nil {
		return nil, err
	}
	var b sharedBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if p, err = b.policy(p); err != nil {
		return nil, err
	}
	if err := a.Policies.Update(q.ctx(), q.by, &p); err != nil {
		return nil, err
	}
	return q.done()
}
