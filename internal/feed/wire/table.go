package wire

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Table reads CSV with a line that names the columns, row by row.
type Table struct {
	csv   *csv.Reader
	limit *Limited
	at    map[string]int
	row   []string
}

// NewTable reads the names of the columns. It answers Invalid when one that is
// needed is not there. Lines in front that begin with "#" are passed over.
func NewTable(r io.Reader, needed ...string) (*Table, error) {
	l := Limit(r, MaxRecord)
	t := &Table{csv: csv.NewReader(l), limit: l, at: map[string]int{}}
	t.csv.Comment = '#'
	t.csv.FieldsPerRecord = -1
	t.csv.ReuseRecord = true
	names, err := t.csv.Read()
	if err != nil {
		return nil, Broken(err)
	}
	for i, name := range names {
		t.at[strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF"))] = i
	}
	for _, name := range needed {
		if _, ok := t.at[name]; !ok {
			return nil, harrier.Errorf(harrier.Invalid, "the table has no column %q", name)
		}
	}
	return t, nil
}

// Rows calls row with each of them, or with what is wrong with one.
func (t *Table) Rows(row func(fault error) error) error {
	for {
		t.limit.Next()
		var err error
		t.row, err = t.csv.Read()
		var fault *csv.ParseError
		switch {
		case errors.Is(err, io.EOF) && len(t.row) == 0:
			return nil
		case errors.As(err, &fault) && !errors.Is(err, io.ErrUnexpectedEOF):
			t.row = nil
			if err := row(Broken(err)); err != nil {
				return err
			}
			continue
		case err != nil:
			return Broken(err)
		}
		if err := row(nil); err != nil {
			return err
		}
	}
}

// Get returns the field of a column in the row at hand; "" when it has none.
func (t *Table) Get(column string) string {
	if i, ok := t.at[column]; ok && i < len(t.row) {
		return t.row[i]
	}
	return ""
}
