package match

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

var judgedAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func judgeOf(k Knowledge) *Judge {
	return NewJudge(New(k), func(string) harrier.VulnID { return 0 })
}

// hostsOfTests are hosts as other tests have them, with every way in which a
// version is known.
func hostsOfTests() []Known {
	debian := harrier.Host{OS: "Debian", OSCPE: "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*", OSConfidence: 95}
	cisco := harrier.Host{OS: "Cisco IOS XE", OSCPE: "cpe:2.3:o:cisco:ios_xe:17.6.1:*:*:*:*:*:*:*", OSConfidence: 40}
	page := webOf("nginx/1.18.0")
	page.Technologies = []harrier.Technology{{Name: "jQuery", Version: "3.4.1", CPE: "cpe:2.3:a:jquery:jquery:3.4.1:*:*:*:*:*:*:*", Certainty: harrier.Certain}}
	odd := harrier.Service{Endpoint: tcp(90), Product: "Odd", Version: "2.1", CPE: "cpe:2.3:a:odd:thing\\!:2.1:*:*:*:*:*:*:*", Certainty: harrier.Guessed}
	hosts := []Known{{Host: cisco, Services: []harrier.Service{page, odd}}, {Host: debian, Services: []harrier.Service{webOf("nginx/1.22.1"), webOf("nginx/1.23.1"), sshOf("SSH-2.0-OpenSSH_9.3p1")}}}
	for _, banner := range []string{
		"9.2p1 Debian-2+deb12u2", "9.2p1 Debian-2", "9.2p1 Debian-2+deb12u3", "8.4p1 Debian-5+deb11u3", "8.9p1 Ubuntu-3ubuntu0.6", "8.9p1 Ubuntu-3ubuntu0.10",
		"9.3p1", "9.8p1", "9.6p1 Debian-4~bpo12+1", "9.2p1 Debian-2+deb12u3~bpo11+1",
	} {
		hosts = append(hosts, Known{Services: []harrier.Service{sshOf("SSH-2.0-OpenSSH_" + banner)}})
	}
	for _, server := range []string{"nginx/1.18.0 (Ubuntu)", "nginx/1.18.0-6ubuntu14.2", "nginx/1.24.0", "Apache/2.4.57 (Debian)"} {
		hosts = append(hosts, Known{Services: []harrier.Service{webOf(server)}})
	}
	in := func(distro, release, kernel string, list ...harrier.InstalledPackage) {
		hosts = append(hosts, Known{Host: harrier.Host{OS: "Linux"}, Packages: &harrier.Inventory{Distro: distro, Release: release, Kernel: kernel, Packages: list}})
	}
	in("debian", "10", "", harrier.InstalledPackage{Name: "openssh-server", Source: "openssh", Version: "1:7.9p1-10+deb10u2"})
	in("debian", "12", "6.1.0-18-amd64", harrier.InstalledPackage{Name: "openssh-server", Source: "openssh", Version: "1:9.2p1-2+deb12u2"},
		harrier.InstalledPackage{Name: "linux-image-6.1.0-18-amd64", Source: "linux-signed-amd64", Version: "6.1.76-1"})
	in("debian", "12", "", harrier.InstalledPackage{Name: "openssh", Version: "9.2p1-2+deb12u3", NoEpoch: true}, harrier.InstalledPackage{Name: "nginx", Version: "1.22.1-9"},
		harrier.InstalledPackage{Name: "linux-image-6.1.0-18-amd64", Source: "linux-signed-amd64", Version: "6.1.76-1"})
	in("redhat", "9", "", harrier.InstalledPackage{Name: "openssh-server", Source: "openssh", Version: "8.7p1-30.el9", Arch: "x86_64"},
		harrier.InstalledPackage{Name: "npm", Source: "nodejs", Module: "nodejs:18", Version: "1:8.19-1.module+el9"})
	return hosts
}

