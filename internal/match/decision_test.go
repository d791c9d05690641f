package match

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// bitnami is nginx up to a version, by the ecosystem's source.
func bitnami(before string) harrier.Affected {
	return harrier.Affected{
		Package: harrier.Package{Ecosystem: "bitnami", Name: "nginx"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
		Ranges: []harrier.Range{{Before: before}},
	}
}

func status(a harrier.Affected, s, otherwise harrier.Status) harrier.Affected {
	a.Status, a.Otherwise = s, otherwise
	return a
}

func TestPrecedence(t *testing.T) {
	const cve = "CVE-2024-1111"
	nginx := func(ranges ...harrier.Range) harrier.Affected { return cpeRange("a:f5:nginx", ranges...) }
	unclear := func(a harrier.Affected) harrier.Affected { return status(a, a.Status, harrier.StatusUnknown) }
	on12 := harrier.Host{OSCPE: "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*"}
	windows := harrier.Host{OSCPE: "cpe:2.3:o:microsoft:windows_server_2019:*:*:*:*:*:*:*:*"}
	onPlatform := func(cpe string) harrier.Affected {
		a := nginx(harrier.Range{Before: "1.25.0"})
		a.Platforms = []string{cpe}
		return a
	}
	for _, c := range []struct {
		name    string
		host    harrier.Host
		records []harrier.Record
		want    string // "verdict status winner confidence"; of nginx 1.22.1
	}{
		{"nobody", harrier.Host{}, nil, ""},
		{"one source", harrier.Host{}, []harrier.Record{says("nvd", cve, nginx(harrier.Range{Before: "1.25.0"}))}, "present affected nvd 60"},
		{"out of its range", harrier.Host{}, []harrier.Record{says("nvd", cve, nginx(harrier.Range{Before: "1.22.1"}))}, "absent not affected nvd 60"},
		{"ecosystem before NVD", harrier.Host{}, []harrier.Record{
			says("nvd", cve, nginx(harrier.Range{Before: "1.25.0"})), says("bitnami", cve, bitnami("1.22.0")),
		}, "absent not affected bitnami 70"},
		{"ecosystem before NVD, the other way", harrier.Host{}, []harrier.Record{
			says("nvd", cve, nginx(harrier.Range{Before: "1.22.0"})), says("bitnami", cve, bitnami("1.25.0")),
		}, "present affected bitnami 70"},
		{"maker before NVD", harrier.Host{}, []harrier.Record{
			says("nvd", cve, nginx(harrier.Range{Before: "1.25.0"})),
			says("cvelist", cve, harrier.Affected{Maker: "f5/nginx open source", Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: []harrier.Range{{From: "1.23.0", Before: "1.25.0"}}}),
		}, "absent not affected cvelist 70"},
		{"a maker who does not know leaves it to NVD", harrier.Host{}, []harrier.Record{
			says("nvd", cve, nginx(harrier.Range{Before: "1.25.0"})),
			says("cvelist", cve, unclear(harrier.Affected{Maker: "f5/nginx open source", Status: harrier.StatusAffected, Ranges: []harrier.Range{{From: "1.23.0", Before: "1.25.0"}}})),
		}, "present affected nvd 60"},
		{"under investigation is no answer", harrier.Host{}, []harrier.Record{
			says("nvd", cve, nginx(harrier.Range{Before: "1.25.0"})), says("bitnami", cve, status(bitnami("1.25.0"), harrier.StatusUnknown, harrier.StatusUnknown)),
		}, "present affected nvd 60"},
		{"versions of a form that can not be compared", harrier.Host{}, []harrier.Record{
			says("nvd", cve, nginx(harrier.Range{Before: "1.25.0"})), says("cvelist", cve, harrier.Affected{
				Maker: "f5/nginx open source", Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Scheme: "git", Ranges: []harrier.Range{{Before: "deadbeef"}},
			}),
		}, "present affected nvd 60"},
		{"a fix beats a word without one", harrier.Host{}, []harrier.Record{
			says("bitnami", cve, bitnami("1.20.0")), says("osv", cve, status(harrier.Affected{Package: harrier.Package{Ecosystem: "bitnami", Name: "nginx"}}, harrier.StatusAffected, 0)),
		}, "absent not affected bitnami 70"},
		{"two with the same weight", harrier.Host{}, []harrier.Record{
			says("bitnami", cve, bitnami("1.20.0")), says("osv", cve, bitnami("1.25.0")),
		}, "present affected osv 40"},
		{"an exact version beats a range", harrier.Host{}, []harrier.Record{says("nvd", cve,
			nginx(harrier.Range{Before: "1.22.0"}),
			harrier.Affected{CPE: "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected},
		)}, "present affected nvd 60"},
		{"another name of the product", harrier.Host{}, []harrier.Record{says("nvd", cve, cpeRange("a:nginx:nginx", harrier.Range{Before: "1.25.0"}))}, "present affected nvd 60"},
		{"a platform that it is not on", windows, []harrier.Record{says("nvd", cve, onPlatform("cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*"))}, "unknown unknown  0"},
		{"a platform that it is on", on12, []harrier.Record{says("nvd", cve, onPlatform("cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*"))}, "present affected nvd 60"},
		{"a platform that does not show", harrier.Host{}, []harrier.Record{says("nvd", cve, onPlatform("cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*"))}, "present affected nvd 45"},
		{"the distribution will not mend it", on12, []harrier.Record{
			says("debian", cve, always("deb/debian/12", "nginx", harrier.StatusWillNotFix)), says("nvd", cve, nginx(harrier.Range{Before: "1.25.0"})),
		}, "present will not fix debian 60"},
		{"the distribution does not have it", on12, []harrier.Record{
			says("debian", cve, always("deb/debian/12", "nginx", harrier.StatusNotAffected)), says("nvd", cve, nginx(harrier.Range{Before: "1.25.0"})),
		}, "absent not affected debian 60"},
		{"withdrawn", harrier.Host{}, []harrier.Record{{
			Source: "nvd", ID: cve, CVEs: []string{cve}, Withdrawn: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Affected: []harrier.Affected{nginx(harrier.Range{Before: "1.25.0"})},
		}}, "absent affected nvd 60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := know(append(c.records, harrier.Record{Source: "kev", ID: cve, CVEs: []string{cve}})...)
			got, err := Decide(k, Known{Host: c.host, Services: []harrier.Service{webOf("nginx/1.22.1")}}, 1240001111)
			if err != nil || len(got) != 1 {
				t.Fatalf("Decide = %+v, %v; want one decision", got, err)
			}
			d := got[0]
			text := ""
			if d.Thing.What != "" {
				text = strings.Join([]string{d.Verdict.String(), d.Status.String(), d.Winner, strconv.Itoa(d.Confidence)}, " ")
			}
			if text != c.want {
				t.Errorf("Decide = %q; want %q\n%+v", text, c.want, d.Reasons)
			}
			if d.Certainty == harrier.Certain {
				t.Error("it is certain, by a banner that shows no revision")
			}
		})
	}
}

func TestExplanation(t *testing.T) {
	var b strings.Builder
	k := real()
	decisions, err := Decide(k, Known{Services: []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7")}}, 1240006387)
	if err != nil {
		t.Fatal(err)
	}
	if err := Explanation(&b, decisions); err != nil {
		t.Fatal(err)
	}
	want := `CVE-2024-6387 (1240006387)
  thing       OpenSSH 9.2p1, package 9.2p1-2+deb12u7 of Debian 12, at 22/tcp
  shown by    SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7
  verdict     absent, not affected, by debian
  fixed in    1:9.2p1-2+deb12u3
  because     debian, the nearest source that knows (distribution), says: fixed in 1:9.2p1-2+deb12u3
  * distribution debian         deb/debian/12 openssh: fixed in 1:9.2p1-2+deb12u3
                  CVE-2024-6387 lists before 1:9.2p1-2+deb12u3
    nvd          nvd            cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*: affected
                  CVE-2024-6387 lists before 4.4p1; from 8.5p1 before 9.8p1
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWhyNotFound(t *testing.T) {
	k := real()
	got, err := Decide(k, Known{Services: []harrier.Service{webOf("nginx/1.22.1"), {Endpoint: tcp(22), Name: "ssh"}}}, 1240006387)
	if err != nil || len(got) != 1 {
		t.Fatalf("Decide = %v, %v", got, err)
	}
	text := strings.Join(got[0].Reasons, "\n")
	for _, want := range []string{"nothing of that is seen on the host", "openssh", "runs nginx 1.22.1", "at 22/tcp the product is not shown", "what is installed on the host is not known"} {
		if !strings.Contains(strings.ReplaceAll(text, "is seen to run", "runs"), want) {
			t.Errorf("reasons lack %q:\n%s", want, text)
		}
	}
	if got[0].Verdict != harrier.Unknown || len(got[0].Words) != 4 {
		t.Errorf("Decide = %+v", got[0])
	}
	if _, err := Decide(k, Known{}, 5); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Decide of no vulnerability = %v; want NotFound", err)
	}
}
