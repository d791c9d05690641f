package probe

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/webtech"
	"github.com/harrier-scan/harrier/internal/webtech/template"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// site is a web server for tests: answers by path; what it was asked is noted.
type site struct {
	pages map[string]string // a whole reply, or a body that is sent with status 200
	mu    sync.Mutex
	asked []string // guarded by mu
}

func (s *site) serve(c net.Conn) {
	b := make([]byte, 4096)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		line, _, _ := strings.Cut(string(b[:n]), "\r\n")
		method, rest, _ := strings.Cut(line, " ")
		path, _, _ := strings.Cut(rest, " ")
		key := path
		if method != "GET" {
			key = method + " " + path
		}
		s.mu.Lock()
		s.asked = append(s.asked, key)
		s.mu.Unlock()
		reply, known := s.pages[key]
		switch {
		case !known:
			reply = reply404
		case !strings.HasPrefix(reply, "HTTP/"):
			reply = page("", reply)
		}
		if _, err := io.WriteString(c, reply); err != nil {
			return
		}
		if strings.Contains(string(b[:n]), "Connection: close") {
			return
		}
	}
}

const reply404 = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

func page(header, body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + header + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func lead(to, header string) string {
	return "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\n" + header + "Content-Length: 0\r\n\r\n"
}

// identifySite identifies a server that answers HTTP on port 80, in virtual time.
func identifySite(t *testing.T, peer func(net.Conn), gentle bool) (s harrier.Service, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var err error
		s, err = Identify(t.Context(), Target{
			Addr: netip.MustParseAddr("192.0.2.1"), Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 80}, Name: "www.test",
			Dial: wiretest.Serve(peer), Timeout: 2 * time.Second, RTT: time.Millisecond, Gentle: gentle,
		})
		if took = time.Since(began); err != nil {
			t.Errorf("Identify = %v", err)
		}
		time.Sleep(time.Minute) // lets the peer notice that nobody listens
	})
	return s, took
}

func technologies(s harrier.Service) string {
	var out []string
	for _, x := range s.Technologies {
		out = append(out, x.String())
	}
	return strings.Join(out, ", ")
}

