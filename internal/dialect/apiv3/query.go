package apiv3

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// obj is a JSON object.
type obj map[string]any

// link points to something: a path and its relation.
type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
	ID   any    `json:"id,omitempty"`
}

// query is a request on its way.
type query struct {
	r  *http.Request
	by harrier.Actor
}

func (q *query) ctx() context.Context { return q.r.Context() }

// url is the address of a path below base, as the client reaches the console.
//
// Source: section 1.
func (q *query) url(path string) string {
	scheme := "http"
	if q.r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + q.r.Host + base + path
}

func (q *query) link(rel, path string) link { return link{Href: q.url(path), Rel: rel} }

// self are the links of an object: to itself, and to what follows in turns of a
// relation and a path.
func (q *query) self(path string, more ...string) []link {
	out := []link{q.link("self", path)}
	for i := 0; i+1 < len(more); i += 2 {
		out = append(out, q.link(more[i], path+more[i+1]))
	}
	return out
}

// done is the answer of what has nothing to say but where it was said.
func (q *query) done() (any, error) {
	return obj{"links": q.self(strings.TrimPrefix(kit.CleanPath(q.r.URL.Path), base))}, nil
}

// path is a part of the path.
func (q *query) path(name string) string { return q.r.PathValue(name) }

// id is a part of the path that is a number. It answers NotFound for another.
func (q *query) id(name string) (harrier.ID, error) {
	n, err := strconv.ParseInt(q.path(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, harrier.Errorf(harrier.NotFound, "no %s %q", name, clip(q.path(name)))
	}
	return harrier.ID(n), nil
}

// param is a parameter of the query; "" when it is not there.
func (q *query) param(name string) string { return q.r.URL.Query().Get(name) }

// flag is a parameter that says yes or no.
func (q *query) flag(name string) (bool, error) {
	v, err := kit.ParseBool(q.param(name))
	if err != nil {
		return false, harrier.Invalidf(name, "is neither true nor false")
	}
	return v, nil
}

// details reports whether objects are wanted whole: view=summary wants the
// plain members only.
func (q *query) details() (bool, error) {
	switch v := q.param("view"); v {
	case "", "details":
		return true, nil
	case "summary":
		return false, nil
	default:
		return false, harrier.Invalidf("view", "%q is neither summary nor details", clip(v))
	}
}

// bodyText is the body, which must be JSON as far as it says what it is.
func (q *query) bodyText() ([]byte, error) {
	if t := q.r.Header.Get("Content-Type"); t != "" {
		media, _, err := mime.ParseMediaType(t)
		if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") && media != "text/plain" {
			_, _ = io.CopyN(io.Discard, q.r.Body, kit.MaxBody) // the client reads the answer afterwards
			return nil, errMedia
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, q.r.Body, kit.MaxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			_, _ = io.CopyN(io.Discard, q.r.Body, 16*kit.MaxBody) // likewise
			return nil, harrier.Errorf(harrier.Invalid, "the body is larger than %d bytes", large.Limit)
		}
		return nil, harrier.Errorf(harrier.Invalid, "the body ended early").Because(err)
	}
	return bytes.TrimSpace(body), nil
}

// body reads an object into the struct that to points to. Members that it does
// not have are ignored.
func (q *query) body(to any) error {
	text, err := q.bodyText()
	if err != nil {
		return err
	}
	if len(text) == 0 {
		return harrier.Errorf(harrier.Invalid, "Required request body is missing.")
	}
	return decode(text, to)
}

func decode(text []byte, to any) error {
	err := json.Unmarshal(text, to)
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return harrier.Invalidf(cmpText(kind.Field, "body"), "a %s where there should be %s", kind.Value, kind.Type.Kind()).Because(err)
	case errors.As(err, &syntax):
		return harrier.Errorf(harrier.Invalid, "malformed JSON at byte %d: %s", syntax.Offset, syntax.Error()).Because(err)
	}
	return harrier.Errorf(harrier.Invalid, "malformed JSON: %s", err.Error()).Because(err)
}

// ids reads a body that is a list of ids, or one of them.
func (q *query) ids() ([]harrier.ID, error) {
	var list kit.Ints
	if err := q.body(&list); err != nil {
		return nil, err
	}
	var out []harrier.ID
	for _, n := range list {
		if n <= 0 {
			return nil, harrier.Errorf(harrier.Invalid, "%d is not an id", n)
		}
		out = append(out, harrier.ID(n))
	}
	return out, nil
}

// text reads a body that is one text, quoted or not.
func (q *query) text() (string, error) {
	body, err := q.bodyText()
	if err != nil {
		return "", err
	}
	if s, ok := kit.Scalar(body); ok && len(body) > 0 {
		return s, nil
	}
	return string(body), nil
}

// created is the answer of what made something: its id, and where it is.
type created struct {
	id   any
	path string
}

