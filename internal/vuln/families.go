package vuln

import "github.com/harrier-scan/harrier"

// families gives each family its number, which never changes. Numbers up to 55
// are public ones; Harrier counts on from 60. A new family goes to the end.
//
// Source: nessus-api.md, section 14.
var families = []harrier.Family{
	{ID: 1, Name: "Web Servers"},
	{ID: 2, Name: "CGI abuses"},
	{ID: 3, Name: "FTP"},
	{ID: 4, Name: "Misc."},
	{ID: 5, Name: "Denial of Service"},
	{ID: 6, Name: "Windows"},
	{ID: 7, Name: "CGI abuses : XSS"},
	{ID: 8, Name: "Firewalls"},
	{ID: 9, Name: "Backdoors"},
	{ID: 10, Name: "CISCO"},
	{ID: 11, Name: "SMTP problems"},
	{ID: 12, Name: "Netware"},
	{ID: 13, Name: "Huawei Local Security Checks"},
	{ID: 14, Name: "Gain a shell remotely"},
	{ID: 15, Name: "Service detection"},
	{ID: 16, Name: "RPC"},
	{ID: 17, Name: "Settings"},
	{ID: 18, Name: "General"},
	{ID: 19, Name: "Default Unix Accounts"},
	{ID: 20, Name: "PhotonOS Local Security Checks"},
	{ID: 21, Name: "Databases"},
	{ID: 22, Name: "Slackware Local Security Checks"},
	{ID: 23, Name: "Virtuozzo Local Security Checks"},
	{ID: 24, Name: "Mobile Devices"},
	{ID: 25, Name: "MacOS X Local Security Checks"},
	{ID: 26, Name: "Policy Compliance"},
	{ID: 27, Name: "AIX Local Security Checks"},
	{ID: 28, Name: "Amazon Linux Local Security Checks"},
	{ID: 29, Name: "Peer-To-Peer File Sharing"},
	{ID: 30, Name: "SNMP"},
	{ID: 31, Name: "DNS"},
	{ID: 32, Name: "CentOS Local Security Checks"},
	{ID: 33, Name: "SCADA"},
	{ID: 34, Name: "Debian Local Security Checks"},
	{ID: 35, Name: "F5 Networks Local Security Checks"},
	{ID: 36, Name: "Fedora Local Security Checks"},
	{ID: 37, Name: "FreeBSD Local Security Checks"},
	{ID: 38, Name: "Windows : Microsoft Bulletins"},
	{ID: 39, Name: "Gentoo Local Security Checks"},
	{ID: 40, Name: "Red Hat Local Security Checks"},
	{ID: 41, Name: "SuSE Local Security Checks"},
	{ID: 42, Name: "HP-UX Local Security Checks"},
	{ID: 43, Name: "Brute force attacks"},
	{ID: 44, Name: "Junos Local Security Checks"},
	{ID: 45, Name: "Mandriva Local Security Checks"},
	{ID: 47, Name: "NewStart CGSL Local Security Checks"},
	{ID: 48, Name: "Oracle Linux Local Security Checks"},
	{ID: 49, Name: "OracleVM Local Security Checks"},
	{ID: 50, Name: "Palo Alto Local Security Checks"},
	{ID: 51, Name: "Scientific Linux Local Security Checks"},
	{ID: 52, Name: "Windows : User management"},
	{ID: 53, Name: "Solaris Local Security Checks"},
	{ID: 54, Name: "Ubuntu Local Security Checks"},
	{ID: 55, Name: "VMware ESX Local Security Checks"},
	{ID: 60, Name: "Port scanners"},
	{ID: 61, Name: "Alibaba Cloud Linux Local Security Checks"},
	{ID: 62, Name: "Alma Linux Local Security Checks"},
	{ID: 63, Name: "Azure Linux Local Security Checks"},
	{ID: 64, Name: "MarinerOS Local Security Checks"},
	{ID: 65, Name: "Rocky Linux Local Security Checks"},
	{ID: 66, Name: "TencentOS Local Security Checks"},
	{ID: 67, Name: "Unity Linux Local Security Checks"},
	{ID: 68, Name: "Artificial Intelligence"},
	{ID: 69, Name: "Alpine Linux Local Security Checks"},
	{ID: 70, Name: "Arch Linux Local Security Checks"},
}

// familyID returns the number of a family, 0 for a name without one.
func familyID(name string) int {
	for _, f := range families {
		if f.Name == name {
			return f.ID
		}
	}
	return 0
}
