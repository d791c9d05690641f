package nexpose

import (
	"bufio"
	"io"
	"strings"

	"github.com/harrier-scan/harrier/internal/format"
)

// xml writes elements as they come, without a declaration before the first.
type xml struct {
	w     *bufio.Writer
	open  []string
	begun bool // the start tag of the innermost element is not closed yet
}

func newXML(w io.Writer) *xml { return &xml{w: bufio.NewWriterSize(w, 64<<10)} }

// start opens an element with attributes: names and values in turn.
func (x *xml) start(name string, attrs ...string) {
	if x.body() && len(x.open) <= lined {
		x.put("\n")
	}
	x.put("<")
	x.put(name)
	x.open, x.begun = append(x.open, name), true
	for i := 0; i+1 < len(attrs); i += 2 {
		x.attr(attrs[i], attrs[i+1])
	}
}

// attr adds an attribute to the element that was started last.
func (x *xml) attr(name, value string) {
	x.put(" ")
	x.put(name)
	x.put(`="`)
	_, _ = quoted.WriteString(x.w, format.Clean(value)) // the first error stays and flush tells it
	x.put(`"`)
}

// given adds an attribute that is left out when it is empty.
func (x *xml) given(name, value string) {
	if value != "" {
		x.attr(name, value)
	}
}

func (x *xml) end() {
	n := len(x.open) - 1
	if x.begun {
		x.put("/>")
	} else {
		x.put("</")
		x.put(x.open[n])
		x.put(">")
	}
	x.open, x.begun = x.open[:n], false
	if n <= lined {
		x.put("\n")
	}
}

// lined is how deep elements still get a line each.
const lined = 3

func (x *xml) empty(name string, attrs ...string) {
	x.start(name, attrs...)
	x.end()
}

// leaf writes an element that holds text alone.
func (x *xml) leaf(name, text string, attrs ...string) {
	x.start(name, attrs...)
	x.text(text)
	x.end()
}

func (x *xml) text(s string) {
	if s = format.Clean(s); s != "" {
		x.body()
		_, _ = plain.WriteString(x.w, s) // as in attr
	}
}

// body closes the start tag of the innermost element; false when it is closed.
func (x *xml) body() bool {
	begun := x.begun
	if begun {
		x.put(">")
		x.begun = false
	}
	return begun
}

func (x *xml) put(s string) { _, _ = x.w.WriteString(s) } // as in attr

var (
	plain  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	quoted = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", "&#10;", "\t", "&#9;")
)

// rich writes text for people: a paragraph for each that an empty line ends, at
// least one.
//
// Source: section 12.4.
func (x *xml) rich(name, text string) {
	x.start(name)
	x.start("ContainerBlockElement")
	some := false
	for part := range strings.SplitSeq(format.Clean(text), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			x.leaf("Paragraph", part)
			some = true
		}
	}
	if !some {
		x.empty("Paragraph")
	}
	x.end()
	x.end()
}

// proof writes what a check saw, as it stands: one paragraph that holds all.
func (x *xml) proof(evidence string) {
	x.start("Paragraph")
	if evidence = strings.Trim(format.Clean(evidence), "\n"); evidence != "" {
		x.leaf("Paragraph", evidence, "preformat", "true")
	}
	x.end()
}
