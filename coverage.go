package harrier

import "slices"

// Outcome is how a planned check of an asset ended. The order is the order in
// which outcomes of several endpoints combine: the gravest wins.
type Outcome uint8

// The outcomes.
const (
	Clean      Outcome = iota // looked at, not there
	Skipped                   // not looked at, on purpose
	Failed                    // looked at, could not tell
	Vulnerable                // looked at, there
)

// String returns "clean", "skipped", "failed" or "vulnerable".
func (o Outcome) String() string {
	return [...]string{"clean", "skipped", "failed", "vulnerable"}[min(o, Vulnerable)]
}

// Coverage says, for one host in one scan, what was looked at and how it
// ended. It makes "not looked at" different from "fixed".
//
// Only exceptions are kept: a planned check that has no entry is clean wherever
// the host was looked at completely. Of vulnerabilities that content brings, a
// whole family is one check (see Planned): an entry under the number of that
// check says what is true of all of them at an endpoint, one under the number
// of a vulnerability that this one is there.
type Coverage struct {
	Alive    bool   `json:"alive"`            // the host answered
	Complete bool   `json:"complete"`         // its run went to the end
	Reason   string `json:"reason,omitempty"` // why it is not alive or not complete
	Planned  int    `json:"planned"`          // how many checks were planned
	Ports    Ports  `json:"ports"`            // whose state became known
	// OpenFiltered are UDP ports that were asked and did not answer: each is open
	// with a service that is silent to strangers, or a filter is in the way.
	OpenFiltered []PortRange `json:"open_filtered,omitempty"`
	Open         []Open      `json:"open,omitempty"`    // the open ones among them, in the order of Endpoint.Compare
	Entries      []Done      `json:"entries,omitempty"` // exceptions, in the order of Done.compare
	Enabled      *IDs        `json:"-"`                 // the planned checks; nil means all that are asked for
}

// Open is an open port; Known tells that the service on it was recognised.
type Open struct {
	Endpoint
	Known bool `json:"known,omitempty"`
}

// Done is the outcome of one check at one endpoint. An Endpoint with no
// protocol stands for the whole host.
type Done struct {
	Check VulnID `json:"check"`
	Endpoint
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
}

func (d Done) compare(e Done) int {
	if d.Check != e.Check {
		return int(d.Check) - int(e.Check)
	}
	return d.Endpoint.Compare(e.Endpoint)
}

// Add notes an outcome; of two for the same check and endpoint the graver stays.
func (c *Coverage) Add(d Done) {
	i, found := slices.BinarySearchFunc(c.Entries, d, Done.compare)
	switch {
	case !found:
		c.Entries = slices.Insert(c.Entries, i, d)
	case d.Outcome > c.Entries[i].Outcome:
		c.Entries[i] = d
	}
}

// Outcome says how check ended at endpoint e, and why if it is not clean.
//
// Source: "The life of a finding", rule 2, in the model: clean needs a host
// that answered, a port that was in the scanned range and a check that was
// enabled and could tell.
func (c *Coverage) Outcome(check VulnID, e Endpoint) (Outcome, string) {
	switch {
	case !c.Alive:
		return Skipped, reasonOr(c.Reason, "the host did not answer")
	case c.Enabled != nil && !c.Enabled.Has(check):
		return Skipped, "not in the policy"
	}
	for _, number := range []VulnID{check, c.Enabled.Check(check)} {
		for _, place := range []Endpoint{e, {}} {
			if i, found := slices.BinarySearchFunc(c.Entries, Done{Check: number, Endpoint: place}, Done.compare); found {
				return c.Entries[i].Outcome, c.Entries[i].Reason
			}
		}
	}
	switch {
	case !c.Complete:
		return Skipped, reasonOr(c.Reason, "the scan did not get there")
	case e.Port == 0:
		return Clean, ""
	case (Ports{UDP: c.OpenFiltered}).Contains(e):
		return Skipped, "port open or filtered: it did not answer"
	case !c.Ports.Contains(e):
		return Skipped, "port not in the scanned range"
	}
	i, open := slices.BinarySearchFunc(c.Open, e, func(o Open, e Endpoint) int { return o.Compare(e) })
	if open && !c.Open[i].Known {
		return Failed, "the service on the port was not recognised"
	}
	return Clean, ""
}

