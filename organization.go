package harrier

import (
	"strconv"
	"strings"
	"time"
)

// Names that every installation has: its first organisation and that one's first
// group.
const (
	FirstOrganization ID = 1
	FullAccess        ID = 1
)

// Organization is a part of an installation whose people see nothing of the
// others: they have repositories, groups, users and roles of their own. Those
// who run the installation belong to none, ID zero, and see all.
type Organization struct {
	ID            ID
	UUID          UUID
	Name          string // unique
	Description   string
	Repositories  []ID          // which its people may use
	ZoneSelection ZoneSelection // how its scans find their engines, see Zone
	Profile       ID            // what its people may not use; 0: everything is theirs
	MaxUsers      int           // of its people; 0: any number
	MaxAssets     int           // with more in its repositories, its scans are refused; 0: any number
	RestrictedIPs string        // targets that its people may not scan, as written, see ParseTargets
	// Scores weigh severities, from Low to Critical.
	Scores [4]int
	// Given is what else a dialect says of it, by its own names: "city".
	Given    map[string]string
	Created  time.Time
	Modified time.Time
}

// DefaultScores are the weights of an organisation that says nothing else.
//
// Source: section 11.5 of securitycenter-api.md.
var DefaultScores = [4]int{1, 3, 10, 40}

// Check answers Invalid, naming the field, for an organisation that breaks its
// own rules.
func (o *Organization) Check() error {
	if err := checkName(o.Name); err != nil {
		return err
	}
	if strings.TrimSpace(o.RestrictedIPs) != "" {
		if _, err := ParseTargets(o.RestrictedIPs); err != nil {
			return Invalidf("restrictedIPs", "%s", MessageOf(err))
		}
	}
	for field, n := range map[string]int{"maxUsers": o.MaxUsers, "maxAssets": o.MaxAssets} {
		if n < 0 {
			return Invalidf(field, "must not be negative")
		}
	}
	for _, n := range o.Scores {
		if n < 0 || n > 1_000_000 {
			return Invalidf("vulnScore", "%d is not from 0 to 1000000", n)
		}
	}
	return checkGiven(o.Given)
}

// Group is a part of an organisation's people: what they see, and whom objects
// are shared with.
type Group struct {
	ID           ID
	UUID         UUID
	Organization ID
	Name         string // unique in the organisation
	Description  string
	// First marks the group that the organisation began with: its members see
	// whatever the organisation does, and it stays.
	First        bool
	Repositories []ID // which its members may use, of those of the organisation
	// Lists are the asset lists that define what its members see: what one of them
	// holds. EverythingList is all of the repositories. None: nothing.
	Lists []ID
	// BySites has each member also see what the sites hold that are shared with
	// that member, see Site.Targets, as far as their owners see everything: whoever
	// sees a part only can not show others more.
	BySites  bool
	Given    map[string]string
	Created  time.Time
	Modified time.Time
}

// EverythingList is the ID of the list of all assets, which every organisation
// has and which is not kept.
const EverythingList ID = 0

// Check answers Invalid, naming the field, for a group that breaks its own rules.
func (g *Group) Check() error {
	if err := checkName(g.Name); err != nil {
		return err
	}
	return checkGiven(g.Given)
}

// RoleDefinition is a role that is not built in.
type RoleDefinition struct {
	ID           ID // from 1000001
	UUID         UUID
	Organization ID // whose own it is; zero: all have it
	Name         string
	Description  string
	Permissions  Permission
	Owner        ID // who made it
	Given        map[string]string
	Created      time.Time
	Modified     time.Time
}

// Check answers Invalid, naming the field, for a role that breaks its own rules.
func (d *RoleDefinition) Check() error {
	if err := checkName(d.Name); err != nil {
		return err
	}
	return checkGiven(d.Given)
}

// ownRole begins the Role of a RoleDefinition.
const ownRole = "own "

// Role is what users who have the role carry.
func (d *RoleDefinition) Role() Role { return OwnRole(d.ID) }

// OwnRole is the Role of the definition id.
func OwnRole(id ID) Role { return Role(ownRole + strconv.FormatInt(int64(id), 10)) }

// Own returns the ID of the definition that r stands for; false for a built-in
// role.
func (r Role) Own() (ID, bool) {
	text, ok := strings.CutPrefix(string(r), ownRole)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return ID(n), err == nil && n > 0
}

// checkGiven bounds what a dialect has kept.
func checkGiven(given map[string]string) error {
	const most, longest = 64, 4096
	if len(given) > most {
		return Invalidf("given", "has more than %d members", most)
	}
	for name, text := range given {
		if len(text) > longest {
			return Invalidf(name, "is longer than %d bytes", longest)
		}
	}
	return nil
}
