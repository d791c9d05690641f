package server_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/server"
)

// TestLogHidesTokens: the log tells which path was asked for, and nothing that
// is a right to fetch something.
func TestLogHidesTokens(t *testing.T) {
	var log bytes.Buffer
	s, err := server.Listen(t.Context(), server.Config{
		Listen: []string{"127.0.0.1:0"}, TLS: testTLS(t), Handler: http.NotFoundHandler(),
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	const token, uuid = "6d9e1224616aaaa9da4cf87c01c3dd8c6b8d1f9d1a4c5fa25286a8f9eb8f5168", "731a8e52-3ea6-a291-ec0a-d2ff0619c19d7bd788d6be818b65"
	c, url := client(t), "https://"+s.Addrs()[0].String()
	for _, path := range []string{"/tokens/" + token + "/download", "/templates/" + uuid + "?token=" + token} {
		if _, _, err := get(t, c, url+path); err != nil {
			t.Fatal(err)
		}
	}
	c.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	if got := log.String(); strings.Contains(got, token) || !strings.Contains(got, "path=/tokens/6d9e12…/download") || !strings.Contains(got, "path=/templates/"+uuid+" ") {
		t.Errorf("log = %s; want both paths, and no token", got)
	}
}
