package osident

import (
	"strings"

	"github.com/harrier-scan/harrier/internal/oui"
)

// maker is what the name of a network card's maker hints at.
type maker struct {
	name   string // that the listing's name starts with, in lower case; with a blank before it, contains
	device string
	system string
	weight int
}

// makers are those whose cards are mostly found in devices of one class.
// Makers of all kinds of things (HP, Dell, Sony, Samsung, Huawei) are not among
// them.
//
// Source: what the makers sell.
var makers = []maker{
	{"brother industries", Printer, "", 45},
	{"lexmark", Printer, "", 45},
	{"kyocera d", Printer, "", 45},
	{"ricoh", Printer, "", 45},
	{"xerox", Printer, "", 45},
	{"seiko epson", Printer, "", 45},
	{"konica minolta", Printer, "", 45},
	{"oki electric", Printer, "", 30},
	{"zebra technologies", Printer, "", 40},
	{"toshiba tec", Printer, "", 40},
	{"canon", Printer, "", 35},
	{"rockwell automation", PLC, "", 50},
	{"schneider electric", PLC, "", 45},
	{"telemecanique", PLC, "", 45},
	{"siemens ag", PLC, "", 40},
	{"siemens numerical", PLC, "", 45},
	{"siemens industrial automation", PLC, "", 45},
	{"omron", PLC, "", 45},
	{"mitsubishi electric", PLC, "", 40},
	{"phoenix contact", PLC, "", 45},
	{"wago", PLC, "", 45},
	{"beckhoff", PLC, "", 40},
	{"yokogawa", PLC, "", 45},
	{"schweitzer engineering", Industrial, "", 50},
	{"red lion", Industrial, "", 45},
	{"moxa", Industrial, "", 45},
	{"hirschmann", Industrial, "", 40},
	{"emerson", Industrial, "", 40},
	{"b&r industrial", PLC, "", 45},
	{"bosch rexroth", PLC, "", 45},
	{"koyo", PLC, "", 40},
	{"festo", PLC, "", 45},
	{"pilz", PLC, "", 45},
	{"lantronix", Embedded, "", 45},
	{"echelon", Building, "", 45},
	{"tridium", Building, "", 50},
	{"johnson controls", Building, "", 45},
	{"trane", Building, "", 45},
	{"belimo", Building, "", 45},
	{"distech", Building, "", 45},
	{"american power conversion", UPS, "apcos", 50},
	{"liebert", UPS, "", 50},
	{"vertiv", UPS, "", 45},
	{"eaton", UPS, "", 40},
	{"ge medical", Medical, "", 50},
	{"philips healthcare", Medical, "", 50},
	{"philips medical", Medical, "", 50},
	{"siemens healthcare", Medical, "", 50},
	{"dräger", Medical, "", 50},
	{"draeger", Medical, "", 50},
	{"baxter", Medical, "", 50},
	{"carefusion", Medical, "", 50},
	{"shenzhen mindray", Medical, "", 50},
	{"axis communications", Camera, "", 45},
	{"hangzhou hikvision", Camera, "", 45},
	{"zhejiang dahua", Camera, "", 45},
	{"vivotek", Camera, "", 45},
	{"mobotix", Camera, "", 45},
	{"polycom", VoIP, "", 45},
	{"yealink", VoIP, "", 45},
	{"xiamen yealink", VoIP, "", 45},
	{"yealink(xiamen)", VoIP, "", 45},
	{"grandstream", VoIP, "", 40},
	{"snom", VoIP, "", 45},
	{"sonos", Media, "", 45},
	{"roku", Media, "", 45},
	{"nintendo", Console, "", 45},
	{"sony interactive", Console, "", 40},
	{"synology", Storage, "dsm", 45},
	{"qnap", Storage, "qts", 45},
	{"netapp", Storage, "ontap", 35},
	{"routerboard", Router, "routeros", 40},
	{"juniper networks", Router, "junos", 35},
	{"cisco systems", "", "ios", 15},
	{"arista networks", Switch, "eos", 35},
	{"ruckus", AccessPoint, "", 40},
	{"aruba", AccessPoint, "", 30},
	{"ubiquiti", AccessPoint, "", 25},
	{"fortinet", Firewall, "fortios", 40},
	{"palo alto", Firewall, "panos", 40},
	{"sonicwall", Firewall, "sonicos", 40},
	{"watchguard", Firewall, "", 40},
	{"f5 ", LoadBalancer, "bigip", 35},
	{"raspberry pi", GeneralPurpose, "linux", 25},
	{"apple", "", "apple", 30},
}

// fromMAC reads the maker of the network card.
func fromMAC(mac string) []sign {
	if mac == "" {
		return nil
	}
	o := oui.Of(mac)
	switch {
	case o.Virtual != "":
		return []sign{{source: vendorSource, device: GeneralPurpose, weight: 30, text: "the address of a virtual machine or container: " + o.Virtual}}
	case o.Vendor == "":
		return nil
	}
	lower := strings.ToLower(o.Vendor)
	for _, m := range makers {
		if strings.HasPrefix(lower, m.name) {
			return []sign{{source: vendorSource, system: m.system, device: m.device, weight: m.weight, text: o.Vendor}}
		}
	}
	return []sign{{source: vendorSource, weight: 1, text: o.Vendor}}
}
