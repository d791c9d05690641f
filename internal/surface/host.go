package surface

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// HostFacts are what the scan of a host's ports adds to the attack surface whose
// survey came before: the services on its address, their software and
// certificates, and the pages of web servers elsewhere than on the ports where
// the survey looked itself.
func HostFacts(plan *harrier.SurveyPlan, h harrier.Host, services []harrier.Service) []Fact {
	if plan == nil || !h.Addr.IsValid() || !h.Alive {
		return nil
	}
	n := AddrNode(h.Addr)
	at := h.Ended
	if at.IsZero() {
		at = h.Started
	}
	s := scanned{at: at}
	for _, seed := range plan.Seeds {
		if first, last, ok := ends(seed.Key); ok && seed.Kind == IPRange && !h.Addr.Less(first) && !last.Less(h.Addr) {
			s.link(seed, Subset, n)
		}
	}
	for _, svc := range services {
		s.service(n, netip.AddrPortFrom(h.Addr, svc.Port), svc)
	}
	return s.facts
}

// scanned are the facts of one host.
type scanned struct {
	at    time.Time
	facts []Fact
}

const byPorts = "ports" // how it was found

func (s *scanned) link(from Node, link Link, to Node) {
	s.facts = append(s.facts, Fact{From: from, Link: link, Node: to, How: byPorts, At: s.at})
}

// says takes attributes of a node, given as name, value, name, value; empty
// values are left out.
func (s *scanned) says(n Node, pairs ...string) {
	attributes := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		if v := strings.ToValidUTF8(pairs[i+1][:min(len(pairs[i+1]), maxValue)], ""); v != "" {
			attributes[pairs[i]] = []string{v}
		}
	}
	if len(attributes) > 0 {
		s.facts = append(s.facts, Fact{Node: n, How: byPorts, At: s.at, Attributes: attributes})
	}
}

func (s *scanned) service(host Node, at netip.AddrPort, svc harrier.Service) {
	n := ServiceNode(at, svc.Protocol)
	s.link(host, Hosts, n)
	tls := ""
	if svc.TLS {
		tls = "true"
	}
	s.says(n, "name", svc.Name, "tls", tls, "product", svc.Product, "version", svc.Version, "cpe", svc.CPE)
	s.component(n, svc.Product, svc.Version, svc.CPE)
	for _, t := range svc.Technologies {
		s.component(n, t.Name, t.Version, t.CPE)
	}
	if len(svc.Certificates) > 0 {
		s.certificate(host, n, svc.Certificates[0])
	}
	if svc.Name == "http" && !slices.Contains([]uint16{80, 443}, svc.Port) {
		s.page(n, at, svc)
	}
}

func (s *scanned) component(of Node, name, version, cpe string) {
	key := componentKey(name, version)
	if key == "" {
		return
	}
	n := Node{Kind: Component, Key: key}
	s.link(of, UsesComponent, n)
	s.says(n, "name", name, "version", version, "cpe", cpe)
}

func (s *scanned) certificate(host, service Node, c harrier.Certificate) {
	if c.SHA256 == "" {
		return
	}
	n := Node{Kind: Certificate, Key: c.SHA256}
	s.link(service, UsesCertificate, n)
	s.link(host, HostsCert, n)
	attributes := map[string][]string{"not_before": {c.NotBefore.UTC().Format(time.RFC3339)}, "not_after": {c.NotAfter.UTC().Format(time.RFC3339)}}
	for _, name := range c.DNSNames[:min(len(c.DNSNames), maxNames)] {
		attributes["names"] = append(attributes["names"], strings.ToLower(name[:min(len(name), 253)]))
	}
	slices.Sort(attributes["names"])
	s.facts = append(s.facts, Fact{Node: n, How: byPorts, At: s.at, Attributes: attributes})
}

// page takes the front page of a web server, under its address.
func (s *scanned) page(service Node, at netip.AddrPort, svc harrier.Service) {
	scheme := "http"
	if svc.TLS {
		scheme = "https"
	}
	n := Node{Kind: URL, Key: scheme + "://" + at.String() + "/"}
	s.link(service, Hosts, n)
	s.says(n, "status", svc.Fact("http.status"), "title", svc.Fact("http.title"), "server", cmp.Or(svc.Fact("http.server"), svc.Product))
}
