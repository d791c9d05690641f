package nessus

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// setting joins a setting of the API to what an engine honours. Its default is
// what get says of the zero Settings, or of a template's.
type setting struct {
	name    string
	tab     string // of the editor: "discovery", "assessment", "report", "advanced"
	group   string // within the tab; "" for a mode
	section string
	label   string
	kind    string   // "checkbox", "entry", "radio"; "mode" for the choice of a tab
	options []string // of a radio or a mode
	get     func(harrier.Settings) string
	set     func(*harrier.Settings, string) error
}

// settings is the one table of settings that scans honour, modes first: what
// stands after a mode refines it.
//
// Source: nessus-api.md, section 10, and 6.2 for the modes.
var settings = []setting{
	{
		name: "discovery_mode", tab: "discovery", kind: "mode", label: "Scan Type",
		options: []string{"portscan_common", "portscan_all", "host_enumeration", "custom"},
		get:     discoveryMode, set: setDiscoveryMode,
	},
	{
		name: "advanced_mode", tab: "advanced", kind: "mode", label: "Scan Type",
		options: []string{"default", "low_bandwidth", "custom"},
		get:     advancedMode, set: setAdvancedMode,
	},

	off("ping_the_remote_host", "discovery", "host_discovery", "General Settings", "Ping the remote host", func(s *harrier.Settings) *bool { return &s.NoPing }),
	off("test_local_nessus_host", "discovery", "host_discovery", "General Settings", "Test the local Nessus host", func(s *harrier.Settings) *bool { return &s.SkipOwn }),
	on("fast_network_discovery", "discovery", "host_discovery", "General Settings", "Use fast network discovery", func(s *harrier.Settings) *bool { return &s.FastDiscovery }),
	off("arp_ping", "discovery", "host_discovery", "Ping Methods", "ARP", func(s *harrier.Settings) *bool { return &s.NoARP }),
	off("tcp_ping", "discovery", "host_discovery", "Ping Methods", "TCP", func(s *harrier.Settings) *bool { return &s.NoTCPPing }),
	{
		name: "tcp_ping_dest_ports", tab: "discovery", group: "host_discovery", section: "Ping Methods",
		label: "Destination ports", kind: "entry", get: pingPorts, set: setPingPorts,
	},
	off("icmp_ping", "discovery", "host_discovery", "Ping Methods", "ICMP", func(s *harrier.Settings) *bool { return &s.NoICMP }),
	on("icmp_unreach_means_host_down", "discovery", "host_discovery", "Ping Methods", "Assume ICMP unreachable from the gateway means the host is down", func(s *harrier.Settings) *bool { return &s.UnreachableMeansDead }),
	{
		name: "icmp_ping_retries", tab: "discovery", group: "host_discovery", section: "Ping Methods",
		label: "Maximum number of retries", kind: "entry", get: pingRetries, set: setPingRetries,
	},
	on("udp_ping", "discovery", "host_discovery", "Ping Methods", "UDP", func(s *harrier.Settings) *bool { return &s.UDPPing }),
	on("scan_network_printers", "discovery", "host_discovery", "Fragile Devices", "Scan Network Printers", func(s *harrier.Settings) *bool { return &s.ScanPrinters }),
	on("scan_ot_devices", "discovery", "host_discovery", "Fragile Devices", "Scan Operational Technology devices", func(s *harrier.Settings) *bool { return &s.ScanOT }),
	{
		name: "portscan_range", tab: "discovery", group: "network_discovery", section: "Ports",
		label: "Port scan range:", kind: "entry", get: portRange, set: setPortRange,
	},
	scanner("syn_scanner", "SYN", false),
	scanner("tcp_scanner", "TCP", true),
	on("udp_scanner", "discovery", "network_discovery", "Network Port Scanners", "UDP", func(s *harrier.Settings) *bool { return &s.UDP }),

	{
		name: "report_paranoia", tab: "assessment", group: "general", section: "Accuracy",
		label: "Override normal accuracy", kind: "radio",
		options: []string{"Normal", "Avoid false alarms", "Paranoid (more false alarms)"}, get: paranoia, set: setParanoia,
	},
	off("provided_creds_only", "assessment", "brute_force", "General Settings", "Only use credentials provided by the user", func(s *harrier.Settings) *bool { return &s.GuessLogins }),

	on("reverse_lookup", "report", "report", "Output", "Designate hosts by their DNS name", func(s *harrier.Settings) *bool { return &s.ReverseNames }),
	on("display_unreachable_hosts", "report", "report", "Output", "Display unreachable hosts", func(s *harrier.Settings) *bool { return &s.ReportDead }),

	off("safe_checks", "advanced", "advanced", "General Settings", "Enable safe checks", func(s *harrier.Settings) *bool { return &s.Unsafe }),
	on("stop_scan_on_disconnect", "advanced", "advanced", "General Settings", "Stop scanning hosts that become unresponsive during the scan", func(s *harrier.Settings) *bool { return &s.StopSilent }),
	on("scan.allow_multi_target", "advanced", "advanced", "General Settings", "Scan all addresses of a host name", func(s *harrier.Settings) *bool { return &s.AllAddresses }),
	duration("network_receive_timeout", "Network timeout (in seconds)", time.Second, 5, func(s *harrier.Settings) *harrier.Duration { return &s.ReadTimeout }),
	number("max_checks_per_host", "Max simultaneous checks per host", 8, func(s *harrier.Settings) *int { return &s.MaxChecks }),
	limit("max_simult_tcp_sessions_per_host", "Max number of concurrent TCP sessions per host", func(s *harrier.Settings) *int { return &s.HostMaxSessions }),
	limit("max_simult_tcp_sessions_per_scan", "Max number of concurrent TCP sessions per scan", func(s *harrier.Settings) *int { return &s.MaxSessions }),
	number("max_hosts_per_scan", "Max simultaneous hosts per scan", 64, func(s *harrier.Settings) *int { return &s.MaxHosts }),
	duration("scan_time_window", "Time limit of the scan (in minutes, 0: none)", time.Minute, 0, func(s *harrier.Settings) *harrier.Duration { return &s.MaxDuration }),
	number("rate_pps", "New connections per second (0: adaptive)", 0, func(s *harrier.Settings) *int { return &s.RatePPS }),
	number("host_rate_pps", "New connections per second to one host (0: adaptive)", 0, func(s *harrier.Settings) *int { return &s.HostRatePPS }),
	on("gentle", "advanced", "advanced", "Performance Options", "Treat every host as fragile", func(s *harrier.Settings) *bool { return &s.Gentle }),
}

