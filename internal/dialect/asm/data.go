package asm

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/survey"
)

// ref names a node.
type ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// surface is what rows are made of.
type surface struct {
	*survey.View
	scan  harrier.Site
	risks map[harrier.Node][]survey.Risk
}

// dataset is a list of one kind of nodes.
type dataset struct {
	nodes func(v *survey.View) []harrier.Node
	row   func(s surface, n harrier.Node) any
	bare  bool // rows tell nothing of risks
}

func own(kinds ...harrier.NodeKind) func(v *survey.View) []harrier.Node {
	return func(v *survey.View) (out []harrier.Node) {
		for _, k := range kinds {
			out = append(out, v.Of(k, true)...)
		}
		return out
	}
}

// chosen are the nodes of a list that are asked for.
func (a api) chosen(ctx context.Context, q *query, d dataset) (surface, []harrier.Node, error) {
	ids, err := q.uuids("ids")
	if err != nil {
		return surface{}, nil, err
	}
	s, err := q.site(ctx)
	if err != nil {
		return surface{}, nil, err
	}
	v, err := a.Surveys.View(ctx, q.by, s.UUID)
	if err != nil {
		return surface{}, nil, err
	}
	nodes := d.nodes(v)
	if ids != nil {
		nodes = slices.DeleteFunc(nodes, func(n harrier.Node) bool { return !ids[v.Node(n).UUID] })
	}
	return surface{View: v, scan: s}, nodes, nil
}

func (a api) count(d dataset) handler {
	return func(ctx context.Context, q *query) (reply, error) {
		_, nodes, err := a.chosen(ctx, q, d)
		return ok(counted{len(nodes)}), err
	}
}

func (a api) list(d dataset) handler {
	return func(ctx context.Context, q *query) (reply, error) {
		if err := q.lang(); err != nil {
			return reply{}, err
		}
		s, nodes, err := a.chosen(ctx, q, d)
		if err != nil {
			return reply{}, err
		}
		nodes, err = page(q, nodes, order[harrier.Node]{
			"created":   byTime(func(n harrier.Node) time.Time { return s.Node(n).FirstSeen }),
			"last_seen": byTime(func(n harrier.Node) time.Time { return s.Node(n).LastSeen }),
		}, "created", "last_seen")
		if err != nil {
			return reply{}, err
		}
		var risks []survey.Risk
		if !d.bare && len(nodes) > 0 {
			risks, err = a.Surveys.Risks(ctx, q.by, s.View, false)
		}
		if err != nil && harrier.KindOf(err) != harrier.Forbidden { // who may not see findings sees no risks
			return reply{}, err
		}
		s.risks = map[harrier.Node][]survey.Risk{}
		for _, k := range risks {
			s.risks[k.Node] = append(s.risks[k.Node], k)
		}
		out := []any{}
		for _, n := range nodes {
			out = append(out, d.row(s, n))
		}
		return ok(out), nil
	}
}

func (s surface) ref(n harrier.Node) ref { return ref{s.Node(n).UUID.String(), n.Key} }

func (s surface) refs(nodes []harrier.Node) []ref { return append([]ref{}, made(nodes, s.ref)...) }

func (s surface) to(n harrier.Node, links ...harrier.Link) []ref { return s.refs(s.To(n, links...)) }

// all are the nodes that some lead to.
func (s surface) all(from []harrier.Node, links ...harrier.Link) []harrier.Node {
	var out []harrier.Node
	for _, n := range from {
		out = append(out, s.To(n, links...)...)
	}
	slices.SortFunc(out, harrier.Node.Compare)
	return slices.Compact(out)
}

func only(list []harrier.Node, kinds ...harrier.NodeKind) []harrier.Node {
	return slices.DeleteFunc(slices.Clone(list), func(n harrier.Node) bool { return !slices.Contains(kinds, n.Kind) })
}

