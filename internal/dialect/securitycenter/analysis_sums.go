package securitycenter

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// scoreBlock is what a set of findings comes to.
//
// Source: section 11.3.
type scoreBlock struct {
	Score    string `json:"score"`
	Total    string `json:"total"`
	Info     string `json:"severityInfo"`
	Low      string `json:"severityLow"`
	Medium   string `json:"severityMedium"`
	High     string `json:"severityHigh"`
	Critical string `json:"severityCritical"`
}

func newScoreBlock(s harrier.Sum, w harrier.Weights) scoreBlock {
	c := s.Counts
	return scoreBlock{
		sid(w.Of(c)), sid(s.Total()), sid(c[harrier.Info]), sid(c[harrier.Low]), sid(c[harrier.Medium]), sid(c[harrier.High]), sid(c[harrier.Critical]),
	}
}

// recordRepository is the repository of a record.
type recordRepository struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	SciID       string `json:"sciID"`
	DataFormat  string `json:"dataFormat"`
}

// dataFormat is that of all repositories: they hold addresses of both kinds.
const dataFormat = "universal"

func newRecordRepository(r harrier.Repository) recordRepository {
	return recordRepository{sid(r.ID), r.Name, r.Description, "1", formatOf(r)}
}

func (s *asked) learnRepositories(ctx context.Context) error {
	list, err := s.Repositories.All(ctx, s.by)
	for _, r := range list {
		s.repo[r.ID] = newRecordRepository(r)
	}
	return err
}

func (s *asked) repository(id harrier.ID) recordRepository {
	if r, ok := s.repo[id]; ok {
		return r
	}
	return recordRepository{ID: sid(id), SciID: "1", DataFormat: dataFormat}
}

// sumSorts says what fields of records sums are sorted by.
var sumSorts = map[string]string{
	"": "", "score": "score", "total": "total", "count": "total", "severity": "severity", "hosttotal": "hosts",
	"severityinfo": "info", "severitylow": "low", "severitymedium": "medium", "severityhigh": "high", "severitycritical": "critical",
	"ip": "address", "dnsname": "name", "name": "name", "pluginname": "name", "family": "family", "pluginid": "key", "port": "key",
	"protocol": "key", "cveid": "key", "detectionmethod": "key", "repository": "key", "macaddress": "name", "netbiosname": "name",
}

// page is the part of the groups that is asked for.
func (s *asked) page(by harrier.Grouping, otherwise string) harrier.SumQuery {
	sort, ok := sumSorts[strings.ToLower(s.in.sort)]
	if !ok || sort == "" {
		sort = otherwise
	}
	switch {
	case sort == "address" && by != harrier.ByAsset, sort == "name" && by != harrier.ByAsset && by != harrier.ByVulnerability, sort == "family" && by != harrier.ByVulnerability:
		sort = "key"
	}
	return harrier.SumQuery{By: by, Sort: sort, Desc: s.in.desc, Offset: s.in.start, Limit: max(s.in.end-s.in.start, 1), Weights: s.weights}
}

// sums are the groups that are asked for.
func (s *asked) sums(ctx context.Context, by harrier.Grouping, otherwise string) (harrier.Sums, error) {
	out, err := s.from.sums(ctx, s.expr, s.page(by, otherwise))
	if s.in.end == s.in.start {
		out.Rows = nil
	}
	return out, err
}

// matching is matchingDataElementCount of sums.
//
// Source: section 11.5.
func matching(n harrier.Sums, w harrier.Weights) string {
	all := harrier.Sum{Counts: n.Counts}
	c := n.Counts
	return fmt.Sprintf("%d:%d:%d:%d:%d:%d:%d", all.Total(), c[harrier.Critical], c[harrier.High], c[harrier.Medium], c[harrier.Low], c[harrier.Info], w.Of(c))
}

// scored is a tool whose records are a key and a score block.
func scored(by harrier.Grouping, record func(*asked, context.Context, harrier.Sum, scoreBlock) any) func(*asked, context.Context) (rows, error) {
	return func(s *asked, ctx context.Context) (rows, error) {
		n, err := s.sums(ctx, by, "score")
		if err != nil {
			return rows{}, err
		}
		out := rows{total: n.Groups, matching: matching(n, s.weights)}
		for _, g := range n.Rows {
			out.list = append(out.list, record(s, ctx, g, newScoreBlock(g, s.weights)))
		}
		return out, nil
	}
}

