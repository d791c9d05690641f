package console

import (
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/content/update"
	"github.com/harrier-scan/harrier/internal/feed"
)

// contentMaker builds base files. The facts that are built into the program are
// in each, as the source that is believed last.
type contentMaker struct{}

// builtinSource describes the facts that are built into the program.
var builtinSource = content.Source{
	Name: builtin.Source, Title: "Facts built into Harrier", Publisher: "Harrier", Licence: "Apache-2.0", Class: feed.Overrides,
}

// Make is part of update.Maker.
func (contentMaker) Make(old, path string, fill func(update.Writer) error, described func() []pack.Source) (update.Made, error) {
	var made update.Made
	write := func(b *content.Builder) error {
		if err := fill(b); err != nil {
			return err
		}
		if err := b.Sync(builtin.Source); err != nil {
			return err
		}
		if err := builtin.Records(func(r *harrier.Record) error { return b.Add(feed.Overrides, r) }); err != nil {
			return err
		}
		info := content.Info{Sources: []content.Source{builtinSource}}
		for _, s := range described() {
			info.Sources = append(info.Sources, sourceOf(s))
			b.Bad(s.Name, s.Bad)
		}
		b.Describe(info)
		return nil
	}
	var err error
	if old != "" {
		made.Touched, made.Keys, err = content.Update(old, path, write)
	} else {
		err = buildAnew(path, write)
	}
	if err != nil {
		return made, err
	}
	base, err := content.Open(path)
	if err != nil {
		return made, err
	}
	info := base.Info()
	made.Version = info.Version
	for _, s := range info.Sources {
		made.Sources = append(made.Sources, pack.Source{
			Name: s.Name, Title: s.Title, Publisher: s.Publisher, Home: s.Home, Licence: s.Licence, Notice: s.Notice,
			Class: s.Class.String(), Records: s.Records, Bad: s.Bad, Fetched: s.Fetched,
		})
	}
	return made, base.Close()
}

func buildAnew(path string, write func(b *content.Builder) error) error {
	b, err := content.NewBuilder(path, content.Options{})
	if err != nil {
		return err
	}
	defer b.Abandon() // after Finish it does nothing
	if err := write(b); err != nil {
		return err
	}
	return b.Finish(content.Info{})
}

func sourceOf(s pack.Source) content.Source {
	out := content.Source{
		Name: s.Name, Title: s.Title, Publisher: s.Publisher, Home: s.Home, Licence: s.Licence, Notice: s.Notice,
		Class: feed.Facts, Fetched: s.Fetched,
	}
	for c := feed.Distribution; c <= feed.Facts; c++ {
		if c.String() == s.Class {
			out.Class = c
		}
	}
	return out
}
