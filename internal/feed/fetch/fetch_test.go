package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

func TestMain(m *testing.M) {
	if at := os.Getenv("HARRIER_TEST_FETCH"); at != "" {
		f, err := New(quick)
		if err == nil {
			_, err = f.Feed(context.Background(), os.Getenv("HARRIER_TEST_DIR"), []feed.Remote{{Name: "a.json", URL: at}})
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// quick does not wait as long as one should.
var quick = Options{Version: "test", Backoff: time.Millisecond, Idle: 10 * time.Second, MaxWait: 2 * time.Second}

// serve answers with each of steps in turn, with the last for ever, and notes the
// requests.
type serve struct {
	*httptest.Server
	mu    sync.Mutex
	steps []http.HandlerFunc
	asked []*http.Request
}

func serving(t *testing.T, steps ...http.HandlerFunc) *serve {
	t.Helper()
	s := &serve{steps: steps}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		s.mu.Lock()
		step := s.steps[min(len(s.asked), len(s.steps)-1)]
		s.asked = append(s.asked, q)
		s.mu.Unlock()
		step(w, q)
	}))
	t.Cleanup(s.Close)
	return s
}

// content answers as a web server does for a file: with ranges and conditions.
func content(etag, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("ETag", etag)
		http.ServeContent(w, q, "", time.Time{}, strings.NewReader(body))
	}
}

// breaking sends n bytes of what it promises and hangs up.
func breaking(etag, body string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = io.WriteString(w, body[:n])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// fetched fetches a.json into dir.
func fetched(t *testing.T, o Options, dir string, r feed.Remote) File {
	t.Helper()
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r.Name = "a.json"
	files, err := f.Feed(t.Context(), dir, []feed.Remote{r})
	if err != nil || len(files) != 1 {
		t.Fatalf("Feed = %v, %v", files, err)
	}
	return files[0]
}

var long = strings.Repeat("0123456789abcdef", 4096)

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []http.HandlerFunc
		want  string // what the file is; "" for none
		fault string // a part of the error; "" for none
		asked int
	}{
		{"plain", []http.HandlerFunc{content(`"1"`, long)}, long, "", 1},
		{"empty", []http.HandlerFunc{content(`"1"`, "")}, "", "", 1},
		{"broken off", []http.HandlerFunc{breaking(`"1"`, long, 1000), content(`"1"`, long)}, long, "", 2},
		{"broken off twice", []http.HandlerFunc{breaking(`"1"`, long, 1000), breaking(`"1"`, long, 10), content(`"1"`, long)}, long, "", 3},
		{"changed between", []http.HandlerFunc{breaking(`"1"`, long, 1000), content(`"2"`, long[1:])}, long[1:], "", 2},
		{"weak etag", []http.HandlerFunc{breaking(`W/"1"`, long, 1000), content(`W/"1"`, long)}, long, "", 2},
		{"always broken off", []http.HandlerFunc{breaking(`"1"`, long, 1000)}, "", "can not be fetched", 6},
		{"no ranges", []http.HandlerFunc{breaking(`"1"`, long, 1000), func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) }}, long, "", 2},
		{"416", []http.HandlerFunc{breaking(`"1"`, long, 1000), status(416), content(`"1"`, long)}, long, "", 3},
		{"wrong range", []http.HandlerFunc{breaking(`"1"`, long, 1000), status(206, "Content-Range", "bytes 5-9/10"), content(`"1"`, long)}, long, "", 3},
		{"no range", []http.HandlerFunc{breaking(`"1"`, long, 1000), status(206), content(`"1"`, long)}, long, "", 3},
		{"206 unasked", []http.HandlerFunc{status(206, "Content-Range", "bytes 0-9/10"), content(`"1"`, long)}, long, "", 2},
		{"206 of another", []http.HandlerFunc{breaking(`"1"`, long, 1000), status(206, "ETag", `"2"`, "Content-Range", fmt.Sprintf("bytes 1000-%d/%d", len(long)-1, len(long))), content(`"2"`, long)}, long, "", 3},
		{"206 too short", []http.HandlerFunc{breaking(`"1"`, long, 1000), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 1000-%d/%d", len(long)-1, len(long)))
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, long[1000:2000])
		}, content(`"1"`, long)}, long, "", 3},
		{"304 unasked", []http.HandlerFunc{status(304), content(`"1"`, long)}, long, "", 2},
		{"busy", []http.HandlerFunc{status(503), status(502), status(429, "Retry-After", "0"), content(`"1"`, long)}, long, "", 4},
		{"busy for ever", []http.HandlerFunc{status(503)}, "", "503", 5},
		{"busy for a day", []http.HandlerFunc{status(429, "Retry-After", "86400")}, "", "429", 1},
		{"gone", []http.HandlerFunc{status(404)}, "", `a.json: the server answers "404 Not Found"`, 1},
		{"forbidden", []http.HandlerFunc{status(403)}, "", "403", 1},
		{"too large", []http.HandlerFunc{status(200, "Content-Length", "99999999")}, "", "larger than 1048576 bytes", 1},
		{"too large without a word", []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
			for w.Write(make([]byte, 1<<16)); ; {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}}, "", "larger than 1048576 bytes", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, dir, o := serving(t, c.steps...), t.TempDir(), quick
			o.MaxBytes = 1 << 20
			got := fetched(t, o, dir, feed.Remote{URL: s.URL})
			if c.fault != "" != (got.Err != nil) || c.fault != "" && !strings.Contains(got.Err.Error(), c.fault) {
				t.Errorf("error %v; want %q", got.Err, c.fault)
			}
			b, err := os.ReadFile(filepath.Join(dir, "a.json"))
			if string(b) != c.want || (err == nil) != (c.fault == "") {
				t.Errorf("file of %d bytes, %v; want %d", len(b), err, len(c.want))
			}
			if len(s.asked) != c.asked {
				t.Errorf("%d requests; want %d", len(s.asked), c.asked)
			}
		})
	}
}

