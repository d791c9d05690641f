package harrier

import "slices"

// Level is how far a user may go with one object. The numbers are those of the
// Nessus API.
type Level int

// The levels.
const (
	NoAccess     Level = 0
	MayView      Level = 16
	MayControl   Level = 32
	MayConfigure Level = 64
	Owns         Level = 128
)

// Grant gives a user or a group a level on an object. Neither stands for
// everybody of the owner's organisation.
type Grant struct {
	User  ID    `json:"user,omitempty"`
	Group ID    `json:"group,omitempty"`
	Level Level `json:"level"`
}

// Everybody reports whether g speaks of nobody in particular.
func (g Grant) Everybody() bool { return g.User == 0 && g.Group == 0 }

// Seat is where a user belongs.
type Seat struct {
	User         ID
	Organization ID // zero: the installation
	Group        ID
}

// Standing is where an actor stands among the others. It is shared between the
// actors of a group and never changed.
type Standing struct {
	// Repositories are those that the actor may use. Nil: all.
	Repositories []ID
	// Narrow says that the actor's Scope leaves assets of these repositories out.
	Narrow bool
	// Seats tells where everybody belongs by their ID, also those who are gone.
	Seats map[ID]Seat
	// Users and Objects are the groups whose users and objects the actor manages,
	// where their permissions let them. Nil: all of the organisation.
	Users, Objects []ID
	// Entrusted says that Objects were given to the actor, who manages them also
	// without the right to edit everybody's.
	Entrusted bool
}

// SeesRepository reports whether a may use a repository.
func (a Actor) SeesRepository(id ID) bool {
	switch {
	case a.Organization == 0:
		return true
	case a.Place == nil:
		return false
	}
	return a.Place.Repositories == nil || slices.Contains(a.Place.Repositories, id)
}

// Repositories are those that a may use. Nil: all.
func (a Actor) Repositories() []ID {
	switch {
	case a.Organization == 0:
		return nil
	case a.Place == nil:
		return []ID{}
	}
	return a.Place.Repositories
}

// Narrow reports whether there may be assets that a does not see in a
// repository that a may use.
func (a Actor) Narrow() bool { return a.Organization != 0 && (a.Place == nil || a.Place.Narrow) }

// Within is e for the assets and findings of a's scope.
func (a Actor) Within(e Expr) Expr {
	switch {
	case a.Scope == nil:
		return e
	case e == nil:
		return a.Scope
	}
	return And{e, a.Scope}
}

// spotOf says where a user belongs; false when nobody knows. The installation's
// own people work in the first organisation, as far as their objects go.
func (a Actor) spotOf(user ID) (Seat, bool) {
	if user == a.User {
		return Seat{user, a.Organization, a.Group}, true
	}
	if a.Place == nil {
		return Seat{}, false
	}
	s, ok := a.Place.Seats[user]
	if user == 0 || s.Organization == 0 {
		s.Organization, s.Group = FirstOrganization, FullAccess
	}
	return s, ok || user == 0
}

// PeerOf reports whether a and a user belong to one organisation. All are peers
// of the installation's people.
func (a Actor) PeerOf(user ID) bool {
	if a.Organization == 0 {
		return true
	}
	s, ok := a.spotOf(user)
	return ok && s.Organization == a.Organization
}

// ManagesUsersOf reports whether a may manage the users of a group of an
// organisation.
func (a Actor) ManagesUsersOf(organization, group ID) bool {
	switch {
	case !a.May(ManageUsers):
		return false
	case a.Organization == 0:
		return true
	}
	return organization == a.Organization && (a.Place == nil || a.Place.Users == nil || slices.Contains(a.Place.Users, group))
}

// GroupOf is the group of a user, as far as a knows.
func (a Actor) GroupOf(user ID) ID {
	s, _ := a.spotOf(user)
	return s.Group
}

// OwnOrganization is the organisation that a user belongs to, as far as a knows:
// zero for the installation's own people.
func (a Actor) OwnOrganization(user ID) ID {
	if user == a.User {
		return a.Organization
	}
	if a.Place == nil {
		return 0
	}
	return a.Place.Seats[user].Organization
}

// OrganizationOf is the organisation of a user, as far as a knows.
func (a Actor) OrganizationOf(user ID) ID {
	s, _ := a.spotOf(user)
	return s.Organization
}

// LevelOn says how far a may go with an object of owner that carries grants.
// Nothing of another organisation is in anybody's reach.
func (a Actor) LevelOn(owner ID, grants []Grant) Level {
	if a.User != 0 && a.User == owner && a.May(ReadOwn) {
		return Owns
	}
	all, entrusted := true, false // whether the owner's group is one that a manages
	if a.Organization != 0 {
		s, ok := a.spotOf(owner)
		if !ok || s.Organization != a.Organization {
			return NoAccess
		}
		if p := a.Place; p != nil && p.Objects != nil {
			all = slices.Contains(p.Objects, s.Group)
			entrusted = all && p.Entrusted && a.May(ReadOwn)
		}
	}
	if all && a.May(EditAll) || entrusted {
		return Owns
	}
	level := NoAccess
	if all && a.May(ReadAll) {
		level = MayView
	}
	if !a.May(ReadOwn) {
		return level
	}
	for _, g := range grants {
		if g.Everybody() || g.User != 0 && g.User == a.User || g.Group != 0 && g.Group == a.Group {
			level = max(level, min(g.Level, MayConfigure))
		}
	}
	return level
}

// LevelOnSite says how far a may go with a site.
func (a Actor) LevelOnSite(s Site) Level {
	grants := s.Grants
	if a.AllSites && a.User != 0 {
		grants = append(slices.Clone(grants), Grant{User: a.User, Level: MayControl})
	}
	return a.LevelOn(s.Owner, grants)
}

// SharedWith is what a list of groups that an object is shared with grants:
// to use it.
func SharedWith(groups []ID) []Grant {
	out := make([]Grant, len(groups))
	for i, g := range groups {
		out[i] = Grant{Group: g, Level: MayView}
	}
	return out
}
