package console

import (
	"context"
	"os/exec"
	"regexp"
	"testing"
)

var tokenLine = regexp.MustCompile(`(?m)^Token:\s+(\S+)$`)

// EngineToken makes a token with which an engine can enrol at the console with
// that data folder, which may be running.
func EngineToken(t testing.TB, bin, data string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(context.Background(), bin, append([]string{"engine", "token", "--data", data}, args...)...).CombinedOutput()
	m := tokenLine.FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("engine token = %v\n%s", err, out)
	}
	return string(m[1])
}
