package probe

import (
	"context"
	"strings"
)

// absentPath is a path that no server has.
const absentPath = "/harrier-6872-absent"

// httpQuestion is a product's own question over HTTP.
type httpQuestion struct {
	path    string
	kind    string // of the rules for the reply's body
	applies func(x *talk, r httpReply) bool
}

// httpQuestions are asked in order until one is answered.
var httpQuestions = []httpQuestion{
	{"/version", "http.etcd", func(x *talk, r httpReply) bool {
		return r.status == 404 && strings.HasPrefix(string(r.body), "404 page not found") || x.Port == 2379
	}},
	{"/version", "http.docker", func(x *talk, r httpReply) bool {
		return r.status == 404 && strings.HasPrefix(string(r.body), `{"message":"page not found"}`) || x.Port == 2375 || x.Port == 2376
	}},
	{"/version", "http.kubernetes", func(_ *talk, r httpReply) bool {
		return strings.Contains(string(r.body), `"apiVersion"`) && strings.Contains(string(r.body), `"Status"`)
	}},
	{"/api/v1/status/buildinfo", "http.prometheus", product("Prometheus", "/graph", "/query")},
	{"/api/health", "http.grafana", product("Grafana", "/login")},
	{"/api/version", "http.ollama", product("Ollama")},
	{"/v1/agent/self", "http.consul", product("Consul", "/ui/")},
	{"/v1/sys/health", "http.vault", product("Vault", "/ui/")},
	{"/varz", "http.nats", func(x *talk, r httpReply) bool {
		return x.Port == 8222 || strings.Contains(strings.ToLower(title(r.body)), "nats")
	}},
	{"/stats", "http.haproxy", func(x *talk, r httpReply) bool {
		return x.s.Product == "HAProxy" || r.status == 503 || r.status == 403 && r.get("Server") == ""
	}},
	{"/haproxy?stats", "http.haproxy", product("HAProxy")},
}

// product applies to servers that were recognised as name, or lead to one of
// the paths.
func product(name string, paths ...string) func(*talk, httpReply) bool {
	return func(x *talk, r httpReply) bool {
		if x.s.Product == name {
			return true
		}
		for _, p := range paths {
			if r.status/100 == 3 && strings.HasPrefix(r.get("Location"), p) {
				return true
			}
		}
		return false
	}
}

// httpVersionHeaders are headers that hold a product's version and nothing else.
var httpVersionHeaders = []struct{ header, kind string }{
	{"X-Jenkins", "http.jenkins"}, {"X-Influxdb-Version", "http.influxdb"}, {"Kbn-Version", "http.kibana"},
}

// product tells what serves HTTP by the reply r to GET / and by the
// product's own questions. What stands in front tells first: the Server header
// that a cache passes on is that of the server behind it.
func (h *web) product(ctx context.Context, r httpReply) {
	x := h.x
	server := r.get("Server")
	x.fact("http.via", r.all("Via"))
	switch {
	case r.get("X-Varnish") != "" || strings.Contains(strings.ToLower(r.all("Via")), "varnish"):
		x.is("Varnish", "varnish-software:varnish_cache", "", "Via: "+r.all("Via"))
		return
	case x.tell("http.server", server):
		x.s.Evidence = clip(oneLine("Server: "+server), maxEvidence)
		if x.s.Product == "Squid" || x.s.Product == "tinyproxy" || x.s.Product == "Privoxy" {
			x.s.Name = "http-proxy"
		}
	}
	if x.httpApp(r) || server != "" && x.s.Product != "Apache Tomcat" && x.s.Version != "" {
		return
	}
	for _, q := range httpQuestions {
		if !q.applies(x, r) {
			continue
		}
		if answer, ok := h.get(ctx, q.path); ok && x.tellPage(q.kind, answer.body, q.path) {
			return
		}
	}
	if x.s.Product == "" || x.s.Product == "Apache Tomcat" {
		if answer, ok := h.get(ctx, absentPath); ok {
			x.tellPage("http.page", answer.body, absentPath)
		}
	}
}

// httpApp tells the application by headers and the first page; true when the
// version is known with it. One that nginx leaves out of its header it leaves
// out of its pages too: a page that has it is of an nginx behind.
func (x *talk) httpApp(r httpReply) bool {
	for _, h := range httpVersionHeaders {
		if m, ok := x.match(h.kind, r.get(h.header)); ok {
			x.fact("http.app", strings.TrimSpace(m.Product+" "+m.Version))
			if x.s.Product == "" || strings.Contains(x.s.Product, "Jetty") {
				x.take(m, h.header+": "+r.get(h.header))
			}
			return true
		}
	}
	for _, kind := range []string{"http.body", "http.page"} {
		m, ok := x.match(kind, string(r.body))
		if !ok {
			continue
		}
		x.fact("http.app", strings.TrimSpace(m.Product+" "+m.Version))
		if generic := x.s.Product == "" || x.s.Product == "Cowboy" || strings.HasPrefix(x.s.Product, m.Product) && m.Product != "nginx"; generic && x.s.Version == "" {
			x.take(m, kind)
			x.s.Evidence = clip(oneLine("GET /: "+string(r.body)), maxEvidence)
		}
		return m.Version != "" && x.s.Version == m.Version
	}
	return false
}

// tellPage applies rules to the body of a page; the evidence is its beginning
// around the match.
func (x *talk) tellPage(kind string, body []byte, path string) bool {
	m, ok := x.match(kind, string(body))
	if !ok {
		return false
	}
	if x.s.Version != "" && x.s.Product != m.Product {
		return false
	}
	text := oneLine(string(body))
	if i := strings.Index(text, m.Version); m.Version != "" && i > 80 {
		text = text[i-80:]
	}
	x.take(m, "GET "+path+": "+text)
	return true
}
