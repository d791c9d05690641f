package report

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/format"
)

// Findings is the room of findings.
type Findings interface {
	Judged(ctx context.Context, by harrier.Actor, e harrier.Expr, p finding.Page) ([]harrier.JudgedFinding, int, error)
	Sums(ctx context.Context, by harrier.Actor, e harrier.Expr, q harrier.SumQuery) (harrier.Sums, error)
	Query(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.SavedQuery, error)
}

// Questions reads what is kept in the words of its author: lists of assets and
// queries, each as a condition on findings. Both answer Invalid for what can
// not be read and NotFound for what by may not see.
type Questions interface {
	OfList(ctx context.Context, by harrier.Actor, list harrier.ID) (harrier.Expr, error)
	OfQuery(ctx context.Context, by harrier.Actor, q harrier.SavedQuery) (Question, error)
}

// Question is what a saved query asks.
type Question struct {
	Expr  harrier.Expr
	State harrier.State // "" when it does not say
	Scan  harrier.ID    // the one scan that it is about; 0: tracked findings
}

// Ask tells the room who reads queries. It is called before Run.
func (r *Room) Ask(q Questions) { r.questions = q }

// trendMoments is how many moments a trend has at most.
const trendMoments = 13

// source is what a report is written from.
type source struct {
	head  format.Scan
	hosts iter.Seq2[format.Host, error]
	steps int // hosts, or about that
}

func (r *Room) source(ctx context.Context, j job, f format.Format) (source, error) {
	scope := j.report.Scope
	var asked Question
	if scope.Query != 0 || scope.Asked != "" {
		var err error
		if asked, err = r.asked(ctx, j.by, scope); err != nil {
			return source{}, err
		}
	}
	var src source
	var err error
	if only := scope.Only.Expr; only != nil {
		asked.Expr = harrier.And{orAll(asked.Expr), only}
	}
	if id := cmp.Or(j.report.Scan, asked.Scan); id != 0 {
		j.report.Scan = id
		if err := answerable(asked.Expr); err != nil {
			return source{}, err
		}
		src, err = r.ofScan(ctx, j, f, asked.Expr)
	} else {
		src, err = r.ofFindings(ctx, j, f, asked)
	}
	src.head.Title = j.report.Title
	src.head.Made = r.now()
	src.head.Options = maps.Clone(j.report.Options)
	if t := j.report.Template; t != "" {
		if src.head.Options == nil {
			src.head.Options = map[string]string{}
		}
		src.head.Options["template"] = t
	}
	if err != nil {
		return src, err
	}
	p, err := r.Profile(ctx, j.by)
	src.head.Without = p.WithoutChapters
	return src, err
}

func (r *Room) asked(ctx context.Context, by harrier.Actor, scope harrier.Scope) (Question, error) {
	if r.questions == nil || r.Findings == nil {
		return Question{}, harrier.Errorf(harrier.Unavailable, "queries can not be asked here")
	}
	q := harrier.SavedQuery{Kind: "vuln", Definition: scope.Asked}
	if scope.Query != 0 {
		var err error
		if q, err = r.Findings.Query(ctx, by, scope.Query); err != nil {
			return Question{}, err
		}
	}
	return r.questions.OfQuery(ctx, by, q)
}

func (r *Room) ofScan(ctx context.Context, j job, f format.Format, only harrier.Expr) (source, error) {
	s, err := r.head(ctx, j)
	if err != nil {
		return source{}, err
	}
	if f.Twice && s.Scan.Site != 0 {
		past, err := r.Scans.Of(ctx, j.by, s.Scan.Site)
		if err != nil {
			return source{}, err
		}
		s.Trend = trendOf(past, s.Scan)
	}
	return source{head: s, hosts: r.hosts(ctx, j, s, only), steps: s.Scan.HostsAlive}, nil
}

// trendOf is what the scans of a site found, up to one of them.
func trendOf(past []harrier.Scan, last harrier.Scan) []format.Moment {
	var out []format.Moment
	for _, sc := range past {
		if (sc.Status == harrier.ScanCompleted || sc.Status == harrier.ScanImported) && sc.ID <= last.ID && !sc.AltTargets && !sc.Ended.IsZero() {
			out = append(out, format.Moment{At: sc.Ended, Counts: sc.Present})
		}
	}
	slices.SortFunc(out, func(a, b format.Moment) int { return a.At.Compare(b.At) })
	return out[max(0, len(out)-trendMoments):]
}

