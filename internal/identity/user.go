package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/harrier-scan/harrier"
)

// First makes the user "admin", an operator, with a new password, on an
// installation that has no user yet. The password is told this once.
func (r *Room) First(ctx context.Context) (name, password string, created bool, err error) {
	name, password = "admin", randomText(20, "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
	err = r.store.InTx(ctx, func(ctx context.Context) error {
		users, err := r.store.Users(ctx)
		if err != nil || len(users) > 0 {
			return err
		}
		created = true
		return r.Create(ctx, harrier.System, &harrier.User{Name: name, FullName: "Administrator", Role: harrier.Operator}, password)
	})
	if err != nil || !created {
		return "", "", false, err
	}
	return name, password, true, nil
}

// Users returns oneself and the users that by manages, by rising ID, without what
// is secret about them. It answers Forbidden to those who do not manage users.
func (r *Room) Users(ctx context.Context, by harrier.Actor) ([]harrier.User, error) {
	if !by.May(harrier.ManageUsers) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not see the users")
	}
	users, err := r.store.Users(ctx)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	users = slices.DeleteFunc(users, func(u harrier.User) bool { return u.ID != by.User && !by.ManagesUsersOf(u.Organization, u.Group) })
	for i := range users {
		users[i] = public(users[i])
	}
	return users, nil
}

// User returns a user without what is secret about them: oneself, or one that by
// manages; others are NotFound.
func (r *Room) User(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.User, error) {
	u, err := r.visible(ctx, by, id)
	return public(u), err
}

// Names returns the sign-in names of all users, for lists that tell whose an
// object is.
func (r *Room) Names(ctx context.Context) (map[harrier.ID]string, error) {
	users, err := r.store.Users(ctx)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	out := map[harrier.ID]string{}
	for _, u := range users {
		out[u.ID] = u.Name
	}
	return out, nil
}

// People returns what everybody may know of all users: sign-in and full names
// and UUIDs.
func (r *Room) People(ctx context.Context) (map[harrier.ID]harrier.User, error) {
	users, err := r.store.Users(ctx)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	out := map[harrier.ID]harrier.User{}
	for _, u := range users {
		known := harrier.User{ID: u.ID, UUID: u.UUID, Name: u.Name, FullName: u.FullName}
		if last := u.Given["lastname"]; last != "" { // where the full name is parted
			known.Given = map[string]string{"lastname": last}
		}
		out[u.ID] = known
	}
	return out, nil
}

// Create stores a user with a password, and gives u its ID, UUID and creation
// time. It answers Forbidden to those who do not manage users, and for a role
// with rights that by does not have; Invalid, naming the field, for a bad name,
// role or password; Conflict for a name that is taken, in whatever case.
func (r *Room) Create(ctx context.Context, by harrier.Actor, u *harrier.User, password string) error {
	if !by.May(harrier.ManageUsers) {
		return harrier.Errorf(harrier.Forbidden, "you may not create users")
	}
	if err := check(u); err != nil {
		return err
	}
	if err := checkPassword("password", password, u.Name); err != nil {
		return err
	}
	placed := *u
	if err := r.place(ctx, by, &placed, harrier.User{}); err != nil {
		return err
	}
	phc, err := r.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	stored := harrier.User{
		UUID: harrier.NewUUID(r.now()), Name: u.Name, FullName: u.FullName, Email: u.Email, Role: u.Role, Disabled: u.Disabled,
		PasswordHash: phc, Created: r.now(), Organization: placed.Organization, Group: placed.Group,
		ManagedUsers: placed.ManagedUsers, ManagedObjects: placed.ManagedObjects, Responsible: placed.Responsible, AllSites: placed.AllSites, Given: u.Given,
	}
	err = r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.freeName(ctx, stored); err != nil {
			return err
		}
		if err := r.room(ctx, stored.Organization, harrier.User{}); err != nil {
			return err
		}
		if err := r.store.InsertUser(ctx, &stored); err != nil {
			return err
		}
		return r.Record(ctx, by, "user.create", object(stored.ID), fmt.Sprintf("%s, %s", stored.Name, stored.Role))
	})
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	*u = public(stored)
	return nil
}

