package nessus

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/format"
)

// familyItem is a row of GET /plugins/families.
type familyItem struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// familiesReply is the answer of GET /plugins/families.
type familiesReply struct {
	Families []familyItem `json:"families"`
}

func (a api) listFamilies(ctx context.Context, _ harrier.Actor, _ struct{}) (familiesReply, error) {
	reply := familiesReply{Families: []familyItem{}}
	for _, f := range a.Vulns.Families(ctx) {
		reply.Families = append(reply.Families, familyItem{f.ID, f.Name, f.Count})
	}
	return reply, nil
}

// byID names an object in the path.
type byID struct {
	ID harrier.ID `from:"path id"`
}

// pluginName is a plugin in a list.
type pluginName struct {
	ID   harrier.VulnID `json:"id"`
	Name string         `json:"name"`
}

// familyReply is the answer of GET /plugins/families/{id}.
type familyReply struct {
	ID      int          `json:"id"`
	Name    string       `json:"name"`
	Plugins []pluginName `json:"plugins"`
}

func (a api) getFamily(ctx context.Context, _ harrier.Actor, q byID) (familyReply, error) {
	f, vulns, err := a.Vulns.Family(ctx, int(q.ID))
	if err != nil {
		return familyReply{}, err
	}
	reply := familyReply{f.ID, f.Name, make([]pluginName, len(vulns))}
	for i, v := range vulns {
		reply.Plugins[i] = pluginName{v.ID, v.Name}
	}
	return reply, nil
}

// pluginAttribute is one attribute of a plugin; some names come repeatedly.
type pluginAttribute struct {
	Name  string `json:"attribute_name"`
	Value string `json:"attribute_value"`
}

// pluginReply is the answer of GET /plugins/plugin/{id}.
type pluginReply struct {
	ID         harrier.VulnID    `json:"id"`
	Name       string            `json:"name"`
	FamilyName string            `json:"family_name"`
	Attributes []pluginAttribute `json:"attributes"`
}

func (a api) getPlugin(ctx context.Context, _ harrier.Actor, q byID) (pluginReply, error) {
	v, err := a.vulnerability(ctx, q.ID)
	if err != nil {
		return pluginReply{}, err
	}
	return pluginReply{v.ID, v.Name, v.Family, attributesOf(v)}, nil
}

func (a api) vulnerability(ctx context.Context, id harrier.ID) (harrier.Vulnerability, error) {
	if id < 0 || id > 1<<31-1 {
		return harrier.Vulnerability{}, errFileNotFound
	}
	return a.Vulns.Vulnerability(ctx, harrier.VulnID(id))
}

// attributesOf lists what is known of a plugin; what is not known is left out,
// and what has several values comes repeatedly.
func attributesOf(v harrier.Vulnerability) []pluginAttribute {
	var out []pluginAttribute
	for _, at := range format.Attributes(v) {
		if at.Name != "see_also" && at.Name != "cpe" {
			out = append(out, pluginAttribute{at.Name, at.Value})
			continue
		}
		for value := range strings.SplitSeq(at.Value, "\n") {
			out = append(out, pluginAttribute{at.Name, value})
		}
	}
	return out
}

// pluginDescription is a plugin as the results and the editor show it. A
// missing attribute is left out; scores are texts.
//
// Source: nessus-api.md, section 4.7.
type pluginDescription struct {
	PluginID     string           `json:"pluginid"`
	PluginName   string           `json:"pluginname"`
	PluginFamily string           `json:"pluginfamily"`
	Severity     harrier.Severity `json:"severity"`
	Attributes   pluginAttributes `json:"pluginattributes"`
}

type pluginAttributes struct {
	PluginName  string            `json:"plugin_name"`
	Synopsis    string            `json:"synopsis"`
	Description string            `json:"description"`
	Solution    *string           `json:"solution"`
	FileName    string            `json:"fname"`
	SeeAlso     []string          `json:"see_also"`
	Risk        riskInformation   `json:"risk_information"`
	Refs        *refInformation   `json:"ref_information,omitempty"`
	Plugin      pluginInformation `json:"plugin_information"`
	Vuln        *vulnInformation  `json:"vuln_information,omitempty"`
	EPSS        string            `json:"epss_score,omitempty"`
}

type riskInformation struct {
	RiskFactor  string `json:"risk_factor"`
	CVSS2Score  string `json:"cvss_base_score,omitempty"`
	CVSS2Vector string `json:"cvss_vector,omitempty"`
	CVSS3Score  string `json:"cvss3_base_score,omitempty"`
	CVSS3Vector string `json:"cvss3_vector,omitempty"`
	CVSS4Score  string `json:"cvss4_base_score,omitempty"`
	CVSS4Vector string `json:"cvss4_vector,omitempty"`
}

type refInformation struct {
	Ref []reference `json:"ref"`
}

type reference struct {
	Name   string          `json:"name"`
	Values referenceValues `json:"values"`
}

type referenceValues struct {
	Value []string `json:"value"`
}

