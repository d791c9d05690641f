package exchange

import (
	"fmt"
	"regexp"
	"strings"
)

// kinds are what a placeholder can match.
var kinds = map[string]string{
	"uuid":     `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:[0-9a-f]{16})?`,
	"int":      `-?[0-9]+`,
	"number":   `-?[0-9]+(?:\.[0-9]+)?`,
	"time":     `1[0-9]{9}`, // unix seconds
	"hex":      `[0-9a-f]+`,
	"token":    `[0-9A-Za-z-]+`,
	"token48":  `[a-z0-9]{48}`,
	"hex64":    `[0-9a-f]{64}`,
	"asctime":  `[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-3][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}`,
	"upper":    `[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}`,
	"name6":    `[0-9a-zA-Z]{6}`,
	"string":   `[^"]*`,
	"ten":      `[1-9][0-9]{9}`,
	"cookie32": `[a-z0-9]{32}`,
	"hex40":    `[0-9A-F]{40}`,
	"stamp":    `[0-9]{8}T[0-9]{9}`, // a time as the NeXpose API writes it
	"any":      `[\s\S]*?`,
}

var placeholder = regexp.MustCompile(`<([a-z0-9]+)(?::([a-z0-9]+))?>`)

// Values are what placeholders have matched, by name.
type Values map[string]string

// Fill replaces the names of known values in a request. What is no name stays.
func (v Values) Fill(s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		name := m[1]
		if m[2] != "" {
			name = m[2]
		}
		if value, ok := v[name]; ok {
			return value
		}
		return p
	})
}

// Match compares got with want and keeps what its named placeholders matched.
// It returns an error that says what is wrong.
func (v Values) Match(want, got string) error {
	var expr strings.Builder
	var named []string
	pending := map[string]string{} // names of this text and what they match
	expr.WriteString(`\A`)
	rest := want
	for rest != "" {
		at := placeholder.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		expr.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		part, name := v.part(rest, at)
		if again, ok := pending[rest[at[2]:at[3]]]; ok {
			part, name = again, rest[at[2]:at[3]]
		}
		expr.WriteString(part)
		if name != "" {
			named = append(named, name)
			pending[name] = part
		}
		rest = rest[at[1]:]
	}
	expr.WriteString(regexp.QuoteMeta(rest) + `\z`)
	re, err := regexp.Compile(expr.String())
	if err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	m := re.FindStringSubmatch(got)
	if m == nil {
		return fmt.Errorf("= %s\nwant %s", got, v.Fill(want))
	}
	for i, name := range named {
		if known, ok := v[name]; ok && known != m[i+1] {
			return fmt.Errorf("= %s\nwant %s: <%s> is %s and %s", got, want, name, known, m[i+1])
		}
		v[name] = m[i+1]
	}
	return nil
}

// part is the expression of one placeholder, and the name that keeps what it
// matches.
func (v Values) part(s string, at []int) (expr, name string) {
	kind := s[at[2]:at[3]]
	if at[4] >= 0 {
		name = s[at[4]:at[5]]
	}
	if known, ok := v[name]; ok && name != "" {
		return regexp.QuoteMeta(known), ""
	}
	if known, ok := v[kind]; ok && name == "" {
		return regexp.QuoteMeta(known), ""
	}
	re, ok := kinds[kind]
	switch {
	case !ok:
		return regexp.QuoteMeta(s[at[0]:at[1]]), "" // markup of the text itself
	case name == "":
		return re, ""
	}
	return "(" + re + ")", name
}
