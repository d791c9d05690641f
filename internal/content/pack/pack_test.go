package pack

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/harrier-scan/harrier"
)

func TestMain(m *testing.M) {
	if data := os.Getenv("HARRIER_TEST_INSTALL"); data != "" {
		installForever(data)
	}
	os.Exit(m.Run())
}

// day is when the content of the tests is made, number n a minute later each.
func day(n int) time.Time { return time.Date(2026, 3, 1, 12, n, 0, 0, time.UTC) }

// text is the base of content n: a file, as far as packs are concerned.
func text(n int) string {
	return fmt.Sprintf("content %d\n", n) + strings.Repeat(fmt.Sprintf("line of %d\n", n), 40)
}

// build puts content n in force in a place and returns it.
func build(t testing.TB, p Place, n int) Content {
	t.Helper()
	file := filepath.Join(t.TempDir(), "base.db")
	if err := os.WriteFile(file, []byte(text(n)), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := p.Key()
	if err != nil {
		t.Fatal(err)
	}
	m := Manifest{Publisher: "tests", Version: fmt.Sprint("v", n), Sources: []Source{{Name: "kev", Licence: "CC0-1.0", Records: 3}}}
	if _, err := p.Adopt(file, m, key, day(n)); err != nil {
		t.Fatal(err)
	}
	c, err := p.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// packed builds content n at a publisher and returns the pack and the key.
func packed(t testing.TB, publisher Place, n int) (string, Public) {
	t.Helper()
	c := build(t, publisher, n)
	key, err := publisher.Key()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), fmt.Sprintf("content-%d.pack", n))
	if _, err := Write(file, c, key, "The publisher"); err != nil {
		t.Fatal(err)
	}
	return file, key.Public()
}

// holds checks what is in force: content n, or nothing for 0.
func holds(t testing.TB, p Place, n int) {
	t.Helper()
	c, err := p.Load()
	if n == 0 {
		if harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("Load = %v, %v; want NotFound", c.Manifest, err)
		}
		return
	}
	if err != nil {
		t.Errorf("Load = %v; want content %d", err, n)
		return
	}
	if b, err := os.ReadFile(c.Base); err != nil || string(b) != text(n) {
		t.Errorf("base = %.20q, %v; want content %d", b, err, n)
	}
}

func TestTravel(t *testing.T) {
	here, there := In(t.TempDir()), In(t.TempDir())
	holds(t, here, 0)
	one, key := packed(t, there, 1)
	if _, err := here.Import(one, Options{}); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), "not trusted") || !strings.Contains(err.Error(), key.ID()) {
		t.Errorf("Import of a stranger's pack = %v; want Invalid with the key", err)
	}
	holds(t, here, 0)
	if err := here.Trust(key); err != nil {
		t.Fatal(err)
	}
	m, err := here.Import(one, Options{})
	if err != nil || m.Publisher != "The publisher" || m.Sequence != day(1).Unix() || m.Version != "v1" || m.Key != key.ID() || len(m.Sources) != 1 {
		t.Fatalf("Import = %+v, %v", m, err)
	}
	holds(t, here, 1)
	before, _ := here.Current()
	if _, err := here.Import(one, Options{}); err != nil {
		t.Errorf("Import again = %v; want nothing", err)
	}
	if now, _ := here.Current(); now != before {
		t.Errorf("importing the same again changed %s to %s", before, now)
	}
	two, _ := packed(t, there, 2)
	if _, err := here.Import(two, Options{}); err != nil {
		t.Fatal(err)
	}
	holds(t, here, 2)
	if _, err := here.Import(one, Options{}); harrier.KindOf(err) != harrier.Conflict || !strings.Contains(err.Error(), "older") {
		t.Errorf("Import of older content = %v; want Conflict", err)
	}
	holds(t, here, 2)
	if _, err := here.Import(one, Options{Older: true}); err != nil {
		t.Errorf("Import of older content, as told = %v", err)
	}
	holds(t, here, 1)
	// What is built here follows what came from elsewhere, even with a slow clock.
	if _, err := here.Import(two, Options{}); err != nil {
		t.Fatal(err)
	}
	c := build(t, here, 0)
	if c.Sequence != m.Sequence+61 {
		t.Errorf("sequence of what follows = %d; want %d", c.Sequence, m.Sequence+61)
	}
	// One key alone is trusted for what it signed: the publisher's is taken away.
	if err := os.Remove(filepath.Join(here.Dir(), "trusted", key.ID()+".pub")); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Import(two, Options{Older: true}); err == nil {
		t.Error("a key that was taken away still counts")
	}
}

