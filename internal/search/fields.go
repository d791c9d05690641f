package search

import "strings"

// domain is what an expression is about.
type domain uint8

const (
	ofAssets domain = iota
	ofFindings
	ofCatalogue
)

// form is what a field holds.
type form uint8

const (
	text form = iota
	number
	date
	boolean
	address
	severity
	special // build says what a comparison means
)

// field is a field of the language.
type field struct {
	form form
	// model are the fields of the model; a comparison holds when it does for one of
	// them. Of a list each element is a value.
	model []string
	// blank says that 0 of a number stands for no value. Dates and texts are
	// always like that.
	blank bool
	build func(c compiler, p *predicate) (part, *Error)
}

func texts(model ...string) field { return field{form: text, model: model} }
func numbers(model string) field  { return field{form: number, model: []string{model}} }
func dates(model string) field    { return field{form: date, model: []string{model}} }
func booleans(model string) field { return field{form: boolean, model: []string{model}} }
func optional(model string) field { return field{form: number, model: []string{model}, blank: true} }

func addresses(family string) field { return field{form: address, model: []string{"address", family}} }

// assetFields are the fields of assets.
//
// Source: section 10.4.
var assetFields = map[string]field{
	"id":        {form: special, build: assetID},
	"host_name": texts("fqdn", "host", "netbios"),
	"ip":        addresses(""), "ipv4": addresses("4"), "ipv6": addresses("6"),
	"mac":             {form: special, build: hardware},
	"type":            {form: special, model: []string{"device_type"}, build: machine},
	"os_architecture": texts("os_architecture"),
	"os_description":  texts("os"),
	"os_family":       texts("os_family"),
	"os_name":         texts("os_name"),
	"os_system_name":  texts("os_system"),
	"os_type":         texts("os_type"),
	"os_vendor":       texts("os_vendor"),
	"os_version":      texts("os_version"),
	"risk_score":      numbers("risk"),

	"critical_vulnerabilities": numbers("critical"),
	"severe_vulnerabilities":   numbers("high"),
	"moderate_vulnerabilities": numbers("medium"),
	"total_vulnerabilities":    numbers("total"),
	"exploits":                 numbers("exploit_count"),
	"malware_kits":             numbers("malware_kits"),
	"assessed_for_policies":    booleans("assessed_for_policies"),

	"assessed_for_vulnerabilities":      booleans("assessed"),
	"last_scan_start":                   dates("scan_start"),
	"last_scan_end":                     dates("last_seen"),
	"last_assessed_for_vulnerabilities": dates("last_seen"),
	"first_seen":                        dates("first_seen"),

	"tags":                      texts("site", "group", "criticality", "custom_tag", "owner_tag", "location_tag"),
	"tags.custom":               texts("group", "custom_tag"),
	"tags.owner":                texts("owner_tag"),
	"tags.location":             texts("location_tag"),
	"tags.criticality":          texts("criticality"),
	"sites":                     texts("site"),
	"groups":                    texts("group"),
	"credential_status":         texts("sign_in"),
	"services.port":             numbers("port"),
	"services.protocol":         texts("protocol"),
	"services.name":             texts("service"),
	"services.product":          texts("product"),
	"software.product":          texts("software_product"),
	"software.vendor":           texts("software_vendor"),
	"software.version":          texts("software_version"),
	"unique_identifiers.id":     texts("identifier"),
	"unique_identifiers.source": texts("identifier_source"),
}

