package kit

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Preference is how a policy's setting reads as text. Set answers Invalid for what
// it can not read.
type Preference struct {
	Get func(harrier.Settings) string
	Set func(*harrier.Settings, string) error
}

// Preferences are the settings that scan policies of several APIs have under one
// name and with one meaning.
//
// Source: nessus-api.md, section 10; securitycenter-api.md, section 7.3.
var Preferences = map[string]Preference{
	"ping_the_remote_host":         flag(func(s *harrier.Settings) *bool { return &s.NoPing }, true),
	"test_local_nessus_host":       flag(func(s *harrier.Settings) *bool { return &s.SkipOwn }, true),
	"fast_network_discovery":       flag(func(s *harrier.Settings) *bool { return &s.FastDiscovery }, false),
	"arp_ping":                     flag(func(s *harrier.Settings) *bool { return &s.NoARP }, true),
	"tcp_ping":                     flag(func(s *harrier.Settings) *bool { return &s.NoTCPPing }, true),
	"tcp_ping_dest_ports":          {pingPorts, setPingPorts},
	"icmp_ping":                    flag(func(s *harrier.Settings) *bool { return &s.NoICMP }, true),
	"icmp_unreach_means_host_down": flag(func(s *harrier.Settings) *bool { return &s.UnreachableMeansDead }, false),
	"icmp_ping_retries":            {pingRetries, setPingRetries},
	"udp_ping":                     flag(func(s *harrier.Settings) *bool { return &s.UDPPing }, false),
	"scan_network_printers":        flag(func(s *harrier.Settings) *bool { return &s.ScanPrinters }, false),
	"scan_ot_devices":              flag(func(s *harrier.Settings) *bool { return &s.ScanOT }, false),
	"portscan_range":               {portRange, setPortRange},
	"syn_scanner":                  scanner(false),
	"tcp_scanner":                  scanner(true),
	"syn_firewall_detection":       firewalls(func(s *harrier.Settings) *harrier.FirewallDetection { return &s.Firewalls }),
	"tcp_firewall_detection":       firewalls(func(s *harrier.Settings) *harrier.FirewallDetection { return &s.ConnectFirewalls }),
	"udp_scanner":                  flag(func(s *harrier.Settings) *bool { return &s.UDP }, false),
	"report_paranoia":              {paranoia, setParanoia},
	"provided_creds_only":          flag(func(s *harrier.Settings) *bool { return &s.GuessLogins }, true),
	"reverse_lookup":               flag(func(s *harrier.Settings) *bool { return &s.ReverseNames }, false),
	"display_unreachable_hosts":    flag(func(s *harrier.Settings) *bool { return &s.ReportDead }, false),
	"safe_checks":                  flag(func(s *harrier.Settings) *bool { return &s.Unsafe }, true),
	"stop_scan_on_disconnect":      flag(func(s *harrier.Settings) *bool { return &s.StopSilent }, false),
	"scan.allow_multi_target":      flag(func(s *harrier.Settings) *bool { return &s.AllAddresses }, false),
	"gentle":                       flag(func(s *harrier.Settings) *bool { return &s.Gentle }, false),
}

// Accuracies are the values of report_paranoia.
var Accuracies = []string{"Normal", "Avoid false alarms", "Paranoid (more false alarms)"}

// flag makes a preference whose "yes" is a true flag, or, negated, a false one.
func flag(of func(*harrier.Settings) *bool, negated bool) Preference {
	return Preference{
		Get: func(s harrier.Settings) string { return YesNo(*of(&s) != negated) },
		Set: func(s *harrier.Settings, text string) error {
			v, err := ParseBool(text)
			if err == nil {
				*of(s) = v != negated
			}
			return err
		},
	}
}

// scanner makes the preference of one of the two TCP port scanners: the one that
// connects, or the one that need not. One is on, or none and TCP ports are left
// out; a request that turns both on gets the one that connects, which finds the
// same.
func scanner(connects bool) Preference {
	return Preference{
		Get: func(s harrier.Settings) string { return YesNo(!s.NoTCP && s.Connect == connects) },
		Set: func(s *harrier.Settings, text string) error {
			v, err := ParseBool(text)
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

// Firewalls are the values of syn_firewall_detection and tcp_firewall_detection, in
// the order of harrier.FirewallDetections.
//
// Source: nessus-api.md, section 10.2.
var Firewalls = []string{
	"Automatic (normal)", "Do not detect RST rate limitation (soft)", "Ignore closed ports (aggressive)", "Disabled (softer)",
}

// firewalls makes the preference of one of the two TCP port scanners. A value may be
// told by its first words or by what stands in brackets.
func firewalls(of func(*harrier.Settings) *harrier.FirewallDetection) Preference {
	return Preference{
		Get: func(s harrier.Settings) string {
			return Firewalls[max(0, slices.Index(harrier.FirewallDetections, *of(&s)))]
		},
		Set: func(s *harrier.Settings, text string) error {
			word := strings.ToLower(strings.TrimSpace(text))
			for i, value := range Firewalls {
				whole := strings.ToLower(value)
				words, short, _ := strings.Cut(strings.TrimSuffix(whole, ")"), " (")
				if word == whole || word == words || word == short || i == 0 && word == "" {
					*of(s) = harrier.FirewallDetections[i]
					return nil
				}
			}
			return harrier.Errorf(harrier.Invalid, "%q is not one of %s", text, strings.Join(Firewalls, ", "))
		},
	}
}

// YesNo is the text of a flag.
func YesNo(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

// WholeNumber reads a number from 0 to 2³¹-1; no text is 0.
func WholeNumber(text string) (int, error) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, harrier.Errorf(harrier.Invalid, "%q is not a whole number", text)
	}
	return int(n), nil
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

// builtIn stands for the engine's own choice of ports to ping.
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
	n, err := WholeNumber(cmp.Or(strings.TrimSpace(text), strconv.Itoa(defaultRetries)))
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
		return Accuracies[2]
	case s.NoPotential:
		return Accuracies[1]
	}
	return Accuracies[0]
}

func setParanoia(s *harrier.Settings, text string) error {
	word := strings.ToLower(strings.TrimSpace(text))
	paranoid, avoid := strings.HasPrefix(word, "paranoid"), strings.HasPrefix(word, "avoid")
	if !paranoid && !avoid && word != "" && word != "normal" {
		return harrier.Errorf(harrier.Invalid, "%q is not one of %s", text, strings.Join(Accuracies, ", "))
	}
	s.Paranoid, s.NoPotential = paranoid, avoid
	return nil
}
