package update

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines is a format of tests: an id on each line; "bad …" is a bad record, and a
// file that begins with "<" can not be read.
func lines(name string, remotes ...feed.Remote) feed.Format {
	f := feed.Format{
		Name: name, Title: "Lines of " + name, Licence: "CC0-1.0", Class: feed.Vendor,
		Wants: func(leaf string) bool { return strings.HasSuffix(leaf, ".txt") },
		Read: func(_ string, r io.Reader, to feed.Sink) error {
			in := bufio.NewScanner(r)
			for in.Scan() {
				switch line := in.Text(); {
				case strings.HasPrefix(line, "<"):
					return errors.New("not a list")
				case strings.HasPrefix(line, "bad"):
					to.Bad(line, errors.New("it is\x1b[2Jbad"))
				default:
					if err := to.Put(&harrier.Record{Source: name, ID: line}); err != nil {
						return err
					}
				}
			}
			return in.Err()
		},
	}
	if remotes != nil {
		f.Remotes = func(time.Time) []feed.Remote { return remotes }
	}
	return f
}

// plain makes bases that are JSON: source and ID, with the class.
type plain struct{ fail error }

// plainWriter is a base that is being made.
type plainWriter struct {
	plain
	all  map[string]string
	left map[string]bool
}

func (p *plainWriter) Add(class feed.Class, r *harrier.Record) error {
	p.all[r.Source+" "+r.ID] = class.String()
	delete(p.left, r.Source+" "+r.ID)
	return p.fail
}

func (p *plainWriter) Sync(source string) error {
	for key := range p.all {
		if strings.HasPrefix(key, source+" ") {
			p.left[key] = true
		}
	}
	return nil
}

func (p plain) Make(old, path string, fill func(Writer) error, described func() []pack.Source) (Made, error) {
	w := &plainWriter{plain: p, all: map[string]string{}, left: map[string]bool{}}
	if old != "" {
		b, err := os.ReadFile(old)
		if err == nil {
			err = json.Unmarshal(b, &w.all)
		}
		if err != nil {
			return Made{}, err
		}
	}
	if err := fill(w); err != nil {
		return Made{}, err
	}
	for key := range w.left {
		delete(w.all, key)
	}
	b, err := json.Marshal(w.all)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	return Made{Version: fmt.Sprint("v", len(w.all)), Sources: described()}, err
}

// bench is a place and a folder of files to update it from.
type bench struct {
	t    *testing.T
	mu   sync.Mutex // of at: feeds that are fetched at once ask for the time
	at   time.Time
	from string
	Options
}

func newBench(t *testing.T, feeds ...feed.Format) *bench {
	b := &bench{t: t, at: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), from: t.TempDir()}
	b.Options = Options{
		Place: pack.In(t.TempDir()), Feeds: feeds, From: b.from, Make: plain{},
		Fetch: fetch.Options{Backoff: time.Millisecond, Tries: 2},
		Now: func() time.Time {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.at = b.at.Add(time.Second)
			return b.at
		},
	}
	return b
}

