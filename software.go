package harrier

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Software is a product that listens on an asset, as its services tell.
type Software struct {
	Product   string
	Version   string // "" when not known
	CPE       string // CPE 2.3 formatted string; "" when not known
	Endpoints []Endpoint
	LastSeen  time.Time
}

// SoftwareOf lists the products that the services of an asset tell of, by name
// and version.
func SoftwareOf(services []Service) []Software {
	var out []Software
	for _, s := range services {
		if s.Product == "" {
			continue
		}
		i := slices.IndexFunc(out, func(w Software) bool {
			return w.Product == s.Product && w.Version == s.Version && w.CPE == s.CPE
		})
		if i < 0 {
			i, out = len(out), append(out, Software{Product: s.Product, Version: s.Version, CPE: s.CPE})
		}
		out[i].Endpoints = append(out[i].Endpoints, s.Endpoint)
		out[i].LastSeen = later(out[i].LastSeen, s.LastSeen)
	}
	slices.SortStableFunc(out, func(a, b Software) int {
		return cmp.Or(cmp.Compare(a.Product, b.Product), cmp.Compare(a.Version, b.Version), cmp.Compare(a.CPE, b.CPE))
	})
	return out
}

// VendorOf is the maker that a CPE name tells, of version 2.2 or 2.3; "" for none.
func VendorOf(cpe string) string {
	parts := strings.SplitN(cpe, ":", 6)
	at := 3
	if len(parts) > 1 && strings.HasPrefix(parts[1], "/") {
		at = 2
	}
	if len(parts) <= at || parts[0] != "cpe" || parts[at] == "*" || parts[at] == "-" {
		return ""
	}
	return strings.ReplaceAll(parts[at], "\\", "")
}

// CertificateUse is a certificate and where an asset shows it.
type CertificateUse struct {
	Certificate
	Endpoints []Endpoint
	Leaf      bool // it speaks for the asset itself, not for who signed
	LastSeen  time.Time
}

// CertificatesOf lists the certificates that the services of an asset show,
// each once, those of the asset itself first.
func CertificatesOf(services []Service) []CertificateUse {
	var out []CertificateUse
	for _, s := range services {
		for n, c := range s.Certificates {
			i := slices.IndexFunc(out, func(u CertificateUse) bool { return u.SHA256 == c.SHA256 })
			if i < 0 {
				i, out = len(out), append(out, CertificateUse{Certificate: c})
			}
			if !slices.Contains(out[i].Endpoints, s.Endpoint) {
				out[i].Endpoints = append(out[i].Endpoints, s.Endpoint)
			}
			out[i].Leaf = out[i].Leaf || n == 0
			out[i].LastSeen = later(out[i].LastSeen, s.LastSeen)
		}
	}
	slices.SortStableFunc(out, func(a, b CertificateUse) int {
		if a.Leaf != b.Leaf {
			return map[bool]int{true: -1, false: 1}[a.Leaf]
		}
		return cmp.Compare(a.Subject, b.Subject)
	})
	return out
}
