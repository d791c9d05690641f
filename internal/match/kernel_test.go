package match

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestKernelSource(t *testing.T) {
	for source, want := range map[string]string{
		"": "linux", "linux": "linux", "linux-signed-amd64": "linux", "linux-signed": "linux", "linux-signed-hwe-6.8": "linux-hwe-6.8",
		"linux-signed-aws": "linux-aws", "linux-aws": "linux-aws", "linux-meta": "linux",
	} {
		if got := kernelSource(source); got != want {
			t.Errorf("kernelSource(%q) = %q; want %q", source, got, want)
		}
	}
}

func TestKernelOnly(t *testing.T) {
	for name, want := range map[string]bool{
		"linux": true, "linux-aws": true, "linux-aws-5.15": true, "linux-meta-aws": true, "linux-signed-hwe-6.8": true, "linux-6.1": true,
		"linux-azure-fde": true, "linux-restricted-modules": true,
		"linux-base": false, "linux-firmware": false, "linuxptp": false, "linux-": false, "openssl": false,
	} {
		if got := kernelOnly(name, "deb/ubuntu/22.04"); got != want {
			t.Errorf("kernelOnly(%q) = %v; want %v", name, got, want)
		}
	}
}

func TestRunningVersion(t *testing.T) {
	for _, c := range []struct{ ecosystem, uname, want string }{
		{"apk/alpine/3.19", "6.6.14-0-lts", "linux-lts 6.6.14-r0"},
		{"apk/alpine/3.19", "6.6.14-12-virt", "linux-virt 6.6.14-r12"},
		{"apk/alpine/3.19", "6.1.0-18-amd64", " "}, // a container on Debian
		{"apk/alpine/3.19", "", " "},
		{"alpm/arch", "6.7.4-arch1-1", "linux 6.7.4.arch1-1"},
		{"alpm/arch", "6.6.16-1-lts", "linux-lts 6.6.16-1"},
		{"alpm/arch", "6.7.4-zen1-1-zen", "linux-zen 6.7.4.zen1-1"},
		{"alpm/arch", "6.6.16-hardened1-1-hardened", "linux-hardened 6.6.16.hardened1-1"},
		{"alpm/arch", "6.1.0-18-amd64", " "},
		{"deb/debian/12", "6.7.4-arch1-1", " "},
	} {
		name, v := runningVersion(c.uname, c.ecosystem)
		if got := name + " " + v; got != c.want {
			t.Errorf("runningVersion(%q, %q) = %q; want %q", c.uname, c.ecosystem, got, c.want)
		}
	}
}

// TestKernels shows which of the kernels that are installed is judged.
func TestKernels(t *testing.T) {
	k := know(
		says("ubuntu", "CVE-2024-0001", debFix("deb/ubuntu/22.04", "linux-aws", "5.15.0-1040.45"), debFix("deb/ubuntu/22.04", "linux", "5.15.0-90.100"), debFix("deb/ubuntu/22.04", "linux-hwe-6.8", "6.8.0-40.40~22.04.3")),
		says("debian", "CVE-2024-0001", debFix("apk/alpine/3.19", "linux-lts", "6.6.20-r0"), debFix("alpm/arch", "linux", "6.7.6.arch1-1"), debFix("alpm/arch", "linux-lts", "6.6.18-1")),
	)
	p := func(name, version, source string) harrier.InstalledPackage {
		return harrier.InstalledPackage{Name: name, Version: version, Source: source}
	}
	for _, c := range []struct {
		name                    string
		distro, release, kernel string
		packages                []harrier.InstalledPackage
		want                    string
	}{
		{
			"headers and tools of a flavour", "ubuntu", "22.04", "5.15.0-1040-aws",
			[]harrier.InstalledPackage{
				p("linux-image-5.15.0-1040-aws", "5.15.0-1040.45", "linux-signed-aws"), p("linux-headers-5.15.0-1020-aws", "5.15.0-1020.24", "linux-aws"),
				p("linux-aws-tools-5.15.0-1020", "5.15.0-1020.24", "linux-aws"), p("linux-tools-common", "5.15.0-80.89", "linux"),
				p("linux-image-aws", "5.15.0.1020.20", "linux-meta-aws"),
			},
			"",
		},
		{
			"a flavour that runs", "ubuntu", "22.04", "5.15.0-1020-aws",
			[]harrier.InstalledPackage{p("linux-image-5.15.0-1020-aws", "5.15.0-1020.24", "linux-signed-aws"), p("linux-modules-5.15.0-1020-aws", "5.15.0-1020.24", "linux-aws")},
			"linux-aws 0001 certain 5.15.0-1040.45",
		},
		{
			"a name of the newest with a number", "ubuntu", "22.04", "",
			[]harrier.InstalledPackage{p("linux-image-6.8.0-38-generic", "6.8.0-38.38~22.04.1", "linux-signed-hwe-6.8"), p("linux-image-generic-hwe-22.04", "6.8.0-38.38~22.04.1", "linux-meta-hwe-6.8")},
			"linux-hwe-6.8 0001 potential 6.8.0-40.40~22.04.3",
		},
		{"Alpine, an old one runs still", "alpine", "3.19", "6.6.14-0-lts", []harrier.InstalledPackage{p("linux-lts", "6.6.20-r0", ""), p("linux-lts-dev", "6.6.20-r0", "linux-lts")}, "linux-lts 0001 certain 6.6.20-r0"},
		{"Alpine's, of another flavour", "alpine", "3.19", "6.6.20-0-virt", []harrier.InstalledPackage{p("linux-virt", "6.6.20-r0", "linux-lts")}, ""},
		{"Alpine in a container", "alpine", "3.19", "6.1.0-18-amd64", []harrier.InstalledPackage{p("linux-headers", "6.6-r0", ""), p("linux-lts-dev", "6.6.14-r0", "linux-lts")}, ""},
		{"Alpine's, not known to run", "alpine", "3.19", "", []harrier.InstalledPackage{p("linux-lts", "6.6.14-r0", "")}, "linux-lts 0001 potential 6.6.20-r0"},
		{"Arch, before a restart", "arch", "", "6.7.4-arch1-1", []harrier.InstalledPackage{p("linux", "6.7.6.arch1-1", ""), p("linux-lts", "6.6.16-1", "")}, "linux 0001 certain 6.7.6.arch1-1"},
		{"Arch, the longer support runs", "arch", "", "6.6.18-1-lts", []harrier.InstalledPackage{p("linux", "6.7.4.arch1-1", ""), p("linux-lts", "6.6.18-1", "")}, ""},
	} {
		inv := harrier.Inventory{Distro: c.distro, Release: c.release, Kernel: c.kernel, Packages: c.packages}
		if got := verdictsOf(t, k, inv); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}
