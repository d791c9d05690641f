package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/survey"
)

type asmAssetCommand struct {
	Organization string `arg:"" placeholder:"ORGANISATION" help:"Number, UUID or name of an organisation."`
	Key          string `arg:"" placeholder:"KEY" help:"The name of the text, such as logo."`
	File         string `arg:"" placeholder:"FILE" help:"What holds the text; empty to take it away."`
	dataFlags
}

// Run keeps a named text of an organisation, such as its logo, for clients of the
// Hexiosec ASM API. The console may be running.
func (c asmAssetCommand) Run(ctx context.Context, _ streams) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, survey.MaxBlob+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	return console.PutBlob(ctx, c.config(), c.Organization, c.Key, string(text))
}
