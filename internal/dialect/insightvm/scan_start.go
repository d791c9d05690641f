package insightvm

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/scan"
)

// maxAssets is how many assets one request scans at most.
const maxAssets = 1000

// Reasons why assets are not scanned, and why nothing is.
//
// Source: sections 3.5 and 7.3, recorded texts.
const (
	reasonNoEngine = "Asset has never been scanned with an InsightVM Platform registered engine."
	reasonTooMany  = "Too many assets in request."
	errNothing     = "Did not find any platform registered engines from assets in scope. No scans will be performed."
	startLead      = "Your scan start request"
)

// startReply is the answer of a start.
type startReply struct {
	Scans     []startedScan    `json:"scans"`
	Unscanned []unscannedAsset `json:"unscanned_assets"`
}

type startedScan struct {
	AssetIDs []string `json:"asset_ids"`
	EngineID string   `json:"engine_id"`
	ID       string   `json:"id"`
	Name     string   `json:"name"`
}

type unscannedAsset struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// starting is a start as it is worked out.
type starting struct {
	api
	by      harrier.Actor
	form    *scanForm
	engines []harrier.Engine
	chosen  []harrier.Engine        // to be used, where the form names some; else those that scanned the assets last
	sources []harrier.ID            // sites whose credentials are used; nil: those of the site that takes in the results
	checks  map[harrier.VulnID]bool // what is looked for alone; nil: all
	spared  map[harrier.VulnID]bool // what is not looked for
	sites   map[harrier.ID]harrier.Site
	faults  []string
	reply   startReply
}

// group is the assets that one scan is about.
type group struct {
	engine     harrier.Engine
	repository harrier.ID
	assets     []harrier.Asset
	sites      map[harrier.ID]int // how many of the assets each scanned last
}

func (a api) startScan(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	keys, err := q.members()
	if err != nil {
		return reply{}, err
	}
	if keys == nil {
		return reply{}, errNoBody
	}
	form, err := readScanForm(keys, 0)
	if err != nil {
		return reply{}, err
	}
	if !by.May(harrier.RunScans) {
		return reply{}, notAllowed(harrier.Errorf(harrier.Forbidden, "you may not run scans"))
	}
	s := &starting{api: a, by: by, form: form, reply: startReply{Scans: []startedScan{}, Unscanned: []unscannedAsset{}}}
	groups, err := s.plan(ctx)
	if err != nil {
		return reply{}, err
	}
	for _, g := range groups {
		if err := s.launch(ctx, g); err != nil {
			return reply{}, err
		}
	}
	if len(s.reply.Scans) == 0 {
		if len(s.faults) == 0 {
			s.faults = []string{errNothing}
		}
		return reply{}, listed(startLead, s.faults)
	}
	return reply{body: s.reply}, nil
}

// plan finds out which assets are scanned by which engine. It answers Invalid
// for a form that names what there is not.
func (s *starting) plan(ctx context.Context) ([]*group, error) {
	var err error
	if s.engines, err = s.Fleet.Engines(ctx, s.by); err != nil {
		return nil, err
	}
	list, err := s.Sites.Sites(ctx, s.by)
	if err != nil {
		return nil, err
	}
	s.sites = make(map[harrier.ID]harrier.Site, len(list))
	for _, one := range list {
		s.sites[one.ID] = one
	}
	s.named(list)
	assets := s.assets(ctx)
	if err := s.narrow(ctx, assets); err != nil {
		return nil, err
	}
	if len(s.faults) > 0 {
		return nil, listed(startLead, s.faults)
	}
	return s.grouped(ctx, assets), nil
}

func (s *starting) fault(format string, args ...any) {
	if len(s.faults) < 20 {
		s.faults = append(s.faults, fmt.Sprintf(format, args...))
	}
}

// named checks the engines and sites that the form names.
func (s *starting) named(sites []harrier.Site) {
	for _, id := range s.form.left(engineIDs) {
		uuid, err := harrier.ParseUUID(id)
		i := slices.IndexFunc(s.engines, func(e harrier.Engine) bool { return e.UUID == uuid })
		if err != nil || i < 0 {
			s.fault("Unknown engine: %s", shown(id))
			continue
		}
		s.chosen = append(s.chosen, s.engines[i])
	}
	sources := s.form.left(credentialSources)
	if len(sources) == 0 && len(s.form.credentials) > 0 {
		s.fault("The exclusions leave no credential source")
	}
	for _, name := range sources {
		i := slices.IndexFunc(sites, func(one harrier.Site) bool { return one.Name == name })
		if i < 0 {
			s.fault("Unknown credential source: %s", shown(name))
			continue
		}
		s.sources = append(s.sources, sites[i].ID)
	}
	if name := s.form.consumer; name != "" && !slices.ContainsFunc(sites, func(one harrier.Site) bool { return one.Name == name }) {
		s.fault("Unknown result consumer: %s", shown(name))
	}
}

