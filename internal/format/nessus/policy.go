package nessus

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/harrier-scan/harrier/internal/format"
)

// policy writes the Policy element: what was to be scanned, and how.
//
// Source: nessus-api.md, section 15.2.
func (e *encoder) policy(s format.Scan) {
	e.raw("<Policy>")
	e.must("policyName", policyName(s))
	e.must("policyComments", s.Policy.Description)
	e.raw("<Preferences><ServerPreferences>")
	for _, p := range serverPreferences(s) {
		e.raw("<preference>\n")
		e.must("name", p.name)
		e.must("value", p.value)
		e.raw("</preference>\n")
	}
	e.raw("</ServerPreferences>\n<PluginsPreferences>")
	for _, p := range pluginPreferences(s.Scan.Plan.Settings) {
		e.raw("<item>")
		e.element("pluginName", p.plugin)
		e.element("pluginId", strconv.Itoa(p.id))
		e.element("fullName", p.plugin+"["+p.kind+"]:"+p.name)
		e.element("preferenceName", p.name)
		e.element("preferenceType", p.kind)
		e.element("preferenceValues", p.values())
		e.element("selectedValue", p.values())
		e.raw("</item>\n")
	}
	e.raw("</PluginsPreferences>\n</Preferences>\n<FamilySelection>")
	e.families(s)
	e.raw("</FamilySelection>\n<IndividualPluginSelection>")
	for _, id := range slices.Sorted(maps.Keys(s.Policy.Checks.Single)) {
		v := s.Lookup(id)
		e.raw("<PluginItem>")
		e.element("PluginId", strconv.Itoa(int(id)))
		e.element("PluginName", v.Name)
		e.element("Family", v.Family)
		e.element("Status", status(s.Policy.Checks.Single[id]))
		e.raw("</PluginItem>\n")
	}
	e.raw("</IndividualPluginSelection>\n</Policy>\n")
}

func policyName(s format.Scan) string {
	return cmp.Or(s.Policy.Name, s.Scan.PolicyName, "Harrier policy")
}

// families writes whether each family is on, off, or mixed where single
// plugins differ from the rest.
func (e *encoder) families(s format.Scan) {
	names := slices.Sorted(maps.Keys(s.Policy.Checks.Families))
	if s.Families != nil {
		names = names[:0]
		for _, f := range s.Families() {
			names = append(names, f.Name)
		}
	}
	mixed := map[string]bool{}
	for id, on := range s.Policy.Checks.Single {
		family := s.Lookup(id).Family
		mixed[family] = mixed[family] || on != s.Policy.Checks.Enabled(0, family)
	}
	for _, name := range names {
		state := status(s.Policy.Checks.Enabled(0, name))
		if mixed[name] {
			state = "mixed"
		}
		e.raw("<FamilyItem>")
		e.element("FamilyName", name)
		e.element("Status", state)
		e.raw("</FamilyItem>\n")
	}
}

func status(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}
