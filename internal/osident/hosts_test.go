package osident

import (
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// s is a service: a port, a name, and facts in pairs; "banner", "product",
// "version", "cpe" and "cert" (a subject that signed itself) are fields.
func s(port uint16, name string, pairs ...string) harrier.Service {
	v := harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Name: name, Facts: map[string]string{}}
	if port == 161 || port == 137 || port == 1900 || port == 123 || port == 53 {
		v.Protocol = harrier.UDP
	}
	for i := 0; i < len(pairs); i += 2 {
		switch value := pairs[i+1]; pairs[i] {
		case "banner":
			v.Banner = value
		case "product":
			v.Product = value
		case "version":
			v.Version = value
		case "cpe":
			v.CPE = value
		case "cert":
			v.Certificates = []harrier.Certificate{{Subject: value, Issuer: value}}
		default:
			v.Facts[pairs[i]] = value
		}
	}
	return v
}

func ssh(banner string) harrier.Service { return s(22, "ssh", "ssh.version", banner) }

func snmp(text string) harrier.Service { return s(161, "snmp", "snmp.sysdescr", text) }

func ports(list ...uint16) []harrier.Service {
	var out []harrier.Service
	for _, p := range list {
		out = append(out, s(p, ""))
	}
	return out
}

func on(x harrier.Stack) *harrier.Stack { return &x }

var (
	linuxStack   = on(stack(57, true, 65160, "MSTNW", 1460, 7))
	olderLinux   = on(stack(61, true, 28960, "MSTNW", 1460, 7))
	windowsStack = on(stack(122, true, 65535, "MNWNNS", 1460, 8))
	olderWindows = on(stack(128, true, 8192, "MNWST", 1460, 8))
	freebsdStack = on(stack(64, true, 65535, "MNWST", 1460, 6))
	ciscoStack   = on(stack(254, false, 4128, "M", 536, -1))
)

