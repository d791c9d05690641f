package template

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// node is an expression ready to be worked out: its value is a string, a
// float64 or a bool; false when something that it needs is not there.
type node func(v *view) (any, bool)

// maxDepth bounds how deep expressions are nested.
const maxDepth = 50

// parser reads the expressions of templates:
//
//	or      = and { "||" and }
//	and     = compare { "&&" compare }
//	compare = value [ ("==" | "!=" | "<=" | ">=" | "<" | ">") value ]
//	value   = "!" value | "(" or ")" | string | number | name [ "(" [ or { "," or } ] ")" ]
type parser struct {
	text  string
	at    int
	depth int
	names map[string]bool // further variables
}

func parseDSL(text string, names map[string]bool) (node, error) {
	p := &parser{text: text, names: names}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.text) {
		return nil, errors.New("has something behind its end")
	}
	return n, nil
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take reads a sign, if it is next.
func (p *parser) take(sign string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

func (p *parser) or() (node, error)  { return p.logic("||", p.and, true) }
func (p *parser) and() (node, error) { return p.logic("&&", p.compare, false) }

// logic reads a chain; end is the value that decides it early.
func (p *parser) logic(sign string, next func() (node, error), end bool) (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("is nested too deep")
	}
	defer func() { p.depth-- }()
	first, err := next()
	if err != nil {
		return nil, err
	}
	parts := []node{first}
	for p.take(sign) {
		n, err := next()
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
	}
	if len(parts) == 1 {
		return first, nil
	}
	return func(v *view) (any, bool) {
		for _, n := range parts {
			value, ok := n(v)
			b, isBool := value.(bool)
			if !ok || !isBool {
				return nil, false
			}
			if b == end {
				return end, true
			}
		}
		return !end, true
	}, nil
}

func (p *parser) compare() (node, error) {
	a, err := p.value()
	if err != nil {
		return nil, err
	}
	for _, sign := range []string{"==", "!=", "<=", ">=", "<", ">"} {
		if !p.take(sign) {
			continue
		}
		b, err := p.value()
		if err != nil {
			return nil, err
		}
		return func(v *view) (any, bool) {
			x, ok1 := a(v)
			y, ok2 := b(v)
			if !ok1 || !ok2 {
				return nil, false
			}
			return compared(sign, x, y)
		}, nil
	}
	return a, nil
}

func compared(sign string, x, y any) (any, bool) {
	switch sign {
	case "==":
		return x == y, true
	case "!=":
		return x != y, true
	}
	a, ok1 := x.(float64)
	b, ok2 := y.(float64)
	if !ok1 || !ok2 {
		return nil, false
	}
	switch sign {
	case "<":
		return a < b, true
	case ">":
		return a > b, true
	case "<=":
		return a <= b, true
	}
	return a >= b, true
}

func (p *parser) value() (node, error) {
	p.space()
	if p.at == len(p.text) {
		return nil, errors.New("ends too early")
	}
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("is nested too deep")
	}
	defer func() { p.depth-- }()
	switch c := p.text[p.at]; {
	case c == '!':
		p.at++
		n, err := p.value()
		if err != nil {
			return nil, err
		}
		return func(v *view) (any, bool) {
			value, ok := n(v)
			b, isBool := value.(bool)
			return !b, ok && isBool
		}, nil
	case c == '(':
		p.at++
		n, err := p.or()
		if err == nil && !p.take(")") {
			err = errors.New("lacks a bracket")
		}
		return n, err
	case c == '"' || c == '\'':
		s, err := p.quoted(c)
		return func(*view) (any, bool) { return s, true }, err
	case c >= '0' && c <= '9':
		return p.number()
	}
	return p.name()
}

// quoted reads a string; a backslash stands for the character behind it.
func (p *parser) quoted(end byte) (string, error) {
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == end:
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("has a string without end")
}

func (p *parser) number() (node, error) {
	from := p.at
	for p.at < len(p.text) && strings.IndexByte("0123456789.", p.text[p.at]) >= 0 {
		p.at++
	}
	f, err := strconv.ParseFloat(p.text[from:p.at], 64)
	return func(*view) (any, bool) { return f, true }, err
}

// numbered are variables of several requests together.
var numbered = regexp.MustCompile(`_\d+$`)

// foreign are names that are no header, and that are not known here.
var foreign = map[string]bool{
	"duration": true, "host": true, "hostname": true, "ip": true, "port": true, "path": true, "request": true, "interactsh_protocol": true,
	"interactsh_request": true, "interactsh_response": true, "matched": true, "template": true, "type": true, "cname": true, "scheme": true,
}

func (p *parser) name() (node, error) {
	from := p.at
	for p.at < len(p.text) && (p.text[p.at] == '_' || low(p.text[p.at]) >= 'a' && low(p.text[p.at]) <= 'z' || p.text[p.at] >= '0' && p.text[p.at] <= '9') {
		p.at++
	}
	name := p.text[from:p.at]
	if name == "" {
		return nil, fmt.Errorf("has a %q that is not understood", p.text[p.at])
	}
	if p.take("(") {
		return p.call(name)
	}
	switch {
	case p.names[name]:
		return func(v *view) (any, bool) { s, ok := v.values[name]; return s, ok }, nil
	case name == "true" || name == "false":
		return func(*view) (any, bool) { return name == "true", true }, nil
	case name == "status_code":
		return func(v *view) (any, bool) { return float64(v.status), true }, nil
	case name == "content_length":
		return func(v *view) (any, bool) { return float64(len(v.body)), true }, nil
	case foreign[name] || numbered.MatchString(name):
		return nil, fmt.Errorf("has the variable %s", name)
	}
	return func(v *view) (any, bool) { s, ok := v.part(name); return s, ok }, nil
}

func (p *parser) call(name string) (node, error) {
	var args []node
	for !p.take(")") {
		if len(args) > 0 && !p.take(",") {
			return nil, errors.New("lacks a comma")
		}
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		args = append(args, n)
	}
	f, known := functions[name]
	if !known {
		return nil, fmt.Errorf("has the function %s", name)
	}
	if len(args) < f.least || f.most > 0 && len(args) > f.most {
		return nil, fmt.Errorf("gives %s %d arguments", name, len(args))
	}
	if name == "regex" {
		return regexCall(args)
	}
	return func(v *view) (any, bool) {
		values := make([]any, len(args))
		for i, n := range args {
			var ok bool
			if values[i], ok = n(v); !ok {
				return nil, false
			}
		}
		if name == "base64_py" && values[0] == any(v.body) { // the icon's hash is asked for by hundreds of conditions
			return iconText(v), true
		}
		return f.do(v, values)
	}, nil
}
