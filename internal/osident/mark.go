package osident

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// mark is a word by which a system or a device names itself in a text.
type mark struct {
	text    string // must be in it, as written
	version string // RE2 with the version as its only group, from text on; "" tells none
	system  string // key of systems; "" for a device alone
	device  string // "" leaves it to the system
	weight  int    // with a version, or where there is none
	only    string // sources that it holds for, separated by spaces; "" for all but titles
	example string // a text that it fits
	told    string // the version that the example tells
}

// ready is a mark's pattern, nil without one, and the sources that it holds for.
type ready struct {
	version *regexp.Regexp
	only    []string
}

// compiled are what is made of the marks, in their order.
var compiled = sync.OnceValue(func() []ready {
	out := make([]ready, len(marks))
	for i, m := range marks {
		out[i].only = strings.Fields(m.only)
		if m.only == titles {
			out[i].only = []string{titles}
		}
		if m.version != "" {
			out[i].version = regexp.MustCompile(m.version) // constant, and tested
		}
	}
	return out
})

// titles is the source of what the title of a page says, which anybody can
// write: only what is meant for it holds there.
const titles = "HTTP title"

// maxRead is how much of a text is looked at.
const maxRead = 2 << 10

// fromText reads the marks in a text of a source. No weight is above most.
func fromText(source, text string, most int) []sign {
	if len(text) > maxRead {
		text = text[:maxRead]
	}
	if len(text) < 3 {
		return nil
	}
	var out []sign
	for i, r := range compiled() {
		m := &marks[i]
		if !r.holds(source) {
			continue
		}
		at := strings.Index(text, m.text)
		if at < 0 {
			continue
		}
		s := sign{source: source, system: m.system, device: m.device, weight: min(m.weight, most), text: around(text, at)}
		if r.version != nil {
			if g := r.version.FindStringSubmatch(text[at:]); g != nil {
				s.version = g[1]
			} else if m.system != "" {
				s.weight = min(s.weight, 75)
			}
		}
		out = append(out, s)
	}
	return out
}

func (r *ready) holds(source string) bool {
	if source == titles || len(r.only) == 0 {
		return slices.Contains(r.only, source) || source != titles
	}
	return slices.ContainsFunc(r.only, func(only string) bool { return strings.HasPrefix(source, only) })
}

// around is the line of text with what was found.
func around(text string, at int) string {
	from := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[from:], "\n")
	if at-from > 100 {
		line = text[at-50:]
		line, _, _ = strings.Cut(line, "\n")
		line = strings.ToValidUTF8(line, "")
	}
	return line
}

// dotted is a version.
const dotted = `(\d+(?:\.\d+)+)`

