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
	"github.com/harrier-scan/harrier/internal/dialect/exchange/openapi"
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
	}, document(t).Watch)
}

// document is the OpenAPI document, which the conversations are held to.
func document(t *testing.T) *openapi.Book {
	t.Helper()
	return openapi.Open(t, "openapi.json", openapi.About{
		Title: "Harrier: the Nessus API",
		Description: "What Harrier answers to clients of the REST API of Nessus 10. Numbers and truth values may be sent as texts too; " +
			"a body may also be a form. The page on this dialect tells more.",
		Keys: map[string]string{"keys": "X-ApiKeys", "session": "X-Cookie"},
		Mux:  nessus.Mux(),
		Summaries: map[string]string{
			"GET /nessus6.js":                               "Answers the script from which clients read a token of the installation.",
			"GET /server/properties":                        "Shows what the installation is, may and can.",
			"GET /server/status":                            "Shows whether the installation is ready; needs no sign-in.",
			"GET /session":                                  "Shows who has signed in.",
			"POST /session":                                 "Signs in with a name and a password.",
			"PUT /session":                                  "Changes one's own name and address.",
			"DELETE /session":                               "Signs out.",
			"PUT /session/chpasswd":                         "Changes one's own password.",
			"PUT /session/keys":                             "Makes a pair of API keys for oneself, and ends the old one.",
			"GET /scans":                                    "Lists scans and folders.",
			"PUT /scans/{id}/folder":                        "Moves a scan to another folder.",
			"PUT /scans/{id}/status":                        "Marks a scan as read or unread.",
			"PUT /scans/{id}/schedule":                      "Switches a scan's schedule on or off.",
			"GET /scans/{id}":                               "Shows the results of a scan's run.",
			"POST /scans/{id}/diff":                         "Compares two runs of a scan.",
			"DELETE /scans/{id}/history/{history}":          "Deletes a run of a scan.",
			"GET /scans/{id}/hosts/{host}":                  "Shows what was found at a host.",
			"GET /scans/{id}/hosts/{host}/plugins/{plugin}": "Shows what one plugin found at a host.",
			"GET /scans/{id}/plugins/{plugin}":              "Shows what one plugin found at all hosts.",
			"GET /scans/{id}/trails":                        "Shows why a plugin did or did not run at a host.",
			"GET /scans/timezones":                          "Lists the time zones for schedules.",
			"GET /scans/{id}/latest-status":                 "Shows the status of a scan's latest run.",
			"GET /tokens/{token}/download":                  "Downloads the file that a token stands for.",
			"GET /tokens/{token}/status":                    "Shows whether the file that a token stands for is ready.",
			"GET /filters/scans/reports":                    "Lists what results can be filtered by.",
			"GET /editor/{type}/templates":                  "Lists the templates of scans or policies.",
			"GET /editor/{type}/templates/{uuid}":           "Shows a template with its settings.",
			"GET /editor/{type}/{id}":                       "Shows a scan or policy with its settings.",
			"GET /policies/{id}/export/prepare":             "Prepares a policy's file for a download.",
			"GET /plugins/plugin/{id}":                      "Shows a plugin.",
			"PUT /users/{id}/chpasswd":                      "Changes a user's password.",
			"PUT /users/{id}/keys":                          "Makes a pair of API keys for a user.",
			"GET /permissions/{type}/{id}":                  "Lists who may do what with an object.",
			"PUT /permissions/{type}/{id}":                  "Says who may do what with an object.",
			"POST /file/upload":                             "Takes in a file for an import.",
			"GET /agents":                                   "Lists agents: there are none.",
			"GET /agent-groups":                             "Lists groups of agents: there are none.",
		},
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
