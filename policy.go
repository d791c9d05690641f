package harrier

import (
	"math"
	"slices"
	"time"
)

// Policy is a set of scan settings: how to look and which checks to run.
type Policy struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Template    string // name of the template it was made from: "basic", "advanced", "discovery", "custom" …
	Owner       ID
	Hidden      bool    // belongs to one site and is not listed
	Grants      []Grant // who else may use it
	Settings    Settings
	Checks      CheckSelection
	// Preferences are a dialect's settings as given, by their own names. What
	// the engine honours among them is in Settings; the rest is kept to be
	// given back.
	Preferences map[string]string
	Credentials []Credential
	Audits      []ID // audit files, in their order
	Created     time.Time
	Modified    time.Time
}

// Credential is what a scan signs in with. Fields never hold a secret: those
// are sealed.
type Credential struct {
	ID       ID                `json:"id"`
	Category string            `json:"category"` // "Host", "Database" …
	Type     string            `json:"type"`     // "SSH", "Windows" …
	Fields   map[string]string `json:"fields"`
	Sealed   []byte            `json:"sealed,omitempty"` // the secret fields, sealed by package secret
}

// Check answers Invalid, naming the field, for a policy that breaks its own
// rules.
func (p *Policy) Check() error {
	if err := checkName(p.Name); err != nil {
		return err
	}
	return p.Settings.Check()
}

// Settings are what an engine honours: the one set of fields behind the scan
// settings, policies and templates of every door, as docs/policy-fields.md lists
// them. The zero value is what a new policy has: safe checks, the default ports,
// hosts found by a ping.
type Settings struct {
	// What is asked.
	Ports        string `json:"ports,omitempty"`         // see ParsePorts; "" is "default"
	NoTCP        bool   `json:"no_tcp,omitempty"`        // scan no TCP ports
	UDP          bool   `json:"udp,omitempty"`           // scan UDP ports too
	Connect      bool   `json:"connect,omitempty"`       // by connecting, where raw packets could be sent too; pings likewise
	DiscoverOnly bool   `json:"discover_only,omitempty"` // end after host discovery
	PortsOnly    bool   `json:"ports_only,omitempty"`    // end after the open ports: no service is identified, nothing checked
	ScanPrinters bool   `json:"scan_printers,omitempty"` // also PrinterPorts, which print what they are sent
	ScanOT       bool   `json:"scan_ot,omitempty"`       // also say what control systems answer to: BACnet, Modbus, EtherNet/IP …
	SkipOwn      bool   `json:"skip_own,omitempty"`      // leave the engine's own addresses out
	AllAddresses bool   `json:"all_addresses,omitempty"` // scan every address of a name, not only the first
	ReverseNames bool   `json:"reverse_names,omitempty"` // look host names up by address
	ReportDead   bool   `json:"report_dead,omitempty"`   // list hosts that did not answer

	// How hosts are found. A host that answers in any of these ways is there.
	NoPing               bool     `json:"no_ping,omitempty"`                // take every target as alive
	NoARP                bool     `json:"no_arp,omitempty"`                 // neither ARP nor NDP shows a host on the engine's own link
	NoICMP               bool     `json:"no_icmp,omitempty"`                // no ICMP echo or timestamp
	NoTCPPing            bool     `json:"no_tcp_ping,omitempty"`            // no TCP ping
	PingPorts            []uint16 `json:"ping_ports,omitempty"`             // for TCP ping, at most MaxPingPorts; empty: built-in ones
	UDPPing              bool     `json:"udp_ping,omitempty"`               // ask UDP services too
	UDPPingPorts         []uint16 `json:"udp_ping_ports,omitempty"`         // for UDP ping, at most MaxPingPorts; empty: built-in ones
	PingTries            int      `json:"ping_tries,omitempty"`             // times that a silent host is asked, at most MaxTries; 0 means twice, and more where the way loses some
	IgnoreResets         bool     `json:"ignore_resets,omitempty"`          // a TCP reset shows no host: a firewall may have sent it
	UnreachableMeansDead bool     `json:"unreachable_means_dead,omitempty"` // an ICMP host unreachable ends the search for a host
	FastDiscovery        bool     `json:"fast_discovery,omitempty"`         // believe the first answer: no test for a middlebox that answers for others

	// How fast and how long. Nothing here needs to be set: the pace follows
	// what hosts and the way to them bear. These are bounds.
	MaxHosts        int      `json:"max_hosts,omitempty"`         // hosts at a time; 0 means 64
	MaxChecks       int      `json:"max_checks,omitempty"`        // checks at a time on one host; 0 means 8
	RatePPS         int      `json:"rate_pps,omitempty"`          // probes and new connections a second in all; 0 means adaptive without a cap
	HostRatePPS     int      `json:"host_rate_pps,omitempty"`     // the same to one host; 0 means adaptive
	MaxSessions     int      `json:"max_sessions,omitempty"`      // TCP connections at a time in all; 0 means what the system allows
	HostMaxSessions int      `json:"host_max_sessions,omitempty"` // the same to one host; 0 means no limit of its own
	Tries           int      `json:"tries,omitempty"`             // times that a silent port is asked, at most MaxTries; 0 means as the loss on the way demands
	ProbeTimeout    Duration `json:"probe_timeout,omitempty"`     // longest wait for the answer to one ping or port probe; 0 means by the round trips seen
	ReadTimeout     Duration `json:"read_timeout,omitempty"`      // for one answer of a service; 0 means 5 s
	MaxDuration     Duration `json:"max_duration,omitempty"`      // of the whole scan; 0 means no limit
	StopSilent      bool     `json:"stop_silent,omitempty"`       // give a host up that stops answering
	// How what stands before a host is told from the host; with Connect the second
	// holds.
	Firewalls        FirewallDetection `json:"firewalls,omitempty"`
	ConnectFirewalls FirewallDetection `json:"connect_firewalls,omitempty"`
	Gentle           bool              `json:"gentle,omitempty"` // the fragile profile, for every host

	// What is checked and told.
	Unsafe      bool `json:"unsafe,omitempty"`       // also checks that can disturb the target
	GuessLogins bool `json:"guess_logins,omitempty"` // try default accounts
	Paranoid    bool `json:"paranoid,omitempty"`     // also report what only a banner says where fixes are backported
	NoPotential bool `json:"no_potential,omitempty"` // never report what only a banner says
}

