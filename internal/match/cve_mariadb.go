package match

// mariadb is what is known of MariaDB.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var mariadb = tableProduct{
	Name:   "MariaDB",
	CPEs:   []string{"mariadb:mariadb"},
	Speaks: []string{"mysql"},
	Family: "Databases",
	What:   "database server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://mariadb.com/kb/en/security/",
	Base:   915_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2021-27928", Published: "2021-03-19", CWE: 94,
			Title:    "code execution by wsrep settings",
			Effect:   "A privileged user sets wsrep_provider to a library of his own, which runs code as the database account.",
			Affected: []span{{From: "10.2.0", Fixed: "10.2.37"}, {From: "10.3.0", Fixed: "10.3.28"}, {From: "10.4.0", Fixed: "10.4.18"}, {From: "10.5.0", Fixed: "10.5.9"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H", Score: 7.2,
		},
		{
			N: 2, CVE: "CVE-2022-27384", Published: "2022-04-12",
			Title:    "crash by subselects",
			Effect:   "A statement with certain subselects crashes the server.",
			Affected: []span{{From: "10.2.0", Fixed: "10.2.44"}, {From: "10.3.0", Fixed: "10.3.35"}, {From: "10.4.0", Fixed: "10.4.25"}, {From: "10.5.0", Fixed: "10.5.16"}, {From: "10.6.0", Fixed: "10.6.8"}, {From: "10.7.0", Fixed: "10.7.4"}, {From: "10.8.0", Fixed: "10.8.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 3, CVE: "CVE-2022-32091", Published: "2022-07-01", CWE: 416,
			Title:    "use after poison",
			Effect:   "A statement crashes the server.",
			Affected: []span{{From: "10.3.0", Fixed: "10.3.36"}, {From: "10.4.0", Fixed: "10.4.26"}, {From: "10.5.0", Fixed: "10.5.17"}, {From: "10.6.0", Fixed: "10.6.9"}, {From: "10.7.0", Fixed: "10.7.5"}, {From: "10.8.0", Fixed: "10.8.4"}, {From: "10.9.0", Fixed: "10.9.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 4, CVE: "CVE-2022-47015", Published: "2023-01-20", CWE: 476,
			Title:    "null pointer in the Spider engine",
			Effect:   "A user of the Spider engine crashes the server.",
			Affected: []span{{From: "10.3.0", Fixed: "10.3.39"}, {From: "10.4.0", Fixed: "10.4.29"}, {From: "10.5.0", Fixed: "10.5.20"}, {From: "10.6.0", Fixed: "10.6.13"}, {From: "10.8.0", Fixed: "10.8.8"}, {From: "10.9.0", Fixed: "10.9.6"}, {From: "10.10.0", Fixed: "10.10.4"}, {From: "10.11.0", Fixed: "10.11.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H", Score: 6.5,
		},
		{
			N: 5, CVE: "CVE-2023-5157", Published: "2023-09-27", CWE: 400,
			Title:    "crash by port scans of a cluster node",
			Effect:   "Connections to the ports of a Galera node crash it.",
			Affected: []span{{Fixed: "10.3.36"}, {From: "10.4.0", Fixed: "10.4.26"}, {From: "10.5.0", Fixed: "10.5.17"}, {From: "10.6.0", Fixed: "10.6.9"}, {From: "10.7.0", Fixed: "10.7.5"}, {From: "10.8.0", Fixed: "10.8.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 6, CVE: "CVE-2023-22084", Published: "2023-10-17",
			Title:    "crash in InnoDB",
			Effect:   "A privileged user crashes the server.",
			Affected: []span{{Fixed: "10.4.32"}, {From: "10.5.0", Fixed: "10.5.23"}, {From: "10.6.0", Fixed: "10.6.16"}, {From: "10.7.0", Fixed: "10.10.7"}, {From: "10.11.0", Fixed: "10.11.6"}, {From: "11.0.0", Fixed: "11.0.4"}, {From: "11.1.0", Fixed: "11.1.3"}, {From: "11.2.0", Fixed: "11.2.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:N/I:N/A:H", Score: 4.9,
		},
		{
			N: 7, CVE: "CVE-2025-21490", Published: "2025-01-21", CWE: 400,
			Title:    "crash in InnoDB",
			Effect:   "A privileged user crashes the server.",
			Affected: []span{{Fixed: "10.5.28"}, {From: "10.6.0", Fixed: "10.6.21"}, {From: "10.7.0", Fixed: "10.11.11"}, {From: "11.0.0", Fixed: "11.4.5"}, {From: "11.5.0", Fixed: "11.7.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:N/I:N/A:H", Score: 4.9,
		},
		{
			N: 8, CVE: "CVE-2025-30693", Published: "2025-04-15", CWE: 400,
			Title:    "crash and changes in InnoDB",
			Effect:   "A privileged user crashes the server or changes some data.",
			Affected: []span{{Fixed: "10.5.29"}, {From: "10.6.0", Fixed: "10.6.22"}, {From: "10.7.0", Fixed: "11.4.6"}, {From: "11.5.0", Fixed: "11.8.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:N/I:L/A:H", Score: 5.5,
		},
		{
			N: 9, CVE: "CVE-2026-32710", Published: "", CWE: 122,
			Title:    "overflow by an authenticated user",
			Effect:   "A user who has signed in crashes the server and may run code.",
			Affected: []span{{From: "11.4.1", Fixed: "11.4.10"}, {From: "11.8.1", Fixed: "11.8.6"}, {From: "12.1.2", Fixed: "12.2.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", Score: 9.9,
		},
	},
}