func TestResume(t *testing.T) {
	s := serving(t, breaking(`"1"`, long, 1000), content(`"1"`, long))
	if got := fetched(t, quick, t.TempDir(), feed.Remote{URL: s.URL}); got.Err != nil || !got.Changed || got.Size != int64(len(long)) {
		t.Errorf("got %+v", got)
	}
	if q := s.asked[1]; q.Header.Get("Range") != "bytes=1000-" || q.Header.Get("If-Range") != `"1"` {
		t.Errorf("the second request asks for %q if %q", q.Header.Get("Range"), q.Header.Get("If-Range"))
	}
	if agent := s.asked[0].UserAgent(); agent != "Harrier/test" {
		t.Errorf("user agent %q", agent)
	}
}

func TestConditional(t *testing.T) {
	s, dir := serving(t, content(`"1"`, "one")), t.TempDir()
	first := fetched(t, quick, dir, feed.Remote{URL: s.URL})
	second := fetched(t, quick, dir, feed.Remote{URL: s.URL})
	if !first.Changed || second.Changed || second.Err != nil || second.Size != 3 || second.Fetched.IsZero() {
		t.Errorf("got %+v and %+v; want a change and none", first, second)
	}
	if got := s.asked[1].Header.Get("If-None-Match"); got != `"1"` {
		t.Errorf("the second request has the condition %q", got)
	}
	// A file that somebody took away or cut is fetched again.
	if err := os.WriteFile(filepath.Join(dir, "a.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := fetched(t, quick, dir, feed.Remote{URL: s.URL}); !got.Changed || s.asked[2].Header.Get("If-None-Match") != "" {
		t.Errorf("after it was cut: %+v", got)
	}
	// The same under another ETag is no change; other content is.
	s.steps = []http.HandlerFunc{content(`"2"`, "one")}
	if got := fetched(t, quick, dir, feed.Remote{URL: s.URL}); got.Changed || got.Err != nil {
		t.Errorf("the same content anew: %+v", got)
	}
	s.steps = []http.HandlerFunc{content(`"3"`, "two")}
	if got := fetched(t, quick, dir, feed.Remote{URL: s.URL}); !got.Changed {
		t.Errorf("other content: %+v", got)
	}
	// A failure leaves what is there.
	s.steps = []http.HandlerFunc{breaking(`"4"`, "three", 2)}
	if got := fetched(t, quick, dir, feed.Remote{URL: s.URL}); got.Err == nil || got.Changed || got.Fetched.IsZero() {
		t.Errorf("broken off: %+v", got)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "a.json")); string(b) != "two" {
		t.Errorf("file %q after a failure; want what was there", b)
	}
	// State that is damaged is no state.
	if err := os.WriteFile(filepath.Join(dir, stateName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.steps = []http.HandlerFunc{content(`"4"`, "three")}
	if got := fetched(t, quick, dir, feed.Remote{URL: s.URL}); !got.Changed || got.Err != nil {
		t.Errorf("with damaged state: %+v", got)
	}
}

func TestLastModified(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s, dir := serving(t, func(w http.ResponseWriter, q *http.Request) {
		http.ServeContent(w, q, "", at, strings.NewReader("one"))
	}), t.TempDir()
	fetched(t, quick, dir, feed.Remote{URL: s.URL})
	if got := fetched(t, quick, dir, feed.Remote{URL: s.URL}); got.Changed || got.Err != nil || s.asked[1].Header.Get("If-Modified-Since") != at.Format(http.TimeFormat) {
		t.Errorf("got %+v", got)
	}
}

func TestChecksum(t *testing.T) {
	const sum = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed" // of "one"
	s := serving(t, content(`"1"`, "one"))
	if got := fetched(t, quick, t.TempDir(), feed.Remote{URL: s.URL, SHA256: strings.ToUpper(sum)}); got.Err != nil {
		t.Errorf("the right checksum: %v", got.Err)
	}
	dir := t.TempDir()
	if got := fetched(t, quick, dir, feed.Remote{URL: s.URL, SHA256: strings.Repeat("0", 64)}); harrier.KindOf(got.Err) != harrier.Invalid {
		t.Errorf("the wrong checksum: %v; want Invalid", got.Err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "a.*")); len(left) != 0 {
		t.Errorf("%q left", left)
	}
}

func TestEveryAndOptional(t *testing.T) {
	s, dir := serving(t, content(`"1"`, "one")), t.TempDir()
	r := feed.Remote{URL: s.URL, Every: time.Hour, Optional: true}
	fetched(t, quick, dir, r)
	if got := fetched(t, quick, dir, r); got.Err != nil || got.Changed || got.Fetched.IsZero() || len(s.asked) != 1 {
		t.Errorf("asked again within the hour: %+v", got)
	}
	r.Every = time.Nanosecond
	s.steps = []http.HandlerFunc{status(404)}
	if got := fetched(t, quick, dir, r); got.Err != nil || !got.Missing || len(s.asked) != 2 {
		t.Errorf("an optional file that is missing: %+v", got)
	}
}

func TestNotPublishedAnyMore(t *testing.T) {
	s, dir := serving(t, content(`"1"`, "one")), t.TempDir()
	f, err := New(quick)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	there := func() []string {
		names, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range names {
			names[i] = filepath.Base(names[i])
		}
		return names
	}
	feedOf := func(names ...string) (list []feed.Remote) {
		for _, name := range names {
			list = append(list, feed.Remote{Name: name, URL: s.URL + "/" + name})
		}
		return list
	}
	if err := os.WriteFile(filepath.Join(dir, "mine.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ remotes, want []string }{
		{[]string{"a.json", "b.json"}, []string{"a.json", "b.json", "mine.json", "state.json"}},
		{[]string{"b.json", "c.json"}, []string{"b.json", "c.json", "mine.json", "state.json"}},
	} {
		if _, err := f.Feed(t.Context(), dir, feedOf(step.remotes...)); err != nil {
			t.Fatal(err)
		}
		if got := there(); !slices.Equal(got, step.want) {
			t.Errorf("of %q there are %q; want %q", step.remotes, got, step.want)
		}
	}
	s.steps = []http.HandlerFunc{status(404)}
	if _, err := f.Feed(t.Context(), dir, feedOf("d.json")); err != nil || len(there()) != 4 {
		t.Errorf("after a fault there are %q, %v", there(), err)
	}
}

func TestAddresses(t *testing.T) {
	f, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := New(Options{PlainHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f        *Fetcher
		from, to string
		want     bool
	}{
		{f, "", "https://a.example/x", true},
		{f, "", "http://a.example/x", false},
		{f, "", "http://127.0.0.1:8000/x", true},
		{f, "", "http://[::1]/x", true},
		{f, "", "http://localhost/x", true},
		{f, "", "http://127.0.0.1.a.example/x", false},
		{f, "", "ftp://a.example/x", false},
		{f, "", "file:///etc/passwd", false},
		{f, "", "https://", false},
		{f, "", "https://user:secret@a.example/", true},
		{f, "https://a.example/", "https://user:secret@b.example/", false},
		{f, "https://a.example/", "https://b.example/", true},
		{f, "https://a.example/", "http://a.example/", false},
		{f, "https://a.example/", "http://127.0.0.1/", false},
		{f, "http://127.0.0.1/", "http://127.0.0.1:81/", true},
		{f, "http://127.0.0.1/", "https://a.example/", true},
		{f, "http://127.0.0.1/", "http://a.example/", false},
		{plain, "", "http://a.example/", true},
		{plain, "http://a.example/", "http://b.example/", true},
		{plain, "https://a.example/", "http://b.example/", false},
	} {
		if err := c.f.allowed(c.from, c.to); (err == nil) != c.want {
			t.Errorf("from %q to %q: %v; want %v", c.from, c.to, err, c.want)
		}
	}
}

func TestRedirect(t *testing.T) {
	target := serving(t, content(`"1"`, "one"))
	for _, c := range []struct{ to, fault string }{
		{target.URL, ""},
		{"http://198.51.100.1/", "which is not https"},
		{"/again", "without an end"},
	} {
		s := serving(t, func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, c.to, http.StatusFound) })
		got := fetched(t, quick, t.TempDir(), feed.Remote{URL: s.URL})
		if c.fault == "" && got.Err != nil || c.fault != "" && (got.Err == nil || !strings.Contains(got.Err.Error(), c.fault)) {
			t.Errorf("redirect to %s: %v; want %q", c.to, got.Err, c.fault)
		}
	}
}

// TestHeader: what is sent along reaches the feed's server, also behind a
// redirect within it, and no other: neither by a redirect nor as the next page.
func TestHeader(t *testing.T) {
	other := serving(t, content(`"1"`, "one"))
	s := serving(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/":
			http.Redirect(w, q, "/again", http.StatusFound)
		case "/away":
			http.Redirect(w, q, other.URL, http.StatusFound)
		default:
			_, _ = io.WriteString(w, "one")
		}
	})
	dir := t.TempDir()
	remote := feed.Remote{URL: s.URL + "/", Header: map[string]string{"apiKey": "secret"}}
	for _, at := range []string{"/", "/away"} {
		remote.URL = s.URL + at
		if got := fetched(t, quick, dir, remote); got.Err != nil {
			t.Fatalf("%s: %v", at, got.Err)
		}
	}
	remote.Name, remote.URL = "b.json", s.URL+"/page"
	remote.Next = func(_ io.Reader, at string) (string, error) {
		if at == remote.URL {
			return other.URL + "/page", nil
		}
		return "", nil
	}
	f, err := New(quick)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if files, err := f.Feed(t.Context(), dir, []feed.Remote{remote}); err != nil || len(files) != 2 || files[1].Err != nil {
		t.Fatalf("Feed = %+v, %v; want two pages", files, err)
	}
	for _, q := range s.asked {
		if got := q.Header.Get("apiKey"); got != "secret" {
			t.Errorf("%s was asked with the key %q; want secret", q.URL, got)
		}
	}
	for _, q := range other.asked {
		if q.Header.Get("apiKey") != "" || q.UserAgent() == "" {
			t.Errorf("another server was asked %s with %v; want no key", q.URL, q.Header)
		}
	}
	if len(s.asked) != 4 || len(other.asked) != 2 {
		t.Errorf("%d and %d requests; want 4 and 2", len(s.asked), len(other.asked))
	}
	b, err := os.ReadFile(filepath.Join(dir, stateName))
	if err != nil || bytes.Contains(b, []byte("secret")) {
		t.Errorf("state %s, %v; want no key in it", b, err)
	}
}

