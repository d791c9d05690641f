package insightvm

import (
	"encoding/json"
	"slices"
	"time"
)

// scanForm is the body of a start of a scan.
//
// Source: section 7.3.
type scanForm struct {
	assets, credentials, engines, solutions, vulnerabilities []string

	name, consumer string
	start          time.Time
	excluded       *scanForm
}

// maxExclusions is how deep exclusions may be within one another.
const maxExclusions = 10

func readScanForm(keys map[string]json.RawMessage, depth int) (*scanForm, error) {
	f := &scanForm{}
	for name, to := range map[string]*[]string{
		"asset_ids": &f.assets, "credential_sources": &f.credentials, "engine_ids": &f.engines, "solution_ids": &f.solutions, "vulnerability_ids": &f.vulnerabilities,
	} {
		list, err := texts(keys, name)
		if err != nil {
			return nil, err
		}
		for _, one := range list { // each once
			if !slices.Contains(*to, one) || len(*to) > maxAssets {
				*to = append(*to, one)
			}
		}
	}
	var err error
	if f.name, err = text(keys, "name"); err != nil {
		return nil, err
	}
	if f.consumer, err = text(keys, "result_consumer"); err != nil {
		return nil, err
	}
	start, err := text(keys, "start_time")
	if err != nil {
		return nil, err
	}
	if start != "" {
		at, ok := parseTime(start)
		if !ok {
			return nil, invalid("Your scan start request has 1 error: start_time: %q is not a date and time.", shown(start))
		}
		f.start = at
	}
	raw, has := keys["exclusions"]
	if !has || string(raw) == "null" {
		return f, nil
	}
	if depth >= maxExclusions {
		return nil, invalid("Your scan start request has 1 error: exclusions are more than %d deep.", maxExclusions)
	}
	var inner map[string]json.RawMessage
	if err := json.Unmarshal(raw, &inner); err != nil {
		return nil, invalid("The request body is not valid: exclusions is not an object.")
	}
	f.excluded, err = readScanForm(inner, depth+1)
	return f, err
}

// The lists of a form.
func engineIDs(f *scanForm) []string         { return f.engines }
func credentialSources(f *scanForm) []string { return f.credentials }
func assetIDs(f *scanForm) []string          { return f.assets }
func vulnerabilityIDs(f *scanForm) []string  { return f.vulnerabilities }
func solutionIDs(f *scanForm) []string       { return f.solutions }

// left is what a list of the form has, without what its exclusions have.
func (f *scanForm) left(of func(*scanForm) []string) []string {
	gone := f.without(of)
	return slices.DeleteFunc(slices.Clone(of(f)), func(one string) bool { return gone[one] })
}

// without is what the exclusions of the form have in a list, whether the form
// itself names it or not.
func (f *scanForm) without(of func(*scanForm) []string) map[string]bool {
	gone := map[string]bool{}
	if f.excluded != nil {
		for _, one := range f.excluded.left(of) {
			gone[one] = true
		}
	}
	return gone
}
