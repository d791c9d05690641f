package securitycenter

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/finding"
)

// The sources of vulnerability data.
//
// Source: section 10.1.
const (
	cumulative = "cumulative"
	patched    = "patched"
	individual = "individual"
)

func (a api) analysisRoutes(m *router) {
	m.handle("POST /analysis", a.analyse)
	m.handle("POST /analysis/download", a.downloadAnalysis)
}

// analysisQuery is what a request asks of the findings.
//
// Source: section 11.1.
type analysisQuery struct {
	kind, tool, source, view string
	scan                     harrier.ID
	offsets
	sort     string
	desc     bool
	filters  []filter
	columns  []string
	date     string // of the log: "202605", "all"
	from, to int64  // of a trend, seconds since 1970; 0: not said
}

// analysisBody is the body of a request: what the query says, the root may say
// too, and then the root is right.
type analysisBody struct {
	Type       kit.Text        `json:"type"`
	SourceType kit.Text        `json:"sourceType"`
	Tool       kit.Text        `json:"tool"`
	Tools      kit.Text        `json:"tools"`
	View       kit.Text        `json:"view"`
	Scan       *given          `json:"scanID"`
	Start      *kit.Int        `json:"startOffset"`
	End        *kit.Int        `json:"endOffset"`
	Sort       kit.Text        `json:"sortField"`
	SortColumn kit.Text        `json:"sortColumn"`
	Dir        kit.Text        `json:"sortDir"`
	Direction  kit.Text        `json:"sortDirection"`
	Snake      kit.Text        `json:"sort_direction"`
	Filters    filters         `json:"filters"`
	Columns    json.RawMessage `json:"columns"`
	WasVuln    kit.Text        `json:"wasVuln"`
	Date       kit.Text        `json:"date"`
	From       *kit.Int        `json:"startTime"`
	To         *kit.Int        `json:"endTime"`
	ID         *given          `json:"id"`
	Query      json.RawMessage `json:"query"`
}

// maxRows bounds one answer: more would not fit into memory.
const maxRows = 200_000

// readAnalysis reads a request. stored returns a saved query by its id.
func readAnalysis(q *query, stored func(harrier.ID) (analysisBody, error)) (analysisQuery, error) {
	var root, sub, saved analysisBody
	if err := q.body(&root); err != nil {
		return analysisQuery{}, err
	}
	if text := strings.TrimSpace(string(root.Query)); text != "" && text != "null" && text != `""` && text != "[]" {
		keys, err := kit.DecodeBody(root.Query)
		if err == nil {
			err = kit.Fill(keys, &sub)
		}
		if err != nil {
			return analysisQuery{}, fault(codeInvalid, 0, "The parameter 'query' is invalid.")
		}
	}
	if sub.ID != nil && *sub.ID > 0 {
		var err error
		if saved, err = stored(harrier.ID(*sub.ID)); err != nil {
			return analysisQuery{}, err
		}
	}
	first := func(texts ...kit.Text) string {
		for _, t := range texts {
			if t != "" {
				return string(t)
			}
		}
		return ""
	}
	out := analysisQuery{
		kind:   first(root.Type, sub.Type, saved.Type, "vuln"),
		tool:   first(sub.Tool, root.Tool, sub.Tools, root.Tools, saved.Tool),
		source: first(root.SourceType, sub.SourceType, saved.SourceType, cumulative),
		view:   first(root.View, sub.View, saved.View),
		sort:   first(root.Sort, root.SortColumn, sub.Sort, sub.SortColumn, saved.Sort),
	}
	out.filters = append(append(append(out.filters, saved.Filters...), sub.Filters...), root.Filters...)
	for _, id := range []*given{root.Scan, sub.Scan, saved.Scan} {
		if id != nil && out.scan == 0 {
			out.scan = harrier.ID(*id)
		}
	}
	for _, f := range out.filters {
		if f.Name == "scanID" && out.scan == 0 {
			t := term{name: f.Name, value: f.Value}
			if list, err := t.items(); err == nil && len(list) == 1 {
				out.scan = idOf(list[0])
			}
		}
	}
	if w := first(root.WasVuln, sub.WasVuln); w != "" {
		value, err := kit.Marshal(w)
		if err != nil {
			return out, err
		}
		out.filters = append(out.filters, filter{"wasVuln", "=", value})
	}
	window, err := root.over(sub).over(saved).window()
	if err != nil {
		return out, err
	}
	out.offsets = window
	out.columns = columnNames(root.Columns)
	out.date = first(root.Date, sub.Date)
	for _, t := range []struct {
		to   *int64
		from []*kit.Int
	}{{&out.from, []*kit.Int{root.From, sub.From}}, {&out.to, []*kit.Int{root.To, sub.To}}} {
		for _, n := range t.from {
			if n != nil && *t.to == 0 {
				*t.to = int64(*n)
			}
		}
	}
	switch strings.ToLower(first(root.Dir, root.Direction, root.Snake, sub.Dir, sub.Direction, sub.Snake, saved.Dir)) {
	case "desc":
		out.desc = true
	case "asc":
	default:
		s := strings.ToLower(out.sort)
		out.desc = s == "" || strings.HasPrefix(s, "severity") || strings.HasSuffix(s, "score") || s == "total" || s == "count" || s == "hosttotal"
	}
	return out, nil
}

