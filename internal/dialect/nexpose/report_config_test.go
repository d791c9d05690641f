package nexpose

import (
	"bytes"
	"testing"

	"github.com/harrier-scan/harrier"
)

// FuzzReportConfig reads configurations, and what was understood of them again:
// it has to mean the same.
func FuzzReportConfig(f *testing.F) {
	for _, seed := range []string{
		`<ReportConfig name="a" format="raw-xml"><Filters><SiteFilter id="1"/><filter type="vuln-severity" id="8"/></Filters></ReportConfig>`,
		`<ReportConfig name="a" format="pdf" template-id="audit-report"><Filters><filter type="scan" id="last"/></Filters><Generate after-scan="1" schedule="1"><Schedule type="weekly" interval="2" start="20260301T093000000"/></Generate></ReportConfig>`,
		`<ReportConfig name="a" format="csv"><Filters><filter type="group" id="2"/><filter type="vuln-categories" id="exclude:Web Servers,SSH"/><filter type="vuln-status" id="potential"/></Filters><Delivery><Email sendAs="file"><Recipients><Recipient>a@b.c</Recipient></Recipients></Email></Delivery></ReportConfig>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := parse(body)
		if err != nil {
			return
		}
		var d harrier.ReportDefinition
		if err := readReportConfig(e, &d); err != nil {
			return
		}
		write := func(d harrier.ReportDefinition) []byte {
			var b bytes.Buffer
			o := newOut(&b)
			writeReportConfig(o, d)
			if err := o.flush(); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
		first := write(d)
		if e, err = parse(first); err != nil {
			t.Fatalf("what was written can not be read: %v\n%s", err, first)
		}
		var again harrier.ReportDefinition
		if err := readReportConfig(e, &again); err != nil {
			t.Fatalf("what was written is refused: %v\n%s", err, first)
		}
		if second := write(again); !bytes.Equal(first, second) {
			t.Errorf("read again it is\n%s\nand was\n%s", second, first)
		}
	})
}

// TestTemplates holds the table to its rules.
func TestTemplates(t *testing.T) {
	for _, template := range reportTemplates {
		if _, ok := harrier.TemplateNamed(template.as); template.about == "" || ok == (template.kind == dataTemplate) {
			t.Errorf("template %s is written as %q", template.id, template.as)
		}
	}
	if _, ok := findTemplate(defaultReportTemplate); !ok {
		t.Error("the default template is missing")
	}
}
