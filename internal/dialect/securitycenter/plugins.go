package securitycenter

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

func (a api) pluginRoutes(m *router) {
	m.handle("GET /pluginFamily", a.listFamilies)
	m.handle("GET /pluginFamily/{id}", a.getFamily)
	m.handle("GET /pluginFamily/{id}/plugins", a.listFamilyPlugins)
	m.handle("GET /plugin", a.listPlugins)
	m.handle("GET /plugin/{id}", a.getPlugin)
}

// pluginItem is a plugin.
//
// Source: securitycenter-api.md, section 6.2. Scores, ports and the STIG
// severity are null when there are none.
type pluginItem struct {
	ID               string    `json:"id"`
	Name             string    `json:"name"`
	Description      string    `json:"description"`
	Type             string    `json:"type"`
	Copyright        string    `json:"copyright"`
	Version          string    `json:"version"`
	SourceFile       string    `json:"sourceFile"`
	Source           string    `json:"source"`
	Dependencies     string    `json:"dependencies"`
	RequiredPorts    string    `json:"requiredPorts"`
	RequiredUDPPorts string    `json:"requiredUDPPorts"`
	CPE              string    `json:"cpe"`
	SourcePort       *string   `json:"srcPort"`
	DestinationPort  *string   `json:"dstPort"`
	Protocol         string    `json:"protocol"`
	RiskFactor       string    `json:"riskFactor"`
	Solution         string    `json:"solution"`
	SeeAlso          string    `json:"seeAlso"`
	Synopsis         string    `json:"synopsis"`
	CheckType        string    `json:"checkType"`
	ExploitEase      string    `json:"exploitEase"`
	ExploitAvailable string    `json:"exploitAvailable"`
	ExploitFrames    string    `json:"exploitFrameworks"`
	CVSS2Vector      string    `json:"cvssVector"`
	CVSS2VectorBF    string    `json:"cvssVectorBF"`
	BaseScore        *string   `json:"baseScore"`
	TemporalScore    *string   `json:"temporalScore"`
	CVSS3Vector      string    `json:"cvssV3Vector"`
	CVSS3VectorBF    string    `json:"cvssV3VectorBF"`
	CVSS3BaseScore   *string   `json:"cvssV3BaseScore"`
	CVSS3Temporal    *string   `json:"cvssV3TemporalScore"`
	CVSS4Vector      string    `json:"cvssV4Vector"`
	CVSS4BaseScore   *string   `json:"cvssV4BaseScore"`
	CVSS4Threat      *string   `json:"cvssV4ThreatScore"`
	CVSS4ThreatVec   string    `json:"cvssV4ThreatVector"`
	CVSS4Supplement  string    `json:"cvssV4Supplemental"`
	EPSS             string    `json:"epssScore"`
	VPRScore         string    `json:"vprScore"`
	VPRContext       string    `json:"vprContext"`
	STIGSeverity     *string   `json:"stigSeverity"`
	PluginPublished  string    `json:"pluginPubDate"`
	PluginModified   string    `json:"pluginModDate"`
	PatchPublished   string    `json:"patchPubDate"`
	PatchModified    string    `json:"patchModDate"`
	VulnPublished    string    `json:"vulnPubDate"`
	Modified         string    `json:"modifiedTime"`
	MD5              string    `json:"md5"`
	XRefs            string    `json:"xrefs"`
	Family           familyRef `json:"family"`
}

