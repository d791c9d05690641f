package securitycenter

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

func (a api) solutionRoutes(m *router) {
	m.handle("GET /cve/{id}", a.getCVE)
	m.handle("POST /solutions", a.solutions)
	m.handle("POST /solutions/{id}/asset", a.solutionAssets)
	m.handle("POST /solutions/{id}/vuln", a.solutionPlugins)
}

// remedy is one thing to do, and what it mends.
type remedy struct {
	id      harrier.VulnID // names it: the smallest plugin that it mends
	text    string
	plugins []harrier.ID
	cves    map[string]bool
	cpe     string
	sum     harrier.Sum
	vector  float64 // gravest CVSS 3 score
}

// remedies groups what has a solution by it.
func (s *asked) remedies(ctx context.Context) ([]*remedy, harrier.Sum, error) {
	n, err := s.from.sums(ctx, s.expr, harrier.SumQuery{By: harrier.ByVulnerability})
	if err != nil {
		return nil, harrier.Sum{}, err
	}
	found := map[string]*remedy{}
	var out []*remedy
	for _, g := range n.Rows {
		v := s.definition(ctx, harrier.VulnID(g.ID))
		if v.Solution == "" || v.Severity == harrier.Info {
			continue
		}
		r := found[v.Solution]
		if r == nil {
			r = &remedy{id: v.ID, text: v.Solution, cves: map[string]bool{}}
			found[v.Solution], out = r, append(out, r)
		}
		if r.id = min(r.id, v.ID); !slices.Contains(r.plugins, g.ID) {
			r.plugins = append(r.plugins, g.ID)
		}
		for _, c := range v.CVEs {
			r.cves[c] = true
		}
		if len(v.CPEs) > 0 && r.cpe == "" {
			r.cpe = v.CPEs[0]
		}
		for i, c := range g.Counts {
			r.sum.Counts[i] += c
		}
		r.sum.Hosts = max(r.sum.Hosts, g.Hosts)
		r.vector = max(r.vector, v.CVSS3Score)
	}
	for _, r := range out {
		if len(r.plugins) > 1 { // the most of one are not all of them
			h, err := s.from.sums(ctx, harrier.And{s.expr, r.expr()}, harrier.SumQuery{By: harrier.ByAsset, Limit: 1})
			if err != nil {
				return nil, harrier.Sum{}, err
			}
			r.sum.Hosts = h.Groups
		}
	}
	slices.SortFunc(out, func(a, b *remedy) int {
		c := cmp.Compare(s.weights.Of(a.sum.Counts), s.weights.Of(b.sum.Counts))
		switch strings.ToLower(s.in.sort) {
		case "total":
			c = cmp.Compare(a.sum.Total(), b.sum.Total())
		case "hosttotal":
			c = cmp.Compare(a.sum.Hosts, b.sum.Hosts)
		case "solution":
			c = cmp.Compare(a.text, b.text)
		case "pluginid":
			c = cmp.Compare(a.id, b.id)
		}
		if s.in.desc {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.id, b.id))
	})
	return out, harrier.Sum{Counts: n.Counts}, nil
}

// expr is the condition that a finding is mended.
func (r *remedy) expr() harrier.Expr {
	ids := make([]any, len(r.plugins))
	for i, id := range r.plugins {
		ids[i] = int64(id)
	}
	return eq("vulnerability", harrier.Eq, ids...)
}

func (r *remedy) solutionID() string { return "x-" + sid(harrier.ID(r.id)) }

type remedyRow struct {
	PluginID   string `json:"pluginID"`
	CPE        string `json:"cpe"`
	SolutionID string `json:"solutionID"`
	Solution   string `json:"solution"`
	List       string `json:"remediationList"`
	Total      string `json:"total"`
	TotalPctg  string `json:"totalPctg"`
	Score      string `json:"score"`
	ScorePctg  string `json:"scorePctg"`
	HostTotal  string `json:"hostTotal"`
	Bulletins  string `json:"msbulletinTotal"`
	CVEs       string `json:"cveTotal"`
	VPR        string `json:"vprScore"`
	CVSS3      string `json:"cvssV3BaseScore"`
}

