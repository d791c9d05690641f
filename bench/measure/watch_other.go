//go:build !linux

package measure

import "os/exec"

// Watch needs Linux.
func Watch(*exec.Cmd) (Use, string) { return Use{}, "needs Linux" }
