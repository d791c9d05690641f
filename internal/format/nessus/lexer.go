package nessus

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Limits of what the reader takes, so that a file can neither fill the memory
// nor the stack. Real files stay far below.
const (
	maxTag   = 256 << 10 // bytes of one tag with its attributes
	maxDepth = 64        // elements within elements
	maxText  = 16 << 20  // bytes of one text that is kept
)

type token uint8

const (
	tokenEnd   token = iota // of the element that was opened last
	tokenStart              // name and attributes are set
	tokenText               // a piece of text: one text can come in several
	tokenEOF
)

// lexer cuts a document into tags and texts. It knows as much of XML as such
// files use: elements, attributes, text, CDATA, comments, processing
// instructions, the five named references and the numeric ones. A DOCTYPE, and
// so any entity of a file's own, is refused.
//
// What it hands out is valid until the next call.
type lexer struct {
	src      io.Reader
	buf      []byte
	pos, end int
	read     int64 // bytes before buf
	done     bool  // src is at its end
	latin1   bool

	name       []byte
	attributes []byte // raw: what follows the name in the tag
	text       []byte
	cdata      bool // text is literal
	pendingEnd bool // the start tag was an empty element

	tagAt   int64  // where in the file the tag begins that was read last
	scratch []byte // of decode

	open  []byte // names of the open elements, one behind the other
	marks []int  // where each begins
	acc   []byte
}

func newLexer(r io.Reader) *lexer {
	return &lexer{src: r, buf: make([]byte, maxTag/2)}
}

func (l *lexer) fail(format string, args ...any) error {
	return harrier.Errorf(harrier.Invalid, "not a readable .nessus file at byte %d: "+format, append([]any{l.read + int64(l.pos)}, args...)...)
}

