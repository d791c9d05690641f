//go:build !linux

package main

import "github.com/harrier-scan/harrier"

func bareMain([]string) error { return harrier.Errorf(harrier.Unavailable, "needs Linux") }
