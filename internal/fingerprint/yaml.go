package fingerprint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/harrier-scan/harrier"
)

// Limits of one file of rules.
const (
	maxRules    = 20000
	maxExamples = 200
)

// wrong is a fault in a file of rules: Invalid, with file and line.
func wrong(file string, line int, format string, args ...any) error {
	return harrier.Errorf(harrier.Invalid, "%s:%d: %s", file, line, fmt.Sprintf(format, args...))
}

// readYAML reads a file in the own format: documents with a kind and its rules.
func readYAML(file string, data []byte, source string) ([]*rule, error) {
	var out []*rule
	docs := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		switch err := docs.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, harrier.Errorf(harrier.Invalid, "%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: ")).Because(err)
		case len(doc.Content) != 1:
			continue
		}
		rules, err := readDocument(file, doc.Content[0], source)
		if err != nil {
			return nil, err
		}
		if out = append(out, rules...); len(out) > maxRules {
			return nil, wrong(file, 1, "more than %d rules", maxRules)
		}
	}
}

var kindPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*(?:[.-][a-z0-9_]+)*$`)

func readDocument(file string, doc *yaml.Node, source string) ([]*rule, error) {
	var kind string
	var list *yaml.Node
	f := fields{file, map[string]func(*yaml.Node) error{
		"kind":  text(file, &kind),
		"notes": text(file, new(string)),
		"rules": func(n *yaml.Node) error { list = n; return nil },
	}}
	if err := f.read(doc); err != nil {
		return nil, err
	}
	if !kindPattern.MatchString(kind) {
		return nil, wrong(file, doc.Line, "kind %q is not a word such as ssh or http.server", kind)
	}
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, wrong(file, doc.Line, "%s has no list of rules", kind)
	}
	out := make([]*rule, 0, len(list.Content))
	for _, n := range list.Content {
		r, err := readRule(file, kind, n, source)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

var idPattern = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

// readRule reads one rule and checks all that can be checked without playing
// its examples.
func readRule(file, kind string, n *yaml.Node, source string) (*rule, error) {
	r := &rule{kind: kind, source: source, file: file, line: n.Line}
	own := &ownMaker{certainty: 90}
	var id, expr, certainty string
	var exprAt int
	f := fields{file, map[string]func(*yaml.Node) error{
		"id":        text(file, &id),
		"match":     func(n *yaml.Node) error { exprAt = n.Line; return text(file, &expr)(n) },
		"contains":  texts(file, &r.contains),
		"product":   text(file, &own.product),
		"vendor":    text(file, &own.vendor),
		"cpe":       text(file, &own.cpe),
		"os":        text(file, &own.os),
		"os_vendor": text(file, &own.osVendor),
		"os_family": text(file, &own.osFamily),
		"os_cpe":    text(file, &own.osCPE),
		"device":    text(file, &own.device),
		"hardware":  text(file, &own.hardware),
		"facts":     pairs(file, &own.facts),
		"certainty": text(file, &certainty),
		"final":     flag(file, &r.final),
		"notes":     text(file, new(string)),
		"examples":  func(n *yaml.Node) (err error) { r.examples, err = readExamples(file, n); return err },
		"not":       texts(file, &r.not),
	}}
	if err := f.read(n); err != nil {
		return nil, err
	}
	if !idPattern.MatchString(id) {
		return nil, wrong(file, n.Line, "id %q is not a word of lower-case letters, digits, dots and dashes", id)
	}
	r.id = kind + "/" + id
	if source != Own {
		r.id = source + "/" + r.id
	}
	r.tells = own
	if expr == "" {
		return nil, wrong(file, n.Line, "rule %s has no match", id)
	}
	tree, err := r.accept(expr)
	if err != nil {
		return nil, wrong(file, exprAt, "rule %s: %s", id, err)
	}
	if certainty != "" {
		if own.certainty, err = strconv.Atoi(certainty); err != nil || own.certainty < 0 || own.certainty > 100 {
			return nil, wrong(file, n.Line, "rule %s: certainty %q is not a number from 0 to 100", id, certainty)
		}
	}
	if err := own.bind(tree.CapNames()); err != nil {
		return nil, wrong(file, exprAt, "rule %s: %s", id, err)
	}
	return r, r.checkExamples(file, id, own)
}

func (r *rule) checkExamples(file, id string, own *ownMaker) error {
	if len(r.examples) == 0 {
		return wrong(file, r.line, "rule %s has no examples", id)
	}
	for _, e := range r.examples {
		if e.want["version"] != "" && own.v < 0 {
			return wrong(file, e.line, "rule %s: the example has a version, but the pattern has no group v", id)
		}
		if e.want["os"] != "" && own.os == "" && own.osGroup < 0 {
			return wrong(file, e.line, "rule %s: the example has an os, but the rule tells none", id)
		}
	}
	return nil
}

func readExamples(file string, n *yaml.Node) ([]example, error) {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxExamples {
		return nil, wrong(file, n.Line, "examples must be a list of at most %d", maxExamples)
	}
	var out []example
	for _, item := range n.Content {
		e := example{line: item.Line, want: map[string]string{"version": ""}}
		into := func(name string) func(*yaml.Node) error {
			return func(n *yaml.Node) error {
				var s string
				err := text(file, &s)(n)
				e.want[name] = s
				return err
			}
		}
		f := fields{file, map[string]func(*yaml.Node) error{
			"text": text(file, &e.text), "version": into("version"), "os": into("os"), "device": into("device"), "cpe": into("cpe"),
			"facts": func(n *yaml.Node) error {
				var facts map[string]string
				err := pairs(file, &facts)(n)
				for k, v := range facts {
					e.want["fact "+k] = v
				}
				return err
			},
		}}
		if err := f.read(item); err != nil {
			return nil, err
		}
		if e.text == "" {
			return nil, wrong(file, item.Line, "an example has no text")
		}
		out = append(out, e)
	}
	return out, nil
}
