package nexpose

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// newTemplate is the id of a scan template that is not stored yet.
const newTemplate = "#NewScanTemplate#"

// What a policy keeps of a scan template beside what all doors know, by name in
// harrier.Policy.Preferences.
const (
	keptCorrelate    = ownField + "correlate"
	keptInvulnerable = harrier.PreferenceStoresClean
	keptNoPolicies   = ownField + "disablePolicyScan"
	keptTypes        = ownField + "checkTypes" // JSON, "Enabled"/"Disabled" and names
)

// scanTemplateDoors are the scan templates as documents: listed policies, and
// the built-in ones to look at and to copy.
//
// Source: section 14.5.
func (a *api) scanTemplateDoors(m *kit.Mux) {
	const path = "/data/scan/templates"
	m.Handle("GET /data/scan-template", a.door(a.blankTemplate))
	m.Handle("POST "+path, a.door(a.saveScanTemplate))
	m.Handle("GET "+path+"/{id}", a.door(a.getScanTemplate))
	m.Handle("PUT "+path+"/{id}", a.door(a.saveScanTemplate))
	m.Handle("DELETE "+path+"/{id}", a.door(a.deleteScanTemplate))
}

// templatePolicy is a scan template as a policy: a listed one with its ID, a
// built-in one without.
func (a *api) templatePolicy(ctx context.Context, by harrier.Actor, id string) (harrier.Policy, error) {
	v, id, err := words.Variant(ctx, a.Policies, by, id)
	if err != nil {
		return harrier.Policy{}, harrier.Errorf(harrier.NotFound, "there is no scan template %q", clip(id))
	}
	if number, listed := strings.CutPrefix(id, words.PolicyTemplate); listed {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return harrier.Policy{}, err
		}
		return a.Policies.Policy(ctx, by, harrier.ID(n))
	}
	return harrier.Policy{Name: v.Name, Template: v.Template, Settings: v.Settings, Checks: v.Checks}, nil
}

func (a *api) blankTemplate(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	p, err := a.templatePolicy(r.Context(), by, words.DefaultTemplate)
	if err != nil {
		return err
	}
	p.Name = ""
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	_, _ = w.Write(a.templateDocument(p, newTemplate, words.DefaultTemplate)) // a client that has gone gets nothing
	return nil
}

func (a *api) getScanTemplate(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id := r.PathValue("id")
	p, err := a.templatePolicy(r.Context(), by, id)
	if err != nil {
		return err
	}
	return writeDoor(w, map[string]string{"value": string(a.templateDocument(p, id, id))})
}

// saveScanTemplate stores a document as a listed policy. What it does not say
// stays as it is in the policy or, in a new one, in the template that the
// document was made of.
func (a *api) saveScanTemplate(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	e, err := parse(body)
	if err != nil {
		return err
	}
	if e.key != key("ScanTemplate") {
		return harrier.Invalidf("ScanTemplate", "is missing")
	}
	from := e.attr("basedOn")
	id := r.PathValue("id")
	if id != "" {
		if from = id; !strings.HasPrefix(id, words.PolicyTemplate) {
			return harrier.Errorf(harrier.Forbidden, "built-in scan templates stay as they are")
		}
	} else if from == "" {
		from = words.DefaultTemplate
	}
	p, err := a.templatePolicy(r.Context(), by, from)
	if err != nil {
		return err
	}
	if id == "" { // a copy has nothing of whose it was, and no secrets
		p = harrier.Policy{Template: p.Template, Settings: p.Settings, Checks: p.Checks, Preferences: p.Preferences}
	}
	if err := a.readTemplate(r.Context(), e, &p); err != nil {
		return err
	}
	if id == "" {
		err = a.Policies.Create(r.Context(), by, &p)
	} else {
		err = a.Policies.Update(r.Context(), by, &p)
	}
	if err != nil {
		return err
	}
	return writeDoor(w, map[string]string{"value": words.PolicyTemplate + ident(p.ID)})
}

func (a *api) deleteScanTemplate(_ http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	p, err := a.templatePolicy(r.Context(), by, r.PathValue("id"))
	if err != nil {
		return err
	}
	if p.ID == 0 {
		return harrier.Errorf(harrier.Forbidden, "built-in scan templates stay as they are")
	}
	return a.Policies.Delete(r.Context(), by, p.ID)
}

