package inventory

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
)

const status = `Package: nginx-light
Status: install ok installed
Architecture: all
Source: nginx
Version: 1.22.1-9+deb12u3
Description: small
 Package: not this
 Version: nor this

Package: linux-image-6.1.0-18-amd64
Status: hold ok installed
Architecture: amd64
Source: linux-signed-amd64 (6.1.76+1)
Version: 6.1.76-1

Package: gone
Status: deinstall ok config-files
Version: 1.0-1

Package: libssl3
Status: install ok unpacked
Architecture: amd64
Multi-Arch: same
Source: openssl
Version: 3.0.11-1~deb12u2

Package: broken
Status: install ok installed
`

// samples are one list of each format.
var samples = []struct {
	name, text string
	want       List
}{
	{"dpkg status", status, List{Format: "dpkg status", Skipped: 1, Inventory: harrier.Inventory{Distro: "debian", Release: "12", Packages: []harrier.InstalledPackage{
		{Name: "nginx-light", Version: "1.22.1-9+deb12u3", Arch: "all", Source: "nginx"},
		{Name: "linux-image-6.1.0-18-amd64", Version: "6.1.76-1", Arch: "amd64", Source: "linux"},
		{Name: "libssl3", Version: "3.0.11-1~deb12u2", Arch: "amd64", Source: "openssl"},
	}}}},
	{
		"dpkg -l", `Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
||/ Name           Version          Architecture Description
+++-==============-================-============-=================================
ii  libc6:amd64    2.36-9+deb12u4   amd64        GNU C Library
rc  oldthing       1.0-1            all          removed
hi  nginx          1.22.1-9         amd64        server
`, List{Format: "dpkg -l", Inventory: harrier.Inventory{Distro: "debian", Release: "12", Packages: []harrier.InstalledPackage{
			{Name: "libc6", Version: "2.36-9+deb12u4", Arch: "amd64"}, {Name: "nginx", Version: "1.22.1-9", Arch: "amd64"},
		}}},
	},
	{
		"dpkg-query", "libnginx\t1.18.0-6ubuntu14.4\tamd64\tnginx\t1.18.0-6ubuntu14.4\tinstalled\ngcc\t4:11.2.0-1ubuntu1\tamd64\tgcc-defaults\t1.193ubuntu1\tinstalled\ngone\t1\tall\tgone\t1\tconfig-files\nnever\t\t\tnever\t\tnot-installed\n\tx\n",
		List{Format: "dpkg-query", Skipped: 1, Inventory: harrier.Inventory{Packages: []harrier.InstalledPackage{
			{Name: "libnginx", Version: "1.18.0-6ubuntu14.4", Arch: "amd64", Source: "nginx"},
			{Name: "gcc", Version: "4:11.2.0-1ubuntu1", Arch: "amd64", Source: "gcc-defaults", SourceVersion: "1.193ubuntu1"},
		}}},
	},
	{"dpkg-query without a format", "libc6:amd64\t2.36-9+deb12u4\nadduser\t3.134\n", List{Format: "dpkg-query", Inventory: harrier.Inventory{Distro: "debian", Release: "12", Packages: []harrier.InstalledPackage{
		{Name: "libc6", Version: "2.36-9+deb12u4", Arch: "amd64"}, {Name: "adduser", Version: "3.134"},
	}}}},
	{
		"rpm", "openssl-libs\t1:3.0.7-24.el9\tx86_64\topenssl-3.0.7-24.el9.src.rpm\t(none)\nnginx\t2:1.22.1-3.module+el9.2.0+17617+2f289c6c\tx86_64\tnginx-1.22.1-3.module+el9.2.0+17617+2f289c6c.src.rpm\tnginx:1.22:9020020230330:rhel9\ngpg-pubkey\t(none):fd431d51-4ae0493b\t(none)\t(none)\t(none)\nbash\t0:5.1.8-6.el9\tx86_64\tbash-5.1.8-6.el9.src.rpm\t(none)\n",
		List{Format: "rpm", Inventory: harrier.Inventory{Packages: []harrier.InstalledPackage{
			{Name: "openssl-libs", Version: "1:3.0.7-24.el9", Arch: "x86_64", Source: "openssl"},
			{Name: "nginx", Version: "2:1.22.1-3.module+el9.2.0+17617+2f289c6c", Arch: "x86_64", Module: "nginx:1.22"},
			{Name: "bash", Version: "5.1.8-6.el9", Arch: "x86_64"},
		}}},
	},
	{"rpm -qa", "bash-5.2.15-5.fc40.x86_64\npython3-libs-3.12.3-2.fc40.x86_64\ngpg-pubkey-a15b79cc-63d04c2c\ntzdata-2024a-5.fc40.noarch\n", List{Format: "rpm -qa", Inventory: harrier.Inventory{Distro: "fedora", Release: "40", Packages: []harrier.InstalledPackage{
		{Name: "bash", Version: "5.2.15-5.fc40", Arch: "x86_64", NoEpoch: true}, {Name: "python3-libs", Version: "3.12.3-2.fc40", Arch: "x86_64", NoEpoch: true}, {Name: "tzdata", Version: "2024a-5.fc40", Arch: "noarch", NoEpoch: true},
	}}}},
	{"apk installed", "C:Q1abc=\nP:libssl3\nV:3.1.4-r5\nA:x86_64\no:openssl\nF:lib\nR:libssl.so.3\n\nC:Q1def=\nP:busybox\nV:1.36.1-r15\nA:x86_64\no:busybox\n", List{Format: "apk installed", Inventory: harrier.Inventory{Packages: []harrier.InstalledPackage{
		{Name: "libssl3", Version: "3.1.4-r5", Arch: "x86_64", Source: "openssl"}, {Name: "busybox", Version: "1.36.1-r15", Arch: "x86_64"},
	}}}},
	{"apk info", "WARNING: opening from cache\nmusl-1.2.4-r2\nlibssl3-3.1.4-r5\nca-certificates-bundle-20240226-r0\n", List{Format: "apk info", Skipped: 1, Inventory: harrier.Inventory{Packages: []harrier.InstalledPackage{
		{Name: "musl", Version: "1.2.4-r2"}, {Name: "libssl3", Version: "3.1.4-r5"}, {Name: "ca-certificates-bundle", Version: "20240226-r0"},
	}}}},
	{"apk list", "libssl3-3.1.4-r5 x86_64 {openssl} (Apache-2.0) [installed]\nmusl-1.2.4-r2 x86_64 {musl} (MIT) [upgradable from: 1.2.4-r1]\nzsh-5.9-r2 x86_64 {zsh} (MIT)\n", List{Format: "apk list", Inventory: harrier.Inventory{Packages: []harrier.InstalledPackage{
		{Name: "libssl3", Version: "3.1.4-r5", Arch: "x86_64", Source: "openssl"}, {Name: "musl", Version: "1.2.4-r2", Arch: "x86_64"},
	}}}},
	{"pacman", "acl 2.3.2-1\nopenssl 3.3.0-1\nlinux 6.8.9.arch1-1\nvim 9.1.0380-1\nbad line here\n", List{Format: "pacman", Skipped: 1, Inventory: harrier.Inventory{Distro: "arch", Packages: []harrier.InstalledPackage{
		{Name: "acl", Version: "2.3.2-1"}, {Name: "openssl", Version: "3.3.0-1"}, {Name: "linux", Version: "6.8.9.arch1-1"}, {Name: "vim", Version: "9.1.0380-1"},
	}}}},
	{"json", `{"distro":"alpine","release":"3.19","kernel":"6.6.14-0-lts","packages":[{"name":"musl","version":"1.2.4-r2"},{"name":"x","version":""}],"needs_restart":["musl"]}`, List{Format: "json", Skipped: 1, Inventory: harrier.Inventory{
		Distro: "alpine", Release: "3.19", Kernel: "6.6.14-0-lts", Packages: []harrier.InstalledPackage{{Name: "musl", Version: "1.2.4-r2"}}, NeedsRestart: []string{"musl"},
	}}},
}

