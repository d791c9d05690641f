package members

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// criteria is a list of filters, the other form of the rules of a dynamic list.
//
// Source: section 12 of insightvm-api.md.
type criteria struct {
	Match   string   `json:"match"`
	Filters []filter `json:"filters"`
}

// filter compares a field of assets.
type filter struct {
	Field    string          `json:"field"`
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value"`
	Values   json.RawMessage `json:"values"`
	Lower    json.RawMessage `json:"lower"`
	Upper    json.RawMessage `json:"upper"`
}

// IsCriteria reports whether a definition is a list of filters, not a tree of
// rules.
func IsCriteria(b []byte) bool {
	var c map[string]json.RawMessage
	return json.Unmarshal(b, &c) == nil && c["filters"] != nil
}

// maxFilters bounds a list of filters.
const maxFilters = 50

// Criteria is the condition on an asset, or on a finding's asset, that a list of
// filters makes: {"match":"all","filters":[{"field":…,"operator":…,"value":…}]}.
// Days count back from now. It answers Invalid, naming the filter, for what can
// not be read.
func Criteria(b []byte, now time.Time) (harrier.Expr, error) {
	var c criteria
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&c); err != nil {
		return nil, bad("The search criteria can not be read.")
	}
	if len(c.Filters) == 0 || len(c.Filters) > maxFilters {
		return nil, bad("The search criteria need 1 to %d filters.", maxFilters)
	}
	var parts []harrier.Expr
	for i, f := range c.Filters {
		e, err := f.expr(now)
		if err != nil {
			return nil, bad("Filter %d (%s %s): %s", i+1, cut(f.Field, 64), cut(f.Operator, 32), harrier.MessageOf(err))
		}
		parts = append(parts, e)
	}
	switch strings.ToLower(c.Match) {
	case "all", "":
		return harrier.OfAsset{Of: harrier.And(parts)}, nil
	case "any":
		return harrier.OfAsset{Of: harrier.Or(parts)}, nil
	}
	return nil, bad("'%s' is not a way to match (all, any).", cut(c.Match, 32))
}

// filterKind is what can be asked of a field.
type filterKind struct {
	operators string
	make      func(f filter, now time.Time) (harrier.Expr, error)
}

const (
	textOps    = "is is-not starts-with ends-with contains does-not-contain "
	someText   = "contains does-not-contain not-contains "
	dateOps    = "is-on-or-before is-on-or-after is-between is-earlier-than is-within-the-last "
	numberOps  = "is is-not in-range is-greater-than is-less-than less-than "
	appliedOps = "is-applied is-not-applied "
	likeOps    = "is-like not-like like "
	emptyOps   = "is-empty is-not-empty "
)

// nobody and everybody are conditions of what no asset here is known to have.
var (
	nobody    = harrier.Or{}
	everybody = harrier.And{}
)

