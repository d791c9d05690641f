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
	r, def, err := p.itemAttributes()
	if err != nil {
		return err
	}
	if r.Vulnerability == 0 {
		return p.skip()
	}
	known, seen := p.known[r.Vulnerability]
	if seen {
		def = known
	}
	var compliance, description string
	err = p.children(func(name string) (err error) {
		switch {
		case name == "plugin_output":
			r.Evidence, err = p.keep(maxEvidence)
		case name == "potential_vulnerability":
			r.Certainty = harrier.Potential
			err = p.skip()
		case name == "cm:compliance-check-id", name == "cm:compliance-check-name":
			var text string
			if text, err = p.keep(maxEvidence); compliance == "" || name == "cm:compliance-check-id" {
				compliance = text
			}
		case name == "description" && strings.HasPrefix(def.Family, "Policy Compliance"):
			description, err = p.keep(maxEvidence)
		case seen:
			err = p.skip()
		default:
			err = p.define(name, &def)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !seen {
		def.Slug = cmp.Or(def.Slug, "plugin-"+strconv.Itoa(int(def.ID)))
		if def.UUID = harrier.NamedUUID(def.Slug); len(p.known) < maxKnown {
			p.known[def.ID] = def
		}
	}
	if compliance != "" {
		r.Key, r.Evidence = compliance, cmp.Or(r.Evidence, description)
	}
	if times[r.Instance()]++; times[r.Instance()] > 1 {
		r.Key += strconv.Itoa(times[r.Instance()])
	}
	h.Results = append(h.Results, ReadResult{r, def})
	return nil
}

// itemAttributes reads the attributes of a ReportItem.
func (p *parser) itemAttributes() (r format.Result, def harrier.Vulnerability, err error) {
	rest := p.attributes
	for err == nil {
		key, raw, after, ok := cutAttribute(rest)
		if !ok {
			break
		}
		rest = after
		var s string
		if s, err = p.decode(raw, false); err != nil {
			break
		}
		switch string(key) {
		case "port":
			var n uint64
			if n, err = strconv.ParseUint(s, 10, 16); err != nil {
				err = p.fail("%q is not a port", s)
			}
			r.Port = uint16(n)
		case "svc_name":
			r.Service = format.ServiceOf(s)
		case "protocol":
			r.Protocol = harrier.Protocol(strings.ToLower(s))
			r.Protocol = format.Transport(r.Observation)
		case "severity":
			var n uint64
			if n, err = strconv.ParseUint(s, 10, 8); err != nil {
				err = p.fail("%q is not a severity", s)
			}
			r.Severity = min(harrier.Severity(n), harrier.Critical)
		case "pluginID":
			var ok bool
			if r.Vulnerability, ok = pluginID(s); !ok {
				err = p.fail("%q is not a plugin number", s)
			}
		case "pluginName":
			def.Name = s
		case "pluginFamily":
			def.Family = s
		}
	}
	r.Certainty, r.Source = harrier.Certain, "import"
	def.ID, def.Severity, def.Family = r.Vulnerability, r.Severity, cmp.Or(def.Family, "General")
	return r, def, err
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
