//go:build !race

package ports

// raced reports whether the race detector watches.
const raced = false
