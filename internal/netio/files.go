package netio

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// The files that the rest of the process needs (databases, the bus, people's
// connections), and the most that targets ever get.
const (
	minReserve = 64
	maxFiles   = 16384
)

// files bounds how many connections to targets are open at a time.
type files struct {
	size int
	sem  *semaphore.Weighted
}

func newFiles(size int) *files {
	return &files{size, semaphore.NewWeighted(int64(size))}
}

// processFiles is shared by all Nets: the limit is the process's.
var processFiles = sync.OnceValue(func() *files { return newFiles(share(raiseFiles())) })

// share is how many of limit files go to targets: what is left after a quarter
// as reserve, at least minReserve if there are as many.
func share(limit int) int {
	return min(maxFiles, max(4, limit-max(minReserve, limit/4)))
}

func (f *files) take(ctx context.Context) error { return f.sem.Acquire(ctx, 1) }

func (f *files) give() { f.sem.Release(1) }

// TryTake takes a file if there is one.
func (f *files) TryTake() bool { return f.sem.TryAcquire(1) }

// Give gives one back.
func (f *files) Give() { f.give() }

// Files is how many connections to targets the process may have open at a time.
func Files() int { return processFiles().size }
