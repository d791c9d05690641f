package harrier

import (
	"slices"
	"strings"
	"time"
)

// Profile says what the people of organisations may not use. It is NeXpose's silo
// profile.
type Profile struct {
	ID             ID
	UUID           UUID
	Name           string // unique
	Description    string
	WithoutFormats []string // names of formats in which they get no reports
	// WithoutChapters are left out of their documents, see AllChapters.
	WithoutChapters []string
	Only            Only
	// Given is what else a dialect says of it, by its own names.
	Given    map[string]string
	Created  time.Time
	Modified time.Time
}

// Only is what people may use of that which belongs to the whole installation.
// A nil list is all there is; an empty one is nothing.
type Only struct {
	Engines   []ID     `json:"engines"`   // OwnEngine is the console's own
	Templates []string `json:"templates"` // that policies begin with
	Documents []string `json:"documents"` // names of Templates
}

// OwnEngine stands for the console's own engine, whichever that is.
const OwnEngine ID = 0

// MayUse reports whether people may have the engine scan.
func (o Only) MayUse(e Engine) bool {
	id := e.ID
	if !e.Remote() {
		id = OwnEngine
	}
	return o.Engines == nil || slices.Contains(o.Engines, id)
}

// MayUseOwn is MayUse for the console's own engine, be it that it was not heard of.
func (o Only) MayUseOwn() bool { return o.MayUse(Engine{Pool: LocalPool}) }

// MayShare reports whether people may have the pool scan: all of its members, as
// any may take their work. The console's own engine is in LocalPool, whoever
// shares the work.
func (o Only) MayShare(p Pool) bool {
	if o.Engines == nil || p.Name == LocalPool || p.Name == "" {
		return o.Engines == nil || slices.Contains(o.Engines, OwnEngine)
	}
	return len(p.Members) > 0 && !slices.ContainsFunc(p.Members, func(id ID) bool { return !slices.Contains(o.Engines, id) })
}

// MayShareNamed is MayShare for the pool of that name. One that is not among pools
// is one that will be, and has no members yet.
func (o Only) MayShareNamed(pools []Pool, name string) bool {
	if i := slices.IndexFunc(pools, func(p Pool) bool { return p.Name == name }); i >= 0 {
		return o.MayShare(pools[i])
	}
	return o.MayShare(Pool{Name: name})
}

// MayBegin reports whether policies may have the template.
func (o Only) MayBegin(template string) bool {
	return o.Templates == nil || slices.Contains(o.Templates, template)
}

// MayWrite reports whether documents may be of that one of Templates.
func (o Only) MayWrite(template string) bool {
	return o.Documents == nil || slices.Contains(o.Documents, template)
}

// mostFormats bounds the formats that a profile names.
const mostFormats = 100

// Check answers Invalid, naming the field, for a profile that breaks its own
// rules.
func (p *Profile) Check() error {
	if err := checkName(p.Name); err != nil {
		return err
	}
	if len(p.WithoutFormats) > mostFormats {
		return Invalidf("formats", "are more than %d", mostFormats)
	}
	for _, c := range p.WithoutChapters {
		if !slices.Contains(AllChapters, c) {
			return Invalidf("chapters", "there is no chapter %q", c)
		}
	}
	for _, name := range p.Only.Documents {
		if _, ok := TemplateNamed(name); !ok {
			return Invalidf("documents", "there is no template %q", name)
		}
	}
	return checkGiven(p.Given)
}

// Allows reports whether reports may have the format of that name.
func (p *Profile) Allows(format string) bool {
	return !slices.ContainsFunc(p.WithoutFormats, func(name string) bool { return strings.EqualFold(name, format) })
}