func (b *bench) file(name string, body []byte) {
	b.t.Helper()
	name = filepath.Join(b.from, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(name, body, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) run() Report {
	b.t.Helper()
	r, err := Run(b.t.Context(), b.Options)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// holds checks the records in force.
func (b *bench) holds(want ...string) {
	b.t.Helper()
	c, err := b.Place.Load()
	if err != nil {
		b.t.Errorf("Load = %v; want %q", err, want)
		return
	}
	all := map[string]string{}
	text, err := os.ReadFile(c.Base)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(all)); err != nil || !slices.Equal(got, want) {
		b.t.Errorf("in force are %q, %v; want %q", got, err, want)
	}
}

func zipOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = io.WriteString(f, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFromFolder(t *testing.T) {
	b := newBench(t, lines("a"), lines("b"), lines("c"))
	b.file("a/all.zip", zipOf(t, "x/1.txt", "A1\nbad A2\nbad A4\nA3\n", "readme.md", "<no>"))
	b.file("b/b.txt", []byte("B1\n"))
	b.file("other/x.txt", []byte("X\n"))
	got := b.run()
	if len(got.Feeds) != 2 || !got.Changed || got.Manifest.Publisher != "local" || got.Manifest.Version != "v3" || len(got.Manifest.Sources) != 2 {
		t.Errorf("report %+v", got)
	}
	a := got.Feeds[0]
	if a.Files != 1 || a.Changed != 1 || a.Records != 2 || a.Bad != 2 || a.Err != nil || !slices.Equal(a.Reasons, []string{"bad A2: it is [2Jbad", "bad A4: it is [2Jbad"}) {
		t.Errorf("feed %+v", a)
	}
	b.holds("a A1", "a A3", "b B1")
	first := got.Manifest.Sequence

	// Nothing new: nothing is built.
	if got := b.run(); got.Changed || got.Manifest.Sequence != first || got.Feeds[0].Changed != 0 || got.Feeds[0].Read {
		t.Errorf("report when nothing is new %+v", got)
	}
	// One file more: it alone is read.
	b.file("a/more.txt", []byte("A4\n"))
	if got := b.run(); !got.Changed || got.Manifest.Sequence <= first || got.Feeds[0].Changed != 1 || got.Feeds[0].Records != 1 || got.Feeds[1].Records != 0 {
		t.Errorf("report with one file more %+v", got)
	}
	b.holds("a A1", "a A3", "a A4", "b B1")
	// What is not there any more is gone when everything is read again.
	b.file("a/more.txt", []byte("A5\n"))
	b.run()
	b.holds("a A1", "a A3", "a A4", "a A5", "b B1")
	b.Anew = true
	b.run()
	b.holds("a A1", "a A3", "a A5", "b B1")
	// Only one of them.
	b.Anew, b.Only = false, []string{"b"}
	b.file("a/more.txt", []byte("A6\n"))
	b.file("b/b.txt", []byte("B2\n"))
	b.run()
	b.holds("a A1", "a A3", "a A5", "b B1", "b B2")
}

// TestFaults gives what is not to be read: the content before stays in force, and
// the feeds beside it go on.
func TestFaults(t *testing.T) {
	whole := zipOf(t, "1.txt", strings.Repeat("A1\n", 100))
	broken := slices.Clone(whole)
	broken[bytes.Index(whole, []byte("PK\x01\x02"))+16] ^= 0xff // its checksum in the directory
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	if _, err := w.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	bombs := bytes.Repeat(bomb.Bytes(), 256) // 2 GiB
	for _, c := range []struct {
		name string
		body []byte
		want string
	}{
		{"new.zip", whole[:len(whole)-30], "new.zip: it is cut off or no zip file"},
		{"new.zip", broken, "new.zip: 1.txt: it is damaged"},
		{"new.txt.gz", bombs, "new.txt.gz: it unpacks to more than 1 MiB"},
		{"new.txt.gz", []byte("<html>"), "new.txt.gz: it is cut off"},
		{"new.txt", []byte("<html>"), "new.txt: nothing in it can be read"},
		{"new.tar.xz", []byte("xz"), "xz is not read"},
		{"new.zip", zipOf(t, "../1.txt", "A1"), "not clean"},
	} {
		b := newBench(t, lines("a"), lines("b"))
		b.Limits.Leaf = 1 << 20
		b.file("a/"+c.name, c.body)
		if _, err := Run(t.Context(), b.Options); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s as the first: %v; want Invalid with %q", c.name, err, c.want)
		}
		if _, err := b.Place.Load(); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%s as the first: Load = %v; want NotFound", c.name, err)
		}
		if err := os.RemoveAll(filepath.Join(b.from, "a")); err != nil {
			t.Fatal(err)
		}
		b.file("a/old.txt", []byte("A0\n"))
		b.file("b/b.txt", []byte("B0\n"))
		b.run()
		b.file("a/"+c.name, c.body)
		b.file("a/good.txt", []byte("A9\n"))
		b.file("b/b.txt", []byte("B9\n"))
		got := b.run()
		if err := got.Feeds[0].Err; err == nil || !strings.Contains(err.Error(), c.want) || got.Feeds[1].Err != nil {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
		b.holds("a A0", "a A9", "b B0", "b B9")
		// It is tried again, and told again.
		if got := b.run(); got.Feeds[0].Err == nil {
			t.Errorf("%s: the second time nothing is told", c.name)
		}
		b.Anew = true
		b.file("b/b.txt", []byte("B10\n"))
		b.run()
		b.holds("a A0", "a A9", "b B0", "b B9", "b B10")
		if left, _ := os.ReadDir(filepath.Join(b.Place.Dir(), "build")); len(left) != 0 {
			t.Errorf("%s: %d files left", c.name, len(left))
		}
	}
}

func TestTrouble(t *testing.T) {
	b := newBench(t, lines("a"))
	if _, err := Run(t.Context(), b.Options); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("an empty folder: %v; want Invalid", err)
	}
	b.file("a/a.txt", []byte("A1\n"))
	b.run()
	b.file("a/a.txt", []byte("A2\n"))

	b.Make = plain{fail: errors.New("disk full")}
	if _, err := Run(t.Context(), b.Options); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("a full disk: %v", err)
	}
	b.Make = plain{}
	b.holds("a A1")
	b.Only = []string{"z"}
	if _, err := Run(t.Context(), b.Options); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), `no feed "z"`) {
		t.Errorf("an unknown feed: %v; want Invalid", err)
	}
	b.Only = nil
	release, err := b.Place.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), b.Options); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("a second update: %v; want Conflict", err)
	}
	release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, b.Options); !errors.Is(err, context.Canceled) {
		t.Errorf("when it is to end: %v; want Canceled", err)
	}
	b.holds("a A1")
	// Content that was tampered with is not built upon.
	c, err := b.Place.Load()
	if err == nil {
		err = os.Chmod(c.Base, 0o600)
	}
	if err == nil {
		err = os.WriteFile(c.Base, []byte(`{"a EVIL":""}`), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.run()
	b.holds("a A2")
}

func TestNetwork(t *testing.T) {
	bodies := map[string]string{"/a": "A1\n", "/b": "B1\n"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, ok := bodies[q.URL.Path]
		if !ok {
			http.NotFound(w, q)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf("%q", strings.TrimSpace(body)))
		http.ServeContent(w, q, "", time.Time{}, strings.NewReader(body))
	}))
	defer s.Close()
	b := newBench(t, lines("a", feed.Remote{Name: "a.txt", URL: s.URL + "/a"}), lines("b", feed.Remote{Name: "b.txt", URL: s.URL + "/b"}), lines("files only"))
	b.From = ""
	first := b.run()
	b.holds("a A1", "b B1")
	if len(first.Feeds) != 2 || first.Manifest.Sources[0].Fetched.IsZero() {
		t.Errorf("report %+v", first)
	}
	// Nothing new is told as of today.
	b.at = b.at.Add(10 * 24 * time.Hour)
	again := b.run()
	if again.Changed || !again.Manifest.Created.After(first.Manifest.Created) || again.Manifest.Sequence <= first.Manifest.Sequence || again.Manifest.SHA256 != first.Manifest.SHA256 {
		t.Errorf("manifest when nothing is new %+v", again.Manifest)
	}
	// What a publisher has taken out is gone; the others' files are not read for it.
	bodies["/a"] = "A2\n"
	if got := b.run(); got.Feeds[1].Records != 0 || got.Anew {
		t.Errorf("more was read than has changed: %+v", got.Feeds)
	}
	b.holds("a A2", "b B1")
	// A page that is no feed takes nothing away.
	bodies["/a"] = "<html>"
	if got := b.run(); got.Feeds[0].Err == nil || got.Changed {
		t.Errorf("a page that is no feed: %+v", got)
	}
	bodies["/b"] = "B3\n"
	if got := b.run(); got.Feeds[0].Err == nil || !got.Changed {
		t.Errorf("a page that is no feed, and other news: %+v", got)
	}
	b.holds("a A2", "b B3")
	b.Anew = true
	bodies["/b"] = "B1\n"
	if got := b.run(); got.Feeds[0].Err == nil || got.Anew {
		t.Errorf("a page that is no feed, anew: %+v", got)
	}
	b.holds("a A2", "b B1")
	bodies["/a"] = "A3\n"
	if got := b.run(); !got.Anew {
		t.Errorf("anew: %+v", got)
	}
	b.holds("a A3", "b B1")
	b.Anew = false
	// A publisher that fails leaves the others.
	delete(bodies, "/a")
	bodies["/b"] = "B2\n"
	got := b.run()
	if err := got.Feeds[0].Err; err == nil || !strings.Contains(err.Error(), "404") || got.Feeds[1].Err != nil {
		t.Errorf("feeds %+v", got.Feeds)
	}
	b.holds("a A3", "b B2")
	// Content from elsewhere is built upon, not thrown away.
	publisher := newBench(t, lines("far"))
	publisher.at = b.at.Add(time.Hour)
	publisher.file("far/far.txt", []byte("F1\n"))
	publisher.run()
	c, err := publisher.Place.Load()
	if err != nil {
		t.Fatal(err)
	}
	key, err := publisher.Place.Key()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "far.pack")
	if _, err := pack.Write(file, c, key, "far"); err != nil {
		t.Fatal(err)
	}
	if err := b.Place.Trust(key.Public()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Place.Import(file, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	b.at = b.at.Add(30 * 24 * time.Hour)
	bodies["/a"] = "A4\n"
	b.run()
	b.holds("far F1", "a A4", "b B2")
}

// TestSourceOfAnotherFeed: a format may give records in the name of another feed,
// whose word they are then.
func TestSourceOfAnotherFeed(t *testing.T) {
	two := lines("two")
	two.Class = feed.CNA
	two.Read = func(_ string, _ io.Reader, to feed.Sink) error {
		for _, source := range []string{"", "one", "three"} {
			if err := to.Put(&harrier.Record{Source: source, ID: "X"}); err != nil {
				return err
			}
		}
		return nil
	}
	b := newBench(t, lines("one"), two)
	b.file("two/x.txt", nil)
	got := map[string]string{}
	for _, s := range b.run().Manifest.Sources {
		got[s.Name] = s.Title + ", " + s.Class
	}
	want := map[string]string{"one": "Lines of one, vendor", "two": "Lines of two, cna", "three": "Lines of two, cna"}
	if !maps.Equal(got, want) {
		t.Errorf("sources %q; want %q", got, want)
	}
}
