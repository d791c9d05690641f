package csv

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// row is what the cells of one row are made of.
type row struct {
	host   format.Host
	result format.Result
	vuln   harrier.Vulnerability
	cve    string
}

type column struct {
	key      string // under which it is chosen; several columns can share one
	title    string
	standard bool // part of the default set
	cell     func(row) string
}

// columns are all columns in the order of the file.
//
// Source: nessus-api.md, section 16, v10.8.
var columns = []column{
	{"id", "Plugin ID", true, func(r row) string { return strconv.Itoa(int(r.result.Vulnerability)) }},
	{"cve", "CVE", true, func(r row) string { return r.cve }},
	{"cvss", "CVSS v2.0 Base Score", true, func(r row) string { return format.Score(r.vuln.CVSS2Score) }},
	{"risk", "Risk", true, func(r row) string { return format.Risk(r.result.Severity) }},
	{"hostname", "Host", true, func(r row) string { return r.host.Title() }},
	{"protocol", "Protocol", true, func(r row) string { return string(format.Transport(r.result.Observation)) }},
	{"port", "Port", true, func(r row) string { return strconv.Itoa(int(r.result.Port)) }},
	{"plugin_name", "Name", true, func(r row) string { return r.vuln.Name }},
	{"synopsis", "Synopsis", true, func(r row) string { return r.vuln.Synopsis }},
	{"description", "Description", true, func(r row) string { return r.vuln.Description }},
	{"solution", "Solution", true, func(r row) string { return cmp.Or(r.vuln.Solution, "n/a") }},
	{"see_also", "See Also", true, func(r row) string { return strings.Join(r.vuln.References, "\n") }},
	{"plugin_output", "Plugin Output", true, func(r row) string { return r.result.Evidence }},
	{"stig_severity", "STIG Severity", false, unknown},
	{"cvss4_base_score", "CVSS v4.0 Base Score", false, unknown},
	{"cvss4_bt_score", "CVSS v4.0 Base+Threat Score", false, unknown},
	{"cvss3_base_score", "CVSS v3.0 Base Score", false, func(r row) string { return format.Score(r.vuln.CVSS3Score) }},
	{"cvss_temporal_score", "CVSS v2.0 Temporal Score", false, unknown},
	{"cvss3_temporal_score", "CVSS v3.0 Temporal Score", false, unknown},
	{"vpr_score", "VPR Score", false, unknown},
	{"epss_score", "EPSS Score", false, func(r row) string { return format.EPSS(r.vuln.EPSS) }},
	{"risk_factor", "Risk Factor", false, func(r row) string { return format.RiskFactor(r.vuln) }},
	{"references", "BID", false, unknown},
	{"references", "XREF", false, crossReferences},
	{"references", "MSKB", false, unknown},
	{"plugin_information", "Plugin Publication Date", false, attribute("plugin_publication_date")},
	{"plugin_information", "Plugin Modification Date", false, attribute("plugin_modification_date")},
	{"exploitable_with", "Metasploit", false, unknown},
	{"exploitable_with", "Core Impact", false, unknown},
	{"exploitable_with", "CANVAS", false, unknown},
}

// Columns returns the keys by which columns are chosen, in order, each once.
func Columns() []string {
	var keys []string
	for _, c := range columns {
		if !slices.Contains(keys, c.key) {
			keys = append(keys, c.key)
		}
	}
	return keys
}

func known(key string) bool {
	return slices.ContainsFunc(columns, func(c column) bool { return c.key == key })
}

func pick(want func(column) bool) []column {
	var out []column
	for _, c := range columns {
		if want(c) {
			out = append(out, c)
		}
	}
	return out
}

// unknown is the cell of something that Harrier knows nothing of.
func unknown(row) string { return "" }

func crossReferences(r row) string {
	parts := make([]string, len(r.vuln.CWEs))
	for i, id := range r.vuln.CWEs {
		parts[i] = "CWE:" + strconv.Itoa(id)
	}
	return strings.Join(parts, ";")
}

func attribute(name string) func(row) string {
	return func(r row) string {
		for _, a := range format.Attributes(r.vuln) {
			if a.Name == name {
				return a.Value
			}
		}
		return ""
	}
}
