// Package osident concludes from many signs which operating system a host runs
// and what kind of device it is: from how its TCP/IP stack answered, from
// banners, package marks, build numbers, certificates, names, the maker of its
// network card and the ports that are open.
//
// Nothing here sends anything. Every sign is a harrier.Sign with a weight;
// Identify joins them and keeps them with the host, so that one can see why.
// docs/os-identification.md has the sources, the weights and the arithmetic.
//
// Watch decides early whether a device is of a kind that bears little.
package osident

import (
	"cmp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// maxSigns is how many signs are kept with a host, maxText how long the text of
// one is.
const (
	maxSigns = 16
	maxText  = 200
)

// sign is a piece of evidence.
type sign struct {
	source  string
	system  string // key of systems; "" when it speaks of the device alone
	version string // of the system; of Windows the build number
	device  string // one of the classes; "" leaves it to the system
	role    role   // of Windows
	weight  int    // see harrier.Sign
	text    string // what was seen
}

// role tells the editions of Windows apart that share a build number.
type role int8

const (
	server role = 1
	client role = -1
)

// Identify returns host with what its stack, its network card and its services
// tell of the operating system, the kind of device and the machine's names.
// What host says already stays where it is surer.
//
// OSConfidence is 0 to 100: 95 for an agent's or the system's own statement with
// a version, 70 to 90 for a distribution's mark in a banner, 50 and less for
// signs of a family of systems. Signs from other sources that agree raise it,
// those that contradict lower it.
func Identify(host harrier.Host, services []harrier.Service) harrier.Host {
	host = named(host, services)
	signs := collect(host, services)
	c := conclude(signs)
	method := c.method
	if c.system != "" && c.certainty > host.OSConfidence {
		host.OS, host.OSCPE, host.OSConfidence, host.OSMethod = c.name, c.cpe, c.certainty, method
	}
	if c.device != "" && host.DeviceType == "" {
		host.DeviceType = c.device
	}
	if host.DeviceType == "" && host.OS != "" {
		host.DeviceType = GeneralPurpose
	}
	host.Signs = c.record(signs)
	if host.FragileWhy != "" && !Fragile(host.DeviceType) {
		host.Signs = append(host.Signs, harrier.Sign{
			Source: "fragile profile", Device: host.DeviceType, Weight: -1,
			Text: clip("it was scanned gently, for " + host.FragileWhy + "; what it told then does not bear that out"),
		})
	}
	return host
}

// collect gathers all signs, the weightiest first.
func collect(host harrier.Host, services []harrier.Service) []sign {
	var out []sign
	out = append(out, fromStack(host.Stack)...)
	out = append(out, fromMAC(host.MAC)...)
	out = append(out, fromPorts(services)...)
	for i := range services {
		out = append(out, fromService(&services[i])...)
	}
	slices.SortStableFunc(out, func(a, b sign) int {
		return cmp.Or(b.weight-a.weight, strings.Compare(a.source, b.source), strings.Compare(a.system, b.system), strings.Compare(a.version, b.version))
	})
	return slices.CompactFunc(out, func(a, b sign) bool { return a == b })
}

// record is what is kept of the signs: the weightiest, and what contradicts.
func (c *conclusion) record(signs []sign) []harrier.Sign {
	var out []harrier.Sign
	for _, s := range signs[:min(len(signs), maxSigns-len(c.notes))] {
		k := harrier.Sign{Source: s.source, Device: s.device, Weight: s.weight, Text: clip(s.text)}
		if s.system != "" {
			k.OS, k.CPE = systems[s.system].name, cpeOf(s.system, s.version, s.role)
			k.Version = s.version
		}
		out = append(out, k)
	}
	return append(out, c.notes...)
}

// clip is text in one line and of a bounded length.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText-3], "") + "..."
	}
	return s
}
