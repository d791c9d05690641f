package console

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// BasicTemplate is the uuid of the template "Basic Network Scan".
const BasicTemplate = "731a8e52-3ea6-a291-ec0a-d2ff0619c19d7bd788d6be818b65"

// Client speaks the Nessus API to a console that may be away for a while: it
// asks again until the console answers.
type Client struct {
	t     testing.TB
	base  string
	token string
	name  string
	pass  string
	web   *http.Client
}

// Dial returns a client of the console at addr.
func Dial(t testing.TB, addr string) *Client {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(tr.CloseIdleConnections)
	return &Client{t: t, base: "https://" + addr, web: &http.Client{Transport: tr, Timeout: 15 * time.Second}}
}

// DialBy is Dial for a console that is reached by dial.
func DialBy(t testing.TB, addr string, dial func(ctx context.Context, network, addr string) (net.Conn, error)) *Client {
	t.Helper()
	c := Dial(t, addr)
	if tr, ok := c.web.Transport.(*http.Transport); ok {
		tr.DialContext = dial
	}
	return c
}

// SignIn opens a session.
func (c *Client) SignIn(name, pass string) {
	c.t.Helper()
	c.name, c.pass = name, pass
	var reply struct{ Token string }
	c.Do(http.MethodPost, "/session", map[string]string{"username": name, "password": pass}, &reply)
	c.token = reply.Token
}

// Do sends a request, again and again while the console is away, and decodes
// the answer into reply unless that is nil. An answer other than 200 fails the
// test.
func (c *Client) Do(method, path string, body, reply any) {
	c.t.Helper()
	var err error
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var status int
		var b []byte
		if status, b, err = c.Try(method, path, body); err != nil {
			continue
		}
		if status != http.StatusOK {
			c.t.Fatalf("%s %s = %d %s", method, path, status, b)
		}
		if reply != nil {
			if err := json.Unmarshal(b, reply); err != nil {
				c.t.Fatalf("%s %s answers %q: %v", method, path, b, err)
			}
		}
		return
	}
	c.t.Fatalf("%s %s: no answer for a minute: %v", method, path, err)
}

// Try sends a request once and returns status and body.
func (c *Client) Try(method, path string, body any) (int, []byte, error) {
	c.t.Helper()
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, c.base+path, payload)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("X-Cookie", "token="+c.token)
	}
	res, err := c.web.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// CreateScan makes a scan of the basic template and returns its id.
func (c *Client) CreateScan(name, targets, ports string) int {
	c.t.Helper()
	return c.CreateScanWith(map[string]any{"name": name, "text_targets": targets, "portscan_range": ports})
}

// CreateScanWith creates a scan with further settings and returns its id.
func (c *Client) CreateScanWith(settings map[string]any) int {
	c.t.Helper()
	var reply struct{ Scan struct{ ID int } }
	c.Do(http.MethodPost, "/scans", map[string]any{"uuid": BasicTemplate, "settings": settings}, &reply)
	return reply.Scan.ID
}

// Launch starts a scan and returns the run's uuid.
func (c *Client) Launch(id int) string {
	c.t.Helper()
	var reply struct {
		UUID string `json:"scan_uuid"`
	}
	c.Do(http.MethodPost, fmt.Sprintf("/scans/%d/launch", id), nil, &reply)
	return reply.UUID
}

// Details is what a scan says of itself.
type Details struct {
	Info struct {
		Status    string
		UUID      string
		HostCount int
	}
	Hosts           []Host
	Vulnerabilities []Vulnerability
}

// Host is a host of a scan.
type Host struct {
	ID       int `json:"host_id"`
	Hostname string
}

// Vulnerability is a row of a host's results, or of a scan's.
type Vulnerability struct {
	PluginID   int    `json:"plugin_id"`
	PluginName string `json:"plugin_name"`
	Severity   int
	Count      int
}

// Scan returns the details of a scan.
func (c *Client) Scan(id int) Details {
	c.t.Helper()
	var d Details
	c.Do(http.MethodGet, fmt.Sprintf("/scans/%d", id), nil, &d)
	return d
}

// HostDetails is what a scan says of one host.
type HostDetails struct {
	Vulnerabilities []Vulnerability
}

// Host returns the results of one host.
func (c *Client) Host(scan, host int) HostDetails {
	c.t.Helper()
	var d HostDetails
	c.Do(http.MethodGet, fmt.Sprintf("/scans/%d/hosts/%d", scan, host), nil, &d)
	return d
}

// Wait polls until the scan has ended and returns its details.
func (c *Client) Wait(id int, within time.Duration) Details {
	c.t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(200 * time.Millisecond) {
		d := c.Scan(id)
		switch d.Info.Status {
		case "completed", "canceled", "aborted":
			return d
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("the scan is still %s after %s", d.Info.Status, within)
		}
	}
}

// RedisNoAuth is the number of "Redis answers without a password".
const RedisNoAuth = 900001
