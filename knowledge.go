package harrier

import (
	"strings"
	"time"
)

// Record is what one source of content says about one vulnerability, or an
// advisory of several. Sources contradict each other: records are kept side by
// side, and who is believed is decided where they are matched.
type Record struct {
	Source string // the name of the feed: "nvd", "debian", "bitnami"
	ID     string // as published: "CVE-2024-6387", "DSA-5724-1", "GHSA-2p49-hgcm-8545"
	// CVEs are the CVE ids that it speaks of, each once. A record without any is
	// a vulnerability of its own, named ID.
	CVEs    []string
	Aliases []string // further names of the same thing that are no CVE ids

	Title    string // in the publisher's words, as are the next three; "" when there is none
	Summary  string // one or two sentences
	Details  string
	Solution string
	Severity string // the publisher's word, lower case: "important"; "" when there is none
	Scores   []Score
	CWEs     []int
	// References are links, each once, in the publisher's order.
	References []Reference
	Published  time.Time // zero when it does not say
	Modified   time.Time
	Withdrawn  time.Time // rejected or taken back: it affects nothing

	EPSS     *EPSS
	KEV      *KEV
	SSVC     *SSVC
	Exploits []Exploit
	Affected []Affected
}

// Score is one CVSS assessment.
type Score struct {
	Version string  // "2.0", "3.0", "3.1", "4.0"
	Vector  string  // with its prefix from 3.0 on; without parentheses
	Base    float64 // 0 to 10
	By      string  // who assessed, as the record says: "nvd@nist.gov", "CISA-ADP"; "" for the source itself
	Primary bool    // the source calls it its primary one
}

// Reference is a link with what the publisher says it is.
type Reference struct {
	URL  string
	Tags []string // lower case: "patch", "exploit", "vendor-advisory"
}

// EPSS is the estimated probability that a vulnerability is exploited within 30
// days.
type EPSS struct {
	Probability float64 // 0 to 1
	Percentile  float64 // 0 to 1
	Date        time.Time
	Model       string // "v2025.03.14"; "" when not told
}

// KEV is an entry of a catalogue of vulnerabilities that are known to be
// exploited.
type KEV struct {
	Added      time.Time
	Due        time.Time // until when agencies had to act; zero when there is none
	Ransomware bool      // known to be used by ransomware
	Vendor     string
	Product    string
	Name       string
	Action     string
}

// SSVC holds the decision points of CISA's assessment. Words are lower case; ""
// is not assessed.
type SSVC struct {
	Exploitation    string // "none", "poc", "active"
	Automatable     string // "no", "yes"
	TechnicalImpact string // "partial", "total"
}

// Exploit is a public way to use a vulnerability.
type Exploit struct {
	Source    string    `json:"source"` // "metasploit", "exploitdb"
	ID        string    `json:"id"`     // module path, or the number in its database
	Title     string    `json:"title,omitempty"`
	URL       string    `json:"url,omitempty"`
	Rank      string    `json:"rank,omitempty"` // lower case: of Metasploit "excellent" … "manual", of Exploit-DB "verified" or ""
	Published time.Time `json:"published,omitzero"`
}

// Status is what a source says about a version in the ranges of an Affected.
type Status uint8

// The statuses. The zero value says nothing and decides nothing.
const (
	StatusUnknown      Status = iota // also "under investigation"
	StatusAffected                   // affected, and a fix exists where Fixed names one
	StatusNotAffected                // never was, or the code is not there
	StatusWillNotFix                 // affected, and the publisher will not mend it: "end of life", "ignored", "no-dsa"
	StatusFixDeferred                // affected, and the fix comes later: "postponed", "needed"
	StatusEndOfSupport               // no longer supported from Since on; not a weakness by itself
)

// String returns "unknown", "affected", "not affected", "will not fix", "fix
// deferred" or "end of support".
func (s Status) String() string {
	return [...]string{"unknown", "affected", "not affected", "will not fix", "fix deferred", "end of support"}[min(s, StatusEndOfSupport)]
}

// Affects reports whether a version of that status has the vulnerability.
func (s Status) Affects() bool {
	return s == StatusAffected || s == StatusWillNotFix || s == StatusFixDeferred
}

