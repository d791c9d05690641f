package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/fleet"
)

type engineCommand struct {
	Run    runEngineCommand    `cmd:"" default:"withargs" help:"Run an engine for a console elsewhere."`
	Token  tokenEngineCommand  `cmd:"" help:"On the console: make a token with which one engine can enrol."`
	List   listEngineCommand   `cmd:"" help:"On the console: list the engines and their pools."`
	Revoke revokeEngineCommand `cmd:"" help:"On the console: end the trust in an engine's key, at once."`
}

type runEngineCommand struct {
	Console      string `env:"HARRIER_CONSOLE" placeholder:"HOST[:PORT]" help:"The console; port 40815 unless told otherwise."`
	Token        string `env:"HARRIER_TOKEN" placeholder:"TOKEN" help:"Token to enrol with, the first time."`
	Listen       string `env:"HARRIER_ENGINE_LISTEN" placeholder:"ADDR" help:"Wait at this address for the console's call instead of dialling it."`
	Keys         string `default:"harrier-engine" env:"HARRIER_ENGINE_DATA" placeholder:"DIR" help:"Folder of this engine for its keys, which never leave it."`
	Name         string `placeholder:"NAME" help:"Name of the engine, unless its token has one; the host's name when empty."`
	Parallel     int    `default:"4" placeholder:"N" help:"Batches at a time."`
	Fingerprints string `env:"HARRIER_FINGERPRINTS" placeholder:"PLACE" help:"More fingerprints: a folder, a .tar.gz or one file, in the own format (YAML) or Recog's (XML)."`
	Technologies string `env:"HARRIER_TECHNOLOGIES" placeholder:"DIR" help:"Folder of technology templates: web servers are asked what they want to know, too."`
	Flight       string `default:"harrier-flight" env:"HARRIER_FLIGHT" placeholder:"DIR" help:"Folder of this engine for the records of what was sent to which address; none for none."`
	console.SurveyOptions
}

// engineMemory is from how much memory on an engine collects garbage more often.
// What it has in hand is bounded to less; without this, half of the peak of ten
// thousand open ports at once is garbage (TestMemory of package identify).
const engineMemory = 384 << 20

// Run runs the engine until a signal comes.
func (c runEngineCommand) Run(ctx context.Context) error {
	if (c.Console == "") == (c.Listen == "") {
		return harrier.Invalidf("console", "give either --console or --listen")
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(engineMemory)
	}
	survey, err := c.SurveyOptions.Survey()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	return console.RunEngine(ctx, console.EngineOptions{
		Data: c.Keys, Console: c.Console, Token: c.Token, Listen: c.Listen, Name: c.Name, Parallel: c.Parallel, Flight: c.Flight,
		Fingerprints: c.Fingerprints, Technologies: c.Technologies, Surface: survey,
	}, log)
}

type tokenEngineCommand struct {
	Name string        `placeholder:"NAME" help:"Name of the engine. One of this name gets a new key."`
	Pool string        `placeholder:"POOL" help:"Pool that the engine becomes a member of; made when it is new."`
	Life time.Duration `default:"1h" placeholder:"TIME" help:"How long the token can be used."`
	dataFlags
}

// Run makes a token and prints it.
func (c tokenEngineCommand) Run(ctx context.Context, s streams) error {
	token, fingerprint, err := console.EngineToken(ctx, c.config(), fleet.NewToken{Name: c.Name, Pool: c.Pool, Life: c.Life})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "Token:   %s\nConsole: %s\n", token, fingerprint)
	return err
}

type listEngineCommand struct {
	dataFlags
}

// Run lists the engines.
func (c listEngineCommand) Run(ctx context.Context, s streams) error {
	engines, pools, err := console.EngineList(ctx, c.config())
	if err != nil {
		return err
	}
	now := time.Now()
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSTATUS\tVERSION\tLAST CONTACT\tBATCHES\tPOOLS\tKEY")
	for _, e := range engines {
		in := ""
		if !e.Remote() {
			in = e.Pool
		}
		for _, p := range pools {
			if slices.Contains(p.Members, e.ID) {
				in += " " + p.Name
			}
		}
		last := "never"
		if !e.LastSeen.IsZero() {
			last = e.LastSeen.Format(time.DateTime)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d/%d\t%s\t%s\n", e.Name, e.Status(now), cmp.Or(e.Version, "-"), last, e.Running, e.Parallel, cmp.Or(in, "-"), cmp.Or(e.Fingerprint(), "-"))
	}
	return w.Flush()
}

type revokeEngineCommand struct {
	Name string `arg:"" help:"Name of the engine."`
	dataFlags
}

// Run revokes the engine.
func (c revokeEngineCommand) Run(ctx context.Context) error {
	return console.RevokeEngine(ctx, c.config(), c.Name)
}
