package securitycenter

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

type userRow struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Firstname string `json:"firstname"`
	Lastname  string `json:"lastname"`
	Role      ref    `json:"role"`
	Group     ref    `json:"group"`
	LastLogin string `json:"lastLogin"`
	Locked    string `json:"locked"`
	CanManage string `json:"canManage"`
}

// otherAnalysis answers about users, and what Harrier has not.
//
// Source: section 11.7.
func (a api) otherAnalysis(ctx context.Context, by harrier.Actor, in analysisQuery) (any, error) {
	out := rows{matching: "-1"}
	if in.kind == "user" {
		users, err := a.visibleUsers(ctx, by)
		if err != nil {
			return nil, err
		}
		groups, roles := a.groups(ctx, by), a.roles(ctx, by)
		for _, u := range users {
			first, last := splitName(u)
			out.list = append(out.list, userRow{
				ID: sid(u.ID), Username: u.Name, Firstname: first, Lastname: last, Role: roles.of(u.Role).ref(), Group: groups.ref(u.Group),
				LastLogin: lastLogin(u), Locked: sbool(u.Disabled), CanManage: sbool(by.May(harrier.ManageUsers)),
			})
		}
	}
	out.total = len(out.list)
	return in.answer((&asked{in: in}).slice(out)), nil
}

func lastLogin(u harrier.User) string {
	if u.LastLogin.IsZero() {
		return "0"
	}
	return stime(u.LastLogin)
}

// column is one of a download: the member of a record, its other name, and its
// title.
type column struct{ key, camel, title string }

// columns are the columns of a download in their order.
//
// Source: section 11.8.
var columns = []column{
	{"pluginID", "plugin", "Plugin"},
	{"pluginName", "pluginName", "Plugin Name"},
	{"family", "family", "Family"},
	{"severity", "severity", "Severity"},
	{"ip", "ipAddress", "IP Address"},
	{"protocol", "protocol", "Protocol"},
	{"port", "port", "Port"},
	{"exploitAvailable", "exploit", "Exploit?"},
	{"repository", "repository", "Repository"},
	{"macAddress", "macAddress", "MAC Address"},
	{"dnsName", "dnsName", "DNS Name"},
	{"netbiosName", "netbiosName", "NetBIOS Name"},
	{"pluginText", "pluginOutput", "Plugin Output"},
	{"synopsis", "synopsis", "Synopsis"},
	{"description", "description", "Description"},
	{"solution", "solution", "Solution"},
	{"seeAlso", "seeAlso", "See Also"},
	{"riskFactor", "riskFactor", "Risk Factor"},
	{"stigSeverity", "stigSeverity", "STIG Severity"},
	{"vprScore", "vulnerabilityPriorityRating", "Vulnerability Priority Rating"},
	{"baseScore", "cvssV2BaseScore", "CVSS V2 Base Score"},
	{"cvssV3BaseScore", "cvssV3BaseScore", "CVSS V3 Base Score"},
	{"temporalScore", "cvssV2TemporalScore", "CVSS V2 Temporal Score"},
	{"cvssV3TemporalScore", "cvssV3TemporalScore", "CVSS V3 Temporal Score"},
	{"cvssVector", "cvssV2Vector", "CVSS V2 Vector"},
	{"cvssV3Vector", "cvssV3Vector", "CVSS V3 Vector"},
	{"cpe", "cpe", "CPE"},
	{"cve", "cve", "CVE"},
	{"bid", "bid", "BID"},
	{"xref", "crossReferences", "Cross References"},
	{"firstSeen", "firstDiscovered", "First Discovered"},
	{"lastSeen", "lastObserved", "Last Observed"},
	{"vulnPubDate", "vulnPublicationDate", "Vuln Publication Date"},
	{"patchPubDate", "patchPublicationDate", "Patch Publication Date"},
	{"pluginPubDate", "pluginPublicationDate", "Plugin Publication Date"},
	{"pluginModDate", "pluginModificationDate", "Plugin Modification Date"},
	{"exploitEase", "exploitEase", "Exploit Ease"},
	{"exploitFrameworks", "exploitFrameworks", "Exploit Frameworks"},
	{"checkType", "checkType", "Check Type"},
	{"version", "version", "Version"},
	{"cvssV4BaseScore", "cvssV4BaseScore", "CVSS V4 Base Score"},
	{"cvssV4ThreatScore", "cvssV4ThreatScore", "CVSS V4 Threat Score"},
	{"cvssV4Vector", "cvssV4Vector", "CVSS V4 Vector"},
	{"cvssV4ThreatVector", "cvssV4ThreatVector", "CVSS V4 Threat Vector"},
	{"cvssV4Supplemental", "cvssV4Supplemental", "CVSS V4 Supplemental"},
	{"epssScore", "exploitPredictionScoringSystemEpss", "Exploit Prediction Scoring System (EPSS)"},
	{"acceptRiskRuleComment", "acceptedRiskComment", "Accept Risk Comment"},
	{"recastRiskRuleComment", "recastRiskComment", "Recast Risk Comment"},
	{"hostUUID", "hostId", "Host ID"},
	{"uuid", "agentId", "Agent ID"},
	{"nessusWebTests", "nessusWebTests", "Nessus Web Tests"},
	{"operatingSystem", "operatingSystem", "Operating System"},
	{"acrScore", "assetCriticalityRating", "Asset Criticality Rating"},
	{"assetExposureScore", "assetExposureScore", "Asset Exposure Score"},
	{"vprContext", "vprContext", "VPR Context"},
	{"hasBeenMitigated", "mitigated", "Mitigated"},
	{"acceptRisk", "acceptRisk", "Accept Risk"},
	{"recastRisk", "recastRisk", "Recast Risk"},
	{"seolDate", "securityEndOfLifeDate", "Security End of Life Date"},
	{"vulnUUID", "vulnerabilityId", "Vulnerability ID"},
	{"ips", "ips", "IPs"},
}

