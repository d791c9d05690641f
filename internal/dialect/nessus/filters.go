package nessus

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/format"
)

// filterItem describes one field that results can be filtered by.
//
// Source: nessus-api.md, section 7.4.
type filterItem struct {
	Name         string        `json:"name"`
	ReadableName string        `json:"readable_name"`
	Operators    []string      `json:"operators"`
	Control      filterControl `json:"control"`
	GroupName    *string       `json:"group_name"`
}

// filterControl says how a value is typed in.
type filterControl struct {
	Type          string   `json:"type"` // "entry", "dropdown", "datefield"
	Regex         *string  `json:"regex"`
	ReadableRegex string   `json:"readable_regex"`
	Options       []string `json:"options"`
}

// operators lists what a kind of field can be asked, in the words of section
// 7.4: no others, for one client knows no others.
func operators(k format.FieldKind) []string {
	switch k {
	case format.LongTextField:
		return []string{"match", "nmatch"}
	case format.NumberField:
		return []string{"lt", "gt", "eq", "neq"}
	case format.DateField:
		return []string{"date-lt", "date-gt", "date-eq", "date-neq"}
	case format.SeverityField:
		return []string{"eq", "neq", "lt", "gt"}
	case format.TextField:
	}
	return []string{"eq", "neq", "match", "nmatch"}
}

// filterItems describes every field of format.FieldList.
func filterItems() []filterItem {
	out := make([]filterItem, len(format.FieldList))
	for i, f := range format.FieldList {
		item := filterItem{Name: f.Name, ReadableName: f.Title, Operators: operators(f.Kind), Control: filterControl{Type: "entry", ReadableRegex: "TEXT"}}
		switch f.Kind {
		case format.NumberField:
			item.Control.Regex, item.Control.ReadableRegex = text("^[0-9]+(\\.[0-9]+)?$"), "NUMBER"
		case format.DateField:
			item.Control.Type, item.Control.Regex, item.Control.ReadableRegex = "datefield", text("^[0-9]{4}/[0-9]{2}/[0-9]{2}$"), "YYYY/MM/DD"
		case format.SeverityField:
			item.Control.Type, item.Control.Options = "dropdown", []string{"Info", "Low", "Medium", "High", "Critical"}
		case format.TextField, format.LongTextField:
		}
		out[i] = item
	}
	return out
}

func text(s string) *string { return &s }

// filtersReply is the answer of GET /filters/scans/reports.
type filtersReply struct {
	Filters []filterItem `json:"filters"`
}

func (a api) listFilters(context.Context, harrier.Actor, struct{}) (filtersReply, error) {
	return filtersReply{filterItems()}, nil
}

// qualities translates the API's comparisons.
var qualities = map[string]harrier.Op{
	"eq": harrier.Eq, "neq": harrier.Ne, "lt": harrier.Lt, "gt": harrier.Gt, "match": harrier.Contains, "nmatch": harrier.Lacks,
	"date-eq": harrier.Eq, "date-neq": harrier.Ne, "date-lt": harrier.Lt, "date-gt": harrier.Gt,
}

// condition is one filter.N of a request.
type condition struct{ field, quality, value string }

// bodyFilter reads the keys filter.N.filter, filter.N.quality, filter.N.value
// and filter.search_type of a body, and likewise filters as a list of objects.
// It returns nil without filters and answers Invalid for what makes no sense.
//
// Source: nessus-api.md, sections 5.1 and 7.3.
func bodyFilter(keys map[string]json.RawMessage) (harrier.Expr, error) {
	list := url.Values{}
	for name, raw := range keys {
		if strings.HasPrefix(name, "filter.") {
			v, single := kit.Scalar(raw)
			if !single {
				return nil, harrier.Invalidf(name, "must be a single value")
			}
			list.Set(name, v)
		}
	}
	return queryFilter(list)
}

// queryFilter reads the same keys of a query.
func queryFilter(keys url.Values) (harrier.Expr, error) {
	found := map[string]*condition{}
	var order []string
	for name := range keys {
		n, part, ok := strings.Cut(strings.TrimPrefix(name, "filter."), ".")
		if !ok || !strings.HasPrefix(name, "filter.") {
			continue
		}
		c := found[n]
		if c == nil {
			c = &condition{}
			found[n] = c
			order = append(order, n)
		}
		switch part {
		case "filter":
			c.field = keys.Get(name)
		case "quality":
			c.quality = keys.Get(name)
		case "value":
			c.value = keys.Get(name)
		}
	}
	slices.Sort(order)
	var list []harrier.Expr
	for _, n := range order {
		e, err := found[n].expr()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	switch searchType := keys.Get("filter.search_type"); {
	case len(list) == 0:
		return nil, nil
	case searchType == "or":
		return harrier.Or(list), nil
	case searchType == "" || searchType == "and":
		return harrier.And(list), nil
	default:
		return nil, harrier.Invalidf("filter.search_type", "%q is neither and nor or", searchType)
	}
}

func (c condition) expr() (harrier.Expr, error) {
	f, ok := format.FieldNamed(c.field)
	if !ok {
		return nil, harrier.Invalidf("filter", "there is no filter %q", c.field)
	}
	op, ok := qualities[c.quality]
	if !ok {
		return nil, harrier.Invalidf("filter", "there is no quality %q", c.quality)
	}
	values := []string{c.value}
	if f.Kind != format.LongTextField {
		values = strings.Split(c.value, ",")
	}
	e := harrier.Cmp{Field: f.Name, Op: op}
	for _, s := range values {
		v, err := f.Value(s)
		if err != nil {
			return nil, err
		}
		e.Values = append(e.Values, v)
	}
	return e, nil
}
