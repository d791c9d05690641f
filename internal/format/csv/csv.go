// Package csv writes the table of results that the Nessus API calls "csv": a
// row for each result and CVE.
//
// The header stands bare, every cell in double quotes, rows end with a newline.
// Cells are written as they are: text that begins with "=", "+", "-" or "@" is
// not changed, because programs compare these cells and evidence really begins
// so at times. A person who opens the file in a spreadsheet asks for the option
// "spreadsheet", which puts an apostrophe before such text.
//
// Source: nessus-api.md, section 16.
package csv

import (
	"bytes"
	"context"
	"io"
	"iter"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Format is the csv format. Its options:
//
//	columns      keys of Columns, comma separated, in any order; absent means
//	             the default set
//	header       "old" names the CVSS column as versions up to 8 did
//	spreadsheet  "yes" keeps text from being taken for a formula
//
// Write answers Invalid for a column that is not known.
var Format = format.Format{Name: "csv", Title: "CSV", Extension: "csv", MIME: "text/csv", Write: write}

// flushSize is how much is collected before it is handed on.
const flushSize = 64 << 10

func write(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
	columns, err := chosen(s)
	if err != nil {
		return err
	}
	out := writer{to: w, columns: columns, guarded: s.Options["spreadsheet"] == "yes"}
	out.header(s.Options["header"] == "old")
	for h, err := range hosts {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, r := range h.Ordered() {
			if err := out.result(row{host: h, result: r, vuln: s.Lookup(r.Vulnerability)}); err != nil {
				return err
			}
		}
	}
	return out.flush(0)
}

// chosen returns the columns that the options ask for, in the order of the
// original.
func chosen(s format.Scan) ([]column, error) {
	list, given := s.Options["columns"]
	if !given {
		return pick(func(c column) bool { return c.standard }), nil
	}
	wanted := map[string]bool{}
	for key := range strings.SplitSeq(list, ",") {
		if key = strings.TrimSpace(key); key == "" {
			continue
		}
		if !known(key) {
			return nil, harrier.Invalidf("columns", "%q is not a column", key)
		}
		wanted[key] = true
	}
	if len(wanted) == 0 {
		return nil, harrier.Invalidf("columns", "no column is chosen")
	}
	return pick(func(c column) bool { return wanted[c.key] }), nil
}

type writer struct {
	to      io.Writer
	buf     bytes.Buffer
	columns []column
	guarded bool
}

func (w *writer) header(old bool) {
	for i, c := range w.columns {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		if old && c.key == "cvss" {
			w.buf.WriteString("CVSS")
			continue
		}
		w.buf.WriteString(c.title)
	}
	w.buf.WriteByte('\n')
}

// result writes the rows of one result: one for each CVE, and one for none.
func (w *writer) result(r row) error {
	cves := r.vuln.CVEs
	if len(cves) == 0 {
		cves = []string{""}
	}
	for i, cve := range cves {
		if i > 0 && !w.has("cve") {
			break // the rows would be the same
		}
		r.cve = cve
		for i, c := range w.columns {
			if i > 0 {
				w.buf.WriteByte(',')
			}
			w.cell(c.cell(r))
		}
		w.buf.WriteByte('\n')
	}
	return w.flush(flushSize)
}

func (w *writer) has(key string) bool {
	for _, c := range w.columns {
		if c.key == key {
			return true
		}
	}
	return false
}

func (w *writer) cell(s string) {
	s = format.Clean(s)
	w.buf.WriteByte('"')
	if w.guarded && s != "" && strings.ContainsRune("=+-@\t\n", rune(s[0])) {
		w.buf.WriteByte('\'')
	}
	for {
		before, after, found := strings.Cut(s, `"`)
		w.buf.WriteString(before)
		if !found {
			break
		}
		w.buf.WriteString(`""`)
		s = after
	}
	w.buf.WriteByte('"')
}

func (w *writer) flush(limit int) error {
	if w.buf.Len() <= limit {
		return nil
	}
	_, err := w.buf.WriteTo(w.to)
	return err
}
