package apiv3

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// credentialRoutes are the credentials of a site, and those that many share.
//
// Source: section 12, rows 15 and 25.
func (a *api) credentialRoutes() {
	a.handle("GET /sites/{id}/site_credentials", a.listCredentials)
	a.handle("POST /sites/{id}/site_credentials", a.createCredential)
	a.handle("PUT /sites/{id}/site_credentials", a.setCredentials)
	a.handle("DELETE /sites/{id}/site_credentials", a.clearCredentials)
	a.handle("GET /sites/{id}/site_credentials/{credentialId}", a.getCredential)
	a.handle("PUT /sites/{id}/site_credentials/{credentialId}", a.updateCredential)
	a.handle("DELETE /sites/{id}/site_credentials/{credentialId}", a.deleteCredential)
	a.handle("GET /shared_credentials", a.listShared)
	a.handle("POST /shared_credentials", a.createShared)
	a.handle("GET /shared_credentials/{id}", a.getShared)
	a.handle("PUT /shared_credentials/{id}", a.updateShared)
	a.handle("DELETE /shared_credentials/{id}", a.deleteShared)
}

// services are what credentials sign in to, and what they are in the model.
var services = map[string][2]string{
	"as400": {"Miscellaneous", "AS/400"}, "cifs": {"Host", "Windows"}, "cifshash": {"Host", "Windows"}, "cvs": {"Miscellaneous", "CVS"}, "db2": {"Database", "DB2"},
	"ftp": {"Plaintext Authentication", "FTP"}, "http": {"Plaintext Authentication", "HTTP"}, "ms-sql": {"Database", "SQL Server"}, "mysql": {"Database", "MySQL"},
	"notes": {"Miscellaneous", "Lotus Notes"}, "oracle": {"Database", "Oracle"}, "pop": {"Plaintext Authentication", "POP3"}, "postgresql": {"Database", "PostgreSQL"},
	"remote-exec": {"Plaintext Authentication", "telnet/rsh/rexec"}, "snmp": {"Plaintext Authentication", "SNMPv1/v2c"}, "snmpv3": {"Host", "SNMPv3"},
	"ssh": {"Host", "SSH"}, "ssh-key": {"Host", "SSH"}, "sybase": {"Database", "Sybase ASE"}, "telnet": {"Plaintext Authentication", "telnet/rsh/rexec"},
}

// xmlServices are services that the XML API calls otherwise.
var xmlServices = map[string]string{"ms-sql": "tds", "remote-exec": "remote execution"}

// accountFields are the members of an account that any service has, and the
// fields of the model's credential that they go into.
var accountFields = map[string]string{
	"username": "username", "password": "password", "domain": "domain", "realm": "domain", "ntlmHash": "hash", "communityName": "community_string",
	"permissionElevation": "elevate_privileges_with", "permissionElevationUsername": "escalation_account", "permissionElevationPassword": "escalation_password",
	"pemKey": "private_key", "privateKeyPassword": "private_key_passphrase", "authenticationType": words.OwnField + "snmpv3authtype",
	"privacyType": words.OwnField + "snmpv3privtype", "privacyPassword": words.OwnField + "snmpv3privpassword", "database": "database", "sid": "sid",
	"oracleListenerPassword": words.OwnField + "listenerpassword", "notesIDPassword": "password",
}

// secretMembers are the members of an account that are never shown.
var secretMembers = []string{
	"password", "ntlmHash", "communityName", "permissionElevationPassword", "pemKey", "privateKeyPassword", "privacyPassword", "oracleListenerPassword", "notesIDPassword",
}

// What is kept of a credential in fields that the XML API has too.
const (
	fieldService = words.OwnField + "service"
	fieldHost    = harrier.OnlyAtHost
	fieldPort    = harrier.OnlyAtPort
	fieldName    = words.OwnField + "name"
	fieldAbout   = words.OwnField + "about"
)

