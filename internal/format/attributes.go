package format

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Attribute is one thing that is said of a plugin, under its public name.
type Attribute struct{ Name, Value string }

// Attributes says what there is to say of a vulnerability in the words of the
// .nessus format: the children of a ReportItem that do not depend on the host,
// and likewise the attributes of a plugin in the API. They come in the byte
// order of their names; cve, cwe and xref are repeated. No value is empty, and
// those that strict readers insist on are always there.
//
// Source: nessus-api.md, section 15.4.
func Attributes(v harrier.Vulnerability) []Attribute {
	list := make([]Attribute, 0, 24+len(v.CVEs)+2*len(v.CWEs))
	add := func(name, value string) {
		if value != "" {
			list = append(list, Attribute{name, value})
		}
	}
	add("cisa-known-exploited", Date(v.ExploitedSince))
	add("cpe", strings.Join(cpeURIs(v.CPEs), "\n"))
	for _, id := range v.CVEs {
		add("cve", id)
	}
	add("cvss3_base_score", Score(v.CVSS3Score))
	add("cvss3_vector", CVSS3Vector(v))
	add("cvss4_base_score", Score(v.CVSS4Score))
	add("cvss4_vector", v.CVSS4Vector)
	add("cvss_base_score", Score(v.CVSS2Score))
	add("cvss_vector", prefixed("CVSS2#", v.CVSS2Vector))
	for _, id := range v.CWEs {
		add("cwe", strconv.Itoa(id))
	}
	add("description", cmp.Or(v.Description, v.Synopsis, v.Name, "n/a"))
	for _, e := range v.Exploits {
		if e.Source == exploitDB {
			add("edb-id", e.ID)
		}
	}
	add("epss_score", EPSS(v.EPSS))
	module := moduleOf(v)
	if flawed(v) {
		add("exploit_available", strconv.FormatBool(hasExploit(v)))
		if module != "" {
			add("exploit_framework_metasploit", "true")
		}
		add("exploitability_ease", ease(v))
	}
	if v.Ransomware {
		add("exploited_by_malware", "true")
	}
	add("fname", fileName(v))
	add("metasploit_name", module)
	added, modified := pluginDates(v)
	add("plugin_modification_date", Date(modified))
	add("plugin_name", cmp.Or(v.Name, v.Slug, "n/a"))
	add("plugin_publication_date", Date(added))
	add("plugin_type", PluginType(v))
	add("risk_factor", RiskFactor(v))
	add("script_version", "1.0")
	add("see_also", strings.Join(v.References, "\n"))
	add("solution", cmp.Or(v.Solution, "n/a"))
	add("synopsis", cmp.Or(v.Synopsis, v.Name, "n/a"))
	if strings.HasPrefix(v.Slug, endOfLife) {
		add("unsupported_by_vendor", "true")
	}
	if !v.Published.IsZero() {
		add("vuln_publication_date", Date(v.Published))
	}
	if !v.ExploitedSince.IsZero() {
		add("xref", "CISA-KNOWN-EXPLOITED:"+Date(v.ExploitedSince))
	}
	for _, id := range v.CWEs {
		add("xref", "CWE:"+strconv.Itoa(id))
	}
	return list
}

// flawed reports whether v is something that could be exploited, rather than a
// fact about the host.
func flawed(v harrier.Vulnerability) bool {
	return len(v.CVEs) > 0 || v.CVSS2Score > 0 || v.CVSS3Score > 0 || hasExploit(v)
}

func hasExploit(v harrier.Vulnerability) bool { return v.Exploit || v.Exploited || len(v.Exploits) > 0 }

// endOfLife begins the slugs of products that their makers support no longer.
const endOfLife = "eol-"

// The sources of exploits that the format has words for.
const (
	exploitDB  = "exploitdb"
	metasploit = "metasploit"
)

// moduleOf is the title of the first Metasploit module for v, or its path; ""
// when there is none.
func moduleOf(v harrier.Vulnerability) string {
	for _, e := range v.Exploits {
		if e.Source == metasploit {
			return cmp.Or(e.Title, e.ID)
		}
	}
	return ""
}

func ease(v harrier.Vulnerability) string {
	if hasExploit(v) {
		return "Exploits are available"
	}
	return "No known exploits are available"
}

func prefixed(prefix, s string) string {
	if s == "" || strings.HasPrefix(s, prefix) {
		return s
	}
	return prefix + s
}

// CVSS3Vector returns the version 3 vector with the prefix CVSS:3.0/, which it
// has in this vocabulary whether it was published as 3.0 or 3.1; "" without
// one.
//
// Source: nessus-api.md, sections 12 and 15.5 (DefectDojo).
func CVSS3Vector(v harrier.Vulnerability) string {
	if v.CVSS3Vector == "" {
		return ""
	}
	for _, prefix := range []string{"CVSS:3.1/", "CVSS:3.0/"} {
		if rest, found := strings.CutPrefix(v.CVSS3Vector, prefix); found {
			return "CVSS:3.0/" + rest
		}
	}
	return "CVSS:3.0/" + v.CVSS3Vector
}

// Score writes a CVSS score with its one decimal; "" for 0.
func Score(score float64) string {
	if score <= 0 {
		return ""
	}
	return strconv.FormatFloat(score, 'f', 1, 64)
}

// EPSS writes a probability with four decimals; "" for 0.
func EPSS(p float64) string {
	if p <= 0 {
		return ""
	}
	return strconv.FormatFloat(p, 'f', 4, 64)
}

// Date writes the day of t as 2026/03/01; "" for the zero time.
func Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006/01/02")
}

// firstCatalogue is the day of the first catalogue of checks: a definition
// without dates of its own has been there since.
var firstCatalogue = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// pluginDates returns when the check was added and changed last. Readers want
// both, so that one stands in for the other.
func pluginDates(v harrier.Vulnerability) (added, modified time.Time) {
	added, modified = v.Added, v.Modified
	if added.IsZero() {
		added = modified
	}
	if added.IsZero() {
		added = firstCatalogue
	}
	if modified.IsZero() {
		modified = added
	}
	return added, modified
}

// RiskFactor returns "None", "Low", "Medium", "High" or "Critical" by the CVSS
// version 2 score, and by the severity of a definition that has none. It is
// independent of the severity that a result shows.
//
// Source: nessus-api.md, section 12.
func RiskFactor(v harrier.Vulnerability) string {
	switch score := v.CVSS2Score; {
	case score >= 10:
		return "Critical"
	case score >= 7:
		return "High"
	case score >= 4:
		return "Medium"
	case score > 0:
		return "Low"
	}
	return Risk(v.Severity)
}

// Risk returns the severity in the words of the Risk column: "None" for info.
func Risk(s harrier.Severity) string {
	return [...]string{"None", "Low", "Medium", "High", "Critical"}[min(s, harrier.Critical)]
}

// PluginType returns "remote", "local" or "summary": how a plugin of this kind
// comes to its result.
//
// Source: nessus-api.md, section 15.4.
func PluginType(v harrier.Vulnerability) string {
	switch {
	case v.Family == "Settings":
		return "summary"
	case strings.HasSuffix(v.Family, "Local Security Checks"), strings.HasPrefix(v.Family, "Windows : "):
		return "local"
	}
	return "remote"
}

// fileName is the name of the plugin's script in the words of the format: the
// slug, with what a file name should not have replaced.
func fileName(v harrier.Vulnerability) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, strings.ToLower(v.Slug))
	return cmp.Or(name, "plugin_"+strconv.Itoa(int(v.ID))) + ".nasl"
}
