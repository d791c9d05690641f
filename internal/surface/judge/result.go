package judge

import (
	"cmp"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

// Survey is a survey that has ended.
type Survey struct {
	Graph    *surface.Graph // of what it saw
	At       time.Time      // when it ended
	Complete bool           // it went to its end
	Passive  bool
	// Gone are own domains of earlier surveys that this one did not see, or that
	// the DNS no longer has.
	Gone []surface.Node
	// Web are the checks that are made of the web servers of own names, besides the
	// rules; Content those that stand for what is known of software, see
	// harrier.IDs.OfContent. Software has the domains on whose pages some was seen,
	// now or before.
	Web, Content []harrier.VulnID
	Software     map[surface.Node]bool
}

// spot is where a risk is kept: an endpoint of an asset, which is a Domain or an
// address.
type spot struct {
	asset surface.Node
	harrier.Endpoint
}

// spots are where risks of a node are kept: those of a domain on it, those of a
// service on its address, those of a page on the host that it is asked for
// under, those of a certificate wherever it is shown.
func spots(g *surface.Graph, n surface.Node) (out []spot) {
	switch n.Kind {
	case surface.Domain, surface.IPv4, surface.IPv6:
		out = append(out, spot{asset: n})
	case surface.Service:
		at, protocol, _ := strings.Cut(n.Key, "/")
		if a, err := netip.ParseAddrPort(at); err == nil {
			out = append(out, spot{surface.AddrNode(a.Addr()), harrier.Endpoint{Protocol: harrier.Protocol(protocol), Port: a.Port()}})
		}
	case surface.URL:
		out = append(out, pageSpots(n)...)
	case surface.Certificate:
		for _, f := range g.In(n) {
			if f.Link == surface.UsesCertificate && g.Scope(f.From) == surface.Primary {
				out = append(out, spots(g, f.From)...)
			}
		}
		for _, f := range g.In(n) {
			if f.Link == surface.HostsCert && len(out) == 0 {
				out = append(out, spot{asset: f.From})
			}
		}
	default:
	}
	slices.SortFunc(out, func(a, b spot) int { return cmp.Or(a.asset.Compare(b.asset), a.Endpoint.Compare(b.Endpoint)) })
	return slices.Compact(out)
}

func pageSpots(n surface.Node) []spot {
	u, err := url.Parse(n.Key)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	port, _ := strconv.ParseUint(cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]), 10, 16)
	e := harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(port)}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		return []spot{{surface.AddrNode(a), e}}
	}
	return []spot{{surface.Node{Kind: surface.Domain, Key: strings.ToLower(u.Hostname())}, e}}
}

// Observation is the risk as a scan tells of it, at an endpoint of its host. The
// key holds what is told apart, so that the same risk in a later iteration is
// the same finding; see surface.NodeOf for the way back.
func (r Risk) Observation(at time.Time, e harrier.Endpoint) harrier.Observation {
	o := harrier.Observation{
		Vulnerability: r.Rule.ID, Endpoint: e, Key: surface.Key(r.Asset, r.Key), Evidence: r.Evidence, Certainty: r.Certainty, Source: "surface", At: at,
	}
	if r.Asset.Kind == surface.URL {
		o.Service = "www"
	}
	return o
}

// Results tell of a survey's risks in the way in which an engine tells of hosts.
// An own domain is a host without an address; its coverage says which rules were
// really looked at. Addresses come without coverage: they are scanned after the
// survey, and Unasked says what that must not prove.
func (s Survey) Results() []harrier.Result {
	risks := map[surface.Node][]harrier.Observation{}
	for _, r := range Judge(s.Graph, s.At) {
		for _, at := range spots(s.Graph, r.Asset) {
			risks[at.asset] = append(risks[at.asset], r.Observation(s.At, at.Endpoint))
		}
	}
	var out []harrier.Result
	done := map[surface.Node]bool{}
	for _, n := range s.Graph.Of(surface.Domain) {
		stale := len(s.Graph.Attributes(n)["stale"]) > 0
		if s.Graph.Scope(n) == surface.Primary && (!stale || len(risks[n]) > 0 || slices.Contains(s.Gone, n)) {
			done[n] = true
			out = append(out, s.domain(n, risks[n]))
		}
	}
	for _, n := range s.Gone {
		if !done[n] {
			out = append(out, s.domain(n, nil))
		}
	}
	for _, n := range slices.SortedFunc(maps.Keys(risks), surface.Node.Compare) {
		if a := n.Addr(); a.IsValid() {
			out = append(out, harrier.Result{
				Host:         &harrier.Host{Name: a.String(), Addr: a, Alive: true, Reason: "a survey saw a service", Started: s.At},
				Observations: risks[n],
			})
		}
	}
	return out
}