type dnsNameRow struct {
	Name string `json:"dnsName"`
	scoreBlock
	Repository recordRepository `json:"repository"`
}

type portRow struct {
	Port string `json:"port"`
	scoreBlock
}

type protocolRow struct {
	Protocol string `json:"protocol"`
	scoreBlock
}

type familyRow struct {
	scoreBlock
	Family familyRef `json:"family"`
}

type classItem struct {
	IP string `json:"ip"`
	scoreBlock
	Repository recordRepository `json:"repository"`
}

// classRow is a network: its first bytes are the key.
func classRow(s *asked, _ context.Context, n harrier.Sum, b scoreBlock) any {
	digits, err := hex.DecodeString(n.Key)
	var whole [4]byte
	if err == nil {
		copy(whole[:], digits)
	}
	return classItem{fmt.Sprintf("%s/%d", netip.AddrFrom4(whole), 8*len(digits)), b, s.repository(n.Repository)}
}

// protocolNumbers are the numbers of protocols.
var protocolNumbers = map[string]int{"tcp": 6, "udp": 17, "icmp": 1, "sctp": 132}

// protocolLabel is "TCP(6)".
func protocolLabel(p string) string {
	return fmt.Sprintf("%s(%d)", strings.ToUpper(p), protocolNumbers[p])
}

// severityRef is a severity in a record.
type severityRef struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

var severityRefs = [harrier.Severities]severityRef{
	{"0", "Info", "Informative"},
	{"1", "Low", "Low Severity"},
	{"2", "Medium", "Medium Severity"},
	{"3", "High", "High Severity"},
	{"4", "Critical", "Critical Severity"},
}

func severityOf(s harrier.Severity) severityRef { return severityRefs[min(s, harrier.Critical)] }

type severityRow struct {
	Severity severityRef `json:"severity"`
	Count    string      `json:"count"`
}

func (s *asked) sumSeverity(ctx context.Context) (rows, error) {
	n, err := s.from.sums(ctx, s.expr, harrier.SumQuery{By: harrier.BySeverity})
	if err != nil {
		return rows{}, err
	}
	all := matching(n, s.weights)
	out := rows{total: harrier.Severities, matching: all[:strings.LastIndexByte(all, ':')]}
	for i := harrier.Severities - 1; i >= 0; i-- {
		out.list = append(out.list, severityRow{severityRefs[i], sid(n.Counts[i])})
	}
	if strings.EqualFold(s.in.sort, "severity") && !s.in.desc {
		slices.Reverse(out.list)
	}
	return s.slice(out), nil
}

// slice cuts the window out of rows that are all there.
func (s *asked) slice(out rows) rows {
	from := min(s.in.start, len(out.list))
	out.list = out.list[from:min(s.in.end, len(out.list))]
	return out
}

// hostRow is a record of sumip.
type hostRow struct {
	IP   string `json:"ip"`
	UUID string `json:"uuid"`
	scoreBlock
	MAC        string           `json:"macAddress"`
	PolicyName string           `json:"policyName"`
	PluginSet  string           `json:"pluginSet"`
	NetBIOS    string           `json:"netbiosName"`
	DNSName    string           `json:"dnsName"`
	OSCPE      string           `json:"osCPE"`
	BIOS       string           `json:"biosGUID"`
	TPM        string           `json:"tpmID"`
	McAfee     string           `json:"mcafeeGUID"`
	LastAuth   string           `json:"lastAuthRun"`
	LastUnauth string           `json:"lastUnauthRun"`
	Unique     string           `json:"uniqueness"`
	HostUnique string           `json:"hostUniqueness"`
	HostUUID   string           `json:"hostUUID"`
	ACR        string           `json:"acrScore"`
	AES        string           `json:"assetExposureScore"`
	Repository recordRepository `json:"repository"`
}

// What identifies hosts and findings: the names of members of records.
//
// Source: section 10.1.
const (
	hostUniqueness = "repositoryID,ip,dnsName"
	vulnUniqueness = "repositoryID,ip,port,protocol,pluginID"
)

