package knowledge

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/test/console"
)

// harness is a console with its data, and a host to scan.
type harness struct {
	t      testing.TB
	bin    string
	data   string
	listen string
	api    *console.Client
	ssh    *sshServer
	packs  int
}

// start starts the console.
func (h *harness) start() *console.Process {
	h.t.Helper()
	if h.listen == "" {
		h.listen = console.FreeAddr(h.t)
		h.api = console.Dial(h.t, h.listen)
	}
	return console.Start(h.t, h.bin, "serve", "--data", h.data, "--listen", h.listen, "--log-level", "warn")
}

// run runs the program to its end and returns what it wrote.
func (h *harness) run(args ...string) (string, error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, h.bin, args...).CombinedOutput()
	return string(out), err
}

func (h *harness) must(out string, err error) string {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// scan scans the host, and wants findings that follow from its banner and the
// facts in the program.
func (h *harness) scan() int {
	h.t.Helper()
	id := h.api.CreateScan("banner", host, h.ssh.port)
	h.api.Launch(id)
	d := h.api.Wait(id, time.Minute)
	if d.Info.Status != "completed" || len(d.Hosts) != 1 {
		h.t.Fatalf("the scan ended with %+v", d)
	}
	for _, v := range h.api.Host(id, d.Hosts[0].ID).Vulnerabilities {
		if harrier.VulnID(v.PluginID).CVE() == "" {
			continue
		}
		_, body, err := h.api.Try(http.MethodGet, fmt.Sprintf("/scans/%d/hosts/%d/plugins/%d", id, d.Hosts[0].ID, v.PluginID), nil)
		if err != nil || !strings.Contains(string(body), "OpenSSH_8.4p1") || !strings.Contains(string(body), ", potential") {
			h.t.Errorf("%s is concluded from %s, %v; want a potential finding from the banner", v.PluginName, body, err)
		}
		return id
	}
	h.t.Fatal("nothing follows from the banner")
	return 0
}

// results are what a scan found, one line for each.
func (h *harness) results(scan int) string {
	h.t.Helper()
	var b strings.Builder
	for _, v := range h.api.Host(scan, h.api.Scan(scan).Hosts[0].ID).Vulnerabilities {
		fmt.Fprintln(&b, v.PluginID, v.PluginName, v.Severity)
	}
	return b.String()
}

// pack makes a pack of files as NVD and Debian publish them; "" for none.
func (h *harness) pack(data, nvd, debian string) string {
	h.t.Helper()
	from := h.t.TempDir()
	for name, text := range map[string]string{"nvd/nvdcve-2.0-2026.json": nvd, "debian/debian-tracker.json": debian} {
		if text == "" {
			continue
		}
		file := filepath.Join(from, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	h.must(h.run("feed", "update", "--from", from, "--data", data))
	h.packs++
	out := filepath.Join(from, fmt.Sprintf("%d.pack", h.packs))
	h.must(h.run("feed", "build", "-o", out, "--data", data, "--publisher", "nobody"))
	return out
}

// await waits until the console explains a vulnerability of the host with words:
// soon, and without anybody asking the host.
func (h *harness) await(cve, words string) {
	h.t.Helper()
	out := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		out, _ = h.run("explain", "--data", h.data, cve, "--host", host) // it is asked again
		if strings.Contains(out, words) {
			return
		}
	}
	h.t.Fatalf("%s on %s is not %q:\n%s", cve, host, words, out)
}

// refused wants an import to fail with words.
func (h *harness) refused(what, words, file string) {
	h.t.Helper()
	before := h.status()
	out, err := h.run("feed", "import", "pack", "--data", h.data, file)
	if err == nil || !strings.Contains(out, words) {
		h.t.Errorf("%s is taken, or refused for another reason: %v\n%s", what, err, out)
	}
	if now := h.status(); now != before {
		h.t.Errorf("%s changes what is in force to\n%s", what, now)
	}
}

// status is which content is in force.
func (h *harness) status() string {
	h.t.Helper()
	line, _, _ := strings.Cut(h.must(h.run("feed", "status", "--data", h.data)), "\n")
	return line
}

// flight is what the program recorded of packets to the host.
func (h *harness) flight() string {
	h.t.Helper()
	return h.must(h.run("flight", "--data", h.data, host))
}

// sshServer says a banner and counts to whom.
type sshServer struct {
	port  string
	count atomic.Int64
}

func (s *sshServer) asked() int64 { return s.count.Load() }

func serveSSH(t testing.TB) *sshServer {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshServer{}
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.count.Add(1)
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(3 * time.Second))
				if _, err := io.WriteString(c, banner); err == nil {
					_, _ = io.Copy(io.Discard, c) // whatever it is
				}
			}()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close() // ends the server
		<-done
	})
	return s
}