// served is what stands on a node: services, pages, their certificates and
// software.
func (s surface) served(n harrier.Node) []harrier.Node {
	hosted := s.To(n, harrier.LinkHosts)
	pages := s.all(only(hosted, harrier.NodeService), harrier.LinkHosts)
	if n.Kind != harrier.NodeDomain { // the pages of a name are the name's
		pages = nil
	}
	out := slices.Concat(hosted, pages, s.To(n, harrier.LinkHostsCert), s.all(hosted, harrier.LinkUsesCertificate))
	slices.SortFunc(out, harrier.Node.Compare)
	return slices.Compact(out)
}

type rated struct {
	Counts riskCounts `json:"risk_counts"`
	Risks  []riskRow  `json:"risks"`
}

// rate sums up the risks of nodes, each once.
func (s surface) rate(nodes ...harrier.Node) rated {
	var counts harrier.Counts
	out := rated{Risks: []riskRow{}}
	seen := map[harrier.ID]bool{}
	for _, n := range nodes {
		for _, k := range s.risks[n] {
			if !seen[k.ID] {
				seen[k.ID] = true
				counts[k.Severity]++
				out.Risks = append(out.Risks, newRisk(s.View, k))
			}
		}
	}
	out.Counts = newRiskCounts(counts)
	return out
}

// seen is when a node was there.
type seen struct {
	Created  string `json:"created"`
	LastSeen string `json:"last_seen"`
}

func (s surface) seen(n harrier.Node) seen {
	have := s.Node(n)
	return seen{instant(have.FirstSeen), instant(have.LastSeen)}
}

type placed struct {
	Certificates []ref `json:"certificates"`
	CloudRegions []ref `json:"cloud_regions"`
	ASNs         []ref `json:"asns"`
	Entities     []ref `json:"entities"`
}

// placed tells who runs some nodes, and what they show.
func (s surface) placed(nodes []harrier.Node, served []harrier.Node) placed {
	asns := s.all(nodes, harrier.LinkRouted)
	return placed{s.refs(only(served, harrier.NodeCertificate)), s.refs(s.all(nodes, harrier.LinkCloud)), s.refs(asns), s.refs(s.all(asns, harrier.LinkAssigned))}
}

type domainRow struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Seed         bool   `json:"seed"`
	NameServer   bool   `json:"name_server"`
	Stale        bool   `json:"stale"`
	Limited      bool   `json:"limited"`
	IPs          []ref  `json:"ips"`
	Alias        *ref   `json:"alias"`
	Destinations []ref  `json:"dns_destinations"`
	Services     []ref  `json:"services"`
	placed
	rated
	seen
}

var domains = dataset{own(harrier.NodeDomain), func(s surface, n harrier.Node) any {
	addrs := s.To(n, harrier.LinkA, harrier.LinkAAAA)
	aliases := s.To(n, harrier.LinkCNAME)
	served := s.served(n)
	row := domainRow{
		ID: s.Node(n).UUID.String(), Name: n.Key, Seed: s.Seed(n), NameServer: len(s.From(n, harrier.LinkNS)) > 0, Stale: s.Attribute(n, "stale") != "", Limited: s.Limited(),
		IPs: s.refs(addrs), Destinations: s.refs(slices.Concat(addrs, aliases)),
		Services: s.refs(only(slices.Concat(served, s.all(addrs, harrier.LinkHosts)), harrier.NodeService)),
		placed:   s.placed(append([]harrier.Node{n}, addrs...), served), rated: s.rate(append([]harrier.Node{n}, served...)...), seen: s.seen(n),
	}
	if len(aliases) > 0 {
		r := s.ref(aliases[0])
		row.Alias = &r
	}
	return row
}, false}

type nameRow struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	seen
}

var secondaryDomains = dataset{
	func(v *survey.View) []harrier.Node { return v.Of(harrier.NodeDomain, false) },
	func(s surface, n harrier.Node) any { return nameRow{s.Node(n).UUID.String(), n.Key, s.seen(n)} },
	true,
}

