package nessus

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/scan"
)

// hostQuery is a GET /scans/{id}/hosts/{host}.
type hostQuery struct {
	runQuery
	Host harrier.ID `from:"path host"`
}

// hostReply is its answer.
//
// Source: nessus-api.md, section 4.6.
type hostReply struct {
	Info            hostInfo   `json:"info"`
	Vulnerabilities []hostVuln `json:"vulnerabilities"`
	Compliance      []hostVuln `json:"compliance"`
}

type hostInfo struct {
	Start string  `json:"host_start"`
	End   string  `json:"host_end"`
	IP    string  `json:"host-ip"`
	Name  string  `json:"host-name"`
	FQDN  *string `json:"host-fqdn,omitempty"`
	MAC   *string `json:"mac-address,omitempty"`
	OS    *string `json:"operating-system,omitempty"`
	NetB  *string `json:"netbios-name,omitempty"`
}

// hostVuln is a plugin that fired on a host.
type hostVuln struct {
	HostID        int              `json:"host_id"`
	Hostname      string           `json:"hostname"`
	PluginID      harrier.VulnID   `json:"plugin_id"`
	PluginName    string           `json:"plugin_name"`
	PluginFamily  string           `json:"plugin_family"`
	Count         int              `json:"count"`
	VulnIndex     int              `json:"vuln_index"`
	SeverityIndex int              `json:"severity_index"`
	Severity      harrier.Severity `json:"severity"`
}

// hostResult finds a host of the run that q names.
func (a api) hostResult(ctx context.Context, by harrier.Actor, q hostQuery) (scan.HostResult, error) {
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return scan.HostResult{}, err
	}
	sc, err := a.run(ctx, by, s, q.runQuery)
	if err == nil && sc.ID == 0 {
		err = errFileNotFound
	}
	if err != nil {
		return scan.HostResult{}, err
	}
	keep, err := a.keeper(ctx, by, sc, q.runQuery)
	if err != nil {
		return scan.HostResult{}, err
	}
	h, err := a.Scans.Host(ctx, by, sc.ID, int(q.Host))
	return kept(h, keep), err
}

func (a api) getHost(ctx context.Context, by harrier.Actor, q hostQuery) (hostReply, error) {
	h, err := a.hostResult(ctx, by, q)
	if err != nil {
		return hostReply{}, err
	}
	reply := hostReply{Info: newHostInfo(h.Host), Vulnerabilities: []hostVuln{}, Compliance: []hostVuln{}}
	index := map[harrier.VulnID]int{}
	for _, o := range h.Observations {
		i, known := index[o.Vulnerability]
		if !known {
			i = len(reply.Vulnerabilities)
			index[o.Vulnerability] = i
			v := a.definition(ctx, o.Vulnerability)
			reply.Vulnerabilities = append(reply.Vulnerabilities, hostVuln{
				HostID: h.Index, Hostname: h.Name, PluginID: v.ID, PluginName: v.Name, PluginFamily: v.Family, Severity: o.Severity,
			})
		}
		w := &reply.Vulnerabilities[i]
		w.Count++
		w.Severity = max(w.Severity, o.Severity)
	}
	slices.SortStableFunc(reply.Vulnerabilities, func(a, b hostVuln) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.PluginID, b.PluginID))
	})
	for i := range reply.Vulnerabilities {
		reply.Vulnerabilities[i].VulnIndex, reply.Vulnerabilities[i].SeverityIndex = i, i
	}
	return reply, nil
}

func newHostInfo(h harrier.Host) hostInfo {
	ended := h.Ended
	if ended.IsZero() {
		ended = h.Started
	}
	w := hostInfo{
		Start: asctime(h.Started), End: asctime(ended), Name: h.Name,
		FQDN: orNull(h.FQDN), MAC: orNull(h.MAC), OS: orNull(h.OS), NetB: orNull(h.NetBIOS),
	}
	if h.Addr.IsValid() {
		w.IP = h.Addr.String()
	}
	return w
}

// asctime is the form of dates in results: the scanner's local time.
func asctime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.ANSIC)
}

// outputQuery is a GET of a plugin's output, on one host or on all.
type outputQuery struct {
	hostQuery
	Plugin harrier.ID `from:"path plugin"`
}

// scanOutputQuery is the same over all hosts.
type scanOutputQuery struct {
	runQuery
	Plugin harrier.ID `from:"path plugin"`
}

// outputReply is the answer.
//
// Source: nessus-api.md, section 4.7.
type outputReply struct {
	Info struct {
		Description pluginDescription `json:"plugindescription"`
	} `json:"info"`
	Outputs []output `json:"outputs"`
}

// output is one text and where it was said.
type output struct {
	Text          string                  `json:"plugin_output"`
	Severity      harrier.Severity        `json:"severity"`
	Hosts         *string                 `json:"hosts"`
	HasAttachment int                     `json:"has_attachment"`
	Custom        *string                 `json:"custom_description"`
	Exceeded      bool                    `json:"max_attachments_exceeded"`
	Ports         map[string][]outputHost `json:"ports"`
	Attachments   []string                `json:"attachments"`
}

type outputHost struct {
	Hostname string `json:"hostname"`
}

