package match

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// anyFacts are what a service shows itself as.
var anyFacts = []serviceFact{
	{harrier.Vulnerability{
		ID: 22964, Slug: "service-detection", Name: "Service Detection", Family: "Service detection",
		Synopsis:    "The service on the port was recognised.",
		Description: "The first bytes that the service sent, or its answer to a request, show which protocol it speaks.",
	}, serviceText},
	{harrier.Vulnerability{
		ID: 11154, Slug: "unknown-service-banner", Name: "Unknown Service Detection: Banner Retrieval", Family: "Service detection",
		Synopsis:    "A service that was not recognised sent a banner.",
		Description: "The protocol spoken on the port is not known, but the service sent some bytes that may tell a person what it is.",
	}, unknownBanner},
}

func unknownBanner(s harrier.Service) string {
	if s.Name != "" || s.Banner == "" {
		return ""
	}
	return "\nThe service sent :\n\n" + strings.TrimRight(s.Banner, "\r\n") + "\n"
}

// labelled writes "label : value" lines after a blank one, without those that
// have no value.
func labelled(lines ...[2]string) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, l := range lines {
		if l[1] != "" {
			fmt.Fprintf(&b, "%s : %s\n", l[0], l[1])
		}
	}
	return b.String()
}

// list reads a comma separated fact.
func list(fact string) []string {
	var out []string
	for _, part := range strings.Split(fact, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
