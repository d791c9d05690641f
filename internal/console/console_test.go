package console

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testConfig(t *testing.T, dir string) Config {
	t.Helper()
	o := options()
	o.Data, o.Listen = dir, []string{"127.0.0.1:0", "127.0.0.1:0"}
	c, err := o.Config()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start runs a console until the returned function is called, which gives the
// error of Run.
func start(t *testing.T, c Config) (*Console, func() error) {
	t.Helper()
	con, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- con.Run(ctx) }()
	return con, func() error {
		stop()
		err := <-ended
		con.Close()
		return err
	}
}

func request(t *testing.T, method, url, host, cookie, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.Header.Set("X-Cookie", cookie)
	return send(t, req)
}

func send(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer tr.CloseIdleConnections()
	res, err := (&http.Client{Transport: tr, Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestRestart starts a new console, signs in on every listener under any host
// name, ends it, and finds everything again at the next start.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	con, stop := start(t, testConfig(t, dir))
	if !con.First.Created || len(con.First.Password) < 12 {
		t.Errorf("first user = %+v; want a new one with a password", con.First)
	}
	login := `{"username":"` + con.First.Name + `","password":"` + con.First.Password + `"}`
	var token string
	for _, a := range con.Addrs() {
		for _, host := range []string{"", "scan.example", "192.0.2.1:3780"} {
			code, body := request(t, http.MethodPost, "https://"+a.String()+"/session", host, "", login)
			if code != http.StatusOK || !strings.Contains(body, "token") {
				t.Fatalf("sign in on %s as host %q = %d %s", a, host, code, body)
			}
			token = strings.Split(body, `"`)[3]
		}
	}
	if err := stop(); err != nil {
		t.Errorf("Run = %v; want an end in good order", err)
	}
	con, stop = start(t, testConfig(t, dir))
	if con.First.Created {
		t.Error("the second start made another first user")
	}
	code, body := request(t, http.MethodGet, "https://"+con.Addrs()[0].String()+"/session", "", "token="+token, "")
	if code != http.StatusOK {
		t.Errorf("the session after a restart = %d %s; want it alive", code, body)
	}
	if err := stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
}

// TestRestartAsked: NeXpose's Restart is answered, then the console ends to begin
// again; who does not operate it can not ask.
func TestRestartAsked(t *testing.T) {
	dir := t.TempDir()
	con, err := Open(t.Context(), testConfig(t, dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- con.Run(t.Context()) }()
	url := "https://" + con.Addrs()[0].String() + "/api/1.1/xml"
	ask := func(body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "text/xml")
		_, answer := send(t, req)
		return answer
	}
	if a := ask(`<RestartRequest session-id="0123456789abcdef0123456789abcdef01234567"/>`); !strings.Contains(a, `success="0"`) {
		t.Errorf("a restart for anybody = %s", a)
	}
	_, session, _ := strings.Cut(ask(`<LoginRequest user-id="`+con.First.Name+`" password="`+con.First.Password+`"/>`), `session-id="`)
	session, _, _ = strings.Cut(session, `"`)
	if a := ask(`<RestartRequest session-id="` + session + `"/>`); !strings.Contains(a, `<RestartResponse success="1"`) {
		t.Errorf("a restart for the operator = %s", a)
	}
	if err := <-ended; !errors.Is(err, ErrRestart) {
		t.Errorf("Run = %v; want ErrRestart", err)
	}
	con.Close()
	again, stop := start(t, testConfig(t, dir))
	if again.First.Created {
		t.Error("everything is lost")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestDatabaseMode: the database holds what was found and password hashes; in a
// folder that everybody may enter it is still its owner's alone.
func TestDatabaseMode(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the case in question
		t.Fatal(err)
	}
	con, err := Open(t.Context(), testConfig(t, dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer con.Close()
	files, err := filepath.Glob(filepath.Join(dir, "harrier.db*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("database files = %q, %v; want the database and its log", files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s; want -rw-------", f, info.Mode())
		}
	}
}

// TestUnownedPath: a path of no dialect is told in JSON, which clients parse
// whatever they asked for.
func TestUnownedPath(t *testing.T) {
	con, stop := start(t, testConfig(t, t.TempDir()))
	code, body := request(t, http.MethodGet, "https://"+con.Addrs()[0].String()+"/no/such", "", "", "")
	if want := `{"error":"The requested file was not found"}`; code != http.StatusNotFound || body != want {
		t.Errorf("GET /no/such = %d %s; want 404 %s", code, body, want)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestDatabaseName: no form of an address shows its password.
func TestDatabaseName(t *testing.T) {
	for dsn, want := range map[string]string{
		"dir/harrier.db":                         "dir/harrier.db",
		"postgres://u:hidden@db/x":               "postgres://u:xxxxx@db/x",
		"postgres://db/x?password=hidden&user=u": "postgres://db/x?password=xxxxx&user=u",
		"postgres://u:hid%zzden@db/x":            "postgres://…",
		"postgresql://u:hid den@db:port/x":       "postgresql://…",
	} {
		if got := DatabaseName(dsn); got != want {
			t.Errorf("DatabaseName(%q) = %q; want %q", dsn, got, want)
		}
	}
}

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(t.Context(), testConfig(t, dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), testConfig(t, dir), slog.New(slog.DiscardHandler))
	if harrier.KindOf(err) != harrier.Unavailable || !strings.Contains(err.Error(), "a console is running") {
		t.Errorf("a second console on one folder = %v; want Unavailable", err)
	}
	first.Close()
	again, err := Open(t.Context(), testConfig(t, dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("after the first is closed: %v", err)
	}
	again.Close()
}

func TestResetPassword(t *testing.T) {
	c := testConfig(t, t.TempDir())
	con, stop := start(t, c)
	if _, err := ResetPassword(t.Context(), c, "admin"); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("ResetPassword beside a running console = %v; want Unavailable", err)
	}
	old := con.First.Password
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := ResetPassword(t.Context(), c, "nobody"); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("ResetPassword(nobody) = %v; want NotFound", err)
	}
	password, err := ResetPassword(t.Context(), c, "ADMIN")
	if err != nil {
		t.Fatal(err)
	}
	con, stop = start(t, c)
	url := "https://" + con.Addrs()[0].String() + "/session"
	for pass, want := range map[string]int{old: http.StatusUnauthorized, password: http.StatusOK} {
		if code, body := request(t, http.MethodPost, url, "", "", `{"username":"admin","password":"`+pass+`"}`); code != want {
			t.Errorf("sign in after the reset = %d %s; want %d", code, body, want)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
