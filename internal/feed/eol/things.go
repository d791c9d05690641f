package eol

import (
	"net/url"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/cpe"
)

// mostThings is how many names of a product are taken.
const mostThings = 40

// registries are the types of package URLs whose packages are the product
// itself. Those of distributions are not here: who builds a package supports it
// as long as he likes.
var registries = map[string]string{
	"npm": "npm", "pypi": "pypi", "maven": "maven", "gem": "gem", "composer": "composer", "cargo": "cargo", "nuget": "nuget", "golang": "golang",
}

// thing is what a statement is about.
type thing struct {
	Package     harrier.Package
	CPE, Scheme string
}

// thingsOf returns what the statements about a product are about: its name, the
// products that its CPEs name, and its packages.
func thingsOf(name string, ids []identifier) []thing {
	out := []thing{{Package: harrier.Package{Ecosystem: "eol", Name: name}, Scheme: "dotted"}}
	seen := map[string]bool{}
	for _, id := range ids {
		if len(out) >= mostThings || len(id.id) > 300 {
			continue
		}
		switch id.kind {
		case "cpe":
			if c := product23(id.id); c != "" && !seen[c] {
				seen[c] = true
				out = append(out, thing{CPE: c, Scheme: "dotted"})
			}
		case "purl":
			if p, ok := packageOf(id.id); ok && !seen[p.Ecosystem+" "+p.Name] {
				seen[p.Ecosystem+" "+p.Name] = true
				out = append(out, thing{Package: p})
			}
		}
	}
	return out
}

// product23 returns the CPE 2.3 formatted string of the product that a CPE of
// either form names, without a version; "" when it names none. Forms that end
// behind the product are usual here.
func product23(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "cpe:/") {
		parts := strings.SplitN(s, ":", 5)
		if len(parts) < 4 {
			return ""
		}
		s = cpe.FromURI(strings.Join(parts[:4], ":"))
	}
	var fields []string
	start := 0
	for i := 0; i < len(s) && len(fields) < 5; i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			fields = append(fields, s[start:i])
			start = i + 1
		case ' ', '\t', '\n':
			return ""
		}
	}
	if len(fields) < 5 && start < len(s) {
		fields = append(fields, s[start:])
	}
	if len(fields) != 5 || fields[0] != "cpe" || fields[1] != "2.3" || !strings.Contains("aoh", fields[2]) || len(fields[2]) != 1 {
		return ""
	}
	for _, f := range fields[3:] {
		if f == "" || f == "*" || f == "-" {
			return ""
		}
	}
	return strings.ToLower(strings.Join(fields, ":")) + strings.Repeat(":*", 8)
}

// packageOf reads a package URL without a version: "pkg:npm/%40angular/core".
//
// Source: the purl specification, https://github.com/package-url/purl-spec.
func packageOf(purl string) (harrier.Package, bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(purl), "pkg:")
	kind, name, both := strings.Cut(rest, "/")
	ecosystem := registries[strings.ToLower(kind)]
	if !ok || !both || ecosystem == "" {
		return harrier.Package{}, false
	}
	name, _, _ = strings.Cut(name, "?")
	name, _, _ = strings.Cut(name, "#")
	name, _, _ = strings.Cut(name, "@")
	name, err := url.PathUnescape(strings.Trim(name, "/"))
	if err != nil || name == "" || strings.ContainsAny(name, " \t\n\x00") {
		return harrier.Package{}, false
	}
	switch ecosystem {
	case "maven":
		if i := strings.LastIndexByte(name, '/'); i > 0 {
			name = name[:i] + ":" + name[i+1:]
		}
	case "pypi":
		name = strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
	case "composer", "nuget":
		name = strings.ToLower(name)
	}
	return harrier.Package{Ecosystem: ecosystem, Name: name}, true
}
