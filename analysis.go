package harrier

// Grouping says by what findings are counted.
type Grouping string

// The groupings. What has no value for a grouping (no name, no CVE, no
// definition) is not counted there, and what has several counts in each.
const (
	ByAsset         Grouping = "asset"
	ByVulnerability Grouping = "vulnerability" // and severity
	BySeverity      Grouping = "severity"
	ByPort          Grouping = "port"
	ByProtocol      Grouping = "protocol"
	ByFamily        Grouping = "family"
	ByCVE           Grouping = "cve"     // with the gravest severity
	ByFQDN          Grouping = "fqdn"    // within a repository
	ByClassA        Grouping = "class a" // IPv4 networks of 8 bits, within a repository
	ByClassB        Grouping = "class b"
	ByClassC        Grouping = "class c"
	ByOS            Grouping = "os"
	ByRepository    Grouping = "repository"
	ByService       Grouping = "service"  // application protocol
	BySoftware      Grouping = "software" // product and version of the assets' services
	BySSHServer     Grouping = "ssh server"
	ByWebServer     Grouping = "web server"
	ByMailServer    Grouping = "mail server"
)

// Sum is what a group of findings comes to.
type Sum struct {
	// Key tells groups apart that have a name: "443", "tcp", "Web Servers",
	// "CVE-2024-1", "www.example.com", "192.0.2.0". ID tells the others apart: the
	// asset, the vulnerability, the repository.
	Key        string
	ID         ID
	Repository ID       // of ByFQDN and the classes
	Severity   Severity // of ByVulnerability, BySeverity and ByCVE
	Counts     Counts
	Hosts      int // assets; counted for ByVulnerability, ByCVE, ByOS, ByService and software only
}

// Total is how many findings the group has.
func (s Sum) Total() int { return s.Counts.Total() }

// Score weighs the findings of the group as DefaultScores say.
func (s Sum) Score() int { return Weights{}.Of(s.Counts) }

// Weights are what one finding of each severity counts in a score, from Low to
// Critical: Scores of an Organization. The zero value is DefaultScores.
type Weights [4]int

// Set is w, or DefaultScores for the zero value.
func (w Weights) Set() Weights {
	if w == (Weights{}) {
		return DefaultScores
	}
	return w
}

// Of is the score of findings.
//
// Source: section 11.5 of securitycenter-api.md.
func (w Weights) Of(c Counts) int {
	w = w.Set()
	return w[0]*c[Low] + w[1]*c[Medium] + w[2]*c[High] + w[3]*c[Critical]
}

// SumQuery says how to count.
type SumQuery struct {
	By Grouping
	// Sort is "key" (the default), "name" (of the vulnerability, or the FQDN of
	// the asset), "address", "total", "score", "hosts", "severity", or the name of
	// a severity: its count. What is equal there is in the order of keys.
	Sort          string
	Desc          bool
	Limit, Offset int     // Limit 0: all
	Weights       Weights // of the score that is sorted by
}

// Sums is a page of groups.
type Sums struct {
	Rows   []Sum
	Groups int    // in all
	Counts Counts // over all groups
	Hosts  int    // likewise
}

// JudgedFinding is a finding as the exceptions make it show.
type JudgedFinding struct {
	Finding             // with the severity that it shows at
	Accepted, Recast ID // the exceptions that accept and recast it; 0 when none does
}
