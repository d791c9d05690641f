package probe

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// boltAnswer writes a message of a server.
func boltAnswer(kind byte, pairs ...string) string { return string(boltMessage(kind, pairs...)) }

// zmtpServer is a greeting of version 3.1 with a mechanism.
func zmtpServer(mechanism string) string {
	b := make([]byte, 64)
	copy(b, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01")
	copy(b[12:32], mechanism)
	return string(b)
}

func ndmpAnswer(message uint32, request bool, body string) string {
	b := ndmpRequest(1, message)[4:]
	if !request {
		b[11] = 1
	}
	return string(binary.BigEndian.AppendUint32(nil, 0x80000000|uint32(len(b)+len(body)))) + string(b) + body
}

// xdr is a text with its length, filled up to four bytes.
func xdr(s string) string { return be32(s) + "\x00\x00\x00"[:-len(s)&3] }

func wide(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r), 0)
	}
	return string(b) + "\x00\x00"
}

// serverAlive is a response with string bindings.
func serverAlive(addresses ...string) string {
	var list string
	for _, a := range addresses {
		list += "\x07\x00" + wide(a)
	}
	list += "\x00\x00"
	security := len(list) / 2
	list += "\x0a\x00\xff\xff\x00\x00\x00\x00"
	u16 := func(n int) string { return string([]byte{byte(n), byte(n >> 8)}) }
	stub := "\x05\x00\x07\x00" + "\x00\x00\x02\x00" + u16(len(list)/2) + "\x00\x00" + u16(len(list)/2) + u16(security) + list + "\x00\x00\x00\x00\x00\x00\x00\x00"
	b := rpcHeader(2, append(make([]byte, 8), stub...), 0)
	return string(b)
}

func iscsiAnswer(opcode, flags byte, text string) string {
	b := make([]byte, 48)
	b[0], b[1], b[7] = opcode, flags, byte(len(text))
	return string(b) + text + "\x00\x00\x00"[:-len(text)&3]
}

func cqlAnswer(opcode byte, body string) string {
	return "\x84\x00\x00\x01" + string([]byte{opcode}) + be32(body)
}

