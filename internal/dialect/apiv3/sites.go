package apiv3

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// siteRoutes are the sites.
//
// Source: section 12, rows 11 and 12.
func (a *api) siteRoutes() {
	a.handle("GET /sites", a.listSites)
	a.handle("POST /sites", a.createSite)
	a.handle("GET /sites/{id}", a.getSite)
	a.handle("PUT /sites/{id}", a.updateSite)
	a.handle("DELETE /sites/{id}", a.deleteSite)
	a.handle("GET /sites/{id}/assets", a.siteAssets)
}

// importances are the words for how much a site matters, and its risk factor in
// the XML API.
var importances = []struct {
	word   string
	factor float64
}{{"very_low", 0.5}, {"low", 0.75}, {"normal", 1}, {"high", 1.5}, {"very_high", 2}}

// riskFactor weighs the risk of a site.
func riskFactor(s harrier.Site) float64 {
	f, err := strconv.ParseFloat(s.Options.Given[words.GivenRisk], 64)
	if err != nil || f < 0 {
		return 1
	}
	return f
}

func importanceOf(s harrier.Site) string {
	out, f := importances[0].word, riskFactor(s)
	for _, i := range importances {
		if f >= i.factor {
			out = i.word
		}
	}
	return out
}

func setImportance(s *harrier.Site, word string) error {
	word = cmpText(strings.ToLower(word), "normal")
	for _, i := range importances {
		if i.word == word {
			s.Options.Given[words.GivenRisk] = strconv.FormatFloat(i.factor, 'f', -1, 64)
			if !strings.Contains(s.Options.Given[words.GivenRisk], ".") {
				s.Options.Given[words.GivenRisk] += ".0"
			}
			return nil
		}
	}
	return harrier.Invalidf("importance", "%q is none of very_low, low, normal, high, very_high", clip(word))
}

// inSite is the condition that a site's scans have seen an asset.
func inSite(id harrier.ID) harrier.Expr {
	return harrier.OfAsset{Of: harrier.Cmp{Field: "in_site", Op: harrier.Eq, Values: []any{int64(id)}}}
}

// siteObject is a site as this API shows it.
//
// Source: section 12, "Site".
func (a *api) siteObject(q *query, s harrier.Site, newest map[harrier.ID]harrier.Scan) (obj, error) {
	p, err := a.Policies.Policy(q.ctx(), harrier.System, s.Policy)
	if err != nil {
		return nil, err
	}
	engines, err := a.engines(q)
	if err != nil {
		return nil, err
	}
	w, n, err := a.weigh(q, inSite(s.ID))
	if err != nil {
		return nil, err
	}
	o := obj{
		"id": s.ID, "name": s.Name, "description": s.Description, "type": "static", "importance": importanceOf(s), "assets": n,
		"riskScore": float64(w.counts.Exposure()) * riskFactor(s), "scanEngine": engines.Of(s), "scanTemplate": words.TemplateOf(s, p), "vulnerabilities": w.object(),
		"links": q.self("/sites/"+ident(s.ID), "Assets", "/assets", "Scans", "/scans", "Included Targets", "/included_targets", "Excluded Targets", "/excluded_targets",
			"Included Asset Groups", "/included_asset_groups", "Excluded Asset Groups", "/excluded_asset_groups",
			"Schedules", "/scan_schedules", "Site Credentials", "/site_credentials", "Scan Engine", "/scan_engine", "Scan Template", "/scan_template", "Tags", "/tags"),
	}
	if sc, ok := newest[s.ID]; ok {
		o.when("lastScanTime", firstTime(sc.Ended, sc.Started, sc.Created))
	}
	return o, nil
}

// sites are those that are not in the trash.
func (a *api) sites(ctx context.Context, by harrier.Actor) ([]harrier.Site, error) {
	all, err := a.Sites.Sites(ctx, by)
	return slices.DeleteFunc(all, func(s harrier.Site) bool { return s.Folder == harrier.Trash }), err
}

func (a *api) listSites(q *query) (any, error) {
	all, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	return a.siteObjects(q, all)
}

// siteObjects are sites as this API shows them, with their newest scans.
func (a *api) siteObjects(q *query, all []harrier.Site) (any, error) {
	newest, err := a.Scans.Latest(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	return pagesOf(q, all, func(s harrier.Site) (obj, error) { return a.siteObject(q, s, newest) })
}

func (a *api) site(q *query) (harrier.Site, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Site{}, err
	}
	return a.Sites.Site(q.ctx(), q.by, id)
}

func (a *api) getSite(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	newest, err := a.Scans.Latest(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	o, err := a.siteObject(q, s, newest)
	if err != nil {
		return nil, err
	}
	return q.one(o)
}

// targetsBody is a part of what a site scans, as a client writes it.
type targetsBody struct {
	Addresses []string `json:"addresses"`
}

type groupsBody struct {
	Groups []int64 `json:"assetGroupIDs"`
}

// siteBody is a site as a client writes it.
type siteBody struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Importance  string `json:"importance"`
	Engine      int64  `json:"engineId"`
	Template    string `json:"scanTemplateId"`
	Scan        *struct {
		Assets *struct {
			Included       *targetsBody `json:"includedTargets"`
			Excluded       *targetsBody `json:"excludedTargets"`
			IncludedGroups *groupsBody  `json:"includedAssetGroups"`
			ExcludedGroups *groupsBody  `json:"excludedAssetGroups"`
		} `json:"assets"`
		Connection map[string]any `json:"connection"`
	} `json:"scan"`
}

