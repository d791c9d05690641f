package securitycenter

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
)

// ofScan makes the question one about a single scan result.
//
// Source: section 11.1, "scanID" and "view".
func (s *asked) ofScan(ctx context.Context, e harrier.Expr) error {
	switch {
	case s.in.view == "":
		return fault(codeView, 0, "Please specify a view for the individual data source.")
	case s.in.scan == 0:
		return fault(codeInvalid, 0, "Please specify a scanID for the individual data source.")
	}
	sc, err := s.Scans.Scan(ctx, s.by, s.in.scan)
	if err != nil {
		return missing(err, "Scan Result", sid(s.in.scan), "get")
	}
	if e, err = s.settled(ctx, e); err != nil {
		return err
	}
	switch s.in.view {
	case "all":
		s.expr = e
		return s.observed(ctx, sc)
	case "new":
		s.expr, err = s.during(ctx, sc, "opened")
	case patched:
		s.expr, err = s.during(ctx, sc, "closed")
	default:
		return fault(codeInvalid, 0, "The view '%s' is invalid (all, new, patched).", cut(s.in.view, 32))
	}
	s.expr = harrier.And{s.expr, e}
	return err
}

// during is the condition that a finding of a host of the scan began or ended
// while the scan ran.
func (s *asked) during(ctx context.Context, sc harrier.Scan, field string) (harrier.Expr, error) {
	hosts, err := s.Scans.Hosts(ctx, s.by, sc.ID)
	if err != nil {
		return nil, err
	}
	var some harrier.Or
	for part := range slices.Chunk(hosts, 5000) {
		var ids []any
		for _, h := range part {
			ids = append(ids, int64(h.Asset))
		}
		some = append(some, eq("asset", harrier.Eq, ids...))
	}
	from, to := sc.Started, sc.Ended
	if from.IsZero() {
		from = sc.Created
	}
	if to.IsZero() {
		to = s.Now()
	}
	return harrier.And{some, eq(field, harrier.Ge, max(from.UnixMicro(), 1)), eq(field, harrier.Le, to.UnixMicro())}, nil
}

// settled is e with the assets that Has holds for in the place of Has, so that
// it can be asked of what is in memory.
func (s *asked) settled(ctx context.Context, e harrier.Expr) (harrier.Expr, error) {
	switch e := e.(type) {
	case harrier.And:
		list, err := s.allSettled(ctx, e)
		return harrier.And(list), err
	case harrier.Or:
		list, err := s.allSettled(ctx, e)
		return harrier.Or(list), err
	case harrier.Not:
		of, err := s.settled(ctx, e.Of)
		return harrier.Not{Of: of}, err
	case harrier.Has, harrier.OfAsset:
		list, _, err := s.Assets.Assets(ctx, s.by, e, asset.Page{})
		var ids []any
		for _, as := range list {
			ids = append(ids, int64(as.ID))
		}
		return eq("asset", harrier.Eq, ids...), err
	}
	return e, nil
}

