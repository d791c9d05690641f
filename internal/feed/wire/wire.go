// Package wire holds what the readers of several feeds share: walking large
// JSON, XML and CSV with bounded memory, and the small shapes that publishers
// agree on (texts, CVE ids, dates, CWEs, scores, links, CPEs). What comes in is
// hostile: each function bounds what it gives back.
package wire

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"

	"github.com/harrier-scan/harrier"
)

// MaxRecord is the most bytes that one record may have; the longest that
// publishers have is a fiftieth of it. A reader that needs more gives up.
const MaxRecord = 32 << 20

// maxDepth bounds how deep values stand in each other; it is that of the JSON
// reader for values that it decodes.
const maxDepth = 10_000

// ErrTooLong is the cause where a value is longer than its reader takes.
var ErrTooLong = errors.New("a value is too long")

// Limited gives the bytes of a reader as long as none of the values in them
// takes more than it may; Next says that a value begins.
type Limited struct {
	r          io.Reader
	most, left int
	err        error // the reader's own
}

// Limit returns r, with at most so many bytes for each value.
func Limit(r io.Reader, most int) *Limited { return &Limited{r: r, most: most, left: most} }

// Next gives the value that follows its own allowance.
func (l *Limited) Next() { l.left = l.most }

// Read fails with an Invalid error when a value is too long.
func (l *Limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		l.err = harrier.Errorf(harrier.Invalid, "a value has more than %d bytes", l.most).Because(ErrTooLong)
		return 0, l.err
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}

// ReadAll reads a file that is one record, and no more than MaxRecord bytes.
func ReadAll(r io.Reader) ([]byte, error) { return io.ReadAll(Limit(r, MaxRecord)) }

// Broken makes an Invalid error of one of the JSON, XML and CSV readers; nil and
// errors of other origin stay what they are.
func Broken(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var element *xml.SyntaxError
	var row *csv.ParseError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return harrier.Errorf(harrier.Invalid, "JSON that can not be read at byte %d", syntax.Offset).Because(err)
	case errors.As(err, &kind):
		return harrier.Errorf(harrier.Invalid, "JSON that says something unexpected").Because(err)
	case errors.As(err, &element):
		return harrier.Errorf(harrier.Invalid, "XML that can not be read in line %d", element.Line).Because(err)
	case errors.As(err, &row):
		return harrier.Errorf(harrier.Invalid, "CSV that can not be read in line %d", row.Line).Because(err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return harrier.Errorf(harrier.Invalid, "the file ends too early").Because(io.ErrUnexpectedEOF)
	}
	return err
}
