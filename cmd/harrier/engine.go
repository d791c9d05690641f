package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/harrier-scan/harrier/internal/console"
)

type engineCommand struct {
	Join         string `required:"" placeholder:"FILE" help:"engine.json from the data folder of a console that listens for engines."`
	Name         string `placeholder:"NAME" help:"Name of the engine; the host's name when empty."`
	Pool         string `default:"local" placeholder:"POOL" help:"Pool whose scans it runs."`
	Parallel     int    `default:"4" placeholder:"N" help:"Batches at a time."`
	Fingerprints string `env:"HARRIER_FINGERPRINTS" placeholder:"PLACE" help:"More fingerprints: a folder, a .tar.gz or one file, in the own format (YAML) or Recog's (XML)."`
	Technologies string `env:"HARRIER_TECHNOLOGIES" placeholder:"DIR" help:"Folder of technology templates: web servers are asked what they want to know, too."`
	Flight       string `default:"harrier-flight" env:"HARRIER_FLIGHT" placeholder:"DIR" help:"Folder of this engine for the records of what was sent to which address; none for none."`
}

// engineMemory is from how much memory on an engine collects garbage more often.
// What it has in hand is bounded to less; without this, half of the peak of ten
// thousand open ports at once is garbage (TestMemory of package identify).
const engineMemory = 384 << 20

// Run runs the engine until a signal comes.
func (c engineCommand) Run(ctx context.Context) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(engineMemory)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	return console.RunEngine(ctx, console.EngineOptions{Join: c.Join, Name: c.Name, Pool: c.Pool, Parallel: c.Parallel, Flight: c.Flight, Fingerprints: c.Fingerprints, Technologies: c.Technologies}, log)
}
