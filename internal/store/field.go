package store

import (
	"fmt"

	"github.com/harrier-scan/harrier"
)

// field is something that can be searched by. Exactly one of number, decimal,
// text, ordinal, choices and body says what it is.
type field struct {
	number  string // an integer column
	decimal string // a column of floating point numbers
	text    string
	ordinal string // an integer column with few values, from 0
	values  int    // of ordinal: how many
	choices []choice
	body    string // a member of the JSON of the vulnerability, as text
	subject string // a member of the JSON of software, as text
	lowered bool   // of text: it is in lower case already
	key     string // of an address: the column with its 16 bytes
	// within is where the column is, when it is not in the table itself: a
	// condition with %s for that on the column. A field that is there several
	// times holds when one of them does.
	within string
	sort   string // what to sort by; "": not sortable
	// asked says that the copy in memory has to be told which assets it is about.
	asked bool
}

// choice is one of the values that a field can have, and the condition for it.
type choice struct {
	value     any
	condition string
}

// inBody begins a decimal that is a member of the JSON of the vulnerability.
const inBody = "$."

func yesNo(yes, no string) []choice { return []choice{{true, yes}, {false, no}} }

const (
	ofVuln          = "id IN (SELECT finding FROM finding_by_vuln WHERE %s)"
	ofVulnerability = "id IN (SELECT finding FROM finding_by_vuln WHERE vuln IN (SELECT id FROM vulnerability WHERE %s))"
	ofAsset         = "asset IN (SELECT id FROM asset WHERE %s)"
)

// findingFields lists what findings are searched by. Instants are microseconds
// since 1970. Fields of the vulnerability need its definition: a finding
// without one has no value there.
var findingFields = map[string]field{
	"id":            {number: "id", sort: "id"},
	"asset":         {number: "asset", sort: "asset"},
	"repository":    {number: "repository", sort: "repository"},
	"vulnerability": {number: "vuln", within: ofVuln, sort: "vuln"},
	"severity":      {ordinal: "severity", values: harrier.Severities, sort: "severity"},
	"certainty":     {ordinal: "certainty", values: 3, sort: "certainty"},
	"protocol":      {text: "protocol", sort: "protocol"},
	"port":          {number: "port", sort: "port"},
	"key":           {text: "instance", sort: "instance"},
	"service":       {text: "service", sort: "service"},
	"evidence":      {text: "evidence"},
	"reintroduced":  {number: reopenedAt, sort: reopenedAt}, // when it was opened again; 0 when it was not
	"source":        {text: "source", sort: "source"},
	"origin":        {choices: []choice{{"scan", "origin = 0"}, {"knowledge", "origin = 1"}}},
	"last_scan":     {number: "last_scan", sort: "last_scan"},
	"first_seen":    {number: "first_seen", sort: "first_seen"},
	"last_seen":     {number: "last_seen", sort: "last_seen"},
	"opened":        {number: "opened", sort: "opened"}, // start of the newest interval
	"closed":        {number: "closed", sort: "closed"}, // end of the newest interval; 0 while it is open
	"state":         {choices: []choice{{"open", "closed = 0"}, {"closed", "closed > 0"}}},
	"open":          {choices: yesNo("closed = 0", "closed > 0")},
	"open_days":     {number: "((closed - first_seen) / 86400000000)"},                           // of a closed one: from the first sight to the end
	"reopened":      {choices: yesNo("older > 0", "older = 0")},                                  // opened again after it was closed
	"mitigated":     {choices: yesNo("(older > 0 OR closed > 0)", "(older = 0 AND closed = 0)")}, // closed at least once

	"name":      {text: "name", within: ofVulnerability, sort: "coalesce((SELECT name FROM vulnerability v WHERE v.id = finding.vuln), '')"},
	"family":    {text: "family", within: ofVulnerability, sort: "coalesce((SELECT family FROM vulnerability v WHERE v.id = finding.vuln), '')"},
	"slug":      {text: "slug", within: ofVulnerability},
	"cvss2":     {decimal: "cvss2", within: ofVulnerability, sort: "coalesce((SELECT cvss2 FROM vulnerability v WHERE v.id = finding.vuln), 0)"},
	"cvss3":     {decimal: "cvss3", within: ofVulnerability, sort: "coalesce((SELECT cvss3 FROM vulnerability v WHERE v.id = finding.vuln), 0)"},
	"epss":      {decimal: "epss", within: ofVulnerability, sort: "coalesce((SELECT epss FROM vulnerability v WHERE v.id = finding.vuln), 0)"},
	"exploited": {choices: yesNo("exploited", "NOT exploited"), within: ofVulnerability},
	"exploit":   {choices: yesNo("exploit", "NOT exploit"), within: ofVulnerability, sort: "coalesce((SELECT CASE WHEN exploit THEN 1 ELSE 0 END FROM vulnerability v WHERE v.id = finding.vuln), 0)"},
	"published": {number: "published", within: ofVulnerability, sort: "coalesce((SELECT published FROM vulnerability v WHERE v.id = finding.vuln), 0)"},

	// As the JSON of the definition has them: instants like
	// "2026-01-02T03:04:05Z", lists like ["a","b"].
	"description":  {body: "Description", within: ofVulnerability},
	"added":        {body: "Added", within: ofVulnerability},
	"modified":     {body: "Modified", within: ofVulnerability},
	"aliases":      {body: "Aliases", within: ofVulnerability},
	"cwes":         {body: "CWEs", within: ofVulnerability},
	"cpes":         {body: "CPEs", within: ofVulnerability},
	"cvss2_vector": {body: "CVSS2Vector", within: ofVulnerability},
	"cvss3_vector": {body: "CVSS3Vector", within: ofVulnerability},
	"cvss4_vector": {body: "CVSS4Vector", within: ofVulnerability},
	"cvss4":        {decimal: inBody + "CVSS4Score", within: ofVulnerability},
	"exploits":     {body: "Exploits", within: ofVulnerability},
	"solution":     {body: "Solution", within: ofVulnerability},
	"cve":          {text: "cve", within: "id IN (SELECT finding FROM finding_by_vuln WHERE vuln IN (SELECT vuln FROM vulnerability_cve WHERE %s))"},

	"address": {text: "addr", key: "addr_key", within: ofAsset, sort: "(SELECT addr_key FROM asset a WHERE a.id = finding.asset)"},
	"fqdn":    {text: "fqdn", within: ofAsset, sort: "(SELECT fqdn FROM asset a WHERE a.id = finding.asset)"},
	"netbios": {text: "netbios", within: ofAsset, sort: "(SELECT netbios FROM asset a WHERE a.id = finding.asset)"},
	"uuid":    {text: "uuid", within: ofAsset, lowered: true},
	"mac":     {text: "mac", within: ofAsset, sort: "(SELECT mac FROM asset a WHERE a.id = finding.asset)"},
	"os":      {text: "os", within: ofAsset, sort: "(SELECT os FROM asset a WHERE a.id = finding.asset)"},
	"host":    {text: "name", within: "asset IN (SELECT asset FROM asset_name WHERE %s)"}, // any name of the asset
}

