package harrier_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

func TestSettingsCheck(t *testing.T) {
	var many [harrier.MaxPingPorts + 1]uint16
	for i := range many {
		many[i] = uint16(i + 1)
	}
	for field, s := range map[string]harrier.Settings{
		"ports":             {Ports: "22,nosuch"},
		"max_hosts":         {MaxHosts: -1},
		"max_checks":        {MaxChecks: -1},
		"rate_pps":          {RatePPS: -1},
		"host_rate_pps":     {HostRatePPS: -1},
		"max_sessions":      {MaxSessions: -1},
		"host_max_sessions": {HostMaxSessions: -1},
		"ping_tries":        {PingTries: harrier.MaxTries + 1},
		"tries":             {Tries: -1},
		"read_timeout":      {ReadTimeout: -1},
		"max_duration":      {MaxDuration: -5},
		"probe_timeout":     {ProbeTimeout: harrier.Duration(-time.Hour)},
		"ping_ports":        {PingPorts: many[:]},
		"udp_ping_ports":    {UDPPingPorts: []uint16{53, 0}},
	} {
		err := s.Check()
		if harrier.KindOf(err) != harrier.Invalid || err == nil || !strings.HasPrefix(harrier.MessageOf(err), field+": ") {
			t.Errorf("Check of a bad %s = %v; want Invalid that names it", field, err)
		}
	}
	full := harrier.Settings{
		Ports: "top 100", PingPorts: many[:harrier.MaxPingPorts], UDPPingPorts: []uint16{53}, PingTries: harrier.MaxTries, Tries: 1,
		MaxSessions: 1000, HostMaxSessions: 10, ProbeTimeout: harrier.Duration(time.Second), MaxDuration: harrier.Duration(100 * time.Hour),
	}
	for _, s := range []harrier.Settings{{}, full, {NoTCP: true}, {NoTCP: true, UDP: true, Ports: "T:22"}} {
		if err := s.Check(); err != nil {
			t.Errorf("Check(%+v) = %v", s, err)
		}
	}
}

func TestPlannedPorts(t *testing.T) {
	for want, s := range map[string]harrier.Settings{
		"T:22":                   {Ports: "22"},
		"T:22,U:22":              {Ports: "22", UDP: true},
		"U:22":                   {Ports: "22", UDP: true, NoTCP: true},
		"":                       {Ports: "T:22", UDP: true, NoTCP: true},
		"T:9000-9099,9108-9200":  {Ports: "9000-9200"},
		"T:9000-9200":            {Ports: "9000-9200", ScanPrinters: true},
		"T:9099,9108,U:53,9108":  {Ports: "T:9099-9108,U:53,9100-9108", UDP: true},
		"T:1-9099,9108-65535":    {Ports: "all"},
		"T:22,80,443,U:53,123":   {Ports: "T:top 3,U:top 2", UDP: true},
		"T:161,U:161,9050":       {Ports: "161,U:9050", UDP: true},
		"T:21,23-25,U:21,23-25 ": {Ports: "21-25,!22", UDP: true},
	} {
		got, err := s.PlannedPorts()
		if err != nil || got.String() != strings.TrimSpace(want) {
			t.Errorf("PlannedPorts(%+v) = %q, %v; want %q", s, got, err, want)
		}
	}
	s := harrier.Settings{Ports: "nosuch"}
	if got, err := s.PlannedPorts(); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("PlannedPorts of a bad list = %q, %v; want Invalid", got, err)
	}
}

func TestPings(t *testing.T) {
	for _, c := range []struct {
		s    harrier.Settings
		want bool
	}{
		{harrier.Settings{}, true},
		{harrier.Settings{NoPing: true, UDPPing: true}, false},
		{harrier.Settings{NoARP: true, NoICMP: true}, true},
		{harrier.Settings{NoARP: true, NoICMP: true, NoTCPPing: true}, false},
		{harrier.Settings{NoARP: true, NoICMP: true, NoTCPPing: true, UDPPing: true}, true},
		{harrier.Settings{NoICMP: true, NoTCPPing: true}, true},
	} {
		if got := c.s.Pings(); got != c.want {
			t.Errorf("Pings(%+v) = %v; want %v", c.s, got, c.want)
		}
	}
}