type addressRow struct {
	ID       string `json:"id"`
	IP       string `json:"ip"`
	Seed     bool   `json:"seed"`
	Limited  bool   `json:"limited"`
	Sources  []ref  `json:"dns_sources"`
	PTRs     []ref  `json:"dns_ptrs"`
	Services []ref  `json:"services"`
	Country  string `json:"country,omitempty"`
	placed
	rated
	seen
}

var addresses = dataset{own(harrier.NodeIPv4, harrier.NodeIPv6), func(s surface, n harrier.Node) any {
	served := s.served(n)
	row := addressRow{
		ID: s.Node(n).UUID.String(), IP: n.Key, Seed: s.Seed(n), Limited: s.Limited(), Sources: s.refs(s.From(n, harrier.LinkA, harrier.LinkAAAA)), PTRs: s.to(n, harrier.LinkPTR),
		Services: s.refs(only(served, harrier.NodeService)), placed: s.placed([]harrier.Node{n}, served), rated: s.rate(append([]harrier.Node{n}, served...)...), seen: s.seen(n),
	}
	if c := s.To(n, harrier.LinkLocated); len(c) > 0 {
		row.Country = c[0].Key
	}
	return row
}, false}

type pageRow struct {
	ID          string        `json:"id"`
	URL         string        `json:"url"`
	Domain      string        `json:"domain"`
	Status      int           `json:"status_code"`
	TLS         string        `json:"tls_status"`
	Form        bool          `json:"form_input"`
	Components  []ref         `json:"components"`
	Redirects   []redirectRow `json:"redirects"`
	Server      string        `json:"http_server,omitempty"`
	Title       string        `json:"page_title,omitempty"`
	ContentType string        `json:"content_type,omitempty"`
	Screenshot  string        `json:"screenshot_id,omitempty"` // the node's id, where there is one
	seen
}

type redirectRow struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Status int    `json:"status_code"`
	TLS    string `json:"tls_status"`
}

// tls says whether a page is encrypted, and whether something is wrong with that.
func (s surface) tls(n harrier.Node) string {
	scheme, _, _ := strings.Cut(n.Key, ":")
	risky := scheme == "http" && s.Attribute(n, "password") != ""
	for _, on := range append(s.To(n, harrier.LinkUsesCertificate), n) {
		risky = risky || slices.ContainsFunc(s.risks[on], func(k survey.Risk) bool { return k.Category == "tls" && k.Severity > harrier.Info })
	}
	if scheme = "https"; !strings.HasPrefix(n.Key, "https:") {
		scheme = "http"
	}
	if risky {
		return scheme + "-risk"
	}
	return scheme
}

func (s surface) status(n harrier.Node) int {
	status, _ := strconv.Atoi(s.Attribute(n, "status")) // 0: nobody asked
	return status
}

// pages are those that answered, of own names and addresses.
var pages = dataset{
	func(v *survey.View) []harrier.Node {
		return slices.DeleteFunc(v.Of(harrier.NodeURL, true), func(n harrier.Node) bool { return v.Attribute(n, "status") == "" })
	},
	func(s surface, n harrier.Node) any {
		row := pageRow{
			ID: s.Node(n).UUID.String(), URL: n.Key, Status: s.status(n), TLS: s.tls(n), Form: s.Attribute(n, "form") != "", Components: s.to(n, harrier.LinkUsesComponent),
			Redirects: []redirectRow{}, Server: s.Attribute(n, "server"), Title: s.Attribute(n, "title"), ContentType: s.Attribute(n, "type"), seen: s.seen(n),
		}
		if u, err := url.Parse(n.Key); err == nil {
			row.Domain = u.Hostname()
		}
		if s.Pictured(n) {
			row.Screenshot = row.ID
		}
		for _, to := range s.To(n, harrier.LinkRedirect) {
			row.Redirects = append(row.Redirects, redirectRow{s.Node(to).UUID.String(), to.Key, s.status(to), s.tls(to)})
		}
		return row
	}, false,
}

