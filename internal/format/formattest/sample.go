// Package formattest has what the tests of all formats share: a scan with the
// cases that formats trip over, a generator for large ones, and golden files.
package formattest

import (
	"flag"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Golden compares got with testdata/name. With -update it writes the file
// instead.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatalf("no golden file (make it with -update): %v", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// Start is when the sample scan began.
var Start = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// Vulnerabilities are the definitions that the sample has results of.
var Vulnerabilities = []harrier.Vulnerability{
	{ID: 10180, Slug: "ping-host", Name: "Ping the remote host", Family: "Port scanners", Synopsis: "It was possible to tell that the host is up.", Description: "The host answered a probe.", Added: day(2026, 1, 10), Modified: day(2026, 1, 12)},
	{ID: 10335, Slug: "tcp-port-open", Name: "Nessus TCP scanner", Family: "Port scanners", Synopsis: "Open TCP ports.", Description: "A port took a connection.", Added: day(2026, 1, 10)},
	{ID: 19506, Slug: "scan-information", Name: "Nessus Scan Information", Family: "Settings", Synopsis: "About this scan.", Description: "How the scan was made.", Added: day(2026, 1, 10)},
	{ID: 22964, Slug: "service-detection", Name: "Service Detection", Family: "Service detection", Synopsis: "A service was recognised.", Description: "The service was recognised by its banner.", Added: day(2026, 1, 10)},
	{ID: 45590, Slug: "cpe", Name: "Common Platform Enumeration (CPE)", Family: "General", Synopsis: "Names of the products.", Description: "The products by their CPE names.", Added: day(2026, 1, 10)},
	{
		ID: 187315, Slug: "ssh-terrapin-cve-2023-48795", Name: "SSH Terrapin Prefix Truncation Weakness", Family: "Misc.", Severity: harrier.Medium,
		Synopsis: "The SSH server can be made to lose messages.", Description: "The server offers ciphers with which\nmessages can be cut off & nobody notices (length < 4).", Solution: "Update, or turn the ciphers off.",
		CVEs: []string{"CVE-2023-48795"}, CWEs: []int{354}, References: []string{"https://terrapin-attack.com/", "https://nvd.nist.gov/vuln/detail/CVE-2023-48795?a=1&b=2"},
		CPEs: []string{"cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*"}, CVSS2Vector: "AV:N/AC:H/Au:N/C:N/I:C/A:N", CVSS2Score: 5.4, CVSS3Vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N", CVSS3Score: 5.9,
		EPSS: 0.7159, Published: day(2023, 12, 18), Added: day(2026, 1, 10), Modified: day(2026, 2, 1),
	},
	{
		ID: 900101, Slug: "nginx-cves", Name: `nginx < 1.25.3 "Rapid Reset" & more`, Family: "Web Servers", Severity: harrier.High,
		Synopsis: "The web server has known flaws.", Description: "By its banner the server is older than the fixed version.", Solution: "Update to 1.25.3.",
		CVEs: []string{"CVE-2023-44487", "CVE-2024-7347"}, CVSS3Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", CVSS3Score: 7.5, Exploited: true, Exploit: true,
		Published: day(2023, 10, 10), Added: day(2026, 1, 10), Modified: day(2026, 1, 10),
	},
	{ID: 900102, Slug: "redis-no-auth", Name: "Redis answers without a password", Family: "Databases", Severity: harrier.Critical, Synopsis: "Anybody may use the database.", Description: "INFO was answered.", Solution: "Set a password.", CVSS2Score: 10, CVSS2Vector: "AV:N/AC:L/Au:N/C:C/I:C/A:C", Added: day(2026, 1, 10)},
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// Scan is the sample scan.
func Scan() format.Scan {
	checks := make([]harrier.VulnID, len(Vulnerabilities))
	for i, v := range Vulnerabilities {
		checks[i] = v.ID
	}
	return format.Scan{
		Scan: harrier.Scan{
			ID: 7, UUID: harrier.NamedUUID("sample scan"), Site: 3, Name: `lab "A" & <B>`, Status: harrier.ScanCompleted,
			Targets: "192.0.2.1, 192.0.2.2\nweb.example.test", PolicyName: "Basic", Template: "basic", Plan: harrier.Plan{Checks: checks},
			Engine: "local", Created: Start, Started: Start, Ended: Start.Add(137 * time.Second), HostsTotal: 3, HostsDone: 3, HostsAlive: 2,
			Coverage: harrier.Totals{Planned: 24, Clean: 10, Vulnerable: 6, Skipped: 8},
		},
		Site:   harrier.Site{ID: 3, Name: "lab", Description: "the lab"},
		Policy: harrier.Policy{ID: 2, UUID: harrier.NamedUUID("sample policy"), Name: "Basic", Checks: harrier.CheckSelection{Families: map[string]bool{"Databases": false}, Single: map[harrier.VulnID]bool{900102: true}}},
		Vulnerability: func(id harrier.VulnID) (harrier.Vulnerability, bool) {
			for _, v := range Vulnerabilities {
				if v.ID == id {
					return v, true
				}
			}
			return harrier.Vulnerability{}, false
		},
		Families: func() []harrier.Family {
			return []harrier.Family{{ID: 1, Name: "Web Servers", Count: 1}, {ID: 4, Name: "Misc.", Count: 1}, {ID: 21, Name: "Databases", Count: 1}}
		},
		Version: "0.1.0", Coverage: harrier.Totals{Planned: 24, Clean: 10, Vulnerable: 6, Skipped: 8},
		Dead: []harrier.Span{{Target: harrier.Target{First: netip.MustParseAddr("192.0.2.2"), Last: netip.MustParseAddr("192.0.2.2")}, Count: 1, Reason: "no answer"}},
	}
}

// Hosts are the hosts of the sample scan.
func Hosts() []format.Host {
	tcp := func(port uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.TCP, Port: port} }
	result := func(id harrier.VulnID, s harrier.Severity, at harrier.Endpoint, service, evidence string) format.Result {
		return format.Result{Severity: s, Observation: harrier.Observation{
			Vulnerability: id, Endpoint: at, Service: service, Evidence: evidence, Certainty: harrier.Certain, Source: "active", At: Start.Add(time.Minute),
		}}
	}
	web := result(900101, harrier.High, tcp(443), "http", "\n  Installed version : 1.22.1\n  Fixed version     : 1.25.3\n")
	web.Certainty, web.Source = harrier.Potential, "banner"
	return []format.Host{
		{
			ScanHost: harrier.ScanHost{
				Scan: 7, Index: 1, Asset: 11, Done: true,
				Host: harrier.Host{
					Name: "192.0.2.1", Addr: netip.MustParseAddr("192.0.2.1"), Alive: true, MAC: "02:00:5e:10:00:01", FQDN: "web.example.test", NetBIOS: "WEB", Hardware: "4c4c4544-0044-3510-8052-b4c04f4e4c32",
					OS: "Debian GNU/Linux 12", OSConfidence: 95, OSMethod: "SSH", OSCPE: "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*", DeviceType: "general-purpose",
					Route:   []harrier.Hop{{Addr: netip.MustParseAddr("192.0.2.250")}, {}, {Addr: netip.MustParseAddr("192.0.2.1")}},
					Started: Start.Add(time.Second), Ended: Start.Add(90 * time.Second),
				},
				Present:  harrier.Counts{harrier.Info: 4, harrier.Medium: 1, harrier.High: 1, harrier.Critical: 1},
				Coverage: harrier.Totals{Planned: 8, Clean: 2, Vulnerable: 6},
			},
			Results: []format.Result{
				result(900102, harrier.Critical, tcp(6379), "redis", "redis_version:7.0.15\x00\x1b[31m\xff caf\u00e9 \u65e5\u672c"),
				result(187315, harrier.Medium, tcp(22), "ssh", "Ciphers: chacha20-poly1305@openssh.com <weak>\r\nend]]>"),
				web,
				result(10180, harrier.Info, harrier.Endpoint{}, "", "The remote host is up\nThe remote host replied to a TCP SYN packet sent to port 22 with a SYN,ACK packet"),
				result(19506, harrier.Info, harrier.Endpoint{}, "", "Information about this scan : \n\nCredentialed checks : no\nScanner IP : 192.0.2.250\n"),
				result(45590, harrier.Info, harrier.Endpoint{}, "", "\nThe remote operating system matched the following CPE : \n\n  cpe:/o:debian:debian_linux:12 -> Debian Linux\n\nFollowing application CPE matched on the remote system :\n\n  cpe:/a:openbsd:openssh:9.2p1 -> OpenBSD OpenSSH\n"),
				result(22964, harrier.Info, tcp(443), "http", "A web server is running on this port through TLSv1.2."),
			},
			Services: []harrier.Service{
				{Endpoint: tcp(22), Name: "ssh", Product: "OpenSSH", Version: "9.2p1", CPE: "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"},
				{Endpoint: tcp(443), Name: "http", TLS: true, Product: "nginx", Version: "1.22.1"},
				{Endpoint: tcp(6379), Name: "redis", Product: "Redis", Version: "7.0.15"},
			},
		},
		{
			ScanHost: harrier.ScanHost{Scan: 7, Index: 2, Done: true, Host: harrier.Host{
				Name: "web.example.test", Addr: netip.MustParseAddr("2001:db8::1"), Alive: true, Started: Start.Add(2 * time.Second), Ended: Start.Add(80 * time.Second),
			}, Present: harrier.Counts{harrier.Info: 2}},
			Results: []format.Result{
				result(10335, harrier.Info, tcp(8080), "", "Port 8080/tcp was found to be open"),
				result(999999, harrier.Low, harrier.Endpoint{Protocol: harrier.UDP, Port: 53}, "dns", "=cmd|' /C calc'!A0"),
			},
		},
	}
}

// Each yields hosts as a format takes them.
func Each(hosts []format.Host) iter.Seq2[format.Host, error] {
	return func(yield func(format.Host, error) bool) {
		for _, h := range hosts {
			if !yield(h, nil) {
				return
			}
		}
	}
}

// Many yields n hosts with results results each: made as they are asked for,
// so that what a format keeps shows in its memory.
func Many(n, results int) iter.Seq2[format.Host, error] {
	return func(yield func(format.Host, error) bool) {
		sample := Hosts()[0]
		for i := range n {
			h := sample
			h.Index = i + 1
			h.Addr = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			h.Name = h.Addr.String()
			h.Results = make([]format.Result, results)
			for j := range h.Results {
				h.Results[j] = sample.Results[j%len(sample.Results)]
				h.Results[j].Port = uint16(j + 1)
			}
			if !yield(h, nil) {
				return
			}
		}
	}
}
