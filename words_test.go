package harrier_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

func TestUUID(t *testing.T) {
	a, b := harrier.NewUUID(t0), harrier.NewUUID(t0.Add(time.Millisecond))
	if a.String() >= b.String() {
		t.Errorf("UUIDs are not in the order of time: %s, %s", a, b)
	}
	if s := a.String(); s[14] != '7' || len(s) != 36 {
		t.Errorf("NewUUID = %s; want version 7", s)
	}
	got, err := harrier.ParseUUID(a.String())
	if err != nil || got != a {
		t.Errorf("ParseUUID(%s) = %s, %v", a, got, err)
	}
	for _, bad := range []string{"", "x", a.String()[1:], "g" + a.String()[1:], "00000000000000000000000000000000zzzz"} {
		if _, err := harrier.ParseUUID(bad); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("ParseUUID(%q) = %v; want an Invalid error", bad, err)
		}
	}
	if (harrier.UUID{}).String() != "" {
		t.Error("the zero UUID prints something")
	}
}

func TestErrors(t *testing.T) {
	err := fmt.Errorf("load site: %w", harrier.Errorf(harrier.NotFound, "no site %d", 7).Because(io.EOF))
	if harrier.KindOf(err) != harrier.NotFound || !errors.Is(err, io.EOF) {
		t.Errorf("kind %v, is EOF %v; want not found and true", harrier.KindOf(err), errors.Is(err, io.EOF))
	}
	if got := harrier.MessageOf(err); got != "no site 7" {
		t.Errorf("MessageOf = %q; want the message alone", got)
	}
	if got := harrier.MessageOf(errors.New("secret path")); got != "internal error" {
		t.Errorf("MessageOf of a plain error = %q; want nothing of it", got)
	}
	if got := harrier.Invalidf("port", "is %d", 0).Error(); got != "port: is 0" {
		t.Errorf("Invalidf = %q; want the field named", got)
	}
}

