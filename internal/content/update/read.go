package update

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/archive"
)

// maxReasons is how many bad records of a feed are told about.
const maxReasons = 5

// maxReason bounds such a reason: it may repeat what the record says.
const maxReason = 300

// reading reads feeds into a base.
type reading struct {
	r       *run
	records int
	sources map[string]*pack.Source
}

func newReading(r *run) *reading { return &reading{r: r, sources: map[string]*pack.Source{}} }

// described is what is known of the sources that were read.
func (d *reading) described() []pack.Source {
	var out []pack.Source
	for _, name := range slices.Sorted(maps.Keys(d.sources)) {
		out = append(out, *d.sources[name])
	}
	return out
}

// feed reads the files of a feed: all, or those that changed. Upon an older base
// its sources hold nothing else when all are read.
func (d *reading) feed(ctx context.Context, s *source, w Writer, upon bool) error {
	begin := d.r.Now()
	k := &sink{d: d, s: s, to: w}
	if s.all && upon {
		for _, name := range d.r.alone(s) {
			if err := w.Sync(name); err != nil {
				return err
			}
		}
	}
	for i := range s.files {
		f := &s.files[i]
		if f.bad || !f.changed && !s.all {
			continue
		}
		if err := k.file(ctx, f); err != nil {
			return err
		}
	}
	s.Records, s.Bad, s.Reasons, s.Read = k.records, k.bad, k.reasons, true
	d.records += k.records
	if k.bad > 0 {
		d.source(s, s.Name).Bad += k.bad
	}
	s.Took += d.r.Now().Sub(begin)
	if d.r.Told != nil {
		d.r.Told(s.Feed)
	}
	return ctx.Err()
}

// source notes a source of records by what is known of its feed.
func (d *reading) source(s *source, name string) *pack.Source {
	if !slices.Contains(s.sources, name) {
		s.sources = append(s.sources, name)
	}
	if known, ok := d.sources[name]; ok {
		return known
	}
	f := s.format
	if i := slices.IndexFunc(d.r.Feeds, func(other feed.Format) bool { return other.Name == name }); i >= 0 {
		f = d.r.Feeds[i] // one format may give the records of another feed too
	}
	out := &pack.Source{
		Name: name, Title: f.Title, Publisher: f.Publisher, Home: f.Home, Licence: f.Licence, Notice: f.Notice,
		Class: d.r.classOf(s.format, name).String(), Fetched: s.fetched.UTC(),
	}
	d.sources[name] = out
	return out
}

// sink takes the records of a feed.
type sink struct {
	d       *reading
	s       *source
	to      Writer
	failed  error // of to: there is no place for records any more
	records int
	bad     int
	reasons []string
}

// Put hands a record on.
func (k *sink) Put(r *harrier.Record) error {
	if k.failed != nil {
		return k.failed
	}
	if r.Source == "" {
		r.Source = k.s.Name
	}
	err := k.to.Add(k.d.r.classOf(k.s.format, r.Source), r)
	if k.failed = err; err == nil {
		k.records++
		k.d.source(k.s, r.Source).Records++
	}
	return err
}

// Bad counts a record that could not be read.
func (k *sink) Bad(id string, err error) {
	k.bad++
	if len(k.reasons) < maxReasons {
		k.reasons = append(k.reasons, shortened(id+": "+err.Error()))
	}
}

func shortened(s string) string {
	if len(s) > maxReason {
		s = s[:maxReason] + "…"
	}
	return clean(s)
}

// clean keeps what a feed says from moving the cursor of who reads it.
func clean(s string) string {
	out := []rune(s)
	for i, c := range out {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			out[i] = ' '
		}
	}
	return string(out)
}

// file reads one file. The error is about the update as a whole: what is wrong
// with a file is noted.
func (k *sink) file(ctx context.Context, f *file) error {
	before := k.records
	in, err := os.Open(filepath.Join(k.s.dir, filepath.FromSlash(f.name)))
	if err != nil {
		return unreadable(f.name, err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return unreadable(f.name, err)
	}
	var fault error
	err = archive.WalkReader(f.name, in, info.Size(), k.d.r.Limits, func(leaf string, r io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !k.s.format.Wants(leaf) {
			return nil
		}
		err := k.s.format.Read(leaf, r, k)
		switch {
		case k.failed != nil:
			return k.failed
		case err != nil:
			fault = err
			k.Bad(leaf, err)
		}
		return nil
	})
	if err != nil {
		// The file was whole a moment ago.
		return err
	}
	if fault != nil && k.records == before {
		// A page that says "error" instead of a feed: the next update has another try.
		f.bad = true
		if k.s.Err == nil {
			k.s.Err = harrier.Invalidf(f.name, "nothing in it can be read: %s", shortened(fault.Error()))
		}
	}
	return nil
}

// check unpacks a file to its end.
func check(ctx context.Context, name string, r io.ReaderAt, size int64, l archive.Limits) error {
	return archive.WalkReader(name, r, size, l, func(_ string, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return errors.Join(err, ctx.Err())
	})
}

func digest(r io.Reader) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

// classOf is the class of a source whose records a format gives: that of the feed
// of its name, if there is one.
func (o Options) classOf(f feed.Format, source string) feed.Class {
	for _, other := range o.Feeds {
		if other.Name == source {
			return other.Class
		}
	}
	return f.Class
}

func unreadable(name string, err error) error {
	return harrier.Errorf(harrier.Unavailable, "%s can not be read", name).Because(err)
}

func unwritable(name string, err error) error {
	return harrier.Errorf(harrier.Unavailable, "%s can not be written", name).Because(err)
}
