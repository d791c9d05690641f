package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
	"github.com/harrier-scan/harrier/internal/version"
)

// How says how far the version of a Thing is known.
type How uint8

// The ways, the least first.
const (
	Hidden    How = iota // it does not show
	Upstream             // the maker's version, with no sign of a distribution
	Suspected            // the maker's version; a distribution may have built it, or one whose release is open
	Release              // the maker's version, and the release of the distribution that built it
	Whole                // the version of the distribution's package, as the service shows it
	Installed            // the version of the package, from a list of installed ones
)

// String returns "hidden", "upstream", "suspected", "release", "package" or
// "installed".
func (h How) String() string {
	return [...]string{"hidden", "upstream", "suspected", "release", "package", "installed"}[min(h, Installed)]
}

// MarshalText writes the word of String.
func (h How) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Thing is one piece of software on a host, as far as it is known.
type Thing struct {
	What string `json:"what"` // "OpenSSH", "jQuery", the name of an installed package
	// Key tells apart what stands at one endpoint: "" for the service's own
	// product, the name of a technology's product such as "a:jquery:jquery", the
	// system's "o:cisco:ios", or of a package "deb/debian/12 openssh".
	Key string `json:"key,omitempty"`
	harrier.Endpoint
	Service string `json:"service,omitempty"` // the application protocol there
	Version string `json:"version,omitempty"` // the maker's
	Package string `json:"package,omitempty"` // the version of the package, as far as it shows
	Origin  Origin `json:"origin,omitzero"`
	How     How    `json:"how"`
	// Certainty is that of the product being there at all.
	Certainty harrier.Certainty `json:"-"`
	Family    string            `json:"family,omitempty"` // of the product's vulnerabilities; "" when it is not known

	banner  string // what showed it
	sw      *product.Product
	module  string // of an installed package, as are the next two
	arch    string
	source  string   // package that it was built from, where the ecosystem names binary ones; "" for its own name, or not known
	notes   []string // about an installed package: what is to be known about every decision
	subject          // what the decisions depend on
}

// subject is what all decisions about a thing follow from: two things with
// equal subjects share them. It is small and comparable.
type subject struct {
	product  string // name of the software, or its CPE name
	version  string
	pack     string // version of the package
	noEpoch  bool   // pack has none, and it is not known to be 0
	distro   string
	releases string // joined by blanks
	minor    string
	how      How
	flags    uint8  // of the origin
	system   string // vendor:product of the host's operating system; "" when not known
	guessed  bool
	kind     kind
}

// kind is what sort of thing a subject is.
type kind uint8

const (
	kindSoftware kind = iota
	kindDevice        // the system of a network device
	kindSystem        // that of a computer: only its support is judged
)

const (
	flagBackport = 1 << iota
	flagForeign
	flagOwn
)

// concealed is a product, or a whole service, whose version does not show.
type concealed struct {
	harrier.Endpoint
	key      string
	families []string // of what it may be; none: any
	reason   string
}

// things are what a host is seen to run, and what hides.
func things(h harrier.Host, services []harrier.Service) (seen []Thing, unsure []concealed) {
	origin := hostOrigin(h, services)
	system := systemName(h.OSCPE)
	for i := range services {
		s := &services[i]
		sw, name := identify(s.CPE, s.Product)
		switch {
		case sw == nil && s.Product == "" && s.CPE == "":
			if possible := product.Speaking(s.Name); s.Name != "" && len(possible) > 0 {
				unsure = append(unsure, concealed{s.Endpoint, "", familiesOf(possible), "the product is not shown"})
			}
		case sw == nil: // a product that no source has a name for
		default:
			t := Thing{
				What: name, Endpoint: s.Endpoint, Service: s.Name, Certainty: max(s.Certainty, harrier.Potential),
				Family: sw.Family, banner: cmpOr(s.Evidence, s.Banner),
			}
			if t.place(sw, shownVersion(s.Version, s.CPE), texts(s), origin, system) {
				seen = append(seen, t)
			} else {
				unsure = append(unsure, concealed{s.Endpoint, "", families(sw), "the version is not shown"})
			}
		}
		seen, unsure = technologies(s, origin, system, seen, unsure)
	}
	if t, ok := deviceThing(h); ok {
		seen = append(seen, t)
	}
	return seen, unsure
}