// TestConversations runs whole identifications in which the server is asked
// more than once.
func TestConversations(t *testing.T) {
	step := func(expect, say string) wiretest.Step { return wiretest.Step{Expect: []byte(expect), Say: say} }
	greet := func(say string) wiretest.Step { return wiretest.Step{Unasked: true, Say: say} }
	refused := boltAnswer(boltFailure, "code", "Neo.ClientError.Security.Unauthorized", "message", "missing key")
	supported := cqlAnswer(6, "\x00\x02"+be16("CQL_VERSION")+"\x00\x01"+be16("3.3.1")+be16("SCYLLA_SHARD")+"\x00\x01"+be16("1"))
	for _, c := range []struct {
		name string
		port uint16
		dial wiretest.Dialer
		want harrier.Service
	}{
		{
			"a listener that wants to be asked again", 1521,
			wiretest.Script(step("\x00", tnsPacketOf(tnsResend, "")), step("\x00", tnsRefusal("(DESCRIPTION=(TMP=)(VSNNUM=186647552)(ERR=1189))"))),
			harrier.Service{Name: "oracle-tns", Product: "Oracle TNS listener", Version: "11.2.0.4.0"},
		},
		{
			"neo4j 5", 7687,
			wiretest.Script(step("\x60\x60", "\x00\x00\x02\x05"), step("\x00", boltAnswer(boltSuccess, "server", "Neo4j/5.13.0")), step("\x00", refused)),
			harrier.Service{Name: "bolt", Product: "Neo4j", Version: "5.13.0", Facts: map[string]string{"auth.required": "yes", "bolt.version": "5.2"}},
		},
		{
			"neo4j 4 that tells strangers nothing", 7687,
			wiretest.Script(step("\x60\x60", "\x00\x00\x04\x04"), step("\x00", refused)),
			harrier.Service{Name: "bolt", Product: "Neo4j", Facts: map[string]string{"auth.required": "yes", "bolt.version": "4.4"}},
		},
		{
			"memgraph", 7687,
			wiretest.Script(step("\x60\x60", "\x00\x00\x02\x05"), step("\x00", boltAnswer(boltSuccess, "server", "Neo4j/v5.11.0 compatible graph database server - Memgraph")), step("\x00", boltAnswer(boltSuccess))),
			harrier.Service{Name: "bolt", Product: "Memgraph", Facts: map[string]string{"auth.required": "no"}},
		},
		{
			"salt master", 4505,
			wiretest.Script(greet(zmtpServer("NULL")[:10]), step("\xff", zmtpServer("NULL")[10:]), step("\x04\x19\x05READY", "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB")),
			harrier.Service{Name: "zmtp", Product: "ZeroMQ", Facts: map[string]string{"auth.required": "no", "zmtp.socket": "PUB", "zmtp.version": "3.1", "zmtp.application": "Salt master"}},
		},
		{
			"zeromq with curves at an odd port", 4711,
			wiretest.Script(greet(zmtpServer("CURVE")[:11]), step("\xff", zmtpServer("CURVE")[11:])),
			harrier.Service{Name: "zmtp", Product: "ZeroMQ", Facts: map[string]string{"auth.required": "yes", "zmtp.mechanism": "CURVE", "zmtp.application": ""}},
		},
		{
			"ndmp", 10000,
			wiretest.Script(greet(ndmpAnswer(ndmpConnected, true, "\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00")), step("\x80", ndmpAnswer(ndmpOpen, false, "\x00\x00\x00\x00")),
				step("\x80", ndmpAnswer(ndmpServerInfo, false, "\x00\x00\x00\x00"+xdr("NetApp")+xdr("Data ONTAP")+xdr("NetApp Release 9.8P6")+"\x00\x00\x00\x00"))),
			harrier.Service{Name: "ndmp", Product: "NetApp Data ONTAP", Facts: map[string]string{"ndmp.version": "4", "ndmp.revision": "NetApp Release 9.8P6", "device.hint": "storage"}},
		},
		{
			"endpoint mapper", 135,
			wiretest.Script(step("\x05\x00\x0b", string(rpcHeader(12, []byte("\xb8\x10\xb8\x10\x01\x00\x00\x00\x04\x00135\x00"), 0))), step("\x05\x00\x00", serverAlive("lab", "192.0.2.7", "2001:db8::7"))),
			harrier.Service{Name: "msrpc", Facts: map[string]string{"msrpc.addresses": "lab,192.0.2.7,2001:db8::7"}},
		},
		{
			"iscsi that lists its targets", 3260,
			wiretest.Script(step("\x43", iscsiAnswer(0x23, 0x87, "AuthMethod=None\x00")), step("\x04", iscsiAnswer(0x24, 0x80, "TargetName=iqn.2000-01.com.synology:nas.1\x00TargetAddress=192.0.2.7:3260,1\x00"))),
			harrier.Service{Name: "iscsi", Product: "Synology iSCSI target", Facts: map[string]string{"auth.required": "no", "iscsi.targets": "iqn.2000-01.com.synology:nas.1", "iscsi.addresses": "192.0.2.7:3260,1"}},
		},
		{
			"iscsi with a password", 3260, wiretest.Script(step("\x43", iscsiAnswer(0x23, 0x00, "AuthMethod=CHAP\x00"))),
			harrier.Service{Name: "iscsi", Facts: map[string]string{"auth.required": "yes", "iscsi.auth": "CHAP", "iscsi.targets": ""}},
		},
		{
			"kafka", 9092,
			wiretest.Replies(map[string]string{
				"\x00\x00\x00\x11\x00\x12": kafkaAnswer("\x00\x00\x00\x00\x00\x02\x00\x03\x00\x00\x00\x0c\x00\x12\x00\x00\x00\x03"),
				"\x00\x00\x00\x15\x00\x03": kafkaAnswer("\x00\x00\x00\x01\x00\x00\x00\x01" + be16("lab") + "\x00\x00\x23\x84\xff\xff" + be16("abcDEF") + "\x00\x00\x00\x01\x00\x00\x00\x00"),
			}),
			harrier.Service{Name: "kafka", Facts: map[string]string{"auth.required": "no", "kafka.brokers": "lab:9092", "kafka.cluster": "abcDEF"}},
		},
		{
			"kafka that knows nobody", 9092,
			wiretest.Script(step("\x00\x00\x00\x11\x00\x12", kafkaAnswer("\x00\x00\x00\x00\x00\x02\x00\x03\x00\x00\x00\x0c\x00\x12\x00\x00\x00\x03"))),
			harrier.Service{Name: "kafka", Facts: map[string]string{"auth.required": "yes", "kafka.brokers": ""}},
		},
		{
			"scylla, whose release is not its version", 9042,
			wiretest.Replies(map[string]string{
				"\x04\x00\x00\x01\x05": supported, "\x04\x00\x00\x01\x01": cqlAnswer(2, ""),
				"\x04\x00\x00\x01\x07\x00\x00\x00\x3c\x00\x00\x00\x35SELECT version ": cqlAnswer(8, "\x00\x00\x00\x02"+be32("5.2.9-0.20230920.5709d0043978")),
				"\x04\x00\x00\x01\x07": cqlAnswer(8, "\x00\x00\x00\x02"+be32("3.0.8")),
			}),
			harrier.Service{Name: "cassandra", Product: "ScyllaDB", Version: "5.2.9", Facts: map[string]string{"auth.required": "no"}},
		},
		{
			"mysql's other protocol", 33060,
			wiretest.Script(greet(mysqlxNotice), step("\x01\x00\x00\x00\x01", le32("\x02\x0a\x0f\x0a\x03tls\x12\x08\x08\x01\x12\x04\x08\x07\x40\x00\x0a\x0b\x0a\x09node_type"))),
			harrier.Service{Name: "mysqlx", Product: "MySQL X Plugin", Facts: map[string]string{"mysqlx.capabilities": "tls,node_type"}},
		},
		{
			"munin", 4949, wiretest.Script(greet("# munin node at lab\n"), step("version\n", "munins node on lab version: 2.0.73\n")),
			harrier.Service{Name: "munin", Product: "Munin node", Version: "2.0.73"},
		},
		{
			"news that tell themselves when asked", 119,
			wiretest.Script(greet("200 lab NNTP ready\r\n"), step("CAPABILITIES", "101 Capability list:\r\nVERSION 2\r\nIMPLEMENTATION INN 2.7.1\r\nREADER\r\n.\r\n")),
			harrier.Service{Name: "nntp", Product: "InterNetNews", Version: "2.7.1"},
		},
		{
			"local mail that is greeted as if it were not", 24,
			wiretest.Script(greet("220 mail.target.test Dovecot (Debian) ready.\r\n"), step("EHLO", "500 5.5.1 Unknown command\r\n")),
			harrier.Service{Name: "lmtp", Product: "Dovecot lmtpd", Facts: map[string]string{"os.hint": "Debian"}},
		},
		{"hadoop at an odd port", 4711, wiretest.Replies(map[string]string{"GET ": named("hadoop-ipc").sample()}), harrier.Service{Name: "hadoop-ipc", Product: "Apache Hadoop IPC"}},
		{
			"clickhouse at an odd port", 4711,
			wiretest.Replies(map[string]string{
				"GET ":                  "HTTP/1.0 400 Bad Request\r\n\r\nPort 4711 is for clickhouse-client program\r\nYou must use port 8123 for HTTP.\r\n",
				string(clickhouseHello): "\x00\x0aClickHouse\x17\x08\xbe\xa9\x03\x03UTC\x03lab\x02",
			}),
			harrier.Service{Name: "clickhouse", Product: "ClickHouse", Version: "23.8.2"},
		},
		{
			"mongodb at an odd port", 4711,
			wiretest.Replies(map[string]string{"GET ": named("mongodb").sample()}),
			harrier.Service{Name: "mongodb", Product: "MongoDB"},
		},
		{"stomp at an odd port", 4711, wiretest.Replies(map[string]string{"CONNECT\n": "CONNECTED\nversion:1.2\nserver:RabbitMQ/3.10.8\n\n\x00"}), harrier.Service{Name: "stomp", Product: "RabbitMQ", Version: "3.10.8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := Identify(t.Context(), tcpTarget(c.port, c.dial))
				if err != nil || s.Name != c.want.Name || s.Product != c.want.Product || s.Version != c.want.Version {
					t.Errorf("Identify = %q %q %q, %v; want %q %q %q", s.Name, s.Product, s.Version, err, c.want.Name, c.want.Product, c.want.Version)
				}
				for key, want := range c.want.Facts {
					if got := s.Fact(key); got != want {
						t.Errorf("Identify told %s = %q; want %q (%v)", key, got, want, s.Facts)
					}
				}
			})
		})
	}
}