func (s Survey) domain(n surface.Node, risks []harrier.Observation) harrier.Result {
	reason := "in the DNS"
	if !s.Graph.Has(n) || len(s.Graph.Attributes(n)["stale"]) > 0 {
		reason = "not in the DNS any more"
	}
	c := &harrier.Coverage{Alive: true, Reason: "the survey did not look at it", Entries: s.looked(n)}
	w := s.web(n)
	c.Entries, c.Ports, c.Open = append(c.Entries, w.looked...), w.ports, w.open
	return harrier.Result{
		Host:     &harrier.Host{Name: n.Key, FQDN: n.Key, Alive: true, Reason: reason, Started: s.At, Ended: s.At},
		Services: w.services, Observations: append(risks, w.found...), Coverage: c,
	}
}

// The rules by what has to be asked.
var (
	servers = []*Rule{&openTransfer, &openRecursion, &lame, &walked, &brokenDNSSEC} // servers of zones
	policy  = []*Rule{&badSTS, &softSTS}                                            // a page with a policy
	mailing = []*Rule{&noStartTLS, &wrongDANE}                                      // mail exchangers
	pages   = []*Rule{&expired, &expiring, &mismatch, &selfSigned, &plainLogin, &noHTTPS, &noHSTS, &noHeaders, &leaked, &weakCertificate, &untrusted}
)

// looked says which rules were looked at for a domain. What is not in the list
// was not.
func (s Survey) looked(n surface.Node) (out []harrier.Done) {
	g := s.Graph
	v := &view{Graph: g}
	if !s.Complete || v.unknown(n) {
		return nil
	}
	gone := v.gone(n)
	nowhere := v.nowhere(n)
	for _, r := range all {
		whole := false
		switch {
		case slices.Contains(mailing, r): // of addresses
		case slices.Contains(pages, r):
			whole = nowhere
			for _, port := range v.has(n, surface.AttrAsked) {
				if e := endpoint(port); !nowhere && e.Port > 0 {
					out = append(out, harrier.Done{Check: r.ID, Endpoint: e, Outcome: harrier.Clean})
				}
			}
		case r == &danglingCNAME, r == &danglingNS, r == &danglingMX:
			whole = gone || !v.doubtful(n, r)
		case r == &takeover:
			whole = nowhere || v.is(n, surface.AttrAsked) && !v.is(n, surface.AttrSilent)
		case slices.Contains(policy, r):
			whole = gone || !s.Passive && !v.is(n, surface.AttrPolicySilent)
		case slices.Contains(servers, r):
			whole = gone || !s.Passive
		default:
			whole = true
		}
		if whole {
			out = append(out, harrier.Done{Check: r.ID, Outcome: harrier.Clean})
		}
	}
	return out
}

// gone reports whether a name is not in the DNS.
func (v *view) gone(n surface.Node) bool { return !v.Has(n) || v.is(n, "stale") }

// nowhere reports whether a name leads to no server.
func (v *view) nowhere(n surface.Node) bool {
	return v.gone(n) || len(v.To(n, surface.A))+len(v.To(n, surface.AAAA))+len(v.To(n, surface.CNAME)) == 0
}

func endpoint(text string) harrier.Endpoint {
	port, protocol, _ := strings.Cut(text, "/")
	n, _ := strconv.ParseUint(port, 10, 16)
	return harrier.Endpoint{Protocol: harrier.Protocol(protocol), Port: uint16(n)}
}

// Unasked says of an address which rules the survey could not look at: that a
// scan of its ports went to the end proves nothing about them.
func (s Survey) Unasked(a netip.Addr) (out []harrier.Done) {
	n, v := surface.AddrNode(a), &view{Graph: s.Graph}
	skip := func(r *Rule, e harrier.Endpoint, reason string) {
		out = append(out, harrier.Done{Check: r.ID, Endpoint: e, Outcome: harrier.Skipped, Reason: reason})
	}
	const cut, silent = "the survey was cut short", "nothing answered the survey"
	service := surface.ServiceNode(netip.AddrPortFrom(a, 25), harrier.TCP)
	for _, r := range mailing {
		switch {
		case !s.Complete:
			skip(r, harrier.Endpoint{}, cut)
		case v.exchanger(n) && !v.is(service, "starttls"):
			skip(r, harrier.Endpoint{}, silent)
		}
	}
	for _, r := range pages {
		if !s.Complete {
			skip(r, harrier.Endpoint{}, cut)
			continue
		}
		for _, port := range v.has(n, surface.AttrSilent) {
			skip(r, endpoint(port), silent)
		}
	}
	return out
}

// exchanger reports whether an address is that of a mail exchanger.
func (v *view) exchanger(n surface.Node) bool {
	for _, f := range v.In(n) {
		if f.Link != surface.A && f.Link != surface.AAAA {
			continue
		}
		if slices.ContainsFunc(v.In(f.From), func(m surface.Fact) bool { return m.Link == surface.MX }) {
			return true
		}
	}
	return false
}
