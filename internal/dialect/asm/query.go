package asm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// query is a request, and what it asks for.
type query struct {
	*http.Request
	api     api
	by      harrier.Actor
	session string // the token, where a browser asks
	err     error  // why it is not known who asks
	values  url.Values
	known   map[harrier.ID]harrier.User
}

// id reads a UUID of the path. One that is none names nothing.
func (q *query) id(name string) (harrier.UUID, error) {
	id, err := harrier.ParseUUID(q.PathValue(name))
	if err != nil || id.IsZero() {
		return id, harrier.Errorf(harrier.NotFound, "there is nothing of this id")
	}
	return id, nil
}

// maxList bounds how many values a parameter has.
const maxList = 10_000

// list reads a parameter that is repeated, or has values between commas.
func (q *query) list(name string) ([]string, error) {
	var out []string
	for _, v := range q.values[name] {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
		if len(out) > maxList {
			return nil, invalid(name, "has too many values")
		}
	}
	return out, nil
}

// choices reads a parameter whose values are among some.
func (q *query) choices(name string, among ...string) ([]string, error) {
	list, err := q.list(name)
	for _, v := range list {
		if !slices.Contains(among, v) {
			return nil, invalid(name, strconv.Quote(cut(v))+" is none of "+strings.Join(among, ", "))
		}
	}
	return list, err
}

// one reads a parameter that has one value among some; "" when it is not given.
func (q *query) one(name string, among ...string) (string, error) {
	list, err := q.choices(name, among...)
	if len(list) > 1 {
		err = invalid(name, "is given more than once")
	}
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0], nil
}

// uuids reads a parameter that has UUIDs.
func (q *query) uuids(name string) (map[harrier.UUID]bool, error) {
	list, err := q.list(name)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	out := map[harrier.UUID]bool{}
	for _, v := range list {
		id, err := harrier.ParseUUID(v)
		if err != nil {
			return nil, invalid(name, strconv.Quote(cut(v))+" is no id")
		}
		out[id] = true
	}
	return out, nil
}

// uuid reads a parameter that is one UUID; zero when it is not given.
func (q *query) uuid(name string) (harrier.UUID, error) {
	set, err := q.uuids(name)
	if len(set) > 1 {
		err = invalid(name, "is given more than once")
	}
	for id := range set {
		return id, err
	}
	return harrier.UUID{}, err
}

func (q *query) bool(name string) (bool, error) {
	if !q.values.Has(name) {
		return false, nil
	}
	v, err := strconv.ParseBool(q.values.Get(name))
	if err != nil {
		return false, invalid(name, "is neither true nor false")
	}
	return v, nil
}

