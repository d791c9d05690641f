package probe

// mailRules tell mail servers by their greetings.
var mailRules = []rule{
	{
		kind: "smtp", literal: "Exim", pattern: `ESMTP Exim (?P<v>\d+(?:\.\d+)+(?:_RC\d+)?)`, product: "Exim smtpd", cpe: "exim:exim",
		samples: []sample{{"220 target.test ESMTP Exim 4.96 Sun, 22 Nov 2026 01:00:00 +0000", "4.96"}},
	},
	{
		kind: "smtp", literal: "Postfix", pattern: `ESMTP Postfix(?: \((?P<os>Debian|Ubuntu)(?:/GNU)?\))?`, product: "Postfix smtpd", cpe: "postfix:postfix",
		samples: []sample{{"220 target.test ESMTP Postfix (Debian/GNU)", ""}, {"220 a ESMTP Postfix", ""}},
	},
	{
		kind: "smtp", literal: "Sendmail", pattern: `Sendmail (?P<v>8\.\d+\.\d+(?:\.\d+)?)(?:/8[0-9.]+)?(?:/(?P<os>Debian))?`, product: "Sendmail", cpe: "sendmail:sendmail",
		samples: []sample{{"220 a.test ESMTP Sendmail 8.17.1.9/8.17.1.9/Debian-2; Sun", "8.17.1.9"}, {"220 a ESMTP Sendmail 8.14.7/8.14.7; Tue", "8.14.7"}},
	},
	{
		kind: "smtp", literal: "Microsoft ESMTP", pattern: `Microsoft ESMTP MAIL Service(?:, Version: (?P<v>\d+(?:\.\d+)+))?`, product: "Microsoft SMTP service", os: "Windows",
		samples: []sample{{"220 a Microsoft ESMTP MAIL Service, Version: 10.0.17763.1697 ready at", "10.0.17763.1697"}, {"220 a Microsoft ESMTP MAIL Service ready at Mon", ""}},
	},
	{
		kind: "smtp", literal: "OpenSMTPD", pattern: `ESMTP OpenSMTPD`, product: "OpenSMTPD", cpe: "opensmtpd:opensmtpd",
		samples: []sample{{"220 a.test ESMTP OpenSMTPD", ""}},
	},
	{
		kind: "smtp", literal: "MailEnable", pattern: `ESMTP MailEnable Service, Version: (?P<v>\d+(?:\.\d+)*)`, product: "MailEnable", cpe: "mailenable:mailenable", os: "Windows",
		samples: []sample{{"220 a ESMTP MailEnable Service, Version: 10.30-- ready", "10.30"}},
	},
	{
		kind: "smtp", literal: "MDaemon", pattern: `ESMTP MDaemon (?P<v>\d+(?:\.\d+)+)`, product: "MDaemon", cpe: "altn:mdaemon", os: "Windows",
		samples: []sample{{"220 a ESMTP MDaemon 21.0.1; Mon", "21.0.1"}},
	},
	{
		kind: "smtp", literal: "Kerio", pattern: `Kerio Connect (?P<v>\d+(?:\.\d+)+)`, product: "Kerio Connect", cpe: "kerio:connect",
		samples: []sample{{"220 a Kerio Connect 9.3.1 ESMTP ready", "9.3.1"}},
	},
	{
		kind: "smtp", literal: "Haraka", pattern: `Haraka(?:/| )(?P<v>\d+(?:\.\d+)+)`, product: "Haraka", cpe: "haraka_project:haraka",
		samples: []sample{{"220 a ESMTP Haraka/2.8.28 ready", "2.8.28"}},
	},
	{
		kind: "smtp", literal: "Python SMTP", pattern: `Python SMTP (?P<v>\d+(?:\.\d+)+[0-9a-z.]*)`, product: "aiosmtpd", cpe: "aiosmtpd_project:aiosmtpd",
		samples: []sample{{"220 a Python SMTP 1.4.3", "1.4.3"}},
	},
	{
		kind: "smtp", literal: "Domino", pattern: `Lotus Domino Release (?P<v>\d+(?:\.\d+)+(?:FP\d+)?)`, product: "Lotus Domino smtpd", cpe: "ibm:lotus_domino",
		samples: []sample{{"220 a ESMTP Service (Lotus Domino Release 9.0.1FP10) ready", "9.0.1FP10"}},
	},
	{
		kind: "imap", literal: "Dovecot", pattern: `Dovecot(?: \((?P<os>Debian|Ubuntu)\))? ready`, product: "Dovecot imapd", cpe: "dovecot:dovecot",
		samples: []sample{{"* OK [CAPABILITY IMAP4rev1 ID] Dovecot (Debian) ready.", ""}, {"* OK Dovecot ready.", ""}},
	},
	{
		kind: "imap", literal: "Cyrus IMAP", pattern: `Cyrus IMAP v?(?P<v>\d+(?:\.\d+)+)(?:-(?P<os>Debian))?`, product: "Cyrus imapd", cpe: "cmu:cyrus_imap_server",
		samples: []sample{{"* OK [CAPABILITY IMAP4rev1] mail Cyrus IMAP 3.6.1-Debian-3.6.1-4+deb12u3 server ready", "3.6.1"}},
	},
	{
		kind: "imap", literal: "Courier-IMAP", pattern: `Courier-IMAP ready`, product: "Courier imapd", cpe: "double_precision_incorporated:courier-imap",
		samples: []sample{{"* OK [CAPABILITY IMAP4rev1] Courier-IMAP ready. Copyright", ""}},
	},
	{
		kind: "imap", literal: "Microsoft Exchange", pattern: `Microsoft Exchange IMAP4 service`, product: "Microsoft Exchange imapd", cpe: "microsoft:exchange_server", os: "Windows",
		samples: []sample{{"* OK The Microsoft Exchange IMAP4 service is ready.", ""}},
	},
	{
		kind: "imap.id", literal: "Dovecot", pattern: `^Dovecot`, product: "Dovecot imapd", cpe: "dovecot:dovecot",
		samples: []sample{{"Dovecot", ""}},
	},
	{
		kind: "imap.id", literal: "Cyrus", pattern: `^Cyrus IMAPD? v?(?P<v>\d+(?:\.\d+)+)`, product: "Cyrus imapd", cpe: "cmu:cyrus_imap_server",
		samples: []sample{{"Cyrus IMAP 3.6.1", "3.6.1"}},
	},
	{
		kind: "pop3", literal: "Dovecot", pattern: `Dovecot(?: \((?P<os>Debian|Ubuntu)\))? ready`, product: "Dovecot pop3d", cpe: "dovecot:dovecot",
		samples: []sample{{"+OK Dovecot (Debian) ready.", ""}},
	},
	{
		kind: "pop3", literal: "Dovecot", pattern: `^Dovecot`, product: "Dovecot pop3d", cpe: "dovecot:dovecot",
		samples: []sample{{"Dovecot", ""}},
	},
	{
		kind: "pop3", literal: "Cyrus POP3", pattern: `Cyrus POP3 v?(?P<v>\d+(?:\.\d+)+)(?:-(?P<os>Debian))?`, product: "Cyrus pop3d", cpe: "cmu:cyrus_imap_server",
		samples: []sample{{"+OK <1@a> mail Cyrus POP3 3.6.1-Debian-3.6.1-4 server ready", "3.6.1"}},
	},
	{
		kind: "pop3", literal: "Qpopper", pattern: `Qpopper \(version (?P<v>\d+(?:\.\d+)+)\)`, product: "Qpopper", cpe: "qualcomm:qpopper",
		samples: []sample{{"+OK Qpopper (version 4.1.0) at a starting.", "4.1.0"}},
	},
	{
		kind: "pop3", literal: "Microsoft Exchange", pattern: `Microsoft Exchange POP3 service`, product: "Microsoft Exchange pop3d", cpe: "microsoft:exchange_server", os: "Windows",
		samples: []sample{{"+OK The Microsoft Exchange POP3 service is ready.", ""}},
	},
}
