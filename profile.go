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
	// Given is what else a dialect says of it, by its own names.
	Given    map[string]string
	Created  time.Time
	Modified time.Time
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
	return checkGiven(p.Given)
}

// Allows reports whether reports may have the format of that name.
func (p *Profile) Allows(format string) bool {
	return !slices.ContainsFunc(p.WithoutFormats, func(name string) bool { return strings.EqualFold(name, format) })
}
