package epss

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const (
	today = "#model_version:v2025.03.14,score_date:2026-11-21T12:55:00Z\ncve,epss,percentile\nCVE-2026-123633,0.97,0.99991\nCVE-2026-0002,0.00043,0.1\nCVE-1,0.1,0.1\nCVE-2026-0003,2,0.1\nCVE-2026-0004,NaN,0.1\nCVE-2026-0005,0.1,x\n"
	old   = "cve,epss\nCVE-2026-123633,0.97\n"
	older = `{"score_date":"2021-04-14T00:00:00+0000","data":[{"id":"CVE-2026-123633","epss":0.97},{"id":"CVE-2026-0002"},{"id":7,"epss":1},{"id":"CVE-2026-0003","epss":-1}]}`
	page  = `{"status":"OK","status-code":200,"total":2,"offset":0,"limit":100,"data":[{"cve":"CVE-2026-123633","epss":"0.970000000","percentile":"0.999910000","date":"2026-11-21"},{"cve":"CVE-2026-0003","epss":"much"}]}`
)

func TestRead(t *testing.T) {
	day := wire.Time("2026-11-21")
	record := func(id string, e harrier.EPSS) harrier.Record {
		return harrier.Record{Source: "epss", ID: id, CVEs: []string{id}, EPSS: &e}
	}
	for name, c := range map[string]struct {
		data string
		bad  int
		want []harrier.Record
	}{
		"epss_scores-current.csv": {today, 4, []harrier.Record{
			record("CVE-2026-123633", harrier.EPSS{Probability: 0.97, Percentile: 0.99991, Date: day, Model: "v2025.03.14"}),
			record("CVE-2026-0002", harrier.EPSS{Probability: 0.00043, Percentile: 0.1, Date: day, Model: "v2025.03.14"}),
		}},
		"epss_scores-2021-04-14.csv": {old, 0, []harrier.Record{record("CVE-2026-123633", harrier.EPSS{Probability: 0.97, Date: wire.Time("2021-04-14")})}},
		"2021-04-15.json":            {older, 3, []harrier.Record{record("CVE-2026-123633", harrier.EPSS{Probability: 0.97, Date: wire.Time("2021-04-14")})}},
		"epss.json":                  {page, 1, []harrier.Record{record("CVE-2026-123633", harrier.EPSS{Probability: 0.97, Percentile: 0.99991, Date: day})}},
	} {
		got := feedtest.Read(t, Format, name, c.data)
		if diff := cmp.Diff(c.want, got.Records); diff != "" || len(got.Faults) != c.bad {
			t.Errorf("%s: faults %q; want %d; (-want +got):\n%s", name, got.Faults, c.bad, diff)
		}
	}
}

func TestReadBrokenFile(t *testing.T) {
	for data, name := range map[string]string{
		"": "epss.csv", "#model_version:x": "epss.csv", "#" + strings.Repeat("x", 1<<16): "epss.csv", "id,score\n": "epss.csv", "{}": "epss.json", page[:80]: "epss.json", "7": "epss.json",
		`{"score_date":`: "epss.json",
	} {
		var e *harrier.Error
		if err := Format.Read(name, strings.NewReader(data), &feed.Collect{}); !errors.As(err, &e) || e.Kind != harrier.Invalid {
			t.Errorf("Read(%.40q) = %v; want Invalid", data, err)
		}
	}
}

func TestWants(t *testing.T) {
	for name, want := range map[string]bool{
		"epss_scores-current.csv": true, "a/2021-04-14.json": true, "epss-page-1.json": true, "epss_scores-2021-04-14.csv.gz": false, "kev.csv": false,
	} {
		if got := Format.Wants(name); got != want {
			t.Errorf("Wants(%q) = %v; want %v", name, got, want)
		}
	}
}

// TestPublished reads a whole day, and a sample of each form that tables had.
func TestPublished(t *testing.T) {
	c, _ := feedtest.Play(t, Format, feedtest.Files(t, "epss"))
	if len(c.Records) != 64_712 || len(c.Faults) != 0 {
		t.Errorf("%d records, %d bad; want 64712, none", len(c.Records), len(c.Faults))
	}
	c, _ = feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "epss/"))
	models := map[string]int{}
	for _, r := range c.Records {
		models[r.EPSS.Date.Format(time.DateOnly)+" "+r.EPSS.Model]++
	}
	want := map[string]int{"2021-04-14 ": 2, "2021-09-01 ": 2, "2022-02-04 v2022.01.01": 2, "2023-03-07 v2023.03.01": 2}
	if diff := cmp.Diff(want, models); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add(today)
	f.Add(old)
	feedtest.Fuzz(f, Format, "epss.csv")
}

func FuzzJSON(f *testing.F) {
	f.Add(older)
	f.Add(page)
	feedtest.Fuzz(f, Format, "epss.json")
}

type counter int

func (c *counter) Put(*harrier.Record) error { *c++; return nil }
func (c *counter) Bad(string, error)         {}

func BenchmarkRead(b *testing.B) {
	head, row, _ := strings.Cut(today, "percentile\n")
	row, _, _ = strings.Cut(row, "\n")
	data := []byte(head + "percentile\n" + strings.Repeat(row+"\n", 20_000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		n := counter(0)
		if err := Format.Read("epss.csv", bytes.NewReader(data), &n); err != nil || n != 20_000 {
			b.Fatal(n, err)
		}
	}
}
