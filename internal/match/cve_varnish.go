package match

// varnish is what is known of Varnish.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var varnish = tableProduct{
	Name:   "Varnish",
	Names:  []string{"varnish cache"},
	CPEs:   []string{"varnish-software:varnish_cache", "varnish_cache_project:varnish_cache", "varnish-cache:varnish", "varnish_cache_project:varnish"},
	Speaks: []string{"http"},
	Family: "Web Servers",
	What:   "web cache",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://varnish-cache.org/security/",
	Base:   919_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2022-45060", Published: "2022-11-09", CWE: 444,
			Title:    "request forgery by HTTP/2 headers",
			Effect:   "Pseudo-headers of HTTP/2 with odd characters become an invalid HTTP/1 request to the backend.",
			Affected: []span{{From: "5.0.0", Fixed: "6.0.11"}, {From: "7.0.0", Fixed: "7.1.2"}, {From: "7.2.0", Fixed: "7.2.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", Score: 7.5,
		},
		{
			N: 2, CVE: "CVE-2022-45059", Published: "2022-11-09", CWE: 444,
			Title:    "request smuggling by hop-by-hop headers",
			Effect:   "A client makes the cache drop headers that the backend needs to find the end of a request.",
			Affected: []span{{From: "7.0.0", Fixed: "7.1.2"}, {From: "7.2.0", Fixed: "7.2.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", Score: 7.5,
		},
		{
			N: 3, CVE: "CVE-2022-38150", Published: "2022-08-11",
			Title:    "crash by a backend's status line",
			Effect:   "An answer with a certain reason phrase ends the server.",
			Affected: []span{{From: "7.0.0", Fixed: "7.0.3"}, {From: "7.1.0", Fixed: "7.1.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 4, CVE: "CVE-2022-23959", Published: "2022-01-26", CWE: 444,
			Title:    "request smuggling over HTTP/1",
			Effect:   "A request body that is not read leaves bytes which are taken for another request.",
			Affected: []span{{Fixed: "6.0.10"}, {From: "6.1.0", Fixed: "6.6.2"}, {From: "7.0.0", Fixed: "7.0.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N", Score: 9.1,
		},
		{
			N: 5, CVE: "CVE-2021-36740", Published: "2021-07-14", CWE: 444,
			Title:    "request smuggling over HTTP/2",
			Effect:   "A Content-Length that does not fit an HTTP/2 request hides a second one in it.",
			Affected: []span{{From: "5.0.0", Fixed: "6.0.8"}, {From: "6.1.0", Fixed: "6.5.2"}, {From: "6.6.0", Fixed: "6.6.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N", Score: 6.5,
		},
		{
			N: 6, CVE: "CVE-2023-44487", Published: "2023-10-10", CWE: 400, Exploited: true,
			Title:    "HTTP/2 rapid reset",
			Effect:   "A client that opens and resets HTTP/2 streams at once keeps the server busy far beyond its own effort.",
			Affected: []span{{Fixed: "6.0.12"}, {From: "6.1.0", Fixed: "7.3.1"}, {From: "7.4.0", Fixed: "7.4.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 7, CVE: "CVE-2025-47905", Published: "2025-05-14", CWE: 444,
			Title:    "client desynchronisation by chunked requests",
			Effect:   "Malformed chunk ends make the cache and its client disagree about where a request ends.",
			Affected: []span{{Fixed: "6.0.14"}, {From: "6.1.0", Fixed: "7.6.3"}, {From: "7.7.0", Fixed: "7.7.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:L/I:L/A:N", Score: 5.4,
		},
	},
}
