package exchange

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Ask sends a request whose answer a test looks at by itself, and returns status
// and body. Headers are names and values in turn. It fails t where there is no
// answer.
func Ask(t testing.TB, method, url, body string, headers ...string) (status int, answer []byte) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	r, err := client.Do(q)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer r.Body.Close()
	if answer, err = io.ReadAll(r.Body); err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return r.StatusCode, answer
}
