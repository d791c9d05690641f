package securitycenter

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/finding"
)

// listSorts says what fields of records findings are sorted by.
var listSorts = map[string]string{
	"severity": "severity", "pluginid": "vulnerability", "pluginname": "name", "name": "name", "family": "family", "ip": "address",
	"port": "port", "protocol": "protocol", "dnsname": "fqdn", "netbiosname": "netbios", "macaddress": "mac", "repository": "repository",
	"basescore": "cvss2", "vulnpubdate": "published", "exploitavailable": "exploit", "operatingsystem": "os", "riskfactor": "severity",
	"firstseen": "first_seen", "lastseen": "last_seen", "cvssv3basescore": "cvss3", "epssscore": "epss", "lastmitigated": "closed",
}

// page is the findings that are asked for, with their assets.
func (s *asked) list(ctx context.Context) ([]harrier.JudgedFinding, map[harrier.ID]harrier.Asset, int, error) {
	sort, ok := listSorts[strings.ToLower(s.in.sort)]
	desc := s.in.desc
	if !ok {
		sort, desc = "severity", true
	}
	list, total, err := s.from.list(ctx, s.expr, finding.Page{Sort: sort, Desc: desc, Offset: s.in.start, Limit: max(s.in.end-s.in.start, 1)})
	if err != nil {
		return nil, nil, 0, err
	}
	if s.in.end == s.in.start {
		list = nil
	}
	assets, err := s.assetsFor(ctx, list)
	return list, assets, total, err
}

func (s *asked) assetsFor(ctx context.Context, list []harrier.JudgedFinding) (map[harrier.ID]harrier.Asset, error) {
	ids := make([]harrier.ID, len(list))
	for i, f := range list {
		ids[i] = f.Asset
	}
	return s.assetsOf(ctx, ids)
}

// vulnRow is a record of listvuln.
type vulnRow struct {
	PluginID   string           `json:"pluginID"`
	Severity   severityRef      `json:"severity"`
	VPRScore   string           `json:"vprScore"`
	IP         string           `json:"ip"`
	UUID       string           `json:"uuid"`
	Port       string           `json:"port"`
	Protocol   string           `json:"protocol"`
	Name       string           `json:"name"`
	PluginName string           `json:"pluginName"`
	DNSName    string           `json:"dnsName"`
	MAC        string           `json:"macAddress"`
	NetBIOS    string           `json:"netbiosName"`
	Unique     string           `json:"uniqueness"`
	HostUnique string           `json:"hostUniqueness"`
	ACR        string           `json:"acrScore"`
	AES        string           `json:"assetExposureScore"`
	Family     familyRef        `json:"family"`
	Repository recordRepository `json:"repository"`
	Info       string           `json:"pluginInfo"`
}

// pluginInfo is "135358 (0/6) name".
func pluginInfo(f harrier.JudgedFinding, name string) string {
	return fmt.Sprintf("%d (%d/%d) %s", f.Vulnerability, f.Port, protocolNumbers[string(f.Protocol)], name)
}

func (s *asked) listVuln(ctx context.Context) (rows, error) {
	list, assets, total, err := s.list(ctx)
	if err != nil {
		return rows{}, err
	}
	out := rows{total: total, matching: "-1"}
	for _, f := range list {
		v, as := s.definition(ctx, f.Vulnerability), assets[f.Asset]
		out.list = append(out.list, vulnRow{
			PluginID: sid(harrier.ID(f.Vulnerability)), Severity: severityOf(f.Severity), IP: addrText(as.Addr), Port: sid(int(f.Port)),
			Protocol: strings.ToUpper(string(f.Protocol)), Name: v.Name, PluginName: v.Name, DNSName: as.FQDN, MAC: as.MAC, NetBIOS: as.NetBIOS,
			Unique: hostUniqueness, HostUnique: hostUniqueness, Family: s.familyNamed(ctx, v.Family).ref(), Repository: s.repository(as.Repository),
			Info: pluginInfo(f, v.Name),
		})
	}
	return out, nil
}

