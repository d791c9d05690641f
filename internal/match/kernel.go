package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/version"
)

// kernels says which of the installed kernels counts: the one that runs.
type kernels struct {
	running string // uname -r
	known   bool   // the running one is installed
	newest  map[string]string
}

func kernelOf(inv harrier.Inventory, ecosystem string) kernels {
	k := kernels{running: inv.Kernel, newest: map[string]string{}}
	for _, p := range inv.Packages {
		name, ok := kernelPackage(p, ecosystem)
		if !ok {
			continue
		}
		k.known = k.known || inv.Kernel != "" && isRunning(p, inv.Kernel, ecosystem)
		scheme := version.SchemeOf(ecosystem)
		if v := kernelVersion(p, ecosystem); k.newest[name] == "" || version.Compare(scheme, v, k.newest[name]) > 0 {
			k.newest[name] = v
		}
	}
	return k
}

// runs reports whether a kernel package is the one to judge: of the running
// kernel, or the newest where that does not show.
func (k *kernels) runs(p harrier.InstalledPackage, name, ecosystem string) bool {
	if k.known {
		return isRunning(p, k.running, ecosystem)
	}
	return k.newest[name] == kernelVersion(p, ecosystem)
}

// notes say what a person should know about a decision on the kernel p.
func (k *kernels) notes(p harrier.InstalledPackage, ecosystem string) ([]string, harrier.Certainty) {
	if !k.known {
		return []string{"which kernel runs is not known: this is the newest that is installed"}, harrier.Potential
	}
	name, _ := kernelPackage(p, ecosystem)
	if newest := k.newest[name]; version.Compare(version.SchemeOf(ecosystem), newest, k.version(p, ecosystem)) > 0 {
		return []string{fmt.Sprintf("the kernel %s runs, but %s is installed: restart the host to run it", k.running, newest)}, harrier.Certain
	}
	return nil, harrier.Certain
}

// kernelPackage reports whether p holds a kernel that can be booted, and under
// which name statements speak of it.
func kernelPackage(p harrier.InstalledPackage, ecosystem string) (name string, ok bool) {
	switch {
	case strings.HasPrefix(ecosystem, "deb/"):
		if !strings.HasPrefix(p.Name, "linux-image-") || !strings.ContainsAny(p.Name, "0123456789") || strings.HasSuffix(p.Name, "-dbg") || strings.HasPrefix(p.Source, "linux-meta") {
			return "", false
		}
		return kernelSource(p.Source), true
	case strings.HasPrefix(ecosystem, "rpm/"):
		for _, base := range []string{"kernel", "kernel-rt", "kernel-uek", "kernel-default", "kernel-64k"} {
			for _, part := range []string{"", "-core", "-modules", "-modules-core", "-modules-extra", "-base"} {
				if p.Name == base+part {
					return p.Name, true
				}
			}
		}
	case strings.HasPrefix(ecosystem, "apk/"), strings.HasPrefix(ecosystem, "alpm/"):
		flavour, ok := strings.CutPrefix(p.Name, "linux-")
		if p.Name == "linux" && strings.HasPrefix(ecosystem, "alpm/") || ok && runningFlavours[flavour] {
			return cmp.Or(p.Source, p.Name), true
		}
	}
	return "", false
}

// kernelSource is the source package of a kernel: what was only signed, as
// "linux-signed-amd64" or "linux-signed-hwe-6.8", is built from another.
func kernelSource(source string) string {
	rest, ok := strings.CutPrefix(source, "linux-signed")
	switch {
	case source == "", !ok && source == "linux-meta":
		return "linux"
	case !ok:
		return source
	}
	switch rest {
	case "", "-amd64", "-arm64", "-i386", "-armhf":
		return "linux"
	}
	return "linux" + rest
}

// kernelVersion is the version of a kernel as statements write it. That of a
// signed one's source counts something else.
func kernelVersion(p harrier.InstalledPackage, ecosystem string) string {
	if strings.HasPrefix(ecosystem, "deb/") && !strings.HasPrefix(p.Source, "linux-signed") && p.SourceVersion != "" {
		return p.SourceVersion
	}
	return p.Version
}

