package content_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/contenttest"
	"github.com/harrier-scan/harrier/internal/feed"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noFamilies = content.Options{Family: func(string) string { return "" }}

// build writes a base of records and opens it.
func build(t testing.TB, o content.Options, records []contenttest.Classed) (string, *content.Base) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "content.db")
	b, err := content.NewBuilder(path, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := b.Add(r.Class, &r.Record); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Finish(content.Info{}); err != nil {
		t.Fatal(err)
	}
	return path, open(t, path)
}

func open(t testing.TB, path string) *content.Base {
	t.Helper()
	base, err := content.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := base.Close(); err != nil {
			t.Error(err)
		}
	})
	return base
}

func TestFile(t *testing.T) {
	contenttest.Run(t, func(t *testing.T, records []contenttest.Classed) *content.Base {
		_, b := build(t, noFamilies, records)
		return b
	})
}

func TestMemory(t *testing.T) {
	contenttest.Run(t, func(_ *testing.T, records []contenttest.Classed) *content.Base {
		return content.Memory("", noFamilies, func(emit func(feed.Class, *harrier.Record) error) error {
			for _, r := range records {
				if err := emit(r.Class, &r.Record); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// TestMemoryLike holds memory to what a file says.
func TestMemoryLike(t *testing.T) {
	w := world{rand.New(rand.NewPCG(1, 7))}
	var all []contenttest.Classed
	for range 200 {
		all = append(all, w.record())
	}
	_, file := build(t, content.Options{}, all)
	held := content.Memory("content-", content.Options{}, func(emit func(feed.Class, *harrier.Record) error) error {
		for _, r := range all {
			if err := emit(r.Class, &r.Record); err != nil {
				return err
			}
		}
		return nil
	})
	contenttest.Same(t, file, held)
}
