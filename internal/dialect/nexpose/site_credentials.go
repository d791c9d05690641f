package nexpose

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// ownField begins the fields of a credential that this API alone knows.
const ownField = words.OwnField

// credentialAttrs are the attributes of a credential, by key, and the field of
// the model's credential that each goes into.
//
// Source: section 3.6.
var credentialAttrs = map[string]string{
	"service": ownField + "service", "host": harrier.OnlyAtHost, "port": harrier.OnlyAtPort, "userid": "username", "password": "password",
	"realm": "domain", "privilegeelevationtype": "elevate_privileges_with", "privilegeelevationusername": "escalation_account",
	"privilegeelevationpassword": "escalation_password", "snmpv3authtype": ownField + "snmpv3authtype", "snmpv3privtype": ownField + "snmpv3privtype",
	"snmpv3privpassword": ownField + "snmpv3privpassword", "name": credentialName, "description": credentialNote,
}

// credentialServices are the words for services and what they are in the model.
//
// Source: section 13.7.
var credentialServices = map[string][2]string{
	"cvs": {"Miscellaneous", "CVS"}, "ftp": {"Plaintext Authentication", "FTP"}, "http": {"Plaintext Authentication", "HTTP"}, "as400": {"Miscellaneous", "AS/400"},
	"notes": {"Miscellaneous", "Lotus Notes"}, "tds": {"Database", "SQL Server"}, "sybase": {"Database", "Sybase ASE"}, "cifs": {"Host", "Windows"},
	"cifshash": {"Host", "Windows"}, "oracle": {"Database", "Oracle"}, "oracle-service-name": {"Database", "Oracle"}, "pop": {"Plaintext Authentication", "POP3"},
	"postgresql": {"Database", "PostgreSQL"}, "remote execution": {"Plaintext Authentication", "telnet/rsh/rexec"}, "snmp": {"Plaintext Authentication", "SNMPv1/v2c"},
	"snmpv3": {"Host", "SNMPv3"}, "ssh": {"Host", "SSH"}, "ssh-key": {"Host", "SSH"}, "telnet": {"Plaintext Authentication", "telnet/rsh/rexec"},
	"mysql": {"Database", "MySQL"}, "db2": {"Database", "DB2"}, "htmlform": {"Plaintext Authentication", "HTTP"}, "httpheaders": {"Plaintext Authentication", "HTTP"},
}

// readCredential reads an adminCredentials element. Old are the credentials that
// the site has: a blob stands for one of them.
func readCredential(e *element, s harrier.Site, old []harrier.Credential) (harrier.Credential, error) {
	service := strings.ToLower(e.attr("service"))
	if service == "remote-execution" {
		service = "remote execution"
	}
	kind, known := credentialServices[service]
	if !known {
		return harrier.Credential{}, harrier.Invalidf("service", "there is no service %q", clip(service))
	}
	c := harrier.Credential{Category: kind[0], Type: kind[1], Fields: map[string]string{}}
	for k, field := range credentialAttrs {
		if v := e.attr(k); v != "" {
			c.Fields[field] = v
		}
	}
	c.Fields[ownField+"service"] = service
	if pem := e.child("PEMKey").content(); pem != "" {
		c.Fields["private_key"], c.Fields["auth_method"] = pem, "public key"
		if p, ok := c.Fields["password"]; ok {
			c.Fields["private_key_passphrase"] = p
			delete(c.Fields, "password")
		}
	} else if kind[1] == "SSH" {
		c.Fields["auth_method"] = "password"
	}
	if kind[1] == "Windows" {
		c.Fields["auth_method"] = map[string]string{"cifs": "Password", "cifshash": "NTLM Hash"}[service]
	}
	if kind[1] == "SNMPv1/v2c" && c.Fields["password"] != "" {
		c.Fields["community_string"] = c.Fields["password"]
		delete(c.Fields, "password")
	}
	for _, name := range []string{"Headers", "HTMLForms"} { // they hold secrets
		if part := e.child(name); part != nil {
			text, err := json.Marshal(plain(part))
			if err != nil {
				return c, fmt.Errorf("keep %s: %w", name, err)
			}
			c.Fields[ownField+"secret."+name] = string(text)
		}
	}
	blob := e.content()
	if blob == "" {
		return c, nil
	}
	i := slices.IndexFunc(old, func(o harrier.Credential) bool {
		return subtle.ConstantTimeCompare([]byte(credentialBlob(s, o)), []byte(blob)) == 1
	})
	if i < 0 {
		return c, harrier.Invalidf("adminCredentials", "what it holds is no credential of this site")
	}
	have := old[i]
	c.ID = have.ID
	fields := map[string]string{}
	for k, v := range have.Fields {
		fields[k] = v
	}
	for k, v := range c.Fields {
		fields[k] = v
	}
	for _, place := range []string{"host", "port"} { // shown, so that leaving them out takes them away
		if e.attr(place) == "" {
			delete(fields, ownField+place)
		}
	}
	c.Fields = fields
	return c, nil
}

// plain is an element in a form that can be kept.
func plain(e *element) map[string]any {
	out := map[string]any{"name": e.name, "attributes": attrsOf(e)}
	if text := e.content(); text != "" {
		out["text"] = text
	}
	if len(e.children) > 0 {
		var list []any
		for _, c := range e.children {
			list = append(list, plain(c))
		}
		out["children"] = list
	}
	return out
}

// credentialBlob stands for a stored credential in a site's document: it holds
// no secret, and names nothing but this credential of this site.
func credentialBlob(s harrier.Site, c harrier.Credential) string {
	id := strconv.FormatInt(int64(c.ID), 10)
	sum := sha256.Sum256([]byte("site credential " + s.UUID.String() + " " + id))
	return id + "-" + hex.EncodeToString(sum[:16])
}

// serviceOf is the word for what a credential signs in to.
func serviceOf(c harrier.Credential) string {
	if word := c.Fields[ownField+"service"]; word != "" {
		return word
	}
	for _, word := range []string{
		"ssh", "cifs", "snmp", "snmpv3", "telnet", "ftp", "http", "mysql", "postgresql", "oracle", "tds", "db2", "sybase", "pop",
	} {
		if credentialServices[word] == [2]string{c.Category, c.Type} {
			if word == "ssh" && c.Fields["auth_method"] == "public key" {
				return "ssh-key"
			}
			return word
		}
	}
	return strings.ToLower(c.Type)
}

func writeCredential(o *out, s harrier.Site, c harrier.Credential) {
	o.start("adminCredentials", "service", serviceOf(c), "host", c.Fields[ownField+"host"], "port", c.Fields[ownField+"port"], "shared", "0")
	o.text(credentialBlob(s, c))
	o.end()
}
