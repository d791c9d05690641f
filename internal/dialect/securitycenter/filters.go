package securitycenter

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
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
	// responsible is what a user answers for; nothing for one who is not seen.
	responsible func(user harrier.ID) (harrier.Expr, error)
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
	"responsibleUserIDs": {"=", term.responsibleUsers}, "responsibleUser": {"=", term.responsibleUsers},
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
	"daysToMitigated":     {"= >= <=", term.daysToMitigated},
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
