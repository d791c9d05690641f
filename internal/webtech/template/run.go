package template

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/webtech"
)

// maxFollow bounds how many redirects of one request are followed.
const maxFollow = 5

// Request is one request of a template.
type Request struct {
	Method string      // GET or HEAD
	Path   string      // with its query
	Header [][2]string // beside the usual ones
	Follow int         // redirects to follow on the same host; 0 none
}

func (r Request) key() string {
	return fmt.Sprint(r.Method, " ", r.Path, " ", r.Header, " ", r.Follow)
}

// Fetch sends a request; false when there is no reply.
type Fetch func(ctx context.Context, r Request) (*webtech.Reply, bool)

// Requests counts the different requests that all templates may send to one
// server.
func (s *Set) Requests() int {
	seen := map[string]bool{}
	for _, t := range s.Templates {
		for _, r := range t.requests {
			for _, q := range r.sends {
				seen[q.key()] = true
			}
		}
	}
	return len(seen)
}

// Run asks a web server what the templates want to know, each thing once, and
// returns the technologies that they tell, by name. Wants says whether a path
// is worth asking for; nil asks for all. A template of which a request was not
// answered goes on with its others.
func (s *Set) Run(ctx context.Context, fetch Fetch, wants func(path string) bool) []harrier.Technology {
	views := map[string]*view{}
	get := func(q Request) *view {
		key := q.key()
		v, known := views[key]
		if !known {
			if r, ok := fetch(ctx, q); ok {
				v = newView(r)
			}
			views[key] = v
		}
		return v
	}
	found := map[string]harrier.Technology{}
	for _, t := range s.Templates {
		for _, r := range t.requests {
			for _, q := range r.sends {
				if ctx.Err() != nil {
					return sorted(found)
				}
				if wants != nil && !wants(q.Path) {
					continue
				}
				v := get(q)
				if v == nil {
					continue
				}
				told := t.judge(r, q, v)
				for _, x := range told {
					if have, known := found[x.Name]; !known || have.Version == "" && x.Version != "" {
						found[x.Name] = x
					}
				}
				if len(told) > 0 && r.Stop {
					break
				}
			}
		}
	}
	return sorted(found)
}

func sorted(found map[string]harrier.Technology) []harrier.Technology {
	var out []harrier.Technology
	for _, name := range sortedKeys(found) {
		out = append(out, found[name])
	}
	return out
}

// judge tells what a reply says by the conditions of a request.
func (t *Template) judge(r *request, q Request, v *view) []harrier.Technology {
	v.values = map[string]string{}
	for name, value := range r.values {
		v.values[name] = value
	}
	var taken []string
	for _, e := range r.Extractors {
		for _, text := range e.extract(v) {
			if e.Name != "" && v.values[e.Name] == "" {
				v.values[e.Name] = text
			}
			if !e.Internal {
				taken = append(taken, text)
			}
		}
	}
	var names []string // of matchers that fit
	fits := 0
	for _, m := range r.Matchers {
		if m.match(v) {
			fits++
			names = append(names, m.Name)
		} else if r.Condition == "and" {
			return nil
		}
	}
	if len(r.Matchers) > 0 && fits == 0 || len(r.Matchers) == 0 && len(taken) == 0 {
		return nil
	}
	named := r.Condition != "and" && !r.judgesItself()
	var out []harrier.Technology
	for _, name := range names {
		if !named || name == "" {
			name = t.Name
		}
		if !slices.ContainsFunc(out, func(x harrier.Technology) bool { return x.Name == name }) && len(out) < webtech.MaxTechnologies {
			out = append(out, harrier.Technology{Name: clean(name, 80), Category: "template", Certainty: harrier.Potential, Evidence: evidence(t, q, taken)})
		}
	}
	if len(names) == 0 {
		out = append(out, harrier.Technology{Name: clean(t.Name, 80), Category: "template", Certainty: harrier.Potential, Evidence: evidence(t, q, taken)})
	}
	if len(out) == 1 {
		out[0].Version = version(taken)
	}
	return out
}

// judgesItself reports whether the names of the matchers speak about the state
// of the one technology that the template is about, such as "outdated_version",
// which takes a payload to tell.
func (r *request) judgesItself() bool { return len(r.Payloads) > 0 }

func evidence(t *Template, q Request, taken []string) string {
	text := q.Method + " " + q.Path + ": template " + t.ID
	if len(taken) > 0 {
		text += ": " + strings.Join(taken[:min(len(taken), 4)], ", ")
	}
	return clean(text, 256)
}

var versionPattern = regexp.MustCompile(`^[vV]?(\d{1,9}(?:\.\d{1,9}){1,4}[0-9A-Za-z.+-]{0,24})$`)

// version returns the first extracted text that has the form of a version. An
// address has it too, but is none.
func version(taken []string) string {
	for _, s := range taken {
		if m := versionPattern.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
			if _, err := netip.ParseAddr(m[1]); err != nil {
				return m[1]
			}
		}
	}
	return ""
}

// clean makes one printable line of at most n bytes.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), 4*n)], "."))
	s = strings.Join(strings.Fields(s), " ")
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}

// Reasons counts the skipped templates by reason, the most frequent first.
func (s *Set) Reasons() []string {
	counts := map[string]int{}
	for _, k := range s.Skipped {
		counts[k.Reason]++
	}
	reasons := sortedKeys(counts)
	slices.SortStableFunc(reasons, func(a, b string) int { return cmp.Compare(counts[b], counts[a]) })
	for i, r := range reasons {
		reasons[i] = fmt.Sprintf("%d: %s", counts[r], r)
	}
	return reasons
}
