package match

// mosquitto is what is known of Mosquitto.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var mosquitto = tableProduct{
	Name:   "Mosquitto",
	Names:  []string{"eclipse mosquitto"},
	CPEs:   []string{"eclipse:mosquitto"},
	Speaks: []string{"mqtt"},
	Family: "Misc.",
	What:   "MQTT broker",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://mosquitto.org/security/",
	Base:   914_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2017-7650", Published: "2017-09-11",
			Title:    "access rules bypassed by wildcards",
			Effect:   "A client name of # or + passes access rules that use a pattern.",
			Affected: []span{{From: "0.15", Fixed: "1.4.12"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N", Score: 6.5,
		},
		{
			N: 2, CVE: "CVE-2018-12551", Published: "2019-03-27", CWE: 287,
			Title:    "sign-in with a broken password file",
			Effect:   "Lines of a password file that can not be read let anybody in under their user name.",
			Affected: []span{{From: "1.0", Fixed: "1.5.6"}},
			Vector:   "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 8.1,
		},
		{
			N: 3, CVE: "CVE-2019-11779", Published: "2019-09-19", CWE: 674,
			Title:    "stack overflow by topics of many levels",
			Effect:   "A subscription to a topic of some 65400 slashes crashes the broker.",
			Affected: []span{{From: "1.5.0", Fixed: "1.5.9"}, {From: "1.6.0", Fixed: "1.6.6"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H", Score: 6.5,
		},
		{
			N: 4, CVE: "CVE-2021-34434", Published: "2021-08-30", CWE: 863,
			Title:    "subscriptions kept after a revoked right",
			Effect:   "With the dynamic security plugin clients keep receiving after their right to subscribe is withdrawn.",
			Affected: []span{{From: "2.0.0", Fixed: "2.0.12"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N", Score: 5.3,
		},
		{
			N: 5, CVE: "CVE-2021-41039", Published: "2021-12-01", CWE: 400,
			Title:    "processor exhaustion by user properties",
			Effect:   "A CONNECT packet of MQTT 5 with a great many user properties keeps the broker busy.",
			Affected: []span{{From: "1.6.0", Fixed: "2.0.12"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 6, CVE: "CVE-2023-28366", Published: "2023-09-01", CWE: 401,
			Title:    "memory leak by repeated QoS 2 messages",
			Effect:   "Messages of quality 2 that repeat their number use up the memory.",
			Affected: []span{{From: "1.3.2", Fixed: "2.0.16"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 7, CVE: "CVE-2023-0809", Published: "2023-10-02", CWE: 789,
			Title:    "memory exhaustion before sign-in",
			Effect:   "Packets that are no CONNECT make the broker reserve too much memory.",
			Affected: []span{{Fixed: "2.0.16"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", Score: 5.3,
		},
	},
}
