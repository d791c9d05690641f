package exchange

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Watch is told of an exchange that went as written: the request and the body
// that it had, the reply and its body.
type Watch func(q *http.Request, sent []byte, r *http.Response, got []byte)

// Run replays every file that fits pattern, each against a server of its own:
// start returns its address and the values that the file may name. It fails for
// a pattern that fits no file.
func Run(t *testing.T, pattern string, start func(t *testing.T) (url string, v Values), watch ...Watch) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob(%q) = %d files, %v; want some", pattern, len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".exchange"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			list, err := Parse(string(text))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if len(list) == 0 {
				t.Fatalf("%s has no exchange", file)
			}
			url, values := start(t)
			for _, e := range list {
				if err := play(t, url, e, values, watch); err != nil {
					t.Fatalf("%s:%d: %s %s %v", file, e.Line, e.Method, values.Fill(e.Path), err)
				}
			}
		})
	}
}

// play makes one exchange, repeatedly where it may take time.
func play(t *testing.T, url string, e Exchange, v Values, watch []Watch) error {
	t.Helper()
	until := time.Now().Add(e.Within)
	for {
		err := once(t, url, e, v, watch)
		if err == nil || !time.Now().Before(until) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// client never follows a redirect: no door may need one.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	Timeout:       90 * time.Second,
}

func once(t *testing.T, url string, e Exchange, v Values, watch []Watch) error {
	t.Helper()
	sent := v.Fill(e.Body)
	q, err := http.NewRequestWithContext(t.Context(), e.Method, url+v.Fill(e.Path), strings.NewReader(sent))
	if err != nil {
		return err
	}
	for _, h := range e.Headers {
		q.Header.Set(h.Name, v.Fill(h.Value))
	}
	r, err := client.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if r.StatusCode != e.Status {
		return fmt.Errorf("= status %d %s; want %d", r.StatusCode, body, e.Status)
	}
	if err := v.Match(e.ReplyBody, string(body)); err != nil {
		return fmt.Errorf("body %w", err)
	}
	for _, h := range e.ReplyHeaders {
		got := strings.Join(r.Header.Values(h.Name), ", ")
		if h.Value == "-" {
			if got != "" {
				return fmt.Errorf("header %s = %q; want none", h.Name, got)
			}
			continue
		}
		if err := v.Match(h.Value, got); err != nil {
			return fmt.Errorf("header %s %w", h.Name, err)
		}
	}
	for _, w := range watch {
		w(q, []byte(sent), r, body)
	}
	return nil
}
