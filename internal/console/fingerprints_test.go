package console

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/fingerprint"
)

const widgetRules = `kind: ssh
rules:
  - id: widget
    match: '^Widget_(?P<v>\d+)'
    product: Widget
    examples: [{text: Widget_1, version: "1"}]
`

func write(t *testing.T, place, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRulesIn shows that a console uses what was imported, and that a file that
// is not right leaves its own rules in force and is told.
func TestRulesIn(t *testing.T) {
	data := t.TempDir()
	var log bytes.Buffer
	rules := func() *fingerprint.Set {
		log.Reset()
		return rulesIn(FingerprintFolder(data), slog.New(slog.NewTextHandler(&log, nil)))()
	}
	if rules() != fingerprint.Default() || log.Len() != 0 {
		t.Errorf("without a folder the rules are not the own ones, or something is logged: %s", &log)
	}
	source := filepath.Join(t.TempDir(), "ssh.yaml")
	write(t, source, widgetRules)
	report, err := ImportFingerprints(data, OwnFormat, source)
	if err != nil || report.Rules != 1 || report.Examples != 1 {
		t.Fatalf("ImportFingerprints = %+v, %v; want one rule", report, err)
	}
	if m, ok := rules().Match("ssh", "Widget_2"); !ok || m.Version != "2" || !strings.Contains(log.String(), "rules=1") {
		t.Errorf("Match after the import = %+v, %v; want Widget 2 (%s)", m, ok, &log)
	}
	write(t, filepath.Join(FingerprintFolder(data), "own.yaml"), "kind: [")
	if rules() != fingerprint.Default() || !strings.Contains(log.String(), "own.yaml") {
		t.Errorf("with a file that is not right the rules are not the own ones, or it is not named: %s", &log)
	}
	if _, err := ImportFingerprints(data, "other", source); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("ImportFingerprints of another format = %v; want Invalid", err)
	}
}

func TestRulesOf(t *testing.T) {
	place := filepath.Join(t.TempDir(), "ssh.yaml")
	if rules, err := rulesOf(""); rules != nil || err != nil {
		t.Errorf("rulesOf nothing = %v; want neither rules nor an error", err)
	}
	if _, err := rulesOf(place); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("rulesOf a place that is not there = %v; want NotFound", err)
	}
	write(t, place, widgetRules)
	rules, err := rulesOf(place)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := rules().Match("ssh", "Widget_2"); !ok || m.Product != "Widget" {
		t.Errorf("Match = %+v; want Widget", m)
	}
	if m, ok := rules().Match("ssh", "OpenSSH_9.2"); !ok || m.Product != "OpenSSH" {
		t.Errorf("Match = %+v; want the own rules too", m)
	}
}