func (s *asked) allSettled(ctx context.Context, list []harrier.Expr) ([]harrier.Expr, error) {
	out := make([]harrier.Expr, len(list))
	for i, e := range list {
		var err error
		if out[i], err = s.settled(ctx, e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// observed is what one scan observed, in memory.
type observed struct {
	*asked
	all []harrier.JudgedFinding
	// seen are the endpoints that a host showed in the scan; servers are the
	// services there, as far as they were asked for.
	seen    map[harrier.ID]map[harrier.Endpoint]bool
	servers map[harrier.ID][]harrier.Service
}

// observed reads what a scan observed.
func (s *asked) observed(ctx context.Context, sc harrier.Scan) error {
	o := &observed{asked: s, seen: map[harrier.ID]map[harrier.Endpoint]bool{}, servers: map[harrier.ID][]harrier.Service{}}
	s.hosts = map[harrier.ID]harrier.Asset{}
	for h, err := range s.Scans.Results(ctx, s.by, sc.ID) {
		if err != nil {
			return err
		}
		as := harrier.Asset{
			ID: h.Asset, Repository: sc.Repository, Addr: h.Addr, MAC: h.MAC, FQDN: h.FQDN, NetBIOS: h.NetBIOS, OS: h.OS, OSCPE: h.OSCPE,
			LastSeen: h.Ended, LastScan: sc.ID, Names: []string{h.Name},
		}
		if as.ID == 0 { // not recognised yet
			as.ID = -harrier.ID(h.Index) - 1
		}
		s.hosts[as.ID] = as
		at := map[harrier.Endpoint]bool{}
		if h.Coverage != nil {
			for _, open := range h.Coverage.Open {
				at[open.Endpoint] = true
			}
		}
		o.seen[as.ID] = at
		for _, ob := range h.Observations {
			at[ob.Endpoint] = true
			o.all = append(o.all, harrier.JudgedFinding{Finding: harrier.Finding{
				ID: harrier.ID(len(o.all) + 1), Asset: as.ID, Instance: ob.Instance(), Severity: ob.Severity, Service: ob.Service, Evidence: ob.Evidence,
				Certainty: ob.Certainty, Source: ob.Source, LastScan: sc.ID, Intervals: []harrier.Interval{{Opened: ob.At, LastSeen: ob.At}},
			}})
			if len(o.all) > 5_000_000 {
				return fault(codeAnalysis, 0, "Unable to process Vuln Query.\nThe scan result is too large.")
			}
		}
	}
	s.from = o
	return nil
}

// fields tells what conditions ask of f.
func (o *observed) fields(ctx context.Context, f harrier.JudgedFinding) func(string) []any {
	as := o.hosts[f.Asset]
	v := o.definition(ctx, f.Vulnerability)
	asJSON := func(value any) []any {
		b, err := json.Marshal(value)
		if err != nil {
			return nil
		}
		return []any{string(b)}
	}
	return func(name string) []any {
		switch name {
		case "id":
			return []any{int64(f.ID)}
		case "asset":
			return []any{int64(f.Asset)}
		case "repository":
			return []any{int64(as.Repository)}
		case "vulnerability":
			return []any{int64(f.Vulnerability)}
		case "severity":
			return []any{int64(f.Severity)}
		case "protocol":
			return []any{string(f.Protocol)}
		case "port":
			return []any{int64(f.Port)}
		case "service":
			return []any{f.Service}
		case "evidence":
			return []any{f.Evidence}
		case "first_seen", "opened":
			return []any{f.FirstSeen().UnixMicro()}
		case "last_seen":
			return []any{f.LastSeen().UnixMicro()}
		case "closed", "open_days":
			return []any{int64(0)}
		case "open":
			return []any{true}
		case "reopened", "mitigated", "accepted", "recast":
			return []any{false}
		case "name":
			return []any{v.Name}
		case "family":
			return []any{v.Family}
		case "solution":
			return []any{v.Solution}
		case "cvss2":
			return []any{v.CVSS2Score}
		case "cvss3":
			return []any{v.CVSS3Score}
		case "cvss4":
			return []any{v.CVSS4Score}
		case "epss":
			return []any{v.EPSS}
		case "exploit":
			return []any{v.Exploit}
		case "exploited":
			return []any{v.Exploited}
		case "published":
			if v.Published.IsZero() {
				return []any{int64(0)}
			}
			return []any{v.Published.UnixMicro()}
		case "added":
			return []any{v.Added.UTC().Format(time.RFC3339)}
		case "modified":
			return []any{v.Modified.UTC().Format(time.RFC3339)}
		case "cve":
			out := make([]any, len(v.CVEs))
			for i, c := range v.CVEs {
				out[i] = c
			}
			return out
		case "aliases":
			return asJSON(v.Aliases)
		case "cwes":
			return asJSON(v.CWEs)
		case "cpes":
			return asJSON(v.CPEs)
		case "exploits":
			return asJSON(v.Exploits)
		case "cvss2_vector":
			return []any{v.CVSS2Vector}
		case "cvss3_vector":
			return []any{v.CVSS3Vector}
		case "cvss4_vector":
			return []any{v.CVSS4Vector}
		case "address":
			return []any{addrText(as.Addr)}
		case "fqdn":
			return []any{as.FQDN}
		case "host":
			out := []any{as.FQDN}
			for _, n := range as.Names {
				out = append(out, n)
			}
			return out
		case "netbios":
			return []any{as.NetBIOS}
		case "mac":
			return []any{as.MAC}
		case "os":
			return []any{as.OS}
		case "uuid":
			return []any{as.UUID.String()}
		}
		return nil
	}
}

func (o *observed) kept(ctx context.Context, e harrier.Expr) []harrier.JudgedFinding {
	var out []harrier.JudgedFinding
	for _, f := range o.all {
		if harrier.Matches(e, o.fields(ctx, f)) {
			out = append(out, f)
		}
	}
	return out
}

func (o *observed) list(ctx context.Context, e harrier.Expr, p finding.Page) ([]harrier.JudgedFinding, int, error) {
	out := o.kept(ctx, e)
	keys := make(map[harrier.ID][]any, len(out))
	for _, f := range out {
		keys[f.ID] = o.fields(ctx, f)(p.Sort)
	}
	slices.SortFunc(out, func(a, b harrier.JudgedFinding) int {
		c := compareKeys(keys[a.ID], keys[b.ID])
		if p.Sort == "address" {
			c = o.hosts[a.Asset].Addr.Compare(o.hosts[b.Asset].Addr)
		}
		if c = cmp.Or(c, cmp.Compare(a.ID, b.ID)); p.Desc {
			return -c
		}
		return c
	})
	return cutOut(out, p.Offset, p.Limit), len(out), nil
}

func cutOut[T any](list []T, offset, limit int) []T {
	list = list[min(offset, len(list)):]
	if limit > 0 {
		list = list[:min(limit, len(list))]
	}
	return list
}

func compareKeys(a, b []any) int {
	if len(a) == 0 || len(b) == 0 {
		return cmp.Compare(len(a), len(b))
	}
	switch x := a[0].(type) {
	case int64:
		y, _ := b[0].(int64)
		return cmp.Compare(x, y)
	case float64:
		y, _ := b[0].(float64)
		return cmp.Compare(x, y)
	case string:
		y, _ := b[0].(string)
		return cmp.Compare(x, y)
	case bool:
		if y, _ := b[0].(bool); x != y {
			if x {
				return 1
			}
			return -1
		}
	}
	return 0
}

// groups are those that f counts in.
func (o *observed) groups(ctx context.Context, by harrier.Grouping, f harrier.JudgedFinding) []harrier.Sum {
	as := o.hosts[f.Asset]
	named := func(s string) []harrier.Sum {
		if s == "" {
			return nil
		}
		return []harrier.Sum{{Key: s}}
	}
	class := func(n int) []harrier.Sum {
		if !as.Addr.Is4() {
			return nil
		}
		b := as.Addr.As4()
		return []harrier.Sum{{Key: fmt.Sprintf("%X", b[:n]), Repository: as.Repository}}
	}
	switch by {
	case harrier.ByAsset:
		return []harrier.Sum{{ID: f.Asset}}
	case harrier.ByVulnerability:
		return []harrier.Sum{{ID: harrier.ID(f.Vulnerability), Severity: f.Severity}}
	case harrier.BySeverity:
		return []harrier.Sum{{Severity: f.Severity}}
	case harrier.ByPort:
		return []harrier.Sum{{ID: harrier.ID(f.Port)}}
	case harrier.ByProtocol:
		return []harrier.Sum{{Key: string(f.Protocol)}}
	case harrier.ByRepository:
		return []harrier.Sum{{ID: as.Repository}}
	case harrier.ByFamily:
		return []harrier.Sum{{Key: o.definition(ctx, f.Vulnerability).Family}}
	case harrier.ByCVE:
		var out []harrier.Sum
		for _, c := range o.definition(ctx, f.Vulnerability).CVEs {
			out = append(out, harrier.Sum{Key: c})
		}
		return out
	case harrier.ByFQDN:
		out := named(as.FQDN)
		for i := range out {
			out[i].Repository = as.Repository
		}
		return out
	case harrier.ByOS:
		return named(as.OS)
	case harrier.ByService:
		return named(f.Service)
	case harrier.ByClassA:
		return class(1)
	case harrier.ByClassB:
		return class(2)
	case harrier.ByClassC:
		return class(3)
	case harrier.BySoftware, harrier.BySSHServer, harrier.ByWebServer, harrier.ByMailServer:
		var out []harrier.Sum
		for _, svc := range o.servers[f.Asset] {
			if svc.Product != "" && speaks(by, svc.Name) {
				out = append(out, harrier.Sum{Key: strings.TrimSpace(svc.Product + " " + svc.Version)})
			}
		}
		return out
	}
	return nil
}

// speaks reports whether a service belongs to a grouping of software.
func speaks(by harrier.Grouping, name string) bool {
	switch by {
	case harrier.BySSHServer:
		return name == "ssh"
	case harrier.ByWebServer:
		return name == "http"
	case harrier.ByMailServer:
		return name == "smtp" || name == "imap" || name == "pop3"
	default:
		return true
	}
}

// learnServers reads the services of the hosts at the endpoints that the scan
// saw: what is known of them now, since a scan's result does not keep it.
func (o *observed) learnServers(ctx context.Context) error {
	for id, at := range o.seen {
		if _, known := o.servers[id]; known || id <= 0 {
			continue
		}
		all, err := o.Assets.Services(ctx, o.by, id)
		if err != nil && harrier.KindOf(err) != harrier.NotFound { // the host is gone
			return err
		}
		o.servers[id] = slices.DeleteFunc(all, func(s harrier.Service) bool { return !at[s.Endpoint] })
	}
	return nil
}

func (o *observed) sums(ctx context.Context, e harrier.Expr, q harrier.SumQuery) (harrier.Sums, error) {
	type group struct {
		harrier.Sum
		hosts map[harrier.ID]bool
	}
	switch q.By {
	case harrier.BySoftware, harrier.BySSHServer, harrier.ByWebServer, harrier.ByMailServer:
		if err := o.learnServers(ctx); err != nil {
			return harrier.Sums{}, err
		}
	default:
	}
	found := map[harrier.Sum]*group{}
	var out harrier.Sums
	for _, f := range o.kept(ctx, e) {
		for _, key := range o.groups(ctx, q.By, f) {
			g := found[key]
			if g == nil {
				g = &group{key, map[harrier.ID]bool{}}
				found[key] = g
			}
			g.Counts[f.Severity]++
			g.hosts[f.Asset] = true
			g.Severity = max(g.Severity, f.Severity)
		}
	}
	for _, g := range found {
		switch q.By {
		case harrier.ByVulnerability, harrier.ByCVE, harrier.ByOS, harrier.ByService, harrier.BySoftware, harrier.BySSHServer, harrier.ByWebServer, harrier.ByMailServer:
			g.Hosts = len(g.hosts)
		default:
		}
		out.Rows = append(out.Rows, g.Sum)
		out.Hosts += g.Hosts
		for i, n := range g.Counts {
			out.Counts[i] += n
		}
	}
	out.Groups = len(out.Rows)
	slices.SortFunc(out.Rows, func(a, b harrier.Sum) int {
		c := cmp.Or(o.compare(ctx, q, a, b), cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Severity, b.Severity))
		if q.Desc {
			return -c
		}
		return c
	})
	out.Rows = cutOut(out.Rows, q.Offset, q.Limit)
	return out, nil
}

func (o *observed) compare(ctx context.Context, q harrier.SumQuery, a, b harrier.Sum) int {
	switch q.Sort {
	case "total":
		return cmp.Compare(a.Total(), b.Total())
	case "score":
		return cmp.Compare(q.Weights.Of(a.Counts), q.Weights.Of(b.Counts))
	case "hosts":
		return cmp.Compare(a.Hosts, b.Hosts)
	case "severity":
		return cmp.Compare(a.Severity, b.Severity)
	case "address":
		return o.hosts[a.ID].Addr.Compare(o.hosts[b.ID].Addr)
	case "name":
		if q.By == harrier.ByAsset {
			return cmp.Compare(o.hosts[a.ID].FQDN, o.hosts[b.ID].FQDN)
		}
		return cmp.Compare(o.definition(ctx, harrier.VulnID(a.ID)).Name, o.definition(ctx, harrier.VulnID(b.ID)).Name)
	case "family":
		return cmp.Compare(o.definition(ctx, harrier.VulnID(a.ID)).Family, o.definition(ctx, harrier.VulnID(b.ID)).Family)
	}
	if s, err := harrier.ParseSeverity(q.Sort); err == nil {
		return cmp.Compare(a.Counts[s], b.Counts[s])
	}
	return 0
}