type pluginInformation struct {
	PluginID     harrier.VulnID `json:"plugin_id"`
	Type         string         `json:"plugin_type"`
	Family       string         `json:"plugin_family"`
	Version      string         `json:"plugin_version"`
	Published    string         `json:"plugin_publication_date,omitempty"`
	Modification string         `json:"plugin_modification_date"`
}

type vulnInformation struct {
	CPE       string `json:"cpe,omitempty"`
	Exploit   string `json:"exploit_available,omitempty"`
	Ease      string `json:"exploitability_ease,omitempty"`
	Published string `json:"vuln_publication_date,omitempty"`
	Malware   string `json:"exploited_by_malware,omitempty"`

	Frameworks *exploitFrameworks `json:"exploit_frameworks,omitempty"`
}

type exploitFrameworks struct {
	List []exploitFramework `json:"exploit_framework"`
}

type exploitFramework struct {
	Name string `json:"name"`
}

// describe translates a definition; severity is the one at which it shows.
func describe(v harrier.Vulnerability, severity harrier.Severity) pluginDescription {
	known := map[string]string{}
	for _, at := range format.Attributes(v) {
		if _, repeated := known[at.Name]; !repeated {
			known[at.Name] = at.Value
		}
	}
	out := pluginDescription{PluginID: itoa(int(v.ID)), PluginName: v.Name, PluginFamily: v.Family, Severity: severity}
	out.Attributes = pluginAttributes{
		PluginName: known["plugin_name"], Synopsis: known["synopsis"], Description: known["description"], FileName: known["fname"], SeeAlso: v.References,
		Risk: riskInformation{
			RiskFactor: known["risk_factor"], CVSS2Score: known["cvss_base_score"], CVSS2Vector: known["cvss_vector"],
			CVSS3Score: known["cvss3_base_score"], CVSS3Vector: known["cvss3_vector"],
			CVSS4Score: known["cvss4_base_score"], CVSS4Vector: known["cvss4_vector"],
		},
		Plugin: pluginInformation{
			PluginID: v.ID, Type: known["plugin_type"], Family: v.Family, Version: known["script_version"],
			Published: known["plugin_publication_date"], Modification: known["plugin_modification_date"],
		},
		EPSS: known["epss_score"],
	}
	if v.Solution != "" {
		out.Attributes.Solution = &v.Solution
	}
	if refs := referencesOf(v); len(refs) > 0 {
		out.Attributes.Refs = &refInformation{refs}
	}
	info := vulnInformation{
		CPE: known["cpe"], Exploit: known["exploit_available"], Ease: known["exploitability_ease"],
		Published: known["vuln_publication_date"], Malware: known["exploited_by_malware"],
	}
	if known["exploit_framework_metasploit"] != "" {
		info.Frameworks = &exploitFrameworks{[]exploitFramework{{"Metasploit"}}}
	}
	if info != (vulnInformation{}) {
		out.Attributes.Vuln = &info
	}
	return out
}

func referencesOf(v harrier.Vulnerability) []reference {
	var out []reference
	if len(v.CVEs) > 0 {
		out = append(out, reference{"cve", referenceValues{v.CVEs}})
	}
	if len(v.CWEs) > 0 {
		list := make([]string, len(v.CWEs))
		for i, n := range v.CWEs {
			list[i] = strconv.Itoa(n)
		}
		out = append(out, reference{"cwe", referenceValues{list}})
	}
	return out
}

func itoa(n int) string { return strconv.Itoa(n) }

// familyOf finds the family that a vulnerability belongs to by number;
// "" for one that is not known.
func (a api) familyOf(ctx context.Context) func(harrier.VulnID) string {
	return func(id harrier.VulnID) string {
		v, err := a.Vulns.Vulnerability(ctx, id)
		if err != nil {
			return ""
		}
		return v.Family
	}
}

// pluginRule is a rule that hides a plugin's results or recasts them.
//
// Source: nessus-api.md, section 7.2.
type pluginRule struct {
	ID       harrier.ID     `json:"id"`
	PluginID harrier.VulnID `json:"plugin_id"`
	Date     string         `json:"date"` // unix seconds of the expiry; "" for never
	Host     string         `json:"host"` // "" for all
	Type     string         `json:"type"`
	Owner    string         `json:"owner"`
	OwnerID  harrier.ID     `json:"owner_id"`
}

// rulesReply is the answer of GET /plugin-rules.
type rulesReply struct {
	Rules []pluginRule `json:"plugin_rules"`
}

func (a api) listRules(ctx context.Context, by harrier.Actor, _ struct{}) (rulesReply, error) {
	list, err := a.Findings.Exceptions(ctx, by)
	if err != nil {
		return rulesReply{}, err
	}
	names := a.names(ctx)
	reply := rulesReply{Rules: []pluginRule{}}
	for _, e := range list {
		reply.Rules = append(reply.Rules, newPluginRule(e, names))
	}
	return reply, nil
}

