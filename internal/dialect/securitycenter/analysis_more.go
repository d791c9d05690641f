package securitycenter

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/finding"
)

type responsibilityRow struct {
	scoreBlock
	Users []userOfRow `json:"userList"`
}

type userOfRow struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Firstname string `json:"firstname"`
	Lastname  string `json:"lastname"`
}

// sumResponsibility counts the findings that people answer for: a row for each
// asset list that somebody is responsible for, with all of those people.
func (s *asked) sumResponsibility(ctx context.Context) (rows, error) {
	users, err := s.Identity.Users(ctx, s.by)
	switch {
	case harrier.KindOf(err) == harrier.Forbidden: // who does not manage users answers for themselves
		u, err := s.Identity.User(ctx, s.by, s.by.User)
		if err != nil {
			return rows{}, err
		}
		users = []harrier.User{u}
	case err != nil:
		return rows{}, err
	}
	type line struct {
		sum   harrier.Sum
		users []userOfRow
		list  harrier.ID
	}
	byList := map[harrier.ID]*line{}
	var lines []*line
	for _, u := range users {
		if u.Responsible == 0 {
			continue
		}
		l := byList[u.Responsible]
		if l == nil {
			e, err := s.assetExpr(ctx, s.by, u.Responsible)
			if harrier.KindOf(err) == harrier.NotFound {
				continue // gone, or another one's own
			} else if err != nil {
				return rows{}, err
			}
			n, err := s.from.sums(ctx, harrier.And{s.expr, e}, harrier.SumQuery{By: harrier.BySeverity})
			if err != nil {
				return rows{}, err
			}
			l = &line{sum: harrier.Sum{Counts: n.Counts}, list: u.Responsible}
			byList[u.Responsible], lines = l, append(lines, l)
		}
		r := newUserRef(u)
		l.users = append(l.users, userOfRow{r.ID, r.Username, r.Firstname, r.Lastname})
	}
	slices.SortStableFunc(lines, func(a, b *line) int {
		c := cmp.Compare(s.weights.Of(a.sum.Counts), s.weights.Of(b.sum.Counts))
		if strings.EqualFold(s.in.sort, "total") {
			c = cmp.Compare(a.sum.Total(), b.sum.Total())
		}
		if s.in.desc {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.list, b.list))
	})
	var all harrier.Sums
	out := rows{total: len(lines)}
	for _, l := range lines {
		for i, c := range l.sum.Counts {
			all.Counts[i] += c
		}
		out.list = append(out.list, responsibilityRow{newScoreBlock(l.sum, s.weights), l.users})
	}
	out.matching = matching(all, s.weights)
	return s.slice(out), nil
}

type remedyDetail struct {
	remedyRow
	Plugins []remedyPlugin      `json:"plugins"`
	CVEs    string              `json:"cveList"`
	Hosts   []hostsOfRepository `json:"hosts"`
}

type remedyPlugin struct {
	PluginID  string      `json:"pluginID"`
	Name      string      `json:"name"`
	Severity  severityRef `json:"severity"`
	Family    familyRef   `json:"family"`
	CVSS3     string      `json:"cvssV3BaseScore"`
	Published string      `json:"vulnPubDate"`
}

// remediationDetail is sumremediation with what each solution mends, and where.
func (s *asked) remediationDetail(ctx context.Context) (rows, error) {
	list, all, err := s.remedies(ctx)
	if err != nil {
		return rows{}, err
	}
	out := rows{total: len(list), matching: "-1"}
	for _, r := range list[min(s.in.start, len(list)):min(s.in.end, len(list))] {
		groups, err := s.hostsWith(ctx, r.expr())
		if err != nil {
			return rows{}, err
		}
		row := remedyDetail{remedyRow: s.remedyRow(r, all), Plugins: []remedyPlugin{}, Hosts: []hostsOfRepository{}}
		for _, id := range r.plugins {
			v := s.definition(ctx, harrier.VulnID(id))
			row.Plugins = append(row.Plugins, remedyPlugin{
				sid(id), v.Name, severityOf(v.Severity), s.familyNamed(ctx, v.Family).ref(), scoreText(v.CVSS3Score), stime(v.Published),
			})
		}
		var cves []string
		for c := range r.cves {
			cves = append(cves, c)
		}
		slices.Sort(cves)
		row.CVEs = strings.Join(cves, ",")
		for _, h := range groups {
			ref := s.repository(h.repository)
			row.Hosts = append(row.Hosts, hostsOfRepository{IPs: h.items(), Repository: &ref})
		}
		out.list = append(out.list, row)
	}
	return out, nil
}