func TestPages(t *testing.T) {
	pages := []string{"one 2", "two 3", "three"}
	s := serving(t, func(w http.ResponseWriter, q *http.Request) {
		n := 1
		_, _ = fmt.Sscan(q.URL.Query().Get("page"), &n)
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, pages[n-1]))
		http.ServeContent(w, q, "", time.Time{}, strings.NewReader(pages[n-1]))
	})
	next := func(page io.Reader, _ string) (string, error) {
		b, err := io.ReadAll(page)
		if _, n, ok := strings.Cut(string(b), " "); ok {
			return "?page=" + n, err
		}
		return "", err
	}
	f, err := New(quick)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := t.TempDir()
	remotes := []feed.Remote{{Name: "a.json.txt", URL: s.URL + "/", Next: next, Pause: 20 * time.Millisecond}}
	begin := time.Now()
	files, err := f.Feed(t.Context(), dir, remotes)
	var names []string
	for _, file := range files {
		names = append(names, file.Name)
	}
	if want := []string{"a.json.txt", "a.p2.json.txt", "a.p3.json.txt"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("pages %q, %v; want %q", names, err, want)
	}
	if took := time.Since(begin); took < 40*time.Millisecond {
		t.Errorf("three requests within %v; want pauses of 20ms", took)
	}
	// Pages that are no more are taken away.
	pages[1] = "two"
	if files, err := f.Feed(t.Context(), dir, remotes); err != nil || len(files) != 2 || files[0].Changed || !files[1].Changed {
		t.Errorf("fewer pages: %+v, %v", files, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a.p3.json.txt")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the third page is still there: %v", err)
	}
	for to, fault := range map[string]string{"?page=1": "do not end", "http://198.51.100.1/": "not https", "::": "address"} {
		remotes[0].Next = func(io.Reader, string) (string, error) { return to, nil }
		files, err := f.Feed(t.Context(), dir, remotes)
		if last := files[len(files)-1]; err != nil || last.Err == nil || !strings.Contains(last.Err.Error(), fault) {
			t.Errorf("next page %q: %+v, %v; want %q", to, last, err, fault)
		}
	}
}

