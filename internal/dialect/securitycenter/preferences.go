package securitycenter

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// preference is an entry of a policy's preference map. Those with get and set
// are what engines honour; the others are kept and given back.
type preference struct {
	name     string
	section  string // of the editor
	group    string // within the section
	kind     string // "checkbox", "entry", "radio"
	label    string
	standard string // the default of template 1
	file     string // its name in a policy file, where that differs
	get      func(harrier.Settings) string
	set      func(*harrier.Settings, string) error
}

// The sections of the editor, in their order, with their titles.
//
// Source: securitycenter-api.md, section 7.2.
var editorSections = [][2]string{
	{"setup", "Setup"},
	{"advanced", "Advanced"},
	{"discovery_host_discovery", "Host Discovery"},
	{"discovery_network_discovery", "Port Scanning"},
	{"discovery_service_discovery", "Service Discovery"},
	{"assessment_general", "General"},
	{"assessment_brute_force", "Brute Force"},
	{"assessment_malware_scan", "Malware"},
	{"assessment_scada", "SCADA"},
	{"assessment_webapp", "Web Applications"},
	{"assessment_windows_cred_scan", "Windows"},
	{"report", "Report"},
}

const (
	inHosts      = "discovery_host_discovery"
	inPorts      = "discovery_network_discovery"
	inServices   = "discovery_service_discovery"
	inAssessment = "assessment_general"
	inBruteForce = "assessment_brute_force"
	inReport     = "report"
	inAdvanced   = "advanced"
)

