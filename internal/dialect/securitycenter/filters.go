package securitycenter

import (
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// filter is one condition of an analysis. All of a query hold.
//
// Source: section 11.6.
type filter struct {
	Name     string          `json:"filterName"`
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value"`
}

// filters is a list of conditions, or a single one: the API guide prints it so.
type filters []filter

// UnmarshalJSON reads either form.
func (f *filters) UnmarshalJSON(b []byte) error {
	switch first := strings.TrimSpace(string(b)); {
	case first == `""` || first == "null":
		*f = nil
		return nil
	case strings.HasPrefix(first, "{"):
		var one filter
		err := json.Unmarshal(b, &one)
		*f = filters{one}
		return err
	}
	var list []filter
	err := json.Unmarshal(b, &list)
	*f = list
	return err
}

// Bounds of what one query may ask.
const (
	maxFilters     = 100
	maxFilterItems = 5000
)

// The condition that holds for all, and the one that holds for none.
var (
	everything = members.Everything
	nothing    = harrier.Or{}
)

// reading is what the values of filters mean: whose day it is, and what ids
// stand for.
type reading struct {
	now    time.Time // in the zone whose midnights end days
	source string    // "cumulative", "patched" or "individual"
	family func(id int) (name string, ok bool)
	asset  func(id harrier.ID) (harrier.Expr, error)
	remedy func(id harrier.VulnID) (solution string, ok bool)
}

// expr translates a list of filters. It answers a fault of code 146 that names
// the filter that is wrong.
func (r reading) expr(list []filter) (harrier.Expr, error) {
	if len(list) > maxFilters {
		return nil, fault(codeInvalid, 0, "A query may have at most %d filters.", maxFilters)
	}
	out := harrier.And{}
	for _, f := range list {
		e, err := r.one(f)
		if err != nil {
			return nil, err
		}
		if and, ok := e.(harrier.And); !ok || len(and) > 0 {
			out = append(out, e)
		}
	}
	return out, nil
}

// term is a filter that is being read.
type term struct {
	reading
	name  string
	op    string
	value json.RawMessage
}

// kind is how the values of a filter are written, and with what operators.
type kind struct {
	ops  string
	read func(t term) (harrier.Expr, error)
}

func (r reading) one(f filter) (harrier.Expr, error) {
	k, ok := filterKinds[f.Name]
	if !ok {
		return nil, fault(codeInvalid, 0, "The filter '%s' is invalid (valid filters: %s)", cut(f.Name, 64), strings.Join(filterNames, ", "))
	}
	t := term{r, f.Name, strings.TrimSpace(f.Operator), f.Value}
	if t.op == "" || t.op == "==" {
		t.op = "="
	}
	if !slices.Contains(strings.Fields(k.ops), t.op) {
		return nil, fault(codeInvalid, 0, "The operator '%s' is invalid for Filter '%s' (valid operators: %s)", cut(t.op, 16), t.name, k.ops)
	}
	return k.read(t)
}

// bad says that the value of a filter is wrong.
func (t term) bad(format string, args ...any) error {
	return fault(codeInvalid, 0, "Invalid value for Filter '"+t.name+"': "+format, args...)
}

// filterKinds lists the filters. Names that the model has no data for are there
// too: they hold for what has no value.
var filterKinds = map[string]kind{
	"ip":              {"= !=", term.addresses},
	"dnsName":         {"= != ~= pcre", textOf("fqdn")},
	"netbiosName":     {"= != ~= pcre", textOf("netbios")},
	"operatingSystem": {"= != ~= pcre", textOf("os")},
	"uuid":            {"= !=", listOf("uuid")},
	"hostUUID":        {"= !=", listOf("uuid")},
	"vulnUUID":        {"=", none},
	"port":            {"= != >= <=", numberOf("port", 65535)},
	"tcpport":         {"= != >= <=", portOf("tcp")},
	"udpport":         {"= != >= <=", portOf("udp")},
	"protocol":        {"= !=", term.protocol},
	"pluginID":        {"= != >= <=", numberOf("vulnerability", math.MaxInt32)},
	"pluginName":      {"= != ~= pcre", textOf("name")},
	"pluginText":      {"= != ~= pcre", textOf("evidence")},
	"pluginType":      {"= !=", term.pluginType},
	"familyID":        {"= !=", term.families},
	"family":          {"= !=", term.families},
	"severity":        {"= != >= <=", numberOf("severity", harrier.Severities-1)},
	"repositoryIDs":   {"= !=", term.repositories},
	"repository":      {"= !=", term.repositories},
	"assetID":         {"= != ~", term.assets},
	"asset":           {"= != ~", term.assets},
	"outputAssets":    {"=", ignored},
	"policyID":        {"=", term.unanswered}, "policy": {"=", term.unanswered},
	"auditFileID": {"=", none}, "auditFile": {"=", none},
	"responsibleUserIDs": {"=", none}, "responsibleUser": {"=", none},
	"vulnRoutedUserIDs": {"=", none}, "vulnRoutingRuleID": {"=", none},
	"cveID":           {"= != ~= pcre", listOf("cve")},
	"msbulletinID":    {"= != ~= pcre", memberOf("aliases")},
	"iavmID":          {"= != ~= pcre", memberOf("aliases")},
	"cceID":           {"= != ~= pcre", memberOf("aliases")},
	"cpe":             {"= != ~= pcre", memberOf("cpes")},
	"xref":            {"= != ~= pcre", term.xref},
	"benchmarkName":   {"= != ~= pcre", none},
	"baseCVSSScore":   {"= >= <=", scoreOf("cvss2")},
	"cvssV3BaseScore": {"= >= <=", scoreOf("cvss3")},
	"cvssV4BaseScore": {"= >= <=", scoreOf("cvss4")},
	"epssScore":       {"= >= <=", scoreOf("epss")},
	// Scores that the model does not have.
	"cvssV4ThreatScore": {"= >= <=", scoreOf("")}, "vprScore": {"= >= <=", scoreOf("")},
	"assetCriticalityRating": {"= >= <=", scoreOf("")}, "assetExposureScore": {"= >= <=", scoreOf("")},
	"cvssVector":          {"= ~= pcre", textOf("cvss2_vector")},
	"cvssV3Vector":        {"= ~= pcre", textOf("cvss3_vector")},
	"cvssV4Vector":        {"= ~= pcre", textOf("cvss4_vector")},
	"cvssV4ThreatVector":  {"= ~= pcre", none},
	"cvssV4Supplemental":  {"= ~= pcre", none},
	"exploitAvailable":    {"=", term.exploit},
	"exploitFrameworks":   {"= ~=", containsIn("exploits")},
	"stigSeverity":        {"=", none},
	"dataFormat":          {"=", term.dataFormat},
	"firstSeen":           {"=", timeOf("first_seen")},
	"lastSeen":            {"=", timeOf("last_seen")},
	"lastMitigated":       {"=", timeOf("closed")},
	"pluginPublished":     {"=", dateOf("added")},
	"pluginModified":      {"=", dateOf("modified")},
	"patchPublished":      {"=", none},
	"vulnPublished":       {"=", timeOf("published")},
	"seolDate":            {"=", none},
	"daysMitigated":       {"= >= <=", term.daysMitigated},
	"daysToMitigated":     {"= >= <=", numberOf("open_days", math.MaxInt32)},
	"mitigatedStatus":     {"=", wordOf("reopened", "previously", "never")},
	"wasMitigated":        {"=", wordOf("reopened", "true", "false")},
	"acceptRiskStatus":    {"=", judged("accepted")},
	"recastRiskStatus":    {"=", judged("recast")},
	"acceptedRisk":        {"=", wordOf("accepted", "true", "false")},
	"recastRisk":          {"=", wordOf("recast", "true", "false")},
	"aesSeverity":         {"=", onlyWords("unclassified", "high", "medium", "low")},
	"solutionID":          {"=", term.solution},
	"wasVuln":             {"=", onlyWords("excludeWas includeWas", "onlyWas")},
	"wasInputName":        {"= ~= pcre", none},
	"wasInputType":        {"= ~= pcre", none},
	"wasURL":              {"= ~= pcre", none},
	"wasHttpMethod":       {"= ~= pcre", none},
	"cgiScanEnabled":      {"=", onlyWords("false", "true")},
	"paranoidScanEnabled": {"=", onlyWords("false", "true")},
	"thoroughScanEnabled": {"=", onlyWords("false", "true")},
	"scanID":              {"=", ignored}, // it names the source, see analysisQuery
}

var filterNames = func() []string {
	return slices.SortedFunc(maps.Keys(filterKinds), func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
}()

func ignored(term) (harrier.Expr, error) { return everything, nil }

// none holds for nothing, as nothing in the model has such a value.
func none(t term) (harrier.Expr, error) { return t.negated(nothing), nil }

// unanswered refuses what the model could only answer wrongly.
func (t term) unanswered() (harrier.Expr, error) {
	return nil, fault(codeAnalysis, 0, "Unable to process Vuln Query.\nFilter \"%s\" is not supported.", t.name)
}

// negated is e, or its opposite for !=.
func (t term) negated(e harrier.Expr) harrier.Expr {
	if t.op == "!=" {
		return harrier.Not{Of: e}
	}
	return e
}

func eq(field string, op harrier.Op, values ...any) harrier.Expr {
	return harrier.Cmp{Field: field, Op: op, Values: values}
}

// items are the single values: of a text with commas or lines, of a list, of an
// object with an id, of a list of such objects.
func (t term) items() ([]string, error) {
	var v any
	if err := json.Unmarshal(t.value, &v); err != nil && len(t.value) > 0 {
		return nil, t.bad("not JSON")
	}
	out, ok := members.Items(v)
	switch {
	case !ok:
		return nil, fault(codeInvalid, 0, "The value for Filter \"%s\" contains a record without a numeric 'id' field.", t.name)
	case len(out) > maxFilterItems:
		return nil, t.bad("more than %d values", maxFilterItems)
	}
	return out, nil
}

// text is the value as one text.
func (t term) text() (string, error) {
	var s string
	if json.Unmarshal(t.value, &s) == nil {
		return strings.TrimSpace(s), nil
	}
	list, err := t.items()
	return strings.Join(list, ","), err
}

// textOf reads one text: "=" takes * for any characters.
func textOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil {
			return nil, err
		}
		return t.textual(field, s)
	}
}

