package format

import (
	"cmp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Plugins whose results tell something about the host's services.
//
// Source: nessus-api.md, section 13.
const (
	pluginService   harrier.VulnID = 22964
	pluginCPE       harrier.VulnID = 45590
	pluginWebServer harrier.VulnID = 10107
)

// serviceNames gives our name of an application protocol that reports know by
// another one.
//
// Source: nessus-api.md, section 15.4.
var serviceNames = map[string]string{
	"http": "www", "https": "www", "domain": "dns", "mariadb": "mysql", "postgres": "postgresql",
	"rdp": "msrdp", "rpcbind": "rpc-portmapper", "nfs": "rpc-nfs", "msrpc": "dce-rpc", "nbns": "netbios-ns",
}

// ServiceName returns what reports call the service at the place of an
// observation: "general" for the host itself, "www" for HTTP with or without
// TLS, "unknown" for a port whose service was not recognised.
func ServiceName(o harrier.Observation) string {
	name := strings.ToLower(o.Service)
	switch {
	case o.Port == 0:
		return "general"
	case name == "":
		return "unknown"
	case name == "smb" && o.Port == 445:
		return "cifs"
	}
	return cmp.Or(serviceNames[name], name)
}

// ServiceOf returns the application protocol that a report calls name: the
// inverse of ServiceName. The mark of a guess, a final "?", is dropped.
func ServiceOf(name string) string {
	switch name = strings.ToLower(strings.TrimSuffix(name, "?")); name {
	case "general", "unknown":
		return ""
	case "www":
		return "http"
	case "cifs":
		return "smb"
	case "msrdp":
		return "rdp"
	case "rpc-portmapper":
		return "rpcbind"
	case "rpc-nfs":
		return "nfs"
	case "dce-rpc":
		return "msrpc"
	case "netbios-ns":
		return "nbns"
	}
	return name
}

// OpenServices returns the host's services in the order of their endpoints:
// those that the caller gave, else what the results tell, where product and
// version are not known.
func OpenServices(h Host) []harrier.Service {
	if h.Services != nil {
		list := slices.Clone(h.Services)
		slices.SortFunc(list, func(a, b harrier.Service) int { return a.Compare(b.Endpoint) })
		return list
	}
	byPlace := map[harrier.Endpoint]*harrier.Service{}
	for _, r := range h.Results {
		if r.Port == 0 {
			continue
		}
		s := byPlace[r.Endpoint]
		if s == nil {
			s = &harrier.Service{Endpoint: r.Endpoint}
			byPlace[r.Endpoint] = s
		}
		s.Name = cmp.Or(s.Name, r.Service)
		switch r.Vulnerability {
		case pluginService:
			s.TLS = s.TLS || strings.Contains(r.Evidence, " through ")
		case pluginWebServer:
			s.Product = cmp.Or(s.Product, lastLine(r.Evidence))
		default: // it tells of no service
		}
	}
	list := make([]harrier.Service, 0, len(byPlace))
	for _, s := range byPlace {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b harrier.Service) int { return a.Compare(b.Endpoint) })
	return list
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
