package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// change is the form of a note about a change: its kind, an empty line, text.
var change = regexp.MustCompile(`\Akind: (added|changed|fixed)\n\n[^\s#]`)

func TestChanges(t *testing.T) {
	notes, err := filepath.Glob("../../docs/changes/*")
	if err != nil || len(notes) == 0 {
		t.Fatalf("no notes: %v", err)
	}
	for _, name := range notes {
		if text, err := os.ReadFile(name); err != nil || !change.Match(text) {
			t.Errorf("%s does not begin with its kind, an empty line and text (%v)", name, err)
		}
	}
}