// Update stores name, full name, address, role, whether they are disabled, where
// they belong, what they manage and what else was given over the user with u's
// ID. Users change their own full name, address and what else was given; those
// who manage users change the rest, for users who may do no more than they, and
// not their own role to a higher one, nor where they belong themselves. It answers NotFound, Forbidden,
// Invalid, Conflict for a taken name, and Conflict for what would leave no
// operator who can sign in.
func (r *Room) Update(ctx context.Context, by harrier.Actor, u *harrier.User) error {
	err := r.change(ctx, by, u.ID, "user.update", func(ctx context.Context, stored *harrier.User) error {
		old := *stored
		stored.Name, stored.FullName, stored.Email = u.Name, u.FullName, u.Email
		stored.Role, stored.Disabled, stored.Given = u.Role, u.Disabled, u.Given
		stored.Organization, stored.Group, stored.Responsible = u.Organization, u.Group, u.Responsible
		stored.ManagedUsers, stored.ManagedObjects, stored.AllSites = u.ManagedUsers, u.ManagedObjects, u.AllSites
		if err := check(stored); err != nil {
			return err
		}
		if (stored.Name != old.Name || stored.Role != old.Role || stored.Disabled != old.Disabled) && !by.May(harrier.ManageUsers) {
			return harrier.Errorf(harrier.Forbidden, "you may not change names, roles and who may sign in")
		}
		if err := r.place(ctx, by, stored, old); err != nil {
			return err
		}
		if moved(*stored, old) && (!by.May(harrier.ManageUsers) || old.ID == by.User && by.Organization != 0) {
			return harrier.Errorf(harrier.Forbidden, "you may not change where you belong")
		}
		if err := r.freeName(ctx, *stored); err != nil {
			return err
		}
		if err := r.room(ctx, stored.Organization, old); err != nil {
			return err
		}
		if stored.Disabled && !old.Disabled {
			if err := r.store.DeleteSessionsOf(ctx, old.ID); err != nil {
				return err
			}
		}
		if stored.Role != harrier.Operator || stored.Disabled {
			return r.otherOperator(ctx, old)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	*u, err = r.User(ctx, harrier.System, u.ID)
	return err
}

// Delete removes a user and ends their sessions. It answers NotFound,
// Forbidden, and Conflict for oneself and for the last operator.
func (r *Room) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if !by.May(harrier.ManageUsers) {
		return harrier.Errorf(harrier.Forbidden, "you may not delete users")
	}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		u, err := r.changeable(ctx, by, id)
		if err != nil {
			return err
		}
		if id == by.User {
			return harrier.Errorf(harrier.Conflict, "you can not delete your own account")
		}
		if err := r.otherOperator(ctx, u); err != nil {
			return err
		}
		if err := r.store.DeleteSessionsOf(ctx, id); err != nil {
			return err
		}
		if err := r.store.DeleteUser(ctx, id); err != nil {
			return err
		}
		return r.Record(ctx, by, "user.delete", object(id), u.Name)
	})
	r.keys.clear()
	if err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	return nil
}

// SetPassword gives a user another password. Whoever changes their own has to
// know the current one, and keeps the session that they came with; all others of
// the user end.
// It answers NotFound, Forbidden, and Invalid, naming the field, for a wrong
// current_password or a bad password.
func (r *Room) SetPassword(ctx context.Context, by harrier.Actor, id harrier.ID, current, password string) error {
	u, err := r.changeable(ctx, by, id)
	if err != nil {
		return err
	}
	if err := checkPassword("password", password, u.Name); err != nil {
		return err
	}
	if id == by.User {
		if err := r.checkCurrent(ctx, u, current); err != nil {
			return err
		}
	}
	phc, err := r.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	err = r.change(ctx, by, id, "user.password", func(ctx context.Context, stored *harrier.User) error {
		if id == by.User && stored.PasswordHash != u.PasswordHash {
			return harrier.Errorf(harrier.Conflict, "the password was changed meanwhile")
		}
		stored.PasswordHash = phc
		return r.endSessions(ctx, id, by.Session)
	})
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return nil
}

