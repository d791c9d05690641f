package securitycenter_test

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
	"github.com/harrier-scan/harrier/internal/dialect/exchange/openapi"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestExchanges replays the conversations of testdata: those named trap-NN show
// the traps of section 27 of securitycenter-api.md. Beside the first user, an
// administrator of the installation, each console has a security manager with
// the API keys <maccess> and <msecret>, and a security analyst with <aaccess>
// and <asecret>.
func TestExchanges(t *testing.T) {
	exchange.Run(t, "testdata/*.exchange", func(t *testing.T) (string, exchange.Values) {
		web := exchange.Listen(t, "127.0.0.77:0", serveWeb)
		silent := exchange.Listen(t, "127.0.0.78:0", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
		console := exchange.Start(t, securitycenter.New)
		v := console.Values()
		v["webport"], v["silentport"] = web, silent
		v["mpassword"], v["apassword"] = "correct-horse-9", "battery-staple-9"
		v["manager"], v["maccess"], v["msecret"] = person(t, console, "manager", harrier.Administrator, v["mpassword"])
		v["analyst"], v["aaccess"], v["asecret"] = person(t, console, "analyst", harrier.Analyst, v["apassword"])
		return console.URL, v
	}, document(t).Watch)
}

// document is the OpenAPI document, which the conversations are held to.
func document(t *testing.T) *openapi.Book {
	t.Helper()
	return openapi.Open(t, "openapi.json", openapi.About{
		Title: "Harrier: the SecurityCenter API",
		Description: "What Harrier answers to clients of the REST API of SecurityCenter 6.4. Ids, truth values, times and counts are texts, but " +
			"where the shapes say otherwise; every answer comes in an envelope whose response is what the operation tells. The page on this dialect tells more.",
		Keys: map[string]string{"keys": "x-apikey", "session": "X-SecurityCenter", "cookie": "cookie TNS_SESSIONID"},
		Base: "/rest",
		Mux:  securitycenter.Mux(),
		Summaries: map[string]string{
			"POST /token":                             "Signs in with a name and a password.",
			"GET /token":                              "Shows the session.",
			"DELETE /token":                           "Signs out.",
			"POST /apiKey":                            "Makes a pair of API keys, and ends the old one.",
			"GET /system":                             "Shows what the installation is; needs no sign-in.",
			"GET /status":                             "Shows how the installation's parts are.",
			"GET /configSection/0":                    "Shows the installation's settings.",
			"GET /currentUser":                        "Shows who has signed in.",
			"PATCH /currentUser":                      "Changes one's own account.",
			"POST /currentUser/switch":                "Takes on another user's role.",
			"GET /currentOrganization":                "Shows one's own organisation.",
			"POST /analysis":                          "Answers a question about vulnerabilities, events or scans: see its type and tool.",
			"POST /analysis/download":                 "Downloads the answer to a question as csv.",
			"GET /deviceInfo":                         "Shows what is known of a host.",
			"GET /ipInfo":                             "Shows what is known of an address.",
			"GET /hosts":                              "Lists hosts.",
			"POST /hosts/search":                      "Searches hosts.",
			"PATCH /hosts/{id}/acr":                   "Rates how critical a host is.",
			"POST /file/upload":                       "Takes in a file for an import.",
			"POST /solutions":                         "Lists what would remedy most.",
			"POST /solutions/{id}/asset":              "Lists the hosts that a solution would help.",
			"POST /solutions/{id}/vuln":               "Lists the vulnerabilities that a solution remedies.",
			"GET /asset/tag":                          "Lists the tags of assets.",
			"GET /cve/{id}":                           "Shows a CVE with its plugins.",
			"POST /scanner/updateStatus":              "Asks for the scanners' state.",
			"POST /feed/{type}/update":                "Fetches content anew.",
			"POST /feed/{type}/process":               "Takes in content from an uploaded file.",
			"GET /repository/{id}/assetIntersections": "Lists the assets that an address is in.",
		},
	})
}

// person makes a user with API keys.
func person(t *testing.T, c *exchange.Console, name string, role harrier.Role, password string) (id, access, secret string) {
	t.Helper()
	u := harrier.User{Name: name, Role: role, Email: name + "@example.org"}
	if err := c.Rooms.Identity.Create(t.Context(), c.Admin, &u, password); err != nil {
		t.Fatal(err)
	}
	access, secret, err := c.Rooms.Identity.NewKeys(t.Context(), c.Admin, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(int64(u.ID), 10), access, secret
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
