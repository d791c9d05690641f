package nexpose

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// scanTemplate is a scan template that every console has: a template of the
// model, altered.
type scanTemplate struct {
	id, name string
	base     string // template of the model
	alter    func(*harrier.Settings)
}

// defaultTemplate is the template of sites that say nothing else.
const defaultTemplate = "full-audit-without-web-spider"

func everyPort(s *harrier.Settings) { s.Ports = "1-65535" }

func careful(s *harrier.Settings) { s.Gentle = true }

// scanTemplates are the built-in templates, in the order of the source.
// Templates that audit by a policy language of their own scan as far as the
// checks of the catalogue go.
//
// Source: section 13.10.
var scanTemplates = []scanTemplate{
	{"discovery", "Discovery scan", "discovery", nil},
	{"aggressive-discovery", "Discovery scan (aggressive)", "discovery", func(s *harrier.Settings) { s.UDPPing, s.FastDiscovery = true, true }},
	{"full-audit", "Full audit", "advanced", nil},
	{defaultTemplate, "Full audit without Web Spider", "basic", nil},
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
	{"scada", "SCADA audit", "basic", func(s *harrier.Settings) { careful(s); s.ScanOT = true }},
}

// policyTemplate begins the template id of a listed policy of the model.
const policyTemplate = "policy-"

// templateVariant returns what a template has a scan do. It answers Invalid for
// one that there is none of.
func (a *api) templateVariant(ctx context.Context, by harrier.Actor, id string) (harrier.Variant, error) {
	if number, ok := strings.CutPrefix(id, policyTemplate); ok {
		n, err := strconv.ParseInt(number, 10, 64)
		if err == nil {
			p, err := a.Policies.Policy(ctx, by, harrier.ID(n))
			if err == nil && !p.Hidden {
				return harrier.Variant{Name: p.Name, Template: p.Template, Settings: p.Settings, Checks: p.Checks}, nil
			}
			if err != nil && harrier.KindOf(err) != harrier.NotFound {
				return harrier.Variant{}, err
			}
		}
	}
	i := slices.IndexFunc(scanTemplates, func(t scanTemplate) bool { return strings.EqualFold(t.id, id) })
	if i < 0 {
		return harrier.Variant{}, harrier.Invalidf("templateID", "there is no scan template %q", clip(id))
	}
	t := scanTemplates[i]
	base, ok := a.Policies.Template(t.base)
	if !ok {
		return harrier.Variant{}, harrier.Errorf(harrier.Internal, "scan template %s has no base", id)
	}
	v := harrier.Variant{Name: t.name, Template: base.Name, Settings: base.Settings, Checks: base.Checks}
	if t.alter != nil {
		t.alter(&v.Settings)
	}
	return v, nil
}

// templateOf is the id of the template that a site shows: the one that it was
// given, as long as no other door gave it another policy.
func (a *api) templateOf(s harrier.Site, p harrier.Policy) string {
	if !p.Hidden {
		return policyTemplate + ident(p.ID)
	}
	given := s.Options.Given[givenTemplate]
	if i := slices.IndexFunc(scanTemplates, func(t scanTemplate) bool { return t.id == given }); i >= 0 && scanTemplates[i].base == p.Template {
		return given
	}
	if strings.HasPrefix(given, policyTemplate) {
		return given
	}
	return cmp.Or(map[string]string{"discovery": "discovery", "webapp": "web-audit", "patch_audit": "linux-rpm", "advanced": "full-audit"}[p.Template], defaultTemplate)
}