// put puts a body into s, but for the template.
func (a *api) putSite(q *query, b siteBody, s *harrier.Site) error {
	s.Name, s.Description = strings.TrimSpace(b.Name), b.Description
	if s.Options.Given = maps.Clone(s.Options.Given); s.Options.Given == nil {
		s.Options.Given = map[string]string{}
	}
	if err := setImportance(s, b.Importance); err != nil {
		return err
	}
	if b.Engine != 0 {
		if err := a.putEngine(q, s, harrier.ID(b.Engine)); err != nil {
			return err
		}
	}
	if b.Scan == nil {
		return a.freeSiteName(q, *s)
	}
	if len(b.Scan.Connection) > 0 {
		return harrier.Invalidf("scan.connection", "there are no discovery connections here: a site names its targets")
	}
	if t := b.Scan.Assets; t != nil {
		for _, part := range []struct {
			from *groupsBody
			to   *[]harrier.ID
		}{{t.IncludedGroups, &s.Options.Lists}, {t.ExcludedGroups, &s.Options.Spared}} {
			if part.from == nil {
				continue
			}
			*part.to = nil
			for _, id := range part.from.Groups {
				*part.to = append(*part.to, harrier.ID(id))
			}
		}
		for _, part := range []struct {
			from *targetsBody
			to   *string
		}{{t.Included, &s.Targets}, {t.Excluded, &s.Exclude}} {
			if part.from == nil {
				continue
			}
			text, err := targetText(part.from.Addresses)
			if err != nil {
				return err
			}
			*part.to = text
		}
	}
	return a.freeSiteName(q, *s)
}

// freeSiteName answers Conflict when another site has the name.
func (a *api) freeSiteName(q *query, s harrier.Site) error {
	all, err := a.sites(q.ctx(), q.by)
	for _, o := range all {
		if o.ID != s.ID && strings.EqualFold(o.Name, s.Name) {
			return harrier.Invalidf("name", "there is a site named %q already", clip(o.Name))
		}
	}
	return err
}

func (a *api) createSite(q *query) (any, error) {
	var b siteBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	var s harrier.Site
	if err := a.putSite(q, b, &s); err != nil {
		return nil, err
	}
	if err := a.storeTemplate(q, &s, cmpText(b.Template, words.DefaultTemplate)); err != nil {
		return nil, err
	}
	return created{s.ID, "/sites/" + ident(s.ID)}, nil
}

// storeTemplate stores s with the policy that a template makes. Credentials stay.
func (a *api) storeTemplate(q *query, s *harrier.Site, template string) error {
	v, template, err := words.Variant(q.ctx(), a.Policies, q.by, template)
	if err != nil {
		return err
	}
	number, listed := strings.CutPrefix(template, words.PolicyTemplate)
	if s.ID == 0 {
		s.Options.Given[words.GivenTemplate] = template
		if listed {
			n, _ := strconv.ParseInt(number, 10, 64) // it was found by it
			s.Policy = harrier.ID(n)
			return a.Sites.Create(q.ctx(), q.by, s)
		}
		return a.Sites.CreateWith(q.ctx(), q.by, s, &harrier.Policy{Name: v.Name, Template: v.Template, Settings: v.Settings, Checks: v.Checks, Hidden: true})
	}
	p, err := a.Policies.Policy(q.ctx(), harrier.System, s.Policy)
	if err != nil {
		return err
	}
	if words.TemplateOf(*s, p) == template {
		return a.Sites.Update(q.ctx(), q.by, s)
	}
	s.Options.Given[words.GivenTemplate] = template
	if !p.Hidden {
		p = harrier.Policy{Hidden: true, Credentials: p.Credentials}
	}
	p.Name, p.Template, p.Settings, p.Checks = v.Name, v.Template, v.Settings, v.Checks
	return a.Sites.UpdateWith(q.ctx(), q.by, s, &p)
}

func (a *api) updateSite(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	var b siteBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	p, err := a.Policies.Policy(q.ctx(), harrier.System, s.Policy)
	if err != nil {
		return nil, err
	}
	have := words.TemplateOf(s, p)
	if err := a.putSite(q, b, &s); err != nil {
		return nil, err
	}
	if err := a.storeTemplate(q, &s, cmpText(b.Template, have)); err != nil {
		return nil, err
	}
	return q.done()
}

// deleteSite deletes a site with its scans; those that go on are stopped first.
func (a *api) deleteSite(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	if a.Sites.Level(q.by, s) < harrier.Owns || !q.by.May(harrier.EditSites) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not delete site %q", s.Name)
	}
	for range 3 { // a scan can begin meanwhile
		scans, err2 := a.Scans.Of(q.ctx(), q.by, s.ID)
		if err2 != nil {
			return nil, err2
		}
		for _, sc := range scans {
			if sc.Status.Ended() {
				continue
			}
			if err := a.Scans.Command(q.ctx(), q.by, sc.ID, harrier.Kill); err != nil && harrier.KindOf(err) != harrier.Conflict {
				return nil, err
			}
		}
		if err = a.Sites.Delete(q.ctx(), q.by, s.ID); err == nil || harrier.KindOf(err) != harrier.Conflict {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) siteAssets(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	return a.assetPages(q, inSite(s.ID)), nil
}
