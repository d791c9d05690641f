package console

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/check/ssh"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/fleet"
	"github.com/harrier-scan/harrier/internal/scan"
)

// sshd starts a real SSH server on the loopback that lets this user in with a
// key, which is returned.
func sshd(t *testing.T) (port uint16, account, key string) {
	t.Helper()
	if _, err := os.Stat("/run/sshd"); err != nil && os.Geteuid() == 0 {
		t.Skipf("sshd wants its folder: %v", err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"host", "mine"} {
		if out, err := exec.CommandContext(t.Context(), checktest.Path(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	port = checktest.Port(t)
	conf := checktest.Write(t, "conf", fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nPidFile none\nUsePAM no\nStrictModes no\n"+
		"PermitRootLogin yes\nPasswordAuthentication no\nAuthorizedKeysFile %s/mine.pub\n", port, dir, dir))
	checktest.Daemon(t, port, checktest.Path(t, "sshd"), "-D", "-e", "-f", conf)
	return port, me.Username, string(text)
}

// holds reports whether a file below dir has the text.
func holds(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // gone meanwhile
		}
		b, err := os.ReadFile(path)
		found = found || err == nil && bytes.Contains(b, []byte(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestLoginElsewhere has an engine elsewhere sign in to a real SSH server with
// the credentials of the scan, which are nowhere in the clear on the way: not in
// the queue while nobody takes the job, nor afterwards.
func TestLoginElsewhere(t *testing.T) {
	port, account, key := sshd(t)
	canary := strings.Split(key, "\n")[2]
	c := testConfig(t, t.TempDir())
	c.Engine, c.BusListen = false, "127.0.0.1:0"
	con, stop := start(t, c)
	defer func() {
		if err := stop(); err != nil {
			t.Errorf("Run = %v", err)
		}
	}()
	rooms, ctx := con.core.rooms, t.Context()
	token, err := rooms.Fleet.Token(ctx, harrier.System, fleet.NewToken{Name: "far", Pool: "branch"})
	if err != nil {
		t.Fatal(err)
	}
	p := harrier.Policy{
		Name: "login", Template: "basic", Settings: harrier.Settings{Ports: fmt.Sprintf("T:%d", port), Connect: true, NoPing: true},
		Credentials: []harrier.Credential{{Category: "Host", Type: "SSH", Fields: map[string]string{"username": account, "auth_method": "public key", "private_key": key}}},
	}
	if err := rooms.Policies.Create(ctx, harrier.System, &p); err != nil {
		t.Fatal(err)
	}
	s := harrier.Site{Name: "login", Targets: "127.0.0.1", Policy: p.ID, Pool: "branch"}
	if err := rooms.Sites.Create(ctx, harrier.System, &s); err != nil {
		t.Fatal(err)
	}
	sc, err := rooms.Scans.Launch(ctx, harrier.System, s.ID, scan.Launch{})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); !holds(t, filepath.Join(c.Data, "bus"), sc.UUID.String()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the job is not queued")
		}
	}
	if holds(t, c.Data, canary) {
		t.Error("the key is in the clear in the console's data while the job is queued")
	}

	finish := func() {
		t.Helper()
		for limit := time.Now().Add(60 * time.Second); !sc.Status.Ended(); time.Sleep(50 * time.Millisecond) {
			if sc, err = rooms.Scans.Scan(ctx, harrier.System, sc.ID); err != nil || time.Now().After(limit) {
				t.Fatalf("the scan is %s: %v", sc.Status, err)
			}
		}
	}
	far, end := context.WithCancel(ctx)
	var running sync.WaitGroup
	o := EngineOptions{Data: t.TempDir(), Console: con.gate.Addr(), Token: token, Flight: NoFlight}
	running.Go(func() {
		if err := RunEngine(far, o, slog.New(slog.DiscardHandler)); err != nil {
			t.Errorf("RunEngine = %v", err)
		}
	})
	defer running.Wait()
	defer end()
	finish()
	list, _, err := rooms.Findings.Findings(ctx, harrier.System, nil, finding.Page{})
	if err != nil {
		t.Fatal(err)
	}
	evidence := ""
	for _, f := range list {
		if f.Vulnerability == ssh.SignedIn.ID {
			evidence = f.Evidence
		}
	}
	if !strings.Contains(evidence, `"`+account+`" is let in`) || !strings.Contains(evidence, "\n\nLinux ") {
		t.Errorf("the login says %q; want the account and what the host says of itself", evidence)
	}
	for what, dir := range map[string]string{"console": c.Data, "engine": o.Data} {
		if holds(t, dir, canary) {
			t.Errorf("the key is in the clear in the data of the %s", what)
		}
	}

	// How signing in went is told of the asset: by its own credentials, without any,
	// by those of another site, and by ones that the server does not take.
	bare := harrier.Policy{Name: "bare", Template: "basic", Settings: p.Settings}
	wrong := harrier.Policy{
		Name: "wrong", Template: "basic", Settings: p.Settings,
		Credentials: []harrier.Credential{{Category: "Host", Type: "SSH", Fields: map[string]string{"username": account, "auth_method": "password", "password": "no"}}},
	}
	at := harrier.Endpoint{Protocol: harrier.TCP, Port: port}
	for i, c := range []struct {
		policy *harrier.Policy
		launch scan.Launch
		want   harrier.SignInResult
	}{{&p, scan.Launch{}, harrier.SignInSucceeded}, {&bare, scan.Launch{}, harrier.NoCredentials}, {&bare, scan.Launch{Credentials: []harrier.ID{s.ID}}, harrier.SignInSucceeded}, {&wrong, scan.Launch{}, harrier.SignInRefused}} {
		if i > 0 { // the first one was scanned
			if c.policy.ID == 0 {
				if err := rooms.Policies.Create(ctx, harrier.System, c.policy); err != nil {
					t.Fatal(err)
				}
			}
			of := harrier.Site{Name: fmt.Sprint("login ", i), Targets: "127.0.0.1", Policy: c.policy.ID, Pool: "branch"}
			if err := rooms.Sites.Create(ctx, harrier.System, &of); err != nil {
				t.Fatal(err)
			}
			if sc, err = rooms.Scans.Launch(ctx, harrier.System, of.ID, c.launch); err != nil {
				t.Fatal(err)
			}
			finish()
		}
		assets, _, err := rooms.Assets.Assets(ctx, harrier.System, nil, asset.Page{})
		if err != nil || len(assets) != 1 {
			t.Fatalf("%d assets, %v", len(assets), err)
		}
		facts, err := rooms.Assets.Facts(ctx, harrier.System, []harrier.ID{assets[0].ID})
		if want := []harrier.SignIn{{Endpoint: at, Result: c.want}}; err != nil || !slices.Equal(facts[assets[0].ID].SignIns, want) {
			t.Errorf("scan %d: %v, %v; want %v", i, facts[assets[0].ID].SignIns, err, want)
		}
	}
}
