package console

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/check/all"
	"github.com/harrier-scan/harrier/internal/engine"
	"github.com/harrier-scan/harrier/internal/fingerprint"
	"github.com/harrier-scan/harrier/internal/flight"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/osident"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/webtech/template"
)

// EngineOptions is how an engine runs.
type EngineOptions struct {
	Join     string // join file of the console; only for RunEngine
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

	Surface   surface.Options         // how it makes surveys
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
	host, _ := os.Hostname() // "" will do
	return harrier.NamedUUID(strings.Join([]string{"engine", host, o.Pool, o.Name}, "/"))
}

// newEngine returns an engine with every check and probe that this binary has.
func newEngine(b engine.Bus, o EngineOptions, log *slog.Logger) *engine.Engine {
	return engine.New(b, engine.Config{
		UUID: o.uuid(), Name: o.Name, Pool: o.Pool, Version: Version, Parallel: o.Parallel, Beat: o.Beat,
		Checks: all.Checks(), Identify: identifyWith(o.rules, o.templates), OS: osident.Identify, Flight: o.record, Log: log,
		Survey: func(ctx context.Context, net *netio.Net, plan harrier.Plan, publish func(context.Context, harrier.Result) error) error {
			return surface.Survey(ctx, net, plan, o.Surface, publish)
		},
	})
}

// RunEngine joins a console's bus and runs an engine until ctx ends. The
// console may go away and come back meanwhile. It answers Unavailable or
// Invalid for a join file or fingerprints that can't be used.
func RunEngine(ctx context.Context, o EngineOptions, log *slog.Logger) error {
	join, err := readJoin(o.Join)
	if err != nil {
		return err
	}
	if o.rules, err = rulesOf(o.Fingerprints); err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(join.Authority)) || join.URL == "" || join.Token == "" {
		return harrier.Errorf(harrier.Invalid, "%s is not a join file", o.Join)
	}
	conn, err := bus.Dial(ctx, join.URL, join.Token, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13})
	if err != nil {
		return err
	}
	defer conn.Close()
	o.record = recorder(o.Flight, log)
	if o.templates, err = loadTechnologies(o.Technologies, log); err != nil {
		return err
	}
	o.Beat = beat(join.Redeliver.Or(bus.DefaultAckWait))
	log.InfoContext(ctx, "engine joined", "console", join.URL)
	return newEngine(conn, o, log).Run(ctx)
}

// beat is how often an engine shows signs of life so that several may be lost
// before its batches are given to another.
func beat(redeliver time.Duration) time.Duration {
	return min(redeliver/5, 5*time.Second)
}
