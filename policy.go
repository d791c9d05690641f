package harrier

import (
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

// Settings are what an engine honours. The zero value is what a new policy
// has: safe checks, the default ports, hosts found by a ping.
type Settings struct {
	Ports        string   `json:"ports,omitempty"`         // see ParsePorts; "" is "default"
	NoPing       bool     `json:"no_ping,omitempty"`       // take every target as alive
	PingPorts    []uint16 `json:"ping_ports,omitempty"`    // for TCP ping; empty: built-in ones
	NoICMP       bool     `json:"no_icmp,omitempty"`       // no ICMP echo where raw sockets allow one
	NoTCPPing    bool     `json:"no_tcp_ping,omitempty"`   // no TCP ping
	DiscoverOnly bool     `json:"discover_only,omitempty"` // end after host discovery
	UDP          bool     `json:"udp,omitempty"`           // scan UDP ports too
	Unsafe       bool     `json:"unsafe,omitempty"`        // also checks that can disturb the target
	MaxHosts     int      `json:"max_hosts,omitempty"`     // hosts at a time; 0 means 64
	MaxChecks    int      `json:"max_checks,omitempty"`    // checks at a time on one host; 0 means 8
	RatePPS      int      `json:"rate_pps,omitempty"`      // new connections a second in all; 0 means adaptive without a cap
	HostRatePPS  int      `json:"host_rate_pps,omitempty"` // the same to one host; 0 means adaptive
	ReadTimeout  Duration `json:"read_timeout,omitempty"`  // for one answer; 0 means 5 s
	MaxDuration  Duration `json:"max_duration,omitempty"`  // of the whole scan; 0 means no limit
	ReverseNames bool     `json:"reverse_names,omitempty"` // look host names up by address
	AllAddresses bool     `json:"all_addresses,omitempty"` // scan every address of a name, not only the first
	ReportDead   bool     `json:"report_dead,omitempty"`   // list hosts that did not answer
	StopSilent   bool     `json:"stop_silent,omitempty"`   // give a host up that stops answering
	ScanPrinters bool     `json:"scan_printers,omitempty"` // also ports 9100-9107, which print what they are sent
	Gentle       bool     `json:"gentle,omitempty"`        // the fragile profile, for every host
	GuessLogins  bool     `json:"guess_logins,omitempty"`  // try default accounts
	Paranoid     bool     `json:"paranoid,omitempty"`      // also report what only a banner says where fixes are backported
	NoPotential  bool     `json:"no_potential,omitempty"`  // never report what only a banner says
}

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

// Check answers Invalid, naming the field, for settings that can not be run.
func (s *Settings) Check() error {
	if _, err := ParsePorts(s.Ports); err != nil {
		return err
	}
	for _, n := range []struct {
		field string
		value int
	}{{"max_hosts", s.MaxHosts}, {"max_checks", s.MaxChecks}, {"rate", s.RatePPS}, {"host rate", s.HostRatePPS}} {
		if n.value < 0 {
			return Invalidf(n.field, "must not be negative")
		}
	}
	if s.ReadTimeout < 0 || s.MaxDuration < 0 {
		return Invalidf("timeout", "must not be negative")
	}
	return nil
}

// Gentled returns the settings for a fragile host: safe checks only, plain
// connects, few at a time, and nothing guessed.
//
// Source: "Guard rules" in the model.
func (s Settings) Gentled() Settings {
	s.Gentle, s.Unsafe, s.UDP, s.GuessLogins, s.ScanPrinters = true, false, false, false, false
	s.MaxChecks, s.HostRatePPS = 1, 5
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
