package probe

import (
	"context"
	"errors"
	"strings"

	"github.com/harrier-scan/harrier"
)

var ldapProtocol = Protocol{
	Name: "ldap", Transport: harrier.TCP, Ports: []uint16{389, 636, 3268, 3269, 1389, 10389},
	Common: true,
	Hello:  func(Target) []byte { return ldapRootDSE },
	Done:   ldapDone,
	Reply: func(b []byte) bool {
		ops := ldapOperations(b)
		return len(ops) > 0 && (ops[0].tag == 0x64 || ops[0].tag == 0x65 || ops[0].tag == 0x78)
	},
	Learn: learnLDAP,
}

// ldapRootDSE asks, without signing in, for what a server says of itself.
//
// Source: RFC 4511, section 4.5; RFC 4512, section 5.1.
var ldapRootDSE = berOf(0x30, []byte{2, 1, 1}, berOf(0x63,
	berText(""), []byte{0x0a, 1, 0}, []byte{0x0a, 1, 0}, []byte{2, 1, 0}, []byte{2, 1, 5}, []byte{1, 1, 0},
	berOf(0x87, []byte("objectClass")), berOf(0x30, berText("*"), berText("+"))))

const ldapStartTLS = "1.3.6.1.4.1.1466.20037"

// ldapOperations reads the operations of the messages in b.
func ldapOperations(b []byte) []ber {
	var out []ber
	for len(out) < 64 {
		message, rest, ok := readBER(b)
		if !ok || message.tag != 0x30 {
			break
		}
		parts := message.children()
		if len(parts) < 2 || parts[0].tag != 2 {
			break
		}
		out = append(out, parts[1])
		b = rest
	}
	return out
}

// ldapDone reports that the search is over.
func ldapDone(b []byte) bool {
	if len(b) > 0 && b[0] != 0x30 {
		return true
	}
	for _, op := range ldapOperations(b) {
		if op.tag == 0x65 || op.tag == 0x78 {
			return true
		}
	}
	return false
}

// ldapAttributes reads the entries of a search, by attribute in lower case.
func ldapAttributes(b []byte) map[string][]string {
	out := map[string][]string{}
	for _, op := range ldapOperations(b) {
		parts := op.children()
		if op.tag != 0x64 || len(parts) < 2 {
			continue
		}
		for _, attribute := range parts[1].children() {
			pair := attribute.children()
			if len(pair) < 2 {
				continue
			}
			name := strings.ToLower(string(pair[0].body))
			for _, v := range pair[1].children() {
				if len(out[name]) < 200 {
					out[name] = append(out[name], clip(clean(string(v.body)), 256))
				}
			}
		}
	}
	return out
}

func learnLDAP(ctx context.Context, x *talk, first []byte, _ bool) {
	a := ldapAttributes(first)
	one := func(name string) string { return strings.Join(a[name][:min(len(a[name]), 1)], "") }
	x.fact("ldap.naming", strings.Join(a["namingcontexts"], "; "))
	x.fact("ldap.host", one("dnshostname"))
	x.fact("ldap.extensions", strings.Join(a["supportedextension"], ","))
	x.fact("ldap.sasl", strings.Join(a["supportedsaslmechanisms"], ","))
	x.fact("ldap.vendor", one("vendorname"))
	x.fact("ldap.vendor_version", one("vendorversion"))
	x.fact("ldap.domain", adDomain(one("defaultnamingcontext")))
	x.fact("ldap.forest_level", adLevel(one("forestfunctionality")))
	x.fact("ldap.domain_level", adLevel(one("domainfunctionality")))
	x.fact("ldap.controller_level", adLevel(one("domaincontrollerfunctionality")))
	x.fact("host.name", strings.ToLower(one("dnshostname")))
	switch vendor := one("vendorname") + " " + one("vendorversion"); {
	case strings.Contains(strings.Join(a["objectclass"], " "), "OpenLDAP"):
		x.is("OpenLDAP", "openldap:openldap", "", "objectClass: "+strings.Join(a["objectclass"], " "))
	case one("domainfunctionality") != "" || one("rootdomainnamingcontext") != "":
		if strings.Contains(vendor, "Samba") {
			v := ""
			if m := packagedRelease.FindStringSubmatch(one("vendorversion")); m != nil {
				v = m[1]
			}
			x.is("Samba AD LDAP", "samba:samba", v, vendor)
		} else {
			x.is("Microsoft Active Directory LDAP", "microsoft:active_directory", "", "rootDomainNamingContext: "+one("rootdomainnamingcontext"))
			x.fact("os.hint", "Windows")
		}
	default:
		x.tell("ldap", strings.TrimSpace(vendor))
	}
	if strings.Contains(strings.Join(a["supportedextension"], " "), ldapStartTLS) {
		x.starttls(ctx, "ldap", ldapUpgrade)
	}
}

// packagedRelease is a release, with what its packager added behind it.
var packagedRelease = pattern(`^(\d+\.\d+\.\d+)(?:-[!-~]{1,60})?$`)

// adLevels are the functional levels of domains, forests and controllers.
//
// Source: MS-ADTS, section 6.1.4 (msDS-Behavior-Version).
var adLevels = map[string]string{
	"0": "2000", "1": "2003 mixed", "2": "2003", "3": "2008", "4": "2008 R2", "5": "2012", "6": "2012 R2", "7": "2016", "10": "2025",
}

// adLevel names a functional level by the release of Windows Server that brought it.
func adLevel(number string) string {
	if name := adLevels[number]; name != "" {
		return "Windows Server " + name
	}
	return number
}

// adDomain makes a domain name of the name of its tree, "DC=lab,DC=test".
func adDomain(tree string) string {
	var labels []string
	for part := range strings.SplitSeq(tree, ",") {
		label, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(part)), "dc=")
		if !found {
			return ""
		}
		labels = append(labels, label)
	}
	return strings.Join(labels, ".")
}

func ldapUpgrade(w *wire) error {
	request := berOf(0x30, []byte{2, 1, 1}, berOf(0x77, berOf(0x80, []byte(ldapStartTLS))))
	reply, err := w.ask(request, ldapDone)
	if err != nil {
		return err
	}
	for _, op := range ldapOperations(reply) {
		if parts := op.children(); op.tag == 0x78 && len(parts) > 0 && parts[0].int() == 0 {
			return nil
		}
	}
	return errors.Join(errNoUpgrade)
}
