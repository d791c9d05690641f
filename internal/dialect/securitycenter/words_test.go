package securitycenter

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// TestTyping is section 1.2.
func TestTyping(t *testing.T) {
	at := time.Unix(1408728549, 0)
	for got, want := range map[string]string{
		sid(harrier.ID(12)): "12", sid(-1): "-1", sbool(true): "true", sbool(false): "false", stime(at): "1408728549", stime(time.Time{}): "-1",
		stime0(at): "1408728549", stime0(time.Time{}): "0", suuid(harrier.UUID{0xab, 15: 1}): "AB000000-0000-0000-0000-000000000001", suuid(harrier.UUID{}): "",
	} {
		if got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
	for v, want := range map[any]string{
		orNoRef(ref{}): `{"id":-1,"name":"","description":""}`, orNoRef(ref{"5", "n", ""}): `{"id":"5","name":"n","description":""}`,
	} {
		if b, err := kit.Marshal(v); err != nil || string(b) != want {
			t.Errorf("%s, %v; want %s", b, err, want)
		}
	}
}

func TestGiven(t *testing.T) {
	for in, want := range map[string]given{
		`5`: 5, `"5"`: 5, `{"id":5}`: 5, `{"id":"5","name":"x"}`: 5, `null`: 0, `{}`: 0, `""`: 0, `-1`: -1, `{"id":null}`: 0,
	} {
		var g given
		if err := json.Unmarshal([]byte(in), &g); err != nil || g != want {
			t.Errorf("%s = %d, %v; want %d", in, g, err, want)
		}
	}
	for in, want := range map[string]givens{
		`[{"id":1},{"id":"2"},3,"4"]`: {1, 2, 3, 4}, `"1, 2,,3"`: {1, 2, 3}, `7`: {7}, `{"id":8}`: {8}, `null`: nil, `""`: nil, `[]`: {},
	} {
		var g givens
		if err := json.Unmarshal([]byte(in), &g); err != nil || !reflect.DeepEqual(g, want) {
			t.Errorf("%s = %v, %v; want %v", in, g, err, want)
		}
	}
	for _, in := range []string{`"x"`, `{"id":[]}`, `[[1]]`, `[{"id":"a"}]`, `1.5`, `"1,x"`} {
		var g givens
		if err := json.Unmarshal([]byte(in), &g); err == nil {
			t.Errorf("%s = %v; want an error", in, g)
		}
	}
	if n := idOf("9223372036854775808"); n != 0 {
		t.Errorf("idOf(too much) = %d; want 0", n)
	}
	if n := idOf("9223372036854775807"); n != math.MaxInt64 {
		t.Errorf("idOf(the most) = %d", n)
	}
}

func TestPick(t *testing.T) {
	v := struct {
		ID string `json:"id"`
		ref2
		N []int `json:"n"`
	}{"1", ref2{"x<y"}, []int{1, 2}}
	for _, c := range []struct {
		v      any
		fields []string
		want   string
	}{
		{v, nil, `{"id":"1","name":"x<y","n":[1,2]}`},
		{v, []string{"n", "nothing"}, `{"id":"1","n":[1,2]}`},
		{[]any{v, v}, []string{"name"}, `[{"id":"1","name":"x<y"},{"id":"1","name":"x<y"}]`},
		{[]any{}, []string{"name"}, `[]`},
		{"text", []string{"name"}, `"text"`},
		{map[string]int{"a": 1, "b": 2}, []string{"b"}, `{"b":2}`},
	} {
		if b, err := kit.Marshal(pick(c.v, c.fields, "id")); err != nil || string(b) != c.want {
			t.Errorf("pick(%v, %q) = %s, %v; want %s", c.v, c.fields, b, err, c.want)
		}
	}
}

type ref2 struct {
	Name string `json:"name"`
}

func TestLists(t *testing.T) {
	admin, manager := harrier.Actor{Role: harrier.Operator}, harrier.Actor{Role: harrier.Administrator}
	for _, c := range []struct {
		by           harrier.Actor
		filter, want string
	}{
		{manager, "", `{"usable":["u"],"manageable":["m"]}`},
		{manager, "usable", `{"usable":["u"],"manageable":[]}`},
		{manager, "x,%20manageable", `{"usable":[],"manageable":["m"]}`},
		{manager, "usable,manageable", `{"usable":["u"],"manageable":["m"]}`},
		{admin, "", `["u"]`},
		{admin, "manageable", `["m"]`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/rest/x?filter="+c.filter, nil)
		q, err := newQuery(httptest.NewRecorder(), r, caller{Actor: c.by})
		if err != nil {
			t.Fatal(err)
		}
		out, err := lists(c.by, q, []string{"u"}, []string{"m"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := kit.Marshal(out); err != nil || string(b) != c.want {
			t.Errorf("lists for %s with %q = %s, %v; want %s", c.by.Role, c.filter, b, err, c.want)
		}
	}
}

// TestFailures is section 4: 403 for what is wrong with a request, 5xx for what
// is wrong with us, of which the client hears nothing.
func TestFailures(t *testing.T) {
	a := api{Rooms: kit.Rooms{Now: time.Now}}
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{harrier.Errorf(harrier.Invalid, "wrong"), 403, `"error_code":146,"error_msg":"wrong\n"`},
		{harrier.Errorf(harrier.Conflict, "busy\n"), 403, `"error_code":146,"error_msg":"busy\n"`},
		{harrier.Errorf(harrier.Unauthenticated, "x"), 403, `"error_code":12,"error_msg":"This request contains an invalid token.\n"`},
		{harrier.Errorf(harrier.NotFound, "no scan 3"), 403, `"error_code":147,"error_msg":"no scan 3\n"`},
		{missing(harrier.Errorf(harrier.NotFound, "x"), "Scan", "3", "delete"), 403, `"error_code":147,"error_msg":"Unable to find existing Scan #3 to delete.\nScan #3 does not exist.\n"`},
		{missing(harrier.Errorf(harrier.Invalid, "x"), "Scan", "3", "delete"), 403, `"error_code":146,"error_msg":"x\n"`},
		{fault(codeView, 0, "a %s", "view"), 403, `"error_code":142,"error_msg":"a view\n"`},
		{harrier.Errorf(harrier.Unavailable, "later"), 503, `"error_code":148,"error_msg":"later\n"`},
		{harrier.Errorf(harrier.Internal, "secret"), 500, `"error_code":1,"error_msg":"An internal error occurred.\n"`},
	} {
		w := httptest.NewRecorder()
		a.fail(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/rest/x", nil), c.err)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("fail(%v) = %d %s; want %d with %s", c.err, w.Code, w.Body, c.status, c.want)
		}
	}
	if missing(nil, "Scan", "1", "x") != nil {
		t.Error("missing(nil) is an error")
	}
}

func TestParseKeys(t *testing.T) {
	for h, want := range map[string][2]string{
		"accessKey=a; secretKey=b":       {"a", "b"},
		"accesskey=a; secretkey=b;":      {"a", "b"},
		"accesskey=a;secretkey=b":        {"a", "b"},
		" SECRETKEY = b=b ;;accesskey=a": {"a", "b=b"},
		"accesskey=a":                    {"a", ""},
		"":                               {"", ""},
	} {
		if a, s := parseKeys(h); [2]string{a, s} != want {
			t.Errorf("parseKeys(%q) = %q, %q; want %q", h, a, s, want)
		}
	}
}

func TestTakesGzip(t *testing.T) {
	for h, want := range map[string]bool{
		"": false, "gzip": true, "deflate, GZIP;q=0.5": true, "gzip;q=0": false, "*": true, "identity": false, "gzip; q=0.0": false, "gzip;q=x": false,
	} {
		if got := takesGzip(h); got != want {
			t.Errorf("takesGzip(%q) = %v; want %v", h, got, want)
		}
	}
}

// TestRoles: every role of Harrier has one here.
func TestRoles(t *testing.T) {
	for _, is := range harrier.Roles {
		if r := roleOf(is); r.is != is {
			t.Errorf("roleOf(%s) = %s", is, r.name)
		}
	}
	for _, r := range roles {
		if got, ok := roleByID(r.id); !ok || got.is != r.is {
			t.Errorf("roleByID(%s) = %s, %v; want %s", r.id, got.name, ok, r.name)
		}
	}
}

// FuzzQuery: no body makes the reading of a request fail in another way than
// Invalid.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{`{"users":[{"id":1}],"fields":["a"]}`, `[]`, `""`, "null", `{"id":{"id":{}}}`, "a=b&c[d]=e", `{"filter":"usable"`} {
		f.Add(s, "fields=a,b&filter=x")
	}
	f.Fuzz(func(t *testing.T, body, query string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/rest/x", strings.NewReader(body))
		r.URL.RawQuery = query
		q, err := newQuery(httptest.NewRecorder(), r, caller{})
		if err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Errorf("newQuery(%q) = %v; want Invalid", body, err)
			}
			return
		}
		var in struct {
			groupRequest
			ID   given  `json:"id"`
			List givens `json:"list"`
		}
		_, errTruth := q.truth("truth")
		_, errNumber := q.number("number", 1)
		for _, err := range []error{q.body(&in), errTruth, errNumber} {
			if err != nil && harrier.KindOf(err) != harrier.Invalid {
				t.Errorf("%q: %v; want Invalid", body, err)
			}
		}
		out, err := lists(harrier.Actor{}, q, []ref{{}}, nil, q.fields("id"), "name")
		if err == nil {
			_, err = kit.Marshal(out)
		}
		if err != nil && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("lists with %q: %v", query, err)
		}
	})
}