// otherColumns are those of records that are no findings.
var otherColumns = []column{
	{"total", "total", "Total"},
	{"count", "count", "Count"},
	{"score", "score", "Score"},
	{"hostTotal", "hostTotal", "Host Total"},
	{"severityInfo", "severityInfo", "Info"},
	{"severityLow", "severityLow", "Low"},
	{"severityMedium", "severityMedium", "Medium"},
	{"severityHigh", "severityHigh", "High"},
	{"severityCritical", "severityCritical", "Critical"},
	{"name", "name", "Name"},
	{"cveID", "cveID", "CVE ID"},
	{"detectionMethod", "detectionMethod", "Detection Method"},
	{"asset", "asset", "Asset"},
	{"date", "date", "Date"},
	{"initiator", "initiator", "Initiator"},
	{"module", "module", "Module"},
	{"message", "message", "Message"},
	{"organization", "organization", "Organization"},
}

func titleOf(key string) string {
	for _, c := range slices.Concat(columns, otherColumns) {
		if c.key == key {
			return c.title
		}
	}
	return key
}

// downloadAnalysis answers an analysis as CSV.
//
// Source: section 11.8.
func (a api) downloadAnalysis(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	in, err := readAnalysis(q, func(id harrier.ID) (analysisBody, error) { return a.storedQuery(ctx, by, id) })
	if err != nil {
		return nil, err
	}
	if in.kind == "user" {
		return nil, fault(codeInvalid, 0, "The type 'user' can not be downloaded.")
	}
	if !in.paged {
		in.start, in.end = 0, maxRows
	}
	var list []any
	switch in.kind {
	case "vuln":
		out, err := a.vulnAnalysis(ctx, by, in)
		if err != nil {
			return nil, err
		}
		if list = out.list; in.tool == "iplist" {
			list = out.whole.(ipListAnswer).rows() //nolint:forcetypeassert // what iplist makes
		}
	case "scLog", "scanLog":
		out, err := a.logAnalysis(ctx, by, in)
		if err != nil {
			return nil, err
		}
		list = out.(logAnswer).Results.([]any) //nolint:forcetypeassert // what logAnalysis makes
	case "event", "mobile", "ticket", "was": // there is nothing of these
	default:
		return nil, fault(codeInvalid, 0, "The type '%s' is invalid (vuln, event, user, scLog, mobile).", cut(in.kind, 32))
	}
	body, err := table(list, in.columns)
	return kit.File{Name: "analysis.csv", Type: "text/csv", Size: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}, err
}

// table writes records as CSV with the columns that are named, or all that the
// records have.
func table(list []any, names []string) ([]byte, error) {
	var keys []string
	for _, n := range names {
		for _, c := range slices.Concat(columns, otherColumns) {
			if (strings.EqualFold(n, c.camel) || strings.EqualFold(n, c.key) || strings.EqualFold(n, c.title)) && !slices.Contains(keys, c.key) {
				keys = append(keys, c.key)
				break
			}
		}
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	for i, one := range list {
		text, err := kit.Marshal(one)
		if err != nil {
			return nil, err
		}
		var members map[string]any
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, err
		}
		if i == 0 {
			if len(keys) == 0 {
				keys = keysOf(text)
			}
			writeTitles(out, keys)
		}
		line := make([]string, len(keys))
		for k, key := range keys {
			line[k] = cell(members[key])
		}
		if err := out.Write(line); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		if len(keys) == 0 {
			for _, c := range columns {
				keys = append(keys, c.key)
			}
		}
		writeTitles(out, keys)
	}
	out.Flush()
	return b.Bytes(), out.Error()
}

func writeTitles(out *csv.Writer, keys []string) {
	titles := make([]string, len(keys))
	for i, k := range keys {
		titles[i] = titleOf(k)
	}
	_ = out.Write(titles) // Error tells
}

// keysOf lists the members of a record in their order, the known ones first as
// the table has them.
func keysOf(text []byte) []string {
	in := json.NewDecoder(bytes.NewReader(text))
	var have []string
	if _, err := in.Token(); err != nil {
		return nil
	}
	for in.More() {
		name, err := in.Token()
		var skip json.RawMessage
		if err != nil || in.Decode(&skip) != nil {
			return have
		}
		if s, ok := name.(string); ok {
			have = append(have, s)
		}
	}
	var out []string
	for _, c := range columns {
		if slices.Contains(have, c.key) {
			out = append(out, c.key)
		}
	}
	for _, k := range have {
		if !slices.Contains(out, k) && (len(out) < 20 || !slices.ContainsFunc(columns, func(c column) bool { return c.key == k })) {
			out = append(out, k)
		}
	}
	return out
}

// cell is a member as text: of an object its name. A text that a spreadsheet
// would take for a formula gets a quote before it.
func cell(v any) string {
	var s string
	switch v := v.(type) {
	case nil:
	case string:
		s = v
	case map[string]any:
		if s, _ = v["name"].(string); s == "" {
			s, _ = v["username"].(string)
		}
	default:
		text, err := kit.Marshal(v)
		if err == nil {
			s = string(text)
		}
	}
	if s != "" && strings.ContainsRune("=+@\t\r", rune(s[0])) {
		s = "'" + s
	}
	return s
}
