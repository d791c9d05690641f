package nessus

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/test/console"
)

// TestClients runs every client against one console, one after the other.
func TestClients(t *testing.T) {
	startServices(t)
	bin, addr := console.Build(t), console.FreeAddr(t)
	p := console.Start(t, bin, "serve", "--data", filepath.Join(t.TempDir(), "data"), "--listen", addr)
	t.Cleanup(func() {
		if !p.Stop(30 * time.Second) {
			t.Errorf("the console did not stop in good order:\n%s", p.Output())
		}
		if t.Failed() {
			t.Logf("the console wrote:\n%s", p.Output())
		}
	})
	c := console.Dial(t, addr)
	c.SignIn("admin", p.Password())
	var keys struct{ AccessKey, SecretKey string }
	c.Do(http.MethodPut, "/session/keys", nil, &keys)

	env := []string{
		"HARRIER_URL=https://" + addr, "HARRIER_USER=admin", "HARRIER_PASSWORD=" + p.Password(),
		"HARRIER_ACCESS_KEY=" + keys.AccessKey, "HARRIER_SECRET_KEY=" + keys.SecretKey,
		"HARRIER_TARGETS=" + targets, "HARRIER_PORTS=" + ports, "HARRIER_WEB=" + webAddr, "HARRIER_WEB_PORT=" + webPort,
		"HARRIER_REDIS=" + redisAddr, "HARRIER_OUT=" + t.TempDir(),
	}
	t.Run("guide script", func(t *testing.T) { guide(t, c, addr, keys.AccessKey, keys.SecretKey) })
	t.Run("pyTenable", func(t *testing.T) { run(t, env, python(t), "testdata/pytenable_lifecycle.py") })
	t.Run("readers", func(t *testing.T) { run(t, env, python(t), "testdata/readers.py") })
	t.Run("Net::Nessus::REST", func(t *testing.T) { run(t, env, perl(t), "testdata/nessus_rest.pl") })
}

// guide runs the script of the API's guide, with the address, the keys and the
// number of a scan filled in where it says so.
func guide(t *testing.T, c *console.Client, addr, access, secret string) {
	id := c.CreateScan("guide", targets, ports)
	text, err := os.ReadFile("testdata/guide.py")
	if err != nil {
		t.Fatal(err)
	}
	script := strings.NewReplacer(
		"https://nessus-scanner.internal:8834", "https://"+addr, "YOUR_ACCESS_KEY", access, "YOUR_SECRET_KEY", secret,
		"launch_and_poll_scan(42)", "launch_and_poll_scan("+strconv.Itoa(id)+")", "time.sleep(30)", "time.sleep(3)",
	).Replace(string(text))
	path := filepath.Join(t.TempDir(), "guide.py")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	out := run(t, nil, python(t), path)
	for _, want := range []string{"Execution initialized. Assigned UUID: ", "Engine status: running.", "Scan cycle completed successfully."} {
		if !strings.Contains(out, want) {
			t.Errorf("the script did not say %q:\n%s", want, out)
		}
	}
	if d := c.Scan(id); len(d.Hosts) != 3 || len(d.Vulnerabilities) == 0 {
		t.Errorf("%d hosts and %d vulnerabilities; want 3 and some", len(d.Hosts), len(d.Vulnerabilities))
	}
}

// python is the interpreter that has the clients.
func python(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return needs.Binary(t, filepath.Join(root, ".cache/python/bin/python"), "python3-venv, then run scripts/setup-test.sh")
}

// perl is the interpreter, once it is known to have the client.
func perl(t *testing.T) string {
	t.Helper()
	path := needs.Binary(t, "perl", "perl")
	if exec.CommandContext(t.Context(), path, "-MNet::Nessus::REST", "-e", "1").Run() != nil {
		needs.Shared(t, "/usr/share/perl5/Net/Nessus/REST.pm")
	}
	return path
}

// run runs a script, which ends with an error when something is wrong.
func run(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), append(env, "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore")...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(args[0]), err, out)
	}
	t.Logf("%s", out)
	return string(out)
}
