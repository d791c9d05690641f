package console

import (
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/store"
)

// oneWord is knowledge of CVE-2024-6387 alone, by one source.
type oneWord struct{}

func (oneWord) Statements(key string) ([]harrier.Statement, error) {
	if key != harrier.CPEKey("a", "openbsd", "openssh") {
		return nil, nil
	}
	return []harrier.Statement{{
		Vulnerability: 1240006387, Name: "CVE-2024-6387", Source: "nvd", Record: "CVE-2024-6387",
		Affected: harrier.Affected{
			CPE: "cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Ranges: []harrier.Range{{From: "8.5p1", Before: "9.8p1"}},
		},
	}}, nil
}

func (oneWord) Vulnerability(id harrier.VulnID) (harrier.Vulnerability, bool, error) {
	return harrier.Vulnerability{ID: id, CVEs: []string{id.CVE()}}, id == 1240006387, nil
}

func (oneWord) Number(name string) (harrier.VulnID, bool, error) {
	id, ok := harrier.CVENumber(name)
	return id, ok && id == 1240006387, nil
}
func (oneWord) Records(harrier.VulnID) ([]harrier.Record, error) { return nil, nil }
func (oneWord) Class(string) feed.Class                          { return feed.NVD }
func (oneWord) Version() string                                  { return "1" }

func TestExplain(t *testing.T) {
	c := Config{DSN: filepath.Join(t.TempDir(), "harrier.db")}
	ctx := t.Context()
	if _, err := explain(ctx, c, oneWord{}, "CVE-2024-6387", "192.0.2.1"); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Explain without a database = %v; want NotFound", err)
	}
	db, err := store.Open(ctx, c.DSN) // as if a console ran: it stays open
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	a := harrier.Asset{Repository: harrier.DefaultRepository, UUID: harrier.NewUUID(now), Addr: netip.MustParseAddr("192.0.2.1"), FQDN: "web.example.com", FirstSeen: now, LastSeen: now}
	if err := db.InsertAsset(ctx, &a); err != nil {
		t.Fatal(err)
	}
	at := harrier.Endpoint{Protocol: harrier.TCP, Port: 22}
	if err := db.PutServices(ctx, a.ID, []harrier.Service{{
		Asset: a.ID, Endpoint: at, Name: "ssh", Product: "OpenSSH", Version: "9.3p1", Certainty: harrier.Certain, FirstSeen: now, LastSeen: now,
	}}); err != nil {
		t.Fatal(err)
	}
	f := &harrier.Finding{
		Asset: a.ID, Instance: harrier.Instance{Vulnerability: 1240006387, Endpoint: at}, Severity: harrier.High, Certainty: harrier.Potential, Source: "nvd",
		Intervals: []harrier.Interval{{Opened: now, LastSeen: now}},
	}
	if err := db.SaveFindings(ctx, []*harrier.Finding{f}); err != nil {
		t.Fatal(err)
	}
	for _, q := range [][2]string{{"CVE-2024-6387", "192.0.2.1"}, {"cve-2024-6387", "web.example.com"}, {"1240006387", "192.0.2.1"}, {strconv.FormatInt(int64(f.ID), 10), ""}} {
		e, err := explain(ctx, c, oneWord{}, q[0], q[1])
		if err != nil || len(e.Decisions) != 1 || e.Decisions[0].Verdict != harrier.Present || e.Asset != a.ID {
			t.Errorf("Explain(%q) = %+v, %v; want it present", q, e, err)
		} else if len(e.Findings) != 1 || e.Findings[0].Code != "VP" || !strings.Contains(e.Findings[0].Place, "22/tcp") {
			t.Errorf("Explain(%q) finds %+v; want the finding", q, e.Findings)
		}
	}
	for _, q := range [][2]string{{"CVE-2024-0001", "192.0.2.1"}, {"CVE-2024-6387", "192.0.2.9"}, {"CVE-2024-6387", ""}, {"77", ""}} {
		if _, err := explain(ctx, c, oneWord{}, q[0], q[1]); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("Explain(%q) = %v; want NotFound", q, err)
		}
	}
}
