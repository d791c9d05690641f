package harrier_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestConditionKept(t *testing.T) {
	for _, e := range []harrier.Expr{
		nil,
		harrier.And{},
		harrier.Or{},
		harrier.Cmp{Field: "port", Op: harrier.Gt, Values: []any{int64(80), 3.0, 1e300, "a\"b", true, false, int64(-1 << 62)}},
		harrier.And{harrier.Or{harrier.Cmp{Field: "a", Op: harrier.Eq}}, harrier.Not{Of: harrier.Has{Of: harrier.Cmp{Field: "b", Op: harrier.In, Values: []any{"x"}}}}, nil},
		harrier.OfAsset{Of: harrier.Or{harrier.Cmp{Field: "tag", Op: harrier.Eq, Values: []any{int64(7)}}, harrier.Not{Of: nil}}},
	} {
		text, err := json.Marshal(harrier.Condition{Expr: e})
		if err != nil {
			t.Fatalf("%v: %v", e, err)
		}
		var back harrier.Condition
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back.Expr, e) {
			t.Errorf("%s = %#v, %v; want %#v", text, back.Expr, err, e)
		}
	}
	for _, bad := range []string{`{}`, `[]`, `{"field":"a","values":[{}]}`, `{"and":[1]}`, strings.Repeat(`{"not":`, 40) + `null` + strings.Repeat(`}`, 40)} {
		var c harrier.Condition
		if err := json.Unmarshal([]byte(bad), &c); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%.40s = %v; want Invalid", bad, err)
		}
	}
	if _, err := json.Marshal(harrier.Condition{Expr: harrier.Cmp{Field: "a", Values: []any{3}}}); err == nil {
		t.Error("an int was written")
	}
}

func FuzzCondition(f *testing.F) {
	f.Add(`{"and":[{"field":"port","op":"=","values":[1,2.5,"x",true]},{"not":{"has":{"or":[]}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var c, again harrier.Condition
		if json.Unmarshal([]byte(text), &c) != nil {
			return
		}
		out, err := json.Marshal(c)
		if err != nil {
			t.Fatalf("%q was read but can not be written: %v", text, err)
		}
		if err := json.Unmarshal(out, &again); err != nil || !reflect.DeepEqual(c, again) {
			t.Errorf("%q came back as %q: %v", text, out, err)
		}
	})
}

func TestReportDefinitionCheck(t *testing.T) {
	good := func() harrier.ReportDefinition {
		return harrier.ReportDefinition{Name: "weekly", Template: "executive", Recipients: []string{"a@example.org"}}
	}
	if d := good(); d.Check() != nil {
		t.Errorf("Check = %v", d.Check())
	}
	for name, spoil := range map[string]func(*harrier.ReportDefinition){
		"name":       func(d *harrier.ReportDefinition) { d.Name = " " },
		"template":   func(d *harrier.ReportDefinition) { d.Template = "glossy" },
		"keep":       func(d *harrier.ReportDefinition) { d.Keep = -1 },
		"recipients": func(d *harrier.ReportDefinition) { d.Recipients = []string{"a@example.org\r\nBcc: b@example.org"} },
		"options":    func(d *harrier.ReportDefinition) { d.Options = map[string]string{"x": strings.Repeat("y", 70_000)} },
		"state":      func(d *harrier.ReportDefinition) { d.Scope.State = "maybe" },
		"scans": func(d *harrier.ReportDefinition) {
			d.Scope = harrier.Scope{Scans: []harrier.ID{1}, Sites: []harrier.ID{1}}
		},
	} {
		d := good()
		spoil(&d)
		if err := d.Check(); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: Check = %v; want Invalid that names it", name, err)
		}
	}
}