// preferences is the one table of what policies set by name. What stands later
// refines what stands before.
//
// Source: securitycenter-api.md, section 7.3.
var preferences = []preference{
	no("ping_the_remote_host", inHosts, "General", "Ping the remote host", func(s *harrier.Settings) *bool { return &s.NoPing }),
	no("test_local_nessus_host", inHosts, "General", "Test the scanner's own host", func(s *harrier.Settings) *bool { return &s.SkipOwn }),
	yes("fast_network_discovery", inHosts, "General", "Fast network discovery", func(s *harrier.Settings) *bool { return &s.FastDiscovery }),
	no("arp_ping", inHosts, "Ping Methods", "ARP", func(s *harrier.Settings) *bool { return &s.NoARP }),
	no("tcp_ping", inHosts, "Ping Methods", "TCP", func(s *harrier.Settings) *bool { return &s.NoTCPPing }),
	{name: "tcp_ping_dest_ports", section: inHosts, group: "Ping Methods", kind: "entry", label: "Destination ports", standard: builtIn, get: pingPorts, set: setPingPorts},
	no("icmp_ping", inHosts, "Ping Methods", "ICMP", func(s *harrier.Settings) *bool { return &s.NoICMP }),
	yes("icmp_unreach_means_host_down", inHosts, "Ping Methods", "ICMP unreachable means the host is down", func(s *harrier.Settings) *bool { return &s.UnreachableMeansDead }),
	{name: "icmp_ping_retries", section: inHosts, group: "Ping Methods", kind: "entry", label: "Maximum number of retries", standard: "2", get: pingRetries, set: setPingRetries},
	yes("udp_ping", inHosts, "Ping Methods", "UDP", func(s *harrier.Settings) *bool { return &s.UDPPing }),
	yes("scan_network_printers", inHosts, "Fragile Devices", "Scan network printers", func(s *harrier.Settings) *bool { return &s.ScanPrinters }),
	yes("scan_ot_devices", inHosts, "Fragile Devices", "Scan operational technology devices", func(s *harrier.Settings) *bool { return &s.ScanOT }),
	{name: "portscan_range", section: inPorts, group: "Ports", kind: "entry", label: "Port scan range", standard: "default", file: "port_range", get: portRange, set: setPortRange},
	scanner("syn_scanner", "SYN", false),
	scanner("tcp_scanner", "TCP", true),
	yes("udp_scanner", inPorts, "Network Port Scanners", "UDP", func(s *harrier.Settings) *bool { return &s.UDP }),
	kept("syn_firewall_detection", inPorts, "Network Port Scanners", "Override automatic firewall detection (SYN)", "Automatic (normal)"),
	kept("tcp_firewall_detection", inPorts, "Network Port Scanners", "Override automatic firewall detection (TCP)", "Automatic (normal)"),
	kept("verify_open_ports", inPorts, "Local Port Enumerators", "Verify open TCP ports found by local port enumerators", "no"),
	kept("unscanned_closed", inPorts, "Ports", "Consider unscanned ports as closed", "no"),
	kept("ssh_netstat_scanner", inPorts, "Local Port Enumerators", "SSH (netstat)", "yes"),
	kept("wmi_netstat_scanner", inPorts, "Local Port Enumerators", "WMI (netstat)", "yes"),
	kept("snmp_scanner", inPorts, "Local Port Enumerators", "SNMP", "yes"),
	kept("only_portscan_if_enum_failed", inPorts, "Local Port Enumerators", "Only run network port scanners if local port enumeration failed", "yes"),
	kept("svc_detection_on_all_ports", inServices, "General", "Probe all ports to find services", "yes"),
	kept("detect_ssl", inServices, "General", "Search for SSL/TLS services", "yes"),
	kept("ssl_prob_ports", inServices, "General", "Search for SSL/TLS on", "Known SSL ports"),
	kept("cert_expiry_warning_days", inServices, "General", "Identify certificates expiring within x days", "60"),
	kept("enumerate_all_ciphers", inServices, "General", "Enumerate all SSL/TLS ciphers", "yes"),
	kept("check_crl", inServices, "General", "Enable CRL checking", "no"),
	{name: "report_paranoia", section: inAssessment, group: "Accuracy", kind: "radio", label: "Override normal accuracy", standard: "Normal", get: paranoia, set: setParanoia},
	kept("thorough_tests", inAssessment, "Accuracy", "Perform thorough tests", "no"),
	no("provided_creds_only", inBruteForce, "General", "Only use credentials provided by the user", func(s *harrier.Settings) *bool { return &s.GuessLogins }),
	yes("reverse_lookup", inReport, "Output", "Designate hosts by their DNS name", func(s *harrier.Settings) *bool { return &s.ReverseNames }),
	yes("display_unreachable_hosts", inReport, "Output", "Display unreachable hosts", func(s *harrier.Settings) *bool { return &s.ReportDead }),
	kept("log_live_hosts", inReport, "Output", "Display hosts that respond to ping", "no"),
	kept("report_verbosity", inReport, "Processing", "Override normal verbosity", "Normal"),
	kept("report_superseded_patches", inReport, "Processing", "Show missing patches that have been superseded", "yes"),
	kept("silent_dependencies", inReport, "Processing", "Hide results from plugins initiated as a dependency", "yes"),
	no("safe_checks", inAdvanced, "General", "Enable safe checks", func(s *harrier.Settings) *bool { return &s.Unsafe }),
	yes("stop_scan_on_disconnect", inAdvanced, "General", "Stop scanning hosts that become unresponsive", func(s *harrier.Settings) *bool { return &s.StopSilent }),
	count("network_receive_timeout", "Network timeout (in seconds)", 5, "checks_read_timeout",
		func(s harrier.Settings) int { return int(time.Duration(s.ReadTimeout) / time.Second) },
		func(s *harrier.Settings, n int) { s.ReadTimeout = harrier.Duration(time.Duration(n) * time.Second) }),
	count("max_checks_per_host", "Max simultaneous checks per host", 5, "max_checks",
		func(s harrier.Settings) int { return s.MaxChecks }, func(s *harrier.Settings, n int) { s.MaxChecks = n }),
	count("max_hosts_per_scan", "Max simultaneous hosts per scan", 30, "max_hosts",
		func(s harrier.Settings) int { return s.MaxHosts }, func(s *harrier.Settings, n int) { s.MaxHosts = n }),
	kept("reduce_connections_on_congestion", inAdvanced, "Performance", "Slow down when network congestion is detected", "no"),
	kept("use_kernel_congestion_detection", inAdvanced, "Performance", "Use Linux kernel congestion detection", "no"),
}

const builtIn = "built-in"

// kept makes a preference that noRef honours.
func kept(name, section, group, label, standard string) preference {
	kind := "entry"
	if standard == "yes" || standard == "no" {
		kind = "checkbox"
	}
	return preference{name: name, section: section, group: group, kind: kind, label: label, standard: standard}
}

// yes makes a preference whose "yes" is a true flag, and which is off at first.
func yes(name, section, group, label string, flag func(*harrier.Settings) *bool) preference {
	return preference{
		name: name, section: section, group: group, kind: "checkbox", label: label, standard: yesNo(*flag(&harrier.Settings{})),
		get: func(s harrier.Settings) string { return yesNo(*flag(&s)) },
		set: func(s *harrier.Settings, text string) error { return setFlag(flag(s), text, false) },
	}
}

// no makes a preference whose "no" is a true flag.
func no(name, section, group, label string, flag func(*harrier.Settings) *bool) preference {
	p := yes(name, section, group, label, flag)
	p.standard = yesNo(!*flag(&harrier.Settings{}))
	p.get = func(s harrier.Settings) string { return yesNo(!*flag(&s)) }
	p.set = func(s *harrier.Settings, text string) error { return setFlag(flag(s), text, true) }
	return p
}

