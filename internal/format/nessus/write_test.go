package nessus

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
	"github.com/harrier-scan/harrier/internal/needs"
)

func written(t *testing.T, s format.Scan, hosts []format.Host) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(t.Context(), &out, s, formattest.Each(hosts), time.UTC); err != nil {
		t.Fatalf("write = %v", err)
	}
	return out.Bytes()
}

func TestWriteGolden(t *testing.T) {
	formattest.Golden(t, "sample.nessus", written(t, formattest.Scan(), formattest.Hosts()))
}

func TestWriteEmptyScan(t *testing.T) {
	formattest.Golden(t, "empty.nessus", written(t, format.Scan{}, nil))
}

func TestWritePolicyGolden(t *testing.T) {
	var out bytes.Buffer
	if err := WritePolicy(&out, formattest.Scan()); err != nil {
		t.Fatalf("WritePolicy = %v", err)
	}
	formattest.Golden(t, "policy.nessus", out.Bytes())
}

// TestWriteRules holds the document to the rules that strict readers force.
func TestWriteRules(t *testing.T) {
	doc := string(written(t, formattest.Scan(), formattest.Hosts()))
	if !strings.Contains(doc, "\n<NessusClientData_v2>\n") {
		t.Error("the root tag has attributes or is missing")
	}
	if m := regexp.MustCompile(`<(\w+)></(\w+)>`).FindAllString(doc, -1); len(m) != 1 || m[0] != "<policyComments></policyComments>" {
		t.Errorf("empty elements: %q; want only policyComments", m)
	}
	for _, bad := range []string{"<![CDATA[", "<!DOCTYPE", "CVSS:3.1/"} {
		if strings.Contains(doc, bad) {
			t.Errorf("the document has %q", bad)
		}
	}
	for _, short := range []string{"svc_name", "protocol", "pluginFamily"} {
		for _, m := range regexp.MustCompile(short+`="([^"]*)"`).FindAllStringSubmatch(doc, -1) {
			if m[1] == "" || strings.Contains(m[1], "&") {
				t.Errorf("%s = %q; want a text without references", short, m[1])
			}
		}
	}
	for _, m := range regexp.MustCompile(`<tag name="([^"]*)">([^<]*)</tag>`).FindAllStringSubmatch(doc, -1) {
		if m[2] == "" || strings.Contains(m[2], "&") {
			t.Errorf("host tag %s = %q; want a text without references", m[1], m[2])
		}
	}
}

// TestWriteItems checks each ReportItem as a reader sees it.
func TestWriteItems(t *testing.T) {
	type child struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	}
	var doc struct {
		Hosts []struct {
			Children []struct {
				XMLName  xml.Name
				Attrs    []xml.Attr `xml:",any,attr"`
				Children []child    `xml:",any"`
			} `xml:",any"`
		} `xml:"Report>ReportHost"`
	}
	if err := xml.Unmarshal(written(t, formattest.Scan(), formattest.Hosts()), &doc); err != nil {
		t.Fatalf("encoding/xml: %v", err)
	}
	repeated := map[string]bool{"cve": true, "cwe": true, "xref": true}
	needed := []string{"description", "fname", "plugin_modification_date", "plugin_name", "plugin_publication_date", "plugin_type", "risk_factor", "script_version", "solution", "synopsis"}
	for _, h := range doc.Hosts {
		if h.Children[0].XMLName.Local != "HostProperties" {
			t.Errorf("first child of ReportHost is %s; want HostProperties", h.Children[0].XMLName.Local)
		}
		for _, item := range h.Children[1:] {
			if len(item.Attrs) != 7 {
				t.Errorf("%d attributes on ReportItem; want 7", len(item.Attrs))
			}
			last, seen := "", map[string]int{}
			for _, c := range item.Children {
				name := c.XMLName.Local
				seen[name]++
				if name != "plugin_output" && name < last {
					t.Errorf("%s stands behind %s", name, last)
				}
				if seen[name] > 1 && !repeated[name] || strings.TrimSpace(c.Text) == "" || last == "plugin_output" {
					t.Errorf("%s is repeated, empty or behind plugin_output", name)
				}
				last = name
			}
			for _, name := range needed {
				if seen[name] == 0 {
					t.Errorf("item %v has no %s", item.Attrs, name)
				}
			}
		}
	}
}

func TestWriteXMLLint(t *testing.T) {
	lint := needs.Binary(t, "xmllint", "libxml2-utils")
	path := filepath.Join(t.TempDir(), "sample.nessus")
	if err := os.WriteFile(path, written(t, formattest.Scan(), formattest.Hosts()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), lint, "--noout", "--nonet", path).CombinedOutput(); err != nil {
		t.Errorf("xmllint = %v\n%s", err, out)
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[string]string{
		"www":                "www",
		"AT&T Unix <x>":      "AT+T Unix (x>",
		" a]]>b\x00 ":        "a]])b",
		"cpe:/a:b:c -> B \"": `cpe:/a:b:c -> B "`,
	} {
		if got := short(in); got != want {
			t.Errorf("short(%q) = %q; want %q", in, got, want)
		}
	}
	if got := shortAttribute("a \"b\"\nc"); got != "a 'b' c" {
		t.Errorf("shortAttribute = %q", got)
	}
}

func TestWriteStops(t *testing.T) {
	boom := errors.New("boom")
	var failing iter.Seq2[format.Host, error] = func(yield func(format.Host, error) bool) { yield(format.Host{}, boom) }
	if err := Format.Write(t.Context(), io.Discard, formattest.Scan(), failing); !errors.Is(err, boom) {
		t.Errorf("Write with a failing store = %v; want boom", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Format.Write(ctx, io.Discard, formattest.Scan(), formattest.Each(formattest.Hosts())); !errors.Is(err, context.Canceled) {
		t.Errorf("Write when cancelled = %v; want context.Canceled", err)
	}
}

// TestWriteFlat shows that memory does not grow with the scan.
func TestWriteFlat(t *testing.T) {
	grown := func(hosts int) int64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var peak int64
		n := 0
		err := Format.Write(t.Context(), io.Discard, formattest.Scan(), func(yield func(format.Host, error) bool) {
			for h, err := range formattest.Many(hosts, 50) {
				if n++; n%(hosts/4) == 0 {
					runtime.GC()
					runtime.ReadMemStats(&after)
					peak = max(peak, int64(after.HeapAlloc)-int64(before.HeapAlloc))
				}
				if !yield(h, err) {
					return
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return peak
	}
	small, large := grown(40), grown(400)
	if large > small+1<<20 {
		t.Errorf("heap grew by %d bytes for 40 hosts and %d for 400; want the same", small, large)
	}
}

func TestTimes(t *testing.T) {
	at := formattest.Start
	e := encoder{scan: format.Scan{Scan: harrier.Scan{Started: at, Modified: at.Add(time.Hour)}}}
	for name, h := range map[string]harrier.Host{
		"known":          {Started: at.Add(time.Hour), Ended: at.Add(2 * time.Hour)},
		"running":        {Started: at.Add(time.Minute)},
		"nothing":        {},
		"clock set back": {Started: at.Add(time.Hour), Ended: at},
	} {
		start, end := e.times(format.Host{ScanHost: harrier.ScanHost{Host: h}})
		if start.IsZero() || end.Before(start) {
			t.Errorf("%s: times = %v, %v; want both, in order", name, start, end)
		}
	}
}
