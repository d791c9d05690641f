package search

import "strings"

// join is what a node does with its parts.
type join uint8

const (
	single join = iota // a comparison
	all
	any_
	none // not its only part
)

// node is a part of a parsed expression.
type node struct {
	join  join
	parts []*node
	predicate
}

// predicate is one comparison.
type predicate struct {
	field token
	op    op
	at    int // of the operator
	not   bool
	value []token
}

// op is an operator of the language; NOT stands beside it.
type op string

const (
	equal    op = "="
	less     op = "<"
	most     op = "<="
	greater  op = ">"
	least    op = ">="
	oneOf    op = "IN"
	between  op = "BETWEEN"
	contains op = "CONTAINS"
	starts   op = "STARTS WITH"
	ends     op = "ENDS WITH"
	like     op = "LIKE"
	null     op = "IS NULL"
	anyMatch op = "~>"
)

// parser reads tokens with one in hand.
type parser struct {
	lexer
	token
	depth, parts int
}

// parse returns the tree of an expression, nil for an empty one.
func parse(text string) (*node, *Error) {
	if len(text) > MaxText {
		return nil, fail(Limit, MaxText, "The expression is longer than %d bytes", MaxText)
	}
	p := &parser{lexer: lexer{text: text}}
	if err := p.advance(); err != nil || p.kind == end {
		return nil, err
	}
	tree, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.kind != end {
		return nil, p.unexpected("AND, OR or the end")
	}
	return tree, nil
}

func (p *parser) advance() (err *Error) {
	p.token, err = p.next()
	return err
}

func (p *parser) unexpected(want string) *Error {
	if p.kind == end {
		return fail(Syntax, p.token.at, "The expression ends where %s should be", want)
	}
	return fail(Syntax, p.token.at, "Unexpected %q, expected %s", cut(p.token.text), want)
}

// cut bounds what an error repeats of the expression.
func cut(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func (p *parser) isSymbol(s string) bool { return p.kind == symbol && p.token.text == s }
func (p *parser) isKeyword(s string) bool {
	return p.kind == word && strings.EqualFold(p.token.text, s)
}

func (p *parser) or() (*node, *Error)  { return p.list(any_, "||", "OR", p.and) }
func (p *parser) and() (*node, *Error) { return p.list(all, "&&", "AND", p.not) }

// list reads one or more parts with a sign or a keyword between them.
func (p *parser) list(j join, sign, keyword string, part func() (*node, *Error)) (*node, *Error) {
	first, err := part()
	if err != nil || !p.isSymbol(sign) && !p.isKeyword(keyword) {
		return first, err
	}
	out := &node{join: j, parts: []*node{first}}
	for p.isSymbol(sign) || p.isKeyword(keyword) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		next, err := part()
		if err != nil {
			return nil, err
		}
		out.parts = append(out.parts, next)
	}
	return out, nil
}

