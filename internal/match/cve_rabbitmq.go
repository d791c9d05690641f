package match

// rabbitmq is what is known of RabbitMQ.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var rabbitmq = tableProduct{
	Name:   "RabbitMQ",
	CPEs:   []string{"vmware:rabbitmq", "pivotal_software:rabbitmq", "rabbitmq:rabbitmq", "broadcom:rabbitmq_server"},
	Speaks: []string{"amqp"},
	Family: "Misc.",
	What:   "message broker",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://github.com/rabbitmq/rabbitmq-server/security/advisories",
	Base:   919_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2021-22116", Published: "2021-06-08", CWE: 835,
			Title:    "endless loop in AMQP 1.0",
			Effect:   "A malformed AMQP 1.0 message sends the broker into an endless loop, where that plugin is on.",
			Affected: []span{{Fixed: "3.8.16"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 2, CVE: "CVE-2021-32718", Published: "2021-06-28", CWE: 79,
			Title:    "script injection by user names",
			Effect:   "A user name with markup runs scripts in the management pages.",
			Affected: []span{{Fixed: "3.8.17"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N", Score: 5.4,
		},
		{
			N: 3, CVE: "CVE-2021-32719", Published: "2021-06-28", CWE: 79,
			Title:    "script injection by federation links",
			Effect:   "A federation link with markup runs scripts in the management pages.",
			Affected: []span{{Fixed: "3.8.18"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:H/UI:R/S:C/C:L/I:L/A:N", Score: 4.8,
		},
		{
			N: 4, CVE: "CVE-2022-31008", Published: "2022-10-06", CWE: 330,
			Title:    "predictable obfuscation of credentials",
			Effect:   "Credentials in shovel and federation addresses are hidden with a key that can be guessed.",
			Affected: []span{{Fixed: "3.8.32"}, {From: "3.9.0", Fixed: "3.9.18"}, {From: "3.10.0", Fixed: "3.10.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Score: 7.5,
		},
		{
			N: 5, CVE: "CVE-2023-46118", Published: "2023-10-25", CWE: 400,
			Title:    "memory exhaustion by large HTTP bodies",
			Effect:   "A publisher sends bodies to the HTTP API that use up the memory.",
			Affected: []span{{Fixed: "3.11.24"}, {From: "3.12.0", Fixed: "3.12.7"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:N/I:N/A:H", Score: 4.9,
		},
		{
			N: 6, CVE: "CVE-2024-51988", Published: "2024-11-06", CWE: 284,
			Title:    "queues deleted without permission",
			Effect:   "The HTTP API deletes queues without checking the right to configure them.",
			Affected: []span{{From: "3.12.7", Fixed: "3.12.11"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N", Score: 6.5,
		},
	},
}