// assets finds those that are to be scanned. What is not there, or may not be
// seen, was never scanned.
func (s *starting) assets(ctx context.Context) []harrier.Asset {
	var out []harrier.Asset
	for i, text := range s.form.left(assetIDs) {
		if i >= maxAssets {
			s.reply.Unscanned = append(s.reply.Unscanned, unscannedAsset{text, reasonTooMany})
			continue
		}
		id, ok := s.assetNumber(text)
		var one harrier.Asset
		if ok {
			var err error
			one, err = s.Assets.Asset(ctx, s.by, id)
			ok = err == nil && one.Addr.IsValid()
		}
		if !ok {
			s.reply.Unscanned = append(s.reply.Unscanned, unscannedAsset{text, reasonNoEngine})
			continue
		}
		out = append(out, one)
	}
	return out
}

// narrow finds the checks that the vulnerabilities and solutions of the form
// need, and what its exclusions take out of them or, where it names none, out of
// all. Solutions are those of the findings that are open on the assets.
func (s *starting) narrow(ctx context.Context, assets []harrier.Asset) error {
	s.spared = s.vulnerabilities(ctx, slices.Sorted(maps.Keys(s.form.without(vulnerabilityIDs))))
	wanted := s.vulnerabilities(ctx, s.form.left(vulnerabilityIDs))
	solutions := s.form.left(solutionIDs)
	needed, met, err := s.needing(ctx, assets, solutions)
	if err != nil {
		return err
	}
	maps.Copy(wanted, needed)
	for _, id := range solutions {
		if !met[id] && len(assets) > 0 {
			s.fault("No asset in scope needs the solution %s", shown(id))
		}
	}
	needless, _, err := s.needing(ctx, assets, slices.Sorted(maps.Keys(s.form.without(solutionIDs))))
	if err != nil {
		return err
	}
	maps.Copy(s.spared, needless)
	if len(s.form.vulnerabilities)+len(s.form.solutions) == 0 {
		return nil
	}
	s.checks = map[harrier.VulnID]bool{}
	for id := range wanted {
		if !s.spared[id] {
			s.check(id)
		}
	}
	if len(s.checks) == 0 && len(s.faults) == 0 && len(assets) > 0 {
		s.fault("The exclusions leave nothing to look for")
	}
	return nil
}

// vulnerabilities are those that ids stand for.
func (s *starting) vulnerabilities(ctx context.Context, ids []string) map[harrier.VulnID]bool {
	out := map[harrier.VulnID]bool{}
	for _, id := range ids {
		v, err := s.vulnerability(ctx, id)
		if err != nil {
			s.fault("Unknown vulnerability: %s", shown(id))
			continue
		}
		out[v.ID] = true
	}
	return out
}

// needing are the vulnerabilities open on the assets that solutions mend, and
// which solutions some of them need.
func (s *starting) needing(ctx context.Context, assets []harrier.Asset, solutions []string) (map[harrier.VulnID]bool, map[string]bool, error) {
	out, met := map[harrier.VulnID]bool{}, map[string]bool{}
	if len(solutions) == 0 || len(assets) == 0 {
		return out, met, nil
	}
	ids := make([]harrier.ID, len(assets))
	for i := range assets {
		ids[i] = assets[i].ID
	}
	open, err := s.open(ctx, s.by, ids)
	if err != nil {
		return nil, nil, err
	}
	for i := range assets {
		for _, f := range open[assets[i].ID] {
			v := s.known.of(ctx, f.Vulnerability)
			for _, one := range append(slices.Clone(v.Solutions), solutionOf(v, &assets[i])) {
				if slices.Contains(solutions, one.ID) {
					out[f.Vulnerability], met[one.ID] = true, true
				}
			}
		}
	}
	return out, met, nil
}

// check plans what finds a vulnerability.
func (s *starting) check(id harrier.VulnID) {
	s.checks[id] = true
	if by := s.Vulns.Check(id); by != 0 {
		s.checks[by] = true
	}
}

// grouped puts assets together that one engine scans into one repository.
func (s *starting) grouped(ctx context.Context, assets []harrier.Asset) []*group {
	var out []*group
	scans := map[harrier.ID]harrier.Scan{}
	for i, one := range assets {
		last, known := scans[one.LastScan]
		if !known && one.LastScan != 0 {
			last, _ = s.Scans.Scan(ctx, s.by, one.LastScan) // one that is gone has no engine
			scans[one.LastScan] = last
		}
		e, ok := s.engineFor(i, last)
		if !ok {
			s.reply.Unscanned = append(s.reply.Unscanned, unscannedAsset{s.assetID(one.ID), reasonNoEngine})
			continue
		}
		at := slices.IndexFunc(out, func(g *group) bool { return g.engine.ID == e.ID && g.repository == one.Repository })
		if at < 0 {
			at = len(out)
			out = append(out, &group{engine: e, repository: one.Repository, sites: map[harrier.ID]int{}})
		}
		out[at].assets = append(out[at].assets, one)
		if last.Site != 0 {
			out[at].sites[last.Site]++
		}
	}
	return out
}

