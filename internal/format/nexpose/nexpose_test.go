package nexpose_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
	"github.com/harrier-scan/harrier/internal/format/nexpose"
	"github.com/harrier-scan/harrier/internal/format/nexpose/nexposetest"
)

const top = "../../.."

var formats = []format.Format{nexpose.RawV2, nexpose.Raw, nexpose.Simple, nexpose.Table}

func written(t *testing.T, f format.Format, hosts []format.Host, options map[string]string) []byte {
	t.Helper()
	s := formattest.Scan()
	s.Options = options
	var out bytes.Buffer
	if err := f.Write(t.Context(), &out, s, formattest.Each(hosts)); err != nil {
		t.Fatalf("Write = %v", err)
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	for _, f := range formats {
		formattest.Golden(t, f.Name+"."+f.Extension, written(t, f, formattest.Hosts(), nil))
	}
	formattest.Golden(t, "all.csv", written(t, nexpose.Table, formattest.Hosts(), map[string]string{"columns": strings.Join(nexpose.Columns(), ",")}))
}

// TestReaders reads what is written of ordinary and of odd hosts as those do
// who take it in, and holds it to the schemas.
func TestReaders(t *testing.T) {
	ordinary := formattest.Hosts()
	bare := ordinary[0]
	bare.Results, bare.Services, bare.OS = nil, []harrier.Service{}, ""
	six := ordinary[1]
	six.Addr = netip.MustParseAddr("2001:db8::7")
	for name, hosts := range map[string][]format.Host{"ordinary": ordinary, "empty": nil, "bare": {bare}, "IPv6": {six}} {
		t.Run(name, func(t *testing.T) {
			strict := name == "bare" || name == "empty"
			for _, f := range []format.Format{nexpose.RawV2, nexpose.Raw} {
				file := written(t, f, hosts, nil)
				nexposetest.Raw(t, file, strict)
				nexposetest.Valid(t, top, "nexpose-report.xsd", file)
			}
			nexposetest.Valid(t, top, "nexpose-simple.xsd", written(t, nexpose.Simple, hosts, nil))
		})
	}
}

// TestCPE is written when it is asked for, and otherwise not.
func TestCPE(t *testing.T) {
	if got := written(t, nexpose.RawV2, formattest.Hosts(), nil); bytes.Contains(got, []byte(" cpe=")) {
		t.Error("cpe is written without being asked for")
	}
	if got := written(t, nexpose.RawV2, formattest.Hosts(), map[string]string{"cpe": "yes"}); !bytes.Contains(got, []byte(` cpe="cpe:2.3:o:debian`)) {
		t.Error("cpe is not written though asked for")
	}
}

// TestHostile writes what hosts of ill will send.
func TestHostile(t *testing.T) {
	for _, f := range []format.Format{nexpose.RawV2, nexpose.Simple, nexpose.Table} {
		s, hosts := formattest.Hostile()
		var out bytes.Buffer
		if err := f.Write(t.Context(), &out, s, hosts); err != nil {
			t.Fatalf("%s: Write = %v", f.Name, err)
		}
		switch f.Name {
		case "raw-xml-v2":
			nexposetest.Raw(t, out.Bytes(), false)
			nexposetest.Valid(t, top, "nexpose-report.xsd", out.Bytes())
		case "ns-xml":
			nexposetest.Valid(t, top, "nexpose-simple.xsd", out.Bytes())
		default:
			if _, err := csv.NewReader(&out).ReadAll(); err != nil {
				t.Errorf("encoding/csv: %v", err)
			}
		}
	}
}

// TestTable reads the table as an ordinary reader does.
func TestTable(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(written(t, nexpose.Table, formattest.Hosts(), nil))).ReadAll()
	if err != nil || len(rows) < 2 || !slices.Equal(rows[0], nexpose.DefaultColumns) {
		t.Fatalf("rows = %v, %v", rows, err)
	}
	want := []string{"192.0.2.1", "443", "vp", "nginx-cves", "CVE-2023-44487,CVE-2024-7347", "8", `nginx < 1.25.3 "Rapid Reset" & more`}
	if !slices.ContainsFunc(rows, func(r []string) bool { return slices.Equal(r, want) }) {
		t.Errorf("no row %q in %q", want, rows)
	}
}

