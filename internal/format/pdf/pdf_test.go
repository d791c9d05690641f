package pdf

import (
	"bytes"
	"compress/zlib"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func build(t testing.TB, s format.Scan, hosts func(func(format.Host, error) bool)) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Format.Write(t.Context(), &b, s, hosts); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b.Bytes(), []byte("%PDF-1.")) || !bytes.HasSuffix(bytes.TrimSpace(b.Bytes()), []byte("%%EOF")) {
		t.Fatalf("that is no PDF: %.20q", b.Bytes())
	}
	return b.Bytes()
}

var (
	streams = regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)
	texts   = regexp.MustCompile(`(?s)Td \((.*?)\) Tj ET`)
)

// written is all text of a file, a line for each piece.
func written(t *testing.T, file []byte) string {
	t.Helper()
	var out strings.Builder
	for _, m := range streams.FindAllSubmatch(file, -1) {
		z, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue
		}
		page, err := io.ReadAll(z)
		if err != nil {
			continue // a font whose bytes look like an end
		}
		for _, piece := range texts.FindAllSubmatch(page, -1) {
			out.WriteString(plain(piece[1]) + "\n")
		}
	}
	return out.String()
}

func plain(escaped []byte) string {
	var raw []byte
	for i := 0; i < len(escaped); i++ {
		if escaped[i] == '\\' && i+1 < len(escaped) {
			if i++; escaped[i] == 'r' {
				raw = append(raw, '\r')
				continue
			}
		}
		raw = append(raw, escaped[i])
	}
	var units []uint16
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return string(utf16.Decode(units))
}

func TestDocument(t *testing.T) {
	s := formattest.Scan()
	s.Options = map[string]string{"template": "detailed"}
	file := build(t, s, formattest.Each(formattest.Hosts()))
	text := written(t, file)
	if again := written(t, build(t, s, formattest.Each(formattest.Hosts()))); again != text {
		t.Error("the same scan makes another document")
	}
	for _, want := range []string{
		`lab "A" & <B>`, "1 critical finding and 1 of high severity on 2 hosts.", "Redis answers without a password", "6379/tcp redis", "redis_version:7.0.15[31m\uFFFD café \uFFFD\uFFFD",
		"What to do: Set a password.", "CVE-2023-48795", "Targets without an answer", "no answer", "potential: by what the service says of itself", "known to be exploited",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the file does not say %q:\n%s", want, text)
		}
	}
}

func TestHostile(t *testing.T) {
	for _, tpl := range harrier.Templates {
		s, hosts := formattest.Hostile()
		s.Options = map[string]string{"template": tpl.Name}
		file := build(t, s, hosts)
		if len(file) > 4<<20 {
			t.Errorf("%s: %d bytes; want evidence without end to be cut", tpl.Name, len(file))
		}
		text := written(t, file)
		for _, bad := range []string{"\x00", "\x1b", "\u202e", "\u200b"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: the file has %q", tpl.Name, bad)
			}
		}
		if !strings.Contains(text, "stands for any other character") {
			t.Errorf("%s: nothing says that characters are missing", tpl.Name)
		}
		if tool, err := exec.LookPath("pdfinfo"); err == nil {
			c := exec.CommandContext(t.Context(), tool, "-")
			c.Stdin = bytes.NewReader(file)
			if said, err := c.CombinedOutput(); err != nil || strings.Contains(string(said), "Syntax") {
				t.Errorf("%s: pdfinfo: %v\n%s", tpl.Name, err, said)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	s := formattest.Scan()
	s.Options = map[string]string{"chapters": "nothing"}
	var b bytes.Buffer
	if err := Format.Write(t.Context(), &b, s, formattest.Each(nil)); harrier.KindOf(err) != harrier.Invalid || b.Len() > 0 {
		t.Errorf("Write = %v and %d bytes; want Invalid and nothing", err, b.Len())
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
		more  bool
	}{
		{"", 3, "", false},
		{"one two", 3, "one two", false},
		{"one two three four", 9, "one two|three four", false},
		{"one\n\ntwo", 9, "one||two", false},
		{"aaaaaaaaaaaaaaaaaaaaaaaa", 9, "aaaaaaaaaa|aaaaaaaaaa|aaaa", false},
		{"one two three four five six", 2, "one two|three four", true},
	} {
		lines, more := mono.wrap(tt.text, 10, 10*mono.width("a", 10)+0.01, tt.limit)
		if got := strings.Join(lines, "|"); got != tt.want || more != tt.more {
			t.Errorf("wrap(%q) = %q, %v; want %q, %v", tt.text, got, more, tt.want, tt.more)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("a b\nc  日本 \u0301x", uint8(20))
	f.Fuzz(func(t *testing.T, s string, width uint8) {
		text, _ := shown(s)
		lines, more := regular.wrap(text, 10, float64(width), 1<<20)
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if more || squeeze(strings.Join(lines, "")) != squeeze(text) {
			t.Errorf("wrap(%q, %d) = %q: something is lost", text, width, lines)
		}
	})
}

func BenchmarkDetailed(b *testing.B) {
	for b.Loop() {
		s, hosts := formattest.Scan(), formattest.Many(2500, 20)
		s.Options = map[string]string{"template": "detailed"}
		if err := Format.Write(b.Context(), io.Discard, s, hosts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(50_000*float64(b.N)/b.Elapsed().Seconds(), "findings/s")
}
