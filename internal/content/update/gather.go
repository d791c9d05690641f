package update

import (
	"context"
	"net/url"
	"path/filepath"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/fetch"
)

// atOnce is how many feeds are fetched at the same time.
const atOnce = 4

// gather fetches the feeds and sees which of their files are new. Feeds are told
// of in their order, whichever came first.
func (r *run) gather(ctx context.Context, feeds []feed.Format) error {
	fetcher, err := fetch.New(r.Fetch)
	if err != nil {
		return err
	}
	defer fetcher.Close()
	sources := make([]*source, len(feeds))
	for i, f := range feeds {
		sources[i] = &source{format: f, Feed: Feed{Name: f.Name}, dir: filepath.Join(r.Place.Dir(), "feeds", f.Name)}
		if r.From != "" {
			sources[i].dir = filepath.Join(r.From, f.Name)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	fetched, wait := r.fetch(ctx, fetcher, sources)
	defer wait()
	defer cancel()
	found := false
	for i, s := range sources {
		if err := <-fetched[i]; err != nil {
			return err
		}
		begin := r.Now()
		if err := s.list(ctx, r.memo.Feeds[s.Name], r.Limits); err != nil {
			return err
		}
		s.Took += r.Now().Sub(begin)
		if s.Files == 0 && s.Err == nil {
			continue // it is read from files only, and there are none
		}
		found = true
		r.feeds = append(r.feeds, s)
		if r.Told != nil {
			r.Told(s.Feed)
		}
	}
	if !found && r.From != "" {
		return harrier.Invalidf("from", "%s has no folder with files of a feed: it wants one for each, named like the feed", r.From)
	}
	return nil
}

// fetch begins to fetch the sources that have remotes: several at once, but those
// that ask the same host one after the other. Fetched has a word on each when it
// is done; wait returns when nothing is fetched any more.
func (r *run) fetch(ctx context.Context, fetcher *fetch.Fetcher, sources []*source) (fetched []chan error, wait func()) {
	remotes := make([][]feed.Remote, len(sources))
	for i, s := range sources {
		fetched = append(fetched, make(chan error, 1))
		if r.From != "" || s.format.Remotes == nil {
			fetched[i] <- nil
			continue
		}
		remotes[i] = s.format.Remotes(r.begin)
	}
	rows := byHost(remotes)
	next := make(chan []int, len(rows))
	for _, row := range rows {
		next <- row
	}
	close(next)
	var g sync.WaitGroup
	for range min(atOnce, len(rows)) {
		g.Go(func() {
			for row := range next {
				for _, i := range row {
					begin := r.Now()
					err := sources[i].fetch(ctx, fetcher, remotes[i])
					sources[i].Took = r.Now().Sub(begin)
					fetched[i] <- err
				}
			}
		})
	}
	return fetched, g.Wait
}

// byHost puts the feeds that have remotes, by their index, in rows: no two rows
// ask the same host. Both the rows and what is in them are in the order of feeds.
func byHost(remotes [][]feed.Remote) [][]int {
	var rows [][]int
	row := map[string]int{} // by host
	for i, list := range remotes {
		if len(list) == 0 {
			continue
		}
		into := len(rows)
		rows = append(rows, nil)
		for _, r := range list {
			host := r.URL
			if u, err := url.Parse(r.URL); err == nil {
				host = u.Host
			}
			had, ok := row[host]
			if row[host] = into; !ok || had == into {
				continue
			}
			from, to := max(had, into), min(had, into)
			rows[to] = append(rows[to], rows[from]...)
			rows[from] = nil
			for h, n := range row {
				if n == from {
					row[h] = to
				}
			}
			row[host], into = to, to
		}
		rows[into] = append(rows[into], i)
		slices.Sort(rows[into])
	}
	return slices.DeleteFunc(rows, func(row []int) bool { return row == nil })
}

func (s *source) fetch(ctx context.Context, fetcher *fetch.Fetcher, remotes []feed.Remote) error {
	files, err := fetcher.Feed(ctx, s.dir, remotes)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Err != nil && s.Err == nil {
			s.Err = f.Err
		}
		if f.Fetched.After(s.fetched) {
			s.fetched = f.Fetched
		}
	}
	return nil
}
