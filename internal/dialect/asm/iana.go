package asm

// registered is how a service is called by IANA, and what it says of it.
type registered struct{ name, about string }

// plain and secure are the registered names of services that are spoken as they
// are, and inside of TLS, by the model's names.
//
// Source: IANA's Service Name and Transport Protocol Port Number Registry.
var (
	plain = map[string]registered{
		"amqp": {"amqp", "AMQP"}, "bgp": {"bgp", "Border Gateway Protocol"}, "dns": {"domain", "Domain Name Server"}, "ftp": {"ftp", "File Transfer [Control]"},
		"git": {"git", "git pack transfer service"}, "http": {"http", "World Wide Web HTTP"}, "imap": {"imap", "Internet Message Access Protocol"}, "ipp": {"ipp", "Internet Printing Protocol"},
		"kerberos": {"kerberos", "Kerberos"}, "ldap": {"ldap", "Lightweight Directory Access Protocol"}, "memcached": {"memcache", "Memory cache service"},
		"mongodb": {"mongodb", "Mongo database system"}, "mqtt": {"mqtt", "Message Queuing Telemetry Transport Protocol"}, "mssql": {"ms-sql-s", "Microsoft-SQL-Server"},
		"mysql": {"mysql", "MySQL"}, "nfs": {"nfs", "Network File System - Sun Microsystems"}, "ntp": {"ntp", "Network Time Protocol"}, "pop3": {"pop3", "Post Office Protocol - Version 3"},
		"postgresql": {"postgresql", "PostgreSQL Database"}, "rdp": {"ms-wbt-server", "MS WBT Server"}, "redis": {"redis", "An advanced key-value cache and store"},
		"rpcbind": {"sunrpc", "SUN Remote Procedure Call"}, "rsync": {"rsync", "rsync"}, "rtsp": {"rtsp", "Real Time Streaming Protocol (RTSP)"}, "sip": {"sip", "SIP"},
		"smb": {"microsoft-ds", "Microsoft-DS"}, "smtp": {"smtp", "Simple Mail Transfer"}, "snmp": {"snmp", "SNMP"}, "ssh": {"ssh", "The Secure Shell (SSH) Protocol"},
		"telnet": {"telnet", "Telnet"}, "tftp": {"tftp", "Trivial File Transfer"}, "vnc": {"rfb", "Remote Framebuffer"}, "xmpp": {"xmpp-client", "XMPP Client Connection"},
	}
	secure = map[string]registered{
		"amqp": {"amqps", "amqp protocol over TLS/SSL"}, "dns": {"domain-s", "DNS query-response protocol run over TLS"}, "ftp": {"ftps", "ftp protocol, control, over TLS/SSL"},
		"http": {"https", "http protocol over TLS/SSL"}, "imap": {"imaps", "IMAP over TLS protocol"}, "ipp": {"ipps", "Internet Printing Protocol over HTTPS"},
		"ldap": {"ldaps", "ldap protocol over TLS/SSL"}, "mqtt": {"secure-mqtt", "Secure MQTT"}, "pop3": {"pop3s", "POP3 over TLS protocol"},
		"sip": {"sips", "SIP-TLS"}, "smtp": {"submissions", "Message Submission over TLS protocol"}, "telnet": {"telnets", "telnet protocol over TLS/SSL"},
	}
)

// iana is a service by its registered name; one without has its own, and nothing
// is said of it.
func iana(name string, tls bool) registered {
	if r, ok := secure[name]; ok && tls {
		return r
	}
	if r, ok := plain[name]; ok && !tls {
		return r
	}
	return registered{name: name}
}
