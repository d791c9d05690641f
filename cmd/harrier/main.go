// Command harrier is the whole product in one binary: a scan from the command
// line, the console with its APIs, and an engine for another place in the
// network.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/netio/raw"
)

// commands is the command line.
type commands struct {
	Scan     scanCommand     `cmd:"" help:"Scan from the command line, without a console."`
	Identify identifyCommand `cmd:"" help:"Tell what serves an endpoint, and how that is known."`
	Serve    serveCommand    `cmd:"" help:"Run the console: the APIs, the database and a local engine."`
	Engine   engineCommand   `cmd:"" help:"Engines that stand elsewhere: run one; on the console, let it in, list, revoke."`
	Match    matchCommand    `cmd:"" help:"Tell the vulnerabilities of what is installed on a machine, from a list of its packages."`
	Flight   flightCommand   `cmd:"" help:"Tell what was and what was not sent to an address."`
	Feed     feedCommand     `cmd:"" help:"Content that the console and its engines use."`
	Explain  explainCommand  `cmd:"" help:"Tell why a vulnerability is on a host, or is not."`
	Config   configCommand   `cmd:"" help:"Print the configuration of serve that is in force."`
	User     userCommand     `cmd:"" help:"Users of a console."`
	Asset    assetCommand    `cmd:"" help:"Assets of a console that is not running: what they are recognised by, merge and undo."`
	ASM      asmCommand      `cmd:"" name:"asm" help:"The attack surface: what of an organisation can be seen from outside."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// exitCode ends the program with a code and, when there is one, a message.
type exitCode struct {
	code int
	err  error
}

func (e exitCode) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exitCode) Unwrap() error { return e.err }

func main() {
	if err := early(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "harrier:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	raw.Release()
	os.Exit(code)
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run is the program: what it was told, where it writes, how it ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	done := -1
	parser, err := kong.New(&cli, kong.Name("harrier"),
		kong.Description("Self-hosted vulnerability scanner and console."),
		kong.UsageOnError(), kong.Writers(stdout, stderr), kong.Exit(func(code int) { done = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(streams{os.Stdin, stdout, stderr}))
	if err != nil {
		fmt.Fprintln(stderr, "harrier:", err)
		return 1
	}
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	}
	files := fileResolver{args: args}
	k, err := kongParse(parser, args, &files)
	switch {
	case done >= 0:
		return done
	case err != nil:
		fmt.Fprintln(stderr, "harrier:", message(err))
		return 1
	}
	err = k.Run()
	var exit exitCode
	if errors.As(err, &exit) {
		if exit.err != nil {
			fmt.Fprintln(stderr, "harrier:", message(exit.err))
		}
		return exit.code
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "harrier:", message(err))
		return 1
	}
	return 0
}

// message is what a person at the command line is told of an error: all of it.
func message(err error) string {
	var e *harrier.Error
	if errors.As(err, &e) && e.Kind == harrier.Invalid {
		return e.Message
	}
	return err.Error()
}

// version is the version of this binary: of the module, else of the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "0.1.0-" + s.Value[:12]
		}
	}
	return console.Version
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "harrier", version())
	return err
}
