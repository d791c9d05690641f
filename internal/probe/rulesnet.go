package probe

// networkRules tell name servers, time servers, screens and network devices.
var networkRules = []rule{
	{
		kind: "dns", literal: "unbound", pattern: `^unbound (?P<v>\d+(?:\.\d+)+)`, product: "Unbound", cpe: "nlnetlabs:unbound",
		samples: []sample{{"unbound 1.17.1", "1.17.1"}},
	},
	{
		kind: "dns", literal: "dnsmasq", pattern: `^dnsmasq-(?:pi-hole-)?v?(?P<v>\d+\.\d+)`, product: "dnsmasq", cpe: "thekelleys:dnsmasq",
		samples: []sample{{"dnsmasq-2.90", "2.90"}, {"dnsmasq-pi-hole-v2.89", "2.89"}},
	},
	{
		kind: "dns", literal: "PowerDNS Authoritative", pattern: `^PowerDNS Authoritative Server (?P<v>\d+(?:\.\d+)+)`, product: "PowerDNS Authoritative Server", cpe: "powerdns:authoritative_server",
		samples: []sample{{"PowerDNS Authoritative Server 4.7.3 (built Jan 1 2023)", "4.7.3"}},
	},
	{
		kind: "dns", literal: "PowerDNS Recursor", pattern: `^PowerDNS Recursor (?P<v>\d+(?:\.\d+)+)`, product: "PowerDNS Recursor", cpe: "powerdns:recursor",
		samples: []sample{{"PowerDNS Recursor 4.8.8 (built by root)", "4.8.8"}},
	},
	{
		kind: "dns", literal: "dnsdist", pattern: `^dnsdist (?P<v>\d+(?:\.\d+)+)`, product: "dnsdist", cpe: "powerdns:dnsdist",
		samples: []sample{{"dnsdist 1.7.3", "1.7.3"}},
	},
	{
		kind: "dns", literal: "NSD", pattern: `^NSD (?P<v>\d+(?:\.\d+)+)`, product: "NSD", cpe: "nlnetlabs:nsd",
		samples: []sample{{"NSD 4.6.1", "4.6.1"}},
	},
	{
		kind: "dns", literal: "Knot DNS", pattern: `^Knot DNS (?P<v>\d+(?:\.\d+)+)`, product: "Knot DNS", cpe: "nic:knot_dns",
		samples: []sample{{"Knot DNS 3.2.6", "3.2.6"}},
	},
	{
		kind: "dns", literal: "CoreDNS", pattern: `^CoreDNS-(?P<v>\d+(?:\.\d+)+)`, product: "CoreDNS", cpe: "coredns.io:coredns",
		samples: []sample{{"CoreDNS-1.10.1", "1.10.1"}},
	},
	{
		kind: "dns", literal: "Microsoft DNS", pattern: `^Microsoft DNS (?P<v>\d+(?:\.\d+)+)`, product: "Microsoft DNS", os: "Windows",
		samples: []sample{{"Microsoft DNS 10.0.17763", "10.0.17763"}},
	},
	{
		kind: "dns", literal: "9.", pattern: `^(?:BIND )?(?P<v>9\.\d+\.\d+)(?P<u>-[PSW]\d+)?(?:[-+~].*?(?P<os>Debian|Ubuntu|RedHat))?(?:[-+~ ].*)?$`, product: "ISC BIND", cpe: "isc:bind",
		samples: []sample{{"9.18.49-1~deb12u3-Debian", "9.18.49"}, {"9.18.18-0ubuntu0.22.04.2-Ubuntu", "9.18.18"}, {"9.11.4-P2-RedHat-9.11.4-26.P2.el7_9.15", "9.11.4-P2"}, {"9.16.1", "9.16.1"}},
	},
	{
		kind: "ntp", literal: "ntpd", pattern: `^ntpd (?P<v>\d+\.\d+\.\d+)(?P<u>p\d+)?`, product: "ntpd", cpe: "ntp:ntp",
		samples: []sample{{"ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)", "4.2.8p15"}},
	},
	{
		kind: "vnc", literal: "RFB 003.889", pattern: `^RFB 003\.889`, product: "Apple Remote Desktop", cpe: "apple:remote_desktop", os: "macOS",
		samples: []sample{{"RFB 003.889", ""}},
	},
	{
		kind: "vnc", literal: "RFB 00", pattern: `^RFB 00[45]\.00[01]`, product: "RealVNC", cpe: "realvnc:vnc",
		samples: []sample{{"RFB 005.000", ""}, {"RFB 004.001", ""}},
	},
	{
		kind: "snmp", literal: "Cisco IOS", pattern: `^Cisco IOS Software.*, Version (?P<v>[0-9A-Za-z.()]+),`, product: "Cisco IOS", cpe: "o:cisco:ios", os: "Cisco IOS",
		samples: []sample{{"Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE4, RELEASE SOFTWARE (fc1)", "15.0(2)SE4"}},
	},
	{
		kind: "snmp", literal: "RouterOS", pattern: `^RouterOS`, product: "MikroTik RouterOS", cpe: "o:mikrotik:routeros", os: "MikroTik RouterOS",
		samples: []sample{{"RouterOS RB750Gr3", ""}},
	},
	{
		kind: "snmp", literal: "Windows Version", pattern: `Software: Windows Version \d`, product: "Microsoft SNMP service", os: "Windows",
		samples: []sample{{"Hardware: Intel64 Family 6 - Software: Windows Version 6.3 (Build 17763 Multiprocessor Free)", ""}},
	},
}
