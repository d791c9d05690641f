package formattest

import (
	"fmt"
	"iter"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Showcase is a scan of n hosts as a small company has them, with history and
// with what was not looked at: what documents for people are looked at with. It
// is the same each time; its hosts may be walked over more than once.
func Showcase(n int) (format.Scan, iter.Seq2[format.Host, error]) {
	s := Scan()
	known := append([]harrier.Vulnerability{}, Vulnerabilities...)
	for i, v := range showcase {
		v.ID, v.Slug = harrier.VulnID(910_000+i), fmt.Sprintf("showcase-%d", i)
		v.Description = v.Synopsis + "\n\nBy its version the software is one of those that its maker names as affected."
		v.References = []string{"https://nvd.nist.gov/vuln/detail/" + v.CVEs[0]}
		known = append(known, v)
	}
	byID := map[harrier.VulnID]harrier.Vulnerability{}
	for _, v := range known {
		byID[v.ID] = v
	}
	s.Vulnerability = func(id harrier.VulnID) (harrier.Vulnerability, bool) { v, ok := byID[id]; return v, ok }
	s.Scan.Name, s.Scan.Targets, s.Site.Name = "Head office, weekly", "192.0.2.0/24, 2001:db8::/120", "Head office"
	s.Scan.HostsAlive, s.Scan.Ended, s.Made = n, Start.Add(41*time.Minute+7*time.Second), Start.Add(time.Hour)
	s.Coverage = harrier.Totals{Planned: 9_420 * n, Clean: 9_420*n - 911*n - 60, Vulnerable: 11 * n, Skipped: 850*n + 60, Failed: 50 * n}
	s.Dead = []harrier.Span{
		{Target: harrier.Target{First: netip.MustParseAddr("192.0.2.130"), Last: netip.MustParseAddr("192.0.2.254")}, Count: 125, Reason: "no answer"},
		{Target: harrier.Target{First: netip.MustParseAddr("192.0.2.129"), Last: netip.MustParseAddr("192.0.2.129")}, Count: 1, Reason: "a guard rule: never scanned"},
	}
	for i := range 11 {
		k := 11 - i
		s.Trend = append(s.Trend, format.Moment{At: Start.AddDate(0, 0, -7*(10-i)), Counts: harrier.Counts{9 * n, 4 + k, 5 + k*k/9 + i%3, 24 + 2*k + (i*5)%4, 11 + k/2 + k%2}})
	}
	return s, func(yield func(format.Host, error) bool) {
		for i := range n {
			if !yield(showcaseHost(i, byID), nil) {
				return
			}
		}
	}
}

func showcaseHost(i int, byID map[harrier.VulnID]harrier.Vulnerability) format.Host {
	h := Hosts()[0]
	kinds := []string{"web", "db", "mail", "files", "build", "desk", "desk", "print"}
	systems := []string{"Debian GNU/Linux 12", "Ubuntu 22.04", "Microsoft Windows Server 2019", "Rocky Linux 9", "FreeBSD 14.1", "Microsoft Windows 11", "Microsoft Windows 10", "HP LaserJet"}
	h.Index, h.Asset = i+1, harrier.ID(i+1)
	h.Addr = netip.AddrFrom4([4]byte{192, 0, byte(2 + i/250), byte(i%250 + 1)})
	h.Name = h.Addr.String()
	h.FQDN, h.OS = fmt.Sprintf("%s-%02d.example.test", kinds[i%8], i/8+1), systems[i%8]
	h.Importance, h.Coverage = 100, harrier.Totals{Planned: 9420, Clean: 8509, Vulnerable: 11, Skipped: 850, Failed: 50}
	looked := &harrier.Coverage{Alive: true, Complete: i%13 != 5, Planned: 9420}
	if !looked.Complete {
		looked.Reason = "its time limit of 30 minutes was over"
	}
	for k := range 17 {
		looked.Add(harrier.Done{Check: harrier.VulnID(1000 + k), Outcome: harrier.Skipped, Reason: []string{"needs a login, and there is none", "the service is not there", "not safe for a fragile device"}[k%3]})
	}
	looked.Add(harrier.Done{Check: 2000, Outcome: harrier.Failed, Reason: "the server ended the connection"})
	h.Looked = looked
	facts := h.Results[3:]
	h.Results = append([]format.Result{}, facts...)
	for k := range showcase {
		if (i*7+k*5)%(k+4) != 0 || i%8 == 7 {
			continue
		}
		v := byID[harrier.VulnID(910_000+k)]
		h.Results = append(h.Results, format.Result{Severity: v.Severity, Since: Start.AddDate(0, 0, -3*k-i%5), Observation: harrier.Observation{
			Vulnerability: v.ID, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16([]int{443, 22, 5432, 445, 8080, 25}[k%6])}, Service: []string{"http", "ssh", "postgresql", "smb", "http", "smtp"}[k%6],
			Evidence: fmt.Sprintf("\n  Installed version : %d.%d.%d\n  Fixed version     : %d.%d.%d\n", k, i%9, 1, k, i%9+1, 0), Certainty: []harrier.Certainty{harrier.Certain, harrier.Potential}[k%2], Source: "banner",
		}})
	}
	h.Present = harrier.Counts{}
	for _, r := range h.Results {
		h.Present[r.Severity]++
	}
	return h
}

