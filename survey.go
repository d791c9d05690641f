package harrier

import (
	"slices"
	"strings"
	"time"
)

// Survey says that a site's scans look for an attack surface: they follow seeds
// to what belongs to them before they scan what they found.
//
// Source: asm-api.md §4.4, §4.5, §5.
type Survey struct {
	Kind    SurveyKind `json:"kind"`
	Enabled bool       `json:"enabled,omitempty"`
	Seeds   []Seed     `json:"seeds,omitempty"`
	// Words has common names tried below domains.
	Words bool `json:"words,omitempty"`
	// IgnoreAddrs leaves out risks of addresses that are no seeds.
	IgnoreAddrs bool `json:"ignore_addrs,omitempty"`
	// Backports names the components whose version findings count although a
	// distribution's package may have them fixed, by URN.
	Backports map[string]bool `json:"backports,omitempty"`
	Marks     []NodeMark      `json:"marks,omitempty"` // what people decided, one for a node
}

// SurveyKind is what a survey is for.
type SurveyKind string

// The kinds of surveys.
const (
	SurveyOnce   SurveyKind = "adhoc"             // when told
	SurveyOwn    SurveyKind = "continuous_own"    // by its schedule
	SurveyVendor SurveyKind = "continuous_vendor" // by its schedule; nothing is sent to what belongs to somebody else
)

// Passive reports whether a survey sends nothing to what it finds.
func (k SurveyKind) Passive() bool { return k == SurveyVendor }

// Seed is what an organisation is known by.
type Seed struct {
	UUID    UUID      `json:"uuid"`
	Name    string    `json:"name"` // as given, in lower case
	Node    Node      `json:"node"`
	Tags    []string  `json:"tags,omitempty"`
	Created time.Time `json:"created"`
}

// NodeMark is what a person decided about a node of an attack surface.
type NodeMark struct {
	Node Node `json:"node"`
	// Secondary: not ours, whatever leads to it.
	Secondary bool `json:"secondary,omitempty"`
	// IgnoreAddrs of a domain: its addresses are not ours.
	IgnoreAddrs bool `json:"ignore_addrs,omitempty"`
}

// The bounds of a survey.
const (
	MaxSeeds    = 10_000
	MaxSeedTags = 5
	MaxSeedTag  = 255 // characters of a tag
)

// Check answers Invalid, naming the field, for a survey that breaks its own
// rules.
func (s *Survey) Check() error {
	switch s.Kind {
	case SurveyOnce, SurveyOwn, SurveyVendor:
	default:
		return Invalidf("type", "%q is no type of survey", s.Kind)
	}
	if len(s.Seeds) > MaxSeeds {
		return Invalidf("seeds", "are more than %d", MaxSeeds)
	}
	nodes := map[Node]bool{}
	for _, seed := range s.Seeds {
		switch {
		case seed.Node.Kind == "" || seed.Node.Key == "":
			return Invalidf("seed", "%q is no domain, address or range", seed.Name)
		case nodes[seed.Node]:
			return Invalidf("seed", "%q is a seed already", seed.Name)
		case len(seed.Tags) > MaxSeedTags:
			return Invalidf("tags", "are more than %d", MaxSeedTags)
		}
		nodes[seed.Node] = true
		for _, t := range seed.Tags {
			if n := len([]rune(t)); n == 0 || n > MaxSeedTag || strings.ContainsFunc(t, func(r rune) bool { return r < ' ' }) {
				return Invalidf("tags", "a tag has 1 to %d characters", MaxSeedTag)
			}
		}
	}
	return nil
}

// Plan is what an engine is told about a survey.
func (s *Survey) Plan() *SurveyPlan {
	p := &SurveyPlan{Words: s.Words, Passive: s.Kind.Passive(), Marks: slices.Clone(s.Marks)}
	for _, seed := range s.Seeds {
		p.Seeds = append(p.Seeds, seed.Node)
	}
	return p
}

// SurveyPlan is what the engine that makes a survey is told. The first batch of
// such a scan has no targets: it is the survey.
type SurveyPlan struct {
	Seeds   []Node     `json:"seeds"`
	Marks   []NodeMark `json:"marks,omitempty"`
	Known   []string   `json:"known,omitempty"` // names of earlier surveys, below the seeds; at most MaxKnown
	Words   bool       `json:"words,omitempty"`
	Passive bool       `json:"passive,omitempty"`
}

