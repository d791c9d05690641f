package match

// openssh is what is known of OpenSSH.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var openssh = tableProduct{
	Name:   "OpenSSH",
	CPEs:   []string{"openbsd:openssh"},
	Speaks: []string{"ssh"},
	Family: "Misc.",
	What:   "SSH server",
	Scheme: OpenSSH,
	Parts:  2,
	Home:   "https://www.openssh.com/security.html",
	Base:   911_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2024-6387", Published: "2024-07-01", CWE: 364,
			Title:    "signal handler race (regreSSHion)",
			Effect:   "When sign-in takes too long, a signal handler calls functions that it must not. By winning this race an attacker who has not signed in can run code as root on glibc systems.",
			Affected: []span{{From: "8.5p1", Fixed: "9.8p1"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 8.1,
		},
		{
			N: 2, CVE: "CVE-2018-15473", Published: "2018-08-17", CWE: 362,
			Title:    "user names can be guessed",
			Effect:   "The server answers malformed sign-in requests differently for accounts that exist.",
			Affected: []span{{Fixed: "7.8p1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", Score: 5.3,
		},
		{
			N: 3, CVE: "CVE-2023-38408", Published: "2023-07-20", CWE: 428,
			Title:    "code execution in a forwarded agent",
			Effect:   "A host that an agent is forwarded to makes it load libraries that run code.",
			Affected: []span{{Fixed: "9.3p2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 4, CVE: "CVE-2023-51385", Published: "2023-12-18", CWE: 78,
			Title:    "shell characters in user and host names",
			Effect:   "User or host names with shell characters, say from a malicious repository, reach commands by expansion tokens.",
			Affected: []span{{Fixed: "9.6p1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N", Score: 6.5,
		},
		{
			N: 5, CVE: "CVE-2023-51384", Published: "2023-12-18",
			Title:    "agent constraints lost for PKCS#11 keys",
			Effect:   "Constraints on a token that holds several keys apply to the first of them alone.",
			Affected: []span{{From: "8.9p1", Fixed: "9.6p1"}},
			Vector:   "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N", Score: 5.5,
		},
		{
			N: 6, CVE: "CVE-2021-41617", Published: "2021-09-26",
			Title:    "groups kept by helper commands",
			Effect:   "Commands that look up keys or principals run with groups of the server process.",
			Affected: []span{{From: "6.2p1", Fixed: "8.8p1"}},
			Vector:   "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 7.0,
		},
		{
			N: 7, CVE: "CVE-2016-10009", Published: "2017-01-05", CWE: 426,
			Title:    "agent loads foreign PKCS#11 modules",
			Effect:   "Who controls a forwarded agent socket makes the agent load a library from anywhere.",
			Affected: []span{{Fixed: "7.4p1"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L", Score: 7.3,
		},
		{
			N: 8, CVE: "CVE-2016-6210", Published: "2017-02-13", CWE: 200,
			Title:    "user names can be guessed by timing",
			Effect:   "The server needs another time for long passwords of accounts that do not exist.",
			Affected: []span{{Fixed: "7.3p1"}},
			Vector:   "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", Score: 5.9,
		},
		{
			N: 9, CVE: "CVE-2016-0777", Published: "2016-01-14", CWE: 200,
			Title:    "client memory leaks to the server",
			Effect:   "A malicious server reads memory of a client through the roaming feature, private keys included.",
			Affected: []span{{From: "5.4p1", Fixed: "7.1p2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N", Score: 6.5,
		},
		{
			N: 10, CVE: "CVE-2025-26465", Published: "2025-02-18", CWE: 390,
			Title:    "server check defeated with VerifyHostKeyDNS",
			Effect:   "An attacker in the path passes for any server towards clients with VerifyHostKeyDNS, by running them out of memory.",
			Affected: []span{{From: "6.8p1", Fixed: "9.9p2"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:N", Score: 6.8,
		},
		{
			N: 11, CVE: "CVE-2025-26466", Published: "2025-02-28", CWE: 770,
			Title:    "memory exhaustion before sign-in",
			Effect:   "Ping packets before sign-in use up memory and processor.",
			Affected: []span{{From: "9.5p1", Fixed: "9.9p2"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 5.9,
		},
		{
			N: 12, CVE: "CVE-2025-32728", Published: "2025-04-10", CWE: 440,
			Title:    "DisableForwarding leaves forwardings on",
			Effect:   "DisableForwarding does not turn agent and X11 forwarding off as it says.",
			Affected: []span{{From: "7.4p1", Fixed: "10.0p1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N", Score: 4.3,
		},
	},
}
