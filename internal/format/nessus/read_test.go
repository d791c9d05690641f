package nessus

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func readAll(r io.Reader) (head Header, hosts []ReadHost, err error) {
	err = Read(r, func(h Header) error { head = h; return nil }, func(h ReadHost) error { hosts = append(hosts, h); return nil })
	return head, hosts, err
}

// TestRoundTrip reads back what was written: but for what the format has no
// place for, it is the same.
func TestRoundTrip(t *testing.T) {
	scan, want := formattest.Scan(), formattest.Hosts()
	head, hosts, err := readAll(bytes.NewReader(written(t, scan, want)))
	if err != nil {
		t.Fatalf("Read = %v", err)
	}
	if head.Report != scan.Scan.Name || head.Policy.Name != scan.Policy.Name {
		t.Errorf("header = %q, %q; want %q, %q", head.Report, head.Policy.Name, scan.Scan.Name, scan.Policy.Name)
	}
	if got := head.Policy.Preferences["TARGET"]; got != "192.0.2.1,192.0.2.2,web.example.test" {
		t.Errorf("TARGET = %q", got)
	}
	if diff := cmp.Diff(map[string]string{"Web Servers": "enabled", "Misc.": "enabled", "Databases": "mixed"}, head.Policy.Families); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[harrier.VulnID]string{900102: "enabled"}, head.Policy.Single); diff != "" {
		t.Errorf("single plugins (-want +got):\n%s", diff)
	}
	if len(hosts) != len(want) {
		t.Fatalf("%d hosts; want %d", len(hosts), len(want))
	}
	for i, w := range want {
		expect := w.Host
		expect.OSCPE = format.CPEURI(expect.OSCPE)
		if expect.FQDN == "" {
			expect.FQDN = expect.Name
		}
		if diff := cmp.Diff(expect, hosts[i].Host, cmpopts.EquateComparable(expect.Addr)); diff != "" {
			t.Errorf("host %d (-want +got):\n%s", i, diff)
		}
		for k, r := range w.Ordered() {
			got := hosts[i].Results[k]
			r.At, r.Source, r.Evidence = w.Ended, "import", format.Clean(r.Evidence)
			r.Protocol = format.Transport(r.Observation)
			if diff := cmp.Diff(r, got.Result); diff != "" {
				t.Errorf("host %d result %d (-want +got):\n%s", i, k, diff)
			}
			if diff := cmp.Diff(asRead(scan.Lookup(r.Vulnerability), r.Severity), *got.Definition, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("definition %d (-want +got):\n%s", r.Vulnerability, diff)
			}
		}
	}
}

// asRead is what the format can carry of a definition.
func asRead(v harrier.Vulnerability, s harrier.Severity) harrier.Vulnerability {
	v.UUID, v.Severity = harrier.NamedUUID(v.Slug), s
	v.CVSS3Vector = format.CVSS3Vector(v)
	v.Exploit = v.Exploit || v.Exploited
	v.Exploited = false
	for _, a := range format.Attributes(v) {
		switch a.Name {
		case "plugin_publication_date":
			v.Added = day(a.Value)
		case "plugin_modification_date":
			v.Modified = day(a.Value)
		}
	}
	v.CPEs = slices.Clone(v.CPEs)
	for i, c := range v.CPEs {
		v.CPEs[i] = format.CPEURI(c)
	}
	return v
}

