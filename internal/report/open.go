package report

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/harrier-scan/harrier"
)

// Open opens the file of a report and tells its size. While the report is in
// the making it waits, up to a minute. It answers Unavailable when the report
// is not ready by then, Conflict when it has failed, and NotFound when its file
// is gone. The caller closes the file.
func (r *Room) Open(ctx context.Context, rep harrier.Report) (io.ReadCloser, int64, error) {
	rep, err := r.await(ctx, rep.ID)
	if err != nil {
		return nil, 0, err
	}
	switch rep.Status {
	case harrier.ReportFailed:
		return nil, 0, harrier.Errorf(harrier.Conflict, "the report has failed: %s", rep.Error)
	case harrier.ReportRunning:
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

// sweep removes reports and uploads that have been kept for long enough, and
// files that belong to nothing.
func (r *Room) sweep(ctx context.Context) error {
	before := r.Now().Add(-r.Keep)
	old, err := r.Store.ReportsBefore(ctx, before)
	if err != nil {
		return err
	}
	for _, rep := range old {
		if rep.Status == harrier.ReportRunning {
			continue
		}
		if err := os.Remove(filepath.Join(r.Dir, filepath.Base(rep.Path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := r.Store.DeleteReport(ctx, rep.ID); err != nil {
			return err
		}
	}
	return filepath.WalkDir(r.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err != nil || !info.ModTime().Before(before) {
			return ignoreGone(err)
		}
		return ignoreGone(os.Remove(path))
	})
}

// ignoreGone makes nothing of a file that vanished meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
