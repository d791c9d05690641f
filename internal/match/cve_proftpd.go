package match

// proftpd is what is known of ProFTPD.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var proftpd = tableProduct{
	Name:   "ProFTPD",
	CPEs:   []string{"proftpd:proftpd"},
	Speaks: []string{"ftp"},
	Family: "FTP",
	What:   "FTP server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "http://www.proftpd.org/",
	Base:   912_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2019-12815", Published: "2019-07-19", CWE: 284,
			Title:    "files copied without permission by mod_copy",
			Effect:   "SITE CPFR and CPTO copy files regardless of the configured limits, also for anonymous users.",
			Affected: []span{{Fixed: "1.3.6a"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2015-3306", Published: "2015-05-18", CWE: 284,
			Title:    "files read and written by mod_copy",
			Effect:   "SITE CPFR and CPTO read and write any file before sign-in, which ends in running code.",
			Affected: []span{{From: "1.3.5rc1", Fixed: "1.3.5a"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 3, CVE: "CVE-2019-18217", Published: "2019-10-21", CWE: 835,
			Title:    "endless loop on long commands",
			Effect:   "Overly long commands before sign-in send the server into an endless loop.",
			Affected: []span{{Fixed: "1.3.6b"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 4, CVE: "CVE-2020-9273", Published: "2020-02-20", CWE: 416,
			Title:    "use after free in broken data transfers",
			Effect:   "A user who breaks off a data transfer in the right moment runs code.",
			Affected: []span{{Fixed: "1.3.6c"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 5, CVE: "CVE-2021-46854", Published: "2022-11-23", CWE: 401,
			Title:    "memory disclosure to RADIUS servers",
			Effect:   "mod_radius pads passwords with memory of the process.",
			Affected: []span{{Fixed: "1.3.7c"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Score: 7.5,
		},
		{
			N: 6, CVE: "CVE-2023-51713", Published: "2023-12-22", CWE: 125,
			Title:    "over-read in command parsing",
			Effect:   "Quotes and backslashes in a command make the server read beyond a buffer and crash.",
			Affected: []span{{Fixed: "1.3.8a"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
	},
}
