package harrier

import (
	"cmp"
	"fmt"
	"time"
)

// Verdict is the answer of a check. Unknown means that it could not tell.
type Verdict uint8

// The verdicts. The zero value is Unknown, which closes nothing.
const (
	Unknown Verdict = iota
	Present
	Absent
)

// String returns "unknown", "present" or "absent".
func (v Verdict) String() string {
	return [...]string{"unknown", "present", "absent"}[min(v, Absent)]
}

// Observation is what one scan said about one vulnerability at one endpoint of
// one host. Only Present ones are kept: what else was looked at is Coverage.
type Observation struct {
	Vulnerability VulnID `json:"vuln"`
	Endpoint
	Key       string    `json:"key,omitempty"`       // tells apart several instances at one endpoint
	Service   string    `json:"service,omitempty"`   // application protocol there; "" for the host itself
	Evidence  string    `json:"evidence,omitempty"`  // text of the plugin output, at most 64 KiB
	Certainty Certainty `json:"certainty,omitempty"` // Potential when only a banner says so
	Source    string    `json:"source,omitempty"`    // what made the match: "active", "banner", "fact", a feed
	At        time.Time `json:"at,omitzero"`
}

// Instance is the identity of an observation within its host: two with the
// same instance speak of the same thing.
type Instance struct {
	Vulnerability VulnID
	Endpoint
	Key string
}

// Instance returns the identity of o within its host.
func (o Observation) Instance() Instance {
	return Instance{o.Vulnerability, o.Endpoint, o.Key}
}

// String returns "900001 at 6379/tcp", with the key behind it if there is one.
func (i Instance) String() string {
	s := fmt.Sprintf("%d at %s", i.Vulnerability, i.Endpoint)
	if i.Key != "" {
		s += " " + i.Key
	}
	return s
}

// Compare orders instances by vulnerability, endpoint, key.
func (i Instance) Compare(j Instance) int {
	return cmp.Or(cmp.Compare(i.Vulnerability, j.Vulnerability), i.Endpoint.Compare(j.Endpoint), cmp.Compare(i.Key, j.Key))
}

// Imported is what a file says about one host.
type Imported struct {
	Host         Host
	Services     []Service
	Observations []Observation
	// Severity grades vulnerabilities that the catalogue does not know; the
	// others keep the catalogue's grade.
	Severity map[VulnID]Severity
}
