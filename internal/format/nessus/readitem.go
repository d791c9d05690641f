package nessus

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// reportItem reads one ReportItem into h. Times counts the instances of the
// host, to give each its own key.
func (p *parser) reportItem(h *ReadHost, times map[harrier.Instance]int) error {
	if len(h.Results) >= maxResults {
		return p.fail("a host with more than %d results", maxResults)
	}
	r, def, seen, err := p.itemAttributes()
	if err != nil {
		return err
	}
	if r.Vulnerability == 0 {
		return p.skip()
	}
	passed, err := p.passed(def)
	if err != nil {
		return err
	}
	if passed && def.potential {
		r.Certainty = harrier.Potential
	}
	i := item{parser: p, result: &r, def: def, seen: seen, begin: p.mark(), plain: !passed && !p.pendingEnd}
	if err := p.children(i.child); err != nil {
		return err
	}
	if i.plain {
		p.keepRaw(def, p.between(i.begin, p.tagAt), r.Certainty == harrier.Potential)
	}
	if !seen {
		p.learn(def)
	}
	if i.compliance != "" {
		r.Key, r.Evidence = i.compliance, cmp.Or(r.Evidence, i.description)
	}
	if times[r.Instance()]++; times[r.Instance()] > 1 {
		r.Key += strconv.Itoa(times[r.Instance()])
	}
	h.Results = append(h.Results, ReadResult{r, &def.Vulnerability})
	return nil
}

// learn remembers a definition that was read to its end.
func (p *parser) learn(def *definition) {
	def.Slug = cmp.Or(def.Slug, "plugin-"+strconv.Itoa(int(def.ID)))
	if def.UUID = harrier.NamedUUID(def.Slug); len(p.known) < maxKnown {
		p.known[def.ID] = def
	}
}

// item is a ReportItem in hand.
type item struct {
	*parser
	result                  *format.Result
	def                     *definition
	seen                    bool // def is whole
	compliance, description string

	begin int64 // behind the start tag
	plain bool  // what was read since then is all about the plugin
}

func (i *item) child(name string) (err error) {
	r := i.result
	switch {
	case name == "plugin_output":
		if i.plain {
			i.keepRaw(i.def, i.between(i.begin, i.tagAt), r.Certainty == harrier.Potential)
			i.plain = false
		}
		r.Evidence, err = i.keep(maxEvidence)
	case name == "potential_vulnerability":
		r.Certainty = harrier.Potential
		err = i.skip()
	case name == "cm:compliance-check-id", name == "cm:compliance-check-name":
		var text string
		if text, err = i.keep(maxEvidence); i.compliance == "" || name == "cm:compliance-check-id" {
			i.compliance = text
		}
		i.plain = false
	case name == "description" && strings.HasPrefix(i.def.Family, "Policy Compliance"):
		i.description, err = i.keep(maxEvidence)
		i.plain = false
	case i.seen:
		err = i.skip()
	default:
		err = i.define(name, &i.def.Vulnerability)
	}
	return err
}

// itemAttributes reads the attributes of a ReportItem: the result, and what is
// known of its plugin, which is whole when it was seen before.
func (p *parser) itemAttributes() (r format.Result, def *definition, seen bool, err error) {
	var name, family []byte
	for rest := p.attributes; ; {
		key, raw, after, ok := cutAttribute(rest)
		if !ok {
			break
		}
		rest = after
		switch string(key) {
		case "pluginName":
			name = raw
		case "pluginFamily":
			family = raw
		case "port", "svc_name", "protocol", "severity", "pluginID":
			var s string
			if s, err = p.word(raw); err == nil {
				err = p.itemAttribute(key, s, &r)
			}
			if err != nil {
				return r, nil, false, err
			}
		}
	}
	r.Certainty, r.Source = harrier.Certain, "import"
	if def, seen = p.known[r.Vulnerability]; seen {
		return r, def, true, nil
	}
	def = &definition{}
	def.ID, def.Severity = r.Vulnerability, r.Severity
	if def.Name, err = p.decode(name, false); err == nil {
		def.Family, err = p.word(family)
	}
	def.Family = cmp.Or(def.Family, "General")
	return r, def, false, err
}

