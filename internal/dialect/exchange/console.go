package exchange

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Console is a whole console in one process, with an engine.
type Console struct {
	Rooms            kit.Rooms
	URL              string
	Admin            harrier.Actor
	Name, Password   string // of the first user
	Access, SecretID string // the first user's API keys
}

// version is what consoles of tests call themselves.
const version = "0.0.0"

// Start starts a console that answers with handler, and stops it when the test
// ends. Each of set may say how it is made before it runs.
func Start(t *testing.T, handler func(kit.Rooms) http.Handler, set ...func(*console.Local)) *Console {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	local, err := console.OpenLocal(t.Context(), version, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range set {
		f(local)
	}
	c := &Console{Rooms: local.Rooms}
	c.people(t)
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- local.Run(ctx) }()
	server := httptest.NewServer(handler(c.Rooms))
	c.URL = server.URL
	t.Cleanup(func() {
		server.Close()
		end()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v; want nil", err)
		}
		local.Close()
	})
	return c
}

// people makes the first user and its API keys.
func (c *Console) people(t *testing.T) {
	t.Helper()
	var err error
	users := c.Rooms.Identity
	if c.Name, c.Password, _, err = users.First(t.Context()); err != nil {
		t.Fatal(err)
	}
	var token string
	if token, c.Admin, err = users.SignIn(t.Context(), c.Name, c.Password, "test", "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	if err := users.SignOut(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if c.Access, c.SecretID, err = users.NewKeys(t.Context(), c.Admin, c.Admin.User); err != nil {
		t.Fatal(err)
	}
}

// Values are what every file may name: user, password, access and secret.
func (c *Console) Values() Values {
	return Values{"user": c.Name, "password": c.Password, "access": c.Access, "secret": c.SecretID}
}

// Listen answers each connection to addr ("127.0.0.77:0") with serve until the
// test ends, and returns the port.
func Listen(t *testing.T, addr string, serve func(net.Conn)) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	g.Go(func() error {
		for {
			c, err := l.Accept()
			if err != nil {
				return nil //nolint:nilerr // closed: the test is over
			}
			g.Go(func() error {
				defer c.Close()
				serve(c)
				return nil
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		_ = g.Wait()
	})
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
