package harrier

import "time"

// Permission is a right to do something, or a set of such rights.
type Permission uint32

// The permissions.
const (
	ReadOwn        Permission = 1 << iota // see own objects and those shared with one
	ReadAll                               // see everybody's objects
	EditSites                             // create, change and delete sites
	RunScans                              // launch, pause, resume and stop scans of sites one may control
	EditPolicies                          // create, change and delete policies
	EditFindings                          // write exceptions
	EditAll                               // do all of these to everybody's objects
	ManageUsers                           // create, change and delete users
	ManageEngines                         // engines and pools
	OperateConsole                        // guard rules, configuration, restart
)

// Role is a named set of permissions.
type Role string

// The built-in roles.
const (
	NoRole        Role = "none"
	Viewer        Role = "viewer"
	Analyst       Role = "analyst"       // own sites, scans and policies
	Administrator Role = "administrator" // everybody's objects, users
	Operator      Role = "operator"      // everything, also the installation itself
)

// Roles lists the built-in roles by rising power.
var Roles = []Role{NoRole, Viewer, Analyst, Administrator, Operator}

// Permissions returns what r may do; an unknown role may do nothing.
func (r Role) Permissions() Permission {
	switch r {
	case Viewer:
		return ReadOwn
	case Analyst:
		return ReadOwn | EditSites | RunScans | EditPolicies | EditFindings
	case Administrator:
		return Analyst.Permissions() | ReadAll | EditAll | ManageUsers
	case Operator:
		return Administrator.Permissions() | ManageEngines | OperateConsole
	default:
		return 0
	}
}

// Actor is who asks. The zero value may do nothing.
type Actor struct {
	User        ID
	Name        string
	Role        Role
	Permissions Permission
	Via         string // how it came in: "nessus", "cli", "schedule"
}

// System is the actor of what the console does by itself.
var System = Actor{Name: "system", Role: Operator, Permissions: Operator.Permissions(), Via: "system"}

// May reports whether a has all of p.
func (a Actor) May(p Permission) bool { return a.Permissions&p == p }

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

// Grant gives a user a level on an object. User 0 stands for everybody.
type Grant struct {
	User  ID    `json:"user,omitempty"`
	Level Level `json:"level"`
}

// LevelOn says how far a may go with an object of owner that carries grants.
func (a Actor) LevelOn(owner ID, grants []Grant) Level {
	if a.May(EditAll) || a.User != 0 && a.User == owner && a.May(ReadOwn) {
		return Owns
	}
	level := NoAccess
	if a.May(ReadAll) {
		level = MayView
	}
	if !a.May(ReadOwn) {
		return level
	}
	for _, g := range grants {
		if g.User == 0 || g.User == a.User {
			level = max(level, min(g.Level, MayConfigure))
		}
	}
	return level
}

// User is somebody who can sign in.
type User struct {
	ID           ID
	UUID         UUID
	Name         string // to sign in with: unique, case-insensitive
	FullName     string
	Email        string
	Role         Role
	Disabled     bool
	PasswordHash string // argon2id in PHC form; never shown
	AccessKey    string // "" while the user has no key pair
	SecretHash   string // of the secret key; never shown
	Failures     int    // failed sign-ins since the last good one
	LastFailure  time.Time
	LastLogin    time.Time
	Created      time.Time
}

// Session is a sign-in that lasts until it is ended or idle for too long.
type Session struct {
	TokenHash string // SHA-256 of the token, hex; the token itself is not kept
	User      ID
	Created   time.Time
	LastUsed  time.Time
	Idle      time.Duration // ends after this time without use
	From      string        // remote address
	Via       string        // dialect
}

// AuditEntry is a line of the audit log.
type AuditEntry struct {
	ID     ID
	At     time.Time
	Actor  string
	Via    string
	Action string // "scan.launch", "user.create", "session.refused"
	Object string // "scan 12"
	Detail string // never a secret
}
