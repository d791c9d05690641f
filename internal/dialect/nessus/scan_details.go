package nessus

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/scan"
)

// runQuery names a run of a scan; nothing means the newest one. With Diff it
// names what the run found that the run Diff had not.
type runQuery struct {
	byID
	History     *harrier.ID `from:"query history_id"`
	HistoryUUID string      `from:"query history_uuid"`
	Diff        *harrier.ID `from:"query diff_id"`
	Query       url.Values  `from:"query *"` // filter.N.*
}

// run finds the run that q names, and what results are to be taken away from
// it. A scan that was never launched has a zero run.
func (a api) run(ctx context.Context, by harrier.Actor, s harrier.Site, q runQuery) (harrier.Scan, error) {
	var sc harrier.Scan
	var err error
	switch {
	case q.History != nil:
		sc, err = a.Scans.Scan(ctx, by, *q.History)
	case q.HistoryUUID != "":
		var u harrier.UUID
		if u, err = shortUUID(q.HistoryUUID); err == nil {
			sc, err = a.Scans.ByUUID(ctx, by, u)
		}
	case s.LastScan != 0:
		sc, err = a.Scans.Scan(ctx, by, s.LastScan)
	default:
		return sc, nil
	}
	if err == nil && sc.Site != s.ID {
		err = errFileNotFound
	}
	return sc, err
}

// detailsReply is the answer of GET /scans/{id}.
//
// Source: nessus-api.md, section 4.4.
type detailsReply struct {
	Info            scanInfo     `json:"info"`
	Hosts           []hostItem   `json:"hosts"`
	CompHosts       []hostItem   `json:"comphosts"`
	Vulnerabilities []vulnItem   `json:"vulnerabilities"`
	Compliance      []vulnItem   `json:"compliance"`
	History         []historyRun `json:"history"`
	Filters         []filterItem `json:"filters"`
	Remediations    remediations `json:"remediations"`
	Notes           *[]note      `json:"notes"`
}

// note tells of something that a reader of the results should know.
type note struct {
	Title    string `json:"title"`
	Message  string `json:"message"`
	Severity int    `json:"severity"`
}

type scanInfo struct {
	Name            string        `json:"name"`
	UUID            string        `json:"uuid"`
	ObjectID        harrier.ID    `json:"object_id"`
	Status          string        `json:"status"`
	Policy          string        `json:"policy"`
	ScannerName     string        `json:"scanner_name"`
	Targets         string        `json:"targets"`
	HostCount       int           `json:"hostcount"`
	FolderID        harrier.ID    `json:"folder_id"`
	UserPermissions harrier.Level `json:"user_permissions"`
	Control         bool          `json:"control"`
	EditAllowed     bool          `json:"edit_allowed"`
	AltTargets      bool          `json:"alt_targets_used"`
	NoTarget        *bool         `json:"no_target"`
	ScanType        string        `json:"scan_type"`
	HasKB           bool          `json:"haskb"`
	HasAuditTrail   bool          `json:"hasaudittrail"`
	PCI             bool          `json:"pci-can-upload"`
	ScanStart       *int64        `json:"scan_start"`
	ScanEnd         *int64        `json:"scan_end"`
	ScannerStart    *int64        `json:"scanner_start"`
	ScannerEnd      *int64        `json:"scanner_end"`
	Timestamp       *int64        `json:"timestamp"`
	SeverityBase    string        `json:"current_severity_base"`
	SeverityDisplay string        `json:"current_severity_base_display"`
	ACLs            []acl         `json:"acls"`
}

func newScanInfo(s harrier.Site, sc harrier.Scan, level harrier.Level, acls []acl) scanInfo {
	w := scanInfo{
		Name: s.Name, UUID: definitionUUID(s), ObjectID: s.ID, Status: statusEmpty, ScannerName: scannerName, Targets: joinTargets(s.Targets),
		FolderID: folderOf(s), UserPermissions: level, Control: level >= harrier.MayControl, EditAllowed: level >= harrier.MayConfigure,
		ScanType: "local", SeverityBase: "cvss_v3", SeverityDisplay: "CVSS v3.0", ACLs: acls,
	}
	if sc.ID != 0 {
		w.UUID, w.Status, w.Policy, w.Targets, w.AltTargets = longUUID(sc.UUID), statusWord(sc.Status), sc.PolicyName, joinTargets(sc.Targets), sc.AltTargets
		w.ScanStart, w.ScanEnd, w.ScannerStart, w.ScannerEnd = unixOrNull(sc.Started), unixOrNull(sc.Ended), unixOrNull(sc.Started), unixOrNull(sc.Ended)
		w.Timestamp = unixOrNull(sc.Modified)
		w.HasAuditTrail = sc.Status != harrier.ScanImported
	}
	return w
}

