package harrier

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Identifier is something by which a machine can be told from others, with
// when and where it was seen.
type Identifier struct {
	Kind   IdentifierKind
	Value  string // in one spelling, see Identifiers
	Source string // "22/tcp", or "host" for what the scan knows of the host itself
	First  time.Time
	Last   time.Time
	// Shared says that it was seen at several live addresses at the same time:
	// it can not tell them apart.
	Shared bool
	// Others is how many other addresses show it in the scan that goes on. It is
	// not kept.
	Others int
}

// IdentifierKind is what an Identifier is.
type IdentifierKind string

// The kinds of identifiers.
const (
	IDHardware IdentifierKind = "uuid"     // of the hardware or the virtual machine
	IDSerial   IdentifierKind = "serial"   // given by the maker
	IDInstance IdentifierKind = "instance" // given by a cloud
	IDMAC      IdentifierKind = "mac"
	IDFQDN     IdentifierKind = "fqdn"
	IDNetBIOS  IdentifierKind = "netbios"
	IDHostname IdentifierKind = "hostname" // the name that a machine gives itself
	IDSSHKey   IdentifierKind = "ssh-key"  // "type fingerprint"
	IDCertKey  IdentifierKind = "cert-key" // SHA-256 of a certificate's public key, or of the certificate
	IDSMB      IdentifierKind = "smb-guid"
	IDSNMP     IdentifierKind = "snmp-engine"
	IDUPnP     IdentifierKind = "upnp-uuid"
)

// evidenceClass groups kinds that come and go together: two of a class are
// hardly more evidence than one.
type evidenceClass uint8

const (
	ofHardware evidenceClass = iota // stays with one machine
	ofNetwork                       // stays with one network card
	ofName                          // given by people
	ofDisk                          // on the disk, so that a cloned image has it too
	ofAddress
	evidenceClasses
)

// kindRule says what a kind is worth: what it tells when it agrees, and what
// it tells against when all that is known differs.
type kindRule struct {
	class            evidenceClass
	agrees, disputes int
}

// kinds is the table of all kinds. See docs/asset-identity.md.
var kinds = map[IdentifierKind]kindRule{
	IDHardware: {ofHardware, 100, 100},
	IDSerial:   {ofHardware, 100, 100},
	IDInstance: {ofHardware, 100, 100},
	IDMAC:      {ofNetwork, 100, 25},
	IDFQDN:     {ofName, 60, 15},
	IDNetBIOS:  {ofName, 50, 15},
	IDHostname: {ofName, 45, 15},
	IDSSHKey:   {ofDisk, 60, 20},
	IDSMB:      {ofDisk, 60, 20},
	IDSNMP:     {ofDisk, 60, 15},
	IDUPnP:     {ofDisk, 60, 0},
	IDCertKey:  {ofDisk, 50, 0}, // certificates are renewed, and a host has several
}

// Strength is what the identifier tells when another one agrees with it: 0 to
// 100.
func (i Identifier) Strength() int {
	switch {
	case i.Shared || i.Others > 0:
		return min(sharedPoints, kinds[i.Kind].agrees)
	case i.Kind == IDMAC && localMAC(i.Value):
		return localMACPoints
	}
	return kinds[i.Kind].agrees
}

// subject is what there can be one of: a host has one key of each type.
func (i Identifier) subject() string {
	if i.Kind == IDSSHKey {
		name, _, _ := strings.Cut(i.Value, " ")
		return string(i.Kind) + " " + name
	}
	return string(i.Kind)
}

// localMAC reports whether a MAC address was not given by a maker, but made up
// by software, for good or for one connection. Those of KVM's machines are for
// good, and a copied machine gets another.
func localMAC(mac string) bool {
	return len(mac) > 1 && !strings.HasPrefix(mac, "52:54:00:") && strings.IndexByte("2367abef", mac[1]) >= 0
}

// tellingMAC reports whether a MAC address belongs to one machine: not to a
// router that several play (VRRP, HSRP, GLBP), not to a cluster (NLB), not to
// a container whose address it was made from.
//
// Source: RFC 9568, section 7.3; Cisco's first hop redundancy protocols;
// Microsoft's network load balancing; Docker's bridge driver.
func tellingMAC(mac string) bool {
	if len(mac) != 17 || strings.IndexByte("13579bdf", mac[1]) >= 0 { // multicast
		return false
	}
	for _, p := range []string{
		"00:00:00:00:00:00", "00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f", "00:05:73:a0:0",
		"00:07:b4:00:", "00:07:b4:01:", "02:42:", "02:bf:", "44:45:53:54:",
	} {
		if strings.HasPrefix(mac, p) {
			return false
		}
	}
	return true
}

