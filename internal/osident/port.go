package osident

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// pattern is a set of open TCP ports that devices of one class have.
type pattern struct {
	all    []uint16 // open
	none   []uint16 // not open
	device string
	system string
	weight int
}

// ssh and the like are on no simple device.
var serverPorts = []uint16{22, 445, 3306, 3389, 5432, 6379}

// patterns are in no order: all that fit count, the weightiest of a class once.
//
// Source: the ports that the makers document, and the IANA registry.
var patterns = []pattern{
	{all: []uint16{515, 631}, none: []uint16{22}, device: Printer, weight: 50},
	{all: []uint16{515, 631}, device: Printer, weight: 40},
	{all: []uint16{515, 9100}, device: Printer, weight: 55},
	{all: []uint16{631, 9100}, none: serverPorts, device: Printer, weight: 55},
	{all: []uint16{80, 9100}, none: serverPorts, device: Printer, weight: 45},
	{all: []uint16{102}, device: PLC, weight: 50},
	{all: []uint16{502}, device: PLC, weight: 50},
	{all: []uint16{44818}, device: PLC, weight: 50},
	{all: []uint16{789}, device: PLC, weight: 40},
	{all: []uint16{9600}, device: PLC, weight: 40},
	{all: []uint16{18245}, device: PLC, weight: 40},
	{all: []uint16{20547}, device: PLC, weight: 40},
	{all: []uint16{2404}, device: Industrial, weight: 50},
	{all: []uint16{20000}, device: Industrial, weight: 40},
	{all: []uint16{34962}, device: PLC, weight: 50},
	{all: []uint16{34963}, device: PLC, weight: 50},
	{all: []uint16{34964}, device: PLC, weight: 50},
	{all: []uint16{1911}, device: Building, weight: 40},
	{all: []uint16{4911}, device: Building, weight: 40},
	{all: []uint16{47808}, device: Building, weight: 45},
	{all: []uint16{104}, device: Medical, weight: 40},
	{all: []uint16{11112}, device: Medical, weight: 40},
	{all: []uint16{80, 554}, none: serverPorts, device: Camera, weight: 35},
	{all: []uint16{554, 8000}, none: []uint16{22, 3389}, device: Camera, weight: 45},
	{all: []uint16{37777}, device: Camera, weight: 45},
	{all: []uint16{34567}, device: Camera, weight: 40},
	{all: []uint16{8291}, device: Router, system: "routeros", weight: 55},
	{all: []uint16{902, 443}, none: []uint16{445, 3389}, device: Hypervisor, system: "esxi", weight: 35},
	{all: []uint16{22, 8006}, device: Hypervisor, system: "proxmox", weight: 40},
	{all: []uint16{17988, 17990}, device: Management, system: "ilo", weight: 50},
	{all: []uint16{623, 5900}, device: Management, weight: 40},
	{all: []uint16{5000, 5001, 445}, device: Storage, weight: 40},
	{all: []uint16{62078}, device: Mobile, system: "iphone", weight: 50},
	{all: []uint16{8008, 8009}, none: serverPorts, device: Media, weight: 50},
	{all: []uint16{1400}, none: serverPorts, device: Media, weight: 35},
	{all: []uint16{8060}, none: serverPorts, device: Media, weight: 40},
	{all: []uint16{135, 139, 445}, device: GeneralPurpose, system: "windows", weight: 45},
	{all: []uint16{135, 445}, device: GeneralPurpose, system: "windows", weight: 40},
	{all: []uint16{135, 3389}, device: GeneralPurpose, system: "windows", weight: 40},
	{all: []uint16{88, 135, 389, 445, 464}, device: GeneralPurpose, system: "windows", weight: 50},
}

// most tarpits open all ports: of a host with more than this many open ones the
// ports say nothing.
const mostOpen = 400

// fromPorts reads which ports are open.
func fromPorts(services []harrier.Service) []sign {
	if len(services) > mostOpen {
		return nil
	}
	open := map[uint16]bool{}
	for i := range services {
		if s := &services[i]; s.Protocol == harrier.TCP {
			open[s.Port] = true
		}
	}
	var out []sign
	at := map[string]int{}
	for i := range patterns {
		p := &patterns[i]
		if !p.fits(open) {
			continue
		}
		s := sign{source: portsSource, system: p.system, device: p.device, weight: p.weight, text: p.text()}
		if p.system == "windows" && len(p.all) == 5 {
			s.role = server
		}
		if j, seen := at[p.device+p.system]; seen && out[j].weight >= s.weight {
			continue
		} else if seen {
			out[j] = s
			continue
		}
		at[p.device+p.system] = len(out)
		out = append(out, s)
	}
	return out
}

func (p *pattern) fits(open map[uint16]bool) bool {
	for _, port := range p.all {
		if !open[port] {
			return false
		}
	}
	for _, port := range p.none {
		if open[port] {
			return false
		}
	}
	return true
}

func (p *pattern) text() string {
	text := strings.Trim(strings.ReplaceAll(fmt.Sprint(p.all), " ", ", "), "[]")
	if len(p.all) == 1 {
		return "TCP port " + text
	}
	return "TCP ports " + text
}
