package insightvm

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The bounds of pages.
//
// Source: section 3.7.
const (
	maxSize  = 500
	maxReach = 10_000 // rows that pages reach without a cursor
)

// order is one key of a sorting.
type order struct {
	name  string // as the payload has it
	field string // as the model has it
	desc  bool
}

func (o order) String() string {
	if o.desc {
		return o.name + ",desc"
	}
	return o.name + ",asc"
}

// paging is which part of a list is wanted, and in which order.
type paging struct {
	number, size int
	orders       []order // what is equal there is in the order of ids
	cursor       string  // as given; "" for none
}

// sort is the order in the model's words. Behind the id, which is different for
// all, nothing matters; rising ids are the order of what is equal in all others.
func (p paging) sort() []harrier.Order {
	var out []harrier.Order
	for _, o := range p.orders {
		if o.field == "id" && !o.desc {
			break
		}
		if out = append(out, harrier.Order{Field: o.field, Desc: o.desc}); o.field == "id" {
			break
		}
	}
	return out
}

// offset is how many rows come before the page, where no cursor says it.
func (p paging) offset() int { return p.number * p.size }

// page reads page, size and sort. Fields are those that can be sorted by, with
// their names in the model, and key the one of the ids; nil for a list in an
// order of its own.
//
// Source: sections 3.7 and 3.9.
func (q *query) page(usual int, fields map[string]string, key string) (paging, error) {
	var p paging
	var err error
	if p.number, err = q.whole("page", 0, 0); err != nil {
		return p, err
	}
	if p.size, err = q.whole("size", usual, 1); err != nil {
		return p, err
	}
	p.size = min(p.size, maxSize)
	if fields == nil {
		return p, nil
	}
	if p.orders, err = sorting(q.values["sort"], fields); err != nil {
		return p, err
	}
	if len(p.orders) == 0 {
		p.orders = []order{{name: key, field: fields[key]}}
	}
	if p.cursor = strings.TrimSpace(q.values.Get("cursor")); p.cursor == "" && p.offset()+p.size > maxReach {
		return p, invalid("Results beyond %d require a cursor.", maxReach)
	}
	return p, nil
}

// maxOrders bounds the keys of a sorting.
const maxOrders = 10

// sorting reads the values of sort: "a,b,DESC" sorts by a and then by b, both
// descending.
func sorting(values []string, fields map[string]string) ([]order, error) {
	var out []order
	for _, value := range values {
		parts := strings.Split(value, ",")
		desc := false
		switch last := strings.ToLower(strings.TrimSpace(parts[len(parts)-1])); last {
		case "asc", "desc":
			desc, parts = last == "desc", parts[:len(parts)-1]
		}
		for _, part := range parts {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			name := snake(part)
			field, known := fields[name]
			if !known {
				return nil, invalid("sort: Unknown property: %s", shown(part))
			}
			if !slices.ContainsFunc(out, func(o order) bool { return o.name == name }) {
				out = append(out, order{name, field, desc})
			}
		}
	}
	if len(out) > maxOrders {
		return nil, invalid("sort: more than %d properties.", maxOrders)
	}
	return out, nil
}

// snake is a name in the spelling of the payloads: riskScore and risk-score are
// risk_score.
func snake(name string) string {
	var b strings.Builder
	for i, c := range name {
		switch {
		case c == '-':
			c = '_'
		case c >= 'A' && c <= 'Z':
			if i > 0 && name != strings.ToUpper(name) {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// link leads to a page.
type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

// metadata says where a page is in its list.
type metadata struct {
	Number         int    `json:"number"`
	Size           int    `json:"size"`
	TotalResources int    `json:"totalResources"`
	TotalPages     int    `json:"totalPages"`
	Cursor         cursor `json:"cursor,omitzero"`
}

// cursor is that of the next page. Lists without cursors have none, and the
// empty page at the end a null one.
type cursor struct {
	has  bool
	text string
}

// MarshalJSON writes the cursor, or null.
func (c cursor) MarshalJSON() ([]byte, error) {
	if c.text == "" {
		return []byte("null"), nil
	}
	return json.Marshal(c.text)
}

// IsZero reports whether there is no member for it at all.
func (c cursor) IsZero() bool { return !c.has }

// page is a page of a list.
type page struct {
	Data     any      `json:"data"`
	Metadata metadata `json:"metadata"`
	Links    []link   `json:"links"`
}

// pageRoot is the XML name of a page.
const pageRoot = "PagedResources"

// paged wraps the rows of a page: how many, of how many in all, and the cursor
// behind the last one, which lists without cursors do not have. More says that
// there are rows behind it.
//
// Source: sections 3.7 and 3.8, "Termination rule".
func (q *query) paged(p paging, rows any, count, total int, next cursor, more bool) reply {
	m := metadata{Number: p.number, Size: p.size, TotalResources: total, TotalPages: (total + p.size - 1) / p.size, Cursor: next}
	walked := p.cursor != ""
	if walked && count == 0 {
		m.TotalResources, m.TotalPages = 0, 0
		return reply{body: page{rows, m, []link{q.link("self", p, p.number, p.cursor)}}, root: pageRoot}
	}
	links := []link{q.link("self", p, p.number, p.cursor)}
	if m.TotalPages > 1 || walked || p.number > 0 {
		links = []link{q.link("first", p, 0, "")}
		if !walked && p.number > 0 && p.number <= m.TotalPages {
			links = append(links, q.link("prev", p, p.number-1, ""))
		}
		links = append(links, q.link("self", p, p.number, p.cursor))
		if more {
			links = append(links, q.link("next", p, p.number+1, next.text))
		}
		if last := m.TotalPages - 1; !walked && last > 0 && (last+1)*p.size <= maxReach {
			links = append(links, q.link("last", p, last, ""))
		}
	}
	return reply{body: page{rows, m, links}, root: pageRoot}
}

// link leads to a page of the same list: with everything that the client asked
// for, also what nobody knows.
func (q *query) link(rel string, p paging, number int, next string) link {
	var b strings.Builder
	b.WriteString(q.origin() + q.prefix + q.URL.Path + "?")
	add := func(name, value string) {
		if last := b.String(); !strings.HasSuffix(last, "?") {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name) + "=" + value)
	}
	for part := range strings.SplitSeq(q.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if value, ok := unescaped(value); err == nil && ok && part != "" && !slices.Contains([]string{"page", "size", "sort", "cursor"}, name) {
			add(name, url.QueryEscape(value))
		}
	}
	if next != "" {
		add("cursor", strings.ReplaceAll(url.QueryEscape(next), "%3A", ":"))
	}
	add("page", strconv.Itoa(number))
	add("size", strconv.Itoa(p.size))
	for _, o := range p.orders {
		add("sort", o.String())
	}
	return link{b.String(), rel}
}

func unescaped(s string) (string, bool) {
	v, err := url.QueryUnescape(s)
	return v, err == nil
}

// origin is the address under which the client reached the console, always with
// the port.
//
// Source: section 1.
func (q *query) origin() string {
	scheme, port := "http", "80"
	if q.TLS != nil {
		scheme, port = "https", "443"
	}
	host := q.Host
	if u := (&url.URL{Host: host}); u.Port() == "" {
		host += ":" + port
	}
	return scheme + "://" + host
}
