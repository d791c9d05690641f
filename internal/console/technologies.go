package console

import (
	"log/slog"
	"os"
	"path/filepath"

	"github.com/harrier-scan/harrier/internal/webtech/template"
)

// technologiesFolder is where a console with that data folder looks for
// technology templates for its own engine.
func technologiesFolder(data string) string { return filepath.Join(data, "technologies") }

// loadTechnologies reads the technology templates of a folder. For "" there
// are none; of what is not run the log has the reasons.
func loadTechnologies(dir string, log *slog.Logger) (*template.Set, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // no folder, no templates
	}
	set, err := template.Load(dir)
	if err != nil {
		return nil, err
	}
	log.Info("technology templates read", "folder", dir, "run", len(set.Templates), "skipped", len(set.Skipped), "requests", set.Requests())
	for _, s := range set.Skipped {
		log.Debug("technology template is not run", "file", s.File, "reason", s.Reason)
	}
	return set, nil
}

// ifThere returns a folder when it exists, "" otherwise.
func ifThere(dir string) string {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}