// newPlugin translates a definition.
func (a api) newPlugin(ctx context.Context, v harrier.Vulnerability) pluginItem {
	known := map[string]string{}
	for _, at := range format.Attributes(v) {
		if _, repeated := known[at.Name]; !repeated {
			known[at.Name] = at.Value
		}
	}
	w := pluginItem{
		ID: vid(v.ID), Name: v.Name, Description: v.Description, Type: "active", Copyright: "Harrier", Version: known["script_version"],
		SourceFile: known["fname"], CPE: strings.ReplaceAll(known["cpe"], "\n", "<br/>"), RiskFactor: known["risk_factor"], Solution: known["solution"],
		SeeAlso: strings.Join(v.References, "\n"), Synopsis: known["synopsis"], CheckType: "remote",
		ExploitEase: known["exploitability_ease"], ExploitAvailable: known["exploit_available"],
		CVSS2Vector: v.CVSS2Vector, CVSS2VectorBF: "0", BaseScore: orNil(known["cvss_base_score"]),
		CVSS3Vector: vectorOf(v.CVSS3Vector), CVSS3VectorBF: "0", CVSS3BaseScore: orNil(known["cvss3_base_score"]),
		CVSS4Vector: vectorOf(v.CVSS4Vector), CVSS4BaseScore: orNil(known["cvss4_base_score"]), EPSS: known["epss_score"], VPRContext: "[]",
		PluginPublished: stime(v.Added), PluginModified: stime(v.Modified), PatchPublished: "-1", PatchModified: "-1",
		VulnPublished: stime(v.Published), Modified: stime(changed(v)), XRefs: xrefs(v), Family: a.familyNamed(ctx, v.Family).ref(),
	}
	if known["plugin_type"] == "local" || known["plugin_type"] == "combined" {
		w.CheckType = known["plugin_type"]
	}
	if known["exploit_framework_metasploit"] != "" {
		w.ExploitFrames = "Metasploit"
	}
	return w
}

// changed is when a plugin changed last.
func changed(v harrier.Vulnerability) time.Time {
	if v.Modified.IsZero() {
		return v.Added
	}
	return v.Modified
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// bare is a CVSS vector without the prefix that names its version.
func vectorOf(vector string) string {
	if rest, ok := strings.CutPrefix(vector, "CVSS:"); ok {
		_, rest, _ = strings.Cut(rest, "/")
		return rest
	}
	return vector
}

// xrefs lists the names that others have for a vulnerability: TYPE:NAME.
//
// Source: securitycenter-api.md, section 6.2 and trap 23.
func xrefs(v harrier.Vulnerability) string {
	var out []string
	for _, id := range v.CVEs {
		out = append(out, "CVE:"+id)
	}
	for _, id := range v.Aliases {
		kind, _, _ := strings.Cut(id, "-")
		out = append(out, kind+":"+id)
	}
	for _, n := range v.CWEs {
		out = append(out, "CWE:"+strconv.Itoa(n))
	}
	if !v.ExploitedSince.IsZero() {
		out = append(out, "CISA-KNOWN-EXPLOITED:"+format.Date(v.ExploitedSince))
	}
	return strings.Join(out, ", ")
}

// openPort is the plugin of number 0, which states that a port is open.
//
// Source: securitycenter-api.md, section 6.2.
var openPort = harrier.Vulnerability{Name: "Open Port", Slug: "open-port", Family: "Port scanners", Description: "The port is open.", Synopsis: "The port is open."}

func (a api) getPlugin(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	id, err := strconv.ParseInt(strings.TrimSpace(q.path("id")), 10, 32)
	if err != nil || id < 0 {
		return nil, noObject("Plugin", q.path("id"), "get")
	}
	v := openPort
	if id != 0 {
		if v, err = a.Vulns.Vulnerability(ctx, harrier.VulnID(id)); err != nil {
			return nil, missing(err, "Plugin", q.path("id"), "get")
		}
	}
	return pick(a.newPlugin(ctx, v), q.fields(), "id"), nil
}

func (a api) listPlugins(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	return a.findPlugins(ctx, q, nil)
}

// findPlugins answers a search among all plugins, or among those of a family.
func (a api) findPlugins(ctx context.Context, q *query, in *family) (any, error) {
	s, err := newPluginSearch(q)
	if err != nil {
		return nil, err
	}
	if in != nil {
		s.family = in
	}
	ids, err := a.searchPlugins(ctx, s)
	if err != nil {
		return nil, err
	}
	fields := q.fields("id", "name", "description")
	out := make([]any, 0, len(ids))
	for _, id := range ids {
		v, err := a.Vulns.Vulnerability(ctx, id)
		if err != nil {
			if harrier.KindOf(err) == harrier.NotFound {
				continue // content has changed meanwhile
			}
			return nil, err
		}
		out = append(out, pick(a.newPlugin(ctx, v), fields, "id"))
	}
	return out, nil
}
