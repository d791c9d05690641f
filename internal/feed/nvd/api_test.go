package nvd

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestAPI: the windows are no longer than NIST takes, leave nothing out, and all
// but the last keep their addresses.
func TestAPI(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)
	list, later := API("")(now), API("")(now.Add(time.Hour))
	end := firstModified
	for i, r := range list {
		u, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		from, err := time.Parse(time.RFC3339, u.Query().Get("lastModStartDate"))
		if err != nil || !from.Equal(end) {
			t.Fatalf("window %d begins at %v, %v; want %v", i, from, err, end)
		}
		until, err := time.Parse(time.RFC3339, u.Query().Get("lastModEndDate"))
		if err != nil || until.Sub(from) > 120*24*time.Hour {
			t.Errorf("window %d is from %v to %v, %v; want 120 days at the most", i, from, until, err)
		}
		end = until.Add(time.Millisecond)
		last := i == len(list)-1
		if (r.Every == 0) != last || (r.URL != later[i].URL) != last {
			t.Errorf("window %d of %d: Every %v, address %s and an hour later %s", i, len(list), r.Every, r.URL, later[i].URL)
		}
		if !Format.Wants(r.Name) || r.Pause != 6*time.Second || r.Header != nil {
			t.Errorf("window %d: %+v; want a file of the Format, a pause of 6 s, no header", i, r)
		}
	}
	if got := end.Add(-time.Millisecond); !got.Equal(now) {
		t.Errorf("the last window ends at %v; want now", got)
	}
	for _, r := range API("secret")(now) {
		if r.Header["apiKey"] != "secret" || r.Pause != 600*time.Millisecond || strings.Contains(r.URL, "secret") {
			t.Errorf("with a key: %+v", r)
		}
	}
}

func TestNext(t *testing.T) {
	at := func(start string) string {
		return "https://services.nvd.nist.gov/rest/json/cves/2.0?resultsPerPage=2000&startIndex=" + start
	}
	for _, c := range []struct{ at, page, want string }{
		{at("0"), `{"resultsPerPage":2000,"startIndex":0,"totalResults":4500,"format":"NVD_CVE","vulnerabilities":[`, at("2000")},
		{at("2000"), `{"format":"x","resultsPerPage":2000,"startIndex":2000,"totalResults":4500}`, at("4000")},
		{at("4000"), `{"resultsPerPage":500,"startIndex":4000,"totalResults":4500}`, ""},
		{at("0"), `{"resultsPerPage":0,"startIndex":0,"totalResults":0,"vulnerabilities":[]}`, ""},
	} {
		if got, err := next(strings.NewReader(c.page), c.at); got != c.want || err != nil {
			t.Errorf("next(%s) = %q, %v; want %q", c.page, got, err, c.want)
		}
	}
	for _, page := range []string{
		"", "[]", `{"resultsPerPage":2000,"startIndex":0}`, `{"resultsPerPage":"x","startIndex":0,"totalResults":1}`,
		`{"resultsPerPage":-1,"startIndex":0,"totalResults":9}`, `{"resultsPerPage":2000,"startIndex":6000,"totalResults":9000}`, `{"resultsPerPage":1,"startIndex":0,"totalResults":99999999}`,
	} {
		if got, err := next(strings.NewReader(page), at("0")); err == nil {
			t.Errorf("next(%s) = %q; want an error", page, got)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add(`{"resultsPerPage":2000,"startIndex":0,"totalResults":4500}`, "https://a/?startIndex=0")
	f.Fuzz(func(t *testing.T, page, at string) {
		got, err := next(strings.NewReader(page), at)
		if again, _ := next(strings.NewReader(page), at); again != got || err != nil && got != "" || got == at && got != "" {
			t.Errorf("next(%q, %q) = %q, %v, and then %q", page, at, got, err, again)
		}
	})
}
