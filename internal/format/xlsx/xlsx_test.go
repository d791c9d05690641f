package xlsx_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/xlsx"
)

// TestWrite: the workbook is a zip of well-formed XML, with a row for each risk
// and each host, and text is text.
func TestWrite(t *testing.T) {
	const evil = "=1+1 <&>\x01"
	host := format.Host{ScanHost: harrier.ScanHost{Host: harrier.Host{Name: "acme.test"}}}
	host.Results = []format.Result{{Severity: harrier.High, Observation: harrier.Observation{Vulnerability: 1, Evidence: evil}}}
	hosts := func(yield func(format.Host, error) bool) { yield(host, nil) }
	var out bytes.Buffer
	if err := xlsx.Format.Write(t.Context(), &out, format.Scan{}, hosts); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		d := xml.NewDecoder(io.TeeReader(r, &text))
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "row" {
				rows[f.Name]++
			}
		}
		if strings.HasSuffix(f.Name, "sheet1.xml") && !strings.Contains(text.String(), `<t xml:space="preserve">=1+1 &lt;&amp;&gt;`) {
			t.Errorf("%s has no text %q: %s", f.Name, evil, text.String())
		}
	}
	if rows["xl/worksheets/sheet1.xml"] != 2 || rows["xl/worksheets/sheet2.xml"] != 2 || len(z.File) != 6 {
		t.Errorf("rows %v in %d files", rows, len(z.File))
	}
	boom := errors.New("boom")
	var broken iter.Seq2[format.Host, error] = func(yield func(format.Host, error) bool) { yield(format.Host{}, boom) }
	if err := xlsx.Format.Write(t.Context(), io.Discard, format.Scan{}, broken); !errors.Is(err, boom) {
		t.Errorf("Write of hosts that fail = %v; want %v", err, boom)
	}
}