// portMode is how the ports of one protocol are chosen, and those of a custom
// list.
func portMode(s harrier.Settings, proto harrier.Protocol) (mode, list string) {
	if proto == harrier.TCP && s.NoTCP || proto == harrier.UDP && !s.UDP {
		return "none", ""
	}
	all, err := harrier.ParsePorts(s.Ports)
	if err != nil {
		return "default", ""
	}
	switch ranges := all.Of(proto); {
	case len(ranges) == 0:
		return "none", ""
	case slices.Equal(ranges, harrier.DefaultPorts.Of(proto)):
		return "default", ""
	case slices.Equal(ranges, harrier.AllPorts.Of(proto)):
		return "full", ""
	default:
		only := harrier.Ports{TCP: ranges}.String()
		return "custom", strings.TrimPrefix(only, "T:")
	}
}

// templateDocument is a policy as a scan template.
func (a *api) templateDocument(p harrier.Policy, id, from string) []byte {
	var b bytes.Buffer
	o := newOut(&b)
	s := p.Settings
	noChecks := s.DiscoverOnly || s.PortsOnly || nothing(p.Checks)
	o.start("ScanTemplate", "id", id, "basedOn", from)
	o.leaf("templateDescription", p.Description, "title", p.Name)
	threads := func(n, otherwise int) string {
		if n == 0 {
			n = otherwise
		}
		return number(int64(n))
	}
	storage := p.Preferences[keptInvulnerable]
	if storage == "" {
		storage = "off"
	}
	o.start("General", "disableVulnScan", digit(noChecks), "disablePolicyScan", digit(p.Preferences[keptNoPolicies] != "0"),
		"disableWebSpider", digit(p.Template != "webapp"), "invulnerableStorage", storage)
	o.leaf("scanThreads", threads(s.MaxHosts, 64))
	o.leaf("hostThreads", threads(s.MaxChecks, 8))
	o.end()
	o.start("ControlsScan")
	o.empty("globalControlsScanEnabled", "enabled", "0")
	o.empty("localControlsScanEnabled", "enabled", "0")
	o.end()
	o.start("Plugins")
	o.start("Plugin", "name", "java/NetworkScanners")
	o.leaf("param", "1", "name", "ipFingerprintEnabled")
	o.end()
	// The gem changes what is there, and ends with an error where it is not.
	o.start("Plugin", "name", "java/CifsScanner")
	o.leaf("param", "0", "name", "windowsServiceEditor")
	o.end()
	o.end()
	o.start("Logging")
	o.empty("debugLogging", "enabled", "0")
	o.empty("aces", "level", "default")
	o.end()
	o.start("DeviceDiscovery")
	o.start("CheckHosts")
	o.empty("icmpHostCheck", "enabled", digit(!s.NoPing && !s.NoICMP))
	pings := func(name string, on bool, ports []uint16) {
		o.start(name, "enabled", digit(on))
		var list []string
		for _, n := range ports {
			list = append(list, strconv.Itoa(int(n)))
		}
		o.leaf("portList", strings.Join(list, ","))
		o.end()
	}
	pings("TCPHostCheck", !s.NoPing && !s.NoTCPPing, s.PingPorts)
	pings("UDPHostCheck", !s.NoPing && s.UDPPing, s.UDPPingPorts)
	o.end()
	o.end()
	o.start("ServiceDiscovery")
	for _, side := range []struct {
		name  string
		proto harrier.Protocol
	}{{"TCPPortScan", harrier.TCP}, {"UDPPortScan", harrier.UDP}} {
		mode, list := portMode(s, side.proto)
		o.start(side.name, "mode", mode)
		if side.proto == harrier.TCP {
			o.attr("method", map[bool]string{true: "connect", false: "syn"}[s.Connect])
		}
		o.leaf("portList", list)
		o.end()
		o.start("Excluded" + side.name)
		o.leaf("portList", "")
		o.end()
	}
	o.end()
	correlate := p.Preferences[keptCorrelate]
	if correlate == "" {
		correlate = "1"
	}
	o.start("VulnerabilityChecks", "correlate", correlate, "unsafe", digit(s.Unsafe), "potential", digit(!s.NoPotential))
	types := map[string][]string{}
	fromJSON(p.Preferences[keptTypes], &types)
	for _, side := range []struct {
		name string
		on   bool
	}{{"Enabled", true}, {"Disabled", false}} {
		o.start(side.name)
		for _, family := range slices.Sorted(maps.Keys(p.Checks.Families)) {
			if p.Checks.Families[family] == side.on && side.on == p.Checks.NoOthers { // others are as the rest
				o.empty("VulnCategory", "name", family)
			}
		}
		for _, name := range types[side.name] {
			o.empty("CheckType", "name", name)
		}
		for _, one := range slices.Sorted(maps.Keys(p.Checks.Single)) {
			if p.Checks.Single[one] == side.on {
				o.empty("Check", "id", a.flawWord(one))
			}
		}
		o.end()
	}
	o.end()
	o.end()
	_ = o.flush() // a buffer takes all
	return b.Bytes()
}

