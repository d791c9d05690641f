package match

// tomcat is what is known of Apache Tomcat.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var tomcat = tableProduct{
	Name:   "Apache Tomcat",
	Names:  []string{"tomcat", "apache jserv (tomcat)"},
	CPEs:   []string{"apache:tomcat"},
	Speaks: []string{"http"},
	Family: "Web Servers",
	What:   "application server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://tomcat.apache.org/security.html",
	Base:   917_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2020-1938", Published: "2020-02-24", CWE: 269, Exploited: true,
			Title:    "files read over AJP (Ghostcat)",
			Effect:   "Who reaches the AJP connector reads files of the application, and runs code where uploads end up below it.",
			Affected: []span{{From: "7.0.0", Fixed: "7.0.100"}, {From: "8.5.0", Fixed: "8.5.51"}, {From: "9.0.0.M1", Fixed: "9.0.31"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2025-24813", Published: "2025-03-10", CWE: 44, Exploited: true,
			Title:    "code execution by partial PUT",
			Effect:   "With writable default servlet and file sessions, a partial PUT plants a session object that runs code.",
			Affected: []span{{From: "9.0.0.M1", Fixed: "9.0.99"}, {From: "10.0.0", Fixed: "10.1.35"}, {From: "11.0.0", Fixed: "11.0.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 3, CVE: "CVE-2024-50379", Published: "2024-12-17", CWE: 367,
			Title:    "code execution by racing JSP uploads",
			Effect:   "With writable default servlet on a file system that ignores case, concurrent uploads and reads run code.",
			Affected: []span{{From: "9.0.0", Fixed: "9.0.98"}, {From: "10.0.0", Fixed: "10.1.34"}, {From: "11.0.0", Fixed: "11.0.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 4, CVE: "CVE-2017-12617", Published: "2017-10-03", CWE: 434, Exploited: true,
			Title:    "code execution by JSP uploads",
			Effect:   "With writable default servlet, a PUT request uploads a page that runs code.",
			Affected: []span{{From: "7.0.0", Fixed: "7.0.82"}, {From: "8.0.0", Fixed: "8.0.47"}, {From: "8.5.0", Fixed: "8.5.23"}, {From: "9.0.0.M1", Fixed: "9.0.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 8.1,
		},
		{
			N: 5, CVE: "CVE-2020-9484", Published: "2020-05-20", CWE: 502,
			Title:    "code execution by stored sessions",
			Effect:   "With file sessions, a request names a file of the attacker as its session, which runs code.",
			Affected: []span{{From: "7.0.0", Fixed: "7.0.104"}, {From: "8.5.0", Fixed: "8.5.55"}, {From: "9.0.0.M1", Fixed: "9.0.35"}},
			Vector:   "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 7.0,
		},
		{
			N: 6, CVE: "CVE-2023-46589", Published: "2023-11-28", CWE: 444,
			Title:    "request smuggling by trailer headers",
			Effect:   "Oversized trailer headers make one request look like several.",
			Affected: []span{{From: "8.5.0", Fixed: "8.5.96"}, {From: "9.0.0", Fixed: "9.0.83"}, {From: "10.1.0", Fixed: "10.1.16"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", Score: 7.5,
		},
		{
			N: 7, CVE: "CVE-2024-34750", Published: "2024-07-03", CWE: 755,
			Title:    "connections kept open in HTTP/2",
			Effect:   "Headers beyond the limit leave HTTP/2 streams miscounted, so that connections stay open for ever.",
			Affected: []span{{From: "9.0.0", Fixed: "9.0.90"}, {From: "10.0.0", Fixed: "10.1.25"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 8, CVE: "CVE-2023-44487", Published: "2023-10-10", CWE: 400, Exploited: true,
			Title:    "HTTP/2 rapid reset",
			Effect:   "A client that opens and resets HTTP/2 streams at once keeps the server busy far beyond its own effort.",
			Affected: []span{{From: "8.5.0", Fixed: "8.5.94"}, {From: "9.0.0", Fixed: "9.0.81"}, {From: "10.0.0", Fixed: "10.1.14"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 9, CVE: "CVE-2024-52316", Published: "2024-11-18", CWE: 391,
			Title:    "sign-in by a failing authenticator",
			Effect:   "A custom authentication component that fails with an exception may leave the user signed in.",
			Affected: []span{{From: "9.0.0", Fixed: "9.0.96"}, {From: "10.0.0", Fixed: "10.1.31"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 10, CVE: "CVE-2025-31650", Published: "2025-04-28", CWE: 460,
			Title:    "memory leak by HTTP/2 priority headers",
			Effect:   "Invalid priority headers leak memory until the server fails.",
			Affected: []span{{From: "9.0.76", Fixed: "9.0.104"}, {From: "10.1.10", Fixed: "10.1.40"}, {From: "11.0.0", Fixed: "11.0.6"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 11, CVE: "CVE-2025-48989", Published: "2025-08-13", CWE: 404,
			Title:    "HTTP/2 streams reset by the server (MadeYouReset)",
			Effect:   "Frames that make the server reset streams keep it busy beyond its limits.",
			Affected: []span{{From: "9.0.0.M1", Fixed: "9.0.108"}, {From: "10.1.0", Fixed: "10.1.44"}, {From: "11.0.0", Fixed: "11.0.10"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 12, CVE: "CVE-2025-55752", Published: "2025-10-27", CWE: 23,
			Title:    "protected folders reached by rewrite rules",
			Effect:   "Rewrite rules on decoded URLs reach WEB-INF, and with PUT upload pages that run code.",
			Affected: []span{{From: "9.0.0.M11", Fixed: "9.0.109"}, {From: "10.1.0", Fixed: "10.1.45"}, {From: "11.0.0", Fixed: "11.0.11"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 7.5,
		},
	},
}
