package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/match"
)

type explainCommand struct {
	Subject string `arg:"" name:"finding" help:"Number of a finding, or a CVE id, another name or the number of a vulnerability."`
	On      string `name:"host" placeholder:"HOST" help:"Address or name of the asset; not needed with a finding."`
	JSON    bool   `name:"json" help:"Print JSON."`
	dataFlags
}

// Run prints what decides whether the vulnerability is on the host.
func (c explainCommand) Run(ctx context.Context, s streams) error {
	e, err := console.Explain(ctx, c.config(), c.Subject, c.On)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(s.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(e)
	}
	out := page{w: s.out}
	out.line("asset %d, %s", e.Asset, e.Address)
	out.line("%s (%s)", e.Name, e.Severity)
	for _, f := range e.Findings {
		out.line("finding %d: %s, %s by %s, from the %s", f.ID, f.Place, f.Code, f.Source, f.Origin)
		out.line("  risk %.1f of 1000, from", f.Risk.Value)
		for _, in := range f.Risk.Inputs {
			out.line("    %-24s %-12s %.2f", in.Name, in.Seen, in.Factor)
		}
	}
	for _, line := range e.Coverage {
		out.line("scan        %s", line)
	}
	if out.err != nil {
		return out.err
	}
	if _, err := fmt.Fprintln(s.out); err != nil {
		return err
	}
	return match.Explanation(s.out, e.Decisions)
}