// filterKinds are the fields of filters. What no asset here is known to have, as
// containers and virtual machines' clusters, can be asked for and is not found.
var filterKinds = map[string]filterKind{
	"alternate-address-type":       {"in", unknown},
	"container-image":              {textOps + likeOps, unknown},
	"container-status":             {"is is-not", unknown},
	"containers":                   {"are", absent},
	"mobile-device-last-sync-time": {dateOps, unknown},
	"vAsset-cluster":               {textOps, unknown},
	"vAsset-datacenter":            {"is is-not", unknown},
	"vAsset-host-name":             {textOps, unknown},
	"vAsset-power-state":           {"in not-in", unknown},
	"vAsset-resource-pool-path":    {someText, unknown},

	"criticality-tag": {"is is-not is-greater-than is-less-than " + appliedOps, byCriticality},
	"custom-tag":      {textOps + appliedOps, text("custom_tag")},
	"location-tag":    {textOps + appliedOps, text("location_tag")},
	"owner-tag":       {textOps + appliedOps, text("owner_tag")},

	"cve":                            {textOps, found("cve")},
	"cvss-access-complexity":         {"is is-not", metric("cvss2_vector", "AC", "LMH")},
	"cvss-access-vector":             {"is is-not", metric("cvss2_vector", "AV", "LAN")},
	"cvss-authentication-required":   {"is is-not", metric("cvss2_vector", "Au", "NSM")},
	"cvss-availability-impact":       {"is is-not", metric("cvss2_vector", "A", "NPC")},
	"cvss-confidentiality-impact":    {"is is-not", metric("cvss2_vector", "C", "NPC")},
	"cvss-integrity-impact":          {"is is-not", metric("cvss2_vector", "I", "NPC")},
	"cvss-v3-attack-complexity":      {"is is-not", metric("cvss3_vector", "AC", "LH")},
	"cvss-v3-attack-vector":          {"is is-not", metric("cvss3_vector", "AV", "NALP")},
	"cvss-v3-availability-impact":    {"is is-not", metric("cvss3_vector", "A", "NLH")},
	"cvss-v3-confidentiality-impact": {"is is-not", metric("cvss3_vector", "C", "NLH")},
	"cvss-v3-integrity-impact":       {"is is-not", metric("cvss3_vector", "I", "NLH")},
	"cvss-v3-privileges-required":    {"is is-not", metric("cvss3_vector", "PR", "NLH")},
	"cvss-v3-user-interaction":       {"is is-not", metric("cvss3_vector", "UI", "NR")},
	"vulnerability-category":         {textOps, found("category")},
	"vulnerability-cvss-score":       {numberOps, score("cvss2")},
	"vulnerability-cvss-v3-score":    {numberOps, score("cvss3")},
	"vulnerability-exposures":        {"includes does-not-include", byExposure},
	"vulnerability-title":            {textOps, found("name")},
	"vulnerability-validated-status": {"are", absent},
	"pci-compliance":                 {"is is-not", byPCI},

	"host-name":              {textOps + emptyOps + likeOps, byName},
	"host-type":              {"in not-in is is-not", byHostType},
	"ip-address":             {"is is-not in-range not-in-range " + likeOps, byAddress},
	"ip-address-type":        {"in not-in is is-not", byAddressType},
	"last-scan-date":         {dateOps, byDate},
	"open-ports":             {"is is-not in-range", byPort},
	"operating-system":       {someText + emptyOps, text("os")},
	"os":                     {someText + emptyOps, text("os")},
	"risk-score":             {numberOps, number("exposure")},
	"service-name":           {someText, text("service")},
	"site-id":                {"in not-in is is-not", bySite},
	"software":               {someText, bySoftware},
	"vulnerability-assessed": {dateOps, byDate},
}

// FilterFields lists the fields of filters with the operators of each.
func FilterFields() map[string][]string {
	out := map[string][]string{}
	for name, k := range filterKinds {
		out[name] = strings.Fields(k.operators)
	}
	return out
}

func (f filter) expr(now time.Time) (harrier.Expr, error) {
	kind, known := filterKinds[f.Field]
	if !known {
		return nil, bad("there is no such field")
	}
	if !slices.Contains(strings.Fields(kind.operators), f.Operator) {
		return nil, bad("the field has no such operator")
	}
	return kind.make(f, now)
}

// negative tells of an operator that says what is not, and gives the one that
// says what is.
func (f filter) negative() (string, bool) {
	positive, ok := map[string]string{
		"is-not": "is", "does-not-contain": "contains", "not-contains": "contains", "not-in": "in", "not-in-range": "in-range",
		"not-like": "is-like", "is-not-applied": "is-applied", "does-not-include": "includes", "is-empty": "is-not-empty",
	}[f.Operator]
	if !ok {
		positive = f.Operator
	}
	return positive, ok
}

// unless is e, or its opposite.
func unless(not bool, e harrier.Expr) harrier.Expr {
	if not {
		return harrier.Not{Of: e}
	}
	return e
}

func unknown(f filter, _ time.Time) (harrier.Expr, error) {
	_, not := f.negative()
	return unless(not, nobody), nil
}

// absent is of what can be present, 0, or not, 1, and never is.
func absent(f filter, _ time.Time) (harrier.Expr, error) {
	list, err := f.list()
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(list, "1") || slices.Contains(list, "not present"):
		return everybody, nil
	}
	return nobody, nil
}

