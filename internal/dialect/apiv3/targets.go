package apiv3

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// targetRoutes are what a site scans, with what and how.
//
// Source: section 12, row 14.
func (a *api) targetRoutes() {
	for name, of := range map[string]func(*harrier.Site) *string{
		"included_targets": func(s *harrier.Site) *string { return &s.Targets }, "excluded_targets": func(s *harrier.Site) *string { return &s.Exclude },
	} {
		a.handle("GET /sites/{id}/"+name, func(q *query) (any, error) {
			s, err := a.site(q)
			if err != nil {
				return nil, err
			}
			return obj{"addresses": targetList(*of(&s)), "links": q.self("/sites/" + ident(s.ID) + "/" + name)}, nil
		})
		for method, change := range map[string]func(have, given []string) []string{
			"PUT": func(_, given []string) []string { return given },
			"POST": func(have, given []string) []string {
				for _, g := range given {
					if !slices.Contains(have, g) {
						have = append(have, g)
					}
				}
				return have
			},
			"DELETE": func(have, given []string) []string {
				return slices.DeleteFunc(have, func(h string) bool { return slices.Contains(given, h) })
			},
		} {
			a.handle(method+" /sites/{id}/"+name, a.changeTargets(of, change, method == "POST"))
		}
	}
	a.handle("GET /sites/{id}/scan_engine", a.siteEngine)
	a.handle("PUT /sites/{id}/scan_engine", a.setSiteEngine)
	a.handle("GET /sites/{id}/scan_template", a.siteTemplate)
	a.handle("PUT /sites/{id}/scan_template", a.setSiteTemplate)
}

// changeTargets changes a list of targets by those of the body: plain texts in a
// list, or in an object as the list is shown.
func (a *api) changeTargets(of func(*harrier.Site) *string, change func(have, given []string) []string, add bool) handler {
	return func(q *query) (any, error) {
		s, err := a.site(q)
		if err != nil {
			return nil, err
		}
		body, err := q.bodyText()
		if err != nil {
			return nil, err
		}
		var given []string
		switch {
		case len(body) == 0:
			return nil, harrier.Errorf(harrier.Invalid, "Required request body is missing.")
		case body[0] == '{':
			var b targetsBody
			err = decode(body, &b)
			given = b.Addresses
		default:
			err = decode(body, &given)
		}
		if err != nil {
			return nil, err
		}
		text, err := targetText(given)
		if err != nil {
			return nil, err
		}
		if *of(&s), err = targetText(change(targetList(*of(&s)), targetList(text))); err != nil {
			return nil, err
		}
		if err := a.Sites.Update(q.ctx(), q.by, &s); err != nil {
			return nil, err
		}
		if add {
			return created{s.ID, "/sites/" + ident(s.ID)}, nil
		}
		return q.done()
	}
}

// targetText makes a target list of single targets. It answers Invalid for one
// that is none.
func targetText(list []string) (string, error) {
	var out []string
	for _, t := range list {
		t = strings.ReplaceAll(strings.TrimSpace(t), " - ", "-")
		if t == "" {
			continue
		}
		if strings.ContainsAny(t, ", \t\r\n;") {
			return "", harrier.Invalidf("addresses", "%q is not one target", clip(t))
		}
		if _, err := harrier.ParseTargets(t); err != nil {
			return "", harrier.Invalidf("addresses", "%s", harrier.MessageOf(err))
		}
		out = append(out, t)
	}
	return strings.Join(out, ","), nil
}

// targetList is a target list one by one.
func targetList(text string) []string {
	out := []string{}
	list, err := harrier.ParseTargets(text)
	if err != nil {
		return out // empty
	}
	for _, t := range list {
		switch {
		case !t.IsRange():
			out = append(out, t.String())
		case t.First == t.Last:
			out = append(out, t.First.String())
		default:
			out = append(out, t.First.String()+" - "+t.Last.String())
		}
	}
	return out
}

func (a *api) siteEngine(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	all, err := a.engines(q)
	if err != nil {
		return nil, err
	}
	sites, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	number := all.Of(s)
	if e, err := all.Engine(number); err == nil {
		return a.engineObject(q, all, sites, e), nil
	}
	p, err := all.Pool(number)
	if err != nil {
		return nil, err
	}
	// A pool stands for an engine, in as much as it has what one has.
	return obj{"id": number, "name": p.Name, "status": poolStatus(all, p, a.Now()), "sites": scannedBy(all, sites, number), "links": q.self("/scan_engine_pools/" + ident(number))}, nil
}

// poolStatus is how the best of the engines of a pool stands.
func poolStatus(all words.Crew, p harrier.Pool, now time.Time) string {
	out := engineWords[harrier.EngineUnknown]
	for _, e := range all.Engines {
		if slices.Contains(p.Members, e.ID) {
			if out = engineWords[e.Status(now)]; e.Alive(now) {
				break
			}
		}
	}
	return out
}

func (a *api) setSiteEngine(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	ids, err := q.ids()
	if err != nil {
		return nil, err
	}
	if len(ids) != 1 {
		return nil, harrier.Errorf(harrier.Invalid, "the body must be the id of one engine")
	}
	if err := a.putEngine(q, &s, ids[0]); err != nil {
		return nil, err
	}
	if err := a.Sites.Update(q.ctx(), q.by, &s); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) siteTemplate(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	p, err := a.Policies.Policy(q.ctx(), harrier.System, s.Policy)
	if err != nil {
		return nil, err
	}
	return a.templateNamed(q, words.TemplateOf(s, p))
}

func (a *api) setSiteTemplate(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	id, err := q.text()
	if err != nil {
		return nil, err
	}
	if s.Options.Given == nil {
		s.Options.Given = map[string]string{}
	}
	if err := a.storeTemplate(q, &s, id); err != nil {
		return nil, err
	}
	return q.done()
}

// inside reports whether a target lies in a target list: in one of its ranges or
// networks, or by its name.
func inside(list, target string) bool {
	have, err := harrier.ParseTargets(list)
	if err != nil {
		return false
	}
	want, err := harrier.ParseTargets(target)
	if err != nil || len(want) != 1 {
		return false
	}
	w := want[0]
	return slices.ContainsFunc(have, func(h harrier.Target) bool {
		if !h.IsRange() || !w.IsRange() {
			return strings.EqualFold(h.String(), w.String())
		}
		return sameFamily(h.First, w.First) && h.First.Compare(w.First) <= 0 && w.Last.Compare(h.Last) <= 0
	})
}

func sameFamily(a, b netip.Addr) bool { return a.Is4() == b.Is4() }
