package update

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier/internal/feed"
)

func TestByHost(t *testing.T) {
	for _, c := range []struct {
		name  string
		hosts []string // of each feed, with commas
		want  [][]int
	}{
		{"none", nil, nil},
		{"all others", []string{"a", "", "b"}, [][]int{{0}, {2}}},
		{"two alike", []string{"a", "b", "a"}, [][]int{{0, 2}, {1}}},
		{"one joins two", []string{"a", "b", "c", "b,a", "a"}, [][]int{{0, 1, 3, 4}, {2}}},
		{"several of one", []string{"a,b", "c,d,c", "d,a"}, [][]int{{0, 1, 2}}},
	} {
		remotes := make([][]feed.Remote, len(c.hosts))
		for i, hosts := range c.hosts {
			for host := range strings.SplitSeq(hosts, ",") {
				if host != "" {
					remotes[i] = append(remotes[i], feed.Remote{URL: "https://" + host + ".example/file"})
				}
			}
		}
		if diff := cmp.Diff(c.want, byHost(remotes)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestAtOnce lets no server answer before four are asked: with fewer at a time
// nothing would ever come. Each counts how many ask it.
func TestAtOnce(t *testing.T) {
	var mu sync.Mutex
	busy, most := map[string]int{}, map[string]int{}
	waiting, all := 0, make(chan struct{})
	answer := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		for _, name := range []string{q.Host, ""} {
			busy[name]++
			most[name] = max(most[name], busy[name])
		}
		if waiting++; waiting == atOnce {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
		case <-q.Context().Done():
		}
		mu.Lock() // before the answer, behind which the next may ask
		busy[q.Host]--
		busy[""]--
		mu.Unlock()
		_, _ = fmt.Fprintf(w, "%s\n", q.URL.Path)
	})
	var feeds []feed.Format
	var names []string
	for host := range 5 {
		s := httptest.NewServer(answer)
		t.Cleanup(s.Close)
		for n := range 2 {
			name := fmt.Sprintf("feed%d%d", host, n)
			names = append(names, name)
			feeds = append(feeds, lines(name, feed.Remote{Name: "list.txt", URL: s.URL + "/" + name}))
		}
	}
	b := newBench(t, feeds...)
	b.From = ""
	var told []string
	b.Told = func(f Feed) {
		if !f.Read {
			told = append(told, f.Name)
		}
	}
	report := b.run()
	if !slices.Equal(told, names) {
		t.Errorf("told of %q; want %q", told, names)
	}
	for i, f := range report.Feeds {
		if f.Name != names[i] || f.Err != nil || f.Records != 1 {
			t.Errorf("feed %d: %+v; want %s", i, f, names[i])
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for host, n := range most {
		if host == "" && n > atOnce || host != "" && n > 1 {
			t.Errorf("%d ask %q at the same time", n, host)
		}
	}
}