// on makes a setting whose "yes" is a true flag.
func on(name, tab, group, section, label string, flag func(*harrier.Settings) *bool) setting {
	return setting{
		name: name, tab: tab, group: group, section: section, label: label, kind: "checkbox",
		get: func(s harrier.Settings) string { return yesNo(*flag(&s)) },
		set: func(s *harrier.Settings, text string) error {
			v, err := kit.ParseBool(text)
			if err != nil {
				return err
			}
			*flag(s) = v
			return nil
		},
	}
}

// off makes a setting whose "no" is a true flag.
func off(name, tab, group, section, label string, flag func(*harrier.Settings) *bool) setting {
	s := on(name, tab, group, section, label, flag)
	s.get = func(s harrier.Settings) string { return yesNo(!*flag(&s)) }
	s.set = func(s *harrier.Settings, text string) error {
		v, err := kit.ParseBool(text)
		if err != nil {
			return err
		}
		*flag(s) = !v
		return nil
	}
	return s
}

// scanner makes the setting that chooses one of the two TCP port scanners: the
// one that connects, or the one that need not. One is on, or none and TCP ports
// are left out; a request that turns both on gets the one that connects, which
// finds the same.
func scanner(name, label string, connects bool) setting {
	return setting{
		name: name, tab: "discovery", group: "network_discovery", section: "Network Port Scanners", label: label, kind: "checkbox",
		get: func(s harrier.Settings) string { return yesNo(!s.NoTCP && s.Connect == connects) },
		set: func(s *harrier.Settings, text string) error {
			v, err := kit.ParseBool(text)
			switch {
			case err != nil:
				return err
			case v:
				s.NoTCP, s.Connect = false, connects
			case s.Connect == connects:
				s.NoTCP, s.Connect = true, false
			}
			return nil
		},
	}
}

