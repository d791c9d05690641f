package probe

import (
	"bytes"
	"crypto/tls"
	"net/netip"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// exchanges are replies as real servers gave them, by protocol; they are the
// seeds of the fuzz targets and are read by TestExchanges.
var exchanges = map[string]string{
	"dns/udp":        "hr\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03\xc0\x0c\x00\x10\x00\x03\x00\x00\x00\x00\x00\x19\x189.18.49-1~deb12u3-Debian",
	"redis/tcp":      "$88\r\n# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nos:Linux 6.1.0-18-amd64 x86_64\r\n",
	"memcached/tcp":  "VERSION 1.6.18\r\n",
	"mqtt/tcp":       "\x20\x02\x00\x00",
	"epmd/tcp":       "\x00\x00\x11\x11name rabbit at port 25672\n",
	"ajp13/tcp":      "AB\x00\x01\x09",
	"nats/tcp":       `INFO {"server_id":"NA","version":"2.9.10","auth_required":true}` + "\r\n",
	"rsync/tcp":      "@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n",
	"vnc/tcp":        "RFB 003.008\n",
	"ssh/tcp":        "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n",
	"smtp/tcp":       "220 target.test ESMTP Exim 4.96 Sun, 22 Nov 2026 01:22:57 +0000\r\n",
	"ftp/tcp":        "220 (vsFTPd 3.0.3)\r\n",
	"pop3/tcp":       "+OK Dovecot (Debian) ready.\r\n",
	"imap/tcp":       "* OK [CAPABILITY IMAP4rev1 ID] Dovecot (Debian) ready.\r\n",
	"http/tcp":       "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 34\r\n\r\n<html><title>bench</title></html>\n",
	"mysql/tcp":      "\x5b\x00\x00\x00\x0a5.5.5-10.11.19-MariaDB-0+deb12u1\x00\x1f\x00\x00\x00abcdefgh\x00\xfe\xf7\x2d\x02\x00\xff\x81\x15\x00\x00\x00\x00\x00\x00\x1d\x00\x00\x00ijklmnopqrst\x00mysql_native\x00",
	"postgresql/tcp": "E\x00\x00\x00\x85SFATAL\x00VFATAL\x00C0A000\x00Munsupported frontend protocol 255.0: server supports 3.0 to 3.0\x00Fpostmaster.c\x00L2195\x00RProcessStartupPacket\x00\x00",
	"zookeeper/tcp":  "Zookeeper version: 3.8.0-${mvngit.commit.id}, built on 2023-02-15 18:30 UTC\nMode: standalone\n",
	"beanstalkd/tcp": "OK 60\r\n---\ncurrent-jobs-ready: 0\nversion: \"1.12\"\nos: \"#1 SMP Debian\"\n\r\n",
	"gearman/tcp":    "OK 1.1.20\r\n",
	"amqp/tcp":       "\x01\x00\x00\x00\x00\x00\x46\x00\x0a\x00\x0a\x00\x09\x00\x00\x00\x28\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.10.8\x00\x00\x00\x0ePLAIN AMQPLAIN\x00\x00\x00\x05en_US\xce",
	"snmp/udp":       "\x30\x44\x02\x01\x01\x04\x06public\xa2\x37\x02\x02hr\x02\x01\x00\x02\x01\x00\x30\x2b\x30\x13\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x04\x07Linux a\x30\x14\x06\x08\x2b\x06\x01\x02\x01\x01\x02\x00\x06\x08\x2b\x06\x01\x04\x01\xbf\x08\x03",
	"rdp/tcp":        "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x02\x00\x00\x00",
	"ldap/tcp":       "\x30\x32\x02\x01\x01\x64\x2d\x04\x00\x30\x29\x30\x27\x04\x0bobjectClass\x31\x18\x04\x03top\x04\x11OpenLDAProotDSE..\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00",
	"telnet/tcp":     "\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27",
	"irc/tcp":        ":irc.target.test 001 hrr :Welcome\r\n:irc.target.test 004 hrr irc.target.test ngircd-26.1 abc def\r\n",
	"mssql/tcp":      "\x04\x01\x00\x25\x00\x00\x01\x00\x00\x00\x15\x00\x06\x01\x00\x1b\x00\x01\x02\x00\x1c\x00\x01\x03\x00\x1d\x00\x00\xff\x0f\x00\x07\xd0\x00\x00\x02\x00",
}

// FuzzReply gives bytes of a peer to everything that reads the first reply of a
// protocol: nothing may panic, loop or make text that is not clean.
func FuzzReply(f *testing.F) {
	for _, reply := range exchanges {
		f.Add([]byte(reply))
	}
	f.Add([]byte{})
	for _, c := range servers {
		f.Add([]byte(c.reply))
	}
	for _, replies := range tcpReplies() {
		for _, reply := range replies {
			f.Add([]byte(reply))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for i := range All {
			p := &All[i]
			if p.Done != nil {
				p.Done(b)
			}
			if len(b) == 0 {
				continue
			}
			isReply := p.Reply != nil && p.Reply(b)
			if !isReply && (p.Banner == nil || !p.Banner(b)) {
				continue
			}
			x := newTalk(Target{
				Addr: netip.MustParseAddr("192.0.2.1"), Endpoint: harrier.Endpoint{Protocol: p.Transport, Port: p.Ports[0]},
				Dial: wiretest.Refuse(), Timeout: time.Second,
			})
			x.settle(t.Context(), found{p: p, reply: b, asked: isReply, banner: !isReply})
			for key, value := range x.s.Facts {
				if !utf8.ValidString(value) || len(value) > maxFact {
					t.Errorf("%s: fact %s = %q is not clean", p.Name, key, value)
				}
			}
			if len(x.s.Banner) > maxBanner || !utf8.ValidString(x.s.Banner) || !utf8.ValidString(x.s.Product+x.s.Version+x.s.CPE+x.s.Evidence) {
				t.Errorf("%s: %+v is not clean", p.Name, x.s)
			}
		}
	})
}

// FuzzParsers gives bytes to the parsers of later replies.
func FuzzParsers(f *testing.F) {
	for _, reply := range exchanges {
		f.Add([]byte(reply))
	}
	f.Add(clientHello(tls.VersionTLS12, "a.test"))
	f.Add(smb2Negotiate())
	f.Add(append([]byte("NTLMSSP\x00\x02\x00\x00\x00"), bytes.Repeat([]byte{1, 0}, 60)...))
	f.Add([]byte("\x30\x17$SYS/broker/versionmosquitto version 2.0.11"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		parseKexInit(b)
		parseServerHello(b)
		helloDone(b)
		parseHTTP(b)
		mqttPublished(b)
		parseAMQPStart(b)
		amqpTable(b)
		chaosText(b)
		ldapAttributes(b)
		parseSNMP(b)
		parseSMB2Negotiate(b)
		smb2Body(b)
		parseNTLM(b)
		parseNetBIOSStatus(b)
		parseRPCDump(b)
		parseRDP(b)
		bsonFields(b)
		mongoReply(b)
		ajpBody(b)
		pgMessages(b)
		pgFields(b)
		parseMySQL(b)
		vncTypes(b, true)
		vncTypes(b, false)
		telnetPlain(b)
		telnetRefusals(b)
		lastCQLText(b)
		parsePrelogin(b)
		certificate(b)
		title(b)
		dotted(b)
	})
}

// TestExchanges reads each recorded reply as its own protocol.
func TestExchanges(t *testing.T) {
	want := map[string][2]string{
		"dns/udp": {"ISC BIND", "9.18.49"}, "redis/tcp": {"Redis", "7.0.15"}, "memcached/tcp": {"Memcached", "1.6.18"}, "mqtt/tcp": {}, "ajp13/tcp": {}, "vnc/tcp": {},
		"epmd/tcp": {"Erlang Port Mapper Daemon"}, "nats/tcp": {"NATS", "2.9.10"}, "rsync/tcp": {"rsync"}, "ssh/tcp": {"OpenSSH", "9.2p1"}, "smtp/tcp": {"Exim smtpd", "4.96"},
		"ftp/tcp": {"vsftpd", "3.0.3"}, "pop3/tcp": {"Dovecot pop3d"}, "imap/tcp": {"Dovecot imapd"}, "http/tcp": {"nginx", "1.22.1"}, "mysql/tcp": {"MariaDB", "10.11.19"},
		"postgresql/tcp": {"PostgreSQL"}, "zookeeper/tcp": {"Apache ZooKeeper", "3.8.0"}, "beanstalkd/tcp": {"beanstalkd", "1.12"}, "gearman/tcp": {"Gearman", "1.1.20"},
		"amqp/tcp": {"RabbitMQ", "3.10.8"}, "snmp/udp": {"net-snmp"}, "rdp/tcp": {}, "ldap/tcp": {"OpenLDAP"}, "telnet/tcp": {}, "irc/tcp": {"ngIRCd", "26.1"},
		"mssql/tcp": {"Microsoft SQL Server", "15.0.2000"},
	}
	for key, reply := range exchanges {
		for i := range All {
			p := &All[i]
			if p.Name+"/"+string(p.Transport) != key {
				continue
			}
			if (p.Reply == nil || !p.Reply([]byte(reply))) && (p.Banner == nil || !p.Banner([]byte(reply))) {
				t.Errorf("%s does not recognise %q", key, reply)
				continue
			}
			x := newTalk(Target{Addr: netip.MustParseAddr("192.0.2.1"), Endpoint: harrier.Endpoint{Protocol: p.Transport, Port: 4711}, Dial: wiretest.Refuse(), Timeout: time.Second})
			x.settle(t.Context(), found{p: p, reply: []byte(reply), asked: true})
			if got := [2]string{x.s.Product, x.s.Version}; got != want[key] {
				t.Errorf("%s told %q of %q; want %q", key, got, reply, want[key])
			}
		}
	}
}
