package insightvm

import (
	"context"
	"math"
	"strings"

	"github.com/harrier-scan/harrier"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
	"github.com/harrier-scan/harrier/internal/search"
)

// vulnerability finds what an id stands for. It answers NotFound.
func (a api) vulnerability(ctx context.Context, id string) (harrier.Vulnerability, error) {
	id = strings.ToLower(strings.TrimSpace(id))
	if n, ok := formatnexpose.Number(id); ok {
		return a.Vulns.Vulnerability(ctx, n)
	}
	v, err := a.Vulns.BySlug(ctx, id)
	if err != nil && harrier.KindOf(err) == harrier.NotFound {
		if upper, other := a.Vulns.BySlug(ctx, strings.ToUpper(id)); other == nil {
			return upper, nil
		}
	}
	return v, err
}

// vulnerabilityResource names the catalogue in cursors.
const vulnerabilityResource = "vulnerabilities"

// vulnerabilitySorts are the fields that the catalogue is sorted by, with the
// model's.
var vulnerabilitySorts = map[string]string{
	"id": "slug", "title": "name", "severity": "severity", "severity_score": "severity_score", "added": "added_at", "modified": "modified_at",
	"published": "published", "cvss_v2_score": "cvss2", "cvss_v3_score": "cvss3", "risk_score": "risk",
}

// searchVulnerabilities answers from the whole catalogue: what can be found, not
// what was.
//
// Source: section 8.
func (a api) searchVulnerabilities(ctx context.Context, _ harrier.Actor, q *query) (reply, error) {
	keys, err := q.members()
	if err != nil {
		return reply{}, err
	}
	wanted, err := text(keys, "vulnerability")
	if err != nil {
		return reply{}, err
	}
	p, err := q.page(usualSize, vulnerabilitySorts, "id")
	if err != nil {
		return reply{}, err
	}
	e, err := search.Vulnerabilities(wanted, search.Options{Now: a.Now()})
	if err := badQueries([]string{wanted}, []error{err}); err != nil {
		return reply{}, err
	}
	w := harrier.Walk{Limit: p.size + 1}
	last := false // the id is the last key: nothing behind it matters
	for _, o := range p.orders {
		if w.Sort = append(w.Sort, harrier.Order{Field: o.field, Desc: o.desc}); o.field == "slug" {
			last = true
			break
		}
	}
	if !last {
		w.Sort = append(w.Sort, harrier.Order{Field: "slug"})
	}
	if p.cursor == "" {
		w.Offset = p.offset()
	} else if w.After, err = p.position(vulnerabilityResource, len(w.Sort)); err != nil {
		return reply{}, err
	} else {
		w.After = append(w.After, int64(math.MaxInt64)) // behind whatever has that id
	}
	found, err := a.Vulns.Search(ctx, e, w)
	if err != nil {
		return reply{}, err
	}
	more := len(found.Rows) > p.size
	if more {
		found.Rows, found.Positions = found.Rows[:p.size], found.Positions[:p.size]
	}
	rows := make([]vulnerability, len(found.Rows))
	for i := range found.Rows {
		rows[i] = vulnerabilityOf(&found.Rows[i])
	}
	next := cursor{has: true}
	if at := found.Last(); at != nil {
		next = cursorOf(vulnerabilityResource, p.orders, at[:len(at)-1])
	}
	return q.paged(p, rows, len(rows), found.Total, next, more), nil
}
