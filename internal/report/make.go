package report

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/scan"
)

// sweepEvery is how often old files are looked for.
const sweepEvery = 10 * time.Minute

// Run makes reports and removes old files until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	again, err := r.recall(ctx)
	if err != nil {
		return fmt.Errorf("reports in the making: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		for _, j := range again {
			select {
			case r.queue <- j:
			case <-ctx.Done():
				return nil
			}
		}
		return nil
	})
	for range r.Workers {
		g.Go(func() error { return r.work(ctx) })
	}
	g.Go(func() error { return r.sweepOften(ctx) })
	g.Go(func() error { return r.launchOften(ctx) })
	return g.Wait()
}

// recall finds the reports that a restart cut short.
func (r *Room) recall(ctx context.Context) ([]job, error) {
	all, err := r.Store.UnendedReports(ctx)
	if err != nil {
		return nil, err
	}
	var again []job
	for _, rep := range all {
		r.mu.Lock()
		_, queued := r.pending[rep.ID]
		r.mu.Unlock()
		if queued {
			continue
		}
		if rep.Status == harrier.ReportStopping {
			r.end(ctx, rep, errStopped)
			continue
		}
		by, err := r.actor(ctx, rep.Owner)
		if err != nil {
			r.end(ctx, rep, err)
			continue
		}
		r.expect(rep.ID)
		again = append(again, job{report: rep, by: by})
	}
	return again, nil
}

// actor is a user as who asks.
func (r *Room) actor(ctx context.Context, user harrier.ID) (harrier.Actor, error) {
	if r.Actor != nil && user != 0 {
		by, err := r.Actor(ctx, user)
		if harrier.KindOf(err) == harrier.NotFound {
			err = harrier.Errorf(harrier.Forbidden, "its owner is gone")
		}
		return by, err
	}
	by := harrier.System
	by.User = user
	return by, nil
}

func (r *Room) work(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case j := <-r.queue:
			r.make(ctx, j)
		}
	}
}

// errStopped ends a report that a person stopped.
var errStopped = errors.New("stopped")

// make makes one report. One that the end of Run cuts short stays as it is: it
// is made again at the next start.
func (r *Room) make(ctx context.Context, j job) {
	began := r.Now()
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	rep, ok := r.begin(ctx, j.report.ID, cancel)
	if !ok {
		return
	}
	defer r.leave(rep.ID)
	j.report = rep
	fault := r.write(within, j)
	switch {
	case ctx.Err() != nil:
		return
	case within.Err() != nil:
		fault = errStopped
		_ = os.Remove(filepath.Join(r.Dir, rep.Path)) // swept later when this fails
	}
	r.end(ctx, r.withProgress(rep), fault)
	r.Log.InfoContext(ctx, "report made", "report", rep.ID, "scan", rep.Scan, "definition", rep.Definition, "format", rep.Format,
		"took", r.Now().Sub(began), "err", fault)
}

// begin notes that a report is being made; false when it is gone or was stopped
// while it waited.
func (r *Room) begin(ctx context.Context, id harrier.ID, cancel context.CancelFunc) (harrier.Report, bool) {
	var rep harrier.Report
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if rep, err = r.Store.Report(ctx, id); err != nil || rep.Status.Ended() {
			return err
		}
		rep.Status, rep.Started = harrier.ReportRunning, r.Now().UTC()
		return r.Store.UpdateReport(ctx, &rep)
	})
	if err != nil || rep.Status.Ended() {
		if err != nil && ctx.Err() == nil && harrier.KindOf(err) != harrier.NotFound {
			r.Log.ErrorContext(ctx, "report not begun", "report", id, "err", err)
		}
		r.over(id)
		return rep, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.going[id] = &making{cancel: cancel}
	return rep, true
}

func (r *Room) leave(id harrier.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.going, id)
}

// end stores how a report ended and sends it to its recipients.
func (r *Room) end(ctx context.Context, rep harrier.Report, fault error) {
	rep.Status, rep.Ended = harrier.ReportReady, r.Now().UTC()
	switch {
	case errors.Is(fault, errStopped):
		rep.Status = harrier.ReportStopped
	case fault != nil:
		rep.Status, rep.Error = harrier.ReportFailed, harrier.MessageOf(fault)
	default:
		rep.Done = rep.Steps
	}
	mails := r.mails(ctx, rep)
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Store.UpdateReport(ctx, &rep); err != nil {
			return err
		}
		return r.send(ctx, rep, mails)
	})
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		r.Log.ErrorContext(ctx, "report not stored", "report", rep.ID, "err", err)
	}
	if rep.Definition != 0 && err == nil {
		if err := r.thin(ctx, rep.Definition); err != nil {
			r.Log.ErrorContext(ctx, "old reports not removed", "definition", rep.Definition, "err", err)
		}
	}
	r.over(rep.ID)
}

// write makes the file of a report.
func (r *Room) write(ctx context.Context, j job) (err error) {
	defer func() {
		if fault := recover(); fault != nil { // in a format: this report fails, others go on
			err = fmt.Errorf("format %s: %v", j.report.Format, fault)
		}
	}()
	f, ok := r.format(j.report.Format)
	if !ok {
		return harrier.Errorf(harrier.Invalid, "there is no format %q", j.report.Format)
	}
	src, err := r.source(ctx, j, f)
	if err != nil {
		return err
	}
	r.mu.Lock()
	m := r.going[j.report.ID]
	if m != nil {
		m.steps = src.steps
		if f.Twice {
			m.steps *= 2
		}
	}
	r.mu.Unlock()
	hosts := src.hosts
	if m != nil {
		hosts = r.counted(m, src.hosts)
	}
	return r.file(filepath.Join(r.Dir, j.report.Path), func(w io.Writer) error {
		return f.Write(ctx, w, src.head, hosts)
	})
}