// technologies adds what the web service s is made of.
func technologies(s *harrier.Service, origin Origin, system string, seen []Thing, unsure []concealed) ([]Thing, []concealed) {
	for j := range s.Technologies {
		t := &s.Technologies[j]
		sw, name := identify(t.CPE, t.Name)
		if sw == nil || t.Category == "template" {
			continue
		}
		key := sw.CPEs[0]
		if own, _ := identify(s.CPE, s.Product); own != nil && own.CPEs[0] == key {
			continue // the service's own product once more
		}
		x := Thing{
			What: name, Key: key, Endpoint: s.Endpoint, Service: s.Name, Certainty: t.Certainty,
			Family: sw.Family, banner: t.Evidence,
		}
		if x.place(sw, shownVersion(t.Version, t.CPE), append([]string{t.Version, t.Evidence}, texts(s)...), origin, system) {
			seen = append(seen, x)
		} else {
			unsure = append(unsure, concealed{s.Endpoint, key, families(sw), "the version of " + name + " is not shown"})
		}
	}
	return seen, unsure
}

// place fills in what is known of the version, and reports whether it is enough
// to tell releases apart.
func (t *Thing) place(sw *product.Product, text string, texts []string, host Origin, system string) bool {
	v := readVersion(text, texts)
	if sw.Scheme == version.Network { // all of it counts, and no distribution builds it
		v.Upstream, v.Package = firstWord(text), ""
	}
	if version.Numbers(sw.Scheme, v.Upstream) < sw.Parts {
		return false
	}
	t.sw = sw
	t.Version, t.Package, t.Origin = v.Upstream, v.Package, v.Origin
	o := &t.Origin
	if o.Distribution == "raspbian" {
		o.Distribution = "debian"
	}
	if o.Distribution == "" {
		*o = host
	} else if kin(o.Distribution, host.Distribution) && !o.Backport && !o.Foreign {
		if len(o.Releases) == 0 {
			o.Releases = common(releasesShipping(o.Distribution, sw, v.Upstream), host.Releases)
		}
		if o.Distribution == "enterprise" {
			o.Distribution = host.Distribution
		}
	}
	if kindOf(o.Distribution) == "" || len(sw.Package(kindOf(o.Distribution))) == 0 {
		// Not packaged there, as far as is known.
		t.How = Upstream
		if !o.Own {
			*o = Origin{}
		}
	} else if len(o.Releases) == 0 {
		o.Releases = releasesShipping(o.Distribution, sw, v.Upstream)
	} else if !o.Own {
		// A release that is known to have another version did not bring this one.
		o.Releases = slices.DeleteFunc(slices.Clone(o.Releases), func(r string) bool {
			yes, known := ships(o.Distribution, r, sw, v.Upstream)
			return known && !yes
		})
		if len(o.Releases) == 0 {
			*o = Origin{}
		}
	}
	t.How = t.known()
	t.seal(sw.Name, system, kindSoftware)
	return true
}

func firstWord(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	return strings.TrimRight(s, ",;:")
}

// seal fills in the subject of a thing that is known otherwise.
func (t *Thing) seal(name, system string, k kind) {
	o := &t.Origin
	t.subject = subject{
		product: name, version: t.Version, pack: t.Package, distro: o.Distribution, releases: strings.Join(o.Releases, " "),
		minor: o.Minor, how: t.How, system: system, guessed: t.Certainty == harrier.Guessed, kind: k,
	}
	if o.Backport {
		t.flags |= flagBackport
	}
	if o.Foreign {
		t.flags |= flagForeign
	}
	if o.Own {
		t.flags |= flagOwn
	}
}