func TestSameNumber(t *testing.T) {
	here, one, two := In(t.TempDir()), In(t.TempDir()), In(t.TempDir())
	a, keyA := packed(t, one, 1)
	b := build(t, two, 2)
	key, err := two.Key()
	if err != nil {
		t.Fatal(err)
	}
	b.Sequence = day(1).Unix()
	other := filepath.Join(t.TempDir(), "other.pack")
	if _, err := Write(other, b, key, ""); err != nil {
		t.Fatal(err)
	}
	for _, k := range []Public{keyA, key.Public()} {
		if err := here.Trust(k); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := here.Import(a, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Import(other, Options{}); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("Import of other content with the same number = %v; want Conflict", err)
	}
	holds(t, here, 1)
}

// TestEveryByte turns each byte of a pack, and cuts and lengthens it everywhere.
func TestEveryByte(t *testing.T) {
	here, there := In(t.TempDir()), In(t.TempDir())
	build(t, here, 1)
	file, key := packed(t, there, 2)
	if err := here.Trust(key); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, i int, b []byte) {
		t.Helper()
		if m, err := here.install("x.pack", bytes.NewReader(b), Options{}); harrier.KindOf(err) != harrier.Invalid {
			t.Fatalf("%s at %d of %d: %+v, %v; want Invalid", what, i, len(whole), m, err)
		}
	}
	for i := range whole {
		flip := []byte{0x20, 0x01, 0x80, 0xff}[i%4] // 0x20 makes capitals of hexadecimal digits
		for _, f := range []byte{flip, 0x20} {
			b := slices.Clone(whole)
			b[i] ^= f
			refused(fmt.Sprintf("turned by %#x", f), i, b)
		}
		if i%5 != 0 {
			continue
		}
		refused("cut", i, whole[:i])
		refused("one byte lost", i, slices.Delete(slices.Clone(whole), i, i+1))
		refused("one byte more", i, slices.Insert(slices.Clone(whole), i, 'x'))
	}
	refused("one byte more", len(whole), append(slices.Clone(whole), 0))
	holds(t, here, 1)
	if left, _ := os.ReadDir(filepath.Join(here.Dir(), "installed")); len(left) != 1 {
		t.Errorf("%d folders after all that; want 1", len(left))
	}
	if _, err := here.install("x.pack", bytes.NewReader(whole), Options{}); err != nil {
		t.Errorf("the whole pack = %v", err)
	}
	holds(t, here, 2)
}

// TestEveryByteAtLoad turns each byte of what is installed.
func TestEveryByteAtLoad(t *testing.T) {
	here := In(t.TempDir())
	c := build(t, here, 1)
	for _, name := range []string{"head", "base.db"} {
		file := filepath.Join(filepath.Dir(c.Base), name)
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		try := func(what string, i int, b []byte) {
			t.Helper()
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := here.Load(); harrier.KindOf(err) != harrier.Invalid {
				t.Fatalf("%s %s at %d: Load = %v; want Invalid", name, what, i, err)
			}
		}
		for i := range whole {
			b := slices.Clone(whole)
			b[i] ^= 0x20
			try("turned", i, b)
		}
		try("cut", len(whole)-1, whole[:len(whole)-1])
		try("lengthened", len(whole), append(slices.Clone(whole), '\n'))
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if _, err := here.Load(); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("without %s Load = %v; want Invalid", name, err)
		}
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	holds(t, here, 1)
}