func reasonOr(reason, otherwise string) string {
	if reason != "" {
		return reason
	}
	return otherwise
}

// Totals counts planned checks by their gravest outcome. Planned is always the
// sum of the other four.
type Totals struct {
	Planned    int `json:"planned"`
	Clean      int `json:"clean"`
	Vulnerable int `json:"vulnerable"`
	Skipped    int `json:"skipped"`
	Failed     int `json:"failed"`
}

// Add returns the sum of t and o.
func (t Totals) Add(o Totals) Totals {
	return Totals{t.Planned + o.Planned, t.Clean + o.Clean, t.Vulnerable + o.Vulnerable, t.Skipped + o.Skipped, t.Failed + o.Failed}
}

// Balanced reports whether every planned check has an outcome.
func (t Totals) Balanced() bool {
	return t.Planned == t.Clean+t.Vulnerable+t.Skipped+t.Failed
}

// Totals sums c up, by check.
func (c *Coverage) Totals() Totals {
	t := Totals{Planned: c.Planned}
	rest := c.Planned
	groups := map[VulnID]Outcome{} // of the checks that stand for a family
	count := func(worst Outcome) {
		if rest--; !c.Alive {
			worst = Skipped
		}
		switch worst {
		case Clean:
			t.Clean++
		case Skipped:
			t.Skipped++
		case Failed:
			t.Failed++
		case Vulnerable:
			t.Vulnerable++
		}
	}
	for from := 0; from < len(c.Entries); {
		to, worst := from, Clean
		for ; to < len(c.Entries) && c.Entries[to].Check == c.Entries[from].Check; to++ {
			worst = max(worst, c.Entries[to].Outcome)
		}
		if check := c.Enabled.Check(c.Entries[from].Check); check.StandsForFamily() {
			groups[check] = max(groups[check], worst)
		} else {
			count(worst)
		}
		from = to
	}
	for _, worst := range groups {
		count(worst)
	}
	if c.Alive && c.Complete {
		t.Clean += rest
	} else {
		t.Skipped += rest
	}
	return t
}

// IDs is a set of vulnerability numbers. The zero value is empty.
type IDs struct {
	sorted  []VulnID
	without []VulnID               // rising; members of families that are not meant
	family  func(id VulnID) VulnID // the check that stands for a vulnerability of content; nil: none does
}

// NewIDs returns the set of ids, in any order, repeats allowed.
func NewIDs(ids []VulnID) *IDs {
	s := slices.Clone(ids)
	slices.Sort(s)
	return &IDs{sorted: slices.Compact(s)}
}

// Planned returns the set of what a plan looks for: its checks, and every
// vulnerability of content for which one of them stands. Family answers which
// check stands for a vulnerability of content, see FamilyCheck.
func (p Plan) Planned(family func(id VulnID) VulnID) *IDs {
	s := NewIDs(p.Checks)
	s.without, s.family = NewIDs(p.Except).sorted, family
	return s
}

// Has reports whether id is in the set.
func (s *IDs) Has(id VulnID) bool {
	if _, found := slices.BinarySearch(s.sorted, id); found {
		return true
	}
	if !id.OfContent() || s.family == nil {
		return false
	}
	if _, left := slices.BinarySearch(s.without, id); left {
		return false
	}
	_, found := slices.BinarySearch(s.sorted, s.family(id))
	return found
}

// Check is the number under which the outcome of id is counted: of content that
// is not planned by itself the check that stands for it, else id. A nil set
// plans everything by itself.
func (s *IDs) Check(id VulnID) VulnID {
	if s == nil || s.family == nil || !id.OfContent() {
		return id
	}
	if _, found := slices.BinarySearch(s.sorted, id); found {
		return id
	}
	return s.family(id)
}

// OfContent returns the members that are about what content knows: the checks
// that stand for families, and vulnerabilities that are planned by themselves.
func (s *IDs) OfContent() (ids []VulnID) {
	for _, id := range s.sorted {
		if id.OfContent() || id.StandsForFamily() {
			ids = append(ids, id)
		}
	}
	return ids
}

// Len is the size of the set: how many checks there are.
func (s *IDs) Len() int { return len(s.sorted) }

// All returns the checks in rising order; the caller must not change them.
func (s *IDs) All() []VulnID { return s.sorted }
