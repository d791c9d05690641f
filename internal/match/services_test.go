package match

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

func sshOf(banner string) harrier.Service {
	v, _, _ := strings.Cut(strings.TrimPrefix(banner, "SSH-2.0-OpenSSH_"), " ")
	return harrier.Service{
		Endpoint: tcp(22), Name: "ssh", Product: "OpenSSH", Version: v, CPE: "cpe:2.3:a:openbsd:openssh:" + v + ":*:*:*:*:*:*:*",
		Evidence: banner, Facts: map[string]string{"ssh.version": banner}, Certainty: harrier.Certain,
	}
}

func webOf(server string) harrier.Service {
	product, rest, _ := strings.Cut(server, "/")
	v, _, _ := strings.Cut(rest, " ")
	cpe := map[string]string{"nginx": "a:f5:nginx", "Apache": "a:apache:http_server"}[product]
	return harrier.Service{
		Endpoint: tcp(80), Name: "http", Product: product, Version: v, CPE: "cpe:2.3:" + cpe + ":" + v + ":*:*:*:*:*:*:*",
		Evidence: server, Facts: map[string]string{"http.server": server}, Certainty: harrier.Certain,
	}
}

func dbOf(v string) harrier.Service {
	return harrier.Service{Endpoint: tcp(3306), Name: "mysql", Product: "MariaDB", Version: v, Certainty: harrier.Certain}
}

const (
	race = "CVE-2024-6387" // fixed by Debian 12 in 1:9.2p1-2+deb12u3
	mp4  = "CVE-2022-41741"
)

