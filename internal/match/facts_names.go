package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// serviceNames says what kind of server speaks a protocol, as the output of
// 22964 has it.
//
// Source: nessus-api.md, section 13.4: clients look for "A web server" and "An
// SSH server".
var serviceNames = map[string]string{
	"adb":                  "An Android debug bridge",
	"addp":                 "A Digi device that is found by ADDP",
	"aerospike":            "An Aerospike server",
	"afp":                  "An AFP file server",
	"afs":                  "An AFS file server",
	"ajp13":                "An AJP connector",
	"amqp":                 "An AMQP server",
	"apcupsd":              "An apcupsd server",
	"apple-remote-desktop": "An Apple Remote Desktop agent",
	"asterisk-ami":         "An Asterisk manager interface",
	"atg":                  "An automatic tank gauge",
	"bacnet":               "A BACnet device",
	"bacula":               "A Bacula daemon",
	"beanstalk":            "A beanstalk queue server",
	"beanstalkd":           "A beanstalk queue server",
	"bgp":                  "A BGP router",
	"bitcoin":              "A Bitcoin node",
	"bittorrent-dht":       "A BitTorrent DHT node",
	"bittorrent-tracker":   "A BitTorrent tracker",
	"bolt":                 "A Neo4j server (Bolt)",
	"cassandra":            "A Cassandra server",
	"castv2":               "A Google Cast device",
	"ceph":                 "A Ceph daemon",
	"chargen":              "A chargen server",
	"checkmk-agent":        "A Checkmk agent",
	"cisco-smi":            "A Cisco Smart Install client",
	"citrix-ica":           "A Citrix ICA server",
	"clamd":                "A ClamAV daemon",
	"cldap":                "A connectionless LDAP server",
	"clickhouse":           "A ClickHouse server",
	"coap":                 "A CoAP server",
	"codesys":              "A CODESYS runtime",
	"consul":               "A Consul server",
	"couchdb":              "A CouchDB server",
	"crestron":             "A Crestron controller",
	"crimson":              "A Red Lion Crimson device",
	"cvspserver":           "A CVS server",
	"daytime":              "A daytime server",
	"db2":                  "A Db2 discovery server",
	"dicom":                "A DICOM server",
	"dnp3":                 "A DNP3 outstation",
	"dns":                  "A DNS server",
	"docker":               "A Docker daemon",
	"domain":               "A DNS server",
	"drda":                 "A Db2 or Derby server (DRDA)",
	"dtls":                 "A DTLS server",
	"echo":                 "An echo server",
	"elasticsearch":        "An Elasticsearch server",
	"epmd":                 "An Erlang port mapper",
	"erlang-distribution":  "An Erlang node",
	"etcd":                 "An etcd server",
	"ethernet-ip":          "An EtherNet/IP device",
	"finger":               "A finger server",
	"fins":                 "An Omron FINS device",
	"firebird":             "A Firebird server",
	"fox":                  "A Niagara Fox station",
	"ftp":                  "An FTP server",
	"ge-srtp":              "A GE SRTP controller",
	"gearman":              "A Gearman server",
	"git":                  "A Git server",
	"glusterfs":            "A GlusterFS daemon",
	"gopher":               "A Gopher server",
	"gtp":                  "A GTP node",
	"hadoop-ipc":           "A Hadoop IPC server",
	"hart-ip":              "A HART-IP device",
	"hid-vertx":            "An HID VertX access controller",
	"http":                 "A web server",
	"http-proxy":           "An HTTP proxy",
	"iax2":                 "An IAX2 server",
	"ica":                  "A Citrix ICA server",
	"icap":                 "An ICAP server",
	"ident":                "An ident server",
	"iec-104":              "An IEC 60870-5-104 station",
	"ike":                  "An IKE (IPsec) server",
	"imap":                 "An IMAP server",
	"ipmi":                 "An IPMI management controller",
	"ipp":                  "A printing server (IPP)",
	"irc":                  "An IRC server",
	"iscsi":                "An iSCSI target",
	"iso-tsap":             "An ISO transport service",
	"java-rmi":             "A Java RMI server",
	"jdwp":                 "A Java debugger (JDWP)",
	"jenkins-discovery":    "A Jenkins server that is found by broadcast",
	"kafka":                "A Kafka broker",
	"kerberos":             "A Kerberos server",
	"knxnet-ip":            "A KNXnet/IP gateway",
	"l2tp":                 "An L2TP server",
	"lantronix":            "A Lantronix device",
	"ldap":                 "An LDAP server",
	"llmnr":                "An LLMNR responder",
	"lmtp":                 "An LMTP server",
	"lpd":                  "A printing server (LPD)",
	"managesieve":          "A ManageSieve server",
	"mdns":                 "An mDNS responder",
	"memcached":            "A memcached server",
	"mgcp":                 "An MGCP gateway",
	"microsoft-ds":         "An SMB server",
	"minecraft":            "A Minecraft server",
	"minecraft-bedrock":    "A Minecraft Bedrock server",
	"mms":                  "An MMS (IEC 61850) server",
	"modbus":               "A Modbus device",
	"mongodb":              "A MongoDB server",
	"moxa":                 "A Moxa device",
	"mpd":                  "A Music Player Daemon",
	"mqtt":                 "An MQTT broker",
	"msrpc":                "A DCE/RPC server",
	"mssql":                "A Microsoft SQL server",
	"mssql-browser":        "A Microsoft SQL Server browser",
	"mumble":               "A Mumble server",
	"munin":                "A Munin node",
	"mysql":                "A MySQL server",
	"mysqlx":               "A MySQL server (X protocol)",
	"nat-pmp":              "A NAT-PMP gateway",
	"nats":                 "A NATS server",
	"ndmp":                 "An NDMP server",
	"netbios-ns":           "A NetBIOS name server",
	"netbios-ssn":          "An SMB server",
	"nfs":                  "An NFS server",
	"nlockmgr":             "An NFS lock manager",
	"nntp":                 "An NNTP server",
	"nrpe":                 "An NRPE agent",
	"nsq":                  "An NSQ daemon",
	"ntp":                  "An NTP server",
	"nut":                  "A Network UPS Tools server",
	"nx":                   "A NoMachine server",
	"opcua":                "An OPC UA server",
	"openflow":             "An OpenFlow controller or switch",
	"openvpn":              "An OpenVPN server",
	"openwire":             "An OpenWire message broker",
	"oracle-tns":           "An Oracle listener",
	"pcanywhere":           "A pcAnywhere host",
	"pcworx":               "A PC Worx controller",
	"perforce":             "A Perforce server",
	"plex":                 "A Plex media server",
	"pop3":                 "A POP3 server",
	"postgresql":           "A PostgreSQL server",
	"pptp":                 "A PPTP server",
	"proconos":             "A ProConOS controller",
	"pulsar":               "A Pulsar broker",
	"qotd":                 "A quote of the day server",
	"quake3":               "A Quake III game server",
	"quic":                 "A QUIC server",
	"rabbitmq-stream":      "A RabbitMQ stream server",
	"radius":               "A RADIUS server",
	"radmin":               "A Radmin server",
	"rdp":                  "A remote desktop (RDP) server",
	"rdp-udp":              "A remote desktop (RDP) server",
	"redis":                "A Redis server",
	"rethinkdb":            "A RethinkDB server",
	"rexec":                "A remote execution (rexec) server",
	"rip":                  "A RIP router",
	"rlogin":               "A remote login (rlogin) server",
	"routeros-api":         "A RouterOS API server",
	"rpc-status":           "An RPC status monitor",
	"rpcbind":              "An RPC port mapper",
	"rsh":                  "A remote shell (rsh) server",
	"rsync":                "An rsync server",
	"rtmp":                 "An RTMP server",
	"rtsp":                 "An RTSP server",
	"s7":                   "A Siemens S7 controller",
	"s7comm":               "A Siemens S7 controller",
	"sap-ni":               "An SAP server",
	"sip":                  "A SIP server",
	"slmp":                 "A Mitsubishi SLMP controller",
	"slp":                  "An SLP agent",
	"smb":                  "An SMB server",
	"smtp":                 "An SMTP server",
	"snmp":                 "An SNMP agent",
	"socks":                "A SOCKS proxy",
	"socks5":               "A SOCKS proxy",
	"source-engine":        "A Source engine game server",
	"spamd":                "A SpamAssassin daemon",
	"spice":                "A SPICE server",
	"ssdp":                 "A UPnP device",
	"ssh":                  "An SSH server",
	"stomp":                "A STOMP message broker",
	"stun":                 "A STUN server",
	"svn":                  "A Subversion server",
	"tarantool":            "A Tarantool server",
	"teamspeak":            "A TeamSpeak server",
	"teamspeak-query":      "A TeamSpeak query server",
	"teamviewer":           "A TeamViewer host",
	"telnet":               "A telnet server",
	"tftp":                 "A TFTP server",
	"time":                 "A time server",
	"tls":                  "A TLS server",
	"tplink-kasa":          "A TP-Link Kasa device",
	"ubiquiti":             "A Ubiquiti device",
	"vmware-auth":          "A VMware authentication daemon",
	"vnc":                  "A VNC server",
	"wdbrpc":               "A VxWorks debug agent",
	"winrm":                "A WinRM server",
	"wsd":                  "A WS-Discovery device",
	"x11":                  "An X server",
	"xdmcp":                "An X display manager (XDMCP)",
	"xmpp":                 "An XMPP server",
	"zabbix-agent":         "A Zabbix agent",
	"zabbix-trapper":       "A Zabbix server",
	"zmtp":                 "A ZeroMQ socket",
	"zookeeper":            "A ZooKeeper server",
}

// serviceText is the output of 22964. Readers look for "through" to tell
// services inside TLS.
func serviceText(s harrier.Service) string {
	if s.Name == "" {
		return ""
	}
	what, ok := serviceNames[s.Name]
	if !ok {
		what = fmt.Sprintf("A service that speaks %s", s.Name)
	}
	text := what + " is running on this port."
	if s.TLS && s.Name != "tls" {
		text = what + " is running on this port through " + bestTLS(s) + "."
	}
	if len(s.Also) > 0 {
		text += "\nThe port answers to these protocols too : " + strings.Join(s.Also, ", ")
	}
	return text
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
