package securitycenter

import (
	"context"
	"strconv"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// familyChoice is a family in a policy that a client sends.
type familyChoice struct {
	ID      kit.Int  `json:"id"`
	State   kit.Text `json:"state"`
	Plugins givens   `json:"plugins"`
}

// selectionOf is the selection that a list of families makes: families alone
// run whole, with plugins only these run, whatever family they are named in. An
// empty list is the template's own selection.
//
// Source: securitycenter-api.md, section 7.4.
func (a api) selectionOf(ctx context.Context, list []familyChoice, template harrier.CheckSelection) (harrier.CheckSelection, error) {
	if len(list) == 0 {
		return template, nil
	}
	c := harrier.CheckSelection{NoOthers: true, Families: map[string]bool{}, Single: map[harrier.VulnID]bool{}}
	for _, choice := range list {
		if len(choice.Plugins) > 0 {
			for _, p := range choice.Plugins {
				if p < 0 || p > 1<<31-1 {
					return c, harrier.Errorf(harrier.Invalid, "Plugin #%d is no number of a plugin.", p)
				}
				c.Single[harrier.VulnID(p)] = choice.State != "disabled"
			}
			continue
		}
		f, found := a.familyByID(ctx, int(choice.ID))
		if !found {
			return c, harrier.Errorf(harrier.Invalid, "Plugin Family #%d does not exist.", choice.ID)
		}
		if !f.passive && choice.State != "mixed" {
			c.Families[f.name] = choice.State != "disabled"
		}
	}
	return c, nil
}

// policyFamily is a family of a policy.
type policyFamily struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Count   string       `json:"count"`
	State   string       `json:"state"`
	Type    string       `json:"type"`
	Plugins []pluginName `json:"plugins"`
}

// policyFamilies shows a selection: families of which something runs, mixed
// ones with the plugins that do.
func (a api) policyFamilies(ctx context.Context, c harrier.CheckSelection) []policyFamily {
	out := []policyFamily{}
	single := map[string][]pluginName{}
	off := map[string]bool{}
	for id, on := range c.Single {
		v, found := a.Vulns.Lookup(id)
		if !found {
			v = harrier.Vulnerability{ID: id, Family: activeFamilies[0]}
		}
		if on && !c.Families[v.Family] {
			single[v.Family] = append(single[v.Family], pluginName{vid(id), v.Name, v.Description})
		}
		if !on {
			off[v.Family] = true
		}
	}
	known := a.Vulns.Families(ctx)
	if len(single[activeFamilies[0]]) > 0 {
		known = append([]harrier.Family{{Name: activeFamilies[0]}}, known...)
	}
	for _, f := range known {
		item := policyFamily{Name: f.Name, Count: strconv.Itoa(f.Count), Type: "active", State: "enabled", Plugins: []pluginName{}}
		item.ID = strconv.Itoa(a.familyNamed(ctx, f.Name).id)
		switch {
		case c.Enabled(0, f.Name) && !off[f.Name]:
		case c.Enabled(0, f.Name):
			item.State = "mixed"
		case len(single[f.Name]) > 0:
			item.State = "mixed"
			item.Plugins = sortedPlugins(single[f.Name])
		default:
			continue
		}
		out = append(out, item)
	}
	return out
}
