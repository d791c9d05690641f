package kit

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// counted counts what is read.
type counted struct {
	*bytes.Reader
	n int
}

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	c.n += len(p)
	return c.Reader.ReadAt(p, at)
}

// TestOneFile opens what holds one file, and refuses what holds another number
// of them, or a longer one, without reading the names of all.
func TestOneFile(t *testing.T) {
	pack := func(files int, text string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := range files {
			f, err := w.CreateHeader(&zip.FileHeader{Name: strings.Repeat("n", 200) + string(rune('0'+i%10)), Method: zip.Store})
			if err == nil {
				_, err = io.WriteString(f, text)
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
	long := strings.Repeat("x", 3<<20)
	for name, tt := range map[string]struct {
		file []byte
		want string // "": refused
	}{
		"one file": {pack(1, long), long}, "none": {pack(0, ""), ""}, "two": {pack(2, "x"), ""}, "a longer one": {pack(1, long+"x"), ""},
		"very many": {pack(50_000, ""), ""}, "no zip file": {[]byte("PK\x03\x04 is all"), ""},
	} {
		from := &counted{Reader: bytes.NewReader(tt.file)}
		f, err := OneFile(from, int64(len(tt.file)), int64(len(long)))
		if tt.want == "" {
			if err == nil || harrier.KindOf(err) != harrier.Invalid || from.n > 2*maxDirectory {
				t.Errorf("%s: %v after %d bytes; want Invalid", name, err, from.n)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(in); err != nil || string(got) != tt.want {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