// signed makes a pack of a body and what its signer says about it.
func signed(t *testing.T, p Place, body []byte, m Manifest) []byte {
	t.Helper()
	key, err := p.Key()
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHead(m, key)
	if err != nil {
		t.Fatal(err)
	}
	return append(h.text, body...)
}

// TestLies gives packs whose signer, trusted as he is, says what is not so.
func TestLies(t *testing.T) {
	p := In(t.TempDir())
	build(t, p, 1)
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	bombs := bytes.Repeat(z.EncodeAll(make([]byte, 2<<20), nil), 1024) // 2 GiB
	good := Manifest{
		Sequence: day(9).Unix(), Created: day(9), Size: 1 << 20, SHA256: strings.Repeat("ab", 32),
		PackedSize: int64(len(bombs)), PackedSHA256: strings.Repeat("cd", 32),
	}
	for what, c := range map[string]struct {
		change func(*Manifest)
		want   string
	}{
		"bomb":          {func(*Manifest) {}, "unpacks to more than the 1048576 bytes that were signed"},
		"long body":     {func(m *Manifest) { m.PackedSize, m.Size = 40, 1<<30 }, "body"},
		"longer body":   {func(m *Manifest) { m.PackedSize++; m.Size = 1 << 20 }, "unpacks to more"},
		"size":          {func(m *Manifest) { m.Size = 1 << 60 }, "can not be"},
		"negative size": {func(m *Manifest) { m.PackedSize = -1 }, "can not be"},
		"no number":     {func(m *Manifest) { m.Sequence = 0 }, "sequence number"},
		"no date":       {func(m *Manifest) { m.Created = time.Time{} }, "date"},
		"no sum":        {func(m *Manifest) { m.SHA256 = "" }, "checksum"},
		"not a sum":     {func(m *Manifest) { m.SHA256 = strings.Repeat("AB", 32) }, "checksum"},
		"no sum of all": {func(m *Manifest) { m.PackedSHA256 = "" }, "checksum"},
	} {
		m := good
		c.change(&m)
		_, err := p.install("x.pack", bytes.NewReader(signed(t, p, bombs, m)), Options{})
		if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want Invalid with %q", what, err, c.want)
		}
	}
	for _, b := range []string{"", "<html>", magic, magic + "{}", magic + "{}\n", magic + "{}\nxx\n", magic + strings.Repeat("x", maxManifest+1), magic + "nothing\n" + strings.Repeat("0", 128) + "\n"} {
		if _, err := p.install("x.pack", strings.NewReader(b), Options{}); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%.40q: %v; want Invalid", b, err)
		}
	}
	holds(t, p, 1)
}

func TestImportMends(t *testing.T) {
	for what, breaks := range map[string]func(Content, Place) error{
		"base": func(c Content, _ Place) error { return os.Remove(c.Base) },
		"head": func(c Content, _ Place) error { return os.RemoveAll(filepath.Dir(c.Base)) },
		"current": func(_ Content, p Place) error {
			return os.WriteFile(filepath.Join(p.Dir(), "current"), []byte("{"), 0o600)
		},
	} {
		here, there := In(t.TempDir()), In(t.TempDir())
		file, key := packed(t, there, 1)
		if err := here.Trust(key); err != nil {
			t.Fatal(err)
		}
		if _, err := here.Import(file, Options{}); err != nil {
			t.Fatal(err)
		}
		c, err := here.Load()
		if err == nil {
			err = breaks(c, here)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := here.Load(); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%s: Load = %v; want Invalid", what, err)
		}
		if _, err := here.Import(file, Options{}); err != nil {
			t.Errorf("%s: Import = %v", what, err)
		}
		holds(t, here, 1)
	}
}