// single is the one value of a filter as text.
func single(raw json.RawMessage, what string) (string, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if len(raw) == 0 || d.Decode(&v) != nil {
		return "", bad("%s is missing", what)
	}
	switch v := v.(type) {
	case string:
		if len(v) <= maxPattern {
			return v, nil
		}
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", bad("%s is no single value", what)
}

// list is the values of a filter as texts: of values, or of value where clients
// put the list there.
func (f filter) list() ([]string, error) {
	raw := f.Values
	if len(raw) == 0 {
		raw = f.Value
	}
	var many []json.RawMessage
	if json.Unmarshal(raw, &many) != nil {
		many = []json.RawMessage{raw}
	}
	if len(many) > maxValues {
		return nil, bad("there are more than %d values", maxValues)
	}
	var out []string
	for _, one := range many {
		s, err := single(one, "value")
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, bad("values are missing")
	}
	return out, nil
}

// number is a value that is a number.
func numeric(raw json.RawMessage, what string) (float64, error) {
	s, err := single(raw, what)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || n != n || n > 1e15 || n < -1e15 {
		return 0, bad("%s is no number", what)
	}
	return n, nil
}

// pattern makes a regular expression of a text: * stands for any text and ? for
// any character.
func pattern(s string) string {
	return "^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(s)) + "$"
}

// textual is the condition that an operator makes of a field that is a text.
func (f filter) textual(field, operator string) (harrier.Expr, error) {
	switch operator {
	case "is-applied", "is-not-empty":
		return cmp(field, harrier.Like, "."), nil
	}
	s, err := single(f.Value, "value")
	switch {
	case err != nil:
		return nil, err
	case operator == "is":
		return cmp(field, harrier.Eq, s), nil
	case operator == "contains":
		return cmp(field, harrier.Contains, s), nil
	case operator == "starts-with":
		return cmp(field, harrier.Like, "^"+regexp.QuoteMeta(s)), nil
	case operator == "ends-with":
		return cmp(field, harrier.Like, regexp.QuoteMeta(s)+"$"), nil
	default: // is-like
		return cmp(field, harrier.Like, pattern(s)), nil
	}
}

func text(field string) func(filter, time.Time) (harrier.Expr, error) {
	return func(f filter, _ time.Time) (harrier.Expr, error) {
		operator, not := f.negative()
		e, err := f.textual(field, operator)
		return unless(not, e), err
	}
}

// found asks for a text of what was found on an asset.
func found(field string) func(filter, time.Time) (harrier.Expr, error) {
	return func(f filter, _ time.Time) (harrier.Expr, error) {
		operator, not := f.negative()
		e, err := f.textual(field, operator)
		return unless(not, harrier.Has{Of: e}), err
	}
}

// metric asks for a letter of the vector of what was found.
func metric(field, name, letters string) func(filter, time.Time) (harrier.Expr, error) {
	return func(f filter, _ time.Time) (harrier.Expr, error) {
		s, err := single(f.Value, "value")
		if err != nil {
			return nil, err
		}
		if s = strings.ToUpper(s); len(s) != 1 || !strings.Contains(letters, s) {
			return nil, bad("value is none of %s", strings.Join(strings.Split(letters, ""), ", "))
		}
		_, not := f.negative()
		return unless(not, harrier.Has{Of: cmp(field, harrier.Like, "(^|/)"+name+":"+s+"(/|$)")}), nil
	}
}

// compared is the condition that an operator makes of a field that is a number.
func (f filter) compared(field string, value func(float64) any) (harrier.Expr, error) {
	operator, not := f.negative()
	if operator == "in-range" {
		lower, err := numeric(f.Lower, "lower")
		if err != nil {
			return nil, err
		}
		upper, err := numeric(f.Upper, "upper")
		if err != nil {
			return nil, err
		}
		return harrier.And{cmp(field, harrier.Ge, value(lower)), cmp(field, harrier.Le, value(upper))}, nil
	}
	n, err := numeric(f.Value, "value")
	op := map[string]harrier.Op{"is": harrier.Eq, "is-greater-than": harrier.Gt, "is-less-than": harrier.Lt, "less-than": harrier.Lt}[operator]
	return unless(not, cmp(field, op, value(n))), err
}

func number(field string) func(filter, time.Time) (harrier.Expr, error) {
	return func(f filter, _ time.Time) (harrier.Expr, error) {
		return f.compared(field, func(n float64) any { return n })
	}
}

func score(field string) func(filter, time.Time) (harrier.Expr, error) {
	return func(f filter, _ time.Time) (harrier.Expr, error) {
		e, err := f.compared(field, func(n float64) any { return n })
		if not, ok := e.(harrier.Not); ok {
			return harrier.Not{Of: harrier.Has(not)}, err
		}
		return harrier.Has{Of: e}, err
	}
}

func byName(f filter, _ time.Time) (harrier.Expr, error) {
	operator, not := f.negative()
	var either harrier.Or
	for _, field := range []string{"fqdn", "host", "netbios"} {
		e, err := f.textual(field, operator)
		if err != nil {
			return nil, err
		}
		either = append(either, e)
	}
	return unless(not, either), nil
}

func bySoftware(f filter, _ time.Time) (harrier.Expr, error) {
	operator, not := f.negative()
	product, err := f.textual("product", operator)
	if err != nil {
		return nil, err
	}
	s, err := single(f.Value, "value")
	if err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(s) // as it is written within the JSON of a subject
	installed := cmp("software", harrier.Like, `"name":"[^"]*`+regexp.QuoteMeta(strings.Trim(string(quoted), `"`)))
	return unless(not, harrier.Or{product, installed}), err
}

func byAddress(f filter, _ time.Time) (harrier.Expr, error) {
	operator, not := f.negative()
	switch operator {
	case "is":
		s, err := single(f.Value, "value")
		if err != nil {
			return nil, err
		}
		r, ok := Range(strings.TrimSpace(s))
		if !ok {
			return nil, bad("value is no address")
		}
		return unless(not, cmp("address", harrier.In, r)), nil
	case "in-range":
		lower, err := single(f.Lower, "lower")
		if err != nil {
			return nil, err
		}
		upper, err := single(f.Upper, "upper")
		if err != nil {
			return nil, err
		}
		r, ok := Range(strings.TrimSpace(lower) + "-" + strings.TrimSpace(upper))
		if !ok {
			return nil, bad("lower and upper are no range of addresses")
		}
		return unless(not, cmp("address", harrier.In, r)), nil
	}
	e, err := f.textual("address", "is-like")
	return unless(not, e), err
}

func byAddressType(f filter, _ time.Time) (harrier.Expr, error) {
	_, not := f.negative()
	list, err := f.list()
	if err != nil {
		return nil, err
	}
	var either harrier.Or
	for _, s := range list {
		switch strings.ToLower(s) {
		case "0", "ipv4":
			either = append(either, cmp("address", harrier.In, "0.0.0.0-255.255.255.255"))
		case "1", "ipv6":
			either = append(either, cmp("address", harrier.Contains, ":"))
		default:
			return nil, bad("%s is neither 0 (IPv4) nor 1 (IPv6)", cut(s, 32))
		}
	}
	return unless(not, either), nil
}

// HostTypes are the kinds of hosts by number; what an asset's kind of device
// tells of them is in HostType.
var HostTypes = []string{"unknown", "guest", "hypervisor", "physical", "mobile"}

// hostTypes are the kinds of devices that tell a kind of host.
var hostTypes = map[string][]string{"hypervisor": {"hypervisor"}, "mobile": {"phone", "tablet", "mobile"}}

// HostType is the kind of host that a kind of device is: one of HostTypes.
func HostType(device string) string {
	for kind, devices := range hostTypes {
		if slices.Contains(devices, device) {
			return kind
		}
	}
	return HostTypes[0]
}

func byHostType(f filter, _ time.Time) (harrier.Expr, error) {
	_, not := f.negative()
	list, err := f.list()
	if err != nil {
		return nil, err
	}
	var either harrier.Or
	for _, s := range list {
		if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < len(HostTypes) {
			s = HostTypes[n]
		}
		s = strings.ToLower(s)
		if !slices.Contains(HostTypes, s) {
			return nil, bad("%s is not a type of host", cut(s, 32))
		}
		var known, all []any
		for _, d := range hostTypes[s] {
			known = append(known, d)
		}
		if s != HostTypes[0] {
			either = append(either, cmp("device_type", harrier.Eq, known...))
			continue
		}
		for _, devices := range hostTypes {
			for _, d := range devices {
				all = append(all, d)
			}
		}
		either = append(either, cmp("device_type", harrier.Ne, all...))
	}
	return unless(not, either), nil
}

func bySite(f filter, _ time.Time) (harrier.Expr, error) {
	_, not := f.negative()
	list, err := f.list()
	if err != nil {
		return nil, err
	}
	var ids []any
	for _, s := range list {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, bad("%s is not the id of a site", cut(s, 32))
		}
		ids = append(ids, n)
	}
	return unless(not, cmp("in_site", harrier.Eq, ids...)), nil
}

