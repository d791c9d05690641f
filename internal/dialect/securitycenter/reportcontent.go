package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Bounds of the content of a definition.
const (
	maxDefinition      = 256 << 10
	maxDefinitionDepth = 12
)

// content is what is understood of the content of a definition: what is asked
// for, the columns of a table, and the template of a document. The rest, such as
// chapters and their elements, is kept and given back.
type content struct {
	query    harrier.ID
	ask      queryDefinition
	columns  []string
	template string
	chapters string
	assets   []harrier.ID
}

// readDefinition puts what is understood of the member "definition" into d, and
// keeps it as it came.
func (a api) readDefinition(ctx context.Context, by harrier.Actor, raw json.RawMessage, d *harrier.ReportDefinition) error {
	raw = unquoted(raw)
	if len(raw) > maxDefinition {
		return fault(codeInvalid, 0, "The parameter 'definition' is longer than %d bytes.", maxDefinition)
	}
	var c content
	if err := c.read(raw, 0); err != nil {
		return err
	}
	d.Given[givenDefinition] = string(raw)
	d.Scope = harrier.Scope{AssetLists: c.assets}
	if c.query > 0 && len(c.ask.Filters) == 0 {
		if _, err := a.Findings.Query(ctx, by, c.query); err != nil {
			return missing(err, "Query", sid(c.query), "get")
		}
		d.Scope.Query = c.query
	} else if c.asks() {
		text, err := kit.Marshal(c.ask)
		if err != nil {
			return err
		}
		d.Scope.Asked = string(text)
		s := harrier.SavedQuery{Kind: "vuln", Tool: "vulndetails", Definition: d.Scope.Asked}
		if _, err := (questions{a}).OfQuery(ctx, by, s); err != nil {
			return err
		}
	}
	d.Options = map[string]string{}
	if columns := exportColumns(c.columns); columns != "" && d.Format == "csv" {
		d.Options["columns"] = columns
	}
	if c.chapters != "" {
		d.Options["chapters"] = c.chapters
	}
	if d.Template = c.template; c.template != "" {
		if _, ok := harrier.TemplateNamed(c.template); !ok {
			return fault(codeInvalid, 0, "There is no template '%s'.", cut(c.template, 32))
		}
	}
	return nil
}

func (c *content) asks() bool {
	return len(c.ask.Filters) > 0 || c.ask.SourceType != "" && c.ask.SourceType != cumulative
}

// unquoted is JSON that may have come as a text.
func unquoted(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if text = strings.TrimSpace(text); text == "" {
			text = "{}"
		}
		return json.RawMessage(text)
	}
	return raw
}

// read looks for what is understood, in the object itself first and then within
// its parts that hold a data source; the first one that says something counts.
func (c *content) read(raw json.RawMessage, depth int) error {
	var object map[string]json.RawMessage
	if depth > maxDefinitionDepth {
		return fault(codeInvalid, 0, "The parameter 'definition' is nested too deeply.")
	}
	if raw = bytes.TrimSpace(unquoted(raw)); bytes.HasPrefix(raw, []byte("[")) {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return fault(codeInvalid, 0, "The parameter 'definition' is invalid.")
		}
		for _, part := range list {
			if err := c.read(part, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if !bytes.HasPrefix(raw, []byte("{")) {
		if depth == 0 && len(raw) > 0 && string(raw) != "null" {
			return fault(codeInvalid, 0, "The parameter 'definition' is invalid.")
		}
		return nil
	}
	if json.Unmarshal(raw, &object) != nil {
		return fault(codeInvalid, 0, "The parameter 'definition' is invalid.")
	}
	if err := c.members(object); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		switch name {
		case "query", "dataSource", "chapters", "elements", "children", "component", "definition":
			if err := c.read(object[name], depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *content) members(object map[string]json.RawMessage) error {
	text := func(names ...string) string {
		for _, n := range names {
			if s, ok := kit.Scalar(object[n]); ok && s != "" && s != "null" {
				return s
			}
		}
		return ""
	}
	if raw := object["filters"]; len(raw) > 0 && len(c.ask.Filters) == 0 {
		var list filters
		if json.Unmarshal(raw, &list) != nil {
			return fault(codeInvalid, 0, "The parameter 'filters' is invalid.")
		}
		if len(list) > 0 {
			c.ask.Filters = raw
		}
	}
	if s := text("sourceType", "querySourceType"); s != "" && c.ask.SourceType == "" {
		c.ask.SourceType = kit.Text(strings.ToLower(s))
	}
	if s := text("scanID", "querySourceID"); idOf(s) > 0 && len(c.ask.Scan) == 0 {
		c.ask.Scan = json.RawMessage(sid(idOf(s)))
	}
	if raw := object["query"]; len(raw) > 0 && c.query == 0 {
		var id given
		if json.Unmarshal(unquoted(raw), &id) == nil && id > 0 {
			c.query = harrier.ID(id)
		}
	}
	if s := text("queryID"); c.query == 0 && s != "" {
		c.query = max(idOf(s), 0)
	}
	if raw := object["columns"]; len(raw) > 0 && len(c.columns) == 0 {
		c.columns = columnNames(raw)
	}
	if raw := object["assets"]; len(raw) > 0 && len(c.assets) == 0 {
		var list givens
		if json.Unmarshal(raw, &list) == nil {
			for _, id := range list {
				if id > 0 {
					c.assets = append(c.assets, harrier.ID(id))
				}
			}
		}
	}
	if s := text("template"); c.template == "" {
		c.template = s
	}
	if s, ok := kit.Scalar(object["chapters"]); ok && c.chapters == "" {
		c.chapters = s
	}
	return nil
}

// tableColumns are the columns of a CSV export for those of this API.
var tableColumns = map[string]string{
	"pluginID": "id", "pluginName": "plugin_name", "severity": "risk", "riskFactor": "risk_factor", "ip": "hostname", "dnsName": "hostname", "port": "port", "protocol": "protocol",
	"cve": "cve", "baseScore": "cvss", "cvssV3BaseScore": "cvss3_base_score", "cvssV4BaseScore": "cvss4_base_score", "temporalScore": "cvss_temporal_score",
	"cvssV3TemporalScore": "cvss3_temporal_score", "vprScore": "vpr_score", "epssScore": "epss_score", "stigSeverity": "stig_severity", "synopsis": "synopsis",
	"description": "description", "solution": "solution", "seeAlso": "see_also", "pluginText": "plugin_output", "pluginOutput": "plugin_output", "xref": "references",
	"exploitFrameworks": "exploitable_with", "pluginPubDate": "plugin_information", "pluginModDate": "plugin_information",
}

// exportColumns translates columns; those that a CSV export does not have are
// left out, and "" is its own choice.
func exportColumns(names []string) string {
	var out []string
	for _, n := range names {
		if key := tableColumns[n]; key != "" && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return strings.Join(out, ",")
}