// fill reads more behind what is there. It reports false at the end of src, and
// when the buffer can not grow any more.
func (l *lexer) fill() (bool, error) {
	if l.done {
		return false, nil
	}
	if l.pos > 0 {
		copy(l.buf, l.buf[l.pos:l.end])
		l.read += int64(l.pos)
		l.end -= l.pos
		l.pos = 0
	}
	if l.end == len(l.buf) {
		if len(l.buf) >= maxTag {
			return false, nil
		}
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	for range 100 {
		n, err := l.src.Read(l.buf[l.end:])
		l.end += n
		switch {
		case errors.Is(err, io.EOF):
			l.done = true
			return n > 0, nil
		case err != nil:
			return false, err
		case n > 0:
			return true, nil
		}
	}
	return false, io.ErrNoProgress
}

// find makes sure that the bytes up to the first occurrence of mark, from skip
// bytes on, are in the buffer, and returns where it begins, counted from pos.
// It is -1 when there is none within the limit.
func (l *lexer) find(mark string, skip int) (int, error) {
	from := skip
	for {
		if l.pos+from <= l.end {
			if i := bytes.Index(l.buf[l.pos+from:l.end], []byte(mark)); i >= 0 {
				return from + i, nil
			}
		}
		from = max(skip, l.end-l.pos-len(mark)+1)
		more, err := l.fill()
		if err != nil || !more {
			return -1, err
		}
	}
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	if l.pendingEnd {
		l.pendingEnd = false
		return tokenEnd, nil
	}
	for {
		if l.pos == l.end {
			if more, err := l.fill(); err != nil {
				return tokenEOF, err
			} else if !more {
				if len(l.marks) > 0 {
					return tokenEOF, l.fail("it ends in the middle")
				}
				return tokenEOF, nil
			}
		}
		if l.buf[l.pos] != '<' {
			return l.nextText(), nil
		}
		for l.end-l.pos < len("<![CDATA[") {
			if more, err := l.fill(); err != nil {
				return tokenEOF, err
			} else if !more {
				break
			}
		}
		rest := l.buf[l.pos:l.end]
		switch {
		case len(rest) < 2:
			return tokenEOF, l.fail("it ends in the middle of a tag")
		case rest[1] == '/':
			return l.endTag()
		case rest[1] == '?':
			if err := l.instruction(); err != nil {
				return tokenEOF, err
			}
		case bytes.HasPrefix(rest, []byte("<!--")):
			if err := l.comment(); err != nil {
				return tokenEOF, err
			}
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			return l.literal()
		case rest[1] == '!':
			return tokenEOF, l.fail("declarations such as DOCTYPE are not taken")
		default:
			return l.startTag()
		}
	}
}

// nextText hands out the text up to the next tag, or as much of it as is there.
func (l *lexer) nextText() token {
	n := bytes.IndexByte(l.buf[l.pos:l.end], '<')
	if n < 0 {
		n = l.end - l.pos
	}
	l.text, l.cdata = l.buf[l.pos:l.pos+n], false
	l.pos += n
	return tokenText
}

func (l *lexer) literal() (token, error) {
	n, err := l.find("]]>", len("<![CDATA["))
	if err != nil {
		return tokenEOF, err
	}
	if n < 0 {
		return tokenEOF, l.fail("a CDATA section has no end, or is too long")
	}
	l.text, l.cdata = l.buf[l.pos+len("<![CDATA["):l.pos+n], true
	l.pos += n + len("]]>")
	return tokenText, nil
}

// comment passes over a comment, however long it is.
func (l *lexer) comment() error {
	l.pos += len("<!--")
	for {
		if i := bytes.Index(l.buf[l.pos:l.end], []byte("-->")); i >= 0 {
			l.pos += i + len("-->")
			return nil
		}
		l.pos = max(l.pos, l.end-2)
		if more, err := l.fill(); err != nil {
			return err
		} else if !more {
			return l.fail("a comment has no end")
		}
	}
}

// instruction passes over a processing instruction; that of the document may
// name its encoding.
func (l *lexer) instruction() error {
	n, err := l.find("?>", 2)
	if err != nil {
		return err
	}
	if n < 0 {
		return l.fail("a processing instruction has no end")
	}
	body := l.buf[l.pos+2 : l.pos+n]
	if rest, found := bytes.CutPrefix(body, []byte("xml ")); found {
		switch encoding := strings.ToLower(l.declared(rest)); encoding {
		case "", "utf-8", "utf8", "us-ascii":
		case "iso-8859-1", "latin1":
			l.latin1 = true
		default:
			return l.fail("the encoding %q is not supported", encoding)
		}
	}
	l.pos += n + 2
	return nil
}

func (l *lexer) declared(body []byte) string {
	for rest := body; len(rest) > 0; {
		name, value, after, ok := cutAttribute(rest)
		if !ok {
			return ""
		}
		if string(name) == "encoding" {
			return string(value)
		}
		rest = after
	}
	return ""
}

func (l *lexer) startTag() (token, error) {
	l.tagAt = l.read + int64(l.pos)
	n, err := l.tagEnd()
	if err != nil {
		return tokenEOF, err
	}
	tag := l.buf[l.pos+1 : l.pos+n]
	l.pendingEnd = len(tag) > 0 && tag[len(tag)-1] == '/'
	if l.pendingEnd {
		tag = tag[:len(tag)-1]
	}
	cut := 0
	for cut < len(tag) && tag[cut] > ' ' {
		cut++
	}
	l.name, l.attributes = tag[:cut], tag[cut:]
	if !validName(l.name) {
		return tokenEOF, l.fail("a tag without a name")
	}
	if !l.pendingEnd {
		if len(l.marks) >= maxDepth {
			return tokenEOF, l.fail("elements are nested too deeply")
		}
		l.marks = append(l.marks, len(l.open))
		l.open = append(l.open, l.name...)
	}
	l.pos += n + 1
	return tokenStart, nil
}

func validName(name []byte) bool {
	for _, c := range name {
		switch c {
		case '<', '>', '&', '"', '\'', '=', '/':
			return false
		}
	}
	return len(name) > 0
}

// tagEnd returns where the ">" of the tag at pos is, counted from pos. One
// within quotes does not count.
func (l *lexer) tagEnd() (int, error) {
	// Most tags are a name alone.
	for i, c := range l.buf[l.pos+1 : l.end] {
		if c == '>' {
			return i + 1, nil
		}
		if c <= ' ' || c == '<' || c == '"' || c == '\'' {
			break
		}
	}
	var quote byte
	for i := 1; ; i++ {
		for l.pos+i >= l.end {
			if more, err := l.fill(); err != nil {
				return 0, err
			} else if !more {
				return 0, l.fail("a tag has no end, or is too long")
			}
		}
		switch c := l.buf[l.pos+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
			if n := bytes.IndexByte(l.buf[l.pos+i+1:l.end], c); n >= 0 {
				i, quote = i+1+n, 0
			}
		case c == '>':
			return i, nil
		case c == '<':
			return 0, l.fail("a tag within a tag")
		}
	}
}

func (l *lexer) endTag() (token, error) {
	l.tagAt = l.read + int64(l.pos)
	n, err := l.find(">", 2)
	if err != nil {
		return tokenEOF, err
	}
	if n < 0 || len(l.marks) == 0 {
		return tokenEOF, l.fail("an end tag that belongs to nothing")
	}
	name := bytes.TrimRight(l.buf[l.pos+2:l.pos+n], " \t\r\n")
	mark := l.marks[len(l.marks)-1]
	if !bytes.Equal(name, l.open[mark:]) {
		return tokenEOF, l.fail("</%s> where </%s> is due", shown(name), l.open[mark:])
	}
	l.open, l.marks = l.open[:mark], l.marks[:len(l.marks)-1]
	l.pos += n + 1
	return tokenEnd, nil
}

// shown cuts a name for a message.
func shown(name []byte) []byte { return name[:min(len(name), 40)] }

// skip passes over the rest of the element that was opened last.
func (l *lexer) skip() error {
	for depth := 1; depth > 0; {
		t, err := l.next()
		if err != nil {
			return err
		}
		switch t {
		case tokenStart:
			depth++
		case tokenEnd:
			depth--
		case tokenText, tokenEOF:
		}
	}
	return nil
}
