// Package fetch downloads what publishers publish, and no more than what
// changed: it asks with what it was told about the file it has (ETag,
// Last-Modified), goes on where a download broke off, and keeps to the pauses
// that a publisher asks for. Nothing of what a server says is believed: sizes are
// counted, addresses that it sends on to are checked, and a file is there whole or
// as it was before.
//
// A feed's files lie in one folder, with state.json beside them and name.part
// while a file is coming. A process that is killed leaves a part that the next
// one goes on with.
package fetch

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Options are how files are fetched. Zero is the default of each.
type Options struct {
	Proxy     string        // "http://proxy:3128", "socks5://…"; "" is what HTTPS_PROXY and its like say
	PlainHTTP bool          // also http:// to other machines; without, only to this one
	Version   string        // of Harrier, for the name that servers see
	MaxBytes  int64         // of one file; 8 GiB
	Idle      time.Duration // without a byte before a try is given up; 1 minute
	Total     time.Duration // for one file with all tries; 2 hours
	Tries     int           // in a row that come no further; 5
	Backoff   time.Duration // before the second try, doubled for each more; 2 seconds
	MaxWait   time.Duration // that a server may ask for before the next try; 5 minutes
}

func (o Options) filled() Options {
	fill := func(v *time.Duration, to time.Duration) {
		if *v <= 0 {
			*v = to
		}
	}
	fill(&o.Idle, time.Minute)
	fill(&o.Total, 2*time.Hour)
	fill(&o.Backoff, 2*time.Second)
	fill(&o.MaxWait, 5*time.Minute)
	if o.MaxBytes <= 0 {
		o.MaxBytes = 8 << 30
	}
	if o.Tries <= 0 {
		o.Tries = 5
	}
	return o
}

// Fetcher fetches for several feeds, of each one file at a time. Several feeds may
// be fetched at once, into folders of their own.
type Fetcher struct {
	o      Options
	client *http.Client

	mu    sync.Mutex
	asked map[string]time.Time // when a host was last asked
}

// New returns a Fetcher. It answers Invalid for a proxy that is no address.
func New(o Options) (*Fetcher, error) {
	f := &Fetcher{o: o.filled(), asked: map[string]time.Time{}}
	proxy := http.ProxyFromEnvironment
	if o.Proxy != "" {
		u, err := url.Parse(o.Proxy)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			return nil, harrier.Invalidf("proxy", "want an address such as http://proxy.example:3128")
		}
		proxy = http.ProxyURL(u)
	}
	f.client = &http.Client{
		Transport: &http.Transport{
			Proxy: proxy, DisableCompression: true, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, MaxResponseHeaderBytes: 1 << 18,
			IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 30 * time.Second, ResponseHeaderTimeout: f.o.Idle,
		},
		CheckRedirect: f.redirect,
	}
	return f, nil
}

// Close ends the connections that are kept for later.
func (f *Fetcher) Close() { f.client.CloseIdleConnections() }

// File is what became of one file.
type File struct {
	Name    string // in the feed's folder
	URL     string
	Changed bool      // it is another than before
	Fetched time.Time // when the server last said what is in it
	Size    int64
	Missing bool  // an optional one that the server does not have
	Err     error // why it could not be fetched; the file is as it was before
}

// maxPages bounds how many pages a server can lead through.
const maxPages = 20_000

// Feed fetches files into dir, one after the other. A file that can not be had
// does not keep from the others: its File says why. The error is about all: dir
// can not be written, or ctx ended.
func (f *Fetcher) Feed(ctx context.Context, dir string, remotes []feed.Remote) ([]File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(dir, err)
	}
	s, err := openState(dir)
	if err != nil {
		return nil, err
	}
	var out []File
	for _, r := range remotes {
		files, err := f.pages(ctx, s, r)
		out = append(out, files...)
		if err != nil {
			return out, err
		}
	}
	return out, s.keep(out)
}

// pages fetches a file and the pages behind it.
func (f *Fetcher) pages(ctx context.Context, s *state, r feed.Remote) ([]File, error) {
	if !plainName(r.Name) {
		return nil, harrier.Invalidf("name", "%q is no name for a file", r.Name)
	}
	if k, ok := s.Files[r.Name]; ok && r.Hops > 0 && r.Next != nil {
		if k, ok = s.has(r.Name, k.URL); ok && fresh(k, r) { // whatever the way there is now
			return []File{{Name: r.Name, URL: k.URL, Fetched: k.Checked, Size: k.Size}}, nil
		}
	}
	first, fault := f.follow(ctx, s, r)
	if fault != nil {
		return []File{*fault}, ctx.Err()
	}
	var out []File
	seen := map[string]bool{}
	for at := first; at != ""; {
		name := pageName(r.Name, len(out))
		got := f.file(ctx, s, name, at, r)
		out = append(out, got)
		if got.Err != nil || got.Missing || r.Next == nil {
			return out, ctx.Err()
		}
		seen[at] = true
		next, err := f.nextPage(r, s.path(name), at)
		if err == nil && next == "" {
			s.forgetPages(r.Name, len(out))
			return out, s.save()
		}
		if err == nil && (seen[next] || len(out) >= maxPages) {
			err = harrier.Invalidf(name, "its pages do not end")
		}
		if err != nil {
			out[len(out)-1].Err = err
			return out, nil //nolint:nilerr // it is told with the file
		}
		at = next
	}
	return out, nil
}

