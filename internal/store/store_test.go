package store_test

import (
	"path/filepath"
	"testing"

	"github.com/harrier-scan/harrier/internal/store/storetest"
)

func TestSQLiteFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) string { return filepath.Join(t.TempDir(), "harrier.db") })
}

func TestSQLiteMemory(t *testing.T) {
	storetest.RunOpened(t, func(*testing.T) string { return ":memory:" })
}

func TestViewOverSQLite(t *testing.T) {
	storetest.RunView(t, func(t *testing.T) string { return filepath.Join(t.TempDir(), "harrier.db") })
}
