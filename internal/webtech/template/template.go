// Package template reads technology templates: YAML files, as users have them
// from public collections, that ask a web server for pages and tell by the
// replies what it is made of. They are read as they are.
//
// A template is run whole or not at all: one that has anything that is not
// understood here, that does more than GET and HEAD, or that is of a severity
// other than info, is listed with the reason. Nothing of a template is sent
// unless a user brings it.
//
// Source: the format's public documentation, "Template structure", "HTTP
// protocol", "Matchers", "Extractors" and "Helper functions".
package template

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/harrier-scan/harrier"
)

// maxFile bounds a template; the largest known one has 2 MiB.
const maxFile = 8 << 20

// Template is one template that can be run.
type Template struct {
	ID   string
	Name string // of the technology: the template's name without "detection" and the like
	Tags string

	requests []*request
}

// Skipped is a template that is not run.
type Skipped struct {
	File   string
	Reason string
}

// Set is the templates of a folder.
type Set struct {
	Templates []*Template // by id
	Skipped   []Skipped   // by file
}

// wire structs of the format: fields that are not here make a template one
// that is not understood.
type document struct {
	ID   string `yaml:"id"`
	Info struct {
		Name     string         `yaml:"name"`
		Severity string         `yaml:"severity"`
		Tags     any            `yaml:"tags"`
		Rest     map[string]any `yaml:",inline"`
	} `yaml:"info"`
	HTTP     []request `yaml:"http"`
	Requests []request `yaml:"requests"` // the older name
}

type request struct {
	Method     string            `yaml:"method"`
	Path       []string          `yaml:"path"`
	Headers    map[string]string `yaml:"headers"`
	Redirects  bool              `yaml:"redirects"`
	SameHost   bool              `yaml:"host-redirects"`
	MaxFollow  int               `yaml:"max-redirects"`
	Stop       bool              `yaml:"stop-at-first-match"`
	Condition  string            `yaml:"matchers-condition"`
	Matchers   []*matcher        `yaml:"matchers"`
	Extractors []*extractor      `yaml:"extractors"`
	Payloads   map[string]any    `yaml:"payloads"`

	sends  []Request
	values map[string]string // payloads of one value
}

// Load reads all templates below a folder: files that end in .yaml or .yml.
// Payload files are looked for in the folder and in those above it. It answers
// Invalid when there is no such folder; faults in files are listed in the set.
func Load(dir string) (*Set, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, harrier.Errorf(harrier.Invalid, "%s is not a folder of templates", dir).Because(err)
	}
	s := &Set{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
			return err
		}
		rel, _ := filepath.Rel(dir, name) // below dir, so that it has one
		t, err := readFile(name, helpers(dir))
		if err != nil {
			s.Skipped = append(s.Skipped, Skipped{filepath.ToSlash(rel), err.Error()})
			return nil //nolint:nilerr // it is listed
		}
		s.Templates = append(s.Templates, t)
		return nil
	})
	if err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "%s can not be read", dir).Because(err)
	}
	slices.SortFunc(s.Templates, func(a, b *Template) int { return cmp.Compare(a.ID, b.ID) })
	return s, nil
}

func readFile(name string, open func(string) ([]byte, error)) (*Template, error) {
	if info, err := os.Stat(name); err != nil || info.Size() > maxFile {
		return nil, errors.New("the file is too large or can not be read")
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, errors.New("the file can not be read")
	}
	return Parse(b, open)
}

// helpers returns a reader of payload files for templates below dir.
func helpers(dir string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		name = path.Clean("/" + name)[1:]
		for at, n := dir, 0; n < 4; at, n = filepath.Join(at, ".."), n+1 {
			full := filepath.Join(at, filepath.FromSlash(name))
			if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() && info.Size() <= 64<<10 {
				return os.ReadFile(full)
			}
		}
		return nil, fs.ErrNotExist
	}
}

// Parse reads one template. Open reads a payload file by its name in the
// template; nil means there are none. The error says why it is not run.
func Parse(b []byte, open func(name string) ([]byte, error)) (*Template, error) {
	var d document
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		return nil, notUnderstood(err)
	}
	switch {
	case d.ID == "" || d.Info.Name == "":
		return nil, errors.New("it has no id or no name")
	case d.Info.Severity != "info":
		return nil, fmt.Errorf("its severity is %s, not info", d.Info.Severity)
	case len(d.HTTP)+len(d.Requests) == 0:
		return nil, errors.New("it has no HTTP request")
	}
	t := &Template{ID: d.ID, Name: plainName(d.Info.Name), Tags: fmt.Sprint(d.Info.Tags)}
	for _, r := range append(d.HTTP, d.Requests...) {
		if err := r.prepare(open); err != nil {
			return nil, err
		}
		t.requests = append(t.requests, &r)
	}
	return t, nil
}

