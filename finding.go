package harrier

import "time"

// Finding is the life of one vulnerability at one endpoint of one asset: a
// chain of intervals in which it was open.
type Finding struct {
	ID    ID
	Asset ID
	Instance
	Severity  Severity
	Service   string
	Evidence  string // of the last observation
	Certainty Certainty
	Source    string
	Origin    Origin     // what made the last observation
	LastScan  ID         // the scan that observed it last, or whose facts the knowledge spoke of
	Intervals []Interval // oldest first, none overlapping; only the last one can be open
}

// Origin says whether a finding comes from a scan, or from knowledge that came
// after the scan whose facts it speaks of.
type Origin uint8

// The origins.
const (
	FromScan Origin = iota
	FromKnowledge
)

// String returns "scan" or "knowledge".
func (o Origin) String() string { return [...]string{"scan", "knowledge"}[min(o, FromKnowledge)] }

// Interval is a time during which a finding was open: [Opened, Closed).
type Interval struct {
	Opened   time.Time
	LastSeen time.Time
	Closed   time.Time // zero while it is open
}

// Change is what folding did to a finding.
type Change uint8

// The changes.
const (
	Unchanged Change = iota
	Opened           // for the first time
	Reopened         // it had been mitigated
	Seen             // still open
	Closed           // mitigated
)

// Open reports whether the finding is open now.
func (f *Finding) Open() bool { return f.open() != nil }

// Mitigated reports whether the finding was closed at least once.
func (f *Finding) Mitigated() bool {
	return len(f.Intervals) > 1 || len(f.Intervals) == 1 && !f.Intervals[0].Closed.IsZero()
}

// FirstSeen is the start of the first interval.
func (f *Finding) FirstSeen() time.Time {
	if len(f.Intervals) == 0 {
		return time.Time{}
	}
	return f.Intervals[0].Opened
}

// LastSeen is the last time it was observed.
func (f *Finding) LastSeen() time.Time {
	if len(f.Intervals) == 0 {
		return time.Time{}
	}
	return f.Intervals[len(f.Intervals)-1].LastSeen
}

// OpenAt reports whether the finding was open at the instant t.
func (f *Finding) OpenAt(t time.Time) bool {
	for _, i := range f.Intervals {
		if !t.Before(i.Opened) && (i.Closed.IsZero() || t.Before(i.Closed)) {
			return true
		}
	}
	return false
}

// Fold applies the verdict of one scan at time at, and says what changed. An
// Unknown verdict changes nothing: silence is no proof of a fix. A verdict
// older than what is known already changes nothing either, so that repeats and
// late results are harmless.
func (f *Finding) Fold(v Verdict, at time.Time) Change {
	open := f.open()
	switch {
	case v == Present && open != nil:
		if at.After(open.LastSeen) {
			open.LastSeen = at
		}
		return Seen
	case v == Present:
		if n := len(f.Intervals); n > 0 && at.Before(f.Intervals[n-1].Closed) {
			return Unchanged
		}
		f.Intervals = append(f.Intervals, Interval{Opened: at, LastSeen: at})
		if len(f.Intervals) > 1 {
			return Reopened
		}
		return Opened
	case v == Absent && open != nil && !at.Before(open.LastSeen):
		open.Closed = at
		return Closed
	}
	return Unchanged
}

// open returns the last interval while it is open, else nil.
func (f *Finding) open() *Interval {
	if n := len(f.Intervals); n > 0 && f.Intervals[n-1].Closed.IsZero() {
		return &f.Intervals[n-1]
	}
	return nil
}

// Verdict says what a scan's coverage proves about a finding that the scan did
// not observe: Absent only when the coverage says clean, else Unknown.
//
// Source: "The life of a finding", rule 2, in the model.
func (c *Coverage) Verdict(i Instance) Verdict {
	if outcome, _ := c.Outcome(i.Vulnerability, i.Endpoint); outcome == Clean {
		return Absent
	}
	return Unknown
}