// nothing reports whether a selection runs no check.
func nothing(c harrier.CheckSelection) bool {
	if !c.NoOthers {
		return false
	}
	for _, on := range c.Families {
		if on {
			return false
		}
	}
	for _, on := range c.Single {
		if on {
			return false
		}
	}
	return true
}

// readTemplate puts into p what a document says.
func (a *api) readTemplate(ctx context.Context, e *element, p *harrier.Policy) error {
	if d := e.child("templateDescription"); d != nil {
		p.Name, p.Description = strings.TrimSpace(d.attr("title")), d.content()
	}
	p.Preferences = maps.Clone(p.Preferences)
	if p.Preferences == nil {
		p.Preferences = map[string]string{}
	}
	s := &p.Settings
	if g := e.child("General"); g != nil {
		if err := readGeneral(g, p); err != nil {
			return err
		}
	}
	hosts := e.child("DeviceDiscovery", "CheckHosts")
	if err := readPings(hosts, s); err != nil {
		return err
	}
	if err := readPortScans(e.child("ServiceDiscovery"), s); err != nil {
		return err
	}
	return a.readChecks(ctx, e.child("VulnerabilityChecks"), p)
}

func readGeneral(g *element, p *harrier.Policy) error {
	s := &p.Settings
	for name, to := range map[string]*int{"scanThreads": &s.MaxHosts, "hostThreads": &s.MaxChecks} {
		text := g.child(name).content()
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 10_000 {
			return harrier.Invalidf(name, "is no number from 1 to 10000")
		}
		if *to == 0 && (name == "scanThreads" && n == 64 || name == "hostThreads" && n == 8) {
			continue // what a policy that says nothing has
		}
		*to = n
	}
	none := s.DiscoverOnly || s.PortsOnly || nothing(p.Checks)
	off, err := g.bool("disableVulnScan", none)
	if err != nil {
		return err
	}
	switch {
	case off && !none:
		p.Checks = harrier.CheckSelection{NoOthers: true}
	case !off && none:
		s.DiscoverOnly, s.PortsOnly = false, false
		if nothing(p.Checks) {
			p.Checks = harrier.CheckSelection{}
		}
	}
	for name, kept := range map[string]string{"disablePolicyScan": keptNoPolicies, "invulnerableStorage": keptInvulnerable} {
		if v := g.attr(name); v != "" {
			p.Preferences[kept] = v
		}
	}
	return nil
}

func readPings(hosts *element, s *harrier.Settings) error {
	if hosts == nil {
		return nil
	}
	pings := map[string]bool{"icmpHostCheck": !s.NoPing && !s.NoICMP, "TCPHostCheck": !s.NoPing && !s.NoTCPPing, "UDPHostCheck": !s.NoPing && s.UDPPing}
	for name, was := range pings {
		on, err := hosts.child(name).bool("enabled", was)
		if err != nil {
			return err
		}
		pings[name] = on
	}
	any := pings["icmpHostCheck"] || pings["TCPHostCheck"] || pings["UDPHostCheck"]
	if s.NoPing = !any; any {
		s.NoICMP, s.NoTCPPing, s.UDPPing = !pings["icmpHostCheck"], !pings["TCPHostCheck"], pings["UDPHostCheck"]
	}
	for name, to := range map[string]*[]uint16{"TCPHostCheck": &s.PingPorts, "UDPHostCheck": &s.UDPPingPorts} {
		text := hosts.child(name).child("portList")
		if text == nil {
			continue
		}
		*to = nil
		if text.content() == "" {
			continue
		}
		ports, err := harrier.ParsePorts("T:" + text.content())
		if err != nil {
			return err
		}
		if ports.Count(harrier.TCP) > harrier.MaxPingPorts {
			return harrier.Invalidf(name, "has more than %d ports", harrier.MaxPingPorts)
		}
		*to = ports.List(harrier.TCP)
	}
	return nil
}

