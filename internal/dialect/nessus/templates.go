package nessus

import (
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/policy"
)

// templateID joins a template of the policy room to its public constant.
type templateID struct {
	name     string
	uuid     string // the same in every installation: scripts have it written down
	title    string // the API's title, where it is another one than the room's
	scanOnly bool   // no policy can be made from it
	plugins  bool   // its editor shows the plugin families
}

// templateIDs lists what can be made through this dialect.
//
// Source: nessus-api.md, section 6.1.
var templateIDs = []templateID{
	{name: "advanced", uuid: "ad629e16-03b6-8c1d-cef6-ef8c9dd3c658d24bd260ef5f9e66", title: "Advanced Scan", plugins: true},
	{name: "basic", uuid: "731a8e52-3ea6-a291-ec0a-d2ff0619c19d7bd788d6be818b65", title: "Basic Network Scan"},
	{name: "patch_audit", uuid: "0625147c-30fe-d79f-e54f-ce7ccd7523e9b63d84cb81c23c2f", title: "Credentialed Patch Audit"},
	{name: "custom", uuid: "ab4bacd2-05f6-425c-9d79-3ba3940ad1c24e51e1f403febe40", title: "Custom Scan", scanOnly: true, plugins: true},
	{name: "discovery", uuid: "bbd4f805-3966-d464-b2d1-0079eb89d69708c3a05ec2812bcf", title: "Host Discovery"},
	{name: "drown", uuid: "b9e01ede-c502-a064-cbca-e0f75d7743549709aaa0d800a65e", title: "DROWN Detection"},
	{name: "webapp", uuid: "c3cbcd46-329f-a9ed-1077-554f8c2af33d0d44f09d736969bf", title: "Web Application Tests"},
}

// templateByUUID finds a template by its public constant.
func templateByUUID(uuid string) (templateID, bool) {
	for _, t := range templateIDs {
		if t.uuid == uuid {
			return t, true
		}
	}
	return templateID{}, false
}

// templateByName finds a template by the room's name; one that this dialect
// does not list shows as the advanced one, which can say the most.
func templateByName(name string) templateID {
	for _, t := range templateIDs {
		if t.name == name {
			return t
		}
	}
	return templateIDs[0]
}

// roomTemplate finds the room's template for a uuid of a request. It answers
// Invalid for one that is not known.
func (a api) roomTemplate(uuid string) (templateID, policy.Template, error) {
	id, ok := templateByUUID(uuid)
	if !ok {
		return templateID{}, policy.Template{}, harrier.Invalidf("uuid", "there is no template %q", uuid)
	}
	t, ok := a.Policies.Template(id.name)
	if !ok {
		return templateID{}, policy.Template{}, harrier.Invalidf("uuid", "there is no template %q", id.name)
	}
	return id, t, nil
}
