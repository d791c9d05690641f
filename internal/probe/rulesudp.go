package probe

// datagramRules tell products by what they say over UDP.
var datagramRules = []rule{
	{
		kind: "ntp", literal: "ntpsec", pattern: `^ntpd ntpsec-(?P<v>\d+\.\d+\.\d+)`, product: "NTPsec", cpe: "ntpsec:ntpsec",
		samples: []sample{{"ntpd ntpsec-1.2.2", "1.2.2"}},
	},
	{
		kind: "stun", literal: "Coturn-", pattern: `^Coturn-(?P<v>\d+(?:\.\d+)+)`, product: "coturn", cpe: "coturn_project:coturn",
		samples: []sample{{"Coturn-4.6.1 'Gorst'", "4.6.1"}},
	},
	{
		kind: "stun", literal: "restund", pattern: `^restund v(?P<v>\d+(?:\.\d+)+)`, product: "restund",
		samples: []sample{{"restund v0.4.12 (x86_64/linux)", "0.4.12"}},
	},
	{
		kind: "ssdp", literal: "MiniUPnPd", pattern: `\bMiniUPnPd/(?P<v>\d+(?:\.\d+)+)`, product: "MiniUPnPd", cpe: "miniupnp_project:miniupnpd",
		samples: []sample{{"Debian/11 UPnP/1.1 MiniUPnPd/2.2.1", "2.2.1"}, {"OpenWRT/OpenWrt UPnP/1.1 MiniUPnPd/2.0", "2.0"}},
	},
	{
		kind: "ssdp", literal: "MiniDLNA", pattern: `\bMiniDLNA/(?P<v>\d+(?:\.\d+)+)`, product: "MiniDLNA", cpe: "readymedia_project:readymedia",
		samples: []sample{{"Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0", "1.3.0"}},
	},
	{
		kind: "ssdp", literal: "for UPnP devices", pattern: `\b(?:Intel|Portable) SDK for UPnP devices\s?/(?P<v>\d+(?:\.\d+)+)`, product: "Portable SDK for UPnP devices", cpe: "libupnp_project:libupnp",
		samples: []sample{{"Linux/2.6.31, UPnP/1.0, Portable SDK for UPnP devices/1.6.19", "1.6.19"}},
	},
	{
		kind: "ssdp", literal: "UPnP-Device-Host", pattern: `\bUPnP-Device-Host/1\.0`, product: "Microsoft UPnP device host", os: "Windows",
		samples: []sample{{"Microsoft-Windows/10.0 UPnP/1.0 UPnP-Device-Host/1.0", ""}},
	},
	{
		kind: "plex", pattern: `^(?P<v>\d+\.\d+\.\d+\.\d+)(?:-[0-9a-f]+)?$`, product: "Plex Media Server", cpe: "plex:media_server",
		samples: []sample{{"1.32.5.7349-8f4248874", "1.32.5.7349"}},
	},
	{
		kind: "jenkins", pattern: `^(?P<v>\d+\.\d+(?:\.\d+)?)$`, product: "Jenkins", cpe: "jenkins:jenkins",
		samples: []sample{{"2.19.4", "2.19.4"}, {"1.651", "1.651"}},
	},
	{
		kind: "afs", literal: "OpenAFS", pattern: `\bOpenAFS (?P<v>\d+(?:\.\d+)+)`, product: "OpenAFS", cpe: "openafs:openafs",
		samples: []sample{{"OpenAFS 1.8.9 built 2023-01-06", "1.8.9"}},
	},
}
