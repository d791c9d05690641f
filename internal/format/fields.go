package format

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// FieldKind says what values a field has and so how it is compared.
type FieldKind uint8

// The kinds of fields.
const (
	TextField     FieldKind = iota // a short text
	LongTextField                  // a text that only Contains and Lacks make sense of
	NumberField                    // int64 or float64
	DateField                      // int64: the Unix time of the start of a day, UTC
	SeverityField                  // int64: 0 to 4
)

// Field is something that results of a scan can be filtered by.
type Field struct {
	Name  string
	Title string // for people
	Kind  FieldKind
	get   func(s Scan, h Host, r Result, v harrier.Vulnerability) []any
}

// FieldList holds every field of a result, by name, in rising order. Names that
// are part of the vocabulary but of which nothing is known here are in it too:
// they have no value, so that a filter on them holds for nothing.
//
// Source: nessus-api.md, section 7.3.
var FieldList = []Field{
	attribute("asset_inventory", "Asset Inventory", TextField),
	attribute("bid", "Bugtraq ID", TextField),
	attribute("canvas_package", "CANVAS Package", TextField),
	attribute("cert", "CERT Advisory ID", TextField),
	{"compliance_reference", "Compliance Reference", TextField, none},
	attribute("cpe", "CPE", TextField),
	attribute("cve", "CVE", TextField),
	attribute("cvss3_base_score", "CVSS v3.0 Base Score", NumberField),
	attribute("cvss3_temporal_score", "CVSS v3.0 Temporal Score", NumberField),
	attribute("cvss3_temporal_vector", "CVSS v3.0 Temporal Vector", TextField),
	attribute("cvss3_vector", "CVSS v3.0 Vector", TextField),
	attribute("cvss_base_score", "CVSS v2.0 Base Score", NumberField),
	attribute("cvss_temporal_score", "CVSS v2.0 Temporal Score", NumberField),
	attribute("cvss_temporal_vector", "CVSS v2.0 Temporal Vector", TextField),
	attribute("cvss_vector", "CVSS v2.0 Vector", TextField),
	attribute("cwe", "CWE", TextField),
	attribute("d2_elliot_name", "Exploited By: D2 Elliot Name", TextField),
	attribute("default_account", "Default/Known Accounts", TextField),
	attribute("description", "Plugin Description", LongTextField),
	attribute("edb-id", "Exploit Database ID", TextField),
	attribute("epss_score", "EPSS Score", NumberField),
	attribute("exploit_available", "Exploit Available", TextField),
	attribute("exploit_framework_canvas", "CANVAS Exploit Framework", TextField),
	attribute("exploit_framework_core", "CORE Exploit Framework", TextField),
	attribute("exploit_framework_d2_elliot", "Elliot Exploit Framework", TextField),
	attribute("exploit_framework_exploithub", "ExploitHub", TextField),
	attribute("exploit_framework_metasploit", "Metasploit Exploit Framework", TextField),
	attribute("exploitability_ease", "Exploitability Ease", TextField),
	attribute("exploited_by_malware", "Exploited by Malware", TextField),
	attribute("exploited_by_nessus", "Exploited by Nessus", TextField),
	{"hostname", "Hostname", TextField, hostNames},
	attribute("iava", "IAVA ID", TextField),
	attribute("iavb", "IAVB ID", TextField),
	attribute("iavt", "IAVT ID", TextField),
	attribute("in_the_news", "In The News", TextField),
	attribute("malware", "Malware", TextField),
	attribute("metasploit_name", "Metasploit Name", TextField),
	attribute("msft", "Microsoft Bulletin", TextField),
	attribute("osvdb", "OSVDB ID", TextField),
	attribute("patch_publication_date", "Patch Publication Date", DateField),
	{"plugin_family", "Plugin Family", TextField, func(_ Scan, _ Host, _ Result, v harrier.Vulnerability) []any { return []any{v.Family} }},
	{"plugin_family_id", "Plugin Family ID", NumberField, familyID},
	{"plugin_id", "Plugin ID", NumberField, func(_ Scan, _ Host, r Result, _ harrier.Vulnerability) []any { return []any{int64(r.Vulnerability)} }},
	attribute("plugin_modification_date", "Plugin Modification Date", DateField),
	attribute("plugin_name", "Plugin Name", TextField),
	{"plugin_output", "Plugin Output", LongTextField, func(_ Scan, _ Host, r Result, _ harrier.Vulnerability) []any { return text(r.Evidence) }},
	attribute("plugin_publication_date", "Plugin Publication Date", DateField),
	attribute("plugin_type", "Plugin Type", TextField),
	{"port", "Port", NumberField, func(_ Scan, _ Host, r Result, _ harrier.Vulnerability) []any { return []any{int64(r.Port)} }},
	{"protocol", "Protocol", TextField, func(_ Scan, _ Host, r Result, _ harrier.Vulnerability) []any {
		return []any{string(Transport(r.Observation))}
	}},
	attribute("risk_factor", "Risk Factor", TextField),
	attribute("secunia", "Secunia ID", TextField),
	attribute("see_also", "See Also", LongTextField),
	{"severity", "Severity", SeverityField, func(_ Scan, _ Host, r Result, _ harrier.Vulnerability) []any { return []any{int64(r.Severity)} }},
	attribute("solution", "Solution", LongTextField),
	attribute("stig_severity", "STIG Severity", TextField),
	attribute("synopsis", "Synopsis", LongTextField),
	attribute("unsupported_by_vendor", "Unsupported By Vendor", TextField),
	attribute("vuln_publication_date", "Vulnerability Publication Date", DateField),
	attribute("xref", "Cross Reference", TextField),
}