// write sends an answer.
func (a *api) write(w http.ResponseWriter, q *query, ans any) error {
	status := http.StatusOK
	switch v := ans.(type) {
	case created:
		w.Header().Set("Location", q.url(v.path))
		status, ans = http.StatusCreated, obj{"id": v.id, "links": q.self(v.path)}
	case kit.File:
		return a.stream(w, q.r, v)
	case *pages:
		page, err := v.answer(q)
		if err != nil {
			return err
		}
		ans = page
	}
	if _, err := kit.Marshal(ans); err != nil {
		return err
	}
	writeJSON(w, q.r, status, ans)
	return nil
}

func wantsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") && strings.TrimSpace(weight) != "q=0" {
			return true
		}
	}
	return false
}

// writeJSON writes v for people's eyes, compressed for clients that can take it.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		http.Error(w, "", http.StatusInternalServerError) // it was encoded once before
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=UTF-8")
	body := b.Bytes()
	if wantsGzip(r) {
		var z bytes.Buffer
		gz := gzip.NewWriter(&z)
		_, _ = gz.Write(body) // into memory
		_ = gz.Close()
		h.Set("Content-Encoding", "gzip")
		body = z.Bytes()
	}
	h.Add("Vary", "Accept-Encoding")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone gets nothing
}

// stream sends a file.
func (a *api) stream(w http.ResponseWriter, r *http.Request, f kit.File) error {
	defer func() { _ = f.Body.Close() }() // it was only read
	h := w.Header()
	h.Set("Content-Type", cmpText(f.Type, "application/octet-stream"))
	if f.Name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	}
	var to io.Writer = w
	if wantsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		gz := gzip.NewWriter(w)
		defer func() { _ = gz.Close() }() // a client that has gone gets nothing
		to = gz
	} else if f.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	}
	if _, err := io.Copy(to, f.Body); err != nil {
		panic(http.ErrAbortHandler) // the client must not take half a file for a whole one
	}
	return nil
}

// pages is a list that is sent a page at a time. All is everything there is;
// where a room turns pages itself, page asks it for one.
type pages struct {
	all  []obj
	page func(number, size int, order []sortKey) (rows []obj, total int, err error)
	size int // what a page has when the client does not say; 0: 10
}