// maxPortsAtOnce is how many ports one comparison names.
const maxPortsAtOnce = 5000

func byPort(f filter, _ time.Time) (harrier.Expr, error) {
	operator, not := f.negative()
	if operator == "is" {
		n, err := numeric(f.Value, "value")
		return unless(not, cmp("port", harrier.Eq, int64(n))), err
	}
	lower, err := numeric(f.Lower, "lower")
	if err != nil {
		return nil, err
	}
	upper, err := numeric(f.Upper, "upper")
	if err != nil {
		return nil, err
	}
	first, last := int64(max(lower, 0)), int64(min(upper, 65535))
	switch { // one port of the asset must lie between both
	case first <= 1:
		return cmp("port", harrier.Le, last), nil
	case last == 65535:
		return cmp("port", harrier.Ge, first), nil
	}
	var either harrier.Or
	for from := first; from <= last; from += maxPortsAtOnce {
		var ports []any
		for n := from; n <= min(last, from+maxPortsAtOnce-1); n++ {
			ports = append(ports, n)
		}
		either = append(either, cmp("port", harrier.Eq, ports...))
	}
	return either, nil
}

// day reads a date, or an instant.
func day(raw json.RawMessage, what string) (time.Time, bool, error) {
	s, err := single(raw, what)
	if err != nil {
		return time.Time{}, false, err
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, true, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, false, nil
		}
	}
	return time.Time{}, false, bad("%s is no date as 2026-01-31", what)
}