// sample is the first recorded reply of a protocol.
func (p *Protocol) sample() string {
	for _, c := range servers {
		if c.name == p.Name {
			return c.reply
		}
	}
	return ""
}

// TestMSSQLInsideTLS reads the certificate of a server whose handshake is
// wrapped in packets of its protocol.
func TestMSSQLInsideTLS(t *testing.T) {
	config := certified(t, &tls.Config{MinVersion: tls.VersionTLS12})
	answer := []byte(exchanges["mssql/tcp"])
	at := 8 + int(binary.BigEndian.Uint16(answer[14:])) // where encryption is
	answer[at] = tdsOn
	if p, ok := parsePrelogin(answer); !ok || p.encryption != tdsOn {
		t.Fatalf("parsePrelogin = %+v; want encryption on", p)
	}
	target := tcpTarget(1433, wiretest.Serve(func(c net.Conn) {
		b := make([]byte, 47)
		if _, err := io.ReadFull(c, b); err != nil || b[0] != 0x12 {
			return
		}
		_, _ = c.Write(answer)
		if b[8+26+6] == tdsOn {
			_ = tls.Server(&tdsConn{Conn: c}, config).Handshake()
		}
		_, _ = io.Copy(io.Discard, c)
	}))
	target.Timeout = time.Second
	s, err := Identify(t.Context(), target)
	if err != nil || s.Name != "mssql" || s.Version != "15.0.2000" || s.Fact("mssql.encryption") != "on" {
		t.Errorf("Identify = %q %q %v, %v; want mssql 15.0.2000 with encryption", s.Name, s.Version, s.Facts, err)
	}
	if len(s.Certificates) != 1 || s.Certificates[0].Serial != "ABCD" || s.Fact("tls.starttls") != "mssql" {
		t.Errorf("Identify told %d certificates and tls.starttls = %q; want one, of mssql", len(s.Certificates), s.Fact("tls.starttls"))
	}
}

