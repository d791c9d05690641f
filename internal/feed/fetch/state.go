package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

const (
	stateName   = "state.json"
	partSuffix  = ".part"
	indexSuffix = ".index" // of a page that only names another, while it is read
	maxState    = 64 << 20
)

// state is what is known about the files of a feed.
type state struct {
	dir   string
	Files map[string]known `json:"files"`
}

// known is one file as a server described it.
type known struct {
	URL      string    `json:"url"`
	ETag     string    `json:"etag,omitzero"`
	Modified string    `json:"modified,omitzero"` // Last-Modified, as it came
	Checked  time.Time `json:"checked"`           // when the server last said what is in it
	Size     int64     `json:"size"`
	SHA256   string    `json:"sha256,omitzero"`
	Part     *part     `json:"part,omitempty"` // a download that is not complete
}

// part is a file that has come in part.
type part struct {
	URL       string `json:"url"`
	Validator string `json:"validator"` // strong ETag or Last-Modified, for If-Range
	ETag      string `json:"etag,omitzero"`
	Modified  string `json:"modified,omitzero"`
	Total     int64  `json:"total,omitzero"` // 0: not told
}

// openState reads the state of a folder. One that is damaged is as good as none:
// all is fetched again.
func openState(dir string) (*state, error) {
	s := &state{dir: dir, Files: map[string]known{}}
	info, err := os.Stat(s.path(stateName))
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() > maxState {
		return s, nil
	}
	b, err := os.ReadFile(s.path(stateName))
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "%s can not be read", s.path(stateName)).Because(err)
	}
	if err := json.Unmarshal(b, s); err != nil || s.Files == nil {
		s.Files = map[string]known{}
	}
	return s, nil
}

func (s *state) path(name string) string { return filepath.Join(s.dir, name) }

// save writes the state, all or nothing.
func (s *state) save() error {
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, ".state-")
	if err != nil {
		return unwritable(s.dir, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), s.path(stateName))
	}
	if err != nil {
		return unwritable(s.path(stateName), err)
	}
	return nil
}

// has returns what is known about a file that is there as it was fetched from
// that address.
func (s *state) has(name, url string) (known, bool) {
	k, ok := s.Files[name]
	if !ok || k.URL != url || k.SHA256 == "" {
		return known{}, false
	}
	info, err := os.Stat(s.path(name))
	return k, err == nil && info.Mode().IsRegular() && info.Size() == k.Size
}

// pageName names the pages behind the first: "cves.json", "cves.p2.json".
func pageName(name string, n int) string {
	if n == 0 {
		return name
	}
	stem, ext, _ := strings.Cut(name, ".")
	if ext != "" {
		ext = "." + ext
	}
	return fmt.Sprintf("%s.p%d%s", stem, n+1, ext)
}

// forget takes a file away.
func (s *state) forget(name string) {
	delete(s.Files, name)
	_ = os.Remove(s.path(name)) // what stays is written over
	_ = os.Remove(s.path(name) + partSuffix)
}

// forgetPages takes away pages from number n on: there are fewer than before.
func (s *state) forgetPages(name string, n int) {
	for ; ; n++ {
		page := pageName(name, n)
		if _, ok := s.Files[page]; !ok {
			return
		}
		s.forget(page) // what stays is read once more, no harm
	}
}

// keep takes away what is not published under its name any more, unless there was
// a fault.
func (s *state) keep(files []File) error {
	names := map[string]bool{}
	for _, f := range files {
		if names[f.Name] = true; f.Err != nil {
			return nil //nolint:nilerr // the caller knows of it
		}
	}
	before := len(s.Files)
	for name := range s.Files {
		if !names[name] && plainName(name) {
			s.forget(name) // what stays is read once more, no harm
		}
	}
	if len(s.Files) == before {
		return nil
	}
	return s.save()
}

func unwritable(name string, err error) error {
	return harrier.Errorf(harrier.Unavailable, "%s can not be written", name).Because(err)
}

// Own reports whether a file in a feed's folder is the fetcher's own: state, or
// what is not whole yet or only led to a file.
func Own(name string) bool {
	return name == stateName || strings.HasSuffix(name, partSuffix) || strings.HasSuffix(name, indexSuffix) || strings.HasPrefix(name, ".state-")
}
