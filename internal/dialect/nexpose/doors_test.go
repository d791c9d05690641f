package nexpose_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// get asks a side door, with a form for a POST.
func (c client) get(path string, form url.Values) (int, string) {
	c.t.Helper()
	if form != nil {
		return c.ask(http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	return c.ask(http.MethodGet, path, "")
}

// ask sends a request to a side door, with a header if one is given.
func (c client) ask(method, path, body string, header ...string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("nexposeCCSessionID", c.session)
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply.StatusCode, reply.Header.Get("Location") + string(text)
}

func TestDoors(t *testing.T) {
	c, flaws := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	admin.ok(fmt.Sprintf(`<VulnerabilityExceptionCreateRequest @ vuln-id="%d" reason="Other" scope="All Instances"/>`, flaws[0]))
	filter := func(s string) url.Values {
		return url.Values{"searchCriteria": {s}, "sort": {"assetIP"}, "dir": {"DESC"}, "startIndex": {"0"}, "results": {"2"}, "table-id": {"assetfilter"}}
	}
	in := `{"operator":"AND","criteria":[{"metadata":{"fieldName":"IP_RANGE"},"operator":"IN","values":["192.0.2.1","192.0.2.2"]}]}`
	for _, tt := range []struct {
		path   string
		form   url.Values
		status int
		want   []string
	}{
		{"/", nil, 302, []string{"/login.html"}},
		{"/login.html", nil, 200, []string{"Harrier"}},
		{"/data/asset/filterAssets", filter(""), 200, []string{`"totalRecords":3`, `"rowsPerPage":2`, `"assetIP":"192.0.2.3"`, `"sitePermissions":[{"siteID":1,"siteName":"lab"}]`, `"vulnCount":2`}},
		{"/data/asset/filterAssets", filter(in), 200, []string{`"totalRecords":2`}},
		{"/data/asset/filterAssets", filter(`{"criteria":[{"metadata":{"fieldName":"MOON"},"operator":"IS","values":["x"]}]}`), 400, []string{"MOON"}},
		{"/data/asset/filterAssets", filter(`{`), 400, nil},
		{"/api/3/vulnerability_exceptions?size=500&page=0", nil, 200, []string{`"state":"Under Review"`, `"type":"Global"`, `"rel":"self"`}},
		{"/api/2.0/tags?per_page=2147483647", nil, 200, []string{`"tag_name":"Very High"`}},
		{fmt.Sprint("/data/user/configuration?userid=", c.Admin.User), nil, 200, []string{`allSites="true" allGroups="true"`, "<Sites>", "<Groups/>"}},
		{"/data/user/configuration?userid=999", nil, 404, nil},
		{"/data/user/configuration?userid=x", nil, 400, nil},
	} {
		status, text := admin.get(tt.path, tt.form)
		if status != tt.status {
			t.Errorf("%s = %d %s; want %d", tt.path, status, text, tt.status)
		}
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s = %s; want %s", tt.path, text, want)
			}
		}
	}
	if status, to := (client{t: t, url: c.URL}).get("/api/2.0/tags", nil); status != 302 || !strings.HasPrefix(to, "/login.html") {
		t.Errorf("without a session: %d %s; want the login page", status, to)
	}
}

// TestForeignPages: a browser sends the cookie for every page that asks, so that a
// page from elsewhere must change nothing by it. Programs,
// which send the header, and pages of the console go on.
func TestForeignPages(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	cookie := "nexposeCCSessionID=" + admin.session
	for _, tt := range []struct {
		header, value, cookie string
		status                int
	}{
		{"Sec-Fetch-Site", "cross-site", cookie, 403},
		{"Sec-Fetch-Site", "same-site", cookie, 403},
		{"Origin", "https://evil.example", cookie, 403},
		{"Sec-Fetch-Site", "same-origin", cookie, 200},
		{"Accept", "*/*", cookie, 200},
		{"Origin", "https://other.example", "", 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/data/asset/filterAssets", strings.NewReader("searchCriteria=&results=2"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(tt.header, tt.value)
		if tt.cookie != "" {
			r.Header.Set("Cookie", tt.cookie)
		} else {
			r.Header.Set("nexposeCCSessionID", admin.session)
		}
		reply, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		if reply.StatusCode != tt.status {
			t.Errorf("with %s: %s, by the cookie %v: status %d; want %d", tt.header, tt.value, tt.cookie != "", reply.StatusCode, tt.status)
		}
	}
}