func (t term) textual(field, s string) (harrier.Expr, error) {
	switch {
	case len(s) > 4096:
		return nil, t.bad("longer than 4096 bytes")
	case t.op == "pcre":
		p, err := members.Pattern(s)
		if err != nil {
			return nil, t.bad("%q is not a regular expression", cut(s, 64))
		}
		return eq(field, harrier.Like, p), nil
	case t.op == "~=":
		return eq(field, harrier.Contains, s), nil
	case strings.Contains(s, "*"):
		p := "^" + strings.ReplaceAll(regexp.QuoteMeta(s), `\*`, ".*") + "$"
		if len(p) > maxPattern {
			return nil, t.bad("longer than %d bytes", maxPattern)
		}
		return t.negated(eq(field, harrier.Like, p)), nil
	}
	return t.negated(eq(field, harrier.Eq, s)), nil
}

// maxPattern bounds regular expressions, in bytes.
const maxPattern = 500

// listOf reads a list of texts for "=" and "!=", one text otherwise.
func listOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		if t.op == "~=" || t.op == "pcre" {
			return textOf(field)(t)
		}
		list, err := t.items()
		if err != nil {
			return nil, err
		}
		var values []any
		for _, s := range list {
			if len(s) > 4096 {
				return nil, t.bad("longer than 4096 bytes")
			}
			values = append(values, s)
		}
		return t.negated(eq(field, harrier.Eq, values...)), nil
	}
}