const (
	reopenedAt = "(CASE WHEN older > 0 THEN opened ELSE 0 END)"

	openTotal   = "(open1 + open2 + open3 + open4)"
	risk        = "(CAST((10 * open1 + 100 * open2 + 400 * open3 + 800 * open4) * importance AS DOUBLE PRECISION) / 100)"
	scanStart   = "coalesce((SELECT c.started FROM scan c WHERE c.id = asset.last_scan), 0)"
	criticality = `(CASE WHEN importance = 0 OR importance = 100 THEN '' WHEN importance <= 50 THEN 'Very Low'
		WHEN importance < 100 THEN 'Low' WHEN importance < 200 THEN 'High' ELSE 'Very High' END)`

	ofIdentifiers = "id IN (SELECT asset FROM asset_identifier WHERE %s)"
	ofSites       = "id IN (SELECT h.asset FROM scan_host h JOIN scan c ON c.id = h.scan JOIN site s ON s.id = c.site WHERE h.asset > 0 AND %s)"
	ofThings      = "id IN (SELECT a.asset FROM asset_thing a JOIN thing t ON t.id = a.thing WHERE %s)"

	ofServices = "id IN (SELECT asset FROM service WHERE %s)"
	ofFindings = "id IN (SELECT asset FROM finding WHERE closed = 0 AND id IN (SELECT finding FROM finding_by_vuln WHERE %s))"
)

const exposure = "((10 * open1 + 100 * open2 + 400 * open3 + 800 * open4) * importance / 100)"

// ofTags is the condition that an asset carries a tag of a kind.
const ofTags = "id IN (SELECT c.asset FROM asset_tag c JOIN tag t ON t.id = c.tag WHERE t.kind = '%s' AND %%s)"

