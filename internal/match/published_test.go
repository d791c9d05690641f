package match

import (
	"bytes"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/cvelist"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
	"github.com/harrier-scan/harrier/internal/feed/osv"
	"github.com/harrier-scan/harrier/internal/feed/overrides"
)

// TestPublished compares what is said of versions around every end of a sample
// of published records with an independent reading of them. Packages of
// distributions are not among them: what they are is in the property test.
func TestPublished(t *testing.T) {
	formats := map[string]feed.Format{"nvd-overrides": overrides.Format, "vulnrichment": cvelist.Format}
	for _, f := range osv.Formats {
		switch f.Name {
		case "bitnami":
			formats["bitnami"] = f
		case "go":
			formats["go-osv"] = f
		}
	}
	for set, format := range formats {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			sink := &checking{t: t}
			wanted := 0
			for file := range feedtest.Files(t, set) {
				if !format.Wants(file.Name) {
					continue
				}
				if wanted++; wanted%sampled != 0 {
					continue
				}
				if err := format.Read(file.Name, bytes.NewReader(file.Data), sink); err != nil {
					t.Errorf("%s: %v", file.Name, err)
				}
			}
			t.Logf("%d records, %d compared, %d bad", sink.records, sink.compared, sink.bad)
			if sink.records == 0 || sink.compared == 0 || sink.bad > 0 {
				t.Errorf("%d records, %d verdicts compared, %d bad records; want some, some, none", sink.records, sink.compared, sink.bad)
			}
		})
	}
}

// checking is a sink that compares each record.
type checking struct {
	t                      *testing.T
	records, compared, bad int
}

func (c *checking) Put(r *harrier.Record) error {
	c.records++
	c.compared += agrees(c.t, *r)
	return nil
}

func (c *checking) Bad(id string, err error) {
	c.bad++
	c.t.Logf("%s: %v", id, err)
}

// sampled is how many files, of a record each, there are for one that is read.
const sampled = 10