func TestHTTPTechnologies(t *testing.T) {
	icon := "\x00\x00\x01\x00icon"
	for _, c := range []struct {
		name                   string
		pages                  map[string]string
		product, version, want string
		facts                  map[string]string
	}{
		{
			"an application behind a server, after redirects", map[string]string{
				"/":          lead("http://www.test/blog", "Server: nginx/1.22.1\r\nSet-Cookie: PHPSESSID=1\r\n"),
				"/blog":      lead("/blog/", "Server: nginx/1.22.1\r\n"),
				"/blog/":     page("Server: nginx/1.22.1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n", `<title>Our blog</title><meta name="generator" content="WordPress 6.4.2"><link rel=icon href="img/i.png">`),
				"OPTIONS /":  page("Allow: GET, HEAD\r\n", ""),
				"/blog/img/": "no", "/blog/img/i.png": "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 8\r\n\r\n" + icon,
			}, "nginx", "1.22.1", "PHP, WordPress 6.4.2, nginx 1.22.1", map[string]string{
				"http.status": "302", "http.redirect": "http://www.test/blog", "http.title": "Our blog", "http.cookies": "a, b", "http.methods": "GET, HEAD",
				"http.generator": "WordPress 6.4.2", "http.favicon.path": "/blog/img/i.png", "http.favicon.mmh3": strconv.Itoa(int(webtech.HashIcon([]byte(icon)).MMH3)),
				"http.favicon.md5": webtech.HashIcon([]byte(icon)).MD5, "http.technologies": "PHP, WordPress 6.4.2, nginx 1.22.1",
			},
		},
		{
			"a product's own question", map[string]string{
				"/": lead("/login", ""), "/login": "<title>Grafana</title>", "/api/health": `{"commit": "x","database": "ok","version": "9.3.6"}`,
			}, "Grafana", "9.3.6", "Grafana 9.3.6", map[string]string{"http.title": "Grafana"},
		},
		{
			"a device without a server's name",
			map[string]string{"/": "<title>pfSense - Login</title>"},
			"pfSense", "", "PHP, pfSense",
			map[string]string{"device.hint": "firewall", "os.hint": "FreeBSD", "http.methods": ""},
		},
		{
			"credentials asked for",
			map[string]string{"/": "HTTP/1.1 401 Unauthorized\r\nServer: Apache\r\nWWW-Authenticate: Basic realm=\"Tomcat Manager Application\"\r\nContent-Length: 0\r\n\r\n"},
			"Apache httpd", "", "Apache Tomcat, Apache Tomcat Manager, Apache httpd, Java",
			map[string]string{"http.auth": `Basic realm="Tomcat Manager Application"`, "auth.required": "yes"},
		},
		{
			"a refresh and a script lead on", map[string]string{
				"/": `<META HTTP-EQUIV="Refresh" CONTENT="0; URL='/ui'">`, "/ui": `<script>window.location.href = "/x/login";</script>`, "/x/login": "<title>Sign in [Jenkins]</title>",
			}, "Jenkins", "", "Java, Jenkins", nil,
		},
		{
			"another host is not asked",
			map[string]string{"/": lead("http://other.test/adfs/ls/", "Server: nginx\r\n"), "/adfs/ls/": "<title>Grafana</title>"},
			"nginx", "", "nginx",
			map[string]string{"http.redirect": "http://other.test/adfs/ls/"},
		},
		{
			"the version of the product itself",
			map[string]string{"/": page("Server: CUPS/2.4 IPP/2.1\r\n", "<title>Home - CUPS 2.4.2</title>")},
			"CUPS", "2.4.2", "CUPS 2.4.2", nil,
		},
		{
			"an error page of a server behind says nothing of the one in front",
			map[string]string{"/": page("Server: nginx\r\n", "<hr><center>nginx/1.18.0</center>")},
			"nginx", "", "nginx 1.18.0", nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &site{pages: c.pages}
			s, _ := identifySite(t, w.serve, false)
			if s.Product != c.product || s.Version != c.version || technologies(s) != c.want {
				t.Errorf("told %q %q, made of %s; want %q %q, made of %s", s.Product, s.Version, technologies(s), c.product, c.version, c.want)
			}
			for key, want := range c.facts {
				if got := s.Fact(key); got != want {
					t.Errorf("fact %s = %q; want %q", key, got, want)
				}
			}
			slices.Sort(w.asked)
			for i, path := range w.asked {
				if i > 0 && path == w.asked[i-1] && path != "/" {
					t.Errorf("%s was asked twice", path)
				}
			}
		})
	}
}

// TestHTTPGentle asks a fragile server for its first page alone.
func TestHTTPGentle(t *testing.T) {
	w := &site{pages: map[string]string{"/": lead("/login", ""), "/login": "<title>Grafana</title>"}}
	s, _ := identifySite(t, w.serve, true)
	if d := cmp.Diff([]string{"/"}, w.asked); d != "" || s.Name != "http" {
		t.Errorf("asked %v of %q", w.asked, s.Name)
	}
}

func bomb() string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range 50 {
		_, _ = z.Write(zeros)
	}
	_ = z.Close()
	return b.String()
}

// TestHTTPHostile identifies servers that never come to an end: each is told
// to be HTTP, within the time that all questions together may take, and what
// is kept of it is small.
func TestHTTPHostile(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	endless := func(start, more string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, err := io.WriteString(c, start)
			for err == nil {
				time.Sleep(time.Millisecond)
				_, err = io.WriteString(c, more)
			}
		}
	}
	loop := func(c net.Conn) {
		w := &site{}
		for i := range 100 {
			w.pages = map[string]string{}
			for _, p := range []string{"/", "/a", "/b"} {
				w.pages[p] = lead("/"+string(rune('a'+i%2)), "")
			}
		}
		w.serve(c)
	}
	for name, peer := range map[string]func(net.Conn){
		"endless body":   endless(head+"\r\n<html>", strings.Repeat("x", 4096)),
		"endless chunks": endless(head+"Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
		"endless header": endless(head, strings.Repeat("X-A: b\r\n", 100)),
		"drip":           endless(head+"Content-Length: 100000\r\n\r\n", "<"),
		"gzip bomb":      (&site{pages: map[string]string{"/": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + strconv.Itoa(len(bomb())) + "\r\n\r\n" + bomb()}}).serve,
		"redirect loop":  loop,
		"self":           (&site{pages: map[string]string{"/": lead("/", "")}}).serve,
		"many tags":      (&site{pages: map[string]string{"/": strings.Repeat("<a>", 1_000_000)}}).serve,
		"silent later on": func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, lead("/a", ""))
			_, _ = io.Copy(io.Discard, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, took := identifySite(t, peer, false)
			if s.Name != "http" || took > (webAnswers+4)*2*time.Second {
				t.Errorf("told %q after %v; want http within %v", s.Name, took, (webAnswers+4)*2*time.Second)
			}
			kept := len(s.Banner) + len(s.Evidence)
			for _, f := range s.Facts {
				kept += len(f)
			}
			if kept > 64<<10 {
				t.Errorf("%d bytes are kept", kept)
			}
		})
	}
}

