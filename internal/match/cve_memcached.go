package match

// memcached is what is known of Memcached.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var memcached = tableProduct{
	Name:   "Memcached",
	CPEs:   []string{"memcached:memcached", "memcached_project:memcached"},
	Speaks: []string{"memcached"},
	Family: "Databases",
	What:   "cache server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://github.com/memcached/memcached/wiki/ReleaseNotes",
	Base:   914_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2023-46853", Published: "2023-10-27", CWE: 193,
			Title:    "off by one in proxy mode",
			Effect:   "In proxy mode a request with a bare newline writes one byte too far.",
			Affected: []span{{Fixed: "1.6.22"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2023-46852", Published: "2023-10-27", CWE: 120,
			Title:    "buffer overflow in proxy mode",
			Effect:   "In proxy mode a multiget request with many spaces overflows a buffer.",
			Affected: []span{{Fixed: "1.6.22"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 3, CVE: "CVE-2020-10931", Published: "2020-03-24", CWE: 120,
			Title:    "crash by a binary protocol header",
			Effect:   "A crafted header of the binary protocol crashes the server.",
			Affected: []span{{From: "1.6.0", Fixed: "1.6.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 4, CVE: "CVE-2022-48571", Published: "2023-08-22", CWE: 476,
			Title:    "crash by UDP uploads",
			Effect:   "An upload in several UDP packets crashes the server.",
			Affected: []span{{Fixed: "1.6.8"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 5, CVE: "CVE-2018-1000115", Published: "2018-03-05", CWE: 400,
			Title:    "traffic amplification over UDP",
			Effect:   "Tiny requests over UDP with a forged sender are answered with floods to a victim.",
			Affected: []span{{Fixed: "1.5.6"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 6, CVE: "CVE-2016-8704", Published: "2017-01-06", CWE: 190,
			Title:    "integer overflow in append and prepend",
			Effect:   "A crafted command of the binary protocol overflows the heap and may run code.",
			Affected: []span{{Fixed: "1.4.33"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 7, CVE: "CVE-2016-8705", Published: "2017-01-06", CWE: 190,
			Title:    "integer overflow in update commands",
			Effect:   "A crafted command of the binary protocol overflows the heap and may run code.",
			Affected: []span{{Fixed: "1.4.33"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 8, CVE: "CVE-2019-11596", Published: "2019-04-29", CWE: 476,
			Title:    "null pointer in lru commands",
			Effect:   "Two lru commands crash the server.",
			Affected: []span{{Fixed: "1.5.14"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
	},
}
