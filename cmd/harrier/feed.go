package main

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier/internal/console"
)

type feedCommand struct {
	Import   importCommand       `cmd:"" help:"Import content from files: fingerprints."`
	Coverage feedCoverageCommand `cmd:"" help:"Tell how many of the vulnerabilities that are known to be exploited can be found."`
}

type importCommand struct {
	Format string `arg:"" enum:"recog,rules" help:"recog (Recog's XML files) or rules (fingerprints in Harrier's own format)."`
	Place  string `arg:"" help:"A folder, a .tar.gz file or one file."`
	Data   string `default:"harrier-data" env:"HARRIER_DATA" placeholder:"DIR" help:"Data folder of the console."`
}

// maxShown bounds how many examples that failed are printed.
const maxShown = 10

// Run imports fingerprints and prints what they were.
func (c importCommand) Run(s streams) error {
	report, err := console.ImportFingerprints(c.Data, c.Format, c.Place)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rules from %d files, %d of %d examples told right; in force when the console starts again\n",
		report.Rules, report.Files, report.Examples-len(report.Failed), report.Examples)
	for i, fault := range report.Failed {
		if i == maxShown {
			fmt.Fprintf(&b, "  and %d more\n", len(report.Failed)-maxShown)
			break
		}
		fmt.Fprintf(&b, "  %s\n", fault)
	}
	_, err = fmt.Fprint(s.out, b.String())
	return err
}
