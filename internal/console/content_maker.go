package console

import (
	"time"

	"github.com/harrier-scan/harrier"
	known "github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/content/update"
	"github.com/harrier-scan/harrier/internal/feed"
)

// contentMaker builds base files. The facts that are built into the program are
// in each, as a source that is believed last.
type contentMaker struct{}

// builtinSource describes those facts.
var builtinSource = known.Source{
	Name: builtin.Source, Title: "Facts built into Harrier", Publisher: "Harrier", Licence: "Apache-2.0", Class: builtin.Class,
}

// IsBuiltin reports whether a source of content is the facts that are built into
// the program, rather than a feed's.
func IsBuiltin(source string) bool { return source == builtin.Source }

// BuiltinContent tells what is built into the program: the version of it, and its
// one source.
func BuiltinContent() (version string, source pack.Source) {
	info := known.Builtin().Info()
	described := builtinSource
	for _, s := range info.Sources {
		described.Records += s.Records
		described.Bad += s.Bad
	}
	return info.Version, sourcesOf(known.Info{Sources: []known.Source{described}})[0]
}

// addBuiltin adds the facts that are built into the program.
func addBuiltin(b *known.Builder) error {
	if err := b.Sync(builtin.Source); err != nil {
		return err
	}
	if err := builtin.Records(func(r *harrier.Record) error { return b.Add(builtin.Class, r) }); err != nil {
		return err
	}
	b.Describe(known.Info{Sources: []known.Source{builtinSource}})
	return nil
}

// Make is part of update.Maker.
func (contentMaker) Make(old, path string, fill func(update.Writer) error, described func() []pack.Source) (made update.Made, err error) {
	if old == "" {
		err = makeContent(path, fill, described)
	} else {
		made.Touched, made.Keys, err = known.Update(old, path, func(b *known.Builder) error {
			if err := fill(b); err != nil {
				return err
			}
			b.Describe(infoOf(described()))
			return addBuiltin(b)
		})
	}
	if err != nil {
		return made, err
	}
	base, err := known.Open(path)
	if err != nil {
		return made, err
	}
	defer base.Close()
	info := base.Info()
	made.Version, made.Sources = info.Version, sourcesOf(info)
	return made, nil
}

// makeContent writes a base from nothing.
func makeContent(path string, fill func(update.Writer) error, described func() []pack.Source) error {
	b, err := known.NewBuilder(path, known.Options{})
	if err != nil {
		return err
	}
	defer b.Abandon()
	if err := fill(b); err != nil {
		return err
	}
	if err := addBuiltin(b); err != nil {
		return err
	}
	return b.Finish(infoOf(described()))
}

// infoOf is what a base is told of its sources.
func infoOf(sources []pack.Source) known.Info {
	info := known.Info{Created: time.Now()}
	for _, s := range sources {
		info.Sources = append(info.Sources, known.Source{
			Name: s.Name, Title: s.Title, Publisher: s.Publisher, Home: s.Home, Licence: s.Licence, Notice: s.Notice,
			Class: classOf(s.Class), Fetched: s.Fetched, Bad: s.Bad,
		})
	}
	return info
}

// sourcesOf is what a manifest says of the sources of a base.
func sourcesOf(info known.Info) []pack.Source {
	var out []pack.Source
	for _, s := range info.Sources {
		out = append(out, pack.Source{
			Name: s.Name, Title: s.Title, Publisher: s.Publisher, Home: s.Home, Licence: s.Licence, Notice: s.Notice,
			Class: s.Class.String(), Records: s.Records, Bad: s.Bad, Fetched: s.Fetched,
		})
	}
	return out
}

// classOf is the class of a name; of one that is not known the last, which is
// believed least.
func classOf(name string) feed.Class {
	for c := range feed.Facts {
		if c.String() == name {
			return c
		}
	}
	return feed.Facts
}
