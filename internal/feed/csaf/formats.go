package csaf

import (
	"io"
	"path"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/internal/feed"
)

// Formats are the makers and coordinators whose CSAF documents need no more than
// this package. Those without Remotes publish single files only, below a
// provider-metadata.json: whoever mirrors them imports the folder.
var Formats = []feed.Format{
	format(feed.Format{
		Name: "cisco", Title: "Cisco security advisories", Publisher: "Cisco",
		Home: "https://sec.cloudapps.cisco.com/security/center/publicationListing.x", Licence: "Cisco terms of use",
	}, maker{vendor: "cisco", cpes: ciscoNames}, func(name string) bool {
		return strings.HasPrefix(name, "cisco-sa-") && strings.HasSuffix(name, ".json")
	}),
	format(feed.Format{
		Name: "fortinet", Title: "FortiGuard PSIRT advisories", Publisher: "Fortinet",
		Home: "https://www.fortiguard.com/psirt", Licence: "Fortinet terms of use",
	}, maker{vendor: "fortinet", cpes: fortinetNames}, func(name string) bool {
		return strings.HasPrefix(name, "csaf_") && strings.HasSuffix(name, ".json") || strings.HasPrefix(name, "fg-ir-") && strings.HasSuffix(name, ".json")
	}),
	format(feed.Format{
		Name: "paloalto", Title: "Palo Alto Networks security advisories", Publisher: "Palo Alto Networks",
		Home: "https://security.paloaltonetworks.com/", Licence: "Palo Alto Networks terms of use",
	}, maker{vendor: "palo alto networks", cpes: paloaltoNames, trains: true}, func(name string) bool {
		return strings.HasPrefix(name, "pan-sa-") || strings.HasPrefix(name, "cve-")
	}),
	format(feed.Format{
		Name: "siemens", Title: "Siemens ProductCERT advisories", Publisher: "Siemens",
		Home: "https://www.siemens.com/cert/advisories", Licence: "Siemens terms of use",
	}, maker{vendor: "siemens", bare: true}, func(name string) bool {
		return strings.HasPrefix(name, "ssa-") && strings.HasSuffix(name, ".json") && !strings.Contains(name, "feed")
	}),
	format(feed.Format{
		Name: "cisa", Title: "CISA advisories for industrial and other systems", Publisher: "CISA",
		Home: "https://www.cisa.gov/news-events/cybersecurity-advisories", Licence: "LicenseRef-US-Government-Public-Domain",
		Remotes: func(time.Time) []feed.Remote {
			return []feed.Remote{{Name: "csaf.tar.gz", URL: "https://github.com/cisagov/CSAF/archive/refs/heads/develop.tar.gz"}}
		},
	}, maker{}, func(name string) bool {
		return (strings.HasPrefix(name, "icsa-") || strings.HasPrefix(name, "icsma-") || strings.HasPrefix(name, "va-")) && strings.HasSuffix(name, ".json")
	}),
}

// format completes f: wants gets the last part of a name, in lower case.
func format(f feed.Format, m maker, wants func(name string) bool) feed.Format {
	f.Class = feed.Vendor
	f.Wants = func(name string) bool { return wants(strings.ToLower(path.Base(name))) }
	f.Read = func(_ string, r io.Reader, to feed.Sink) error { return Read(r, f.Name, to, m.say) }
	return f
}

// The CPE names of the products that a scan can meet, by the makers' names for
// them in lower case and without "software" behind.
var (
	ciscoNames = map[string]string{
		"ios": "o:cisco:ios", "cisco ios": "o:cisco:ios",
		"cisco ios xe": "o:cisco:ios_xe", "ios xe": "o:cisco:ios_xe",
		"cisco ios xr": "o:cisco:ios_xr", "ios xr": "o:cisco:ios_xr",
		"cisco nx-os": "o:cisco:nx-os", "nx-os": "o:cisco:nx-os",
		"cisco adaptive security appliance (asa)":            "o:cisco:adaptive_security_appliance_software",
		"cisco adaptive security appliance":                  "o:cisco:adaptive_security_appliance_software",
		"cisco firepower threat defense":                     "a:cisco:firepower_threat_defense",
		"cisco secure firewall threat defense (ftd)":         "a:cisco:firepower_threat_defense",
		"cisco firepower management center":                  "a:cisco:firepower_management_center",
		"cisco secure firewall management center (fmc)":      "a:cisco:firepower_management_center",
		"cisco identity services engine":                     "a:cisco:identity_services_engine",
		"cisco unified communications manager":               "a:cisco:unified_communications_manager",
		"cisco catalyst sd-wan manager":                      "a:cisco:catalyst_sd-wan_manager",
		"cisco unified computing system (managed)":           "a:cisco:unified_computing_system",
		"cisco application policy infrastructure controller": "a:cisco:application_policy_infrastructure_controller",
	}
	fortinetNames = map[string]string{
		"fortios": "o:fortinet:fortios", "fortigate": "o:fortinet:fortios", "fortiproxy": "a:fortinet:fortiproxy",
		"fortipam": "a:fortinet:fortipam", "fortiweb": "a:fortinet:fortiweb", "fortimanager": "a:fortinet:fortimanager",
		"fortianalyzer": "a:fortinet:fortianalyzer", "fortimail": "a:fortinet:fortimail", "fortisandbox": "a:fortinet:fortisandbox",
		"fortivoice": "a:fortinet:fortivoice", "fortisiem": "a:fortinet:fortisiem", "fortiadc": "a:fortinet:fortiadc",
		"fortiswitchmanager": "a:fortinet:fortiswitchmanager", "fortiswitch": "o:fortinet:fortiswitch", "fortinac": "a:fortinet:fortinac",
		"fortiauthenticator": "a:fortinet:fortiauthenticator", "fortiddos": "a:fortinet:fortiddos", "forticlientems": "a:fortinet:forticlient_enterprise_management_server",
		"fortisoar": "a:fortinet:fortisoar", "fortirecorder": "a:fortinet:fortirecorder", "fortiwlm": "a:fortinet:fortiwlm",
	}
	paloaltoNames = map[string]string{
		"pan-os": "o:paloaltonetworks:pan-os", "globalprotect app": "a:paloaltonetworks:globalprotect",
		"expedition": "a:paloaltonetworks:expedition", "cortex xdr agent": "a:paloaltonetworks:cortex_xdr_agent",
	}
)
