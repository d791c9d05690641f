package console

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/feed"
)

// TestContentDoc holds the table of sources in docs/content.md against the list
// of feeds. What is to be there is printed when it is not.
func TestContentDoc(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "content.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begins := strings.Cut(string(b), "<!-- sources: begin -->\n")
	table, _, ends := strings.Cut(rest, "<!-- sources: end -->")
	if want := sourcesTable(Feeds()); !begins || !ends || table != want {
		t.Errorf("the table of sources in docs/content.md is not that of the feeds, which is\n%s", want)
	}
}

func sourcesTable(feeds []feed.Format) string {
	var b strings.Builder
	b.WriteString("| name | what | publisher | class | licence | fetched from |\n| --- | --- | --- | --- | --- | --- |\n")
	var notices []string
	for _, f := range feeds {
		fmt.Fprintf(&b, "| `%s` | [%s](%s) | %s | %s | %s | %s |\n", f.Name, f.Title, f.Home, f.Publisher, f.Class, f.Licence, fetchedFrom(f))
		if f.Notice != "" {
			notices = append(notices, fmt.Sprintf("- `%s`: %s\n", f.Name, f.Notice))
		}
	}
	b.WriteString("\nNotices that publishers want shown:\n\n" + strings.Join(notices, ""))
	return b.String()
}

// fetchedFrom names the hosts that a feed's files come from.
func fetchedFrom(f feed.Format) string {
	if f.Remotes == nil {
		return "import only"
	}
	var hosts []string
	for _, r := range f.Remotes(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		u, err := url.Parse(r.URL)
		if err == nil && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	return strings.Join(hosts, ", ")
}