// joinTargets shows a target list with single commas.
func joinTargets(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", \t\r\n;", r) }), ",")
}

// hostItem is a host in a scan.
type hostItem struct {
	HostID          int           `json:"host_id"`
	HostIndex       int           `json:"host_index"`
	Hostname        string        `json:"hostname"`
	Progress        string        `json:"progress"`
	Critical        int           `json:"critical"`
	High            int           `json:"high"`
	Medium          int           `json:"medium"`
	Low             int           `json:"low"`
	Info            int           `json:"info"`
	Severity        int           `json:"severity"` // the sum of the counts
	Score           int           `json:"score"`
	TotalChecks     int           `json:"totalchecksconsidered"`
	NumChecks       int           `json:"numchecksconsidered"`
	ProgressTotal   int           `json:"scanprogresstotal"`
	ProgressCurrent int           `json:"scanprogresscurrent"`
	SeverityCount   severityCount `json:"severitycount"`
}

type severityCount struct {
	Item []severityItem `json:"item"`
}

type severityItem struct {
	Level int `json:"severitylevel"`
	Count int `json:"count"`
}

func newHostItem(h harrier.ScanHost) hostItem {
	c := h.Present
	done := 0
	if h.Done {
		done = 100
	}
	w := hostItem{
		HostID: h.Index, Hostname: h.Name, Progress: itoa(done) + "-100/" + itoa(2*done) + "-200",
		Critical: c[harrier.Critical], High: c[harrier.High], Medium: c[harrier.Medium], Low: c[harrier.Low], Info: c[harrier.Info],
		Severity: c.Total(), Score: c[harrier.Info] + 10*c[harrier.Low] + 100*c[harrier.Medium] + 1000*c[harrier.High] + 10000*c[harrier.Critical],
		TotalChecks: 100, NumChecks: done, ProgressTotal: 100, ProgressCurrent: done,
	}
	for level, n := range c {
		w.SeverityCount.Item = append(w.SeverityCount.Item, severityItem{level, n})
	}
	return w
}

// newHostItems shows hosts with most findings first. A host that did not answer
// is shown when something was found out about it all the same.
func newHostItems(hosts []harrier.ScanHost) []hostItem {
	out := []hostItem{}
	for _, h := range hosts {
		if h.Alive || !h.Done || h.Present.Total() > 0 {
			out = append(out, newHostItem(h))
		}
	}
	slices.SortStableFunc(out, func(a, b hostItem) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.HostID, b.HostID))
	})
	for i := range out {
		out[i].HostIndex = i
	}
	return out
}

// vulnItem is a plugin with how often it fired.
type vulnItem struct {
	PluginID      harrier.VulnID   `json:"plugin_id"`
	PluginName    string           `json:"plugin_name"`
	PluginFamily  string           `json:"plugin_family"`
	Severity      harrier.Severity `json:"severity"`
	SeverityIndex int              `json:"severity_index"`
	VulnIndex     int              `json:"vuln_index"`
	Count         int              `json:"count"`
	Score         *float64         `json:"score"`
	CPE           *string          `json:"cpe"`
	Offline       bool             `json:"offline"`
	Snoozed       int              `json:"snoozed"`
}

func (a api) vulnItems(ctx context.Context, list []harrier.ScanVuln) []vulnItem {
	out := []vulnItem{}
	slices.SortStableFunc(list, func(x, y harrier.ScanVuln) int {
		return cmp.Or(cmp.Compare(y.Severity, x.Severity), cmp.Compare(x.Vulnerability, y.Vulnerability))
	})
	for i, sum := range list {
		v := a.definition(ctx, sum.Vulnerability)
		item := vulnItem{
			PluginID: v.ID, PluginName: v.Name, PluginFamily: v.Family, Severity: sum.Severity, SeverityIndex: i, VulnIndex: i, Count: sum.Count,
		}
		if v.CVSS3Score > 0 {
			item.Score = &v.CVSS3Score
		}
		out = append(out, item)
	}
	return out
}

// definition is what is known of a plugin; one that is not known, as after an
// import, gets a stand-in.
func (a api) definition(ctx context.Context, id harrier.VulnID) harrier.Vulnerability {
	return format.Scan{Vulnerability: func(id harrier.VulnID) (harrier.Vulnerability, bool) {
		v, err := a.Vulns.Vulnerability(ctx, id)
		return v, err == nil
	}}.Lookup(id)
}

