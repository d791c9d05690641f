package harrier

import (
	"slices"
	"time"
)

// Terms are how the results of a scan are taken over into assets and findings,
// and who is told. A site has them in its options; each of its scans keeps
// those that held at its launch. The zero value takes everything over as it
// comes, recognises hosts by the rule of the repository, closes nothing on a
// host that is silent and tells nobody.
//
// Source: securitycenter-api.md, sections 8.1 and 10.
type Terms struct {
	// Unfinished is what becomes of a scan that is stopped before its end.
	Unfinished Unfinished `json:"unfinished,omitempty"`
	// Rollover is how a scan of the rest is scheduled, with RollOver.
	Rollover RolloverKind `json:"rollover,omitempty"`
	// Silence is after how long a silence of a host its findings close, 0 at once;
	// nil: never.
	Silence *Duration `json:"silence,omitempty"`
	// TrackMoved recognises hosts by evidence, see TrackByDHCP, whatever the rule
	// of the repository.
	TrackMoved bool `json:"track_moved,omitempty"`
	// VirtualHosts takes a new name at a known address for another host, where
	// addresses are the identity.
	VirtualHosts bool `json:"virtual_hosts,omitempty"`

	// Continue has the scan pause at its time limit, see FurtherRun. AtLimit tells
	// that it does so, and Until is its limit, from its start, once it went on.
	Continue bool     `json:"continue,omitempty"`
	AtLimit  bool     `json:"at_limit,omitempty"`
	Until    Duration `json:"until,omitempty"`
	// Inactivity is after how long without any result a scan is stopped that
	// engines work on, as at its time limit; 0: never.
	Inactivity Duration `json:"inactivity,omitempty"`

	// Credentials are the policies whose credentials the scan signs in with, instead
	// of its own; none: its own.
	Credentials []ID `json:"credentials,omitempty"`

	MailLaunch bool            `json:"mail_launch,omitempty"` // to the user who launches, or owns the site
	MailEnd    bool            `json:"mail_end,omitempty"`    // likewise
	Reports    []ReportRequest `json:"reports,omitempty"`     // made when the results are taken over

	// NotBefore is when the scan may start at the earliest, and Engine who runs it
	// instead of the site's; zero: at once, and as the site says. They are of a
	// scan, never of a site.
	NotBefore time.Time `json:"not_before,omitzero"`
	Engine    ID        `json:"engine,omitempty"`
}

// ReportRequest asks for a report after a scan.
type ReportRequest struct {
	Definition ID     `json:"definition"`
	Source     string `json:"source,omitempty"` // "cumulative", "patched", "individual" …; "" is "cumulative"
}

// Unfinished is what becomes of the results of a scan that is stopped before its
// end.
type Unfinished string

// What can become of them.
const (
	KeepResults    Unfinished = ""         // they are kept, the rest is forgotten
	DiscardResults Unfinished = "discard"  // no asset and no finding ever hears of them
	RollOver       Unfinished = "rollover" // they are kept, and a site is made for the rest
)

// RolloverKind is how the site for the rest of a scan is scheduled.
type RolloverKind string

// The kinds.
const (
	RolloverOnDemand RolloverKind = ""         // by hand
	RolloverNextDay  RolloverKind = "next_day" // once, the next day at the clock time of the scan
)

// Check answers Invalid, naming the field, for terms that make no sense.
func (t Terms) Check() error {
	switch {
	case !slices.Contains([]Unfinished{KeepResults, DiscardResults, RollOver}, t.Unfinished):
		return Invalidf("unfinished", "%q is not one of discard, rollover", t.Unfinished)
	case t.Rollover != RolloverOnDemand && t.Rollover != RolloverNextDay:
		return Invalidf("rollover", "%q is not next_day", t.Rollover)
	case t.Silence != nil && (*t.Silence < 0 || *t.Silence > maxSilence):
		return Invalidf("silence", "is not between 0 and ten years")
	case !t.NotBefore.IsZero() || t.Engine != 0:
		return Invalidf("terms", "a site has no instant and no engine of one scan")
	case len(t.Reports) > maxReports:
		return Invalidf("reports", "are more than %d", maxReports)
	}
	return nil
}

const (
	maxSilence = Duration(3660 * 24 * time.Hour)
	maxReports = 100
)

// Told is how much of a scan was told to people, so that a restart tells the
// rest.
type Told int

// What was told.
const (
	ToldNothing Told = iota
	ToldLaunch
	ToldEnd
)