type componentRow struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	URN      string `json:"urn"`
	Services []ref  `json:"services"`
	CPE      string `json:"cpe23,omitempty"`
	Vendor   string `json:"vendor,omitempty"`
	Version  string `json:"version,omitempty"`
	rated
	seen
}

var components = dataset{own(harrier.NodeComponent), func(s surface, n harrier.Node) any {
	users := s.From(n, harrier.LinkUsesComponent)
	on, names := only(users, harrier.NodeService), []harrier.Node{}
	for _, page := range only(users, harrier.NodeURL) {
		hosts := s.From(page, harrier.LinkHosts)
		on, names = append(on, only(hosts, harrier.NodeService)...), append(names, only(hosts, harrier.NodeDomain)...)
	}
	slices.SortFunc(names, harrier.Node.Compare)
	slices.SortFunc(on, harrier.Node.Compare)
	on = slices.Compact(on)
	row := componentRow{ID: s.Node(n).UUID.String(), URN: n.Key, Services: s.refs(on), CPE: s.Attribute(n, "cpe"), seen: s.seen(n)}
	parts := strings.Split(n.Key, ":") // urn:component:application:NAME[:VERSION]
	product := parts[min(3, len(parts)-1)]
	if row.Name = cmp.Or(s.Attribute(n, "name"), product); len(parts) > 4 {
		row.Version = strings.Join(parts[4:], ":")
	}
	if cpe := strings.Split(row.CPE, ":"); len(cpe) > 5 && cpe[3] != "*" {
		row.Vendor = cpe[3]
	}
	about := surface{View: s.View, scan: s.scan, risks: map[harrier.Node][]survey.Risk{}}
	for _, place := range slices.Concat(on, slices.Compact(names)) { // what a page is made of is told of its name
		for _, k := range s.risks[place] {
			if slices.ContainsFunc(k.Vulnerability.CPEs, func(cpe string) bool { return strings.Contains(cpe, ":"+product+":") }) {
				about.risks[n] = append(about.risks[n], k)
			}
		}
	}
	row.rated = about.rate(n)
	return row
}, false}

type serviceRow struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Host       host   `json:"host"`
	Port       int    `json:"port"`
	Protocol   string `json:"protocol"`
	IANA       string `json:"iana_name,omitempty"`
	About      string `json:"iana_description,omitempty"`
	Encrypted  bool   `json:"socket_encrypted"`
	Authorized bool   `json:"socket_authorized"`
	rated
	seen
}

type host struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Name string `json:"name"`
}

var services = dataset{own(harrier.NodeService), func(s surface, n harrier.Node) any {
	at, protocol, _ := strings.Cut(n.Key, "/")
	row := serviceRow{ID: s.Node(n).UUID.String(), Name: n.Key, Protocol: protocol, rated: s.rate(n), seen: s.seen(n)}
	if ap, err := netip.ParseAddrPort(at); err == nil {
		row.Port = int(ap.Port())
		on := harrier.AddrNode(ap.Addr())
		row.Host = host{s.Node(on).UUID.String(), string(on.Kind), on.Key}
	}
	urls := only(s.To(n, harrier.LinkHosts), harrier.NodeURL)
	row.Encrypted = slices.ContainsFunc(urls, func(u harrier.Node) bool { return strings.HasPrefix(u.Key, "https:") })
	row.Encrypted = row.Encrypted || s.Attribute(n, "tls") != ""
	known := s.Attribute(n, "name")
	if known == "" && len(urls) > 0 {
		known = "http"
	}
	public := iana(known, row.Encrypted)
	row.IANA, row.About = public.name, public.about
	row.Authorized = row.Encrypted && !slices.ContainsFunc(append(s.all(urls, harrier.LinkUsesCertificate), append(urls, n)...), func(on harrier.Node) bool {
		return s.Attribute(on, "self_signed") != "" || s.Attribute(on, "certificate.mismatch") != "" ||
			slices.ContainsFunc(s.risks[on], func(k survey.Risk) bool { return k.Category == "tls" && k.Severity > harrier.Low })
	})
	return row
}, false}