// definitionFields are the fields of vulnerabilities: of the catalogue, and of
// the vulnerability that a finding is of.
var definitionFields = map[string]field{
	"id":                 {form: special, build: vulnerabilityID},
	"title":              texts("name"),
	"description":        texts("description"),
	"added":              dates("added_at"),
	"modified":           dates("modified_at"),
	"published":          dates("published"),
	"categories":         texts("category"),
	"cves":               texts("cve"),
	"references":         texts("reference"),
	"links":              texts("reference"),
	"severity":           {form: severity, model: []string{"severity"}},
	"severity_score":     numbers("severity_score"),
	"risk_score":         numbers("risk"),
	"denial_of_service":  booleans("denial_of_service"),
	"exploits":           numbers("exploit_count"),
	"exploits.name":      texts("exploit_name"),
	"malware_kits":       numbers("malware_kits"),
	"malware_kits.name":  texts("malware_kit"),
	"pci_cvss_score":     numbers("pci_cvss"),
	"pci_fail":           booleans("pci_fail"),
	"pci_severity_score": numbers("pci_severity"),
	"pci_special_notes":  texts("pci_notes"),
	"pci_status":         texts("pci_status"),
	"cvss_score":         numbers("cvss"),
	"solution_id":        texts("solution_id"),
	"solution_summary":   texts("solution_summary"),
	"solution_type":      texts("solution_type"),

	"cvss_v2_score":                  numbers("cvss2"),
	"cvss_v2_exploit_score":          numbers("cvss2_exploit"),
	"cvss_v2_impact_score":           numbers("cvss2_impact"),
	"cvss_v2_vector":                 texts("cvss2_text"),
	"cvss_v2_access_vector":          texts("cvss2_av"),
	"cvss_v2_access_complexity":      texts("cvss2_ac"),
	"cvss_v2_authentication":         texts("cvss2_au"),
	"cvss_v2_confidentiality_impact": texts("cvss2_c"),
	"cvss_v2_integrity_impact":       texts("cvss2_i"),
	"cvss_v2_availability_impact":    texts("cvss2_a"),

	"cvss_v3_score":                  numbers("cvss3"),
	"cvss_v3_exploit_score":          numbers("cvss3_exploit"),
	"cvss_v3_impact_score":           numbers("cvss3_impact"),
	"cvss_v3_vector":                 texts("cvss3_text"),
	"cvss_v3_attack_vector":          texts("cvss3_av"),
	"cvss_v3_attack_complexity":      texts("cvss3_ac"),
	"cvss_v3_privileges_required":    texts("cvss3_pr"),
	"cvss_v3_user_interaction":       texts("cvss3_ui"),
	"cvss_v3_scope":                  texts("cvss3_s"),
	"cvss_v3_confidentiality_impact": texts("cvss3_c"),
	"cvss_v3_integrity_impact":       texts("cvss3_i"),
	"cvss_v3_availability_impact":    texts("cvss3_a"),

	"epss_score": numbers("epss"),
	"exploited":  booleans("exploited"),
}

// findingFields are the fields that only findings have.
var findingFields = map[string]field{
	"status":       {form: special, build: status},
	"first_found":  dates("first_seen"),
	"last_found":   dates("last_seen"),
	"reintroduced": dates("reintroduced"),
	"port":         optional("port"),
	"protocol":     texts("protocol"),
	"proof":        texts("evidence"),
	"key":          texts("key"),
	"check_id":     texts("source"),
}

// others are further names of fields.
var others = map[string]string{
	"name": "host_name", "hostname": "host_name", "os": "os_description", "cve": "cves", "category": "categories", "reference": "references",
	"vulnerability_id": "id", "site": "sites", "group": "groups", "tag": "tags", "first_seen": "first_found", "last_seen": "last_found",
}

// plain is the spelling that fields are looked up by: case, "_" and "-" make no
// difference, so that lastScanEnd and last-scan-end are last_scan_end.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

type lookup map[string]field

func table(list ...map[string]field) lookup {
	out := lookup{}
	for _, fields := range list {
		for name, f := range fields {
			out[plain(name)] = f
		}
	}
	for other, name := range others {
		if f, ok := out[plain(name)]; ok {
			if _, taken := out[plain(other)]; !taken {
				out[plain(other)] = f
			}
		}
	}
	return out
}

var (
	assetTable      = table(assetFields)
	definitionTable = table(definitionFields)
	findingTable    = table(definitionFields, findingFields)
)

// find returns the field that a name stands for; vuln says that it is one of
// vulnerabilities.
func (d domain) find(name token) (f field, vuln bool, err *Error) {
	vulns := findingTable
	if d == ofCatalogue {
		vulns = definitionTable
	}
	scope, rest, scoped := strings.Cut(name.text, ".")
	switch {
	case scoped && strings.EqualFold(scope, "asset"):
		if f, ok := assetTable[plain(rest)]; ok && d == ofAssets {
			return f, false, nil
		}
	case scoped && strings.EqualFold(scope, "vulnerability"):
		if f, ok := vulns[plain(rest)]; ok {
			return f, true, nil
		}
	default:
		if f, ok := assetTable[plain(name.text)]; ok && d == ofAssets {
			return f, false, nil
		}
		if f, ok := vulns[plain(name.text)]; ok {
			return f, true, nil
		}
	}
	if _, ok := assetTable[plain(strings.TrimPrefix(strings.ToLower(name.text), "asset."))]; ok && d != ofAssets {
		return f, false, fail(Field, name.at, "Field of assets where only vulnerabilities can be asked for: %s", cut(name.text))
	}
	return f, false, fail(Field, name.at, "Unknown field: %s", cut(name.text))
}
