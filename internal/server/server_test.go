package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/pki"
	"github.com/harrier-scan/harrier/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testTLS(t *testing.T) *tls.Config {
	t.Helper()
	a, err := pki.Open(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := a.Server(nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
}

func client(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}

func get(t *testing.T, c *http.Client, url string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func TestRunDrains(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(started)
			<-finish
		}
		_, _ = io.WriteString(w, "whole")
	})
	s, err := server.Listen(t.Context(), server.Config{
		Listen: []string{"127.0.0.1:0", "127.0.0.1:0"}, TLS: testTLS(t), Handler: handler, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	c := client(t)
	for _, addr := range s.Addrs() {
		if code, body, err := get(t, c, "https://"+addr.String()+"/"); err != nil || code != 200 || body != "whole" {
			t.Errorf("GET on %s = %d %q, %v", addr, code, body, err)
		}
	}
	if code, _, err := get(t, c, "http://"+s.Addrs()[0].String()+"/"); err != nil || code != http.StatusBadRequest {
		t.Errorf("plain HTTP on a TLS port = %d, %v; want 400", code, err)
	}
	type answer struct {
		body string
		err  error
	}
	slow := make(chan answer, 1)
	go func() {
		_, body, err := get(t, c, "https://"+s.Addrs()[0].String()+"/slow")
		slow <- answer{body, err}
	}()
	<-started
	stop()
	close(finish)
	if a := <-slow; a.err != nil || a.body != "whole" {
		t.Errorf("a request under way at the end got %q, %v; want it whole", a.body, a.err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestListenInUse(t *testing.T) {
	first, err := server.Listen(t.Context(), server.Config{Listen: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	taken := first.Addrs()[0].String()
	_, err = server.Listen(t.Context(), server.Config{Listen: []string{"127.0.0.1:0", taken}})
	var e *harrier.Error
	if !errors.As(err, &e) || e.Kind != harrier.Unavailable || !strings.Contains(e.Message, taken) {
		t.Errorf("Listen on a port in use = %v; want Unavailable, naming %s", err, taken)
	}
}