// knownOfTests is what the sources of other tests say, and of what hostsOfTests
// adds.
func knownOfTests() *fake {
	const el = "rpm/redhat/9"
	return know(append(real().records,
		says("cisco", "CVE-2023-20198", cpeRange("o:cisco:ios_xe", harrier.Range{From: "16.0", Before: "17.9.4"})),
		says("retire", "CVE-2020-11022", harrier.Affected{
			Package: harrier.Package{Ecosystem: "npm", Name: "jquery"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Ranges: []harrier.Range{{From: "1.2.0", Before: "3.5.0"}},
		}),
		says("nvd", "CVE-2024-9001", cpeRange("a:odd:thing\\!", harrier.Range{Before: "3.0"})),
		says("debian", "CVE-2024-9002", debFix("deb/debian/12", "linux", "6.1.90-1")),
		says("debian", "CVE-2024-9003", debFix("deb/debian/12", "openssh", "1:9.2p1-2+deb12u3")),
		says("redhat", "CVE-2024-9004", about(always(el, "openssh", harrier.StatusWillNotFix))),
		says("redhat", "CVE-2024-9005", withModule(about(always(el, "nodejs", harrier.StatusFixDeferred)), "nodejs:18")),
		ended("eol debian 10", "o:debian:debian_linux", judgedAt.AddDate(-1, 0, 0), harrier.Range{From: "10", Before: "11"}),
	)...)
}

// TestSubjects shows that a subject as it is stored has what is observed of the
// thing itself: alone in a world that says only that of it.
func TestSubjects(t *testing.T) {
	k := knownOfTests()
	j := judgeOf(k)
	some := 0
	for n, f := range hostsOfTests() {
		f.Now = judgedAt
		present, _ := j.Observations(f, harrier.Settings{})
		observed, evidence := map[string][]string{}, map[string]string{} // by place
		at := func(e harrier.Endpoint, key string) string { return e.String() + " " + key }
		for _, o := range present {
			evidence[fmt.Sprint(at(o.Endpoint, o.Key), o.Vulnerability)] = o.Evidence
			observed[at(o.Endpoint, o.Key)] = append(observed[at(o.Endpoint, o.Key)], fmt.Sprint(o.Vulnerability, o.Certainty, o.Source))
		}
		places := map[string]int{}
		stored := j.Things(f)
		for _, p := range stored {
			places[at(p.Endpoint, p.Key)]++
		}
		for _, p := range stored {
			place := at(p.Endpoint, p.Key)
			if places[place] > 1 {
				continue // several services of one test at one port
			}
			th, most, err := readThing(p.Subject)
			if err != nil {
				t.Fatalf("host %d: %v", n, err)
			}
			if text := th.text(most); text != p.Subject {
				t.Errorf("host %d: the subject %s reads as %s", n, p.Subject, text)
			}
			again := th.placed(most)
			if !slices.Equal(again.Asks, p.Asks) {
				t.Errorf("host %d: the subject %s asks %v; the thing asked %v", n, p.Subject, again.Asks, p.Asks)
			}
			list, err := j.m.decisions(&th, 0, judgedAt)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range list {
				if d.Verdict == harrier.Present {
					some++
					got = append(got, fmt.Sprint(d.Vulnerability, min(d.Certainty, most), d.Winner))
				}
				denied, err := j.Denies(p.Subject, d.Vulnerability, judgedAt)
				if err != nil || denied != (d.Verdict == harrier.Absent && d.Winner != "") {
					t.Errorf("host %d: Denies(%s, %s) = %v, %v; decided is %s", n, p.Subject, d.Name, denied, err, d.Verdict)
				}
			}
			slices.Sort(got)
			want := observed[place]
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("host %d: the subject %s has %v; observed is %v", n, p.Subject, got, want)
			}
			verdict, err := j.Verdict(p.Subject, judgedAt)
			if err != nil {
				t.Fatal(err)
			}
			var held []string
			for _, h := range verdict {
				held = append(held, fmt.Sprint(h.Vulnerability, h.Certainty, h.Source))
				o := evidence[fmt.Sprint(place, h.Vulnerability)]
				text, err := j.Evidence(p.Subject, h.Vulnerability, judgedAt)
				if got := j.Shown(p.Subject, spotOf(f, p)) + text; err != nil || got != o {
					t.Errorf("host %d: the evidence about %s is %q, %v; observed is %q", n, h.Vulnerability.CVE(), got, err, o)
				}
			}
			if slices.Sort(held); !slices.Equal(held, want) {
				t.Errorf("host %d: Verdict(%s) = %q; observed is %v", n, p.Subject, held, want)
			}
			if asks, err := j.Asks(p.Subject); err != nil || !slices.Equal(asks, p.Asks) {
				t.Errorf("host %d: Asks(%s) = %q, %v; want %q", n, p.Subject, asks, err, p.Asks)
			}
		}
	}
	if some < 15 {
		t.Errorf("%d vulnerabilities seen; want more", some)
	}
}