func TestPointerLeadsNowhere(t *testing.T) {
	p := In(t.TempDir())
	build(t, p, 1)
	for _, name := range []string{"../../etc", "a/b", ".", "/", ""} {
		b := fmt.Sprintf(`{"name":%q,"sequence":1}`, name)
		if err := os.WriteFile(filepath.Join(p.Dir(), "current"), []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Load(); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Load with the pointer %q = %v; want Invalid", name, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	made := day(0)
	m := Manifest{Created: made, Expires: made.Add(30 * 24 * time.Hour)}
	for age, want := range map[time.Duration]int{0: 0, Stale: 0, Stale + time.Hour: 1, 31 * 24 * time.Hour: 2, -2 * time.Hour: 0, -48 * time.Hour: 1} {
		if got := m.Warnings(made.Add(age)); len(got) != want {
			t.Errorf("warnings at the age of %v = %q; want %d", age, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	p := In(t.TempDir())
	key, err := p.Key()
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Key()
	if err != nil || again.Public() != key.Public() {
		t.Errorf("a second key was made: %v", err)
	}
	if info, err := os.Stat(filepath.Join(p.Dir(), "key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the key = %v, %v; want 0600", info.Mode(), err)
	}
	line := key.Public().String()
	for in, ok := range map[string]bool{
		line: true, line + " laboratory\n": true, "": false, line[:62]: false, line + line: false, "x" + line[1:]: false,
		line + "\n" + line: false, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n": false,
	} {
		got, err := ParsePublic(in)
		if ok && (err != nil || got != key.Public()) || !ok && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("ParsePublic(%.20q) = %v, %v; want %v", in, got, err, ok)
		}
	}
	for _, in := range []string{"", "key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))} {
		if _, err := ParsePrivate([]byte(in)); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("ParsePrivate(%.20q) = %v; want Invalid", in, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(p.Dir(), "trusted"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.Dir(), "trusted", "x.pub"), []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Trusted(); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), "x.pub") {
		t.Errorf("Trusted with a file that is no key = %v; want Invalid with its name", err)
	}
	if text := fmt.Sprint(key.LogValue()); strings.Contains(text, fmt.Sprintf("%x", []byte(key)[:8])) {
		t.Error("the log shows the key")
	}
}

// installForever puts content in force, one after the other, until it is killed.
func installForever(data string) {
	p := In(data)
	key, err := p.Key()
	for n := 1; err == nil; n++ {
		file := filepath.Join(data, "next.db")
		if err = os.WriteFile(file, []byte(text(n)), 0o600); err == nil {
			_, err = p.Adopt(file, Manifest{Version: fmt.Sprint(n)}, key, time.Now())
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestKill ends a process that installs without pause at moments of chance.
func TestKill(t *testing.T) {
	data := t.TempDir()
	p := In(data)
	build(t, p, 1)
	last := int64(0)
	for i := range 25 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "HARRIER_TEST_INSTALL="+data)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(60*time.Millisecond + time.Duration(i*i)*137*time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
			t.Fatalf("it ended by itself: %v", err)
		}
		c, err := p.Load()
		if err != nil {
			t.Fatalf("after %d kills: %v", i+1, err)
		}
		if c.Sequence < last {
			t.Errorf("sequence went back from %d to %d", last, c.Sequence)
		}
		last = c.Sequence
	}
	if last == day(1).Unix() {
		t.Error("nothing was installed between the kills")
	}
	build(t, p, 2)
	entries, err := os.ReadDir(filepath.Join(p.Dir(), "installed"))
	if err != nil || len(entries) > 2 {
		t.Errorf("%d folders, %v; want the content and the one before", len(entries), err)
	}
}

func TestPrunedWhileLoading(t *testing.T) {
	p := In(t.TempDir())
	c := build(t, p, 1)
	if err := os.RemoveAll(filepath.Dir(c.Base)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Load(); !errors.Is(err, fs.ErrNotExist) || harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Load without the folder = %v; want Invalid", err)
	}
}

func FuzzInstall(f *testing.F) {
	here, there := In(f.TempDir()), In(f.TempDir())
	file, key := packed(f, there, 2)
	whole, err := os.ReadFile(file)
	if err == nil {
		err = here.Trust(key)
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(magic + "{}\n" + strings.Repeat("0", 2*ed25519.SignatureSize) + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := here.install("x.pack", bytes.NewReader(b), Options{}); err != nil && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("install = %v", err)
		} else if err == nil && !bytes.Equal(b, whole) {
			t.Errorf("something else than the pack is accepted")
		}
	})
}