// marks are in no order: all that fit count.
//
// Source: what the makers' agents, greetings and certificates are seen to say.
var marks = []mark{
	// Systems that name themselves by SNMP.
	{text: "Linux ", version: `^Linux \S+ (\d+\.\d+\.\d+)`, system: "linux", weight: 90, only: "SNMP", example: "Linux web1 5.10.0-28-amd64 #1 SMP Debian 5.10.209-2 (2024-01-31) x86_64", told: "5.10.0"},
	{text: " SMP Debian ", system: "debian", weight: 80, only: "SNMP", example: "Linux web1 5.10.0-28-amd64 #1 SMP Debian 5.10.209-2 (2024-01-31) x86_64"},
	{text: "SMP PREEMPT_DYNAMIC Debian ", system: "debian", weight: 80, only: "SNMP", example: "Linux h 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64"},
	{text: "-Ubuntu SMP", system: "ubuntu", weight: 80, only: "SNMP", example: "Linux h 5.15.0-91-generic #101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023 x86_64"},
	{text: "-pve ", system: "proxmox", weight: 80, only: "SNMP", example: "Linux pve 6.5.11-7-pve #1 SMP PREEMPT_DYNAMIC PMX 6.5.11-7 x86_64"},
	{text: "Cisco IOS Software", version: `^.{0,120}?Version ([0-9A-Za-z.()]+)`, system: "ios", weight: 95, only: "SNMP TELNET", example: "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE4, RELEASE SOFTWARE (fc1)", told: "15.0(2)SE4"},
	{text: "IOSXE", version: `^.{0,120}?Version ([0-9A-Za-z.()]+)`, system: "iosxe", weight: 95, only: "SNMP", example: "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.4a, RELEASE SOFTWARE (fc3)", told: "17.9.4a"},
	{text: "Cisco IOS XR Software", version: `^.{0,120}?Version ([0-9.]+[0-9])`, system: "iosxr", device: Router, weight: 95, only: "SNMP", example: "Cisco IOS XR Software (Cisco ASR9K Series), Version 6.1.3[Default]", told: "6.1.3"},
	{text: "Cisco NX-OS", version: `^.{0,120}?Version ([0-9A-Za-z.()]+)`, system: "nxos", device: Switch, weight: 95, only: "SNMP", example: "Cisco NX-OS(tm) n9000, Software (n9000-dk9), Version 9.3(8), RELEASE SOFTWARE", told: "9.3(8)"},
	{text: "Cisco Adaptive Security Appliance", version: `^.{0,60}?Version ([0-9A-Za-z.()]+)`, system: "asa", device: Firewall, weight: 95, only: "SNMP", example: "Cisco Adaptive Security Appliance Version 9.8(2)", told: "9.8(2)"},
	{text: "(C2960", device: Switch, weight: 90, only: "SNMP", example: "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE4"},
	{text: "Switch Software", device: Switch, weight: 90, only: "SNMP", example: "Cisco IOS Software, Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.4a"},
	{text: "Catalyst", device: Switch, weight: 85, only: "SNMP", example: "Cisco IOS Software, Catalyst 4500 L3 Switch Software"},
	{text: "IP Phone", device: VoIP, weight: 90, only: "SNMP HTTP UPNP", example: "Cisco IP Phone 7960, Version P0S3-08-8-00"},
	{text: "Juniper Networks, Inc.", version: `JUNOS (\d[\w.-]+)`, system: "junos", weight: 95, only: "SNMP", example: "Juniper Networks, Inc. mx240 internet router, kernel JUNOS 15.1R7.9, Build date: 2018", told: "15.1R7.9"},
	{text: "ethernet switch, kernel JUNOS", device: Switch, weight: 95, only: "SNMP", example: "Juniper Networks, Inc. ex2300-48t Ethernet Switch, ethernet switch, kernel JUNOS 18.2"},
	{text: "RouterOS", version: `^RouterOS v?(\d+\.\d+(?:\.\d+)?)`, system: "routeros", weight: 90, example: "RouterOS 7.13.2", told: "7.13.2"},
	{text: "MikroTik", system: "routeros", weight: 70, only: "FTP HTTP TELNET PPTP UPNP certificate SNMP", example: "220 MikroTik FTP server (MikroTik 6.49.10) ready"},
	{text: "VMware ESX", version: `^VMware ESXi? (\d+\.\d+\.\d+)`, system: "esxi", weight: 95, only: "SNMP HTTP VMWARE certificate", example: "VMware ESXi 7.0.3 build-20842708 VMware, Inc. x86_64", told: "7.0.3"},
	{text: "FreeBSD ", version: `^FreeBSD \S+ (\d+\.\d+)-`, system: "freebsd", weight: 95, only: "SNMP", example: "FreeBSD fw 13.2-RELEASE-p4 FreeBSD 13.2-RELEASE-p4 GENERIC amd64", told: "13.2"},
	{text: "pfSense", system: "pfsense", weight: 85, only: "SNMP HTTP certificate", example: "pfSense fw.example 2.7.0-RELEASE FreeBSD 14.0-CURRENT amd64"},
	{text: "OPNsense", system: "opnsense", weight: 85, only: "SNMP HTTP certificate", example: "OPNsense"},
	{text: "TrueNAS", system: "truenas", weight: 85, only: "SNMP HTTP certificate", example: "TrueNAS-13.0-U5.3"},
	{text: "OpenBSD ", version: `^OpenBSD \S+ (\d+\.\d+)`, system: "openbsd", weight: 95, only: "SNMP", example: "OpenBSD gw.example 7.4 GENERIC#1336 amd64", told: "7.4"},
	{text: "NetBSD ", version: `^NetBSD \S+ (\d+\.\d+)`, system: "netbsd", weight: 95, only: "SNMP", example: "NetBSD nb 9.3 NetBSD 9.3 (GENERIC)", told: "9.3"},
	{text: "Darwin Kernel", system: "macos", weight: 85, only: "SNMP", example: "Darwin mac 22.6.0 Darwin Kernel Version 22.6.0: root:xnu x86_64"},
	{text: "SunOS ", version: `^SunOS \S+ 5\.(\d+)`, system: "solaris", weight: 95, only: "SNMP TELNET FTP SMTP", example: "SunOS sol11 5.11 11.4.42 i86pc i386", told: "11"},
	{text: "AIX version", version: `AIX version: ?0?(\d+\.0?\d+)`, system: "aix", weight: 90, only: "SNMP", example: "IBM PowerPC CHRP Computer Machine Type: 0x0800 Base Operating System Runtime AIX version: 7.2", told: "7.2"},
	{text: "HP-UX", version: `B\.(\d+\.\d+)`, system: "hpux", weight: 90, only: "SNMP TELNET FTP", example: "HP-UX hp1 B.11.31 U ia64", told: "11.31"},
	{text: "OpenVMS", system: "vms", weight: 85, only: "SNMP TELNET FTP", example: "220 node FTP Server (Version 5.6) OpenVMS ready."},

	// Routers, switches, firewalls, balancers.
	{text: "ProCurve", system: "procurve", weight: 90, only: "SNMP HTTP TELNET", example: "ProCurve J9019A Switch 2510-24, revision Q.11.25"},
	{text: "Comware", system: "comware", weight: 85, only: "SNMP SSH TELNET", example: "HPE Comware Platform Software, Software Version 7.1.070"},
	{text: "Versatile Routing Platform", system: "vrp", weight: 90, only: "SNMP", example: "Huawei Versatile Routing Platform Software VRP (R) software, Version 8.180"},
	{text: "Arista Networks EOS", version: `version ` + dotted, system: "eos", weight: 95, only: "SNMP", example: "Arista Networks EOS version 4.26.1F running on an Arista Networks DCS-7050", told: "4.26.1"},
	{text: "EdgeOS", system: "edgeos", weight: 80, only: "SNMP HTTP", example: "EdgeOS v1.10.11"},
	{text: "VyOS", system: "vyos", weight: 85, only: "SNMP TELNET", example: "VyOS 1.3.3"},
	{text: "OpenWrt", system: "openwrt", weight: 80, example: "OpenWrt 22.03 LuCI"},
	{text: "DD-WRT", system: "ddwrt", weight: 80, example: "DD-WRT v3.0-r44715 std"},
	{text: "Palo Alto Networks", system: "panos", weight: 80, only: "SNMP HTTP certificate", example: "Palo Alto Networks PA-220 series firewall"},
	{text: "FortiGate", system: "fortios", weight: 85, only: "SNMP HTTP certificate TLS SSH", example: "CN=FortiGate,O=Fortinet"},
	{text: "O=Fortinet", system: "fortios", weight: 60, only: "certificate", example: "CN=FGT60F0000000000,OU=FortiGate,O=Fortinet,C=US"},
	{text: "SonicWALL", system: "sonicos", weight: 85, only: "SNMP HTTP certificate", example: "SonicWALL NSA 2600 (SonicOS Enhanced 6.5.4)"},
	{text: "BIG-IP", system: "bigip", weight: 85, only: "SNMP HTTP certificate", example: "Linux f5 3.10.0 : BIG-IP software release 15.1.0, build 0.0.31"},
	{text: "NetScaler NS", version: `NetScaler NS` + dotted, system: "netscaler", weight: 90, only: "SNMP", example: "NetScaler NS13.0: Build 47.24.nc", told: "13.0"},
	{text: "ArubaOS", version: `Version ` + dotted, system: "arubaos", weight: 85, only: "SNMP", example: "ArubaOS (MODEL: 205), Version 6.5.4.10", told: "6.5.4.10"},
	{text: "NetScreen", system: "screenos", weight: 85, only: "SSH SNMP", example: "SSH-2.0-NetScreen"},
	{text: "Aironet", device: AccessPoint, weight: 85, only: "SNMP", example: "Cisco AIRONET: Aironet 1200"},
	{text: "Ruckus Wireless", device: AccessPoint, weight: 75, only: "SNMP HTTP certificate", example: "Ruckus Wireless Inc (C) 2006"},
	{text: "UniFi", device: AccessPoint, weight: 55, only: "SNMP", example: "UniFi UAP-AC-Pro 4.3.28"},

	// Storage, hypervisors, machines in machines.
	{text: "DiskStation", system: "dsm", weight: 75, only: "SNMP HTTP UPNP certificate FTP", example: "Synology DiskStation - DS920"},
	{text: "Synology", system: "dsm", weight: 75, only: "SNMP HTTP certificate UPNP", example: "CN=synology,O=Synology Inc."},
	{text: "QNAP", system: "qts", weight: 70, only: "SNMP HTTP certificate UPNP", example: "CN=QNAP NAS,O=QNAP Systems Inc."},
	{text: "NetApp Release", version: `NetApp Release ` + dotted, system: "ontap", weight: 95, only: "SNMP", example: "NetApp Release 9.8P3: Mon Apr 05 2021", told: "9.8"},
	{text: "Proxmox", system: "proxmox", weight: 70, only: "HTTP certificate", example: "O=Proxmox Virtual Environment"},
	{text: "VMware ESX Server Default Certificate", system: "esxi", weight: 60, only: "certificate", example: "OU=VMware ESX Server Default Certificate,O=VMware\\, Inc"},
	{text: "Integrated Lights-Out", system: "ilo", weight: 85, only: "SNMP HTTP certificate", example: "Integrated Lights-Out 5 2.44"},
	{text: "HP-iLO", system: "ilo", weight: 80, only: "HTTP", example: "HP-iLO-Server/1.30"},
	{text: "iDRAC", system: "idrac", weight: 80, only: "SNMP HTTP certificate", example: "CN=idrac-ABC123,O=Dell Inc.,OU=iDRAC"},
	{text: "mpSSH_", system: "ilo", weight: 80, only: "SSH", example: "SSH-2.0-mpSSH_0.2.1"},

	// Printers.
	{text: "HP ETHERNET MULTI-ENVIRONMENT", system: "jetdirect", device: Printer, weight: 90, only: "SNMP", example: "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153"},
	{text: "JETDIRECT", system: "jetdirect", device: Printer, weight: 90, only: "SNMP TELNET FTP", example: "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153"},
	{text: "JetDirect", system: "jetdirect", device: Printer, weight: 85, only: "SNMP TELNET FTP HTTP", example: "220 JD FTP Server Ready HP JetDirect"},
	{text: "HP LaserJet", device: Printer, weight: 85, only: "SNMP HTTP UPNP MDNS", example: "HP LaserJet 400 M401dn"},
	{text: "HP Color LaserJet", device: Printer, weight: 85, only: "SNMP HTTP UPNP MDNS", example: "HP Color LaserJet MFP M281fdw"},
	{text: "HP HTTP Server", device: Printer, weight: 80, only: "HTTP", example: "HP HTTP Server; HP Officejet Pro 8600 - CM750A"},
	{text: "Virata-EmWeb", device: Embedded, weight: 50, only: "HTTP", example: "Virata-EmWeb/R6_2_1"},
	{text: "Brother NC-", device: Printer, weight: 90, only: "SNMP", example: "Brother NC-8900h, Firmware Ver.1.10"},
	{text: "Lexmark", device: Printer, weight: 85, only: "SNMP HTTP FTP TELNET", example: "Lexmark MX410de version NH3.SA.N440"},
	{text: "KYOCERA", device: Printer, weight: 85, only: "SNMP HTTP FTP", example: "KYOCERA Document Solutions Printing System"},
	{text: "RICOH", device: Printer, weight: 85, only: "SNMP HTTP FTP TELNET", example: "RICOH MP C3004 1.23 / RICOH Network Printer C model"},
	{text: "Xerox ", device: Printer, weight: 85, only: "SNMP HTTP", example: "Xerox VersaLink C405 MFP"},
	{text: "EPSON", device: Printer, weight: 80, only: "SNMP HTTP FTP", example: "EPSON Built-in 11b/g/n Print Server"},
	{text: "KONICA MINOLTA", device: Printer, weight: 85, only: "SNMP HTTP FTP", example: "KONICA MINOLTA bizhub C308"},
	{text: "Canon iR", device: Printer, weight: 85, only: "SNMP HTTP", example: "Canon iR-ADV C5535 /P"},
	{text: "CANON HTTP Server", device: Printer, weight: 80, only: "HTTP", example: "CANON HTTP Server"},
	{text: "ZebraNet", device: Printer, weight: 85, only: "SNMP HTTP FTP TELNET", example: "220 ZebraNet PrintServer"},
	{text: "Zebra Technologies", device: Printer, weight: 75, only: "SNMP HTTP", example: "Zebra Technologies ZTC ZT230"},
	{text: "Print Server", device: Printer, weight: 75, only: "SNMP FTP TELNET", example: "220 NPS Print Server ready"},

	// Control systems, power, buildings.
	{text: "SIMATIC", device: PLC, weight: 90, only: "SNMP HTTP S7 PROFINET UPNP", example: "Siemens, SIMATIC S7, CPU315-2 PN/DP, 6ES7 315"},
	{text: "S7-1200", device: PLC, weight: 85, only: "SNMP HTTP S7", example: "S7-1200 Station"},
	{text: "SCALANCE", device: Industrial, weight: 90, only: "SNMP HTTP", example: "Siemens, SIMATIC NET, SCALANCE X204-2"},
	{text: "Modicon", device: PLC, weight: 90, only: "SNMP HTTP MODBUS FTP", example: "Schneider Electric Modicon M340"},
	{text: "Schneider", device: PLC, weight: 70, only: "SNMP MODBUS HTTP FTP", example: "Schneider-WEB/V2.1.4"},
	{text: "Rockwell Automation", device: PLC, weight: 85, only: "SNMP HTTP ENIP ETHERNET/IP", example: "Rockwell Automation 1756-ENBT"},
	{text: "Allen-Bradley", device: PLC, weight: 85, only: "SNMP HTTP ENIP", example: "Allen-Bradley 1769-L33ER"},
	{text: "A-B WWW", device: PLC, weight: 85, only: "HTTP", example: "A-B WWW/0.1"},
	{text: "WAGO", device: PLC, weight: 85, only: "SNMP HTTP FTP MODBUS", example: "WAGO 750-881 PFC ETHERNET"},
	{text: "PHOENIX CONTACT", device: PLC, weight: 80, only: "SNMP HTTP PCWORX", example: "PHOENIX CONTACT ILC 151 ETH"},
	{text: "OMRON", device: PLC, weight: 80, only: "SNMP HTTP FINS", example: "OMRON CJ2M-CPU33"},
	{text: "MOXA", device: Industrial, weight: 80, only: "SNMP HTTP TELNET", example: "MOXA NPort 5110"},
	{text: "Moxa", device: Industrial, weight: 75, only: "SNMP HTTP TELNET", example: "MoxaHttp/1.0"},
	{text: "Lantronix", device: Embedded, weight: 75, only: "SNMP HTTP TELNET", example: "Lantronix UDS1100"},
	{text: "Niagara", device: Building, weight: 80, only: "HTTP FOX", example: "Niagara Web Server/3.8"},
	{text: "BACnet", device: Building, weight: 70, only: "HTTP SNMP", example: "BACnet Controller"},
	{text: "APC Web/SNMP Management Card", system: "apcos", device: UPS, weight: 90, only: "SNMP", example: "APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.4.6 PN:apc_hw05_aos_646.bin)"},
	{text: "American Power Conversion", device: UPS, weight: 80, only: "SNMP TELNET FTP certificate", example: "American Power Conversion Network Management Card AOS v6.4.6"},
	{text: "Network Management Card AOS", system: "apcos", device: UPS, weight: 85, only: "SNMP TELNET FTP", example: "Network Management Card AOS      v6.4.6"},
	{text: "Eaton ", device: UPS, weight: 70, only: "SNMP HTTP", example: "Eaton 9PX 3000i RT2U"},
	{text: "ConnectUPS", device: UPS, weight: 85, only: "SNMP HTTP", example: "ConnectUPS Web/SNMP Card V4.38"},
	{text: "Liebert", device: UPS, weight: 80, only: "SNMP HTTP", example: "Liebert IS-UNITY-DP"},
	{text: "CyberPower", device: UPS, weight: 75, only: "SNMP HTTP", example: "CyberPower RMCARD205"},
	{text: "VxWorks", system: "vxworks", weight: 70, example: "220 VxWorks FTP server (VxWorks VxWorks5.4.2) ready."},
	{text: "DICOM", device: Medical, weight: 60, only: "DICOM HTTP", example: "DICOM Upper Layer"},

	// Cameras, phones, media.
	{text: "AXIS ", device: Camera, weight: 80, only: "FTP HTTP SNMP RTSP UPNP MDNS", example: "220 AXIS M1065-L Network Camera 6.50.5.2 (2020) ready."},
	{text: "Hikvision", device: Camera, weight: 80, only: "HTTP RTSP UPNP SNMP certificate", example: "Hikvision-Webs"},
	{text: "Dahua", device: Camera, weight: 80, only: "HTTP RTSP UPNP SNMP certificate", example: "Dahua Rtsp Server"},
	{text: "Network Camera", device: Camera, weight: 75, only: "HTTP RTSP UPNP FTP", example: "AXIS Q1615 Network Camera"},
	{text: "IP Camera", device: Camera, weight: 65, only: "HTTP RTSP UPNP", example: "IP Camera server"},
	{text: "Polycom", device: VoIP, weight: 75, only: "HTTP SIP SNMP TELNET", example: "PolycomVVX-VVX_411-UA/5.9.0"},
	{text: "Yealink", device: VoIP, weight: 80, only: "HTTP SIP", example: "Yealink SIP-T46S 66.86.0.15"},
	{text: "Grandstream", device: VoIP, weight: 75, only: "HTTP SIP TELNET", example: "Grandstream GXP1625 1.0.4.128"},
	{text: "snom", device: VoIP, weight: 75, only: "HTTP SIP", example: "snomD715/10.1.39.11"},
	{text: "Sonos", device: Media, weight: 80, only: "HTTP UPNP", example: "Linux UPnP/1.0 Sonos/70.3-35220"},
	{text: "AirTunes", device: Media, weight: 60, only: "RTSP HTTP", example: "AirTunes/377.40.00"},
	{text: "Roku", device: Media, weight: 75, only: "HTTP UPNP", example: "Roku/9.4 UPnP/1.0"},
	{text: "Xbox", device: Console, weight: 75, only: "UPNP HTTP", example: "Xbox/2.0.17559.0 UPnP/1.0"},
	{text: "PlayStation", device: Console, weight: 75, only: "UPNP HTTP", example: "PLAYSTATION PlayStation 4"},

	// Other remote shells.
	{text: "ROSSSH", system: "routeros", weight: 80, only: "SSH", example: "SSH-2.0-ROSSSH"},
	{text: "-Cisco-", system: "ios", weight: 75, only: "SSH", example: "SSH-2.0-Cisco-1.25"},
	{text: "HUAWEI", system: "vrp", weight: 70, only: "SSH TELNET", example: "SSH-2.0-HUAWEI-1.5"},
	{text: "Sun_SSH", system: "solaris", weight: 80, only: "SSH", example: "SSH-2.0-Sun_SSH_1.1"},
	{text: "RomSShell", device: Embedded, weight: 55, only: "SSH", example: "SSH-2.0-RomSShell_4.62"},
	{text: "WinSSHD", system: "windows", weight: 80, only: "SSH", example: "SSH-2.0-8.43 FlowSsh: Bitvise SSH Server (WinSSHD) 8.43"},
	{text: "OpenSSH_for_Windows", system: "windows", weight: 80, only: "SSH", example: "SSH-2.0-OpenSSH_for_Windows_8.1"},
	{text: " FreeBSD-", system: "freebsd", weight: 80, only: "SSH", example: "SSH-2.0-OpenSSH_9.6 FreeBSD-20240318"},
	{text: " NetBSD_", system: "netbsd", weight: 80, only: "SSH", example: "SSH-2.0-OpenSSH_9.1 NetBSD_Secure_Shell-20221004"},
	{text: "Raspbian", system: "raspbian", weight: 80, example: "SSH-2.0-OpenSSH_9.2p1 Raspbian-2+deb12u2", only: "SSH SNMP"},
	{text: "dropbear", system: "linux", weight: 40, only: "SSH", example: "SSH-2.0-dropbear_2020.81"},

	// Greetings before a login.
	{text: "Debian GNU/Linux", version: `Debian GNU/Linux (\d+(?:\.\d+)?)`, system: "debian", weight: 85, only: "TELNET", example: "Debian GNU/Linux 12\nhost login:", told: "12"},
	{text: "Ubuntu ", version: `Ubuntu (\d\d\.\d\d)`, system: "ubuntu", weight: 85, only: "TELNET", example: "Ubuntu 22.04.3 LTS\nhost login:", told: "22.04"},
	{text: "CentOS Linux", version: `CentOS Linux release (\d+(?:\.\d+)*)`, system: "centos", weight: 85, only: "TELNET", example: "CentOS Linux release 7.9.2009 (Core)", told: "7.9.2009"},
	{text: "Red Hat Enterprise Linux", version: `Red Hat Enterprise Linux (?:Server )?release (\d+(?:\.\d+)*)`, system: "rhel", weight: 85, only: "TELNET", example: "Red Hat Enterprise Linux Server release 7.9 (Maipo)", told: "7.9"},
	{text: "FreeBSD", version: `^FreeBSD (\d+\.\d+)`, system: "freebsd", weight: 80, only: "TELNET", example: "FreeBSD/amd64 (host) (ttyv0)"},
	{text: "Welcome to Microsoft Telnet", system: "windows", weight: 80, only: "TELNET", example: "Welcome to Microsoft Telnet Service"},
	{text: "User Access Verification", system: "ios", weight: 60, only: "TELNET", example: "User Access Verification\n\nPassword:"},
	{text: "BusyBox", system: "linux", weight: 50, only: "TELNET", example: "BusyBox v1.12.1 built-in shell (ash)"},

	// Web servers and others that name what they run on.
	{text: "Microsoft-IIS", system: "windows", weight: 75, only: "HTTP", example: "Microsoft-IIS/10.0"},
	{text: "Microsoft-HTTPAPI", system: "windows", weight: 75, only: "HTTP UPNP", example: "Microsoft-HTTPAPI/2.0"},
	{text: "Microsoft FTP Service", system: "windows", weight: 75, only: "FTP", example: "220 Microsoft FTP Service"},
	{text: "Microsoft ESMTP MAIL Service", system: "windows", weight: 75, only: "SMTP", example: "220 mx Microsoft ESMTP MAIL Service ready"},
	{text: "Windows_NT", system: "windows", weight: 60, only: "FTP", example: "Windows_NT"},
	{text: "(Debian)", system: "debian", weight: 70, only: "HTTP FTP SMTP", example: "Apache/2.4.57 (Debian)"},
	{text: "(Ubuntu)", system: "ubuntu", weight: 70, only: "HTTP FTP SMTP", example: "nginx/1.18.0 (Ubuntu)"},
	{text: "(Raspbian)", system: "raspbian", weight: 70, only: "HTTP", example: "Apache/2.4.38 (Raspbian)"},
	{text: "(CentOS)", system: "centos", weight: 70, only: "HTTP", example: "Apache/2.4.6 (CentOS) PHP/7.4"},
	{text: "(Red Hat", system: "rhel", weight: 70, only: "HTTP", example: "Apache/2.4.37 (Red Hat Enterprise Linux)"},
	{text: "(Rocky Linux)", system: "rocky", weight: 70, only: "HTTP", example: "Apache/2.4.57 (Rocky Linux)"},
	{text: "(AlmaLinux)", system: "alma", weight: 70, only: "HTTP", example: "Apache/2.4.57 (AlmaLinux)"},
	{text: "(Oracle Linux", system: "oracle", weight: 70, only: "HTTP", example: "Apache/2.4.37 (Oracle Linux Server)"},
	{text: "(Fedora", system: "fedora", weight: 70, only: "HTTP", example: "Apache/2.4.58 (Fedora Linux)"},
	{text: "(Amazon", system: "amazon", weight: 70, only: "HTTP", example: "Apache/2.4.58 (Amazon Linux)"},
	{text: "(SUSE)", system: "suse", weight: 65, only: "HTTP", example: "Apache/2.4.33 (SUSE)"},
	{text: "(Linux/SUSE)", system: "suse", weight: 65, only: "HTTP", example: "Apache/2.4.51 (Linux/SUSE)"},
	{text: "(Gentoo)", system: "gentoo", weight: 70, only: "HTTP", example: "Apache/2.4.57 (Gentoo)"},
	{text: "(FreeBSD)", system: "freebsd", weight: 70, only: "HTTP", example: "Apache/2.4.58 (FreeBSD) OpenSSL/1.1.1t-freebsd"},
	{text: "(Win64)", system: "windows", weight: 70, only: "HTTP", example: "Apache/2.4.54 (Win64) OpenSSL/1.1.1p"},
	{text: "(Win32)", system: "windows", weight: 70, only: "HTTP", example: "Apache/2.2.25 (Win32)"},
	{text: "(Unix)", weight: 1, only: "HTTP", example: "Apache/2.4.57 (Unix)"},
	{text: "Linux/", version: `Linux/(\d+\.\d+(?:\.\d+)?)`, system: "linux", weight: 60, only: "UPNP HTTP NTP SSDP", example: "Linux/3.10.14 UPnP/1.0 IpBridge/1.44.0", told: "3.10.14"},
	{text: "Android", version: `Android[/ ](\d+(?:\.\d+)*)`, system: "android", weight: 65, only: "UPNP HTTP SSDP MDNS", example: "Android/9 UPnP/1.0 Cling/2.0", told: "9"},
	{text: "Darwin/", system: "apple", weight: 60, only: "UPNP HTTP SSDP NTP", example: "Darwin/22.6.0 UPnP/1.0"},
	{text: "GoAhead-Webs", device: Embedded, weight: 30, only: "HTTP", example: "GoAhead-Webs"},
	{text: "Allegro-Software-RomPager", device: Embedded, weight: 45, only: "HTTP", example: "Allegro-Software-RomPager/4.07"},
	{text: "IOS-Self-Signed-Certificate", system: "ios", weight: 60, only: "certificate", example: "CN=IOS-Self-Signed-Certificate-1234567890"},

	// Titles of pages: of devices only.
	{text: "Synology DiskStation", device: Storage, weight: 45, only: titles, example: "DS920 - Synology DiskStation"},
	{text: "QNAP Turbo NAS", device: Storage, weight: 45, only: titles, example: "QNAP Turbo NAS"},
	{text: "HP LaserJet", device: Printer, weight: 35, only: titles, example: "HP LaserJet Professional P1606dn"},
	{text: "iLO", device: Management, weight: 40, only: titles, example: "iLO 4"},
	{text: "RouterOS router", device: Router, weight: 45, only: titles, example: "RouterOS router configuration page"},
}
