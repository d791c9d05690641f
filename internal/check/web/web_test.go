package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var service = harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 80}, Name: "http"}

// samples are what each exposed file looks like.
var samples = []struct {
	check      check.Check
	path, body string
	other      string // something else at the same path
}{
	{Git, "/.git/HEAD", "ref: refs/heads/main\n", "<html>ref: refs/heads/main</html>"},
	{Git, "/.git/HEAD", "0123456789abcdef0123456789abcdef01234567\n", "0123456789abcdef"},
	{Subversion, "/.svn/wc.db", "SQLite format 3\x00...CREATE TABLE PRISTINE", "SQLite format 3\x00"},
	{Env, "/.env", "APP_ENV=production\nDB_PASSWORD=geheim\n", "<html>\nAAAA=1\nBBBB=2</html>"},
	{DSStore, "/.DS_Store", "\x00\x00\x00\x01Bud1\x00", "Bud1"},
	{ServerStatus, "/server-status", "Total Accesses: 5\nBusyWorkers: 1\nScoreboard: _W_\n", "Scoreboard: of our games"},
	{ServerInfo, "/server-info", "<title>Server Information</title><h1>Apache Server Information</h1>Server Settings", "Apache Server Information"},
	{StubStatus, "/stub_status", "Active connections: 2 \nserver accepts handled requests\n 9 9 9 \n", "Active connections: many"},
	{PHPInfo, "/info.php", "<title>PHP 8.2.7 - phpinfo()</title><h1>PHP Version 8.2.7</h1>", "PHP Version 8"},
	{Backup, "/backup.zip", "PK\x03\x04\x14\x00\x00\x00\x08\x00", "<html>PK\x03\x04"},
	{Backup, "/dump.sql", "--\n-- PostgreSQL database dump\n--\n", "-- our shop"},
	{Backup, "/wp-config.php.bak", "<?php\ndefine('DB_PASSWORD', 'geheim');\n", "<html>DB_PASSWORD"},
	{DirectoryListing, "/files/", "<html><title>Index of /files/</title><a href=\"a\">a</a>", "<title>Index of our shop</title>"},
}

func TestExposed(t *testing.T) {
	serve := func(path, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, body)
		}
	}
	for _, s := range samples {
		t.Run(s.check.Vulnerability.Slug, func(t *testing.T) {
			for _, c := range []struct {
				name    string
				handler http.HandlerFunc
				want    harrier.Verdict
			}{
				{"vulnerable", serve(s.path, s.body), harrier.Present},
				{"fixed", http.NotFound, harrier.Absent},
				{"something else there", serve(s.path, s.other), harrier.Absent},
				{"everything looks so", checktest.Status(200, s.body), harrier.Absent},
				{"forbidden", checktest.Status(403, s.body), harrier.Absent},
				{"fails", checktest.Status(503, ""), harrier.Unknown},
				{"throttles", checktest.Status(429, ""), harrier.Unknown},
			} {
				t.Run(c.name, func(t *testing.T) {
					checktest.Expect(t, s.check, checktest.Web(t, c.name == "vulnerable", c.handler), c.want)
				})
			}
			checktest.Play(t, s.check, service, checktest.Case{Name: "foreign", Dial: wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), Want: harrier.Unknown})
		})
	}
}

// TestEnvSecrets keeps values out of the evidence.
func TestEnvSecrets(t *testing.T) {
	evidence, ok := envNames(check.Reply{Body: []byte("APP_ENV=production\nDB_PASSWORD=geheim\n")})
	if want := "  It sets APP_ENV, DB_PASSWORD"; !ok || evidence != want {
		t.Errorf("envNames = %q, %v; want %q", evidence, ok, want)
	}
}