// TestGentledStaysGentler: the profile takes away, and gives nothing back.
func TestGentledStaysGentler(t *testing.T) {
	hard := harrier.Settings{
		Unsafe: true, UDP: true, UDPPing: true, GuessLogins: true, ScanPrinters: true, ScanOT: true,
		MaxChecks: 50, HostRatePPS: 1000, HostMaxSessions: 100, MaxSessions: 7, Ports: "all", IgnoreResets: true,
	}
	got := hard.Gentled()
	if got.Unsafe || got.UDP || got.UDPPing || got.GuessLogins || got.ScanPrinters || got.ScanOT || !got.Connect || !got.Gentle {
		t.Errorf("Gentled() = %+v; want a gentle profile", got)
	}
	if got.HostRatePPS != harrier.GentleRate || got.HostMaxSessions > 4 || got.MaxChecks != 1 {
		t.Errorf("Gentled() has %d packets a second, %d connections, %d checks at a time", got.HostRatePPS, got.HostMaxSessions, got.MaxChecks)
	}
	if got.Ports != "all" || !got.IgnoreResets || got.MaxSessions != 7 {
		t.Errorf("Gentled() = %+v; want that the rest stays", got)
	}
	for _, c := range []struct{ have, want harrier.Settings }{
		{harrier.Settings{Firewalls: harrier.FirewallsSofter}, harrier.Settings{ConnectFirewalls: harrier.FirewallsSofter}},
		{harrier.Settings{Connect: true, ConnectFirewalls: harrier.FirewallsSoft, Firewalls: harrier.FirewallsSofter}, harrier.Settings{ConnectFirewalls: harrier.FirewallsSoft}},
		{harrier.Settings{Firewalls: harrier.FirewallsAggressive}, harrier.Settings{}},
	} {
		if got := c.have.Gentled(); got.FirewallDetection() != c.want.ConnectFirewalls {
			t.Errorf("Gentled() of %+v tells firewalls %q; want %q", c.have, got.FirewallDetection(), c.want.ConnectFirewalls)
		}
	}
	if again := got.Gentled(); again.HostRatePPS != got.HostRatePPS || again.HostMaxSessions != got.HostMaxSessions {
		t.Errorf("Gentled() twice = %+v", again)
	}
	if slow := (harrier.Settings{HostRatePPS: 2, HostMaxSessions: 1}).Gentled(); slow.HostRatePPS != 2 || slow.HostMaxSessions != 1 {
		t.Errorf("Gentled() of what is gentler = %+v; want that it stays", slow)
	}
	if harrier.GentleRate >= harrier.FragileRate {
		t.Error("a fragile net gets more than a fragile class")
	}
}

// TestSettingsJSON: the names that stored policies and jobs have stay valid.
func TestSettingsJSON(t *testing.T) {
	const old = `{"ports":"22","no_ping":true,"ping_ports":[80],"no_icmp":true,"no_tcp_ping":true,"discover_only":true,"udp":true,` +
		`"unsafe":true,"max_hosts":1,"max_checks":2,"rate_pps":3,"host_rate_pps":4,"read_timeout":"5s","max_duration":"6m0s","reverse_names":true,` +
		`"all_addresses":true,"report_dead":true,"stop_silent":true,"scan_printers":true,"gentle":true,"guess_logins":true,"paranoid":true,"no_potential":true}`
	var s harrier.Settings
	in := json.NewDecoder(strings.NewReader(old))
	in.DisallowUnknownFields()
	if err := in.Decode(&s); err != nil {
		t.Fatal(err)
	}
	var have, want map[string]any
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &have); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(old), &want); err != nil {
		t.Fatal(err)
	}
	if len(have) != len(want) {
		t.Errorf("%s was read and written as %s", old, b)
	}
	if b, err := json.Marshal(harrier.Settings{}); err != nil || string(b) != "{}" {
		t.Errorf("the zero Settings are %s, %v; want {}", b, err)
	}
}
