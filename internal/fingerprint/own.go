package fingerprint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier/internal/cpe"
)

// ownMaker makes matches of rules in the own format. Texts may hold ${group}.
type ownMaker struct {
	product, vendor, cpe, hardware    string
	os, osVendor, osFamily, osCPE     string
	device                            string
	facts                             map[string]string
	certainty                         int
	v, u, osGroup, osVersion          int // groups; -1 for none
	productT, osT, hardwareT, deviceT template
	factsT                            []factTemplate
}

type factTemplate struct {
	key string
	template
}

// cpeName is what a rule may give as cpe: vendor and product, with the part in
// front when it is no application.
var cpeName = regexp.MustCompile(`^(?:[oh]:)?(?:[a-z0-9_.-]|\\.)+:(?:[a-z0-9_.-]|\\.)+$`)

// devices are the classes that a rule may tell.
var devices = []string{
	"appliance", "building", "camera", "controller", "desktop", "embedded", "firewall", "gateway", "general-purpose", "hypervisor", "ics", "laptop",
	"loadbalancer", "management", "media", "phone", "plc", "power", "printer", "proxy", "router", "scanner", "server", "storage", "switch", "terminal", "ups", "voip", "wap",
}

// bind ties the maker to the groups of its pattern. Each named group must have
// a use, and each use a group.
func (o *ownMaker) bind(names []string) error {
	if o.product == "" && o.os == "" && o.device == "" && len(o.facts) == 0 && !slices.Contains(names, "os") {
		return fmt.Errorf("it tells nothing: no product, os, device or facts")
	}
	for _, c := range []string{o.cpe, o.osCPE} {
		if c != "" && !cpeName.MatchString(c) {
			return fmt.Errorf("cpe %q is not vendor:product", c)
		}
	}
	if o.device != "" && !strings.Contains(o.device, "${") && !slices.Contains(devices, o.device) {
		return fmt.Errorf("device %q is none of %s", o.device, strings.Join(devices, ", "))
	}
	o.v, o.u = slices.Index(names, "v"), slices.Index(names, "u")
	o.osGroup, o.osVersion = slices.Index(names, "os"), slices.Index(names, "osv")
	used := map[string]bool{"": true, "v": true, "u": true, "os": true, "osv": true}
	var err error
	parse := func(s string) template {
		t, fault := parseTemplate(s, names, used)
		if fault != nil {
			err = fault
		}
		return t
	}
	o.productT, o.osT, o.hardwareT, o.deviceT = parse(o.product), parse(o.os), parse(o.hardware), parse(o.device)
	for _, key := range sortedKeys(o.facts) {
		o.factsT = append(o.factsT, factTemplate{key, parse(o.facts[key])})
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if !used[name] {
			return fmt.Errorf("the group %s has no use", name)
		}
	}
	if o.u >= 0 && o.v < 0 {
		return fmt.Errorf("the group u needs a group v")
	}
	return nil
}

func (o *ownMaker) match(g groups) Match {
	version, update := g.get(o.v), g.get(o.u)
	m := Match{
		Product: o.productT.fill(g), Vendor: o.vendor, Version: version + update, Update: update,
		CPE: cpe.Name(o.cpe, version, update), Certainty: o.certainty,
	}
	name := o.osT.fill(g)
	if told := g.get(o.osGroup); told != "" {
		name = told
	}
	if name != "" {
		m.OS = OS{Vendor: o.osVendor, Product: name, Version: g.get(o.osVersion), Family: o.osFamily, CPE: cpe.Name(o.osCPE, g.get(o.osVersion), "")}
		if o.osCPE == "" && strings.HasPrefix(o.cpe, "o:") { // the product is the system
			m.OS.CPE, m.OS.Version = m.CPE, m.Version
		}
	}
	m.Hardware = Hardware{Product: o.hardwareT.fill(g), Device: o.deviceT.fill(g)}
	if strings.HasPrefix(o.cpe, "h:") {
		m.Hardware.CPE = m.CPE
	}
	for _, f := range o.factsT {
		if value := f.fill(g); value != "" {
			if m.Facts == nil {
				m.Facts = map[string]string{}
			}
			m.Facts[f.key] = value
		}
	}
	return m
}

// template is a text with places for groups.
type template []piece

type piece struct {
	text  string
	group int // when text is ""
}

func parseTemplate(s string, names []string, used map[string]bool) (template, error) {
	var t template
	for s != "" {
		before, rest, found := strings.Cut(s, "${")
		if before != "" {
			t = append(t, piece{text: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		group := slices.Index(names, name)
		if !closed || name == "" || group < 0 {
			return nil, fmt.Errorf("the pattern has no group %.40q", name)
		}
		used[name] = true
		t = append(t, piece{group: group})
		s = after
	}
	return t, nil
}

// fill puts the groups in place; "" when one of them is empty.
func (t template) fill(g groups) string {
	if len(t) == 1 && t[0].text != "" {
		return t[0].text
	}
	var b strings.Builder
	for _, p := range t {
		part := p.text
		if part == "" {
			if part = g.get(p.group); part == "" {
				return ""
			}
		}
		b.WriteString(part)
	}
	return b.String()
}
