package osident

import (
	"strings"

	"github.com/harrier-scan/harrier/internal/cpe"
)

// system is an operating system, or a family of them.
type system struct {
	name   string
	cpe    string   // "vendor:product", of an operating system unless it starts with "h:"; "" when none is registered
	parent string   // key of the family that it is of; "" for a root
	kin    []string // families that its TCP/IP stack, and tools on it, pass for
	device string   // what mostly runs it; "" when that is open
}

// systems are those that are told apart, by key.
//
// Source: the makers' names; CPE names as in NVD's dictionary.
var systems = map[string]system{
	"linux":      {name: "Linux", cpe: "linux:linux_kernel"},
	"debian":     {name: "Debian GNU/Linux", cpe: "debian:debian_linux", parent: "linux", device: GeneralPurpose},
	"ubuntu":     {name: "Ubuntu", cpe: "canonical:ubuntu_linux", parent: "linux", device: GeneralPurpose},
	"raspbian":   {name: "Raspbian", parent: "debian", device: GeneralPurpose},
	"proxmox":    {name: "Proxmox VE", cpe: "proxmox:virtual_environment", parent: "debian", device: Hypervisor},
	"enterprise": {name: "Enterprise Linux", parent: "linux", device: GeneralPurpose},
	"rhel":       {name: "Red Hat Enterprise Linux", cpe: "redhat:enterprise_linux", parent: "enterprise", device: GeneralPurpose},
	"centos":     {name: "CentOS Linux", cpe: "centos:centos", parent: "enterprise", device: GeneralPurpose},
	"rocky":      {name: "Rocky Linux", cpe: "rocky:linux", parent: "enterprise", device: GeneralPurpose},
	"alma":       {name: "AlmaLinux", cpe: "almalinux:almalinux", parent: "enterprise", device: GeneralPurpose},
	"oracle":     {name: "Oracle Linux", cpe: "oracle:linux", parent: "enterprise", device: GeneralPurpose},
	"fedora":     {name: "Fedora Linux", cpe: "fedoraproject:fedora", parent: "linux", device: GeneralPurpose},
	"amazon":     {name: "Amazon Linux", cpe: "amazon:linux", parent: "linux", device: GeneralPurpose},
	"suse":       {name: "SUSE Linux Enterprise", cpe: "suse:linux_enterprise_server", parent: "linux", device: GeneralPurpose},
	"opensuse":   {name: "openSUSE", cpe: "opensuse:opensuse", parent: "linux", device: GeneralPurpose},
	"alpine":     {name: "Alpine Linux", cpe: "alpinelinux:alpine_linux", parent: "linux", device: GeneralPurpose},
	"gentoo":     {name: "Gentoo Linux", cpe: "gentoo:linux", parent: "linux", device: GeneralPurpose},
	"arch":       {name: "Arch Linux", cpe: "archlinux:arch_linux", parent: "linux", device: GeneralPurpose},
	"openwrt":    {name: "OpenWrt", cpe: "openwrt:openwrt", parent: "linux", device: Router},
	"ddwrt":      {name: "DD-WRT", cpe: "dd-wrt:dd-wrt", parent: "linux", device: Router},
	"routeros":   {name: "MikroTik RouterOS", cpe: "mikrotik:routeros", parent: "linux", device: Router},
	"edgeos":     {name: "Ubiquiti EdgeOS", cpe: "ui:edgeos", parent: "linux", device: Router},
	"vyos":       {name: "VyOS", cpe: "vyos:vyos", parent: "debian", device: Router},
	"fortios":    {name: "Fortinet FortiOS", cpe: "fortinet:fortios", parent: "linux", device: Firewall},
	"panos":      {name: "Palo Alto Networks PAN-OS", cpe: "paloaltonetworks:pan-os", parent: "linux", device: Firewall},
	"gaia":       {name: "Check Point Gaia", cpe: "checkpoint:gaia_os", parent: "linux", device: Firewall},
	"sonicos":    {name: "SonicWall SonicOS", cpe: "sonicwall:sonicos", kin: []string{"linux"}, device: Firewall},
	"asa":        {name: "Cisco Adaptive Security Appliance", cpe: "cisco:adaptive_security_appliance_software", kin: []string{"linux", "ios"}, device: Firewall},
	"screenos":   {name: "Juniper ScreenOS", cpe: "juniper:screenos", device: Firewall},
	"bigip":      {name: "F5 BIG-IP", parent: "linux", device: LoadBalancer},
	"netscaler":  {name: "Citrix NetScaler", cpe: "citrix:netscaler_application_delivery_controller_firmware", kin: []string{"freebsd"}, device: LoadBalancer},
	"dsm":        {name: "Synology DiskStation Manager", cpe: "synology:diskstation_manager", parent: "linux", device: Storage},
	"qts":        {name: "QNAP QTS", cpe: "qnap:qts", parent: "linux", device: Storage},
	"android":    {name: "Android", cpe: "google:android", parent: "linux", device: Mobile},
	"windows":    {name: "Microsoft Windows", cpe: "microsoft:windows", device: GeneralPurpose},
	"freebsd":    {name: "FreeBSD", cpe: "freebsd:freebsd", device: GeneralPurpose},
	"pfsense":    {name: "pfSense", cpe: "pfsense:pfsense", parent: "freebsd", device: Firewall},
	"opnsense":   {name: "OPNsense", cpe: "opnsense:opnsense", parent: "freebsd", device: Firewall},
	"truenas":    {name: "TrueNAS", cpe: "ixsystems:truenas", kin: []string{"freebsd", "linux", "debian"}, device: Storage},
	"openbsd":    {name: "OpenBSD", cpe: "openbsd:openbsd", device: GeneralPurpose},
	"netbsd":     {name: "NetBSD", cpe: "netbsd:netbsd", device: GeneralPurpose},
	"apple":      {name: "Apple macOS or iOS"},
	"macos":      {name: "Apple macOS", cpe: "apple:macos", parent: "apple", device: GeneralPurpose},
	"iphone":     {name: "Apple iOS", cpe: "apple:iphone_os", parent: "apple", device: Mobile},
	"solaris":    {name: "Oracle Solaris", cpe: "oracle:solaris", device: GeneralPurpose},
	"illumos":    {name: "illumos", parent: "solaris", device: GeneralPurpose},
	"aix":        {name: "IBM AIX", cpe: "ibm:aix", device: GeneralPurpose},
	"hpux":       {name: "HP-UX", cpe: "hp:hp-ux", device: GeneralPurpose},
	"ios":        {name: "Cisco IOS", cpe: "cisco:ios"},
	"iosxe":      {name: "Cisco IOS XE", cpe: "cisco:ios_xe", parent: "ios", kin: []string{"linux"}},
	"iosxr":      {name: "Cisco IOS XR", cpe: "cisco:ios_xr", kin: []string{"linux"}, device: Router},
	"nxos":       {name: "Cisco NX-OS", cpe: "cisco:nx-os", kin: []string{"linux", "ios"}, device: Switch},
	"junos":      {name: "Juniper Junos", cpe: "juniper:junos", kin: []string{"freebsd", "linux"}, device: Router},
	"comware":    {name: "HPE Comware", kin: []string{"linux"}, device: Switch},
	"procurve":   {name: "HPE ProCurve", device: Switch},
	"arubaos":    {name: "ArubaOS", cpe: "arubanetworks:arubaos", parent: "linux", device: AccessPoint},
	"vrp":        {name: "Huawei VRP", device: Router},
	"eos":        {name: "Arista EOS", cpe: "arista:eos", parent: "linux", device: Switch},
	"esxi":       {name: "VMware ESXi", cpe: "vmware:esxi", kin: []string{"freebsd"}, device: Hypervisor},
	"ontap":      {name: "NetApp ONTAP", cpe: "netapp:data_ontap", kin: []string{"freebsd"}, device: Storage},
	"ilo":        {name: "HPE Integrated Lights-Out", cpe: "hp:integrated_lights-out_firmware", device: Management},
	"idrac":      {name: "Dell iDRAC", parent: "linux", device: Management},
	"jetdirect":  {name: "HP JetDirect", cpe: "h:hp:jetdirect", kin: []string{"linux", "vxworks"}, device: Printer},
	"apcos":      {name: "APC AOS", device: UPS},
	"vxworks":    {name: "Wind River VxWorks", cpe: "windriver:vxworks", device: Embedded},
	"qnx":        {name: "QNX", kin: []string{"netbsd"}, device: Embedded},
	"ecos":       {name: "eCos", kin: []string{"freebsd", "openbsd"}, device: Embedded},
	"nucleus":    {name: "Nucleus RTOS", device: Embedded},
	"lwip":       {name: "lwIP", device: Embedded},
	"uip":        {name: "uIP", device: Embedded},
	"vms":        {name: "OpenVMS", cpe: "hp:openvms", device: GeneralPurpose},
}

// ancestor reports whether a is k or a family that k is of.
func ancestor(a, k string) bool {
	for ; k != ""; k = systems[k].parent {
		if a == k {
			return true
		}
	}
	return false
}

// root is the widest family that k is of.
func root(k string) string {
	for systems[k].parent != "" {
		k = systems[k].parent
	}
	return k
}

// agrees reports whether a sign of b is no contradiction to a.
func agrees(a, b string) bool {
	if ancestor(a, b) || ancestor(b, a) {
		return true
	}
	for k := a; k != ""; k = systems[k].parent {
		for _, kin := range systems[k].kin {
			if ancestor(b, kin) || ancestor(kin, b) && kin == b {
				return true
			}
		}
	}
	return false
}

// cpeOf is the CPE 2.3 name of a system; "" when none is registered.
func cpeOf(key, version string, r role) string {
	if key == "windows" {
		_, id := windows(version, r)
		return id
	}
	return registered(systems[key].cpe, version)
}

// registered is the CPE 2.3 name of a system, see system.cpe.
func registered(name, version string) string {
	if name != "" && !strings.HasPrefix(name, "h:") {
		name = "o:" + name
	}
	return cpe.Name(name, version, "")
}