// flavours are the words behind "linux-" with which names of the sources of
// kernels of Debian and Ubuntu begin; a number does too.
//
// Source: the names of sources in Ubuntu's kernel notices.
var flavours = []string{
	"allwinner", "aws", "azure", "bluefield", "dell300x", "fips", "gcp", "gke", "gkeop", "goldfish", "grouper", "hwe", "ibm", "intel", "iot", "kvm",
	"laptop", "linaro", "lowlatency", "lts", "maguro", "mako", "manta", "meta", "mtk", "nvidia", "oem", "oracle", "raspi", "raspi2", "realtime",
	"restricted", "riscv", "signed", "snapdragon", "starfive", "ti", "xilinx",
}

// kernelOnly reports whether a package is built from a kernel's source, by the
// name of that, without being one: headers, tools, modules, and packages that
// only name the newest.
func kernelOnly(name, ecosystem string) bool {
	switch {
	case strings.HasPrefix(ecosystem, "deb/"):
		rest, ok := strings.CutPrefix(name, "linux-")
		if !ok || rest == "" {
			return name == "linux"
		}
		word, _, _ := strings.Cut(rest, "-")
		return isDigit(rest[0]) || slices.Contains(flavours, word)
	case strings.HasPrefix(ecosystem, "apk/"):
		return runningFlavours[strings.TrimPrefix(name, "linux-")] && strings.HasPrefix(name, "linux-")
	}
	return false
}

// runningFlavours are kernels of Alpine and Arch by what stands behind "linux-".
var runningFlavours = map[string]bool{
	"lts": true, "virt": true, "edge": true, "edge4virt": true, "rpi": true, "rpi2": true, "rpi4": true, "asahi": true, "elm": true, "gru": true, "stable": true, // Alpine
	"zen": true, "hardened": true, "rt": true, "rt-lts": true, // Arch, which has lts too
}

// runningVersion is the version of the package whose kernel says uname, and the
// package: "linux-lts", "6.6.14-r0" for 6.6.14-0-lts of Alpine, "linux",
// "6.7.4.arch1-1" for 6.7.4-arch1-1 of Arch. It is "" where uname is of another
// form. These systems keep one build of a kernel, so that the list of packages
// does not tell what runs.
func runningVersion(uname, ecosystem string) (name, v string) {
	switch {
	case strings.HasPrefix(ecosystem, "apk/"):
		parts := strings.SplitN(uname, "-", 3)
		if len(parts) == 3 && allDigits(parts[1]) && runningFlavours[parts[2]] {
			return "linux-" + parts[2], parts[0] + "-r" + parts[1]
		}
	case strings.HasPrefix(ecosystem, "alpm/"):
		name, rest := "linux", uname
		for _, f := range []string{"-rt-lts", "-lts", "-zen", "-hardened", "-rt"} {
			if cut, ok := strings.CutSuffix(uname, f); ok {
				name, rest = name+f, cut
				break
			}
		}
		switch parts := strings.Split(rest, "-"); {
		case len(parts) == 3 && allDigits(parts[2]):
			return name, parts[0] + "." + parts[1] + "-" + parts[2]
		case len(parts) == 2 && allDigits(parts[1]):
			return name, rest
		}
	}
	return "", ""
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// version is the version of the kernel package p to judge: that of what runs,
// where this is known.
func (k *kernels) version(p harrier.InstalledPackage, ecosystem string) string {
	if k.known {
		if _, v := runningVersion(k.running, ecosystem); v != "" {
			return v
		}
	}
	return kernelVersion(p, ecosystem)
}

// isRunning reports whether the kernel package p is the one of uname -r, or a
// later build of it where only one is kept.
func isRunning(p harrier.InstalledPackage, uname, ecosystem string) bool {
	if name, _ := runningVersion(uname, ecosystem); name != "" {
		return p.Name == name
	}
	if rest, ok := strings.CutPrefix(p.Name, "linux-image-"); ok {
		return strings.TrimPrefix(rest, "unsigned-") == uname
	}
	v := cutEpoch(p.Version)
	return uname == v || strings.HasPrefix(uname, v+".") || strings.HasPrefix(uname, v+"-") || strings.HasPrefix(v, uname+".")
}