func TestIdle(t *testing.T) {
	s := serving(t, func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.WriteString(w, "a")
		_ = http.NewResponseController(w).Flush()
		<-q.Context().Done()
	}, content(`"1"`, "one"))
	o := quick
	o.Idle = 50 * time.Millisecond
	if got := fetched(t, o, t.TempDir(), feed.Remote{URL: s.URL}); got.Err != nil || len(s.asked) != 2 {
		t.Errorf("a silent server: %+v after %d requests", got, len(s.asked))
	}
	o.Total, o.Idle = 50*time.Millisecond, time.Minute
	s = serving(t, s.steps[0])
	if got := fetched(t, o, t.TempDir(), feed.Remote{URL: s.URL}); harrier.KindOf(got.Err) != harrier.Unavailable || !strings.Contains(got.Err.Error(), "did not come within") {
		t.Errorf("a slow server: %v; want Unavailable", got.Err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serving(t, func(_ http.ResponseWriter, q *http.Request) { cancel(); <-q.Context().Done() })
	f, err := New(quick)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files, err := f.Feed(ctx, t.TempDir(), []feed.Remote{{Name: "a", URL: s.URL}, {Name: "b", URL: s.URL}})
	if !errors.Is(err, context.Canceled) || len(files) != 1 {
		t.Errorf("Feed = %v, %v; want the end at the first", files, err)
	}
}

func TestProxy(t *testing.T) {
	s := serving(t, content(`"1"`, "by proxy"))
	o := quick
	o.Proxy, o.PlainHTTP = s.URL, true
	dir := t.TempDir()
	if got := fetched(t, o, dir, feed.Remote{URL: "http://feed.example/x"}); got.Err != nil || s.asked[0].Host != "feed.example" {
		t.Errorf("through a proxy: %+v", got)
	}
	for _, bad := range []string{"proxy:3128", "://", "ftp://x", "http://"} {
		if _, err := New(Options{Proxy: bad}); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("proxy %q: %v; want Invalid", bad, err)
		}
	}
}

