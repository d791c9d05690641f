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
	shared("ping_the_remote_host", inHosts, "General", "Ping the remote host"),
	shared("test_local_nessus_host", inHosts, "General", "Test the scanner's own host"),
	shared("fast_network_discovery", inHosts, "General", "Fast network discovery"),
	shared("arp_ping", inHosts, "Ping Methods", "ARP"),
	shared("tcp_ping", inHosts, "Ping Methods", "TCP"),
	shared("tcp_ping_dest_ports", inHosts, "Ping Methods", "Destination ports").as("entry", ""),
	shared("icmp_ping", inHosts, "Ping Methods", "ICMP"),
	shared("icmp_unreach_means_host_down", inHosts, "Ping Methods", "ICMP unreachable means the host is down"),
	shared("icmp_ping_retries", inHosts, "Ping Methods", "Maximum number of retries").as("entry", ""),
	shared("udp_ping", inHosts, "Ping Methods", "UDP"),
	shared("scan_network_printers", inHosts, "Fragile Devices", "Scan network printers"),
	shared("scan_ot_devices", inHosts, "Fragile Devices", "Scan operational technology devices"),
	shared("portscan_range", inPorts, "Ports", "Port scan range").as("entry", "port_range"),
	shared("syn_scanner", inPorts, "Network Port Scanners", "SYN"),
	shared("tcp_scanner", inPorts, "Network Port Scanners", "TCP"),
	shared("udp_scanner", inPorts, "Network Port Scanners", "UDP"),
	shared("syn_firewall_detection", inPorts, "Network Port Scanners", "Override automatic firewall detection (SYN)").as("radio", ""),
	shared("tcp_firewall_detection", inPorts, "Network Port Scanners", "Override automatic firewall detection (TCP)").as("radio", ""),
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
	shared("report_paranoia", inAssessment, "Accuracy", "Override normal accuracy").as("radio", ""),
	kept("thorough_tests", inAssessment, "Accuracy", "Perform thorough tests", "no"),
	shared("provided_creds_only", inBruteForce, "General", "Only use credentials provided by the user"),
	shared("reverse_lookup", inReport, "Output", "Designate hosts by their DNS name"),
	shared("display_unreachable_hosts", inReport, "Output", "Display unreachable hosts"),
	kept("log_live_hosts", inReport, "Output", "Display hosts that respond to ping", "no"),
	kept("report_verbosity", inReport, "Processing", "Override normal verbosity", "Normal"),
	kept("report_superseded_patches", inReport, "Processing", "Show missing patches that have been superseded", "yes"),
	kept("silent_dependencies", inReport, "Processing", "Hide results from plugins initiated as a dependency", "yes"),
	shared("safe_checks", inAdvanced, "General", "Enable safe checks"),
	shared("stop_scan_on_disconnect", inAdvanced, "General", "Stop scanning hosts that become unresponsive"),
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

// kept makes a preference that no engine honours.
func kept(name, section, group, label, standard string) preference {
	kind := "entry"
	if standard == "yes" || standard == "no" {
		kind = "checkbox"
	}
	return preference{name: name, section: section, group: group, kind: kind, label: label, standard: standard}
}

// shared makes a preference that other APIs have too: a checkbox.
func shared(name, section, group, label string) preference {
	p := kit.Preferences[name]
	return preference{name: name, section: section, group: group, kind: "checkbox", label: label, standard: p.Get(harrier.Settings{}), get: p.Get, set: p.Set}
}

// as makes it of another kind, with its name in a policy file, where that differs.
func (p preference) as(kind, file string) preference {
	p.kind, p.file = kind, file
	return p
}

// count makes a preference that is a whole number; 0 and nothing stand for the
// engine's own choice.
func count(name, label string, standard int, file string, get func(harrier.Settings) int, set func(*harrier.Settings, int)) preference {
	return preference{
		name: name, section: inAdvanced, group: "Performance", kind: "entry", label: label, standard: strconv.Itoa(standard), file: file,
		get: func(s harrier.Settings) string { return strconv.Itoa(cmp.Or(get(s), standard)) },
		set: func(s *harrier.Settings, text string) error {
			n, err := kit.WholeNumber(text)
			if err == nil {
				set(s, n)
			}
			return err
		},
	}
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
