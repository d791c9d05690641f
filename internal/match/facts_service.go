package match

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

var serviceFacts = []serviceFact{
	{harrier.Vulnerability{
		ID: 10335, Slug: "open-tcp-port", Name: "Nessus TCP scanner", Family: "Port scanners",
		Synopsis:    "A TCP port is open.",
		Description: "The port accepts connections: a full TCP handshake with it succeeded.",
		Solution:    "Close or filter ports that nobody needs.",
	}, openPort(harrier.TCP)},
	{harrier.Vulnerability{
		ID: 34277, Slug: "open-udp-port", Name: "Nessus UDP scanner", Family: "Port scanners",
		Synopsis:    "A UDP port is open.",
		Description: "A datagram sent to the port was answered by one from it.",
		Solution:    "Close or filter ports that nobody needs.",
	}, openPort(harrier.UDP)},
	{harrier.Vulnerability{
		ID: 22964, Slug: "service-detection", Name: "Service Detection", Family: "Service detection",
		Synopsis:    "The service on the port was recognised.",
		Description: "The first bytes that the service sent, or its answer to a request, show which protocol it speaks.",
	}, serviceText},
	{harrier.Vulnerability{
		ID: 11154, Slug: "unknown-service-banner", Name: "Unknown Service Detection: Banner Retrieval", Family: "Service detection",
		Synopsis:    "A service that was not recognised sent a banner.",
		Description: "The protocol spoken on the port is not known, but the service sent some bytes that may tell a person what it is.",
	}, unknownBanner},
	{harrier.Vulnerability{
		ID: 10107, Slug: "http-server-type", Name: "HTTP Server Type and Version", Family: "Web Servers",
		Synopsis:    "The web server names itself.",
		Description: "The Server header of an answer names the web server software, and often its version.",
		Solution:    "The server can be told to leave the version out, which hides it from casual looks only.",
	}, func(s harrier.Service) string {
		if server := s.Fact("http.server"); server != "" {
			return "The remote web server type is :\n\n" + server
		}
		return ""
	}},
	{harrier.Vulnerability{
		ID: 24260, Slug: "http-information", Name: "HyperText Transfer Protocol (HTTP) Information", Family: "Web Servers",
		Synopsis:    "What the web server answered to a plain request.",
		Description: "The status, the headers and the title of the page that the web server gives for its root.",
	}, httpText},
	{harrier.Vulnerability{
		ID: 10267, Slug: "ssh-server-type", Name: "SSH Server Type and Version Information", Family: "Service detection",
		Synopsis:    "The SSH server names itself.",
		Description: "The identification line that an SSH server sends first names its software and protocol versions.",
	}, func(s harrier.Service) string {
		version := s.Fact("ssh.version")
		if version == "" {
			return ""
		}
		text := "\nSSH version : " + version + "\n"
		if auth := s.Fact("ssh.auth"); auth != "" {
			text += "SSH supported authentication : " + auth + "\n"
		}
		return text
	}},
	{harrier.Vulnerability{
		ID: 10881, Slug: "ssh-protocol-versions", Name: "SSH Protocol Versions Supported", Family: "General",
		Synopsis:    "Which versions of the SSH protocol the server speaks.",
		Description: "The identification line of an SSH server says which protocol versions it accepts: 2.0 stands for version 2 alone, 1.99 for both.",
	}, sshProtocols},
	{harrier.Vulnerability{
		ID: 70657, Slug: "ssh-algorithms", Name: "SSH Algorithms and Languages Supported", Family: "Misc.",
		Synopsis:    "The algorithms that the SSH server offers.",
		Description: "Before keys are exchanged, an SSH server lists the algorithms that it is ready to use.",
	}, sshAlgorithms},
	{harrier.Vulnerability{
		ID: 56984, Slug: "tls-versions", Name: "SSL / TLS Versions Supported", Family: "General",
		Synopsis:    "The service encrypts its traffic.",
		Description: "The service completes handshakes with these versions of SSL or TLS.",
	}, func(s harrier.Service) string {
		versions := s.Fact("tls.versions")
		if versions == "" {
			return ""
		}
		return "\nThis port supports " + strings.Join(list(versions), "/") + ".\n"
	}},
	{tlsVersionFact(121010, "1.1"), tlsVersionText("1.1")},
	{tlsVersionFact(136318, "1.2"), tlsVersionText("1.2")},
	{tlsVersionFact(138330, "1.3"), tlsVersionText("1.3")},
	{harrier.Vulnerability{
		ID: 84821, Slug: "tls-alpn", Name: "TLS ALPN Supported Protocol Enumeration", Family: "Misc.",
		Synopsis:    "The service negotiates an application protocol within TLS.",
		Description: "In the TLS handshake the service chose among the application protocols that it was offered.",
	}, func(s harrier.Service) string {
		if alpn := s.Fact("tls.alpn"); alpn != "" {
			return "\n  " + strings.Join(list(alpn), "\n  ") + "\n"
		}
		return ""
	}},
	{harrier.Vulnerability{
		ID: 10863, Slug: "tls-certificate", Name: "SSL Certificate Information", Family: "General",
		Synopsis:    "The certificate of the service.",
		Description: "What the X.509 certificate says that the service identifies itself with.",
	}, certificateText},
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
		ID: 10884, Slug: "ntp-detection", Name: "Network Time Protocol (NTP) Server Detection", Family: "Service detection",
		Synopsis:    "An NTP server listens on the port.",
		Description: "The service tells the time of day by the Network Time Protocol.",
	}, stateName("An NTP server answered on this port.", "ntp")},
	{harrier.Vulnerability{
		ID: 20870, Slug: "ldap-detection", Name: "LDAP Server Detection", Family: "Service detection",
		Synopsis:    "A directory server listens on the port.",
		Description: "The service speaks the Lightweight Directory Access Protocol.",
	}, stateName("An LDAP server answered on this port.", "ldap")},
	{harrier.Vulnerability{
		ID: 11011, Slug: "smb-detection", Name: "Microsoft Windows SMB Service Detection", Family: "Windows",
		Synopsis:    "A file sharing service listens on the port.",
		Description: "The service speaks the SMB protocol, which shares files and printers.",
	}, stateName("An SMB server answered on this port.", "smb", "microsoft-ds", "netbios-ssn")},
	{harrier.Vulnerability{
		ID: 10342, Slug: "vnc-detection", Name: "VNC Software Detection", Family: "Service detection",
		Synopsis:    "A remote desktop server (VNC) listens on the port.",
		Description: "The service gives remote access to a screen by the RFB protocol.",
		Solution:    "Let only those hosts reach the port that need it, best through a tunnel.",
	}, stateName("A VNC server answered on this port.", "vnc")},
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