// common are the releases that two signs have in common, or those of the first
// that says anything where they have none.
func common(a, b []string) []string {
	var out []string
	for _, r := range a {
		if slices.Contains(b, r) {
			out = append(out, r)
		}
	}
	switch {
	case len(out) > 0:
		return out
	case len(a) > 0:
		return a
	}
	return b
}

// known says how far the version of a thing that a service shows is known.
func (t *Thing) known() How {
	o := &t.Origin
	switch {
	case o.Distribution == "" || o.Foreign:
		return Upstream
	case o.Backport:
		return Suspected
	case t.Package != "" && len(o.Releases) == 1:
		return Whole
	case o.Own && len(o.Releases) == 1:
		return Release
	}
	return Suspected
}

// Describe says what the version is and how it is known: "9.2p1, package
// 9.2p1-2+deb12u7 of Debian 12".
func (t *Thing) Describe() string {
	switch t.How {
	case Installed:
		return t.Package
	case Whole:
		return fmt.Sprintf("%s, package %s of %s", t.Version, t.Package, t.Origin)
	case Release:
		return fmt.Sprintf("%s, of %s in a revision that is not shown", t.Version, t.Origin)
	case Suspected:
		if t.Origin.Own || t.Origin.Backport {
			return fmt.Sprintf("%s, of %s", t.Version, t.Origin)
		}
		return fmt.Sprintf("%s, perhaps of %s", t.Version, t.Origin)
	case Hidden, Upstream:
	}
	if t.Origin.Foreign {
		return fmt.Sprintf("%s, of %s", t.Version, t.Origin)
	}
	return t.Version
}

// identify returns the software of a CPE, or else of a name. The CPE decides
// where there is one, so that a relative with a similar name is not taken for
// it; a product that is not registered goes by its CPE alone.
func identify(cpe, name string) (*product.Product, string) {
	raw, ok := cpeKey(cpe)
	if !ok {
		if sw := product.ByName(name); name != "" && sw != nil {
			return sw, sw.Name
		}
		return nil, ""
	}
	if sw := product.ByCPE(raw); sw != nil {
		return sw, sw.Name
	}
	if raw[0] != 'a' {
		return nil, "" // a device's system: of the host, not of the service
	}
	if name == "" {
		c, _ := ParseCPE(cpe)
		name = c.Title()
	}
	return &product.Product{Name: raw, CPEs: []string{raw}, Scheme: version.Dotted, Parts: 1}, name
}

// cpeKey is part, vendor and product of a CPE 2.3 formatted string, as they
// stand there: "a:f5:nginx".
func cpeKey(cpe string) (string, bool) {
	rest, ok := strings.CutPrefix(cpe, "cpe:2.3:")
	if !ok {
		return "", false
	}
	for i, colons := 0, 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case ':':
			if colons++; colons == 3 {
				return rest[:i], i > len("a:::") && strings.IndexByte("aoh", rest[0]) >= 0
			}
		}
	}
	return "", false
}

// shownVersion is a version as it was shown, or else that of the CPE.
func shownVersion(version, cpe string) string {
	if version != "" {
		return version
	}
	return cpeVersion(cpe)
}

// cpeVersion is the version in a CPE, its update joined to it; "" for none.
func cpeVersion(cpe string) string {
	c, err := ParseCPE(cpe)
	if err != nil || c.Version == "-" {
		return ""
	}
	return c.Version + strings.TrimLeft(c.Update, "-")
}

func families(sw *product.Product) []string { return familiesOf([]*product.Product{sw}) }

// familiesOf are the families of some software, each once; none when one of
// them has none.
func familiesOf(list []*product.Product) []string {
	var out []string
	for _, sw := range list {
		if sw.Family == "" {
			return nil
		}
		if !slices.Contains(out, sw.Family) {
			out = append(out, sw.Family)
		}
	}
	return out
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
