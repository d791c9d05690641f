package nessus

import (
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// The states of a family or a plugin in a policy.
const (
	enabled  = "enabled"
	disabled = "disabled"
	mixed    = "mixed"
)

// familyChoice is what a request says of one family. A family that it leaves
// mixed keeps its own plugins as they were, and those in Individual change.
type familyChoice struct {
	Status     kit.Text            `json:"status"`
	Individual map[string]kit.Text `json:"individual"`
}

// applyFamilies puts the families of a request into a selection. It answers
// Invalid for a plugin that is no number and a status that is none.
//
// Source: nessus-api.md, section 6.3, "plugins on write".
func applyFamilies(c *harrier.CheckSelection, given map[string]familyChoice, familyOf func(harrier.VulnID) string) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		choice := given[name]
		single, err := choice.singles(name)
		if err != nil {
			return err
		}
		if c.Families == nil {
			c.Families = map[string]bool{}
		}
		switch choice.Status {
		case enabled, disabled:
			c.Families[name] = choice.Status == enabled
			maps.DeleteFunc(c.Single, func(id harrier.VulnID, _ bool) bool { return familyOf(id) == name })
		case mixed, "":
			if _, named := c.Families[name]; !named && choice.Status == mixed {
				c.Families[name] = !slices.Contains(slices.Collect(maps.Values(single)), true)
			}
		default:
			return harrier.Invalidf("plugins", "%q is not a status of family %q", choice.Status, name)
		}
		if c.Single == nil && len(single) > 0 {
			c.Single = map[harrier.VulnID]bool{}
		}
		maps.Copy(c.Single, single)
	}
	return nil
}

func (f familyChoice) singles(family string) (map[harrier.VulnID]bool, error) {
	out := make(map[harrier.VulnID]bool, len(f.Individual))
	for key, state := range f.Individual {
		id, err := kit.WholeNumber(key)
		if err != nil {
			return nil, harrier.Invalidf("plugins", "%q in family %q is not the number of a plugin", key, family)
		}
		if state != enabled && state != disabled {
			return nil, harrier.Invalidf("plugins", "%q is not a status of plugin %d", state, id)
		}
		out[harrier.VulnID(id)] = state == enabled
	}
	return out, nil
}

// familyState is a family as an editor or a policy shows it.
type familyState struct {
	ID     int    `json:"id"`
	Count  int    `json:"count"`
	Status string `json:"status"`
}

// familyStates tells the state of each family that has a plugin in vulns or, by
// its name, some more that content brings; those are on when their family is.
func familyStates(c harrier.CheckSelection, families []harrier.Family, vulns []harrier.Vulnerability, more map[string]int) map[string]familyState {
	total, on := map[string]int{}, map[string]int{}
	for name, n := range more {
		total[name] = n
		if c.Enabled(0, name) {
			on[name] = n
		}
	}
	for _, v := range vulns {
		total[v.Family]++
		if c.Enabled(v.ID, v.Family) {
			on[v.Family]++
		}
	}
	out := map[string]familyState{}
	for _, f := range families {
		if total[f.Name] == 0 {
			continue
		}
		state := mixed
		switch on[f.Name] {
		case 0:
			state = disabled
		case total[f.Name]:
			state = enabled
		}
		out[f.Name] = familyState{f.ID, total[f.Name], state}
	}
	return out
}

// pluginState says whether a selection runs a plugin.
func pluginState(c harrier.CheckSelection, id harrier.VulnID, family string) string {
	if c.Enabled(id, family) {
		return enabled
	}
	return disabled
}

// policyFamily is a family in GET /policies/{id}, in the form in which it may
// be written back.
type policyFamily struct {
	Status     string            `json:"status"`
	Individual map[string]string `json:"individual,omitempty"`
}

// policyFamilies is the selection in the form in which it may be written back.
func policyFamilies(c harrier.CheckSelection, families []harrier.Family, vulns []harrier.Vulnerability, more map[string]int) map[string]policyFamily {
	out := map[string]policyFamily{}
	for name, f := range familyStates(c, families, vulns, more) {
		out[name] = policyFamily{Status: f.Status}
	}
	for _, v := range vulns {
		f := out[v.Family]
		if f.Status != mixed {
			continue
		}
		if f.Individual == nil {
			f.Individual = map[string]string{}
			out[v.Family] = f
		}
		f.Individual[itoa(int(v.ID))] = pluginState(c, v.ID, v.Family)
	}
	return out
}
