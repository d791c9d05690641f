package json

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func written(t *testing.T, s format.Scan, hosts []format.Host) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Format.Write(t.Context(), &out, s, formattest.Each(hosts)); err != nil {
		t.Fatalf("Write = %v", err)
	}
	if !json.Valid(out.Bytes()) {
		t.Fatalf("Write gives no JSON:\n%s", out.Bytes())
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	formattest.Golden(t, "sample.json", written(t, formattest.Scan(), formattest.Hosts()))
	formattest.Golden(t, "empty.json", written(t, format.Scan{}, nil))
}

// TestConnected checks that every finding has its definition in the document,
// once, and that nothing is lost.
func TestConnected(t *testing.T) {
	var doc struct {
		Hosts []struct {
			Findings []struct {
				Vulnerability int    `json:"vulnerability"`
				Severity      string `json:"severity"`
			} `json:"findings"`
		} `json:"hosts"`
		Vulnerabilities []struct {
			ID int `json:"id"`
		} `json:"vulnerabilities"`
	}
	if err := json.Unmarshal(written(t, formattest.Scan(), formattest.Hosts()), &doc); err != nil {
		t.Fatal(err)
	}
	defined := map[int]int{}
	for _, v := range doc.Vulnerabilities {
		defined[v.ID]++
	}
	for i, h := range formattest.Hosts() {
		if got := len(doc.Hosts[i].Findings); got != len(h.Results) {
			t.Errorf("host %d has %d findings; want %d", i, got, len(h.Results))
		}
		for _, f := range doc.Hosts[i].Findings {
			if defined[f.Vulnerability] != 1 {
				t.Errorf("vulnerability %d has %d definitions; want 1", f.Vulnerability, defined[f.Vulnerability])
			}
		}
	}
	if got := doc.Hosts[0].Findings[0].Severity; got != "critical" {
		t.Errorf("first finding is %s; want critical", got)
	}
}

func TestStops(t *testing.T) {
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
	if err := Format.Write(t.Context(), failingWriter{boom}, formattest.Scan(), formattest.Each(formattest.Hosts())); !errors.Is(err, boom) {
		t.Errorf("Write to a full disk = %v; want boom", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// Ports that did not answer are a list of ranges, and absent when all did.
func TestOpenFiltered(t *testing.T) {
	h := formattest.Hosts()[0]
	if got := written(t, formattest.Scan(), []format.Host{h}); bytes.Contains(got, []byte("open_filtered")) {
		t.Errorf("silent ports of a host that has none:\n%s", got)
	}
	h.OpenFiltered = []harrier.PortRange{{First: 67, Last: 69}}
	if got := written(t, formattest.Scan(), []format.Host{h}); !bytes.Contains(got, []byte(`"open_filtered_udp":[{"first":67,"last":69}]`)) {
		t.Errorf("the silent ports are not told:\n%s", got)
	}
}
