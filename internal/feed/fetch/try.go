package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// later is a failure that another try may mend.
type later struct {
	err   error
	after time.Duration // that the server asked to wait; 0: nothing
}

// Error returns the message.
func (l *later) Error() string { return l.err.Error() }

// Unwrap returns what failed.
func (l *later) Unwrap() error { return l.err }

func soon(name string, err error) error {
	var known *harrier.Error
	if errors.As(err, &known) && known.Kind == harrier.Invalid {
		return err // a redirect that is not allowed: no try mends it
	}
	return &later{err: harrier.Errorf(harrier.Unavailable, "%s: it can not be fetched", name).Because(err)}
}

// try is one request for a file.
type try struct {
	f         *Fetcher
	s         *state
	name, url string
	remote    feed.Remote
	size      int64 // that the file has come to
}

// run asks for the file, or for the rest of it, and takes what comes. Changed is
// whether there is another file than before.
func (t *try) run(ctx context.Context) (changed bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return false, harrier.Invalidf("address", "%.200q is no address", t.url)
	}
	q.Header.Set("User-Agent", strings.TrimSuffix("Harrier/"+t.f.o.Version, "/"))
	q.Header.Set("Accept-Encoding", "identity") // a packed file is to come as it is
	if first, err := url.Parse(t.remote.URL); err == nil && sameHost(first, q.URL) {
		for name, value := range t.remote.Header {
			q.Header.Set(name, value)
		}
	}
	offset := t.ask(q.Header)
	res, err := t.f.client.Do(q)
	if err != nil {
		return false, soon(t.name, err)
	}
	defer res.Body.Close()
	idle := time.AfterFunc(t.f.o.Idle, cancel)
	defer idle.Stop()
	switch res.StatusCode {
	case http.StatusNotModified:
		return false, t.same()
	case http.StatusOK:
		return t.take(res, 0, idle)
	case http.StatusPartialContent:
		return t.take(res, offset, idle)
	case http.StatusRequestedRangeNotSatisfiable:
		t.drop()
		return false, soon(t.name, fmt.Errorf("the server has no byte %d of it", offset))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return false, &later{
			err:   harrier.Errorf(harrier.Unavailable, "%s: the server answers %q", t.name, res.Status),
			after: retryAfter(res.Header.Get("Retry-After"), time.Now()),
		}
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return false, soon(t.name, fmt.Errorf("the server answers %q", res.Status))
	}
	fault := harrier.Errorf(harrier.Unavailable, "%s: the server answers %q", t.name, res.Status)
	if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone {
		return false, fault.Because(errMissing)
	}
	return false, fault
}

// errMissing is the cause where a server has no such file.
var errMissing = errors.New("there is no such file")

// ask puts in the header what is here already, and returns from which byte on the
// file is wanted.
func (t *try) ask(h http.Header) int64 {
	if p := t.s.Files[t.name].Part; p != nil && p.URL == t.url && p.Validator != "" {
		if info, err := os.Stat(t.part()); err == nil && info.Size() > 0 {
			h.Set("Range", fmt.Sprintf("bytes=%d-", info.Size()))
			h.Set("If-Range", p.Validator)
			return info.Size()
		}
	}
	if k, ok := t.s.has(t.name, t.url); ok {
		if k.ETag != "" {
			h.Set("If-None-Match", k.ETag)
		}
		if k.Modified != "" {
			h.Set("If-Modified-Since", k.Modified)
		}
	}
	return 0
}

func (t *try) part() string { return t.s.path(t.name) + partSuffix }

// same notes that the file is as it was.
func (t *try) same() error {
	k, ok := t.s.has(t.name, t.url)
	if !ok {
		return soon(t.name, errors.New("the server answers 304 and was not asked for that"))
	}
	k.Checked = time.Now().UTC()
	t.s.Files[t.name] = k
	return t.s.save()
}

// drop forgets what has come of a file.
func (t *try) drop() {
	_ = os.Remove(t.part())
	k := t.s.Files[t.name]
	k.Part = nil
	t.s.Files[t.name] = k
}

