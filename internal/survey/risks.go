package survey

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/surface"
)

// Risk is a finding on a node of a surface.
type Risk struct {
	harrier.JudgedFinding
	Node          harrier.Node
	Vulnerability harrier.Vulnerability
	Link          harrier.UUID // of the finding, for ever
	Kind          harrier.UUID // of the vulnerability
	URN           string
	Category      string // "dns", "email", "tls", "web", "network", "software"
	// Backport: only a version says so, and a distribution may have mended it
	// without another one.
	Backport bool
}

// Risks lists the risks of own nodes that by may see, by rising ID of their
// findings; those that ended too when ended is set. It answers Forbidden without
// the right to read findings.
func (r *Room) Risks(ctx context.Context, by harrier.Actor, v *View, ended bool) ([]Risk, error) {
	e := harrier.Expr(harrier.OfAsset{Of: ofSite(v.site)})
	if !ended {
		e = harrier.And{e, harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}}}
	}
	list, _, err := r.Findings.Judged(ctx, by, e, finding.Page{Sort: "id"})
	if err != nil {
		return nil, err
	}
	assets, _, err := r.Assets.Assets(ctx, by, ofSite(v.site), asset.Page{})
	if err != nil {
		return nil, err
	}
	known := make(map[harrier.ID]harrier.Asset, len(assets))
	for _, a := range assets {
		known[a.ID] = a
	}
	s := v.site.Options.Survey
	var out []Risk
	for _, f := range list {
		if f.Accepted != 0 {
			continue
		}
		k, ok := r.risk(v, known[f.Asset], f)
		if !ok || s.IgnoreAddrs && v.foreign(k.Node) || k.Backport && excluded(s.Backports, k.Vulnerability) {
			continue
		}
		out = append(out, k)
	}
	return out, nil
}

// risk finds the own node that a finding hangs on.
func (r *Room) risk(v *View, a harrier.Asset, f harrier.JudgedFinding) (Risk, bool) {
	k := Risk{JudgedFinding: f, Node: surface.NodeOf(a, f.Finding)}
	for _, other := range []harrier.Node{harrier.AddrNode(a.Addr), {Kind: harrier.NodeDomain, Key: a.FQDN}} {
		if !v.Own(k.Node) {
			k.Node = other
		}
	}
	if !v.Own(k.Node) {
		return k, false
	}
	k.Vulnerability, _ = r.Vulns.Lookup(f.Instance.Vulnerability)
	if k.Vulnerability.ID == 0 {
		k.Vulnerability = harrier.Vulnerability{ID: f.Instance.Vulnerability, Slug: fmt.Sprintf("vulnerability-%d", f.Instance.Vulnerability), Name: fmt.Sprintf("Vulnerability %d", f.Instance.Vulnerability), Severity: f.Severity}
	}
	k.Link = harrier.NamedUUID(fmt.Sprintf("risk %s %d", r.Installation, f.ID))
	if k.Kind = k.Vulnerability.UUID; k.Kind.IsZero() {
		k.Kind = harrier.NamedUUID(k.Vulnerability.Slug)
	}
	k.URN, k.Category = r.name(k.Vulnerability)
	k.Backport = len(k.Vulnerability.CVEs) > 0 && f.Certainty == harrier.Potential
	return k, true
}

// name is how a vulnerability is called as a risk.
func (r *Room) name(v harrier.Vulnerability) (urn, category string) {
	if rule, ok := r.Rules[v.ID]; ok {
		return rule.URN, rule.Category
	}
	if len(v.CVEs) > 0 {
		return "urn:risk:cve:" + v.CVEs[0], "software"
	}
	category = "network"
	for word, is := range map[string]string{"dns": "dns", "smtp": "email", "web": "web", "cgi": "web", "ssl": "tls", "tls": "tls"} {
		if strings.Contains(strings.ToLower(v.Family), word) || strings.HasPrefix(v.Slug, word+"-") || strings.HasPrefix(v.Slug, is+"-") {
			category = is
			break
		}
	}
	if strings.HasPrefix(v.Slug, "ssl-") || strings.HasPrefix(v.Slug, "tls-") {
		category = "tls"
	}
	return "urn:risk:" + category + ":" + v.Slug, category
}

// foreign reports whether a node is an address that is no seed, or a service
// there.
func (v *View) foreign(n harrier.Node) bool {
	if n.Kind == harrier.NodeService {
		for _, host := range v.From(n, harrier.LinkHosts) {
			if host.Addr().IsValid() {
				return !v.Seed(host)
			}
		}
		return false
	}
	return n.Addr().IsValid() && !v.Seed(n)
}

// excluded reports whether doubtful risks of a product are not wanted.
func excluded(backports map[string]bool, v harrier.Vulnerability) bool {
	for urn, wanted := range backports {
		name := urn[strings.LastIndexByte(urn, ':')+1:]
		if !wanted && slices.ContainsFunc(v.CPEs, func(cpe string) bool { return strings.Contains(cpe, ":"+name+":") }) {
			return true
		}
	}
	return false
}

