package nexposewords

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/policy"
)

// ScanTemplate is a scan template that every console has: a template of the
// model, altered.
type ScanTemplate struct {
	ID, Name string
	base     string // template of the model
	alter    func(*harrier.Settings)
}

// DefaultTemplate is the template of sites that say nothing else.
const DefaultTemplate = "full-audit-without-web-spider"

func everyPort(s *harrier.Settings) { s.Ports = "1-65535" }

// ScanTemplates are the built-in templates, in the order of the source.
// Templates that audit by a policy language of their own scan as far as the
// checks of the catalogue go.
//
// Source: section 13.10.
var ScanTemplates = []ScanTemplate{
	{"discovery", "Discovery scan", "discovery", nil},
	{"aggressive-discovery", "Discovery scan (aggressive)", "discovery", func(s *harrier.Settings) { s.UDPPing, s.FastDiscovery = true, true }},
	{"full-audit", "Full audit", "advanced", nil},
	{DefaultTemplate, "Full audit without Web Spider", "basic", nil},
	{"full-audit-enhanced-logging-without-web-spider", "Full audit enhanced logging without Web Spider", "basic", func(s *harrier.Settings) { s.ReportDead = true }},
	{"exhaustive-audit", "Exhaustive", "advanced", func(s *harrier.Settings) { everyPort(s); s.AllAddresses = true }},
	{"network-audit", "Safe network audit", "basic", nil},
	{"pentest-audit", "Penetration test", "advanced", func(s *harrier.Settings) { s.GuessLogins = true }},
	{"dos-audit", "Denial of service", "advanced", func(s *harrier.Settings) { s.Unsafe = true }},
	{"internet-audit", "Internet DMZ audit", "basic", func(s *harrier.Settings) { s.NoICMP = true }},
	{"web-audit", "Web audit", "webapp", nil},
	{"linux-rpm", "Linux RPMs", "patch_audit", nil},
	{"microsoft-hotfix", "Microsoft hotfix", "patch_audit", nil},
	{"hipaa-audit", "HIPAA compliance", "basic", nil},
	{"sox-audit", "Sarbanes-Oxley (SOX) compliance", "basic", nil},
	{"pci-audit", "PCI audit", "advanced", everyPort},
	{"pci-internal-audit", "PCI internal audit", "advanced", nil},
	{"cis", "CIS", "patch_audit", nil},
	{"disa", "DISA", "patch_audit", nil},
	{"fdcc-1_2_1_0", "FDCC", "patch_audit", nil},
	{"usgcb-1_2_1_0", "USGCB", "patch_audit", nil},
	{"scada", "SCADA audit", "basic", func(s *harrier.Settings) { s.Gentle = true; s.ScanOT = true }},
}

// PolicyTemplate begins the template id of a listed policy of the model.
const PolicyTemplate = "policy-"

// GivenTemplates is what is kept of a profile: the ids of the templates that its
// people may use, JSON; "" for all.
const GivenTemplates = OwnField + "scanTemplates"

// TemplatesOf are the built-in templates that the people of by's organisation may
// use.
func TemplatesOf(ctx context.Context, policies *policy.Room, by harrier.Actor) ([]ScanTemplate, error) {
	p, err := policies.Profile(ctx, by)
	if err != nil || p.Only.Templates == nil {
		return ScanTemplates, err
	}
	var ids []string
	if given := p.Given[GivenTemplates]; given != "" {
		if err := json.Unmarshal([]byte(given), &ids); err != nil {
			return nil, fmt.Errorf("templates of a profile: %w", err)
		}
	}
	return slices.DeleteFunc(slices.Clone(ScanTemplates), func(t ScanTemplate) bool {
		return !slices.Contains(ids, t.ID) || !p.Only.MayBegin(t.base)
	}), nil
}

// Base is the template of the model that t is.
func (t ScanTemplate) Base() string { return t.base }

// Variant returns what a template has a scan do, and its id as it is written. It
// answers Invalid for one that there is none of for by.
func Variant(ctx context.Context, policies *policy.Room, by harrier.Actor, id string) (harrier.Variant, string, error) {
	if number, ok := strings.CutPrefix(id, PolicyTemplate); ok {
		n, err := strconv.ParseInt(number, 10, 64)
		if err == nil {
			p, err := policies.Policy(ctx, by, harrier.ID(n))
			if err == nil && !p.Hidden {
				return harrier.Variant{Name: p.Name, Template: p.Template, Settings: p.Settings, Checks: p.Checks}, id, nil
			}
			if err != nil && harrier.KindOf(err) != harrier.NotFound {
				return harrier.Variant{}, id, err
			}
		}
	}
	templates, err := TemplatesOf(ctx, policies, by)
	if err != nil {
		return harrier.Variant{}, id, err
	}
	i := slices.IndexFunc(templates, func(t ScanTemplate) bool { return strings.EqualFold(t.ID, id) })
	if i < 0 {
		return harrier.Variant{}, id, harrier.Errorf(harrier.Invalid, "there is no scan template %q", id[:min(len(id), 64)])
	}
	v, err := templates[i].Variant(policies)
	return v, templates[i].ID, err
}

// Variant is what the template has a scan do.
func (t ScanTemplate) Variant(policies *policy.Room) (harrier.Variant, error) {
	base, ok := policies.Template(t.base)
	if !ok {
		return harrier.Variant{}, harrier.Errorf(harrier.Internal, "scan template %s has no base", t.ID)
	}
	v := harrier.Variant{Name: t.Name, Template: base.Name, Settings: base.Settings, Checks: base.Checks}
	if t.alter != nil {
		t.alter(&v.Settings)
	}
	return v, nil
}

// TemplateOf is the id of the template that a site shows: the one that it was
// given, as long as no other door gave it another policy.
func TemplateOf(s harrier.Site, p harrier.Policy) string {
	if !p.Hidden {
		return PolicyTemplate + strconv.FormatInt(int64(p.ID), 10)
	}
	given := s.Options.Given[GivenTemplate]
	if i := slices.IndexFunc(ScanTemplates, func(t ScanTemplate) bool { return t.ID == given }); i >= 0 && ScanTemplates[i].base == p.Template {
		return given
	}
	if strings.HasPrefix(given, PolicyTemplate) {
		return given
	}
	return cmp.Or(map[string]string{"discovery": "discovery", "webapp": "web-audit", "patch_audit": "linux-rpm", "advanced": "full-audit"}[p.Template], DefaultTemplate)
}