// number makes a setting of a whole number, of which 0 stands for otherwise,
// and so does no text.
func number(name, label string, otherwise int, of func(*harrier.Settings) *int) setting {
	return setting{
		name: name, tab: "advanced", group: "advanced", section: "Performance Options", label: label, kind: "entry",
		get: func(s harrier.Settings) string { return strconv.Itoa(cmp.Or(*of(&s), otherwise)) },
		set: func(s *harrier.Settings, text string) error {
			n, err := wholeNumber(text)
			if err != nil {
				return err
			}
			*of(s) = n
			return nil
		},
	}
}

// limit makes a setting of a whole number that is not shown while it is 0.
func limit(name, label string, of func(*harrier.Settings) *int) setting {
	s := number(name, label, 0, of)
	shown := s.get
	s.get = func(set harrier.Settings) string { return strings.TrimLeft(shown(set), "0") }
	return s
}

// duration makes a setting of a number of units.
func duration(name, label string, unit time.Duration, otherwise int, of func(*harrier.Settings) *harrier.Duration) setting {
	s := number(name, label, otherwise, nil)
	s.get = func(s harrier.Settings) string {
		return strconv.Itoa(int(of(&s).Or(time.Duration(otherwise)*unit) / unit))
	}
	s.set = func(s *harrier.Settings, text string) error {
		n, err := wholeNumber(text)
		if err != nil {
			return err
		}
		*of(s) = harrier.Duration(time.Duration(n) * unit)
		return nil
	}
	return s
}

func wholeNumber(text string) (int, error) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, harrier.Errorf(harrier.Invalid, "%q is not a whole number", text)
	}
	return int(n), nil
}