func TestTrace(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s / HTTP/1.1\r\nX-Harrier: %s\r\n", r.Method, r.Header.Get("X-Harrier"))
	}
	for _, c := range []struct {
		handler http.HandlerFunc
		want    harrier.Verdict
	}{
		{echo, harrier.Present},
		{checktest.Status(405, ""), harrier.Absent},
		{checktest.Status(501, ""), harrier.Absent},
		{checktest.Status(200, "TRACE / HTTP/1.1"), harrier.Absent},
		{checktest.Status(502, ""), harrier.Unknown},
	} {
		checktest.Expect(t, Trace, checktest.Web(t, false, c.handler), c.want)
	}
	checktest.Play(t, Trace, service)
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		check          check.Check
		status, header string
		want           harrier.Verdict
	}{
		{BasicAuth, "401", "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=x", harrier.Present},
		{BasicAuth, "401", "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest realm=x", harrier.Absent},
		{BasicAuth, "200", "HTTP/1.1 200 OK\nServer: x", harrier.Absent},
		{HSTS, "200", "HTTP/1.1 200 OK\r\nServer: x", harrier.Present},
		{HSTS, "HTTP/1.1 200 OK", "Strict-Transport-Security: max-age=1", harrier.Absent},
		{ContentTypeOptions, "200", "Server: x", harrier.Present},
		{ContentTypeOptions, "200", "X-Content-Type-Options: nosniff", harrier.Absent},
		{ContentTypeOptions, "302", "Location: /a", harrier.Unknown},
		{FrameOptions, "200", "X-Frame-Options: ALLOWALL", harrier.Present},
		{FrameOptions, "200", "X-Frame-Options: sameorigin", harrier.Absent},
		{FrameAncestors, "200", "Content-Security-Policy: default-src 'self'; frame-ancestors *", harrier.Present},
		{FrameAncestors, "200", "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'", harrier.Absent},
		{HSTS, "", "", harrier.Unknown},
	} {
		s := harrier.Service{Name: "http", TLS: c.check.ID == HSTS.ID, Facts: map[string]string{"http.status": c.status, "http.headers": c.header}}
		if !c.check.Applies(s) {
			t.Errorf("%s does not apply", c.check.Vulnerability.Slug)
		}
		checktest.Expect(t, c.check, check.Target{Service: s}, c.want)
	}
}

// TestNginx puts every check to a careless server and to a careful one.
func TestNginx(t *testing.T) {
	for _, c := range []struct {
		name, config string
		want         map[harrier.VulnID]harrier.Verdict
	}{
		{"careless", "autoindex on; location = /nginx_status { stub_status; }", map[harrier.VulnID]harrier.Verdict{
			Git.ID: harrier.Present, Env.ID: harrier.Present, StubStatus.ID: harrier.Present, DirectoryListing.ID: harrier.Present,
			ServerStatus.ID: harrier.Absent, PHPInfo.ID: harrier.Absent, Trace.ID: harrier.Absent, FrameOptions.ID: harrier.Present,
		}},
		{"careful", "location ~ /\\. { deny all; } location / { try_files $uri /index.txt; } add_header X-Frame-Options DENY; add_header X-Content-Type-Options nosniff;", map[harrier.VulnID]harrier.Verdict{
			Git.ID: harrier.Absent, Env.ID: harrier.Absent, StubStatus.ID: harrier.Absent, DirectoryListing.ID: harrier.Absent,
			Trace.ID: harrier.Absent, FrameOptions.ID: harrier.Absent, ContentTypeOptions.ID: harrier.Absent,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, port := t.TempDir(), checktest.Port(t)
			for name, text := range map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".env": "AAAA=1\nBBBB=2\n", "index.txt": "hello"} {
				path := filepath.Join(dir, "www", name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			conf := checktest.Write(t, "conf", fmt.Sprintf(`daemon off; user root; pid %[1]s/pid; error_log stderr; events {}
http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
server { listen 127.0.0.1:%[2]d; root %[1]s/www; %[3]s } }`, dir, port, c.config))
			checktest.Daemon(t, port, "nginx", "-c", conf, "-e", "stderr")
			target := checktest.At("http", port, false)
			identified, err := probe.Identify(t.Context(), probe.Target{Addr: target.Addr, Endpoint: target.Service.Endpoint})
			if err != nil {
				t.Fatal(err)
			}
			target.Service = identified
			for _, one := range Checks {
				if want, asked := c.want[one.ID]; asked {
					t.Run(one.Vulnerability.Slug, func(t *testing.T) { checktest.Expect(t, one, target, want) })
				}
			}
		})
	}
}
