package nessus

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/harrier-scan/harrier/internal/format"
)

// content returns the text of the element that was opened last, and passes over
// its end. Elements within are passed over. A text longer than keep bytes is
// cut there.
func (l *lexer) content(keep int) (string, error) {
	l.acc = l.acc[:0]
	var out strings.Builder
	pieces := false // out has something
	flush := func(literal bool) error {
		s, err := l.decode(l.acc, literal)
		if err != nil {
			return err
		}
		out.WriteString(s)
		l.acc, pieces = l.acc[:0], true
		return nil
	}
	for {
		t, err := l.next()
		if err != nil {
			return "", err
		}
		switch t {
		case tokenText:
			if plain := l.buf[l.pos:l.end]; !pieces && len(l.acc) == 0 && !l.cdata && len(plain) > 1 && plain[0] == '<' && plain[1] == '/' {
				s, err := l.decode(l.text, false) // all in one piece, as nearly always
				if err != nil {
					return "", err
				}
				_, err = l.next()
				return cut(s, keep), err
			}
			if l.cdata {
				if err := flush(false); err != nil {
					return "", err
				}
			}
			if room := maxText - out.Len() - len(l.acc); len(l.text) > room {
				return "", l.fail("a text is too long")
			}
			l.acc = append(l.acc, l.text...)
			if l.cdata {
				if err := flush(true); err != nil {
					return "", err
				}
			}
		case tokenStart:
			if err := l.skip(); err != nil {
				return "", err
			}
		case tokenEnd, tokenEOF:
			s, err := l.decode(l.acc, false)
			if err != nil {
				return "", err
			}
			if pieces {
				s = out.String() + s
			}
			return cut(s, keep), nil
		}
	}
}

// cut returns at most n bytes of s, ending with a whole character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// decode turns bytes of the document into text. In literal ones "&" is just a
// character.
func (l *lexer) decode(raw []byte, literal bool) (string, error) {
	if l.latin1 {
		var b []byte
		for _, c := range raw {
			b = utf8.AppendRune(b, rune(c))
		}
		raw = b
	}
	if literal || bytes.IndexByte(raw, '&') < 0 {
		return format.Clean(string(raw)), nil
	}
	out := l.scratch[:0]
	defer func() { l.scratch = out }()
	for {
		i := bytes.IndexByte(raw, '&')
		if i < 0 {
			out = append(out, raw...)
			return format.Clean(string(out)), nil
		}
		out = append(out, raw[:i]...)
		raw = raw[i+1:]
		end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
		if end < 0 {
			return "", l.fail("a %q that begins no reference", "&")
		}
		r, ok := reference(string(raw[:end]))
		if !ok {
			return "", l.fail("the reference %q is not known", "&"+string(raw[:end])+";")
		}
		out = utf8.AppendRune(out, r)
		raw = raw[end+1:]
	}
}

// reference returns the character that the name between "&" and ";" stands for.
func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, found := strings.CutPrefix(name, "#")
	if !found {
		return 0, false
	}
	base := 10
	if hex, found := strings.CutPrefix(digits, "x"); found {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}

// attribute returns an attribute of the tag that was read last, "" without it.
func (l *lexer) attribute(name string) (string, error) {
	for rest := l.attributes; ; {
		key, value, after, ok := cutAttribute(rest)
		if !ok {
			if len(bytes.TrimSpace(rest)) > 0 {
				return "", l.fail("a tag with a broken attribute")
			}
			return "", nil
		}
		if string(key) == name {
			return l.decode(value, false)
		}
		rest = after
	}
}

// cutAttribute reads one attribute in either kind of quotes.
func cutAttribute(s []byte) (name, value, rest []byte, ok bool) {
	s = bytes.TrimLeft(s, " \t\r\n")
	eq := bytes.IndexByte(s, '=')
	if eq <= 0 {
		return nil, nil, s, false
	}
	name = bytes.TrimRight(s[:eq], " \t\r\n")
	s2 := bytes.TrimLeft(s[eq+1:], " \t\r\n")
	if len(s2) == 0 || s2[0] != '"' && s2[0] != '\'' || !validName(name) {
		return nil, nil, s, false
	}
	end := bytes.IndexByte(s2[1:], s2[0])
	if end < 0 {
		return nil, nil, s, false
	}
	return name, s2[1 : 1+end], s2[2+end:], true
}