// Affected is one statement of a Record about one thing: a package of an
// ecosystem, a product by its CPE, or one that its maker names in words.
// Exactly one of Package, CPE and Maker is set.
//
// A version has Status when it is in one of Ranges or is one of Versions; with
// neither, every version has it. A version in none of them has Otherwise.
type Affected struct {
	Package Package `json:"package,omitzero"`
	// CPE is a CPE 2.3 formatted string. One that carries a version speaks of it
	// alone, and has no Ranges then.
	CPE string `json:"cpe,omitempty"`
	// Maker is "vendor/product" of a CVE record that has no CPE, lower case.
	Maker string `json:"maker,omitempty"`

	Status    Status   `json:"status"`
	Otherwise Status   `json:"otherwise,omitempty"` // StatusNotAffected where the source lists what it means completely
	Ranges    []Range  `json:"ranges,omitempty"`
	Versions  []string `json:"versions,omitempty"`
	// Scheme is how versions are ordered: a name of package version, "" for what
	// the ecosystem or the product has.
	Scheme string `json:"scheme,omitempty"`
	// Fixed is the first version that mends it, as the publisher names it; ""
	// when there is none or the ranges tell.
	Fixed    string `json:"fixed,omitempty"`
	Why      string `json:"why,omitempty"`      // the publisher's reason: "vulnerable_code_not_present", "Minor issue"
	Advisory string `json:"advisory,omitempty"` // its advisory: "DSA-5724-1", "RHSA-2024:4312", "KB5034441"
	// Updates are those that the publisher names by number, any one of which
	// mends it; an update that contains one of them does too.
	Updates []Update `json:"updates,omitempty"`
	// Platforms are CPEs of which one must be there too for the statement to
	// hold; none: it holds everywhere.
	Platforms []string `json:"platforms,omitempty"`
	// Module is the stream that an rpm must come from: "nginx:1.22"; "" for none.
	Module string `json:"module,omitempty"`
	// Source says that Package is a source package of an ecosystem that names
	// binary ones: the statement holds for whatever is built from it and has no
	// statement of its own.
	Source bool `json:"from_source,omitempty"`
	// Since is when the statement begins to hold; zero: it always did.
	Since time.Time `json:"since,omitzero"`
}

// Update is one that its maker tells by a number instead of a version.
type Update struct {
	ID         string   `json:"id"`                   // "KB5034441"
	Kind       string   `json:"kind,omitempty"`       // lower case: "security update", "monthly rollup"
	Build      string   `json:"build,omitempty"`      // the version that it brings; "" when not told
	Supersedes []string `json:"supersedes,omitempty"` // IDs of earlier ones that it contains
}

// Package names software of an ecosystem.
type Package struct {
	// Ecosystem is "deb/debian/12", "deb/ubuntu/22.04", "rpm/redhat/9",
	// "rpm/alma/9", "rpm/rocky/9", "rpm/oracle/9", "rpm/amazon/2023",
	// "rpm/sles/15.5", "rpm/leap/15.5", "rpm/fedora/40", "apk/alpine/3.19",
	// "alpm/arch", "windows", or without releases "bitnami", "npm", "pypi",
	// "maven", "golang", "gem", "nuget", "cargo", "composer", "hex", "pub",
	// "retire", "eol", "generic".
	Ecosystem string `json:"ecosystem"`
	// Name is that of the source package for deb and apk, of the binary package
	// for rpm, "group:artifact" for maven; lower case where the ecosystem's names
	// have no case.
	Name string `json:"name"`
}

// Range is a set of versions between two ends. An empty end is open. Of the
// upper ends at most one is set.
type Range struct {
	From      string `json:"from,omitempty"`      // included
	After     string `json:"after,omitempty"`     // excluded; instead of From
	Before    string `json:"before,omitempty"`    // excluded: the version that mends it
	To        string `json:"to,omitempty"`        // included: the last that has it
	Platforms string `json:"platforms,omitempty"` // an architecture that it is limited to; "" for all
}

// Statement is an Affected with whose word it is, as it is looked up by the
// thing that it speaks of.
type Statement struct {
	Vulnerability VulnID `json:"vuln"`
	Name          string `json:"name"`   // of the vulnerability: "CVE-2024-6387"
	Source        string `json:"source"` // of the record
	Record        string `json:"record"` // its ID
	Affected
}

// Keys of statements, by what is looked up: the thing that an Affected speaks
// of. See Affected.Key.
const (
	keyCPE     = "cpe "
	keyPackage = "pkg "
	keyMaker   = "maker "
)

// Key is what statements are looked up by: CPEKey, PackageKey or MakerKey of
// what a speaks of; "" when that can not be told.
func (a Affected) Key() string {
	switch {
	case a.Package.Ecosystem != "" && a.Package.Name != "":
		return PackageKey(a.Package)
	case a.CPE != "":
		if name := cutCPE(a.CPE); name != "" {
			return keyCPE + name
		}
	case a.Maker != "":
		return MakerKey(a.Maker)
	}
	return ""
}

// cutCPE takes "part:vendor:product" out of a formatted string; "" when it is
// none, or any vendor or product would do.
func cutCPE(cpe string) string {
	rest, ok := strings.CutPrefix(cpe, "cpe:2.3:")
	if !ok {
		return ""
	}
	colons := 0
	for i := 0; i <= len(rest); i++ {
		switch {
		case i == len(rest) || rest[i] == ':':
			if colons++; colons < 3 {
				continue
			}
			name := rest[:min(i, len(rest))]
			if strings.Contains(name, "::") || strings.HasSuffix(name, ":") || strings.Contains(name, ":*") || strings.HasPrefix(name, ":") {
				return ""
			}
			return name
		case rest[i] == '\\':
			i++
		}
	}
	return ""
}

// CPEKey is the key of statements about a product by the part, vendor and
// product of its CPE, as they stand in a formatted string: "a", "f5", "nginx".
func CPEKey(part, vendor, product string) string {
	return keyCPE + part + ":" + vendor + ":" + product
}

// PackageKey is the key of statements about a package.
func PackageKey(p Package) string { return keyPackage + p.Ecosystem + " " + p.Name }

// MakerKey is the key of statements about "vendor/product" in a maker's words.
func MakerKey(name string) string { return keyMaker + name }
