package match

import (
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
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
	list := installed(inv)
	for i := range list {
		t := &list[i]
		decisions, err := m.decisions(&t.Thing, 0, now)
		if err != nil {
			return nil, err
		}
		for _, d := range decisions {
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
	most harrier.Certainty // that a decision can have
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
			name, v = k, kernels.version(p, ecosystem)
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
		if strings.HasPrefix(ecosystem, "rpm/") {
			t.source = p.Source
		}
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
			g.asks = append(g.asks, ask{key: harrier.PackageKey(harrier.Package{Ecosystem: e, Name: t.What})})
			if t.source != "" && t.source != t.What {
				g.asks = append(g.asks, ask{key: harrier.PackageKey(harrier.Package{Ecosystem: e, Name: t.source}), source: true})
			}
		}
		out = append(out, g)
	}
	return out
}