func newPluginRule(e harrier.Exception, names *names) pluginRule {
	r := pluginRule{ID: e.ID, PluginID: e.Vulnerability, Host: e.Host, Type: "exclude", Owner: names.of(e.Owner), OwnerID: e.Owner}
	if !e.Hide {
		r.Type = "recast_" + e.Recast.String()
	}
	if !e.Expires.IsZero() {
		r.Date = strconv.FormatInt(e.Expires.Unix(), 10)
	}
	return r
}

// ruleRequest is the body of POST /plugin-rules.
type ruleRequest struct {
	PluginID *kit.Int  `json:"plugin_id"`
	Type     *kit.Text `json:"type"`
	Host     *kit.Text `json:"host"`
	Date     *kit.Text `json:"date"` // unix seconds or null
}

// apply puts what a request gives into e. It answers Invalid, naming the field.
func (q ruleRequest) apply(e *harrier.Exception) error {
	if q.PluginID != nil {
		if *q.PluginID <= 0 || *q.PluginID > 1<<31-1 {
			return harrier.Invalidf("plugin_id", "%d is not the number of a plugin", *q.PluginID)
		}
		e.Vulnerability = harrier.VulnID(*q.PluginID)
	}
	if q.Host != nil {
		e.Host = strings.TrimSpace(string(*q.Host))
	}
	if q.Type != nil {
		recast, isRecast := strings.CutPrefix(string(*q.Type), "recast_")
		severity, err := harrier.ParseSeverity(recast)
		if *q.Type != "exclude" && (!isRecast || err != nil) {
			return harrier.Invalidf("type", "%q is not a type of rule", *q.Type)
		}
		e.Hide, e.Recast = !isRecast, severity
	}
	if q.Date != nil {
		if e.Expires = (time.Time{}); *q.Date != "" && *q.Date != "0" {
			t, err := parseDate(string(*q.Date))
			if err != nil {
				return harrier.Invalidf("date", "%s", err)
			}
			e.Expires = t
		}
	}
	return nil
}

// parseDate reads unix seconds or YYYY/MM/DD.
func parseDate(s string) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 && n < 1<<40 {
		return time.Unix(n, 0).UTC(), nil
	}
	if t, err := time.Parse("2006/01/02", s); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q is neither unix seconds nor a date YYYY/MM/DD", s)
}

func (a api) createRule(ctx context.Context, by harrier.Actor, q ruleRequest) (kit.Empty, error) {
	if q.PluginID == nil || q.Type == nil {
		return kit.Empty{}, harrier.Errorf(harrier.Invalid, "plugin_id and type are needed")
	}
	var e harrier.Exception
	if err := q.apply(&e); err != nil {
		return kit.Empty{}, err
	}
	return kit.Empty{}, a.Findings.CreateException(ctx, by, &e)
}

func (a api) rule(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Exception, error) {
	list, err := a.Findings.Exceptions(ctx, by)
	if err != nil {
		return harrier.Exception{}, err
	}
	for _, e := range list {
		if e.ID == id {
			return e, nil
		}
	}
	return harrier.Exception{}, errFileNotFound
}

func (a api) getRule(ctx context.Context, by harrier.Actor, q byID) (pluginRule, error) {
	e, err := a.rule(ctx, by, q.ID)
	return newPluginRule(e, a.names(ctx)), err
}

// ruleUpdate is a PUT /plugin-rules/{id}: what is not given stays.
type ruleUpdate struct {
	byID
	ruleRequest
}

func (a api) updateRule(ctx context.Context, by harrier.Actor, q ruleUpdate) (pluginRule, error) {
	e, err := a.rule(ctx, by, q.ID)
	if err != nil {
		return pluginRule{}, err
	}
	if err := q.apply(&e); err != nil {
		return pluginRule{}, err
	}
	if err := a.Findings.UpdateException(ctx, by, &e); err != nil {
		return pluginRule{}, err
	}
	return newPluginRule(e, a.names(ctx)), nil
}

func (a api) deleteRule(ctx context.Context, by harrier.Actor, q byID) (kit.Empty, error) {
	return kit.Empty{}, a.Findings.DeleteException(ctx, by, q.ID)
}

func (a api) deleteRules(ctx context.Context, by harrier.Actor, q byIDs) (deletedReply, error) {
	return deleteEach(q.IDs, func(id harrier.ID) error { return a.Findings.DeleteException(ctx, by, id) })
}

// byIDs names many objects in the body.
type byIDs struct {
	IDs kit.Ints `json:"ids"`
}

// deletedReply lists what is gone.
type deletedReply struct {
	Deleted []harrier.ID `json:"deleted"`
}

// deleteEach deletes one after the other and ends at the first that fails; what
// is not there is passed over, for it is gone.
func deleteEach(ids kit.Ints, remove func(harrier.ID) error) (deletedReply, error) {
	reply := deletedReply{Deleted: []harrier.ID{}}
	if len(ids) == 0 {
		return reply, harrier.Invalidf("ids", "must name at least one")
	}
	for _, n := range ids {
		id := harrier.ID(n)
		err := remove(id)
		if harrier.KindOf(err) == harrier.NotFound && err != nil {
			continue
		}
		if err != nil {
			return reply, err
		}
		reply.Deleted = append(reply.Deleted, id)
	}
	return reply, nil
}