// readPortScans puts the ports of a document into s: the modes of both
// protocols, less what is excluded.
func readPortScans(e *element, s *harrier.Settings) error {
	if e == nil {
		return nil
	}
	var parts []string
	off := map[string]bool{}
	for _, side := range []struct{ name, prefix string }{{"TCPPortScan", "T"}, {"UDPPortScan", "U"}} {
		scan := e.child(side.name)
		list := scan.child("portList").content()
		switch mode := strings.ToLower(scan.attr("mode")); {
		case mode == "none":
			off[side.prefix] = true
			continue
		case mode == "full" || mode == "all":
			list = "all"
		case mode == "custom" && list != "":
		case mode == "custom":
			return harrier.Invalidf(side.name, "has no ports")
		case mode == "default" || mode == "wellknown" || mode == "well-known" || mode == "":
			list = "default"
		default:
			return harrier.Invalidf(side.name, "the mode %q is none of none, default, full, custom", clip(mode))
		}
		if strings.ContainsAny(list, ":!") {
			return harrier.Invalidf(side.name, "has no list of ports")
		}
		parts = append(parts, side.prefix+":"+list)
		if without := e.child("Excluded" + side.name).child("portList").content(); without != "" {
			for one := range strings.FieldsFuncSeq(without, func(c rune) bool { return c == ',' || c == ' ' }) {
				parts = append(parts, "!"+side.prefix+":"+one)
			}
		}
	}
	if scan := e.child("TCPPortScan"); scan.attr("method") != "" {
		s.Connect = strings.EqualFold(scan.attr("method"), "connect")
	}
	s.NoTCP, s.UDP = off["T"], !off["U"]
	if len(parts) == 0 {
		s.Ports = ""
		return nil
	}
	ports, err := harrier.ParsePorts(strings.Join(parts, ","))
	if err != nil {
		return err
	}
	if len(ports.UDP) == 0 {
		ports.UDP = harrier.DefaultPorts.UDP
	}
	if len(ports.TCP) == 0 {
		ports.TCP = harrier.DefaultPorts.TCP
	}
	if s.Ports = ports.String(); s.Ports == harrier.DefaultPorts.String() {
		s.Ports = ""
	}
	return nil
}

// readChecks puts the choice of checks into p. Where categories are enabled,
// those alone are, with the single checks.
func (a *api) readChecks(ctx context.Context, e *element, p *harrier.Policy) error {
	if e == nil {
		return nil
	}
	unsafe, err := e.bool("unsafe", p.Settings.Unsafe)
	if err != nil {
		return err
	}
	potential, err := e.bool("potential", !p.Settings.NoPotential)
	if err != nil {
		return err
	}
	p.Settings.Unsafe, p.Settings.NoPotential = unsafe, !potential
	if v := e.attr("correlate"); v != "" {
		p.Preferences[keptCorrelate] = v
	}
	if nothing(p.Checks) {
		return nil // none are to be run
	}
	families, single, types := map[string]bool{}, map[harrier.VulnID]bool{}, map[string][]string{}
	others := false
	for side, on := range map[string]bool{"Enabled": true, "Disabled": false} {
		list := e.child(side)
		for _, c := range list.all("VulnCategory") {
			families[c.attr("name")] = on
			others = others || on
		}
		for _, c := range list.all("CheckType") {
			types[side] = append(types[side], c.attr("name"))
		}
		for _, c := range list.all("Check") {
			v, err := a.flawNamed(ctx, c.attr("id"))
			if err != nil {
				return err
			}
			single[v.ID] = on
		}
	}
	if len(families)+len(single) > 10_000 {
		return harrier.Invalidf("VulnerabilityChecks", "names more than 10000")
	}
	p.Checks = harrier.CheckSelection{NoOthers: others}
	if len(families) > 0 {
		p.Checks.Families = families
	}
	if len(single) > 0 {
		p.Checks.Single = single
	}
	if delete(p.Preferences, keptTypes); len(types) > 0 {
		p.Preferences[keptTypes] = toJSON(types)
	}
	return nil
}

// flawNamed is the vulnerability with a slug or a number.
func (a *api) flawNamed(ctx context.Context, id string) (harrier.Vulnerability, error) {
	if id == "" {
		return harrier.Vulnerability{}, harrier.Invalidf("vuln-id", "is missing")
	}
	v, err := a.Vulns.BySlug(ctx, strings.ToLower(strings.TrimSpace(id)))
	if n, errN := strconv.ParseInt(id, 10, 64); err != nil && errN == nil {
		v, err = a.Vulns.Vulnerability(ctx, harrier.VulnID(n))
	}
	if harrier.KindOf(err) == harrier.NotFound && err != nil {
		err = harrier.Errorf(harrier.NotFound, "no vulnerability %s", clip(id))
	}
	return v, err
}
