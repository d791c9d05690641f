package msf

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const all = `{
"exploit_unix/x":{"name":"X Overflow","fullname":"exploit/unix/x","rank":600,"disclosure_date":"2026-01-02","type":"exploit","references":["CVE-2026-123633","URL-https://example.org","CVE-2026-123633","CVE-2026-0002","EDB-1"],"path":"/modules/exploits/unix/x.rb"},
"auxiliary_y":{"name":"Y Scanner","fullname":"auxiliary/scanner/y","rank":300,"disclosure_date":null,"references":["CVE-2026-0003"],"path":"elsewhere"},
"auxiliary_z":{"name":"Z","fullname":"auxiliary/z","rank":0,"references":[]},
"no_name":{"references":["CVE-2026-0003"]},
"odd":{"fullname":7}}`

const listed = `[{"Name":"x.rb","Title":"X Overflow","Description":"Words.","CveIDs":["CVE-2026-123633","CVE-2026-0002"],"EdbIDs":["1"],
"References":["https://example.org","https://github.com/rapid7/metasploit-framework/blob/master/modules/exploits/unix/x.rb"]},
{"Name":"lost.rb","CveIDs":["CVE-2026-0004"],"References":[]},{"Name":7}]`

func TestRead(t *testing.T) {
	x := harrier.Exploit{Source: "metasploit", ID: "exploit/unix/x", Title: "X Overflow", URL: repository + "exploits/unix/x.rb"}
	ranked := x
	ranked.Rank, ranked.Published = "excellent", wire.Time("2026-01-02")
	record := func(e harrier.Exploit, cves ...string) harrier.Record {
		return harrier.Record{Source: "msf", ID: e.ID, CVEs: cves, Exploits: []harrier.Exploit{e}}
	}
	for name, c := range map[string]struct {
		data string
		want []harrier.Record
	}{
		list: {all, []harrier.Record{
			record(ranked, "CVE-2026-123633", "CVE-2026-0002"),
			record(harrier.Exploit{Source: "metasploit", ID: "auxiliary/scanner/y", Title: "Y Scanner", Rank: "normal"}, "CVE-2026-0003"),
		}},
		"rapid7/2026/CVE-2026-123633.json": {listed, []harrier.Record{record(x, "CVE-2026-123633", "CVE-2026-0002")}},
	} {
		got := feedtest.Read(t, Format, name, c.data)
		if diff := cmp.Diff(c.want, got.Records); diff != "" || len(got.Faults) != 2 {
			t.Errorf("%s: faults %q; want 2; (-want +got):\n%s", name, got.Faults, diff)
		}
	}
}

func TestReadBrokenFile(t *testing.T) {
	for data, name := range map[string]string{"": list, "[]": list, `{"a":`: list, "{}": "CVE-2026-0001.json", "[{": "CVE-2026-0001.json"} {
		var e *harrier.Error
		if err := Format.Read(name, strings.NewReader(data), &feed.Collect{}); !errors.As(err, &e) || e.Kind != harrier.Invalid {
			t.Errorf("Read(%q) = %v; want Invalid", data, err)
		}
	}
}

// TestPublished reads msfdb-list as a whole, and a sample of Metasploit's list.
func TestPublished(t *testing.T) {
	c, files := feedtest.Play(t, Format, feedtest.Files(t, "msf", "rapid7/"))
	cves, modules := map[string]bool{}, map[string]bool{}
	for _, r := range c.Records {
		modules[r.ID] = true
		for _, id := range r.CVEs {
			cves[id] = true
		}
	}
	t.Logf("%d files: %d modules for %d CVEs, %d bad", files, len(modules), len(cves), len(c.Faults))
	if files != 3090 || len(cves) < 3090 || len(c.Faults) != 0 {
		t.Errorf("%d files with %d CVEs, faults %v; want 3090 and as many", files, len(cves), c.Faults)
	}
	c, _ = feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "msf/"))
	if len(c.Records) != 1 || c.Records[0].ID != "exploit/windows/smb/smb_doublepulsar_rce" || len(c.Records[0].CVEs) != 6 || c.Records[0].Exploits[0].Rank != "great" {
		t.Errorf("the sample gives %+v", c.Records)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(all, true)
	f.Add(listed, false)
	f.Fuzz(func(t *testing.T, text string, whole bool) {
		name := "CVE-2026-0001.json"
		if whole {
			name = list
		}
		feedtest.Hostile(t, Format, name, text)
	})
}

func BenchmarkRead(b *testing.B) {
	data := []byte(all)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Format.Read(list, bytes.NewReader(data), &feed.Collect{}); err != nil {
			b.Fatal(err)
		}
	}
}
