package match

import (
	"strings"
	"testing"
)

func TestReadVersion(t *testing.T) {
	for _, c := range []struct {
		version, text          string // what the service has as its version, and its banner
		upstream, pack, origin string
		flags                  string // "own", "backport", "foreign"
	}{
		// OpenSSH names the revision of Debian and Ubuntu.
		{"9.2p1", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", "9.2p1", "9.2p1-2+deb12u7", "Debian 12", "own"},
		{"9.2p1 Debian-2+deb12u7", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", "9.2p1", "9.2p1-2+deb12u7", "Debian 12", "own"},
		{"8.4p1", "SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3", "8.4p1", "8.4p1-5+deb11u3", "Debian 11", "own"},
		{"8.4p1", "SSH-2.0-OpenSSH_8.4p1 Debian-5", "8.4p1", "8.4p1-5", "Debian", "own"},
		{"6.0p1", "SSH-2.0-OpenSSH_6.0p1 Debian-4+deb7u2", "6.0p1", "6.0p1-4+deb7u2", "Debian 7", "own"},
		{"7.9p1", "SSH-2.0-OpenSSH_7.9p1 Raspbian-10+deb10u2", "7.9p1", "7.9p1-10+deb10u2", "Raspbian 10", "own"},
		{"8.9p1", "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", "8.9p1", "8.9p1-3ubuntu0.10", "Ubuntu", "own"},
		{"8.2p1", "SSH-2.0-OpenSSH_8.2p1 Ubuntu-4ubuntu0.11", "8.2p1", "8.2p1-4ubuntu0.11", "Ubuntu", "own"},
		{"7.6p1", "SSH-2.0-OpenSSH_7.6p1 Ubuntu-4ubuntu0.7", "7.6p1", "7.6p1-4ubuntu0.7", "Ubuntu", "own"},
		{"6.6.1p1", "SSH-2.0-OpenSSH_6.6.1p1 Ubuntu-2ubuntu2.13", "6.6.1p1", "6.6p1-2ubuntu2.13", "Ubuntu", "own"},
		{"9.7p1", "SSH-2.0-OpenSSH_9.7p1 Debian-7~bpo12+1", "9.7p1", "9.7p1-7~bpo12+1", "Debian 12 backports", "own backport"},
		{"9.2p1", "SSH-2.0-OpenSSH_9.2p1 Debian-2~bpo11+1", "9.2p1", "9.2p1-2~bpo11+1", "Debian 11 backports", "own backport"},
		{"9.6", "SSH-2.0-OpenSSH_9.6 FreeBSD-20240701", "9.6", "", "", ""},
		{"9.8p1", "SSH-2.0-OpenSSH_9.8p1", "9.8p1", "", "", ""},
		{"8.7", "SSH-2.0-OpenSSH_8.7", "8.7", "", "", ""},
		{"for_Windows_9.5", "SSH-2.0-OpenSSH_for_Windows_9.5", "for_Windows_9.5", "", "", ""},
		{"8.0", "SSH-2.0-OpenSSH_8.0", "8.0", "", "", ""},

		// Databases.
		{"5.5.5-10.11.6-MariaDB-0+deb12u1", "", "10.11.6", "10.11.6-0+deb12u1", "Debian 12", "own"},
		{"10.5.23-MariaDB-0+deb11u1", "10.5.23-MariaDB-0+deb11u1", "10.5.23", "10.5.23-0+deb11u1", "Debian 11", "own"},
		{"10.6.18-MariaDB-0ubuntu0.22.04.1", "", "10.6.18", "10.6.18-0ubuntu0.22.04.1", "Ubuntu 22.04", "own"},
		{"10.11.6-MariaDB-0+deb12u1-log", "", "10.11.6", "10.11.6-0+deb12u1", "Debian 12", "own"},
		{"11.2.2-MariaDB-1:11.2.2+maria~deb12", "", "11.2.2", "11.2.2-11.2.2+maria~deb12", "a packager for Debian 12", "own foreign"},
		{"10.6.16-MariaDB-1:10.6.16+maria~ubu2204", "", "10.6.16", "10.6.16-10.6.16+maria~ubu2204", "a packager for Ubuntu 22.04", "own foreign"},
		{"10.5.8-MariaDB-1:10.5.8+maria~focal", "", "10.5.8", "10.5.8-10.5.8+maria~focal", "a packager for Ubuntu 20.04", "own foreign"},
		{"10.3.39-MariaDB", "", "10.3.39", "", "", ""},
		{"10.4.17-MariaDB-log", "", "10.4.17", "", "", ""},
		{"8.0.36-0ubuntu0.22.04.1", "", "8.0.36", "8.0.36-0ubuntu0.22.04.1", "Ubuntu 22.04", "own"},
		{"5.7.42-0ubuntu0.18.04.1", "", "5.7.42", "5.7.42-0ubuntu0.18.04.1", "Ubuntu 18.04", "own"},
		{"8.0.41-0ubuntu0.24.04.1", "", "8.0.41", "8.0.41-0ubuntu0.24.04.1", "Ubuntu 24.04", "own"},
		{"8.0.36", "", "8.0.36", "", "", ""},
		{"15.6", "PostgreSQL 15.6 (Debian 15.6-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0", "15.6", "15.6-0+deb12u1", "Debian 12", "own"},
		{"14.11", "PostgreSQL 14.11 (Ubuntu 14.11-0ubuntu0.22.04.1) on x86_64", "14.11", "14.11-0ubuntu0.22.04.1", "Ubuntu 22.04", "own"},
		{"16.2", "PostgreSQL 16.2 (Ubuntu 16.2-1.pgdg22.04+1) on x86_64", "16.2", "16.2-1.pgdg22.04+1", "", "own foreign"},
		{"13.14", "PostgreSQL 13.14 on x86_64-redhat-linux-gnu, compiled by gcc (GCC) 8.5.0", "13.14", "", "", ""},

		// Name servers.
		{"9.18.24-1-Debian", "", "9.18.24", "9.18.24-1", "Debian", "own"},
		{"9.18.49-1~deb12u3-Debian", "", "9.18.49", "9.18.49-1~deb12u3", "Debian 12", "own"},
		{"9.16.50-1~deb11u1-Debian", "9.16.50-1~deb11u1-Debian", "9.16.50", "9.16.50-1~deb11u1", "Debian 11", "own"},
		{"9.18.18-0ubuntu0.22.04.2-Ubuntu", "", "9.18.18", "9.18.18-0ubuntu0.22.04.2", "Ubuntu 22.04", "own"},
		{"9.16.1-Ubuntu", "", "9.16.1", "", "Ubuntu", "own"},
		{"9.11.36-RedHat-9.11.36-14.el8_10", "", "9.11.36", "9.11.36-14.el8_10", "Enterprise Linux 8", "own"},
		{"9.11.4-P2-RedHat-9.11.4-26.P2.el7_9.15", "", "9.11.4-P2", "9.11.4-26.P2.el7_9.15", "Enterprise Linux 7", "own"},
		{"9.16.23-RH", "", "9.16.23", "", "", ""},
		{"9.11.4-P2", "", "9.11.4-P2", "", "", ""},

		// Web servers name the distribution alone.
		{"1.18.0", "nginx/1.18.0 (Ubuntu)", "1.18.0", "", "Ubuntu", "own"},
		{"1.22.1", "nginx/1.22.1", "1.22.1", "", "", ""},
		{"2.4.57", "Apache/2.4.57 (Debian)", "2.4.57", "", "Debian", "own"},
		{"2.4.41", "Apache/2.4.41 (Ubuntu)", "2.4.41", "", "Ubuntu", "own"},
		{"2.4.6", "Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips PHP/5.4.16", "2.4.6", "", "CentOS", "own"},
		{"2.4.57", "Apache/2.4.57 (Red Hat Enterprise Linux) OpenSSL/3.0.7", "2.4.57", "", "Red Hat Enterprise Linux", "own"},
		{"2.4.57", "Apache/2.4.57 (Rocky Linux)", "2.4.57", "", "Rocky Linux", "own"},
		{"2.4.57", "Apache/2.4.57 (AlmaLinux)", "2.4.57", "", "AlmaLinux", "own"},
		{"2.4.58", "Apache/2.4.58 (Fedora Linux)", "2.4.58", "", "Fedora", "own"},
		{"2.4.58", "Apache/2.4.58 (Unix)", "2.4.58", "", "", ""},
		{"2.4.58", "Apache/2.4.58 (Win64) PHP/8.2.12", "2.4.58", "", "", ""},
		{"9.0.31", "Apache Tomcat/9.0.31 (Debian)", "9.0.31", "", "Debian", "own"},
		{"2.4.38", "Apache/2.4.38 (Debian) PHP/7.3.31-1~deb10u5", "2.4.38", "", "Debian", "own"},

		// PHP: what is beside it in the text is not its own.
		{"7.3.31", "Apache/2.4.38 (Debian) PHP/7.3.31-1~deb10u5", "7.3.31", "7.3.31-1~deb10u5", "Debian 10", "own"},
		{"7.4.33", "PHP/7.4.33-1+deb11u5", "7.4.33", "7.4.33-1+deb11u5", "Debian 11", "own"},
		{"7.2.24", "PHP/7.2.24-0ubuntu0.18.04.17", "7.2.24", "7.2.24-0ubuntu0.18.04.17", "Ubuntu 18.04", "own"},
		{"5.6.40", "PHP/5.6.40-57+ubuntu20.04.1+deb.sury.org+1", "5.6.40", "5.6.40-57+ubuntu20.04.1+deb.sury.org+1", "a packager for Ubuntu 20.04", "own foreign"},
		{"8.2.15", "PHP/8.2.15-1+0~20240118.46+debian12~1.gbp5a9e9d", "8.2.15", "8.2.15-1+0~20240118.46+debian12~1.gbp5a9e9d", "a packager for Debian 12", "own foreign"},

		// Others.
		{"4.17.12-Debian", "Samba 4.17.12-Debian", "4.17.12", "", "Debian", "own"},
		{"4.15.13-Ubuntu", "Samba 4.15.13-Ubuntu", "4.15.13", "", "Ubuntu", "own"},
		{"1.3.5e", "220 ProFTPD 1.3.5e Server (Debian) [::ffff:192.0.2.1]", "1.3.5e", "", "", ""},
		{"4.96", "220 mail.example.com ESMTP Exim 4.96 Ubuntu Tue, 02 Jan 2024", "4.96", "", "", ""},
		{"2020.81", "SSH-2.0-dropbear_2020.81", "2020.81", "", "", ""},
		{"15.2(7)E3", "Cisco IOS Software, Version 15.2(7)E3", "15.2(7)E3", "", "", ""},
		{"v1.2.3", "", "v1.2.3", "", "", ""},
		{"", "SSH-2.0-x Debian-2+deb12u7", "", "", "", ""},
	} {
		texts := []string{c.version}
		if c.text != "" {
			texts = append(texts, c.text)
		}
		got := readVersion(c.version, texts)
		var flags []string
		for _, f := range []struct {
			on   bool
			name string
		}{{got.Origin.Own, "own"}, {got.Origin.Backport, "backport"}, {got.Origin.Foreign, "foreign"}} {
			if f.on {
				flags = append(flags, f.name)
			}
		}
		if got.Upstream != c.upstream || got.Package != c.pack || got.Origin.String() != c.origin || strings.Join(flags, " ") != c.flags {
			t.Errorf("readVersion(%q, %q) = %q, %q, %q %v; want %q, %q, %q %s",
				c.version, c.text, got.Upstream, got.Package, got.Origin, flags, c.upstream, c.pack, c.origin, c.flags)
		}
	}
}

func TestReadOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"Linux web1 5.10.0-28-amd64 #1 SMP Debian 5.10.209-2 (2024-01-31) x86_64": "Debian",
		"Linux 5.14.0-362.8.1.el9_3.x86_64":                                       "Enterprise Linux 9",
		"5.14.21-150500.55.44-default SUSE Linux Enterprise Server 15 SP5":        "SUSE Linux Enterprise 15.5",
		"6.1.61-85.141.amzn2023.x86_64":                                           "Amazon Linux 2023",
		"4.14.326-245.539.amzn2.x86_64":                                           "Amazon Linux 2",
		"6.6.8-200.fc39.x86_64":                                                   "Fedora 39",
		"220 mail ESMTP Postfix (Debian/GNU)":                                     "Debian",
		"220 mail ESMTP Postfix (Ubuntu)":                                         "Ubuntu",
		"* OK Dovecot (Ubuntu) ready.":                                            "Ubuntu",
		"1:2.4.6-7ubuntu1~20.04.3":                                                "Ubuntu 20.04",
		"2.4-3~bpo10+1":                                                           "Debian 10 backports",
		"1.0-1~bpo60+1":                                                           "Debian 6 backports",
		"3.0-2ubuntu1.4~16.04.1~esm2":                                             "Ubuntu 16.04",
		"4.18.6-3.el8.alma.1":                                                     "AlmaLinux 8",
		"2.4.6-99.el7.centos.1":                                                   "CentOS 7",
		"Microsoft-IIS/10.0":                                                      "",
		"":                                                                        "",
		"nginx":                                                                   "",
	} {
		if got := readOrigin(text).String(); got != want {
			t.Errorf("readOrigin(%q) = %q; want %q", text, got, want)
		}
	}
}

func FuzzReadVersion(f *testing.F) {
	f.Add("9.2p1 Debian-2+deb12u7", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7")
	f.Add("5.5.5-10.5.8-MariaDB-1:10.5.8+maria~focal", "")
	f.Add("9.11.4-P2-RedHat-9.11.4-26.P2.el7_9.15", "x9.11.4-P2-RedHat-")
	f.Add("1.0-1~bpo60+1", "1.0-")
	f.Fuzz(func(t *testing.T, version, text string) {
		v := readVersion(version, []string{version, text})
		if v.Package != "" && v.Origin.Distribution == "" && !v.Origin.Foreign {
			t.Errorf("readVersion(%q, %q) has package %q of nobody", version, text, v.Package)
		}
		if readOrigin(text).String() == "" && len(readOrigin(text).Releases) > 0 {
			t.Errorf("readOrigin(%q) = %+v", text, readOrigin(text))
		}
	})
}
