package securitycenter

import (
	"context"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// deviceItem is what is known of a host.
//
// Source: section 15.
type deviceItem struct {
	RepositoryID string `json:"repositoryID"`
	hostRow
	Repositories []ref    `json:"repositories"`
	All          string   `json:"severityAll"`
	OS           string   `json:"os"`
	LastScan     string   `json:"lastScan"`
	HasPassive   string   `json:"hasPassive"`
	HasComply    string   `json:"hasCompliance"`
	Links        []ipLink `json:"links"`
	In           ref      `json:"repository"`
}

// deviceInfo tells of a host; of one that nobody knows, empty values.
func (a api) deviceInfo(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, where, err := a.hostsOf(ctx, by, q)
	if err != nil {
		return nil, err
	}
	s := &asked{api: a, by: by, from: tracked{a.Findings, by}, repo: map[harrier.ID]recordRepository{}, scan: map[harrier.ID]harrier.Scan{}}
	if err := s.learnRepositories(ctx); err != nil {
		return nil, err
	}
	o, err := a.organizationOf(ctx, by)
	if err != nil {
		return nil, err
	}
	s.weights = o.Scores
	item := deviceItem{Repositories: []ref{}, HasPassive: "No", HasComply: "No", Links: []ipLink{}, hostRow: hostRow{IP: q.param("ip"), scoreBlock: newScoreBlock(harrier.Sum{}, s.weights)}}
	seen := map[harrier.ID]bool{}
	for _, as := range list {
		if !seen[as.Repository] {
			seen[as.Repository] = true
			r := s.repository(as.Repository)
			item.Repositories = append(item.Repositories, ref{r.ID, r.Name, r.Description})
		}
	}
	var as harrier.Asset // without an id where there is none: what it asks for is checked all the same
	if len(list) > 0 {
		as = list[0]
	}
	n, err := s.ofDevice(ctx, q, as)
	switch {
	case err != nil:
		return nil, err
	case as.ID == 0:
		if where.ID > 0 {
			item.RepositoryID = sid(where.ID)
		}
	default:
		item.hostRow = s.hostRow(ctx, as, harrier.Sum{Counts: n.Counts})
		r := s.repository(as.Repository)
		item.RepositoryID, item.In, item.OS, item.LastScan = r.ID, ref{r.ID, r.Name, r.Description}, as.OS, stime(as.LastSeen)
		c := n.Counts
		item.All = fmt.Sprintf("%d,%d,%d,%d,%d", c[harrier.Critical], c[harrier.High], c[harrier.Medium], c[harrier.Low], c[harrier.Info])
		for _, l := range linksOf(o) {
			l.Link = strings.ReplaceAll(l.Link, "%IP%", item.IP)
			item.Links = append(item.Links, l)
		}
	}
	return pick(item, q.fields(), "ip", "uuid", "repositoryID"), nil
}

// ofDevice counts the findings of a host: those of the source that the request
// names, or of one scan result.
func (s *asked) ofDevice(ctx context.Context, q *query, as harrier.Asset) (harrier.Sums, error) {
	of := eq("asset", harrier.Eq, int64(as.ID))
	source := q.param("sourceType")
	if id := q.param("scanResultID"); id != "" && id != "-1" {
		source, s.in.scan, s.in.view = individual, idOf(id), "all"
	}
	switch source {
	case "", cumulative:
		s.expr = harrier.And{eq("open", harrier.Eq, true), of}
	case patched:
		s.expr = harrier.And{eq("open", harrier.Eq, false), of}
	case individual:
		if err := s.ofScan(ctx, of); err != nil {
			return harrier.Sums{}, err
		}
	default:
		return harrier.Sums{}, fault(codeInvalid, 0, "The sourceType '%s' is invalid (cumulative, patched, individual).", cut(source, 32))
	}
	return s.from.sums(ctx, s.expr, harrier.SumQuery{By: harrier.BySeverity})
}
