package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/flight"
	"github.com/harrier-scan/harrier/internal/policy"
	"github.com/harrier-scan/harrier/internal/scan"
)

// LocalScan is a scan without a console: the same path in one process, with a
// database and a bus in memory.
type LocalScan struct {
	Targets, Exclude string // see harrier.ParseTargets
	Policy           string // name of a template, or a JSON file with a policyFile
	NoChecks         bool   // run none of the policy's checks: tell what listens
	Version          string
	Flight           string                        // file for the flight record; "" for none
	Fingerprints     string                        // a place with more rules, see fingerprint.Open; "" for none
	Technologies     string                        // folder of technology templates; "" for none
	Content          string                        // data folder whose content is in force, verified; "": what is built into the program
	Adjust           func(*harrier.Settings) error // what overrides the policy's settings; nil: nothing
	Log              *slog.Logger
	Progress         func(harrier.Scan) // told a few times a second; nil: nobody
}

// policyFile is a policy in a file.
type policyFile struct {
	Settings harrier.Settings       `json:"settings"`
	Checks   harrier.CheckSelection `json:"checks"`
}

// LocalResult is a scan that has ended, to be written while its database is
// open.
type LocalResult struct {
	Scan  harrier.Scan
	rooms kit.Rooms
}

// operator is who runs scans from the command line.
var operator = harrier.Actor{Name: "operator", Role: harrier.Operator, Permissions: harrier.Operator.Permissions(), Via: "cli"}

// ScanOnce runs l to its end and hands the results to use. When ctx ends first,
// the scan is stopped and what it found so far is handed over. It answers NotFound
// for a folder without content, and Invalid for content that does not verify.
func ScanOnce(ctx context.Context, l LocalScan, use func(context.Context, LocalResult) error) error {
	p, err := l.policy()
	if err != nil {
		return err
	}
	rules, err := rulesOf(l.Fingerprints)
	if err != nil {
		return err
	}
	templates, err := loadTechnologies(l.Technologies, l.Log)
	if err != nil {
		return err
	}
	record, ended, err := l.openFlight()
	if err != nil {
		return err
	}
	defer ended()
	// The rooms outlive an interrupted ctx, to stop the scan in good order.
	live, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	con, err := OpenLocal(live, l.Version, l.Log)
	if err != nil {
		return err
	}
	defer con.Close()
	if l.Content != "" {
		if err := con.core.knowledge.need(l.Content); err != nil {
			return err
		}
	}
	con.record, con.rules, con.templates = record, rules, templates
	g, running := errgroup.WithContext(live)
	g.Go(func() error { return con.Run(running) })
	g.Go(func() error {
		defer end()
		sc, err := l.run(ctx, running, con.Rooms, p)
		if err != nil {
			return err
		}
		return use(running, LocalResult{Scan: sc, rooms: con.Rooms})
	})
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// openFlight makes the file for the flight record, if there is to be one. Ended
// is called when nothing is sent any more.
func (l LocalScan) openFlight() (record recordFunc, ended func(), err error) {
	if l.Flight == "" {
		return nil, func() {}, nil
	}
	f, err := flight.OpenFile(l.Flight, l.Log)
	if err != nil {
		return nil, nil, err
	}
	return f.Begin, func() {
		if err := f.Close(); err != nil {
			l.Log.Error("flight record may not be complete", "file", l.Flight, "err", err)
		}
	}, nil
}

// policy reads what the scan is told to do.
func (l LocalScan) policy() (harrier.Policy, error) {
	p := harrier.Policy{Name: l.Policy, Template: l.Policy, Hidden: true}
	if i := slices.IndexFunc(policy.Templates(), func(t policy.Template) bool { return t.Name == l.Policy }); i >= 0 {
		p = policy.Templates()[i].Policy(l.Policy)
		p.Hidden = true
	} else {
		b, err := os.ReadFile(l.Policy)
		if err != nil {
			return p, harrier.Invalidf("policy", "%q is neither a template nor a file", l.Policy)
		}
		var f policyFile
		if err := json.Unmarshal(b, &f); err != nil {
			return p, harrier.Invalidf("policy", "%s is not a policy", l.Policy).Because(err)
		}
		p.Settings, p.Checks, p.Template = f.Settings, f.Checks, "custom"
	}
	if l.NoChecks {
		p.Checks = harrier.CheckSelection{NoOthers: true}
	}
	if l.Adjust != nil {
		if err := l.Adjust(&p.Settings); err != nil {
			return p, err
		}
	}
	return p, p.Check()
}

// run launches the scan and follows it to its end. Asked is the caller's
// context: when it ends, the scan is stopped.
func (l LocalScan) run(asked, live context.Context, rooms kit.Rooms, p harrier.Policy) (harrier.Scan, error) {
	if err := rooms.Policies.Create(live, operator, &p); err != nil {
		return harrier.Scan{}, err
	}
	site := harrier.Site{Name: "command line", Targets: l.Targets, Exclude: l.Exclude, Policy: p.ID, Repository: harrier.DefaultRepository}
	if err := rooms.Sites.Create(live, operator, &site); err != nil {
		return harrier.Scan{}, err
	}
	sc, err := rooms.Scans.Launch(live, operator, site.ID, scan.Launch{})
	if err != nil {
		return harrier.Scan{}, err
	}
	tick := time.NewTicker(25 * time.Millisecond) // a scan of one host may end as soon
	defer tick.Stop()
	for stop := asked.Done(); !sc.Status.Ended(); {
		select {
		case <-live.Done():
			return sc, live.Err()
		case <-stop:
			stop = nil
			if err := rooms.Scans.Command(live, operator, sc.ID, harrier.Stop); err != nil && harrier.KindOf(err) != harrier.Conflict {
				return sc, err
			}
		case <-tick.C:
		}
		if sc, err = rooms.Scans.Scan(live, operator, sc.ID); err != nil {
			return sc, err
		}
		if l.Progress != nil {
			l.Progress(sc)
		}
	}
	return sc, nil
}

// Write writes the results in the named format.
func (r LocalResult) Write(ctx context.Context, w io.Writer, name string, options map[string]string) error {
	return r.rooms.Reports.Write(ctx, operator, w, r.Scan.ID, name, options)
}