func (s *asked) hostRow(ctx context.Context, as harrier.Asset, n harrier.Sum) hostRow {
	sc := s.scanOf(ctx, as.LastScan)
	return hostRow{
		IP: addrText(as.Addr), scoreBlock: newScoreBlock(n, s.weights), MAC: as.MAC, PolicyName: sc.PolicyName, NetBIOS: as.NetBIOS, DNSName: as.FQDN, OSCPE: as.OSCPE,
		LastAuth: "-1", LastUnauth: stime(as.LastSeen), Unique: hostUniqueness, HostUnique: hostUniqueness, HostUUID: as.UUID.String(),
		Repository: s.repository(as.Repository),
	}
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// scanOf is a scan as far as the caller may see it.
func (s *asked) scanOf(ctx context.Context, id harrier.ID) harrier.Scan {
	sc, known := s.scan[id]
	if !known && id > 0 {
		if got, err := s.Scans.Scan(ctx, s.by, id); err == nil {
			sc = got
		}
		s.scan[id] = sc
	}
	return sc
}

// assetsOf reads assets by their ids.
func (s *asked) assetsOf(ctx context.Context, ids []harrier.ID) (map[harrier.ID]harrier.Asset, error) {
	if s.hosts != nil {
		return s.hosts, nil
	}
	out := make(map[harrier.ID]harrier.Asset, len(ids))
	ids = slices.Sorted(slices.Values(ids))
	for part := range slices.Chunk(slices.Compact(ids), 1000) {
		values := make([]any, len(part))
		for i, id := range part {
			values[i] = int64(id)
		}
		list, _, err := s.Assets.Assets(ctx, s.by, eq("id", harrier.Eq, values...), asset.Page{})
		if err != nil {
			return nil, err
		}
		for _, as := range list {
			out[as.ID] = as
		}
	}
	return out, nil
}

func (s *asked) sumIP(ctx context.Context) (rows, error) {
	n, err := s.sums(ctx, harrier.ByAsset, "score")
	if err != nil {
		return rows{}, err
	}
	var ids []harrier.ID
	for _, g := range n.Rows {
		ids = append(ids, g.ID)
	}
	assets, err := s.assetsOf(ctx, ids)
	if err != nil {
		return rows{}, err
	}
	out := rows{total: n.Groups, matching: matching(n, s.weights)}
	for _, g := range n.Rows {
		as := assets[g.ID]
		out.list = append(out.list, s.hostRow(ctx, as, g))
	}
	return out, nil
}

type pluginRowOfSum struct {
	PluginID    string      `json:"pluginID"`
	Total       string      `json:"total"`
	Severity    severityRef `json:"severity"`
	Name        string      `json:"name"`
	HostTotal   string      `json:"hostTotal"`
	VPRScore    string      `json:"vprScore"`
	VPRContext  string      `json:"vprContext"`
	EPSSScore   string      `json:"epssScore"`
	Family      familyRef   `json:"family"`
	Description string      `json:"-"`
}

func (s *asked) sumID(ctx context.Context) (rows, error) {
	n, err := s.sums(ctx, harrier.ByVulnerability, "severity")
	if err != nil {
		return rows{}, err
	}
	out := rows{total: n.Groups, matching: matching(n, s.weights) + ":" + strconv.Itoa(n.Hosts)}
	for _, g := range n.Rows {
		v := s.definition(ctx, harrier.VulnID(g.ID))
		out.list = append(out.list, pluginRowOfSum{
			PluginID: sid(g.ID), Total: sid(g.Total()), Severity: severityOf(g.Severity), Name: v.Name, HostTotal: sid(g.Hosts),
			EPSSScore: scoreText(v.EPSS), Family: s.familyNamed(ctx, v.Family).ref(),
		})
	}
	return out, nil
}

type cveRow struct {
	CVE       string      `json:"cveID"`
	Severity  severityRef `json:"severity"`
	Total     string      `json:"total"`
	HostTotal string      `json:"hostTotal"`
}

func (s *asked) sumCVE(ctx context.Context) (rows, error) {
	n, err := s.sums(ctx, harrier.ByCVE, "severity")
	if err != nil {
		return rows{}, err
	}
	out := rows{total: n.Groups, matching: fmt.Sprintf("%d:0:0:0:0:0:0:%d", n.Counts.Total(), n.Hosts)}
	for _, g := range n.Rows {
		out.list = append(out.list, cveRow{g.Key, severityOf(g.Severity), sid(g.Total()), sid(g.Hosts)})
	}
	return out, nil
}

type listRow struct {
	Count  string `json:"count"`
	Method string `json:"detectionMethod"`
	Name   string `json:"name"`
}

// listed is a tool that counts the hosts that have something.
func listed(by harrier.Grouping) func(*asked, context.Context) (rows, error) {
	return func(s *asked, ctx context.Context) (rows, error) {
		q := s.page(by, "hosts")
		if q.Sort == "total" {
			q.Sort = "hosts"
		}
		n, err := s.from.sums(ctx, s.expr, q)
		if err != nil {
			return rows{}, err
		}
		if s.in.end == s.in.start {
			n.Rows = nil
		}
		out := rows{total: n.Groups, matching: strconv.Itoa(n.Hosts)}
		for _, g := range n.Rows {
			out.list = append(out.list, listRow{sid(g.Hosts), "Active", g.Key})
		}
		return out, nil
	}
}

type assetItemOfRow struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	Status      string `json:"status"`
}

