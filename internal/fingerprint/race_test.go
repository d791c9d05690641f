//go:build race

package fingerprint

func init() { stride = 20 } // every pattern over every text is slow under the race detector
