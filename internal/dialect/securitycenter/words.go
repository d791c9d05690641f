package securitycenter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// The API says almost everything in texts.
//
// Source: section 1.2.

// sid is an id, or another count.
func sid[N ~int | ~int64](id N) string { return strconv.FormatInt(int64(id), 10) }

// sbool is a truth value.
func sbool(b bool) string { return strconv.FormatBool(b) }

// stime is an instant; "-1" for never.
func stime(t time.Time) string {
	if t.IsZero() {
		return "-1"
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// stime0 is an instant; "0" for never: of sign-ins, triggers and syncs.
func stime0(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return stime(t)
}

// suuid is the upper-case form of an object's UUID. Hosts have the lower-case
// one, which is String.
func suuid(u harrier.UUID) string { return strings.ToUpper(u.String()) }

// ref names another object.
type ref struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// nullRef names no object: its id is a number, unlike all others.
type nullRef struct {
	ID          int    `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// noRef stands where there is no object to name.
var noRef = nullRef{ID: -1}

// orNoRef is r, or noRef for one without an id.
func orNoRef(r ref) any {
	if r.ID == "" || r.ID == "0" {
		return noRef
	}
	return r
}

// given is a reference in a request: {"id":5}, {"id":"5"}, 5 or "5". Null and
// an empty object or text are 0; -1 is "none".
//
// Source: section 1.3.
type given harrier.ID

// UnmarshalJSON reads any of the forms of a given.
func (g *given) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); bytes.HasPrefix(b, []byte("{")) {
		var o struct {
			ID json.RawMessage `json:"id"`
		}
		if err := json.Unmarshal(b, &o); err != nil {
			return err
		}
		if b = o.ID; len(b) == 0 {
			*g = 0
			return nil
		}
	}
	var n kit.Int
	if err := n.UnmarshalJSON(b); err != nil {
		return err
	}
	*g = given(n)
	return nil
}

// givens is a list of references: a JSON list, a comma separated text, or one
// reference. Null and "" are none.
type givens []given

// UnmarshalJSON reads any of the forms of a givens.
func (g *givens) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case bytes.HasPrefix(b, []byte("[")):
		var list []given
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		*g = list
		return nil
	case bytes.HasPrefix(b, []byte("{")):
		var one given
		err := one.UnmarshalJSON(b)
		*g = givens{one}
		return err
	}
	s, ok := kit.Scalar(b)
	if !ok {
		return fmt.Errorf("no list of ids")
	}
	*g = nil
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not an id", part)
		}
		*g = append(*g, given(n))
	}
	return nil
}

// ids are the ids of g.
func (g givens) ids() []harrier.ID {
	out := make([]harrier.ID, len(g))
	for i, n := range g {
		out[i] = harrier.ID(n)
	}
	return out
}
