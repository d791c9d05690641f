package apiv3

import (
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// knowing is what is known of the assets of a page beside themselves.
type knowing struct {
	facts map[harrier.ID]asset.Facts
	met   map[harrier.ID][]harrier.Encounter
	names map[harrier.ID]string // of users
}

// knowing reads it, with the scans of the sites that the client sees.
func (a *api) knowing(q *query, ids []harrier.ID) (k knowing, err error) {
	if k.facts, err = a.Assets.Facts(q.ctx(), q.by, ids); err != nil {
		return k, err
	}
	if k.met, err = a.Assets.Encounters(q.ctx(), q.by, ids); err != nil {
		return k, err
	}
	if k.names, err = a.Identity.Names(q.ctx()); err != nil {
		return k, err
	}
	sites, err := a.Sites.Sites(q.ctx(), q.by)
	if err != nil {
		return k, err
	}
	seen := make(map[harrier.ID]bool, len(sites))
	for _, s := range sites {
		seen[s.ID] = true
	}
	for id, list := range k.met {
		k.met[id] = slices.DeleteFunc(list, func(e harrier.Encounter) bool { return !seen[e.Site] })
	}
	return k, nil
}

// use is how many exploits and kinds of malware use what is open on an asset,
// each once.
type use struct{ exploits, kits int }

func (a *api) uses(q *query, ids []harrier.ID) (map[harrier.ID]use, error) {
	out := make(map[harrier.ID]use, len(ids))
	if len(ids) == 0 || !q.by.May(harrier.ReadFindings) {
		return out, nil
	}
	now := a.Now()
	used := harrier.And{words.OpenFlaws, harrier.Or{
		harrier.Cmp{Field: "exploit_count", Op: harrier.Gt, Values: []any{int64(0)}},
		harrier.Cmp{Field: "malware_kits", Op: harrier.Gt, Values: []any{int64(0)}},
	}}
	list, err := a.Findings.Changes(q.ctx(), q.by, ids, used, now, now, true)
	if err != nil {
		return nil, err
	}
	known := map[harrier.VulnID]harrier.Vulnerability{}
	for i, id := range ids {
		exploits, kits := map[string]bool{}, map[string]bool{}
		for _, f := range list[i].Same {
			v, met := known[f.Vulnerability]
			if !met {
				v, _ = a.Vulns.Lookup(f.Vulnerability)
				known[f.Vulnerability] = v
			}
			for _, e := range v.Exploits {
				exploits[e.Source+" "+e.ID] = true
			}
			for _, m := range v.Malware() {
				kits[m.Name] = true
			}
		}
		out[id] = use{len(exploits), len(kits)}
	}
	return out, nil
}