// plainNames are names that many machines have, as they left the factory.
var plainNames = []string{
	"localhost", "localdomain", "local", "host", "hostname", "computer", "pc", "my-pc", "mypc", "user-pc", "admin-pc", "owner-pc", "home-pc",
	"workstation", "workgroup", "server", "desktop", "laptop", "notebook", "home", "office", "guest", "test", "unknown", "none", "null", "default",
	"ubuntu", "debian", "centos", "fedora", "kali", "raspberrypi", "linux", "freebsd", "openwrt", "dd-wrt", "router", "switch", "gateway", "firewall",
	"modem", "nas", "diskstation", "printer", "scanner", "camera", "ipcam", "dvr", "nvr", "phone", "iphone", "ipad", "android", "tv",
	"esxi", "vm", "template", "windows", "win10", "macbook", "macbook-pro", "macbook-air", "imac", "mac-mini", "brother", "canon", "epson", "hp",
	"kyocera", "lexmark", "xerox", "ricoh", "samsung", "*smbserver",
}

var (
	poolWord  = regexp.MustCompile(`(^|[^a-z])(dhcp|dyn|dynamic|pool|ppp|dial|dialup|dialin|lease|client|customer|cust|adsl|dsl|cable|broadband|ip|static|unassigned)s?[-._]?(v[46])?[-._]?[0-9a-f]*\d`)
	hexDigits = regexp.MustCompile(`^[0-9a-f]+$`)
)

// tellingName reports whether a name, in lower case, was given to one machine,
// and not to an address or to everything that leaves a factory.
func tellingName(name string, addr netip.Addr) bool {
	label, _, _ := strings.Cut(name, ".")
	if len(label) < 2 || slices.Contains(plainNames, label) || strings.HasPrefix(name, "*") || strings.HasSuffix(name, ".arpa") {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	return !poolWord.MatchString(label) && !spellsAddress(name, addr)
}

// spellsAddress reports whether a name holds its address: all four numbers in
// either order, the last two at its end, or the whole in hexadecimal.
func spellsAddress(name string, addr netip.Addr) bool {
	if !addr.Is4() {
		return false
	}
	b := addr.As4()
	var numbers []string
	for _, n := range strings.FieldsFunc(name, func(r rune) bool { return r < '0' || r > '9' }) {
		numbers = append(numbers, strings.TrimLeft(n, "0"))
	}
	for _, order := range [][]byte{b[:], {b[3], b[2], b[1], b[0]}, b[2:], {b[3], b[2], b[1]}} {
		want := make([]string, len(order))
		for i, n := range order {
			want[i] = strings.TrimLeft(decimal(n), "0")
		}
		for from := 0; from+len(want) <= len(numbers); from++ {
			if slices.Equal(numbers[from:from+len(want)], want) {
				return true
			}
		}
	}
	const digits = "0123456789abcdef"
	hex := make([]byte, 0, 8)
	for _, n := range b {
		hex = append(hex, digits[n>>4], digits[n&15])
	}
	return strings.Contains(name, string(hex))
}

func decimal(n byte) string {
	return string([]byte{'0' + n/100, '0' + n/10%10, '0' + n%10})
}

// plainSerials are what boards answer whose maker gave them none.
var plainSerials = []string{
	"tobefilledbyoem", "defaultstring", "systemserialnumber", "chassisserialnumber", "baseboardserialnumber", "serialnumber", "notspecified",
	"notapplicable", "notavailable", "none", "null", "unknown", "empty", "invalid", "oem", "0123456789", "123456789", "1234567890", "12345678", "na",
	// The UUID of boards that were never given one.
	"03000200040005000006000700080009", "12345678123456789012123456789012", "00020003000400050006000700080009",
}

// tellingID reports whether a serial number or unique id can be one.
func tellingID(id string) bool {
	var b []byte
	for _, c := range []byte(strings.ToLower(id)) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b = append(b, c)
		}
	}
	plain := string(b)
	if len(plain) < 4 || strings.Count(plain, plain[:1]) == len(plain) || slices.Contains(plainSerials, plain) {
		return false
	}
	return len(plain) != 32 || !hexDigits.MatchString(plain) || strings.Count(plain, "0") < 28
}
