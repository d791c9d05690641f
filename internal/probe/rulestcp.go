package probe

// serverRules tell servers of smaller protocols by what they call themselves.
var serverRules = []rule{
	{
		kind: "stomp", literal: "ActiveMQ/", pattern: `^ActiveMQ/(?P<v>\d+\.\d+\.\d+)`, product: "Apache ActiveMQ", cpe: "apache:activemq",
		samples: []sample{{"ActiveMQ/5.17.2", "5.17.2"}},
	},
	{
		kind: "stomp", literal: "ActiveMQ-Artemis/", pattern: `^ActiveMQ-Artemis/(?P<v>\d+\.\d+\.\d+)`, product: "Apache ActiveMQ Artemis", cpe: "apache:artemis",
		samples: []sample{{"ActiveMQ-Artemis/2.28.0 ActiveMQ Artemis Messaging Engine", "2.28.0"}},
	},
	{
		kind: "stomp", literal: "RabbitMQ/", pattern: `^RabbitMQ/(?P<v>\d+\.\d+\.\d+)`, product: "RabbitMQ", cpe: "vmware:rabbitmq",
		samples: []sample{{"RabbitMQ/3.10.8", "3.10.8"}},
	},
	{
		kind: "icap", literal: "C-ICAP/", pattern: `^C-ICAP/(?P<v>\d+\.\d+\.\d+)`, product: "c-icap", cpe: "c-icap_project:c-icap",
		samples: []sample{{"C-ICAP/0.5.10", "0.5.10"}},
	},
	{
		kind: "sieve", literal: "timsieved", pattern: `^Cyrus timsieved (?:\(Murder\) )?v?(?P<v>\d+\.\d+\.\d+)`, product: "Cyrus timsieved", cpe: "cyrus:imap",
		samples: []sample{{"Cyrus timsieved v3.6.1-Debian-3.6.1-4+deb12u1", "3.6.1"}, {"Cyrus timsieved (Murder) v2.4.17", "2.4.17"}},
	},
	{
		kind: "sieve", literal: "Dovecot", pattern: `^(?:\([^)]*\) )?Dovecot (?:\([^)]*\) )?Pigeonhole`, product: "Dovecot Pigeonhole", cpe: "dovecot:pigeonhole",
		samples: []sample{{"Dovecot Pigeonhole", ""}, {"Dovecot (Debian) Pigeonhole", ""}},
	},
	{
		kind: "nntp", literal: "INN", pattern: `InterNetNews (?:NNRP )?server INN (?P<v>\d+\.\d+\.\d+)`, product: "InterNetNews", cpe: "isc:inn",
		samples: []sample{{"200 news.target.test InterNetNews NNRP server INN 2.7.1 ready (posting ok)", "2.7.1"}, {"200 news.target.test InterNetNews server INN 2.6.5 ready", "2.6.5"}},
	},
	{
		kind: "nntp", literal: "eafnode", pattern: `[Ll]eafnode NNTP [Dd]aemon, version (?P<v>\d+\.\d+\.\d+)`, product: "Leafnode", cpe: "leafnode:leafnode",
		samples: []sample{{"200 Leafnode NNTP Daemon, version 1.12.0 running at news.target.test", "1.12.0"}},
	},
	{
		kind: "nntp", literal: "Microsoft", pattern: `^200 NNTP Service (?P<v>\d+\.\d+\.\d+\.\d+)`, product: "Microsoft IIS NNTP service", cpe: "microsoft:internet_information_services", os: "Windows",
		samples: []sample{{"200 NNTP Service 6.0.3790.3959 Version: 6.0.3790.3959 Posting Allowed (Microsoft)", "6.0.3790.3959"}},
	},
	{
		kind: "ldap", literal: "eDirectory", pattern: `LDAP Agent for (?:Novell|NetIQ) eDirectory (?P<v>\d+\.\d+(?:\.\d+)*)`, product: "NetIQ eDirectory", cpe: "netiq:edirectory",
		samples: []sample{{"NetIQ Corporation LDAP Agent for NetIQ eDirectory 9.0.4 (40006.18)", "9.0.4"}},
	},
	{
		kind: "lmtp", literal: "Dovecot", pattern: `^220 \S+ Dovecot (?:\((?P<os>Debian|Ubuntu)\) )?ready`, product: "Dovecot lmtpd", cpe: "dovecot:dovecot",
		samples: []sample{{"220 mail.target.test Dovecot (Debian) ready.", ""}},
	},
}