// assetFields lists what assets are searched by.
var assetFields = map[string]field{
	"id":            {number: "id", sort: "id"},
	"repository":    {number: "repository", sort: "repository"},
	"address":       {text: "addr", key: "addr_key", sort: "addr_key"},
	"uuid":          {text: "uuid", lowered: true, sort: "uuid"},
	"fqdn":          {text: "fqdn", sort: "fqdn"},
	"netbios":       {text: "netbios", sort: "netbios"},
	"mac":           {text: "mac", sort: "mac"},
	"host":          {text: "name", within: "id IN (SELECT asset FROM asset_name WHERE %s)"}, // any name of the asset
	"os":            {text: "os", sort: "os"},
	"os_confidence": {number: "os_confidence", sort: "os_confidence"},
	"device_type":   {text: "device_type", sort: "device_type"},
	"first_seen":    {number: "first_seen", sort: "first_seen"},
	"last_seen":     {number: "last_seen", sort: "last_seen"},
	"last_scan":     {number: "last_scan", sort: "last_scan"},
	"info":          {number: "open0", sort: "open0"}, // how many findings of this severity are open
	"low":           {number: "open1", sort: "open1"},
	"medium":        {number: "open2", sort: "open2"},
	"high":          {number: "open3", sort: "open3"},
	"critical":      {number: "open4", sort: "open4"},

	"system":      {text: systemKey, asked: true}, // see prepare
	"importance":  {number: "importance", sort: "importance"},
	"criticality": {text: criticality, sort: criticality}, // see harrier.Asset.Criticality
	"total":       {number: openTotal, sort: openTotal},   // without those of severity info
	"risk":        {decimal: risk, sort: risk},            // see harrier.Asset.RiskScore
	"scan_start":  {number: scanStart, sort: scanStart, asked: true},
	"assessed":    {choices: yesNo("last_scan > 0", "last_scan = 0"), sort: "(CASE WHEN last_scan > 0 THEN 1 ELSE 0 END)"},
	// What nothing tells of yet.
	"assessed_for_policies": {choices: yesNo(never, always), sort: "(CASE WHEN last_scan < 0 THEN 1 ELSE 0 END)"},

	"site":              {text: "s.name", within: ofSites, asked: true}, // whose scans saw it
	"site_id":           {number: "s.id", within: ofSites, asked: true},
	"identifier":        {text: "value", within: ofIdentifiers, asked: true},
	"identifier_source": {text: "kind", within: ofIdentifiers, asked: true},
	"software_product":  {subject: "name", within: ofThings, asked: true},
	"software_version":  {subject: "version", within: ofThings, asked: true},

	"port":     {number: "port", within: ofServices},
	"protocol": {text: "protocol", within: ofServices},
	"service":  {text: "name", within: ofServices},
	"product":  {text: "product", within: ofServices},
	"version":  {text: "version", within: ofServices},
	"cpe":      {text: "cpe", within: ofServices},

	"in_site": {number: "site", within: "id IN (SELECT h.asset FROM scan_host h JOIN scan s ON s.id = h.scan WHERE %s)"}, // whose scans have seen it
	// Open findings by severity, weighed as harrier.Asset.Exposure says.
	"exposure": {number: exposure, sort: exposure},
	"software": {text: "subject", within: "id IN (SELECT p.asset FROM asset_thing p JOIN thing t ON t.id = p.thing WHERE %s)"}, // as package match writes it

	"tag":             {number: "tag", within: "id IN (SELECT asset FROM asset_tag WHERE %s)"},                    // that it carries, for whatever reason
	"tagged":          {number: "tag", within: "id IN (SELECT object FROM tag_use WHERE place = 'asset' AND %s)"}, // that was put on it itself
	"custom_tag":      {text: "t.name", within: fmt.Sprintf(ofTags, harrier.CustomTag)},
	"location_tag":    {text: "t.name", within: fmt.Sprintf(ofTags, harrier.LocationTag)},
	"owner_tag":       {text: "t.name", within: fmt.Sprintf(ofTags, harrier.OwnerTag)},
	"criticality_tag": {text: "t.name", within: fmt.Sprintf(ofTags, harrier.CriticalityTag)},

	"vulnerability": {number: "vuln", within: ofFindings}, // of the open findings
	"cve": {text: "cve", within: "id IN (SELECT asset FROM finding WHERE closed = 0 AND id IN " +
		"(SELECT finding FROM finding_by_vuln WHERE vuln IN (SELECT vuln FROM vulnerability_cve WHERE %s)))"},
}
