package update

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/harrier-scan/harrier/internal/content/pack"
)

// memo is which files have gone into the content in force, in the file
// feeds.json. Without it everything is read once more.
type memo struct {
	Base  string                `json:"base"` // SHA-256 of the base that it is about
	Feeds map[string]remembered `json:"feeds"`
}

type remembered struct {
	Files     map[string]string `json:"files"`              // SHA-256 by name
	Sources   []string          `json:"sources"`            // of its records
	All       time.Time         `json:"all,omitzero"`       // when all files were last read
	Elsewhere bool              `json:"elsewhere,omitzero"` // they came from a folder that need not be there again
}

func memoPath(dir string) string { return filepath.Join(dir, "feeds.json") }

func openMemo(dir string) memo {
	var m memo
	b, err := os.ReadFile(memoPath(dir))
	if err != nil || json.Unmarshal(b, &m) != nil {
		return memo{}
	}
	return m
}

func (m memo) save(dir string) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	file := memoPath(dir)
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		return unwritable(file, err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return unwritable(file, err)
	}
	return nil
}

// remember notes what went into the content that is now in force.
func (r *run) remember(m pack.Manifest, anew bool) error {
	next := r.memo
	next.Base = m.SHA256
	if anew {
		next = memo{Base: m.SHA256, Feeds: map[string]remembered{}}
	}
	for _, s := range r.feeds {
		files := map[string]string{}
		for _, f := range s.files {
			switch {
			case !f.bad:
				files[f.name] = f.sum
			case !anew && r.memo.Feeds[s.Name].Files[f.name] != "":
				files[f.name] = r.memo.Feeds[s.Name].Files[f.name] // what it was counts on
			}
		}
		had := r.memo.Feeds[s.Name]
		now := remembered{Files: files, Sources: s.sources, All: had.All, Elsewhere: r.From != "" || !anew && had.Elsewhere}
		if s.all {
			now.All = r.begin.UTC()
		}
		for _, name := range had.Sources {
			if !anew && !slices.Contains(now.Sources, name) {
				now.Sources = append(now.Sources, name)
			}
		}
		next.Feeds[s.Name] = now
	}
	return next.save(r.Place.Dir())
}