// endSessions ends the sessions of a user but for the one with the hash but.
func (r *Room) endSessions(ctx context.Context, user harrier.ID, but string) error {
	list, err := r.store.SessionsOf(ctx, user)
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.TokenHash == but {
			continue
		}
		if err := r.store.DeleteSession(ctx, s.TokenHash); err != nil && harrier.KindOf(err) != harrier.NotFound {
			return err
		}
		r.used.forget(s.TokenHash)
	}
	return nil
}

// checkCurrent counts wrong guesses as sign-ins do: a stolen session must not
// be a way to try passwords.
func (r *Room) checkCurrent(ctx context.Context, u harrier.User, current string) error {
	const field = "current_password"
	if current == "" {
		return harrier.Invalidf(field, "is needed to change one's own password")
	}
	wrong, from := harrier.Invalidf(field, "is wrong"), object(u.ID)
	if r.limits.wait(u.Name, from, r.now()) > 0 || len(current) > longest {
		return wrong
	}
	ok, _, err := r.hasher.verify(ctx, u.PasswordHash, current)
	if err != nil {
		return fmt.Errorf("check password of user %d: %w", u.ID, err)
	}
	if !ok {
		r.limits.failed(u.Name, from, r.now())
		return wrong
	}
	return nil
}

// change alters a user in one transaction, writes it to the audit log and
// empties the key cache.
func (r *Room) change(ctx context.Context, by harrier.Actor, id harrier.ID, action string, alter func(context.Context, *harrier.User) error) error {
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		u, err := r.changeable(ctx, by, id)
		if err != nil {
			return err
		}
		if err := alter(ctx, &u); err != nil {
			return err
		}
		if err := r.store.UpdateUser(ctx, &u); err != nil {
			return err
		}
		return r.Record(ctx, by, action, object(id), fmt.Sprintf("%s, %s", u.Name, u.Role))
	})
	r.keys.clear() // also after an error: the change may have been stored
	return err
}

// moved reports whether two states of a user belong to different groups or manage
// different ones.
func moved(a, b harrier.User) bool {
	return a.Organization != b.Organization || a.Group != b.Group || a.Responsible != b.Responsible || a.AllSites != b.AllSites ||
		!slices.Equal(a.ManagedUsers, b.ManagedUsers) || !slices.Equal(a.ManagedObjects, b.ManagedObjects)
}

// visible returns a stored user that by may see.
func (r *Room) visible(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.User, error) {
	u, err := r.store.User(ctx, id)
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return u, fmt.Errorf("load user: %w", err)
	}
	if err != nil || id != by.User && !by.ManagesUsersOf(u.Organization, u.Group) {
		return harrier.User{}, harrier.Errorf(harrier.NotFound, "no user %d", id)
	}
	return u, nil
}

// changeable returns a stored user that by may change: oneself, or one who may
// do no more than by, and to no more: whoever gives a user another password or
// other keys acts as that user.
func (r *Room) changeable(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.User, error) {
	u, err := r.visible(ctx, by, id)
	if err != nil || id == by.User {
		return u, err
	}
	a, err := r.access(ctx)
	if err != nil {
		return u, err
	}
	if who := a.actor(u, by.Via); !by.May(a.permissions(u.Role)) || !reaches(by, who) {
		return u, harrier.Errorf(harrier.Forbidden, "you may not change a user who may do more than you")
	}
	return u, nil
}