// historyRun is a run in the history, which is oldest first.
type historyRun struct {
	HistoryID harrier.ID `json:"history_id"`
	UUID      string     `json:"uuid"`
	OwnerID   harrier.ID `json:"owner_id"`
	Status    string     `json:"status"`
	Created   int64      `json:"creation_date"`
	Modified  int64      `json:"last_modification_date"`
	Type      string     `json:"type"`
	Scheduler int        `json:"scheduler"`
	Alt       bool       `json:"alt_targets_used"`
	NodeID    *int       `json:"node_id"`
	NodeName  *string    `json:"node_name"`
}

func newHistory(list []harrier.Scan) []historyRun {
	out := make([]historyRun, len(list))
	for i, s := range list {
		out[i] = historyRun{
			HistoryID: s.ID, UUID: longUUID(s.UUID), OwnerID: s.Owner, Status: statusWord(s.Status),
			Created: unix(s.Created), Modified: unix(s.Modified), Type: "local", Scheduler: zeroOne(s.Scheduled), Alt: s.AltTargets,
		}
	}
	return out
}

// remediations sum up what would resolve most.
type remediations struct {
	Hosts         int           `json:"num_hosts"`
	CVEs          int           `json:"num_cves"`
	ImpactedHosts int           `json:"num_impacted_hosts"`
	Remediated    int           `json:"num_remediated_cves"`
	List          []remediation `json:"remediations"`
}

// remediation is one thing to do.
type remediation struct {
	Value string `json:"value"` // names it: 32 hex digits
	Text  string `json:"remediation"`
	Hosts int    `json:"hosts"` // at least so many
	Vulns int    `json:"vulns"`
}

// newRemediations groups what has CVEs by its solution.
func (a api) newRemediations(ctx context.Context, hosts []hostItem, list []harrier.ScanVuln) remediations {
	out := remediations{Hosts: len(hosts)}
	for _, h := range hosts {
		if h.Severity > h.Info {
			out.ImpactedHosts++
		}
	}
	all, solved := map[string]bool{}, map[string]bool{}
	groups := map[string]*remediation{}
	var order []string
	for _, sum := range list {
		v := a.definition(ctx, sum.Vulnerability)
		for _, c := range v.CVEs {
			all[c] = true
		}
		if len(v.CVEs) == 0 || v.Solution == "" {
			continue
		}
		g := groups[v.Solution]
		if g == nil {
			id := sha256.Sum256([]byte(v.Solution))
			g = &remediation{Value: hex.EncodeToString(id[:16]), Text: v.Name + ": " + v.Solution}
			groups[v.Solution] = g
			order = append(order, v.Solution)
		}
		g.Hosts = max(g.Hosts, sum.Hosts)
		g.Vulns += len(v.CVEs)
		for _, c := range v.CVEs {
			solved[c] = true
		}
	}
	for _, s := range order {
		out.List = append(out.List, *groups[s])
	}
	out.CVEs, out.Remediated = len(all), len(solved)
	return out
}

func (a api) getScan(ctx context.Context, by harrier.Actor, q runQuery) (detailsReply, error) {
	reply, err := a.details(ctx, by, q)
	return reply, whenMissing(err, errScanNotFound)
}

func (a api) details(ctx context.Context, by harrier.Actor, q runQuery) (detailsReply, error) {
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return detailsReply{}, err
	}
	history, err := a.Scans.Of(ctx, by, s.ID)
	if err != nil {
		return detailsReply{}, err
	}
	sc, err := a.run(ctx, by, s, q)
	if err != nil {
		return detailsReply{}, err
	}
	reply := detailsReply{
		Info:  newScanInfo(s, sc, a.Sites.Level(by, s), a.acls(ctx, by, s.Owner, s.Grants)),
		Hosts: []hostItem{}, CompHosts: []hostItem{}, Vulnerabilities: []vulnItem{}, Compliance: []vulnItem{},
		History: newHistory(history), Filters: filterItems(),
	}
	if p, err := a.Policies.Policy(ctx, harrier.System, s.Policy); err == nil && sc.ID == 0 {
		reply.Info.Policy = p.Name
	}
	if sc.ID == 0 {
		return reply, nil
	}
	hosts, vulns, err := a.sums(ctx, by, sc, q)
	if err != nil {
		return detailsReply{}, err
	}
	if q.Diff != nil {
		reply.Info.UUID = "diff-" + reply.Info.UUID
	}
	reply.Hosts, reply.Vulnerabilities = newHostItems(hosts), a.vulnItems(ctx, vulns)
	reply.Info.HostCount = len(reply.Hosts)
	reply.Remediations = a.newRemediations(ctx, reply.Hosts, vulns)
	reply.Notes = notesOf(sc)
	return reply, nil
}

