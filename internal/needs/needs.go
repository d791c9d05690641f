// Package needs tells a test what it can not do without: root, a program, a
// service's address, a shared file. A test whose need is not met skips itself
// and names the reason, but fails where HARRIER_CI is set: there everything is
// installed, and a skip would hide a fault.
package needs

import (
	"net"
	"os"
	"os/exec"
	"testing"
)

// CI is the environment variable that turns skips into failures.
const CI = "HARRIER_CI"

// Root ends the test unless it runs as root.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		unmet(t, "needs root")
	}
}

// Binary returns the path of a program, searched on PATH and in the system
// folders, or ends the test, naming the Debian package that has it.
func Binary(t testing.TB, name, debianPackage string) string {
	t.Helper()
	if path, ok := find(name); ok {
		return path
	}
	unmet(t, "needs %s: install the Debian package %s", name, debianPackage)
	return ""
}

// Env returns the value of an environment variable, or ends the test with
// what sets it.
func Env(t testing.TB, name, setBy string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		unmet(t, "needs %s, which %s sets", name, setBy)
	}
	return v
}

// Listen listens at an address with a port that a test can not choose.
func Listen(t testing.TB, addr string) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	if err != nil {
		unmet(t, "needs to listen at %s: %v", addr, err)
	}
	return l
}

// Shared returns path when it exists, or ends the test.
func Shared(t testing.TB, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		unmet(t, "needs %s", path)
	}
	return path
}

// find looks for a program on PATH and where Debian keeps servers, which an
// ordinary user's PATH lacks.
func find(name string) (string, bool) {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, true
		}
	}
	return "", false
}

func unmet(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv(CI) != "" {
		t.Fatalf(CI+" is set and the test "+format, args...)
		return
	}
	t.Skipf("the test "+format, args...)
}
