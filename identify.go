package harrier

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// identifierFacts lists the facts of services that identify a machine.
var identifierFacts = []struct {
	key  string
	kind IdentifierKind
}{
	{"host.uuid", IDHardware},
	{"host.serial", IDSerial},
	{"host.instance", IDInstance},
	{"host.mac", IDMAC},
	{"smb.fqdn", IDFQDN},
	{"ldap.host", IDFQDN},
	{"smb.name", IDNetBIOS},
	{"host.name", IDHostname},
	{"ssh.hostkey", IDSSHKey},
	{"smb.guid", IDSMB},
	{"snmp.engine.id", IDSNMP},
	{"upnp.uuid", IDUPnP},
	{"wsd.uuid", IDUPnP},
	{"mdns.uuid", IDUPnP},
}

// Identifiers returns what identifies the machine behind a host, by kind and
// value, each once. What many machines have alike is left out: names of
// address pools, MAC addresses of virtual routers, serial numbers that nobody
// filled in, default certificates.
func Identifiers(h Host, services []Service) []Identifier {
	l := identifierList{addr: h.Addr.Unmap()}
	at := later(h.Started, h.Ended)
	l.add(IDHardware, h.Hardware, "host", at)
	l.add(IDMAC, h.MAC, "host", at)
	l.add(IDFQDN, h.FQDN, "host", at)
	l.add(IDNetBIOS, h.NetBIOS, "host", at)
	for _, s := range services {
		seen := later(at, s.LastSeen)
		for _, f := range identifierFacts {
			if value := s.Facts[f.key]; value != "" {
				for _, one := range strings.Split(value, ",") {
					l.add(f.kind, one, s.Endpoint.String(), seen)
				}
			}
		}
		if len(s.Certificates) > 0 {
			if key := certificateKey(s.Certificates[0]); key != "" {
				l.add(IDCertKey, key, s.Endpoint.String(), seen)
			}
		}
	}
	slices.SortFunc(l.list, func(a, b Identifier) int { return a.compare(b) })
	return l.list
}

func (i Identifier) compare(j Identifier) int {
	return cmp.Or(cmp.Compare(i.Kind, j.Kind), cmp.Compare(i.Value, j.Value))
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// identifierList collects identifiers.
type identifierList struct {
	addr netip.Addr
	list []Identifier
}

// maxIdentifiers bounds how many of a host are kept, and maxIdentifier how long
// one may be: a peer can say what it likes.
const (
	maxIdentifiers = 64
	maxIdentifier  = 256
)

func (l *identifierList) add(kind IdentifierKind, value, source string, at time.Time) {
	value = spelling(kind, value)
	if value == "" || len(value) > maxIdentifier || len(l.list) >= maxIdentifiers || !telling(kind, value, l.addr) {
		return
	}
	for i := range l.list {
		if have := &l.list[i]; have.Kind == kind && have.Value == value {
			have.Source, have.Last = min(have.Source, source), later(have.Last, at)
			have.First = have.Last
			return
		}
	}
	l.list = append(l.list, Identifier{Kind: kind, Value: value, Source: source, First: at, Last: at})
}

// spelling is the one form in which an identifier is compared.
func spelling(kind IdentifierKind, value string) string {
	value = strings.Join(strings.Fields(value), " ")
	switch kind {
	case IDSSHKey: // "type bits fingerprint", which is in base64
		switch f := strings.Fields(value); len(f) {
		case 1:
			return "any " + f[0]
		case 3:
			return f[0] + " " + f[2]
		}
		return value
	case IDMAC:
		return strings.ReplaceAll(strings.ToLower(value), "-", ":")
	case IDFQDN, IDHostname:
		return strings.TrimSuffix(strings.ToLower(value), ".")
	case IDUPnP:
		return strings.TrimPrefix(strings.ToLower(value), "uuid:")
	case IDInstance, IDSerial:
		return value
	default:
		return strings.ToLower(value)
	}
}

func telling(kind IdentifierKind, value string, addr netip.Addr) bool {
	switch kinds[kind].class {
	case ofNetwork:
		return tellingMAC(value)
	case ofName:
		return tellingName(value, addr) && (kind != IDFQDN || strings.Contains(value, "."))
	case ofHardware:
		return tellingID(value)
	default:
		_, id, typed := strings.Cut(value, " ")
		if !typed {
			id = value
		}
		return tellingID(id)
	}
}

// certificateKey is the SHA-256 of a certificate's public key, or of the
// certificate where that can not be had; "" for a certificate that stands for
// more than one machine: a wildcard, or one that comes with a product.
func certificateKey(c Certificate) string {
	subject := strings.ToLower(c.Subject)
	for _, plain := range []string{"cn=*.", "snakeoil", "snake oil", "cn=localhost", "default cert", "fake certificate", "example.com", "default company ltd", "cn=test", "internet widgits"} {
		if strings.Contains(subject, plain) {
			return ""
		}
	}
	for _, n := range c.DNSNames {
		if strings.HasPrefix(n, "*.") || strings.HasPrefix(n, "localhost") {
			return ""
		}
	}
	if len(c.DER) > 0 {
		if parsed, err := x509.ParseCertificate(c.DER); err == nil {
			sum := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
			return hex.EncodeToString(sum[:])
		}
	}
	return c.SHA256
}
