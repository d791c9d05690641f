package match

// mysql is what is known of MySQL.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var mysql = tableProduct{
	Name:   "MySQL",
	Names:  []string{"mysql server"},
	CPEs:   []string{"oracle:mysql", "mysql:mysql", "oracle:mysql_server"},
	Speaks: []string{"mysql"},
	Family: "Databases",
	What:   "database server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://www.oracle.com/security-alerts/",
	Base:   916_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2016-6662", Published: "2016-09-20", CWE: 264,
			Title:    "code execution by the configuration file",
			Effect:   "A user who may write log files changes the configuration of the server and runs code as root at the next start.",
			Affected: []span{{From: "5.5.0", Fixed: "5.5.52"}, {From: "5.6.0", Fixed: "5.6.33"}, {From: "5.7.0", Fixed: "5.7.15"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2023-21912", Published: "2023-04-18",
			Title:    "crash before sign-in",
			Effect:   "Somebody who has not signed in hangs or crashes the server.",
			Affected: []span{{From: "5.7.0", Last: "5.7.41"}, {From: "8.0.0", Last: "8.0.30"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 3, CVE: "CVE-2023-22084", Published: "2023-10-17",
			Title:    "crash in InnoDB",
			Effect:   "A privileged user crashes the server.",
			Affected: []span{{From: "5.7.0", Last: "5.7.43"}, {From: "8.0.0", Last: "8.0.34"}, {From: "8.1.0", Last: "8.1.0"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:N/I:N/A:H", Score: 4.9,
		},
		{
			N: 4, CVE: "CVE-2024-20961", Published: "2024-01-16",
			Title:    "crash in the optimizer",
			Effect:   "A user crashes the server.",
			Affected: []span{{From: "8.0.0", Last: "8.0.35"}, {From: "8.1.0", Last: "8.2.0"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H", Score: 6.5,
		},
		{
			N: 5, CVE: "CVE-2025-21490", Published: "2025-01-21", CWE: 400,
			Title:    "crash in InnoDB",
			Effect:   "A privileged user crashes the server.",
			Affected: []span{{From: "8.0.0", Last: "8.0.40"}, {From: "8.4.0", Last: "8.4.3"}, {From: "9.0.0", Last: "9.1.0"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:N/I:N/A:H", Score: 4.9,
		},
	},
}
