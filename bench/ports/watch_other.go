//go:build !linux

package main

import (
	"os/exec"

	"github.com/harrier-scan/harrier"
)

func watch(*exec.Cmd) (use, string) { return use{}, "needs Linux" }

func bareMain([]string) error { return harrier.Errorf(harrier.Unavailable, "needs Linux") }
