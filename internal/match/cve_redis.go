package match

// redis is what is known of Redis.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var redis = tableProduct{
	Name:   "Redis",
	Names:  []string{"redis key-value store"},
	CPEs:   []string{"redis:redis", "redislabs:redis"},
	Speaks: []string{"redis"},
	Family: "Databases",
	What:   "database server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://github.com/redis/redis/security/advisories",
	Base:   913_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2025-49844", Published: "2025-10-03", CWE: 416,
			Title:    "use after free in Lua scripts (RediShell)",
			Effect:   "A user who may run scripts breaks out of the Lua sandbox and runs code in the server.",
			Affected: []span{{Fixed: "6.2.20"}, {From: "7.0.0", Fixed: "7.2.11"}, {From: "7.3.0", Fixed: "7.4.6"}, {From: "8.0.0", Fixed: "8.0.4"}, {From: "8.1.0", Fixed: "8.2.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", Score: 9.9,
		},
		{
			N: 2, CVE: "CVE-2025-46817", Published: "2025-10-03", CWE: 190,
			Title:    "integer overflow in Lua scripts",
			Effect:   "A user who may run scripts overflows an integer in the interpreter and may run code.",
			Affected: []span{{Fixed: "6.2.20"}, {From: "7.0.0", Fixed: "7.2.11"}, {From: "7.3.0", Fixed: "7.4.6"}, {From: "8.0.0", Fixed: "8.0.4"}, {From: "8.1.0", Fixed: "8.2.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 3, CVE: "CVE-2025-32023", Published: "2025-07-07", CWE: 680,
			Title:    "overflow in HyperLogLog commands",
			Effect:   "A user overflows buffers with a crafted HyperLogLog value and may run code.",
			Affected: []span{{From: "2.8.0", Fixed: "6.2.19"}, {From: "7.0.0", Fixed: "7.2.10"}, {From: "7.4.0", Fixed: "7.4.5"}, {From: "8.0.0", Fixed: "8.0.3"}},
			Vector:   "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 7.8,
		},
		{
			N: 4, CVE: "CVE-2025-21605", Published: "2025-04-23", CWE: 770,
			Title:    "memory exhaustion before sign-in",
			Effect:   "A client that has not signed in lets answers pile up until the memory is used up.",
			Affected: []span{{From: "2.6.0", Fixed: "6.2.18"}, {From: "7.0.0", Fixed: "7.2.8"}, {From: "7.4.0", Fixed: "7.4.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 5, CVE: "CVE-2024-46981", Published: "2025-01-06", CWE: 416,
			Title:    "use after free in Lua garbage collection",
			Effect:   "A user who may run scripts misuses the garbage collector of the interpreter and may run code.",
			Affected: []span{{Fixed: "6.2.17"}, {From: "7.2.0", Fixed: "7.2.8"}, {From: "7.4.0", Fixed: "7.4.2"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 6, CVE: "CVE-2024-31449", Published: "2024-10-07", CWE: 20,
			Title:    "stack overflow in the Lua bit library",
			Effect:   "A user who may run scripts overflows a stack buffer and may run code.",
			Affected: []span{{From: "2.6.0", Fixed: "6.2.16"}, {From: "7.0.0", Fixed: "7.2.8"}, {From: "7.3.0", Fixed: "7.4.1"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 7, CVE: "CVE-2023-41056", Published: "2024-01-10", CWE: 762,
			Title:    "integer overflow in buffer resizing",
			Effect:   "Large payloads overflow a buffer size and may run code.",
			Affected: []span{{From: "7.0.9", Fixed: "7.0.15"}, {From: "7.2.0", Fixed: "7.2.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 8.1,
		},
		{
			N: 8, CVE: "CVE-2022-24834", Published: "2023-07-13", CWE: 680,
			Title:    "heap overflow in the Lua json library",
			Effect:   "A user who may run scripts overflows the heap and may run code.",
			Affected: []span{{From: "2.6.0", Fixed: "6.0.20"}, {From: "6.2.0", Fixed: "6.2.13"}, {From: "7.0.0", Fixed: "7.0.12"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 9, CVE: "CVE-2022-35951", Published: "2022-09-23", CWE: 190,
			Title:    "integer overflow in XAUTOCLAIM",
			Effect:   "A crafted count overflows the heap and may run code.",
			Affected: []span{{From: "7.0.0", Fixed: "7.0.5"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 10, CVE: "CVE-2022-31144", Published: "2022-07-19", CWE: 787,
			Title:    "heap overflow in XAUTOCLAIM",
			Effect:   "A crafted command on a stream overflows the heap and may run code.",
			Affected: []span{{From: "7.0.0", Fixed: "7.0.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 11, CVE: "CVE-2021-32675", Published: "2021-10-04", CWE: 770,
			Title:    "memory exhaustion by the request parser",
			Effect:   "Requests that announce huge sizes use up the memory before sign-in.",
			Affected: []span{{From: "5.0.0", Fixed: "5.0.14"}, {From: "6.0.0", Fixed: "6.0.16"}, {From: "6.2.0", Fixed: "6.2.6"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
		{
			N: 12, CVE: "CVE-2021-32626", Published: "2021-10-04", CWE: 122,
			Title:    "heap overflow in Lua scripts",
			Effect:   "A user who may run scripts overflows the heap and may run code.",
			Affected: []span{{From: "2.6.0", Fixed: "5.0.14"}, {From: "6.0.0", Fixed: "6.0.16"}, {From: "6.2.0", Fixed: "6.2.6"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 13, CVE: "CVE-2023-28856", Published: "2023-04-18", CWE: 617,
			Title:    "crash by HINCRBYFLOAT",
			Effect:   "A user creates a hash field that crashes the server when it is read.",
			Affected: []span{{Fixed: "6.0.19"}, {From: "6.2.0", Fixed: "6.2.12"}, {From: "7.0.0", Fixed: "7.0.11"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H", Score: 6.5,
		},
	},
}
