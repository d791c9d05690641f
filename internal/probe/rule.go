package probe

import (
	"regexp"
	"strings"
	"sync"
)

// rule tells a product by a text of a kind: a header, a banner line, the
// answer to a product's own question.
//
// In pattern the group "v" is the version, "u" an update that follows it
// without a separator ("p1" of "9.2p1"), "os" a hint at the operating system.
type rule struct {
	kind    string // of text: "http.server", "ssh", "ftp" …
	literal string // must be in the text; "" when nothing fixed is
	pattern string // RE2
	product string
	cpe     string // "vendor:product", or "o:vendor:product" for an operating system; "" when none is registered
	os      string // what the product runs on, if it tells
	samples []sample
}

// sample is a text that a rule must match, and the version that it must tell.
type sample struct{ text, version string }

// match is what a rule told.
type match struct {
	Product, Version, CPE, OS string
}

// ruleSet is the rules of one kind, compiled at first use.
type ruleSet struct {
	rules    []rule
	once     sync.Once
	compiled []*regexp.Regexp
}

func (s *ruleSet) compile() {
	s.compiled = make([]*regexp.Regexp, len(s.rules))
	for i, r := range s.rules {
		s.compiled[i] = regexp.MustCompile(r.pattern) // the tables are constant and tested
	}
}

// rulesByKind is the index of all tables; the lists keep their order.
var rulesByKind = sync.OnceValue(func() map[string]*ruleSet {
	index := map[string]*ruleSet{}
	for _, table := range ruleTables {
		for _, r := range table {
			if index[r.kind] == nil {
				index[r.kind] = &ruleSet{}
			}
			index[r.kind].rules = append(index[r.kind].rules, r)
		}
	}
	return index
})

// tell returns what the first rule of kind that fits says about text.
func tell(kind, text string) (match, bool) {
	set := rulesByKind()[kind]
	if set == nil || text == "" {
		return match{}, false
	}
	set.once.Do(set.compile)
	for i := range set.rules {
		if r := &set.rules[i]; strings.Contains(text, r.literal) {
			if m, ok := r.match(set.compiled[i], text); ok {
				return m, true
			}
		}
	}
	return match{}, false
}

func (r *rule) match(re *regexp.Regexp, text string) (match, bool) {
	groups := re.FindStringSubmatch(text)
	if groups == nil {
		return match{}, false
	}
	m := match{Product: r.product, OS: r.os}
	var version, update string
	for i, name := range re.SubexpNames() {
		switch name {
		case "v":
			version = groups[i]
		case "u":
			update = groups[i]
		case "os":
			if groups[i] != "" {
				m.OS = groups[i]
			}
		}
	}
	m.Version = version + update
	if r.cpe != "" {
		m.CPE = cpe(r.cpe, version, update)
	}
	return m, true
}

// cpe writes a CPE 2.3 formatted string. Name is "vendor:product", of an
// application unless it starts with "o:" or "h:"; version and update may be "".
//
// Source: NISTIR 7695, section 6.2.
func cpe(name, version, update string) string {
	if name == "" {
		return ""
	}
	part := "a"
	if rest, found := strings.CutPrefix(name, "o:"); found {
		part, name = "o", rest
	} else if rest, found := strings.CutPrefix(name, "h:"); found {
		part, name = "h", rest
	}
	return "cpe:2.3:" + part + ":" + name + ":" + cpeValue(version) + ":" + cpeValue(strings.TrimLeft(update, "-.")) + ":*:*:*:*:*:*"
}

func cpeValue(s string) string {
	if s == "" {
		return "*"
	}
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('_')
		case r > ' ' && r < 0x7f:
			b.WriteByte('\\')
			b.WriteRune(r)
		}
	}
	if b.Len() == 1 && b.String() == "-" {
		return `\-`
	}
	return b.String()
}
