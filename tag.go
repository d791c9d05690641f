package harrier

import (
	"slices"
	"strings"
	"time"
)

// Tag marks assets: those that it was put on, those of the sites and asset
// lists that it was put on, and those that its rule holds for.
type Tag struct {
	ID    ID
	UUID  UUID
	Name  string // unique within its kind
	Kind  TagKind
	Color string // "default", "blue" …; see TagColors
	// Weight is the importance of the assets that carry a tag of the kind
	// CriticalityTag, in percent of an ordinary one: 50 to 200. 100 for others.
	Weight int
	// BuiltIn marks the tags that every installation has: they stay as they are.
	BuiltIn bool
	// Rule says which assets carry the tag beside those that it was put on: the
	// definition of a dynamic asset list. "" for none.
	Rule     string
	Owner    ID
	Given    map[string]string // what else a dialect says of it, by its own names
	Created  time.Time
	Modified time.Time
}

// TagKind is what a tag says of assets.
type TagKind string

// The kinds of tags.
const (
	CustomTag      TagKind = "custom"
	LocationTag    TagKind = "location"
	OwnerTag       TagKind = "owner"
	CriticalityTag TagKind = "criticality" // how much they matter
)

// TagKinds lists the kinds of tags.
var TagKinds = []TagKind{CustomTag, LocationTag, OwnerTag, CriticalityTag}

// TagColors lists the colours that a tag can have.
var TagColors = []string{"default", "blue", "green", "orange", "red", "purple"}

// maxTagText bounds the texts of a tag, in bytes.
const maxTagText = 64 << 10

// Check answers Invalid, naming the field, for a tag that breaks its own rules,
// and fills in what a tag that says nothing has.
func (t *Tag) Check() error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	t.Name = strings.TrimSpace(t.Name)
	if t.Color == "" {
		t.Color = TagColors[0]
	}
	if t.Weight == 0 || t.Kind != CriticalityTag {
		t.Weight = 100
	}
	switch {
	case !slices.Contains(TagKinds, t.Kind):
		return Invalidf("type", "%q is not a kind of tag", string(t.Kind))
	case !slices.Contains(TagColors, t.Color):
		return Invalidf("color", "%q is none of %s", t.Color, strings.Join(TagColors, ", "))
	case t.Weight < 50 || t.Weight > 200:
		return Invalidf("weight", "%d is not between 50 and 200 percent", t.Weight)
	case len(t.Rule) > maxTagText:
		return Invalidf("rule", "is longer than %d bytes", maxTagText)
	}
	return checkGiven(t.Given)
}

// TagPlace is what kind of thing a tag can be put on.
type TagPlace string

// What a tag can be put on.
const (
	OnAsset TagPlace = "asset"
	OnSite  TagPlace = "site" // all assets that its scans have seen
	OnList  TagPlace = "list" // all assets of an asset list
)

// TagUse says that a tag was put on something.
type TagUse struct {
	Tag    ID
	On     TagPlace
	Object ID
}

// Tagged is a tag of an asset, and why the asset carries it.
type Tagged struct {
	Tag
	Uses   []TagUse // by which it does
	ByRule bool
}
