package match

import (
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// serviceNames says what kind of server speaks a protocol, as the output of
// 22964 has it.
//
// Source: nessus-api.md, section 13.4: clients look for "A web server" and "An
// SSH server".
var serviceNames = map[string]string{
	"ajp13":         "An AJP connector",
	"amqp":          "An AMQP server",
	"beanstalk":     "A beanstalk queue server",
	"consul":        "A Consul server",
	"couchdb":       "A CouchDB server",
	"daytime":       "A daytime server",
	"dns":           "A DNS server",
	"docker":        "A Docker daemon",
	"domain":        "A DNS server",
	"echo":          "An echo server",
	"elasticsearch": "An Elasticsearch server",
	"epmd":          "An Erlang port mapper",
	"etcd":          "An etcd server",
	"ftp":           "An FTP server",
	"gearman":       "A Gearman server",
	"http":          "A web server",
	"http-proxy":    "An HTTP proxy",
	"imap":          "An IMAP server",
	"ipp":           "A printing server (IPP)",
	"irc":           "An IRC server",
	"ldap":          "An LDAP server",
	"memcached":     "A memcached server",
	"microsoft-ds":  "An SMB server",
	"mongodb":       "A MongoDB server",
	"mqtt":          "An MQTT broker",
	"mysql":         "A MySQL server",
	"nats":          "A NATS server",
	"netbios-ssn":   "An SMB server",
	"ntp":           "An NTP server",
	"pop3":          "A POP3 server",
	"postgresql":    "A PostgreSQL server",
	"rdp":           "A remote desktop (RDP) server",
	"redis":         "A Redis server",
	"rpcbind":       "An RPC port mapper",
	"rsync":         "An rsync server",
	"smb":           "An SMB server",
	"smtp":          "An SMTP server",
	"snmp":          "An SNMP agent",
	"socks5":        "A SOCKS proxy",
	"ssh":           "An SSH server",
	"telnet":        "A telnet server",
	"tftp":          "A TFTP server",
	"vnc":           "A VNC server",
	"x11":           "An X server",
	"xmpp":          "An XMPP server",
	"zookeeper":     "A ZooKeeper server",
}

func serviceText(s harrier.Service) string {
	if s.Name == "" {
		return ""
	}
	what, ok := serviceNames[s.Name]
	if !ok {
		what = fmt.Sprintf("A service that speaks %s", s.Name)
	}
	if !s.TLS {
		return what + " is running on this port."
	}
	return what + " is running on this port through " + bestTLS(s) + "."
}

// bestTLS is the newest TLS version that the service is known to speak, or
// "TLS" alone.
func bestTLS(s harrier.Service) string {
	have := list(s.Fact("tls.versions"))
	for _, v := range []string{"TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1.0", "SSLv3", "SSLv2"} {
		if slices.Contains(have, v) {
			return v
		}
	}
	return "TLS"
}
