package pki_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/pki"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func TestServerCertificate(t *testing.T) {
	dir := t.TempDir()
	a, err := pki.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	first, err := a.Server([]string{"scan.example", "192.0.2.7"}, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "scan.example", "192.0.2.7", "::1"} {
		if _, err := first.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: a.Pool(), CurrentTime: now}); err != nil {
			t.Errorf("the certificate does not serve %s: %v", host, err)
		}
	}
	again, err := pki.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		hosts []string
		at    time.Time
		same  bool
	}{
		"a restart keeps it":     {[]string{"scan.example", "192.0.2.7"}, now.Add(time.Hour), true},
		"age renews it":          {[]string{"scan.example", "192.0.2.7"}, now.Add(300 * 24 * time.Hour), false},
		"another host renews it": {[]string{"other.example"}, now, false},
	} {
		if err := os.WriteFile(filepath.Join(dir, "server.pem"), mustPEM(t, dir), 0o600); err != nil {
			t.Fatal(err)
		}
		before := readLeaf(t, again, []string{"scan.example", "192.0.2.7"}, now)
		after := readLeaf(t, again, tt.hosts, tt.at)
		if got := before.Equal(after); got != tt.same {
			t.Errorf("%s: same certificate %v; want %v", name, got, tt.same)
		}
	}
	if fi, err := os.Stat(filepath.Join(dir, "ca.pem")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode of the authority's file = %v, %v; want 0600", fi.Mode(), err)
	}
}

func mustPEM(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "server.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readLeaf(t *testing.T, a *pki.Authority, hosts []string, at time.Time) *x509.Certificate {
	t.Helper()
	pair, err := a.Server(hosts, at)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pki.Open(dir, now); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Open of a damaged authority = %v; want Invalid", err)
	}
	if _, err := pki.Open(filepath.Join(dir, "ca.pem", "x"), now); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("Open below a file = %v; want Unavailable", err)
	}
	if _, err := pki.LoadPair("/nonexistent", "/nonexistent"); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("LoadPair of nothing = %v; want Invalid", err)
	}
}
