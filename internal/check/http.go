package check

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/harrier-scan/harrier"
)

// Reply is an answer of a web server.
type Reply struct {
	Status int
	Line   string // "HTTP/1.1 200 OK"
	Header http.Header
	Body   []byte // at most 64 KiB
}

// Request is a request to a web server. The zero value gets "/".
type Request struct {
	Method string // "" is GET
	Path   string // with its query; "" is "/"
	Header http.Header
	Body   string
}

// Get asks the web server of t for path. It follows no redirect.
func (t Target) Get(ctx context.Context, path string) (Reply, error) {
	return t.HTTP(ctx, Request{Path: path})
}

// HTTP asks the web server of t once, on a connection of its own, and follows
// no redirect.
func (t Target) HTTP(ctx context.Context, q Request) (Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*t.Wait())
	defer cancel()
	scheme := "http"
	if t.Service.TLS {
		scheme = "https"
	}
	if q.Path == "" {
		q.Path = "/"
	}
	url := scheme + "://" + t.authority() + q.Path
	req, err := http.NewRequestWithContext(ctx, q.Method, url, bytes.NewReader([]byte(q.Body)))
	if err != nil {
		return Reply{}, fmt.Errorf("request: %w", err)
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (compatible; Harrier)")
	for name, values := range q.Header {
		req.Header[name] = values
	}
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return t.Dial(ctx, "tcp", t.AddrPort()) },
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ServerName: t.Name, MinVersion: tls.VersionTLS10, CipherSuites: everyCipher()},
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxMessage,
	}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return Reply{}, fmt.Errorf("http: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxMessage))
	if err != nil && len(body) == 0 {
		return Reply{}, fmt.Errorf("http body: %w", err)
	}
	return Reply{resp.StatusCode, resp.Proto + " " + resp.Status, resp.Header, body}, nil
}

// authority is the host part of a URL of t.
func (t Target) authority() string {
	host := t.Name
	if host == "" {
		if !t.Addr.IsValid() {
			return "localhost"
		}
		host = t.Addr.String()
		if t.Addr.Is6() {
			host = "[" + t.Addr.WithZone("").String() + "]"
		}
	}
	usual := uint16(80)
	if t.Service.TLS {
		usual = 443
	}
	if t.Service.Port == usual {
		return host
	}
	return fmt.Sprintf("%s:%d", host, t.Service.Port)
}

// everyCipher also offers what only old servers speak.
func everyCipher() []uint16 {
	var ids []uint16
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, c.ID)
	}
	return ids
}

// Exposed looks for a file or page that should not be public. A file is taken
// as found when the proof holds for it but not for a sibling of a name that
// nobody chose: a server that answers everything alike shows nothing.
//
// It is Unknown when the server fails or throttles, Present with the evidence
// of proof for the first of paths that shows something, and Absent otherwise.
func (t Target) Exposed(ctx context.Context, proof func(Reply) (evidence string, ok bool), paths ...string) (harrier.Verdict, string, error) {
	for _, path := range paths {
		r, err := t.Get(ctx, path)
		if err != nil {
			return harrier.Unknown, "", err
		}
		if r.Status >= 500 || r.Status == http.StatusTooManyRequests {
			return harrier.Unknown, "", fmt.Errorf("GET %s: status %d", path, r.Status)
		}
		evidence, ok := "", false
		if r.Status == http.StatusOK {
			evidence, ok = proof(r)
		}
		if !ok {
			continue
		}
		canary, err := t.Get(ctx, "/"+rand.Text()+path)
		if err != nil {
			return harrier.Unknown, "", fmt.Errorf("canary: %w", err)
		}
		if _, all := proof(canary); all && canary.Status == http.StatusOK {
			continue
		}
		return harrier.Present, fmt.Sprintf("%s\n\n%s", t.URL(path), evidence), nil
	}
	return harrier.Absent, "", nil
}

// URL is the address of path on the web server of t.
func (t Target) URL(path string) string {
	scheme := "http"
	if t.Service.TLS {
		scheme = "https"
	}
	return scheme + "://" + t.authority() + path
}