// notesOf tells why results are incomplete and what a guard rule took out.
func notesOf(sc harrier.Scan) *[]note {
	var list []note
	if sc.Reason != "" {
		list = append(list, note{"Scan", sc.Reason, 2})
	}
	if sc.Forbidden > 0 {
		list = append(list, note{"Guard rules", itoa(sc.Forbidden) + " addresses were left out: the operator forbids to scan them.", 2})
	}
	if list == nil {
		return nil
	}
	return &list
}

// sums are the hosts and plugins of a run, of a comparison or of what a filter
// leaves.
func (a api) sums(ctx context.Context, by harrier.Actor, sc harrier.Scan, q runQuery) ([]harrier.ScanHost, []harrier.ScanVuln, error) {
	keep, err := a.keeper(ctx, by, sc, q)
	if err != nil {
		return nil, nil, err
	}
	if keep == nil {
		hosts, err := a.Scans.Hosts(ctx, by, sc.ID)
		if err != nil {
			return nil, nil, err
		}
		vulns, err := a.Scans.Vulnerabilities(ctx, by, sc.ID)
		return hosts, vulns, err
	}
	var hosts []harrier.ScanHost
	type key struct {
		id       harrier.VulnID
		severity harrier.Severity
	}
	found := map[key]harrier.ScanVuln{}
	for h, err := range a.Scans.Results(ctx, by, sc.ID) {
		if err != nil {
			return nil, nil, err
		}
		if h = kept(h, keep); len(h.Observations) == 0 {
			continue
		}
		hosts = append(hosts, h.ScanHost)
		seen := map[key]bool{}
		for _, o := range h.Observations {
			k := key{o.Vulnerability, o.Severity}
			sum := found[k]
			sum.Vulnerability, sum.Severity, sum.Count = o.Vulnerability, o.Severity, sum.Count+1
			if !seen[k] {
				sum.Hosts++
			}
			found[k], seen[k] = sum, true
		}
	}
	return hosts, slices.Collect(maps.Values(found)), nil
}

// keepFunc says which observations of a host are shown.
type keepFunc func(h scan.HostResult, o scan.Judged) bool

// kept is h with what keep leaves of it.
func kept(h scan.HostResult, keep keepFunc) scan.HostResult {
	if keep == nil {
		return h
	}
	var list []scan.Judged
	h.Present = harrier.Counts{}
	for _, o := range h.Observations {
		if keep(h, o) {
			list = append(list, o)
			h.Present[min(o.Severity, harrier.Critical)]++
		}
	}
	h.Observations = list
	return h
}

// keeper says what q leaves of a run; nil leaves all of it.
func (a api) keeper(ctx context.Context, by harrier.Actor, sc harrier.Scan, q runQuery) (keepFunc, error) {
	filter, err := queryFilter(q.Query)
	if err != nil {
		return nil, err
	}
	before, err := a.instances(ctx, by, sc, q.Diff)
	if err != nil || filter == nil && before == nil {
		return nil, err
	}
	fs := a.formatScan(ctx, sc)
	return func(h scan.HostResult, o scan.Judged) bool {
		if before[hostInstance{h.Name, o.Instance()}] {
			return false
		}
		return harrier.Matches(filter, format.Fields(fs, format.Host{ScanHost: h.ScanHost}, format.Result{Observation: o.Observation, Severity: o.Severity}))
	}, nil
}

// formatScan is what the fields of results are told of a run.
func (a api) formatScan(ctx context.Context, sc harrier.Scan) format.Scan {
	return format.Scan{
		Scan: sc, Version: a.Version, Families: func() []harrier.Family { return a.Vulns.Families(ctx) },
		Vulnerability: func(id harrier.VulnID) (harrier.Vulnerability, bool) {
			v, err := a.Vulns.Vulnerability(ctx, id)
			return v, err == nil
		},
	}
}

// hostInstance names an observation within a run.
type hostInstance struct {
	host string
	harrier.Instance
}

// instances is what the run diff observed; nil without one.
func (a api) instances(ctx context.Context, by harrier.Actor, sc harrier.Scan, diff *harrier.ID) (map[hostInstance]bool, error) {
	if diff == nil {
		return nil, nil
	}
	other, err := a.Scans.Scan(ctx, by, *diff)
	if err == nil && other.Site != sc.Site {
		err = errFileNotFound
	}
	if err != nil {
		return nil, err
	}
	out := map[hostInstance]bool{}
	for h, err := range a.Scans.Results(ctx, by, other.ID) {
		if err != nil {
			return nil, err
		}
		for _, o := range h.Observations {
			out[hostInstance{h.Name, o.Instance()}] = true
		}
	}
	return out, nil
}
