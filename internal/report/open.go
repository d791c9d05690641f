package report

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Open opens the file of a report and tells its size. While the report is in
// the making it waits, up to a minute. It answers Unavailable when the report
// is not ready by then, Conflict when it has failed or was stopped, and NotFound when its file
// is gone. The caller closes the file.
func (r *Room) Open(ctx context.Context, rep harrier.Report) (io.ReadCloser, int64, error) {
	rep, err := r.await(ctx, rep.ID)
	if err != nil {
		return nil, 0, err
	}
	switch rep.Status {
	case harrier.ReportFailed:
		return nil, 0, harrier.Errorf(harrier.Conflict, "the report has failed: %s", rep.Error)
	case harrier.ReportStopped:
		return nil, 0, harrier.Errorf(harrier.Conflict, "the report was stopped")
	case harrier.ReportQueued, harrier.ReportRunning, harrier.ReportStopping:
		return nil, 0, harrier.Errorf(harrier.Unavailable, "the report is not ready yet")
	case harrier.ReportReady:
	}
	f, err := os.Open(filepath.Join(r.Dir, filepath.Base(rep.Path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, harrier.Errorf(harrier.NotFound, "the file of report %d is gone", rep.ID)
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// await waits for the end of a report and returns it.
func (r *Room) await(ctx context.Context, id harrier.ID) (harrier.Report, error) {
	r.mu.Lock()
	ended := r.pending[id]
	r.mu.Unlock()
	if ended != nil {
		t := time.NewTimer(r.Patience)
		defer t.Stop()
		select {
		case <-ended:
		case <-t.C:
		case <-ctx.Done():
			return harrier.Report{}, ctx.Err()
		}
	}
	return r.Store.Report(ctx, id)
}

func (r *Room) sweepOften(ctx context.Context) error {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		if err := r.sweep(ctx); err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "old files not removed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// sweep removes reports that were made on demand and uploads that have been
// kept for long enough, and files that belong to nothing. What is made of a
// definition stays, see thin.
func (r *Room) sweep(ctx context.Context) error {
	before := r.Now().Add(-r.Keep)
	old, err := r.Store.ReportsBefore(ctx, before)
	if err != nil {
		return err
	}
	for _, rep := range old {
		if !rep.Status.Ended() || rep.Definition != 0 {
			continue
		}
		if err := r.remove(ctx, rep); err != nil {
			return err
		}
	}
	all, err := r.Store.Reports(ctx)
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, rep := range all {
		kept[filepath.Base(rep.Path)] = true
	}
	return filepath.WalkDir(r.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreGone(err)
		}
		if filepath.Dir(path) == filepath.Clean(r.Dir) && (kept[d.Name()] || kept[strings.TrimSuffix(d.Name(), zipEnd)]) {
			return nil
		}
		info, err := d.Info()
		if err != nil || !info.ModTime().Before(before) {
			return ignoreGone(err)
		}
		return ignoreGone(os.Remove(path))
	})
}

// remove removes a report and its file: the file first, so that none is left
// that nothing names.
func (r *Room) remove(ctx context.Context, rep harrier.Report) error {
	for _, end := range []string{zipEnd, ""} {
		if err := os.Remove(filepath.Join(r.Dir, filepath.Base(rep.Path)+end)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := r.Store.DeleteReport(ctx, rep.ID); harrier.KindOf(err) != harrier.NotFound {
		return err
	}
	return nil
}

// thin removes the oldest reports of a definition, so that as many are left as
// it wants kept.
func (r *Room) thin(ctx context.Context, definition harrier.ID) error {
	keep := harrier.KeepReports
	d, err := r.Store.ReportDefinition(ctx, definition)
	switch {
	case err == nil && d.Keep > 0:
		keep = d.Keep
	case err != nil && harrier.KindOf(err) != harrier.NotFound:
		return err
	}
	list, err := r.Store.ReportsOf(ctx, definition)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(rep harrier.Report) bool { return !rep.Status.Ended() })
	for _, rep := range list[:max(0, len(list)-keep)] {
		if err := r.remove(ctx, rep); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes a report and its file; one that is being made is stopped
// before. It answers NotFound, and Forbidden for one that by may only see.
func (r *Room) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	rep, err := r.own(ctx, by, id)
	if err != nil {
		return err
	}
	r.mu.Lock()
	if m := r.going[id]; m != nil {
		m.cancel()
	}
	r.mu.Unlock()
	return r.remove(ctx, rep)
}

// Stop stops a report that waits or is being made. It answers NotFound,
// Forbidden like Delete, and Conflict for one that has ended.
func (r *Room) Stop(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if _, err := r.own(ctx, by, id); err != nil {
		return err
	}
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		rep, err := r.Store.Report(ctx, id)
		switch {
		case err != nil:
			return err
		case rep.Status.Ended():
			return harrier.Errorf(harrier.Conflict, "report %d has ended", id)
		case rep.Status == harrier.ReportQueued:
			rep.Status, rep.Ended = harrier.ReportStopped, r.Now().UTC()
		default:
			rep.Status = harrier.ReportStopping
		}
		return r.Store.UpdateReport(ctx, &rep)
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	m := r.going[id]
	r.mu.Unlock()
	if m == nil { // it waited
		r.over(id)
		return nil
	}
	m.cancel()
	return nil
}

func (r *Room) own(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Report, error) {
	rep, err := r.Report(ctx, by, id)
	if err == nil && by.LevelOn(rep.Owner, nil) < harrier.Owns {
		err = harrier.Errorf(harrier.Forbidden, "you may not change report %d", id)
	}
	return rep, err
}

// ignoreGone makes nothing of a file that vanished meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
