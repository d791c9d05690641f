package format

import (
	"cmp"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Title is what the host is called in reports: its name in the target list,
// else its address.
func (h Host) Title() string { return cmp.Or(h.Name, addrText(h), "unknown") }

func addrText(h Host) string {
	if !h.Addr.IsValid() {
		return ""
	}
	return h.Addr.String()
}

// Transport returns the protocol of an observation's place: "udp", "icmp", and
// "tcp" for everything else, such as the host itself.
func Transport(o harrier.Observation) harrier.Protocol {
	if o.Protocol == harrier.UDP || o.Protocol == harrier.ICMP {
		return o.Protocol
	}
	return harrier.TCP
}

// Ordered returns the results by endpoint, then vulnerability, then key: the
// order of a host's results in every format but those that rank them.
func (h Host) Ordered() []Result {
	list := slices.Clone(h.Results)
	slices.SortStableFunc(list, func(a, b Result) int {
		return cmp.Or(
			cmp.Compare(a.Port, b.Port),
			cmp.Compare(Transport(a.Observation), Transport(b.Observation)),
			cmp.Compare(a.Vulnerability, b.Vulnerability),
			cmp.Compare(a.Key, b.Key),
		)
	})
	return list
}

// Ranked returns the results by falling severity, then as Ordered does.
func (h Host) Ranked() []Result {
	list := h.Ordered()
	slices.SortStableFunc(list, func(a, b Result) int { return cmp.Compare(b.Severity, a.Severity) })
	return list
}