// detailRow is a record of vulndetails.
//
// Source: section 11.4.
type detailRow struct {
	PluginID       string           `json:"pluginID"`
	Severity       severityRef      `json:"severity"`
	VPRScore       string           `json:"vprScore"`
	VPRContext     string           `json:"vprContext"`
	HasBeenMitig   string           `json:"hasBeenMitigated"`
	AcceptRisk     string           `json:"acceptRisk"`
	RecastRisk     string           `json:"recastRisk"`
	IP             string           `json:"ip"`
	UUID           string           `json:"uuid"`
	Port           string           `json:"port"`
	Protocol       string           `json:"protocol"`
	PluginName     string           `json:"pluginName"`
	FirstSeen      string           `json:"firstSeen"`
	LastSeen       string           `json:"lastSeen"`
	Exploit        string           `json:"exploitAvailable"`
	ExploitEase    string           `json:"exploitEase"`
	Frameworks     string           `json:"exploitFrameworks"`
	Synopsis       string           `json:"synopsis"`
	Description    string           `json:"description"`
	Solution       string           `json:"solution"`
	SeeAlso        string           `json:"seeAlso"`
	RiskFactor     string           `json:"riskFactor"`
	STIG           string           `json:"stigSeverity"`
	BaseScore      string           `json:"baseScore"`
	TemporalScore  string           `json:"temporalScore"`
	Vector         string           `json:"cvssVector"`
	V3Base         string           `json:"cvssV3BaseScore"`
	V3Temporal     string           `json:"cvssV3TemporalScore"`
	V3Vector       string           `json:"cvssV3Vector"`
	V4Base         string           `json:"cvssV4BaseScore"`
	V4Threat       string           `json:"cvssV4ThreatScore"`
	V4Vector       string           `json:"cvssV4Vector"`
	V4ThreatVector string           `json:"cvssV4ThreatVector"`
	EPSS           string           `json:"epssScore"`
	CPE            string           `json:"cpe"`
	VulnPub        string           `json:"vulnPubDate"`
	PatchPub       string           `json:"patchPubDate"`
	PluginPub      string           `json:"pluginPubDate"`
	PluginMod      string           `json:"pluginModDate"`
	CheckType      string           `json:"checkType"`
	Version        string           `json:"version"`
	CVE            string           `json:"cve"`
	BID            string           `json:"bid"`
	XRef           string           `json:"xref"`
	SEOL           string           `json:"seolDate"`
	Text           string           `json:"pluginText"`
	DNSName        string           `json:"dnsName"`
	MAC            string           `json:"macAddress"`
	NetBIOS        string           `json:"netbiosName"`
	OS             string           `json:"operatingSystem"`
	IPs            string           `json:"ips"`
	RecastComment  string           `json:"recastRiskRuleComment"`
	AcceptComment  string           `json:"acceptRiskRuleComment"`
	HostUnique     string           `json:"hostUniqueness"`
	HostUUID       string           `json:"hostUUID"`
	ACR            string           `json:"acrScore"`
	KeyDrivers     string           `json:"keyDrivers"`
	ACREvaluated   string           `json:"acrLastEvaluatedTime"`
	AES            string           `json:"assetExposureScore"`
	VulnUnique     string           `json:"vulnUniqueness"`
	VulnUUID       string           `json:"vulnUUID"`
	Unique         string           `json:"uniqueness"`
	Family         familyRef        `json:"family"`
	Repository     recordRepository `json:"repository"`
	PluginInfo     string           `json:"pluginInfo"`
}

// riskFactors are the words for severities.
var riskFactors = [harrier.Severities]string{"None", "Low", "Medium", "High", "Critical"}