func (p *parser) not() (*node, *Error) {
	negative := false
	for p.isSymbol("!") || p.isKeyword("NOT") {
		negative = !negative
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	out, err := p.primary()
	if err != nil || !negative {
		return out, err
	}
	return &node{join: none, parts: []*node{out}}, nil
}

func (p *parser) primary() (*node, *Error) {
	if !p.isSymbol("(") {
		return p.comparison()
	}
	open := p.token.at
	if p.depth++; p.depth > MaxDepth {
		return nil, fail(Limit, open, "Parentheses are nested more than %d deep", MaxDepth)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	out, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.isSymbol(")") {
		return nil, p.unexpected("AND, OR or )")
	}
	p.depth--
	return out, p.advance()
}

// comparison reads one, with its field.
func (p *parser) comparison() (*node, *Error) {
	out := &node{predicate: predicate{field: p.token}}
	if p.parts++; p.parts > MaxParts {
		return nil, fail(Limit, p.token.at, "The expression has more than %d comparisons", MaxParts)
	}
	switch {
	case p.isSymbol("~>"): // of everything
		out.field = token{word, "", p.token.at}
	case p.kind != word:
		return nil, p.unexpected("a field")
	default:
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return out, p.operator(&out.predicate)
}

// compares are the operators that are signs.
var compares = map[string]predicate{
	"=": {op: equal}, "!=": {op: equal, not: true}, ">": {op: greater}, ">=": {op: least}, "<": {op: less}, "<=": {op: most}, "~>": {op: anyMatch},
}

func (p *parser) operator(out *predicate) *Error {
	out.at = p.token.at
	if c, ok := compares[p.token.text]; ok && p.kind == symbol {
		out.op, out.not = c.op, c.not
		return p.values(out)
	}
	first := p.token
	negative, err := p.skip("NOT")
	if err != nil {
		return err
	}
	if !negative && p.isKeyword("DOES") {
		if err := p.advance(); err != nil {
			return err
		}
		if negative, err = p.skip("NOT"); err != nil {
			return err
		}
		if !negative || !p.isKeyword("CONTAIN") && !p.isKeyword("CONTAINS") {
			return p.unexpected("NOT CONTAIN")
		}
	}
	out.not = negative
	switch {
	case p.isKeyword("IN"):
		out.op = oneOf
	case p.isKeyword("BETWEEN"):
		out.op = between
	case p.isKeyword("CONTAINS"), p.isKeyword("CONTAIN"):
		out.op = contains
	case p.isKeyword("STARTS"), p.isKeyword("ENDS"):
		out.op = starts
		if p.isKeyword("ENDS") {
			out.op = ends
		}
		if err := p.advance(); err != nil {
			return err
		}
		if !p.isKeyword("WITH") {
			return p.unexpected("WITH")
		}
	case p.isKeyword("LIKE"):
		out.op = like
	case p.isKeyword("IS") && !negative:
		return p.null(out)
	case first.kind == end, first.kind == word:
		return p.unexpected("a comparison")
	default:
		return p.unexpected("a comparison")
	}
	return p.values(out)
}

// skip passes over a keyword, and reports whether it was there.
func (p *parser) skip(keyword string) (bool, *Error) {
	if !p.isKeyword(keyword) {
		return false, nil
	}
	return true, p.advance()
}

// null reads what follows IS.
func (p *parser) null(out *predicate) *Error {
	out.op = null
	if err := p.advance(); err != nil {
		return err
	}
	negative, err := p.skip("NOT")
	if err != nil {
		return err
	}
	out.not = negative
	if !p.isKeyword("NULL") && !p.isKeyword("EMPTY") {
		return p.unexpected("NULL")
	}
	return p.advance()
}

// values reads what stands behind the operator in hand.
func (p *parser) values(out *predicate) *Error {
	if err := p.advance(); err != nil {
		return err
	}
	switch out.op {
	case oneOf:
		return p.items(out)
	case between:
		if err := p.one(out); err != nil {
			return err
		}
		if !p.isKeyword("AND") && !p.isSymbol("&&") {
			return p.unexpected("AND")
		}
		if err := p.advance(); err != nil {
			return err
		}
		return p.one(out)
	default:
		return p.one(out)
	}
}

func (p *parser) one(out *predicate) *Error {
	if p.kind != word && p.kind != quoted {
		return p.unexpected("a value")
	}
	out.value = append(out.value, p.token)
	return p.advance()
}

// items reads a list.
func (p *parser) items(out *predicate) *Error {
	last := "]"
	switch {
	case p.isSymbol("("):
		last = ")"
	case !p.isSymbol("["):
		return p.unexpected("[")
	}
	if err := p.advance(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if p.isSymbol(last) && first && last == "]" {
			break
		}
		if len(out.value) == MaxValues {
			return fail(Limit, p.token.at, "The list has more than %d values", MaxValues)
		}
		if err := p.one(out); err != nil {
			return err
		}
		if p.isSymbol(last) {
			break
		}
		if !p.isSymbol(",") {
			return p.unexpected(", or " + last)
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return p.advance()
}