// offsets are the rows that are asked for, end not included.
type offsets struct {
	start, end int
	paged      bool // something was said of them
}

// over is b with the offsets of other where it says nothing of its own.
func (b analysisBody) over(other analysisBody) analysisBody {
	if b.Start == nil {
		b.Start = other.Start
	}
	if b.End == nil {
		b.End = other.End
	}
	return b
}

// window reads the offsets: a missing end is 1000 behind the start.
func (b analysisBody) window() (offsets, error) {
	var out offsets
	if b.Start != nil {
		out.start, out.paged = int(*b.Start), true
	}
	if out.end = out.start + 1000; b.End != nil {
		out.end, out.paged = int(*b.End), true
	}
	switch {
	case out.start < 0 || out.end < out.start:
		return out, fault(codeInvalid, 0, "endOffset must not be less than startOffset, and neither less than 0.")
	case out.end-out.start > maxRows:
		return out, fault(codeInvalid, 0, "At most %d records can be asked for at once.", maxRows)
	}
	return out, nil
}

// columnNames reads [{"name":"ip"}], ["ip"] and "ip,port".
func columnNames(raw json.RawMessage) []string {
	var objects []struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(raw, &objects) == nil {
		var out []string
		for _, o := range objects {
			out = append(out, o.Name)
		}
		return out
	}
	var list kit.Texts
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// analysisAnswer is the payload of an analysis.
//
// Source: section 11.2.
type analysisAnswer struct {
	TotalRecords    string `json:"totalRecords"`
	ReturnedRecords int    `json:"returnedRecords"`
	StartOffset     string `json:"startOffset"`
	EndOffset       string `json:"endOffset"`
	Matching        string `json:"matchingDataElementCount"`
	Results         any    `json:"results"`
}

// rows is what a tool answers.
type rows struct {
	total    int
	matching string
	list     []any
	whole    any // the whole payload, where it has a form of its own
}

func (a api) analyse(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	in, err := readAnalysis(q, func(id harrier.ID) (analysisBody, error) { return a.storedQuery(ctx, by, id) })
	if err != nil {
		return nil, err
	}
	switch in.kind {
	case "vuln":
	case "event":
		end := a.Now()
		return eventAnswer{in.start, in.end, []any{}, end.Add(-24 * time.Hour).Unix(), end.Unix()}, nil
	case "scLog", "scanLog":
		return a.logAnalysis(ctx, by, in)
	case "user", "mobile", "ticket", "was":
		out, err := a.otherAnalysis(ctx, by, in)
		return out, err
	default:
		return nil, fault(codeInvalid, 0, "The type '%s' is invalid (vuln, event, user, scLog, mobile).", cut(in.kind, 32))
	}
	out, err := a.vulnAnalysis(ctx, by, in)
	if err != nil {
		return nil, err
	}
	if out.whole != nil {
		return out.whole, nil
	}
	return in.answer(out), nil
}

func (in analysisQuery) answer(out rows) analysisAnswer {
	return analysisAnswer{sid(harrier.ID(out.total)), len(out.list), sid(harrier.ID(in.start)), sid(harrier.ID(in.end)), out.matching, orEmpty(out.list)}
}

// eventAnswer is the answer about log events, of which Harrier has none.
type eventAnswer struct {
	StartOffset int   `json:"startOffset"`
	EndOffset   int   `json:"endOffset"`
	Results     []any `json:"results"`
	StartTime   int64 `json:"startTime"`
	EndTime     int64 `json:"endTime"`
}

// MarshalJSON adds the counts, which are 0.
func (e eventAnswer) MarshalJSON() ([]byte, error) {
	type plain eventAnswer
	return kit.Marshal(struct {
		Total    int    `json:"totalRecords"`
		Returned int    `json:"returnedRecords"`
		Matching string `json:"matchingDataElementCount"`
		plain
	}{0, 0, "-1", plain(e)})
}

// asked is a question about findings while it is answered.
type asked struct {
	api
	by   harrier.Actor
	in   analysisQuery
	expr harrier.Expr
	from findings
	repo map[harrier.ID]recordRepository
	scan map[harrier.ID]harrier.Scan
	// hosts are those of a single scan; nil for tracked findings.
	hosts   map[harrier.ID]harrier.Asset
	looked  looked
	weights harrier.Weights // of the asker's organisation
	filter  harrier.Expr    // what the filters say, without the source
}

// findings is where a question is asked: the tracked findings, or those of one
// scan.
type findings interface {
	sums(ctx context.Context, e harrier.Expr, q harrier.SumQuery) (harrier.Sums, error)
	list(ctx context.Context, e harrier.Expr, p finding.Page) ([]harrier.JudgedFinding, int, error)
}

// tracked is all findings.
type tracked struct {
	room *finding.Room
	by   harrier.Actor
}

func (t tracked) sums(ctx context.Context, e harrier.Expr, q harrier.SumQuery) (harrier.Sums, error) {
	return t.room.Sums(ctx, t.by, e, q)
}

func (t tracked) list(ctx context.Context, e harrier.Expr, p finding.Page) ([]harrier.JudgedFinding, int, error) {
	return t.room.Judged(ctx, t.by, e, p)
}

// reading is how the filters of a question are read.
func (a api) reading(ctx context.Context, by harrier.Actor, source string) reading {
	return reading{
		now: a.nowOf(ctx, by), source: source,
		family: func(id int) (string, bool) {
			f, ok := a.familyByID(ctx, id)
			return f.name, ok
		},
		asset: func(id harrier.ID) (harrier.Expr, error) {
			e, err := a.assetExpr(ctx, by, id)
			return e, missing(err, "Asset", sid(id), "get")
		},
		remedy: func(id harrier.VulnID) (string, bool) {
			v, err := a.Vulns.Vulnerability(ctx, id)
			return v.Solution, err == nil && v.Solution != ""
		},
		responsible: func(user harrier.ID) (harrier.Expr, error) {
			u, err := a.Identity.User(ctx, by, user)
			if k := harrier.KindOf(err); k == harrier.NotFound || k == harrier.Forbidden || err == nil && u.Responsible == 0 {
				return nothing, nil
			} else if err != nil {
				return nil, err
			}
			return a.assetExpr(ctx, by, u.Responsible)
		},
	}
}

func (a api) vulnAnalysis(ctx context.Context, by harrier.Actor, in analysisQuery) (rows, error) {
	if in.tool == "" {
		in.tool = "vulndetails"
	}
	answer, ok := vulnTools[in.tool]
	if !ok {
		return rows{}, fault(codeAnalysis, 0, "Unable to process Vuln Query.\nThe tool '%s' is invalid.", cut(in.tool, 64))
	}
	s := &asked{api: a, by: by, in: in, from: tracked{a.Findings, by}, repo: map[harrier.ID]recordRepository{}, scan: map[harrier.ID]harrier.Scan{}}
	e, err := a.reading(ctx, by, in.source).expr(in.filters)
	if err != nil {
		return rows{}, err
	}
	s.filter = e
	switch in.source {
	case cumulative:
		s.expr = harrier.And{eq("open", harrier.Eq, true), e}
	case patched:
		s.expr = harrier.And{eq("open", harrier.Eq, false), e}
	case individual:
		if err := s.ofScan(ctx, e); err != nil {
			return rows{}, err
		}
	default:
		return rows{}, fault(codeInvalid, 0, "The sourceType '%s' is invalid (cumulative, patched, individual).", cut(in.source, 32))
	}
	if err := s.learnRepositories(ctx); err != nil {
		return rows{}, err
	}
	o, err := a.organizationOf(ctx, by)
	if err != nil {
		return rows{}, err
	}
	s.weights = o.Scores
	return answer(s, ctx)
}

// organizationOf is the organisation of by; none, which weighs severities as
// usual, for those who run the installation.
func (a api) organizationOf(ctx context.Context, by harrier.Actor) (harrier.Organization, error) {
	if by.Organization == 0 {
		return harrier.Organization{}, nil
	}
	return a.Identity.Organization(ctx, by, by.Organization)
}

// vulnTools lists the tools for vulnerability data.
//
// Source: section 11.3.
var vulnTools = newVulnTools()

func newVulnTools() map[string]func(*asked, context.Context) (rows, error) {
	out := map[string]func(*asked, context.Context) (rows, error){
		"sumip": (*asked).sumIP, "sumid": (*asked).sumID, "sumseverity": (*asked).sumSeverity, "sumasset": (*asked).sumAsset,
		"sumdnsname": scored(harrier.ByFQDN, func(s *asked, _ context.Context, n harrier.Sum, b scoreBlock) any {
			return dnsNameRow{n.Key, b, s.repository(n.Repository)}
		}),
		"sumclassa": scored(harrier.ByClassA, classRow),
		"sumclassb": scored(harrier.ByClassB, classRow),
		"sumclassc": scored(harrier.ByClassC, classRow),
		"sumport":   scored(harrier.ByPort, func(_ *asked, _ context.Context, n harrier.Sum, b scoreBlock) any { return portRow{sid(n.ID), b} }),
		"sumprotocol": scored(harrier.ByProtocol, func(_ *asked, _ context.Context, n harrier.Sum, b scoreBlock) any {
			return protocolRow{protocolLabel(n.Key), b}
		}),
		"sumfamily": scored(harrier.ByFamily, func(s *asked, ctx context.Context, n harrier.Sum, b scoreBlock) any {
			return familyRow{b, s.familyNamed(ctx, n.Key).ref()}
		}),
		"sumcve": (*asked).sumCVE, "sumremediation": (*asked).sumRemediation,
		"listvuln": (*asked).listVuln, "vulndetails": (*asked).vulnDetails, "tenable_internal_vulndetails": (*asked).vulnDetails,
		"vulnipdetail": (*asked).vulnIPDetail, "vulnipsummary": (*asked).vulnIPSummary, "cveipdetail": (*asked).cveIPDetail, "iplist": (*asked).ipList,
		"listos": listed(harrier.ByOS), "listservices": listed(harrier.ByService), "listsoftware": listed(harrier.BySoftware),
		"listsshservers": listed(harrier.BySSHServer), "listwebservers": listed(harrier.ByWebServer), "listmailclients": noRows, "listwebclients": noRows,
		"sumwasurl": noRows, "waslistvuln": noRows, "wasvulndetail": noRows, "popcount": noRows,
		"trend": (*asked).trend, "remediationdetail": (*asked).remediationDetail, "sumuserresponsibility": (*asked).sumResponsibility,
	}
	out["sumiavm"], out["summsbulletin"], out["sumcce"] = sumBulletins(iavm), sumBulletins(msBulletin), sumBulletins(cce)
	out["iavmipdetail"], out["cceipdetail"] = bulletinHosts(iavm), bulletinHosts(cce)
	return out
}

// noRows is the answer of tools for which the model has no data.
func noRows(*asked, context.Context) (rows, error) { return rows{matching: "0"}, nil }
