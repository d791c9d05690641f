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