func TestNames(t *testing.T) {
	f, err := New(quick)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "../a", "a/b", "state.json", "a.part"} {
		if _, err := f.Feed(t.Context(), t.TempDir(), []feed.Remote{{Name: name, URL: "http://127.0.0.1/"}}); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("name %q: %v; want Invalid", name, err)
		}
	}
}

// TestKill ends a process in the middle of a download; the next goes on there.
func TestKill(t *testing.T) {
	sent := make(chan bool)
	s := serving(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(long)))
		_, _ = io.WriteString(w, long[:30000])
		_ = http.NewResponseController(w).Flush()
		close(sent)
		<-q.Context().Done()
	}, content(`"1"`, long))
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "HARRIER_TEST_FETCH="+s.URL, "HARRIER_TEST_DIR="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-sent
	part := filepath.Join(dir, "a.json"+partSuffix)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(part); err == nil && info.Size() == 30000 {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	got := fetched(t, quick, dir, feed.Remote{URL: s.URL})
	b, err := os.ReadFile(filepath.Join(dir, "a.json"))
	if got.Err != nil || err != nil || string(b) != long {
		t.Errorf("after the kill: %+v, %d bytes, %v", got, len(b), err)
	}
	if asked := s.asked[len(s.asked)-1].Header.Get("Range"); asked != "bytes=30000-" {
		t.Errorf("the next process asks for %q", asked)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "x": 0, "99999999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(in, now); got != want {
			t.Errorf("retryAfter(%q) = %v; want %v", in, got, want)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("bytes 0-9/10", "5", []byte(`{"files":{"a":{"size":1}}}`))
	f.Add("bytes 5-9/*", "Wed, 21 Oct 2015 07:28:00 GMT", []byte("{"))
	f.Fuzz(func(t *testing.T, contentRangeText, after string, stateText []byte) {
		first, total, ok := contentRange(contentRangeText)
		if ok && (first < 0 || total < 0 || total > 0 && first >= total) {
			t.Errorf("contentRange(%q) = %d of %d", contentRangeText, first, total)
		}
		if got := retryAfter(after, time.Now()); got < 0 {
			t.Errorf("retryAfter(%q) = %v", after, got)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, stateName), stateText, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := openState(dir)
		if err != nil || s.Files == nil {
			t.Fatalf("openState = %v", err)
		}
		if err := s.save(); err != nil {
			t.Errorf("save = %v", err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, stateName)); err != nil || !json.Valid(bytes.TrimSpace(b)) {
			t.Errorf("state %q, %v", b, err)
		}
	})
}

func TestHops(t *testing.T) {
	var mu sync.Mutex
	answers := map[string]http.HandlerFunc{}
	var asked []string
	s := serving(t, func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		asked = append(asked, q.URL.Path+" "+q.Header.Get("If-None-Match"))
		answer := answers[q.URL.Path]
		mu.Unlock()
		if answer == nil {
			answer = status(404)
		}
		answer(w, q)
	})
	set := func(pages ...string) {
		clear(answers)
		asked = nil
		for i := 0; i < len(pages); i += 2 {
			answers[pages[i]] = content(fmt.Sprintf("%q", pages[i]), pages[i+1])
		}
	}
	next := func(page io.Reader, at string) (string, error) {
		if strings.HasSuffix(at, ".gz") {
			return "", nil
		}
		b, err := io.ReadAll(page)
		return strings.TrimSpace(string(b)), err
	}
	f, err := New(quick)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := t.TempDir()
	remote := feed.Remote{Name: "notices.gz", URL: s.URL + "/latest/mirror.list", Next: next, Hops: 2}
	get := func() File {
		t.Helper()
		files, err := f.Feed(t.Context(), dir, []feed.Remote{remote})
		if err != nil || len(files) != 1 || files[0].Name != "notices.gz" {
			t.Fatalf("Feed = %+v, %v; want one file", files, err)
		}
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || slices.ContainsFunc(left, func(name string) bool { return strings.Contains(name, indexSuffix) }) {
			t.Errorf("left are %q, %v; want no index page", left, err)
		}
		return files[0]
	}
	set("/latest/mirror.list", "../one/index", "/one/index", "data/first.gz\n", "/one/data/first.gz", "first")
	if got := get(); got.Err != nil || !got.Changed || got.Size != 5 || got.URL != s.URL+"/one/data/first.gz" {
		t.Errorf("got %+v", got)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "notices.gz")); string(b) != "first" {
		t.Errorf("the file is %q, %v; want what the last page leads to", b, err)
	}
	asked = nil
	if got := get(); got.Err != nil || got.Changed {
		t.Errorf("the second time: %+v", got)
	}
	if want := []string{"/latest/mirror.list ", "/one/index ", `/one/data/first.gz "/one/data/first.gz"`}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q; want %q", asked, want)
	}
	// A page that leads elsewhere means another file.
	set("/latest/mirror.list", "../one/index", "/one/index", "data/second.gz", "/one/data/second.gz", "second")
	if got := get(); got.Err != nil || !got.Changed || got.Size != 6 {
		t.Errorf("another file: %+v", got)
	}
	for fault, pages := range map[string][]string{
		"does not tell where": {"/latest/mirror.list", ""},
		"404":                 {"/latest/mirror.list", "../one/index"},
		"not https":           {"/latest/mirror.list", "http://198.51.100.1/"},
		"larger than":         {"/latest/mirror.list", strings.Repeat(" ", maxIndex+1)},
	} {
		set(pages...)
		if got := get(); got.Err == nil || !strings.Contains(got.Err.Error(), fault) || got.Size != 6 || got.Fetched.IsZero() {
			t.Errorf("%s: %+v; want a fault, and what is known of the file before", fault, got)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "notices.gz")); string(b) != "second" {
		t.Errorf("after faults the file is %q, %v", b, err)
	}
	set("/latest/mirror.list", "../one/index")
	remote.Optional = true
	if got := get(); got.Err != nil || !got.Missing {
		t.Errorf("an optional one that is missing on the way: %+v", got)
	}
	remote.Every = time.Hour
	asked = nil
	if got := get(); got.Err != nil || got.Size != 6 || len(asked) != 0 {
		t.Errorf("fresh enough: %+v, asked for %q", got, asked)
	}
}
