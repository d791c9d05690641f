package match

// vsftpd is what is known of vsftpd.
//
// Source: ids, ranges, vectors and weaknesses from the advisories of its maker
// and the CVE list; the words are our own.
var vsftpd = tableProduct{
	Name:   "vsftpd",
	CPEs:   []string{"vsftpd_project:vsftpd", "beasts:vsftpd"},
	Speaks: []string{"ftp"},
	Family: "FTP",
	What:   "FTP server",
	Scheme: Dotted,
	Parts:  3,
	Home:   "https://security.appspot.com/vsftpd.html",
	Base:   912_500,
	CVEs: []cve{
		{
			N: 1, CVE: "CVE-2011-2523", Published: "2019-11-27", CWE: 78,
			Title:    "backdoor in the 2.3.4 archive",
			Effect:   "For a few days in 2011 the archive of this version held a backdoor: a user name that ends in a smile opens a root shell on port 6200.",
			Affected: []span{{From: "2.3.4", Last: "2.3.4"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8,
		},
		{
			N: 2, CVE: "CVE-2021-30047", Published: "2023-08-22", CWE: 400,
			Title:    "connections used up",
			Effect:   "A client that opens connections up to the limit keeps others out.",
			Affected: []span{{From: "3.0.3", Last: "3.0.3"}},
			Vector:   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5,
		},
	},
}
