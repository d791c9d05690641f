package backport

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/inventory"
	"github.com/harrier-scan/harrier/internal/match"
)

// server is how a source package's server shows itself.
type server struct {
	product, vendor, name string // as a probe says it, and in its CPE
	port                  uint16
	service               string
	banner                string // with %s for the maker's version
}

func (s server) cpe(version string) string {
	return "cpe:2.3:a:" + s.vendor + ":" + s.name + ":" + version + ":*:*:*:*:*:*:*"
}

// servers are the source packages, by name.
var servers = map[string]server{
	"nginx":        {"nginx", "f5", "nginx", 80, "http", "HTTP/1.1 200 OK\r\nServer: nginx/%s\r\n"},
	"dovecot":      {"Dovecot", "dovecot", "dovecot", 143, "imap", "* OK [CAPABILITY IMAP4rev1] Dovecot ready."},
	"redis":        {"Redis", "redis", "redis", 6379, "redis", "redis_version:%s"},
	"squid":        {"Squid", "squid-cache", "squid", 3128, "http-proxy", "HTTP/1.1 400 Bad Request\r\nServer: squid/%s\r\n"},
	"haproxy":      {"HAProxy", "haproxy", "haproxy", 80, "http", "HTTP/1.0 503 Service Unavailable\r\n"},
	"proftpd-dfsg": {"ProFTPD", "proftpd", "proftpd", 21, "ftp", "220 ProFTPD %s Server"},
	"samba":        {"Samba", "samba", "samba", 445, "smb", "Samba %s"},
	"unbound":      {"Unbound", "nlnetlabs", "unbound", 53, "dns", "unbound %s"},
	"openssh":      {"OpenSSH", "openbsd", "openssh", 22, "ssh", "SSH-2.0-OpenSSH_%s"},
	"exim4":        {"Exim", "exim", "exim", 25, "smtp", "220 mail ESMTP Exim %s"},
	"bind9":        {"BIND", "isc", "bind", 53, "dns", "%s"},
	"memcached":    {"Memcached", "memcached", "memcached", 11211, "memcached", "VERSION %s"},
	"varnish":      {"Varnish", "varnish-software", "varnish_cache", 80, "http", "HTTP/1.1 503\r\nVia: 1.1 varnish"},
	"curl":         {"curl", "haxx", "curl", 0, "", ""},
	"tomcat10":     {"Apache Tomcat", "apache", "tomcat", 8080, "http", "Apache Tomcat/%s"},
}

// shows is a service that shows a version.
func (s server) shows(version string) harrier.Service {
	number, _, _ := strings.Cut(version, " ")
	banner := s.banner
	if strings.Contains(banner, "%s") {
		banner = fmt.Sprintf(banner, version)
	}
	return harrier.Service{
		Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: s.port}, Name: s.service, Product: s.product, Version: version,
		CPE: s.cpe(number), Banner: banner, Evidence: strings.ReplaceAll(banner, "\r\n", " "), Certainty: harrier.Certain,
	}
}

// status is dpkg's status file of a machine that has the build d, made another
// revision when version is not "".
func status(d deb, version string) []byte {
	var b strings.Builder
	b.WriteString("Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12.4+deb12u12\n\n")
	for line := range strings.Lines(d.control) {
		switch {
		case version != "" && strings.HasPrefix(line, "Version:"):
			line = "Version: " + version + "\n"
		case version != "" && strings.HasPrefix(line, "Source:"):
			line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " (")
			line += "\n"
		}
		b.WriteString(line)
		if strings.HasPrefix(line, "Package:") {
			b.WriteString("Status: install ok installed\n")
		}
	}
	return []byte(b.String())
}

// installed returns the CVE ids that are found by a list of packages.
func installed(t *testing.T, k match.Knowledge, list []byte) map[string]bool {
	t.Helper()
	read, err := inventory.Read(list)
	if err != nil {
		t.Fatal(err)
	}
	if got := read.Ecosystem(); got != "deb/debian/12" {
		t.Fatalf("the list is of %q", got)
	}
	decisions, err := match.Packages(k, read.Inventory)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, d := range decisions {
		if d.Verdict == harrier.Present {
			found[d.Name] = true
		}
	}
	return found
}

// TestPackages: with the list of packages an older build has what the
// distribution has mended since, and the current one has none of it.
func TestPackages(t *testing.T) {
	all := sources(t)
	k := knowledge(t, all)
	var published, rebuilt tally // by the builds that were fetched, and by all revisions of the changelogs
	for _, s := range all {
		check := func(to *tally, list []byte, open map[string]bool, build string) {
			found := installed(t, k, list)
			if !found[stillOpen(s)] {
				t.Errorf("%s %s: what is not mended is not found", s.name, build)
			}
			delete(found, stillOpen(s))
			to.builds++
			for id := range open {
				to.want++
				if found[id] {
					to.found++
				} else {
					t.Logf("%s %s: %s is not found", s.name, build, id)
				}
			}
			for id := range found {
				if !open[id] {
					t.Errorf("%s %s: %s is found, and the build has mended it", s.name, build, id)
				}
			}
		}
		var fetched, revisions tally
		for _, d := range s.older {
			check(&fetched, status(d, ""), s.open(d.names(0)), d.entries[0].version)
		}
		for _, i := range s.siblings() {
			check(&revisions, status(s.current, s.current.entries[i].version), s.open(s.current.names(i)), s.current.entries[i].version)
		}
		var current tally
		check(&current, status(s.current, ""), nil, s.current.entries[0].version)
		t.Logf("%-12s %-32s older builds: %v; older revisions: %v", s.name, s.current.entries[0].version, fetched, revisions)
		published.add(fetched)
		rebuilt.add(revisions)
	}
	t.Logf("%d source packages; older builds: %v; older revisions: %v", len(all), published, rebuilt)
	// How many builds apt offers beside the current ones changes from day to day;
	// changelogs only grow.
	if published.builds == 0 {
		t.Error("no older build was fetched")
	}
	if rebuilt.builds < 50 || rebuilt.want < 500 {
		t.Errorf("%v: too few to show anything", rebuilt)
	}
	for _, got := range []tally{published, rebuilt} {
		if float64(got.found) < 0.98*float64(got.want) {
			t.Errorf("%v; want 98 %%", got)
		}
	}
}

