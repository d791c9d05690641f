package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/survey"
)

// TestASMAsset keeps a logo beside a console that is running, and takes it away.
func TestASMAsset(t *testing.T) {
	data, ctx := t.TempDir(), t.Context()
	db, err := store.Open(ctx, filepath.Join(data, "harrier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list, err := db.Organizations(ctx)
	if err != nil || len(list) == 0 {
		t.Fatalf("organisations %v, %v", list, err)
	}
	put := func(organization, key, text string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "logo")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if run(ctx, []string{"asm", "asset", "--data", data, organization, key, file}, &out, &errs) != 0 {
			return "failed: " + errs.String()
		}
		have, err := survey.New(survey.Config{Store: db}).Blob(ctx, harrier.System, list[0].ID, key)
		if err != nil {
			return err.Error()
		}
		return have
	}
	for _, tt := range []struct{ organization, key, text, want string }{
		{"1", "logo", "PHN2Zy8+", "PHN2Zy8+"},
		{list[0].UUID.String(), "logo", "other", "other"},
		{list[0].Name, "logo", "", "no such asset"},
		{"nobody", "logo", "x", "no organisation"},
		{"1", "a b", "x", "no such asset"},
		{"1", "logo", strings.Repeat("x", survey.MaxBlob+1), "longer than"},
	} {
		if got := put(tt.organization, tt.key, tt.text); !strings.Contains(got, tt.want) {
			t.Errorf("%s %s: %.200s; want %s", tt.organization, tt.key, got, tt.want)
		}
	}
}