type assetRow struct {
	scoreBlock
	Asset assetItemOfRow `json:"asset"`
}

// sumAsset counts for each asset list that the caller may use, also for those
// without findings; the filter outputAssets narrows them.
func (s *asked) sumAsset(ctx context.Context) (rows, error) {
	lists, err := s.AssetLists.All(ctx, s.by)
	if err != nil {
		return rows{}, err
	}
	lists = append([]harrier.AssetList{definedRangesList}, lists...)
	for _, f := range s.in.filters {
		if f.Name != "outputAssets" {
			continue
		}
		ids, err := term{name: f.Name, value: f.Value}.items()
		if err != nil {
			return rows{}, err
		}
		lists = slices.DeleteFunc(lists, func(l harrier.AssetList) bool { return !slices.Contains(ids, sid(l.ID)) })
	}
	type line struct {
		harrier.Sum
		list harrier.AssetList
	}
	var lines []line
	var all harrier.Sums
	for _, l := range lists {
		e := harrier.Expr(everything)
		if l.ID != harrier.EverythingList {
			if e, err = s.AssetLists.Members(ctx, s.by, l.ID); err != nil {
				return rows{}, err
			}
		}
		n, err := s.from.sums(ctx, harrier.And{s.expr, e}, harrier.SumQuery{By: harrier.BySeverity})
		if err != nil {
			return rows{}, err
		}
		for i, c := range n.Counts {
			all.Counts[i] += c
		}
		lines = append(lines, line{harrier.Sum{Counts: n.Counts}, l})
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		c := cmp.Compare(s.weights.Of(a.Counts), s.weights.Of(b.Counts))
		switch strings.ToLower(s.in.sort) {
		case "name", "asset":
			c = cmp.Compare(a.list.Name, b.list.Name)
		case "total":
			c = cmp.Compare(a.Total(), b.Total())
		}
		if s.in.desc {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.list.ID, b.list.ID))
	})
	out := rows{total: len(lines), matching: matching(all, s.weights)}
	for _, l := range lines {
		out.list = append(out.list, assetRow{newScoreBlock(l.Sum, s.weights), assetItemOfRow{sid(l.list.ID), l.list.Name, l.list.Description, l.list.Kind, "0"}})
	}
	return s.slice(out), nil
}

// definition is what is known of a plugin; one that is not known, as after an
// import, gets a stand-in.
func (a api) definition(ctx context.Context, id harrier.VulnID) harrier.Vulnerability {
	v, err := a.Vulns.Vulnerability(ctx, id)
	if err != nil {
		return harrier.Vulnerability{ID: id, Name: "Plugin " + sid(harrier.ID(id)), Family: "N/A"}
	}
	return v
}

// scoreText is a score; "" for none.
func scoreText(f float64) string {
	if f <= 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
