package probe

// ftpRules tell FTP servers by their greetings.
var ftpRules = []rule{
	{
		kind: "ftp", literal: "vsFTPd", pattern: `\(vsFTPd (?P<v>\d+(?:\.\d+)+)\)`, product: "vsftpd", cpe: "vsftpd_project:vsftpd",
		samples: []sample{{"220 (vsFTPd 3.0.3)", "3.0.3"}},
	},
	{
		kind: "ftp", literal: "ProFTPD", pattern: `ProFTPD (?P<v>1\.\d+\.\d+)(?P<u>rc\d+|[a-z])? Server`, product: "ProFTPD", cpe: "proftpd:proftpd",
		samples: []sample{{"220 ProFTPD 1.3.5e Server (Debian) [::ffff:127.0.0.1]", "1.3.5e"}, {"220 ProFTPD 1.3.8 Server (x) [10.0.0.1]", "1.3.8"}},
	},
	{
		kind: "ftp", literal: "ProFTPD", pattern: `ProFTPD Server(?: \((?P<os>Debian|Ubuntu)\))?`, product: "ProFTPD", cpe: "proftpd:proftpd",
		samples: []sample{{"220 ProFTPD Server (bench) [10.77.1.1]", ""}, {"220 ProFTPD Server (Debian) [::1]", ""}},
	},
	{
		kind: "ftp", literal: "Pure-FTPd", pattern: `Pure-FTPd`, product: "Pure-FTPd", cpe: "pureftpd:pure-ftpd",
		samples: []sample{{"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------", ""}},
	},
	{
		kind: "ftp", literal: "FileZilla Server", pattern: `FileZilla Server (?:version )?(?P<v>\d+(?:\.\d+)+)`, product: "FileZilla Server", cpe: "filezilla-project:filezilla_server",
		samples: []sample{{"220-FileZilla Server 1.5.1", "1.5.1"}, {"220-FileZilla Server version 0.9.60 beta", "0.9.60"}},
	},
	{
		kind: "ftp", literal: "Microsoft FTP", pattern: `Microsoft FTP Service`, product: "Microsoft ftpd", cpe: "microsoft:internet_information_services", os: "Windows",
		samples: []sample{{"220 Microsoft FTP Service", ""}},
	},
	{
		kind: "ftp", literal: "Serv-U", pattern: `Serv-U FTP Server v(?P<v>\d+(?:\.\d+)+)`, product: "Serv-U", cpe: "solarwinds:serv-u",
		samples: []sample{{"220 Serv-U FTP Server v15.1 ready...", "15.1"}},
	},
	{
		kind: "ftp", literal: "pyftpdlib", pattern: `pyftpdlib (?P<v>\d+(?:\.\d+)+) ready`, product: "pyftpdlib", cpe: "pyftpdlib_project:pyftpdlib",
		samples: []sample{{"220 pyftpdlib 1.5.7 ready.", "1.5.7"}},
	},
	{
		kind: "ftp", literal: "GNU inetutils", pattern: `FTP server \(GNU inetutils (?P<v>\d+(?:\.\d+)+)\)`, product: "GNU inetutils ftpd", cpe: "gnu:inetutils",
		samples: []sample{{"220 host FTP server (GNU inetutils 2.4) ready.", "2.4"}},
	},
	{
		kind: "ftp", literal: "bftpd", pattern: `bftpd (?P<v>\d+(?:\.\d+)+)`, product: "Bftpd", cpe: "bftpd_project:bftpd",
		samples: []sample{{"220 bftpd 6.1 at 10.0.0.1 ready.", "6.1"}},
	},
	{
		kind: "ftp", literal: "wu-", pattern: `\(Version wu-(?P<v>\d+(?:\.\d+)+)`, product: "WU-FTPD", cpe: "washington_university:wu-ftpd",
		samples: []sample{{"220 a FTP server (Version wu-2.6.2(1) Mon) ready.", "2.6.2"}},
	},
	{
		kind: "ftp", literal: "Titan FTP", pattern: `Titan FTP Server (?P<v>\d+(?:\.\d+)+)`, product: "Titan FTP Server", cpe: "southrivertech:titan_ftp_server",
		samples: []sample{{"220 Titan FTP Server 19.00.3505 Ready.", "19.00.3505"}},
	},
	{
		kind: "ftp", literal: "CrushFTP", pattern: `CrushFTP Server`, product: "CrushFTP", cpe: "crushftp:crushftp",
		samples: []sample{{"220 Welcome to CrushFTP Server!", ""}},
	},
}
