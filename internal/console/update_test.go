package console

import (
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestFeedsBy: NVD is asked in one of two ways, the others as ever.
func TestFeedsBy(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for way, host := range map[string]string{"": "nvd.nist.gov", "feeds": "nvd.nist.gov", "api": "services.nvd.nist.gov"} {
		feeds, err := feedsBy(way, "key")
		if err != nil || len(feeds) != len(Feeds()) {
			t.Fatalf("feedsBy(%q) = %d feeds, %v; want %d", way, len(feeds), err, len(Feeds()))
		}
		for _, f := range feeds {
			if f.Name == "nvd" && !strings.HasPrefix(f.Remotes(now)[0].URL, "https://"+host+"/") {
				t.Errorf("%q asks %s; want %s", way, f.Remotes(now)[0].URL, host)
			}
		}
	}
	if _, err := feedsBy("fax", ""); err == nil || harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("feedsBy of no way = %v; want Invalid", err)
	}
}
