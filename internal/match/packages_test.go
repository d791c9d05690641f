package match

import (
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestPackages(t *testing.T) {
	k := know(
		says("debian", "CVE-2024-0001", debFix("deb/debian/12", "openssl", "3.0.13-1~deb12u1")),
		says("debian", "CVE-2024-0002", always("deb/debian/12", "openssl", harrier.StatusWillNotFix)),
		says("debian", "CVE-2024-0003", always("deb/debian/12", "openssl", harrier.StatusNotAffected)),
		says("debian", "CVE-2024-0004", debFix("deb/debian/12", "linux", "6.1.90-1")),
		says("ubuntu", "CVE-2024-0005", status(debFix("deb/ubuntu/18.04", "curl", ""), harrier.StatusWillNotFix, 0), debFix("deb/ubuntu-pro/18.04", "curl", "7.58.0-2ubuntu3.24+esm3")),
		says("redhat", "CVE-2024-0006",
			withModule(debFix("rpm/redhat/8", "nginx", "1:1.22.1-2.module+el8.9.0+1+aaaa"), "nginx:1.22"),
			withModule(debFix("rpm/redhat/8", "nginx", "1:1.20.1-2.module+el8.9.0+1+bbbb"), "nginx:1.20")),
		says("redhat", "CVE-2024-0007", debFix("rpm/redhat/9", "openssh", "8.7p1-38.el9_4.1"), debFix("rpm/redhat-eus/9.2", "openssh", "8.7p1-30.el9_2.4")),
		says("redhat", "CVE-2024-0008", debFix("rpm/redhat/9", "kernel-core", "5.14.0-427.el9")),
		says("redhat", "CVE-2024-0009", harrier.Affected{
			Package: harrier.Package{Ecosystem: "rpm/redhat/9", Name: "bash"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Ranges: []harrier.Range{{Before: "5.1.8-9.el9", Platforms: "s390x"}},
		}),
		says("debian", "CVE-2024-0010", debFix("deb/debian/12", "bind9", "1:9.18.24-1")),
	)
	p := func(name, version string) harrier.InstalledPackage {
		return harrier.InstalledPackage{Name: name, Version: version, Arch: "x86_64"}
	}
	of := func(p harrier.InstalledPackage, source, version string) harrier.InstalledPackage {
		p.Source, p.SourceVersion = source, version
		return p
	}
	in := func(p harrier.InstalledPackage, module string) harrier.InstalledPackage {
		p.Module = module
		return p
	}
	for _, c := range []struct {
		name            string
		distro, release string
		kernel          string
		packages        []harrier.InstalledPackage
		want            string // "CVE-suffix certainty status", several joined by "; "
	}{
		{"old build of a source", "debian", "12", "", []harrier.InstalledPackage{of(p("libssl3", "3.0.11-1~deb12u2"), "openssl", "")}, "0001 certain affected; 0002 certain will not fix"},
		{"new build", "debian", "12", "", []harrier.InstalledPackage{of(p("libssl3", "3.0.13-1~deb12u1"), "openssl", ""), p("openssl", "3.0.13-1~deb12u1")}, "0002 certain will not fix"},
		{"two versions at once", "debian", "12", "", []harrier.InstalledPackage{of(p("libssl3", "3.0.13-1~deb12u1"), "openssl", ""), p("openssl", "3.0.11-1")}, "0002 certain will not fix; 0001 certain affected; 0002 certain will not fix"},
		{"another release", "debian", "11", "", []harrier.InstalledPackage{p("openssl", "1.1.1w-0+deb11u1")}, ""},
		{"no distribution", "", "", "", []harrier.InstalledPackage{p("openssl", "1.1.1w-0+deb11u1")}, ""},
		{"an epoch counts", "debian", "12", "", []harrier.InstalledPackage{p("bind9", "1:9.18.19-1~deb12u1")}, "0010 certain affected"},
		{"a list without epochs", "debian", "12", "", []harrier.InstalledPackage{{Name: "bind9", Version: "9.18.24-1", NoEpoch: true}}, ""},
		{"an old build in a list without epochs", "debian", "12", "", []harrier.InstalledPackage{{Name: "bind9", Version: "9.18.19-1~deb12u1", NoEpoch: true}}, "0010 certain affected"},

		{"the running kernel is old", "debian", "12", "6.1.0-18-amd64", []harrier.InstalledPackage{
			of(p("linux-image-6.1.0-18-amd64", "6.1.76-1"), "linux-signed-amd64", "6.1.76+1"), of(p("linux-image-6.1.0-21-amd64", "6.1.90-1"), "linux-signed-amd64", "6.1.90+1"),
		}, "0004 certain affected restart"},
		{"the running kernel is new", "debian", "12", "6.1.0-21-amd64", []harrier.InstalledPackage{
			of(p("linux-image-6.1.0-18-amd64", "6.1.76-1"), "linux-signed-amd64", "6.1.76+1"), of(p("linux-image-6.1.0-21-amd64", "6.1.90-1"), "linux-signed-amd64", "6.1.90+1"),
		}, ""},
		{"which kernel runs is not known", "debian", "12", "", []harrier.InstalledPackage{of(p("linux-image-6.1.0-18-amd64", "6.1.76-1"), "linux-signed-amd64", "6.1.76+1")}, "0004 potential affected"},
		{"a container has headers alone", "debian", "12", "6.1.0-18-amd64", []harrier.InstalledPackage{of(p("linux-libc-dev", "6.1.76-1"), "linux", "")}, ""},
		{"Red Hat's running kernel", "redhat", "9", "5.14.0-362.8.1.el9_3.x86_64", []harrier.InstalledPackage{
			p("kernel-core", "5.14.0-362.8.1.el9_3"), p("kernel-core", "5.14.0-427.13.1.el9_4"),
		}, "0008 certain affected restart"},

		{"longer support, not had", "ubuntu", "18.04", "", []harrier.InstalledPackage{p("curl", "7.58.0-2ubuntu3.24")}, "0005 certain will not fix"},
		{"longer support", "ubuntu", "18.04", "", []harrier.InstalledPackage{p("curl", "7.58.0-2ubuntu3.24+esm3")}, ""},
		{"extended updates", "redhat", "9", "", []harrier.InstalledPackage{p("openssh", "8.7p1-30.el9_2.4")}, ""},
		{"before extended updates", "redhat", "9", "", []harrier.InstalledPackage{p("openssh", "8.7p1-30.el9_2.1")}, "0007 certain affected"},
		{"the main stream's update", "redhat", "9", "", []harrier.InstalledPackage{p("openssh", "8.7p1-38.el9_4.1")}, ""},

		{"stream of a module", "redhat", "8", "", []harrier.InstalledPackage{in(p("nginx", "1:1.20.1-1.module+el8.8.0+1+cccc"), "nginx:1.20")}, "0006 certain affected"},
		{"mended stream", "redhat", "8", "", []harrier.InstalledPackage{in(p("nginx", "1:1.20.1-2.module+el8.9.0+1+bbbb"), "nginx:1.20")}, ""},
		{"another stream", "redhat", "8", "", []harrier.InstalledPackage{in(p("nginx", "1:1.18.0-1.module+el8"), "nginx:1.18")}, ""},
		{"no module", "redhat", "8", "", []harrier.InstalledPackage{p("nginx", "1:1.18.0-1.el8")}, ""},
		{"a rebuild of Red Hat's", "centos", "9", "", []harrier.InstalledPackage{p("openssh", "8.7p1-30.el9")}, "0007 certain affected"},
		{"another machine", "redhat", "9", "", []harrier.InstalledPackage{p("bash", "5.1.8-6.el9")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := Packages(k, harrier.Inventory{Distro: c.distro, Release: c.release, Kernel: c.kernel, Packages: c.packages})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range list {
				text := strings.TrimPrefix(d.Name, "CVE-2024-") + " " + d.Certainty.String() + " " + d.Status.String()
				if strings.Contains(strings.Join(d.Reasons, ";"), "restart the host") {
					text += " restart"
				}
				got = append(got, text)
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("Packages = %q; want %q\n%+v", text, c.want, list)
			}
		})
	}
}

func withModule(a harrier.Affected, module string) harrier.Affected {
	a.Module = module
	return a
}
