package probe

// sshRules tell products by the software part of the identification line.
var sshRules = []rule{
	{
		kind: "ssh", literal: "OpenSSH_for_Windows", pattern: `^OpenSSH_for_Windows_(?P<v>\d+\.\d+)(?P<u>p\d+)?`, product: "OpenSSH for Windows", cpe: "openbsd:openssh", os: "Windows",
		samples: []sample{{"OpenSSH_for_Windows_8.1", "8.1"}},
	},
	{
		kind: "ssh", literal: "OpenSSH_", pattern: `^OpenSSH_(?P<v>\d+\.\d+(?:\.\d+)?)(?P<u>p\d+)?(?: (?P<os>Debian|Ubuntu|Raspbian|FreeBSD|NetBSD)[-_ ]?.*)?`, product: "OpenSSH", cpe: "openbsd:openssh",
		samples: []sample{{"OpenSSH_9.2p1 Debian-2+deb12u10", "9.2p1"}, {"OpenSSH_8.2p1 Ubuntu-4ubuntu0.5", "8.2p1"}, {"OpenSSH_7.4", "7.4"}, {"OpenSSH_9.6 FreeBSD-20240701", "9.6"}},
	},
	{
		kind: "ssh", literal: "dropbear", pattern: `^dropbear(?:_(?P<v>\d+(?:\.\d+)+))?`, product: "Dropbear sshd", cpe: "dropbear_ssh_project:dropbear_ssh",
		samples: []sample{{"dropbear_2022.83", "2022.83"}, {"dropbear", ""}},
	},
	{
		kind: "ssh", literal: "libssh", pattern: `^libssh[_-](?P<v>\d+\.\d+(?:\.\d+)?)`, product: "libssh", cpe: "libssh:libssh",
		samples: []sample{{"libssh_0.9.6", "0.9.6"}, {"libssh-0.8.1", "0.8.1"}},
	},
	{
		kind: "ssh", literal: "mod_sftp", pattern: `^mod_sftp(?:/(?P<v>\d+(?:\.\d+)+))?`, product: "ProFTPD mod_sftp", cpe: "proftpd:mod_sftp",
		samples: []sample{{"mod_sftp/0.9.9", "0.9.9"}, {"mod_sftp", ""}},
	},
	{
		kind: "ssh", literal: "paramiko", pattern: `^paramiko_(?P<v>\d+(?:\.\d+)+)`, product: "Paramiko", cpe: "paramiko:paramiko",
		samples: []sample{{"paramiko_2.12.0", "2.12.0"}},
	},
	{
		kind: "ssh", literal: "AsyncSSH", pattern: `^AsyncSSH_(?P<v>\d+(?:\.\d+)+)`, product: "AsyncSSH", cpe: "asyncssh_project:asyncssh",
		samples: []sample{{"AsyncSSH_2.10.1", "2.10.1"}},
	},
	{
		kind: "ssh", literal: "SSHD", pattern: `^(?:APACHE-SSHD|SSHD-CORE)-(?P<v>\d+(?:\.\d+)+)`, product: "Apache MINA SSHD", cpe: "apache:sshd",
		samples: []sample{{"APACHE-SSHD-2.9.2", "2.9.2"}, {"SSHD-CORE-0.14.0", "0.14.0"}},
	},
	{
		kind: "ssh", literal: "Erlang", pattern: `^Erlang/(?P<v>\d+(?:\.\d+)+)`, product: "Erlang SSH",
		samples: []sample{{"Erlang/4.15.2", "4.15.2"}},
	},
	{
		kind: "ssh", literal: "Cisco", pattern: `^Cisco-(?P<v>\d+\.\d+)`, product: "Cisco SSH", os: "Cisco IOS",
		samples: []sample{{"Cisco-1.25", "1.25"}},
	},
	{
		kind: "ssh", literal: "ROSSSH", pattern: `^ROSSSH`, product: "MikroTik RouterOS sshd", os: "MikroTik RouterOS",
		samples: []sample{{"ROSSSH", ""}},
	},
	{
		kind: "ssh", literal: "HUAWEI", pattern: `^HUAWEI-(?P<v>\d+\.\d+)`, product: "Huawei SSH", os: "Huawei VRP",
		samples: []sample{{"HUAWEI-1.5", "1.5"}},
	},
	{
		kind: "ssh", literal: "Comware", pattern: `^Comware-(?P<v>\d+(?:\.\d+)+)`, product: "HPE Comware SSH", os: "HPE Comware",
		samples: []sample{{"Comware-7.1.070", "7.1.070"}},
	},
	{
		kind: "ssh", literal: "RomSShell", pattern: `^RomSShell_(?P<v>\d+\.\d+)`, product: "RomSShell",
		samples: []sample{{"RomSShell_5.40", "5.40"}},
	},
	{
		kind: "ssh", literal: "FlowSsh", pattern: `FlowSsh: Bitvise SSH Server \(WinSSHD\) (?P<v>\d+\.\d+)`, product: "Bitvise SSH Server", cpe: "bitvise:winsshd", os: "Windows",
		samples: []sample{{"9.99 FlowSsh: Bitvise SSH Server (WinSSHD) 9.99: free only for personal non-commercial use", "9.99"}},
	},
	{
		kind: "ssh", literal: "Go", pattern: `^Go$`, product: "Go x/crypto/ssh",
		samples: []sample{{"Go", ""}},
	},
	{
		kind: "ssh", literal: "Twisted", pattern: `^Twisted`, product: "Twisted Conch", cpe: "twistedmatrix:twisted",
		samples: []sample{{"Twisted", ""}},
	},
}