// memberOf is listOf for a field that is the JSON of a list of texts.
func memberOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		if t.op == "~=" || t.op == "pcre" {
			return textOf(field)(t)
		}
		list, err := t.items()
		if err != nil {
			return nil, err
		}
		var values []any
		for _, s := range list {
			quoted, err := json.Marshal(s)
			if err != nil || len(quoted) > 4096 {
				return nil, t.bad("%q is too long", cut(s, 64))
			}
			values = append(values, string(quoted))
		}
		return t.negated(eq(field, harrier.Contains, values...)), nil
	}
}

func containsIn(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil || len(s) > 4096 {
			return nil, t.bad("no text")
		}
		return eq(field, harrier.Contains, s), nil
	}
}

// numberOf reads numbers, lists of them and ranges: "1,5-7".
func numberOf(field string, high int64) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		list, err := t.items()
		if err != nil {
			return nil, err
		}
		if t.op == ">=" || t.op == "<=" {
			if len(list) != 1 {
				return nil, t.bad("one number is needed")
			}
			n, err := strconv.ParseInt(list[0], 10, 64)
			if err != nil {
				return nil, t.bad("%q is not a number", cut(list[0], 64))
			}
			return eq(field, harrier.Op(t.op), n), nil
		}
		var single []any
		var some harrier.Or
		for _, s := range list {
			a, b, isRange := strings.Cut(s, "-")
			if !isRange {
				b = a
			}
			from, err1 := strconv.ParseInt(strings.TrimSpace(a), 10, 64)
			to, err2 := strconv.ParseInt(strings.TrimSpace(b), 10, 64)
			switch {
			case err1 != nil || err2 != nil || from > to || from < 0:
				return nil, t.bad("%q is neither a number from %d to %d nor a range", cut(s, 64), 0, high)
			case from == to:
				single = append(single, from)
			default:
				some = append(some, harrier.And{eq(field, harrier.Ge, from), eq(field, harrier.Le, to)})
			}
		}
		if len(some) > 200 {
			return nil, t.bad("more than 200 ranges")
		}
		if len(single) > 0 || len(some) == 0 {
			some = append(some, eq(field, harrier.Eq, single...))
		}
		if len(some) == 1 {
			return t.negated(some[0]), nil
		}
		return t.negated(some), nil
	}
}

