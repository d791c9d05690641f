package sarif

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"testing"

	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func written(t *testing.T, s format.Scan, hosts []format.Host) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Format.Write(t.Context(), &out, s, formattest.Each(hosts)); err != nil {
		t.Fatalf("Write = %v", err)
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	formattest.Golden(t, "sample.sarif", written(t, formattest.Scan(), formattest.Hosts()))
	formattest.Golden(t, "empty.sarif", written(t, format.Scan{}, nil))
}

// TestStandard holds the log to the rules of the standard that a schema can not
// say.
func TestStandard(t *testing.T) {
	var log struct {
		Version string `json:"version"`
		Runs    []struct {
			Tool    tool     `json:"tool"`
			Results []result `json:"results"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(written(t, formattest.Scan(), formattest.Hosts()), &log); err != nil {
		t.Fatalf("no JSON: %v", err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %q, %d runs; want 2.1.0 and one", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	ids := map[string]bool{}
	for _, r := range run.Tool.Driver.Rules {
		if ids[r.ID] || r.ID == "" {
			t.Errorf("rule id %q is empty or repeated", r.ID)
		}
		ids[r.ID] = true
	}
	n, prints := 0, map[string]bool{}
	for _, h := range formattest.Hosts() {
		n += len(h.Results)
	}
	if len(run.Results) != n {
		t.Errorf("%d results; want %d", len(run.Results), n)
	}
	for _, r := range run.Results {
		if got := run.Tool.Driver.Rules[r.RuleIndex].ID; got != r.RuleID {
			t.Errorf("ruleIndex leads to %q; want %q", got, r.RuleID)
		}
		if (r.Kind == "fail") == (r.Level == "none") {
			t.Errorf("kind %q with level %q: section 3.27.10 forbids it", r.Kind, r.Level)
		}
		if u, err := url.Parse(r.Locations[0].Physical.Artifact.URI); err != nil || !u.IsAbs() {
			t.Errorf("location %q is no URI: %v", r.Locations[0].Physical.Artifact.URI, err)
		}
		if p := r.Fingerprints["harrier/v1"]; p == "" || prints[p] {
			t.Errorf("fingerprint %q is empty or repeated", p)
		}
		prints[r.Fingerprints["harrier/v1"]] = true
	}
}

func TestWithoutInfo(t *testing.T) {
	s := formattest.Scan()
	s.Options = map[string]string{"info": "no"}
	if doc := written(t, s, formattest.Hosts()); bytes.Contains(doc, []byte(`"informational"`)) || !bytes.Contains(doc, []byte(`"fail"`)) {
		t.Error(`with info "no" facts are still there, or findings are gone`)
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
}