// counted yields what hosts yields and counts it.
func (r *Room) counted(m *making, hosts iter.Seq2[format.Host, error]) iter.Seq2[format.Host, error] {
	return func(yield func(format.Host, error) bool) {
		for h, err := range hosts {
			if !yield(h, err) {
				return
			}
			r.mu.Lock()
			m.done++
			r.mu.Unlock()
		}
	}
}

// Write writes a scan to w at once, in the named format, as far as by may see
// it. It answers NotFound for a scan that by may not see and Invalid for a
// format that does not exist.
func (r *Room) Write(ctx context.Context, by harrier.Actor, w io.Writer, scan harrier.ID, formatName string, options map[string]string) error {
	f, ok := r.format(formatName)
	if !ok {
		return harrier.Invalidf("format", "there is no format %q (%s)", formatName, r.names())
	}
	if err := r.allowed(ctx, by, f.Name); err != nil {
		return err
	}
	src, err := r.source(ctx, job{report: harrier.Report{Scan: scan, Options: options}, by: by}, f)
	if err != nil {
		return err
	}
	return f.Write(ctx, w, src.head, src.hosts)
}

// head is what the format is told of the scan as a whole.
func (r *Room) head(ctx context.Context, j job) (format.Scan, error) {
	sc, err := r.Scans.Scan(ctx, j.by, j.report.Scan)
	if err != nil {
		return format.Scan{}, err
	}
	s := format.Scan{Scan: sc, Version: r.Version, Options: j.report.Options, Coverage: sc.Coverage}
	if s.Dead, err = r.Scans.Dead(ctx, j.by, sc.ID); err != nil {
		return format.Scan{}, err
	}
	if s.Site, err = r.Store.Site(ctx, sc.Site); err != nil && harrier.KindOf(err) != harrier.NotFound {
		return format.Scan{}, err
	}
	if s.Policy, err = r.Store.Policy(ctx, sc.PolicyID); err != nil && harrier.KindOf(err) != harrier.NotFound {
		return format.Scan{}, err
	}
	s.Vulnerability = func(id harrier.VulnID) (harrier.Vulnerability, bool) {
		v, err := r.Vulns.Vulnerability(ctx, id)
		return v, err == nil
	}
	s.Families = func() []harrier.Family { return r.Vulns.Families(ctx) }
	return s, nil
}

// hosts yields the hosts of a scan, the next ones read while one is written.
func (r *Room) hosts(ctx context.Context, j job, s format.Scan, only harrier.Expr) iter.Seq2[format.Host, error] {
	return format.Ahead(r.hostsOf(ctx, j, s, only), 8)
}

// hostsOf yields the hosts of a scan with those results that the filter lets
// through; hosts of which it lets nothing through are left out.
func (r *Room) hostsOf(ctx context.Context, j job, s format.Scan, only harrier.Expr) iter.Seq2[format.Host, error] {
	return func(yield func(format.Host, error) bool) {
		clean := r.cleaner(j, s, only)
		for res, err := range r.Scans.Results(ctx, j.by, j.report.Scan) {
			if err != nil {
				yield(format.Host{}, err)
				return
			}
			h := hostOf(res, j.report.Scope.Filter.Expr, only, s)
			if (j.report.Scope.Filter.Expr != nil || only != nil && clean == nil) && len(h.Results) == 0 {
				continue
			}
			if h.Services, err = r.services(ctx, h.ScanHost); err != nil {
				yield(format.Host{}, err)
				return
			}
			if err := clean.put(ctx, &h); err != nil {
				yield(format.Host{}, err)
				return
			}
			if only != nil && len(h.Results)+len(h.Absent) == 0 {
				continue
			}
			if h.Looked != nil {
				h.OpenFiltered = h.Looked.OpenFiltered
			}
			if !yield(h, nil) {
				return
			}
		}
	}
}

// services returns the services of a host, or none when a later scan has looked
// at its asset: what is known by now is not what this scan saw.
func (r *Room) services(ctx context.Context, h harrier.ScanHost) ([]harrier.Service, error) {
	if h.Asset == 0 {
		return nil, nil
	}
	a, err := r.Store.Asset(ctx, h.Asset)
	if err != nil || a.LastScan != h.Scan {
		return nil, err
	}
	return r.Store.ServicesOf(ctx, h.Asset)
}

// hostOf is a host of a scan with the results that filter, by the fields of
// formats, and only, by those of findings, hold for.
func hostOf(res scan.HostResult, filter, only harrier.Expr, s format.Scan) format.Host {
	h := format.Host{ScanHost: res.ScanHost, Looked: res.Coverage, Results: make([]format.Result, 0, len(res.Observations))}
	h.Present = harrier.Counts{}
	for _, o := range res.Observations {
		one := format.Result{Observation: o.Observation, Severity: o.Severity}
		if filter != nil && !harrier.Matches(filter, format.Fields(s, h, one)) {
			continue
		}
		if only != nil && !harrier.Matches(only, resultFields(s, h, one)) {
			continue
		}
		h.Results = append(h.Results, one)
		if o.Severity < harrier.Severities {
			h.Present[o.Severity]++
		}
	}
	return h
}

// file writes a file that nobody else may read, whole or not at all.
func (r *Room) file(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".making-*") // mode 0600
	if err != nil {
		return fmt.Errorf("make report: %w", err)
	}
	whole := false
	defer func() {
		if !whole {
			_ = f.Close()
			_ = os.Remove(f.Name()) // swept later when this fails
		}
	}()
	w := bufio.NewWriterSize(f, 256<<10)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	whole = true
	return nil
}
