package probe

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/webtech"
	"github.com/harrier-scan/harrier/internal/webtech/template"
)

// templateTime bounds how long the templates that a user brings may ask one
// web server.
const templateTime = 2 * time.Minute

// templates asks what the templates of a user want to know.
func (h *web) templates(ctx context.Context) {
	set := h.x.Technologies
	if set == nil || h.x.Gentle || h.x.s.Name != "http" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, templateTime)
	defer cancel()
	n := set.Requests()
	h.left, h.failures = n*2, 0
	h.x.budget.Add(int32(min(n, 10_000)) * 2) //nolint:gosec // bounded
	h.told = set.Run(ctx, h.fetch, func(path string) bool {
		return !strings.HasPrefix(path, "/wp-content/") || h.look.Suspects("WordPress")
	})
}

// fetch sends a request of a template, and goes where it leads on the same
// server if the template wants that.
func (h *web) fetch(ctx context.Context, q template.Request) (*webtech.Reply, bool) {
	r, ok := h.first(ctx, q)
	path := q.Path
	for range q.Follow {
		if !ok {
			break
		}
		u := h.redirect(&webtech.Reply{Path: path, Status: r.status, Header: r.fields})
		if u == nil || !h.here(u) {
			break
		}
		path = u.RequestURI()
		r, ok = h.get(ctx, path)
	}
	return &webtech.Reply{Path: path, Status: r.status, Header: r.fields, Body: r.body}, ok
}

func (h *web) first(ctx context.Context, q template.Request) (httpReply, bool) {
	if q.Method == "GET" && len(q.Header) == 0 {
		return h.get(ctx, q.Path)
	}
	var lines strings.Builder
	for _, f := range q.Header {
		lines.WriteString(f[0] + ": " + f[1] + "\r\n")
	}
	return h.do(ctx, q.Method, q.Path, lines.String())
}

// merged joins what the rules and the templates told. Of two that have the same
// name but for its spelling, the one of the rules stays.
func (h *web) merged() []harrier.Technology {
	out := h.look.Technologies()
	known := map[string]int{}
	for i, t := range out {
		known[plainName(t.Name)] = i
	}
	for _, t := range h.told {
		if i, have := known[plainName(t.Name)]; have {
			if out[i].Certainty < t.Certainty { // implied, and now seen
				out[i].Certainty, out[i].Evidence = t.Certainty, t.Evidence
			}
			continue
		}
		if len(out) < webtech.MaxTechnologies {
			known[plainName(t.Name)] = len(out)
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b harrier.Technology) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// plainName is a name's letters and digits in lower case.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}
