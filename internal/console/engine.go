package console

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/check/all"
	"github.com/harrier-scan/harrier/internal/engine"
	"github.com/harrier-scan/harrier/internal/fingerprint"
	"github.com/harrier-scan/harrier/internal/fleet"
	"github.com/harrier-scan/harrier/internal/flight"
	"github.com/harrier-scan/harrier/internal/gate"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/osident"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/webtech/template"
)

// EngineOptions is how an engine runs.
type EngineOptions struct {
	Data     string // folder of its keys; only for RunEngine
	Console  string // host or host:port of the console; only for RunEngine
	Token    string // to enrol with, once; only for RunEngine
	Listen   string // waits there for the console's call instead of dialling it; only for RunEngine
	Name     string // "" means the host's name
	Pool     string
	Parallel int           // batches at a time; 0 means 4
	Beat     time.Duration // between heartbeats; 0 means 5s
	Flight   string        // folder for flight records; "" or NoFlight for none; only for RunEngine

	// Fingerprints is a place with more rules, see fingerprint.Open; "" for
	// none; only for RunEngine.
	Fingerprints string
	// Technologies is a folder of technology templates; "" for none.
	Technologies string

	Surface surface.Options // how it makes surveys

	id        harrier.UUID // zero: by host and name
	logins    func(context.Context, harrier.Job) ([]harrier.Login, error)
	record    recordFunc              // nil: nothing is recorded
	rules     func() *fingerprint.Set // nil: the program's own
	templates *template.Set           // read from Technologies; nil: none
}

// recordFunc begins the record of what is sent for a scan.
type recordFunc = func(flight.Scan) (*flight.Record, error)

// NoFlight says instead of a folder that no flight records are to be kept.
const NoFlight = "none"

// FlightFolder is where a console with that data folder keeps the flight
// records of its own engine.
func FlightFolder(data string) string { return filepath.Join(data, "flight") }

// recorder keeps records in a folder; nil for none.
func recorder(dir string, log *slog.Logger) recordFunc {
	if dir == "" || dir == NoFlight {
		return nil
	}
	return flight.OpenFolder(dir, flight.DefaultKeep, log).Begin
}

// uuid is the same for an engine of this name and pool on this machine at
// every start, so that consoles know it again.
func (o EngineOptions) uuid() harrier.UUID {
	if !o.id.IsZero() {
		return o.id
	}
	host, _ := os.Hostname() // "" will do
	return harrier.NamedUUID(strings.Join([]string{"engine", host, o.Pool, o.Name}, "/"))
}

// newEngine returns an engine with every check and probe that this binary has.
func newEngine(b engine.Bus, o EngineOptions, log *slog.Logger) *engine.Engine {
	return engine.New(b, engine.Config{
		UUID: o.uuid(), Name: o.Name, Pool: o.Pool, Version: Version, Parallel: o.Parallel, Beat: o.Beat,
		Checks: all.Checks(), Identify: identifyWith(o.rules, o.templates), OS: osident.Identify, Flight: o.record, Logins: o.logins, Log: log,
		Survey: func(ctx context.Context, net *netio.Net, plan harrier.Plan, publish func(context.Context, harrier.Result) error) error {
			how := o.Surface
			how.Technologies, how.Examine = madeOf, examiner(webChecks(plan), plan.Settings)
			return surface.Survey(ctx, net, plan, how, publish)
		},
	})
}

// announce makes this process's own engine known before it first speaks: who
// signs in then finds it.
func announce(ctx context.Context, engines *fleet.Room, o EngineOptions) error {
	host, _ := os.Hostname() // "" will do
	return engines.See(ctx, harrier.Heartbeat{Engine: harrier.Engine{
		UUID: o.uuid(), Name: o.Name, Pool: o.Pool, Version: Version, Hostname: host, Started: time.Now().UTC(),
	}})
}

// own is how the engine of a console is called.
var own = EngineOptions{Name: "local", Pool: harrier.LocalPool}

// RunEngine joins a console and runs an engine until ctx ends. The console may
// go away and come back meanwhile. It answers Unauthenticated when the console
// refuses the engine or is not the one that made the token, Unavailable or
// Invalid for a folder, token or fingerprints that can't be used.
func RunEngine(ctx context.Context, o EngineOptions, log *slog.Logger) (err error) {
	if o.rules, err = rulesOf(o.Fingerprints); err != nil {
		return err
	}
	id, err := gate.OpenIdentity(o.Data)
	if err != nil {
		return err
	}
	fingerprint, err := id.Fingerprint()
	if err != nil {
		return err
	}
	var by *gate.Caller
	if o.Listen != "" {
		if by, err = gate.Wait(ctx, o.Listen); err != nil {
			return err
		}
		defer by.Close()
		stop := context.AfterFunc(ctx, func() { _ = by.Close() })
		defer stop()
		log.InfoContext(ctx, "the console is waited for", "address", by.Addr())
	}
	if o.Token != "" && !id.Used(o.Token) {
		name, _ := os.Hostname() // a token may have a better one
		if err := id.Enrol(ctx, o.Console, o.Token, cmp.Or(o.Name, name, "engine"), by); err != nil {
			return err
		}
		log.InfoContext(ctx, "engine enrolled", "engine", id.Name())
	}
	conn, err := gate.Dial(ctx, id, o.Console, by, log)
	if err != nil {
		return err
	}
	defer conn.Close()
	o.record = recorder(o.Flight, log)
	if o.templates, err = loadTechnologies(o.Technologies, log); err != nil {
		return err
	}
	o.Beat = beat(cmp.Or(id.Redeliver(), bus.DefaultAckWait))
	o.id, o.Name, o.Pool, o.logins = id.UUID(), id.Name(), "", id.Logins
	log.InfoContext(ctx, "engine joined", "console", o.Console, "key", fingerprint)
	g, run := errgroup.WithContext(ctx)
	g.Go(func() error { return conn.Renew(run) })
	g.Go(func() error { return newEngine(conn, o, log).Run(run) })
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// beat is how often an engine shows signs of life so that several may be lost
// before its batches are given to another.
func beat(redeliver time.Duration) time.Duration {
	return min(redeliver/5, 5*time.Second)
}
