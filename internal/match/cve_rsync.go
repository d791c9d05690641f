package match

// rsync is what is known of rsync.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var rsync = tableProduct{
	Name:   "rsync",
	CPEs:   []string{"samba:rsync", "rsync_project:rsync"},
	Speaks: []string{"rsync"},
	Family: "Misc.",
	What:   "file transfer server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://rsync.samba.org/security.html",
	Base:   920_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2024-12084", Published: "2025-01-15", CWE: 122,
			Title:    "heap overflow in checksum handling",
			Effect:   "A client that may only read overflows the heap of the daemon by long checksums and runs code.",
			Affected: []span{{From: "3.2.7", Fixed: "3.4.0"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2024-12085", Published: "2025-01-14", CWE: 908,
			Title:    "memory disclosure by checksums",
			Effect:   "A client reads memory of the daemon byte by byte through checksum comparisons.",
			Affected: []span{{Fixed: "3.4.0"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Score: 7.5,
		},
		{
			N: 3, CVE: "CVE-2017-16548", Published: "2017-11-06", CWE: 125,
			Title:    "over-read in extended attributes",
			Effect:   "An attribute name without an end makes the receiver read beyond a buffer.",
			Affected: []span{{Fixed: "3.1.3"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 4, CVE: "CVE-2018-5764", Published: "2018-01-17",
			Title:    "sanitised arguments bypassed",
			Effect:   "An option that is given twice passes the daemon's check of arguments.",
			Affected: []span{{Fixed: "3.1.3"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", Score: 7.5,
		},
	},
}