func TestRead(t *testing.T) {
	seen := map[string]bool{"json": true}
	for _, c := range samples {
		got, err := Read([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		seen[got.Format] = true
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for _, f := range Formats() {
		if !seen[f.Name] {
			t.Errorf("no sample is of the format %s", f.Name)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "blanks": " \n\n", "prose": "this is no list of packages\nat all\n", "one word": "nginx\n", "json without packages": `{"distro":"debian"}`, "broken json": "{",
		"only removed": "Package: x\nStatus: deinstall ok config-files\nVersion: 1\n", "binary": "\x7fELF\x00\x01\x02", "too large": strings.Repeat("a", MaxSize+1), "long names": strings.Repeat("a", 600) + " 1-1\n",
	} {
		if l, err := Read([]byte(text)); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%s: %+v, %v; want Invalid", name, l, err)
		}
	}
}

func TestDistro(t *testing.T) {
	for s, want := range map[string]string{
		"debian:12": "deb/debian/12", "Debian:12.5": "deb/debian/12", "ubuntu:22.04": "deb/ubuntu/22.04", "alpine:3.19.1": "apk/alpine/3.19", "rhel:9.3": "rpm/redhat/9", "redhat:8": "rpm/redhat/8",
		"centos:7": "rpm/centos/7", "almalinux:9.3": "rpm/alma/9", "alma:9": "rpm/alma/9", "rocky:9.3": "rpm/rocky/9", "ol:8.9": "rpm/oracle/8", "amzn:2023": "rpm/amazon/2023", "fedora:40": "rpm/fedora/40",
		"sles:15.5": "rpm/sles/15.5", "opensuse-leap:15.5": "rpm/leap/15.5", "arch": "alpm/arch", "opensuse-tumbleweed:20240501": "rpm/tumbleweed",
		"": "", "debian": "", "debian:sid": "", "plan9:4": "", "debian:" + strings.Repeat("1", 30): "",
	} {
		distro, release, err := Distro(s)
		inv := harrier.Inventory{Distro: distro, Release: release}
		if got := inv.Ecosystem(); got != want || (err == nil) != (want != "") {
			t.Errorf("Distro(%q) is %q, %v; want %q", s, got, err, want)
		}
	}
	distro, release, err := OSRelease([]byte("# a comment\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n"))
	if distro != "debian" || release != "12" || err != nil {
		t.Errorf("OSRelease = %q, %q, %v; want debian, 12", distro, release, err)
	}
}

func TestOf(t *testing.T) {
	p := harrier.InstalledPackage{Name: "gcc", Version: "4:12.2.0-3", Source: "gcc-defaults", SourceVersion: "1.203"}
	for ecosystem, want := range map[string]string{"deb/debian/12": "gcc-defaults 1.203", "apk/alpine/3.19": "gcc-defaults 1.203", "rpm/redhat/9": "gcc 4:12.2.0-3", "": "gcc 4:12.2.0-3"} {
		if name, v := p.Of(ecosystem); name+" "+v != want {
			t.Errorf("Of(%q) = %s %s; want %s", ecosystem, name, v, want)
		}
	}
}

// TestSignedKernel: who signs kernels differs, who speaks of them does not.
func TestSignedKernel(t *testing.T) {
	for source, want := range map[string]string{"linux-signed-amd64": "linux", "linux-signed-arm64": "linux", "linux-signed": "linux", "linux-signed-aws": "linux-aws", "linux-signed-hwe-6.8": "linux-hwe-6.8"} {
		if got := signedKernel(source); got != want {
			t.Errorf("signedKernel(%q) = %q; want %q", source, got, want)
		}
	}
}

// TestThisMachine reads what dpkg prints here, in all its forms, and finds the
// same packages in each.
func TestThisMachine(t *testing.T) {
	needs.Binary(t, "dpkg-query", "dpkg")
	read := func(name string, data []byte, err error) map[string]string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		l, err := Read(data)
		if err != nil || l.Skipped != 0 || l.Format != name {
			t.Fatalf("%s: read as %s, %d skipped, %v", name, l.Format, l.Skipped, err)
		}
		versions := map[string]string{}
		for _, p := range l.Packages {
			versions[p.Name+" "+p.Arch] = p.Version
		}
		return versions
	}
	data, err := os.ReadFile("/var/lib/dpkg/status")
	want := read("dpkg status", data, err)
	format := Formats()[4].Command
	format = format[strings.Index(format, "'")+1 : strings.LastIndex(format, "'")]
	data, err = exec.Command("dpkg-query", "-W", "-f", format).Output()
	if diff := cmp.Diff(want, read("dpkg-query", data, err)); diff != "" {
		t.Errorf("dpkg-query (-status +query):\n%s", diff)
	}
	list := exec.Command("dpkg", "-l")
	list.Env = append(os.Environ(), "COLUMNS=400", "LC_ALL=C")
	data, err = list.Output()
	if diff := cmp.Diff(want, read("dpkg -l", data, err)); diff != "" {
		t.Errorf("dpkg -l (-status +list):\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	for _, c := range samples {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Read(data)
		if (err == nil) != (len(l.Packages) > 0) {
			t.Fatalf("%d packages and %v", len(l.Packages), err)
		}
		for _, p := range l.Packages {
			if p.Name == "" || p.Version == "" || len(p.Version) > maxField || strings.ContainsAny(p.Name+p.Version, " \n") {
				t.Fatalf("%+v is no package", p)
			}
		}
	})
}

func FuzzOSRelease(f *testing.F) {
	f.Add([]byte("ID=debian\nVERSION_ID=\"12\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		distro, release, err := OSRelease(data)
		if inv := (harrier.Inventory{Distro: distro, Release: release}); err == nil && inv.Ecosystem() == "" {
			t.Fatalf("%q %q has no ecosystem", distro, release)
		}
	})
}
