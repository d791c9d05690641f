package nessus

import (
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

func (p *parser) policy() error {
	into := &p.head.Policy
	into.Preferences, into.Families, into.Single = map[string]string{}, map[string]string{}, map[harrier.VulnID]string{}
	return p.children(func(name string) (err error) {
		switch name {
		case "policyName":
			into.Name, err = p.keep(maxText)
		case "policyComments":
			into.Comments, err = p.keep(maxText)
		case "Preferences":
			err = p.children(p.preferences)
		case "FamilySelection":
			err = p.records("FamilyItem", func(r map[string]string) {
				into.Families[r["FamilyName"]] = r["Status"]
			})
		case "IndividualPluginSelection":
			err = p.records("PluginItem", func(r map[string]string) {
				if id, ok := pluginID(r["PluginId"]); ok {
					into.Single[id] = r["Status"]
				}
			})
		default:
			err = p.skip()
		}
		return err
	})
}

func (p *parser) preferences(name string) error {
	into := &p.head.Policy
	switch name {
	case "ServerPreferences":
		return p.records("preference", func(r map[string]string) { into.Preferences[r["name"]] = r["value"] })
	case "PluginsPreferences":
		return p.records("item", func(r map[string]string) {
			id, _ := pluginID(r["pluginId"])
			into.Plugins = append(into.Plugins, PluginPreference{
				Plugin: id, FullName: r["fullName"], Name: r["preferenceName"], Type: r["preferenceType"], Selected: r["selectedValue"],
			})
		})
	}
	return p.skip()
}

// records reads the children of that name, each as a set of named texts.
func (p *parser) records(name string, f func(map[string]string)) error {
	n := 0
	return p.children(func(child string) error {
		if child != name {
			return p.skip()
		}
		if n++; n > maxEntries {
			return p.fail("more than %d entries of %s", maxEntries, name)
		}
		r := map[string]string{}
		err := p.children(func(field string) error {
			value, err := p.keep(maxText)
			if len(r) < maxDepth {
				r[field] = value
			}
			return err
		})
		if err == nil {
			f(r)
		}
		return err
	})
}

func pluginID(s string) (harrier.VulnID, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	return harrier.VulnID(n), err == nil && n >= 0
}
