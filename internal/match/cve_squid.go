package match

// squid is what is known of Squid.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var squid = tableProduct{
	Name:   "Squid",
	Names:  []string{"squid http proxy"},
	CPEs:   []string{"squid-cache:squid"},
	Speaks: []string{"http", "http-proxy"},
	Family: "Misc.",
	What:   "web proxy",
	Scheme: Dotted,
	Parts:  2,
	Home:   "http://www.squid-cache.org/Advisories/",
	Base:   918_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2025-62168", Published: "2025-10-17", CWE: 209,
			Title:    "credentials shown in error pages",
			Effect:   "Error pages show authentication data of requests, which scripts of a page can read.",
			Affected: []span{{Fixed: "7.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:N", Score: 10.0,
		},
		{
			N: 2, CVE: "CVE-2025-54574", Published: "2025-08-01", CWE: 122,
			Title:    "heap overflow by URN answers",
			Effect:   "Answers to URN requests overflow the heap, which shows memory or runs code.",
			Affected: []span{{Fixed: "6.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:L/A:N", Score: 9.3,
		},
		{
			N: 3, CVE: "CVE-2023-46846", Published: "2023-11-03", CWE: 444,
			Title:    "request smuggling by chunked messages",
			Effect:   "Lenient reading of chunked messages lets requests pass as part of others.",
			Affected: []span{{From: "2.6", Fixed: "6.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N", Score: 5.3,
		},
		{
			N: 4, CVE: "CVE-2023-46847", Published: "2023-11-03", CWE: 120,
			Title:    "heap overwrite in digest authentication",
			Effect:   "A digest authorization header writes up to 2 MB onto the heap.",
			Affected: []span{{From: "3.2.0.1", Fixed: "6.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 5, CVE: "CVE-2023-49285", Published: "2023-12-04", CWE: 126,
			Title:    "over-read in HTTP messages",
			Effect:   "Messages with certain dates make the proxy read beyond a buffer and end.",
			Affected: []span{{From: "2.2", Fixed: "6.5"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 6, CVE: "CVE-2023-50269", Published: "2023-12-14", CWE: 674,
			Title:    "stack exhaustion by X-Forwarded-For",
			Effect:   "A very long X-Forwarded-For header ends the proxy where it follows that header.",
			Affected: []span{{From: "2.6", Fixed: "6.6"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 7, CVE: "CVE-2024-25111", Published: "2024-03-06", CWE: 674,
			Title:    "stack exhaustion by chunked messages",
			Effect:   "Chunked messages make the decoder call itself until the stack is used up.",
			Affected: []span{{From: "3.5.27", Fixed: "6.8"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 8, CVE: "CVE-2020-11945", Published: "2020-04-23", CWE: 190,
			Title:    "replayed digest credentials",
			Effect:   "A nonce counter that overflows lets an attacker replay credentials and may run code.",
			Affected: []span{{Fixed: "4.11"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 9, CVE: "CVE-2019-12526", Published: "2019-11-26", CWE: 787,
			Title:    "heap overflow in URN handling",
			Effect:   "An answer to a URN request overflows the heap and may run code.",
			Affected: []span{{From: "3.0", Fixed: "4.9"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
	},
}
