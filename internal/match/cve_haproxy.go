package match

// haproxy is what is known of HAProxy.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var haproxy = tableProduct{
	Name:   "HAProxy",
	CPEs:   []string{"haproxy:haproxy"},
	Speaks: []string{"http", "http-proxy"},
	Family: "Web Servers",
	What:   "load balancer",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://www.haproxy.org/",
	Base:   918_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2021-40346", Published: "2021-09-08", CWE: 190,
			Title:    "request smuggling by an integer overflow",
			Effect:   "A long header name overflows a length, so that a second request hides in the first.",
			Affected: []span{{From: "2.0.0", Fixed: "2.0.25"}, {From: "2.2.0", Fixed: "2.2.17"}, {From: "2.3.0", Fixed: "2.3.14"}, {From: "2.4.0", Fixed: "2.4.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", Score: 7.5,
		},
		{
			N: 2, CVE: "CVE-2023-25725", Published: "2023-02-14", CWE: 444,
			Title:    "headers lost by empty header names",
			Effect:   "An empty header name ends the list of headers early, which defeats access rules.",
			Affected: []span{{Fixed: "2.0.31"}, {From: "2.1.0", Fixed: "2.2.29"}, {From: "2.3.0", Fixed: "2.4.22"}, {From: "2.5.0", Fixed: "2.5.12"}, {From: "2.6.0", Fixed: "2.6.9"}, {From: "2.7.0", Fixed: "2.7.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H", Score: 9.1,
		},
		{
			N: 3, CVE: "CVE-2023-40225", Published: "2023-08-10", CWE: 444,
			Title:    "request smuggling by empty Content-Length",
			Effect:   "An empty Content-Length header is forwarded, and backends may read it otherwise.",
			Affected: []span{{Fixed: "2.0.33"}, {From: "2.2.0", Fixed: "2.2.31"}, {From: "2.4.0", Fixed: "2.4.24"}, {From: "2.5.0", Fixed: "2.6.15"}, {From: "2.7.0", Fixed: "2.7.10"}, {From: "2.8.0", Fixed: "2.8.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:L/A:N", Score: 7.2,
		},
		{
			N: 4, CVE: "CVE-2023-45539", Published: "2023-11-28",
			Title:    "access rules defeated by fragments",
			Effect:   "A URI with # is accepted, which path rules misread.",
			Affected: []span{{Fixed: "2.8.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:L/A:N", Score: 8.2,
		},
		{
			N: 5, CVE: "CVE-2022-0711", Published: "2022-03-02", CWE: 835,
			Title:    "endless loop by Set-Cookie2",
			Effect:   "A backend's answer with Set-Cookie2 sends the process into an endless loop.",
			Affected: []span{{From: "2.2.0", Fixed: "2.2.21"}, {From: "2.3.0", Fixed: "2.3.18"}, {From: "2.4.0", Fixed: "2.4.13"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 6, CVE: "CVE-2020-11100", Published: "2020-04-02", CWE: 787,
			Title:    "overwrite in the HPACK decoder",
			Effect:   "HTTP/2 headers write bytes around the heap, which may run code.",
			Affected: []span{{From: "1.8.0", Fixed: "2.1.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 7, CVE: "CVE-2024-45506", Published: "2024-09-04", CWE: 835,
			Title:    "endless loop in HTTP/2 forwarding",
			Effect:   "HTTP/2 connections send the zero-copy forwarding into an endless loop.",
			Affected: []span{{From: "2.9.0", Fixed: "2.9.10"}, {From: "3.0.0", Fixed: "3.0.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 8, CVE: "CVE-2025-11230", Published: "2025-11-19", CWE: 407,
			Title:    "slow parsing of JSON numbers",
			Effect:   "Crafted JSON that the configuration inspects keeps the process busy.",
			Affected: []span{{From: "2.4.0", Fixed: "2.4.30"}, {From: "2.6.0", Fixed: "2.6.23"}, {From: "2.8.0", Fixed: "2.8.16"}, {From: "3.0.0", Fixed: "3.0.12"}, {From: "3.1.0", Fixed: "3.1.9"}, {From: "3.2.0", Fixed: "3.2.6"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
	},
}
