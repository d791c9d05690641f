package match

// bind is what is known of ISC BIND.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var bind = tableProduct{
	Name:   "ISC BIND",
	Names:  []string{"bind", "named"},
	CPEs:   []string{"isc:bind"},
	Speaks: []string{"dns"},
	Family: "DNS",
	What:   "DNS server",
	Scheme: BIND,
	Parts:  3,
	Home:   "https://kb.isc.org/docs/aa-00913",
	Base:   916_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2015-5477", Published: "2015-07-29", CWE: 19,
			Title:    "crash by TKEY queries",
			Effect:   "One crafted TKEY query ends the server.",
			Affected: []span{{From: "9.1.0", Fixed: "9.9.7-P2"}, {From: "9.10.0", Fixed: "9.10.2-P3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 2, CVE: "CVE-2016-2776", Published: "2016-09-28", CWE: 20,
			Title:    "crash by a crafted query",
			Effect:   "A query whose answer is built in a certain way ends the server.",
			Affected: []span{{From: "9.0.0", Fixed: "9.9.9-P3"}, {From: "9.10.0", Fixed: "9.10.4-P3"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 3, CVE: "CVE-2020-8616", Published: "2020-05-19", CWE: 400,
			Title:    "amplified lookups (NXNSAttack)",
			Effect:   "A referral to many name servers makes the resolver send far more queries than it received.",
			Affected: []span{{From: "9.0.0", Fixed: "9.11.19"}, {From: "9.14.0", Fixed: "9.14.12"}, {From: "9.16.0", Fixed: "9.16.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:H", Score: 8.6,
		},
		{
			N: 4, CVE: "CVE-2020-8625", Published: "2021-02-17", CWE: 120,
			Title:    "buffer overflow in GSS-TSIG",
			Effect:   "With GSS-TSIG keys a crafted negotiation overflows a buffer and may run code.",
			Affected: []span{{From: "9.5.0", Fixed: "9.11.28"}, {From: "9.12.0", Fixed: "9.16.12"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 8.1,
		},
		{
			N: 5, CVE: "CVE-2022-38177", Published: "2022-09-21", CWE: 401,
			Title:    "memory leak by ECDSA signatures",
			Effect:   "Answers with malformed ECDSA signatures use up the memory of a resolver.",
			Affected: []span{{From: "9.8.4", Fixed: "9.16.33"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 6, CVE: "CVE-2023-2828", Published: "2023-06-21", CWE: 770,
			Title:    "cache beyond its limit",
			Effect:   "Queries in a certain order let the cache of a resolver grow far beyond its limit.",
			Affected: []span{{From: "9.11.0", Fixed: "9.16.42"}, {From: "9.18.0", Fixed: "9.18.16"}, {From: "9.19.0", Fixed: "9.19.14"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 7, CVE: "CVE-2023-3341", Published: "2023-09-20", CWE: 787,
			Title:    "stack exhaustion on the control channel",
			Effect:   "A message to the control channel, even without its key, ends the server.",
			Affected: []span{{From: "9.2.0", Fixed: "9.16.44"}, {From: "9.18.0", Fixed: "9.18.19"}, {From: "9.19.0", Fixed: "9.19.17"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 8, CVE: "CVE-2023-50387", Published: "2024-02-14", CWE: 770,
			Title:    "processor exhaustion by DNSSEC answers (KeyTrap)",
			Effect:   "A zone with many keys and signatures keeps a validating resolver busy for long.",
			Affected: []span{{From: "9.0.0", Fixed: "9.16.48"}, {From: "9.18.0", Fixed: "9.18.24"}, {From: "9.19.0", Fixed: "9.19.21"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 9, CVE: "CVE-2024-1737", Published: "2024-07-23", CWE: 770,
			Title:    "slow down by many records",
			Effect:   "A name with very many records slows the server down.",
			Affected: []span{{From: "9.11.0", Fixed: "9.18.28"}, {From: "9.19.0", Fixed: "9.19.25"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 10, CVE: "CVE-2024-4076", Published: "2024-07-23", CWE: 617,
			Title:    "crash when stale data is served",
			Effect:   "A query that needs both stale data and a local zone ends the server.",
			Affected: []span{{From: "9.16.13", Fixed: "9.18.28"}, {From: "9.19.0", Fixed: "9.19.25"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 11, CVE: "CVE-2025-40778", Published: "2025-10-22", CWE: 349,
			Title:    "cache poisoning by unasked records",
			Effect:   "Answers with records that nobody asked for are taken into the cache.",
			Affected: []span{{From: "9.11.0", Fixed: "9.18.41"}, {From: "9.19.0", Fixed: "9.20.15"}, {From: "9.21.0", Fixed: "9.21.14"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:H/A:N", Score: 8.6,
		},
		{
			N: 12, CVE: "CVE-2025-8677", Published: "2025-10-22", CWE: 405,
			Title:    "processor exhaustion by malformed keys",
			Effect:   "A zone with malformed DNSKEY records keeps a resolver busy.",
			Affected: []span{{From: "9.18.0", Fixed: "9.18.41"}, {From: "9.19.0", Fixed: "9.20.15"}, {From: "9.21.0", Fixed: "9.21.14"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
	},
}
