package probe

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/webtech"
)

var httpProtocol = Protocol{
	Name: "http", Transport: harrier.TCP,
	Ports: []uint16{
		80, 81, 88, 443, 591, 593, 631, 888, 2375, 2376, 2379, 3000, 3128, 4443, 5000, 5601, 5984, 5985, 5986, 6443, 7001, 7080, 7443, 8000, 8001, 8008, 8042, 8080, 8081, 8082, 8083, 8084,
		8086, 8088, 8090, 8118, 8123, 8180, 8222, 8443, 8444, 8500, 8834, 8880, 8888, 8983, 9000, 9001, 9090, 9091, 9100, 9200, 9443, 10000, 10443, 15672,
	},
	Hello:  func(t Target) []byte { return httpRequest(t, "GET", "/") },
	Done:   httpDone,
	Reply:  isHTTP,
	Banner: isHTTP,
	Learn:  learnHTTP,
}

// httpRequest writes a request that closes its connection.
func httpRequest(t Target, method, path string) []byte {
	return httpRequestWith(t, method, path, "Connection: close\r\n")
}

// httpRequestWith writes a request with further header lines.
func httpRequestWith(t Target, method, path, lines string) []byte {
	host := t.Name
	if host == "" {
		host = t.Addr.Unmap().WithZone("").String()
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.Port != 80 && t.Port != 443 {
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(int(t.Port)))
	}
	return []byte(method + " " + path + " HTTP/1.1\r\nHost: " + host +
		"\r\nUser-Agent: Mozilla/5.0 (compatible; Harrier)\r\nAccept: */*\r\n" + lines + "\r\n")
}

// httpMisplaced are the words by which servers tell that a plain request came
// to a TLS port: TLS is to be asked there instead.
var httpMisplaced = [][]byte{
	[]byte("plain HTTP request was sent to HTTPS port"), []byte("speaking plain HTTP to an SSL-enabled"), []byte("HTTP request to an HTTPS server"),
	[]byte("combination of host and port requires TLS"), []byte("requires TLS"), []byte("Use HTTPS"), []byte("only speaks HTTPS"),
}

func isHTTP(b []byte) bool { return isHTTPReply(b) && !isMisplaced(b) && !isForeignHTTP(b) }

func isHTTPReply(b []byte) bool {
	return bytes.HasPrefix(b, []byte("HTTP/1.")) || bytes.HasPrefix(b, []byte("HTTP/0.9 "))
}

// isMisplaced reports whether a reply tells that it should have been asked
// inside TLS.
func isMisplaced(b []byte) bool {
	return isRefusal(b) && slices.ContainsFunc(httpMisplaced, func(words []byte) bool { return bytes.Contains(b, words) })
}

func isRefusal(b []byte) bool { return bytes.Contains(b[:min(len(b), 32)], []byte(" 400")) }

// doubt is how far an answer to a plain question of HTTP lets one suspect that
// TLS is spoken there.
type doubt uint8

const (
	none   doubt = iota
	faint        // a refusal without a reason, or it leads to TLS elsewhere
	strong       // it asks for TLS, by words or by leading to it at the same port
)

// doubtOf judges a reply that came from a TCP port outside TLS.
func doubtOf(b []byte, port uint16) doubt {
	r, ok := parseHTTP(b)
	if !ok || !isHTTPReply(b) || isForeignHTTP(b) {
		return none
	}
	var to *url.URL
	if r.status/100 == 3 {
		to, _ = url.Parse(r.get("Location")) // nil when it leads nowhere
	}
	secure := to != nil && strings.EqualFold(to.Scheme, "https")
	switch {
	case isMisplaced(b) || secure && cmp.Or(to.Port(), "443") == strconv.Itoa(int(port)):
		return strong
	case isRefusal(b) || secure:
		return faint
	}
	return none
}

