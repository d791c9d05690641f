package osv

import (
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/internal/feed"
)

// home is where osv.dev keeps one archive of records per ecosystem.
const (
	home   = "https://osv.dev/"
	bucket = "https://osv-vulnerabilities.storage.googleapis.com/"
)

// database is one publisher of OSV records.
type database struct {
	name, title, publisher, home, licence string
	class                                 feed.Class
	// bucket is the ecosystem's folder on osv.dev; "" for a database that is only
	// read from files.
	bucket string
	// prefix is what names of its records start with; "" for any.
	prefix string
}

// databases are the publishers. Distributions that publish something that tells
// more have no folder here.
var databases = []database{
	{"bitnami", "Bitnami vulnerability database", "Bitnami", "https://github.com/bitnami/vulndb", "Apache-2.0", feed.Ecosystem, "Bitnami", "BIT-"},
	{"go", "Go vulnerability database", "The Go project", "https://pkg.go.dev/vuln/", "CC-BY-4.0", feed.Ecosystem, "Go", ""},
	{"pypi", "PyPI advisories on OSV", "PyPA and GitHub", home, "CC-BY-4.0", feed.Ecosystem, "PyPI", ""},
	{"npm", "npm advisories on OSV", "GitHub", home, "CC-BY-4.0", feed.Ecosystem, "npm", ""},
	{"maven", "Maven advisories on OSV", "GitHub", home, "CC-BY-4.0", feed.Ecosystem, "Maven", ""},
	{"rubygems", "RubyGems advisories on OSV", "GitHub", home, "CC-BY-4.0", feed.Ecosystem, "RubyGems", ""},
	{"nuget", "NuGet advisories on OSV", "GitHub", home, "CC-BY-4.0", feed.Ecosystem, "NuGet", ""},
	{"packagist", "Packagist advisories on OSV", "GitHub", home, "CC-BY-4.0", feed.Ecosystem, "Packagist", ""},
	{"cargo", "RustSec advisories on OSV", "RustSec and GitHub", "https://rustsec.org/", "CC0-1.0 AND CC-BY-4.0", feed.Ecosystem, "crates.io", ""},
	{"hex", "Hex advisories on OSV", "GitHub", home, "CC-BY-4.0", feed.Ecosystem, "Hex", ""},
	{"pub", "Pub advisories on OSV", "GitHub", home, "CC-BY-4.0", feed.Ecosystem, "Pub", ""},
	{"ghsa", "GitHub Advisory Database", "GitHub", "https://github.com/github/advisory-database", "CC-BY-4.0", feed.Ecosystem, "", "GHSA-"},
	{"osv", "Other records in OSV's format", "Open Source Vulnerabilities", home, "of each record's publisher", feed.Ecosystem, "", ""},

	// What an Ubuntu notice says of its CVEs together is not true of each alone,
	// and a live patch is no package: only the CVE records are read.
	{"ubuntu-osv", "Ubuntu CVEs on OSV", "Canonical", "https://ubuntu.com/security/cves", "CC-BY-SA-4.0", feed.Distribution, "Ubuntu", "UBUNTU-CVE-"},
	{"mageia-osv", "Mageia advisories on OSV", "Mageia", "https://advisories.mageia.org/", "CC-BY-SA-4.0", feed.Distribution, "Mageia", ""},
	{"openeuler-osv", "openEuler advisories on OSV", "openEuler", "https://www.openeuler.org/en/security/", "CC-BY-4.0", feed.Distribution, "openEuler", ""},
	{"wolfi-osv", "Wolfi and Chainguard advisories on OSV", "Chainguard", "https://images.chainguard.dev/security", "CC-BY-4.0", feed.Distribution, "Wolfi", ""},
	{"alma-osv", "AlmaLinux advisories on OSV", "AlmaLinux OS Foundation", "https://github.com/AlmaLinux/osv-database", "MIT", feed.Distribution, "", "AL"},
	{"rocky-osv", "Rocky Linux advisories on OSV", "Rocky Enterprise Software Foundation", "https://errata.rockylinux.org/", "BSD-3-Clause", feed.Distribution, "", "R"},
	{"redhat-osv", "Red Hat advisories on OSV", "Red Hat", "https://access.redhat.com/security/", "CC-BY-4.0", feed.Distribution, "", "RH"},
	{"suse-osv", "SUSE advisories on OSV", "SUSE", "https://www.suse.com/support/update/", "CC-BY-4.0", feed.Distribution, "", ""},
	{"alpine-osv", "Alpine advisories on OSV", "Alpine Linux", "https://security.alpinelinux.org/", "of the Alpine Linux project", feed.Distribution, "", ""},
	{"debian-osv", "Debian advisories on OSV", "Debian", "https://security-tracker.debian.org/", "of the Debian project", feed.Distribution, "", ""},
}

// Formats are the databases whose records are in OSV's format, one Format each;
// a record's Source is the Format's Name.
//
// Names that start with "MAL-" are packages that were made to do harm and names
// that were never a server's; they are not read.
var Formats = formats()

func formats() []feed.Format {
	all := make([]feed.Format, len(databases))
	for i, d := range databases {
		all[i] = feed.Format{
			Name: d.name, Title: d.title, Publisher: d.publisher, Home: d.home, Licence: d.licence, Class: d.class,
			Wants: d.wants,
			Read:  func(name string, r io.Reader, to feed.Sink) error { return read(d, name, r, to) },
		}
		if d.bucket != "" {
			all[i].Remotes = func(time.Time) []feed.Remote {
				return []feed.Remote{{Name: d.name + ".zip", URL: bucket + url.PathEscape(d.bucket) + "/all.zip", Pause: time.Second}}
			}
		}
	}
	return all
}

func (d database) wants(name string) bool {
	base := path.Base(name)
	switch {
	case !strings.HasSuffix(base, ".json"), base == "all.json", strings.HasPrefix(base, "MAL-"):
		return false
	}
	return strings.HasPrefix(base, d.prefix)
}
