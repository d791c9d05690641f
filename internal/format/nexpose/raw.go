package nexpose

import (
	"cmp"
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// RawV2 is the raw export, version 2. Its options:
//
//	cpe  "yes" names systems and software by CPE too, which one strict reader
//	     does not take
//
// Raw is the older one, with less.
//
// Source: sections 12.1 and 12.2.
var (
	RawV2 = format.Format{Name: "raw-xml-v2", Title: "XML Export 2.0", Extension: "xml", MIME: "text/xml", Write: func(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
		return writeRaw(ctx, w, s, hosts, true)
	}}
	Raw = format.Format{Name: "raw-xml", Title: "XML Export", Extension: "xml", MIME: "text/xml", Write: func(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
		return writeRaw(ctx, w, s, hosts, false)
	}}
)

// raw writes a raw export. What it keeps is which vulnerabilities it has seen,
// for their definitions at the end.
type raw struct {
	*xml
	scan format.Scan
	v2   bool
	cpe  bool
	seen map[harrier.VulnID]harrier.Severity
}

func writeRaw(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error], v2 bool) error {
	x := &raw{xml: newXML(w), scan: s, v2: v2, cpe: s.Options["cpe"] == "yes", seen: map[harrier.VulnID]harrier.Severity{}}
	version := "1.0"
	if v2 {
		version = "2.0"
	}
	x.start("NexposeReport", "version", version)
	x.scans()
	x.start("nodes")
	for h, err := range hosts {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if h.Alive {
			x.node(h)
		}
	}
	x.end()
	x.definitions()
	x.end()
	return x.w.Flush()
}

// statuses are what the states of scans are called.
//
// Source: section 13.2.
var statuses = map[harrier.ScanStatus]string{
	harrier.ScanCompleted: "finished", harrier.ScanImported: "finished", harrier.ScanStopped: "stopped", harrier.ScanAborted: "error", harrier.ScanPaused: "paused",
}

func (x *raw) scans() {
	list := x.scan.Scans
	if len(list) == 0 && x.scan.Scan.ID != 0 {
		list = []harrier.Scan{x.scan.Scan}
	}
	x.start("scans")
	for _, sc := range list {
		status := statuses[sc.Status]
		if status == "" {
			status = "running"
		}
		x.start("scan", "id", strconv.FormatInt(int64(sc.ID), 10), "name", sc.Name)
		x.given("startTime", Stamp(sc.Started))
		x.given("endTime", Stamp(sc.Ended))
		x.attr("status", status)
		x.end()
	}
	x.end()
}

func (x *raw) node(h format.Host) {
	own, places := split(h)
	x.start("node", "address", address(h), "status", "alive")
	x.given("hardware-address", hardware(h.MAC))
	if h.Asset != 0 {
		x.attr("device-id", strconv.FormatInt(int64(h.Asset), 10))
	}
	if x.v2 {
		sc := scanOf(x.scan, h)
		x.attr("site-name", sc.Name)
		x.attr("site-importance", importance(h.Importance))
		x.attr("scan-template", sc.PolicyName)
		x.attr("risk-score", x.risk(h))
	}
	if names := namesOf(h); len(names) > 0 {
		x.start("names")
		for _, n := range names {
			x.leaf("name", n)
		}
		x.end()
	}
	x.start("fingerprints")
	if os, ok := systemOf(h); ok {
		x.start("os", "certainty", os.certainty, "device-class", os.class, "vendor", os.vendor, "family", os.family, "product", os.product)
		x.given("version", os.version)
		x.given("arch", os.arch)
		x.optional(os.cpe)
		x.end()
	}
	x.end()
	if list := harrier.SoftwareOf(h.Services); len(list) > 0 {
		x.start("software")
		for _, p := range list {
			x.fingerprint(softwareOf(p.Product, p.Version, p.CPE, harrier.Potential))
		}
		x.end()
	}
	x.tests(h, own, harrier.Endpoint{})
	x.start("endpoints")
	for _, p := range places {
		x.endpoint(h, p)
	}
	x.end()
	x.end()
}

func namesOf(h format.Host) []string {
	names := h.Names()
	if n := h.NetBIOS; n != "" && !slices.Contains(names, n) {
		names = append(names, n)
	}
	return names
}

