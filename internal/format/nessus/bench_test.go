package nessus

import (
	"bytes"
	"encoding/xml"
	"io"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/format/formattest"
)

// The benchmarks put the codec beside encoding/xml on the same document: 100
// hosts with 60 results each.

type xmlDoc struct {
	XMLName xml.Name `xml:"NessusClientData_v2"`
	Report  struct {
		Name  string    `xml:"name,attr"`
		Hosts []xmlHost `xml:"ReportHost"`
	} `xml:"Report"`
}

type xmlHost struct {
	Name string `xml:"name,attr"`
	Tags []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:",chardata"`
	} `xml:"HostProperties>tag"`
	Items []xmlItem `xml:"ReportItem"`
}

type xmlItem struct {
	Port     int      `xml:"port,attr"`
	Service  string   `xml:"svc_name,attr"`
	Protocol string   `xml:"protocol,attr"`
	Severity int      `xml:"severity,attr"`
	ID       int      `xml:"pluginID,attr"`
	Name     string   `xml:"pluginName,attr"`
	Family   string   `xml:"pluginFamily,attr"`
	CPE      string   `xml:"cpe,omitempty"`
	CVE      []string `xml:"cve"`
	Score3   string   `xml:"cvss3_base_score,omitempty"`
	Vector3  string   `xml:"cvss3_vector,omitempty"`
	Score2   string   `xml:"cvss_base_score,omitempty"`
	Vector2  string   `xml:"cvss_vector,omitempty"`
	CWE      []string `xml:"cwe"`
	Desc     string   `xml:"description"`
	Ease     string   `xml:"exploitability_ease,omitempty"`
	File     string   `xml:"fname"`
	Modified string   `xml:"plugin_modification_date"`
	Title    string   `xml:"plugin_name"`
	Added    string   `xml:"plugin_publication_date"`
	Type     string   `xml:"plugin_type"`
	Risk     string   `xml:"risk_factor"`
	SeeAlso  string   `xml:"see_also,omitempty"`
	Solution string   `xml:"solution"`
	Synopsis string   `xml:"synopsis"`
	XRef     []string `xml:"xref"`
	Output   string   `xml:"plugin_output,omitempty"`
}

func benchDocument(b *testing.B) []byte {
	b.Helper()
	var out bytes.Buffer
	if err := write(b.Context(), &out, formattest.Scan(), formattest.Many(100, 60), time.UTC); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func BenchmarkWrite(b *testing.B) {
	doc := benchDocument(b)
	b.Run("harrier", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			if err := write(b.Context(), io.Discard, formattest.Scan(), formattest.Many(100, 60), time.UTC); err != nil {
				b.Fatal(err)
			}
		}
	})
	// The definitions are rendered anew for each result.
	b.Run("harrier without memory", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		s := formattest.Scan()
		for b.Loop() {
			e := encoder{scan: s, zone: time.UTC}
			for h := range formattest.Many(100, 60) {
				for _, r := range h.Results {
					clear(e.fixed)
					e.item(r)
				}
				e.b = e.b[:0]
			}
		}
	})
	b.Run("encoding-xml", func(b *testing.B) {
		var d xmlDoc
		if err := xml.Unmarshal(doc, &d); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			if err := xml.NewEncoder(io.Discard).Encode(d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	doc := benchDocument(b)
	b.Run("harrier", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			n := 0
			err := Read(bytes.NewReader(doc), func(Header) error { return nil }, func(h ReadHost) error { n += len(h.Results); return nil })
			if err != nil || n != 6000 {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("encoding-xml", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			var d xmlDoc
			if err := xml.Unmarshal(doc, &d); err != nil {
				b.Fatal(err)
			}
		}
	})
	// The definitions are read anew for each host.
	b.Run("harrier without memory", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			var p *parser
			p = newParser(bytes.NewReader(doc), func(Header) error { return nil }, func(ReadHost) error { clear(p.known); return nil })
			if err := p.document(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
