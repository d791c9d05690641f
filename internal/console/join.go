package console

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/harrier-scan/harrier"
)

// joinFile is what an engine needs to join a console's bus. Whoever has the
// file may join: it is readable by its owner only.
type joinFile struct {
	URL       string `json:"url"`
	Token     string `json:"token"`
	Authority string `json:"authority"` // certificate of the console's authority, PEM
	// Redeliver is after which silence the console gives a batch away.
	Redeliver harrier.Duration `json:"redeliver"`
}

func joinPath(data string) string { return filepath.Join(data, "engine.json") }

// openJoin returns the file in the data folder, or a new one with a new token.
func openJoin(data string) (joinFile, error) {
	j, err := readJoin(joinPath(data))
	if errors.Is(err, fs.ErrNotExist) || err == nil && j.Token == "" {
		return joinFile{Token: rand.Text()}, nil
	}
	return j, err
}

func readJoin(path string) (joinFile, error) {
	var j joinFile
	b, err := os.ReadFile(path)
	if err != nil {
		return j, harrier.Errorf(harrier.Unavailable, "%s can not be read", path).Because(err)
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return j, harrier.Errorf(harrier.Invalid, "%s is damaged", path).Because(err)
	}
	return j, nil
}

// save writes the file, all or nothing.
func (j joinFile) save(data string) error {
	b, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	path := joinPath(data)
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return harrier.Errorf(harrier.Unavailable, "%s can not be written", path).Because(err)
	}
	return os.Rename(path+".new", path)
}
