package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier"
)

func open(t *testing.T, name string) *Box {
	t.Helper()
	b, err := Open(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSeal(t *testing.T) {
	b := open(t, "key")
	for _, plain := range []string{"", "x", "correct horse battery staple", strings.Repeat("k", 1<<16)} {
		sealed, err := b.Seal("policy", []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 3 && bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("Seal(%.20q) holds the plaintext", plain)
		}
		again, _ := b.Seal("policy", []byte(plain))
		if bytes.Equal(sealed, again) {
			t.Errorf("Seal(%.20q) twice gave the same bytes", plain)
		}
		got, err := b.Unseal("policy", sealed)
		if err != nil || string(got) != plain {
			t.Errorf("Unseal(Seal(%.20q)) = %.20q, %v", plain, got, err)
		}
	}
}

func TestUnsealRefuses(t *testing.T) {
	b, other := open(t, "a"), open(t, "b")
	sealed, err := b.Seal("policy 1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(why string, box *Box, purpose string, sealed []byte) {
		t.Helper()
		if got, err := box.Unseal(purpose, sealed); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Unseal with %s = %q, %v; want Invalid", why, got, err)
		}
	}
	refused("another key", other, "policy 1", sealed)
	refused("another purpose", b, "policy 2", sealed)
	refused("nothing", b, "policy 1", nil)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		refused(fmt.Sprintf("byte %d changed", i), b, "policy 1", changed)
		refused(fmt.Sprintf("%d bytes", i), b, "policy 1", sealed[:i])
	}
}

func FuzzUnseal(f *testing.F) {
	b, err := New(make([]byte, KeySize))
	if err != nil {
		f.Fatal(err)
	}
	sealed, _ := b.Seal("p", []byte("x"))
	f.Add(sealed)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := b.Unseal("p", in)
		if err == nil && string(got) != "x" {
			t.Errorf("Unseal(%x) = %q without the key", in, got)
		}
	})
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != KeySize {
		t.Errorf("key file: mode %v, size %d, %v; want 0600, %d", info.Mode(), info.Size(), err, KeySize)
	}
	sealed, _ := first.Seal("p", []byte("x"))
	second, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Unseal("p", sealed); err != nil || string(got) != "x" {
		t.Errorf("Unseal after reopening = %q, %v; want x", got, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}

	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), "0640") {
		t.Errorf("Open of a file that others may read = %v; want Invalid with the mode", err)
	}
	for name, content := range map[string]string{"short": "abc", "empty": "", "long": strings.Repeat("x", KeySize+1)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Open of a key file that is %s = %v; want Invalid", name, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Error("Open in a folder that is not there = nil error")
	}
}

func TestOpenTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	boxes := make([]*Box, 8)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() { boxes[i], _ = Open(path) })
	}
	wg.Wait()
	for i, b := range boxes {
		if b == nil || !bytes.Equal(b.key, boxes[0].key) {
			t.Errorf("box %d has another key", i)
		}
	}
}

func TestTextHides(t *testing.T) {
	const canary = "hunter2hunter2"
	var out bytes.Buffer
	s := Text(canary)
	slog.New(slog.NewTextHandler(&out, nil)).Info("signed in", "password", s, "box", open(t, "key"))
	fmt.Fprintf(&out, "%v %+v %#v %s %q", s, struct{ P Text }{s}, s, s, s)
	if err := json.NewEncoder(&out).Encode(map[string]any{"p": s}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), canary) {
		t.Errorf("a secret shows in %s", out.String())
	}
	if s.Reveal() != canary {
		t.Errorf("Reveal() = %q; want the secret", s.Reveal())
	}
}