func TestRefuses(t *testing.T) {
	s := formattest.Scan()
	s.Options = map[string]string{"columns": "Asset IP Address,Nonsense"}
	if err := nexpose.Table.Write(t.Context(), io.Discard, s, formattest.Each(nil)); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Write with an unknown column = %v; want Invalid", err)
	}
	boom := errors.New("boom")
	failing := func(yield func(format.Host, error) bool) { yield(format.Host{}, boom) }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, f := range formats {
		if err := f.Write(t.Context(), io.Discard, formattest.Scan(), failing); !errors.Is(err, boom) {
			t.Errorf("%s: Write with a failing store = %v; want boom", f.Name, err)
		}
		if err := f.Write(ctx, io.Discard, formattest.Scan(), formattest.Each(formattest.Hosts())); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Write when cancelled = %v; want context.Canceled", f.Name, err)
		}
	}
}

// TestSeverity compares the number with the condition that asks for it.
func TestSeverity(t *testing.T) {
	for _, v := range []harrier.Vulnerability{
		{CVSS2Score: 5.4, CVSS3Score: 9.8},
		{CVSS3Score: 7.5},
		{CVSS2Score: 10},
		{CVSS2Score: 0.1},
		{CVSS2Score: 5.4, CVSS3Score: 9.8, Severity: harrier.Critical},
		{CVSS2Score: 3.9, Severity: harrier.Low},
		{CVSS3Score: 7.5, Severity: harrier.High},
		{CVSS3Score: 7, Severity: harrier.High},
		{CVSS2Score: 4.1, Severity: harrier.Medium},
		{CVSS3Score: 9.1, Severity: harrier.Critical},
		{Severity: harrier.Info},
		{Severity: harrier.Low},
		{Severity: harrier.Medium},
		{Severity: harrier.High},
		{Severity: harrier.Critical},
	} {
		have := v.SeverityScore()
		if harrier.SeverityOfNumber(have) != v.Severity {
			t.Errorf("%+v has number %d, which is %s", v, have, harrier.SeverityOfNumber(have))
		}
		for s := range harrier.Severity(harrier.Severities) {
			if n := v.SeverityScoreAs(s); harrier.SeverityOfNumber(n) != s || n < 1 || n > 10 {
				t.Errorf("%+v shown as %s has number %d, which is %s", v, s, n, harrier.SeverityOfNumber(n))
			}
		}
		for n := range 11 {
			got := harrier.Matches(harrier.ScoredAtLeast(n), func(f string) []any {
				return map[string][]any{"cvss2": {v.CVSS2Score}, "cvss3": {v.CVSS3Score}, "severity": {int64(v.Severity)}}[f]
			})
			if got != (have >= n) {
				t.Errorf("%+v has severity %d; at least %d = %v", v, have, n, got)
			}
		}
	}
}

// TestMemory writes many hosts: nothing of them is kept but which
// vulnerabilities they had.
func TestMemory(t *testing.T) {
	for _, f := range formats {
		peak := func(hosts int) uint64 {
			var worst, before runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			n := 0
			each := func(yield func(format.Host, error) bool) {
				for h, err := range formattest.Many(hosts, 40) {
					if n++; n == hosts {
						runtime.GC()
						runtime.ReadMemStats(&worst)
					}
					if !yield(h, err) {
						return
					}
				}
			}
			if err := f.Write(t.Context(), io.Discard, formattest.Scan(), each); err != nil {
				t.Fatal(err)
			}
			return max(worst.HeapAlloc, before.HeapAlloc) - before.HeapAlloc
		}
		if few, many := peak(50), peak(2000); many > few+2<<20 {
			t.Errorf("%s holds %d bytes after 50 hosts and %d after 2000", f.Name, few, many)
		}
	}
}
