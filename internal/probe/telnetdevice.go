package probe

import "strings"

// telnetDevices are words that devices show before they ask who is there, and
// the kind of device that each means.
var telnetDevices = []struct{ word, device string }{
	{"mikrotik", "router"},
	{"dd-wrt", "router"},
	{"openwrt", "router"},
	{"broadband router", "router"},
	{"adsl", "router"},
	{"zyxel", "router"},
	{"draytek", "router"},
	{"jetdirect", "printer"},
	{"printer", "printer"},
	{"ip camera", "camera"},
	{"ipcam", "camera"},
	{"procurve", "switch"},
	{"powerconnect", "switch"},
	{"switch", "switch"},
	{"smart-ups", "ups"},
	{"american power conversion", "ups"},
	{"rugged operating system", "switch"},
	{"vxworks", "ics"},
	{"modicon", "plc"},
}

// telnetDevice notes the kind of device that the text of a login means.
func (x *talk) telnetDevice(text string) {
	text = strings.ToLower(clip(text, maxFact))
	for _, d := range telnetDevices {
		if strings.Contains(text, d.word) {
			x.fact("device.hint", d.device)
			return
		}
	}
}

var telnetRules = []rule{
	{
		kind: "telnet", literal: "MikroTik v", pattern: `MikroTik v(?P<v>\d+\.\d+(?:\.\d+)?)(?:[ (]|$)`, product: "MikroTik RouterOS telnetd", cpe: "o:mikrotik:routeros", os: "MikroTik RouterOS",
		samples: []sample{{"MikroTik v6.49.6 (stable)\nLogin: ", "6.49.6"}, {"MikroTik v7.1 (stable)\nLogin: ", "7.1"}},
	},
	{
		kind: "telnet", literal: "User Access Verification", pattern: `User Access Verification`, product: "Cisco telnetd", cpe: "", os: "Cisco IOS",
		samples: []sample{{"\nUser Access Verification\n\nUsername: ", ""}},
	},
	{
		kind: "telnet", literal: "Microsoft Telnet Service", pattern: `Welcome to Microsoft Telnet Service`, product: "Microsoft Windows telnetd", cpe: "", os: "Windows",
		samples: []sample{{"Welcome to Microsoft Telnet Service \n\nlogin: ", ""}},
	},
	{
		kind: "telnet", literal: "BusyBox v", pattern: `BusyBox v(?P<v>\d+\.\d+\.\d+) \(`, product: "BusyBox telnetd", cpe: "busybox:busybox", os: "Linux",
		samples: []sample{{"BusyBox v1.19.4 (2013-02-01 12:00:00 CST) built-in shell (ash)\n", "1.19.4"}},
	},
	{
		kind: "telnet", literal: "JetDirect", pattern: `HP JetDirect`, product: "HP JetDirect telnetd", cpe: "",
		samples: []sample{{"HP JetDirect\nPassword is not set\n", ""}},
	},
	{
		kind: "telnet", literal: "DD-WRT v", pattern: `DD-WRT v\d`, product: "DD-WRT telnetd", cpe: "", os: "Linux",
		samples: []sample{{"DD-WRT v24-sp2 std (c) 2010 NewMedia-NET GmbH\nRelease: 08/12/10 (SVN revision: 14929)\n", ""}},
	},
}
