package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier/bench/measure"
)

// run is one program doing the job once.
type run struct {
	peer string
	measure.Use
	fault string
	score score
}

// score counts what a program told rightly.
type score struct {
	total, reachable           int
	seen, names, products, tls int
	versions                   int // whole ones that the wire shows
	wrong                      int // versions that are not true
	cpes                       int // with that version
	misses                     []string
}

func (s score) text() string {
	return fmt.Sprintf("of %d: names %d, products %d, versions %d of %d, wrong %d, CPE with version %d", s.total, s.names, s.products, s.versions, s.reachable, s.wrong, s.cpes)
}

// Words by which a protocol or a product may be told, where the table has
// another.
var (
	otherNames = map[string][]string{
		"domain": {"dns"}, "microsoft-ds": {"smb", "netbios-ssn"}, "netbios-ssn": {"smb", "microsoft-ds"}, "ipp": {"http"},
		"beanstalk": {"beanstalkd"}, "http-proxy": {"http"}, "ajp13": {"ajp"}, "mysql": {"mariadb"}, "postgresql": {"postgres"},
		"rpcbind": {"rpc"}, "http": {"https", "http-proxy"}, "smtp": {"smtps"}, "imap": {"imaps"}, "pop3": {"pop3s"},
	}
	otherProducts = map[string][]string{
		"ISC BIND": {"bind"}, "Samba smbd": {"samba"}, "Postfix smtpd": {"postfix"}, "Dovecot pop3d": {"dovecot"}, "Dovecot imapd": {"dovecot"},
		"Apache httpd": {"apache"}, "Apache Jserv (Tomcat)": {"jserv", "tomcat"}, "Apache Tomcat": {"tomcat"}, "Exim smtpd": {"exim"}, "Dropbear sshd": {"dropbear"},
		"Apache ZooKeeper": {"zookeeper"}, "Erlang Port Mapper Daemon": {"erlang", "epmd"}, "GNU inetutils telnetd": {"inetutils"}, "inetd echo": {"echo"},
		"inetd daytime": {"daytime"},
	}
)

// judge compares what was told with what is true.
func judge(truth []service, told map[uint16]answer) score {
	s := score{total: len(truth)}
	for _, t := range truth {
		if t.reachable() {
			s.reachable++
		}
		a, ok := told[t.port]
		miss := func(format string, args ...any) {
			s.misses = append(s.misses, fmt.Sprintf("%d %s: ", t.port, t.product)+fmt.Sprintf(format, args...))
		}
		if !ok {
			miss("not told at all")
			continue
		}
		s.seen++
		if a.name == t.name || slices.Contains(otherNames[t.name], a.name) {
			s.names++
		} else {
			miss("named %q, it is %s", a.name, t.name)
		}
		if a.tls == t.tls {
			s.tls++
		} else {
			miss("TLS %v", a.tls)
		}
		if rightProduct(t, a) {
			s.products++
		} else {
			miss("product %q", a.product)
		}
		s.version(t, a, miss)
	}
	return s
}

// version judges the version: a range or a part of it is neither right nor wrong.
func (s *score) version(t service, a answer, miss func(string, ...any)) {
	switch word, _, _ := strings.Cut(strings.TrimPrefix(a.version, "v"), " "); {
	case word == t.version:
		if t.reachable() {
			s.versions++
		}
		if slices.ContainsFunc(a.cpes, func(c string) bool { return sameCPE(c, t.cpe) }) {
			s.cpes++
		} else if t.cpe != "" && t.reachable() {
			miss("CPE %q, it is %s", a.cpes, t.cpe)
		}
	case a.version != "" && (strings.HasPrefix(t.version, word+".") || strings.Contains(a.version, " - ") || strings.ContainsAny(word, "xX")):
		if t.reachable() {
			miss("version only %q of %s", a.version, t.version)
		}
	case a.version != "":
		s.wrong++
		miss("WRONG version %q, it is %s", a.version, t.version)
	case t.reachable():
		miss("no version, it is %s", t.version)
	}
}

func rightProduct(t service, a answer) bool {
	product := strings.ToLower(a.product)
	return product == strings.ToLower(t.product) || slices.ContainsFunc(append(otherProducts[t.product], strings.ToLower(t.product)), func(w string) bool {
		return product != "" && strings.Contains(product, w)
	})
}

// sameCPE compares by product and version; nmap writes CPE 2.2.
func sameCPE(told, want string) bool {
	if want == "" || told == "" {
		return false
	}
	if rest, ok := strings.CutPrefix(told, "cpe:/"); ok {
		told = "cpe:2.3:" + rest
	}
	a, b := strings.Split(told, ":"), strings.Split(want, ":")
	if len(a) < 6 || len(b) < 7 {
		return false
	}
	version := b[5]
	if b[6] != "*" {
		version += b[6] // "9.2" and "p1" are one word in CPE 2.2
	}
	return a[4] == b[4] && (a[5] == b[5] || a[5] == version)
}
