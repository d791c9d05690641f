package nexpose_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestExchanges replays the conversations of testdata. At 127.0.0.77 is a small
// web server, at 127.0.0.78 one that says nothing; the listed policy <policy>
// asks their ports.
func TestExchanges(t *testing.T) {
	exchange.Run(t, "testdata/*.exchange", func(t *testing.T) (string, exchange.Values) {
		web := exchange.Listen(t, "127.0.0.77:0", serveWeb)
		silent := exchange.Listen(t, "127.0.0.78:0", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
		console := exchange.Start(t, nexpose.New)
		v := console.Values()
		p := harrier.Policy{Name: "lab", Template: "basic", Settings: harrier.Settings{Ports: "T:" + web + "," + silent, Connect: true, NoPing: true}}
		if err := console.Rooms.Policies.Create(t.Context(), console.Admin, &p); err != nil {
			t.Fatal(err)
		}
		v["policy"] = strconv.FormatInt(int64(p.ID), 10)
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
		_, err = io.WriteString(c, "HTTP/1.1 200 OK\r\nServer: nginx/1.18.0\r\nContent-Type: text/html\r\nContent-Length: "+strconv.Itoa(len(page))+"\r\n\r\n"+page)
		if err != nil {
			return
		}
	}
}
