package fingerprint

import (
	"regexp"
	"strings"
)

// recogKinds are the kinds of the texts that Recog's files speak about, by the
// files' "matches" or, without that, by their names. A kind that is not here
// keeps its name.
var recogKinds = map[string]string{
	"apache_modules":           "http.apache.module",
	"apache_os":                "http.apache.os",
	"architecture":             "architecture",
	"dhcp_vendor_class":        "dhcp.vendor",
	"dns.versionbind":          "dns",
	"favicon.md5":              "http.favicon.md5",
	"ftp.banner":               "ftp",
	"h323_callresp":            "h323",
	"hp_pjl_id":                "pjl",
	"html_title":               "http.title",
	"http_header.cookie":       "http.cookie",
	"http_header.server":       "http.server",
	"http_header.wwwauth":      "http.authenticate",
	"http_header.x-powered-by": "http.powered",
	"imap4.banner":             "imap",
	"ldap.search_result":       "ldap.result",
	"mdns.device-info.txt":     "mdns.device",
	"mdns.workstation.txt":     "mdns.workstation",
	"mysql.banners":            "mysql",
	"mysql.error":              "mysql.error",
	"nntp.banner":              "nntp",
	"ntp.readvar":              "ntp.variables",
	"operating_system.name":    "os.name",
	"pop3.banner":              "pop3",
	"rsh_resp":                 "rsh",
	"rtsp_header.server":       "rtsp",
	"sip_header.server":        "sip",
	"sip_header.user_agent":    "sip.agent",
	"smb.native_lm":            "smb.lm",
	"smb.native_os":            "smb.os",
	"smtp.banner":              "smtp",
	"smtp_debug":               "smtp.debug",
	"smtp_ehlo":                "smtp.ehlo",
	"smtp_expn":                "smtp.expn",
	"smtp_help":                "smtp.help",
	"smtp_mailfrom":            "smtp.mailfrom",
	"smtp_noop":                "smtp.noop",
	"smtp_quit":                "smtp.quit",
	"smtp_rcptto":              "smtp.rcptto",
	"smtp_rset":                "smtp.rset",
	"smtp_turn":                "smtp.turn",
	"smtp_vrfy":                "smtp.vrfy",
	"snmp.sys_description":     "snmp",
	"snmp.sys_object_id":       "snmp.object",
	"ssh.banner":               "ssh",
	"telnet_banners":           "telnet",
	"tls.jarm":                 "tls.jarm",
	"x11.vendor":               "x11",
	"x509.issuer":              "x509.issuer",
	"x509.subject":             "x509.subject",
}

// greeted are the kinds whose texts start with the protocol's own mark of a
// good answer, which Recog's patterns do not expect.
var greeted = map[string]bool{"ftp": true, "smtp": true, "pop3": true, "imap": true, "nntp": true}

var greetingMark = regexp.MustCompile(`^(?:\d{3}[ -]|\+OK |\* OK )`)

// recogKind returns the kind of a name of Recog's, and how the probes' texts of
// that kind are to be cut; nil for not at all.
func recogKind(matches string) (kind string, prepare func(string) string) {
	kind, known := recogKinds[matches]
	if !known {
		kind = strings.ToLower(matches)
	}
	if greeted[kind] {
		prepare = func(text string) string { return text[len(greetingMark.FindString(text)):] }
	}
	return kind, prepare
}

// deviceWords lead from words in which devices are described to their class;
// the first that is in a description counts.
var deviceWords = []struct{ word, class string }{
	{"print server", "printer"},
	{"printer", "printer"},
	{"multifunction", "printer"},
	{"copier", "printer"},
	{"fax", "printer"},
	{"plc", "plc"},
	{"industrial", "ics"},
	{"hmi", "ics"},
	{"relay", "ics"},
	{"remote terminal", "ics"},
	{"environment control", "building"},
	{"building", "building"},
	{"access control", "building"},
	{"alarm", "building"},
	{"light bulb", "building"},
	{"management processor", "management"},
	{"onboard administrator", "management"},
	{"lights", "management"},
	{"kvm", "management"},
	{"console", "management"},
	{"camera", "camera"},
	{"web cam", "camera"},
	{"dvr", "camera"},
	{"video recorder", "camera"},
	{"video encoder", "camera"},
	{"hypervisor", "hypervisor"},
	{"nas", "storage"},
	{"storage", "storage"},
	{"tape", "storage"},
	{"ups", "ups"},
	{"pdu", "power"},
	{"power", "power"},
	{"firewall", "firewall"},
	{"ips", "firewall"},
	{"ids", "firewall"},
	{"vpn", "firewall"},
	{"security", "firewall"},
	{"wap", "wap"},
	{"wireless controller", "wap"},
	{"wlan", "wap"},
	{"load balancer", "loadbalancer"},
	{"proxy", "proxy"},
	{"voip", "voip"},
	{"sip", "voip"},
	{"telecom", "voip"},
	{"video conferencing", "voip"},
	{"phone", "phone"},
	{"mobile", "phone"},
	{"tablet", "phone"},
	{"router", "router"},
	{"modem", "router"},
	{"sd-wan", "router"},
	{"dslam", "router"},
	{"switch", "switch"},
	{"hub", "switch"},
	{"media", "media"},
	{"tv", "media"},
	{"audio", "media"},
	{"av receiver", "media"},
	{"scanner", "scanner"},
	{"laptop", "laptop"},
	{"desktop", "desktop"},
	{"thin client", "terminal"},
	{"mainframe", "server"},
	{"server", "server"},
	{"general", "general-purpose"},
}

// deviceClass returns the class of a device that is described in words; ""
// when they tell none.
func deviceClass(words string) string {
	lower := " " + strings.ToLower(words)
	for _, d := range deviceWords {
		if strings.Contains(lower, " "+d.word) {
			return d.class
		}
	}
	return ""
}
