package nessus

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

type pair struct{ name, value string }

// serverPreferences lists the settings of the scan under their public names,
// none twice. What the policy keeps in a dialect's own words is taken where
// Harrier has no setting of its own.
func serverPreferences(s format.Scan) []pair {
	set, own := s.Scan.Plan.Settings, s.Policy.Preferences
	kept := func(name, otherwise string) string { return cmp.Or(own[name], otherwise) }
	list := []pair{
		{"whoami", s.Option("whoami", "harrier")},
		{"scan_name", cmp.Or(s.Scan.Name, s.Site.Name)},
		{"scan_description", s.Site.Description},
		{"description", s.Policy.Description},
		{"TARGET", targetList(s)},
		{"port_range", cmp.Or(set.Ports, "default")},
		{"scan_start_timestamp", unix(firstTime(s.Scan.Started, s.Scan.Created))},
		{"scan_end_timestamp", unix(firstTime(s.Scan.Ended, s.Scan.Modified, s.Scan.Started))},
		{"plugin_set", pluginSet(s.Scan.Plan.Checks)},
		{"loaded_plugin_set", pluginSet(s.Scan.Plan.Checks)},
		{"name", policyName(s)},
		{"discovery_mode", kept("discovery_mode", "Custom")},
		{"assessment_mode", kept("assessment_mode", "Custom")},
		{"advanced_mode", kept("advanced_mode", "Custom")},
		{"severity_basis", "cvss_v3"},
		{"report_task_id", s.Scan.UUID.String()},
		{"wizard_uuid", s.Option("template_uuid", "")},
		{"policy_uuid", s.Policy.UUID.String()},
		{"max_hosts", strconv.Itoa(cmp.Or(set.MaxHosts, 64))},
		{"max_checks", strconv.Itoa(cmp.Or(set.MaxChecks, 8))},
		{"checks_read_timeout", strconv.Itoa(int(max(1, set.ReadTimeout.Or(5e9).Seconds())))},
		{"safe_checks", yes(!set.Unsafe)},
		{"optimize_test", "yes"},
		{"reverse_lookup", yes(set.ReverseNames)},
		{"unscanned_closed", "no"},
		{"slice_network_addresses", kept("slice_network_addresses", "no")},
		{"stop_scan_on_disconnect", yes(set.StopSilent)},
		{"reduce_connections_on_congestion", kept("reduce_connections_on_congestion", "no")},
		{"use_kernel_congestion_detection", kept("use_kernel_congestion_detection", "no")},
		{"host.max_simult_tcp_sessions", limit(set.HostMaxSessions)},
		{"max_simult_tcp_sessions", limit(set.MaxSessions)},
		{"non_simult_ports", "139, 445, 3389"},
		{"plugins_timeout", "320"},
		{"cgi_path", "/cgi-bin:/scripts"},
		{"auto_enable_dependencies", "yes"},
		{"silent_dependencies", kept("silent_dependencies", "yes")},
		{"log_whole_attack", kept("log_whole_attack", "no")},
		{"allow_post_scan_editing", kept("allow_post_scan_editing", "yes")},
		{"network_scanners.syn", yes(!set.DiscoverOnly && !set.NoTCP && !set.Connect)},
		{"network_scanners.tcp", yes(!set.DiscoverOnly && !set.NoTCP && set.Connect)},
		{"network_scanners.udp", yes(set.UDP)},
		{"local_portscan.netstat_ssh", "no"},
		{"local_portscan.netstat_wmi", "no"},
		{"local_portscan.snmp", "no"},
		{"portscan.ping", yes(!set.NoPing)},
		{"audit_trail", kept("audit_trail", "none")},
		{"visibility", "private"},
		{"feed_type", "ProFeed"},
	}
	return slices.DeleteFunc(list, func(p pair) bool { return p.value == "" && !required[p.name] })
}

// required names the preferences that stand in the file even when they are
// empty: a strict reader misses them.
var required = map[string]bool{"scan_description": true, "TARGET": true}

func targetList(s format.Scan) string {
	return strings.Join(strings.FieldsFunc(cmp.Or(s.Scan.Targets, s.Site.Targets), func(r rune) bool {
		return strings.ContainsRune(", \t\r\n;", r)
	}), ",")
}

// pluginSet joins the numbers with a ";" after each: readers cut the last one.
func pluginSet(ids []harrier.VulnID) string {
	b := make([]byte, 0, 7*len(ids)+1)
	for _, id := range ids {
		b = append(strconv.AppendInt(b, int64(id), 10), ';')
	}
	if len(ids) == 0 {
		return ";"
	}
	return string(b)
}

// limit is a bound as text, "" for none.
func limit(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// pluginPreference is a setting that belongs to a plugin.
type pluginPreference struct {
	id                        int
	plugin, name, kind, value string
	choices                   []string // of a radio, in the order of the original
}

// values is the value, and for a radio the other choices behind it.
func (p pluginPreference) values() string {
	out := []string{p.value}
	for _, c := range p.choices {
		if c != p.value {
			out = append(out, c)
		}
	}
	return strings.Join(out, ";")
}

func pluginPreferences(set harrier.Settings) []pluginPreference {
	ping, global := "Ping the remote host", "Global variable settings"
	ports := "built-in"
	if len(set.PingPorts) > 0 {
		parts := make([]string, len(set.PingPorts))
		for i, p := range set.PingPorts {
			parts[i] = strconv.Itoa(int(p))
		}
		ports = strings.Join(parts, ";")
	}
	paranoia := "Normal"
	switch {
	case set.Paranoid:
		paranoia = "Paranoid (more false alarms)"
	case set.NoPotential:
		paranoia = "Avoid false alarms"
	}
	fragile := "Do not scan fragile devices"
	retries := 2 // the original's default
	if set.PingTries > 0 {
		retries = set.PingTries - 1
	}
	return []pluginPreference{
		{10180, ping, "Test the local Nessus host", "checkbox", yes(!set.SkipOwn), nil},
		{10180, ping, "Fast network discovery", "checkbox", yes(set.FastDiscovery), nil},
		{10180, ping, "Do an ARP ping", "checkbox", yes(!set.NoPing && !set.NoARP), nil},
		{10180, ping, "Do an ICMP ping", "checkbox", yes(!set.NoPing && !set.NoICMP), nil},
		{10180, ping, "Number of retries (ICMP) :", "entry", strconv.Itoa(retries), nil},
		{10180, ping, "Interpret ICMP unreach from gateway", "checkbox", yes(set.UnreachableMeansDead), nil},
		{10180, ping, "Do a TCP ping", "checkbox", yes(!set.NoPing && !set.NoTCPPing), nil},
		{10180, ping, "TCP ping destination port(s) :", "entry", ports, nil},
		{10180, ping, "Do an applicative UDP ping (DNS,RPC...)", "checkbox", yes(!set.NoPing && set.UDPPing), nil},
		{10180, ping, "Make the dead hosts appear in the report", "checkbox", yes(set.ReportDead), nil},
		{12288, global, "Report paranoia", "radio", paranoia, []string{"Normal", "Avoid false alarms", "Paranoid (more false alarms)"}},
		{22481, fragile, "Scan Network Printers", "checkbox", yes(set.ScanPrinters), nil},
		{22481, fragile, "Scan Operational Technology devices", "checkbox", yes(set.ScanOT), nil},
	}
}
