package probe

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// said is one reply of a server and what must be told of it.
type said struct {
	name             string // of the protocol
	port             uint16
	reply            string
	product, version string
	facts            map[string]string
}

// be16 and be32 put the length of s in front of it.
func be16(s string) string { return string(binary.BigEndian.AppendUint16(nil, uint16(len(s)))) + s }
func be32(s string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s }
func le32(s string) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s }

// short puts the length of s, in one byte, in front of it.
func short(s string) string { return string([]byte{byte(len(s))}) + s }

// tnsPacketOf writes a packet of a kind.
func tnsPacketOf(kind byte, body string) string {
	return string([]byte{byte((len(body) + 8) >> 8), byte(len(body) + 8), 0, 0, kind, 0, 0, 0}) + body
}

func tnsRefusal(text string) string { return tnsPacketOf(tnsRefuse, "\x22\x00"+be16(text)) }

func drdaAnswer(class, release string) string {
	object := drdaField(drdaEXCSATRD, drdaField(drdaEXTNAM, ebcdic("db2inst1")), drdaField(drdaMGRLVLLS, []byte{0x14, 3, 0, 7}),
		drdaField(drdaSRVCLSNM, ebcdic(class)), drdaField(drdaSRVNAM, ebcdic("LAB")), drdaField(drdaSRVRLSLV, ebcdic(release)))
	return string(append([]byte{byte((6 + len(object)) >> 8), byte(6 + len(object)), 0xd0, 2, 0, 1}, object...))
}

func openwireInfo(pairs ...string) string {
	var properties strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		properties.WriteString(be16(pairs[i]) + "\x09" + be16(pairs[i+1]))
	}
	table := "\x00\x00\x00" + string([]byte{byte(len(pairs)/2 + 1)}) + be16("CacheSize") + "\x05\x00\x00\x04\x00" + properties.String()
	return be32("\x01ActiveMQ\x00\x00\x00\x0c\x01" + be32(table))
}

func nrpeAnswer(text string) string {
	b := make([]byte, nrpeSize)
	b[1], b[3] = 2, 2
	copy(b[10:], text)
	binary.BigEndian.PutUint32(b[4:], crc32.ChecksumIEEE(b))
	return string(b)
}

func afpAnswer(machine, name string) string {
	lists := short(machine)
	versions := "\x02" + short("AFP3.4") + short("AFP3.3")
	logon := "\x02" + short("DHX2") + short("No User Authent")
	head := 10 + 1 + len(name)
	head += head & 1
	start := head + 2 + 2 // signature's offset, address count's offset
	info := make([]byte, start)
	put := func(at, v int) { binary.BigEndian.PutUint16(info[at:], uint16(v)) }
	put(0, start)
	put(2, start+len(lists))
	put(4, start+len(lists)+len(versions))
	put(8, 0x8010)
	copy(info[10:], short(name))
	put(head, start+len(lists)+len(versions)+len(logon))
	body := string(info) + lists + versions + logon + "0123456789abcdef"
	return "\x01\x03\x68\x72\x00\x00\x00\x00" + be32(body)[:4] + "\x00\x00\x00\x00" + body
}

func pptpAnswer(vendor, host string, firmware byte) string {
	b := bytes.Clone(pptpStart)
	b[9], b[27] = 2, firmware
	copy(b[28:156], make([]byte, 128))
	copy(b[28:], host)
	copy(b[92:], vendor)
	return string(b)
}

func kafkaAnswer(body string) string { return be32("\x00\x00\x68\x72" + body) }