// The packets a second that hosts which may not bear more get at most, whatever
// a policy says.
//
// Source: "Guard rules" in the model.
const (
	GentleRate  = 5  // to a host in a fragile net, and to every host with Gentle: the HostRatePPS of Gentled
	FragileRate = 40 // to a host that shows itself as of a fragile class while it is scanned: printers, control systems …
)

// gentleSessions are the connections at a time that a fragile host gets.
const gentleSessions = 4

// The bounds of Settings.
const (
	MaxPingPorts = 64
	MaxTries     = 16
)

// FirewallDetection says how a scan tells what stands before a host from the host
// itself.
//
// Source: syn_firewall_detection and tcp_firewall_detection, section 10.2 of
// nessus-api.md.
type FirewallDetection string

// The ways. With FirewallsNormal a host, or a firewall, that answers only so many
// questions a second is asked the silent ones again at its own pace, and a port
// that stays silent while the host still answers counts as filtered.
const (
	FirewallsNormal     FirewallDetection = ""
	FirewallsSoft       FirewallDetection = "soft"       // no limit of resets is looked for: silent ports are asked as often as the loss on the way demands
	FirewallsAggressive FirewallDetection = "aggressive" // as normal, and a port that refused is tried by a full connection before it counts as closed
	FirewallsSofter     FirewallDetection = "softer"     // as soft, and silence is nobody's: ports that stay silent stay unknown
)

// FirewallDetections are all of them.
var FirewallDetections = []FirewallDetection{FirewallsNormal, FirewallsSoft, FirewallsAggressive, FirewallsSofter}

// PrinterPorts are those at which printers print whatever they are sent.
var PrinterPorts = PortRange{First: 9100, Last: 9107}

// Duration is a time.Duration that is written as text ("5s") in JSON.
type Duration time.Duration

// MarshalText writes the form of time.Duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads the form of time.Duration. It answers Invalid for
// anything else.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return Errorf(Invalid, "%q is not a duration", b)
	}
	*d = Duration(v)
	return nil
}

// Or returns d, or otherwise when d is zero.
func (d Duration) Or(otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return time.Duration(d)
}

