package template

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
)

// sharedTemplates unpacks the public collection.
func sharedTemplates(t testing.TB) string {
	t.Helper()
	archive := needs.Shared(t, filepath.Join("..", "..", "..", "..", "shared", "data", "nuclei-templates.tar.gz"))
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "tar", "xzf", archive, "-C", dir, "nuclei-templates/http/technologies", "nuclei-templates/helpers/wordpress") //nolint:gosec // a fixed path
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
	return filepath.Join(dir, "nuclei-templates", "http", "technologies")
}

// TestSharedTemplates loads the public technology templates: all but a few are
// understood, and those few are listed with a reason.
func TestSharedTemplates(t *testing.T) {
	s, err := Load(sharedTemplates(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d templates run, %d do not, %d different requests", len(s.Templates), len(s.Skipped), s.Requests())
	for _, r := range s.Reasons() {
		t.Log(r)
	}
	if len(s.Templates)+len(s.Skipped) != 827 || len(s.Templates) < 760 {
		t.Errorf("%d of %d templates are understood; want at least 760 of 827", len(s.Templates), len(s.Templates)+len(s.Skipped))
	}
	if os.Getenv("HARRIER_LIST_SKIPPED") != "" {
		for _, k := range s.Skipped {
			t.Log(k.File, k.Reason)
		}
	}
}