func byDate(f filter, now time.Time) (harrier.Expr, error) {
	const field = "last_seen"
	after := func(t time.Time) harrier.Expr { return cmp(field, harrier.Ge, t.UnixMicro()) }
	before := func(t time.Time, whole bool) harrier.Expr {
		if whole {
			t = t.AddDate(0, 0, 1)
			return cmp(field, harrier.Lt, t.UnixMicro())
		}
		return cmp(field, harrier.Le, t.UnixMicro())
	}
	switch f.Operator {
	case "is-between":
		from, _, err := day(f.Lower, "lower")
		if err != nil {
			return nil, err
		}
		to, whole, err := day(f.Upper, "upper")
		return harrier.And{after(from), before(to, whole)}, err
	case "is-on-or-after":
		t, _, err := day(f.Value, "value")
		return after(t), err
	case "is-on-or-before":
		t, whole, err := day(f.Value, "value")
		return before(t, whole), err
	}
	days, err := numeric(f.Value, "value")
	if err != nil || days < 0 || days > 36500 {
		return nil, bad("value is no number of days")
	}
	since := now.Add(-time.Duration(days * 24 * float64(time.Hour)))
	if f.Operator == "is-within-the-last" {
		return after(since), nil
	}
	return cmp(field, harrier.Lt, since.UnixMicro()), nil
}

// criticalities are the built-in tags that say how much assets matter, by
// weight.
var criticalities = []string{"very low", "low", "medium", "high", "very high"}

func byCriticality(f filter, _ time.Time) (harrier.Expr, error) {
	operator, not := f.negative()
	if operator == "is" || operator == "is-applied" {
		e, err := f.textual("criticality_tag", operator)
		return unless(not, e), err
	}
	s, err := single(f.Value, "value")
	if err != nil {
		return nil, err
	}
	i := slices.Index(criticalities, strings.ToLower(s))
	if i < 0 {
		return nil, bad("value is none of %s", strings.Join(criticalities, ", "))
	}
	names := criticalities[:i]
	if operator == "is-greater-than" {
		names = criticalities[i+1:]
	}
	var values []any
	for _, n := range names {
		values = append(values, n)
	}
	return cmp("criticality_tag", harrier.Eq, values...), nil
}

// byExposure asks for what is known to use a vulnerability. Clients write values
// such as type:"exploit_source_type", name:"2"; what they say of it is found by
// words.
func byExposure(f filter, _ time.Time) (harrier.Expr, error) {
	_, not := f.negative()
	list, err := f.list()
	if err != nil {
		return nil, err
	}
	var either harrier.Or
	for _, s := range list {
		switch s = strings.ToLower(s); {
		case strings.Contains(s, "malware"):
			either = append(either, harrier.Has{Of: cmp("malware_kits", harrier.Gt, int64(0))})
		case strings.Contains(s, "metasploit"):
			either = append(either, harrier.Has{Of: cmp("exploits", harrier.Contains, "metasploit")})
		case strings.Contains(s, "exploit"):
			either = append(either, harrier.Has{Of: cmp("exploit", harrier.Eq, true)})
		default:
			return nil, bad("%s is neither an exploit nor malware", cut(s, 64))
		}
	}
	return unless(not, either), nil
}

// byPCI asks for assets that an audit would not let pass.
func byPCI(f filter, _ time.Time) (harrier.Expr, error) {
	_, not := f.negative()
	s, err := single(f.Value, "value")
	if err != nil {
		return nil, err
	}
	fails := harrier.Has{Of: cmp("pci_fail", harrier.Eq, true)}
	switch strings.ToLower(s) {
	case "0", "fail":
		return unless(not, fails), nil
	case "1", "pass":
		return unless(!not, fails), nil
	}
	return nil, bad("value is neither 0 (fail) nor 1 (pass), but %s", fmt.Sprintf("%q", cut(s, 32)))
}