var showcase = []harrier.Vulnerability{
	{Name: "OpenSSH regreSSHion race condition", Family: "Misc.", Severity: harrier.High, CVEs: []string{"CVE-2024-6387"}, CVSS3Score: 8.1, EPSS: 0.43, Exploit: true, Synopsis: "Code can be executed before login.", Solution: "Update OpenSSH to 9.8p1 or the package of the distribution."},
	{Name: "Apache Log4j remote code execution (Log4Shell)", Family: "Web Servers", Severity: harrier.Critical, CVEs: []string{"CVE-2021-44228"}, CVSS3Score: 10, EPSS: 0.97, Exploited: true, Ransomware: true, Synopsis: "A logged text can load and run code.", Solution: "Update Log4j to 2.17.1."},
	{Name: "nginx HTTP/2 rapid reset", Family: "Web Servers", Severity: harrier.High, CVEs: []string{"CVE-2023-44487"}, CVSS3Score: 7.5, EPSS: 0.82, Exploited: true, Synopsis: "The server can be kept busy.", Solution: "Update nginx to 1.25.3."},
	{Name: "SMB signing is not required", Family: "Windows", Severity: harrier.Medium, CVEs: []string{"CVE-2016-2115"}, CVSS3Score: 5.3, Synopsis: "Messages can be changed on their way.", Solution: "Require message signing in the policy of the server."},
	{Name: "TLS certificate can not be trusted", Family: "General", Severity: harrier.Medium, CVEs: []string{"CVE-2004-2761"}, CVSS3Score: 6.5, Synopsis: "The certificate is not signed by a known authority.", Solution: "Have the certificate signed by an authority that clients know."},
	{Name: "PostgreSQL before 14.9 extension script substitution", Family: "Databases", Severity: harrier.High, CVEs: []string{"CVE-2023-39417"}, CVSS3Score: 8.8, EPSS: 0.01, Synopsis: "A user of the database can run commands as its owner.", Solution: "Update PostgreSQL to 14.9."},
	{Name: "TLS 1.0 is offered", Family: "Service detection", Severity: harrier.Low, CVEs: []string{"CVE-2011-3389"}, CVSS3Score: 3.1, Synopsis: "An old version of the protocol can be chosen.", Solution: "Turn TLS 1.0 and 1.1 off."},
	{Name: "Exim before 4.96.1 heap overflow in the NTLM challenge", Family: "SMTP problems", Severity: harrier.Critical, CVEs: []string{"CVE-2023-42115"}, CVSS3Score: 9.8, EPSS: 0.12, Synopsis: "Code can be executed by a mail.", Solution: "Update Exim to 4.96.1."},
}
