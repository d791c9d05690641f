package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/judge"
	"github.com/harrier-scan/harrier/internal/surface/passive"
	"github.com/harrier-scan/harrier/internal/surface/picture"
	"github.com/harrier-scan/harrier/internal/surface/place"
)

type asmCommand struct {
	Discover asmDiscoverCommand `cmd:"" help:"Find what belongs to domains, addresses and ranges, as seen from outside."`
	Graph    asmGraphCommand    `cmd:"" help:"Draw the attack surface that a scan of a console found."`
	Asset    asmAssetCommand    `cmd:"" help:"Keep a named text of an organisation, such as its logo, for clients of the Hexiosec ASM API."`
}

type asmDiscoverCommand struct {
	Seeds    []string      `arg:"" placeholder:"SEED" help:"Domains, addresses, nets such as 192.0.2.0/24."`
	Resolver []string      `placeholder:"ADDRESS" help:"Resolvers to ask and to compare; none: delegation is followed from the root."`
	Root     []string      `placeholder:"ADDRESS" help:"Servers of another root than the Internet's."`
	Passive  bool          `help:"Send nothing to what is looked at: ask resolvers and sources only."`
	Words    string        `type:"existingfile" placeholder:"FILE" help:"Labels to try below domains, one on a line; without it a built-in list."`
	NoWords  bool          `help:"Try no words."`
	CT       string        `name:"ct" placeholder:"URL" help:"Search of a log of certificates that answers in JSON; {domain} stands for the domain."`
	Places   []string      `type:"existingfile" placeholder:"FILE" help:"Who runs which addresses for many, and where addresses are: see docs/surface.md."`
	Allow    []string      `placeholder:"NET" help:"Private nets that are like any other."`
	Never    []string      `placeholder:"NET" help:"Never send a packet there."`
	Rate     int           `placeholder:"N" help:"At most so many questions a second to one resolver."`
	Limit    time.Duration `placeholder:"TIME" help:"End after this time."`
	Risks    bool          `help:"Write the risks in place of the facts."`
	Output   string        `short:"o" default:"-" placeholder:"FILE" help:"A file; with a name that ends in .svg a picture, else JSON, one object on a line."`
}

// Run discovers, and writes facts, risks or a picture.
func (c asmDiscoverCommand) Run(ctx context.Context, s streams) (err error) {
	o, seeds, err := c.options()
	if err != nil {
		return err
	}
	out := s.out
	if c.Output != "-" {
		f, err := os.Create(c.Output)
		if err != nil {
			return err
		}
		defer func() {
			if e := f.Close(); err == nil {
				err = e
			}
		}()
		out = f
	}
	buffered := bufio.NewWriter(out)
	graph := surface.NewGraph(nil)
	enc := json.NewEncoder(buffered)
	facts := !c.Risks && !strings.HasSuffix(c.Output, ".svg")
	res, err := surface.Discover(ctx, seeds, o, func(f surface.Fact) error {
		graph.Add(f)
		if facts {
			return enc.Encode(f)
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case c.Risks:
		err = writeRisks(enc, graph)
	case !facts:
		err = picture.SVG(buffered, graph)
	}
	if err == nil {
		err = buffered.Flush()
	}
	fmt.Fprintf(s.err, "%d assets, %d facts, %d questions to the DNS\n", res.Nodes, res.Facts, res.Questions)
	for _, h := range res.Resolvers {
		if h.Dropped != "" {
			fmt.Fprintf(s.err, "resolver %v was dropped: %s\n", h.Addr, h.Dropped)
		}
	}
	for _, r := range res.Reasons {
		fmt.Fprintln(s.err, r)
	}
	return err
}

func writeRisks(enc *json.Encoder, g *surface.Graph) error {
	for _, r := range judge.Judge(g, time.Now()) {
		line := map[string]any{
			"urn": r.Rule.URN, "severity": r.Rule.Severity.String(), "asset": r.Asset, "name": r.Rule.Name,
			"evidence": r.Evidence, "certainty": r.Certainty.String(), "remediation": r.Rule.Remediation,
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func (c asmDiscoverCommand) options() (o surface.Options, seeds []surface.Seed, err error) {
	for _, s := range c.Seeds {
		seed, err := surface.ParseSeed(s)
		if err != nil {
			return o, nil, err
		}
		seeds = append(seeds, seed)
	}
	never, err := harrier.ParsePrefixes("never", c.Never)
	if err != nil {
		return o, nil, err
	}
	o = surface.Options{Net: netio.New(harrier.Guard{Never: never}, nil, netio.Pace{}), Passive: c.Passive, NoWords: c.NoWords, Rate: c.Rate, Limit: c.Limit, Places: place.Builtin()}
	if o.AllowReserved, err = harrier.ParsePrefixes("allow", c.Allow); err != nil {
		return o, nil, err
	}
	if o.Resolvers, err = console.NameServers("resolver", c.Resolver); err != nil {
		return o, nil, err
	}
	if o.Roots, err = console.NameServers("root", c.Root); err != nil {
		return o, nil, err
	}
	if c.CT != "" {
		o.Sources = append(o.Sources, passive.Certificates{URL: c.CT})
	}
	if c.Words != "" {
		if o.Words, err = console.SurveyWords("words", c.Words); err != nil {
			return o, nil, err
		}
	}
	for _, name := range c.Places {
		if err := console.ReadPlaces("places", o.Places, name); err != nil {
			return o, nil, err
		}
	}
	return o, seeds, nil
}