// real is what sources say of two vulnerabilities, in their shapes.
func real() *fake {
	return know(
		says("debian", race, debFix("deb/debian/12", "openssh", "1:9.2p1-2+deb12u3"), always("deb/debian/11", "openssh", harrier.StatusNotAffected),
			debFix("deb/debian/13", "openssh", "1:9.7p1-7")),
		says("ubuntu", race, debFix("deb/ubuntu/22.04", "openssh", "1:8.9p1-3ubuntu0.10"), debFix("deb/ubuntu/24.04", "openssh", "1:9.6p1-3ubuntu13.3"),
			always("deb/ubuntu/20.04", "openssh", harrier.StatusNotAffected)),
		says("redhat", race, harrier.Affected{
			Package: harrier.Package{Ecosystem: "rpm/redhat/9", Name: "openssh"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Ranges: []harrier.Range{{Before: "0:8.7p1-38.el9_4.1"}}, Fixed: "0:8.7p1-38.el9_4.1", Advisory: "RHSA-2024:4312",
		}, always("rpm/redhat/8", "openssh", harrier.StatusNotAffected)),
		says("nvd", race, cpeRange("a:openbsd:openssh", harrier.Range{Before: "4.4p1"}, harrier.Range{From: "8.5p1", Before: "9.8p1"})),
		says("debian", mp4, debFix("deb/debian/12", "nginx", "1.22.1-1"), debFix("deb/debian/11", "nginx", "1.18.0-6.1+deb11u3")),
		says("ubuntu", mp4, debFix("deb/ubuntu/22.04", "nginx", "1.18.0-6ubuntu14.3"), debFix("deb/ubuntu/20.04", "nginx", "1.18.0-0ubuntu1.4")),
		says("bitnami", mp4, harrier.Affected{
			Package: harrier.Package{Ecosystem: "bitnami", Name: "nginx"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Ranges: []harrier.Range{{From: "1.1.3", Before: "1.22.1"}, {From: "1.23.0", Before: "1.23.2"}},
		}),
	)
}

func TestServices(t *testing.T) {
	debian12 := harrier.Host{OS: "Debian GNU/Linux 12", OSCPE: "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*", OSConfidence: 95}
	for _, c := range []struct {
		name     string
		host     harrier.Host
		services []harrier.Service
		want     string // "CVE port certainty source", several joined by "; "
	}{
		{"older build of Debian", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")}, race + " 22 certain debian"},
		{"the first build, without a release's mark", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2")}, race + " 22 certain debian"},
		{"mended build of Debian", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")}, ""},
		{"later build of Debian", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7")}, ""},
		{"a release that never had it", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3")}, ""},
		{"older build of Ubuntu", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6")}, race + " 22 certain ubuntu"},
		{"mended build of Ubuntu", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10")}, ""},
		{"a container's build beside the host's", debian12, []harrier.Service{sshOf("SSH-2.0-OpenSSH_8.4p1 Debian-5")}, ""},
		{"two releases on a host", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.9p9 Debian-1"), dbOf("10.11.6-MariaDB-0+deb12u1"), dbOf("10.5.23-MariaDB-0+deb11u1")}, ""},
		{"which of two releases does not show", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.1p1 Debian-1"), dbOf("10.11.6-MariaDB-0+deb12u1"), dbOf("10.5.23-MariaDB-0+deb11u1")}, race + " 22 potential debian"},
		{"old Ubuntu", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_8.2p1 Ubuntu-4ubuntu0.5")}, ""},
		{"nobody's build", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.3p1")}, race + " 22 potential nvd"},
		{"nobody's build, mended", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.8p1")}, ""},
		{"self-built on Debian 12", debian12, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.3p1")}, race + " 22 potential nvd"},
		{"from backports", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.6p1 Debian-4~bpo12+1")}, race + " 22 potential nvd"},
		{"from backports with the stable's version", harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3~bpo11+1")}, race + " 22 potential nvd"},

		{"Ubuntu's nginx, release open", harrier.Host{}, []harrier.Service{webOf("nginx/1.18.0 (Ubuntu)")}, mp4 + " 80 potential ubuntu"},
		{"Ubuntu's nginx on 22.04", harrier.Host{}, []harrier.Service{webOf("nginx/1.18.0 (Ubuntu)"), sshOf("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10")}, mp4 + " 80 potential ubuntu"},
		{"nginx that names nobody", harrier.Host{}, []harrier.Service{webOf("nginx/1.18.0")}, mp4 + " 80 potential bitnami"},
		{"nginx of Debian 12 by its host", debian12, []harrier.Service{webOf("nginx/1.22.1")}, ""},
		{"nginx of its maker on Debian 12", debian12, []harrier.Service{webOf("nginx/1.23.1")}, mp4 + " 80 potential bitnami"},
		{"nginx, mended by its maker", harrier.Host{}, []harrier.Service{webOf("nginx/1.24.0")}, ""},
		{"nothing known of it", harrier.Host{}, []harrier.Service{webOf("Apache/2.4.57 (Debian)")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			present, _ := servicesOf(real(), c.host, c.services, harrier.Settings{})
			var got []string
			for _, o := range present {
				got = append(got, strings.Join([]string{o.Vulnerability.CVE(), strings.TrimSuffix(o.Endpoint.String(), "/tcp"), o.Certainty.String(), o.Source}, " "))
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("Services = %q; want %q", text, c.want)
				for _, o := range present {
					t.Log(o.Evidence)
				}
			}
		})
	}
}

func TestServicesEvidence(t *testing.T) {
	present, unsure := servicesOf(real(), harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")}, harrier.Settings{})
	want := []harrier.Observation{{
		Vulnerability: 1240006387, Endpoint: tcp(22), Service: "ssh", Certainty: harrier.Certain, Source: "debian",
		Evidence: `
  Banner            : SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2
  Product           : OpenSSH
  Installed version : 9.2p1, package 9.2p1-2+deb12u2 of Debian 12
  Fixed version     : 1:9.2p1-2+deb12u3
  Source            : debian (distribution)
  Confidence        : 95 %, certain

This is concluded because :

  - debian, the nearest source that knows (distribution), says: affected
`,
	}}
	if diff := cmp.Diff(want, present); diff != "" || len(unsure) != 0 {
		t.Errorf("Services = %v, %s", unsure, diff)
	}
}

func TestServicesUnsure(t *testing.T) {
	k := real()
	services := []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.3p1")}
	present, unsure := servicesOf(k, harrier.Host{}, services, harrier.Settings{NoPotential: true})
	if len(present) != 0 || len(unsure) != 1 || unsure[0].Outcome != harrier.Skipped || unsure[0].Check != 1240006387 {
		t.Errorf("Services that wants proof = %v, %v; want it skipped", present, unsure)
	}
	for _, c := range []struct {
		service harrier.Service
		want    string
	}{
		{harrier.Service{Endpoint: tcp(80), Name: "http"}, "the product is not shown"},
		{harrier.Service{Endpoint: tcp(80), Name: "http", Product: "nginx"}, "the version is not shown"},
		{harrier.Service{Endpoint: tcp(80), Name: "http", Product: "nginx", Version: "1.18"}, "the version is not shown"},
		{harrier.Service{Endpoint: tcp(80), Name: "http", Product: "Unheard Of"}, ""},
		{harrier.Service{Endpoint: tcp(80), Name: "chargen"}, ""},
		{harrier.Service{Endpoint: tcp(80)}, ""},
	} {
		_, unsure := servicesOf(k, harrier.Host{}, []harrier.Service{c.service}, harrier.Settings{})
		got := ""
		if len(unsure) == 1 && unsure[0].Outcome == harrier.Failed && unsure[0].Check == familyOfTests {
			got = unsure[0].Reason
		}
		if got != c.want || len(unsure) > 1 {
			t.Errorf("Services(%+v) is unsure of %+v; want %q", c.service, unsure, c.want)
		}
	}
	k.broken = true
	present, unsure = servicesOf(k, harrier.Host{}, services, harrier.Settings{})
	if len(present) != 0 || len(unsure) != 1 || unsure[0].Outcome != harrier.Failed || !strings.Contains(unsure[0].Reason, "disk gone") {
		t.Errorf("Services of broken knowledge = %v, %v; want a failure", present, unsure)
	}
}

func TestTechnologies(t *testing.T) {
	k := know(says("retire", "CVE-2020-11022", harrier.Affected{
		Package: harrier.Package{Ecosystem: "npm", Name: "jquery"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
		Ranges: []harrier.Range{{From: "1.2.0", Before: "3.5.0"}},
	}))
	web := webOf("nginx/1.24.0")
	web.Technologies = []harrier.Technology{
		{Name: "jQuery", Version: "3.4.1", CPE: "cpe:2.3:a:jquery:jquery:3.4.1:*:*:*:*:*:*:*", Evidence: "GET /: jquery-3.4.1.min.js", Certainty: harrier.Certain},
		{Name: "WordPress", CPE: "cpe:2.3:a:wordpress:wordpress:*:*:*:*:*:*:*:*", Certainty: harrier.Certain},
	}
	present, unsure := servicesOf(k, harrier.Host{}, []harrier.Service{web}, harrier.Settings{})
	if len(present) != 1 || present[0].Key != "a:jquery:jquery" || present[0].Certainty != harrier.Potential || present[0].Source != "retire" {
		t.Errorf("present is %+v; want jQuery's", present)
	}
	if len(unsure) != 0 {
		t.Errorf("unsure is %+v; want nothing: WordPress alone hides its version, not the endpoint", unsure)
	}
}

func TestDevice(t *testing.T) {
	k := know(
		says("cisco", "CVE-2023-20198", cpeRange("o:cisco:ios_xe", harrier.Range{From: "16.0", Before: "17.9.4"})),
		says("nvd", "CVE-2023-0001", cpeRange("o:debian:debian_linux", harrier.Range{From: "0"})),
		harrier.Record{Source: "eol", ID: "EOL-debian-10", Affected: []harrier.Affected{{
			CPE: "cpe:2.3:o:debian:debian_linux:10:*:*:*:*:*:*:*", Status: harrier.StatusEndOfSupport, Since: time.Date(2024, 6, 30, 0, 0, 0, 0, time.UTC),
		}}},
	)
	for _, c := range []struct {
		cpe  string
		year int
		want harrier.VulnID
	}{
		{"cpe:2.3:o:cisco:ios_xe:17.6.1:*:*:*:*:*:*:*", 2026, 1230020198},
		{"cpe:2.3:o:cisco:ios_xe:17.9.4:*:*:*:*:*:*:*", 2026, 0},
		{"cpe:2.3:o:cisco:ios_xe:*:*:*:*:*:*:*:*", 2026, 0},
		{"cpe:2.3:o:debian:debian_linux:10:*:*:*:*:*:*:*", 2026, harrier.ContentNumber("EOL-debian-10")},
		{"cpe:2.3:o:debian:debian_linux:10:*:*:*:*:*:*:*", 2023, 0},
		{"cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*", 2026, 0},
	} {
		h := harrier.Host{OS: "x", OSCPE: c.cpe, OSConfidence: 90, Ended: time.Date(c.year, 1, 1, 0, 0, 0, 0, time.UTC)}
		present, _ := servicesOf(k, h, nil, harrier.Settings{})
		var got harrier.VulnID
		if len(present) == 1 {
			got = present[0].Vulnerability
			if present[0].Endpoint != wholeHost {
				t.Errorf("it is at %s; want the host", present[0].Endpoint)
			}
		}
		if got != c.want || len(present) > 1 {
			t.Errorf("Services(%s in %d) = %v; want %d", c.cpe, c.year, present, c.want)
		}
	}
}

func FuzzServices(f *testing.F) {
	f.Add("nginx", "1.18.0", "cpe:2.3:a:f5:nginx:1.18.0:*:*:*:*:*:*:*", "nginx/1.18.0 (Ubuntu)", "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*")
	f.Add("OpenSSH", "9.2p1 Debian-2+deb12u2", "", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2", "")
	k := real()
	f.Fuzz(func(t *testing.T, product, version, cpe, banner, os string) {
		s := harrier.Service{Product: product, Version: version, CPE: cpe, Banner: banner, Technologies: []harrier.Technology{{Name: version, Version: product, CPE: os}}}
		present, _ := servicesOf(k, harrier.Host{OSCPE: os}, []harrier.Service{s}, harrier.Settings{})
		for _, o := range present {
			if o.Certainty == harrier.Certain && o.Source == "nvd" {
				t.Errorf("certain by a banner: %+v", o)
			}
		}
	})
}
