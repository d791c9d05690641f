package match

import (
	"strings"

	"github.com/harrier-scan/harrier"
)

// protocolFacts are about single protocols.
var protocolFacts = []serviceFact{
	{harrier.Vulnerability{
		ID: 10719, Slug: "mysql-detection", Name: "MySQL Server Detection", Family: "Databases",
		Synopsis:    "A MySQL or MariaDB server listens on the port.",
		Description: "The greeting of the server shows that it is MySQL, MariaDB or one of their relatives.",
		Solution:    "Let only those hosts reach the port that need the database.",
	}, func(s harrier.Service) string {
		if s.Name != "mysql" {
			return ""
		}
		return labelled([2]string{"Version", s.Version}, [2]string{"Protocol", s.Fact("mysql.protocol")})
	}},
	{harrier.Vulnerability{
		ID: 118224, Slug: "postgresql-starttls", Name: "PostgreSQL STARTTLS Support", Family: "Misc.",
		Synopsis:    "The PostgreSQL server can encrypt its connections.",
		Description: "The server agrees to a request to go on inside TLS.",
	}, func(s harrier.Service) string {
		if s.Fact("pg.ssl") != "yes" {
			return ""
		}
		return "The PostgreSQL server agreed to go on inside TLS.\n"
	}},
	bannerFact(10092, "ftp-detection", "FTP Server Detection", "An FTP server", "ftp.banner", "ftp"),
	bannerFact(10263, "smtp-detection", "SMTP Server Detection", "A mail server (SMTP)", "smtp.banner", "smtp"),
	bannerFact(10185, "pop3-detection", "POP Server Detection", "A POP3 server", "", "pop3"),
	bannerFact(11414, "imap-detection", "IMAP Service Banner Retrieval", "An IMAP server", "", "imap"),
	bannerFact(10281, "telnet-detection", "Telnet Server Detection", "A telnet server", "", "telnet"),
	{harrier.Vulnerability{
		ID: 11002, Slug: "dns-detection", Name: "DNS Server Detection", Family: "DNS",
		Synopsis:    "A DNS server listens on the port.",
		Description: "The service answers questions of the domain name system.",
		Solution:    "Turn the service off, or limit who may ask it, where it is not meant for everybody.",
	}, stateName("A DNS server answered on this port.", "dns", "domain")},
	{harrier.Vulnerability{
		ID: 72779, Slug: "dns-server-version", Name: "DNS Server Version Detection", Family: "DNS",
		Synopsis:    "The DNS server tells its version.",
		Description: "The answer to a query for version.bind in the class CHAOS shows which software the server is.",
		Solution:    "The server can be told to answer something else.",
	}, func(s harrier.Service) string {
		version := s.Fact("dns.version")
		if version == "" {
			return ""
		}
		return labelled([2]string{"DNS server answer for \"version.bind\"", version}, [2]string{"Product", s.Product}, [2]string{"Version", s.Version})
	}},
	{harrier.Vulnerability{
		ID: 35371, Slug: "dns-host-name", Name: "DNS Server hostname.bind Map Hostname Disclosure", Family: "DNS",
		Synopsis:    "The DNS server tells which machine it is.",
		Description: "Asked for its identity in the class CHAOS, the server tells a name for itself. Behind an address that several machines share, this tells them apart.",
		Solution:    "The server can be told to answer something else.",
	}, func(s harrier.Service) string {
		if id := s.Fact("dns.id"); id != "" {
			return "\nThe server calls itself :\n\n  " + id + "\n"
		}
		return ""
	}},
	{harrier.Vulnerability{
		ID: 11111, Slug: "rpc-services", Name: "RPC Services Enumeration", Family: "Service detection",
		Synopsis:    "Which RPC services the host runs.",
		Description: "The port mapper lists the ONC RPC programs of the host, with their versions and ports.",
		Solution:    "Turn the programs off that nobody needs, and let only those hosts reach the port mapper that use them.",
	}, func(s harrier.Service) string {
		programs := list(s.Fact("rpc.programs"))
		if len(programs) == 0 {
			return ""
		}
		return "\nRPC programs, with version, protocol and port :\n\n  - " + strings.Join(programs, "\n  - ") + "\n"
	}},
	{harrier.Vulnerability{
		ID: 10884, Slug: "ntp-detection", Name: "Network Time Protocol (NTP) Server Detection", Family: "Service detection",
		Synopsis:    "An NTP server listens on the port.",
		Description: "The service tells the time of day by the Network Time Protocol.",
	}, func(s harrier.Service) string {
		if s.Name != "ntp" {
			return ""
		}
		return "An NTP server answered on this port.\n" + labelled([2]string{"Version", s.Version}, [2]string{"Stratum", s.Fact("ntp.stratum")}, [2]string{"Reference", s.Fact("ntp.refid")},
			[2]string{"System", s.Fact("ntp.system")}, [2]string{"Processor", s.Fact("ntp.processor")})
	}},
	{harrier.Vulnerability{
		ID: 20870, Slug: "ldap-detection", Name: "LDAP Server Detection", Family: "Service detection",
		Synopsis:    "A directory server listens on the port.",
		Description: "The service speaks the Lightweight Directory Access Protocol.",
	}, stateName("An LDAP server answered on this port.", "ldap")},
	{harrier.Vulnerability{
		ID: 10342, Slug: "vnc-detection", Name: "VNC Software Detection", Family: "Service detection",
		Synopsis:    "A remote desktop server (VNC) listens on the port.",
		Description: "The service gives remote access to a screen by the RFB protocol.",
		Solution:    "Let only those hosts reach the port that need it, best through a tunnel.",
	}, func(s harrier.Service) string {
		if s.Name != "vnc" {
			return ""
		}
		return "A VNC server answered on this port.\n" + labelled([2]string{"Protocol version", s.Fact("vnc.protocol")})
	}},
	{harrier.Vulnerability{
		ID: 19288, Slug: "vnc-security-types", Name: "VNC Server Security Type Detection", Family: "Service detection",
		Synopsis:    "How the VNC server wants clients to sign in.",
		Description: "An RFB server lists the kinds of authentication that it accepts.",
	}, func(s harrier.Service) string {
		if kinds := s.Fact("vnc.security"); kinds != "" {
			return "\nSecurity types offered :\n  " + strings.Join(list(kinds), "\n  ") + "\n"
		}
		return ""
	}},
}

// bannerFact is a fact about the greeting of the text protocol name.
func bannerFact(id harrier.VulnID, slug, title, what, key, name string) serviceFact {
	v := harrier.Vulnerability{
		ID: id, Slug: slug, Name: title, Family: "Service detection",
		Synopsis:    what + " listens on the port.",
		Description: "The greeting of the service shows what it is. It often names the software and its version.",
		Solution:    "Turn the service off where nobody needs it.",
	}
	return serviceFact{v, func(s harrier.Service) string {
		if s.Name != name {
			return ""
		}
		banner := s.Fact(key)
		if banner == "" {
			banner = s.Banner
		}
		if banner == "" {
			return what + " answered on this port, without a greeting.\n"
		}
		return "\nThe banner of the server is :\n\n" + strings.TrimRight(banner, "\r\n") + "\n"
	}}
}

// stateName states text of a service that has one of names.
func stateName(text string, names ...string) func(harrier.Service) string {
	return func(s harrier.Service) string {
		for _, n := range names {
			if s.Name == n {
				return text + "\n"
			}
		}
		return ""
	}
}
