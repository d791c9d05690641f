package search

import (
	"slices"
	"strings"
)

// Described is a field of the language, for those who write it down or try it.
type Described struct {
	Name string
	Kind string // "text", "number", "date", "yes or no", "address", "severity"
}

// AssetFields are the fields of assets, by name.
func AssetFields() []Described { return describe(assetFields) }

// VulnerabilityFields are the fields of vulnerabilities, by name.
func VulnerabilityFields() []Described { return describe(definitionFields) }

// FindingFields are the fields that findings have beside those of their
// vulnerabilities, by name.
func FindingFields() []Described { return describe(findingFields) }

var formNames = [...]string{"text", "number", "date", "yes or no", "address", "severity", "text"}

func describe(fields map[string]field) []Described {
	var out []Described
	for name, f := range fields {
		out = append(out, Described{name, formNames[f.form]})
	}
	slices.SortFunc(out, func(a, b Described) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// AssetSort is the field of the model that assets are sorted by for a field of
// the language with one value; false for others.
func AssetSort(name string) (string, bool) {
	switch plain(name) {
	case "id":
		return "id", true
	case "ip", "ipv4", "ipv6":
		return "address", true
	case "mac":
		return "mac", true
	case "hostname", "name":
		return "fqdn", true
	case "criticalitytag":
		return "importance", true
	}
	f, ok := assetTable[plain(name)]
	if !ok || len(f.model) != 1 || strings.Contains(name, ".") {
		return "", false
	}
	switch f.model[0] {
	case "site", "group", "custom_tag", "owner_tag", "location_tag", "identifier", "identifier_source", "sign_in":
		return "", false
	}
	return f.model[0], true
}

// VulnerabilitySort is AssetSort for the catalogue.
func VulnerabilitySort(name string) (string, bool) {
	if plain(name) == "id" {
		return "slug", true
	}
	f, ok := definitionTable[plain(name)]
	if !ok || len(f.model) != 1 || strings.Contains(name, ".") {
		return "", false
	}
	return f.model[0], true
}
