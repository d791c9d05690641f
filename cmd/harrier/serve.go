package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/harrier-scan/harrier/internal/console"
)

type serveCommand struct {
	File string `name:"config" short:"c" env:"HARRIER_CONFIG" placeholder:"FILE" help:"JSON file with these settings; the environment and flags go over it."`
	console.Options
}

// Run starts the console and keeps it running until a signal comes. Where an
// operator asks for a restart it begins again.
func (c serveCommand) Run(ctx context.Context, s streams) error {
	config, err := c.Options.Config()
	if err != nil {
		return err
	}
	log := config.Logger()
	for err = console.ErrRestart; errors.Is(err, console.ErrRestart); {
		err = serve(ctx, config, log, s)
	}
	return err
}

// serve opens a console and runs it to its end.
func serve(ctx context.Context, config console.Config, log *slog.Logger, s streams) error {
	con, err := console.Open(ctx, config, log)
	if err != nil {
		return err
	}
	defer con.Close()
	if con.First.Created {
		fmt.Fprintf(s.out, "\nThis is a new installation. Sign in with\n\n  User:     %s\n  Password: %s\n\nThe password is shown this once. Change it, or set another with: harrier user password %s\n\n",
			con.First.Name, con.First.Password, con.First.Name)
	}
	for _, a := range con.Addrs() {
		fmt.Fprintf(s.out, "Harrier answers on https://%s\n", a)
	}
	fmt.Fprintf(s.out, "In force: %s\n", con.Content())
	return con.Run(ctx)
}

type configCommand struct {
	serveCommand
}

// Run prints the configuration, after checking it, without the password of the
// database.
func (c configCommand) Run(s streams) error {
	if _, err := c.Options.Config(); err != nil {
		return err
	}
	c.Database, c.Mail = console.DatabaseName(c.Database), console.MailName(c.Mail)
	for i, s := range c.SurveySource {
		c.SurveySource[i] = console.SourceName(s)
	}
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(c.Options)
}

// kongParse parses args with a configuration file behind them, if one is
// named.
func kongParse(parser *kong.Kong, args []string, files *fileResolver) (*kong.Context, error) {
	if err := files.load(); err != nil {
		return nil, err
	}
	if files.values != nil {
		if err := kong.Resolvers(files).Apply(parser); err != nil {
			return nil, err
		}
	}
	return parser.Parse(args)
}

// fileResolver answers for flags that neither the command line nor the
// environment sets.
type fileResolver struct {
	args   []string
	values map[string]any
}

// besideServe are the commands that look for what a console has where the
// configuration file says that it is.
var besideServe = []string{"user", "asset", "asm", "engine", "feed", "explain", "match", "flight"}

// load reads the file that --config, -c or HARRIER_CONFIG names; for commands
// beside serve the latter alone.
func (f *fileResolver) load() error {
	if len(f.args) == 0 {
		return nil
	}
	beside := slices.Contains(besideServe, f.args[0])
	if !beside && f.args[0] != "serve" && f.args[0] != "config" {
		return nil
	}
	path := os.Getenv("HARRIER_CONFIG")
	for i, a := range f.args {
		switch rest, ok := strings.CutPrefix(a, "--config="); {
		case beside:
		case (a == "--config" || a == "-c") && i+1 < len(f.args):
			path = f.args[i+1]
		case ok:
			path = rest
		}
	}
	if path == "" {
		return nil
	}
	values, err := console.ReadFile(path)
	if beside { // other flags of the same names mean other things there
		values = map[string]any{"data": values["data"], "database": values["database"]}
	}
	f.values = values
	return err
}

// Validate is part of kong.Resolver; the file is checked when it is read.
func (f *fileResolver) Validate(*kong.Application) error { return nil }

// Resolve is part of kong.Resolver.
func (f *fileResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil //nolint:nilnil // kong's way to say: not mine
		}
	}
	return f.values[strings.ReplaceAll(flag.Name, "-", "_")], nil
}
