package osv

import (
	"strings"

	"github.com/harrier-scan/harrier"
)

// registries are the ecosystems without releases, by their word in harrier.Package.
// Those that are not here keep their name in lower case.
var registries = map[string]string{
	"Go": "golang", "RubyGems": "gem", "crates.io": "cargo", "Packagist": "composer",
	"GitHub Actions": "githubactions", "SwiftURL": "swift",
}

// distributions are those whose release is the first word behind their name.
var distributions = map[string]string{
	"Debian": "deb/debian", "Alpine": "apk/alpine", "AlmaLinux": "rpm/alma", "Rocky Linux": "rpm/rocky",
	"Mageia": "rpm/mageia", "openEuler": "rpm/openeuler", "Photon OS": "rpm/photon", "Azure Linux": "rpm/azurelinux",
	"Wolfi": "apk/wolfi", "Chainguard": "apk/chainguard", "MinimOS": "apk/minimos", "Alpaquita": "apk/alpaquita",
	"BellSoft Hardened Containers": "apk/bellsoft", "Echo": "deb/echo", "Fedora": "rpm/fedora", "Oracle Linux": "rpm/oracle",
}

// packageOf returns the package that a record names; false for a name that is
// none.
//
// Source: the OSV schema, "Defined ecosystems".
func packageOf(ecosystem, name string) (harrier.Package, bool) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 300 || len(ecosystem) > 200 || strings.ContainsAny(ecosystem+name, "\x00\n\r") {
		return harrier.Package{}, false
	}
	word := Ecosystem(ecosystem)
	return harrier.Package{Ecosystem: word, Name: named(word, name)}, word != ""
}

// named returns a package's name as harrier.Package has it.
func named(ecosystem, name string) string {
	switch ecosystem {
	case "pypi":
		return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return c == '-' || c == '_' || c == '.' }), "-")
	case "nuget", "composer", "bitnami", "githubactions", "hex", "pub":
		return strings.ToLower(name)
	}
	return name
}

// Ecosystem returns the word of harrier.Package for an ecosystem of OSV, such as
// "deb/ubuntu/22.04" for "Ubuntu:22.04:LTS". One that is not known is its name in
// lower case, with its release behind a slash.
func Ecosystem(name string) string {
	name = strings.TrimSpace(name)
	kind, release, _ := strings.Cut(name, ":")
	switch kind {
	case "Ubuntu":
		return ubuntu(release)
	case "Red Hat":
		return redhat(release)
	case "SUSE", "openSUSE":
		return suse(release)
	case "Maven": // a registry other than the central one stands behind the colon
		return "maven"
	}
	release, _, _ = strings.Cut(release, ":")
	release = strings.ToLower(release)
	word, ok := distributions[kind]
	switch {
	case ok && kind == "Alpine":
		release = strings.TrimPrefix(release, "v")
	case ok && kind == "Debian" && release == "unstable":
		release = "sid"
	case !ok && registries[kind] != "":
		return registries[kind]
	case !ok:
		word = strings.ToLower(kind)
	}
	return join(word, release)
}

func join(word, release string) string {
	if release == "" {
		return word
	}
	return word + "/" + release
}

// ubuntu reads "22.04:LTS", "Pro:18.04:LTS", "Pro:FIPS-updates:20.04:LTS" and
// "Pro:22.04:LTS:Realtime:Kernel".
func ubuntu(release string) string {
	word, number := "deb/ubuntu", ""
	for part := range strings.SplitSeq(strings.ToLower(release), ":") {
		switch {
		case part == "" || part == "lts":
		case number == "" && part[0] >= '0' && part[0] <= '9':
			number = part
		default:
			word += "-" + strings.ReplaceAll(part, " ", "-")
		}
	}
	return join(word, number)
}

// redhat reads "enterprise_linux:9::appstream" and "rhel_eus:8.8::baseos", the
// product and version of a CPE.
func redhat(release string) string {
	product, rest, _ := strings.Cut(strings.ToLower(release), ":")
	number, _, _ := strings.Cut(rest, ":")
	switch {
	case product == "enterprise_linux":
		major, _, _ := strings.Cut(number, ".")
		return join("rpm/redhat", major)
	case product == "":
		return "rpm/redhat"
	}
	return join("rpm/redhat-"+strings.TrimPrefix(product, "rhel_"), number)
}

// suseProducts are the words for what SUSE calls its products, the longest name
// first. What is added to a server by modules and extensions is installed on
// that server, and is its own.
var suseProducts = []struct{ name, word string }{
	{"linux enterprise server for sap applications", "sles-sap"},
	{"linux enterprise high performance computing", "sle-hpc"},
	{"linux enterprise real time", "sle-rt"},
	{"linux enterprise live patching", "sle-live-patching"},
	{"linux enterprise workstation extension", "sles"},
	{"linux enterprise software development kit", "sles"},
	{"linux enterprise high availability extension", "sles"},
	{"linux enterprise module for", "sles"},
	{"linux enterprise desktop", "sled"},
	{"linux enterprise server", "sles"},
	{"linux enterprise micro", "sle-micro"},
	{"linux micro", "sle-micro"},
	{"leap micro", "leap-micro"},
	{"leap", "leap"},
	{"tumbleweed", "tumbleweed"},
}

// suse reads "Linux Enterprise Server 15 SP5-LTSS" and "Leap 15.5".
func suse(release string) string {
	name := strings.ToLower(strings.TrimSpace(strings.ReplaceAll(release, ":", " ")))
	for _, p := range suseProducts {
		rest, ok := strings.CutPrefix(name, p.name)
		if !ok {
			continue
		}
		number, support := suseRelease(rest)
		return join("rpm/"+p.word+support, number)
	}
	return join("rpm/suse", strings.Join(strings.Fields(name), "-"))
}

// suseRelease reads "15.5" from " Basesystem 15 SP5", and the kind of extended
// support from " 15 SP5-LTSS" or " 12 SP5 LTSS".
func suseRelease(s string) (number, support string) {
	words := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '-' })
	for _, w := range words {
		pack, isPack := strings.CutPrefix(w, "sp")
		switch {
		case number == "" && w[0] >= '0' && w[0] <= '9':
			number = w
		case number != "" && isPack && pack != "" && strings.Trim(pack, "0123456789") == "":
			number += "." + pack
		case w == "ltss" || w == "espos" || w == "teradata":
			support = "-" + w
		}
	}
	return number, support
}
