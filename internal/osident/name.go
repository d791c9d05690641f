package osident

import (
	"regexp"
	"strings"

	"github.com/harrier-scan/harrier"
)

// named returns host with the names that its services tell.
func named(host harrier.Host, services []harrier.Service) harrier.Host {
	for i := range services {
		s := &services[i]
		if host.NetBIOS == "" {
			host.NetBIOS = strings.ToUpper(s.Fact("smb.name"))
		}
		if host.MAC == "" {
			host.MAC = s.Fact("host.mac")
		}
	}
	if host.FQDN == "" {
		host.FQDN = fqdn(services)
	}
	return host
}

// fqdn is the machine's own statement of its name, or else the name that all
// certificates with one agree on.
func fqdn(services []harrier.Service) string {
	for _, key := range []string{"smb.fqdn", "ldap.host", "host.name"} {
		for _, s := range services {
			if name := hostName(s.Fact(key)); name != "" {
				return name
			}
		}
	}
	name := ""
	for _, s := range services {
		if len(s.Certificates) == 0 || len(s.Certificates[0].DNSNames) == 0 {
			continue
		}
		own := hostName(s.Certificates[0].DNSNames[0])
		if own == "" || name != "" && own != name {
			return ""
		}
		name = own
	}
	return name
}

var hostNamePattern = regexp.MustCompile(`^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)+$`)

// hostName returns s in lower case when it is a full name of one host, else "".
func hostName(s string) string {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if len(s) > 253 || !hostNamePattern.MatchString(s) {
		return ""
	}
	return s
}
