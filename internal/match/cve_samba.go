package match

// samba is what is known of Samba.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var samba = tableProduct{
	Name:   "Samba",
	Names:  []string{"samba smbd"},
	CPEs:   []string{"samba:samba"},
	Speaks: []string{"smb"},
	Family: "Misc.",
	What:   "file server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://www.samba.org/samba/history/security.html",
	Base:   917_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2017-7494", Published: "2017-05-30", CWE: 94, Exploited: true,
			Title:    "code execution by an uploaded library (SambaCry)",
			Effect:   "A client that may write to a share makes the server load a library from it.",
			Affected: []span{{From: "3.5.0", Fixed: "4.4.14"}, {From: "4.5.0", Fixed: "4.5.10"}, {From: "4.6.0", Fixed: "4.6.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2021-44142", Published: "2022-02-21", CWE: 787,
			Title:    "heap overwrite in vfs_fruit",
			Effect:   "A user who may write extended attributes overwrites the heap and runs code as root, where vfs_fruit is on.",
			Affected: []span{{Fixed: "4.13.17"}, {From: "4.14.0", Fixed: "4.14.12"}, {From: "4.15.0", Fixed: "4.15.5"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 3, CVE: "CVE-2022-38023", Published: "2022-11-09", CWE: 328,
			Title:    "weak cryptography of Netlogon",
			Effect:   "Netlogon secure channels use RC4 and MD5, which can be broken to gain rights.",
			Affected: []span{{Fixed: "4.15.13"}, {From: "4.16.0", Fixed: "4.16.8"}, {From: "4.17.0", Fixed: "4.17.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 8.1,
		},
		{
			N: 4, CVE: "CVE-2023-3961", Published: "2023-11-03", CWE: 22,
			Title:    "sockets reached by pipe names",
			Effect:   "A pipe name with dots connects a client to sockets outside their folder.",
			Affected: []span{{From: "4.16.0", Fixed: "4.17.12"}, {From: "4.18.0", Fixed: "4.18.8"}, {From: "4.19.0", Fixed: "4.19.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H", Score: 9.1,
		},
		{
			N: 5, CVE: "CVE-2023-4091", Published: "2023-11-03", CWE: 276,
			Title:    "read-only files truncated",
			Effect:   "With acl_xattr and without ACL checks of the system, a client truncates files that it may only read.",
			Affected: []span{{Fixed: "4.17.12"}, {From: "4.18.0", Fixed: "4.18.8"}, {From: "4.19.0", Fixed: "4.19.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N", Score: 6.5,
		},
		{
			N: 6, CVE: "CVE-2023-34966", Published: "2023-07-20", CWE: 835,
			Title:    "endless loop in mdssvc",
			Effect:   "A packet to the Spotlight service sends the server into an endless loop.",
			Affected: []span{{Fixed: "4.16.11"}, {From: "4.17.0", Fixed: "4.17.10"}, {From: "4.18.0", Fixed: "4.18.5"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 7, CVE: "CVE-2025-10230", Published: "2025-11-07", CWE: 78,
			Title:    "commands by WINS names",
			Effect:   "A domain controller with WINS support and a wins hook runs commands that a client puts into a name.",
			Affected: []span{{From: "4.0.0", Fixed: "4.21.9"}, {From: "4.22.0", Fixed: "4.22.5"}, {From: "4.23.0", Fixed: "4.23.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Score: 10.0,
		},
	},
}
