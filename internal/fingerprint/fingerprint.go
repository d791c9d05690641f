// Package fingerprint tells products, operating systems and devices by the
// texts in which they show themselves: banners, headers, names, digests.
//
// What it knows are rules, and rules are data: files in an own YAML format,
// embedded below rules/, and Recog's XML files, which users bring. Each text is
// of a kind ("ssh", "http.server", "smtp"); a rule speaks about one kind. A
// Set holds layers of rules, the own ones first.
//
// See docs/fingerprints.md for how to write rules.
package fingerprint

import "strings"

// The sources of rules.
const (
	Own   = "own"   // embedded
	User  = "user"  // files in the own format, which a user brought
	Recog = "recog" // Recog's XML files
)

// Match is what a rule tells about a text.
type Match struct {
	Rule      string // id: "ssh/openssh", "recog/ssh_banners/12"; unique and stable
	Source    string // Own, User or Recog
	Kind      string
	Product   string // "OpenSSH"; "" when the rule tells only a system or a device
	Vendor    string
	Version   string // as the text writes it, with the update; "" when it does not
	Update    string // the end of Version that CPE keeps apart: "p1" of "9.2p1"
	CPE       string // CPE 2.3 formatted string of the product, "" when none is registered
	OS        OS
	Hardware  Hardware
	Certainty int // 0 to 100: how often such a text means this product
	// Facts are further things that the text tells, by dotted keys: "host.name",
	// "host.mac", "openssh.comment". Do not change them.
	Facts map[string]string
}

// OS is an operating system, as far as a text tells.
type OS struct {
	Vendor, Product, Version, Family, CPE string
}

// Name is the system in words: "Ubuntu Linux 22.04"; "" when nothing is known.
func (o OS) Name() string {
	name := o.Product
	if name == "" {
		name = o.Family
	}
	if name != "" && !strings.HasPrefix(name, o.Vendor) {
		name = o.Vendor + " " + name
	}
	if name != "" && o.Version != "" {
		name += " " + o.Version
	}
	return name
}

// tells reports whether m says anything at all. Some rules only keep later
// ones from claiming a text that means nothing.
func (m *Match) tells() bool {
	return m.Product != "" || m.OS.Name() != "" || m.Hardware != (Hardware{}) || len(m.Facts) > 0
}

// Hardware is a machine, as far as a text tells.
type Hardware struct {
	Vendor, Product, CPE string
	Device               string // class: "printer", "router", "plc" …; see Device
}

// fill adds what m does not tell and other does. It never adds to what m says
// about the product itself, nor mixes two systems or two machines.
func (m *Match) fill(other Match) {
	if m.OS.Name() == "" || m.OS.Version == "" && other.OS.Version != "" && m.OS.Product == other.OS.Product {
		m.OS = other.OS
	}
	if device := m.Hardware.Device; m.Hardware.Product == "" && (device == "" || device == other.Hardware.Device) {
		m.Hardware = other.Hardware
		if m.Hardware.Device == "" {
			m.Hardware.Device = device
		}
	}
	var added map[string]string
	for key, value := range other.Facts {
		if _, known := m.Facts[key]; known {
			continue
		}
		if added == nil { // the map of m belongs to its maker
			added = make(map[string]string, len(m.Facts)+len(other.Facts))
			for k, v := range m.Facts {
				added[k] = v
			}
		}
		added[key] = value
	}
	if added != nil {
		m.Facts = added
	}
}
