package template

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/webtech"
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

// iconText is the form of which an icon's hash is made, marked as such.
func iconText(v *view) icon { return icon{v} }

// icon stands for the body in the form of base64_py.
type icon struct{ v *view }

func (i icon) hash() string {
	if i.v.mmh3 == "" {
		i.v.mmh3 = strconv.Itoa(int(webtech.MMH3(webtech.Base64Lines([]byte(i.v.body)))))
	}
	return i.v.mmh3
}

// regexCall compiles the pattern once.
func regexCall(args []node) (node, error) {
	constant, ok := args[0](&view{})
	text, isText := constant.(string)
	if !ok || !isText {
		return nil, errors.New("has a pattern that is not constant")
	}
	pattern, err := webtech.Compile(text)
	if err != nil {
		return nil, errors.New("has a pattern that is not RE2")
	}
	return func(v *view) (any, bool) {
		value, ok := args[1](v)
		s, isText := value.(string)
		if !ok || !isText {
			return nil, false
		}
		return v.find(pattern, s) != nil, true
	}, nil
}

// function is one helper function.
type function struct {
	least, most int // arguments; most 0: any number
	do          func(v *view, args []any) (any, bool)
}

// text makes a function of texts.
func text(n int, f func(s []string) any) function {
	return function{max(n, 1), n, func(_ *view, args []any) (any, bool) {
		s := make([]string, len(args))
		for i, a := range args {
			switch a := a.(type) {
			case string:
				s[i] = a
			case float64:
				s[i] = strconv.FormatFloat(a, 'f', -1, 64)
			default:
				return nil, false
			}
		}
		return f(s), true
	}}
}

var functions = map[string]function{
	"regex":        {2, 2, nil},
	"contains":     text(2, func(s []string) any { return strings.Contains(s[0], s[1]) }),
	"contains_all": text(0, func(s []string) any { return count(s) == len(s)-1 }),
	"contains_any": text(0, func(s []string) any { return count(s) > 0 }),
	"starts_with":  text(0, func(s []string) any { return anyOf(s, strings.HasPrefix) }),
	"ends_with":    text(0, func(s []string) any { return anyOf(s, strings.HasSuffix) }),
	"to_lower":     text(1, func(s []string) any { return strings.ToLower(s[0]) }),
	"tolower":      text(1, func(s []string) any { return strings.ToLower(s[0]) }),
	"to_upper":     text(1, func(s []string) any { return strings.ToUpper(s[0]) }),
	"toupper":      text(1, func(s []string) any { return strings.ToUpper(s[0]) }),
	"trim_space":   text(1, func(s []string) any { return strings.TrimSpace(s[0]) }),
	"trim":         text(2, func(s []string) any { return strings.Trim(s[0], s[1]) }),
	"replace":      text(3, func(s []string) any { return strings.ReplaceAll(s[0], s[1], clipTo(s[2], 100)) }),
	"concat":       text(0, func(s []string) any { return strings.Join(s, "") }),
	"len":          text(1, func(s []string) any { return float64(len(s[0])) }),
	"md5":          text(1, func(s []string) any { h := md5.Sum([]byte(s[0])); return hex.EncodeToString(h[:]) }),
	"sha256":       text(1, func(s []string) any { h := sha256.Sum256([]byte(s[0])); return hex.EncodeToString(h[:]) }),
	"base64":       text(1, func(s []string) any { return base64.StdEncoding.EncodeToString([]byte(s[0])) }),
	"base64_py":    text(1, func(s []string) any { return string(webtech.Base64Lines([]byte(s[0]))) }),
	"mmh3": {1, 1, func(_ *view, args []any) (any, bool) {
		switch a := args[0].(type) {
		case icon:
			return a.hash(), true
		case string:
			return strconv.Itoa(int(webtech.MMH3([]byte(a)))), true
		}
		return nil, false
	}},
	"compare_versions": {2, 0, compareVersions},
}

func clipTo(s string, n int) string { return s[:min(len(s), n)] }

// count is how many of the later texts the first one has.
func count(s []string) int {
	n := 0
	for _, part := range s[1:] {
		if strings.Contains(s[0], part) {
			n++
		}
	}
	return n
}

func anyOf(s []string, f func(a, b string) bool) any {
	for _, part := range s[1:] {
		if f(s[0], part) {
			return true
		}
	}
	return false
}

// compareVersions reports whether a version is within all the limits, such as
// "< 1.2" and ">= 1.0". Versions that are not made of numbers alone are not
// compared.
func compareVersions(_ *view, args []any) (any, bool) {
	texts := make([]string, len(args))
	for i, a := range args {
		s, ok := a.(string)
		if !ok {
			return nil, false
		}
		texts[i] = strings.TrimSpace(s)
	}
	have, ok := numbers(texts[0])
	if !ok {
		return nil, false
	}
	for _, limit := range texts[1:] {
		for part := range strings.SplitSeq(limit, ",") {
			part = strings.TrimSpace(part)
			rest := strings.TrimLeft(part, "<>=!")
			want, ok := numbers(strings.TrimSpace(rest))
			if !ok {
				return nil, false
			}
			c := order(have, want)
			var within bool
			switch part[:len(part)-len(rest)] {
			case "<":
				within = c < 0
			case "<=":
				within = c <= 0
			case ">":
				within = c > 0
			case ">=":
				within = c >= 0
			case "", "=", "==":
				within = c == 0
			case "!=":
				within = c != 0
			default:
				return nil, false
			}
			if !within {
				return false, true
			}
		}
	}
	return true, true
}

func numbers(s string) ([]int, bool) {
	var out []int
	for part := range strings.SplitSeq(strings.TrimPrefix(s, "v"), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

func order(a, b []int) int {
	for i := range max(len(a), len(b)) {
		var x, y int
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return x - y
		}
	}
	return 0
}