func yesNo(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

func discoveryMode(s harrier.Settings) string {
	switch {
	case s.DiscoverOnly:
		return "host_enumeration"
	case s.Ports == "" || s.Ports == "default":
		return "portscan_common"
	case s.Ports == "all":
		return "portscan_all"
	}
	return "custom"
}

func setDiscoveryMode(s *harrier.Settings, mode string) error {
	switch mode {
	case "host_enumeration", "host_enumeration_fragile":
		s.DiscoverOnly, s.ScanPrinters = true, mode == "host_enumeration_fragile"
	case "portscan_all":
		s.DiscoverOnly, s.NoTCP, s.Ports = false, false, "all"
	case "portscan_common", "default", "os_identification":
		s.DiscoverOnly, s.NoTCP, s.Ports = false, false, ""
	case "custom", "":
	default:
		return harrier.Errorf(harrier.Invalid, "there is no mode %q", mode)
	}
	return nil
}

func advancedMode(s harrier.Settings) string {
	switch (pace{s.MaxHosts, s.MaxChecks}) {
	case pace{}, defaultPace:
		return "default"
	case lowBandwidth:
		return "low_bandwidth"
	}
	return "custom"
}

// pace is how many hosts, and checks on each, run at a time.
type pace struct{ hosts, checks int }

// The paces that have a name.
//
// Source: nessus-api.md, section 6.2.
var (
	defaultPace  = pace{30, 4}
	lowBandwidth = pace{2, 2}
)

func setAdvancedMode(s *harrier.Settings, mode string) error {
	switch mode {
	case "default":
		s.MaxHosts, s.MaxChecks = defaultPace.hosts, defaultPace.checks
	case "low_bandwidth":
		s.MaxHosts, s.MaxChecks = lowBandwidth.hosts, lowBandwidth.checks
	case "custom", "":
	default:
		return harrier.Errorf(harrier.Invalid, "there is no mode %q", mode)
	}
	return nil
}

func portRange(s harrier.Settings) string { return cmp.Or(s.Ports, "default") }

func setPortRange(s *harrier.Settings, text string) error {
	text = strings.TrimSpace(text)
	if _, err := harrier.ParsePorts(text); err != nil {
		return err
	}
	switch strings.ToLower(text) {
	case "", "default":
		text = ""
	case "all":
		text = "all"
	}
	s.Ports = text
	return nil
}

const builtIn = "built-in"

func pingPorts(s harrier.Settings) string {
	if len(s.PingPorts) == 0 {
		return builtIn
	}
	list := make([]string, len(s.PingPorts))
	for i, p := range s.PingPorts {
		list[i] = strconv.Itoa(int(p))
	}
	return strings.Join(list, ",")
}

func setPingPorts(s *harrier.Settings, text string) error {
	if text = strings.TrimSpace(text); text == "" || text == builtIn {
		s.PingPorts = nil
		return nil
	}
	p, err := harrier.ParsePorts("T:" + text)
	if err != nil {
		return err
	}
	if n := p.Count(harrier.TCP); n > harrier.MaxPingPorts {
		return harrier.Errorf(harrier.Invalid, "%d ports are too many to ping", n)
	}
	s.PingPorts = p.List(harrier.TCP)
	return nil
}

// defaultRetries is how often a ping is repeated when the policy does not say.
//
// Source: nessus-api.md, section 10.1.
const defaultRetries = 2

func pingRetries(s harrier.Settings) string {
	if s.PingTries == 0 {
		return strconv.Itoa(defaultRetries)
	}
	return strconv.Itoa(s.PingTries - 1)
}

func setPingRetries(s *harrier.Settings, text string) error {
	if text = strings.TrimSpace(text); text == "" {
		s.PingTries = 0
		return nil
	}
	n, err := wholeNumber(text)
	if err != nil {
		return err
	}
	if n >= harrier.MaxTries {
		return harrier.Errorf(harrier.Invalid, "%d are too many; at most %d", n, harrier.MaxTries-1)
	}
	if s.PingTries = n + 1; n == defaultRetries {
		s.PingTries = 0
	}
	return nil
}

func paranoia(s harrier.Settings) string {
	switch {
	case s.Paranoid:
		return "Paranoid (more false alarms)"
	case s.NoPotential:
		return "Avoid false alarms"
	}
	return "Normal"
}

func setParanoia(s *harrier.Settings, text string) error {
	switch {
	case text == "" || strings.EqualFold(text, "Normal"):
		s.Paranoid, s.NoPotential = false, false
	case strings.HasPrefix(strings.ToLower(text), "avoid"):
		s.Paranoid, s.NoPotential = false, true
	case strings.HasPrefix(strings.ToLower(text), "paranoid"):
		s.Paranoid, s.NoPotential = true, false
	default:
		return harrier.Errorf(harrier.Invalid, "%q is not one of Normal, Avoid false alarms, Paranoid (more false alarms)", text)
	}
	return nil
}

// applySettings puts the settings of a request into p: what engines honour into
// its Settings, other single values into its Preferences, to be given back. A
// value that only repeats what p says already changes nothing, so that a client
// may send all that it read with one thing changed. Keys in own are the
// caller's and skipped, as are objects and lists. It answers Invalid, naming
// the setting.
func applySettings(p *harrier.Policy, given map[string]json.RawMessage, own func(string) bool) error {
	before := p.Settings
	for _, s := range settings {
		raw, ok := given[s.name]
		if !ok {
			continue
		}
		text, single := kit.Scalar(raw)
		if !single || text == s.get(before) {
			continue
		}
		if err := s.set(&p.Settings, text); err != nil {
			return harrier.Invalidf(s.name, "%s", messageOf(err))
		}
	}
	for name, raw := range given {
		text, single := kit.Scalar(raw)
		if !single || own(name) || isHonoured(name) {
			continue
		}
		if p.Preferences == nil {
			p.Preferences = map[string]string{}
		}
		p.Preferences[name] = text
	}
	return p.Settings.Check()
}

// messageOf is what a client may read of an error of a setter.
func messageOf(err error) string {
	if harrier.KindOf(err) == harrier.Invalid {
		return harrier.MessageOf(err)
	}
	return err.Error()
}

func isHonoured(name string) bool {
	return slices.ContainsFunc(settings, func(s setting) bool { return s.name == name })
}

// settingsOf tells all settings of p as texts, by their names.
func settingsOf(p harrier.Policy) map[string]any {
	out := map[string]any{}
	for name, v := range p.Preferences {
		out[name] = v
	}
	for _, s := range settings {
		out[s.name] = s.get(p.Settings)
	}
	return out
}

// changesSettings reports whether given asks for other settings than p has.
func changesSettings(p harrier.Policy, given map[string]json.RawMessage, own func(string) bool) (bool, error) {
	q := p
	q.Preferences = maps.Clone(p.Preferences)
	if err := applySettings(&q, given, own); err != nil {
		return false, err
	}
	return slices.ContainsFunc(settings, func(s setting) bool { return s.get(p.Settings) != s.get(q.Settings) }), nil
}
