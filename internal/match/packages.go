package match

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/version"
)

// Packages decides about everything that is installed: the distribution's own
// truth. Only what is Present is returned, by package, then by vulnerability.
// What the distribution will not mend, or mends later, is Present with that
// Status.
//
// It is decided for the time when the list was collected.
func Packages(k Knowledge, inv harrier.Inventory) ([]Decision, error) {
	now := inv.Collected
	if now.IsZero() {
		now = time.Now()
	}
	return New(k).Packages(inv, now)
}

// Packages is the function of that name, for the instant now.
func (m *Matcher) Packages(inv harrier.Inventory, now time.Time) ([]Decision, error) {
	var out []Decision
	for _, t := range installed(inv) {
		list, err := m.decisions(&t.Thing, 0, now)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			if d.Verdict == harrier.Present {
				d.Reasons = append(d.Reasons, t.notes...)
				d.Certainty = min(d.Certainty, t.most)
				out = append(out, d)
			}
		}
	}
	return out, nil
}

// installedThing is an installed package, or several of one source.
type installedThing struct {
	Thing
	notes []string          // what is to be known about every decision
	most  harrier.Certainty // that a decision can have
}

// installed are the things of a list of packages: one for each name and version
// that statements speak of.
func installed(inv harrier.Inventory) []installedThing {
	ecosystem := inv.Ecosystem()
	if ecosystem == "" {
		return nil
	}
	kernels := kernelOf(inv, ecosystem)
	type key struct{ name, version, module string }
	at := map[key]int{}
	var out []installedThing
	for _, p := range inv.Packages {
		name, v := p.Of(ecosystem)
		k, isKernel := kernelPackage(p, ecosystem)
		switch {
		case isKernel && !kernels.runs(p, k, ecosystem):
			continue
		case isKernel:
			name, v = k, kernelVersion(p, ecosystem)
		case kernelOnly(name, ecosystem):
			continue // headers and tools of the kernel's source: nothing of it runs
		}
		id := key{name, v, p.Module}
		if i, ok := at[id]; ok {
			out[i].banner += " " + p.Name
			continue
		}
		t := installedThing{Thing: Thing{
			What: name, Key: ecosystem + " " + name, Version: upstreamOf(v), Package: v, How: Installed, Certainty: harrier.Certain,
			Origin: Origin{Distribution: inv.Distro, Releases: releases(inv.Release), Own: true}, banner: p.Name, module: p.Module, arch: p.Arch,
			Endpoint: wholeHost,
		}, most: harrier.Certain}
		t.product, t.version, t.pack, t.how, t.noEpoch = name, t.Version, v, Installed, p.NoEpoch
		if t.module == "" && strings.Contains(v, ".module") {
			t.module = "?"
		}
		if isKernel {
			t.notes, t.most = kernels.notes(p, ecosystem)
		} else if slices.Contains(inv.NeedsRestart, p.Name) {
			t.notes = append(t.notes, "processes still run an older build of "+p.Name+" than is installed: restart them")
		}
		at[id] = len(out)
		out = append(out, t)
	}
	return out
}

func releases(r string) []string {
	if r == "" {
		return nil
	}
	return []string{r}
}

// installedAsks are the keys of statements about an installed package.
func (t *Thing) installedAsks() []askGroup {
	var out []askGroup
	release := ""
	if len(t.Origin.Releases) > 0 {
		release = t.Origin.Releases[0]
	}
	minor := t.Origin.Minor
	if m := markEL.FindStringSubmatch(t.Package); m != nil {
		minor = m[2]
	}
	for _, d := range rebuilt(t.Origin.Distribution) {
		g := askGroup{enough: true}
		for _, e := range ecosystems(d, release, minor) {
			g.asks = append(g.asks, ask{harrier.PackageKey(harrier.Package{Ecosystem: e, Name: t.What}), ""})
		}
		out = append(out, g)
	}
	return out
}

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
		k.known = k.known || inv.Kernel != "" && isRunning(p, inv.Kernel)
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
		return isRunning(p, k.running)
	}
	return k.newest[name] == kernelVersion(p, ecosystem)
}

// notes say what a person should know about a decision on the kernel p.
func (k *kernels) notes(p harrier.InstalledPackage, ecosystem string) ([]string, harrier.Certainty) {
	if !k.known {
		return []string{"which kernel runs is not known: this is the newest that is installed"}, harrier.Potential
	}
	name, _ := kernelPackage(p, ecosystem)
	if newest := k.newest[name]; version.Compare(version.SchemeOf(ecosystem), newest, kernelVersion(p, ecosystem)) > 0 {
		return []string{fmt.Sprintf("the kernel %s runs, but %s is installed: restart the host to run it", k.running, newest)}, harrier.Certain
	}
	return nil, harrier.Certain
}

// kernelPackage reports whether p holds a kernel that can be booted, and under
// which name statements speak of it.
func kernelPackage(p harrier.InstalledPackage, ecosystem string) (name string, ok bool) {
	switch {
	case strings.HasPrefix(ecosystem, "deb/"):
		if !strings.HasPrefix(p.Name, "linux-image-") || !strings.ContainsAny(p.Name, "0123456789") || strings.HasSuffix(p.Name, "-dbg") {
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

// kernelOnly reports whether a package is built from a kernel's source without
// being one.
func kernelOnly(name, ecosystem string) bool {
	return strings.HasPrefix(ecosystem, "deb/") && (name == "linux" || strings.HasPrefix(name, "linux-signed") || name == "linux-meta" || strings.HasPrefix(name, "linux-hwe"))
}

// isRunning reports whether the kernel package p is the one of uname -r.
func isRunning(p harrier.InstalledPackage, uname string) bool {
	if rest, ok := strings.CutPrefix(p.Name, "linux-image-"); ok {
		return strings.TrimPrefix(rest, "unsigned-") == uname
	}
	v := cutEpoch(p.Version)
	return uname == v || strings.HasPrefix(uname, v+".") || strings.HasPrefix(uname, v+"-") || strings.HasPrefix(v, uname+".")
}
