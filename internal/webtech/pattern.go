package webtech

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

// maxProgram bounds how long a pattern may be, compiled.
const maxProgram = 250

// Pattern is an RE2 pattern and the text without which it can not match.
type Pattern struct {
	*regexp.Regexp
	Literal  string // in lower case; "" when no text must be there
	Fixed    bool   // the pattern is Literal between anchors, in its own case
	Size     int    // instructions of the compiled pattern
	text     string // Literal in its own case, of a Fixed pattern
	anchored bool   // matches at the start or at the end only
	version  int    // the group "v", or -1
}

// Compile reads a pattern.
func Compile(expr string) (*Pattern, error) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	tree = tree.Simplify()
	prog, err := syntax.Compile(tree)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	p := &Pattern{Regexp: re, Size: len(prog.Inst), version: re.SubexpIndex("v")}
	p.Literal = needed(tree)
	p.text, p.Fixed = fixed(tree)
	p.anchored = anchors(tree)
	return p, nil
}

var errTooLong = errors.New("the pattern is too long")

// needed returns the longest text that every match of re has, in lower case.
func needed(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		s := strings.ToLower(string(re.Rune))
		for i := range len(s) {
			if s[i] >= 0x80 {
				return ""
			}
		}
		return s
	case syntax.OpCapture, syntax.OpPlus:
		return needed(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needed(re.Sub[0])
		}
	case syntax.OpConcat:
		best := ""
		for _, sub := range re.Sub {
			if s := needed(sub); len(s) > len(best) {
				best = s
			}
		}
		return best
	default: // what may be left out, or may be another text
	}
	return ""
}

// fixed reports whether re matches one text only, and which.
func fixed(re *syntax.Regexp) (string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune), re.Flags&syntax.FoldCase == 0
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
		return "", true
	case syntax.OpConcat:
		var all strings.Builder
		for _, sub := range re.Sub {
			s, ok := fixed(sub)
			if !ok {
				return "", false
			}
			all.WriteString(s)
		}
		return all.String(), true
	default: // anything else matches more than one text
	}
	return "", false
}

// anchors reports whether re asks for the start or the end of the text or of a
// line.
func anchors(re *syntax.Regexp) bool {
	if re.Op >= syntax.OpBeginLine && re.Op <= syntax.OpEndText {
		return true
	}
	for _, sub := range re.Sub {
		if anchors(sub) {
			return true
		}
	}
	return false
}

// Plain returns the text that p matches, if it is one text without anchors.
func (p *Pattern) Plain() (string, bool) { return p.text, p.Fixed && !p.anchored }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