// reaches reports whether by manages all that who does, by the rules of those who
// give it: see placeManaged.
func reaches(by, who harrier.Actor) bool {
	if by.Organization == 0 || by.Place == nil {
		return true
	}
	within := func(theirs, mine []harrier.ID) bool {
		return mine == nil || theirs != nil && !slices.ContainsFunc(theirs, func(id harrier.ID) bool { return !slices.Contains(mine, id) })
	}
	switch {
	case who.AllSites && by.Narrow() && !by.AllSites:
		return false
	case who.May(harrier.ManageUsers) && !within(who.Place.Users, by.Place.Users):
		return false
	case who.Permissions&(harrier.EditAll|harrier.ReadAll) != 0 || who.Place.Entrusted:
		return within(who.Place.Objects, by.Place.Objects)
	}
	return true
}

// otherOperator answers Conflict when u is the only operator who can sign in.
func (r *Room) otherOperator(ctx context.Context, u harrier.User) error {
	if u.Role != harrier.Operator || u.Disabled {
		return nil
	}
	users, err := r.store.Users(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(users, func(o harrier.User) bool { return o.ID != u.ID && o.Role == harrier.Operator && !o.Disabled }) {
		return harrier.Errorf(harrier.Conflict, "%s is the only operator left", u.Name)
	}
	return nil
}

// room answers Conflict when an organisation has as many users as it may, and
// the user old is none of them.
func (r *Room) room(ctx context.Context, organization harrier.ID, old harrier.User) error {
	if organization == 0 || organization == old.Organization {
		return nil
	}
	o, err := r.store.Organization(ctx, organization)
	if err != nil || o.MaxUsers == 0 {
		return err
	}
	users, err := r.store.Users(ctx)
	have := 0
	for _, u := range users {
		if u.Organization == organization {
			have++
		}
	}
	if err == nil && have >= o.MaxUsers {
		err = harrier.Errorf(harrier.Conflict, "organization %q has %d users and may have %d", o.Name, have, o.MaxUsers)
	}
	return err
}

// freeName answers Conflict when another user has the name, in whatever case.
func (r *Room) freeName(ctx context.Context, u harrier.User) error {
	other, err := r.store.UserByName(ctx, u.Name)
	switch {
	case err != nil && harrier.KindOf(err) == harrier.NotFound:
		return nil
	case err != nil:
		return err
	case other.ID != u.ID:
		return harrier.Errorf(harrier.Conflict, "there is a user %q already", other.Name)
	}
	return nil
}

// check answers Invalid, naming the field, for a user who breaks the rules.
func check(u *harrier.User) error {
	const most = 128
	switch {
	case strings.TrimSpace(u.Name) == "":
		return harrier.Invalidf("username", "must not be empty")
	case u.Name != strings.TrimSpace(u.Name):
		return harrier.Invalidf("username", "must not begin or end with a blank")
	case !known(u.Role):
		return harrier.Invalidf("role", "%q is not a role", u.Role)
	}
	if len(u.Given) > 64 {
		return harrier.Invalidf("given", "has more than 64 members")
	}
	for name, text := range u.Given {
		if len(text) > 4096 {
			return harrier.Invalidf(name, "is longer than 4096 bytes")
		}
	}
	for _, f := range []struct{ field, value string }{{"username", u.Name}, {"name", u.FullName}, {"email", u.Email}} {
		if len(f.value) > most {
			return harrier.Invalidf(f.field, "is longer than %d bytes", most)
		}
		if strings.ContainsFunc(f.value, unicode.IsControl) {
			return harrier.Invalidf(f.field, "has control characters")
		}
	}
	return nil
}

// known reports whether a role is built in or may be somebody's own.
func known(role harrier.Role) bool {
	_, own := role.Own()
	return own || slices.Contains(harrier.Roles, role)
}

// public returns u without what is secret.
func public(u harrier.User) harrier.User {
	u.PasswordHash, u.SecretHash = "", ""
	return u
}