// maxIndex bounds a page that only names the next one: the index of a repository
// has some tens of kilobytes.
const maxIndex = 16 << 20

// follow goes through the pages that only tell where the file is, and returns its
// address. They are asked for each time and none is kept. Fault is the file when it
// can not be found that way: what was fetched of it before stays.
func (f *Fetcher) follow(ctx context.Context, s *state, r feed.Remote) (at string, fault *File) {
	at = r.URL
	if r.Next == nil {
		return at, nil
	}
	index := feed.Remote{Optional: r.Optional, Pause: r.Pause}
	for range r.Hops {
		name := r.Name + indexSuffix
		got := f.file(ctx, s, name, at, index)
		if got.Err == nil && !got.Missing {
			var next string
			if next, got.Err = f.nextPage(r, s.path(name), at); got.Err == nil && next == "" {
				got.Err = harrier.Invalidf(r.Name, "%.200s does not tell where it is", at)
			}
			at = next
		}
		s.forget(name)
		if got.Err != nil || got.Missing {
			got.Name, got.Fetched, got.Size = r.Name, time.Time{}, 0
			if had, ok := s.Files[r.Name]; ok {
				got.Fetched, got.Size = had.Checked, had.Size
			}
			return "", &got
		}
	}
	return at, nil
}

// nextPage is the address of the page behind one that was fetched, "" for none.
func (f *Fetcher) nextPage(r feed.Remote, file, at string) (string, error) {
	page, err := os.Open(file)
	if err != nil {
		return "", harrier.Errorf(harrier.Unavailable, "%s can not be read", file).Because(err)
	}
	defer page.Close()
	next, err := r.Next(page, at)
	if err != nil || next == "" {
		return "", err
	}
	base, err := url.Parse(at)
	if err != nil {
		return "", err
	}
	to, err := base.Parse(next)
	if err != nil {
		return "", harrier.Invalidf("page", "%.200q is no address", next)
	}
	return to.String(), f.allowed(at, to.String())
}

// plainName reports whether a name is that of a file in a folder.
func plainName(name string) bool {
	return name != "." && name != stateName && filepath.Ext(name) != partSuffix && filepath.Ext(name) != indexSuffix && fs.ValidPath(name) && filepath.Base(name) == name
}

// fresh reports whether what is here is good enough without asking.
func fresh(k known, r feed.Remote) bool { return r.Every > 0 && time.Since(k.Checked) < r.Every }

// file fetches one file, with as many tries as it takes and is worth.
func (f *Fetcher) file(ctx context.Context, s *state, name, at string, r feed.Remote) File {
	out := File{Name: name, URL: at}
	if out.Err = f.allowed("", at); out.Err != nil {
		return out
	}
	if k, ok := s.has(name, at); ok && fresh(k, r) {
		out.Fetched, out.Size = k.Checked, k.Size
		return out
	}
	total, cancel := context.WithTimeout(ctx, f.o.Total)
	defer cancel()
	idle, wait, most := 0, f.o.Backoff, int64(0)
	for {
		if out.Err = f.politely(total, at, r.Pause); out.Err != nil {
			break
		}
		t := try{f: f, s: s, name: name, url: at, remote: r}
		changed, err := t.run(total)
		if err == nil {
			had := s.Files[name]
			out.Changed, out.Fetched, out.Size, out.Err = changed, had.Checked, had.Size, nil
			return out
		}
		if r.Optional && errors.Is(err, errMissing) {
			out.Missing, out.Err = true, nil
			return out
		}
		out.Err = err
		var again *later
		if !errors.As(err, &again) || total.Err() != nil {
			break
		}
		if idle++; t.size > most { // further than any try before
			idle, wait, most = 0, f.o.Backoff, t.size
		}
		if idle >= f.o.Tries {
			break
		}
		pause := wait
		if again.after > 0 {
			pause = again.after
		}
		if pause > f.o.MaxWait {
			break
		}
		if err := sleep(total, pause); err != nil {
			break
		}
		wait = min(2*wait, f.o.MaxWait)
	}
	if had, ok := s.Files[name]; ok {
		out.Fetched, out.Size = had.Checked, had.Size
	}
	switch {
	case ctx.Err() != nil:
		out.Err = ctx.Err()
	case total.Err() != nil:
		out.Err = harrier.Errorf(harrier.Unavailable, "%s: it did not come within %v", name, f.o.Total).Because(out.Err)
	}
	return out
}

// politely waits until a host may be asked again.
func (f *Fetcher) politely(ctx context.Context, at string, pause time.Duration) error {
	u, err := url.Parse(at)
	if err != nil {
		return err
	}
	f.mu.Lock()
	now := time.Now()
	due := now
	if last, ok := f.asked[u.Host]; ok && last.Add(pause).After(now) {
		due = last.Add(pause)
	}
	f.asked[u.Host] = due
	f.mu.Unlock()
	return sleep(ctx, due.Sub(now))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
