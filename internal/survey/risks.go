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
	// Former: its node is own no more. Of History alone.
	Former bool
}

// nodesOf are the nodes that a finding may hang on, the nearest first.
func nodesOf(a harrier.Asset, f harrier.JudgedFinding) []harrier.Node {
	return []harrier.Node{surface.NodeOf(a, f.Finding), harrier.AddrNode(a.Addr), {Kind: harrier.NodeDomain, Key: a.FQDN}}
}

// risk finds the own node that a finding hangs on.
func (r *Room) risk(v *View, a harrier.Asset, f harrier.JudgedFinding) (Risk, bool) {
	for _, n := range nodesOf(a, f) {
		if v.Own(n) {
			return r.describe(f, n), true
		}
	}
	return Risk{}, false
}

// describe is a finding as a risk on a node.
func (r *Room) describe(f harrier.JudgedFinding, n harrier.Node) Risk {
	k := Risk{JudgedFinding: f, Node: n}
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
	return k
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

// excluded reports whether a doubtful risk is not wanted, as the site says of a
// component that it is about: one that is used there, where that is known.
func (v *View) excluded(k Risk) bool {
	var used []harrier.Node
	known := false
	for urn, wanted := range v.site.Options.Survey.Backports {
		parts := strings.Split(urn, ":") // urn:component:application:NAME[:VERSION]
		name := ":" + parts[min(3, len(parts)-1)] + ":"
		if wanted || name == "::" || !slices.ContainsFunc(k.Vulnerability.CPEs, func(cpe string) bool { return strings.Contains(cpe, name) }) {
			continue
		}
		if !known {
			used, known = v.components(k.Node), true
		}
		if len(used) == 0 || slices.ContainsFunc(used, func(c harrier.Node) bool {
			return strings.Contains(c.Key+":", name) || strings.Contains(v.Attribute(c, "cpe"), name)
		}) {
			return true
		}
	}
	return false
}

// components are the software of a service or a page, and of the pages of a
// service.
func (v *View) components(n harrier.Node) []harrier.Node {
	out := v.To(n, harrier.LinkUsesComponent)
	for _, page := range v.To(n, harrier.LinkHosts) {
		out = append(out, v.To(page, harrier.LinkUsesComponent)...)
	}
	return out
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

// HealthAt sums risks up, of History, as they stood in an iteration.
func (v *View) HealthAt(risks []Risk, sc harrier.Scan) Health {
	h := Health{Category: map[string]int{}}
	for _, c := range Categories {
		h.Category[c] = 100
	}
	for _, k := range risks {
		if v.stood(k, sc) {
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
