package table

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func written(t *testing.T, options map[string]string, hosts []format.Host) string {
	t.Helper()
	s := formattest.Scan()
	s.Options = options
	var out bytes.Buffer
	if err := Format.Write(t.Context(), &out, s, formattest.Each(hosts)); err != nil {
		t.Fatalf("Write = %v", err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	formattest.Golden(t, "sample.txt", []byte(written(t, nil, formattest.Hosts())))
	formattest.Golden(t, "narrow.txt", []byte(written(t, map[string]string{"width": "44", "info": "yes"}, formattest.Hosts())))
	formattest.Golden(t, "color.txt", []byte(written(t, map[string]string{"color": "always"}, formattest.Hosts())))
	formattest.Golden(t, "empty.txt", []byte(written(t, nil, nil)))
}

func TestWidth(t *testing.T) {
	for _, width := range []string{"44", "60", "120"} {
		for line := range strings.Lines(written(t, map[string]string{"width": width, "info": "yes"}, formattest.Hosts())) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(line, "  ") && columns(line) > map[string]int{"44": 44, "60": 60, "120": 120}[width] {
				t.Errorf("with width %s a line of %d columns: %q", width, columns(line), line)
			}
		}
	}
}

// TestHostileText shows that a target can not steer the terminal.
func TestHostileText(t *testing.T) {
	evil := "a\x1b]0;title\x07\x1b[2J\u202eb\u009bc\nd\r"
	h := formattest.Hosts()[0]
	h.OS, h.FQDN, h.MAC, h.Reason = evil, evil, evil, evil
	h.Services = []harrier.Service{{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 1}, Name: evil, Product: evil, Version: evil}}
	got := written(t, nil, []format.Host{h})
	if strings.ContainsAny(got, "\x1b\x07\r\u202e\u009b") {
		t.Errorf("control characters of the target came through: %q", got)
	}
	if !strings.Contains(got, "a]0;title[2Jbc d") {
		t.Errorf("the text itself is gone: %q", got)
	}
}

func TestUnsaid(t *testing.T) {
	v := harrier.Vulnerability{Name: "Redis: use after free (CVE-2025-49844)", CVEs: []string{"CVE-2025-49844", "CVE-2025-1"}}
	if got := unsaid(v); !slices.Equal(got, []string{"CVE-2025-1"}) || len(v.CVEs) != 2 {
		t.Errorf("unsaid = %v; want the one that the name lacks", got)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  []string
	}{
		{"", 5, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"abcdefghij kl", 4, []string{"abcd", "efgh", "ij", "kl"}},
		{"日本語 x", 4, []string{"日本", "語 x"}},
		{"exact", 5, []string{"exact"}},
	} {
		if got := wrap(c.in, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("wrap(%q, %d) = %q; want %q", c.in, c.limit, got, c.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two three", 4)
	f.Add("日本語\u0301", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 2 || limit > 200 {
			return
		}
		s = clean(s)
		lines := wrap(s, limit)
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(s, " ", "") {
			t.Errorf("wrap(%q, %d) = %q: text is lost", s, limit, lines)
		}
		for _, l := range lines {
			if columns(l) > limit {
				t.Errorf("wrap(%q, %d) has a line of %d columns", s, limit, columns(l))
			}
		}
	})
}

func TestRefuses(t *testing.T) {
	s := formattest.Scan()
	s.Options = map[string]string{"width": "wide"}
	if err := Format.Write(t.Context(), io.Discard, s, formattest.Each(nil)); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Write with width wide = %v; want Invalid", err)
	}
	boom := errors.New("boom")
	failing := func(yield func(format.Host, error) bool) { yield(format.Host{}, boom) }
	if err := Format.Write(t.Context(), io.Discard, formattest.Scan(), failing); !errors.Is(err, boom) {
		t.Errorf("Write with a failing store = %v; want boom", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Format.Write(ctx, io.Discard, formattest.Scan(), formattest.Each(formattest.Hosts())); !errors.Is(err, context.Canceled) {
		t.Errorf("Write when cancelled = %v; want context.Canceled", err)
	}
}

// Ports that did not answer are named beside the open ones, the first of many.
func TestOpenFiltered(t *testing.T) {
	h := formattest.Hosts()[0]
	h.OpenFiltered = []harrier.PortRange{{First: 67, Last: 69}, {First: 123, Last: 123}}
	if got := written(t, nil, []format.Host{h}); !strings.Contains(got, "\nopen|filtered, no answer: 67-69/udp, 123/udp\n") {
		t.Errorf("the table does not name the silent ports:\n%s", got)
	}
	h.OpenFiltered = nil
	for n := range uint16(100) {
		h.OpenFiltered = append(h.OpenFiltered, harrier.PortRange{First: 10 * n, Last: 10*n + 1})
	}
	if got := written(t, nil, []format.Host{h}); !strings.Contains(got, "70-71/udp and 184 more\n") {
		t.Errorf("the table does not cut a long list:\n%s", got)
	}
}

func TestMadeOf(t *testing.T) {
	s := harrier.Service{Product: "nginx", Technologies: []harrier.Technology{
		{Name: "PHP", Version: "8.1.2", Certainty: harrier.Certain}, {Name: "WordPress\x1b[2J", Certainty: harrier.Certain}, {Name: "Java", Certainty: harrier.Potential}, {Name: "nginx", Certainty: harrier.Certain},
	}}
	if got := madeOf(s); !strings.HasPrefix(got, " (PHP 8.1.2, WordPress") || strings.ContainsAny(got, "\x1b") || strings.Contains(got, "Java") || strings.Contains(got, "nginx") {
		t.Errorf("madeOf = %q", got)
	}
}