// pagesOf are the pages of a list whose rows take some work: where no order is
// asked for, which needs all, only those of the page are made.
func pagesOf[T any](q *query, list []T, row func(T) (obj, error)) (any, error) {
	rows := func(part []T) ([]obj, error) {
		out := make([]obj, len(part))
		for i, one := range part {
			var err error
			if out[i], err = row(one); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	if len(q.r.URL.Query()["sort"]) == 0 {
		return &pages{page: func(number, size int, _ []sortKey) ([]obj, int, error) {
			from := min(number*size, len(list))
			part, err := rows(list[from:min(from+size, len(list))])
			return part, len(list), err
		}}, nil
	}
	all, err := rows(list)
	return &pages{all: all}, err
}

type sortKey struct {
	field string
	desc  bool
}

const (
	maxSize     = 500
	defaultSize = 10
)

// order is what the client wants the list sorted by.
//
// Source: section 3.9.
func (q *query) order() ([]sortKey, error) {
	var out []sortKey
	for _, text := range q.r.URL.Query()["sort"] {
		fields := strings.Split(text, ",")
		desc := false
		switch last := strings.TrimSpace(fields[len(fields)-1]); {
		case strings.EqualFold(last, "asc"):
			fields = fields[:len(fields)-1]
		case strings.EqualFold(last, "desc"):
			fields, desc = fields[:len(fields)-1], true
		}
		for _, f := range fields {
			if f = strings.TrimSpace(f); f == "" {
				return nil, harrier.Invalidf("sort", "%q names no property", clip(text))
			}
			out = append(out, sortKey{f, desc})
		}
	}
	if len(out) > 8 {
		return nil, harrier.Invalidf("sort", "names more than 8 properties")
	}
	return out, nil
}

// number reads a parameter that is a number from least on.
func (q *query) number(name string, otherwise, least int) (int, error) {
	text := q.param(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > 1<<30 {
		return 0, harrier.Invalidf(name, "%q is no number from %d on", clip(text), least)
	}
	return n, nil
}

// answer is the page that q asks for. It answers NotFound beyond the last one.
func (p *pages) answer(q *query) (obj, error) {
	number, err := q.number("page", 0, 0)
	if err != nil {
		return nil, err
	}
	size, err := q.number("size", max(p.size, defaultSize), 1)
	if err != nil {
		return nil, err
	}
	size = min(size, maxSize)
	order, err := q.order()
	if err != nil {
		return nil, err
	}
	if p.page == nil {
		p.page = p.cut
	}
	rows, total, err := p.page(number, size, order)
	if err != nil {
		return nil, err
	}
	whole := (total + size - 1) / size
	if number > 0 && number >= whole {
		return nil, harrier.Errorf(harrier.NotFound, "there is no page %d", number)
	}
	full, err := q.details()
	if err != nil {
		return nil, err
	}
	if rows == nil {
		rows = []obj{}
	}
	for i := range rows {
		if !full {
			rows[i] = summary(rows[i])
		}
	}
	return obj{
		"resources": rows, "page": obj{"number": number, "size": size, "totalResources": total, "totalPages": whole},
		"links": q.turns(number, whole, size),
	}, nil
}

// turns are the links of a page.
func (q *query) turns(number, whole, size int) []link {
	to := func(rel string, n int) link {
		v := url.Values{}
		for name, values := range q.r.URL.Query() {
			v[name] = values
		}
		v.Set("page", strconv.Itoa(n))
		v.Set("size", strconv.Itoa(size))
		return link{Href: q.url(strings.TrimPrefix(kit.CleanPath(q.r.URL.Path), base)) + "?" + v.Encode(), Rel: rel}
	}
	out := []link{to("first", 0)}
	if number > 0 {
		out = append(out, to("prev", number-1))
	}
	out = append(out, to("self", number))
	if number+1 < whole {
		out = append(out, to("next", number+1))
	}
	return append(out, to("last", max(0, whole-1)))
}

// cut is a page of all.
func (p *pages) cut(number, size int, order []sortKey) ([]obj, int, error) {
	rows := slices.Clone(p.all)
	for _, k := range order {
		if len(rows) > 0 && !slices.ContainsFunc(rows, func(o obj) bool { _, ok := o.property(k.field); return ok }) {
			return nil, 0, harrier.Invalidf("sort", "%q can not be sorted by", clip(k.field))
		}
	}
	if len(order) > 0 {
		slices.SortStableFunc(rows, func(a, b obj) int {
			for _, k := range order {
				x, _ := a.property(k.field)
				y, _ := b.property(k.field)
				c := compare(x, y)
				if k.desc {
					c = -c
				}
				if c != 0 {
					return c
				}
			}
			return 0
		})
	}
	from := min(int64(number)*int64(size), int64(len(rows)))
	return rows[from:min(from+int64(size), int64(len(rows)))], len(rows), nil
}

// property is a member of an object, or with dots in its name of one within it.
func (o obj) property(name string) (any, bool) {
	for {
		first, rest, within := strings.Cut(name, ".")
		v, ok := o[first]
		if !within {
			return v, ok
		}
		if o, ok = v.(obj); !ok {
			return nil, false
		}
		name = rest
	}
}

// compare orders values of one property.
func compare(a, b any) int {
	x, okX := asNumber(a)
	y, okY := asNumber(b)
	if okX && okY {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	s, _ := a.(string)
	t, _ := b.(string)
	return strings.Compare(strings.ToLower(s), strings.ToLower(t))
}

func asNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case harrier.ID:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// summary is what view=summary leaves of an object: what is no list and no
// object of its own, but for the links and the counts.
func summary(o obj) obj {
	out := obj{}
	for name, v := range o {
		switch v.(type) {
		case []obj, []any, []string, obj:
			if name == "vulnerabilities" {
				out[name] = v
			}
		default:
			out[name] = v
		}
	}
	return out
}

// resources is a list that has no pages.
func (q *query) resources(rows any) (any, error) {
	return obj{"resources": rows, "links": q.self(strings.TrimPrefix(kit.CleanPath(q.r.URL.Path), base))}, nil
}

// references is a list of ids.
func references[T any](q *query, list []T) (any, error) {
	if list == nil {
		list = []T{}
	}
	return q.resources(list)
}

// one is an object whole, or what the client wants of it.
func (q *query) one(o obj) (any, error) {
	full, err := q.details()
	if err != nil || full {
		return o, err
	}
	return summary(o), nil
}

// instant is a date and time as this API writes it.
//
// Source: section 3.4.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// when puts an instant into o, if there is one.
func (o obj) when(name string, t time.Time) {
	if !t.IsZero() {
		o[name] = instant(t)
	}
}

// set puts a text into o, if there is one.
func (o obj) set(name, text string) {
	if text != "" {
		o[name] = text
	}
}

// parseTime reads the forms of dates and times that clients write.
func parseTime(s string) (time.Time, bool) {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "[") // the name of a zone behind its offset
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// cmpText is the first text that says something.
func cmpText(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

func ident(id harrier.ID) string { return strconv.FormatInt(int64(id), 10) }

// content is a text in the two forms that this API has for texts.
func content(text string) obj {
	return obj{"text": text, "html": "<p>" + strings.ReplaceAll(escape(text), "\n", "<br/>") + "</p>"}
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func escape(s string) string { return escapes.Replace(s) }
