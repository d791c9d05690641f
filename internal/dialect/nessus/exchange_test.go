package nessus_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestExchanges replays the conversations of testdata: those named rule-NN show
// the rules of section 1 of nessus-api.md.
func TestExchanges(t *testing.T) {
	exchange.Run(t, "testdata/*.exchange", func(t *testing.T) (string, exchange.Values) {
		web := exchange.Listen(t, "127.0.0.77:0", serveWeb)
		silent := exchange.Listen(t, "127.0.0.78:0", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
		console := exchange.Start(t, nessus.New)
		v := console.Values()
		v["webport"], v["silentport"] = web, silent
		return console.URL, v
	})
}

// serveWeb answers like a small web server with an old nginx.
func serveWeb(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		const page = "<html><head><title>lab</title></head><body>lab</body></html>"
		status, body := "200 OK", page
		if r.URL.Path != "/" {
			status, body = "404 Not Found", ""
		}
		_, err = io.WriteString(c, "HTTP/1.1 "+status+"\r\nServer: nginx/1.18.0\r\nContent-Type: text/html\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
		if err != nil {
			return
		}
	}
}