// TestVersionNumbers reads the numbers that stand for versions.
func TestVersionNumbers(t *testing.T) {
	for n, want := range map[uint32]string{
		186647552: "11.2.0.4.0", 202375680: "12.1.0.2.0", 169870592: "10.2.0.5.0", 318767104: "19.0.0.0.0", 301989888: "18.0.0.0.0", 0: "", 1: "", 0xffffffff: "",
	} {
		if got := tnsVersion(n); got != want {
			t.Errorf("tnsVersion(%d) = %q; want %q", n, got, want)
		}
	}
	for text, want := range map[string]string{"QDB2/NT64": "QDB2/NT64", "Apache Derby": "Apache Derby", "SQL11055": "SQL11055"} {
		if got := ebcdicText(ebcdic(text)); got != want {
			t.Errorf("ebcdicText(ebcdic(%q)) = %q", text, got)
		}
		if got := ebcdicText([]byte(text)); got != want {
			t.Errorf("ebcdicText(%q) = %q", text, got)
		}
	}
	for tree, want := range map[string]string{"DC=lab,DC=test": "lab.test", "dc=lab": "lab", "o=lab": "", "": ""} {
		if got := adDomain(tree); got != want {
			t.Errorf("adDomain(%q) = %q; want %q", tree, got, want)
		}
	}
}
