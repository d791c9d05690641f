package fingerprint

import (
	"go.yaml.in/yaml/v3"
)

// maxString bounds one string of a file of rules.
const maxString = 64 << 10

// fields reads a mapping strictly: each key at most once, and none but these.
type fields struct {
	file  string
	known map[string]func(*yaml.Node) error
}

func (f fields) read(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return wrong(f.file, n.Line, "here must be keys with values")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := f.known[key.Value]
		switch {
		case !ok || key.Kind != yaml.ScalarNode:
			return wrong(f.file, key.Line, "the key %.40q is not known", key.Value)
		case seen[key.Value]:
			return wrong(f.file, key.Line, "the key %s is there twice", key.Value)
		}
		seen[key.Value] = true
		if err := read(value); err != nil {
			return err
		}
	}
	return nil
}

// text reads a string or a number, as it is written.
func text(file string, into *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return wrong(file, n.Line, "here must be a text")
		}
		if len(n.Value) > maxString {
			return wrong(file, n.Line, "the text has %d bytes; at most %d are allowed", len(n.Value), maxString)
		}
		*into = n.Value
		return nil
	}
}

func texts(file string, into *[]string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.SequenceNode || len(n.Content) > maxExamples {
			return wrong(file, n.Line, "here must be a list of at most %d texts", maxExamples)
		}
		for _, item := range n.Content {
			var s string
			if err := text(file, &s)(item); err != nil {
				return err
			}
			*into = append(*into, s)
		}
		return nil
	}
}

func pairs(file string, into *map[string]string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.MappingNode || len(n.Content) > 2*maxExamples {
			return wrong(file, n.Line, "here must be keys with texts")
		}
		out := map[string]string{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if _, twice := out[key.Value]; twice || !kindPattern.MatchString(key.Value) {
				return wrong(file, key.Line, "the key %.40q is there twice, or is not a word such as host.name", key.Value)
			}
			var s string
			if err := text(file, &s)(n.Content[i+1]); err != nil {
				return err
			}
			out[key.Value] = s
		}
		*into = out
		return nil
	}
}

func flag(file string, into *bool) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
			return wrong(file, n.Line, "here must be true or false")
		}
		*into = n.Value == "true"
		return nil
	}
}
