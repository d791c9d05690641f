package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/harrier-scan/harrier"
)

// file is one entry of an archive that a test makes.
type file struct{ name, text string }

var two = []file{{"data/a.json", `{"id":"A"}`}, {"data/b.json", strings.Repeat("b", 5000)}}

func zipOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		e, err := w.Create(f.name)
		if err == nil {
			_, err = e.Write([]byte(f.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: 0o644, Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write([]byte(f.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzOf(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstOf(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(b, nil)
}

// bz2Of is "hello\n" packed by bzip2, which the standard library can not write.
func bz2Of(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString("425a6839314159265359c1c080e2000001410000100244a00030cd00c3462997177245385090c1c080e2")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// walked is what a walk visits: "name size", each.
func walked(name string, b []byte, l Limits) ([]string, error) {
	var got []string
	err := WalkReader(name, bytes.NewReader(b), int64(len(b)), l, func(leaf string, r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		got = append(got, fmt.Sprint(leaf, " ", n))
		return err
	})
	return got, err
}

func TestKinds(t *testing.T) {
	both := []string{"data/a.json 10", "data/b.json 5000"}
	for _, c := range []struct {
		name string
		body []byte
		want []string
	}{
		{"all.zip", zipOf(t, two...), both},
		{"ALL.ZIP", zipOf(t, two...), both},
		{"all.tar", tarOf(t, two...), both},
		{"all.tar.gz", gzOf(t, tarOf(t, two...)), both},
		{"all.tgz", gzOf(t, tarOf(t, two...)), both},
		{"all.tar.zst", zstOf(t, tarOf(t, two...)), both},
		{"x.json", []byte(`{}`), []string{"x.json 2"}},
		{"x.json.gz", gzOf(t, []byte(`{}`)), []string{"x.json 2"}},
		{"x.json.zst", zstOf(t, []byte(`{}`)), []string{"x.json 2"}},
		{"x.txt.bz2", bz2Of(t), []string{"x.txt 6"}},
		{"two members.gz", append(gzOf(t, []byte("ab")), gzOf(t, []byte("c"))...), []string{"two members 3"}},
		{"z.zip", zipOf(t, file{"cves.zip", string(zipOf(t, two...))}, file{"c", "1"}), append(slices.Clone(both), "c 1")},
		{"z.tar.gz", gzOf(t, tarOf(t, file{"./d/x.xml.gz", string(gzOf(t, []byte("<x/>")))})), []string{"d/x.xml 4"}},
		{"z.zip", zipOf(t, file{"t.tar.zst", string(zstOf(t, tarOf(t, two...)))}), both},
		{"empty.zip", zipOf(t), nil},
		{"folder.zip", zipOf(t, file{"data/", ""}), nil},
		{"inner.zip", zipOf(t, file{"a.xz", "as it is"}), []string{"a.xz 8"}},
	} {
		got, err := walked(c.name, c.body, Limits{})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: visited %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	for name, b := range map[string][]byte{
		secret: []byte("s"), filepath.Join(dir, "b", "all.zip"): zipOf(t, two...),
		filepath.Join(dir, "a.json"): []byte("{}"), filepath.Join(dir, "c.json.gz"): gzOf(t, []byte("{}")),
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link.json")); err != nil {
		t.Skip(err)
	}
	var got []string
	err := Walk(dir, Limits{}, func(leaf string, _ io.Reader) error { got = append(got, leaf); return nil })
	want := []string{"a.json", "data/a.json", "data/b.json", "c.json"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Walk = %v, %v; want %v", got, err, want)
	}
	if err := Walk(dir, Limits{Entries: 3}, func(string, io.Reader) error { return nil }); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Walk with too many files = %v; want Invalid", err)
	}
	if err := Walk(filepath.Join(dir, "none"), Limits{}, nil); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("Walk of nothing = %v; want Unavailable", err)
	}
}

// bombParts is how often a packed part of zeros is repeated to make a bomb: to
// pack all of it takes too long.
const bombParts = 1024

// zeros is a stream of n zero bytes, packed by flate.
func zeros(t testing.TB, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = io.CopyN(w, endless{}, n/bombParts)
	}
	if err == nil {
		err = w.Flush()
	}
	part := slices.Clone(b.Bytes())
	b.Reset()
	b.Write(bytes.Repeat(part, bombParts))
	b.Write([]byte{3, 0}) // an empty last block
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// zipBomb is a zip with an entry that unpacks to n bytes and claims to be small.
func zipBomb(t testing.TB, n int64, claim uint64) []byte {
	t.Helper()
	body := zeros(t, n)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	e, err := w.CreateRaw(&zip.FileHeader{
		Name: "bomb.json", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(nil),
		CompressedSize64: uint64(len(body)), UncompressedSize64: claim,
	})
	if err == nil {
		_, err = e.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// changed is b with the byte at i turned, counted from the end when negative.
func changed(b []byte, i int) []byte {
	c := slices.Clone(b)
	if i < 0 {
		i += len(c)
	}
	c[i] ^= 0x55
	return c
}

func TestFaults(t *testing.T) {
	z := zipOf(t, two...)
	tgz := gzOf(t, tarOf(t, two...))
	small := Limits{Total: 4000, Leaf: 3000}
	for _, c := range []struct {
		what, name string
		body       []byte
		limits     Limits
		want       string
	}{
		{"cut zip", "a.zip", z[:len(z)/2], Limits{}, "a.zip: it is cut off or no zip file"},
		{"no zip", "a.zip", []byte("<html>"), Limits{}, "a.zip: it is cut off or no zip file"},
		{"empty", "a.zip", nil, Limits{}, "a.zip: it is cut off or no zip file"},
		{"bad crc", "a.zip", changed(z, bytes.Index(z, []byte("data/a.json"))+len("data/a.json")+4), Limits{}, "a.zip: data/a.json: it is damaged"},
		{"cut tgz", "a.tar.gz", tgz[:len(tgz)-9], Limits{}, "it is cut off"},
		{"bad crc of gz", "a.tar.gz", changed(tgz, -6), Limits{}, "it is damaged"},
		{"no gz", "a.json.gz", []byte("{}{}{}{}{}{}{}{}"), Limits{}, "a.json.gz: it is damaged"},
		{"cut gz", "a.json.gz", gzOf(t, []byte("hello"))[:12], Limits{}, "a.json.gz: it is cut off"},
		{"cut zst", "a.json.zst", zstOf(t, bytes.Repeat([]byte("hello"), 99))[:20], Limits{}, "a.json.zst: it is cut off"},
		{"cut bz2", "a.txt.bz2", bz2Of(t)[:40], Limits{}, "a.txt.bz2: it is cut off"},
		{"xz", "a.tar.xz", []byte("\xfd7zXZ"), Limits{}, "a.tar.xz: xz is not read"},
		{"leaf", "a.zip", z, small, "a.zip: data/b.json: it unpacks to more than 2.93 KiB"},
		{"leaf of tar", "a.tar", tarOf(t, two...), small, "a.tar: data/b.json: it unpacks to more than 2.93 KiB"},
		{"plain leaf", "a.json", []byte("123"), Limits{Leaf: 2}, "a.json: it unpacks to more than 2 bytes"},
		{"total", "a.zip", z, Limits{Total: 4000}, "altogether"},
		{"entries", "a.zip", z, Limits{Entries: 1}, "a.zip: it has more than 1 entries"},
		{"entries of tar", "a.tgz", tgz, Limits{Entries: 1}, "a.tgz: it has more than 1 entries"},
		{"long name", "a.zip", zipOf(t, file{strings.Repeat("n", 513), ""}), Limits{}, "longer than 512 bytes"},
		{"up", "a.zip", zipOf(t, file{"../etc/passwd", "x"}), Limits{}, `"../etc/passwd", which is not clean`},
		{"up within", "a.tar", tarOf(t, file{"a/../../b", "x"}), Limits{}, "not clean"},
		{"absolute", "a.tar", tarOf(t, file{"/etc/passwd", "x"}), Limits{}, "not clean"},
		{"backslash", "a.zip", zipOf(t, file{`a\..\b`, "x"}), Limits{}, "not clean"},
		{"no name", "a.zip", zipOf(t, file{"", "x"}), Limits{}, "not clean"},
		{"no utf-8", "a.zip", zipOf(t, file{"a\xff", "x"}), Limits{}, "not clean"},
		{"three deep", "a.zip", zipOf(t, file{"b.zip", string(zipOf(t, file{"c.zip", string(z)}))}), Limits{}, "a.zip: b.zip: c.zip: archives lie in each other deeper than 2"},
		{"packed twice", "a.gz", gzOf(t, gzOf(t, []byte("x"))), Limits{}, "a.gz: it is packed twice"},
		{"packed twice by name", "a.zst.gz", gzOf(t, []byte("x")), Limits{}, "deeper"},
		{"zip bomb", "a.zip", zipBomb(t, 2<<30, 2<<30), Limits{Leaf: 1 << 20}, "a.zip: bomb.json: it unpacks to more than 1 MiB"},
		{"lying zip bomb", "a.zip", zipBomb(t, 1<<30, 10), Limits{Leaf: 1 << 20}, "a.zip: bomb.json: it "},
	} {
		_, err := walked(c.name, c.body, c.limits)
		if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want Invalid with %q", c.what, err, c.want)
		}
	}
}

// TestBomb unpacks what would be 2 GiB, by each packing, and looks at the memory
// that it takes.
func TestBomb(t *testing.T) {
	part := make([]byte, 2<<30/bombParts)
	gz, zst := bytes.Repeat(gzOf(t, part), bombParts), bytes.Repeat(zstOf(t, part), bombParts)
	for name, body := range map[string][]byte{"bomb.json.gz": gz, "bomb.json.zst": zst} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := walked(name, body, Limits{})
		runtime.ReadMemStats(&after)
		if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), name+": it unpacks to more than 250 times its size") {
			t.Errorf("%s: %v; want a word about the ratio", name, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
			t.Errorf("%s: %d MiB taken for it", name, grown>>20)
		}
		// With enough around it the ratio is met, and the size of one file stops it.
		l := Limits{Ratio: 1 << 40, Leaf: 1 << 20}
		if _, err := walked(name, body, l); err == nil || !strings.Contains(err.Error(), "more than 1 MiB") {
			t.Errorf("%s: %v; want a word about the size", name, err)
		}
	}
}

// TestManyEntries gives a zip whose directory would fill the memory.
func TestManyEntries(t *testing.T) {
	files := make([]file, 8_500)
	for i := range files {
		files[i].name = fmt.Sprintf("%0100d", i)
	}
	body := zipOf(t, files...)
	_, err := walked("a.zip", body, Limits{Entries: 10})
	if err == nil || !strings.Contains(err.Error(), "more than 10 entries") {
		t.Errorf("Walk = %v; want a word about the entries", err)
	}
}

// TestOverlap gives a zip whose directory names the same packed bytes again and
// again.
func TestOverlap(t *testing.T) {
	one := zipBomb(t, 30<<20, 30<<20)
	at := bytes.Index(one, []byte("PK\x01\x02"))
	end := bytes.Index(one, []byte("PK\x05\x06"))
	const n = 100
	body := slices.Clone(one[:at])
	body = append(body, bytes.Repeat(one[at:end], n)...)
	tail := slices.Clone(one[end:])
	tail[8], tail[10] = n, n
	size := uint32(n * (end - at))
	tail[12], tail[13], tail[14], tail[15] = byte(size), byte(size>>8), byte(size>>16), byte(size>>24)
	visits := 0
	body = append(body, tail...)
	err := WalkReader("a.zip", bytes.NewReader(body), int64(len(body)), Limits{}, func(_ string, r io.Reader) error {
		visits++
		_, _ = io.CopyN(io.Discard, r, 29<<20) // not to the end, where the checksum is
		return errors.ErrUnsupported
	})
	if !errors.Is(err, errors.ErrUnsupported) || visits != 1 {
		t.Fatalf("the first visit ends it: %d, %v", visits, err)
	}
	_, err = walked("a.zip", body, Limits{})
	if harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Walk = %v; want Invalid", err)
	}
}

func TestSkippedIsNotUnpacked(t *testing.T) {
	body := zipOf(t, two...)
	broken := changed(body, bytes.Index(body, []byte("data/a.json"))+len("data/a.json")+4)
	var got []string
	err := WalkReader("a.zip", bytes.NewReader(broken), int64(len(broken)), Limits{}, func(leaf string, r io.Reader) error {
		got = append(got, leaf)
		return nil
	})
	if err != nil || len(got) != 2 {
		t.Errorf("skipping all: %v, %v; want two names", got, err)
	}
	// Who reads one byte is told of the checksum at the end.
	err = WalkReader("a.zip", bytes.NewReader(broken), int64(len(broken)), Limits{}, func(_ string, r io.Reader) error {
		_, _ = r.Read(make([]byte, 1))
		return nil
	})
	if harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("reading a byte of each: %v; want Invalid", err)
	}
}

// TestVisitorsError: what is wrong with the archive is told even when the
// visitor words it another way.
func TestVisitorsError(t *testing.T) {
	body := gzOf(t, []byte("hello"))
	mine := errors.New("not JSON")
	visit := func(_ string, r io.Reader) error {
		_, _ = io.ReadAll(r)
		return mine
	}
	if err := WalkReader("a.gz", bytes.NewReader(body), int64(len(body)), Limits{}, visit); !errors.Is(err, mine) {
		t.Errorf("Walk = %v; want the visitor's error", err)
	}
	cut := body[:len(body)-3]
	if err := WalkReader("a.gz", bytes.NewReader(cut), int64(len(cut)), Limits{}, visit); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("Walk = %v; want a word about the archive", err)
	}
}

func FuzzWalk(f *testing.F) {
	f.Add("a.zip", zipOf(f, two...))
	f.Add("a.zip", zipOf(f, file{"b.tar.gz", string(gzOf(f, tarOf(f, two...)))}))
	f.Add("a.tar.gz", gzOf(f, tarOf(f, two...)))
	f.Add("a.tar", tarOf(f, two...))
	f.Add("a.tar.zst", zstOf(f, tarOf(f, two...)))
	f.Add("a.json.bz2", bz2Of(f))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		const total = 1 << 20
		var sum int64
		err := WalkReader(name, bytes.NewReader(body), int64(len(body)), Limits{Total: total, Leaf: total, Entries: 100}, func(leaf string, r io.Reader) error {
			n, _ := io.Copy(io.Discard, r)
			sum += n
			return nil
		})
		if sum > 2*total+int64(len(body)) {
			t.Errorf("%d bytes visited", sum)
		}
		if err != nil && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Walk = %v; want Invalid or nothing", err)
		}
	})
}