// Health is how a surface stood at a time: counts by severity, and 0 to 100 for
// all and for each category. Each open risk takes 25, 10, 3 or 1 of 100, from
// critical to low, none below 0; all is the mean of the categories.
type Health struct {
	Issues   harrier.Counts
	Overall  int
	Category map[string]int
}

// Categories are those of risks.
var Categories = []string{"dns", "email", "tls", "web", "network", "software"}

var weights = [harrier.Severities]int{0, 1, 3, 10, 25}

// HealthAt sums risks up as they stood at a time.
func HealthAt(risks []Risk, at time.Time) Health {
	h := Health{Category: map[string]int{}}
	for _, c := range Categories {
		h.Category[c] = 100
	}
	for _, k := range risks {
		if k.OpenAt(at) {
			h.Issues[k.Severity]++
			h.Category[k.Category] = max(0, h.Category[k.Category]-weights[k.Severity])
		}
	}
	for _, c := range Categories {
		h.Overall += h.Category[c]
	}
	h.Overall /= len(Categories)
	return h
}

// Action is what is to be done about the risks of one kind on one node.
type Action struct {
	UUID     harrier.UUID
	Site     harrier.Site
	Node     harrier.SurfaceNode
	Own      bool
	Risks    []Risk // all, ended ones too
	Ticket   harrier.Ticket
	Resolved time.Time // zero while a risk is open
	Created  time.Time
	Modified time.Time
}

// Open are the risks that are there.
func (a Action) Open() []Risk {
	return slices.DeleteFunc(slices.Clone(a.Risks), func(k Risk) bool { return !k.JudgedFinding.Open() })
}

// Actions groups the risks of a site, but for mere information: those of one kind
// on one node, by rising creation. Who does it and how far they are is what a ticket says about that
// vulnerability and asset.
func (r *Room) Actions(ctx context.Context, by harrier.Actor, s harrier.Site) ([]Action, error) {
	v, err := r.view(ctx, by, s)
	if err != nil {
		return nil, err
	}
	risks, err := r.Risks(ctx, by, v, true)
	if err != nil {
		return nil, err
	}
	tickets, err := r.Tickets.Tickets(ctx, by)
	if err != nil {
		return nil, err
	}
	type about struct {
		asset harrier.ID
		vuln  harrier.VulnID
	}
	told := map[about]harrier.Ticket{}
	for _, t := range tickets { // the newest counts
		for _, id := range t.Findings {
			told[about{t.Asset, id}] = t
		}
	}
	groups := map[harrier.UUID]*Action{}
	for _, k := range risks {
		if k.Severity == harrier.Info { // nothing to be done
			continue
		}
		id := actionID(s, k)
		a := groups[id]
		if a == nil {
			a = &Action{UUID: id, Site: s, Node: v.Node(k.Node), Own: true, Created: k.FirstSeen(), Ticket: told[about{k.Asset, k.Instance.Vulnerability}]}
			groups[id] = a
		}
		a.Risks = append(a.Risks, k)
		a.Created = earlier(a.Created, k.FirstSeen())
		a.Modified = later(a.Modified, k.LastSeen())
	}
	out := make([]Action, 0, len(groups))
	for _, a := range groups {
		if len(a.Open()) == 0 {
			for _, k := range a.Risks {
				if n := len(k.Intervals); n > 0 {
					a.Resolved = later(a.Resolved, k.Intervals[n-1].Closed)
				}
			}
			a.Modified = later(a.Modified, a.Resolved)
		}
		a.Modified = later(a.Modified, a.Ticket.Modified)
		out = append(out, *a)
	}
	slices.SortFunc(out, func(a, b Action) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.UUID.String(), b.UUID.String()))
	})
	return out, nil
}

// actionID names an action for ever. It begins with what names the site, so that
// one is found without a look at all.
func actionID(s harrier.Site, k Risk) harrier.UUID {
	id := harrier.NamedUUID(fmt.Sprintf("action %s %s %d", s.UUID, k.Node, k.Instance.Vulnerability))
	copy(id[:4], actionsOf(s))
	return id
}

func actionsOf(s harrier.Site) []byte {
	id := harrier.NamedUUID("actions of " + s.UUID.String())
	return id[:4]
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Action finds an action among the sites that by may see. It answers NotFound.
func (r *Room) Action(ctx context.Context, by harrier.Actor, id harrier.UUID) (Action, error) {
	sites, err := r.Sites(ctx, by)
	if err != nil {
		return Action{}, err
	}
	for _, s := range sites {
		if s.Folder == harrier.Trash || !bytes.Equal(id[:4], actionsOf(s)) {
			continue
		}
		list, err := r.Actions(ctx, by, s)
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return Action{}, err
		}
		if i := slices.IndexFunc(list, func(a Action) bool { return a.UUID == id }); i >= 0 {
			return list[i], nil
		}
	}
	return Action{}, missing("action", id)
}
