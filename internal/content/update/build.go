package update

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/pack"
)

// build makes content of what was gathered and puts it in force.
func (r *run) build(ctx context.Context) (Report, error) {
	var report Report
	if r.current != nil {
		report.Manifest = r.current.Manifest
	}
	changed, whole := 0, true
	for _, s := range r.feeds {
		changed += s.Changed
		whole = whole && s.Err == nil
	}
	var err error
	switch {
	case changed > 0, r.Anew && whole && len(r.feeds) > 0:
		var m pack.Manifest
		report.Anew = r.anew()
		m, report.Made, err = r.make(ctx, report.Anew)
		if errors.Is(err, errAgain) {
			report.Anew = r.current == nil
			m, report.Made, err = r.make(ctx, report.Anew)
		}
		switch {
		case err == nil:
			report.Manifest, report.Changed = m, true
		case !errors.Is(err, errNothing):
		case r.current == nil:
			err = r.nothing()
		default:
			err = nil // as before
		}
	case r.current == nil:
		err = r.nothing()
	case r.From == "" && whole && len(r.Only) == 0 && len(r.feeds) > 0:
		// The publishers were asked and have nothing new: that is as good as new.
		var m pack.Manifest
		if m, err = r.renew(); err == nil {
			report.Manifest = m
		}
	}
	return report, err
}

// mostChanged is how many changed keys a manifest names: with more, everything is
// as well looked at again.
const mostChanged = 2000

// nothing is why there is no content after all this.
func (r *run) nothing() error {
	for _, s := range r.feeds {
		if s.Err != nil {
			return harrier.Errorf(harrier.KindOf(s.Err), "no content was made: %s: %s", s.Name, harrier.MessageOf(s.Err))
		}
	}
	return harrier.Errorf(harrier.Invalid, "no content was made: no file of any feed has a record")
}

// errNothing ends the making of a base that would be as the one before.
var errNothing = errors.New("no record was read")

// anew reports whether the base is made from nothing. What a feed with a fault said
// before is only in the content in force, and so that is built upon.
func (r *run) anew() bool {
	if r.current == nil {
		return true
	}
	for _, s := range r.feeds {
		if s.Err != nil {
			return false
		}
	}
	return r.Anew
}

// complete reports whether all files of a feed are read and its sources hold
// nothing else then: a feed that was fetched, not one of which somebody has put
// some files into a folder.
func (r *run) complete(s *source) bool {
	had := r.memo.Feeds[s.Name]
	if r.From != "" || s.Err != nil || s.Changed == 0 || had.Elsewhere || len(had.Sources) == 0 {
		return false
	}
	return s.bytes < allBelow || r.begin.Sub(had.All) > allAfter
}

// alone are the sources of a feed that no other feed speaks for.
func (r *run) alone(s *source) []string {
	return slices.DeleteFunc(slices.Clone(r.memo.Feeds[s.Name].Sources), func(name string) bool {
		for other, had := range r.memo.Feeds {
			if other != s.Name && slices.Contains(had.Sources, name) {
				return true
			}
		}
		return false
	})
}

func (r *run) source(name string) *source {
	for _, s := range r.feeds {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// make builds a base and adopts it.
func (r *run) make(ctx context.Context, anew bool) (pack.Manifest, Made, error) {
	old, path := "", filepath.Join(r.work, "base.db")
	if !anew {
		old = r.current.Base
	}
	read := newReading(r)
	made, err := r.Make.Make(old, path, func(w Writer) error {
		fault := false
		for _, s := range r.feeds {
			s.all = anew || r.complete(s)
			if err := read.feed(ctx, s, w, !anew); err != nil {
				return err
			}
			fault = fault || s.all && s.Err != nil && r.current != nil
		}
		if fault {
			return errAgain
		}
		if read.records == 0 {
			return errNothing
		}
		return nil
	}, read.described)
	if err != nil {
		return pack.Manifest{}, made, err
	}
	m := pack.Manifest{Version: made.Version, Sources: made.Sources}
	if !anew && len(made.Keys) <= mostChanged {
		m.Since, m.Changed = r.current.Version, made.Keys
	}
	if m, err = r.adopt(path, m); err != nil {
		return pack.Manifest{}, made, err
	}
	return m, made, r.remember(m, anew)
}

// errAgain ends the making of a base that would lack what a feed said before: it
// shows itself only when it is read that there is nothing to be read in a file.
var errAgain = errors.New("a feed that was to be read whole has a fault")

// renew signs what is in force once more, as what is in force today.
func (r *run) renew() (pack.Manifest, error) {
	path := filepath.Join(r.work, "base.db")
	if err := os.Link(r.current.Base, path); err != nil {
		if err := copyFile(path, r.current.Base); err != nil {
			return pack.Manifest{}, err
		}
	}
	m, err := r.adopt(path, pack.Manifest{Version: r.current.Version, Sources: r.freshened(r.current.Sources)})
	if err != nil {
		return m, err
	}
	r.memo.Base = m.SHA256
	return m, r.memo.save(r.Place.Dir())
}

// freshened is a list of sources with the times at which they were last asked for.
func (r *run) freshened(list []pack.Source) []pack.Source {
	out := append([]pack.Source(nil), list...)
	for i := range out {
		if s := r.source(out[i].Name); s != nil && s.fetched.After(out[i].Fetched) {
			out[i].Fetched = s.fetched.UTC()
		}
	}
	return out
}

func (r *run) adopt(path string, m pack.Manifest) (pack.Manifest, error) {
	key, err := r.Place.Key()
	if err != nil {
		return m, err
	}
	if m.Publisher = r.Publisher; m.Publisher == "" {
		m.Publisher = "local"
	}
	now := r.Now()
	m.Expires = now.Add(lifetime).UTC().Truncate(time.Second)
	return r.Place.Adopt(path, m, key, now)
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return unreadable(from, err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return unwritable(to, err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		return unwritable(to, err)
	}
	if err := out.Close(); err != nil {
		return unwritable(to, err)
	}
	return nil
}