// MaxKnown is of how many names of earlier surveys an engine is told: they go
// through one message with the rest of the plan.
const MaxKnown = 10_000

// SurfaceNode is a node of a site's attack surface, over all of its scans.
type SurfaceNode struct {
	ID         ID
	UUID       UUID
	Site       ID
	Node       Node
	Attributes map[string][]string // as of the last scan that told some
	ToldScan   ID                  // that scan
	FirstSeen  time.Time
	LastSeen   time.Time
	FirstScan  ID
	LastScan   ID
}

// SurfaceLink is a time during which one node led to another: from the scan
// that first saw it to the one that no longer did.
type SurfaceLink struct {
	ID         ID
	UUID       UUID
	Site       ID
	From, To   ID // nodes
	Link       Link
	How        string // see Fact
	Attributes map[string][]string
	FirstSeen  time.Time
	LastSeen   time.Time
	FirstScan  ID
	LastScan   ID
	EndedScan  ID // 0 while it holds
	Ended      time.Time
}

// During reports whether a link held in a scan of its site.
func (l SurfaceLink) During(scan ID) bool {
	return l.FirstScan <= scan && (l.EndedScan == 0 || scan < l.EndedScan)
}

// Attributes of a surface's root, by which a scan says how its survey ended: at
// the end, so that what it did not see is gone, see GoneLinks; or for a reason
// before it. Remarks say what could not be asked, and unheard which sources, by
// the How of their facts.
const (
	Surveyed       = "surveyed"
	SurveyLimited  = "limited"
	SurveyRemarks  = "remarks"
	SurveyUnheard  = "unheard"
	NodeUnasked    = "unasked"    // of a domain, an address or a range: a question about it was not answered
	NodeUnresolved = "unresolved" // of a domain: none was
	NodeSilent     = "silent"     // of a domain or an address: web ports of which nobody knows
)

// GoneLinks are the links of a site that hold and that the survey of its newest
// scan proves to be gone, by ID. It proves nothing about what it could not ask:
// a link stays that came from a source that did not answer, that begins or ends
// at a name or address about which the DNS was silent, that leads to a page or service
// behind a web port that was silent, and whatever hangs on such a link alone. A
// survey that did not go to its end proves nothing at all.
func GoneLinks(nodes []SurfaceNode, links []SurfaceLink, scan ID) map[ID]bool {
	byID := make(map[ID]*SurfaceNode, len(nodes))
	var told map[string][]string // of the root
	for i := range nodes {
		n := &nodes[i]
		byID[n.ID] = n
		if n.Node.Kind == NodeRoot && n.ToldScan == scan {
			told = n.Attributes
		}
	}
	if len(told[Surveyed]) == 0 {
		return nil
	}
	says := func(id ID, attributes ...string) bool {
		n := byID[id]
		return n != nil && n.ToldScan == scan && slices.ContainsFunc(attributes, func(a string) bool { return len(n.Attributes[a]) > 0 })
	}
	vain := map[ID]bool{} // nodes that were asked about in vain, and addresses of such ranges
	for _, n := range nodes {
		vain[n.ID] = says(n.ID, NodeUnasked, NodeUnresolved)
	}
	for _, l := range links {
		if l.EndedScan == 0 && l.Link == LinkSubset && says(l.From, NodeUnasked) {
			vain[l.To] = true
		}
	}
	seen := map[ID]bool{}
	gone := map[ID]bool{}
	from := map[ID][]SurfaceLink{} // unseen links that hold
	for _, l := range links {
		switch {
		case l.EndedScan != 0:
		case l.LastScan == scan:
			seen[l.To] = true
		default:
			gone[l.ID] = true
			from[l.From] = append(from[l.From], l)
		}
	}
	var next []ID // nodes that only stay for links that stay
	stays := map[ID]bool{}
	keep := func(l SurfaceLink) {
		delete(gone, l.ID)
		if !seen[l.To] && !stays[l.To] {
			stays[l.To] = true
			next = append(next, l.To)
		}
	}
	for _, list := range from {
		for _, l := range list {
			to := byID[l.To]
			if slices.Contains(told[SurveyUnheard], l.How) || vain[l.From] || vain[l.To] ||
				says(l.From, NodeSilent) && to != nil && (to.Node.Kind == NodeURL || to.Node.Kind == NodeService) {
				keep(l)
			}
		}
	}
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		for _, l := range from[id] {
			keep(l)
		}
	}
	return gone
}
