package console

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/flight"
)

// The engine of a console records each scan in the data folder, in another one,
// or nowhere, as it is told.
func TestFlightFolder(t *testing.T) {
	other := t.TempDir()
	for option, folder := range map[string]string{"": "flight", other: other, NoFlight: ""} {
		dir := t.TempDir()
		if folder == "flight" {
			folder = filepath.Join(dir, folder)
		}
		c := testConfig(t, dir)
		c.Flight = option
		con, stop := start(t, c)
		l := LocalScan{Targets: "127.0.0.1", Policy: "basic", Log: slog.New(slog.DiscardHandler), Adjust: func(s *harrier.Settings) error {
			s.Ports = "T:9"
			return nil
		}}
		p, err := l.policy()
		if err != nil {
			t.Fatal(err)
		}
		sc, err := l.run(t.Context(), t.Context(), con.core.rooms, p)
		if err != nil || sc.Status != harrier.ScanCompleted {
			t.Fatalf("scan = %+v, %v; want it completed", sc, err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if folder == "" {
			if _, err := os.Stat(filepath.Join(dir, "flight")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder for records = %v; want none", err)
			}
			continue
		}
		answers, _, err := flight.Search(folder, netip.MustParseAddr("127.0.0.1"))
		if err != nil || len(answers) != 1 || answers[0].UUID != sc.UUID || answers[0].Missing != "" || len(answers[0].Sent) == 0 {
			t.Errorf("Search with the option %q = %+v, %v; want what was sent for the scan", option, answers, err)
		}
	}
}
