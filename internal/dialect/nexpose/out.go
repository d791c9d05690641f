package nexpose

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// out writes an answer: elements in the order in which they are opened, without
// an XML declaration, which one client takes for the root.
//
// Source: section 1.3.
type out struct {
	w     *bufio.Writer
	open  []string
	begun bool // the start tag of the innermost element is not closed yet
}

func newOut(w io.Writer) *out { return &out{w: bufio.NewWriterSize(w, 1<<15)} }

// start opens an element with attributes: names and values in turn.
func (o *out) start(name string, attrs ...string) {
	o.body()
	o.put("<")
	o.put(name)
	for i := 0; i+1 < len(attrs); i += 2 {
		o.attr(attrs[i], attrs[i+1])
	}
	o.open, o.begun = append(o.open, name), true
}

// attr adds an attribute to the element that was started last, before it has
// any content.
func (o *out) attr(name, value string) {
	o.put(" ")
	o.put(name)
	o.put(`="`)
	o.escape(value, true)
	o.put(`"`)
}

// end closes the innermost element.
func (o *out) end() {
	n := len(o.open) - 1
	if o.begun {
		o.put("/>")
	} else {
		o.put("</")
		o.put(o.open[n])
		o.put(">")
	}
	o.open, o.begun = o.open[:n], false
}

// empty writes an element without content.
func (o *out) empty(name string, attrs ...string) {
	o.start(name, attrs...)
	o.end()
}

// leaf writes an element that holds text alone.
func (o *out) leaf(name, text string, attrs ...string) {
	o.start(name, attrs...)
	o.text(text)
	if text == "" {
		o.body() // clients want <message></message>
	}
	o.end()
}

// text writes text into the innermost element.
func (o *out) text(s string) {
	if s != "" {
		o.body()
		o.escape(s, false)
	}
}

func (o *out) body() {
	if o.begun {
		o.put(">")
		o.begun = false
	}
}

func (o *out) put(s string) { _, _ = o.w.WriteString(s) } // the first error stays and Flush tells it

// flush writes what is held back, and tells the first error of all writes.
func (o *out) flush() error { return o.w.Flush() }

// escape writes s as XML text, or as the value of an attribute. What XML 1.0
// can not hold is left out.
func (o *out) escape(s string, quoted bool) {
	from := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		to, special := "", true
		switch {
		case r == '&':
			to = "&amp;"
		case r == '<':
			to = "&lt;"
		case r == '>':
			to = "&gt;"
		case r == '"' && quoted:
			to = "&quot;"
		case quoted && (r == '\n' || r == '\t' || r == '\r'):
			to = "&#" + strconv.Itoa(int(r)) + ";"
		case r == '\r':
			to = "&#13;"
		case r == utf8.RuneError && size == 1, !legal(r):
		default:
			special = false
		}
		if special {
			o.put(s[from:i])
			o.put(to)
			from = i + size
		}
		i += size
	}
	o.put(s[from:])
}

// legal reports whether XML 1.0 can hold r.
func legal(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

// The forms of values.
//
// Source: section 1.8.

func number[N ~int | ~int64 | ~uint16](n N) string { return strconv.FormatInt(int64(n), 10) }

func ident(id harrier.ID) string { return strconv.FormatInt(int64(id), 10) }

func float(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func word(b bool) string { return strconv.FormatBool(b) }

// stamp is a date and time as the API writes it, in UTC; "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	return t.Format("20060102T150405") + t.Format(".000")[1:]
}

// parseTime reads a date and time: 8, 6 or 9 digits after the T, or a date
// alone, in UTC. The second result is false for anything else, an impossible
// date among them.
func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	day, clock, _ := strings.Cut(s, "T")
	if len(clock) < 6 {
		clock += strings.Repeat("0", 6-len(clock))
	}
	t, err := time.ParseInLocation("20060102T150405", day+"T"+clock[:6], time.UTC)
	if err != nil {
		return time.Time{}, false
	}
	if rest := clock[6:]; rest != "" {
		n, err := strconv.ParseUint((rest + "000")[:3], 10, 16)
		if err != nil {
			return time.Time{}, false
		}
		t = t.Add(time.Duration(n) * time.Millisecond)
	}
	return t, true
}