func zeroOne(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func (s *asked) vulnDetails(ctx context.Context) (rows, error) {
	list, assets, total, err := s.list(ctx)
	if err != nil {
		return rows{}, err
	}
	reasons, err := s.reasons(ctx, list)
	if err != nil {
		return rows{}, err
	}
	out := rows{total: total, matching: "-1"}
	for _, f := range list {
		out.list = append(out.list, s.detailRow(ctx, f, assets[f.Asset], reasons))
	}
	return out, nil
}

// reasons are the comments of the exceptions that judge list.
func (s *asked) reasons(ctx context.Context, list []harrier.JudgedFinding) (map[harrier.ID]string, error) {
	if !slices.ContainsFunc(list, func(f harrier.JudgedFinding) bool { return f.Accepted > 0 || f.Recast > 0 }) {
		return nil, nil
	}
	rules, err := s.Findings.Exceptions(ctx, s.by)
	out := map[harrier.ID]string{}
	for _, e := range rules {
		out[e.ID] = e.Reason
	}
	return out, err
}

func (s *asked) detailRow(ctx context.Context, f harrier.JudgedFinding, as harrier.Asset, reasons map[harrier.ID]string) detailRow {
	v := s.definition(ctx, f.Vulnerability)
	exploit, ease := "No", "No known exploits are available"
	if v.Exploit || v.Exploited {
		exploit, ease = "Yes", "Exploits are available"
	}
	var frameworks []string
	for _, e := range v.Exploits {
		if !slices.Contains(frameworks, e.Source) {
			frameworks = append(frameworks, e.Source)
		}
	}
	solution := v.Solution
	if solution == "" {
		solution = "n/a"
	}
	text := ""
	if f.Evidence != "" {
		text = "<plugin_output>" + f.Evidence + "</plugin_output>"
	}
	return detailRow{
		PluginID: sid(harrier.ID(f.Vulnerability)), Severity: severityOf(f.Severity), VPRContext: "[]",
		HasBeenMitig: zeroOne(len(f.Intervals) > 1), AcceptRisk: zeroOne(f.Accepted > 0), RecastRisk: zeroOne(f.Recast > 0),
		IP: addrText(as.Addr), Port: sid(int(f.Port)), Protocol: strings.ToUpper(string(f.Protocol)), PluginName: v.Name,
		FirstSeen: stime(f.FirstSeen()), LastSeen: stime(f.LastSeen()), Exploit: exploit, ExploitEase: ease, Frameworks: strings.Join(frameworks, ","),
		Synopsis: v.Synopsis, Description: v.Description, Solution: solution, SeeAlso: strings.Join(v.References, "\n"), RiskFactor: riskFactors[min(v.Severity, harrier.Critical)],
		BaseScore: scoreText(v.CVSS2Score), Vector: v.CVSS2Vector, V3Base: scoreText(v.CVSS3Score), V3Vector: unprefixed(v.CVSS3Vector),
		V4Base: scoreText(v.CVSS4Score), V4Vector: unprefixed(v.CVSS4Vector), EPSS: scoreText(v.EPSS), CPE: strings.Join(v.CPEs, "<br/>"),
		VulnPub: stime(v.Published), PatchPub: "-1", PluginPub: stime(v.Added), PluginMod: stime(v.Modified), CheckType: "remote", Version: "1",
		CVE: strings.Join(v.CVEs, ","), XRef: recordXrefs(v), SEOL: "-1", Text: text, DNSName: as.FQDN, MAC: as.MAC, NetBIOS: as.NetBIOS, OS: as.OS,
		IPs: addrText(as.Addr), RecastComment: reasons[f.Recast], AcceptComment: reasons[f.Accepted], HostUnique: hostUniqueness, HostUUID: as.UUID.String(),
		KeyDrivers: "[]", ACREvaluated: "-1", VulnUnique: vulnUniqueness, Unique: hostUniqueness,
		Family: s.familyNamed(ctx, v.Family).ref(), Repository: s.repository(as.Repository), PluginInfo: pluginInfo(f, v.Name),
	}
}

// unprefixed is a vector without "CVSS:3.1/".
func unprefixed(vector string) string {
	if strings.HasPrefix(vector, "CVSS:") {
		_, rest, _ := strings.Cut(vector, "/")
		return rest
	}
	return vector
}

// recordXrefs are the references of a definition as records have them: "CWE #79".
func recordXrefs(v harrier.Vulnerability) string {
	var out []string
	for _, a := range v.Aliases {
		kind, id, _ := strings.Cut(a, "-")
		out = append(out, kind+" #"+id)
	}
	for _, n := range v.CWEs {
		out = append(out, "CWE #"+strconv.Itoa(n))
	}
	return strings.Join(out, ",")
}

type ipItem struct {
	IP      string `json:"ip"`
	UUID    string `json:"uuid"`
	MAC     string `json:"macAddress"`
	NetBIOS string `json:"netbiosName"`
	DNSName string `json:"dnsName"`
}

func newIPItem(as harrier.Asset) ipItem {
	return ipItem{IP: addrText(as.Addr), MAC: as.MAC, NetBIOS: as.NetBIOS, DNSName: as.FQDN}
}

type hostsOfRepository struct {
	RepositoryID string            `json:"repositoryID,omitempty"`
	IPs          any               `json:"iplist"`
	UUIDs        *string           `json:"uuidIPsList,omitempty"`
	Repository   *recordRepository `json:"repository,omitempty"`
}

type pluginHosts struct {
	PluginID     string              `json:"pluginID"`
	Total        string              `json:"total"`
	Severity     severityRef         `json:"severity"`
	Name         string              `json:"name"`
	Description  string              `json:"pluginDescription"`
	RepositoryID string              `json:"repositoryID,omitempty"`
	Hosts        []hostsOfRepository `json:"hosts"`
	Family       familyRef           `json:"family"`
}

func (s *asked) vulnIPDetail(ctx context.Context) (rows, error)  { return s.pluginHosts(ctx, false) }
func (s *asked) vulnIPSummary(ctx context.Context) (rows, error) { return s.pluginHosts(ctx, true) }

// pluginHosts lists plugins, each with the hosts that have it.
func (s *asked) pluginHosts(ctx context.Context, short bool) (rows, error) {
	n, err := s.sums(ctx, harrier.ByVulnerability, "severity")
	if err != nil {
		return rows{}, err
	}
	out := rows{total: n.Groups, matching: strconv.Itoa(n.Counts.Total())}
	for _, g := range n.Rows {
		hosts, err := s.hostsWith(ctx, harrier.And{eq("vulnerability", harrier.Eq, int64(g.ID)), eq("severity", harrier.Eq, int64(g.Severity))})
		if err != nil {
			return rows{}, err
		}
		v := s.definition(ctx, harrier.VulnID(g.ID))
		row := pluginHosts{
			PluginID: sid(g.ID), Total: sid(g.Total()), Severity: severityOf(g.Severity), Name: v.Name, Description: v.Description,
			Family: s.familyNamed(ctx, v.Family).ref(), Hosts: []hostsOfRepository{},
		}
		for _, h := range hosts {
			ref := s.repository(h.repository)
			one := hostsOfRepository{IPs: h.items(), Repository: &ref}
			if short {
				row.RepositoryID = ref.ID
				one.IPs, one.UUIDs = h.text(), new(string)
			}
			row.Hosts = append(row.Hosts, one)
		}
		out.list = append(out.list, row)
	}
	return out, nil
}

// hostGroup is hosts of one repository, by address.
type hostGroup struct {
	repository harrier.ID
	assets     []harrier.Asset
}

func (h hostGroup) items() []ipItem {
	out := make([]ipItem, len(h.assets))
	for i, as := range h.assets {
		out[i] = newIPItem(as)
	}
	return out
}

func (h hostGroup) text() string {
	var out []string
	for _, as := range h.assets {
		out = append(out, addrText(as.Addr))
	}
	return strings.Join(out, ",")
}

// hostsWith lists the hosts that have one of the findings that are asked for and
// that e holds for.
func (s *asked) hostsWith(ctx context.Context, e harrier.Expr) ([]hostGroup, error) {
	n, err := s.from.sums(ctx, harrier.And{s.expr, e}, harrier.SumQuery{By: harrier.ByAsset})
	if err != nil {
		return nil, err
	}
	var ids []harrier.ID
	for _, g := range n.Rows {
		ids = append(ids, g.ID)
	}
	assets, err := s.assetsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	groups := map[harrier.ID]*hostGroup{}
	var out []*hostGroup
	for _, id := range ids {
		as, ok := assets[id]
		if !ok {
			continue
		}
		g := groups[as.Repository]
		if g == nil {
			g = &hostGroup{repository: as.Repository}
			groups[as.Repository], out = g, append(out, g)
		}
		g.assets = append(g.assets, as)
	}
	slices.SortFunc(out, func(a, b *hostGroup) int { return cmp.Compare(a.repository, b.repository) })
	plain := make([]hostGroup, len(out))
	for i, g := range out {
		slices.SortStableFunc(g.assets, func(a, b harrier.Asset) int { return a.Addr.Compare(b.Addr) })
		plain[i] = *g
	}
	return plain, nil
}

type cveHosts struct {
	CVE   string              `json:"cveID"`
	Total string              `json:"total"`
	Hosts []hostsOfRepository `json:"hosts"`
}

func (s *asked) cveIPDetail(ctx context.Context) (rows, error) {
	n, err := s.sums(ctx, harrier.ByCVE, "severity")
	if err != nil {
		return rows{}, err
	}
	out := rows{total: n.Groups, matching: strconv.Itoa(n.Groups)}
	for _, g := range n.Rows {
		hosts, err := s.hostsWith(ctx, eq("cve", harrier.Eq, g.Key))
		if err != nil {
			return rows{}, err
		}
		row := cveHosts{CVE: g.Key, Total: sid(g.Total()), Hosts: []hostsOfRepository{}}
		for _, h := range hosts {
			row.Hosts = append(row.Hosts, hostsOfRepository{RepositoryID: sid(h.repository), IPs: h.items()})
		}
		out.list = append(out.list, row)
	}
	return out, nil
}

// ipListAnswer is the answer of iplist: its own members are the ranges.
type ipListAnswer struct{ ranges []string }

// rows are the ranges as records.
func (l ipListAnswer) rows() []any {
	out := make([]any, len(l.ranges))
	for i, r := range l.ranges {
		out[i] = map[string]string{"ip": r}
	}
	return out
}

// MarshalJSON writes {"0":"192.0.2.1","1":"192.0.2.3-192.0.2.5","results":null}.
func (l ipListAnswer) MarshalJSON() ([]byte, error) {
	out := []byte("{")
	for i, r := range l.ranges {
		value, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		out = append(append(fmt.Appendf(out, "%q:", strconv.Itoa(i)), value...), ',')
	}
	return append(out, `"results":null}`...), nil
}

func (s *asked) ipList(ctx context.Context) (rows, error) {
	groups, err := s.hostsWith(ctx, everything)
	if err != nil {
		return rows{}, err
	}
	var addrs []netip.Addr
	for _, g := range groups {
		for _, as := range g.assets {
			if as.Addr.IsValid() {
				addrs = append(addrs, as.Addr)
			}
		}
	}
	return rows{whole: ipListAnswer{addressRanges(addrs)}}, nil
}

// addressRanges puts neighbouring addresses together.
func addressRanges(list []netip.Addr) []string {
	slices.SortFunc(list, netip.Addr.Compare)
	list = slices.Compact(list)
	var out []string
	for i := 0; i < len(list); {
		last := i
		for last+1 < len(list) && list[last].Next() == list[last+1] {
			last++
		}
		text := list[i].String()
		if last > i {
			text += "-" + list[last].String()
		}
		out, i = append(out, text), last+1
	}
	return out
}