// TestHosts plays whole hosts.
func TestHosts(t *testing.T) {
	for _, c := range []struct {
		name        string
		mac         string
		stack       *harrier.Stack
		services    []harrier.Service
		os, cpe     string // cpe: what the CPE starts with behind "cpe:2.3:"; "" for no look
		device      string
		least, most int // certainty
		doubt       bool
	}{
		// Linux.
		{"Debian 12, all agree", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), s(80, "http", "http.server", "Apache/2.4.57 (Debian)")}, "Debian GNU/Linux 12", "o:debian:debian_linux:12:", GeneralPurpose, 92, 99, false},
		{"Debian 12, SSH alone", "", nil, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")}, "Debian GNU/Linux 12", "o:debian:debian_linux:12:", GeneralPurpose, 90, 90, false},
		{"Debian 11 as first released", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_8.4p1 Debian-5")}, "Debian GNU/Linux 11", "o:debian:debian_linux:11:", GeneralPurpose, 85, 95, false},
		{"Debian by its web server alone", "", linuxStack, []harrier.Service{s(80, "http", "http.server", "Apache/2.4.57 (Debian)")}, "Debian GNU/Linux", "o:debian:debian_linux:*:", GeneralPurpose, 70, 80, false},
		{"Debian by its database", "", nil, []harrier.Service{s(3306, "mysql", "product", "MariaDB", "version", "10.11.6-MariaDB-0+deb12u1")}, "Debian GNU/Linux 12", "", GeneralPurpose, 75, 85, false},
		{"Debian by Samba", "", linuxStack, []harrier.Service{s(445, "smb", "product", "Samba", "version", "4.17.12-Debian", "cpe", "cpe:2.3:a:samba:samba:4.17.12:*:*:*:*:*:*:*")}, "Debian GNU/Linux", "", GeneralPurpose, 70, 85, false},
		{"Ubuntu 22.04", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6"), s(80, "http", "http.server", "nginx/1.18.0 (Ubuntu)")}, "Ubuntu 22.04", "o:canonical:ubuntu_linux:22.04:", GeneralPurpose, 88, 99, false},
		{"Ubuntu 24.04", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5")}, "Ubuntu 24.04", "", GeneralPurpose, 85, 95, false},
		{"Ubuntu, a release that is not known", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.9p1 Ubuntu-9ubuntu1")}, "Ubuntu", "o:canonical:ubuntu_linux:*:", GeneralPurpose, 75, 90, false},
		{"Ubuntu by MySQL", "", nil, []harrier.Service{s(3306, "mysql", "product", "MySQL", "version", "8.0.36-0ubuntu0.22.04.1")}, "Ubuntu 22.04", "", GeneralPurpose, 75, 85, false},
		{"Enterprise Linux 7 by BIND", "", olderLinux, []harrier.Service{s(53, "dns", "dns.version", "9.11.4-P2-RedHat-9.11.4-26.P2.el7_9.15")}, "Enterprise Linux 7", "", GeneralPurpose, 55, 80, false},
		{"CentOS by Apache", "", olderLinux, []harrier.Service{ssh("SSH-2.0-OpenSSH_7.4"), s(80, "http", "http.server", "Apache/2.4.6 (CentOS) PHP/5.4.16")}, "CentOS Linux", "o:centos:centos:", GeneralPurpose, 70, 85, false},
		{"Rocky", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_8.7"), s(443, "http", "http.server", "Apache/2.4.57 (Rocky Linux) OpenSSL/3.0.7")}, "Rocky Linux", "", GeneralPurpose, 70, 85, false},
		{"Fedora by BIND", "", linuxStack, []harrier.Service{s(53, "dns", "dns.version", "9.18.21-1.fc39")}, "Fedora Linux 39", "", GeneralPurpose, 55, 75, false},
		{"Amazon Linux", "", linuxStack, []harrier.Service{s(80, "http", "http.server", "Apache/2.4.58 (Amazon Linux)")}, "Amazon Linux", "", GeneralPurpose, 70, 80, false},
		{"Linux by its stack alone", "", linuxStack, ports(80, 443), "Linux", "o:linux:linux_kernel:*:", "", 50, 50, false},
		{"Linux by SNMP", "", linuxStack, []harrier.Service{snmp("Linux web1 5.4.17-2136 #2 SMP Mon Jan 1 x86_64")}, "Linux 5.4.17", "o:linux:linux_kernel:5.4.17:", "", 90, 99, false},
		{"Debian by SNMP", "", linuxStack, []harrier.Service{snmp("Linux web1 5.10.0-28-amd64 #1 SMP Debian 5.10.209-2 (2024-01-31) x86_64"), ssh("SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3")}, "Debian GNU/Linux 11", "", GeneralPurpose, 92, 99, false},
		{"Proxmox", "", linuxStack, append(ports(8006), ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), snmp("Linux pve 6.5.11-7-pve #1 SMP PREEMPT_DYNAMIC PMX 6.5.11-7 x86_64")), "Proxmox VE", "", Hypervisor, 80, 99, false},
		{"Raspberry Pi", "b8:27:eb:01:02:03", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Raspbian-2+deb12u2")}, "Raspbian", "", GeneralPurpose, 80, 99, false},
		{"a small router with dropbear", "", olderLinux, []harrier.Service{ssh("SSH-2.0-dropbear_2020.81"), s(80, "http", "http.server", "OpenWrt LuCI")}, "OpenWrt", "o:openwrt:openwrt:", Router, 75, 90, false},
		{"a Linux server with CUPS", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), s(80, "http", "http.server", "Apache/2.4.57 (Debian)"), s(631, "http", "http.server", "CUPS/2.4 IPP/2.1")}, "Debian GNU/Linux 12", "", GeneralPurpose, 90, 99, false},
		{"a Linux server with CUPS and LPD", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), s(515, "lpd"), s(631, "http", "http.server", "CUPS/2.4 IPP/2.1")}, "Debian GNU/Linux 12", "", GeneralPurpose, 90, 99, false},
		{"a container on Ubuntu's host", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6"), s(3306, "mysql", "product", "MariaDB", "version", "11.2.2-MariaDB-1:11.2.2+maria~deb12")}, "Ubuntu 22.04", "", GeneralPurpose, 55, 85, true},
		{"an alpine container on Debian", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), s(80, "http", "http.headers", "X-Powered-By: thing/3.1.4-alpine3.18")}, "Debian GNU/Linux 12", "", GeneralPurpose, 70, 85, true},

		// Windows.
		{"Windows 10 or Server 2019 by SMB", "", windowsStack, append(ports(135, 139), s(445, "smb", "smb.os", "Windows 10.0 build 17763")), "Microsoft Windows 10 1809 or Server 2019", "o:microsoft:windows:*:", GeneralPurpose, 88, 99, false},
		{"Server 2019, a domain controller", "", windowsStack, append(ports(88, 135, 139, 464), s(445, "smb", "smb.os", "Windows 10.0 build 17763"), s(389, "ldap", "product", "Microsoft Active Directory LDAP")), "Microsoft Windows Server 2019", "o:microsoft:windows_server_2019:", GeneralPurpose, 87, 99, false},
		{"Server 2022", "", windowsStack, []harrier.Service{s(3389, "rdp", "smb.os", "Windows 10.0 build 20348")}, "Microsoft Windows Server 2022", "o:microsoft:windows_server_2022:", GeneralPurpose, 85, 99, false},
		{"Server 2025 or 11 24H2", "", windowsStack, []harrier.Service{s(3389, "rdp", "smb.os", "Windows 10.0 build 26100")}, "Microsoft Windows 11 24H2 or Server 2025", "o:microsoft:windows:*:", GeneralPurpose, 85, 99, false},
		{"Windows 11 23H2", "", windowsStack, []harrier.Service{s(445, "smb", "smb.os", "Windows 10.0 build 22631")}, "Microsoft Windows 11 23H2", "o:microsoft:windows_11_23h2:", GeneralPurpose, 85, 99, false},
		{"Windows 10 22H2", "", windowsStack, []harrier.Service{s(445, "smb", "smb.os", "Windows 10.0 build 19045")}, "Microsoft Windows 10 22H2", "o:microsoft:windows_10_22h2:", GeneralPurpose, 85, 99, false},
		{"Windows 7 or 2008 R2", "", olderWindows, []harrier.Service{s(445, "smb", "smb.os", "Windows 6.1 build 7601")}, "Microsoft Windows 7 SP1 or Server 2008 R2 SP1", "o:microsoft:windows:*:", GeneralPurpose, 85, 99, false},
		{"2008 R2 by its native name", "", olderWindows, []harrier.Service{s(445, "smb", "smb.os", "Windows Server 2008 R2 Standard 7601 Service Pack 1")}, "Microsoft Windows Server 2008 R2 SP1", "o:microsoft:windows_server_2008:r2:", GeneralPurpose, 85, 99, false},
		{"2012 R2, named", "", olderWindows, []harrier.Service{s(445, "smb", "smb.os", "Windows Server 2012 R2 Standard 9600")}, "Microsoft Windows Server 2012 R2", "o:microsoft:windows_server_2012:r2:", GeneralPurpose, 85, 99, false},
		{"2003", "", on(stack(128, true, 64240, "MNWNNTNNS", 1460, 0)), []harrier.Service{s(445, "smb", "smb.os", "Windows Server 2003 3790 Service Pack 2")}, "Microsoft Windows Server 2003", "o:microsoft:windows_server_2003:", GeneralPurpose, 85, 99, false},
		{"XP by stack and ports", "", on(stack(128, true, 64240, "MNWNNTNNS", 1460, 0)), ports(135, 139, 445), "Microsoft Windows", "o:microsoft:windows:*:", GeneralPurpose, 50, 65, false},
		{"Windows by SNMP", "", windowsStack, []harrier.Service{snmp("Hardware: Intel64 Family 6 Model 85 Stepping 7 AT/AT COMPATIBLE - Software: Windows Version 6.3 (Build 17763 Multiprocessor Free)")}, "Microsoft Windows 10 1809 or Server 2019", "", GeneralPurpose, 95, 99, false},
		{"Windows by IIS", "", windowsStack, []harrier.Service{s(80, "http", "http.server", "Microsoft-IIS/10.0")}, "Microsoft Windows", "", GeneralPurpose, 75, 90, false},
		{"Windows, a build that nobody knows", "", nil, []harrier.Service{s(445, "smb", "smb.os", "Windows 10.0 build 27842")}, "Microsoft Windows build 27842", "o:microsoft:windows:*:", GeneralPurpose, 85, 85, false},
		{"Windows by its stack", "", windowsStack, ports(80), "Microsoft Windows", "", GeneralPurpose, 50, 50, false},
		{"Samba's build is none of Windows", "", linuxStack, []harrier.Service{s(445, "smb", "smb.os", "Windows 6.1.0", "product", "Samba", "cpe", "cpe:2.3:a:samba:samba:*:*:*:*:*:*:*:*")}, "Linux", "", "", 50, 60, false},
		{"OpenSSH on Windows", "", windowsStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_for_Windows_8.1")}, "Microsoft Windows", "", GeneralPurpose, 80, 95, false},
		{"port forwarding: SSH of Debian, SMB of Windows", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), s(445, "smb", "smb.os", "Windows 10.0 build 20348")}, "Debian GNU/Linux 12", "", GeneralPurpose, 40, 70, true},
		{"a proxy in front of IIS", "", linuxStack, []harrier.Service{s(80, "http", "http.server", "Microsoft-IIS/10.0")}, "Microsoft Windows", "", GeneralPurpose, 45, 65, true},

		// BSD, Apple, Unix.
		{"FreeBSD", "", freebsdStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.6 FreeBSD-20240318")}, "FreeBSD", "o:freebsd:freebsd:*:", GeneralPurpose, 80, 95, false},
		{"FreeBSD by SNMP", "", freebsdStack, []harrier.Service{snmp("FreeBSD fw 13.2-RELEASE-p4 FreeBSD 13.2-RELEASE-p4 GENERIC amd64")}, "FreeBSD 13.2", "o:freebsd:freebsd:13.2:", GeneralPurpose, 95, 99, false},
		{"pfSense", "", freebsdStack, []harrier.Service{s(443, "http", "cert", "CN=pfSense-5f1,O=pfSense webConfigurator Self-Signed Certificate")}, "pfSense", "", Firewall, 55, 80, false},
		{"OpenBSD", "", on(stack(54, true, 16384, "MNNSNWNNT", 1460, 6)), []harrier.Service{ssh("SSH-2.0-OpenSSH_9.6")}, "OpenBSD", "", GeneralPurpose, 50, 50, false},
		{"NetBSD", "", on(stack(64, true, 32768, "MNWSNNNNT", 1460, 3)), []harrier.Service{ssh("SSH-2.0-OpenSSH_9.1 NetBSD_Secure_Shell-20221004")}, "NetBSD", "", GeneralPurpose, 80, 95, false},
		{"a Mac", "3c:22:fb:01:02:03", on(stack(64, true, 65535, "MNWNNTSE", 1460, 6)), ports(22, 88, 5900), "Apple macOS or iOS", "", "", 50, 65, false},
		{"an iPhone", "3c:22:fb:01:02:03", on(stack(64, true, 65535, "MNWNNTSE", 1460, 5)), ports(62078), "Apple iOS", "o:apple:iphone_os:", Mobile, 50, 75, false},
		{"Solaris", "", on(stack(64, true, 64436, "STMNW", 1460, 5)), []harrier.Service{ssh("SSH-2.0-Sun_SSH_2.4")}, "Oracle Solaris", "", GeneralPurpose, 80, 95, false},
		{"HP-UX", "", on(stack(64, true, 32768, "MNNSWNNNT", 1460, 0)), []harrier.Service{snmp("HP-UX hp1 B.11.31 U ia64")}, "HP-UX 11.31", "", GeneralPurpose, 90, 99, false},
		{"AIX", "", nil, []harrier.Service{snmp("IBM PowerPC CHRP Computer Machine Type: 0x0800 Base Operating System Runtime AIX version: 7.2")}, "IBM AIX 7.2", "", GeneralPurpose, 90, 90, false},

		// Network devices.
		{"a Cisco switch", "", ciscoStack, []harrier.Service{snmp("Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE4, RELEASE SOFTWARE (fc1)"), ssh("SSH-2.0-Cisco-1.25")}, "Cisco IOS 15.0(2)SE4", `o:cisco:ios:15.0\(2\)se4:`, Switch, 95, 99, false},
		{"IOS XE", "", ciscoStack, []harrier.Service{snmp("Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.4a, RELEASE SOFTWARE (fc3)")}, "Cisco IOS XE 17.9.4a", "o:cisco:ios_xe:17.9.4a:", Switch, 95, 99, false},
		{"Cisco by SSH and stack", "", ciscoStack, []harrier.Service{ssh("SSH-1.99-Cisco-1.25"), s(23, "telnet", "telnet.banner", "User Access Verification\n\nPassword:")}, "Cisco IOS", "", "", 75, 95, false},
		{"NX-OS", "", linuxStack, []harrier.Service{snmp("Cisco NX-OS(tm) n9000, Software (n9000-dk9), Version 9.3(8), RELEASE SOFTWARE")}, "Cisco NX-OS 9.3(8)", "", Switch, 95, 99, false},
		{"ASA", "", nil, []harrier.Service{snmp("Cisco Adaptive Security Appliance Version 9.8(2)")}, "Cisco Adaptive Security Appliance 9.8(2)", "", Firewall, 95, 95, false},
		{"Junos", "", freebsdStack, []harrier.Service{snmp("Juniper Networks, Inc. mx240 internet router, kernel JUNOS 15.1R7.9, Build date: 2018-09-11")}, "Juniper Junos 15.1R7.9", "o:juniper:junos:15.1r7.9:", Router, 95, 99, false},
		{"MikroTik", "4c:5e:0c:01:02:03", linuxStack, append(ports(8291), ssh("SSH-2.0-ROSSSH"), s(21, "ftp", "ftp.banner", "220 gw FTP server (MikroTik 6.49.10) ready")), "MikroTik RouterOS", "o:mikrotik:routeros:", Router, 85, 99, false},
		{"FortiGate", "", linuxStack, []harrier.Service{s(443, "http", "cert", "CN=FGT60F0000000000,OU=FortiGate,O=Fortinet,C=US")}, "Fortinet FortiOS", "o:fortinet:fortios:", Firewall, 60, 80, false},
		{"ProCurve", "", nil, []harrier.Service{snmp("ProCurve J9019A Switch 2510-24, revision Q.11.25, ROM Q.10.02")}, "HPE ProCurve", "", Switch, 90, 90, false},
		{"BIG-IP", "", linuxStack, []harrier.Service{snmp("Linux f5 3.10.0-862 : BIG-IP software release 15.1.0, build 0.0.31")}, "F5 BIG-IP", "", LoadBalancer, 85, 99, false},

		// Other machines.
		{"ESXi", "", freebsdStack, append(ports(902), s(443, "http", "http.headers", "Server: VMware ESXi 7.0.3 build-20842708")), "VMware ESXi 7.0.3", "o:vmware:esxi:7.0.3:", Hypervisor, 70, 90, false},
		{"Synology", "00:11:32:01:02:03", linuxStack, append(ports(5000, 5001, 445), s(443, "http", "cert", "CN=synology,O=Synology Inc.")), "Synology DiskStation Manager", "o:synology:diskstation_manager:", Storage, 60, 90, false},
		{"iLO", "", nil, append(ports(17988, 17990), ssh("SSH-2.0-mpSSH_0.2.1"), s(443, "http", "http.server", "HP-iLO-Server/1.30")), "HPE Integrated Lights-Out", "", Management, 80, 99, false},
		{"a HP printer", "", nil, append(ports(515, 631, 9100), snmp("HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM JSI23900038")), "HP JetDirect", "h:hp:jetdirect:", Printer, 90, 95, false},
		{"a printer by maker and ports", "00:80:77:01:02:03", on(stack(64, false, 4096, "M", 1460, -1)), ports(80, 515, 631), "", "", Printer, 0, 0, false},
		{"a Linux printer", "", linuxStack, append(ports(515, 631, 9100), s(80, "http", "http.server", "HP HTTP Server; HP Officejet Pro 8600 - CM750A")), "Linux", "", Printer, 50, 50, false},
		{"S7", "", nil, append(ports(80, 102), snmp("Siemens, SIMATIC S7, CPU315-2 PN/DP, 6ES7 315-2EH14-0AB0")), "", "", PLC, 0, 0, false},
		{"a controller by its card and port", "00:00:bc:01:02:03", nil, ports(80, 44818), "", "", PLC, 0, 0, false},
		{"a Modbus device on lwIP", "", on(stack(255, false, 5840, "M", 1460, -1)), ports(502), "lwIP", "", PLC, 35, 35, false},
		{"APC", "00:c0:b7:01:02:03", nil, []harrier.Service{snmp("APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.4.6 PN:apc_hw05_aos_646.bin AF1:v6.4.6)")}, "APC AOS", "", UPS, 90, 99, false},
		{"a camera", "00:40:8c:01:02:03", linuxStack, append(ports(554), s(21, "ftp", "ftp.banner", "220 AXIS M1065-L Network Camera 6.50.5.2 (2020) ready.")), "Linux", "", Camera, 50, 50, false},
		{"a desk phone", "00:15:65:01:02:03", linuxStack, []harrier.Service{s(5060, "sip", "sip.server", "Yealink SIP-T46S 66.86.0.15")}, "Linux", "", VoIP, 50, 50, false},
		{"a television by UPnP", "", linuxStack, []harrier.Service{s(1900, "upnp", "ssdp.server", "Linux/3.10.14 UPnP/1.0 Sonos/70.3-35220")}, "Linux 3.10.14", "", Media, 60, 75, false},
		{"what its protocol says", "", nil, []harrier.Service{s(47808, "bacnet", "device.hint", "bms")}, "", "", Building, 0, 0, false},
		{"a fragile word that is no class", "", nil, []harrier.Service{s(80, "http", "device.hint", "spaceship")}, "", "", "", 0, 0, false},
		{"nothing but ports", "", nil, ports(80, 443), "", "", "", 0, 0, false},
		{"a virtual machine", "52:54:00:01:02:03", linuxStack, ports(22), "Linux", "", GeneralPurpose, 50, 50, false},
		{"a host that says two releases", "", linuxStack, []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), s(3306, "mysql", "product", "MariaDB", "version", "10.5.23-MariaDB-0+deb11u1")}, "Debian GNU/Linux", "o:debian:debian_linux:*:", GeneralPurpose, 85, 99, true},
	} {
		h := Identify(harrier.Host{MAC: c.mac, Stack: c.stack}, c.services)
		if h.OS != c.os || !strings.HasPrefix(strings.TrimPrefix(h.OSCPE, "cpe:2.3:"), c.cpe) {
			t.Errorf("%s: told %q, %q; want %q, %q\n\t%+v", c.name, h.OS, h.OSCPE, c.os, c.cpe, h.Signs)
		}
		device := c.device
		if device == "" && c.os != "" {
			device = GeneralPurpose
		}
		if h.DeviceType != device {
			t.Errorf("%s: is a %q; want %q\n\t%+v", c.name, h.DeviceType, device, h.Signs)
		}
		if h.OSConfidence < c.least || h.OSConfidence > c.most {
			t.Errorf("%s: certainty %d; want %d to %d\n\t%+v", c.name, h.OSConfidence, c.least, c.most, h.Signs)
		}
		doubt := slices.ContainsFunc(h.Signs, func(s harrier.Sign) bool { return s.Source == "contradiction" })
		if doubt != c.doubt {
			t.Errorf("%s: contradiction %v; want %v\n\t%+v", c.name, doubt, c.doubt, h.Signs)
		}
	}
}