// engineFor is the engine that scans an asset: of those that were chosen one
// after the other, else the one that scanned it last.
func (s *starting) engineFor(i int, last harrier.Scan) (harrier.Engine, bool) {
	if len(s.chosen) > 0 {
		return s.chosen[i%len(s.chosen)], true
	}
	if last.ID == 0 || len(s.form.engines) > 0 { // the exclusions leave none of those
		return harrier.Engine{}, false
	}
	at := slices.IndexFunc(s.engines, func(e harrier.Engine) bool {
		return e.ID == last.Terms.Engine && e.ID != 0 || last.Terms.Engine == 0 && last.Engine != "" && e.Name == last.Engine
	})
	if at < 0 && last.Engine == "" { // it was over before an engine said that it works on it: one of its pool did
		pool := cmp.Or(s.sites[last.Site].Pool, harrier.LocalPool)
		at = slices.IndexFunc(s.engines, func(e harrier.Engine) bool { return cmp.Or(e.Pool, harrier.LocalPool) == pool })
	}
	if at < 0 || s.form.without(engineIDs)[s.engines[at].UUID.String()] {
		return harrier.Engine{}, false
	}
	return s.engines[at], true
}

// siteOf is the site that takes in the results of a group: the one that the form
// names, else the one that scanned the most of the assets last.
func (s *starting) siteOf(g *group) (harrier.Site, bool) {
	var best harrier.Site
	for _, one := range s.sites {
		if s.Sites.Level(s.by, one) < harrier.MayControl || cmp.Or(one.Repository, harrier.DefaultRepository) != g.repository {
			continue
		}
		if s.form.excluded != nil && s.form.excluded.consumer == one.Name {
			continue
		}
		if s.form.consumer != "" {
			if one.Name == s.form.consumer && (best.ID == 0 || one.ID < best.ID) {
				best = one
			}
			continue
		}
		n, most := g.sites[one.ID], g.sites[best.ID]
		if n > 0 && (best.ID == 0 || n > most || n == most && one.ID < best.ID) {
			best = one
		}
	}
	return best, best.ID != 0
}

// launch starts the scan of a group.
func (s *starting) launch(ctx context.Context, g *group) error {
	site, ok := s.siteOf(g)
	if !ok {
		s.unscanned(g, reasonNoEngine)
		return nil
	}
	if len(s.sources) == 0 && s.form.without(credentialSources)[site.Name] {
		s.fault("The results go to %s, whose credentials are excluded: name other credential sources", shown(site.Name))
		s.unscanned(g, s.faults[len(s.faults)-1])
		return nil
	}
	l := scan.Launch{Name: s.form.name, Queue: true, Engine: g.engine.ID, Credentials: s.sources}
	if s.form.start.After(s.Now()) {
		l.NotBefore = s.form.start
	}
	targets, ids := make([]string, len(g.assets)), make([]string, len(g.assets))
	for i := range g.assets {
		targets[i], ids[i] = g.assets[i].Addr.WithZone("").String(), s.assetID(g.assets[i].ID)
		if !g.assets[i].Addr.IsValid() {
			targets[i] = g.assets[i].FQDN
		}
	}
	l.Targets = strings.Join(targets, ",")
	if s.checks != nil || len(s.spared) > 0 {
		p, err := s.Policies.Policy(ctx, harrier.System, site.Policy)
		if err != nil {
			return err
		}
		l.Variant = &harrier.Variant{Name: p.Name, Template: p.Template, Settings: p.Settings, Checks: s.selection(p.Checks)}
	}
	sc, err := s.Scans.Launch(ctx, s.by, site.ID, l)
	switch kind := harrier.KindOf(err); {
	case err == nil:
	case kind == harrier.Invalid || kind == harrier.Conflict: // forbidden targets, too many scans that wait
		s.fault("%s", harrier.MessageOf(err))
		s.unscanned(g, harrier.MessageOf(err))
		return nil
	default:
		return notAllowed(err)
	}
	s.reply.Scans = append(s.reply.Scans, startedScan{AssetIDs: ids, EngineID: g.engine.UUID.String(), ID: sc.UUID.String(), Name: sc.Name})
	return nil
}

// unscanned tells that the assets of a group are not scanned, and why.
func (s *starting) unscanned(g *group, reason string) {
	for i := range g.assets {
		s.reply.Unscanned = append(s.reply.Unscanned, unscannedAsset{s.assetID(g.assets[i].ID), reason})
	}
}

// selection is what a scan looks for where its site looks for what have says.
func (s *starting) selection(have harrier.CheckSelection) harrier.CheckSelection {
	if s.checks != nil {
		return harrier.CheckSelection{NoOthers: true, Single: s.checks}
	}
	have.Single = maps.Clone(have.Single)
	if have.Single == nil {
		have.Single = map[harrier.VulnID]bool{}
	}
	for id := range s.spared {
		have.Single[id] = false
	}
	return have
}
