package match

import (
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// tableProduct is server software with what is known to be wrong with its versions.
type tableProduct struct {
	Name   string   // for people; lower-cased and with hyphens it starts the slugs
	Names  []string // other values of Service.Product, lower case
	CPEs   []string // "vendor:product" names, current one first
	Speaks []string // values of Service.Name that it may stand behind
	Family string
	What   string // what it is: "web server"
	Scheme string // how its versions are ordered
	Parts  int    // numbers that a version needs to be told apart
	Home   string // where its maker lists security fixes
	Base   harrier.VulnID
	CVEs   []cve
}

// cve is what is known of one CVE in one product: facts, in few words.
type cve struct {
	N         int // the number of its vulnerability is Base + N; never used twice
	CVE       string
	Affected  []span
	Title     string // completes "PRODUCT: …"
	Effect    string // a sentence: who can do what
	Vector    string // CVSS 3.1 or 3.0
	Score     float64
	CWE       int
	Exploited bool   // in the catalogue of known exploited vulnerabilities
	Published string // "2021-10-05"; "" when not known

	ID harrier.VulnID // Base + N
}

// products is the table, each from its own file.
var products = numbered(
	nginx, apache, openssh, lighttpd, proftpd, vsftpd, exim, redis, memcached, mosquitto, postgresql, mariadb, mysql,
	bind, samba, tomcat, squid, haproxy, varnish, rabbitmq, dropbear, rsync,
)

// numbered returns ps with the ID of each CVE filled in.
func numbered(ps ...tableProduct) []tableProduct {
	for _, p := range ps {
		for i := range p.CVEs {
			p.CVEs[i].ID = p.Base + harrier.VulnID(p.CVEs[i].N)
		}
	}
	return ps
}

// productOf returns the product that s runs, or nil. The CPE decides where
// there is one, so that a relative with a similar name is not taken for it.
func productOf(s harrier.Service) *tableProduct {
	name := strings.ToLower(s.Product)
	c, err := ParseCPE(s.CPE)
	for i := range products {
		p := &products[i]
		if err == nil && c.Part == "a" {
			if has(p.CPEs, c.Vendor+":"+c.Product) {
				return p
			}
		} else if name != "" && (name == strings.ToLower(p.Name) || has(p.Names, name)) {
			return p
		}
	}
	return nil
}

// possible returns the products of which s may be one: it shows none at all.
func possible(s harrier.Service) []*tableProduct {
	if s.Name == "" || s.Product != "" || s.CPE != "" {
		return nil
	}
	var out []*tableProduct
	for i := range products {
		if has(products[i].Speaks, s.Name) {
			out = append(out, &products[i])
		}
	}
	return out
}

func has(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// version is the version that s shows, or "" when it shows none or not enough
// of it to tell releases apart.
func (p *tableProduct) version(s harrier.Service) string {
	v := strings.TrimSpace(s.Version)
	if p.Name == "MariaDB" {
		// A prefix that keeps old replication clients from giving up.
		v = strings.TrimPrefix(v, "5.5.5-")
	}
	return complete(p.Scheme, v, p.Parts)
}

// affects reports whether version is in an affected range, and which version
// mends it: "" together with false otherwise.
func (c *cve) affects(scheme, version string) (fixed string, hit bool) {
	if version == "" {
		return "", false
	}
	for _, r := range c.Affected {
		if r.has(scheme, version) {
			if r.Fixed == "" {
				return "later than " + r.Last, true
			}
			return r.Fixed, true
		}
	}
	return "", false
}

// vulnerability is the definition that follows from c.
func (c *cve) vulnerability(p tableProduct) harrier.Vulnerability {
	v := harrier.Vulnerability{
		ID: c.ID, Slug: slug(p.Name) + "-" + strings.ToLower(c.CVE),
		Name:     fmt.Sprintf("%s: %s (%s)", p.Name, c.Title, c.CVE),
		Family:   p.Family,
		Severity: harrier.SeverityOfScore(c.Score),
		Synopsis: fmt.Sprintf("The %s shows a version that %s affects.", p.What, c.CVE),
		Description: fmt.Sprintf("%s\n\nThis is %s in %s. Affected: %s. It is concluded from the version that the service shows.",
			c.Effect, c.CVE, p.Name, c.ranges()),
		Solution:    c.solution(p),
		CVEs:        []string{c.CVE},
		References:  []string{"https://nvd.nist.gov/vuln/detail/" + c.CVE, p.Home},
		CVSS3Vector: c.Vector, CVSS3Score: c.Score,
		Exploited: c.Exploited, Exploit: c.Exploited,
	}
	if c.CWE != 0 {
		v.CWEs = []int{c.CWE}
	}
	for _, name := range p.CPEs {
		vendor, product, _ := strings.Cut(name, ":")
		v.CPEs = append(v.CPEs, CPE{Part: "a", Vendor: vendor, Product: product}.String())
	}
	v.Published, _ = time.Parse(time.DateOnly, c.Published) // zero when it is not known
	v.Added, v.Modified = contentDate, contentDate
	return v
}

// contentDate is when the table was written.
var contentDate = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// ranges lists the affected versions for people.
func (c *cve) ranges() string {
	var parts []string
	for _, r := range c.Affected {
		text := "versions"
		if r.From != "" {
			text += " from " + r.From
		}
		if r.Fixed != "" {
			text += " before " + r.Fixed
		} else {
			text += " up to " + r.Last
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// solution names the versions that mend c.
func (c *cve) solution(p tableProduct) string {
	var fixed []string
	for _, r := range c.Affected {
		if r.Fixed != "" && !has(fixed, r.Fixed) {
			fixed = append(fixed, r.Fixed)
		}
	}
	if len(fixed) == 0 {
		return "Update " + p.Name + " to a current version."
	}
	return fmt.Sprintf("Update %s to %s or later, or to a package of your distribution that has the fix.", p.Name, strings.Join(fixed, ", "))
}

// slug turns a name into the form that slugs have.
func slug(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", "-")
}