func (a api) getHostOutput(ctx context.Context, by harrier.Actor, q outputQuery) (outputReply, error) {
	h, err := a.hostResult(ctx, by, q.hostQuery)
	if err != nil {
		return outputReply{}, err
	}
	var list outputs
	list.add(h, q.Plugin)
	return a.outputReply(ctx, q.Plugin, list), nil
}

func (a api) getScanOutput(ctx context.Context, by harrier.Actor, q scanOutputQuery) (outputReply, error) {
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return outputReply{}, err
	}
	sc, err := a.run(ctx, by, s, q.runQuery)
	if err != nil {
		return outputReply{}, err
	}
	var list outputs
	if sc.ID != 0 {
		keep, err := a.keeper(ctx, by, sc, q.runQuery)
		if err != nil {
			return outputReply{}, err
		}
		for h, err := range a.Scans.Results(ctx, by, sc.ID) {
			if err != nil {
				return outputReply{}, err
			}
			list.add(kept(h, keep), q.Plugin)
		}
	}
	return a.outputReply(ctx, q.Plugin, list), nil
}

func (a api) outputReply(ctx context.Context, plugin harrier.ID, list outputs) outputReply {
	var reply outputReply
	v := a.definition(ctx, harrier.VulnID(plugin))
	severity := v.Severity
	if reply.Outputs = list.list; len(list.list) > 0 {
		severity = list.list[0].Severity
	} else {
		reply.Outputs = []output{}
	}
	reply.Info.Description = describe(v, severity)
	return reply
}

// outputs groups observations of one plugin by their text.
type outputs struct{ list []output }

func (l *outputs) add(h scan.HostResult, plugin harrier.ID) {
	for _, o := range h.Observations {
		if harrier.ID(o.Vulnerability) != plugin {
			continue
		}
		i := slices.IndexFunc(l.list, func(p output) bool { return p.Text == o.Evidence && p.Severity == o.Severity })
		if i < 0 {
			i = len(l.list)
			l.list = append(l.list, output{Text: o.Evidence, Severity: o.Severity, Ports: map[string][]outputHost{}, Attachments: []string{}})
		}
		key, host := portKey(o.Observation), outputHost{h.Name}
		if ports := l.list[i].Ports; !slices.Contains(ports[key], host) {
			ports[key] = append(ports[key], host)
		}
	}
}

// portKey is "80 / tcp / www"; without a service it ends in a blank.
//
// Source: nessus-api.md, rule 28.
func portKey(o harrier.Observation) string {
	service := format.ServiceName(o)
	if o.Port == 0 || service == "unknown" {
		service = ""
	}
	return itoa(int(o.Port)) + " / " + string(format.Transport(o)) + " / " + service
}

// diffRequest is a POST /scans/{id}/diff: the run of the query against that of
// the body. Its result is read with both in the query.
type diffRequest struct {
	byID
	History harrier.ID `from:"query history_id"`
	Diff    kit.Int    `json:"diff_id"`
}

func (a api) diffScan(ctx context.Context, by harrier.Actor, q diffRequest) (kit.Empty, error) {
	for _, id := range []harrier.ID{q.History, harrier.ID(q.Diff)} {
		sc, err := a.Scans.Scan(ctx, by, id)
		if err != nil {
			return kit.Empty{}, err
		}
		if sc.Site != q.ID {
			return kit.Empty{}, errFileNotFound
		}
	}
	return kit.Empty{}, nil
}

// trailQuery is a GET /scans/{id}/trails.
type trailQuery struct {
	runQuery
	Plugin   harrier.ID `from:"query plugin_id"`
	Hostname string     `from:"query hostname"`
}

// trailsReply says how a plugin ended on hosts.
type trailsReply struct {
	Trails []trail `json:"trails"`
}

type trail struct {
	Output   string         `json:"output"`
	Hosts    string         `json:"hosts"`
	PluginID harrier.VulnID `json:"plugin_id"`
}

// getTrails tells from the coverage why a plugin did not fire.
func (a api) getTrails(ctx context.Context, by harrier.Actor, q trailQuery) (trailsReply, error) {
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return trailsReply{}, err
	}
	sc, err := a.run(ctx, by, s, q.runQuery)
	reply := trailsReply{Trails: []trail{}}
	if err != nil || sc.ID == 0 {
		return reply, err
	}
	id := harrier.VulnID(q.Plugin)
	for h, err := range a.Scans.Results(ctx, by, sc.ID) {
		if err != nil {
			return trailsReply{}, err
		}
		if h.Coverage == nil || q.Hostname != "" && !strings.EqualFold(h.Name, q.Hostname) {
			continue
		}
		for _, said := range trailsOf(h.Coverage, id) {
			reply.Trails = append(reply.Trails, trail{said, h.Name, id})
		}
	}
	return reply, nil
}

// trailsOf says how a check ended on a host, for each place that it looked at.
func trailsOf(c *harrier.Coverage, id harrier.VulnID) []string {
	var out []string
	for _, d := range c.Entries {
		if d.Check == id {
			where := ""
			if d.Port != 0 {
				where = "port " + d.Endpoint.String() + ": "
			}
			out = append(out, where+d.Outcome.String()+reason(d.Reason))
		}
	}
	if out == nil {
		outcome, why := c.Outcome(id, harrier.Endpoint{})
		out = []string{outcome.String() + reason(why)}
	}
	return out
}

func reason(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
