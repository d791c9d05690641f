package nexpose

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// criterion is one condition on assets as clients of this API write it: of a
// search with its field in metadata, of a tag with it beside.
//
// Source: section 14.4, and section 14.7 for tags.
type criterion struct {
	Metadata struct {
		Field string `json:"fieldName"`
	} `json:"metadata"`
	Field    string   `json:"field_name"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

// searchCriteria are conditions on assets that all hold, or any of them.
type searchCriteria struct {
	Operator string      `json:"operator"` // "AND" or "OR"
	Criteria []criterion `json:"criteria"`
}

// criteriaFields are the fields of the filters that the model's lists of assets
// have, by what this API calls them.
var criteriaFields = map[string]string{
	"ASSET": "host-name", "HOST_NAME": "host-name", "IP_RANGE": "ip-address", "IP_ADDRESS": "ip-address", "IP_ADDRESS_TYPE": "ip-address-type",
	"IP_ALT_ADDRESS_TYPE": "alternate-address-type", "HOST_TYPE": "host-type", "OPEN_PORT": "open-ports", "OS": "operating-system",
	"PCI_COMPLIANCE_STATUS": "pci-compliance", "RISK_SCORE": "risk-score", "SCAN_DATE": "last-scan-date", "SERVICE": "service-name",
	"SITE_NAME": "site-id", "SITE_ID": "site-id", "SOFTWARE": "software", "TAG": "custom-tag", "TAG_CRITICALITY": "criticality-tag",
	"TAG_LOCATION": "location-tag", "TAG_OWNER": "owner-tag", "VULNERABILITY": "vulnerability-title", "VULN_CATEGORY": "vulnerability-category",
	"VULNERABILITY_EXPOSURES": "vulnerability-exposures", "VULNERABILITY_VALIDATED_STATUS": "vulnerability-validated-status", "CVE_ID": "cve", "CVE": "cve",
	"CVSS_SCORE": "vulnerability-cvss-score", "CVSS_ACCESS_COMPLEXITY": "cvss-access-complexity", "CVSS_ACCESS_VECTOR": "cvss-access-vector",
	"CVSS_AUTHENTICATION_REQUIRED": "cvss-authentication-required", "CVSS_AVAILABILITY_IMPACT": "cvss-availability-impact",
	"CVSS_CONFIDENTIALITY_IMPACT": "cvss-confidentiality-impact", "CVSS_INTEGRITY_IMPACT": "cvss-integrity-impact",
}

// criteriaNames are the names of fields that are written; of those with two the
// one that clients send.
var criteriaNames = func() map[string]string {
	out := map[string]string{}
	for name, field := range criteriaFields {
		out[field] = name
	}
	out["host-name"], out["ip-address"], out["site-id"], out["cve"] = "ASSET", "IP_RANGE", "SITE_NAME", "CVE_ID"
	return out
}()

// criteriaOperators are the operators of the model's filters; those that are not
// here are the same in other letters.
var criteriaOperators = map[string]string{
	"GREATER_THAN": "is-greater-than", "LESS_THAN": "is-less-than", "LIKE": "is-like", "BETWEEN": "is-between", "EARLIER_THAN": "is-earlier-than",
	"WITHIN_THE_LAST": "is-within-the-last", "ON_OR_AFTER": "is-on-or-after", "ON_OR_BEFORE": "is-on-or-before", "INCLUDE": "includes",
	"DO_NOT_INCLUDE": "does-not-include", "NOT_CONTAINS": "does-not-contain",
}

// filterJSON is a filter of a dynamic list of the model.
type filterJSON struct {
	Field    string   `json:"field"`
	Operator string   `json:"operator"`
	Value    any      `json:"value,omitempty"`
	Values   []string `json:"values,omitempty"`
	Lower    string   `json:"lower,omitempty"`
	Upper    string   `json:"upper,omitempty"`
}

type filtersJSON struct {
	Match   string       `json:"match"`
	Filters []filterJSON `json:"filters"`
}

// filters are the criteria as the definition of a dynamic list of assets. It
// answers Invalid for what can not be asked; what it says is read by package
// members.
func (c searchCriteria) filters() (string, error) {
	out := filtersJSON{Match: "all"}
	if strings.EqualFold(c.Operator, "OR") {
		out.Match = "any"
	}
	for _, one := range c.Criteria {
		f, err := one.filter()
		if err != nil {
			return "", err
		}
		out.Filters = append(out.Filters, f)
	}
	text := toJSON(out)
	_, err := members.Criteria([]byte(text), time.Time{})
	return text, err
}

func (c criterion) filter() (filterJSON, error) {
	name := strings.ToUpper(c.Metadata.Field)
	if name == "" {
		name = strings.ToUpper(c.Field)
	}
	field, known := criteriaFields[name]
	operator, other := criteriaOperators[strings.ToUpper(c.Operator)]
	if !other {
		operator = strings.ToLower(strings.ReplaceAll(c.Operator, "_", "-"))
	}
	f := filterJSON{Field: field, Operator: operator}
	if !known || !slices.Contains(members.FilterFields()[field], f.of(c.Values)) {
		return f, harrier.Invalidf("searchCriteria", "the criterion %q %q is not supported", clip(name), clip(c.Operator))
	}
	return f, nil
}

// of puts values into the filter, with the operator that the model has for so
// many of them, and returns the operator.
func (f *filterJSON) of(values []string) string {
	for i, v := range values {
		if values[i] = strings.TrimSpace(v); f.Field != "last-scan-date" {
			continue
		}
		if at, err := time.Parse("01/02/2006", values[i]); err == nil {
			values[i] = at.Format(time.DateOnly)
		}
	}
	if f.Field == "ip-address" {
		ranged := map[string]string{"in": "is", "not-in": "is-not", "in-range": "is", "not-in-range": "is-not"}
		if one, ok := ranged[f.Operator]; ok && (len(values) == 1 || len(values) == 2 && values[0] == values[1]) {
			f.Operator, values = one, values[:1]
		} else if ok && len(values) == 2 {
			f.Operator = map[string]string{"is": "in-range", "is-not": "not-in-range"}[one]
		}
	}
	switch {
	case len(values) == 2 && (strings.HasSuffix(f.Operator, "in-range") || f.Operator == "is-between"):
		f.Lower, f.Upper = values[0], values[1]
	case len(values) == 1:
		f.Value = values[0]
	case len(values) > 1:
		f.Values = values
	}
	return f.Operator
}

// criteriaOf are the criteria of the definition of a dynamic list; ok is false
// for what this API has no words for.
func criteriaOf(definition string) (c searchCriteria, ok bool) {
	var from filtersJSON
	if json.Unmarshal([]byte(definition), &from) != nil || len(from.Filters) == 0 {
		return c, false
	}
	if c.Operator = "AND"; strings.EqualFold(from.Match, "any") {
		c.Operator = "OR"
	}
	for _, f := range from.Filters {
		name, known := criteriaNames[f.Field]
		if !known {
			return c, false
		}
		one := criterion{Field: name, Operator: strings.ToUpper(strings.ReplaceAll(f.Operator, "-", "_")), Values: f.Values}
		for theirs, ours := range criteriaOperators {
			if ours == f.Operator {
				one.Operator = theirs
			}
		}
		if f.Field == "ip-address" && (f.Operator == "is" || f.Operator == "in-range") {
			one.Operator = "IN"
		}
		switch v := f.Value.(type) {
		case string:
			one.Values = []string{v}
		case float64:
			one.Values = []string{float(v)}
		}
		if f.Lower != "" || f.Upper != "" {
			one.Values = []string{f.Lower, f.Upper}
		}
		one.Metadata.Field = name
		c.Criteria = append(c.Criteria, one)
	}
	return c, true
}

// object is the criteria in JSON, with both names of each field.
func (c searchCriteria) object() map[string]any {
	rows := []any{}
	for _, one := range c.Criteria {
		rows = append(rows, map[string]any{
			"metadata": map[string]any{"fieldName": one.Field}, "field_name": one.Field, "operator": one.Operator, "values": append([]string{}, one.Values...),
		})
	}
	return map[string]any{"operator": c.Operator, "criteria": rows}
}

// readCriteria reads criteria; there are at most 50.
func readCriteria(text []byte) (searchCriteria, error) {
	var c searchCriteria
	if err := json.Unmarshal(text, &c); err != nil {
		return c, harrier.Invalidf("searchCriteria", "can not be read").Because(err)
	}
	return c, nil
}
