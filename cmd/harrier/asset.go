package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/search"
)

type assetCommand struct {
	List       assetListCommand       `cmd:"" help:"List the assets."`
	Show       assetShowCommand       `cmd:"" help:"Show what an asset is recognised by, and why."`
	Importance assetImportanceCommand `cmd:"" help:"Say how much an asset matters."`
	Merges     assetMergesCommand     `cmd:"" help:"List what was merged, newest first."`
	Merge      assetMergeCommand      `cmd:"" help:"Make two assets one."`
	Unmerge    assetUndoCommand       `cmd:"" help:"Take a merge back."`
}

// assets opens the room of assets.
func assets(ctx context.Context, at dataFlags, use func(by harrier.Actor, room *asset.Room) error) error {
	return console.Assets(ctx, at.config(), use)
}

type assetListCommand struct {
	Where string   `placeholder:"EXPRESSION" help:"List those that an expression of the search language holds for, see docs/search.md: \"risk_score > 1000 && os_family = Linux\"."`
	Sort  []string `default:"ip" placeholder:"FIELD" help:"Fields of the search language to sort by, downwards with a minus before: -risk_score,host_name."`
	dataFlags
}

// Run lists the assets.
func (c assetListCommand) Run(ctx context.Context, s streams) error {
	which, err := search.Assets(c.Where, search.Options{})
	if err != nil {
		return err
	}
	walk := harrier.Walk{Limit: 500, NoTotal: true}
	for _, name := range c.Sort {
		name, desc := strings.CutPrefix(name, "-")
		field, ok := search.AssetSort(name)
		if !ok {
			return harrier.Invalidf("sort", "assets can not be sorted by %q", name)
		}
		walk.Sort = append(walk.Sort, harrier.Order{Field: field, Desc: desc})
	}
	return assets(ctx, c.dataFlags, func(by harrier.Actor, room *asset.Room) error {
		for {
			list, err := room.Search(ctx, by, which, walk)
			if err != nil || len(list.Rows) == 0 {
				return err
			}
			for _, a := range list.Rows {
				if _, err := fmt.Fprintf(s.out, "%-6d %-40s %-18s %s\n", a.ID, addrOf(a), a.MAC, nameOf(a)); err != nil {
					return err
				}
			}
			walk.After = list.Last()
		}
	})
}

// addrOf is the address of an asset; "-" for one that has none, as a domain.
func addrOf(a harrier.Asset) string {
	if !a.Addr.IsValid() {
		return "-"
	}
	return a.Addr.String()
}

func nameOf(a harrier.Asset) string {
	for _, n := range append([]string{a.FQDN, a.NetBIOS}, a.Names...) {
		if n != "" {
			return n
		}
	}
	return ""
}

type assetShowCommand struct {
	ID harrier.ID `arg:"" help:"Number of the asset."`
	dataFlags
}

// Run explains an asset.
func (c assetShowCommand) Run(ctx context.Context, s streams) error {
	return assets(ctx, c.dataFlags, func(by harrier.Actor, room *asset.Room) error {
		e, err := room.Explain(ctx, by, c.ID)
		if err != nil {
			return err
		}
		software, err := room.Software(ctx, by, c.ID)
		if err != nil {
			return err
		}
		return explain(s.out, e, software)
	})
}

func explain(w io.Writer, e asset.Explanation, software []harrier.Software) error {
	out := page{w: w}
	out.line("asset %d  %s  %s", e.ID, addrOf(e.Asset), nameOf(e.Asset))
	out.line("first seen %s, last seen %s, importance %d %%", day(e.FirstSeen), day(e.LastSeen), e.Importance)
	for _, w := range software {
		out.line("software    %s %s  %v", w.Product, w.Version, w.Endpoints)
	}
	for _, i := range e.Identifiers {
		shared := ""
		if i.Shared {
			shared = "  shared"
		}
		out.line("identifier  %-11s %s  (%d points, at %s, %s to %s%s)", i.Kind, i.Value, i.Strength(), i.Source, day(i.First), day(i.Last), shared)
	}
	for _, r := range e.Recognitions {
		out.line("recognised  in scan %d, host %d, with %d points", r.Scan, r.Index, r.Score)
		out.reasons(r.Reasons)
	}
	for _, m := range e.Merges {
		out.merge(m)
	}
	for _, m := range e.Alike {
		out.line("may be      asset %d, with %d points", m.Asset, m.Score)
		out.reasons(m.Reasons)
	}
	return out.err
}

// page writes lines until one can not be written.
type page struct {
	w   io.Writer
	err error
}

func (l *page) line(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format+"\n", args...)
	}
}

func (l *page) reasons(list []harrier.Reason) {
	for _, r := range list {
		l.line("              %s", r)
	}
}

func (l *page) merge(m harrier.Merge) {
	undone := ""
	if !m.Undone.IsZero() {
		undone = fmt.Sprintf(", undone by %s on %s", m.UndoneBy, day(m.Undone))
	}
	l.line("merge %-5d asset %d into %d by %s on %s, with %d points%s", m.ID, m.From, m.Into, m.By, day(m.At), m.Score, undone)
	l.reasons(m.Reasons)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

type assetImportanceCommand struct {
	ID      harrier.ID `arg:"" help:"Number of the asset."`
	Percent int        `arg:"" help:"In percent of an ordinary asset: 50 to 200."`
	dataFlags
}

// Run weighs an asset.
func (c assetImportanceCommand) Run(ctx context.Context, s streams) error {
	return assets(ctx, c.dataFlags, func(by harrier.Actor, room *asset.Room) error {
		if err := room.SetImportance(ctx, by, c.ID, c.Percent); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "asset %d has an importance of %d %%\n", c.ID, c.Percent)
		return err
	})
}

type assetMergesCommand struct {
	dataFlags
}

// Run lists the merges.
func (c assetMergesCommand) Run(ctx context.Context, s streams) error {
	return assets(ctx, c.dataFlags, func(by harrier.Actor, room *asset.Room) error {
		list, err := room.Merges(ctx, by)
		out := page{s.out, err}
		for _, m := range list {
			out.merge(m)
		}
		return out.err
	})
}

type assetMergeCommand struct {
	Into harrier.ID `arg:"" help:"Number of the asset that stays."`
	From harrier.ID `arg:"" help:"Number of the asset that becomes a part of it."`
	dataFlags
}

// Run merges two assets and prints the number of the merge.
func (c assetMergeCommand) Run(ctx context.Context, s streams) error {
	return assets(ctx, c.dataFlags, func(by harrier.Actor, room *asset.Room) error {
		m, err := room.Merge(ctx, by, c.Into, c.From)
		out := page{s.out, err}
		out.line("merge %d: asset %d is a part of asset %d", m.ID, m.From, m.Into)
		return out.err
	})
}

type assetUndoCommand struct {
	Merge harrier.ID `arg:"" help:"Number of the merge."`
	dataFlags
}

// Run takes a merge back.
func (c assetUndoCommand) Run(ctx context.Context, s streams) error {
	return assets(ctx, c.dataFlags, func(by harrier.Actor, room *asset.Room) error {
		m, err := room.UndoMerge(ctx, by, c.Merge)
		out := page{s.out, err}
		out.line("merge %d is undone: asset %d is back", m.ID, m.From)
		return out.err
	})
}
