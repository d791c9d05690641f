package console

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/content/update"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/fetch"
	"github.com/harrier-scan/harrier/internal/feed/nvd"
)

// ContentUpdate is what an update of content is told.
type ContentUpdate struct {
	Data  string            // data folder
	Only  []string          // names of feeds; none: all
	From  string            // folder with files that were downloaded before; "": from the network
	Proxy string            // "" is what the environment says
	Anew  bool              // read everything again
	NVD   string            // how NVD is asked: "feeds" or "api"; "" is what HARRIER_NVD says, or else "feeds"
	Told  func(update.Feed) // see update.Options
}

// UpdateContent fetches what publishers have, builds content of it and puts it in
// force. See update.Run for the errors.
func UpdateContent(ctx context.Context, u ContentUpdate) (update.Report, error) {
	feeds, err := feedsBy(cmp.Or(u.NVD, os.Getenv("HARRIER_NVD")), os.Getenv("NVD_API_KEY"))
	if err != nil {
		return update.Report{}, err
	}
	return update.Run(ctx, update.Options{
		Place: pack.In(u.Data), Feeds: feeds, Only: u.Only, From: u.From, Anew: u.Anew, Told: u.Told,
		Fetch: fetch.Options{Proxy: u.Proxy, Version: Version}, Make: contentMaker{}, Now: time.Now,
	})
}

// feedsBy are the feeds, NVD's by its yearly files or by its API.
func feedsBy(way, key string) ([]feed.Format, error) {
	feeds := Feeds()
	switch way {
	case "", "feeds":
		return feeds, nil
	case "api":
	default:
		return nil, harrier.Invalidf("nvd", "want feeds or api, not %.40q", way)
	}
	i := slices.IndexFunc(feeds, func(f feed.Format) bool { return f.Name == nvd.Format.Name })
	feeds[i].Remotes = nvd.API(key)
	return feeds, nil
}

// firstUpdate is how long after its start a console updates for the first time:
// soon, but not while it is busy with starting.
const firstUpdate = time.Minute

// asked is how the rooms ask for an update, and learn that one goes on.
type asked struct {
	soon  chan struct{}
	since *atomic.Int64 // when it began, in microseconds since 1970; 0: none goes on
}

func newAsked() asked { return asked{make(chan struct{}, 1), new(atomic.Int64)} }

// going tells since when content is fetched.
func (a asked) going() time.Time {
	if n := a.since.Load(); n != 0 {
		return time.UnixMicro(n)
	}
	return time.Time{}
}

// ask asks for an update, if nobody has done so yet.
func (a asked) ask() {
	select {
	case a.soon <- struct{}{}:
	default:
	}
}

// updateContent updates the content of a data folder again and again, and when
// it is asked to, until ctx ends. One that fails is logged, and the next is tried
// as if it had not.
func updateContent(ctx context.Context, data string, first, every time.Duration, now asked, log *slog.Logger) error {
	t := time.NewTimer(first)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		case <-now.soon:
		}
		now.since.Store(time.Now().UnixMicro())
		report, err := UpdateContent(ctx, ContentUpdate{Data: data})
		now.since.Store(0)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case harrier.KindOf(err) == harrier.Conflict && err != nil:
			log.InfoContext(ctx, "content is being updated by another process")
		case err != nil:
			log.ErrorContext(ctx, "content could not be updated", "err", err)
		default:
			log.InfoContext(ctx, "content updated", "changed", report.Changed, "version", report.Manifest.Version, "took", report.Took)
		}
		for _, f := range report.Feeds {
			if f.Err != nil {
				log.WarnContext(ctx, "feed could not be updated", "feed", f.Name, "err", f.Err)
			}
		}
		t.Reset(every)
	}
}
