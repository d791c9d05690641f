// Package audit reads the frame of .audit files: lists of compliance checks in
// tags, with lines "key : value" between them. It tells what a file is for and
// how many checks it has, and what is wrong with one that can not be read; it
// does not run the checks.
//
//	<check_type:"Unix">
//	<custom_item>
//	  type        : FILE_CHECK
//	  description : "what it is about"
//	</custom_item>
//	</check_type>
package audit

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// Bounds of a file.
const (
	maxDepth = 64
	maxItems = 50_000
)

// File is what a file says of itself.
type File struct {
	Kind  string // of its check_type or group_policy, in lower case: "unix"
	Items int    // checks: item and custom_item
}

// reader goes through a file line by line.
type reader struct {
	File
	line int
	open []string // tags that are not closed yet
}

// Read reads the text of a file. It answers Invalid, naming the line, for one
// that is too large, is no text, or whose tags and quotes do not match.
func Read(text string) (File, error) {
	switch {
	case len(text) > harrier.MaxAudit:
		return File{}, harrier.Errorf(harrier.Invalid, "an audit file is at most %d bytes long", harrier.MaxAudit)
	case !utf8.ValidString(text) || strings.Contains(text, "\x00"):
		return File{}, harrier.Errorf(harrier.Invalid, "an audit file is a text in UTF-8")
	}
	var r reader
	text = strings.TrimPrefix(text, "\ufeff")
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		r.line++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '<':
			if err := r.tags(line); err != nil {
				return File{}, err
			}
		case len(r.open) == 0:
			return File{}, r.bad("%q is outside of every tag", shortened(line))
		default:
			rest, err := r.pair(line, text)
			if err != nil {
				return File{}, err
			}
			text = rest
		}
	}
	switch {
	case len(r.open) > 0:
		return File{}, r.bad("<%s> is not closed", r.open[len(r.open)-1])
	case r.Kind == "":
		return File{}, harrier.Errorf(harrier.Invalid, "an audit file has a <check_type> or a <group_policy>")
	}
	return r.File, nil
}

func (r *reader) bad(format string, args ...any) error {
	return harrier.Errorf(harrier.Invalid, "line %d of the audit file: %s", r.line, fmt.Sprintf(format, args...))
}

func shortened(s string) string {
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "")
	}
	return s
}

// tags reads a line of tags: <name>, <name:"value" other:"value"> and </name>.
func (r *reader) tags(line string) error {
	for line != "" && line[0] == '<' {
		end := tagEnd(line)
		if end < 0 {
			return r.bad("%q has no end", shortened(line))
		}
		if err := r.tag(strings.TrimSpace(line[1:end])); err != nil {
			return err
		}
		line = strings.TrimSpace(line[end+1:])
	}
	if line != "" && line[0] != '#' {
		return r.bad("%q follows a tag", shortened(line))
	}
	return nil
}

// tagEnd is where the tag that line begins with ends; -1: nowhere.
func tagEnd(line string) int {
	quoted := false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case '>':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

func (r *reader) tag(inner string) error {
	if name, closes := strings.CutPrefix(inner, "/"); closes {
		name = strings.TrimSpace(name)
		if len(r.open) == 0 || r.open[len(r.open)-1] != name {
			return r.bad("</%s> closes nothing", shortened(name))
		}
		r.open = r.open[:len(r.open)-1]
		return nil
	}
	at := strings.IndexAny(inner, ": \t")
	name, value := inner, ""
	if at >= 0 {
		name, value = inner[:at], strings.TrimLeft(inner[at:], ": \t")
	}
	if name == "" {
		return r.bad("a tag without a name")
	}
	switch name {
	case "check_type", "group_policy":
		if r.Kind == "" {
			r.Kind = kindOf(name, value)
		}
	case "item", "custom_item":
		if r.Items++; r.Items > maxItems {
			return r.bad("there are more than %d checks", maxItems)
		}
	}
	if r.open = append(r.open, name); len(r.open) > maxDepth {
		return r.bad("tags are more than %d deep", maxDepth)
	}
	return nil
}

// kindOf is what the first value of a check_type names: "Unix". A group policy
// is for Windows.
func kindOf(tag, value string) string {
	if tag == "group_policy" {
		return "windows"
	}
	value = strings.TrimPrefix(value, `"`)
	if end := strings.IndexAny(value, "\" \t"); end >= 0 {
		value = value[:end]
	}
	if value = strings.ToLower(value); value == "" || len(value) > 64 {
		return "unknown"
	}
	return value
}

// pair reads "key : value", whose value may be quoted and then go over several
// lines; it returns what follows of the text.
func (r *reader) pair(line, text string) (string, error) {
	key, value, ok := strings.Cut(line, ":")
	if key = strings.TrimSpace(key); !ok || key == "" || strings.ContainsAny(key, " \t\"'<>") {
		return "", r.bad("%q is no line of a check", shortened(line))
	}
	value = strings.TrimSpace(value)
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return text, nil
	}
	quote, began := value[0], r.line
	for value = value[1:]; !closes(value, quote); {
		if text == "" {
			r.line = began
			return "", r.bad("the value of %s has no end", shortened(key))
		}
		value, text, _ = strings.Cut(text, "\n")
		r.line++
	}
	return text, nil
}

// closes reports whether a line that goes on within quotes ends outside of them.
func closes(line string, quote byte) bool {
	within := true
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\':
			i++
		case line[i] == quote:
			within = !within
		}
	}
	return !within
}
