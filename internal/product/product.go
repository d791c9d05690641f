// Package product knows the software that stands on networks and that a scan
// can recognise: under which names the sources of content speak of it, how its
// versions are ordered, and where its maker tells about security fixes.
//
// The list is in list/*.txt, one file per group, and is read once when it is
// first asked for.
package product

import (
	"strings"
)

// Product is one piece of server software, an appliance's system, or a part of
// web pages. The lists of one product are not to be changed.
type Product struct {
	Name string // for people, unique: "Apache HTTP Server"
	// CPEs are the product's names in CPE dictionaries as part, vendor and
	// product, as they stand in a formatted string: "a:f5:nginx". The current
	// name is first, names of former makers follow. Each belongs to one product.
	CPEs []string
	// Names are other values that Service.Product has for it, lower case.
	Names []string
	// Packages are its names where software is packaged.
	Packages []Package
	// Makers are the words that CVE records have for it instead of a CPE,
	// "vendor/product", lower case. Each belongs to one product.
	Makers []string
	Family string   // of its vulnerabilities, a name of a plugin family
	What   string   // what it is, with no article: "web server"
	Scheme string   // how its versions are ordered, a name of package version
	Parts  int      // numbers that a version needs to tell releases apart
	Speaks []string // values of Service.Name behind which it can stand
	Home   string   // where its maker lists security fixes, or its own page; https
	// Group is the file of the list that it stands in: "web", "appliance".
	Group string
}

// Package is a product's name in one kind of package.
type Package struct {
	Kind string // the first word of an ecosystem: "deb", "rpm", "apk", "bitnami", "eol", "npm", "retire"
	Name string // as in harrier.Package
}

// Slug is the product's name as it stands in identifiers: "apache-http-server".
func (p *Product) Slug() string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(p.Name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
			continue
		}
		gap = true
	}
	return b.String()
}

// Package returns the product's names in packages of one kind.
func (p *Product) Package(kind string) []string {
	var out []string
	for _, k := range p.Packages {
		if k.Kind == kind {
			out = append(out, k.Name)
		}
	}
	return out
}

// All returns every product, by group and name. The slice is shared.
func All() []*Product { return table().all }

// ByCPE returns the product of a CPE name in the form of Product.CPEs, or nil.
// A name without a part is an application's: "f5:nginx".
func ByCPE(name string) *Product {
	if strings.Count(name, ":") == 1 {
		name = "a:" + name
	}
	return table().byCPE[name]
}

// ByFormatted returns the product of a CPE 2.3 formatted string, or nil.
func ByFormatted(cpe string) *Product {
	rest, ok := strings.CutPrefix(cpe, "cpe:2.3:")
	if !ok {
		return nil
	}
	colons := 0
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case ':':
			if colons++; colons == 3 {
				return table().byCPE[rest[:i]]
			}
		}
	}
	return nil
}

// ByName returns the product that a service's Product names, in any case, or
// nil.
func ByName(name string) *Product { return table().byName[strings.ToLower(name)] }

// ByMaker returns the product of "vendor/product" of a CVE record, in any case,
// or nil.
func ByMaker(name string) *Product { return table().byMaker[strings.ToLower(name)] }

// ByPackage returns the products that a package of one kind belongs to; of
// several products made from one package the first is the main one. The slice
// is shared.
func ByPackage(kind, name string) []*Product { return table().byPackage[Package{kind, name}] }

// Speaking returns the products that can stand behind a service name, for one
// that does not show what it is. The slice is shared.
func Speaking(service string) []*Product { return table().speaking[service] }

// BySlug returns the product with a Slug, or nil.
func BySlug(slug string) *Product { return table().bySlug[slug] }
