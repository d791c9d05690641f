package console

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

const userTemplate = `id: x-detect
info: {name: Product X - Detect, severity: info}
http:
  - path: ["{{BaseURL}}/x"]
    matchers: [{type: word, words: [X-MARK]}]
`

// TestTechnologies scans a web server once without and once with a user's
// template: its request is sent, and its technology told, only then.
func TestTechnologies(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.yaml"), []byte(userTemplate), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked []string
	requests := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r.URL.Path
		if r.URL.Path == "/x" {
			_, _ = io.WriteString(w, "<p>X-MARK</p>")
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, folder := range []string{"", dir} {
		var out strings.Builder
		err := ScanOnce(t.Context(), LocalScan{
			Targets: "127.0.0.1", Policy: "basic", Technologies: folder, Log: slog.New(slog.DiscardHandler),
			Adjust: func(s *harrier.Settings) error {
				s.Ports, s.NoPing, s.ReadTimeout = port, true, harrier.Duration(time.Second)
				return nil
			},
		}, func(ctx context.Context, r LocalResult) error { return r.Write(ctx, &out, "json", nil) })
		if err != nil {
			t.Fatal(err)
		}
		for len(requests) > 0 {
			if path := <-requests; path == "/x" {
				asked = append(asked, path)
			}
		}
		if told := strings.Contains(out.String(), `"Product X"`); told != (folder != "") || len(asked) > 0 != told {
			t.Errorf("with the folder %q: told %v, asked %v\n%s", folder, told, asked, out.String())
		}
	}
	if err := ScanOnce(t.Context(), LocalScan{Targets: "127.0.0.1", Policy: "basic", Technologies: filepath.Join(dir, "absent"), Log: slog.New(slog.DiscardHandler)}, nil); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("ScanOnce with a folder that is not there = %v; want invalid", err)
	}
}
