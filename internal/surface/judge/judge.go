// Package judge says what is wrong with an attack surface, from the facts of
// its discovery alone: mail domains, the DNS, names that somebody could take,
// certificates and pages. It is pure: kept facts can be judged again.
package judge

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

// Rule is one kind of risk.
type Rule struct {
	ID          harrier.VulnID // of the vulnerability that findings of it have
	URN         string         // "urn:risk:dns:zone-transfer"
	Category    string         // "dns", "email", "tls", "web"
	Name        string
	Severity    harrier.Severity
	Description string
	Remediation string
}

// Vulnerability is the definition under which findings of the rule are kept.
func (r Rule) Vulnerability() harrier.Vulnerability {
	slug := "surface-" + strings.ReplaceAll(strings.TrimPrefix(r.URN, "urn:risk:"), ":", "-")
	return harrier.Vulnerability{
		ID: r.ID, UUID: harrier.NamedUUID(slug), Slug: slug, Name: r.Name, Family: family[r.Category],
		Severity: r.Severity, Synopsis: r.Name + ".", Description: r.Description, Solution: r.Remediation,
	}
}

var family = map[string]string{"dns": "DNS", "email": "SMTP problems", "tls": "General", "web": "Web Servers"}

// Risk is a rule that holds for an asset.
type Risk struct {
	Rule      *Rule
	Asset     surface.Node
	Key       string // tells apart several of one rule on one asset
	Evidence  string
	Certainty harrier.Certainty
}

// view is what the rules look at.
type view struct {
	*surface.Graph
	now  time.Time
	out  []Risk
	seen map[string]bool
}

func (v *view) risk(r *Rule, asset surface.Node, key, evidence string, c harrier.Certainty) {
	id := r.URN + " " + asset.String() + " " + key
	if !v.seen[id] {
		v.seen[id] = true
		v.out = append(v.out, Risk{r, asset, key, evidence, c})
	}
}

// has gives the values of an attribute.
func (v *view) has(n surface.Node, name string) []string { return v.Attributes(n)[name] }

func (v *view) is(n surface.Node, name string) bool { return len(v.has(n, name)) > 0 }

// unknown reports whether not all could be asked about a domain.
func (v *view) unknown(n surface.Node) bool {
	return v.is(n, harrier.NodeUnresolved) || v.is(n, surface.AttrUnasked)
}

// Judge gives the risks of the own assets, by asset, rule and key. What is not
// known is no risk: a name that nobody answered about has none for what it
// lacks.
func Judge(g *surface.Graph, now time.Time) []Risk {
	v := &view{Graph: g, now: now, seen: map[string]bool{}}
	for n := range g.Nodes() {
		if g.Scope(n) != surface.Primary {
			continue
		}
		switch n.Kind {
		case surface.Domain:
			v.zone(n)
			v.dangling(n)
			if !v.unknown(n) { // else what it lacks is not known
				v.signed(n)
				v.mail(n)
			}
		case surface.Certificate:
			v.certificate(n)
		case surface.URL:
			v.page(n)
		case surface.Service:
			if slices.Contains(v.has(n, "starttls"), "false") {
				v.risk(&noStartTLS, n, "", n.Key+" does not offer STARTTLS.", harrier.Certain)
			}
			for _, name := range v.has(n, surface.AttrDANE) {
				v.risk(&wrongDANE, n, name, "The certificate at "+n.Key+" is none of those that the TLSA records of "+name+" promise.", harrier.Certain)
			}
		default:
		}
	}
	slices.SortFunc(v.out, func(a, b Risk) int {
		return cmp.Or(a.Asset.Compare(b.Asset), cmp.Compare(a.Rule.URN, b.Rule.URN), cmp.Compare(a.Key, b.Key))
	})
	return v.out
}

// Rules lists every rule.
func Rules() []*Rule { return slices.Clone(all) }

// Checks are the numbers of the rules, rising.
func Checks() []harrier.VulnID {
	ids := make([]harrier.VulnID, len(all))
	for i, r := range all {
		ids[i] = r.ID
	}
	slices.Sort(ids)
	return ids
}

// Vulnerabilities are the definitions of the rules.
func Vulnerabilities() []harrier.Vulnerability {
	out := make([]harrier.Vulnerability, len(all))
	for i, r := range all {
		out[i] = r.Vulnerability()
	}
	return out
}
