package jsonfeed

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

func TestTexts(t *testing.T) {
	for text, want := range map[string][]string{
		`["a","b"]`: {"a", "b"}, `"a"`: {"a"}, `["a",7,null,{"x":1},"",["y"],"b"]`: {"a", "b"}, `null`: nil, `7`: nil, `{"a":"b"}`: nil, `""`: nil, `[]`: nil,
	} {
		got := Texts{"old"}
		if err := json.Unmarshal([]byte(text), &got); err != nil || !slices.Equal(got, want) && text != "null" {
			t.Errorf("Texts of %s = %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]Text{`"a"`: "a", `7`: "", `["a"]`: "", `{}`: "", `"\ud800"`: "\uFFFD"} {
		var got Text
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("Text of %s = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestTime(t *testing.T) {
	for s, want := range map[string]string{
		"2024-03-01": "2024-03-01T00:00:00Z", "2024-03-01T10:00:00Z": "2024-03-01T10:00:00Z", "2024-03-01T10:00:00.5+01:00": "2024-03-01T09:00:00.5Z",
		"2024-03-01T10:00:00": "2024-03-01T10:00:00Z", "2024-03-01 10:00:00": "2024-03-01T10:00:00Z", " 2024-03-01 ": "2024-03-01T00:00:00Z",
		"0001-01-01T00:00:00Z": "", "1066-01-01": "", "": "", "true": "", "yesterday, at noon": "", "2024-13-01": "", strings.Repeat("2", 50): "",
	} {
		got := Time(s)
		text := ""
		if !got.IsZero() {
			text = got.Format(time.RFC3339Nano)
		}
		if text != want {
			t.Errorf("Time(%q) = %q; want %q", s, text, want)
		}
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[string]string{
		"CVE-2024-6387": "CVE-2024-6387", "cve-2026-123633": "CVE-2026-123633", "UBUNTU-CVE-2024-6387": "CVE-2024-6387", " CVE-2024-6387\n": "CVE-2024-6387",
		"CVE-XXXX-XXXX": "", "CVE-2007-01-09": "", "XCVE-2024-6387": "", "CVE-2024-6387-1": "", "GHSA-x": "", "": "",
	} {
		if got := CVE(s); got != want {
			t.Errorf("CVE(%q) = %q; want %q", s, got, want)
		}
	}
	for s, want := range map[string]int{"CWE-79": 79, "cwe-1104": 1104, "CWE-0": 0, "CWE-": 0, "79": 0, "CWE-123456": 0, "CWE--1": 0, "NVD-CWE-Other": 0} {
		if got, ok := CWE(s); got != want && ok || ok != (want != 0) {
			t.Errorf("CWE(%q) = %d, %v; want %d", s, got, ok, want)
		}
	}
	var n Names
	for _, s := range []string{"a", "", "b", "a", strings.Repeat("x", 101), "\xff"} {
		n.Add(s)
	}
	if want := []string{"a", "b"}; !slices.Equal(n.List, want) {
		t.Errorf("names %q; want %q", n.List, want)
	}
	var l Links
	for _, s := range []string{"https://a/", "http://b", "ftp://c", "HTTPS://d", "https://a/", "javascript:x", "https://", "https://a b", `https://"`, "file:///etc", "https://" + strings.Repeat("x", MostURL), ""} {
		l.Add(s)
	}
	if len(l.List) != 4 {
		t.Errorf("links %+v; want 4", l.List)
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{" ab ", 9, "ab"}, {"abc", 2, "ab"}, {"aä", 2, "a"}, {"\xffa", 9, "\uFFFDa"}, {"\x80\x80\x80", 2, ""}, {"", 0, ""}, {"ä", 1, ""}} {
		if got := Clip(c.in, c.n); got != c.want {
			t.Errorf("Clip(%q, %d) = %q; want %q", c.in, c.n, got, c.want)
		}
	}
	if got := Line(" a\n\tb  c "); got != "a b c" {
		t.Errorf("Line = %q; want one line", got)
	}
}

func FuzzValue(f *testing.F) {
	f.Add("UBUNTU-CVE-2024-6387", 7)
	f.Add("2024-03-01T10:00:00.5+01:00", 0)
	f.Add("\xff\xfe ä", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		if got := Clip(s, max(0, n)); !utf8.ValidString(got) || len(got) > 3*max(0, n) {
			t.Errorf("Clip(%q, %d) = %q", s, n, got)
		}
		if got := CVE(s); got != "" && !harrier.IsCVE(got) {
			t.Errorf("CVE(%q) = %q", s, got)
		}
		if got := Time(s); !got.IsZero() && got.Location() != time.UTC {
			t.Errorf("Time(%q) = %v; want UTC", s, got)
		}
		if got, ok := CWE(s); ok && got <= 0 {
			t.Errorf("CWE(%q) = %d", s, got)
		}
	})
}
