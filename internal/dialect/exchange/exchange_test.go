package exchange

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, err := Parse(`Prose.
-- POST /a/<id>?x=1 within 2s --
Key: k

{
  "a": 1,
  "b": []
}
-- 200 --
Content-Length: 0
Absent: -


More prose: with a colon.
-- PUT /up --
|one
|
|two
-- 404 --
{"error":"x"}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Exchange{
		{
			Line: 2, Method: "POST", Path: "/a/<id>?x=1", Within: 2 * time.Second, Headers: []Header{{"Key", "k"}}, Body: `{"a": 1,"b": []}`,
			Status: 200, ReplyHeaders: []Header{{"Content-Length", "0"}, {"Absent", "-"}},
		},
		{Line: 15, Method: "PUT", Path: "/up", Body: "one\r\n\r\ntwo", Status: 404, ReplyBody: `{"error":"x"}`},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Parse: -want +got\n%s", d)
	}
	for _, bad := range []string{"-- GET / --\n", "-- 200 --\n", "-- GET / --\n-- GET / --\n-- 200 --\n", "-- get / --\n", "-- GET / within soon --\n-- 200 --\n"} {
		if got, err := Parse(bad); err == nil {
			t.Errorf("Parse(%q) = %v; want an error", bad, got)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{`{"a":1}`, `{"a":1}`, true},
		{`{"a":1}`, `{"a": 1}`, false},
		{`{"a":1}`, `{"a":1}` + "\n", false},
		{`<int>`, `x`, false},
		{`<int:n>,<n>`, `4,4`, true},
		{`<int:n>,<n>`, `4,5`, false},
		{`<known>`, `k`, true},
		{`<known>`, `l`, false},
		{`<int:known>`, `5`, false},
		{`a<any>b`, "a\n.b", true},
		{`<html>`, `<html>`, true},
		{`<uuid>`, `01a200dd-4924-72a6-a228-a923bea8049c297742ec81c5d75b`, true},
		{`<uuid>`, `01a200dd-4924-72a6-a228-a923bea8049c297742ec81c5d75bbb1`, false},
	} {
		v := Values{"known": "k"}
		if err := v.Match(c.want, c.got); (err == nil) != c.ok {
			t.Errorf("Match(%q, %q) = %v; want ok %v", c.want, c.got, err, c.ok)
		}
	}
	v := Values{}
	if err := v.Match(`id <int:id> of <token:t>`, "id 12 of abc"); err != nil || v.Fill("/x/<id>?<int:t><other>") != "/x/12?abc<other>" {
		t.Errorf("after Match Fill = %q, %v; want /x/12?abc<other>", v.Fill("/x/<id>?<int:t><other>"), err)
	}
}
