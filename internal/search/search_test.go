package search

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// words writes a condition down, for tests to compare.
func words(e harrier.Expr) string {
	list := func(parts []harrier.Expr, with string) string {
		out := make([]string, len(parts))
		for i, p := range parts {
			out[i] = words(p)
		}
		return "(" + strings.Join(out, with) + ")"
	}
	switch e := e.(type) {
	case nil:
		return "all"
	case harrier.And:
		return list(e, " and ")
	case harrier.Or:
		return list(e, " or ")
	case harrier.Not:
		return "not " + words(e.Of)
	case harrier.Has:
		return "has " + words(e.Of)
	case harrier.Cmp:
		out := fmt.Sprintf("%s %s", e.Field, e.Op)
		for _, v := range e.Values {
			out += fmt.Sprintf(" %v", v)
		}
		return out
	}
	return fmt.Sprintf("%T", e)
}

func micros(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

// TestSent reads what public clients send, see section 10.1 of
// insightvm-api.md.
func TestSent(t *testing.T) {
	september := micros(t, "2025-09-13T00:02:01Z")
	host := func(op, v string) string {
		return fmt.Sprintf("(fqdn %[1]s %[2]s or host %[1]s %[2]s or netbios %[1]s %[2]s)", op, v)
	}
	for _, c := range []struct {
		read func(string, Options) (harrier.Expr, error)
		text string
		want string
	}{
		{Assets, "", "all"},
		{Assets, " \n", "all"},
		{Assets, "last_scan_end > 2019-09-04T23:16:57.903Z", fmt.Sprint("last_seen > ", micros(t, "2019-09-04T23:16:57.903Z"))},
		{Assets, "last_scan_end > 2026-01-01T00:00:00Z", fmt.Sprint("last_seen > ", micros(t, "2026-01-01T00:00:00Z"))},
		{Assets, "last_scan_end >= '2025-09-13T00:02:01Z' && cvss_score >= 9", fmt.Sprintf("(last_seen >= %d and has cvss >= 9)", september)},
		{Assets, "last_assessed_for_vulnerabilities < '2025-09-13T00:02:01Z'", fmt.Sprintf("(last_seen < %d and last_seen > 0)", september)},
		{Findings, "severity IN ['Critical', 'Severe']", "severity = 4 3"},
		{Vulnerabilities, "modified > 2020-01-01T00:00:00Z", fmt.Sprint("modified_at > ", micros(t, "2020-01-01T00:00:00Z"))},
		{Vulnerabilities, "id IN ['a','b','c']", "slug = a b c"},
		{Vulnerabilities, `id IN ['a', "it's"]`, "slug = a it's"},
		{
			Assets, "asset.ipv4 = 10.0.0.1 || asset.ipv6 = 2001:db8:1:1:1:1:1:1 || asset.name STARTS WITH 'web'",
			"(address in 10.0.0.1-10.0.0.1 2001:db8:1:1:1:1:1:1-2001:db8:1:1:1:1:1:1 or " + strings.TrimPrefix(host("begins", "web"), "("),
		},
		{Assets, "asset.name CONTAINS 'example.com'", host("contains", "example.com")},
		{Findings, "vulnerability.categories IN ['7-Zip']", "category = 7-Zip"},
		{Assets, "vulnerability.cve == 'CVE-2024-1'", "has cve = CVE-2024-1"},
	} {
		e, err := c.read(c.text, Options{})
		if err != nil || words(e) != c.want {
			t.Errorf("%s\nreads as %s, %v\nwant     %s", c.text, words(e), err, c.want)
		}
	}
}

// TestErrors holds what is wrong, and where, of expressions that are refused.
func TestErrors(t *testing.T) {
	long := strings.Repeat("x", maxValue+1)
	for _, c := range []struct{ text, want, reason string }{
		{"invalid asset criteria", `Unexpected "asset", expected a comparison at 8`, Syntax},
		{"foo = 1", "Unknown field: foo at 0", Field},
		{"os = 1 && bar.x = 1", "Unknown field: bar.x at 10", Field},
		{"(os = a", "The expression ends where AND, OR or ) should be at 7", Syntax},
		{"os = a)", `Unexpected ")", expected AND, OR or the end at 6`, Syntax},
		{"os = 'a", "The quote is not closed at 5", Syntax},
		{"os = ", "The expression ends where a value should be at 5", Syntax},
		{"os IN a", `Unexpected "a", expected [ at 6`, Syntax},
		{"os IN [a b]", `Unexpected "b", expected , or ] at 9`, Syntax},
		{"os IN ()", `Unexpected ")", expected a value at 7`, Syntax},
		{"os > a", "The operator > does not fit os at 3", Operator},
		{"risk_score CONTAINS 1", "The operator CONTAINS does not fit risk_score at 11", Operator},
		{"risk_score > many", `"many" is not a number at 13`, Value},
		{"risk_score > 0x1p3", `"0x1p3" is not a number at 13`, Value},
		{"last_scan_end > yesterday", `"yesterday" is not a date at 16`, Value},
		{"severity = huge", `"huge" is not a severity (none, informational, low, moderate, severe, critical) at 11`, Value},
		{"ip = 10.0.0", `"10.0.0" is not an address, a network or a range at 5`, Value},
		{"os LIKE '('", `"(" is not a regular expression at 8`, Value},
		{"os = " + long, fmt.Sprintf("The value is longer than %d bytes at 5", maxValue), Value},
		{"os & a", `Unexpected "&" at 3`, Syntax},
		{"foo ~> a", "The operator ~> follows asset, vulnerability or nothing, not foo at 4", Operator},
		{"os DOES a", `Unexpected "a", expected NOT CONTAIN at 8`, Syntax},
		{"os BETWEEN 1", "The expression ends where AND should be at 12", Syntax},
		{"os = \xff", "The text is not UTF-8 at 5", Syntax},
		{"os = a AND", "The expression ends where a field should be at 10", Syntax},
	} {
		_, err := Assets(c.text, Options{})
		var e *Error
		if !errors.As(err, &e) || e.Text != c.want || e.Reason != c.reason {
			t.Errorf("%.80q: %v; want %s", c.text, err, c.want)
			continue
		}
		if harrier.KindOf(err) != harrier.Invalid || !strings.HasSuffix(e.Text, fmt.Sprint(" at ", e.Position)) {
			t.Errorf("%.80q: kind %v, position %d of %s", c.text, harrier.KindOf(err), e.Position, e.Text)
		}
	}
	if _, err := Findings("os = linux", Options{}); err == nil || err.Error() != "Field of assets where only vulnerabilities can be asked for: os at 0" {
		t.Errorf("a field of assets of a finding: %v", err)
	}
}

// TestPayloadWords holds that what payloads say can be asked for as they say it.
func TestPayloadWords(t *testing.T) {
	here := Options{Server: "6c384978-3545-455b-a69a-afa6e8cbd2dd"}
	for _, c := range []struct {
		read       func(string, Options) (harrier.Expr, error)
		text, want string
	}{
		{Assets, "type = Mobile", "device_type = Mobile phone tablet"},
		{Assets, "type IN [hypervisor, mobile]", "device_type = hypervisor mobile phone tablet"},
		{Assets, "type != 'mobile'", "not device_type = mobile phone tablet"},
		{Assets, "id = 6C384978-3545-455b-a69a-afa6e8cbd2dd-default-asset-7", "id = 7"},
		{Assets, "id = 00000000-3545-455b-a69a-afa6e8cbd2dd-default-asset-7", "uuid = 00000000-3545-455b-a69a-afa6e8cbd2dd-default-asset-7"},
		{Assets, "id IN [7, x-asset-8]", "(uuid = x-asset-8 or id = 7)"},
		{Findings, "status = EXCEPTION_VULN_POTL", "((not certainty >= 2 and accepted = true))"},
		{Assets, "status = EXCEPTION_VULN_POTL", "has ()"},
	} {
		e, err := c.read(c.text, here)
		if err != nil || words(e) != c.want {
			t.Errorf("%s\nreads as %s, %v\nwant     %s", c.text, words(e), err, c.want)
		}
	}
}
