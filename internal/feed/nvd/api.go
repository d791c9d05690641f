package nvd

import (
	"errors"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const (
	address = "https://services.nvd.nist.gov/rest/json/cves/2.0"
	perPage = 2000                 // the most that it gives
	window  = 120 * 24 * time.Hour // between two days of modification, the most that it takes

	// The pauses that NIST asks for: 5 requests in 30 seconds, 50 with a key.
	pause        = 6 * time.Second
	pauseWithKey = 600 * time.Millisecond
)

// firstModified is before all days on which an entry was last modified.
var firstModified = time.Date(2002, time.January, 1, 0, 0, 0, 0, time.UTC)

// API is the other way to what NVD has, in the place of the Remotes of Format:
// the API of form 2.0, asked for what was last modified within windows of 120
// days, page by page. An entry that is modified moves to the last window, so that
// those behind only lose entries and need not be asked again; only the last one
// has what is new, and is read over the others. Key is a key of NIST's, or "".
//
// Source: https://nvd.nist.gov/developers/vulnerabilities and .../start-here.
func API(key string) func(now time.Time) []feed.Remote {
	return func(now time.Time) []feed.Remote {
		now = now.UTC()
		var list []feed.Remote
		for from := firstModified; from.Before(now); from = from.Add(window) {
			r := feed.Remote{Name: "nvd-api-" + from.Format(time.DateOnly) + ".json", Next: next, Pause: pause}
			until := from.Add(window - time.Millisecond)
			if until.Before(now) {
				r.Every = 365 * 24 * time.Hour
			} else {
				until = now // with each minute another address: it is asked anew
			}
			r.URL = address + "?" + url.Values{
				"lastModStartDate": {instant(from)}, "lastModEndDate": {instant(until)},
				"resultsPerPage": {strconv.Itoa(perPage)}, "startIndex": {"0"},
			}.Encode()
			if key != "" {
				r.Header, r.Pause = map[string]string{"apiKey": key}, pauseWithKey
			}
			list = append(list, r)
		}
		return list
	}
}

func instant(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

var errTold = errors.New("all is told")

// next is the address of the page behind one.
func next(page io.Reader, at string) (string, error) {
	counts := map[string]int{"startIndex": -1, "resultsPerPage": -1, "totalResults": -1}
	s, told := wire.NewJSON(page, wire.MaxRecord), 0
	err := s.Object(func(key string) error {
		if counts[key] != -1 {
			return s.Skip()
		}
		var n int
		if err := s.Decode(&n); err != nil {
			return err
		}
		counts[key] = n
		if told++; told == len(counts) { // they stand in front of the entries
			return errTold
		}
		return nil
	})
	if !errors.Is(err, errTold) {
		if err == nil {
			err = harrier.Errorf(harrier.Invalid, "a page does not tell which it is")
		}
		return "", err
	}
	start, size, total := counts["startIndex"], counts["resultsPerPage"], counts["totalResults"]
	if start < 0 || size < 0 || total > 10_000_000 {
		return "", harrier.Errorf(harrier.Invalid, "a page of %d entries from %d on, of %d", size, start, total)
	}
	if size == 0 || start+size >= total {
		return "", nil
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", err
	}
	q := u.Query()
	if asked, err := strconv.Atoi(q.Get("startIndex")); err != nil || asked != start {
		return "", harrier.Errorf(harrier.Invalid, "a page from %d on is not the one that was asked for", start)
	}
	q.Set("startIndex", strconv.Itoa(start+size))
	u.RawQuery = q.Encode()
	return u.String(), nil
}
