//go:build race

package storetest

// raced tells that the race detector slows everything down tenfold.
const raced = true
