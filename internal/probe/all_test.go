package probe

import (
	"slices"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestAllIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All {
		key := p.Name + "/" + string(p.Transport)
		switch {
		case p.Name == "" || p.Transport != harrier.TCP && p.Transport != harrier.UDP:
			t.Errorf("%q has no name or transport", key)
		case seen[key]:
			t.Errorf("%s is listed twice", key)
		case len(p.Ports) == 0:
			t.Errorf("%s has no usual port", key)
		case p.Hello == nil && !p.First:
			t.Errorf("%s neither asks nor waits", key)
		case p.Hello != nil && p.Reply == nil:
			t.Errorf("%s asks, and can not read the answer", key)
		case p.First && p.Banner == nil:
			t.Errorf("%s waits, and can not read the banner", key)
		case p.Common && p.Hello == nil:
			t.Errorf("%s is to be asked anywhere, and has no question", key)
		case p.Transport == harrier.UDP && p.Hello == nil:
			t.Errorf("%s can not be asked over UDP", key)
		}
		seen[key] = true
		if p.Hello != nil && len(p.Hello(Target{Endpoint: harrier.Endpoint{Protocol: p.Transport, Port: 1}})) == 0 {
			t.Errorf("%s asks nothing", key)
		}
	}
	if All[httpIndex].Name != "http" {
		t.Errorf("All[httpIndex] = %q; want http", All[httpIndex].Name)
	}
	for _, name := range []string{
		"http", "ssh", "ftp", "smtp", "pop3", "imap", "dns", "mysql", "postgresql", "redis", "memcached", "mqtt", "amqp", "nats", "smb", "ldap", "rsync", "vnc", "telnet",
		"rtsp", "sip", "irc", "zookeeper", "beanstalkd", "gearman", "epmd", "ajp13", "rpcbind", "rdp", "mongodb", "cassandra", "kafka",
	} {
		if !seen[name+"/tcp"] {
			t.Errorf("%s is not listed", name)
		}
	}
	for _, name := range []string{"dns", "snmp", "ntp", "netbios-ns", "rpcbind"} {
		if !seen[name+"/udp"] {
			t.Errorf("%s is not listed over UDP", name)
		}
	}
}

func TestNoBannerOfAnother(t *testing.T) {
	banners := map[string]string{
		"ssh":        "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n",
		"ftp":        "220 (vsFTPd 3.0.3)\r\n",
		"smtp":       "220 target.test ESMTP Exim 4.96 Sun, 22 Nov 2026 01:22:57 +0000\r\n",
		"pop3":       "+OK Dovecot (Debian) ready.\r\n",
		"imap":       "* OK [CAPABILITY IMAP4rev1] Dovecot (Debian) ready.\r\n",
		"mysql":      "\x43\x00\x00\x00\xffi\x04Host '10.0.0.1' is not allowed to connect to this MariaDB server",
		"nats":       `INFO {"server_id":"NA","version":"2.9.10"}` + "\r\n",
		"rsync":      "@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n",
		"vnc":        "RFB 003.008\n",
		"telnet":     "\xff\xfd\x18\xff\xfd\x20",
		"irc":        ":irc.target.test NOTICE * :*** Looking up your hostname\r\n",
		"daytime":    "22 NOV 2026 01:22:57 UTC\r\n",
		"http":       "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
		"redis":      "-ERR wrong number of arguments for 'get' command\r\n",
		"beanstalkd": "UNKNOWN_COMMAND\r\n",
		"gearman":    "OK 1.1.20\r\n",
		"amqp":       "AMQP\x00\x01\x00\x00",
		"rtsp":       "RTSP/1.0 400 Bad Request\r\n\r\n",
		"sip":        "SIP/2.0 400 Bad Request\r\n\r\n",
	}
	for name, banner := range banners {
		var takers []string
		for _, p := range All {
			if p.Banner != nil && p.Transport == harrier.TCP && p.Banner([]byte(banner)) {
				takers = append(takers, p.Name)
			}
		}
		if !slices.Equal(takers, []string{name}) {
			t.Errorf("the banner %q is taken by %v; want %s alone", banner, takers, name)
		}
	}
	for _, foreign := range []string{"", "\x00", "220 ready\r\n", "hello\r\n", "OK\r\n", "ERROR\r\n", "\x15\x03\x01\x00\x02\x02\x28"} {
		if p := byBanner(harrier.Endpoint{Protocol: harrier.TCP, Port: 4711}, []byte(foreign)); p != nil {
			t.Errorf("byBanner(%q) = %s; want nothing", foreign, p.Name)
		}
	}
}
