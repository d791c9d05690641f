package securitycenter

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// webAddr is where the web server listens: an address that nothing else on the
// machine uses.
const webAddr = "127.77.6.1"

// startWeb starts a web server that calls itself an old nginx, until somebody
// asks it for /mend and again from when somebody asks for /break. It returns its
// port.
func startWeb(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", webAddr+":0")
	if err != nil {
		t.Fatal(err)
	}
	var mended atomic.Bool
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed: the test is over
			}
			running.Go(func() {
				defer c.Close()
				serveWeb(c, &mended)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // nobody writes to it
		running.Wait()
	})
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func serveWeb(c net.Conn, mended *atomic.Bool) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		status, body, version := "200 OK", "<html><title>clients</title></html>", "1.18.0"
		switch r.URL.Path {
		case "/mend":
			mended.Store(true)
		case "/break":
			mended.Store(false)
		case "/":
		default:
			status, body = "404 Not Found", ""
		}
		if mended.Load() {
			version = "9.0.0"
		}
		if _, err := fmt.Fprintf(c, "HTTP/1.1 %s\r\nServer: nginx/%s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", status, version, len(body), body); err != nil {
			return
		}
	}
}
