//go:build race

package finding

// raced tells that the race detector slows everything down tenfold: the long
// walks are shorter then, and run whole without it (see the Makefile).
const raced = true
