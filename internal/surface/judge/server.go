package judge

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

// webServers are the web servers of a domain, as its pages and an exam tell.
type webServers struct {
	services []harrier.Service
	found    []harrier.Observation
	looked   []harrier.Done
	ports    harrier.Ports  // whose state is known
	open     []harrier.Open // with a page
}

// web tells of the servers of a domain. What an exam did not look at, and the
// software of a server that was silent, is not told of.
func (s Survey) web(n surface.Node) (out webServers) {
	v := &view{Graph: s.Graph}
	by := map[harrier.Endpoint]*harrier.Service{}
	seen := map[harrier.Endpoint]map[harrier.VulnID]bool{}
	for _, page := range v.To(n, surface.Hosts) {
		at := pageSpots(page)
		if page.Kind != surface.URL || len(at) == 0 || !v.is(page, "status") {
			continue
		}
		e := at[0].Endpoint
		if by[e] == nil {
			by[e] = &harrier.Service{Endpoint: e, Name: "http", TLS: strings.HasPrefix(page.Key, "https:"), Facts: map[string]string{}, LastSeen: s.At}
			seen[e] = map[harrier.VulnID]bool{}
		}
		by[e].Facts["http.status"] = max(by[e].Facts["http.status"], v.has(page, "status")[0])
		by[e].Technologies = merged(by[e].Technologies, v.has(page, surface.AttrTechnologies))
		for _, text := range v.has(page, surface.AttrLooked) {
			if id := number(text); id != 0 {
				seen[e][id] = true
			}
		}
		for _, text := range v.has(page, surface.AttrFound) {
			first, evidence, _ := strings.Cut(text, " ")
			if id := number(first); slices.Contains(s.Web, id) {
				out.found = append(out.found, harrier.Observation{
					Vulnerability: id, Endpoint: e, Key: surface.Key(page, ""), Service: "www", Evidence: evidence, Certainty: harrier.Certain, Source: "active", At: s.At,
				})
			}
		}
	}
	for _, e := range slices.SortedFunc(maps.Keys(by), harrier.Endpoint.Compare) {
		out.services = append(out.services, *by[e])
		out.open = append(out.open, harrier.Open{Endpoint: e, Known: true})
	}
	if !s.Complete || s.Passive && !v.gone(n) || v.unknown(n) {
		return out
	}
	clean := func(e harrier.Endpoint, ids ...harrier.VulnID) {
		for _, id := range ids {
			out.looked = append(out.looked, harrier.Done{Check: id, Endpoint: e, Outcome: harrier.Clean})
		}
	}
	if v.nowhere(n) {
		out.ports.TCP = harrier.AllPorts.TCP
		clean(harrier.Endpoint{}, s.Web...)
		if s.Software[n] {
			clean(harrier.Endpoint{}, s.Content...)
		}
		return out
	}
	for _, text := range v.has(n, surface.AttrAsked) {
		e := endpoint(text)
		if e.Port == 0 {
			continue
		}
		out.ports.TCP = append(out.ports.TCP, harrier.PortRange{First: e.Port, Last: e.Port})
		for _, id := range s.Web {
			if by[e] == nil || seen[e][id] {
				clean(e, id)
			}
		}
		if s.Software[n] {
			clean(e, s.Content...)
		}
	}
	slices.SortFunc(out.ports.TCP, func(a, b harrier.PortRange) int { return cmp.Compare(a.First, b.First) })
	return out
}

func number(text string) harrier.VulnID {
	n, _ := strconv.ParseInt(text, 10, 64) // 0: none
	return harrier.VulnID(n)
}

// serverParts are the categories of what stands before a site: the address is
// judged by that, or whoever runs it for many.
var serverParts = []string{"server", "proxy", "cdn", "waf", "template"}

// merged adds technologies of a page to those of its server: of one that several
// pages show the surest, with a version where that is known.
func merged(list []harrier.Technology, texts []string) []harrier.Technology {
	for _, text := range texts {
		var t harrier.Technology
		if json.Unmarshal([]byte(text), &t) != nil || t.Name == "" || slices.Contains(serverParts, t.Category) {
			continue
		}
		i, have := slices.BinarySearchFunc(list, t, func(a, b harrier.Technology) int { return cmp.Compare(a.Name, b.Name) })
		switch {
		case !have && len(list) < maxTechnologies:
			list = slices.Insert(list, i, t)
		case have && better(t, list[i]):
			list[i] = t
		}
	}
	return list
}

// maxTechnologies is what a service has at most.
const maxTechnologies = 64

// better prefers a version, then certainty; of two as good the text decides, so
// that the order of pages does not.
func better(a, b harrier.Technology) bool {
	if (a.Version == "") != (b.Version == "") {
		return b.Version == ""
	}
	return cmp.Or(cmp.Compare(b.Certainty, a.Certainty), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Evidence, b.Evidence)) < 0
}