func TestSeverity(t *testing.T) {
	for in, want := range map[string]harrier.Severity{"info": 0, "NONE": 0, "Low": 1, "medium": 2, "HIGH": 3, " critical ": 4, "3": 3} {
		if got, err := harrier.ParseSeverity(in); err != nil || got != want {
			t.Errorf("ParseSeverity(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "5", "-1", "bad"} {
		if _, err := harrier.ParseSeverity(in); err == nil {
			t.Errorf("ParseSeverity(%q) is taken", in)
		}
	}
	for score, want := range map[float64]harrier.Severity{0: harrier.Info, 0.1: harrier.Low, 3.9: harrier.Low, 4: harrier.Medium, 6.9: harrier.Medium, 7: harrier.High, 8.9: harrier.High, 9: harrier.Critical, 10: harrier.Critical} {
		if got := harrier.SeverityOfScore(score); got != want {
			t.Errorf("SeverityOfScore(%v) = %v; want %v", score, got, want)
		}
	}
}

func TestScanStatus(t *testing.T) {
	for _, tt := range []struct {
		from    harrier.ScanStatus
		command harrier.Command
		want    harrier.ScanStatus // "" for Conflict
	}{
		{harrier.ScanRunning, harrier.Pause, harrier.ScanPausing},
		{harrier.ScanQueued, harrier.Pause, harrier.ScanPausing},
		{harrier.ScanPaused, harrier.Resume, harrier.ScanResuming},
		{harrier.ScanRunning, harrier.Resume, ""},
		{harrier.ScanPaused, harrier.Pause, ""},
		{harrier.ScanRunning, harrier.Stop, harrier.ScanStopping},
		{harrier.ScanPaused, harrier.Stop, harrier.ScanStopping},
		{harrier.ScanStopping, harrier.Stop, ""},
		{harrier.ScanStopping, harrier.Kill, harrier.ScanAborted},
		{harrier.ScanCompleted, harrier.Stop, ""},
		{harrier.ScanStopped, harrier.Kill, ""},
		{harrier.ScanImported, harrier.Pause, ""},
	} {
		got, err := tt.from.After(tt.command)
		if tt.want == "" {
			if harrier.KindOf(err) != harrier.Conflict || err == nil {
				t.Errorf("%s.After(%s) = %s, %v; want a Conflict", tt.from, tt.command, got, err)
			}
		} else if err != nil || got != tt.want {
			t.Errorf("%s.After(%s) = %s, %v; want %s", tt.from, tt.command, got, err, tt.want)
		}
	}
	for from, want := range map[harrier.ScanStatus]harrier.ScanStatus{
		harrier.ScanPausing: harrier.ScanPaused, harrier.ScanResuming: harrier.ScanRunning, harrier.ScanStopping: harrier.ScanStopped, harrier.ScanCompleted: harrier.ScanCompleted,
	} {
		if got := from.Settled(); got != want {
			t.Errorf("%s.Settled() = %s; want %s", from, got, want)
		}
	}
}

func TestActorLevels(t *testing.T) {
	as := func(role harrier.Role, id harrier.ID) harrier.Actor {
		return harrier.Actor{User: id, Role: role, Permissions: role.Permissions()}
	}
	shared := []harrier.Grant{{User: 0, Level: harrier.MayView}, {User: 5, Level: harrier.Owns}}
	for _, tt := range []struct {
		who    harrier.Actor
		owner  harrier.ID
		grants []harrier.Grant
		want   harrier.Level
	}{
		{as(harrier.Operator, 1), 2, nil, harrier.Owns},
		{as(harrier.Administrator, 1), 2, nil, harrier.Owns},
		{as(harrier.Analyst, 1), 1, nil, harrier.Owns},
		{as(harrier.Analyst, 1), 2, nil, harrier.NoAccess},
		{as(harrier.Analyst, 1), 2, shared, harrier.MayView},
		{as(harrier.Analyst, 5), 2, shared, harrier.MayConfigure}, // only the owner owns
		{as(harrier.Viewer, 1), 2, shared, harrier.MayView},
		{as(harrier.NoRole, 5), 5, shared, harrier.NoAccess},
		{harrier.Actor{}, 0, nil, harrier.NoAccess}, // nobody does not own what nobody owns
	} {
		if got := tt.who.LevelOn(tt.owner, tt.grants); got != tt.want {
			t.Errorf("LevelOn(owner %d, %v) by %s %d = %d; want %d", tt.owner, tt.grants, tt.who.Role, tt.who.User, got, tt.want)
		}
	}
}

func TestGuard(t *testing.T) {
	never, err := harrier.ParsePrefixes("never", []string{"192.0.2.0/28", "2001:db8::5", "::ffff:198.51.100.0/120", "::ffff:203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	g := harrier.Guard{Never: never}
	for addr, want := range map[string]bool{"192.0.2.15": true, "192.0.2.16": false, "2001:db8::5": true, "2001:db8::6": false, "::ffff:192.0.2.1": true, "198.51.100.255": true, "198.51.101.0": false, "203.0.113.7": true, "203.0.113.8": false} {
		if got := g.Forbids(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Forbids(%s) = %v; want %v", addr, got, want)
		}
	}
	left := mustTargets(t, "192.0.2.0/27").Subtract(g.Targets())
	if left.String() != "192.0.2.16-192.0.2.31" {
		t.Errorf("what the guard leaves = %s", left)
	}
	if _, err := harrier.ParsePrefixes("never", []string{"10.0.0.0/33"}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("ParsePrefixes(10.0.0.0/33) = %v; want an Invalid error", err)
	}
}

func TestGentled(t *testing.T) {
	hard := harrier.Settings{Unsafe: true, UDP: true, GuessLogins: true, ScanPrinters: true, MaxChecks: 50, HostRatePPS: 1000}
	got := hard.Gentled()
	if got.Unsafe || got.UDP || got.GuessLogins || got.ScanPrinters || !got.Gentle || got.MaxChecks != 1 || got.HostRatePPS != 5 {
		t.Errorf("Gentled() = %+v; want a gentle profile", got)
	}
}

func TestJudge(t *testing.T) {
	rules := []harrier.Exception{
		{Vulnerability: 1, Recast: harrier.Low},
		{Vulnerability: 1, Host: "192.0.2.1", Hide: true},
		{Vulnerability: 2, Hide: true, Expires: hours(5)},
	}
	for _, tt := range []struct {
		v    harrier.VulnID
		host string
		at   int
		sev  harrier.Severity
		show bool
	}{
		{1, "192.0.2.9", 0, harrier.Low, true},
		{1, "192.0.2.1", 0, harrier.Low, false},
		{2, "192.0.2.1", 4, harrier.High, false},
		{2, "192.0.2.1", 5, harrier.High, true},
		{3, "192.0.2.1", 0, harrier.High, true},
	} {
		if sev, show := harrier.Judge(rules, tt.v, harrier.High, hours(tt.at), tt.host); show != tt.show || show && sev != tt.sev {
			t.Errorf("Judge(%d on %s) = %v, %v; want %v, %v", tt.v, tt.host, sev, show, tt.sev, tt.show)
		}
	}
}

func TestCheckSelection(t *testing.T) {
	s := harrier.CheckSelection{NoOthers: true, Families: map[string]bool{"General": true, "FTP": false}, Single: map[harrier.VulnID]bool{1: true, 2: false}}
	for _, tt := range []struct {
		id     harrier.VulnID
		family string
		want   bool
	}{{1, "FTP", true}, {2, "General", false}, {3, "General", true}, {3, "FTP", false}, {3, "DNS", false}} {
		if got := s.Enabled(tt.id, tt.family); got != tt.want {
			t.Errorf("Enabled(%d, %s) = %v; want %v", tt.id, tt.family, got, tt.want)
		}
	}
	if !(harrier.CheckSelection{}).Enabled(7, "DNS") {
		t.Error("the zero selection leaves checks out")
	}
}

func TestMatches(t *testing.T) {
	get := func(field string) []any {
		return map[string][]any{"port": {int64(443)}, "name": {"OpenSSH Server"}, "cve": {"CVE-2024-1", "CVE-2024-2"}, "open": {true}}[field]
	}
	eq := func(f string, v any) harrier.Expr { return harrier.Cmp{Field: f, Op: harrier.Eq, Values: []any{v}} }
	for name, tt := range map[string]struct {
		e    harrier.Expr
		want bool
	}{
		"nil":          {nil, true},
		"number":       {eq("port", int64(443)), true},
		"float":        {harrier.Cmp{Field: "port", Op: harrier.Gt, Values: []any{442.5}}, true},
		"text case":    {eq("name", "openssh server"), true},
		"contains":     {harrier.Cmp{Field: "name", Op: harrier.Contains, Values: []any{"SSH"}}, true},
		"one of many":  {eq("cve", "CVE-2024-2"), true},
		"none of many": {harrier.Cmp{Field: "cve", Op: harrier.Ne, Values: []any{"CVE-2024-2"}}, false},
		"type differs": {eq("port", "443"), false},
		"bool":         {eq("open", true), true},
		"no field":     {eq("nope", int64(1)), false},
		"and":          {harrier.And{eq("port", int64(443)), eq("open", false)}, false},
		"or":           {harrier.Or{eq("port", int64(1)), eq("open", true)}, true},
		"not":          {harrier.Not{eq("port", int64(1))}, true},
	} {
		if got := harrier.Matches(tt.e, get); got != tt.want {
			t.Errorf("%s: Matches = %v; want %v", name, got, tt.want)
		}
	}
}

func TestJobJSON(t *testing.T) {
	in := harrier.Job{Scan: 3, Batch: 1, Targets: mustTargets(t, "10.0.0.0/30 a.example '10.0.0.1' b.example[10.0.0.2]"), Plan: harrier.Plan{
		Settings: harrier.Settings{ReadTimeout: harrier.Duration(2 * time.Second)}, Checks: []harrier.VulnID{1, 2}, Exclude: mustTargets(t, "10.0.0.3"),
		Guard: harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")}},
	}}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out harrier.Job
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(out); string(again) != string(b) {
		t.Errorf("a job comes back changed:\n%s\n%s", b, again)
	}
}

func TestSiteCheck(t *testing.T) {
	for name, s := range map[string]harrier.Site{
		"name":    {Name: " "},
		"targets": {Name: "x", Targets: "999.1.1.1"},
		"exclude": {Name: "x", Exclude: "127.0.0.1/33"},
	} {
		err := s.Check()
		var e *harrier.Error
		if !errors.As(err, &e) || e.Kind != harrier.Invalid || e.Field != name {
			t.Errorf("Check of a site with a bad %s = %v; want an Invalid error that names it", name, err)
		}
	}
	ok := harrier.Site{Name: "lab", Targets: "127.0.0.1"}
	if err := ok.Check(); err != nil {
		t.Errorf("Check of a good site = %v", err)
	}
}
