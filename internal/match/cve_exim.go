package match

// exim is what is known of Exim.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var exim = tableProduct{
	Name:   "Exim",
	Names:  []string{"exim smtpd"},
	CPEs:   []string{"exim:exim", "university_of_cambridge:exim"},
	Speaks: []string{"smtp"},
	Family: "SMTP problems",
	What:   "mail server",
	Scheme: Dotted,
	Parts:  2,
	Home:   "https://www.exim.org/static/doc/security/",
	Base:   913_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2019-10149", Published: "2019-06-05", CWE: 78, Exploited: true,
			Title:    "commands in recipient addresses",
			Effect:   "A recipient address with an expansion in it runs commands as root.",
			Affected: []span{{From: "4.87", Fixed: "4.92"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2019-15846", Published: "2019-09-06",
			Title:    "code execution by a backslash in TLS names",
			Effect:   "A server name that ends in a backslash, sent in the TLS handshake, runs code as root.",
			Affected: []span{{Fixed: "4.92.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 3, CVE: "CVE-2019-16928", Published: "2019-09-27", CWE: 787, Exploited: true,
			Title:    "heap overflow by a long EHLO",
			Effect:   "A very long EHLO line overflows the heap and may run code.",
			Affected: []span{{From: "4.92", Fixed: "4.92.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 4, CVE: "CVE-2018-6789", Published: "2018-02-08", CWE: 119, Exploited: true,
			Title:    "one byte overflow in base64 decoding",
			Effect:   "A crafted message overflows a buffer by one byte, which is enough to run code.",
			Affected: []span{{Fixed: "4.90.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 5, CVE: "CVE-2020-28018", Published: "2021-05-06", CWE: 416,
			Title:    "use after free in TLS handling",
			Effect:   "Commands pipelined around STARTTLS use freed memory of OpenSSL builds, which runs code.",
			Affected: []span{{From: "4.90", Fixed: "4.94.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 6, CVE: "CVE-2020-28026", Published: "2021-05-06", CWE: 116,
			Title:    "newlines in spool files",
			Effect:   "A user who sends a crafted option of RCPT or MAIL writes lines into spool header files, and so runs commands as root.",
			Affected: []span{{Fixed: "4.94.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 7, CVE: "CVE-2023-42115", Published: "2024-05-03", CWE: 787,
			Title:    "overwrite in AUTH EXTERNAL",
			Effect:   "A crafted AUTH exchange writes beyond a buffer and runs code as the mail user, where the external authenticator is configured.",
			Affected: []span{{Fixed: "4.96.1"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 8, CVE: "CVE-2023-51766", Published: "2023-12-24", CWE: 345,
			Title:    "message smuggling",
			Effect:   "An odd end of data lets a sender hide a second message that passes the sender checks of the first.",
			Affected: []span{{Fixed: "4.97.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N", Score: 5.3,
		},
		{
			N: 9, CVE: "CVE-2024-39929", Published: "2024-07-04", CWE: 116,
			Title:    "attachment filters bypassed",
			Effect:   "File names that span several header lines pass filters on extensions.",
			Affected: []span{{Fixed: "4.98"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N", Score: 5.4,
		},
		{
			N: 10, CVE: "CVE-2025-30232", Published: "2025-03-28", CWE: 416,
			Title:    "use after free in the command line",
			Effect:   "A local user of the command line interface gains more rights.",
			Affected: []span{{From: "4.96", Fixed: "4.98.2"}},
			Vector:   "CVSS:3.1/AV:L/AC:H/PR:N/UI:N/S:C/C:H/I:H/A:H", Score: 8.1,
		},
	},
}
