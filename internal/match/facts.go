package match

import (
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// hostFact is a statement about a host as a whole. State returns the text of
// its output, or "" when there is nothing to state.
type hostFact struct {
	harrier.Vulnerability
	State func(c Context, h harrier.Host, services []harrier.Service) string
}

// serviceFact is the same about one service.
type serviceFact struct {
	harrier.Vulnerability
	State func(s harrier.Service) string
}

// placedFact is a statement about a service that needs to know of its host too.
type placedFact struct {
	harrier.Vulnerability
	State func(c Context, h harrier.Host, s harrier.Service) string
}

// placed are where statements about the host itself are expected, if not at
// wholeHost.
//
// Source: nessus-api.md, sections 13.1 and 13.2.
var placed = map[harrier.VulnID]harrier.Endpoint{
	10114: {Protocol: harrier.ICMP},
	10287: {Protocol: harrier.UDP},
}

// Facts states what the scan c found out about host h and its services (every
// open port, recognised or not), under the numbers, names and output texts that
// clients know. Planned says which of them the scan may state; nil is all. Of a
// host that did not answer it states at most that.
//
// Source: nessus-api.md, section 13.
func Facts(c Context, h harrier.Host, services []harrier.Service, planned *harrier.IDs) []harrier.Observation {
	if !h.Alive {
		return deadHost(c, h, planned)
	}
	services = slices.Clone(services)
	slices.SortFunc(services, func(a, b harrier.Service) int { return a.Compare(b.Endpoint) })
	var out []harrier.Observation
	for _, f := range hostFacts {
		if !wanted(planned, f.ID) {
			continue
		}
		if text := f.State(c, h, services); text != "" {
			at, elsewhere := placed[f.ID]
			if !elsewhere {
				at = wholeHost
			}
			out = append(out, observation(c, f.ID, at, "", text))
		}
	}
	for _, f := range placedFacts {
		if !wanted(planned, f.ID) {
			continue
		}
		for _, s := range services {
			if text := f.State(c, h, s); text != "" {
				out = append(out, observation(c, f.ID, s.Endpoint, s.Name, text))
			}
		}
	}
	for _, f := range serviceFacts {
		if !wanted(planned, f.ID) {
			continue
		}
		for _, s := range services {
			if text := f.State(s); text != "" {
				out = append(out, observation(c, f.ID, s.Endpoint, s.Name, text))
			}
		}
	}
	return out
}

// The statements about hosts and services, by what they are of.
var (
	hostFacts    = slices.Concat(scanFacts, systemFacts, linkFacts, nameFacts, backportFacts)
	placedFacts  = slices.Concat(portFacts, productFacts, discoveryFacts, expiryFacts)
	serviceFacts = slices.Concat(anyFacts, webFacts, sshFacts, tlsFacts, windowsFacts, protocolFacts)
)

// wholeHost is where clients expect statements about the host itself.
//
// Source: nessus-api.md, section 13.1.
var wholeHost = harrier.Endpoint{Protocol: harrier.TCP}

func observation(c Context, id harrier.VulnID, e harrier.Endpoint, service, text string) harrier.Observation {
	return harrier.Observation{
		Vulnerability: id, Endpoint: e, Service: service, Evidence: limit(text),
		Certainty: harrier.Certain, Source: "fact", At: c.Now.UTC().Truncate(time.Microsecond),
	}
}

// limit keeps evidence within the 64 KiB that an observation may have.
func limit(text string) string {
	const most = 64 << 10
	if len(text) <= most {
		return text
	}
	const cut = "\n[cut]"
	return text[:most-len(cut)] + cut
}
