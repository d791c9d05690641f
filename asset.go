package harrier

import (
	"net/netip"
	"slices"
	"time"
)

// Asset is a host that is tracked over time within a repository.
type Asset struct {
	ID         ID
	UUID       UUID
	Repository ID
	Addr       netip.Addr // the address it was last seen at
	MAC        string     // "02:00:5e:10:00:01"; "" when not known
	FQDN       string     // lower case, without the final dot
	NetBIOS    string
	Names      []string // all names that it was reached by
	OS         string   // "Debian GNU/Linux 12"; "" when not known
	// OSConfidence is 0 to 100; OSMethod says how the OS was told ("SSH", "HTTP").
	OSConfidence int
	OSMethod     string
	OSCPE        string
	DeviceType   string // "general-purpose", "router", "printer" …; "" when not known
	// Importance is how much the asset matters, in percent of an ordinary one: 50
	// to 200. It weighs risks.
	Importance int
	FirstSeen  time.Time
	LastSeen   time.Time // last time it answered
	LastScan   ID        // the scan that saw it last
	Open       Counts    // open findings by severity
}

// Host is what a scan found out about the machine behind one address, before
// it is recognised as an asset.
type Host struct {
	Name    string     `json:"name"`              // as the target list has it: an address or a name
	Addr    netip.Addr `json:"addr"`              // where packets went
	Alive   bool       `json:"alive"`             // something answered
	Reason  string     `json:"reason,omitempty"`  // how it was seen to be alive, or why it was not asked
	RTT     int64      `json:"rtt_us,omitempty"`  // microseconds; 0 when not measured
	MAC     string     `json:"mac,omitempty"`     // when on link
	FQDN    string     `json:"fqdn,omitempty"`    // by reverse lookup or from the services
	NetBIOS string     `json:"netbios,omitempty"` // from SMB
	// Hardware is the UUID of the machine, as its firmware or the virtual machine
	// has it; "" when the scan did not see it from within.
	Hardware string `json:"hardware,omitempty"`
	OS       string `json:"os,omitempty"`
	// OSConfidence is 0 to 100; OSMethod says how the OS was told.
	OSConfidence int    `json:"os_confidence,omitempty"`
	OSMethod     string `json:"os_method,omitempty"`
	OSCPE        string `json:"os_cpe,omitempty"`
	DeviceType   string `json:"device_type,omitempty"`
	// Signs are what OS and DeviceType were told by, the weightiest first, with
	// what contradicts them; a bounded number.
	Signs []Sign `json:"signs,omitempty"`
	Stack *Stack `json:"stack,omitempty"` // how its TCP/IP stack answered; nil when it was not asked
	// Raw tells that its TCP ports were asked by raw packets, not by connecting.
	Raw bool `json:"raw,omitempty"`
	// Route is the way to it: the engine's address first, the host's own last if
	// the way was followed to its end. Empty when nobody looked.
	Route []Hop `json:"route,omitempty"`
	// Fragile tells that it was scanned under the fragile profile; FragileWhy what
	// it showed itself as, "" where a guard rule or the policy said so before.
	Fragile    bool      `json:"fragile,omitempty"`
	FragileWhy string    `json:"fragile_why,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	Ended      time.Time `json:"ended,omitzero"` // zero while its run goes on
}

// Names are the names by which the host was asked or that it shows in the DNS,
// without its address.
func (h Host) Names() []string {
	var out []string
	for _, n := range []string{h.Name, h.FQDN} {
		if n != "" && n != h.Addr.String() && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// Hop is one station on the way to a host.
type Hop struct {
	Addr netip.Addr `json:"addr,omitzero"`    // zero: it did not tell
	RTT  int64      `json:"rtt_us,omitempty"` // microseconds; 0 when not measured
}

// Repository is a partition of assets and findings with its own rule for
// recognising a host again.
type Repository struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Tracking    Tracking
	// Given is what else a dialect says of it, by its own names: "dataFormat".
	Given   map[string]string
	Created time.Time
}

// Tracking says by what a host is recognised as an asset that is known.
type Tracking uint8

// The tracking rules.
const (
	TrackByIP   Tracking = iota // the address is the identity
	TrackByDHCP                 // by evidence, see Recognise: MAC address, then FQDN, then NetBIOS name, then address
)

// DefaultRepository is the repository that every installation has.
const DefaultRepository ID = 1

// exposures are what open findings weigh, by severity.
var exposures = [Severities]int{0, 10, 100, 400, 800}

// Exposure is how much the open findings of the asset weigh, the graver the
// heavier, with its importance.
func (a Asset) Exposure() int {
	importance := a.Importance
	if importance == 0 {
		importance = 100
	}
	return a.Open.Exposure() * importance / 100
}

// Exposure is how much findings weigh, by severity alone.
func (c Counts) Exposure() int {
	sum := 0
	for s, n := range c {
		sum += exposures[s] * n
	}
	return sum
}
