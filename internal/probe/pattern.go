package probe

import (
	"regexp"
	"sync"
)

// regex is an expression that is compiled when it is first asked: a program that
// only looks for ports, or prints its version, shall not wait for a hundred of
// them.
type regex struct {
	expr    string
	compile sync.Once
	re      *regexp.Regexp
}

// expressions are all that exist, so that a test can compile them.
var expressions []*regex

// pattern is the regex of an expression that compiles.
func pattern(expr string) *regex {
	r := &regex{expr: expr}
	expressions = append(expressions, r)
	return r
}

func (r *regex) get() *regexp.Regexp {
	r.compile.Do(func() { r.re = regexp.MustCompile(r.expr) })
	return r.re
}

func (r *regex) Match(b []byte) bool                  { return r.get().Match(b) }
func (r *regex) MatchString(s string) bool            { return r.get().MatchString(s) }
func (r *regex) FindString(s string) string           { return r.get().FindString(s) }
func (r *regex) FindStringSubmatch(s string) []string { return r.get().FindStringSubmatch(s) }
func (r *regex) FindSubmatch(b []byte) [][]byte       { return r.get().FindSubmatch(b) }
func (r *regex) FindAllStringSubmatch(s string, n int) [][]string {
	return r.get().FindAllStringSubmatch(s, n)
}

func (r *regex) FindAllSubmatch(b []byte, n int) [][][]byte { return r.get().FindAllSubmatch(b, n) }
