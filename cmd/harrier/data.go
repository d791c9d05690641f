package main

import (
	"cmp"
	"path/filepath"

	"github.com/harrier-scan/harrier/internal/console"
)

// dataFlag names the data folder of a console, running or not.
type dataFlag struct {
	Data string `default:"harrier-data" env:"HARRIER_DATA" placeholder:"DIR" help:"Data folder of the console."`
}

// dataFlags are where a console, running or not, has what commands beside it
// read and change.
type dataFlags struct {
	dataFlag
	// Database is as in the options of serve.
	Database string `env:"HARRIER_DATABASE" placeholder:"ADDRESS" help:"postgres:// address, or an SQLite file; harrier.db in the data folder when empty."`
}

func (f dataFlags) config() console.Config {
	return console.Config{Options: console.Options{Data: f.Data}, DSN: cmp.Or(f.Database, filepath.Join(f.Data, "harrier.db"))}
}
