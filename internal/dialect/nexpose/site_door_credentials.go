package nexpose

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// credentialKeys are the keys of a credential in JSON by attribute; of those
// with several the one that says something counts.
//
// Source: section 14.2.
var credentialKeys = map[string][]string{
	"service": {"service"}, "host": {"host_restriction"}, "port": {"port_restriction"}, "userid": {"user_name"},
	"password": {"password", "community_name", "notes_id_password"}, "realm": {"domain", "database", "sid", "service_name"},
	"privilegeelevationtype": {"permission_elevation_type"}, "privilegeelevationusername": {"permission_elevation_user"},
	"privilegeelevationpassword": {"permission_elevation_password"}, "snmpv3authtype": {"authentication_type"}, "snmpv3privtype": {"privacy_type"},
	"snmpv3privpassword": {"privacy_password"}, "name": {"name"}, "description": {"description"},
}

// What a credential keeps that JSON alone has.
const (
	credentialName = ownField + "name"
	credentialNote = ownField + "description"
)

// credentialElement is a credential in JSON as the element that XML has for it.
// The id of a credential that the site has stands for it.
func credentialElement(o map[string]any, old siteDoc) *element {
	e := made("adminCredentials")
	for attr, keys := range credentialKeys {
		for _, k := range keys {
			if v := text(o[k]); v != "" && (attr != "privilegeelevationtype" || !strings.EqualFold(v, "NONE")) {
				e.attrs = append(e.attrs, attribute{attr, v})
				break
			}
		}
	}
	if pem := text(o["pem_format_private_key"]); pem != "" {
		k := made("PEMKey")
		k.text = []byte(pem)
		e.with(k)
	}
	blob := text(o["blob"])
	for _, c := range old.policy.Credentials {
		if blob == "" && text(o["id"]) == ident(c.ID) {
			blob = credentialBlob(old.Site, c)
		}
	}
	e.text = []byte(blob)
	return e
}

// getCredential is a credential of a site.
func (a *api) getCredential(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	one, err := doorID(r, "credential")
	if err != nil {
		return err
	}
	d, err := a.loadSite(r.Context(), by, id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(d.policy.Credentials, func(c harrier.Credential) bool { return c.ID == one })
	if i < 0 {
		return harrier.Errorf(harrier.NotFound, "site %d has no credential %d", id, one)
	}
	return writeDoor(w, credentialObject(d.Site, d.policy.Credentials[i]))
}

// credentialObject is a credential in JSON, without its secrets.
func credentialObject(s harrier.Site, c harrier.Credential) map[string]any {
	service := serviceOf(c)
	o := map[string]any{
		"id": c.ID, "service": service, "enabled": true, "scope": "S", "blob": credentialBlob(s, c),
		"name": cmp.Or(c.Fields[credentialName], service), "description": c.Fields[credentialNote],
		"host_restriction": c.Fields[ownField+"host"], "port_restriction": c.Fields[ownField+"port"], "user_name": c.Fields["username"],
		"permission_elevation_type": cmp.Or(c.Fields["elevate_privileges_with"], "NONE"), "permission_elevation_user": c.Fields["escalation_account"],
		"authentication_type": c.Fields[ownField+"snmpv3authtype"], "privacy_type": c.Fields[ownField+"snmpv3privtype"],
	}
	switch c.Category {
	case "Database":
		o["database"] = c.Fields["domain"]
	default:
		o["domain"] = c.Fields["domain"]
	}
	return o
}
