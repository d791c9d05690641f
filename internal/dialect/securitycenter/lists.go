package securitycenter

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// two is a list as users of an organisation see it.
type two struct {
	Usable     any `json:"usable"`
	Manageable any `json:"manageable"`
}

// pageOfTwo is a part of a two. What it counts are the objects that may be used;
// of the others it shows the same part.
type pageOfTwo struct {
	Total    string `json:"totalRecords"`
	Returned int    `json:"returnedRecords"`
	Start    string `json:"startOffset"`
	End      string `json:"endOffset"`
	two
}

// lists is the answer of a list of objects: for users of the organisation in two
// lists, of what they may use and of what they may edit, for administrators all
// of it in one. The words of the parameter "filter" empty one of the two. Items
// are cut down to fields, sorted by the member sortField, and with paginated only
// those from startOffset to endOffset are shown.
//
// Source: sections 3.1, 3.4 and 3.5.
func lists[T any](by harrier.Actor, q *query, usable, manageable []T, fields []string, always ...string) (any, error) {
	u, m := q.filter("usable"), q.filter("manageable")
	if u && !m {
		manageable = nil
	}
	if m && !u {
		usable = nil
	}
	paged, err := q.truth("paginated")
	if err != nil {
		return nil, err
	}
	start, err := q.number("startOffset", 0)
	if err != nil {
		return nil, err
	}
	end, err := q.number("endOffset", max(start, int64(max(len(usable), len(manageable)))))
	if err != nil {
		return nil, err
	}
	if paged && (start < 0 || end < start) {
		return nil, fault(codeInvalid, 0, "endOffset must not be less than startOffset, and neither less than 0.")
	}
	if isAdmin(by) && len(usable) == 0 {
		usable = manageable
	}
	total := len(usable)
	for _, list := range []*[]T{&usable, &manageable} {
		if err := sortBy(*list, q.param("sortField"), q.param("sortDirection")); err != nil {
			return nil, err
		}
		if paged {
			n := int64(len(*list))
			*list = (*list)[min(start, n):min(end, n)]
		}
	}
	shown := pick(orEmpty(usable), fields, always...)
	if isAdmin(by) {
		return shown, nil
	}
	out := two{shown, pick(orEmpty(manageable), fields, always...)}
	if paged {
		return pageOfTwo{strconv.Itoa(total), len(usable), sid(start), sid(end), out}, nil
	}
	return out, nil
}

// sortBy sorts list by a member of its items, downwards unless direction is ASC:
// numbers by what they are, other texts without regard to case, objects by their
// names, and by their ids for a field such as ownerID. Items that are alike stay
// as they are.
func sortBy[T any](list []T, field, direction string) error {
	if field == "" || len(list) == 0 {
		return nil
	}
	down := true
	switch strings.ToUpper(direction) {
	case "", "DESC":
	case "ASC":
		down = false
	default:
		return harrier.Errorf(harrier.Invalid, "The sort direction '%s' is neither ASC nor DESC.", cut(direction, 32))
	}
	type item struct {
		of  T
		key string
	}
	items := make([]item, len(list))
	for i, of := range list {
		key, ok, err := keyOf(of, field)
		if err != nil {
			return err
		}
		if !ok {
			return fault(codeInvalid, 0, "The sort field '%s' is invalid.", cut(field, 64))
		}
		items[i] = item{of, key}
	}
	slices.SortStableFunc(items, func(a, b item) int {
		c := compareTexts(a.key, b.key)
		if down {
			return -c
		}
		return c
	})
	for i := range items {
		list[i] = items[i].of
	}
	return nil
}

// keyOf is the member of an object that it is sorted by; false where it has none.
func keyOf(of any, field string) (key string, ok bool, err error) {
	text, err := kit.Marshal(of)
	if err != nil {
		return "", false, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return "", false, err
	}
	member := "name"
	raw, ok := members[field]
	if !ok {
		if field, ok = strings.CutSuffix(field, "ID"); ok {
			member = "id"
			raw, ok = members[field]
		}
	}
	if s, single := kit.Scalar(raw); single {
		return s, ok, nil
	}
	var object struct {
		ID       kit.Text `json:"id"`
		Name     kit.Text `json:"name"`
		Username kit.Text `json:"username"`
	}
	if json.Unmarshal(raw, &object) != nil {
		return string(raw), ok, nil //nolint:nilerr // what is no object is sorted by its text
	}
	if member == "id" {
		return string(object.ID), ok, nil
	}
	return string(cmp.Or(object.Name, object.Username, object.ID)), ok, nil
}

// compareTexts compares numbers as numbers and other texts without regard to
// case; numbers come first.
func compareTexts(a, b string) int {
	x, errA := strconv.ParseFloat(a, 64)
	y, errB := strconv.ParseFloat(b, 64)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(x, y)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
}
