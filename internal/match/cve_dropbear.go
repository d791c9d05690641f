package match

// dropbear is what is known of Dropbear.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var dropbear = tableProduct{
	Name:   "Dropbear",
	Names:  []string{"dropbear sshd", "dropbear ssh"},
	CPEs:   []string{"dropbear_ssh_project:dropbear_ssh", "dropbear_ssh_project:dropbear"},
	Speaks: []string{"ssh"},
	Family: "Misc.",
	What:   "SSH server",
	Scheme: Dotted,
	Parts:  2,
	Home:   "https://matt.ucc.asn.au/dropbear/CHANGES",
	Base:   920_000,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2016-7406", Published: "2017-03-03", CWE: 20,
			Title:    "format strings in user names",
			Effect:   "A user or host name with format directives runs code as root.",
			Affected: []span{{Fixed: "2016.74"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2017-9078", Published: "2017-05-19", CWE: 415,
			Title:    "double free in forwarding",
			Effect:   "A user who has signed in runs code as root through remote forwardings, where the server allows connections to them.",
			Affected: []span{{Fixed: "2017.75"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 8.8,
		},
		{
			N: 3, CVE: "CVE-2018-15599", Published: "2018-08-21", CWE: 200,
			Title:    "user names can be guessed",
			Effect:   "The server answers malformed sign-in requests differently for accounts that exist.",
			Affected: []span{{Fixed: "2019.77"}},
			Vector:   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", Score: 5.3,
		},
		{
			N: 4, CVE: "CVE-2020-36254", Published: "2021-02-25",
			Title:    "files overwritten by a malicious scp server",
			Effect:   "A server sends file names that lead the scp client out of the chosen folder.",
			Affected: []span{{Fixed: "2020.79"}},
			Vector:   "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 8.1,
		},
	},
}
