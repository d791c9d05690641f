//go:build race

package nexpose_test

// raced tells that the race detector slows everything down tenfold.
const raced = true
