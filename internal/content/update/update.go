// Package update makes new content out of what publishers publish: it fetches
// what changed, sees whether the files are whole, reads them, has a base built and
// puts it in force, signed with the installation's own key. Whatever goes wrong,
// the content before stays in force; a feed that fails does not keep the others
// from coming, and what it said before goes on counting.
package update

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/archive"
	"github.com/harrier-scan/harrier/internal/feed/fetch"
)

// Maker builds base files: package content, seen from here.
type Maker interface {
	// Make writes a base at path with the records that fill adds, upon those of the
	// base old unless that is "": a record takes the place of the one with its
	// source and ID. Described is what is known of the sources of those records; it
	// is asked after fill.
	Make(old, path string, fill func(Writer) error, described func() []pack.Source) (Made, error)
}

// Writer takes records.
type Writer interface {
	// Add takes a record of a class. An error is about the base, not the record.
	Add(class feed.Class, r *harrier.Record) error
	// Sync says that all records of a source come now: those that are not added
	// again are taken away.
	Sync(source string) error
}

// Made is what a base holds.
type Made struct {
	Version string
	Sources []pack.Source
	// Touched are the vulnerabilities that changed records speak of, and Keys the
	// keys whose statements are others than in the base before. Both are nil for a
	// base that was made from nothing, of which all is new.
	Touched []harrier.VulnID
	Keys    []string
}

// Options say what is updated, and how.
type Options struct {
	Place  pack.Place
	Feeds  []feed.Format // all that there are
	Only   []string      // names of those that are updated; none: all
	From   string        // a folder with a folder of files for each feed; "": they are fetched
	Fetch  fetch.Options
	Limits archive.Limits
	Make   Maker
	Anew   bool // read everything again, not only what changed
	// Publisher is named in the manifest; "" is "local".
	Publisher string
	Now       func() time.Time
	// Told is called when a feed has been fetched and when it has been read; nil:
	// nobody is told.
	Told func(Feed)
}

// Feed is what became of one feed.
type Feed struct {
	Name    string
	Files   int      // that there are
	Changed int      // of which others are in force
	Records int      // that were read from those
	Bad     int      // that could not be
	Reasons []string // of the first of the bad ones
	// Err is why the feed, or a part of it, is as it was before; nil when it is as
	// its publisher has it.
	Err  error
	Took time.Duration
	Read bool // it has been read, not only fetched
}

// Report is what became of an update.
type Report struct {
	Feeds    []Feed        // those that were to be updated and have files, in their order
	Changed  bool          // other content is in force
	Anew     bool          // it was made from nothing
	Made     Made          // of what changed
	Manifest pack.Manifest // of what is in force; zero when there is none
	Took     time.Duration
}

// allAfter is the age from which all files of a feed are read again when one of
// them changed: what its publisher has taken out of a file is gone only then.
const allAfter = 7 * 24 * time.Hour

// allBelow is the size of a feed of which all files are always read again.
const allBelow = 64 << 20

// lifetime is how long after its making content says to be good for.
const lifetime = 30 * 24 * time.Hour

// Run updates content. The error is about all of it, and then nothing changed:
// Invalid for a feed that is not known, or content in which no feed could be read,
// Conflict while another process updates. What went wrong with a single feed is in
// the report.
func Run(ctx context.Context, o Options) (Report, error) {
	begin := o.Now()
	if o.Anew && len(o.Only) > 0 {
		return Report{}, harrier.Invalidf("feed", "to read everything again needs all feeds")
	}
	feeds, err := chosen(o.Feeds, o.Only)
	if err != nil {
		return Report{}, err
	}
	release, err := o.Place.Reserve()
	if err != nil {
		return Report{}, err
	}
	defer release()
	r := run{Options: o, begin: begin}
	if err := r.open(); err != nil {
		return Report{}, err
	}
	defer os.RemoveAll(r.work)
	if err := r.gather(ctx, feeds); err != nil {
		return Report{}, err
	}
	report, err := r.build(ctx)
	for _, s := range r.feeds {
		report.Feeds = append(report.Feeds, s.Feed)
	}
	report.Took = o.Now().Sub(begin)
	return report, err
}

// chosen are the formats with those names, all for none.
func chosen(all []feed.Format, names []string) ([]feed.Format, error) {
	if len(names) == 0 {
		return all, nil
	}
	var out []feed.Format
	for _, name := range names {
		i := slices.IndexFunc(all, func(f feed.Format) bool { return f.Name == name })
		if i < 0 {
			return nil, harrier.Invalidf("feed", "there is no feed %q", name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// run is one update.
type run struct {
	Options
	begin   time.Time
	current *pack.Content // in force; nil: none, or none that is to be trusted
	memo    memo          // of what was read into it
	work    string        // folder for the base that is built
	feeds   []*source
}

// source is a feed in an update.
type source struct {
	Feed
	format  feed.Format
	dir     string
	files   []file
	bytes   int64 // of all files
	fetched time.Time
	all     bool     // all files are read, and what they do not say is taken away
	sources []string // of its records
}

// file is one file of a feed.
type file struct {
	name    string    // below the feed's folder, with slashes
	at      time.Time // when it came
	sum     string
	changed bool // it is not in the content in force as it is now
	bad     bool // it is not to be read
}

func (r *run) open() error {
	c, err := r.Place.Load()
	switch kind := harrier.KindOf(err); {
	case err == nil:
		r.current = &c
	case kind != harrier.NotFound && kind != harrier.Invalid:
		return err
	} // of content that is not to be trusted nothing is taken over
	r.work = filepath.Join(r.Place.Dir(), "build")
	if err := os.RemoveAll(r.work); err != nil {
		return unwritable(r.work, err)
	}
	if err := os.MkdirAll(r.work, 0o700); err != nil {
		return unwritable(r.work, err)
	}
	r.memo = openMemo(r.Place.Dir())
	if r.current == nil || r.memo.Base != r.current.SHA256 {
		r.memo = memo{Feeds: map[string]remembered{}}
	}
	return nil
}

// list finds the files of a feed, in the order in which they came, so that what
// came last counts. It unpacks those that changed for a trial: one that is damaged
// is not read at all.
func (s *source) list(ctx context.Context, had remembered, l archive.Limits) error {
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unreadable(s.dir, err)
	}
	defer root.Close()
	defer func() {
		slices.SortStableFunc(s.files, func(a, b file) int { return a.at.Compare(b.at) })
	}()
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(s.dir, err)
		}
		if !d.Type().IsRegular() || fetch.Own(name) {
			return ctx.Err()
		}
		f, err := root.Open(filepath.FromSlash(name))
		if err != nil {
			return unreadable(name, err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return unreadable(name, err)
		}
		sum, err := digest(f)
		if err != nil {
			return unreadable(name, err)
		}
		one := file{name: name, at: info.ModTime(), sum: sum, changed: had.Files[name] != sum}
		if one.at.After(s.fetched) {
			s.fetched = one.at
		}
		s.Files++
		s.bytes += info.Size()
		if one.changed {
			s.Changed++
			if err := check(ctx, name, f, info.Size(), l); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				one.bad = true
				s.Changed--
				if s.Err == nil {
					s.Err = err
				}
			}
		}
		s.files = append(s.files, one)
		return nil
	})
}