// spotOf is where software of f stands, as the store tells it.
func spotOf(f Known, p harrier.Placed) harrier.Spot {
	s := harrier.Spot{OS: f.Host.OS, OSCPE: f.Host.OSCPE, Endpoint: p.Endpoint, Key: p.Key}
	for _, svc := range f.Services {
		if svc.Endpoint == p.Endpoint {
			s.Service = svc
		}
	}
	return s
}

// TestVerdicts shows that a verdict changes with what is found, and not with what
// is not.
func TestVerdicts(t *testing.T) {
	k := knownOfTests()
	subject := judgeOf(k).Things(Known{Services: []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")}})[0].Subject
	verdict := func(records ...harrier.Record) string {
		t.Helper()
		v, err := judgeOf(know(records...)).Verdict(subject, judgedAt)
		if err != nil {
			t.Fatal(err)
		}
		return harrier.WriteHeld(v)
	}
	base := verdict(k.records...)
	if got := verdict(append(slices.Clone(k.records), says("debian", "CVE-2024-9009", always("deb/debian/12", "openssh", harrier.StatusNotAffected)))...); got != base {
		t.Errorf("a denial changes the verdict to %q", got)
	}
	if got := verdict(append(slices.Clone(k.records), says("debian", "CVE-2024-9009", always("deb/debian/12", "openssh", harrier.StatusWillNotFix)))...); got == base {
		t.Error("one more does not change the verdict")
	}
	if got := verdict(); got != "" {
		t.Errorf("a verdict of no knowledge is %q", got)
	}
}

func TestDenies(t *testing.T) {
	gone := says("debian", "CVE-2024-9010", always("deb/debian/12", "openssh", harrier.StatusAffected))
	gone.Withdrawn = judgedAt
	k := know(append(knownOfTests().records, gone)...)
	j := judgeOf(k)
	subject := func(banner string) string {
		return j.Things(Known{Services: []harrier.Service{sshOf(banner)}})[0].Subject
	}
	old, mended, own := subject("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), subject("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"), subject("SSH-2.0-OpenSSH_9.9p1")
	for _, c := range []struct {
		subject, cve string
		want         bool
	}{
		{old, race, false},
		{mended, race, true},
		{own, race, true},
		{old, mp4, false}, // of something else: silence
		{old, "CVE-2024-9010", true},
		{own, "CVE-2099-0001", false},
	} {
		if got, err := j.Denies(c.subject, harrier.ContentNumber(c.cve), judgedAt); err != nil || got != c.want {
			t.Errorf("Denies(%s, %s) = %v, %v; want %v", c.subject, c.cve, got, err, c.want)
		}
	}
	if _, err := j.Denies("nonsense", harrier.ContentNumber(race), judgedAt); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Denies of nonsense = %v; want Invalid", err)
	}
	k.broken = true
	if _, err := judgeOf(k).Denies(old, harrier.ContentNumber(race), judgedAt); err == nil || !strings.Contains(err.Error(), "disk gone") {
		t.Errorf("Denies without knowledge = %v; want its error", err)
	}
	if _, err := judgeOf(k).Verdict(old, judgedAt); err == nil {
		t.Error("Verdict without knowledge is no error")
	}
}

// FuzzSubject reads subjects that somebody else wrote.
func FuzzSubject(f *testing.F) {
	j := judgeOf(knownOfTests())
	for _, host := range hostsOfTests() {
		for _, p := range j.Things(host) {
			f.Add(p.Subject)
		}
	}
	f.Add(`{"name":"a","how":5,"kind":255}`)
	f.Add(`{"name":":::","how":4,"origin":{"distribution":"enterprise","releases":["","9"]}}`)
	f.Add(`{"name":"o:\\","how":1,"certainty":200,"most":200}`)
	f.Fuzz(func(t *testing.T, subject string) {
		th, most, err := readThing(subject)
		if err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Fatalf("readThing = %v; want Invalid", err)
			}
			return
		}
		if again, _, err := readThing(th.text(most)); err != nil || again.subject != th.subject {
			t.Errorf("%q reads as %+v, %v; before as %+v", subject, again.subject, err, th.subject)
		}
		if _, err := j.Verdict(subject, judgedAt); err != nil {
			t.Errorf("Verdict(%q) = %v", subject, err)
		}
		if _, err := j.Denies(subject, harrier.ContentNumber(race), judgedAt); err != nil {
			t.Errorf("Denies(%q) = %v", subject, err)
		}
	})
}
