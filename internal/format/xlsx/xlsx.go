// Package xlsx writes results as a workbook for spreadsheets: a sheet of what was
// found, a row each, and one of the hosts. It writes as it goes, so that memory
// does not grow with the scan: texts stand in their cells.
//
// Source: ECMA-376, Office Open XML, parts 1 and 2.
package xlsx

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Format is the xlsx format. It has no options.
var Format = format.Format{
	Name: "xlsx", Title: "Spreadsheet", Extension: "xlsx", MIME: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Twice: true, Write: write,
}

// The bounds of a sheet and a cell.
const (
	maxRows = 1 << 20
	maxCell = 32767
)

const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// parts are those files that are the same in every workbook.
var parts = [][2]string{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Risks" sheetId="1" r:id="rId1"/><sheet name="Hosts" sheetId="2" r:id="rId2"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/></Relationships>`},
}

func write(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
	z := zip.NewWriter(w)
	for _, p := range parts {
		f, err := z.Create(p[0])
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, head+p[1]); err != nil {
			return err
		}
	}
	if err := sheet(ctx, z, "xl/worksheets/sheet1.xml", risks(s, hosts)); err != nil {
		return err
	}
	if err := sheet(ctx, z, "xl/worksheets/sheet2.xml", lines(hosts)); err != nil {
		return err
	}
	return z.Close()
}

// risks are the rows of what was found.
func risks(s format.Scan, hosts iter.Seq2[format.Host, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		if !yield([]any{"Severity", "Risk", "Asset", "Address", "Port", "Protocol", "CVE", "CVSS", "EPSS", "Known exploited", "Description", "Remediation", "Evidence"}, nil) {
			return
		}
		for h, err := range hosts {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range h.Ordered() {
				v := s.Lookup(r.Vulnerability)
				row := []any{
					r.Severity.String(), v.Name, name(h), address(h), int(r.Port), string(r.Protocol), strings.Join(v.CVEs, ", "), v.CVSS3Score, v.EPSS,
					v.Exploited, v.Description, v.Solution, r.Evidence,
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// lines are the rows of the hosts.
func lines(hosts iter.Seq2[format.Host, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		if !yield([]any{"Asset", "Address", "System", "Critical", "High", "Medium", "Low", "Info"}, nil) {
			return
		}
		for h, err := range hosts {
			if err != nil {
				yield(nil, err)
				return
			}
			row := []any{name(h), address(h), h.OS}
			for _, s := range []harrier.Severity{harrier.Critical, harrier.High, harrier.Medium, harrier.Low, harrier.Info} {
				n := 0
				for _, r := range h.Results {
					if r.Severity == s {
						n++
					}
				}
				row = append(row, n)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func name(h format.Host) string {
	if h.FQDN != "" {
		return h.FQDN
	}
	return h.Name
}

func address(h format.Host) string {
	if !h.Addr.IsValid() {
		return ""
	}
	return h.Addr.String()
}

// sheet writes rows: the first ones that a sheet has room for.
func sheet(ctx context.Context, z *zip.Writer, file string, rows iter.Seq2[[]any, error]) error {
	f, err := z.Create(file)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	_, _ = out.WriteString(head + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`) // Flush tells
	n := 0
	for row, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if n++; n > maxRows {
			break
		}
		_, _ = fmt.Fprintf(out, `<row r="%d">`, n)
		for _, v := range row {
			cell(out, v)
		}
		_, _ = out.WriteString("</row>")
	}
	_, _ = out.WriteString("</sheetData></worksheet>")
	return out.Flush()
}

// cell writes a value: text as text, so that none is taken for a formula.
func cell(out *bufio.Writer, v any) {
	switch v := v.(type) {
	case int:
		_, _ = out.WriteString("<c><v>" + strconv.Itoa(v) + "</v></c>")
	case float64:
		_, _ = out.WriteString("<c><v>" + strconv.FormatFloat(v, 'g', -1, 64) + "</v></c>")
	case bool:
		_, _ = out.WriteString(`<c t="b"><v>` + map[bool]string{false: "0", true: "1"}[v] + "</v></c>")
	case string:
		_, _ = out.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
		_ = xml.EscapeText(out, []byte(short(v)))
		_, _ = out.WriteString("</t></is></c>")
	}
}

// short is what fits into a cell.
func short(s string) string {
	if utf8.RuneCountInString(s) <= maxCell/2 {
		return s
	}
	return string([]rune(s)[:maxCell/2])
}