func portOf(protocol string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		e, err := numberOf("port", 65535)(t)
		return harrier.And{eq("protocol", harrier.Eq, protocol), e}, err
	}
}

// protocols are the numbers of the protocols that findings have.
var protocols = map[string]string{
	"6": "tcp", "17": "udp", "1": "icmp", "58": "icmp", "132": "sctp",
	"tcp": "tcp", "udp": "udp", "icmp": "icmp", "sctp": "sctp",
}

func (t term) protocol() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var values []any
	for _, s := range list {
		p, ok := protocols[strings.ToLower(s)]
		if !ok {
			if _, err := strconv.ParseUint(s, 10, 8); err != nil && !strings.EqualFold(s, "unknown") {
				return nil, t.bad("%q is not a protocol", cut(s, 64))
			}
			p = ""
		}
		values = append(values, p)
	}
	return t.negated(eq("protocol", harrier.Eq, values...)), nil
}

// pluginType knows active plugins only.
func (t term) pluginType() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var e harrier.Expr = nothing
	for _, s := range list {
		switch s {
		case "active", "all":
			e = everything
		case "compliance", "lce", "passive", "notPassive", "custom":
		default:
			return nil, t.bad("%q is not a type", cut(s, 64))
		}
	}
	return t.negated(e), nil
}

func (t term) families() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var names []any
	for _, s := range list {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, t.bad("%q is not the id of a family", cut(s, 64))
		}
		if name, ok := t.family(n); ok {
			names = append(names, name)
		}
	}
	return t.negated(eq("family", harrier.Eq, names...)), nil
}

func (t term) repositories() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var ids []any
	for _, s := range list {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, fault(codeInvalid, 0, "The value for Filter \"%s\" contains a record without a numeric 'id' field.", t.name)
		}
		ids = append(ids, n)
	}
	return t.negated(eq("repository", harrier.Eq, ids...)), nil
}

// addresses reads addresses, CIDR and ranges.
func (t term) addresses() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var ranges []any
	for _, s := range list {
		for _, part := range strings.Fields(strings.ReplaceAll(strings.ReplaceAll(s, " -", "-"), "- ", "-")) {
			text, ok := members.Range(part)
			if !ok {
				return nil, t.bad("%q is not an address, a network or a range", cut(part, 64))
			}
			ranges = append(ranges, text)
		}
	}
	return t.negated(eq("address", harrier.In, ranges...)), nil
}

// scoreOf reads a score, a range of scores, or "none". Without a field nothing
// has a score.
func scoreOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(s, "none") {
			if field == "" {
				return everything, nil
			}
			return harrier.Not{Of: eq(field, harrier.Gt, 0.0)}, nil
		}
		a, b, isRange := strings.Cut(s, "-")
		if !isRange {
			b = a
		}
		from, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
		to, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
		switch {
		case err1 != nil || err2 != nil || !(from <= to) || from < 0 || math.IsInf(to, 0) || isRange && t.op != "=":
			return nil, t.bad("%q is neither a score nor a range of scores", cut(s, 64))
		case field == "":
			return nothing, nil
		case t.op != "=":
			return eq(field, harrier.Op(t.op), from), nil
		}
		// Scores are kept as single floats by one database.
		const near = 1e-4
		return harrier.And{eq(field, harrier.Ge, from-near), eq(field, harrier.Le, to+near)}, nil
	}
}

