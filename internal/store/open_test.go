package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOpenFails shows what the operator is told when a database can not serve.
func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name, dsn string
		want      harrier.Kind
		says      string
	}{
		{"no path", "", harrier.Invalid, "no path"},
		{"folder missing", filepath.Join(dir, "none", "h.db"), harrier.Unavailable, "can not be written"},
		{"a folder", dir, harrier.Unavailable, "can not be written"},
		{"not a database", write("text", strings.Repeat("not a database ", 1000)), harrier.Invalid, "damaged"},
		{"newer schema", newerSchema(t, filepath.Join(dir, "newer.db")), harrier.Invalid, "newer version"},
		{"damaged", damaged(t, filepath.Join(dir, "damaged.db")), harrier.Invalid, "damaged"},
		{"server away", "postgres://u:secret@127.0.0.1:1/db", harrier.Unavailable, "can not be reached"},
		{"bad address", "postgres://u:secret@127.0.0.1:port/db", harrier.Invalid, "can not be read"},
	}
	if runtime.GOOS == "linux" {
		tests = append(tests, struct {
			name, dsn string
			want      harrier.Kind
			says      string
		}{"read-only folder", "/proc/self/h.db", harrier.Unavailable, "can not be written"})
	}
	for _, test := range tests {
		db, err := store.Open(t.Context(), test.dsn)
		if err == nil {
			_ = db.Close() // the test fails anyway
		}
		if harrier.KindOf(err) != test.want || !strings.Contains(harrier.MessageOf(err), test.says) {
			t.Errorf("%s: Open = %v (%v); want %v, %q", test.name, err, harrier.KindOf(err), test.want, test.says)
		}
		if err != nil && strings.Contains(harrier.MessageOf(err), "secret") {
			t.Errorf("%s: the message %q shows the password", test.name, harrier.MessageOf(err))
		}
	}
}

// newerSchema makes a database that says it has been through migration 999.
func newerSchema(t *testing.T, path string) string {
	t.Helper()
	db, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// damaged makes a database whose pages, but for the first, are garbage.
func damaged(t *testing.T, path string) string {
	t.Helper()
	db, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(data); i++ {
		data[i] = byte(i * 7)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenPathWithMarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "100% a?b#c.db")
	db, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("Open = %v", err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is not where it was asked for: %v", err)
	}
}
