package harrier

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sight is what one scan saw of one host, to be recognised.
type Sight struct {
	Addr        netip.Addr
	Identifiers []Identifier
	// Names are those that the host was asked by or shows in the DNS. They matter
	// with VirtualHosts: then a name that is new at an address is another host.
	Names        []string
	VirtualHosts bool
	// Looked are the ports whose state became known: what an asset had there and
	// the host does not show now is missing. Empty while the host is not done.
	Looked Ports
}

// Known is an asset that a host may be.
type Known struct {
	Asset
	Identifiers []Identifier
	Met         bool // another host of this scan is this asset already
}

// Reason is a piece of evidence: for the asset when Points is positive,
// against it when negative.
type Reason struct {
	Kind   IdentifierKind `json:"kind,omitempty"` // "" for what is no identifier
	Value  string         `json:"value,omitempty"`
	Points int            `json:"points"`
	Note   string         `json:"note,omitempty"`
}

// String returns "ssh-key ssh-ed25519 SHA256:… +60".
func (r Reason) String() string {
	return strings.TrimSpace(strings.Join(strings.Fields(fmt.Sprintf("%s %s %+d %s", r.Kind, r.Value, r.Points, r.Note)), " "))
}

// Match is how well a host fits an asset.
type Match struct {
	Asset   ID       `json:"asset"`
	Score   int      `json:"score"` // 0 to 100
	Reasons []Reason `json:"reasons,omitempty"`

	agreed      []Identifier // what agrees and is not shared
	lone        bool         // the address alone, and nothing else is known of one of them
	proof, here bool         // by what stays with one machine; at its last address
	disputed    bool
}

// Decision is which asset a host is, and why.
type Decision struct {
	Match // of a new asset: no ID
	// Sure says that nothing the rest of the scan can show would change it: the
	// host needs not wait for the others.
	Sure bool
	// Also are further assets that were this machine all along, by evidence
	// strong enough to merge them: at least MergeScore and nothing against.
	Also []Match
}

// What counts how much, in points of 100. Evidence adds up as independent
// probabilities do, but only the best of each class.
const (
	// SameScore is what makes a host a known asset.
	SameScore = 50
	// MergeScore is what makes two known assets one, without being asked, where
	// some of it is no part of a disk that can be copied (see placed).
	MergeScore = 80

	sharedPoints    = 40 // of all that several live addresses show
	localMACPoints  = 70
	addressPoints   = 20
	secondPoints    = 2  // for further kinds of the same class
	mostAgainst     = 45 // so that a burned-in address stands against new keys and names
	missingPoints   = 15
	replacedNIC     = 10 // against, where name and keys agree
	replacedHere    = 15 // against, where keys or two kinds of name agree at the same address
	rivalry         = 10 // nearer ones can not be told apart
	mostAddresses   = 4  // of one machine; more are a proxy that answers for others
	nothingElseNote = "nothing else is known of one of them"
)

// Recognise returns the asset of known that a host is, by the rule t, or a new
// one. Known holds the candidates: the assets of the repository that share the
// address or an identifier with the host.
//
// Source: "Identity" in the model.
func (t Tracking) Recognise(s Sight, known []Known) Decision {
	if t == TrackByIP {
		k := s.atAddress(known)
		if k.ID == 0 {
			return Decision{Sure: true}
		}
		return Decision{Match: Match{Asset: k.ID, Score: 100, Reasons: []Reason{addressReason(s.Addr, 100)}, here: true}, Sure: true}
	}
	var list []Match
	for _, k := range known {
		if m := s.Match(k); m.Score >= SameScore {
			list = append(list, m)
		}
	}
	return decide(list, known)
}

// atAddress is the asset at the address of a host; no ID: none. Of several it is
// the one that has the host's name, else the one that was seen last; with
// VirtualHosts one that has other names is another host.
func (s Sight) atAddress(known []Known) (best Known) {
	rank := func(k Known) int {
		shared := slices.ContainsFunc(s.Names, func(n string) bool { return n == k.FQDN || slices.Contains(k.Names, n) })
		switch {
		case k.ID == 0:
			return 0
		case shared:
			return 3
		case k.FQDN == "" && len(k.Names) == 0, len(s.Names) == 0:
			return 2
		case s.VirtualHosts:
			return 0
		}
		return 2
	}
	for _, k := range known {
		if k.Addr != s.Addr {
			continue
		}
		if n, m := rank(k), rank(best); n > m || n == m && n > 0 && k.LastSeen.After(best.LastSeen) {
			best = k
		}
	}
	return best
}

