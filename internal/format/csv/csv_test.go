package csv

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func written(t *testing.T, options map[string]string) string {
	t.Helper()
	s := formattest.Scan()
	s.Options = options
	var out bytes.Buffer
	if err := Format.Write(t.Context(), &out, s, formattest.Each(formattest.Hosts())); err != nil {
		t.Fatalf("Write = %v", err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	formattest.Golden(t, "sample.csv", []byte(written(t, nil)))
	formattest.Golden(t, "all.csv", []byte(written(t, map[string]string{"columns": strings.Join(Columns(), ",")})))
}

// TestParses reads the file as an ordinary CSV reader does.
func TestParses(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(written(t, nil))).ReadAll()
	if err != nil {
		t.Fatalf("encoding/csv: %v", err)
	}
	head, n := rows[0], 0
	for _, h := range formattest.Hosts() {
		for _, r := range h.Results {
			n += max(1, len(formattest.Scan().Lookup(r.Vulnerability).CVEs))
		}
	}
	if len(rows)-1 != n {
		t.Errorf("%d rows; want %d: one for each result and CVE", len(rows)-1, n)
	}
	name, cve, output := slices.Index(head, "Name"), slices.Index(head, "CVE"), slices.Index(head, "Plugin Output")
	var cves []string
	for _, row := range rows[1:] {
		if row[name] == `nginx < 1.25.3 "Rapid Reset" & more` {
			cves = append(cves, row[cve])
		}
		if strings.ContainsAny(row[output], "\x00\x1b\r") {
			t.Errorf("output %q has control characters", row[output])
		}
		if _, err := strconv.Atoi(row[slices.Index(head, "Port")]); err != nil {
			t.Errorf("port %q is no number", row[slices.Index(head, "Port")])
		}
	}
	if !slices.Equal(cves, []string{"CVE-2023-44487", "CVE-2024-7347"}) {
		t.Errorf("CVEs of the two rows = %v", cves)
	}
}

func TestHeader(t *testing.T) {
	const rest = "Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output"
	for want, options := range map[string]map[string]string{
		"Plugin ID,CVE,CVSS v2.0 Base Score," + rest: nil,
		"Plugin ID,CVE,CVSS," + rest:                 {"header": "old"},
		"Plugin ID,Port":                             {"columns": "port, id"},
		"BID,XREF,MSKB":                              {"columns": "references"},
	} {
		if got, _, _ := strings.Cut(written(t, options), "\n"); got != want {
			t.Errorf("header with %v = %q; want %q", options, got, want)
		}
	}
}

func TestRowsWithoutCVE(t *testing.T) {
	if got := strings.Count(written(t, map[string]string{"columns": "id"}), `"900101"`); got != 1 {
		t.Errorf("without the CVE column %d rows of one result; want 1", got)
	}
}

func TestSpreadsheet(t *testing.T) {
	const cell = `=cmd|' /C calc'!A0`
	if got := written(t, nil); !strings.Contains(got, `"`+cell+`"`) {
		t.Error("a cell was changed without being asked for")
	}
	if got := written(t, map[string]string{"spreadsheet": "yes"}); !strings.Contains(got, `"'`+cell+`"`) {
		t.Error("a formula was left for the spreadsheet")
	}
}

func TestRefuses(t *testing.T) {
	for _, columns := range []string{"id,nonsense", "", " , "} {
		s := formattest.Scan()
		s.Options = map[string]string{"columns": columns}
		if err := Format.Write(t.Context(), io.Discard, s, formattest.Each(nil)); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Write with columns %q = %v; want Invalid", columns, err)
		}
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

// TestColumns holds the list to its rules.
func TestColumns(t *testing.T) {
	titles := map[string]bool{}
	for _, c := range columns {
		if c.key == "" || c.title == "" || c.cell == nil || strings.ContainsAny(c.title, `;,"`) || titles[c.title] {
			t.Errorf("column %q (%q) is incomplete, repeated or not fit for a header", c.title, c.key)
		}
		titles[c.title] = true
	}
}

func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		if err := Format.Write(b.Context(), io.Discard, formattest.Scan(), formattest.Many(100, 60)); err != nil {
			b.Fatal(err)
		}
	}
}