// number reads a whole number, also one that is written as a real one.
func (q *query) number(name string, otherwise, least, most int) (int, error) {
	text := q.values.Get(name)
	if text == "" {
		return otherwise, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || f < float64(least) || f > float64(most) {
		return 0, invalid(name, "is no whole number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
	}
	return int(f), nil
}

// lang checks the language that texts are wanted in: there is one.
func (q *query) lang() error {
	_, err := q.one("lang", "en_gb")
	return err
}

func cut(s string) string { return s[:min(len(s), 100)] }

// maxBody is how long a body may be, in bytes.
const maxBody = 1 << 20

// body reads JSON into a struct. Members that it has not are ignored.
func (q *query) body(to any) error {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, q.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		_, _ = io.CopyN(io.Discard, q.Body, 64<<20) // what it says does not matter
		return errTooLarge
	case err != nil:
		return harrier.Errorf(harrier.Invalid, "the body ended early").Because(err)
	case !utf8.Valid(raw):
		return harrier.Errorf(harrier.Invalid, "the body is no UTF-8")
	}
	var kind *json.UnmarshalTypeError
	if err := json.Unmarshal(raw, to); errors.As(err, &kind) && kind.Field != "" {
		field, _, _ := strings.Cut(kind.Field, ".")
		return invalid(field, "is a "+kind.Value)
	} else if err != nil {
		return harrier.Errorf(harrier.Invalid, "the body is no JSON object").Because(err)
	}
	if text := strings.TrimSpace(string(raw)); !strings.HasPrefix(text, "{") {
		return harrier.Errorf(harrier.Invalid, "the body is no JSON object")
	}
	return nil
}

// member is a part of a body that must be given.
type member struct {
	name  string
	value *string
}

// needed answers Invalid for the first of some members that is not given.
func needed(list ...member) error {
	for _, m := range list {
		if m.value == nil {
			return invalid(m.name, "is missing")
		}
	}
	return nil
}

// order is how a list is put into an order by one of its columns.
type order[T any] map[string]func(a, b T) int

// byTime orders by an instant.
func byTime[T any](at func(T) time.Time) func(a, b T) int {
	return func(a, b T) int { return at(a).Compare(at(b)) }
}

func byText[T any](of func(T) string) func(a, b T) int {
	return func(a, b T) int { return cmp.Compare(of(a), of(b)) }
}

// Bounds of pages.
const (
	pageSize = 1000
	maxPage  = 10_000
)

// part is the part of a list that is asked for, in the order of a column.
type part struct {
	limit, offset int
	column        string
	desc          bool
}

// part reads which part of a list is asked for: the first of columns is the usual
// one.
func (q *query) part(columns ...string) (p part, err error) {
	if p.limit, err = q.number("limit", pageSize, 1, maxPage); err != nil {
		return p, err
	}
	if p.offset, err = q.number("offset", 0, 0, math.MaxInt32); err != nil {
		return p, err
	}
	column, err := q.one("order", columns...)
	if err != nil {
		return p, err
	}
	dir, err := q.one("dir", "asc", "desc")
	p.column, p.desc = cmp.Or(column, columns[0]), dir == "desc"
	return p, err
}

// page is the part of a list that is asked for: its columns are those of by, the
// first of columns the usual one.
func page[T any](q *query, list []T, by order[T], columns ...string) ([]T, error) {
	p, err := q.part(columns...)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, by[p.column])
	if p.desc {
		slices.Reverse(list)
	}
	list = list[min(p.offset, len(list)):]
	return list[:min(p.limit, len(list))], nil
}

// made makes a list of what a page has.
func made[T, R any](list []T, f func(T) R) []R {
	out := make([]R, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

// instant is a time as clients read it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// maybe is an instant, or nothing.
func maybe(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := instant(t)
	return &s
}

// noUser stands for somebody who is not known.
const noUser = "00000000-0000-0000-0000-000000000000"

// user is the id of a user.
func (q *query) user(ctx context.Context, id harrier.ID) (string, error) {
	if err := q.people(ctx); err != nil {
		return "", err
	}
	if u, ok := q.known[id]; ok {
		return u.UUID.String(), nil
	}
	return noUser, nil
}

func (q *query) people(ctx context.Context) (err error) {
	if q.known == nil {
		q.known, err = q.api.Identity.People(ctx)
	}
	return err
}

// userDetails are what an expanded user is. Addresses are for those who manage
// users, and are not told here.
type userDetails struct {
	ID         string `json:"id"`
	Email      string `json:"email"`
	Name       string `json:"name"`
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
}

// details is an expanded user, when wanted is set and they are known.
func (q *query) details(ctx context.Context, wanted bool, id harrier.ID) (*userDetails, error) {
	if !wanted {
		return nil, nil
	}
	if err := q.people(ctx); err != nil {
		return nil, err
	}
	u, ok := q.known[id]
	if !ok {
		return nil, nil
	}
	given, family := names(u)
	return &userDetails{u.UUID.String(), "", cmp.Or(u.FullName, u.Name), given, family}, nil
}

// names parts a full name.
func names(u harrier.User) (given, family string) {
	full := strings.TrimSpace(u.FullName)
	if last := u.Given["lastname"]; last != "" {
		return strings.TrimSpace(strings.TrimSuffix(full, last)), last
	}
	i := strings.LastIndexByte(full, ' ')
	if i < 0 {
		return full, ""
	}
	return full[:i], full[i+1:]
}