// Check answers Invalid, naming the field as JSON does, for settings that can
// not be run.
func (s *Settings) Check() error {
	if _, err := s.PlannedPorts(); err != nil {
		return err
	}
	for _, n := range []struct {
		field       string
		value, most int
	}{
		{"max_hosts", s.MaxHosts, math.MaxInt32},
		{"max_checks", s.MaxChecks, math.MaxInt32},
		{"rate_pps", s.RatePPS, math.MaxInt32},
		{"host_rate_pps", s.HostRatePPS, math.MaxInt32},
		{"max_sessions", s.MaxSessions, math.MaxInt32},
		{"host_max_sessions", s.HostMaxSessions, math.MaxInt32},
		{"ping_tries", s.PingTries, MaxTries},
		{"tries", s.Tries, MaxTries},
		{"read_timeout", int(min(s.ReadTimeout, 1)), 1}, // of durations the sign alone matters
		{"max_duration", int(min(s.MaxDuration, 1)), 1},
		{"probe_timeout", int(min(s.ProbeTimeout, 1)), 1},
	} {
		switch {
		case n.value < 0:
			return Invalidf(n.field, "must not be negative")
		case n.value > n.most:
			return Invalidf(n.field, "must not be more than %d", n.most)
		}
	}
	for field, way := range map[string]FirewallDetection{"firewalls": s.Firewalls, "connect_firewalls": s.ConnectFirewalls} {
		if !slices.Contains(FirewallDetections, way) {
			return Invalidf(field, "%q is none of normal (no text), soft, aggressive, softer", way)
		}
	}
	for field, list := range map[string][]uint16{"ping_ports": s.PingPorts, "udp_ping_ports": s.UDPPingPorts} {
		if len(list) > MaxPingPorts {
			return Invalidf(field, "%d ports are too many to ping; at most %d", len(list), MaxPingPorts)
		}
		if slices.Contains(list, 0) {
			return Invalidf(field, "0 is not a port")
		}
	}
	return nil
}

// PlannedPorts are the ports that a scan with these settings asks: those that
// Ports names, but for protocols that are off, and for PrinterPorts unless they
// are to be scanned. The set may be empty. It answers Invalid as ParsePorts
// does.
func (s *Settings) PlannedPorts() (Ports, error) {
	p, err := ParsePorts(s.Ports)
	if err != nil {
		return Ports{}, err
	}
	if s.NoTCP {
		p.TCP = nil
	}
	if !s.UDP {
		p.UDP = nil
	}
	if !s.ScanPrinters {
		p = p.Without(Ports{TCP: []PortRange{PrinterPorts}, UDP: []PortRange{PrinterPorts}})
	}
	return p, nil
}

// FirewallDetection is how firewalls are told when ports are found as s says.
func (s *Settings) FirewallDetection() FirewallDetection {
	if s.Connect {
		return s.ConnectFirewalls
	}
	return s.Firewalls
}

// Pings reports whether hosts are looked for before they are scanned: there is
// a way left to find one. Where it is false every target counts as alive.
func (s *Settings) Pings() bool {
	return !s.NoPing && (!s.NoARP || !s.NoICMP || !s.NoTCPPing || s.UDPPing)
}

// Gentled returns the settings for a fragile host: safe checks only, plain
// connects, few at a time, nothing that UDP services or odd packets could trip,
// no refused port tried again, and nothing guessed. What is gentler already stays.
//
// Source: "Guard rules" in the model.
func (s Settings) Gentled() Settings {
	if s.Firewalls = s.FirewallDetection(); s.Firewalls == FirewallsAggressive {
		s.Firewalls = FirewallsNormal
	}
	s.Gentle, s.Connect, s.ConnectFirewalls = true, true, s.Firewalls
	s.Unsafe, s.UDP, s.UDPPing, s.GuessLogins, s.ScanPrinters, s.ScanOT = false, false, false, false, false, false
	s.MaxChecks = 1
	if s.HostMaxSessions == 0 || s.HostMaxSessions > gentleSessions {
		s.HostMaxSessions = gentleSessions
	}
	if s.HostRatePPS == 0 || s.HostRatePPS > GentleRate {
		s.HostRatePPS = GentleRate
	}
	return s
}

// CheckSelection says which checks a policy runs. The zero value runs all.
type CheckSelection struct {
	// Families turns whole families off (false) or on. Families that are not
	// named follow Others.
	Families map[string]bool `json:"families,omitempty"`
	NoOthers bool            `json:"no_others,omitempty"` // families that are not named are off
	// Single turns single vulnerabilities on or off, against their family.
	Single map[VulnID]bool `json:"single,omitempty"`
}

// Enabled reports whether the selection runs the checks of a vulnerability in
// a family.
func (c CheckSelection) Enabled(id VulnID, family string) bool {
	if on, named := c.Single[id]; named {
		return on
	}
	if on, named := c.Families[family]; named {
		return on
	}
	return !c.NoOthers
}

// PreferenceStoresClean is the preference by which the reports of a policy's scans
// have what its checks looked for and did not find: "on".
//
// Source: invulnerableStorage of a scan template, section 14.2 of nexpose-api.md.
const PreferenceStoresClean = "nexpose.invulnerableStorage"

// StoresClean reports whether reports of scans by p have what was not found.
func (p *Policy) StoresClean() bool { return p.Preferences[PreferenceStoresClean] == "on" }