func openPort(p harrier.Protocol) func(harrier.Service) string {
	return func(s harrier.Service) string {
		if s.Protocol != p {
			return ""
		}
		return fmt.Sprintf("Port %s was found to be open", s.Endpoint)
	}
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

func tlsVersionFact(id harrier.VulnID, version string) harrier.Vulnerability {
	name := "TLS Version " + version + " Protocol Detection"
	return harrier.Vulnerability{
		ID: id, Slug: "tls-" + strings.Replace(version, ".", "-", 1) + "-detection", Name: name, Family: "Service detection",
		Synopsis:    "The service speaks TLS " + version + ".",
		Description: "A handshake that offers no other version than TLS " + version + " succeeds.",
	}
}

func tlsVersionText(version string) func(harrier.Service) string {
	return func(s harrier.Service) string {
		for _, v := range list(s.Fact("tls.versions")) {
			if v == "TLSv"+version {
				return "TLSv" + version + " is enabled on this port.\n"
			}
		}
		return ""
	}
}

func unknownBanner(s harrier.Service) string {
	if s.Name != "" || s.Banner == "" {
		return ""
	}
	return "\nThe service sent :\n\n" + strings.TrimRight(s.Banner, "\r\n") + "\n"
}

func sshProtocols(s harrier.Service) string {
	_, rest, ok := strings.Cut(s.Fact("ssh.version"), "SSH-")
	version, _, more := strings.Cut(rest, "-")
	switch {
	case !ok || !more:
		return ""
	case version == "1.99":
		return "\nThe server speaks these versions of the SSH protocol :\n\n  - 1.99\n  - 2.0\n"
	}
	return "\nThe server speaks this version of the SSH protocol :\n\n  - " + version + "\n"
}

func sshAlgorithms(s harrier.Service) string {
	var b strings.Builder
	for _, kind := range [][2]string{
		{"kex_algorithms", "ssh.kex"},
		{"server_host_key_algorithms", "ssh.hostkeys"},
		{"encryption_algorithms", "ssh.ciphers"},
		{"mac_algorithms", "ssh.macs"},
		{"compression_algorithms", "ssh.compression"},
	} {
		if names := list(s.Fact(kind[1])); len(names) > 0 {
			fmt.Fprintf(&b, "\nThe server offers for %s : \n\n  %s\n", kind[0], strings.Join(names, "\n  "))
		}
	}
	return b.String()
}

func httpText(s harrier.Service) string {
	status := s.Fact("http.status")
	if status == "" {
		return ""
	}
	text := labelled([2]string{"Response Code", status}, [2]string{"SSL", yesNo(s.TLS)}, [2]string{"Title", s.Fact("http.title")}, [2]string{"Allowed methods", s.Fact("http.methods")}, [2]string{"Redirects to", s.Fact("http.redirect")})
	if len(s.Technologies) > 0 {
		text += "Technologies :\n\n"
		for _, t := range s.Technologies {
			text += "  " + t.String() + "\n"
		}
		text += "\n"
	}
	if headers := strings.TrimSpace(s.Fact("http.headers")); headers != "" {
		text += "Headers :\n\n  " + strings.ReplaceAll(strings.ReplaceAll(headers, "\r\n", "\n"), "\n", "\n  ") + "\n"
	}
	return text
}

func certificateText(s harrier.Service) string {
	if len(s.Certificates) == 0 {
		return ""
	}
	c := s.Certificates[0]
	const layout = "Jan 02 15:04:05 2006 GMT"
	return labelled(
		[2]string{"Subject Name", c.Subject}, [2]string{"Issuer Name", c.Issuer}, [2]string{"Serial Number", c.Serial},
		[2]string{"Signature Algorithm", c.Signature},
		[2]string{"Not Valid Before", c.NotBefore.UTC().Format(layout)}, [2]string{"Not Valid After", c.NotAfter.UTC().Format(layout)},
		[2]string{"Public Key Algorithm", c.Key}, [2]string{"Key Length", fmt.Sprintf("%d bits", c.KeyBits)},
		[2]string{"DNS Names", strings.Join(c.DNSNames, ", ")}, [2]string{"SHA-256 Fingerprint", c.SHA256},
	)
}

// labelled writes "label : value" lines after a blank one, without those that
// have no value.
func labelled(lines ...[2]string) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, l := range lines {
		if l[1] != "" {
			fmt.Fprintf(&b, "%s : %s\n", l[0], l[1])
		}
	}
	return b.String()
}

// list reads a comma separated fact.
func list(fact string) []string {
	var out []string
	for _, part := range strings.Split(fact, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