func percent(part, whole int) string {
	if whole == 0 {
		return "0.00%"
	}
	return fmt.Sprintf("%.2f%%", 100*float64(part)/float64(whole))
}

func (s *asked) remedyRow(r *remedy, all harrier.Sum) remedyRow {
	plugins := make([]string, len(r.plugins))
	for i, id := range r.plugins {
		plugins[i] = sid(id)
	}
	score := s.weights.Of(r.sum.Counts)
	return remedyRow{
		PluginID: sid(harrier.ID(r.id)), CPE: r.cpe, SolutionID: r.solutionID(), Solution: r.text, List: strings.Join(plugins, ","),
		Total: sid(r.sum.Total()), TotalPctg: percent(r.sum.Total(), all.Total()), Score: sid(score), ScorePctg: percent(score, s.weights.Of(all.Counts)),
		HostTotal: sid(r.sum.Hosts), Bulletins: "0", CVEs: sid(len(r.cves)), CVSS3: scoreText(r.vector),
	}
}

func (s *asked) sumRemediation(ctx context.Context) (rows, error) {
	list, all, err := s.remedies(ctx)
	if err != nil {
		return rows{}, err
	}
	out := rows{total: len(list)}
	score, hosts, total := 0, 0, 0
	for _, r := range list {
		score, hosts, total = score+s.weights.Of(r.sum.Counts), hosts+r.sum.Hosts, total+r.sum.Total()
		out.list = append(out.list, s.remedyRow(r, all))
	}
	out.matching = fmt.Sprintf("%d:0:0:0:0:0:%d:%d", total, score, hosts)
	return s.slice(out), nil
}

// solutions lists what there is to do.
//
// Source: section 17.1.
func (a api) solutions(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return a.analyseAs(ctx, by, q, "sumremediation", nil)
}

// analyseAs answers an analysis with a tool of our choice, over what more holds
// for.
func (a api) analyseAs(ctx context.Context, by harrier.Actor, q *query, tool string, more []filter) (any, error) {
	in, err := readAnalysis(q, func(id harrier.ID) (analysisBody, error) { return a.storedQuery(ctx, by, id) })
	if err != nil {
		return nil, err
	}
	in.tool, in.filters = tool, append(in.filters, more...)
	out, err := a.vulnAnalysis(ctx, by, in)
	if err != nil {
		return nil, err
	}
	return in.answer(out), nil
}

func (a api) ofSolution(ctx context.Context, q *query) ([]filter, error) {
	id := idOf(strings.TrimPrefix(q.path("id"), "x-"))
	v, err := a.Vulns.Vulnerability(ctx, harrier.VulnID(min(id, 1<<31-1)))
	if err != nil || v.Solution == "" {
		return nil, noObject("Solution", q.path("id"), "get")
	}
	return []filter{{"solutionID", "=", []byte(`"x-` + sid(id) + `"`)}}, nil
}

func (a api) solutionAssets(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	more, err := a.ofSolution(ctx, q)
	if err != nil {
		return nil, err
	}
	return a.analyseAs(ctx, by, q, "sumip", more)
}

type solutionPlugin struct {
	PluginID string `json:"pluginID"`
	Name     string `json:"pluginName"`
	VPR      string `json:"vprScore"`
	CVSS3    string `json:"cvssV3BaseScore"`
	Hosts    string `json:"hostTotal"`
}

// solutionPlugins is a plain list.
func (a api) solutionPlugins(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	more, err := a.ofSolution(ctx, q)
	if err != nil {
		return nil, err
	}
	answer, err := a.analyseAs(ctx, by, q, "sumid", more)
	if err != nil {
		return nil, err
	}
	out := []solutionPlugin{}
	for _, one := range answer.(analysisAnswer).Results.([]any) { //nolint:forcetypeassert // what analyseAs makes
		row := one.(pluginRowOfSum) //nolint:forcetypeassert // what sumid makes
		v := a.definition(ctx, harrier.VulnID(idOf(row.PluginID)))
		out = append(out, solutionPlugin{row.PluginID, row.Name, "", scoreText(v.CVSS3Score), row.HostTotal})
	}
	return out, nil
}