// fieldAliases are other spellings of field names that clients use.
var fieldAliases = map[string]string{
	"plugin.id": "plugin_id", "plugin.name": "plugin_name", "plugin.family_id": "plugin_family_id", "plugin.family": "plugin_family",
	"host.target": "hostname", "host.hostname": "hostname", "port.port": "port", "port.protocol": "protocol", "output": "plugin_output",
}

// FieldNamed returns the field of that name in any of its spellings, and false
// for a name that no result has.
func FieldNamed(name string) (Field, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.TrimPrefix(name, "plugin.attributes.")
	if other, ok := fieldAliases[name]; ok {
		name = other
	}
	i, found := slices.BinarySearchFunc(FieldList, name, func(f Field, name string) int { return strings.Compare(f.Name, name) })
	if !found {
		return Field{}, false
	}
	return FieldList[i], true
}

// Value reads a value that a client compares the field with: a number, a day
// (Unix seconds or 2026/03/01), a severity (name or digit), else text. It
// answers Invalid, naming the field, for anything else.
func (f Field) Value(s string) (any, error) {
	s = strings.TrimSpace(s)
	switch f.Kind {
	case NumberField:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return x, nil
		}
		return nil, harrier.Invalidf(f.Name, "%q is not a number", s)
	case DateField:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return startOfDay(time.Unix(n, 0)), nil
		}
		for _, layout := range []string{"2006/01/02", "2006-01-02"} {
			if t, err := time.Parse(layout, s); err == nil {
				return t.Unix(), nil
			}
		}
		return nil, harrier.Invalidf(f.Name, "%q is not a date", s)
	case SeverityField:
		sev, err := harrier.ParseSeverity(s)
		if err != nil {
			return nil, harrier.Invalidf(f.Name, "%s", harrier.MessageOf(err))
		}
		return int64(sev), nil
	case TextField, LongTextField:
	}
	return s, nil
}

// Fields tells the values of a result's fields to harrier.Matches, by any
// spelling of their names; a name that is not in FieldList has none.
func Fields(s Scan, h Host, r Result) func(field string) []any {
	v := s.Lookup(r.Vulnerability)
	return func(name string) []any {
		f, ok := FieldNamed(name)
		if !ok {
			return nil
		}
		return f.get(s, h, r, v)
	}
}

// attribute is the field of the plugin attribute of the same name.
func attribute(name, title string, kind FieldKind) Field {
	return Field{name, title, kind, func(_ Scan, _ Host, _ Result, v harrier.Vulnerability) []any {
		var out []any
		for _, a := range Attributes(v) {
			if a.Name == name {
				out = append(out, typed(kind, a.Value))
			}
		}
		return out
	}}
}

func typed(kind FieldKind, value string) any {
	switch kind {
	case NumberField:
		if x, err := strconv.ParseFloat(value, 64); err == nil {
			return x
		}
	case DateField:
		if t, err := time.Parse("2006/01/02", value); err == nil {
			return t.Unix()
		}
	case TextField, LongTextField, SeverityField:
	}
	return value
}

func startOfDay(t time.Time) int64 { return t.UTC().Truncate(24 * time.Hour).Unix() }

func none(Scan, Host, Result, harrier.Vulnerability) []any { return nil }

func text(s string) []any {
	if s == "" {
		return nil
	}
	return []any{s}
}

func hostNames(_ Scan, h Host, _ Result, _ harrier.Vulnerability) []any {
	var out []any
	for _, name := range []string{h.Name, addrText(h), h.FQDN} {
		if name != "" && !slices.Contains(out, any(name)) {
			out = append(out, name)
		}
	}
	return out
}

func familyID(s Scan, _ Host, _ Result, v harrier.Vulnerability) []any {
	if s.Families == nil {
		return nil
	}
	for _, f := range s.Families() {
		if f.Name == v.Family {
			return []any{int64(f.ID)}
		}
	}
	return nil
}