// httpDone reports that a reply is complete by its own account.
func httpDone(b []byte) bool {
	if len(b) >= 5 && !bytes.HasPrefix(b, []byte("HTTP/")) {
		return true
	}
	head, body, found := bytes.Cut(b, []byte("\r\n\r\n"))
	if !found {
		return false
	}
	h := parseHTTPHead(head)
	if n, err := strconv.Atoi(h.get("Content-Length")); err == nil && n >= 0 {
		return len(body) >= n
	}
	if strings.EqualFold(h.get("Transfer-Encoding"), "chunked") {
		return bytes.HasSuffix(body, []byte("\r\n0\r\n\r\n")) || bytes.Equal(body, []byte("0\r\n\r\n"))
	}
	return h.status == 204 || h.status == 304
}

// httpReply is a reply taken apart.
type httpReply struct {
	status int
	line   string      // the status line
	block  string      // the raw header block
	fields [][2]string // headers in order
	body   []byte
}

// get returns the first header of a name, in any case.
func (r httpReply) get(name string) string {
	for _, f := range r.fields {
		if strings.EqualFold(f[0], name) {
			return f[1]
		}
	}
	return ""
}

// all returns the values of a name joined by commas.
func (r httpReply) all(name string) string {
	var out []string
	for _, f := range r.fields {
		if strings.EqualFold(f[0], name) {
			out = append(out, f[1])
		}
	}
	return strings.Join(out, ", ")
}

// parseHTTP takes a reply apart, leniently: what is not a header is left out.
func parseHTTP(b []byte) (httpReply, bool) {
	if !bytes.HasPrefix(b, []byte("HTTP/")) {
		return httpReply{}, false
	}
	head, body, found := bytes.Cut(b, []byte("\r\n\r\n"))
	if !found {
		head, body, _ = bytes.Cut(b, []byte("\n\n"))
	}
	r := parseHTTPHead(head)
	r.body = body
	if strings.EqualFold(r.get("Transfer-Encoding"), "chunked") {
		plain, _ := io.ReadAll(io.LimitReader(httputil.NewChunkedReader(bytes.NewReader(body)), webtech.MaxBody)) // what was read before a fault counts
		r.body = plain
	}
	r.body = inflate(r.get("Content-Encoding"), r.body)
	return r, true
}

func parseHTTPHead(head []byte) httpReply {
	var r httpReply
	first, rest, _ := strings.Cut(string(head), "\n")
	r.line, r.block = strings.TrimRight(first, "\r"), string(head)
	if parts := strings.Fields(r.line); len(parts) >= 2 {
		if n, err := strconv.Atoi(parts[1]); err == nil && n >= 100 && n <= 999 {
			r.status = n
		}
	}
	for line := range strings.SplitSeq(rest, "\n") {
		name, value, found := strings.Cut(strings.TrimRight(line, "\r"), ":")
		if found && name != "" && len(r.fields) < 200 {
			r.fields = append(r.fields, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return r
}

func title(body []byte) string { return webtech.Title(body) }

// learnHTTP notes the reply, tells the server's product from it and from its
// own questions, and then what is behind the server.
func learnHTTP(ctx context.Context, x *talk, first []byte, _ bool) {
	r, ok := parseHTTP(first)
	if !ok {
		return
	}
	x.s.Banner = printable([]byte(r.block))
	x.fact("http.status", strconv.Itoa(r.status))
	x.fact("http.server", r.all("Server"))
	x.fact("http.powered_by", r.all("X-Powered-By"))
	x.fact("http.headers", r.block)
	x.fact("http.title", title(r.body))
	x.fact("http.redirect", r.get("Location"))
	x.fact("http.auth", r.all("WWW-Authenticate"))
	x.fact("http.methods", r.all("Allow"))
	if r.status == 401 {
		x.fact("auth.required", "yes")
	}
	h := newWeb(x)
	defer h.close()
	h.keep("/", r)
	h.own(ctx, r)
	h.templates(ctx)
	h.tell()
	x.learnWinRM(ctx)
}
