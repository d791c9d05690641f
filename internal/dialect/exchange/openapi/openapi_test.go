package openapi

import (
	"encoding/json"
	"strings"
	"testing"
)

func shape(t *testing.T, texts ...string) *Schema {
	t.Helper()
	var s *Schema
	for _, text := range texts {
		var v any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		s = union(s, learn(v))
	}
	return s
}

func TestLearn(t *testing.T) {
	for _, c := range []struct {
		seen []string
		want string
	}{
		{[]string{`1`}, `{"type":"integer"}`},
		{[]string{`1`, `1.5`}, `{"type":"number"}`},
		{[]string{`null`, `"a"`}, `{"type":["null","string"]}`},
		{[]string{`[]`}, `{"type":"array"}`},
		{[]string{`[]`, `[{"a":1},{"a":"x","b":true}]`}, `{"type":"array","items":{"type":"object","properties":{"a":{"type":["integer","string"]},"b":{"type":"boolean"}},"required":["a"]}}`},
		{[]string{`{"a":1}`, `null`}, `{"type":["null","object"],"properties":{"a":{"type":"integer"}},"required":["a"]}`},
		{[]string{`{"a":1}`, `{}`}, `{"type":"object","properties":{"a":{"type":"integer"}}}`},
		{[]string{`{"CGI abuses":1,"x":"y"}`, `{"General":null}`}, `{"type":"object","additionalProperties":{"type":["integer","null","string"]}}`},
	} {
		got, err := json.Marshal(shape(t, c.seen...))
		if err != nil || string(got) != c.want {
			t.Errorf("%v = %s, %v; want %s", c.seen, got, err, c.want)
		}
		var again Schema
		if err := json.Unmarshal(got, &again); err != nil {
			t.Fatal(err)
		}
		if b, err := json.Marshal(&again); err != nil || string(b) != c.want {
			t.Errorf("%s is read and written as %s, %v", got, b, err)
		}
	}
}

// TestUnion: what was seen is allowed afterwards, in whatever order it came.
func TestUnion(t *testing.T) {
	seen := []string{`{"a":[1,{"b":null}]}`, `{"a":[],"c":{"1":2}}`, `[1.5]`, `{"a":"x","c":{"d":"e"}}`}
	all := shape(t, seen...)
	for _, one := range seen {
		if u := union(all, shape(t, one)); !equalText(t, u, all) {
			t.Errorf("%s adds to %v", one, jsonOf(t, all))
		}
	}
	if back := shape(t, seen[3], seen[2], seen[1], seen[0]); !equalText(t, back, all) {
		t.Errorf("%v in another order is %v", jsonOf(t, all), jsonOf(t, back))
	}
	if u := union(all, shape(t, `{"z":1}`)); equalText(t, u, all) {
		t.Error("a new member adds nothing")
	}
}

func equalText(t *testing.T, a, b *Schema) bool { t.Helper(); return jsonOf(t, a) == jsonOf(t, b) }

func jsonOf(t *testing.T, s *Schema) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSummary(t *testing.T) {
	routes := []string{"GET /scan", "GET /scan/{id}", "POST /scan/{id}/launch", "GET /policies", "GET /policies/{id}", "DELETE /policies", "GET /server/status"}
	for route, want := range map[string]string{
		"GET /scan": "Lists scans.", "GET /scan/{id}": "Shows a scan.", "POST /scan/{id}/launch": "Launches a scan.", "POST /scan": "Makes a scan.",
		"GET /policies": "Lists policies.", "DELETE /policies": "Deletes several policies.", "DELETE /policies/{id}": "Deletes a policy.",
		"GET /server/status": "Shows the state.", "PATCH /acceptRiskRule/{id}": "Changes an accept risk rule.",
		"GET /scanner/{id}/scans": "Lists scans of a scanner.",
	} {
		if got := summary(routes, map[string]string{"GET /server/status": "Shows the state."}, route); got != want {
			t.Errorf("summary(%s) = %q; want %q", route, got, want)
		}
	}
}
