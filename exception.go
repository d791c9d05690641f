package harrier

import (
	"slices"
	"strings"
	"time"
)

// Exception is a rule that hides or recasts findings in reads. It never
// touches their intervals.
type Exception struct {
	ID            ID
	UUID          UUID
	Vulnerability VulnID
	Host          string // addresses, names or UUIDs of assets as reported, separated by commas; "" for all
	// Repository, Protocol and Port narrow the rule; 0, "" and "" are all.
	Repository ID
	Protocol   Protocol
	Port       string // a number
	Scope      string // what Host was written as: "", "ip", "uuid", "asset"
	Hide       bool   // accept: do not show
	Recast     Severity
	Reason     string
	Owner      ID
	Created    time.Time
	Expires    time.Time // zero: never
	// State says whether the rule is in force; Reviewer is who decided, Reviewed when,
	// and Remark what they said.
	State    ExceptionState
	Reviewer ID
	Reviewed time.Time
	Remark   string
	// Given is what else a dialect says of it, by its own names: "reason".
	Given map[string]string
}

// ExceptionState is where an exception stands on its way into force.
type ExceptionState string

// The states of an exception. Only those that are in force alter reads.
const (
	InForce     ExceptionState = ""             // approved, or never in need of it
	UnderReview ExceptionState = "under review" // submitted
	Rejected    ExceptionState = "rejected"
	Recalled    ExceptionState = "recalled" // by who submitted it
)

// Holds reports whether e alters what is read at time at.
func (e Exception) Holds(at time.Time) bool {
	return e.State == InForce && (e.Expires.IsZero() || at.Before(e.Expires))
}

// Narrow reports whether e speaks of some endpoints of a host only, or of hosts
// of one repository.
func (e Exception) Narrow() bool { return e.Repository != 0 || e.Protocol != "" || e.Port != "" }

// Applies reports whether e speaks of vulnerability v on a host known by any
// of names, at time at. It does not look at what narrows e to endpoints.
func (e Exception) Applies(v VulnID, at time.Time, names ...string) bool {
	if e.Vulnerability != v || !e.Holds(at) {
		return false
	}
	return e.Names(names...)
}

// Names reports whether e speaks of a host known by any of names.
func (e Exception) Names(names ...string) bool {
	if e.Host == "" {
		return true
	}
	for part := range strings.SplitSeq(e.Host, ",") {
		if slices.Contains(names, part) {
			return true
		}
	}
	return false
}

// Judge returns the severity at which a finding shows under the exceptions,
// and false when it is hidden. The last rule that applies wins.
func Judge(rules []Exception, v VulnID, s Severity, at time.Time, names ...string) (Severity, bool) {
	show := true
	for _, e := range rules {
		if !e.Applies(v, at, names...) {
			continue
		}
		if show = !e.Hide; show {
			s = e.Recast
		}
	}
	return s, show
}
