package securitycenter

import (
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// pluginType knows active plugins only.
func (t term) pluginType() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var e harrier.Expr = nothing
	for _, s := range list {
		switch s {
		case "active", "all":
			e = everything
		case "compliance", "lce", "passive", "notPassive", "custom":
		default:
			return nil, t.bad("%q is not a type", cut(s, 64))
		}
	}
	return t.negated(e), nil
}

func (t term) families() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var names []any
	for _, s := range list {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, t.bad("%q is not the id of a family", cut(s, 64))
		}
		if name, ok := t.family(n); ok {
			names = append(names, name)
		}
	}
	return t.negated(eq("family", harrier.Eq, names...)), nil
}

func (t term) exploit() (harrier.Expr, error) {
	yes, err := t.truth()
	e := harrier.Or{eq("exploit", harrier.Eq, true), eq("exploited", harrier.Eq, true)}
	if !yes {
		return harrier.Not{Of: e}, err
	}
	return e, err
}

// wordOf reads one of two words for yes and no; "true" and "false" always do.
func wordOf(field, yes, no string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil {
			return nil, err
		}
		switch {
		case strings.EqualFold(s, yes):
			return eq(field, harrier.Eq, true), nil
		case strings.EqualFold(s, no):
			return eq(field, harrier.Eq, false), nil
		}
		b, err := t.truth()
		if err != nil {
			return nil, t.bad("%q is neither %s nor %s", cut(s, 64), yes, no)
		}
		return eq(field, harrier.Eq, b), nil
	}
}

// judged reads "accepted", "notAccepted", "all" and their likes: any word that
// begins with "no" is the opposite.
func judged(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil {
			return nil, err
		}
		switch s = strings.ToLower(s); {
		case s == "" || s == "all":
			return everything, nil
		case strings.HasPrefix(s, "no") || s == "false":
			return eq(field, harrier.Eq, false), nil
		}
		return eq(field, harrier.Eq, true), nil
	}
}

// onlyWords reads one of a few words: those that all has hold for everything,
// the others for nothing.
func onlyWords(all string, others ...string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		switch {
		case err != nil:
			return nil, err
		case slices.Contains(strings.Fields(all), s):
			return everything, nil
		case slices.Contains(others, s):
			return nothing, nil
		}
		return nil, t.bad("%q is none of %s, %s", cut(s, 64), strings.ReplaceAll(all, " ", ", "), strings.Join(others, ", "))
	}
}

// responsibleUsers reads the ids of users: what the asset lists hold that they
// answer for.
func (t term) responsibleUsers() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	out := harrier.Or{}
	for _, s := range list {
		e, err := t.responsible(idOf(s))
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// solution reads "x-12": whatever the solution of plugin 12 mends.
func (t term) solution() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var texts []any
	for _, s := range list {
		n, err := strconv.ParseInt(strings.TrimPrefix(s, "x-"), 10, 32)
		if err != nil {
			return nil, t.bad("%q is not the id of a solution", cut(s, 64))
		}
		if text, ok := t.remedy(harrier.VulnID(n)); ok {
			texts = append(texts, text)
		}
	}
	return eq("solution", harrier.Eq, texts...), nil
}
