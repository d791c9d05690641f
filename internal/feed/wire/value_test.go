package wire

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestStrings(t *testing.T) {
	for text, want := range map[string][]string{
		`["a","b"]`: {"a", "b"}, `"a"`: {"a"}, `["a",7,null,{"x":1},"",["y"],"b"]`: {"a", "b"}, `null`: nil, `7`: nil, `{"a":"b"}`: nil, `""`: nil, `[]`: nil,
	} {
		got := Strings{"old"}
		if err := json.Unmarshal([]byte(text), &got); err != nil || !slices.Equal(got, want) && text != "null" {
			t.Errorf("Texts of %s = %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]String{`"a"`: "a", `7`: "", `["a"]`: "", `{}`: "", `"\ud800"`: "\uFFFD"} {
		var got String
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("Text of %s = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[string]string{
		"CVE-2024-6387": "CVE-2024-6387", "cve-2026-123633": "CVE-2026-123633", "UBUNTU-CVE-2024-6387": "CVE-2024-6387", " CVE-2024-6387\n": "CVE-2024-6387",
		"CVE-XXXX-XXXX": "", "CVE-2007-01-09": "", "XCVE-2024-6387": "", "CVE-2024-6387-1": "", "GHSA-x": "", "": "",
	} {
		if got := CVEOf(s); got != want {
			t.Errorf("CVEOf(%q) = %q; want %q", s, got, want)
		}
	}
	var n Names
	for _, s := range []string{"a", "", "b", "a", strings.Repeat("x", 101), "\xff"} {
		n.Add(s)
	}
	if want := []string{"a", "b"}; !slices.Equal(n.List, want) {
		t.Errorf("names %q; want %q", n.List, want)
	}
}
