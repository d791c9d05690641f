package match

import (
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/version"
)

// prepared is a statement whose versions are read.
type prepared struct {
	*harrier.Statement
	class    feed.Class
	scheme   string
	distro   bool // of a package that a distribution built
	stream   bool // of its longer support, which not everybody has
	ranges   []bounds
	versions []point
	exact    point  // of a CPE with a version
	update   bool   // its update is given too
	target   string // target_sw of the CPE where it names a system
	module   string // Module; "?" for one that is not named, where the builds that mend it are a module's
	broken   bool   // a version that its scheme does not allow, or a scheme of no order
}

// bounds is a range whose ends are read.
type bounds struct {
	*harrier.Range
	from, after, before, to point
}

// point is an end of a range in the forms that it is compared in; the zero
// point is open.
type point struct {
	set      bool
	full     version.Version
	bare     version.Version // without its epoch
	upstream version.Version // the maker's part alone
	// original tells that no update of the release has this version: what mended
	// it was there when the release came out.
	original bool
}

// prepare reads the versions of the statements of a key.
func prepare(k Knowledge, list []harrier.Statement, scheme string) []prepared {
	out := make([]prepared, len(list))
	for i := range list {
		s := &list[i]
		p := &out[i]
		p.Statement, p.class = s, k.Class(s.Source)
		p.distro = strings.Contains(s.Package.Ecosystem, "/")
		p.stream = p.distro && (strings.Contains(s.Package.Ecosystem, "-pro/") || strings.Contains(s.Package.Ecosystem, "-eus/"))
		p.scheme, p.module = statementScheme(s, scheme), s.Module
		p.read()
	}
	return out
}

// statementScheme is how the versions of a statement are version.Version. What speaks of
// a registered product, by whatever name, has versions of that product.
func statementScheme(s *harrier.Statement, product string) string {
	if s.Scheme == "git" {
		return "git"
	}
	kind, _, _ := strings.Cut(s.Package.Ecosystem, "/")
	switch kind {
	case "", "bitnami", "generic", "retire", "eol", "windows":
		if product != "" {
			return product
		}
	}
	if s.Scheme != "" {
		return s.Scheme
	}
	if kind == "" {
		return version.Dotted
	}
	return version.SchemeOf(s.Package.Ecosystem)
}

func (p *prepared) read() {
	if p.scheme == "git" {
		p.broken = true
		return
	}
	p.ranges = make([]bounds, len(p.Ranges))
	for i := range p.Ranges {
		r := &p.Ranges[i]
		p.ranges[i] = bounds{r, p.point(r.From), p.point(r.After), p.point(r.Before), p.point(r.To)}
		if p.distro && p.module == "" && strings.Contains(r.Before, ".module") {
			p.module = "?"
		}
	}
	p.versions = make([]point, 0, len(p.Versions))
	for _, v := range p.Versions {
		p.versions = append(p.versions, p.point(v))
	}
	if p.CPE == "" {
		return
	}
	c, err := ParseCPE(p.CPE)
	if err != nil {
		p.broken = true
		return
	}
	if c.Version != "" && c.Version != "-" {
		p.exact, p.update = p.point(c.Version+strings.TrimLeft(c.Update, "-")), c.Update != ""
	}
	switch c.rest[3] {
	case "windows", "linux", "macos", "mac_os_x", "android", "iphone_os", "linux_kernel":
		p.target = c.rest[3]
	}
}

// point reads an end of a range; "", "*" and "-" are open, as is a lower end 0.
func (p *prepared) point(v string) point {
	if v == "" || v == "*" || v == "-" {
		return point{}
	}
	if !version.Valid(p.scheme, v) {
		p.broken = true
		return point{}
	}
	q := point{set: true, full: version.Parse(p.scheme, v)}
	q.bare, q.upstream = q.full, q.full
	if p.distro {
		bare := cutEpoch(v)
		q.bare, q.upstream = version.Parse(p.scheme, bare), version.Parse(p.scheme, upstreamOf(v))
		q.original = isOriginal(p.Package.Ecosystem, bare)
	}
	return q
}

// isOriginal reports whether a package's version is no update of a release of
// Debian or Ubuntu, which mark those: "2+deb12u3", "3ubuntu0.10".
func isOriginal(ecosystem, v string) bool {
	_, revision := cutRevision(v)
	switch {
	case revision == "":
		return false
	case strings.HasPrefix(ecosystem, "deb/debian/"):
		return !strings.ContainsAny(revision, "+~")
	case strings.HasPrefix(ecosystem, "deb/ubuntu/"):
		_, count, _ := strings.Cut(revision, "ubuntu")
		return !strings.ContainsAny(revision, "+~") && !strings.Contains(count, ".")
	}
	return false
}
