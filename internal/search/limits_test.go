package search

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestLimits holds the bounds, and that what they allow is read.
func TestLimits(t *testing.T) {
	list := func(n int) string { return "id IN [" + strings.Repeat("'abcdefgh',", n-1) + "'x']" }
	for _, c := range []struct {
		name, text string
		reason     string // "" for none
		at         int
	}{
		{"all of a list", list(MaxValues), "", 0},
		{"more than a list", list(MaxValues + 1), Limit, len("id IN [") + MaxValues*11},
		{"the deepest", strings.Repeat("(", MaxDepth) + "os = a" + strings.Repeat(")", MaxDepth), "", 0},
		{"too deep", strings.Repeat("(", MaxDepth+1) + "os = a" + strings.Repeat(")", MaxDepth+1), Limit, MaxDepth},
		{"10,000 parentheses", strings.Repeat("(", 10_000), Limit, MaxDepth},
		{"10,000 times not", strings.Repeat("!", 10_000) + "os = a", "", 0},
		{"as long as can be", "os = a" + strings.Repeat(" ", MaxText-6), "", 0},
		{"too long", "os = a" + strings.Repeat(" ", MaxText-5), Limit, MaxText},
		{"one field 20,000 times", strings.Repeat("cve = a || ", MaxParts-1) + "cve = b", "", 0},
		{"too many comparisons", strings.Repeat("os = a || ", MaxParts) + "os = b", Limit, MaxParts * 10},
		{"too many different ones", strings.Repeat("os LIKE a && ", MaxNodes) + "os = b", Limit, 0},
		{"a long value", "os = '" + strings.Repeat("x", MaxText-10) + "'", Value, 5},
		{"a long pattern", "os LIKE '" + strings.Repeat("x", MaxPattern+1) + "'", Limit, 8},
	} {
		_, err := Assets(c.text, Options{})
		var e *Error
		switch {
		case c.reason == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.reason != "" && (!errors.As(err, &e) || e.Reason != c.reason || e.Position != c.at || len(e.Text) > 300):
			t.Errorf("%s: %.300v; want %s at %d", c.name, err, c.reason, c.at)
		}
	}
}

// TestMemory reads the worst that fits into the bounds, again and again: what is
// taken stays in proportion to the text.
func TestMemory(t *testing.T) {
	for name, text := range map[string]string{
		"parentheses": strings.Repeat("(", 10_000) + strings.Repeat(")", 10_000),
		"quotes":      "os = '" + strings.Repeat("''", 400_000),
		"words":       strings.Repeat("a ", 500_000),
		"values":      "id IN [" + strings.Repeat("x,", MaxValues-1) + "x]",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Assets(text, Options{})
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 20<<20 {
			t.Errorf("%s: %d bytes of text took %d of memory", name, len(text), used)
		}
	}
}

// TestTogether reads what AND and OR join.
func TestTogether(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"severity = critical && exploited = true", "has (severity = 4 and exploited = true)"},
		{"severity = critical && (exploited = true || cve = a) && mac = x", "(mac = x and has (severity = 4 and (exploited = true or cve = a)))"},
		{"severity = critical && !(exploited = true)", "(not has exploited = true and has severity = 4)"},
		{"severity != critical", "has not severity = 4"},
		{"mac = a || mac = b || mac IN [c, d]", "mac = a b c d"},
		{"type = a AND type = b OR type = c", "((device_type = a and device_type = b) or device_type = c)"},
		{"NOT type = a AND type = b", "(not device_type = a and device_type = b)"},
		{"risk_score BETWEEN 1 AND 2.5 AND type IS NULL", "(risk between 1 2.5 and not device_type > )"},
		{"vulnerability.risk_score >= 900", "has risk >= 900"},
		{"lastScanEnd is not null && risk-score < 5", "(last_seen > 0 and risk < 5)"},
		{"mac = '02-00-5E-10-00-01'", "mac = 02:00:5E:10:00:01"},
		{"id IN ['7', 'x-default-asset-12', '0191']", "id = 7 12 191"},
		{"severity < severe", "has severity < 3"},
		{"severity CONTAINS 'er'", "has severity = 2 3"},
		{"type = ''''", "device_type = '"},
		{`type = 'a\'b\\c' || type = "d""e"`, `device_type = a'b\c d"e`},
	} {
		e, err := Assets(c.text, Options{})
		if err != nil || words(e) != c.want {
			t.Errorf("%s\nreads as %s, %v\nwant     %s", c.text, words(e), err, c.want)
		}
	}
}

// TestDates reads dates in all forms; "=" asks for as much as the value tells.
func TestDates(t *testing.T) {
	from := micros(t, "2026-01-02T00:00:00Z")
	day, second := int64(86_400_000_000), int64(1_000_000)
	clock := from + (3*3600+4*60+5)*second
	for text, want := range map[string][2]int64{
		"2026-01-02":                                    {from, from + day - 1},
		"2026-01-02T03:04:05":                           {clock, clock + second - 1},
		"2026-01-02T03:04:05Z":                          {clock, clock + second - 1},
		"2026-01-02t03:04:05.120z":                      {clock + 120_000, clock + 120_999},
		"2026-01-02T04:04:05+01:00":                     {clock, clock + second - 1},
		"2026-01-01T22:04:05.5-05:00":                   {clock + 500_000, clock + 599_999},
		"2026-01-02T04:04:05+01:00[Europe/Paris]":       {clock, clock + second - 1},
		"'2026-01-02T04:04:05+01:00[America/New_York]'": {clock, clock + second - 1},
		"2026-01-02T03:04":                              {clock - 5*second, clock + 55*second - 1},
		"2026-01-02T03:04:05.123456789Z":                {clock + 123_456, clock + 123_456},
	} {
		e, err := Assets("last_scan_end = "+text, Options{})
		if have := fmt.Sprintf("last_seen between %d %d", want[0], want[1]); err != nil || words(e) != have {
			t.Errorf("%s reads as %s, %v; want %s", text, words(e), err, have)
		}
	}
	for _, text := range []string{"2026-13-01", "2026-01-02T25:00:00Z", "0000-01-01T00:00:00Z", "2026-01-02T03:04:05[Europe/Paris]", "20260102", "1767312000", "2026-01-02T03:04:05+01:00[a b]"} {
		if e, err := Assets("last_scan_end = '"+text+"'", Options{}); err == nil {
			t.Errorf("%s reads as %s; want an error", text, words(e))
		}
	}
}

// FuzzAssets reads any text: it is refused with a position within it, or is a
// condition that can be evaluated.
func FuzzAssets(f *testing.F) {
	for _, text := range []string{
		"last_scan_end > 2019-09-04T23:16:57.903Z", "severity IN ['Critical', 'Severe'] && !(os CONTAINS \"a\")", "asset.ipv6 = 2001:db8::1 || ~> x",
		"name DOES NOT CONTAIN 'a' and risk_score BETWEEN 1 AND 2", "cve IS NOT NULL", "((", "a = 'b", "status NOT LIKE 'V.*'", "ip IN (10.0.0.0/8, 10.1.0.0-10.2.0.0)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func(string, Options) (harrier.Expr, error){Assets, Findings, Vulnerabilities} {
			e, err := read(text, Options{})
			var bad *Error
			switch {
			case err == nil:
				harrier.Matches(e, func(string) []any { return []any{"x", int64(1)} })
			case !errors.As(err, &bad) || bad.Position < 0 || bad.Position > len(text) || harrier.KindOf(err) != harrier.Invalid:
				t.Fatalf("%q: %#v", text, err)
			}
		}
	})
}