// risk is the sum of the risks of what was found.
func (x *raw) risk(h format.Host) string {
	sum := 0.0
	for _, r := range h.Results {
		if Told(r) {
			sum += harrier.RiskOf(x.scan.Lookup(r.Vulnerability), r.Certainty, cmp.Or(h.Importance, 100)).Value
		}
	}
	return decimal(sum)
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func (x *raw) optional(cpe string) {
	if x.cpe {
		x.given("cpe", cpe)
	}
}

func (x *raw) fingerprint(p system) {
	x.start("fingerprint", "certainty", p.certainty, "vendor", p.vendor, "family", p.family, "product", p.product)
	x.given("version", p.version)
	x.optional(p.cpe)
	x.end()
}

func (x *raw) endpoint(h format.Host, p place) {
	x.start("endpoint", "protocol", string(p.Protocol), "port", strconv.Itoa(int(p.Port)), "status", "open")
	x.start("services")
	x.start("service", "name", ServiceName(p.Service))
	if p.Product != "" { // an empty list breaks a reader, a missing one does not
		x.start("fingerprints")
		x.fingerprint(softwareOf(p.Product, p.Version, p.CPE, p.Certainty))
		x.end()
	}
	if list := settingsOf(p.Service); len(list) > 0 {
		x.start("configuration")
		for _, s := range list {
			x.leaf("config", s.value, "name", s.name)
		}
		x.end()
	}
	x.tests(h, p.results, p.Endpoint)
	x.end()
	x.end()
	x.end()
}

// tests are the findings at a place, and what was looked for there and not found.
func (x *raw) tests(h format.Host, list []format.Result, at harrier.Endpoint) {
	x.start("tests")
	for _, r := range list {
		v := x.scan.Lookup(r.Vulnerability)
		x.seen[r.Vulnerability] = max(x.seen[r.Vulnerability], r.Severity)
		x.start("test", "id", Slug(v), "key", r.Key, "status", StatusOf(r.Certainty, r.Source).Word)
		if x.v2 {
			x.attr("scan-id", strconv.FormatInt(int64(h.Scan), 10))
			x.given("vulnerable-since", Stamp(since(r)))
			x.attr("pci-compliance-status", pci(v))
		}
		x.proof(r.Evidence)
		x.end()
	}
	for _, c := range h.Absent {
		if c.Endpoint != at {
			continue
		}
		v := x.scan.Lookup(c.Vulnerability)
		if _, found := x.seen[c.Vulnerability]; !found {
			x.seen[c.Vulnerability] = v.Severity
		}
		x.start("test", "id", Slug(v), "key", "", "status", NotThere.Word)
		if x.v2 {
			x.attr("scan-id", strconv.FormatInt(int64(h.Scan), 10))
			x.attr("pci-compliance-status", "pass")
		}
		x.proof("")
		x.end()
	}
	x.end()
}

// pci is whether a finding lets an audit pass.
func pci(v harrier.Vulnerability) string {
	if v.FailsPCI() {
		return "fail"
	}
	return "pass"
}

func (x *raw) definitions() {
	x.start("VulnerabilityDefinitions")
	written := map[string]bool{} // two numbers can have one slug only where both have lost their definition
	for _, id := range slices.Sorted(maps.Keys(x.seen)) {
		v := x.scan.Lookup(id)
		if slug := Slug(v); !written[slug] {
			written[slug] = true
			shown := v.SeverityScoreAs(x.seen[id])
			v.Severity = max(v.Severity, x.seen[id]) // a definition may be lost
			x.definition(v, slug, shown)
		}
	}
	x.end()
}

// definition tells of a vulnerability, at the number that it shows with here: the
// gravest, where it does so with several.
func (x *raw) definition(v harrier.Vulnerability, slug string, severity int) {
	added, modified := Added(v)
	x.start("vulnerability", "id", slug, "title", v.Name, "severity", strconv.Itoa(severity), "pciSeverity", strconv.Itoa(v.PCISeverity()), "cvssScore", Score(v))
	x.given("cvssVector", Vector(v))
	x.given("published", Stamp(v.Published))
	x.attr("added", Stamp(added))
	x.attr("modified", Stamp(modified))
	if x.v2 {
		x.attr("riskScore", decimal(harrier.RiskOf(v, harrier.Certain, 100).Value))
		x.empty("malware")
		x.start("exploits")
		for _, e := range v.Exploits {
			x.exploit(e)
		}
		x.end()
	}
	x.rich("description", cmpText(v.Description, v.Synopsis, v.Name))
	x.start("references")
	for _, r := range References(v) {
		x.leaf("reference", r.Text, "source", r.Source)
	}
	x.end()
	x.start("tags")
	if format.Clean(v.Family) != "" {
		x.leaf("tag", v.Family)
	}
	x.end()
	x.rich("solution", v.Solution)
	x.end()
}

// skills are how much is needed to use an exploit, by its rank.
var skills = map[string]string{"excellent": "Novice", "great": "Novice", "good": "Intermediate", "normal": "Intermediate"}

func (x *raw) exploit(e harrier.Exploit) {
	if e.Source != "metasploit" && e.Source != "exploitdb" {
		return
	}
	skill := skills[e.Rank]
	if skill == "" {
		skill = "Expert"
	}
	x.empty("exploit", "id", e.ID, "title", cmpText(e.Title, e.ID), "type", e.Source, "link", e.URL, "skillLevel", skill)
}

// cmpText is the first of texts that says something.
func cmpText(texts ...string) string {
	for _, t := range texts {
		if format.Clean(t) != "" {
			return t
		}
	}
	return ""
}