// notUnderstood names the first field that is not understood.
func notUnderstood(err error) error {
	text := err.Error()
	if _, after, found := strings.Cut(text, "field "); found {
		if name, _, found := strings.Cut(after, " not found"); found {
			return fmt.Errorf("it has the field %s, which is not understood", name)
		}
	}
	return fmt.Errorf("it can not be read: %.200s", strings.ReplaceAll(text, "\n", " "))
}

// plainName takes the words of a detection out of a name.
func plainName(name string) string {
	for {
		cut := strings.TrimSpace(name)
		for _, word := range []string{"- Detect", "- Detection", "Detection", "Detect", "Detector", "Panel", "Login", "-", "–", ":"} {
			cut = strings.TrimSpace(strings.TrimSuffix(cut, word))
		}
		if cut == name || cut == "" {
			return name
		}
		name = cut
	}
}

func (r *request) prepare(open func(string) ([]byte, error)) error {
	if r.Method = strings.ToUpper(cmp.Or(r.Method, "GET")); r.Method != "GET" && r.Method != "HEAD" {
		return fmt.Errorf("it sends %s", r.Method)
	}
	if r.Condition != "" && r.Condition != "or" && r.Condition != "and" {
		return fmt.Errorf("its matchers-condition is %s", r.Condition)
	}
	if err := r.payloads(open); err != nil {
		return err
	}
	if err := r.paths(); err != nil {
		return err
	}
	names := map[string]bool{}
	for name := range r.values {
		names[name] = true
	}
	for _, e := range r.Extractors {
		if err := e.prepare(names); err != nil {
			return err
		}
		if e.Name != "" {
			names[e.Name] = true
		}
	}
	for _, m := range r.Matchers {
		if err := m.prepare(names); err != nil {
			return err
		}
	}
	if len(r.Matchers) == 0 && len(r.Extractors) == 0 {
		return errors.New("it has neither matchers nor extractors")
	}
	return nil
}

// payloads takes over those of one value, which are no more than constants.
func (r *request) payloads(open func(string) ([]byte, error)) error {
	r.values = map[string]string{}
	for name, p := range r.Payloads {
		var values []string
		switch p := p.(type) {
		case string:
			if open == nil {
				return errors.New("it needs a payload file")
			}
			b, err := open(p)
			if err != nil {
				return fmt.Errorf("its payload file %s is not there", p)
			}
			values = strings.Fields(string(b))
		case []any:
			for _, v := range p {
				values = append(values, fmt.Sprint(v))
			}
		}
		if len(values) != 1 {
			return fmt.Errorf("its payload %s has %d values", name, len(values))
		}
		r.values[name] = values[0]
	}
	return nil
}

// absent stands for a random word of a path.
const absent = "harrier6872absent"

func (r *request) paths() error {
	var header [][2]string
	for _, name := range sortedKeys(r.Headers) {
		value := r.Headers[name]
		if strings.Contains(name+value, "{{") || strings.ContainsAny(name+value, "\r\n") {
			return errors.New("a header has a variable")
		}
		header = append(header, [2]string{name, value})
	}
	follow := 0
	if r.Redirects || r.SameHost {
		follow = min(cmp.Or(r.MaxFollow, maxFollow), maxFollow)
	}
	for _, p := range r.Path {
		rest, ok := strings.CutPrefix(p, "{{BaseURL}}")
		if !ok {
			rest, ok = strings.CutPrefix(p, "{{RootURL}}")
		}
		if rest = strings.ReplaceAll(rest, "{{randstr}}", absent); !ok || strings.Contains(rest, "{{") {
			return fmt.Errorf("the path %s has a variable", p)
		}
		if !strings.HasPrefix(rest, "/") {
			rest = "/" + rest
		}
		if strings.ContainsFunc(rest, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
			return fmt.Errorf("the path %q can not be sent", p)
		}
		r.sends = append(r.sends, Request{Method: r.Method, Path: rest, Header: header, Follow: follow})
	}
	if len(r.sends) == 0 {
		return errors.New("it has no path")
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