// fieldsOfResults are the fields of findings that a result of a scan has too.
var fieldsOfResults = map[string]func(h format.Host, r format.Result, v harrier.Vulnerability) []any{
	"severity": func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any {
		return []any{int64(r.Severity), r.Severity.String()}
	},
	"port":     func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any { return []any{int64(r.Port)} },
	"protocol": func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any { return []any{string(r.Protocol)} },
	"vulnerability": func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any {
		return []any{int64(r.Vulnerability)}
	},
	"service":   func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any { return []any{r.Service} },
	"evidence":  func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any { return []any{r.Evidence} },
	"key":       func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any { return []any{r.Key} },
	"asset":     func(h format.Host, _ format.Result, _ harrier.Vulnerability) []any { return []any{int64(h.Asset)} },
	"fqdn":      func(h format.Host, _ format.Result, _ harrier.Vulnerability) []any { return []any{h.FQDN} },
	"netbios":   func(h format.Host, _ format.Result, _ harrier.Vulnerability) []any { return []any{h.NetBIOS} },
	"mac":       func(h format.Host, _ format.Result, _ harrier.Vulnerability) []any { return []any{h.MAC} },
	"os":        func(h format.Host, _ format.Result, _ harrier.Vulnerability) []any { return []any{h.OS} },
	"host":      func(h format.Host, _ format.Result, _ harrier.Vulnerability) []any { return []any{h.Name, h.FQDN} },
	"certainty": func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any { return []any{int64(r.Certainty)} },
	"source":    func(_ format.Host, r format.Result, _ harrier.Vulnerability) []any { return []any{r.Source} },
	"cvss2":     func(_ format.Host, _ format.Result, v harrier.Vulnerability) []any { return []any{v.CVSS2Score} },
	"cvss3":     func(_ format.Host, _ format.Result, v harrier.Vulnerability) []any { return []any{v.CVSS3Score} },
	"name":      func(_ format.Host, _ format.Result, v harrier.Vulnerability) []any { return []any{v.Name} },
	"family":    func(_ format.Host, _ format.Result, v harrier.Vulnerability) []any { return []any{v.Family} },
	"slug":      func(_ format.Host, _ format.Result, v harrier.Vulnerability) []any { return []any{v.Slug} },
	"epss":      func(_ format.Host, _ format.Result, v harrier.Vulnerability) []any { return []any{v.EPSS} },
	"exploited": func(_ format.Host, _ format.Result, v harrier.Vulnerability) []any { return []any{v.Exploited} },
	"exploit":   func(_ format.Host, _ format.Result, v harrier.Vulnerability) []any { return []any{v.Exploit} },
	"cve": func(_ format.Host, _ format.Result, v harrier.Vulnerability) (out []any) {
		for _, c := range v.CVEs {
			out = append(out, c)
		}
		return out
	},
	"address": func(h format.Host, _ format.Result, _ harrier.Vulnerability) []any {
		if !h.Addr.IsValid() {
			return nil
		}
		return []any{h.Addr.String()}
	},
}

func resultFields(s format.Scan, h format.Host, r format.Result) func(string) []any {
	v := s.Lookup(r.Vulnerability)
	return func(field string) []any {
		if get := fieldsOfResults[field]; get != nil {
			return get(h, r, v)
		}
		return nil
	}
}

// answerable answers Invalid for a condition that no single scan can answer.
func answerable(e harrier.Expr) error {
	var list []harrier.Expr
	switch e := e.(type) {
	case harrier.And:
		list = e
	case harrier.Or:
		list = e
	case harrier.Not:
		list = []harrier.Expr{e.Of}
	case harrier.Has, harrier.OfAsset:
		return harrier.Invalidf("query", "a single scan can not tell what else an asset has")
	case harrier.Cmp:
		if fieldsOfResults[e.Field] == nil {
			return harrier.Invalidf("query", "a single scan can not be asked for %q", e.Field)
		}
	}
	for _, part := range list {
		if err := answerable(part); err != nil {
			return err
		}
	}
	return nil
}

// about says in words what is in a report of tracked findings.
func (r *Room) about(ctx context.Context, scope harrier.Scope, state harrier.State) ([][2]string, error) {
	shows := map[harrier.State]string{harrier.OpenFindings: "open", harrier.ClosedFindings: "mitigated", harrier.AllFindings: "open and mitigated"}[state]
	out := [][2]string{{"Findings", shows}}
	var names []string
	for _, id := range scope.Sites {
		s, err := r.Store.Site(ctx, id)
		if err := ignoreMissing(err); err != nil {
			return nil, err
		}
		names = append(names, cmp.Or(s.Name, fmt.Sprintf("#%d", id)))
	}
	if len(names) > 0 {
		out = append(out, [2]string{"Sites", some(names)})
	}
	names = nil
	for _, id := range scope.Repositories {
		s, err := r.Store.Repository(ctx, id)
		if err := ignoreMissing(err); err != nil {
			return nil, err
		}
		names = append(names, cmp.Or(s.Name, fmt.Sprintf("#%d", id)))
	}
	if len(names) > 0 {
		out = append(out, [2]string{"Repositories", some(names)})
	}
	if n := len(scope.Assets); n > 0 {
		out = append(out, [2]string{"Assets", fmt.Sprint(n)})
	}
	if n := len(scope.AssetLists); n > 0 {
		out = append(out, [2]string{"Asset lists", fmt.Sprint(n)})
	}
	if n := len(scope.Tags); n > 0 {
		out = append(out, [2]string{"Tags", fmt.Sprint(n)})
	}
	if len(out) == 1 {
		out = append(out, [2]string{"Assets", "all"})
	}
	if scope.Query != 0 || scope.Asked != "" {
		out = append(out, [2]string{"Restricted", "by a query"})
	}
	if scope.Only.Expr != nil {
		out = append(out, [2]string{"Restricted", "by filters"})
	}
	return out, nil
}

func some(names []string) string {
	if n := len(names) - 8; n > 0 {
		return strings.Join(names[:8], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ")
}
