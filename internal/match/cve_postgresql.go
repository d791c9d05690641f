package match

// postgresql is what is known of PostgreSQL.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var postgresql = tableProduct{
	Name:   "PostgreSQL",
	Names:  []string{"postgres"},
	CPEs:   []string{"postgresql:postgresql"},
	Speaks: []string{"postgresql"},
	Family: "Databases",
	What:   "database server",
	Scheme: Dotted,
	Parts:  2,
	Home:   "https://www.postgresql.org/support/security/",
	Base:   915_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2025-1094", Published: "2025-02-13", CWE: 149,
			Title:    "SQL injection through quoting functions",
			Effect:   "Quoting functions of the client library let broken encodings through, so that input reaches the statement.",
			Affected: []span{{Fixed: "13.19"}, {From: "14.0", Fixed: "14.16"}, {From: "15.0", Fixed: "15.11"}, {From: "16.0", Fixed: "16.7"}, {From: "17.0", Fixed: "17.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 8.1,
		},
		{
			N: 2, CVE: "CVE-2024-10979", Published: "2024-11-14", CWE: 15,
			Title:    "environment variables changed by PL/Perl",
			Effect:   "A user of PL/Perl changes environment variables of the server process and may run code.",
			Affected: []span{{Fixed: "13.17"}, {From: "14.0", Fixed: "14.14"}, {From: "15.0", Fixed: "15.9"}, {From: "16.0", Fixed: "16.5"}, {From: "17.0", Fixed: "17.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 3, CVE: "CVE-2024-7348", Published: "2024-08-08", CWE: 367,
			Title:    "code run by pg_dump of a swapped object",
			Effect:   "Somebody who swaps a table for a view during pg_dump runs code with the rights of who dumps.",
			Affected: []span{{Fixed: "12.20"}, {From: "13.0", Fixed: "13.16"}, {From: "14.0", Fixed: "14.13"}, {From: "15.0", Fixed: "15.8"}, {From: "16.0", Fixed: "16.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 7.5,
		},
		{
			N: 4, CVE: "CVE-2024-0985", Published: "2024-02-08", CWE: 271,
			Title:    "late loss of rights in REFRESH MATERIALIZED VIEW",
			Effect:   "The owner of a materialized view runs code with the rights of who refreshes it concurrently.",
			Affected: []span{{From: "12.0", Fixed: "12.18"}, {From: "13.0", Fixed: "13.14"}, {From: "14.0", Fixed: "14.11"}, {From: "15.0", Fixed: "15.6"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:U/C:H/I:H/A:H", Score: 8.0,
		},
		{
			N: 5, CVE: "CVE-2023-5869", Published: "2023-12-10", CWE: 190,
			Title:    "integer overflow in array changes",
			Effect:   "A user overflows a buffer by changing an array, and may run code.",
			Affected: []span{{From: "11.0", Fixed: "11.22"}, {From: "12.0", Fixed: "12.17"}, {From: "13.0", Fixed: "13.13"}, {From: "14.0", Fixed: "14.10"}, {From: "15.0", Fixed: "15.5"}, {From: "16.0", Fixed: "16.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 6, CVE: "CVE-2023-39417", Published: "2023-08-11", CWE: 89,
			Title:    "SQL injection in extension scripts",
			Effect:   "Who may create objects gains the rights of a superuser who installs an extension that quotes names.",
			Affected: []span{{From: "11.0", Fixed: "11.21"}, {From: "12.0", Fixed: "12.16"}, {From: "13.0", Fixed: "13.12"}, {From: "14.0", Fixed: "14.9"}, {From: "15.0", Fixed: "15.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 7, CVE: "CVE-2022-1552", Published: "2022-08-31", CWE: 89,
			Title:    "commands outside the restricted operation",
			Effect:   "Who may create objects runs code with the rights of a superuser at the next maintenance command.",
			Affected: []span{{From: "10.0", Fixed: "10.21"}, {From: "11.0", Fixed: "11.16"}, {From: "12.0", Fixed: "12.11"}, {From: "13.0", Fixed: "13.7"}, {From: "14.0", Fixed: "14.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 8, CVE: "CVE-2021-32027", Published: "2021-06-01", CWE: 190,
			Title:    "buffer overrun by array subscripts",
			Effect:   "A user overwrites memory by array subscripts that overflow.",
			Affected: []span{{From: "9.6", Fixed: "9.6.22"}, {From: "10.0", Fixed: "10.17"}, {From: "11.0", Fixed: "11.12"}, {From: "12.0", Fixed: "12.7"}, {From: "13.0", Fixed: "13.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 9, CVE: "CVE-2025-8714", Published: "2025-08-14", CWE: 829,
			Title:    "code in dumps of a malicious server",
			Effect:   "A superuser of the origin puts code into a dump that runs on the client which restores it.",
			Affected: []span{{Fixed: "13.22"}, {From: "14.0", Fixed: "14.19"}, {From: "15.0", Fixed: "15.14"}, {From: "16.0", Fixed: "16.10"}, {From: "17.0", Fixed: "17.6"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 10, CVE: "CVE-2026-2005", Published: "2026-02-12", CWE: 122,
			Title:    "heap overflow in pgcrypto",
			Effect:   "Who provides ciphertext to pgcrypto overflows the heap and runs code.",
			Affected: []span{{Fixed: "14.21"}, {From: "15.0", Fixed: "15.16"}, {From: "16.0", Fixed: "16.12"}, {From: "17.0", Fixed: "17.8"}, {From: "18.0", Fixed: "18.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 11, CVE: "CVE-2026-6473", Published: "2026-05-14", CWE: 190,
			Title:    "integer wraparound in several features",
			Effect:   "A user makes the server reserve too little memory and write beyond it.",
			Affected: []span{{Fixed: "14.23"}, {From: "15.0", Fixed: "15.18"}, {From: "16.0", Fixed: "16.14"}, {From: "17.0", Fixed: "17.10"}, {From: "18.0", Fixed: "18.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
	},
}
