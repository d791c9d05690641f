// Package oui names the maker of a network card by its MAC address, from a
// table of the assignments that the IEEE publishes: blocks of 24 bits (MA-L),
// 28 bits (MA-M) and 36 bits (MA-S, and IAB before it). The longest one wins.
//
// The table is part of the program, packed, and is unpacked once, when it is
// first asked. It is made by internal/tools/ouitable; Date says how old it is.
// What a vendor's name means for the kind of a device is not for this package.
//
// Source: IEEE Std 802-2014, section 8.2; the public listings of the IEEE
// Registration Authority, in which it asserts no copyright.
package oui

import (
	"bytes"
	_ "embed"
	"net"
	"strings"
	"sync"
	"time"
)

//go:embed table.bin
var packed []byte

var table = sync.OnceValue(func() *Table {
	t, err := Read(bytes.NewReader(packed))
	if err != nil { // a test reads it
		return &Table{}
	}
	return t
})

// Date is the day of the listings that the table was made from.
func Date() time.Time { return table().Date }

// Owner is what a MAC address tells of its card.
type Owner struct {
	// Vendor is the organisation that the block is assigned to, as the listing
	// writes it; "" when there is none, or it wants to stay private.
	Vendor string
	// Local says that no one assigned the address: a virtual machine, a
	// container, or a device that changes it at random for privacy. It is no
	// lasting mark of the machine then.
	Local bool
	// Virtual names the virtual machines or containers that use such addresses
	// by custom, "QEMU/KVM"; "" when none do.
	Virtual string
}

// Of is what the address tells. It may be written with colons, hyphens or dots;
// for what is no MAC address of 6 bytes, or of a group, it is zero.
func Of(mac string) Owner {
	b, err := net.ParseMAC(strings.TrimSpace(mac))
	if err != nil || len(b) != 6 || b[0]&1 != 0 {
		return Owner{}
	}
	o := Owner{Local: b[0]&2 != 0, Virtual: virtual(b)}
	if !o.Local {
		o.Vendor = table().vendor(number(b))
	}
	return o
}

// Vendor is the Vendor of Of.
func Vendor(mac string) string { return Of(mac).Vendor }

// virtuals are prefixes that machines without a card of their own use.
//
// Source: the documents of libvirt, Docker, VirtualBox, VMware, Hyper-V, Xen,
// Parallels and Proxmox VE on the addresses that they give.
var virtuals = []struct {
	prefix string
	name   string
}{
	{"\x52\x54\x00", "QEMU/KVM"},
	{"\x02\x42", "Docker"},
	{"\x0a\x00\x27", "VirtualBox"},
	{"\x08\x00\x27", "VirtualBox"},
	{"\x00\x0c\x29", "VMware"},
	{"\x00\x50\x56", "VMware"},
	{"\x00\x05\x69", "VMware"},
	{"\x00\x15\x5d", "Hyper-V"},
	{"\x00\x16\x3e", "Xen"},
	{"\x00\x1c\x42", "Parallels"},
	{"\xbc\x24\x11", "Proxmox VE"},
}

func virtual(mac net.HardwareAddr) string {
	for _, v := range virtuals {
		if strings.HasPrefix(string(mac), v.prefix) {
			return v.name
		}
	}
	return ""
}

func number(mac net.HardwareAddr) uint64 {
	n := uint64(0)
	for _, b := range mac {
		n = n<<8 | uint64(b)
	}
	return n
}

// Vendors lists the names of the table, in order.
func Vendors() []string {
	t := table()
	out := make([]string, len(t.ends))
	for i := range out {
		out[i] = t.name(i)
	}
	return out
}
