package match

// lighttpd is what is known of lighttpd.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var lighttpd = tableProduct{
	Name:   "lighttpd",
	CPEs:   []string{"lighttpd:lighttpd"},
	Speaks: []string{"http"},
	Family: "Web Servers",
	What:   "web server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://www.lighttpd.net/",
	Base:   911_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2022-22707", Published: "2022-01-06", CWE: 787,
			Title:    "stack overflow in mod_extforward",
			Effect:   "A crafted Forwarded header overflows a small buffer on the stack.",
			Affected: []span{{From: "1.4.46", Fixed: "1.4.64"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 5.9,
		},
		{
			N: 2, CVE: "CVE-2022-41556", Published: "2022-10-06", CWE: 772,
			Title:    "connections used up by broken requests",
			Effect:   "Clients that break off while fastcgi-like backends answer use up the connection slots.",
			Affected: []span{{From: "1.4.56", Fixed: "1.4.67"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 3, CVE: "CVE-2018-19052", Published: "2018-11-07", CWE: 22,
			Title:    "path traversal in mod_alias",
			Effect:   "An alias whose URL does not end in a slash leads one folder above its target.",
			Affected: []span{{Fixed: "1.4.50"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Score: 7.5,
		},
		{
			N: 4, CVE: "CVE-2019-11072", Published: "2019-04-10", CWE: 190,
			Title:    "integer overflow in URL normalisation",
			Effect:   "A URL that url-normalisation processes makes the server crash or do worse.",
			Affected: []span{{Fixed: "1.4.54"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 5, CVE: "CVE-2014-2323", Published: "2014-03-14", CWE: 89,
			Title:    "SQL injection in mod_mysql_vhost",
			Effect:   "The Host header of a request reaches an SQL statement.",
			Affected: []span{{Fixed: "1.4.35"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
	},
}