// tally counts what was to be found and what was.
type tally struct{ builds, want, found int }

func (a *tally) add(b tally) {
	a.builds, a.want, a.found = a.builds+b.builds, a.want+b.want, a.found+b.found
}

func (a tally) String() string {
	return fmt.Sprintf("%d of %d ids found in %d", a.found, a.want, a.builds)
}

// TestBanner: who sees only the maker's version confirms nothing that the
// distribution has mended, whatever else shows that it is Debian.
func TestBanner(t *testing.T) {
	all := sources(t)
	k := knowledge(t, all)
	nowhere, bookworm := harrier.Host{Ended: released}, harrier.Host{Ended: released, OS: "Debian 12", OSConfidence: 95, OSCPE: "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*"}
	potential := 0
	for _, s := range all {
		server, ok := servers[s.name]
		if !ok {
			t.Errorf("%s: how it shows itself is not in the table", s.name)
			continue
		}
		if server.port == 0 {
			continue
		}
		mended, found := s.mended(), 0
		version := upstream(s.current.entries[0].version)
		ssh := servers["openssh"].shows("9.2p1 Debian-2+deb12u7")
		ssh.Port = 2222
		for _, c := range []struct {
			how      string
			host     harrier.Host
			services []harrier.Service
		}{
			{"alone", nowhere, []harrier.Service{server.shows(version)}},
			{"with a word", nowhere, []harrier.Service{server.shows(version + " Debian")}},
			{"with a word in parentheses", nowhere, []harrier.Service{server.shows(version + " (Debian)")}},
			{"on a host that is known", bookworm, []harrier.Service{server.shows(version)}},
			{"beside OpenSSH of Debian", nowhere, []harrier.Service{server.shows(version), ssh}},
		} {
			for _, o := range observe(k, c.host, c.services...) {
				if o.Endpoint != c.services[0].Endpoint {
					continue
				}
				found++
				v, _, err := k.Vulnerability(o.Vulnerability)
				if err != nil || len(v.CVEs) == 0 {
					t.Fatalf("%d: %v", o.Vulnerability, err)
				}
				if _, ok := mended[v.CVEs[0]]; ok && o.Certainty == harrier.Certain {
					t.Errorf("%s %s, %s: %s is confirmed, and Debian has mended it", s.name, version, c.how, v.CVEs[0])
				}
			}
		}
		if found == 0 {
			t.Errorf("%s %s: nothing is found, not even potentially", s.name, version)
		}
		potential += found
	}
	t.Logf("%d findings, none confirmed that Debian has mended", potential)
}

func observe(k match.Knowledge, h harrier.Host, services ...harrier.Service) []harrier.Observation {
	judge := match.NewJudge(match.New(k), func(string) harrier.VulnID { return 0 })
	present, _ := judge.Observations(match.Known{Host: h, Services: services, Now: time.Now()}, harrier.Settings{})
	return present
}

// TestRevision: a banner with the package's revision gives the distribution's
// verdict, no more and no less.
func TestRevision(t *testing.T) {
	all := sources(t)
	k := knowledge(t, all)
	tried, ids := 0, 0
	for _, s := range all {
		for _, i := range append([]int{0}, s.siblings()...) {
			shown := revisionShown(s.name, s.current.entries[i].version)
			if shown == "" {
				continue
			}
			want := s.open(s.current.names(i))
			want[stillOpen(s)] = true
			found := map[string]bool{}
			for _, o := range observe(k, harrier.Host{Ended: released}, servers[s.name].shows(shown)) {
				v, _, err := k.Vulnerability(o.Vulnerability)
				if err != nil {
					t.Fatal(err)
				}
				name := v.CVEs[0]
				found[name] = true
				if o.Certainty != harrier.Certain || o.Source != "debian" {
					t.Errorf("%s: %s is %v by %s; want certain by debian", shown, name, o.Certainty, o.Source)
				}
			}
			tried++
			ids += len(want)
			if got, want := sorted(found), sorted(want); !slices.Equal(got, want) {
				t.Errorf("%s shows %s: found %v; want %v", s.name, shown, got, want)
			}
		}
	}
	t.Logf("%d revisions shown, %d verdicts", tried, ids)
	if tried < 5 {
		t.Errorf("only %d banners with a revision", tried)
	}
}

// revisionShown is the version as servers show it that Debian lets show the
// package's revision; "" for the others.
func revisionShown(source, version string) string {
	_, version, _ = strings.Cut(version, ":")
	switch source {
	case "openssh": // 9.2p1 Debian-2+deb12u7
		upstream, revision, _ := strings.Cut(version, "-")
		return upstream + " Debian-" + revision
	case "bind9": // 9.18.28-1~deb12u2-Debian
		return version + "-Debian"
	}
	return ""
}

func sorted(ids map[string]bool) []string {
	var list []string
	for id := range ids {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}
