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

	shared("ping_the_remote_host", "discovery", "host_discovery", "General Settings", "Ping the remote host", "checkbox"),
	shared("test_local_nessus_host", "discovery", "host_discovery", "General Settings", "Test the local Nessus host", "checkbox"),
	shared("fast_network_discovery", "discovery", "host_discovery", "General Settings", "Use fast network discovery", "checkbox"),
	shared("arp_ping", "discovery", "host_discovery", "Ping Methods", "ARP", "checkbox"),
	shared("tcp_ping", "discovery", "host_discovery", "Ping Methods", "TCP", "checkbox"),
	shared("tcp_ping_dest_ports", "discovery", "host_discovery", "Ping Methods", "Destination ports", "entry"),
	shared("icmp_ping", "discovery", "host_discovery", "Ping Methods", "ICMP", "checkbox"),
	shared("icmp_unreach_means_host_down", "discovery", "host_discovery", "Ping Methods", "Assume ICMP unreachable from the gateway means the host is down", "checkbox"),
	shared("icmp_ping_retries", "discovery", "host_discovery", "Ping Methods", "Maximum number of retries", "entry"),
	shared("udp_ping", "discovery", "host_discovery", "Ping Methods", "UDP", "checkbox"),
	shared("scan_network_printers", "discovery", "host_discovery", "Fragile Devices", "Scan Network Printers", "checkbox"),
	shared("scan_ot_devices", "discovery", "host_discovery", "Fragile Devices", "Scan Operational Technology devices", "checkbox"),
	shared("portscan_range", "discovery", "network_discovery", "Ports", "Port scan range:", "entry"),
	shared("syn_scanner", "discovery", "network_discovery", "Network Port Scanners", "SYN", "checkbox"),
	shared("tcp_scanner", "discovery", "network_discovery", "Network Port Scanners", "TCP", "checkbox"),
	shared("syn_firewall_detection", "discovery", "network_discovery", "Network Port Scanners", "Override automatic firewall detection (SYN)", "radio", kit.Firewalls...),
	shared("tcp_firewall_detection", "discovery", "network_discovery", "Network Port Scanners", "Override automatic firewall detection (TCP)", "radio", kit.Firewalls...),
	shared("udp_scanner", "discovery", "network_discovery", "Network Port Scanners", "UDP", "checkbox"),

	shared("report_paranoia", "assessment", "general", "Accuracy", "Override normal accuracy", "radio", kit.Accuracies...),
	shared("provided_creds_only", "assessment", "brute_force", "General Settings", "Only use credentials provided by the user", "checkbox"),

	shared("reverse_lookup", "report", "report", "Output", "Designate hosts by their DNS name", "checkbox"),
	shared("display_unreachable_hosts", "report", "report", "Output", "Display unreachable hosts", "checkbox"),

	shared("safe_checks", "advanced", "advanced", "General Settings", "Enable safe checks", "checkbox"),
	shared("stop_scan_on_disconnect", "advanced", "advanced", "General Settings", "Stop scanning hosts that become unresponsive during the scan", "checkbox"),
	shared("scan.allow_multi_target", "advanced", "advanced", "General Settings", "Scan all addresses of a host name", "checkbox"),
	duration("network_receive_timeout", "Network timeout (in seconds)", time.Second, 5, func(s *harrier.Settings) *harrier.Duration { return &s.ReadTimeout }),
	number("max_checks_per_host", "Max simultaneous checks per host", 8, func(s *harrier.Settings) *int { return &s.MaxChecks }),
	limit("max_simult_tcp_sessions_per_host", "Max number of concurrent TCP sessions per host", func(s *harrier.Settings) *int { return &s.HostMaxSessions }),
	limit("max_simult_tcp_sessions_per_scan", "Max number of concurrent TCP sessions per scan", func(s *harrier.Settings) *int { return &s.MaxSessions }),
	number("max_hosts_per_scan", "Max simultaneous hosts per scan", 64, func(s *harrier.Settings) *int { return &s.MaxHosts }),
	duration("scan_time_window", "Time limit of the scan (in minutes, 0: none)", time.Minute, 0, func(s *harrier.Settings) *harrier.Duration { return &s.MaxDuration }),
	number("rate_pps", "New connections per second (0: adaptive)", 0, func(s *harrier.Settings) *int { return &s.RatePPS }),
	number("host_rate_pps", "New connections per second to one host (0: adaptive)", 0, func(s *harrier.Settings) *int { return &s.HostRatePPS }),
	shared("gentle", "advanced", "advanced", "Performance Options", "Treat every host as fragile", "checkbox"),
}

// shared makes a setting that other APIs have too.
func shared(name, tab, group, section, label, kind string, options ...string) setting {
	p := kit.Preferences[name]
	return setting{name: name, tab: tab, group: group, section: section, label: label, kind: kind, options: options, get: p.Get, set: p.Set}
}

// number makes a setting of a whole number, of which 0 stands for otherwise,
// and so does no text.
func number(name, label string, otherwise int, of func(*harrier.Settings) *int) setting {
	return setting{
		name: name, tab: "advanced", group: "advanced", section: "Performance Options", label: label, kind: "entry",
		get: func(s harrier.Settings) string { return strconv.Itoa(cmp.Or(*of(&s), otherwise)) },
		set: func(s *harrier.Settings, text string) error {
			n, err := kit.WholeNumber(text)
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
		n, err := kit.WholeNumber(text)
		if err != nil {
			return err
		}
		*of(s) = harrier.Duration(time.Duration(n) * unit)
		return nil
	}
	return s
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
