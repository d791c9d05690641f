package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/picture"
)

type asmGraphCommand struct {
	Scan   string `arg:"" placeholder:"SCAN" help:"Number, UUID or name of a scan that looks for an attack surface."`
	Output string `short:"o" default:"-" placeholder:"FILE" help:"A file; with a name that ends in .svg a picture, else JSON, one node or link on a line."`
	dataFlags
}

// Run writes what the latest run of a scan saw. The console may be running.
func (c asmGraphCommand) Run(ctx context.Context, s streams) error {
	g, err := console.SurfaceGraph(ctx, c.config(), c.Scan)
	if err != nil {
		return err
	}
	write := writeGraph
	if strings.HasSuffix(c.Output, ".svg") {
		write = picture.SVG
	}
	if c.Output == "-" {
		return buffered(s.out, g, write)
	}
	f, err := os.Create(c.Output)
	if err != nil {
		return err
	}
	err = buffered(f, g, write)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func buffered(w io.Writer, g *surface.Graph, write func(io.Writer, *surface.Graph) error) error {
	b := bufio.NewWriter(w)
	if err := write(b, g); err != nil {
		return err
	}
	return b.Flush()
}

// graphNode is a node as JSON has it; its links are facts.
type graphNode struct {
	Node       surface.Node        `json:"node"`
	Scope      string              `json:"scope"`
	Attributes map[string][]string `json:"attributes,omitempty"`
}

// writeGraph writes every node, and behind it the links that lead to it.
func writeGraph(w io.Writer, g *surface.Graph) error {
	enc := json.NewEncoder(w)
	for n := range g.Nodes() {
		if err := enc.Encode(graphNode{n, g.Scope(n).String(), g.Attributes(n)}); err != nil {
			return err
		}
		for _, f := range g.In(n) {
			if err := enc.Encode(f); err != nil {
				return err
			}
		}
	}
	return nil
}
