package cvelist

import (
	"net/url"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// product is an element of "affected".
type product struct {
	Vendor     string    `json:"vendor"`
	Product    string    `json:"product"`
	Collection string    `json:"collectionURL"`
	Package    string    `json:"packageName"`
	PURL       string    `json:"packageURL"` // since 5.2
	CPEs       []string  `json:"cpes"`
	Platforms  []string  `json:"platforms"`
	Default    string    `json:"defaultStatus"`
	Versions   []version `json:"versions"`
}

// The most statements of a container, ranges and versions in them, CPEs of a
// product, and comparisons to resolve what overlaps.
const (
	maxStatements = 20_000
	maxVersions   = 100_000
	maxCPEs       = 200
	maxWork       = 2_000_000
)

// statements turns what a container lists as affected into statements about
// packages, CPEs, or where there are none a maker's product.
func statements(list []product) []harrier.Affected {
	var out []harrier.Affected
	work, versions := maxWork, 0
	for i := range list {
		from := len(out)
		out = list[i].statements(out, &work)
		for j := from; j < len(out); j++ {
			versions += len(out[j].Ranges) + len(out[j].Versions) + len(out[j].Platforms)
			if j >= maxStatements || versions > maxVersions {
				return out[:j]
			}
		}
	}
	return out
}

// statements appends those about one product, and takes what it costs from work.
func (p *product) statements(out []harrier.Affected, work *int) []harrier.Affected {
	said := translate(p.Versions, statusOf(p.Default), work)
	add := func(a harrier.Affected) {
		a.Platforms = platforms(p.Platforms)
		for _, s := range said {
			a.Status, a.Otherwise, a.Ranges, a.Versions, a.Scheme = s.status, s.otherwise, s.ranges, s.versions, s.scheme
			out = append(out, a)
		}
	}
	if list, ok := p.redHat(); ok {
		for _, pkg := range list {
			add(harrier.Affected{Package: pkg})
		}
		return out
	}
	if pkg, ok := p.pkg(); ok {
		add(harrier.Affected{Package: pkg})
	}
	cpes := p.cpes(len(said) > 0)
	for _, c := range cpes {
		if len(said) > 0 {
			add(harrier.Affected{CPE: c.String()})
		} else if c.Versioned() && p.saysAffected() {
			out = append(out, harrier.Affected{CPE: c.String(), Status: harrier.StatusAffected, Platforms: platforms(p.Platforms)})
		}
	}
	if len(cpes) == 0 {
		if maker := p.maker(); maker != "" {
			add(harrier.Affected{Maker: maker})
		}
	}
	return out
}

// cpes are the names of the product, each once: without a version when it is
// told elsewhere which.
func (p *product) cpes(told bool) []wire.CPE {
	var out []wire.CPE
	seen := map[wire.CPE]bool{}
	for _, s := range p.CPEs[:min(len(p.CPEs), maxCPEs)] {
		c, ok := wire.ParseCPE(s)
		if !ok {
			continue
		}
		if told {
			c = c.Any()
		}
		if !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	return out
}

// saysAffected reports whether anything of the product is affected at all.
func (p *product) saysAffected() bool {
	if statusOf(p.Default) == harrier.StatusAffected {
		return true
	}
	for _, v := range p.Versions {
		if statusOf(v.Status) == harrier.StatusAffected {
			return true
		}
	}
	return false
}

// maker is "vendor/product" in lower case; "" when one of them is not told.
func (p *product) maker() string {
	vendor, name := strings.ToLower(wire.Word(p.Vendor)), strings.ToLower(wire.Word(p.Product))
	if nothing[vendor] || nothing[name] {
		return ""
	}
	return vendor + "/" + name
}

// collections are the places that packages come from, by host, or host and the
// beginning of a path.
var collections = []struct{ prefix, ecosystem string }{
	{"www.npmjs.com", "npm"},
	{"npmjs.com", "npm"},
	{"www.npmjs.org", "npm"},
	{"registry.npmjs.org", "npm"},
	{"pypi.org", "pypi"},
	{"pypi.python.org", "pypi"},
	{"repo.maven.apache.org", "maven"},
	{"repo1.maven.org", "maven"},
	{"mvnrepository.com", "maven"},
	{"central.sonatype.com", "maven"},
	{"search.maven.org", "maven"},
	{"pkg.go.dev", "golang"},
	{"proxy.golang.org", "golang"},
	{"rubygems.org", "gem"},
	{"www.nuget.org", "nuget"},
	{"nuget.org", "nuget"},
	{"api.nuget.org", "nuget"},
	{"crates.io", "cargo"},
	{"packagist.org", "composer"},
	{"repo.packagist.org", "composer"},
	{"hex.pm", "hex"},
	{"repo.hex.pm", "hex"},
	{"pub.dev", "pub"},
}

// purls are the types of package URLs that are ecosystems.
var purls = map[string]string{
	"npm": "npm", "pypi": "pypi", "maven": "maven", "golang": "golang", "gem": "gem", "nuget": "nuget",
	"cargo": "cargo", "composer": "composer", "hex": "hex", "pub": "pub",
}

// pkg is the package that the product is.
func (p *product) pkg() (harrier.Package, bool) {
	if rest, ok := strings.CutPrefix(p.PURL, "pkg:"); ok {
		kind, name, _ := strings.Cut(rest, "/")
		if end := strings.IndexAny(name, "?#"); end >= 0 {
			name = name[:end]
		}
		if at := strings.LastIndexByte(name, '@'); at > 0 {
			name = name[:at]
		}
		name, err := url.PathUnescape(strings.Trim(name, "/"))
		if ecosystem := purls[strings.ToLower(kind)]; err == nil && ecosystem != "" && name != "" {
			return harrier.Package{Ecosystem: ecosystem, Name: packageName(ecosystem, name)}, true
		}
	}
	u, err := url.Parse(strings.TrimSpace(p.Collection))
	if err != nil || u.Host == "" || nothing[strings.ToLower(wire.Word(p.Package))] {
		return harrier.Package{}, false
	}
	for _, c := range collections {
		if strings.EqualFold(u.Host, c.prefix) {
			return harrier.Package{Ecosystem: c.ecosystem, Name: packageName(c.ecosystem, p.Package)}, true
		}
	}
	return harrier.Package{}, false
}

// packageName writes a name as its ecosystem compares it.
func packageName(ecosystem, name string) string {
	name = wire.Word(name)
	switch ecosystem {
	case "maven":
		if !strings.Contains(name, ":") {
			if i := strings.LastIndexByte(name, '/'); i > 0 {
				name = strings.ReplaceAll(name[:i], "/", ".") + ":" + name[i+1:]
			}
		}
	case "pypi":
		name = strings.ToLower(name)
		name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' }), "-")
	case "npm", "nuget", "composer", "hex", "pub":
		name = strings.ToLower(name)
	}
	return name
}

// redHat are the packages of Red Hat's releases that the product is, and whether
// it is one of Red Hat's packages at all: their CPEs name the release that the
// package is in, not the package. Modules and containers have versions that are
// not those of packages, and are left to Red Hat's own advisories.
func (p *product) redHat() ([]harrier.Package, bool) {
	u, err := url.Parse(strings.TrimSpace(p.Collection))
	if err != nil || !strings.EqualFold(u.Host, "access.redhat.com") && !strings.EqualFold(u.Host, "catalog.redhat.com") {
		return nil, false
	}
	if !strings.Contains(u.Path, "package-browser") || strings.ContainsAny(p.Package, ":/") || p.Package == "" {
		return nil, true
	}
	var out []harrier.Package
	seen := map[string]bool{}
	for _, s := range p.CPEs[:min(len(p.CPEs), maxCPEs)] {
		c, ok := wire.ParseCPE(s)
		if !ok || c[wire.Vendor] != "redhat" || !c.Versioned() {
			continue
		}
		ecosystem := ""
		switch c[wire.Product] {
		case "enterprise_linux":
			major, _, _ := strings.Cut(c[wire.Version], ".")
			ecosystem = "rpm/redhat/" + major
		case "rhel_eus", "rhel_aus", "rhel_tus", "rhel_e4s", "rhel_els":
			ecosystem = "rpm/redhat-eus/" + c[wire.Version]
		}
		if ecosystem != "" && !seen[ecosystem] {
			seen[ecosystem] = true
			out = append(out, harrier.Package{Ecosystem: ecosystem, Name: wire.Word(p.Package)})
		}
	}
	return out, true
}

// systems are the CPEs of systems that makers name in words.
var systems = map[string]string{
	"windows": "cpe:2.3:o:microsoft:windows:*:*:*:*:*:*:*:*",
	"linux":   "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*",
	"macos":   "cpe:2.3:o:apple:macos:*:*:*:*:*:*:*:*",
	"android": "cpe:2.3:o:google:android:*:*:*:*:*:*:*:*",
	"ios":     "cpe:2.3:o:apple:iphone_os:*:*:*:*:*:*:*:*",
}

// machines are words about hardware, which no statement can be limited to.
var machines = map[string]bool{
	"x86": true, "x64": true, "x86_64": true, "amd64": true, "i386": true, "arm": true, "arm64": true, "aarch64": true,
	"32 bit": true, "64 bit": true, "32-bit": true, "64-bit": true,
}

// platforms are the systems that words name; none when a word could mean
// anything else: the statement holds everywhere then.
func platforms(words []string) []string {
	var out []string
	if len(words) > 50 {
		return nil
	}
	for _, w := range words {
		w = strings.ToLower(strings.TrimSpace(w))
		if machines[w] {
			continue
		}
		name, ok := systems[w]
		if !ok {
			return nil
		}
		out = append(out, name)
	}
	return out
}
