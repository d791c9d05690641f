//go:build race

package scan

// raced tells that the race detector slows everything down tenfold.
const raced = true