// itemAttribute takes over an attribute that is about the result.
func (p *parser) itemAttribute(key []byte, s string, r *format.Result) error {
	switch string(key) {
	case "port":
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil {
			return p.fail("%q is not a port", s)
		}
		r.Port = uint16(n)
	case "svc_name":
		r.Service = format.ServiceOf(s)
	case "protocol":
		r.Protocol = harrier.Protocol(strings.ToLower(s))
		r.Protocol = format.Transport(r.Observation)
	case "severity":
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil {
			return p.fail("%q is not a severity", s)
		}
		r.Severity = min(harrier.Severity(n), harrier.Critical)
	case "pluginID":
		var ok bool
		if r.Vulnerability, ok = pluginID(s); !ok {
			return p.fail("%q is not a plugin number", s)
		}
	}
	return nil
}

// define reads a child that says something about the plugin.
//
// Source: nessus-api.md, section 15.4.
func (p *parser) define(name string, v *harrier.Vulnerability) (err error) {
	var s string
	switch name {
	case "synopsis", "description", "solution", "see_also", "cve", "cwe", "cpe", "cvss_vector", "cvss3_vector", "cvss_base_score",
		"cvss3_base_score", "cvss4_base_score", "cvss4_vector", "epss_score", "exploit_available", "edb-id", "metasploit_name",
		"cisa-known-exploited", "exploited_by_malware", "fname", "plugin_publication_date",
		"plugin_modification_date", "vuln_publication_date":
		if s, err = p.keep(maxText); err != nil {
			return err
		}
	default:
		return p.skip()
	}
	switch name {
	case "synopsis":
		v.Synopsis = s
	case "description":
		v.Description = s
	case "solution":
		if v.Solution = s; strings.EqualFold(s, "n/a") {
			v.Solution = ""
		}
	case "see_also":
		v.References = append(v.References, strings.Fields(s)...)
	case "cve":
		v.CVEs = append(v.CVEs, strings.TrimSpace(s))
	case "cwe":
		if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
			v.CWEs = append(v.CWEs, n)
		}
	case "cpe":
		v.CPEs = append(v.CPEs, strings.Fields(s)...)
	case "cvss_vector":
		v.CVSS2Vector = strings.TrimPrefix(s, "CVSS2#")
	case "cvss3_vector":
		v.CVSS3Vector = s
	case "cvss_base_score":
		v.CVSS2Score = fraction(s, 10)
	case "cvss3_base_score":
		v.CVSS3Score = fraction(s, 10)
	case "cvss4_base_score":
		v.CVSS4Score = fraction(s, 10)
	case "cvss4_vector":
		v.CVSS4Vector = strings.TrimSpace(s)
	case "edb-id":
		v.Exploits = append(v.Exploits, harrier.Exploit{Source: "exploitdb", ID: strings.TrimSpace(s)})
	case "metasploit_name":
		v.Exploits = append(v.Exploits, harrier.Exploit{Source: "metasploit", ID: strings.TrimSpace(s), Title: strings.TrimSpace(s)})
	case "cisa-known-exploited":
		v.Exploited, v.ExploitedSince = true, day(s)
	case "exploited_by_malware":
		v.Ransomware = strings.TrimSpace(s) == "true"
	case "epss_score":
		v.EPSS = fraction(s, 1)
	case "exploit_available":
		v.Exploit = strings.TrimSpace(s) == "true"
	case "fname":
		v.Slug = strings.TrimSuffix(strings.TrimSpace(s), ".nasl")
	case "plugin_publication_date":
		v.Added = day(s)
	case "plugin_modification_date":
		v.Modified = day(s)
	case "vuln_publication_date":
		v.Published = day(s)
	}
	return nil
}

// fraction reads a number from 0 to limit; 0 for what is none.
func fraction(s string, limit float64) float64 {
	x, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(x >= 0 && x <= limit) {
		return 0
	}
	return x
}

// day reads 2026/03/01; what is no day gives the zero time.
func day(s string) time.Time {
	t, err := time.Parse("2006/01/02", strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
