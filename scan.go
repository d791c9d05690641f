package harrier

import (
	"time"
)

// Scan is one run of a site.
type Scan struct {
	ID         ID
	UUID       UUID
	Site       ID
	Repository ID
	Owner      ID
	Name       string // the site's name at launch
	Status     ScanStatus
	Reason     string // why it ended otherwise than completed, or what is incomplete
	Targets    string // what it was told to scan
	AltTargets bool   // other targets than the site's
	Scheduled  bool
	PolicyID   ID
	PolicyName string
	Template   string
	Plan       Plan // what its engines were told; never changes after launch
	Engine     string
	Created    time.Time
	Started    time.Time
	Ended      time.Time
	Modified   time.Time

	Terms     Terms // of its site, at launch
	Held      bool  // its results touch no asset and no finding yet: they may be discarded
	Discarded bool  // they never will
	Told      Told
	Frozen    ID // the freeze window that paused it; 0: none did

	HostsTotal int // addresses and names planned, guard rules subtracted
	HostsDone  int // looked at to the end, dead ones included
	HostsAlive int
	Forbidden  int    // addresses that a guard rule took out
	Present    Counts // observations by severity
	Coverage   Totals
}

// ScanStatus is where a scan stands.
type ScanStatus string

// The states of a scan.
const (
	ScanQueued    ScanStatus = "queued"
	ScanRunning   ScanStatus = "running"
	ScanPausing   ScanStatus = "pausing"
	ScanPaused    ScanStatus = "paused"
	ScanResuming  ScanStatus = "resuming"
	ScanStopping  ScanStatus = "stopping"
	ScanStopped   ScanStatus = "stopped"   // by a person or its own time limit
	ScanCompleted ScanStatus = "completed" // every target has an outcome
	ScanAborted   ScanStatus = "aborted"   // by force or a fault
	ScanImported  ScanStatus = "imported"
)

// Ended reports whether nothing will move the scan any more.
func (s ScanStatus) Ended() bool {
	return s == ScanStopped || s == ScanCompleted || s == ScanAborted || s == ScanImported
}

// Useful reports whether a scan that has ended has brought results about some
// host: it ran to its end, or it was stopped later than that and its results are
// kept.
func (s *Scan) Useful() bool {
	switch s.Status {
	case ScanCompleted, ScanImported:
		return true
	case ScanStopped, ScanAborted:
		return s.HostsAlive > 0 && !s.Discarded
	default:
		return false
	}
}

// Sending reports whether engines may send packets for a scan in this state.
func (s ScanStatus) Sending() bool {
	return s == ScanQueued || s == ScanRunning || s == ScanResuming
}

// Command is what a person asks of a scan that goes on.
type Command string

// The commands.
const (
	Pause  Command = "pause"
	Resume Command = "resume"
	Stop   Command = "stop"
	Kill   Command = "kill"
)

// After returns the state that command c leads to at once, or Conflict when it
// does not fit the state.
//
// Source: nessus-api.md, section 9.
func (s ScanStatus) After(c Command) (ScanStatus, error) {
	switch {
	case s.Ended():
	case c == Kill:
		return ScanAborted, nil
	case c == Stop && s != ScanStopping:
		return ScanStopping, nil
	case c == Pause && s.Sending():
		return ScanPausing, nil
	case c == Resume && (s == ScanPaused || s == ScanPausing):
		return ScanResuming, nil
	}
	return s, Errorf(Conflict, "can not %s a scan that is %s", c, s)
}

// Settled returns the state that a transient one turns into when the engines
// have followed; other states stay.
func (s ScanStatus) Settled() ScanStatus {
	switch s {
	case ScanPausing:
		return ScanPaused
	case ScanResuming, ScanQueued:
		return ScanRunning
	case ScanStopping:
		return ScanStopped
	default:
		return s
	}
}

// Plan is what the engines are told about a scan: immutable once launched.
type Plan struct {
	Settings Settings `json:"settings"`
	Checks   []VulnID `json:"checks"` // planned, rising; every kind of check
	// Except are vulnerabilities of content that are not meant although a check of
	// Checks stands for their family.
	Except  []VulnID `json:"except,omitempty"`
	Exclude Targets  `json:"exclude"` // never to be scanned in this scan
	Guard   Guard    `json:"guard"`
	// Survey is made before anything is scanned, and says what; nil for scans of
	// targets.
	Survey *SurveyPlan `json:"survey,omitempty"`
}

// ScanHost is one host of one scan with its sums.
type ScanHost struct {
	Scan  ID
	Index int // from 1, unique in the scan, in the order of arrival: the host_id of the Nessus API
	Asset ID  // zero for a host that did not answer
	Host
	Present  Counts
	Coverage Totals
	Done     bool
}

// ScanVuln sums one vulnerability up over the hosts of a scan.
type ScanVuln struct {
	Vulnerability VulnID
	Severity      Severity
	Count         int // observations
	Hosts         int
}
