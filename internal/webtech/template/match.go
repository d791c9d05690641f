package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/harrier-scan/harrier/internal/webtech"
)

// matcher is one condition on a reply.
type matcher struct {
	Type      string   `yaml:"type"`
	Name      string   `yaml:"name"`
	Part      string   `yaml:"part"`
	Condition string   `yaml:"condition"`
	Negative  bool     `yaml:"negative"`
	AnyCase   bool     `yaml:"case-insensitive"`
	Internal  bool     `yaml:"internal"`
	Words     []string `yaml:"words"`
	Regex     []string `yaml:"regex"`
	Status    []int    `yaml:"status"`
	Size      []int    `yaml:"size"`
	DSL       []string `yaml:"dsl"`

	patterns []*webtech.Pattern
	dsl      []node
}

// extractor takes text out of a reply.
type extractor struct {
	Type     string   `yaml:"type"`
	Name     string   `yaml:"name"`
	Part     string   `yaml:"part"`
	Internal bool     `yaml:"internal"`
	Group    int      `yaml:"group"`
	Regex    []string `yaml:"regex"`
	KVal     []string `yaml:"kval"`
	JSON     []string `yaml:"json"`
	DSL      []string `yaml:"dsl"`

	patterns []*webtech.Pattern
	dsl      []node
}

func (m *matcher) prepare(names map[string]bool) error {
	if m.Condition != "" && m.Condition != "and" && m.Condition != "or" {
		return fmt.Errorf("a matcher's condition is %s", m.Condition)
	}
	if m.Internal {
		return errors.New("a matcher is internal")
	}
	switch m.Type {
	case "word":
		for i, w := range m.Words {
			if strings.Contains(w, "{{") {
				return errors.New("a word has an expression")
			}
			if m.AnyCase {
				m.Words[i] = strings.ToLower(w)
			}
		}
		return orEmpty(len(m.Words))
	case "regex":
		if m.AnyCase {
			return errors.New("a pattern is case-insensitive by a field")
		}
		var err error
		m.patterns, err = compile(m.Regex)
		return errors.Join(err, orEmpty(len(m.Regex)))
	case "status":
		return orEmpty(len(m.Status))
	case "size":
		return orEmpty(len(m.Size))
	case "dsl":
		for _, text := range m.DSL {
			n, err := parseDSL(text, names)
			if err != nil {
				return fmt.Errorf("the expression %.80q: %w", text, err)
			}
			m.dsl = append(m.dsl, n)
		}
		return orEmpty(len(m.DSL))
	}
	return fmt.Errorf("a matcher is of type %s", m.Type)
}

func orEmpty(n int) error {
	if n == 0 {
		return errors.New("a matcher is empty")
	}
	return nil
}

func compile(list []string) ([]*webtech.Pattern, error) {
	var out []*webtech.Pattern
	for _, text := range list {
		p, err := webtech.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("the pattern %.80q is not RE2", text)
		}
		out = append(out, p)
	}
	return out, nil
}

func (e *extractor) prepare(names map[string]bool) (err error) {
	switch e.Type {
	case "regex":
		e.patterns, err = compile(e.Regex)
		for _, p := range e.patterns {
			if e.Group > p.NumSubexp() {
				return errors.New("an extractor's group is not in its pattern")
			}
		}
		return err
	case "kval":
		return nil
	case "dsl":
		for _, text := range e.DSL {
			n, err := parseDSL(text, names)
			if err != nil {
				return fmt.Errorf("the expression %.80q: %w", text, err)
			}
			e.dsl = append(e.dsl, n)
		}
		return nil
	case "json":
		for _, text := range e.JSON {
			if !simpleJSON.MatchString(text) {
				return fmt.Errorf("the JSON query %.60q is not simple", text)
			}
		}
		return nil
	}
	return fmt.Errorf("an extractor is of type %s", e.Type)
}

// simpleJSON are queries that name one member: ".version", ".server.agent".
var simpleJSON = regexp.MustCompile(`^(?:\.[A-Za-z_][A-Za-z0-9_-]*)+$`)

// match reports whether m fits a reply.
func (m *matcher) match(v *view) bool {
	var n, hits int
	test := func(ok bool) {
		n++
		if ok {
			hits++
		}
	}
	all := m.Condition == "and"
	decided := func() bool { return all && hits < n || !all && hits > 0 }
	switch m.Type {
	case "word":
		text, there := v.part(m.Part)
		if m.AnyCase {
			text = strings.ToLower(text)
		}
		for i := 0; i < len(m.Words) && !decided() && there; i++ {
			test(strings.Contains(text, m.Words[i]))
		}
	case "regex":
		text, there := v.part(m.Part)
		for i := 0; i < len(m.patterns) && !decided() && there; i++ {
			test(v.find(m.patterns[i], text) != nil)
		}
	case "status":
		for i := 0; i < len(m.Status) && !decided(); i++ {
			test(m.Status[i] == v.status)
		}
	case "size":
		for i := 0; i < len(m.Size) && !decided(); i++ {
			test(m.Size[i] == len(v.body))
		}
	case "dsl":
		for i := 0; i < len(m.dsl) && !decided(); i++ {
			value, ok := m.dsl[i](v)
			yes, isBool := value.(bool)
			test(ok && isBool && yes)
		}
	}
	matched := hits > 0 && (!all || hits == n)
	return matched != m.Negative
}

// extract returns what e takes out of a reply.
func (e *extractor) extract(v *view) []string {
	var out []string
	switch e.Type {
	case "regex":
		text, _ := v.part(e.Part)
		for _, p := range e.patterns {
			if at := v.find(p, text); at != nil && at[2*e.Group] >= 0 {
				out = append(out, text[at[2*e.Group]:at[2*e.Group+1]])
			}
		}
	case "kval":
		for _, key := range e.KVal {
			if value, ok := v.header(key); ok {
				out = append(out, value)
			}
		}
	case "dsl":
		for _, n := range e.dsl {
			switch value, _ := n(v); value := value.(type) {
			case string:
				out = append(out, value)
			case bool:
				if value {
					out = append(out, "true")
				}
			}
		}
	case "json":
		var doc any
		if json.Unmarshal([]byte(v.body), &doc) != nil {
			return nil
		}
		for _, query := range e.JSON {
			at := doc
			for _, key := range strings.Split(query, ".")[1:] {
				m, _ := at.(map[string]any)
				at = m[key]
			}
			switch at := at.(type) {
			case string:
				out = append(out, at)
			case float64:
				out = append(out, strings.TrimSuffix(fmt.Sprintf("%.4f", at), ".0000"))
			}
		}
	}
	return out
}