// servers are replies as the servers of the named versions gave them, or where
// none was at hand, as their protocol's document has them.
var servers = []said{
	{"oracle-tns", 1521, tnsRefusal("(DESCRIPTION=(TMP=)(VSNNUM=186647552)(ERR=1189)(ERROR_STACK=(ERROR=(CODE=1189)(EMFI=4))))"), "Oracle TNS listener", "11.2.0.4.0", map[string]string{"oracle.error": "1189"}},
	{"oracle-tns", 1521, tnsRefusal("(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=1189)(ERROR_STACK=(ERROR=(CODE=1189)(EMFI=4))))"), "Oracle TNS listener", "19.0.0.0.0", nil},
	{"oracle-tns", 1521, tnsRefusal("(DESCRIPTION=(ERR=12504)(VSNNUM=0)(ERROR_STACK=(ERROR=(CODE=12504)(EMFI=4))))"), "Oracle TNS listener", "", map[string]string{"oracle.error": "12504"}},
	{
		"oracle-tns", 1521, tnsPacketOf(tnsAccept, "\x01\x36\x00\x00\x08\x00\x7f\xff\x01\x00\x00\x00\x00\x18\x61\x61") +
			tnsPacketOf(tnsData, "\x00\x00TNSLSNR for Linux: Version 9.2.0.1.0 - Production\n\tTNS for Linux: Version 9.2.0.1.0 - Production"),
		"Oracle TNS listener", "9.2.0.1.0",
		map[string]string{"os.hint": "Linux"},
	},
	{"drda", 50000, drdaAnswer("QDB2/LINUXX8664", "SQL11055"), "IBM Db2", "11.5.5", map[string]string{"drda.server": "LAB", "os.hint": "Linux"}},
	{"drda", 446, drdaAnswer("QDB2", "DSN12015"), "IBM Db2 for z/OS", "", map[string]string{"os.hint": "IBM z/OS"}},
	{"drda", 1527, drdaAnswer("Apache Derby", "CSS10140/10.14.2.0 - (1828579)"), "Apache Derby", "10.14.2.0", nil},
	{"firebird", 3050, "\x00\x00\x00b\xff\xff\x80\r\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x03Srp\x00\x00\x00\x00\x00\x00\x00\x00\x00", "Firebird", "", map[string]string{"firebird.protocol": "13", "firebird.plugin": "Srp"}},
	{"firebird", 3050, "\x00\x00\x00\x03\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x00\x03", "Firebird or InterBase", "", map[string]string{"firebird.protocol": "10"}},
	{"clickhouse", 9000, "\x00\x0aClickHouse\x17\x08\xbe\xa9\x03\x03UTC\x03lab\x02", "ClickHouse", "23.8.2", map[string]string{"auth.required": "no", "clickhouse.name": "lab"}},
	{
		"clickhouse", 9000, "\x02\x04\x02\x00\x00\x0dDB::Exception" + short("default: Authentication failed: password is incorrect, or there is no user with such name. (version 22.3.2.2 (official build))") + "\x00\x00",
		"ClickHouse", "22.3.2.2",
		map[string]string{"auth.required": "yes"},
	},
	{"rethinkdb", 28015, `{"max_protocol_version":0,"min_protocol_version":0,"server_version":"2.3.6","success":true}` + "\x00", "RethinkDB", "2.3.6", nil},
	{"rethinkdb", 28015, "ERROR: Received an unsupported protocol version. This port is for RethinkDB queries. Does your client driver version not match the server?\n\x00", "RethinkDB", "", nil},
	{
		"aerospike", 3000, "\x02\x01\x00\x00\x00\x00\x00\x59build\t6.1.0.1\nedition\tAerospike Community Edition\nnode\tBB9020011AC4202\ncluster-name\tnull\n",
		"Aerospike", "6.1.0.1",
		map[string]string{"auth.required": "no", "aerospike.node": "BB9020011AC4202", "aerospike.cluster": ""},
	},
	{"aerospike", 3000, "\x02\x01\x00\x00\x00\x00\x00\x1bERROR:80:not authenticated\n", "Aerospike", "", map[string]string{"auth.required": "yes"}},
	{"tarantool", 3301, "Tarantool 2.6.0 (Binary) 8bd10557-d83b-4552-9870-c986dadd8a06  \nwKSuQM9hSE9uthW2G0kwLbCq8HzDUx1nB7GUjwraiVY=                   \n", "Tarantool", "2.6.0", map[string]string{"tarantool.uuid": "8bd10557-d83b-4552-9870-c986dadd8a06"}},
	{"mysqlx", 33060, mysqlxNotice, "MySQL X Plugin", "", nil},
	{"hadoop-ipc", 8020, "HTTP/1.1 404 Not Found\r\nContent-type: text/plain\r\n\r\nIt looks like you are making an HTTP request to a Hadoop IPC port. This is not the correct port for the web interface on this daemon.\r\n", "Apache Hadoop IPC", "", nil},
	{"stomp", 61613, "CONNECTED\nversion:1.2\nsession:ID:lab-1\nserver:ActiveMQ/5.17.2\nheart-beat:0,0\n\n\x00\n", "Apache ActiveMQ", "5.17.2", map[string]string{"auth.required": "no", "stomp.version": "1.2"}},
	{"stomp", 61613, "ERROR\nmessage:Bad CONNECT\ncontent-type:text/plain\nversion:1.0,1.1,1.2\ncontent-length:23\n\nAccess refused for user\x00\n", "", "", map[string]string{"auth.required": "yes"}},
	{"stomp", 61613, "ERROR\ncontent-type:text/plain\nmessage:Unknown STOMP action: GET / HTTP/1.1\n\norg.apache.activemq.transport.stomp.ProtocolException: Unknown STOMP action\x00\n", "Apache ActiveMQ", "", nil},
	{"openwire", 61616, openwireInfo("ProviderName", "ActiveMQ", "ProviderVersion", "5.17.2", "PlatformDetails", "Java"), "Apache ActiveMQ", "5.17.2", map[string]string{"openwire.platform": "Java"}},
	{"openwire", 61616, openwireInfo("ProviderName", "Harrier", "ProviderVersion", "5.17.2"), "Apache ActiveMQ", "", nil},
	{"pulsar", 6650, "\x00\x00\x00\x1f\x00\x00\x00\x1b\x08\x03\x1a\x17\x0a\x13Pulsar Server2.10.0\x10\x13", "Apache Pulsar", "2.10.0", map[string]string{"auth.required": "no"}},
	{"pulsar", 6650, "\x00\x00\x00\x21\x00\x00\x00\x1d\x08\x0e\x72\x19\x08\xff\x01\x10\x03\x1a\x12Failed to authenti", "Apache Pulsar", "", map[string]string{"auth.required": "yes"}},
	{"zmtp", 5555, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f", "ZeroMQ", "", nil},
	{"nsq", 4150, "\x00\x00\x00\x73\x00\x00\x00\x00" + `{"max_rdy_count":2500,"version":"1.2.1","max_msg_timeout":900000,"tls_v1":false,"deflate":false,"auth_required":false}`, "NSQ", "1.2.1", map[string]string{"auth.required": "no"}},
	{"nsq", 4711, "\x00\x00\x00\x12\x00\x00\x00\x01E_BAD_PROTOCOL", "NSQ", "", nil},
	{
		"rabbitmq-stream", 5552, be32("\x80\x11\x00\x01\x00\x00\x68\x72\x00\x01\x00\x00\x00\x03" + be16("product") + be16("RabbitMQ") + be16("version") + be16("3.11.5") + be16("cluster_name") + be16("rabbit@lab")),
		"RabbitMQ", "3.11.5",
		map[string]string{"amqp.cluster": "rabbit@lab"},
	},
	{
		"msrpc", 49664, "\x05\x00\f\x03\x10\x00\x00\x00\xde\x00\x9a\x00rh\x00\x00\xb8\x10\xb8\x10O.\x00\x00\x04\x00135\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x04]\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\b\x00+\x10H`\x02\x00\x00\x00\n\x02\x00\x00\x00\x00\x00\x00NTLMSSP\x00\x02\x00\x00\x00\f\x00\f\x008\x00\x00\x00\x05\x82\x89\xa2p\xa3\xbb\x10\x1e\xba\xa9\xe4\x00\x00\x00\x00\x00\x00\x00\x00V\x00V\x00D\x00\x00\x00\x06\x01\x00\x00\x00\x00\x00\x0fA\x00D\x00T\x00E\x00S\x00T\x00\x02\x00\f\x00A\x00D\x00T\x00E\x00S\x00T\x00\x01\x00\x06\x00D\x00C\x001\x00\x04\x00\x0e\x00a\x00d\x00.\x00t\x00e\x00s\x00t\x00\x03\x00\x16\x00d\x00c\x001\x00.\x00a\x00d\x00.\x00t\x00e\x00s\x00t\x00\a\x00\b\x00\xcaM\x05$Vz\xdd\x01\x00\x00\x00\x00",
		"Samba RPC", "",
		map[string]string{"host.name": "dc1.ad.test", "smb.domain": "ADTEST"},
	},
	{
		"kerberos", 88, "\x00\x00\x00\xa5~\x81\xa20\x81\x9f\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa4\x11\x18\x0f20261122073541Z\xa5\x05\x02\x03\v\xa4s\xa6\x03\x02\x01\x06\xa7\x11\x1b\x0fHARRIER.INVALID\xa8\x140\x12\xa0\x03\x02\x01\x01\xa1\v0\t\x1b\aharrier\xa9\x11\x1b\x0fHARRIER.INVALID\xaa$0\"\xa0\x03\x02\x01\x02\xa1\x1b0\x19\x1b\x06krbtgt\x1b\x0fHARRIER.INVALID\xab\x12\x1b\x10CLIENT_NOT_FOUND",
		"MIT Kerberos KDC", "",
		map[string]string{"kerberos.time": "2026-11-22T07:35:41Z", "kerberos.error": "6", "kerberos.realm": ""},
	},
	{"iscsi", 3260, "#\x87\x00\x00\x00\x00\x00\x17\x80hr\x01\x00\x00\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00TargetPortalGroupTag=1\x00\x00", "", "", map[string]string{"auth.required": "yes"}},
	{"afp", 548, afpAnswer("Netatalk3.1.12", "lab-nas"), "Netatalk", "3.1.12", map[string]string{"host.name": "lab-nas", "afp.versions": "AFP3.4,AFP3.3", "afp.guest": "yes", "afp.signature": "30313233343536373839616263646566"}},
	{"afp", 548, afpAnswer("MacBookPro8,1", "lab"), "Apple File Server", "", map[string]string{"os.hint": "macOS"}},
	{"glusterfs", 24007, "\x80\x00\x00\x18\x68\x72\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "GlusterFS", "", nil},
	{"ceph", 6789, "ceph v027\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x1a\x85\xc0\x00\x02\x01" + strings.Repeat("\x00", 140), "Ceph", "", map[string]string{"ceph.address": "192.0.2.1:6789"}},
	{"ceph", 3300, "ceph v2\n\x10\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "Ceph", "", map[string]string{"ceph.messenger": "2"}},
	{"bacula", 9102, "\x00\x00\x00Lhello.c:109 Connection from unknown Director harrier at 127.0.0.1 rejected.\n", "Bacula", "", map[string]string{"bacula.part": "file daemon"}},
	{"bacula", 9101, be32("auth cram-md5 <1234567890.1700000000@lab-dir> ssl=0\n\x00"), "Bacula", "", map[string]string{"bacula.name": "lab-dir"}},
	{
		"svn", 3690, "( success ( 2 2 ( ) ( edit-pipeline svndiff1 accepts-svndiff2 absent-entries commit-revprops depth log-revprops atomic-revprops partial-replay inherited-props ephemeral-txnprops file-revs-reverse list ) ) ) ",
		"Subversion svnserve", "", nil,
	},
	{"git", 9418, "0033ERR access denied or repository not exported: /", "git daemon", "", nil},
	{"git", 9418, string(pktLine("0123456789012345678901234567890123456789 HEAD\x00multi_ack side-band-64k symref=HEAD:refs/heads/main agent=git/2.39.5\n")), "git daemon", "2.39.5", map[string]string{"auth.required": "no"}},
	{"cvspserver", 2401, "cvs [pserver aborted]: bad auth protocol start: \n", "CVS", "", nil},
	{
		"perforce", 1666, string(perforceMessage("xfiles", "7", "server", "3", "server2", "51", "func", "protocol")) +
			string(perforceMessage("serverAddress", "lab:1666", "serverVersion", "P4D/LINUX26X86_64/2021.1/2126753 (2021/05/12)", "func", "client-FstatInfo")),
		"Perforce Helix Core", "2021.1.2126753",
		map[string]string{"perforce.address": "lab:1666"},
	},
	{"nntp", 119, "200 news.target.test InterNetNews NNRP server INN 2.7.1 ready (posting ok)\r\n", "InterNetNews", "2.7.1", nil},
	{"managesieve", 4190, "\"IMPLEMENTATION\" \"Dovecot (Debian) Pigeonhole\"\r\n\"SIEVE\" \"fileinto reject\"\r\n\"NOTIFY\" \"mailto\"\r\n\"SASL\" \"PLAIN LOGIN\"\r\n\"VERSION\" \"1.0\"\r\nOK \"Dovecot (Debian) ready.\"\r\n", "Dovecot Pigeonhole", "", map[string]string{"sieve.sasl": "PLAIN LOGIN"}},
	{"lmtp", 24, "220 mail.target.test Cyrus LMTP Murder v2.3.16 server ready\r\n", "", "", nil},
	{"lmtp", 24, "220 mail.target.test LMTP Cyrus v2.3.16 ready\r\n", "Cyrus lmtpd", "2.3.16", nil},
	{"clamd", 3310, "ClamAV 1.0.3/27103/Wed Nov 22 08:40:21 2023\n", "ClamAV", "1.0.3", map[string]string{"clamd.signatures": "27103"}},
	{"spamd", 783, "SPAMD/1.5 0 PONG\r\n", "SpamAssassin spamd", "", map[string]string{"spamd.protocol": "1.5"}},
	{"icap", 1344, "ICAP/1.0 404 Service not found\r\nServer: C-ICAP/0.5.10\r\nConnection: close\r\n\r\n", "c-icap", "0.5.10", nil},
	{"zabbix-agent", 10050, "ZBXD\x01\x06\x00\x00\x00\x00\x00\x00\x006.0.14", "Zabbix agent", "6.0.14", map[string]string{"auth.required": "no"}},
	{"zabbix-trapper", 10051, "ZBXD\x01\x34\x00\x00\x00\x00\x00\x00\x00" + `{"response":"failed","info":"Permission denied.\n"  }`, "Zabbix server or proxy", "", nil},
	{"nrpe", 5666, nrpeAnswer("NRPE v4.1.0"), "NRPE", "4.1.0", nil},
	{"nrpe", 5666, nrpeAnswer("CHECK_NRPE: not allowed"), "NRPE", "", nil},
	{"munin", 4949, "# munin node at lab\n", "Munin node", "", map[string]string{"host.name": "lab"}},
	{"checkmk-agent", 6556, "<<<check_mk>>>\nVersion: 2.1.0p10\nAgentOS: linux\nHostname: lab\n<<<df>>>\nVersion: 9.9.9\n", "Checkmk agent", "2.1.0p10", map[string]string{"host.name": "lab", "checkmk.os": "linux"}},
	{"pptp", 1723, pptpAnswer("linux", "local", 1), "PoPToP pptpd", "", map[string]string{"host.name": "local", "pptp.firmware": "1"}},
	{"pptp", 1723, pptpAnswer("MikroTik", "gw", 1), "MikroTik PPTP server", "", map[string]string{"device.hint": "router"}},
	{
		"bgp", 179, string(bgpMarker) + "\x00\x25\x01\x04\x5b\xa0\x00\xb4\xc0\x00\x02\x09\x08\x02\x06\x41\x04\xfb\xf0\x00\x01" + string(bgpMarker) + "\x00\x15\x03\x02\x02",
		"", "",
		map[string]string{"bgp.as": "4226809857", "bgp.id": "192.0.2.9", "bgp.notification": "2.2"},
	},
	{"bgp", 179, string(bgpMarker) + "\x00\x15\x03\x06\x05", "", "", map[string]string{"bgp.notification": "6.5", "device.hint": "router"}},
	{
		"dicom", 11112, "\x02\x00\x00\x00\x00\xb8\x00\x01\x00\x00ANY-SCP         HARRIER         \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x151.2.840.10008.3.1.1.1!\x00\x00\x19\x01\x00\x00\x00@\x00\x00\x111.2.840.10008.1.2P\x00\x00:Q\x00\x00\x04\x00\x00@\x00R\x00\x00\x1b1.2.276.0.7230010.3.0.3.6.7U\x00\x00\x0fOFFIS_DCMTK_367",
		"OFFIS DCMTK", "3.6.7",
		map[string]string{"auth.required": "no"},
	},
	{"dicom", 104, "\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07", "", "", map[string]string{"auth.required": "yes", "dicom.rejected": "1.1.7"}},
	{"sap-ni", 3200, string(sapPong), "SAP network interface", "", nil},
	{"ident", 113, "113,6872:ERROR:NO-USER\r\n", "", "", nil},
	{"finger", 79, "Login     Name       Tty      Idle  Login Time   Office     Office Phone\r\nroot      root       pts/0          Nov 22 07:11\r\n", "", "", map[string]string{"finger.users": "yes"}},
	{"finger", 79, "No one logged on.\r\n", "", "", map[string]string{"finger.users": "no"}},
	{"gopher", 70, "iWelcome\t\tnull.host\t1\r\n1Files\t/files\tlab.test\t70\r\n.\r\n", "", "", nil},
	{"kafka", 9092, kafkaAnswer("\x00\x00\x00\x00\x00\x02\x00\x03\x00\x00\x00\x0c\x00\x12\x00\x00\x00\x03"), "", "", map[string]string{"kafka.apis": "2"}},
	{"cassandra", 9042, "\x84\x00\x00\x01\x06" + be32("\x00\x02"+be16("CQL_VERSION")+"\x00\x01"+be16("3.3.1")+be16("SCYLLA_SHARD")+"\x00\x01"+be16("1")), "ScyllaDB", "", nil},
	{"mssql", 1433, exchanges["mssql/tcp"], "Microsoft SQL Server", "15.0.2000", map[string]string{"mssql.encryption": "none"}},
	{"mongodb", 4711, "HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 85\r\n\r\nIt looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n", "MongoDB", "", nil},
}

// TestServers reads each reply as its own protocol.
func TestServers(t *testing.T) {
	for _, c := range servers {
		p := named(c.name)
		if p == nil {
			t.Errorf("%s is not listed", c.name)
			continue
		}
		b := []byte(c.reply)
		asked := p.Reply != nil && p.Reply(b)
		if !asked && (p.Banner == nil || !p.Banner(b)) {
			t.Errorf("%s does not recognise %q", c.name, c.reply)
			continue
		}
		if asked && p.Done != nil && !p.Done(b) {
			t.Errorf("%s takes %q for incomplete", c.name, c.reply)
		}
		x := newTalk(Target{Addr: testAddr, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: c.port}, Dial: wiretest.Refuse(), Timeout: time.Second})
		x.settle(t.Context(), found{p: p, reply: b, asked: asked, banner: !asked})
		if x.s.Product != c.product || x.s.Version != c.version {
			t.Errorf("%s told %q %q of %q; want %q %q", c.name, x.s.Product, x.s.Version, c.reply, c.product, c.version)
		}
		if x.s.CPE != "" && !cpePattern.MatchString(x.s.CPE) {
			t.Errorf("%s told CPE %q, which is none", c.name, x.s.CPE)
		}
		for key, want := range c.facts {
			if got := x.s.Fact(key); got != want {
				t.Errorf("%s told %s = %q of %q; want %q (%v)", c.name, key, got, c.reply, want, x.s.Facts)
			}
		}
	}
}

// TestNobodyClaimsAnothers gives every recorded reply to every protocol: none
// but its own may take it, asked or not.
func TestNobodyClaimsAnothers(t *testing.T) {
	replies := map[string][]string{}
	for _, c := range servers {
		replies[c.name] = append(replies[c.name], c.reply)
	}
	for key, reply := range exchanges {
		if name, found := strings.CutSuffix(key, "/tcp"); found {
			replies[name] = append(replies[name], reply)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(replies)) {
		for _, reply := range replies[name] {
			for i := range All {
				p := &All[i]
				if p.Transport != harrier.TCP || p.Name == name {
					continue
				}
				if p.Reply != nil && p.Reply([]byte(reply)) || p.Banner != nil && p.Banner([]byte(reply)) {
					t.Errorf("%s claims what %s says: %q", p.Name, name, reply)
				}
			}
		}
	}
}

// FuzzServers gives bytes of a peer to what reads the later replies of servers.
func FuzzServers(f *testing.F) {
	for _, c := range servers {
		f.Add([]byte(c.reply))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range tnsPackets(b) {
			if len(p.body) > len(b) {
				t.Error("a packet is longer than what came")
			}
		}
		parseDRDA(b)
		parseFirebird(b)
		if m, ok := boltReply(b); ok {
			boltTexts(m)
		}
		boltTexts(b)
		parseClickHouse(b)
		rethinkVersion(b)
		aerospikeFields(b)
		mysqlxCapabilities(b)
		stompHeaders(b)
		openwireProperties(b)
		parsePulsar(b)
		zmtpSocket(b)
		parseNSQ(b)
		rabbitStreamProperties(b)
		parseKerberos(b)
		parseServerAlive(b)
		parseNDMP(b)
		cephAddress(b)
		parsePktLine(b)
		parseZabbix(b)
		iscsiPairs(b)
		parseAFP(b)
		parsePPTP(b)
		dicomUser(b)
		sapError(b)
		parseNRPE(b)
		perforceFields(b)
		kafkaAPIs(b)
		parseKafkaMetadata(b)
		parsePrelogin(b)
		if len(b) >= 10 {
			bgpAS(b)
		}
	})
}

// cpePattern is a CPE 2.3 name of which vendor and product are known.
var cpePattern = regexp.MustCompile(`^cpe:2\.3:[aoh]:(?:[a-z0-9_.-]|\\.)+:(?:[a-z0-9_.-]|\\.)+:(?:\*|(?:[a-z0-9_.-]|\\.)+):(?:\*|(?:[a-z0-9_.-]|\\.)+)(?::\*){6}$`)