// trendRow is how many findings there were at one time.
//
// Source: section 11.3, "trend".
type trendRow struct {
	Date     int64  `json:"date"`
	Score    string `json:"score"`
	Total    int    `json:"total"`
	Info     string `json:"severityInfo"`
	Low      string `json:"severityLow"`
	Medium   string `json:"severityMedium"`
	High     string `json:"severityHigh"`
	Critical string `json:"severityCritical"`
	Source   string `json:"dbSource"`
	Last     string `json:"lastresults"`
}

// Bounds of a trend.
const (
	trendDays    = 30
	maxTrendDays = 366
)

// trend counts the findings at the end of each day, from startTime to endTime or
// over the last 30 days: those that were open then or, of the source patched,
// that were mitigated. Severities are those of today.
func (s *asked) trend(ctx context.Context) (rows, error) {
	if s.in.source == individual {
		return rows{total: -1, matching: "-1"}, nil
	}
	instants, err := s.instants(ctx)
	if err != nil {
		return rows{}, err
	}
	// The newest interval of a finding is searched by; the few that have older ones
	// are looked at one by one.
	first := instants[0]
	again, _, err := s.from.list(ctx, harrier.And{s.filter, eq("reopened", harrier.Eq, true), eq("opened", harrier.Gt, first.UnixMicro())}, finding.Page{Limit: maxRows})
	if err != nil {
		return rows{}, err
	}
	out := rows{total: -1, matching: "-1"}
	for i, at := range instants {
		t := at.UnixMicro()
		state := harrier.Expr(harrier.And{eq("opened", harrier.Le, t), harrier.Or{eq("open", harrier.Eq, true), eq("closed", harrier.Gt, t)}})
		if s.in.source == patched {
			state = harrier.And{eq("open", harrier.Eq, false), eq("closed", harrier.Le, t)}
		}
		n, err := s.from.sums(ctx, harrier.And{s.filter, state}, harrier.SumQuery{By: harrier.BySeverity})
		if err != nil {
			return rows{}, err
		}
		c := n.Counts
		for _, f := range again {
			if !f.Intervals[len(f.Intervals)-1].Opened.After(at) || f.FirstSeen().After(at) {
				continue
			}
			if f.OpenAt(at) == (s.in.source == cumulative) {
				c[f.Severity]++
			}
		}
		b := newScoreBlock(harrier.Sum{Counts: c}, s.weights)
		out.list = append(out.list, trendRow{at.Unix(), b.Score, c.Total(), b.Info, b.Low, b.Medium, b.High, b.Critical, s.in.source, sbool(i == len(instants)-1)})
	}
	return out, nil
}

// instants are the ends of the days of a trend; the last one is not in the
// future.
func (s *asked) instants(ctx context.Context) ([]time.Time, error) {
	now := s.nowOf(ctx, s.by)
	to := now
	if s.in.to > 0 {
		to = time.Unix(s.in.to, 0).In(now.Location())
	}
	from := to.AddDate(0, 0, -trendDays)
	if s.in.from > 0 {
		from = time.Unix(s.in.from, 0).In(now.Location())
	}
	if to.After(now) {
		to = now
	}
	switch {
	case from.After(to):
		return nil, fault(codeInvalid, 0, "startTime must not be later than endTime.")
	case to.Sub(from) > maxTrendDays*24*time.Hour:
		return nil, fault(codeInvalid, 0, "A trend can not be longer than %s days.", strconv.Itoa(maxTrendDays))
	}
	var out []time.Time
	for day := 1; ; day++ {
		end := midnight(from, day).Add(-time.Second)
		if !end.Before(to) {
			return append(out, to), nil
		}
		out = append(out, end)
	}
}