func TestReadPieces(t *testing.T) {
	doc := written(t, formattest.Scan(), formattest.Hosts())
	_, want, err := readAll(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]io.Reader{
		"a byte at a time": iotest.OneByteReader(bytes.NewReader(doc)),
		"halves":           iotest.HalfReader(bytes.NewReader(doc)),
		"with the end":     iotest.DataErrReader(bytes.NewReader(doc)),
	} {
		_, got, err := readAll(r)
		if err != nil {
			t.Errorf("%s: Read = %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(want[0].Addr)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestReadOther reads what other versions and other tools write.
func TestReadOther(t *testing.T) {
	_, hosts, err := readAll(strings.NewReader("\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?>\n<!-- made > by < hand -->\n" + `<NessusClientData_v2 >
<Policy><policyName>old</policyName><Preferences><ServerPreferences/></Preferences></Policy>
<Report name='six' xmlns:cm="http://www.nessus.org/cm">
<ReportHost name="db.example.test"><HostProperties>
<tag name="HOST_END">Fri Nov  7 13:28:09 2025</tag><tag name="mac-address">00:50:56:A6:60:BC
00:50:56:A6:60:BD</tag><tag name="operating-system">Linux Kernel 2.6
Linux Kernel 3.0</tag><tag name="HOST_START">Fri Nov 07 13:20:00 2025</tag></HostProperties>
<ReportItem port="0" svc_name="general" protocol="tcp" severity="0" pluginID="0" pluginName="" pluginFamily=""/>
<ReportItem port="80" svc_name="http?" protocol="tcp" severity="9" pluginID="11" pluginName="a &gt; b" pluginFamily="CGI abuses" extra='x"y'>
<see_also>http://a.example/</see_also><see_also>http://b.example/</see_also><cwe></cwe>
<attachment name="x" type="y">` + strings.Repeat("QUJD", 200_000) + `</attachment>
<plugin_output><![CDATA[1 < 2 && "3"]]> and &#65;&#x42;&apos;</plugin_output></ReportItem>
<ReportItem port="80" svc_name="http?" protocol="tcp" severity="2" pluginID="11" pluginName="a" pluginFamily="b"><plugin_output>two</plugin_output></ReportItem>
<ReportItem port="0" svc_name="general" protocol="tcp" severity="3" pluginID="21157" pluginName="Unix Compliance Checks" pluginFamily="Policy Compliance">
<compliance>true</compliance><cm:compliance-check-name>1.1 no root</cm:compliance-check-name><description>failed: root</description></ReportItem>
</ReportHost>
</Report>
</NessusClientData_v2>
`))
	if err != nil {
		t.Fatalf("Read = %v", err)
	}
	h := hosts[0]
	if h.MAC != "00:50:56:a6:60:bc" || h.OS != "Linux Kernel 2.6" || h.Addr.IsValid() || !h.Alive ||
		!h.Ended.Equal(time.Date(2025, 11, 7, 13, 28, 9, 0, time.UTC)) || !h.Started.Equal(time.Date(2025, 11, 7, 13, 20, 0, 0, time.UTC)) {
		t.Errorf("host = %+v", h.Host)
	}
	if len(h.Results) != 3 {
		t.Fatalf("%d results; want 3", len(h.Results))
	}
	first, second, third := h.Results[0], h.Results[1], h.Results[2]
	if first.Evidence != `1 < 2 && "3" and AB'` || first.Severity != harrier.Critical || first.Service != "http" || first.Definition.Name != "a > b" || len(first.Definition.References) != 2 {
		t.Errorf("first = %+v", first)
	}
	if second.Key != "2" || second.Evidence != "two" || second.Severity != harrier.Medium || second.Definition.Name != "a > b" {
		t.Errorf("second = %+v", second)
	}
	if third.Key != "1.1 no root" || third.Evidence != "failed: root" {
		t.Errorf("compliance = %+v", third)
	}
}

func TestReadLatin1(t *testing.T) {
	_, hosts, err := readAll(strings.NewReader("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><NessusClientData_v2><Report name=\"r\"><ReportHost name=\"h\xf6st\"></ReportHost></Report></NessusClientData_v2>"))
	if err != nil || hosts[0].Name != "höst" {
		t.Errorf("Read = %v, %v; want höst", hosts, err)
	}
}

func TestReadEvidenceIsCut(t *testing.T) {
	long := strings.Repeat("é", maxEvidence)
	_, hosts, err := readAll(strings.NewReader(`<NessusClientData_v2><Report name="r"><ReportHost name="h"><ReportItem port="1" svc_name="x" protocol="tcp" severity="0" pluginID="5"><plugin_output>` + "x" + long + `</plugin_output></ReportItem></ReportHost></Report></NessusClientData_v2>`))
	if err != nil {
		t.Fatal(err)
	}
	if got := hosts[0].Results[0].Evidence; len(got) != maxEvidence-1 || !strings.HasSuffix(got, "é") {
		t.Errorf("evidence of %d bytes; want %d and whole characters", len(got), maxEvidence-1)
	}
}

func TestReadRefuses(t *testing.T) {
	report := func(s string) string {
		return "<NessusClientData_v2><Report name=\"r\">" + s + "</Report></NessusClientData_v2>"
	}
	item := func(attributes string) string {
		return report(`<ReportHost name="h"><ReportItem ` + attributes + `></ReportItem></ReportHost>`)
	}
	for name, doc := range map[string]string{
		"nothing":            "",
		"blanks":             " \n ",
		"JSON":               `{"a":1}`,
		"HTML":               "<html></html>",
		"version 1":          "<NessusClientData></NessusClientData>",
		"cut off":            report("")[:40],
		"cut in a tag":       "<NessusClientData_v2><Rep",
		"DOCTYPE":            `<!DOCTYPE x [<!ENTITY a "b">]>` + report(""),
		"own entity":         report(`<ReportHost name="&a;"></ReportHost>`),
		"open reference":     report(`<ReportHost name="a & b"></ReportHost>`),
		"crossed tags":       "<NessusClientData_v2><Report name='x'></NessusClientData_v2></Report>",
		"two documents":      report("") + report(""),
		"text behind":        report("") + "x",
		"host without name":  report("<ReportHost></ReportHost>"),
		"port":               item(`port="70000" pluginID="1"`),
		"severity":           item(`port="1" severity="x" pluginID="1"`),
		"plugin":             item(`port="1" severity="1" pluginID="-1"`),
		"UTF-16":             "<?xml version='1.0' encoding='UTF-16'?>" + report(""),
		"deep":               strings.Replace(report(""), "</Report>", strings.Repeat("<a>", maxDepth+1)+"</Report>", 1),
		"long tag":           report(`<ReportHost name="` + strings.Repeat("x", maxTag) + `"></ReportHost>`),
		"end tag first":      "</a>",
		"tag within a tag":   "<NessusClientData_v2 <x>",
		"no name":            "<NessusClientData_v2>< a></NessusClientData_v2>",
		"CDATA without end":  "<NessusClientData_v2><![CDATA[x</NessusClientData_v2>",
		"comment unfinished": "<!-- " + report(""),
	} {
		if _, _, err := readAll(strings.NewReader(doc)); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Read of %s = %v; want Invalid", name, err)
		}
	}
}

func TestReadLimits(t *testing.T) {
	open := `<NessusClientData_v2><Report name="r"><ReportHost name="h">`
	for name, body := range map[string]io.Reader{
		"results": repeated(`<ReportItem port="1" severity="0" pluginID="5"/>`, maxResults+1),
		"tags":    numbered(maxTags + 2),
		"text":    io.MultiReader(strings.NewReader("<HostProperties><tag name='x'>"), repeated("0123456789abcdef", maxText/16+1)),
	} {
		_, _, err := readAll(io.MultiReader(strings.NewReader(open), body))
		if harrier.KindOf(err) != harrier.Invalid || strings.Contains(err.Error(), "middle") {
			t.Errorf("Read of too many %s = %v; want Invalid for the limit", name, err)
		}
	}
}

func repeated(s string, n int) io.Reader {
	readers := make([]io.Reader, 0, n/1000+1)
	for ; n > 0; n -= 1000 {
		readers = append(readers, strings.NewReader(strings.Repeat(s, min(n, 1000))))
	}
	return io.MultiReader(readers...)
}

func numbered(n int) io.Reader {
	var b strings.Builder
	b.WriteString("<HostProperties>")
	for i := range n {
		b.WriteString("<tag name='t")
		for v := i; v > 0; v /= 10 {
			b.WriteByte(byte('0' + v%10))
		}
		b.WriteString("x'>v</tag>")
	}
	return strings.NewReader(b.String())
}

func TestReadPassesErrors(t *testing.T) {
	doc := written(t, formattest.Scan(), formattest.Hosts())
	boom := errors.New("boom")
	fine := func(Header) error { return nil }
	if err := Read(bytes.NewReader(doc), func(Header) error { return boom }, nil); !errors.Is(err, boom) {
		t.Errorf("Read with a failing header = %v; want boom", err)
	}
	if err := Read(bytes.NewReader(doc), fine, func(ReadHost) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("Read with a failing host = %v; want boom", err)
	}
	if err := Read(iotest.TimeoutReader(iotest.HalfReader(bytes.NewReader(doc))), fine, func(ReadHost) error { return nil }); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("Read from a failing source = %v; want its error", err)
	}
}

func TestReadPolicyFile(t *testing.T) {
	var out bytes.Buffer
	if err := WritePolicy(&out, formattest.Scan()); err != nil {
		t.Fatal(err)
	}
	head, hosts, err := readAll(&out)
	if err != nil || head.Policy.Name != "Basic" || head.Report != "" || len(hosts) != 0 {
		t.Errorf("Read = %+v, %d hosts, %v", head, len(hosts), err)
	}
	if len(head.Policy.Plugins) == 0 || head.Policy.Plugins[0].Plugin != 10180 || head.Policy.Plugins[0].Selected != "yes" {
		t.Errorf("plugin preferences = %+v", head.Policy.Plugins)
	}
}

// readPlain reads each definition anew where it stands again.
func readPlain(doc []byte) (hosts []ReadHost, err error) {
	p := newParser(bytes.NewReader(doc), func(Header) error { return nil }, func(h ReadHost) error { hosts = append(hosts, h); return nil })
	p.raw = maxRawInAll
	return hosts, p.document()
}

// TestReadPassesOver reads results whose definitions stand again, nearly again,
// and in other places, with and without comparing their bytes.
func TestReadPassesOver(t *testing.T) {
	const start = `<ReportItem port="1" svc_name="www" protocol="tcp" severity="2" pluginID="7" pluginName="n" pluginFamily="f">`
	const def = "\n<cve>CVE-2026-1</cve>\n<!-- <plugin_output> --><solution><![CDATA[</solution><plugin_output>]]></solution>\n"
	var doc strings.Builder
	doc.WriteString(`<NessusClientData_v2><Report name="r">`)
	for range 3 {
		doc.WriteString(`<ReportHost name="h">`)
		for i, item := range []string{
			start + def + "<plugin_output>%d</plugin_output></ReportItem>",
			start + def + "<potential_vulnerability>true</potential_vulnerability><plugin_output>%d &lt;</plugin_output></ReportItem>",
			start + def + "<plugin_output>%d</plugin_output><potential_vulnerability>true</potential_vulnerability></ReportItem>",
			start + def + "</ReportItem>",
			start + "<plugin_output>%d</plugin_output>" + def + "</ReportItem>",
			start + def + "<cm:compliance-check-id>c%d</cm:compliance-check-id><plugin_output>x</plugin_output></ReportItem>",
			strings.Replace(start, ">", "/>", 1),
			strings.Replace(start, `"f"`, `"Policy Compliance Checks"`, 1) + "<description>d%d</description><cm:compliance-check-name>c</cm:compliance-check-name></ReportItem>",
			strings.NewReplacer(`"7"`, `"8"`, `"f"`, `"Policy Compliance Checks"`).Replace(start) + "<description>d%d</description><cm:compliance-check-name>c</cm:compliance-check-name></ReportItem>",
			start + strings.Replace(def, "2026-1", "2026-2", 1) + "<plugin_output>%d</plugin_output></ReportItem>",
		} {
			doc.WriteString(strings.ReplaceAll(item, "%d", strconv.Itoa(i)))
		}
		doc.WriteString(`</ReportHost>`)
	}
	doc.WriteString(`</Report></NessusClientData_v2>`)
	want, err := readPlain([]byte(doc.String()))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(want[2].Results); n != 10 || want[2].Results[3].Evidence != "" || want[2].Results[1].Certainty != harrier.Potential || want[2].Results[4].Definition.Solution != "</solution><plugin_output>" {
		t.Fatalf("%d results: %+v; want 10 as written", n, want[2].Results)
	}
	for name, r := range map[string]io.Reader{"whole": strings.NewReader(doc.String()), "by bytes": iotest.OneByteReader(strings.NewReader(doc.String()))} {
		_, got, err := readAll(r)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// FuzzRead looks for files that crash the reader, that it takes for ever over,
// or that can not be written again once they were read.
func FuzzRead(f *testing.F) {
	var sample bytes.Buffer
	if err := write(f.Context(), &sample, formattest.Scan(), formattest.Each(formattest.Hosts()), time.UTC); err != nil {
		f.Fatal(err)
	}
	f.Add(sample.Bytes())
	f.Add([]byte(`<?xml version="1.0" encoding="latin1"?><NessusClientData_v2><Report name="a"><ReportHost name="b"><HostProperties><tag name="host-ip">::1</tag></HostProperties><ReportItem port="1" pluginID="2" protocol="x"><cve>&#x41;</cve><![CDATA[x]]><plugin_output>&amp;</plugin_output></ReportItem></ReportHost></Report></NessusClientData_v2>`))
	f.Add([]byte(`<NessusClientData_v2/>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		_, hosts, err := readAll(bytes.NewReader(doc))
		if err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Fatalf("Read = %v; want Invalid", err)
			}
			return
		}
		if plain, err := readPlain(doc); err != nil || !reflect.DeepEqual(plain, hosts) {
			t.Fatalf("what is passed over changes what is read: %v\n%+v\n%+v", err, hosts, plain)
		}
		definitions := map[harrier.VulnID]harrier.Vulnerability{}
		again := make([]format.Host, len(hosts))
		for i, h := range hosts {
			again[i].Host = h.Host
			for _, r := range h.Results {
				definitions[r.Vulnerability] = *r.Definition
				again[i].Results = append(again[i].Results, r.Result)
			}
		}
		s := format.Scan{Vulnerability: func(id harrier.VulnID) (harrier.Vulnerability, bool) { v, ok := definitions[id]; return v, ok }}
		_, back, err := readAll(bytes.NewReader(written(t, s, again)))
		if err != nil || len(back) != len(hosts) {
			t.Fatalf("what was read can not be read again: %d hosts of %d, %v", len(back), len(hosts), err)
		}
		for i := range back {
			if len(back[i].Results) != len(hosts[i].Results) {
				t.Fatalf("host %d has %d results of %d after a second reading", i, len(back[i].Results), len(hosts[i].Results))
			}
		}
	})
}
