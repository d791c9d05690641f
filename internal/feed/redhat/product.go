package redhat

import (
	"strings"

	"github.com/harrier-scan/harrier/internal/cpe"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/rpm"
)

// platform is where a product's packages are installed.
type platform struct {
	ecosystem string // "rpm/redhat/9"; "" when it has no packages that matter
	product   string // CPE of a product that must be there besides; "" for the system itself
}

// streams are the products that are the system itself under a longer contract,
// by the product part of their CPE.
var streams = map[string]string{
	"rhel_eus":           "redhat-eus",
	"rhel_eus_long_life": "redhat-eus-long",
	"rhel_aus":           "redhat-aus",
	"rhel_tus":           "redhat-tus",
	"rhel_e4s":           "redhat-e4s",
	"rhel_els":           "redhat-els",
}

// platformOf reads the CPE of a product, "cpe:/a:redhat:rhel_eus:9.2::appstream".
// The main stream is told by its major release, the others by the release that
// they stay with. Other products are told by the release that they are built
// for, as their CPE says it: "cpe:/a:redhat:openshift:4.14::el9".
func platformOf(uri string) platform {
	rest, ok := strings.CutPrefix(uri, "cpe:/")
	if !ok || len(uri) > 256 {
		return platform{}
	}
	fields := strings.Split(rest, ":")
	if len(fields) < 4 || fields[1] != "redhat" || !release(fields[3]) {
		return platform{}
	}
	name, version := fields[2], fields[3]
	major, _, _ := strings.Cut(version, ".")
	if name == "enterprise_linux" {
		return platform{ecosystem: "rpm/redhat/" + major}
	}
	if stream := streams[name]; stream != "" {
		return platform{ecosystem: "rpm/" + stream + "/" + version}
	}
	if strings.HasPrefix(name, "rhel_extras") {
		return platform{ecosystem: "rpm/redhat/" + major, product: cpe.FromURI(uri)}
	}
	if len(fields) >= 6 {
		if el, ok := strings.CutPrefix(fields[5], "el"); ok && release(el) && !strings.Contains(el, ".") {
			return platform{ecosystem: "rpm/redhat/" + el, product: cpe.FromURI(uri)}
		}
	}
	return platform{}
}

// release reports whether s is digits and dots, digits first.
func release(s string) bool {
	return s != "" && len(s) <= 16 && s[0] >= '0' && s[0] <= '9' && strings.Trim(s, "0123456789.") == ""
}

// pack finds the package that an item is, and the module stream that it comes
// from. Named is true when a build of it is named. The name is empty for what is
// no package.
func pack(i csaf.Item) (n rpm.NEVRA, module string, named bool) {
	name := i.Name
	purl, hasPURL := rpm.ParsePURL(i.PURL)
	if hasPURL && purl.Type != "rpm" && purl.Type != "rpmmod" {
		return n, "", false // an image, a jar
	}
	// The stream is told behind the build ("…x86_64::nodejs:18"), before the
	// component ("nodejs:18/nodejs"), in the package URL, or by the module that the
	// build is a component of.
	if build, stream, ok := strings.Cut(name, "::"); ok {
		name, module = build, streamOf(stream)
	}
	if stream, component, ok := strings.Cut(name, "/"); ok {
		if module = streamOf(stream); module == "" {
			return n, "", false // "openshift4/ose-cli"
		}
		name = component
	}
	if module == "" && hasPURL {
		module = streamOf(purl.Qualifier["rpmmod"])
	}
	for _, of := range i.Of {
		if p, ok := rpm.ParsePURL(of.PURL); module == "" && ok && p.Type == "rpmmod" {
			module = streamOf(p.Name + ":" + p.Version)
		}
	}
	if len(i.Of) > 1 && module == "" {
		module = streamOf(i.Of[0].Name)
	}
	if n, ok := rpm.Parse(name); ok && (n.Epoch != "" || n.Arch != "") {
		return n, module, true
	}
	if hasPURL {
		if n, ok := purl.NEVRA(); ok {
			return n, module, true
		}
		n = rpm.NEVRA{Name: purl.Name, Arch: purl.Qualifier["arch"]}
		if purl.Type == "rpmmod" {
			return rpm.NEVRA{}, "", false // the module itself
		}
		return n, module, false
	}
	if name == "" || len(name) > 256 || strings.ContainsAny(name, " \t:/@") {
		return n, "", false
	}
	return rpm.NEVRA{Name: name}, module, false
}

// streamOf is the module and its stream, "nodejs:18" of "nodejs:18:8090…:a75119d5";
// "" when there is none.
func streamOf(s string) string {
	name, rest, ok := strings.Cut(s, ":")
	stream, _, _ := strings.Cut(rest, ":")
	if !ok || name == "" || stream == "" || len(name)+len(stream) > 128 || strings.ContainsAny(name+stream, " /@") {
		return ""
	}
	return name + ":" + stream
}