// decide picks among the matches that are good enough.
func decide(list []Match, known []Known) Decision {
	if len(list) == 0 {
		return Decision{Sure: true}
	}
	slices.SortStableFunc(list, func(a, b Match) int {
		if a.lone != b.lone { // the address comes last
			return map[bool]int{true: 1, false: -1}[a.lone]
		}
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Asset, b.Asset))
	})
	best := list[0]
	if len(list) > 1 && list[1].Score > best.Score-rivalry && best.here == list[1].here && alike(best, list[1]) {
		switch {
		case !best.here:
			note := fmt.Sprintf("assets %d and %d can not be told apart", best.Asset, list[1].Asset)
			return Decision{Match: Match{Reasons: []Reason{{Points: 0, Note: note}}}}
		case lastSeen(list[1].Asset, known).After(lastSeen(best.Asset, known)):
			// One machine that became two assets: the newer one goes on.
			list[0], list[1] = list[1], list[0]
			best = list[0]
		}
	}
	d := Decision{Match: best, Sure: best.proof || best.here && !best.lone}
	for _, m := range list[1:] {
		if m.Score >= MergeScore && m.placed() && !m.disputed && compatible(best.Asset, m.Asset, known) {
			d.Also = append(d.Also, m)
		}
	}
	return d
}

func lastSeen(id ID, known []Known) time.Time {
	i := slices.IndexFunc(known, func(k Known) bool { return k.ID == id })
	return known[i].LastSeen
}

// alike reports whether two matches rest on the same things.
func alike(a, b Match) bool {
	for _, i := range a.agreed {
		if slices.ContainsFunc(b.agreed, func(j Identifier) bool { return i.Kind == j.Kind && i.Value == j.Value }) {
			return true
		}
	}
	return len(a.agreed) == 0 && len(b.agreed) == 0
}

// Rivals reports whether another host fits the same asset as well as m does,
// by the same evidence, so that neither can be told to be it.
func (m Match) Rivals(o Match) bool {
	return m.Asset == o.Asset && m.Asset != 0 && m.Score > o.Score-rivalry && m.here == o.here && alike(m, o)
}

// compatible reports whether two known assets can be one machine: nothing that
// is known of them differs, and no scan met both.
func compatible(a, b ID, known []Known) bool {
	var x, y Known
	for _, k := range known {
		if k.ID == a {
			x = k
		}
		if k.ID == b {
			y = k
		}
	}
	if y.Met || x.LastScan == y.LastScan && x.LastScan != 0 {
		return false
	}
	return !Sight{Addr: y.Addr, Identifiers: y.Identifiers}.Match(x).disputed
}

// Match says how well a host fits an asset that is tracked by more than its
// address: the score and what it is made of.
func (s Sight) Match(k Known) Match {
	m := Match{Asset: k.ID, here: s.Addr.IsValid() && s.Addr == k.Addr}
	var best, others [evidenceClasses]int // points of a class; how many further kinds
	shared := 0
	against := m.compare(s, k, &best, &others, &shared)
	if m.here {
		best[ofAddress] = addressPoints
		m.Reasons = append(m.Reasons, addressReason(s.Addr, addressPoints))
	}
	if missing := s.missing(k); len(m.agreed) == 0 && shared == 0 && missing != "" {
		against += missingPoints
		m.Reasons = append(m.Reasons, Reason{Points: -missingPoints, Note: missing})
	}
	doubt := 1 - float64(shared)/100
	for class, points := range best {
		if points > 0 && others[class] > 0 {
			points = min(points+secondPoints, 100)
		}
		doubt *= 1 - float64(points)/100
	}
	m.Score = max(0, int(100*(1-doubt)+1e-6)-against)
	if m.here && len(m.agreed) == 0 && shared == 0 && against == 0 {
		m.lone = len(k.Identifiers) > 0 // else the address is all there is
		m.Score = max(m.Score, SameScore)
		m.Reasons = append(m.Reasons, Reason{Points: SameScore - addressPoints, Note: nothingElseNote})
	}
	if k.Met {
		m.joins()
	}
	return m
}

