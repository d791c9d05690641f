package securitycenter

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/test/console"
)

// TestClients runs every client against one console, one after the other.
func TestClients(t *testing.T) {
	port := startWeb(t)
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
		"HARRIER_ACCESS_KEY=" + keys.AccessKey, "HARRIER_SECRET_KEY=" + keys.SecretKey, "HARRIER_OUT=" + t.TempDir(),
		"HARRIER_WEB=" + webAddr, "HARRIER_WEB_PORT=" + port,
	}
	t.Run("pyTenable people", func(t *testing.T) { run(t, env, python(t), "testdata/pytenable_people.py") })
	t.Run("pyTenable scans", func(t *testing.T) { run(t, env, python(t), "testdata/pytenable_scans.py") })
	t.Run("guide", func(t *testing.T) { run(t, env, python(t), "testdata/guide.py") })
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

// run runs a script, which ends with an error when something is wrong.
func run(t *testing.T, env []string, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), append(env, "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore")...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(args[0]), err, out)
	}
	t.Logf("%s", out)
}
