package openapi

import (
	"net/url"
	"strings"
	"testing"
)

const written = `{"paths":{"/things/{id}":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},"204":{}}}}},
"components":{"schemas":{
 "Thing":{"type":"object","required":["id","tags"],"additionalProperties":false,"properties":{
  "id":{"type":"integer","minimum":1,"maximum":9},"tags":{"type":"array","items":{"type":"string","enum":["a","b"]}},
  "at":{"type":"string","format":"date-time","nullable":true},"uuid":{"type":"string","format":"uuid"},"mac":{"type":"string","pattern":"^[0-9]+$"},"day":{"type":"string","format":"date"},
  "one":{"oneOf":[{"type":"string"},{"type":"array","items":{"type":"number"}}]},"more":{"type":"object","additionalProperties":{"type":"boolean"}},
  "part":{"$ref":"#/components/schemas/Thing","nullable":true}}}}}}`

// TestOpenAPI: what fits a schema is let through, and each way not to fit it is
// told with its place.
func TestOpenAPI(t *testing.T) {
	d, err := Read([]byte(written))
	if err != nil {
		t.Fatal(err)
	}
	if ops := d.Operations(); len(ops) != 1 || ops[0] != "GET /things/{id}" {
		t.Errorf("Operations = %q", ops)
	}
	const route = "GET /things/{id}"
	for _, good := range []string{
		`{"id":1,"tags":[]}`, `{"id":9,"tags":["a","b"],"at":null,"uuid":"00000000-0000-0000-0000-000000000001","mac":"1","one":"x","more":{"x":true},"part":null}`,
		`{"id":1,"tags":[],"at":"2026-01-01T00:00:00.000Z","one":[1,2.5],"part":{"id":2,"tags":[]}}`,
	} {
		if err := d.CheckAnswer(route, 200, "application/json", []byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		`{"id":1}`: "has no tags", `{"id":0,"tags":[]}`: "$.id = 0 is out", `{"id":1.5,"tags":[]}`: "$.id = 1.5; want a whole", `{"id":"1","tags":[]}`: "$.id is a string",
		`{"id":1,"tags":["c"]}`: "$.tags[0] = c", `{"id":1,"tags":null}`: "$.tags is null", `{"id":1,"tags":[],"x":1}`: "has x", `[]`: "$ is a array",
		`{"id":1,"tags":[],"at":"yesterday"}`: "$.at", `{"id":1,"tags":[],"uuid":"1"}`: "$.uuid", `{"id":1,"tags":[],"mac":"x"}`: "$.mac", `{"id":1,"tags":[],"day":"2026-13-01"}`: "$.day",
		`{"id":1,"tags":[],"one":true}`: "fits 0 schemas", `{"id":1,"tags":[],"more":{"x":1}}`: "$.more.x is a number", `{"id":1,"tags":[],"part":{}}`: "$.part has no", `{`: "unexpected end",
	} {
		if err := d.CheckAnswer(route, 200, "application/json", []byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", bad, err, want)
		}
	}
	for what, err := range map[string]error{
		"a status that is not there":  d.CheckAnswer(route, 404, "", nil),
		"an operation that is not":    d.CheckAnswer("PUT /things/{id}", 200, "", nil),
		"a body where there is none":  d.CheckAnswer(route, 204, "application/json", []byte("{}")),
		"another kind of content":     d.CheckAnswer(route, 200, "text/html", []byte("<p>")),
		"a word that is not checked":  second(Read([]byte(strings.Replace(written, `"minimum":1`, `"multipleOf":1`, 1)))),
		"a reference to what is gone": second(Read([]byte(strings.Replace(written, `schemas/Thing","nullable"`, `schemas/Other","nullable"`, 1)))),
	} {
		if err == nil {
			t.Errorf("%s is let through", what)
		}
	}
	if err := d.CheckAnswer(route, 204, "", nil); err != nil {
		t.Errorf("204: %v", err)
	}
}

// TestLearnt: a document that was learnt allows what was seen, and nothing else.
func TestLearnt(t *testing.T) {
	d := Document{learnt: true, Paths: map[string]map[string]*operation{"/things": {"post": newOperation("POST /things", "Makes a thing.")}}}
	o := d.Paths["/things"]["post"]
	o.asked(url.Values{"filter.3.value": {"x"}}, "application/json", []byte(`{"name":"x"}`))
	o.Responses["200"] = &answer{Description: "OK"}
	for _, seen := range []string{`{"id":1,"tags":[],"more":{}}`, `{"id":null,"tags":[],"more":{}}`} {
		o.Responses["200"].told("application/json", []byte(seen))
	}
	o.Responses["404"] = &answer{Ref: responsePrefix + "Status404"}
	d.Components.Responses = map[string]*answer{"Status404": {}}
	d.Components.Responses["Status404"].told("application/json", []byte(`{"error":"x"}`))
	const route = "POST /things"
	for body, good := range map[string]bool{
		`{"id":7,"tags":[],"more":{}}`: true, `{"id":null,"tags":[],"more":{}}`: true, ``: true, `{"id":1,"tags":[1],"more":{}}`: false, `{"id":1,"tags":[],"more":{"x":1}}`: false,
		`{"id":1.5,"tags":[],"more":{}}`: false, `{"id":1,"tags":[]}`: false, `{"id":1,"tags":null,"more":{}}`: false, `{"id":1,"tags":[],"more":{},"x":1}`: false, `[]`: false, `no JSON`: false,
	} {
		if err := d.CheckAnswer(route, 200, "application/json", []byte(body)); (err == nil) != good {
			t.Errorf("%s: %v; want it let through: %v", body, err, good)
		}
	}
	for what, err := range map[string]error{
		"another status": d.CheckAnswer(route, 201, "", nil), "another error": d.CheckAnswer(route, 404, "application/json", []byte(`{"fault":1}`)),
		"a parameter": d.CheckRequest(route, url.Values{"y": {"1"}}, "", nil), "a member": d.CheckRequest(route, nil, "application/json", []byte(`{"name":"x","y":1}`)),
		"a member of another type": d.CheckRequest(route, nil, "application/json", []byte(`{"name":1}`)), "a form": d.CheckRequest(route, nil, "application/x-www-form-urlencoded", []byte(`name=x`)),
	} {
		if err == nil {
			t.Errorf("%s is let through", what)
		}
	}
	for _, err := range []error{
		d.CheckAnswer(route, 404, "application/json", []byte(`{"error":"y"}`)), d.CheckRequest(route, url.Values{"filter.9.value": {"1"}}, "text/plain", []byte(`{"name":"y"}`)), d.CheckRequest(route, nil, "", []byte(`{}`)),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