func setFlag(to *bool, text string, negated bool) error {
	v, err := kit.ParseBool(text)
	if err == nil {
		*to = v != negated
	}
	return err
}

// scanner makes the preference of one of the two TCP port scanners: the one
// that connects, or the one that need not. One is on, or none and TCP ports are
// left out; with both on, it is the one that connects, which finds the same.
func scanner(name, label string, connects bool) preference {
	return preference{
		name: name, section: inPorts, group: "Network Port Scanners", kind: "checkbox", label: label, standard: yesNo(!connects),
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

// count makes a preference that is a whole number; 0 and nothing stand for the
// engine's own choice.
func count(name, label string, standard int, file string, get func(harrier.Settings) int, set func(*harrier.Settings, int)) preference {
	return preference{
		name: name, section: inAdvanced, group: "Performance", kind: "entry", label: label, standard: strconv.Itoa(standard), file: file,
		get: func(s harrier.Settings) string { return strconv.Itoa(cmp.Or(get(s), standard)) },
		set: func(s *harrier.Settings, text string) error {
			n, err := wholeNumber(text)
			if err == nil {
				set(s, n)
			}
			return err
		},
	}
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
const defaultRetries = 2

func pingRetries(s harrier.Settings) string {
	if s.PingTries == 0 {
		return strconv.Itoa(defaultRetries)
	}
	return strconv.Itoa(s.PingTries - 1)
}

func setPingRetries(s *harrier.Settings, text string) error {
	n, err := wholeNumber(cmp.Or(strings.TrimSpace(text), strconv.Itoa(defaultRetries)))
	switch {
	case err != nil:
		return err
	case n >= harrier.MaxTries:
		return harrier.Errorf(harrier.Invalid, "%d are too many; at most %d", n, harrier.MaxTries-1)
	case n == defaultRetries:
		s.PingTries = 0
	default:
		s.PingTries = n + 1
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
	word := strings.ToLower(strings.TrimSpace(text))
	paranoid, avoid := strings.HasPrefix(word, "paranoid"), strings.HasPrefix(word, "avoid")
	if !paranoid && !avoid && word != "" && word != "normal" {
		return harrier.Errorf(harrier.Invalid, "%q is not one of Normal, Avoid false alarms, Paranoid (more false alarms)", text)
	}
	s.Paranoid, s.NoPotential = paranoid, avoid
	return nil
}

// applyPreferences puts preferences into p: what engines honour also into its
// Settings. It answers 146, naming the preference.
func applyPreferences(p *harrier.Policy, given map[string]string) error {
	if p.Preferences == nil {
		p.Preferences = map[string]string{}
	}
	for _, pref := range preferences {
		text, ok := given[pref.name]
		if !ok || pref.set == nil {
			continue
		}
		if err := pref.set(&p.Settings, text); err != nil {
			why := err.Error()
			if harrier.KindOf(err) == harrier.Invalid {
				why = harrier.MessageOf(err)
			}
			return harrier.Errorf(harrier.Invalid, "The value for preference '%s' is invalid: %s.", pref.name, strings.TrimSuffix(why, "."))
		}
	}
	for name, text := range given {
		if !strings.HasPrefix(name, ownPrefix) {
			p.Preferences[name] = text
		}
	}
	return nil
}

// removePreference puts a preference back to what the template says.
func removePreference(p *harrier.Policy, name string, template harrier.Settings) {
	if strings.HasPrefix(name, ownPrefix) {
		return
	}
	delete(p.Preferences, name)
	i := slices.IndexFunc(preferences, func(pref preference) bool { return pref.name == name })
	if i >= 0 && preferences[i].set != nil {
		_ = preferences[i].set(&p.Settings, preferences[i].get(template)) // its own words
	}
}

// preferencesOf are the preferences of p: those that were given, as they were
// while they still hold, and those in which p differs from its template.
func preferencesOf(p harrier.Policy, template harrier.Settings) map[string]string {
	out := map[string]string{}
	for name, text := range p.Preferences {
		if !strings.HasPrefix(name, ownPrefix) && name != basedOn {
			out[name] = text
		}
	}
	for _, pref := range preferences {
		if pref.get == nil {
			continue
		}
		have := pref.get(p.Settings)
		if text, given := out[pref.name]; given {
			s := p.Settings
			if pref.set(&s, text) != nil || pref.get(s) != have {
				out[pref.name] = have
			}
		} else if have != pref.get(template) {
			out[pref.name] = have
		}
	}
	return out
}
