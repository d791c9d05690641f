package insightvm

import (
	"context"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// definitions keeps what vulnerabilities are, of those that pages of assets
// named last: a page can name thousands, and the next one names them again.
type definitions struct {
	vulns *vuln.Room

	mu      sync.Mutex
	version string
	kept    map[harrier.VulnID]*harrier.Vulnerability
}

// maxKept bounds the definitions that are kept.
const maxKept = 20_000

func newDefinitions(vulns *vuln.Room) *definitions { return &definitions{vulns: vulns} }

// of returns a definition; one without a text for what nobody knows any more.
// It must not be changed.
func (d *definitions) of(ctx context.Context, id harrier.VulnID) *harrier.Vulnerability {
	version := d.vulns.ContentVersion(ctx)
	d.mu.Lock()
	if d.version != version || len(d.kept) >= maxKept {
		d.version, d.kept = version, nil
	}
	v := d.kept[id]
	d.mu.Unlock()
	if v != nil {
		return v
	}
	have, found := d.vulns.Lookup(id)
	if !found {
		return &harrier.Vulnerability{ID: id}
	}
	if id.OfContent() { // the others can be learnt anew, and are in memory
		d.mu.Lock()
		if d.version == version {
			if d.kept == nil {
				d.kept = map[harrier.VulnID]*harrier.Vulnerability{}
			}
			d.kept[id] = &have
		}
		d.mu.Unlock()
	}
	return &have
}
