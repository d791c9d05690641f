package insightvm_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/exchange/openapi"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/scan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a console whose answers are held to the description of the API,
// and makes keys: <orgkey> of the organisation, <key> of the first user, <viewer>
// of one who may only read and whom no site was given, <none> of one who sees no
// findings.
func start(t *testing.T) (*exchange.Console, exchange.Values) {
	t.Helper()
	doc, err := openapi.Read(insightvm.Description())
	if err != nil {
		t.Fatal(err)
	}
	c := exchange.Start(t, func(rooms kit.Rooms) http.Handler {
		return doc.Holding(t, insightvm.New(rooms), func(r *http.Request) string { return insightvm.Region(kit.CleanPath(r.URL.Path)) })
	})
	v := c.Values()
	v["orgkey"], v["key"] = newKey(t, c, c.Admin, true), newKey(t, c, c.Admin, false)
	for name, role := range map[string]harrier.Role{"viewer": harrier.Viewer, "none": harrier.CredentialManager} {
		u := harrier.User{Name: name, Role: role}
		if err := c.Rooms.Identity.Create(t.Context(), c.Admin, &u, "correct-horse-9"); err != nil {
			t.Fatal(err)
		}
		by, err := c.Rooms.Identity.ActorOf(t.Context(), u.ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		v[name] = newKey(t, c, by, false)
	}
	return c, v
}

func newKey(t *testing.T, c *exchange.Console, by harrier.Actor, all bool) string {
	t.Helper()
	text, err := c.Rooms.Identity.NewAPIKey(t.Context(), by, &harrier.APIKey{Name: "test", ForAll: all})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// lab fills a console by a real scan of two hosts: at 127.0.0.77 is a Redis server
// without a password, at 127.0.0.78 one that says nothing.
func lab(t *testing.T, c *exchange.Console, v exchange.Values) {
	t.Helper()
	port := exchange.Listen(t, "127.0.0.77:0", serveRedis)
	silent := exchange.Listen(t, "127.0.0.78:0", func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	p := harrier.Policy{Name: "lab", Template: "basic", Settings: harrier.Settings{Ports: "T:" + port + "," + silent, Connect: true, NoPing: true}}
	if err := c.Rooms.Policies.Create(t.Context(), c.Admin, &p); err != nil {
		t.Fatal(err)
	}
	s := harrier.Site{Name: "lab", Targets: "127.0.0.77-127.0.0.78", Policy: p.ID}
	if err := c.Rooms.Sites.Create(t.Context(), c.Admin, &s); err != nil {
		t.Fatal(err)
	}
	sc, err := c.Rooms.Scans.Launch(t.Context(), c.Admin, s.ID, scan.Launch{})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(2 * time.Minute); !sc.Status.Ended() && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if sc, err = c.Rooms.Scans.Scan(t.Context(), c.Admin, sc.ID); err != nil {
			t.Fatal(err)
		}
	}
	list, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{Sort: "address"})
	if err != nil || len(list) != 2 || sc.Status != harrier.ScanCompleted {
		t.Fatalf("the lab has the assets %v (%v), its scan is %s", list, err, sc.Status)
	}
	v["port"], v["scan"] = port, sc.UUID.String()
	v["redis"] = fmt.Sprintf("%s-default-asset-%d", c.Rooms.ServerUUID, list[0].ID)
	v["silent"] = fmt.Sprintf("%s-default-asset-%d", c.Rooms.ServerUUID, list[1].ID)
	v["first"], v["second"] = v["redis"], v["silent"] // by id
	if list[1].ID < list[0].ID {
		v["first"], v["second"] = v["second"], v["first"]
	}
	engines, err := c.Rooms.Fleet.Engines(t.Context(), c.Admin)
	if err != nil || len(engines) == 0 {
		t.Fatalf("engines %v, %v", engines, err)
	}
	v["engine"] = engines[0].UUID.String()
}

// serveRedis answers like a Redis server without a password.
func serveRedis(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		reply := ""
		switch word := strings.ToUpper(strings.TrimSpace(line)); {
		case strings.HasPrefix(word, "INFO"):
			info := "# Server\r\nredis_version:7.2.4\r\nos:Linux 6.1.0 x86_64\r\n"
			reply = fmt.Sprintf("$%d\r\n%s\r\n", len(info), info)
		case strings.HasPrefix(word, "PING"):
			reply = "+PONG\r\n"
		case word == "" || strings.HasPrefix(word, "*") || strings.HasPrefix(word, "$") || word == "SERVER":
			continue
		default:
			reply = "-ERR unknown command\r\n"
		}
		if _, err := c.Write([]byte(reply)); err != nil {
			return
		}
	}
}

// TestExchanges replays the conversations of testdata; those named lab-NAME have a
// console that is filled by a real scan. Every answer fits the description of the
// API.
func TestExchanges(t *testing.T) {
	exchange.Run(t, "testdata/*.exchange", func(t *testing.T) (string, exchange.Values) {
		c, v := start(t)
		if strings.Contains(t.Name(), "/lab-") {
			lab(t, c, v)
		}
		return c.URL, v
	})
}
