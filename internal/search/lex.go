package search

import (
	"strings"
	"unicode/utf8"
)

// kind is what a token is.
type kind uint8

const (
	end    kind = iota
	word        // a run of characters: a keyword, a field or a value without quotes
	quoted      // a value in quotes
	symbol      // ( ) [ ] , and the operators
)

// token is a piece of an expression. text is the word, the content of the
// quotes, or the symbol in its first spelling: "=" also for "==".
type token struct {
	kind kind
	text string
	at   int
}

// lexer cuts an expression into tokens.
type lexer struct {
	text string
	at   int
}

// symbols are tried in order: the longer ones first.
var symbols = []struct{ written, means string }{
	{"==", "="},
	{"!=", "!="},
	{"<>", "!="},
	{">=", ">="},
	{"<=", "<="},
	{"&&", "&&"},
	{"||", "||"},
	{"~>", "~>"},
	{"=", "="},
	{">", ">"},
	{"<", "<"},
	{"!", "!"},
	{"(", "("},
	{")", ")"},
	{"[", "["},
	{"]", "]"},
	{",", ","},
}

const blanks = " \t\r\n\f\v\u00a0\ufeff"

// next returns the next token.
func (l *lexer) next() (token, *Error) {
	l.at = len(l.text) - len(strings.TrimLeft(l.text[l.at:], blanks))
	from := l.at
	if from == len(l.text) {
		return token{end, "", from}, nil
	}
	rest := l.text[from:]
	if c := rest[0]; c == '\'' || c == '"' {
		return l.quote(c)
	}
	for _, s := range symbols {
		if strings.HasPrefix(rest, s.written) {
			l.at += len(s.written)
			return token{symbol, s.means, from}, nil
		}
	}
	n := 0
	for n < len(rest) {
		r, size := utf8.DecodeRuneInString(rest[n:])
		if r == utf8.RuneError && size == 1 {
			return token{}, fail(Syntax, from+n, "The text is not UTF-8")
		}
		if strings.ContainsRune(blanks, r) || strings.ContainsRune(`()[],'"=!<>&|`, r) || strings.HasPrefix(rest[n:], "~>") {
			break
		}
		n += size
	}
	if n == 0 { // a lone & or |
		return token{}, fail(Syntax, from, "Unexpected %q", rest[:1])
	}
	n += zone(rest[:n], rest[n:])
	l.at += n
	return token{word, rest[:n], from}, nil
}

// zone is how long the zone in brackets is that follows a date and a time:
// "2026-01-02T03:04:05+01:00[Europe/Paris]".
func zone(date, rest string) int {
	if len(rest) == 0 || rest[0] != '[' || date[0] < '0' || date[0] > '9' || !strings.ContainsAny(date, "Tt") {
		return 0
	}
	for i := 1; i < len(rest) && i < 64; i++ {
		c := rest[i]
		switch {
		case c == ']' && i > 1:
			return i + 1
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '/', c == '_', c == '+', c == '-':
		default:
			return 0
		}
	}
	return 0
}

// quote reads a value in quotes: a backslash stands before a quote or itself, a
// doubled quote for one.
func (l *lexer) quote(mark byte) (token, *Error) {
	from := l.at
	rest := l.text[from+1:]
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		last := i+1 == len(rest)
		switch {
		case c == '\\' && !last && (rest[i+1] == '\\' || rest[i+1] == '\'' || rest[i+1] == '"'):
			i++
			b.WriteByte(rest[i])
		case c == mark && !last && rest[i+1] == mark:
			i++
			b.WriteByte(mark)
		case c == mark:
			l.at = from + i + 2
			text := b.String()
			if !utf8.ValidString(text) {
				return token{}, fail(Syntax, from, "The text is not UTF-8")
			}
			return token{quoted, text, from}, nil
		default:
			b.WriteByte(c)
		}
	}
	return token{}, fail(Syntax, from, "The quote is not closed")
}
