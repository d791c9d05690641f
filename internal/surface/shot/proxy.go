package shot

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier/internal/netio"
)

// proxy is the one way of a browser to the network. It leads to one server.
type proxy struct {
	ctx    context.Context //nolint:containedctx // of the page that it is for
	cancel context.CancelFunc
	net    *netio.Net
	to     netip.AddrPort
	host   string // with the port, as browsers ask for it
	left   atomic.Int64
	came   atomic.Bool

	listener net.Listener
	server   *http.Server
	direct   *httputil.ReverseProxy
	trans    *http.Transport
	mu       sync.Mutex
	closed   bool
	tasks    sync.WaitGroup // of requests under way, and of the server
}

func listen(ctx context.Context, n *netio.Net, p Page) (*proxy, error) {
	if p.URL.Scheme != "http" && p.URL.Scheme != "https" {
		return nil, errors.New("shot: no web page")
	}
	if err := n.Declare(p.At.Addr(), 0); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		n.Release(p.At.Addr())
		return nil, err
	}
	w := &proxy{net: n, to: p.At, host: place(p.URL), listener: l}
	w.ctx, w.cancel = context.WithCancel(ctx)
	w.left.Store(maxBytes)
	w.trans = &http.Transport{
		DisableCompression: true, MaxResponseHeaderBytes: 64 << 10, MaxConnsPerHost: 6,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return w.dial(ctx) },
	}
	quiet := log.New(io.Discard, "", 0)
	w.direct = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host }, Transport: w.trans, ErrorLog: quiet, FlushInterval: -1,
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) },
	}
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: maxTime, ErrorLog: quiet, BaseContext: func(net.Listener) context.Context { return w.ctx }}
	w.tasks.Go(func() { _ = w.server.Serve(l) })
	return w, nil
}

func (w *proxy) addr() string { return w.listener.Addr().String() }

// answered reports whether anything came from the server.
func (w *proxy) answered() bool { return w.came.Load() }

// close ends all connections and waits until they have ended.
func (w *proxy) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.cancel()
	_ = w.server.Close()
	w.trans.CloseIdleConnections()
	w.tasks.Wait()
	w.net.Release(w.to.Addr())
}

// place is the host and port of a URL.
func place(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}

func (w *proxy) dial(ctx context.Context) (net.Conn, error) {
	c, err := w.net.Dial(ctx, "tcp", w.to)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(maxTime))
	return &counted{Conn: c, w: w}, nil
}

// ServeHTTP answers the browser: tunnels and plain requests to the page's own
// server, and Forbidden for all else.
func (w *proxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !w.begin() {
		return
	}
	defer w.tasks.Done()
	switch {
	case r.Method == http.MethodConnect && strings.EqualFold(r.Host, w.host):
		w.tunnel(rw)
	case r.Method != http.MethodConnect && r.URL.Scheme == "http" && place(r.URL) == w.host:
		w.direct.ServeHTTP(rw, r)
	default:
		rw.WriteHeader(http.StatusForbidden)
	}
}

// begin counts a request in, before close.
func (w *proxy) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.tasks.Add(1)
	}
	return !w.closed
}

func (w *proxy) tunnel(rw http.ResponseWriter) {
	out, err := w.dial(w.ctx)
	if err != nil {
		rw.WriteHeader(http.StatusBadGateway)
		return
	}
	defer out.Close()
	in, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	stop := context.AfterFunc(w.ctx, func() { _, _ = in.Close(), out.Close() })
	defer stop()
	if _, err := io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(in, out)
		_ = in.Close()
	})
	_, _ = io.Copy(out, buffered)
	_ = out.Close()
	back.Wait()
}

// counted is a connection to the page's server that ends with the page's bytes.
type counted struct {
	net.Conn
	w *proxy
}

var errSpent = errors.New("shot: the page is too large")

func (c *counted) Read(b []byte) (int, error) {
	if c.w.left.Load() <= 0 {
		return 0, errSpent
	}
	n, err := c.Conn.Read(b)
	c.w.left.Add(-int64(n))
	if n > 0 {
		c.w.came.Store(true)
	}
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	if c.w.left.Add(-int64(len(b))) < 0 {
		return 0, errSpent
	}
	return c.Conn.Write(b)
}