func TestInflate(t *testing.T) {
	if got := inflate("gzip", []byte(bomb())); len(got) != webtech.MaxBody {
		t.Errorf("a bomb gives %d bytes; want %d", len(got), webtech.MaxBody)
	}
	deflated, _ := base64.StdEncoding.DecodeString("eJzLSM3JyQcABiwCFQ==")
	if got := string(inflate("deflate", deflated)); got != "hello" {
		t.Errorf("inflate = %q; want hello", got)
	}
	if got := string(inflate("gzip", []byte("plain"))); got != "plain" {
		t.Errorf("inflate of what is not packed = %q; want it as it is", got)
	}
}

// FuzzLeads gives hostile addresses to what decides where to go next.
func FuzzLeads(f *testing.F) {
	for _, to := range []string{"/a", "//192.0.2.1/x", "http://192.0.2.1:80/?q", "https://www.test/", "javascript:x", "a b", "/\r\nX: y", "?", "http://[::1"} {
		f.Add("/p", to, "0;url="+to)
	}
	f.Fuzz(func(t *testing.T, path, to, refresh string) {
		h := newWeb(newTalk(Target{Addr: netip.MustParseAddr("192.0.2.1"), Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 80}, Name: "www.test"}))
		for _, p := range []*webtech.Page{
			{Reply: &webtech.Reply{Path: path, Status: 302, Header: [][2]string{{"Location", to}}}},
			{Reply: &webtech.Reply{Path: path, Status: 200}, Metas: [][2]string{{"refresh", refresh}}},
			{Reply: &webtech.Reply{Path: path, Status: 200, Body: []byte("location='" + to + "'")}},
		} {
			if u := h.leads(p); u != nil && h.here(u) {
				if line := u.RequestURI(); strings.ContainsAny(line, " \r\n\x00") || !strings.HasPrefix(line, "/") {
					t.Errorf("%q leads to %q", to+refresh, line)
				}
			}
		}
	})
}

// TestHTTPTemplates asks what a user's template wants to know, and nothing of
// it where there is none.
func TestHTTPTemplates(t *testing.T) {
	tpl, err := template.Parse([]byte("id: x\ninfo: {name: Product X Detection, severity: info}\nhttp:\n  - path: ['{{BaseURL}}/x', '{{BaseURL}}/wp-content/y']\n    host-redirects: true\n    headers: {A: b}\n    matchers: [{type: word, words: [X-MARK]}]\n    extractors: [{type: regex, regex: ['V([0-9.]+)'], group: 1}]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []*template.Set{nil, {Templates: []*template.Template{tpl}}} {
		w := &site{pages: map[string]string{"/": page("Server: nginx\r\n", "hello"), "/x": lead("/z", ""), "/z": "X-MARK V1.2.3"}}
		var s harrier.Service
		synctest.Test(t, func(t *testing.T) {
			s, _ = Identify(t.Context(), Target{
				Addr: netip.MustParseAddr("192.0.2.1"), Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 80},
				Dial: wiretest.Serve(w.serve), Timeout: 2 * time.Second, Technologies: set,
			})
			time.Sleep(time.Minute)
		})
		want, asked := "nginx", false
		if set != nil {
			want, asked = "Product X 1.2.3, nginx", true
		}
		if technologies(s) != want || slices.Contains(w.asked, "/x") != asked || slices.Contains(w.asked, "/wp-content/y") {
			t.Errorf("told %s, asked %v; want %s", technologies(s), w.asked, want)
		}
	}
}