func (t term) exploit() (harrier.Expr, error) {
	yes, err := t.truth()
	e := harrier.Or{eq("exploit", harrier.Eq, true), eq("exploited", harrier.Eq, true)}
	if !yes {
		return harrier.Not{Of: e}, err
	}
	return e, err
}

func (t term) truth() (bool, error) {
	s, err := t.text()
	if err != nil {
		return false, err
	}
	switch strings.ToLower(s) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, t.bad("%q is neither true nor false", cut(s, 64))
}

func (t term) dataFormat() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var some harrier.Or
	for _, s := range list {
		switch strings.ToLower(s) {
		case "ipv4":
			some = append(some, eq("address", harrier.In, "0.0.0.0-255.255.255.255"))
		case "ipv6":
			some = append(some, eq("address", harrier.In, "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))
		case "universal":
			some = append(some, everything)
		case "agent", "mobile":
		default:
			return nil, t.bad("%q is not a format", cut(s, 64))
		}
	}
	return some, nil
}

// wordOf reads one of two words for yes and no; "true" and "false" always do.
func wordOf(field, yes, no string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil {
			return nil, err
		}
		switch {
		case strings.EqualFold(s, yes):
			return eq(field, harrier.Eq, true), nil
		case strings.EqualFold(s, no):
			return eq(field, harrier.Eq, false), nil
		}
		b, err := t.truth()
		if err != nil {
			return nil, t.bad("%q is neither %s nor %s", cut(s, 64), yes, no)
		}
		return eq(field, harrier.Eq, b), nil
	}
}

// judged reads "accepted", "notAccepted", "all" and their likes: any word that
// begins with "no" is the opposite.
func judged(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil {
			return nil, err
		}
		switch s = strings.ToLower(s); {
		case s == "" || s == "all":
			return everything, nil
		case strings.HasPrefix(s, "no") || s == "false":
			return eq(field, harrier.Eq, false), nil
		}
		return eq(field, harrier.Eq, true), nil
	}
}

// onlyWords reads one of a few words: those that all has hold for everything,
// the others for nothing.
func onlyWords(all string, others ...string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		switch {
		case err != nil:
			return nil, err
		case slices.Contains(strings.Fields(all), s):
			return everything, nil
		case slices.Contains(others, s):
			return nothing, nil
		}
		return nil, t.bad("%q is none of %s, %s", cut(s, 64), strings.ReplaceAll(all, " ", ", "), strings.Join(others, ", "))
	}
}

// solution reads "x-12": whatever the solution of plugin 12 mends.
func (t term) solution() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var texts []any
	for _, s := range list {
		n, err := strconv.ParseInt(strings.TrimPrefix(s, "x-"), 10, 32)
		if err != nil {
			return nil, t.bad("%q is not the id of a solution", cut(s, 64))
		}
		if text, ok := t.remedy(harrier.VulnID(n)); ok {
			texts = append(texts, text)
		}
	}
	return eq("solution", harrier.Eq, texts...), nil
}

// xref reads a type, a bar and an id, in which * stands for any characters, as
// "IAVA|20*", "CWE|79", "RHSA|2024:*"; a list of them; or a text.
func (t term) xref() (harrier.Expr, error) {
	if t.op == "~=" || t.op == "pcre" {
		return textOf("aliases")(t)
	}
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var some harrier.Or
	for _, s := range list {
		kind, id, ok := strings.Cut(s, "|")
		if !ok {
			kind, id, _ = strings.Cut(s, ":")
		}
		id = strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(id)), `\*`, `[^",]*`)
		if len(id) > maxPattern/2 || len(kind) > 64 {
			return nil, t.bad("%q is too long", cut(s, 64))
		}
		switch kind = strings.TrimSpace(kind); {
		case strings.EqualFold(kind, "CWE"):
			some = append(some, eq("cwes", harrier.Like, `[\[,]`+id+`[\],]`))
		case strings.EqualFold(kind, "CVE"):
			some = append(some, eq("cve", harrier.Like, `^(CVE-)?`+id+`$`))
		default:
			some = append(some, eq("aliases", harrier.Like, `"`+regexp.QuoteMeta(kind)+`[-:# ]?`+id+`"`))
		}
	}
	return t.negated(some), nil
}