// take puts the body of a reply into the part from offset on and, when it is
// whole, in the place of the file.
func (t *try) take(res *http.Response, offset int64, idle *time.Timer) (changed bool, err error) {
	total := int64(0)
	if res.StatusCode == http.StatusPartialContent {
		first, all, ok := contentRange(res.Header.Get("Content-Range"))
		if !ok || first != offset || offset == 0 {
			t.drop()
			return false, soon(t.name, fmt.Errorf("the server sends the bytes %.60q, asked for those from %d on", res.Header.Get("Content-Range"), offset))
		}
		if p := t.s.Files[t.name].Part; p == nil || p.ETag != header(res.Header, "ETag") && res.Header.Get("ETag") != "" {
			t.drop()
			return false, soon(t.name, errors.New("it changed while it came"))
		}
		total = all
	} else if res.ContentLength > 0 {
		total = res.ContentLength
	}
	if total > t.most() {
		return false, t.tooLarge()
	}
	if res.StatusCode == http.StatusOK {
		if err := t.begin(res.Header, total); err != nil {
			return false, err
		}
	}
	size, err := t.write(res.Body, offset, idle)
	if err != nil {
		return false, err
	}
	if total > 0 && size != total {
		if size > total {
			t.drop()
		}
		return false, soon(t.name, fmt.Errorf("%d bytes came of %d", size, total))
	}
	return t.finish()
}

// most is how many bytes the file may have.
func (t *try) most() int64 {
	if strings.HasSuffix(t.name, indexSuffix) {
		return min(t.f.o.MaxBytes, maxIndex)
	}
	return t.f.o.MaxBytes
}

func (t *try) tooLarge() error {
	t.drop()
	return harrier.Invalidf(t.name, "it is larger than %d bytes", t.most())
}

// begin notes what the server says about the file that is to come, before it
// comes: a process that is killed goes on by it.
func (t *try) begin(h http.Header, total int64) error {
	t.drop()
	k := t.s.Files[t.name]
	k.Part = &part{URL: t.url, ETag: header(h, "ETag"), Modified: header(h, "Last-Modified"), Total: total}
	switch {
	case k.Part.ETag != "" && !strings.HasPrefix(k.Part.ETag, "W/"):
		k.Part.Validator = k.Part.ETag
	case k.Part.ETag == "":
		k.Part.Validator = k.Part.Modified
	}
	t.s.Files[t.name] = k
	return t.s.save()
}

// header is a header that is short enough to be kept.
func header(h http.Header, name string) string {
	if v := h.Get(name); len(v) <= 1024 {
		return v
	}
	return ""
}

// write appends a body to the part and returns the size that it then has.
func (t *try) write(body io.Reader, offset int64, idle *time.Timer) (int64, error) {
	f, err := os.OpenFile(t.part(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, unwritable(t.part(), err)
	}
	defer f.Close()
	if err = f.Truncate(offset); err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return 0, unwritable(t.part(), err)
	}
	t.size = offset
	buffer := make([]byte, 64<<10)
	for {
		n, err := body.Read(buffer)
		idle.Reset(t.f.o.Idle)
		t.size += int64(n)
		if t.size > t.most() {
			return 0, t.tooLarge()
		}
		if _, e := f.Write(buffer[:n]); e != nil {
			return 0, unwritable(t.part(), e)
		}
		switch {
		case errors.Is(err, io.EOF):
			if err := f.Sync(); err != nil {
				return 0, unwritable(t.part(), err)
			}
			return t.size, f.Close()
		case err != nil:
			return 0, soon(t.name, err)
		}
	}
}

// finish puts the whole part in the place of the file.
func (t *try) finish() (changed bool, err error) {
	size, sum, err := digest(t.part())
	if err != nil {
		return false, harrier.Errorf(harrier.Unavailable, "%s can not be read", t.part()).Because(err)
	}
	if want := t.remote.SHA256; want != "" && !strings.EqualFold(want, sum) {
		t.drop()
		return false, harrier.Invalidf(t.name, "its SHA-256 is %s, not %.64s as it should be", sum, want)
	}
	before, had := t.s.has(t.name, t.url)
	k := known{URL: t.url, Checked: time.Now().UTC(), Size: size, SHA256: sum}
	if p := t.s.Files[t.name].Part; p != nil {
		k.ETag, k.Modified = p.ETag, p.Modified
	}
	if err := os.Rename(t.part(), t.s.path(t.name)); err != nil {
		return false, unwritable(t.s.path(t.name), err)
	}
	t.s.Files[t.name] = k
	return !had || before.SHA256 != sum, t.s.save()
}

func digest(file string) (int64, string, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// contentRange reads "bytes 100-199/200": where it begins, and how large the whole
// is, 0 for "*". Source: RFC 9110, section 14.4.
func contentRange(s string) (first, total int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, all, ok := strings.Cut(s, "/")
	from, to, dash := strings.Cut(span, "-")
	first, err := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	if !ok || !dash || err != nil || err2 != nil || first < 0 || last < first {
		return 0, 0, false
	}
	if all == "*" {
		return first, 0, true
	}
	total, err = strconv.ParseInt(all, 10, 64)
	return first, total, err == nil && total == last+1
}

// retryAfter reads how long a server wants to be left alone: seconds or a date.
// Source: RFC 9110, section 10.2.3.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil && n >= 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