// credentialBody is a credential as a client writes it.
type credentialBody struct {
	ID          int64          `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Enabled     *bool          `json:"enabled"`
	Host        string         `json:"hostRestriction"`
	Port        *int           `json:"portRestriction"`
	Account     map[string]any `json:"account"`
}

// credential reads a body over one that is there, whose secrets stay where the
// body says nothing of them. It answers Invalid.
func (b credentialBody) credential(have harrier.Credential) (harrier.Credential, error) {
	service, _ := b.Account["service"].(string)
	service = strings.ToLower(service)
	kind, known := services[service]
	switch {
	case strings.TrimSpace(b.Name) == "":
		return have, harrier.Invalidf("name", "is missing")
	case !known:
		return have, harrier.Invalidf("account.service", "there is no service %q", clip(service))
	case b.Enabled != nil && !*b.Enabled:
		return have, harrier.Invalidf("enabled", "a credential that is off is not kept: delete it")
	case b.Port != nil && (*b.Port < 1 || *b.Port > 65535):
		return have, harrier.Invalidf("portRestriction", "%d is no port", *b.Port)
	}
	c := harrier.Credential{ID: have.ID, Category: kind[0], Type: kind[1], Fields: map[string]string{}}
	if have.ID != 0 && have.Category == c.Category && have.Type == c.Type {
		c.Fields = maps.Clone(have.Fields)
	}
	for member, v := range b.Account {
		if member == "service" {
			continue
		}
		field, known := accountFields[member]
		text, isText := v.(string)
		if yes, isBool := v.(bool); isBool {
			text, isText, field = strconv.FormatBool(yes), true, words.OwnField+strings.ToLower(member)
			known = true
		}
		if !known || !isText {
			return have, harrier.Invalidf("account."+clip(member), "is not known, or no text")
		}
		c.Fields[field] = text
	}
	c.Fields[fieldService] = cmpText(xmlServices[service], service)
	for field, text := range map[string]string{fieldName: b.Name, fieldAbout: b.Description, fieldHost: b.Host} {
		if delete(c.Fields, field); text != "" {
			c.Fields[field] = text
		}
	}
	if delete(c.Fields, fieldPort); b.Port != nil {
		c.Fields[fieldPort] = strconv.Itoa(*b.Port)
	}
	switch service {
	case "ssh":
		c.Fields["auth_method"] = "password"
	case "ssh-key":
		c.Fields["auth_method"] = "public key"
	case "cifs":
		c.Fields["auth_method"] = "Password"
	case "cifshash":
		c.Fields["auth_method"] = "NTLM Hash"
	}
	return c, nil
}

// serviceOf is the word for what a credential signs in to.
func serviceOf(c harrier.Credential) string {
	have := c.Fields[fieldService]
	for word, xml := range xmlServices {
		if have == xml {
			return word
		}
	}
	if _, known := services[have]; known {
		return have
	}
	for _, word := range slices.Sorted(maps.Keys(services)) {
		if services[word] == [2]string{c.Category, c.Type} {
			if word == "ssh" && c.Fields["auth_method"] == "public key" {
				return "ssh-key"
			}
			return word
		}
	}
	return strings.ToLower(c.Type)
}

// credentialObject is a credential as this API shows it: without its secrets.
func credentialObject(c harrier.Credential) obj {
	service := serviceOf(c)
	account := obj{"service": service}
	for _, member := range slices.Sorted(maps.Keys(accountFields)) {
		if member == "realm" && service != "http" || member == "domain" && service == "http" || slices.Contains(secretMembers, member) {
			continue
		}
		account.set(member, c.Fields[accountFields[member]])
	}
	o := obj{"id": c.ID, "name": cmpText(c.Fields[fieldName], service), "enabled": true, "account": account}
	o.set("description", c.Fields[fieldAbout])
	o.set("hostRestriction", c.Fields[fieldHost])
	if n, err := strconv.Atoi(c.Fields[fieldPort]); err == nil {
		o["portRestriction"] = n
	}
	return o
}

func siteCredential(q *query, site harrier.ID, c harrier.Credential) obj {
	o := credentialObject(c)
	o["links"] = q.self(fmt.Sprintf("/sites/%d/site_credentials/%d", site, c.ID))
	return o
}

// sitePolicy is the policy that holds the credentials of a site. Those who may
// not change the site do not see them.
func (a *api) sitePolicy(q *query) (harrier.Site, harrier.Policy, error) {
	s, err := a.site(q)
	if err != nil {
		return s, harrier.Policy{}, err
	}
	if a.Sites.Level(q.by, s) < harrier.MayConfigure {
		return s, harrier.Policy{}, harrier.Errorf(harrier.Forbidden, "you may not see the credentials of site %d", s.ID)
	}
	p, err := a.Policies.Policy(q.ctx(), harrier.System, s.Policy)
	return s, p, err
}

// storeCredentials has a site scan with credentials. One that scans by a listed
// policy gets a policy of its own.
func (a *api) storeCredentials(q *query, s harrier.Site, p harrier.Policy, list []harrier.Credential) error {
	if !p.Hidden {
		p.ID, p.UUID, p.Hidden = 0, harrier.UUID{}, true
	}
	p.Credentials = list
	return a.Sites.UpdateWith(q.ctx(), q.by, &s, &p)
}

func (a *api) listCredentials(q *query) (any, error) {
	s, p, err := a.sitePolicy(q)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, c := range p.Credentials {
		rows = append(rows, siteCredential(q, s.ID, c))
	}
	return q.resources(rows)
}

func (a *api) createCredential(q *query) (any, error) {
	s, p, err := a.sitePolicy(q)
	if err != nil {
		return nil, err
	}
	var b credentialBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	c, err := b.credential(harrier.Credential{})
	if err != nil {
		return nil, err
	}
	if err := a.storeCredentials(q, s, p, append(p.Credentials, c)); err != nil {
		return nil, err
	}
	if s, err = a.Sites.Site(q.ctx(), q.by, s.ID); err != nil {
		return nil, err
	}
	if p, err = a.Policies.Policy(q.ctx(), harrier.System, s.Policy); err != nil {
		return nil, err
	}
	newest := slices.MaxFunc(p.Credentials, func(a, b harrier.Credential) int { return cmp.Compare(a.ID, b.ID) })
	return created{newest.ID, fmt.Sprintf("/sites/%d/site_credentials/%d", s.ID, newest.ID)}, nil
}

func (a *api) setCredentials(q *query) (any, error) {
	s, p, err := a.sitePolicy(q)
	if err != nil {
		return nil, err
	}
	var bodies []credentialBody
	if err := q.body(&bodies); err != nil {
		return nil, err
	}
	var list []harrier.Credential
	for _, b := range bodies {
		var have harrier.Credential
		if b.ID != 0 {
			i := slices.IndexFunc(p.Credentials, func(c harrier.Credential) bool { return int64(c.ID) == b.ID })
			if i < 0 {
				return nil, harrier.Invalidf("id", "site %d has no credential %d", s.ID, b.ID)
			}
			have = p.Credentials[i]
		}
		c, err := b.credential(have)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if err := a.storeCredentials(q, s, p, list); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) clearCredentials(q *query) (any, error) {
	s, p, err := a.sitePolicy(q)
	if err != nil {
		return nil, err
	}
	if err := a.storeCredentials(q, s, p, nil); err != nil {
		return nil, err
	}
	return q.done()
}

// oneCredential finds the credential that the path names.
func (a *api) oneCredential(q *query) (s harrier.Site, p harrier.Policy, at int, err error) {
	if s, p, err = a.sitePolicy(q); err != nil {
		return s, p, 0, err
	}
	id, err := q.id("credentialId")
	if err != nil {
		return s, p, 0, err
	}
	at = slices.IndexFunc(p.Credentials, func(c harrier.Credential) bool { return c.ID == id })
	if at < 0 {
		err = harrier.Errorf(harrier.NotFound, "no credential %d", id)
	}
	return s, p, at, err
}

func (a *api) getCredential(q *query) (any, error) {
	s, p, at, err := a.oneCredential(q)
	if err != nil {
		return nil, err
	}
	return siteCredential(q, s.ID, p.Credentials[at]), nil
}

func (a *api) updateCredential(q *query) (any, error) {
	s, p, at, err := a.oneCredential(q)
	if err != nil {
		return nil, err
	}
	var b credentialBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	list := slices.Clone(p.Credentials)
	if list[at], err = b.credential(list[at]); err != nil {
		return nil, err
	}
	if err := a.storeCredentials(q, s, p, list); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) deleteCredential(q *query) (any, error) {
	s, p, at, err := a.oneCredential(q)
	if err != nil {
		return nil, err
	}
	if err := a.storeCredentials(q, s, p, slices.Delete(slices.Clone(p.Credentials), at, at+1)); err != nil {
		return nil, err
	}
	return q.done()
}

// sharedKind tells credentials that many share from other private policies: they
// are kept in the form of one. SecurityCenter's API makes them.
const (
	sharedKind = "securitycenter.kind"
	sharedIs   = "credential"
)

func sharedObject(q *query, p harrier.Policy) obj {
	o := obj{"account": obj{}}
	if len(p.Credentials) > 0 {
		o = credentialObject(p.Credentials[0])
	}
	delete(o, "enabled")
	o["id"], o["name"], o["description"] = p.ID, p.Name, p.Description
	o["siteAssignment"], o["sites"], o["links"] = "specific-sites", []int{}, q.self("/shared_credentials/"+ident(p.ID))
	return o
}

func (a *api) listShared(q *query) (any, error) {
	all, err := a.Policies.Private(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, p := range all {
		if p.Preferences[sharedKind] == sharedIs {
			rows = append(rows, sharedObject(q, p))
		}
	}
	return q.resources(rows)
}

func (a *api) shared(q *query) (harrier.Policy, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Policy{}, err
	}
	p, err := a.Policies.Policy(q.ctx(), q.by, id)
	if err == nil && p.Preferences[sharedKind] != sharedIs {
		err = harrier.Errorf(harrier.NotFound, "no shared credential %d", id)
	}
	return p, err
}

func (a *api) getShared(q *query) (any, error) {
	p, err := a.shared(q)
	if err != nil {
		return nil, err
	}
	return q.one(sharedObject(q, p))
}

func (a *api) deleteShared(q *query) (any, error) {
	p, err := a.shared(q)
	if err != nil {
		return nil, err
	}
	if err := a.Policies.Delete(q.ctx(), q.by, p.ID); err != nil {
		return nil, err
	}
	return q.done()
}
