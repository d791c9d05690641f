package shot

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/netio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// take takes a picture of what a server shows under the name www.acme.test, and
// fails when anything is left of the browser.
func take(t *testing.T, s *httptest.Server, within time.Duration) ([]byte, error) {
	t.Helper()
	browser := needs.Binary(t, "chromium", "chromium")
	t.Setenv("TMPDIR", "/tmp")
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	u, err := url.Parse(strings.Replace(s.URL, at.Addr().String(), "www.acme.test", 1) + "/")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	webp, err := Take(ctx, netio.New(harrier.Guard{}, nil, netio.Pace{}), browser, Page{URL: u, At: at})
	if left, _ := filepath.Glob("/tmp/harrier-shot-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, cmdline := range processes() {
		if strings.Contains(cmdline, "harrier-shot-") {
			t.Errorf("still there: %.200s", cmdline)
		}
	}
	return webp, err
}

func processes() (out []string) {
	names, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil {
			out = append(out, string(b))
		}
	}
	return out
}

// TestTake: the browser shows a page over TLS without its script, and nothing else
// hears of that, however the page tries.
func TestTake(t *testing.T) {
	var others atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { others.Add(1) }))
	defer other.Close()
	stun, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stun.Close()
	var scripts atomic.Int64
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/script" {
			scripts.Add(1)
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<body style="background:#fc0"><h1>Acme</h1><img src="%[1]s/img"><link rel=stylesheet href="%[1]s/css"><link rel=dns-prefetch href="//x.example"><iframe src="%[1]s/frame"></iframe>
			<script>fetch("/script"); fetch("%[1]s/fetch").catch(()=>0); try { new WebSocket("%[2]s/ws") } catch (e) {}
			try { const p = new RTCPeerConnection({iceServers: [{urls: "stun:%[3]s"}]}); p.createDataChannel("x"); p.createOffer().then(o => p.setLocalDescription(o)) } catch (e) {}</script>`,
			other.URL, strings.Replace(other.URL, "http", "ws", 1), stun.LocalAddr())
	}))
	defer s.Close()
	webp, err := take(t, s, maxTime)
	if err != nil || (harrier.Screenshot{WebP: webp}).Check() != nil {
		t.Fatalf("Take = %d bytes, %v", len(webp), err)
	}
	if scripts.Load() != 0 {
		t.Error("the page's script ran")
	}
	_ = stun.SetReadDeadline(time.Now())
	if n, _, err := stun.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes left past the proxy", n)
	}
	if n := others.Load(); n != 0 {
		t.Errorf("another server heard %d requests", n)
	}
}

// TestTakeEnds: of pages without an end nothing is left.
func TestTakeEnds(t *testing.T) {
	for name, write := range map[string]func(w http.ResponseWriter, r *http.Request){
		"never": func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"huge": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			for block := []byte(strings.Repeat("<!-- -->", 8<<10)); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(write))
			defer s.Close()
			defer s.CloseClientConnections()
			_, err := take(t, s, 3*time.Second)
			if name == "never" && err == nil {
				t.Error("there is a picture of a page that never came")
			}
		})
	}
}

func TestTakeForbidden(t *testing.T) {
	n := netio.New(harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, nil, netio.Pace{})
	u, _ := url.Parse("http://www.acme.test/")
	if _, err := Take(t.Context(), n, "/bin/false", Page{URL: u, At: netip.MustParseAddrPort("127.0.0.1:80")}); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("Take of what must never be scanned = %v; want Forbidden", err)
	}
}

func TestFind(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for told, bad := range map[string]bool{"": false, None: false, "no/such": true} {
		if path, err := Find(told); path != "" || (harrier.KindOf(err) == harrier.Invalid && err != nil) != bad {
			t.Errorf("Find(%q) = %q, %v", told, path, err)
		}
	}
}
