package html

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func TestGolden(t *testing.T) {
	for name, options := range map[string]map[string]string{
		"executive.html": nil,
		"chapters.html":  {"chapters": "vuln_hosts_summary;vuln_by_plugin;remediations;compliance_exec", "evidence": "no"},
	} {
		s := formattest.Scan()
		s.Options = options
		var b bytes.Buffer
		if err := Format.Write(t.Context(), &b, s, formattest.Each(formattest.Hosts())); err != nil {
			t.Fatal(err)
		}
		formattest.Golden(t, name, b.Bytes())
	}
}

// TestHostile reads the page as a browser does: whatever the texts are, there
// is no element, attribute or address in it that is not of the page itself.
func TestHostile(t *testing.T) {
	for _, tpl := range harrier.Templates {
		s, hosts := formattest.Hostile()
		s.Options = map[string]string{"template": tpl.Name}
		var b bytes.Buffer
		if err := Format.Write(t.Context(), &b, s, hosts); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		for _, bad := range []string{"\x00", "\x1b", "\u202e", "\u200b", "\U000E0041", "ZgotmplZ"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page has %q", tpl.Name, bad)
			}
		}
		if tpl.Name == "detailed" && !strings.Contains(page, "日本語 한국어") {
			t.Error("letters of other scripts are gone")
		}
		walk(t, page)
	}
}

func walk(t *testing.T, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "img", "iframe", "object", "form", "link", "base":
			t.Errorf("the page has a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("the page has an attribute %s", a.Key)
			}
			if a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://") {
				t.Errorf("the page links to %q", a.Val)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for _, options := range []map[string]string{{"template": "glossy"}, {"chapters": "vuln_by_host;colours"}} {
		s := formattest.Scan()
		s.Options = options
		var b bytes.Buffer
		err := Format.Write(t.Context(), &b, s, formattest.Each(formattest.Hosts()))
		if harrier.KindOf(err) != harrier.Invalid || b.Len() > 0 {
			t.Errorf("%v = %v and %d bytes; want Invalid and nothing", options, err, b.Len())
		}
	}
}

func TestEmpty(t *testing.T) {
	for _, tpl := range harrier.Templates {
		var b bytes.Buffer
		if err := Format.Write(t.Context(), &b, format.Scan{Options: map[string]string{"template": tpl.Name}}, formattest.Each(nil)); err != nil {
			t.Fatal(err)
		}
		if page := b.String(); !strings.Contains(page, "No host was found.") || !strings.HasSuffix(page, "</html>\n") {
			t.Errorf("%s: page of nothing:\n%s", tpl.Name, page)
		}
	}
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