// compare weighs the identifiers of host and asset, and returns the points
// against.
func (m *Match) compare(s Sight, k Known, best, others *[evidenceClasses]int, shared *int) int {
	subjects := map[string]bool{} // whether one of them agrees
	cloned := slices.ContainsFunc(s.Identifiers, cloneOf) || slices.ContainsFunc(k.Identifiers, cloneOf)
	for _, i := range s.Identifiers {
		for _, j := range k.Identifiers {
			if i.Kind != j.Kind || i.subject() != j.subject() {
				continue
			}
			if i.Value != j.Value {
				subjects[i.subject()] = subjects[i.subject()] || false
				continue
			}
			subjects[i.subject()] = true
			i.Shared = i.Shared || j.Shared
			m.agrees(i, cloned && kinds[i.Kind].class == ofDisk, best, others, shared)
		}
	}
	against, names, most := 0, 0, mostAgainst
	for _, i := range s.Identifiers {
		agreed, compared := subjects[i.subject()]
		rule := kinds[i.Kind]
		if !compared || agreed || rule.disputes == 0 {
			continue
		}
		subjects[i.subject()] = true // once
		points := rule.disputes
		switch {
		case rule.class == ofHardware:
			most = 100
		case rule.class == ofName && (names > 0 || best[ofName] > 0):
			continue // one name of several changed
		case rule.class == ofName:
			names++
		case rule.class == ofDisk && best[ofDisk] > 0:
			continue
		case rule.class == ofNetwork && best[ofName] > 0 && best[ofDisk] > 0:
			points = replacedNIC
		case rule.class == ofNetwork && m.here && (best[ofDisk] > 0 || others[ofName] > 0):
			points = replacedHere
		}
		against += points
		m.disputed = true
		m.Reasons = append(m.Reasons, Reason{i.Kind, i.Value, -points, "the asset had another"})
	}
	return min(against, most)
}

// placed reports whether a match rests on something that a copy of the disk
// does not have: the hardware, the card, or the name in the DNS.
func (m *Match) placed() bool {
	return slices.ContainsFunc(m.agreed, func(i Identifier) bool {
		class := kinds[i.Kind].class
		return class == ofHardware || class == ofNetwork || i.Kind == IDFQDN
	})
}

// cloneOf reports whether an identifier shows that its disk has a copy.
func cloneOf(i Identifier) bool { return kinds[i.Kind].class == ofDisk && (i.Shared || i.Others > 0) }

// agrees adds an identifier that host and asset have both. Of a disk that has a
// copy, nothing can tell the two apart, whether it was seen on both or not.
func (m *Match) agrees(i Identifier, cloned bool, best, others *[evidenceClasses]int, shared *int) {
	points, class := i.Strength(), kinds[i.Kind].class
	if cloned || i.Shared || i.Others > 0 {
		// All that is shared tells one thing: it is one of those that share it.
		points = min(points, sharedPoints)
		*shared = max(*shared, points)
		m.Reasons = append(m.Reasons, Reason{i.Kind, i.Value, points, "several live addresses have it"})
		if i.Others < mostAddresses && !i.Shared {
			m.agreed = append(m.agreed, i)
		}
		return
	}
	if best[class] > 0 {
		others[class]++
	}
	best[class] = max(best[class], points)
	m.proof = m.proof || points == 100
	m.agreed = append(m.agreed, i)
	m.Reasons = append(m.Reasons, Reason{Kind: i.Kind, Value: i.Value, Points: points})
}

// joins decides whether a host is a second address of an asset that this scan
// met already at another one: by what stays with the machine, or by the
// network card together with what is on the disk. Both must be seen at these
// few addresses only, and nothing may differ.
func (m *Match) joins() {
	var hardware, card, disk bool
	for _, i := range m.agreed {
		if i.Others >= mostAddresses {
			continue
		}
		class := kinds[i.Kind].class
		hardware = hardware || class == ofHardware
		card = card || class == ofNetwork
		disk = disk || class == ofDisk
	}
	if (hardware || card && disk) && !m.disputed {
		m.Score = max(m.Score, MergeScore)
		m.Reasons = append(m.Reasons, Reason{Note: "a second address of the same machine"})
		return
	}
	m.Score, m.proof = 0, false
	m.Reasons = append(m.Reasons, Reason{Note: "this scan met the asset at another address"})
}

// missing says what the asset had at a port that was looked at and the host
// does not show, "" for nothing.
func (s Sight) missing(k Known) string {
	for _, had := range k.Identifiers {
		if e, ok := sourceEndpoint(had.Source); !ok || !s.Looked.Contains(e) {
			continue
		}
		if !slices.ContainsFunc(s.Identifiers, func(i Identifier) bool { return i.subject() == had.subject() }) {
			return fmt.Sprintf("no %s at %s any more", had.Kind, had.Source)
		}
	}
	return ""
}

// sourceEndpoint reads the source of an identifier; false for the host itself.
func sourceEndpoint(source string) (Endpoint, bool) {
	port, protocol, ok := strings.Cut(source, "/")
	n, err := strconv.ParseUint(port, 10, 16)
	return Endpoint{Protocol: Protocol(protocol), Port: uint16(n)}, ok && err == nil
}

func addressReason(a netip.Addr, points int) Reason {
	return Reason{Value: a.String(), Points: points, Note: "the same address"}
}
