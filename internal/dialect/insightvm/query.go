package insightvm

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// query is a request as the routes read it.
type query struct {
	*http.Request
	prefix string // region that came before the path: "/us", or ""
	values url.Values
}

// maxBody is how long a body may be, in bytes; maxDrain how much of a longer one
// is read and thrown away, for clients that write all before they read.
const (
	maxBody  = 4 << 20
	maxDrain = 256 << 20
)

// flag reads a yes or a no, in any case.
func (q *query) flag(name string, usual bool) (bool, error) {
	text := strings.TrimSpace(q.values.Get(name))
	if text == "" {
		return usual, nil
	}
	v, err := kit.ParseBool(text)
	if err != nil {
		return false, invalid("%s: %s", name, err)
	}
	return v, nil
}

// members reads the body as a JSON object. A body that is empty or null has
// none; GET requests have none whatever they carry.
//
// Source: sections 3.2 and 6.1.
func (q *query) members() (map[string]json.RawMessage, error) {
	if q.Method == http.MethodGet || q.Method == http.MethodHead {
		return nil, nil
	}
	body, err := q.body()
	if err != nil || len(body) == 0 {
		return nil, err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(body, &keys); err != nil {
		return nil, malformed(err)
	}
	return keys, nil
}

// body reads a JSON body, without blanks around it; "" for null.
func (q *query) body() ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, q.Body, maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			_, _ = io.CopyN(io.Discard, q.Body, maxDrain) // what it says does not matter
			return nil, errTooLarge
		}
		return nil, &problem{http.StatusRequestTimeout, "The request body ended early.", "", err}
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return nil, nil
	}
	if kind := q.Header.Get("Content-Type"); kind != "" {
		media, _, err := mime.ParseMediaType(kind)
		if err != nil || media != "application/json" && media != "text/json" && !strings.HasSuffix(media, "+json") {
			return nil, errMediaType
		}
	}
	if string(body) == "null" {
		return nil, nil
	}
	return body, nil
}

func malformed(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return invalid("The request body is not valid JSON: %s at byte %d.", syntax.Error(), syntax.Offset)
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			field = "the request body"
		}
		return invalid("The request body is not valid: %s is a %s.", field, kind.Value)
	}
	return invalid("The request body is not valid JSON.")
}

// text reads a member that is text or null.
func text(keys map[string]json.RawMessage, name string) (string, error) {
	raw, ok := keys[name]
	if !ok {
		return "", nil
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", invalid("The request body is not valid: %s is not a string.", name)
	}
	if s == nil {
		return "", nil
	}
	return *s, nil
}

// texts reads a member that is a list of texts, or null.
func texts(keys map[string]json.RawMessage, name string) ([]string, error) {
	raw, ok := keys[name]
	if !ok {
		return nil, nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, invalid("The request body is not valid: %s is not an array of strings.", name)
	}
	return list, nil
}

// whole reads a whole number that is at least least.
func (q *query) whole(name string, usual, least int) (int, error) {
	text := strings.TrimSpace(q.values.Get(name))
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > 1<<31-1 {
		return 0, invalid("%s: %q is not a whole number.", name, shown(text))
	}
	if n < least {
		return 0, invalid("%s: %d is less than %d.", name, n, least)
	}
	return n, nil
}
